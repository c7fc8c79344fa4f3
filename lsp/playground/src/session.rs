//! One page: a web socket in front of a language server of its own.

use crate::examples;
use crate::limits::{MESSAGE_BYTES, PIPE_BYTES};
use crate::{Shared, Start};
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

/// Opens the way to a language server.
pub(crate) async fn connect(State(shared): State<Shared>, head: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    // A page of another site has no business here.
    if !same_site(&head) {
        return (StatusCode::FORBIDDEN, "this is for the playground's own page\n").into_response();
    }
    let Ok(place) = shared.sessions.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    let start = shared.start;
    upgrade.max_message_size(MESSAGE_BYTES).on_upgrade(move |socket| async move {
        speak(socket, start).await;
        drop(place);
    })
}

fn same_site(head: &HeaderMap) -> bool {
    let host = head.get(HOST).and_then(|host| host.to_str().ok());
    let origin = head.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    match (host, origin) {
        (Some(host), Some(origin)) => origin.split_once("://").is_some_and(|(_, site)| site == host),
        // Programs that are no browsers say no origin.
        (_, None) => true,
        (None, Some(_)) => false,
    }
}

/// Carries messages both ways until one side ends.
async fn speak(mut socket: WebSocket, start: Start) {
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let (input, output) = tokio::io::split(theirs);
    let world = Box::new(examples::world());
    let begin = price_lsp::Start { world, past: None, today: start.today, version: start.version };
    let server = tokio::spawn(price_lsp::serve(begin, input, output));
    let (from, mut to) = tokio::io::split(ours);
    let mut from = BufReader::new(from);
    let (sender, mut answers) = tokio::sync::mpsc::channel(16);
    // Reading a message takes several steps, which a message of the page must not cut short.
    let reading = tokio::spawn(async move {
        while let Some(message) = read(&mut from).await {
            if sender.send(message).await.is_err() {
                break;
            }
        }
    });
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let head = format!("Content-Length: {}\r\n\r\n", text.len());
                    if to.write_all(head.as_bytes()).await.is_err() || to.write_all(text.as_bytes()).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => break,
            },
            answer = answers.recv() => match answer {
                Some(text) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        break;
                    }
                }
                None => break,
            },
        }
    }
    server.abort();
    reading.abort();
}

/// One message of the server.
async fn read(from: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<String> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut body = vec![0; length?];
    from.read_exact(&mut body).await.ok()?;
    String::from_utf8(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_are_kept_out() {
        let head = |origin: Option<&str>| {
            let mut head = HeaderMap::new();
            head.insert(HOST, "127.0.0.1:7777".parse().unwrap());
            origin.iter().for_each(|origin| {
                head.insert(ORIGIN, origin.parse().unwrap());
            });
            head
        };
        assert!(same_site(&head(Some("http://127.0.0.1:7777"))));
        assert!(same_site(&head(None)));
        for other in ["http://127.0.0.1:8888", "https://evil.example", "null"] {
            assert!(!same_site(&head(Some(other))), "{other}");
        }
    }
}
