//! The ceiling of a connection: tungstenite with the buffers that the server gives it, and nothing behind it. A process of
//! its own, so that its memory can be told.

use std::net::SocketAddr;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

const SUBPROTOCOL: &str = "sec-websocket-protocol";

/// Whatever subprotocol is asked for is agreed to.
#[expect(clippy::result_large_err, reason = "the library's own type")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if let Some(asked) = request.headers().get(SUBPROTOCOL) {
        response.headers_mut().insert(SUBPROTOCOL, asked.clone());
    }
    Ok(response)
}

/// Accepts WebSockets until the process ends, and sends back whatever comes. Prints its address as a server does.
///
/// # Errors
/// When there is no free port.
pub async fn serve() -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    #[expect(clippy::print_stdout, reason = "whoever started it reads the address")]
    {
        println!("Visitors  http://{}/", listener.local_addr()?);
    }
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let config = WebSocketConfig::default().read_buffer_size(2 * 1024).write_buffer_size(8 * 1024);
            let accepted = accept_hdr_async_with_config(stream, agree, Some(config)).await;
            let Ok(mut socket) = accepted else { return };
            while let Some(Ok(message)) = socket.next().await {
                if message.is_close() || socket.send(message).await.is_err() {
                    return;
                }
            }
        });
    }
}
