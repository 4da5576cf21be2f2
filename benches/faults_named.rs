//! Claim: a fault of a port is reported at once and by its name. The mark: 50 ms from the start of the process to
//! the line that names the fault.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use support::lines::Lines;
use support::spread::Spread;
use support::victim::Victim;
use support::{Result, say};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, Stream};

const MILLISECONDS: f64 = 50.0;

struct Fault {
    /// The arguments beside the address.
    arguments: Vec<String>,
    port: u16,
    /// The word that the line must contain.
    word: &'static str,
}

fn main() -> Result<()> {
    let directory = support::scratch("faults_named")?;
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(vec!["pay.test".to_string()])?;
    let good = parameters.clone().self_signed(&key)?;
    parameters.not_after = date_time_ymd(2021, 1, 1);
    let expired = parameters.self_signed(&key)?;
    let roots = directory.join("roots.pem");
    std::fs::write(&roots, good.pem() + &expired.pem())?;
    let trusting = |name: &str| {
        let roots = roots.display().to_string();
        ["--tls", "on", "--cacert", &roots, "--servername", name].map(str::to_string).to_vec()
    };
    let plaintext = || vec!["--plaintext".to_string()];
    let victim = Victim::start()?;
    let (good, expired) = (tls(&good, &key)?, tls(&expired, &key)?);
    let faults = [
        Fault { arguments: plaintext(), port: refusing()?, word: "connection_refused" },
        Fault { arguments: plaintext(), port: serving(reset)?, word: "connection_reset" },
        Fault { arguments: plaintext(), port: serving(http1)?, word: "http1" },
        Fault { arguments: plaintext(), port: good, word: "tls_expected" },
        Fault { arguments: trusting("pay.test"), port: victim.port, word: "not_tls" },
        Fault { arguments: trusting("other.test"), port: good, word: "certificate_hostname_mismatch" },
        Fault { arguments: trusting("pay.test"), port: expired, word: "certificate_expired" },
    ];
    let rounds = support::rounds(20);
    let mut delays = vec![Vec::new(); faults.len()];
    for _ in 0..rounds {
        for (fault, delays) in faults.iter().zip(&mut delays) {
            delays.push(fault.delay()?);
        }
    }

    say(format_args!("start of the process -> line that names the fault, in ms, {rounds} rounds in turn"))?;
    let mut met = true;
    for (fault, delays) in faults.iter().zip(delays) {
        let spread = Spread::new(delays)?;
        say(format_args!("  {:<30} {spread}", fault.word))?;
        met &= spread.median() <= MILLISECONDS;
    }
    support::mark(met)
}

impl Fault {
    fn delay(&self) -> Result<f64> {
        let address = format!("127.0.0.1:{}", self.port);
        let mut arguments = vec!["probe", "-o", "ndjson", &address];
        arguments.extend(self.arguments.iter().map(String::as_str));
        let started_at = Instant::now();
        let lines = Lines::of("grpc-discover", &mut support::command(&arguments))?;
        let word = format!("\"{}\"", self.word);
        let named = lines.wait(self.word, |line| line.contains(&word))?;
        Ok(named.saturating_duration_since(started_at).as_secs_f64() * 1000.0)
    }
}

/// A port without a listener.
fn refusing() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A port where `serve` handles every connection.
fn serving(serve: impl Fn(TcpStream) -> Result<()> + Send + 'static) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Errors here are what the client is meant to detect.
            let _ = serve(stream);
        }
    });
    Ok(port)
}

fn reset(mut stream: TcpStream) -> Result<()> {
    stream.read_exact(&mut [0])?;
    Ok(rustix::net::connect_unspec(&stream)?)
}

fn http1(mut stream: TcpStream) -> Result<()> {
    stream.read_exact(&mut [0; 24])?;
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
    // The client must close first: closing with unread bytes would reset.
    Ok(std::io::copy(&mut stream, &mut std::io::sink()).map(|_| ())?)
}

fn tls(certificate: &rcgen::Certificate, key: &KeyPair) -> Result<u16> {
    let key = key.serialize_der().try_into()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    serving(move |mut stream| {
        let mut connection = ServerConnection::new(config.clone())?;
        Stream::new(&mut connection, &mut stream).read_exact(&mut [0])?;
        Ok(())
    })
}
