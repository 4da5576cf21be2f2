//! A restart between two queries, with a scripted server.

use futures_util::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::backend::settings::BackendSettings as _;

/// A server that lists this many instances in each of its responses. With `ends` a connection is used for one
/// response, and closes on `end`.
async fn server(lists: &'static [usize], ends: bool, end: Arc<Notify>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut lists = lists.iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
                if !request.ends_with(b"\r\n\r\n") {
                    continue;
                }
                request.clear();
                let Some(count) = lists.next() else { return };
                let instance = |n: usize| {
                    json!({ "instanceId": format!("pay-{n}"), "hostName": "10.0.0.1", "ipAddr": "10.0.0.1", "status": "UP",
                        "port": { "$": 7000 + n, "@enabled": "true" } })
                };
                let body =
                    json!({ "application": { "instance": (0..*count).map(instance).collect::<Vec<_>>() } }).to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
                if ends {
                    end.notified().await;
                    break;
                }
            }
        }
    });
    format!("http://{address}/eureka")
}

/// The second update of a watch of such a server.
async fn second(lists: &'static [usize], ends: bool) -> Result<Update, ResolveError> {
    let (hints, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let url = server(lists, ends, end.clone()).await;
    let settings = EurekaSettings::from_env(|_| Some(url.clone())).unwrap();
    let target = EurekaTarget { app: "PAY".to_string(), ..EurekaTarget::default() };
    let mut stream = resolve(settings, target, Duration::from_secs(5), hints.clone());
    stream.next().await.unwrap().unwrap();
    end.notify_one();
    hints.notify_one();
    stream.next().await.unwrap()
}

#[tokio::test]
async fn a_connection_that_ended_with_endpoints_missing_since_is_a_gap() {
    let gap = second(&[3, 1], true).await.unwrap_err();
    assert_eq!(gap.failure().code, ResolveCode::WatchBroken);
    assert!(gap.to_string().contains("2 of its endpoints have been missing since: it may have restarted"), "{gap}");
}

#[tokio::test]
async fn a_connection_that_stayed_or_a_list_that_grew_is_no_gap() {
    for (lists, ends) in [(&[3, 1][..], false), (&[1, 3], true)] {
        let Ok(Update::Reset(answer)) = second(lists, ends).await else { panic!("{lists:?}: no list") };
        assert_eq!(answer.endpoints.len(), lists[1], "{ends}");
    }
}
