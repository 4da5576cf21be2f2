//! Large responses take a small multiple of their size in memory.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use crate::support::tool::{after, run_command, tool};

/// Limit of the command's own memory in KiB (`ulimit -d`).
const MOST: &str = "ulimit -d 150000";

/// A Consul agent that lists this many instances, until the test process exits.
fn agent_with(instances: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let entries: Vec<String> = (0..instances).map(entry).collect();
    let body = format!("[{}]", entries.join(","));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let body = body.clone();
            std::thread::spawn(move || answer(stream, &body));
        }
    });
    address
}

fn entry(n: usize) -> String {
    let (node, ip) = (n % 500, format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255));
    format!(
        r#"{{"Node":{{"Node":"n{node}","Address":"{ip}","Datacenter":"dc1"}},"Service":{{"ID":"pay-{n}","Service":"pay","Port":50051,"Tags":[]}},"Checks":[]}}"#
    )
}

fn answer(mut stream: TcpStream, body: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let body = match head.starts_with(b"GET /v1/health/service/") {
            true => body,
            false => "{}",
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-consul-index: 7\r\ncontent-length: {length}\r\n\r\n"
        );
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

#[test]
fn a_hundred_thousand_instances_fit_in_150_megabytes() {
    let target = format!("consul://{}/pay", agent_with(100_000));
    let run = run_command(after(MOST, &tool(&["resolve", &target])));
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.out.contains("100000 registered"), "{}", run.all());
    let none = run_command(after("ulimit -d 40000", &tool(&["resolve", &target])));
    assert_ne!(none.code, 0, "the limit is one");
}
