//! The two deadlines that hyper has only one of: a request's head must come quickly once it has begun, while a connection
//! that is kept alive may be idle for longer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// Between requests.
const IDLE: i64 = -1;
/// A request is being answered, or the connection has been taken over.
const BUSY: i64 = -2;

/// Where a connection stands: [`IDLE`], [`BUSY`], or since when a head has been coming in (ms since `born`).
#[derive(Debug)]
struct Phase {
    now: AtomicI64,
    born: Instant,
}

impl Phase {
    fn set_reading(&self) {
        let since = i64::try_from(self.born.elapsed().as_millis()).unwrap_or(i64::MAX);
        // Only from idle: each further piece of the same head gains no time.
        let _ = self.now.compare_exchange(IDLE, since, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// A TCP stream that notices when a request begins.
#[derive(Debug)]
pub struct HeadTimed {
    io: TokioIo<TcpStream>,
    phase: Arc<Phase>,
}

/// The other end of a [`HeadTimed`].
#[derive(Debug, Clone)]
pub struct HeadTimer {
    phase: Arc<Phase>,
    limit: Duration,
}

impl HeadTimed {
    /// Watches a stream that has just been accepted: the first head is awaited from now on.
    pub fn new(stream: TcpStream, limit: Duration) -> (Self, HeadTimer) {
        let phase = Arc::new(Phase { now: AtomicI64::new(0), born: Instant::now() });
        (Self { io: TokioIo::new(stream), phase: phase.clone() }, HeadTimer { phase, limit })
    }

    /// The stream again.
    pub fn into_inner(self) -> TcpStream {
        self.io.into_inner()
    }
}

impl HeadTimer {
    /// A whole head has come in.
    pub fn request_begins(&self) {
        self.phase.now.store(BUSY, Ordering::Relaxed);
    }

    /// The answer is on its way.
    pub fn request_ends(&self) {
        self.phase.now.store(IDLE, Ordering::Relaxed);
    }

    /// Resolves when a head has taken too long.
    pub async fn expired(&self) {
        loop {
            let limit = self.limit;
            let wake = match self.phase.now.load(Ordering::Relaxed) {
                IDLE | BUSY => Instant::now() + limit / 4,
                since => {
                    let since = Duration::from_millis(u64::try_from(since).unwrap_or(0));
                    let deadline = self.phase.born + since + limit;
                    if deadline <= Instant::now() {
                        return;
                    }
                    deadline
                }
            };
            sleep_until(wake).await;
        }
    }
}

impl Read for HeadTimed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if matches!(read, Poll::Ready(Ok(()))) {
            self.phase.set_reading();
        }
        read
    }
}

impl Write for HeadTimed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
