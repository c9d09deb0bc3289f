//! The socket below a client: the handshake with everything that a test may want to say wrongly, and the task that reads
//! and writes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use hyper::header::{HeaderName, HeaderValue};
use otvet_engine::protocol::{Format, ServerFrame, decode_any};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::journal::Journal;
use super::{PATIENCE, Trouble};
use crate::checker::log::What;

/// How to come to the server.
#[derive(Debug, Clone)]
pub struct Approach {
    /// Where it listens.
    pub place: SocketAddr,
    /// The address to come from: throttles count by address.
    pub source: Ipv4Addr,
    /// `Sec-WebSocket-Protocol`, as it stands in the header.
    pub subprotocols: Option<String>,
    /// `Origin`.
    pub origin: Option<String>,
}

/// A TCP connection from the given address.
///
/// # Errors
/// What the operating system says.
pub async fn dial(place: SocketAddr, source: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source, 0).into())?;
    let stream = socket.connect(place).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a WebSocket; answers with it and the subprotocol that the server chose.
///
/// # Errors
/// [`Trouble::Handshake`] with the HTTP status, when the server refuses.
pub async fn handshake(approach: &Approach) -> Result<(WebSocketStream<TcpStream>, Option<String>), Trouble> {
    let network = |e: &dyn std::fmt::Display| Trouble::Network(e.to_string());
    let stream = dial(approach.place, approach.source).await.map_err(|e| network(&e))?;
    let mut request = format!("ws://{}/ws", approach.place).into_client_request().map_err(|e| network(&e))?;
    let headers = [("sec-websocket-protocol", &approach.subprotocols), ("origin", &approach.origin)];
    for (name, value) in headers {
        if let Some(value) = value {
            let value = HeaderValue::from_str(value).map_err(|e| network(&e))?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, response)) => {
            let chosen = response.headers().get("sec-websocket-protocol");
            Ok((socket, chosen.and_then(|v| v.to_str().ok()).map(str::to_owned)))
        }
        Err(Error::Http(response)) => Err(Trouble::Handshake(response.status().as_u16())),
        Err(e) => Err(network(&e)),
    }
}

/// What the verbs tell the connection's task.
#[derive(Debug)]
enum Order {
    Send(Message),
    Read(bool),
    Close,
    Reset,
}

/// A live connection.
#[derive(Debug)]
pub struct Link {
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

impl Link {
    /// Starts the task that reads into the journal and writes what it is told.
    pub fn start(socket: WebSocketStream<TcpStream>, format: Format, journal: Arc<Journal>) -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let code = run(socket, format, &journal, inbox).await;
            journal.add(What::Closed(code));
        });
        Self { orders, task }
    }

    /// Sends a message; one that can no longer be sent is lost, and the journal says that the connection ended.
    pub fn send(&self, message: Message) {
        let _ = self.orders.send(Order::Send(message));
    }

    /// Stops or starts taking what comes in, so that the server's queue fills.
    pub fn read(&self, on: bool) {
        let _ = self.orders.send(Order::Read(on));
    }

    /// Whether the connection has ended.
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Says goodbye and waits for the end.
    pub async fn close(self) {
        let _ = self.orders.send(Order::Close);
        let stop = self.task.abort_handle();
        // A server that does not say goodbye is left without one.
        if tokio::time::timeout(PATIENCE, self.task).await.is_err() {
            stop.abort();
        }
    }

    /// Ends the connection with a TCP reset, as a phone that loses its network does.
    pub async fn reset(self) {
        let _ = self.orders.send(Order::Reset);
        let _ = self.task.await;
    }
}

async fn run(
    mut socket: WebSocketStream<TcpStream>,
    format: Format,
    journal: &Journal,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Option<u16> {
    let mut reading = true;
    loop {
        tokio::select! {
            message = socket.next(), if reading => match message? {
                Ok(Message::Close(frame)) => return frame.map(|f| f.code.into()),
                Ok(message) => receive(format, &message, journal),
                Err(_) => return None,
            },
            order = orders.recv() => match order {
                // A failed write shows as the end of reading, with the close frame that came before it.
                Some(Order::Send(message)) => { let _ = socket.send(message).await; }
                Some(Order::Read(on)) => reading = on,
                Some(Order::Close) => {
                    let _ = socket.close(None).await;
                    reading = true;
                }
                Some(Order::Reset) | None => {
                    let _ = socket.get_ref().set_zero_linger();
                    return None;
                }
            },
        }
    }
}

fn receive(format: Format, message: &Message, journal: &Journal) {
    let bytes = match (format, message) {
        (Format::Json, Message::Text(text)) => text.as_bytes(),
        (Format::MessagePack, Message::Binary(bytes)) => bytes,
        (_, Message::Ping(_) | Message::Pong(_)) => return,
        (_, other) => return journal.add(What::NotAFrame(format!("{format:?}, but {other:?}"))),
    };
    match decode_any::<ServerFrame>(format, bytes) {
        Ok(frame) => journal.add(What::Received(frame)),
        Err(why) => journal.add(What::NotAFrame(format!("{why}: {}", String::from_utf8_lossy(bytes)))),
    }
}
