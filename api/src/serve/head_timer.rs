//! The deadlines that hyper does not have: a request's head must come quickly once it has begun, while a connection that is
//! kept alive may be idle for longer; and whoever does not read their answer is not waited for.

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

/// Writing goes on.
const FLOWING: i64 = -1;

/// Where a connection stands. Times are in ms since `born`.
#[derive(Debug)]
struct Phase {
    /// [`IDLE`], [`BUSY`], or since when a head has been coming in.
    now: AtomicI64,
    /// [`FLOWING`], or since when the peer has taken nothing of what there is to write.
    stalled: AtomicI64,
    born: Instant,
}

impl Phase {
    fn set_reading(&self) {
        // Only from idle: each further piece of the same head gains no time.
        let _ = self.now.compare_exchange(IDLE, self.age(), Ordering::Relaxed, Ordering::Relaxed);
    }

    fn note_write<T>(&self, written: &Poll<T>) {
        if written.is_ready() {
            self.stalled.store(FLOWING, Ordering::Relaxed);
        } else {
            let _ = self.stalled.compare_exchange(FLOWING, self.age(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn age(&self) -> i64 {
        i64::try_from(self.born.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// When something that began then must be over.
    fn deadline(&self, since: i64, limit: Duration) -> Instant {
        self.born + Duration::from_millis(u64::try_from(since).unwrap_or(0)) + limit
    }
}

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a whole head, from its first byte on.
    pub head: Duration,
    /// For taking any part of an answer.
    pub stalled: Duration,
}

/// Why a connection is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// A head did not come to its end.
    Head,
    /// An answer was not read.
    Answer,
}

/// A TCP stream that notices when a request begins, and when an answer is stuck.
#[derive(Debug)]
pub struct HeadTimed {
    io: TokioIo<TcpStream>,
    phase: Arc<Phase>,
}

/// The other end of a [`HeadTimed`].
#[derive(Debug, Clone)]
pub struct HeadTimer {
    phase: Arc<Phase>,
    patience: Patience,
}

impl HeadTimed {
    /// Watches a stream that has just been accepted: the first head is awaited from now on.
    pub fn new(stream: TcpStream, patience: Patience) -> (Self, HeadTimer) {
        let (now, stalled) = (AtomicI64::new(0), AtomicI64::new(FLOWING));
        let phase = Arc::new(Phase { now, stalled, born: Instant::now() });
        (Self { io: TokioIo::new(stream), phase: phase.clone() }, HeadTimer { phase, patience })
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

    /// Resolves when something has taken too long.
    pub async fn expired(&self) -> Overdue {
        let Patience { head, stalled } = self.patience;
        loop {
            let mut wake = Instant::now() + head.min(stalled) / 4;
            let began = [
                (self.phase.now.load(Ordering::Relaxed), head, Overdue::Head),
                (self.phase.stalled.load(Ordering::Relaxed), stalled, Overdue::Answer),
            ];
            // Below 0 are the states in which nothing is awaited.
            for (since, limit, overdue) in began.into_iter().filter(|(since, ..)| *since >= 0) {
                let deadline = self.phase.deadline(since, limit);
                if deadline <= Instant::now() {
                    return overdue;
                }
                wake = wake.min(deadline);
            }
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
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.phase.note_write(&written);
        written
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
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.phase.note_write(&written);
        written
    }
}
