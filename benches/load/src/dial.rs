//! From an address to a socket that has said `hello`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use otvet_engine::ids::Position;
use otvet_engine::protocol::{BearerToken, Command, Format, Hello, Ready, ServerFrame, decode_any};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::wire::{message, payload};

/// tungstenite fills its read buffer with zeros before each read: small is fast.
const BUFFER: usize = 4 * 1024;

/// From opening to `ready`.
const PATIENCE: Duration = Duration::from_secs(30);

/// A joined connection's socket.
pub type Socket = WebSocketStream<TcpStream>;

/// How to come to the server.
#[derive(Debug, Clone)]
pub struct Approach {
    /// Where it listens.
    pub place: SocketAddr,
    /// What to put into `Host`.
    pub host: String,
    /// The address to come from; `None`: whichever the operating system chooses.
    pub source: Option<Ipv4Addr>,
    /// How frames are encoded.
    pub format: Format,
}

/// The `n`th loopback address after 127.0.0.1, where the server is on one.
pub fn source(place: SocketAddr, n: usize) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = place.ip() else { return None };
    let first = u32::from(Ipv4Addr::LOCALHOST);
    let n = u32::try_from(n).unwrap_or(0) % 0x00ff_0000;
    ip.is_loopback().then(|| Ipv4Addr::from(first + n))
}

/// A TCP connection.
pub async fn tcp(place: SocketAddr, source: Option<Ipv4Addr>) -> std::io::Result<TcpStream> {
    let stream = match source {
        Some(source) => {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind((source, 0).into())?;
            socket.connect(place).await?
        }
        None => TcpStream::connect(place).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a WebSocket.
pub async fn open(approach: &Approach) -> Result<Socket, String> {
    let stream = tcp(approach.place, approach.source).await.map_err(|error| error.to_string())?;
    let mut request =
        format!("ws://{}/ws", approach.host).into_client_request().map_err(|error| error.to_string())?;
    let protocol = HeaderValue::from_static(approach.format.subprotocol());
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(|error| error.to_string())
}

/// Opens a WebSocket, says `hello` and waits for `ready`. What follows `ready` is the caller's to read.
pub async fn join(
    approach: &Approach,
    token: &str,
    positions: BTreeMap<String, Position>,
) -> Result<(Socket, Ready), String> {
    let joined = tokio::time::timeout(PATIENCE, async {
        let mut socket = open(approach).await?;
        let token = BearerToken(token.to_owned());
        let hello = Hello { token, device: Some("otvet-bench".to_owned()), positions };
        let hello = message(approach.format, Some(0), Command::Hello(hello));
        socket.send(hello).await.map_err(|error| error.to_string())?;
        loop {
            let frame = match socket.next().await {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the connection ended before `ready`".to_owned()),
            };
            let Some(bytes) = payload(&frame) else { continue };
            return match decode_any::<ServerFrame>(approach.format, bytes)? {
                ServerFrame::Ready(ready) => Ok((socket, *ready)),
                ServerFrame::Failed(failed) => Err(format!("{}: {}", failed.code, failed.message)),
                _ => Err("the first frame was not `ready`".to_owned()),
            };
        }
    });
    joined.await.unwrap_or_else(|_| Err(format!("no `ready` within {PATIENCE:?}")))
}
