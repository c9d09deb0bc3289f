//! The connection after the upgrade: WebSocket frames over the TCP stream that hyper gives back.
//!
//! tungstenite knows the protocol, and is given and asked for bytes only. Reading and writing is done here, through buffers
//! that belong to the thread and not to the connection: a connection that is idle holds none.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use otvet_actors::outbox::Frames;
use otvet_config::sections::LimitSettings;
use otvet_engine::protocol::{CloseCode, Format, ServerFrame, encode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::metrics::End;
use crate::serve::head_timer::HeadTimed;

/// The most that one system call reads.
const READ_BYTES: usize = 16 * 1024;
/// So many bytes of frames are gathered before they go to the kernel; a longer frame goes by itself.
const WRITE_BYTES: usize = 16 * 1024;
/// A thread's buffer that a longer frame has made larger than this is given back.
const KEPT_BYTES: usize = 64 * 1024;
/// tungstenite takes what was read in pieces of this size, and keeps room for one.
const PIECE_BYTES: usize = 256;
/// Pongs that the peer does not read are held back from here on: only the last one has to be sent.
const UNREAD_PONGS: usize = 4 * 1024;
/// What tungstenite may hold of its own frames when they are held back.
const OWN_FRAMES: usize = 1024;
/// How long the last frames may take, and then again the peer to hang up.
pub const LAST_WORDS: Duration = Duration::from_secs(1);
/// What is read and thrown away at most while the peer hangs up.
const LINGER_BYTES: usize = 1024 * 1024;

thread_local! {
    /// What is read goes through tungstenite before the next connection has its turn, and what is written to the kernel: one
    /// buffer a thread is enough for each.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A WebSocket that has agreed on a format.
pub struct Socket {
    tcp: TcpStream,
    protocol: WebSocketContext,
    format: Format,
    /// What was read behind a message at which the reader stopped.
    ahead: Option<Vec<u8>>,
    out: Unsent,
}

/// Whole frames of which the kernel has taken the first part, or nothing yet.
#[derive(Debug, Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    /// tungstenite wanted to write and was told to wait.
    held_back: bool,
}

impl Unsent {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }
}

/// The two sides of one look of tungstenite at what was read.
struct Exchange<'a> {
    input: &'a [u8],
    /// Nothing comes after the input.
    ended: bool,
    out: &'a mut Unsent,
}

impl Read for Exchange<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match Read::read(&mut self.input, into)? {
            0 if !self.ended => Err(ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Exchange<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.out.len() > UNREAD_PONGS {
            self.out.held_back = true;
            return Err(ErrorKind::WouldBlock.into());
        }
        self.out.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Frames that are to be written, and how many of them have been.
#[derive(Debug, Default)]
pub struct Batch {
    /// The encoded frames.
    pub frames: Frames,
    written: usize,
}

impl Batch {
    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.written == self.frames.len()
    }
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
    ) -> Result<Box<Self>, UpgradeError> {
        let upgraded = on_upgrade.await?;
        let parts = upgraded.downcast::<HeadTimed>().map_err(|_| UpgradeError::Foreign)?;
        // Nothing of hyper's buffer is kept, nor is room for nothing.
        let ahead = (!parts.read_buf.is_empty()).then(|| parts.read_buf.to_vec());
        Ok(Box::new(Self::new(parts.io.into_inner(), ahead, format, limits.frame_bytes)))
    }

    /// A socket on a stream of which some bytes have been read already.
    fn new(tcp: TcpStream, ahead: Option<Vec<u8>>, format: Format, frame_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(PIECE_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(OWN_FRAMES)
            .max_message_size(Some(frame_bytes))
            .max_frame_size(Some(frame_bytes));
        let protocol = WebSocketContext::new(Role::Server, Some(config));
        Self { tcp, protocol, format, ahead, out: Unsent::default() }
    }

    /// How its frames are encoded.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads once and hands over each message that has come to its end, until `take` stops. Answers of the protocol, to pings
    /// and to a close, wait to be written.
    ///
    /// Pending when there is nothing to read. An error ends reading for good; [`Error::ConnectionClosed`] is the peer's close.
    pub fn poll_receive<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(Message) -> ControlFlow<B>,
    ) -> Poll<Result<ControlFlow<B>, Error>> {
        if let Some(ahead) = self.ahead.take() {
            return Poll::Ready(self.exchange(&ahead, false, &mut take));
        }
        READ.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut read))?;
            let input = read.filled();
            Poll::Ready(self.exchange(input, input.is_empty(), &mut take))
        })
    }

    /// Gives tungstenite what was read.
    fn exchange<B>(
        &mut self,
        input: &[u8],
        ended: bool,
        take: &mut impl FnMut(Message) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Error> {
        let mut exchange = Exchange { input, ended, out: &mut self.out };
        loop {
            match self.protocol.read(&mut exchange) {
                Ok(message) => {
                    if let ControlFlow::Break(with) = take(message) {
                        self.ahead = Some(exchange.input.to_vec());
                        return Ok(ControlFlow::Break(with));
                    }
                }
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(ControlFlow::Continue(()));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next message.
    ///
    /// Cancel safe.
    pub async fn receive(&mut self) -> Result<Message, Error> {
        std::future::poll_fn(|cx| {
            loop {
                // What the last read was answered with goes out even if nothing more comes in.
                if let Poll::Ready(Err(error)) = self.poll_write(cx, &mut Batch::default()) {
                    return Poll::Ready(Err(error.into()));
                }
                if let ControlFlow::Break(message) = ready!(self.poll_receive(cx, ControlFlow::Break))? {
                    return Poll::Ready(Ok(message));
                }
            }
        })
        .await
    }

    /// Has a ping sent behind what waits.
    pub fn ping(&mut self) {
        Frame::ping(Bytes::new()).format(&mut self.out.bytes).expect("writing to a vector cannot fail");
    }

    /// Writes what waits, and then the batch: with as few system calls as there are, and nothing kept but what the kernel
    /// does not take.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<io::Result<()>> {
        loop {
            while self.out.len() > 0 {
                let rest = &self.out.bytes[self.out.sent..];
                self.out.sent += match ready!(Pin::new(&mut self.tcp).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                    sent => sent,
                };
            }
            self.out.bytes = Vec::new();
            self.out.sent = 0;
            if std::mem::take(&mut self.out.held_back) {
                let mut exchange = Exchange { input: &[], ended: false, out: &mut self.out };
                // The first makes room for the newest pong. What fails here fails again, and is judged, at the next read.
                let _ = self.protocol.flush(&mut exchange).and_then(|()| self.protocol.flush(&mut exchange));
            } else if batch.is_empty() {
                batch.frames.clear();
                batch.written = 0;
                return Poll::Ready(Ok(()));
            } else {
                self.write_part(cx, batch)?;
            }
        }
    }

    /// Writes the next frames of a batch; what the kernel does not take waits. Frames that wait are whole, so that others may
    /// be put behind them.
    fn write_part(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> io::Result<()> {
        WRITTEN.with_borrow_mut(|buffer| {
            buffer.clear();
            let header = message_header(self.format);
            for frame in &batch.frames[batch.written..] {
                if !buffer.is_empty() && buffer.len() + frame.len() > WRITE_BYTES {
                    break;
                }
                header.format(frame.len() as u64, buffer).expect("writing to a vector cannot fail");
                buffer.extend_from_slice(frame);
                batch.written += 1;
            }
            let sent = match Pin::new(&mut self.tcp).poll_write(cx, buffer) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => 0,
            };
            self.out.bytes.extend_from_slice(&buffer[sent..]);
            buffer.shrink_to(KEPT_BYTES);
            Ok(())
        })
    }

    /// Ends as it has to: with our close, with the answer to the peer's, or without a word.
    pub async fn leave(mut self: Box<Self>, end: End) {
        match end {
            End::Closed(code) => self.close(code, None).await,
            End::ByPeer => {
                self.finish().await;
            }
            End::Broken => {}
        }
    }

    /// Says a last frame, closes, and waits for the peer to hang up; all within [`LAST_WORDS`], twice.
    pub async fn close(mut self: Box<Self>, code: CloseCode, last_words: Option<ServerFrame>) {
        let out = &mut self.out.bytes;
        if let Some(frame) = last_words {
            let payload = encode(self.format, &frame);
            let header = message_header(self.format);
            header.format(payload.len() as u64, out).expect("writing to a vector cannot fail");
            out.extend_from_slice(&payload);
        }
        let goodbye = CloseFrame { code: code.number().into(), reason: code.reason().into() };
        Frame::close(Some(goodbye)).format(out).expect("writing to a vector cannot fail");
        if self.finish().await {
            linger(self.tcp).await;
        }
    }

    /// Writes what waits, within [`LAST_WORDS`].
    async fn finish(&mut self) -> bool {
        let written = std::future::poll_fn(|cx| self.poll_write(cx, &mut Batch::default()));
        matches!(timeout(LAST_WORDS, written).await, Ok(Ok(())))
    }
}

/// The header of an unfragmented message.
fn message_header(format: Format) -> FrameHeader {
    let data = match format {
        Format::Json => Data::Text,
        Format::MessagePack => Data::Binary,
    };
    FrameHeader { opcode: OpCode::Data(data), ..FrameHeader::default() }
}

/// Closing with unread input makes the kernel send a reset, which can overtake the close frame: read on until the peer has
/// hung up, within bounds.
async fn linger(mut tcp: TcpStream) {
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
        Ok::<(), io::Error>(())
    });
    if !matches!(hung_up.await, Ok(Ok(()))) {
        tracing::trace!("the peer did not hang up in time");
    }
}

/// What becomes of a connection whose input could not be read.
pub fn judge(error: &Error) -> End {
    match error {
        Error::ConnectionClosed => End::ByPeer,
        Error::Capacity(CapacityError::MessageTooLong { .. }) => End::Closed(CloseCode::TooBig),
        Error::Utf8(_) => End::Closed(CloseCode::InvalidData),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::Io(_)
        | Error::AlreadyClosed => End::Broken,
        _ => End::Closed(CloseCode::BadFrames),
    }
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
