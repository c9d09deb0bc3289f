//! The connection after the upgrade: WebSocket frames over the TCP stream that hyper gives back.

use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use hyper::upgrade::OnUpgrade;
use otvet_config::sections::LimitSettings;
use otvet_engine::protocol::{CloseCode, Format, ServerFrame, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::metrics::End;
use crate::serve::head_timer::HeadTimed;

/// The buffer is zero-filled on every read: small is fast, and most of what a connection costs.
const READ_BUFFER: usize = 2 * 1024;
/// Frames gathered before they go to the kernel without a flush.
const WRITE_BUFFER: usize = 8 * 1024;
/// How long the last frames may take, and then again the peer to hang up.
pub const LAST_WORDS: Duration = Duration::from_secs(1);
/// What is read and thrown away at most while the peer hangs up.
const LINGER_BYTES: usize = 1024 * 1024;

/// A WebSocket that has agreed on a format.
pub struct Socket {
    /// The frames.
    pub stream: WebSocketStream<TcpStream>,
    /// How they are encoded.
    pub format: Format,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// The client went away before.
    #[error("{0}")]
    Gone(#[from] hyper::Error),
    /// Not served by our own accept loop.
    #[error("the connection is not a TCP stream of ours")]
    Foreign,
}

impl Socket {
    /// Waits until hyper has sent the 101 and takes the TCP stream over.
    pub async fn from_upgrade(
        on_upgrade: OnUpgrade,
        format: Format,
        limits: &LimitSettings,
    ) -> Result<Self, UpgradeError> {
        let upgraded = on_upgrade.await?;
        // The bare stream instead of hyper's boxed one: less memory, and no detour on each read and write.
        let parts = upgraded.downcast::<HeadTimed>().map_err(|_| UpgradeError::Foreign)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER + limits.outbox_bytes + 1024)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        let stream = WebSocketStream::from_partially_read(
            parts.io.into_inner(),
            parts.read_buf.to_vec(),
            Role::Server,
            Some(config),
        )
        .await;
        Ok(Self { stream, format })
    }

    /// Says a last frame, closes, and waits for the peer to hang up; all within [`LAST_WORDS`], twice.
    pub async fn close(mut self, code: CloseCode, last_words: Option<ServerFrame>) {
        let format = self.format;
        let said = timeout(LAST_WORDS, async {
            if let Some(frame) = last_words {
                self.stream.feed(message(format, encode(format, &frame))).await?;
            }
            self.stream.send(close_message(code)).await
        });
        if matches!(said.await, Ok(Ok(()))) {
            linger(self.stream.into_inner()).await;
        }
    }
}

/// Encoded bytes as a message, without another look at whether they are UTF-8.
pub fn message(format: Format, bytes: Bytes) -> Message {
    let data = match format {
        Format::Json => Data::Text,
        Format::MessagePack => Data::Binary,
    };
    Message::Frame(Frame::message(bytes, OpCode::Data(data), true))
}

/// The goodbye with its number and reason.
pub fn close_message(code: CloseCode) -> Message {
    Message::Close(Some(CloseFrame { code: code.number().into(), reason: code.reason().into() }))
}

/// Closing with unread input makes the kernel send a reset, which can overtake the close frame: read on until the peer has
/// hung up, within bounds.
pub async fn linger(mut tcp: TcpStream) {
    let mut scratch = [0; 512];
    let mut left = LINGER_BYTES;
    let hung_up = timeout(LAST_WORDS, async {
        tcp.shutdown().await?;
        while left > 0 {
            match tcp.read(&mut scratch).await? {
                0 => break,
                n => left = left.saturating_sub(n),
            }
        }
        Ok::<(), std::io::Error>(())
    });
    if !matches!(hung_up.await, Ok(Ok(()))) {
        tracing::trace!("the peer did not hang up in time");
    }
}

/// What becomes of a connection whose input could not be read.
pub fn judge(error: &Error) -> End {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => End::Closed(CloseCode::TooBig),
        Error::Utf8(_) => End::Closed(CloseCode::InvalidData),
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        )
        | Error::Io(_)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => End::Broken,
        _ => End::Closed(CloseCode::BadFrames),
    }
}
