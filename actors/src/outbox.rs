//! The outgoing queue of one connection: bounded in bytes, filled by the session actor alone, emptied by the connection's
//! own task. Full means goodbye: the client comes back with its positions and loses nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use otvet_engine::protocol::{CloseCode, Format, ServerFrame, SharedFrame, encode};
use parking_lot::Mutex;
use smallvec::SmallVec;

/// Encoded frames, in order. Mostly there is one alone, which then needs no place but this.
pub type Frames = SmallVec<[Bytes; 1]>;

/// Frames on their way to one socket.
#[derive(Debug)]
pub struct Outbox {
    format: Format,
    bound: usize,
    state: Mutex<State>,
    unanswered: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    frames: Frames,
    bytes: usize,
    close: Option<CloseCode>,
    /// Who waits: woken by the first frame after it looked, and not again by those that follow.
    waiting: Option<Waker>,
}

impl State {
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waiting {
            Some(waiting) => waiting.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// Queues a frame, unless the queue is over its bound with it or closed.
    fn take_in(&mut self, frame: Bytes, bound: usize) {
        if self.close.is_some() {
            return;
        }
        if self.bytes + frame.len() > bound {
            // What is queued is useless now: the client resumes from its positions.
            self.frames = Frames::new();
            self.bytes = 0;
            self.close = Some(CloseCode::SlowReader);
        } else {
            self.bytes += frame.len();
            self.frames.push(frame);
        }
    }
}

/// What the connection's task does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// There are frames in the caller's hands: write them all, then flush once.
    Frames,
    /// Nothing is left to write: close with this code.
    Close(CloseCode),
}

impl Outbox {
    /// An empty queue for frames of one format that holds at most `bound` bytes.
    pub fn new(format: Format, bound: usize) -> Arc<Self> {
        Arc::new(Self { format, bound, state: Mutex::default(), unanswered: AtomicUsize::new(0) })
    }

    /// How this connection's frames are encoded.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Queues a frame that others get too: its bytes are shared.
    pub fn push_shared(&self, frame: &SharedFrame) {
        self.push_encoded(frame.bytes(self.format));
    }

    /// Queues a frame for this connection alone.
    pub fn push(&self, frame: &ServerFrame) {
        self.push_encoded(encode(self.format, frame));
    }

    /// Queues the answer to a command, which is then no longer unanswered.
    pub fn answer(&self, frame: &ServerFrame) {
        self.command_answered();
        self.push(frame);
    }

    /// Closes the connection once what is queued has been written. The first reason stays.
    pub fn close(&self, code: CloseCode) {
        let waiting = {
            let mut state = self.state.lock();
            state.close.get_or_insert(code);
            state.waiting.take()
        };
        wake(waiting);
    }

    /// Whether a close was asked for.
    pub fn is_closing(&self) -> bool {
        self.state.lock().close.is_some()
    }

    /// The bytes that wait.
    pub fn queued_bytes(&self) -> usize {
        self.state.lock().bytes
    }

    /// The commands that were taken in and not yet answered.
    pub fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Counts a command in, unless `bound` of them are unanswered already.
    pub fn take_command(&self, bound: usize) -> bool {
        self.unanswered
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < bound).then_some(n + 1))
            .is_ok()
    }

    /// Counts a command out that gets no answer through [`Outbox::answer`].
    pub fn command_answered(&self) {
        let _ = self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
    }

    /// Waits for frames or for the end. Takes all frames there are into `into`, which must be empty.
    ///
    /// Cancel safe: nothing is taken before it returns. One task at a time may wait.
    pub async fn next(&self, into: &mut Frames) -> Next {
        std::future::poll_fn(|cx| self.poll_next(cx, into)).await
    }

    /// Takes all frames there are into `into`, which must be empty, or says that the end has come; or wakes the task when
    /// there is something. One task at a time may wait.
    pub fn poll_next(&self, cx: &Context<'_>, into: &mut Frames) -> Poll<Next> {
        let mut state = self.state.lock();
        if !state.frames.is_empty() {
            std::mem::swap(&mut state.frames, into);
            state.bytes = 0;
            return Poll::Ready(Next::Frames);
        }
        if let Some(code) = state.close {
            return Poll::Ready(Next::Close(code));
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Says when the connection must end although a write is under way: its queue overflowed behind the blocked socket, or it
    /// was told to go.
    pub fn poll_closing(&self, cx: &Context<'_>) -> Poll<CloseCode> {
        let mut state = self.state.lock();
        if let Some(code) = state.close {
            return Poll::Ready(code);
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Queues a frame that is encoded already, in this connection's format.
    pub fn push_encoded(&self, frame: Bytes) {
        let waiting = {
            let mut state = self.state.lock();
            state.take_in(frame, self.bound);
            state.waiting.take()
        };
        wake(waiting);
    }

    /// Queues encoded frames of the connection's own task, which looks at the queue next and need not be woken.
    pub fn append(&self, frames: &mut Vec<Bytes>) {
        if !frames.is_empty() {
            let mut state = self.state.lock();
            frames.drain(..).for_each(|frame| state.take_in(frame, self.bound));
        }
    }
}

/// Only when the lock is free again: whoever is woken takes it at once.
fn wake(waiting: Option<Waker>) {
    if let Some(waiting) = waiting {
        waiting.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otvet_engine::protocol::Bye;

    fn frame(n: u64) -> ServerFrame {
        ServerFrame::Bye(Bye { retry_after_ms: n })
    }

    #[tokio::test]
    async fn frames_come_in_order_and_all_at_once() {
        let outbox = Outbox::new(Format::Json, 1000);
        (0..3).for_each(|n| outbox.push(&frame(n)));
        outbox.close(CloseCode::Restarting);
        outbox.push(&frame(9));
        let mut taken = Frames::new();
        assert_eq!(outbox.next(&mut taken).await, Next::Frames);
        let expected: Frames = (0..3).map(|n| encode(Format::Json, &frame(n))).collect();
        assert_eq!(taken, expected);
        assert_eq!(outbox.next(&mut Frames::new()).await, Next::Close(CloseCode::Restarting));
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl std::task::Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_waits_is_woken_by_the_first_frame_and_not_by_its_own() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let (cx, mut taken) = (Context::from_waker(&waker), Frames::new());
        let outbox = Outbox::new(Format::Json, 1000);
        assert_eq!(outbox.poll_next(&cx, &mut taken), Poll::Pending);
        outbox.append(&mut vec![encode(Format::Json, &frame(0))]);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
        (1..4).for_each(|n| outbox.push(&frame(n)));
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert_eq!(outbox.poll_next(&cx, &mut taken), Poll::Ready(Next::Frames));
        let expected: Frames = (0..4).map(|n| encode(Format::Json, &frame(n))).collect();
        assert_eq!(taken, expected);
        assert_eq!(outbox.poll_closing(&cx), Poll::Pending);
        outbox.close(CloseCode::Restarting);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 2);
        assert_eq!(outbox.poll_closing(&cx), Poll::Ready(CloseCode::Restarting));
    }

    #[tokio::test]
    async fn a_full_queue_is_dropped_and_says_slow_reader() {
        let outbox = Outbox::new(Format::MessagePack, 100);
        while !outbox.is_closing() {
            assert!(outbox.queued_bytes() <= 100);
            outbox.push(&frame(1));
        }
        assert_eq!(outbox.queued_bytes(), 0);
        assert_eq!(outbox.next(&mut Frames::new()).await, Next::Close(CloseCode::SlowReader));
    }

    #[test]
    fn unanswered_commands_are_bounded() {
        let outbox = Outbox::new(Format::Json, 1000);
        assert!(outbox.take_command(2) && outbox.take_command(2) && !outbox.take_command(2));
        outbox.answer(&frame(1));
        assert!(outbox.take_command(2));
    }
}
