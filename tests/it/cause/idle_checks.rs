//! Network paths that affect idle connections: GD611 to GD613, with proxies and a firewall of our own.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::scenario::{Run, probe};
use super::setup::{Answer, Setup, serve_health, until_gone};
use crate::support::namespace::Namespace;
use crate::support::tool::run;

/// What a proxy does to a connection that was idle for too long.
#[derive(Clone, Copy)]
enum Manner {
    /// Drops all data silently.
    DropSilently,
    /// Closes it.
    Close,
    /// Drops its state, and resets the connection on the next packet.
    Forget,
}

const LIMIT: Duration = Duration::from_secs(2);

/// A proxy before a healthy server, with a limit of two seconds.
fn proxy(setup: &Setup, manner: Manner) -> String {
    let server = setup.healthy();
    setup.listen(move |client| {
        let server = server.clone();
        async move {
            let Ok(upstream) = TcpStream::connect(server).await else { return };
            let _ = forward(client, upstream, manner).await;
        }
    })
}

async fn forward(mut client: TcpStream, mut upstream: TcpStream, manner: Manner) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    let (mut there, mut back) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = client.read(&mut there) => match read? {
                0 => return Ok(()),
                read => upstream.write_all(&there[..read]).await?,
            },
            read = upstream.read(&mut back) => match read? {
                0 => return Ok(()),
                read => client.write_all(&back[..read]).await?,
            },
            () = sleep(LIMIT) => break,
        }
    }
    match manner {
        Manner::DropSilently => until_gone(&mut client).await,
        Manner::Close => {
            client.shutdown().await?;
            until_gone(&mut client).await;
        }
        Manner::Forget => {
            // Until one side sends data, whatever it is.
            let _ = client.read(&mut there).await?;
            socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
        }
    }
    Ok(())
}

const IDLE: [&str; 5] = ["--plaintext", "--rpc-timeout", "1s", "--idle", "3s"];

fn idle(target: &str) -> Run {
    probe(&[&IDLE[..], &[target]].concat())
}

pub fn dropped_by_a_proxy(setup: &mut Setup) -> Option<Run> {
    let address = proxy(setup, Manner::DropSilently);
    let answer_with = ["idle for 3.0", "silently dropped", "TCP acknowledged the ping, but there was no response"];
    Some(idle(&address).answer_with(&answer_with).answer_with(&[&address]))
}

/// A firewall that drops the state of idle connections and packets without state, as most do.
#[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
pub fn dropped_by_a_firewall(setup: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    let forgetful = "echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose \
                     && echo 2 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established";
    namespace.iptables(&["-A", "INPUT", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP"]);
    if !namespace.sh(forgetful) {
        eprintln!("left out: this kernel tracks no connections");
        return None;
    }
    let address = setup.listen_in(&namespace, |stream| serve_health(stream, Answer::Status(1)));
    let arguments = ["--plaintext", "--rpc-timeout", "2s", "--idle", "4s", &address];
    let answer_with =
        [&address, "silently dropped", "TCP did not acknowledge it either", "the network path dropped the connection"];
    Some(probe(&arguments).answer_with(&answer_with).inside(namespace))
}

pub fn cut_by_proxies(setup: &mut Setup) -> Option<Run> {
    let (a, b) = (proxy(setup, Manner::Close), proxy(setup, Manner::Close));
    let registry = setup.registry("pay.json", &[&a, &b]);
    let answer_with = [&a, &b, "was closed without GOAWAY (closed by peer)", "a limit on the network path"];
    Some(idle(&registry).answer_with(&answer_with))
}

pub fn state_lost_and_reset(setup: &mut Setup) -> Option<Run> {
    let address = proxy(setup, Manner::Forget);
    let answer_with = [
        &address,
        "was closed without GOAWAY (connection reset)",
        "the first packet after the idle period was answered with a reset",
    ];
    Some(idle(&address).answer_with(&answer_with))
}

pub fn limit_of_the_path(setup: &mut Setup) -> Option<Run> {
    let address = proxy(setup, Manner::DropSilently);
    let arguments = ["--plaintext", "--rpc-timeout", "1s", "--idle", "1s", "--find-cutoff", "6s", &address];
    Some(probe(&arguments).answer_with(&[&address, "the path tolerates 1.9", "of idle time", "silently dropped"]))
}

pub fn limit_above_the_ladder(setup: &mut Setup) -> Option<Run> {
    let address = proxy(setup, Manner::DropSilently);
    let arguments = ["--plaintext", "--rpc-timeout", "1s", "--idle", "1s", "--idle-ladder", "500ms,1500ms", &address];
    Some(probe(&arguments).answer_with(&[&address, "the path tolerates more than 1.5s of idle time"]))
}

pub fn dropped_and_measured(setup: &mut Setup) -> Option<Run> {
    let address = proxy(setup, Manner::DropSilently);
    let run = probe(&[&IDLE[..], &["--find-cutoff", "6s", &address]].concat());
    Some(run.answer_with(&[&address, "idle for 3.0", "silently dropped", "the path tolerates 1.9"]))
}

/// Within a tenth, from the events themselves.
#[test]
fn the_limit_is_found_within_a_tenth() {
    let setup = Setup::new();
    let address = proxy(&setup, Manner::DropSilently);
    let arguments =
        ["probe", "-o", "ndjson", "--plaintext", "--rpc-timeout", "1s", "--idle", "1s", "--find-cutoff", "6s"];
    let finished = run(&[&arguments[..], &[&address]].concat());
    let of = |outcome: &str| {
        let events = finished.events().into_iter().filter(|event| event["kind"] == "idle_check");
        let quiet =
            events.filter(|event| event["outcome"] == outcome).map(|event| event["measured_idle_ms"].as_f64().unwrap());
        quiet.collect::<Vec<_>>()
    };
    let low = of("alive").into_iter().fold(0.0, f64::max);
    let high = of("dropped").into_iter().fold(f64::MAX, f64::min);
    // The proxy's clock and ours are not read at the same moment.
    assert!((1_800.0..2_050.0).contains(&low) && (1_950.0..2_200.0).contains(&high), "{}", finished.all());
    assert!(high <= low * 1.1 + 20.0, "{low} to {high}: {}", finished.all());
    assert!(finished.took < Duration::from_secs(14), "twice the longest idle time: {:?}", finished.took);
}

#[test]
fn the_table_shows_the_results_of_idle_checks_and_what_follows() {
    let setup = Setup::new();
    let address = proxy(&setup, Manner::DropSilently);
    let finished = run(&[&["probe"], &IDLE[..], &["--idle-ladder", "500ms,2500ms", &address]].concat());
    assert_eq!(finished.code, 1, "{}", finished.all());
    for words in [
        "DEGRADED",
        "GD611",
        "GD613",
        "idle connections after 3.0s: 1 dropped",
        "500ms alive, 2.5s dropped",
        "an idle timeout below 5",
        "no further call for 3s; 3 idle-connection checks are running",
    ] {
        assert!(finished.all().contains(words), "{words}: {}", finished.all());
    }
}
