//! The ceiling of a conversation: two WebSockets, and tungstenite that hands on what comes in at one of them to the other.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

/// A server that joins every two connections, in the order in which they come, and passes on what the first of them says.
/// Nothing is decoded, decided or stored.
///
/// # Panics
/// When there is no free port.
pub async fn pair_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let place = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        loop {
            let (Some(mut from), Some(mut to)) = (accepted(&listener).await, accepted(&listener).await)
            else {
                return;
            };
            tokio::spawn(async move {
                while let Some(Ok(message)) = from.next().await {
                    if to.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    place
}

async fn accepted(listener: &TcpListener) -> Option<WebSocketStream<TcpStream>> {
    let (stream, _) = listener.accept().await.ok()?;
    stream.set_nodelay(true).ok()?;
    let config = WebSocketConfig::default().read_buffer_size(2 * 1024).write_buffer_size(8 * 1024);
    accept_async_with_config(stream, Some(config)).await.ok()
}
