//! The lane beside an actor's mailbox: where its messages are. The mailbox itself carries one [`Work`], which keeps the
//! actor at its lane until it ends: between two messages it waits here, and a burst costs one wake-up.
//!
//! A lane outlives its actor. What was taken and not finished when the actor failed is taken again by the next
//! incarnation; what has failed it twice is given up, and told so.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::task::coop::consume_budget;
use tokio::time::{Duration, Instant};

/// The one message in the mailboxes of session, conversation and inbox actors: work your lane off until you end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work;

/// Why a message was not taken; it comes back.
#[derive(Debug, PartialEq, Eq)]
pub enum PushError<M> {
    /// The actor has ended for good: ask the directory for its successor.
    Closed(M),
    /// The bound is reached.
    Full(M),
}

/// A message as the actor takes it out.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<M> {
    /// To be handled.
    Message(M),
    /// It has failed the actor too often: answer it with a failure and go on.
    GivenUp(M),
}

/// How often a message may be begun.
const MAX_ATTEMPTS: u8 = 2;

/// Places for messages that an idle lane keeps.
const KEPT_PLACES: usize = 64;

/// The messages of one actor, bounded, in order.
#[derive(Debug)]
pub struct Lane<M> {
    inner: Mutex<Inner<M>>,
    bound: usize,
}

#[derive(Debug)]
struct Inner<M> {
    waiting: VecDeque<M>,
    /// Begun by an actor that failed, with the number of attempts. They come before those that wait.
    failed: VecDeque<(M, u8)>,
    /// How many messages an actor has begun and not finished.
    under_way: usize,
    /// The actor, while it waits for messages.
    idle: Option<Waker>,
    /// Which incarnation may take messages: the newest. The one before may still be on its way out.
    incarnation: u64,
    open: bool,
    /// Since when nothing has come in, as far as anybody has looked. A clock would be the dearest part of a push.
    quiet_since: Option<Instant>,
}

impl<M> Inner<M> {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.failed.is_empty() && self.under_way == 0
    }
}

impl<M> Lane<M> {
    /// An empty lane for at most `bound` messages. They can be pushed before an actor works it.
    pub fn new(bound: usize) -> Self {
        let inner = Inner {
            waiting: VecDeque::new(),
            failed: VecDeque::new(),
            under_way: 0,
            idle: None,
            incarnation: 0,
            open: true,
            quiet_since: Some(Instant::now()),
        };
        Self { inner: Mutex::new(inner), bound }
    }

    /// Puts a message at the end and wakes the actor if it was idle.
    ///
    /// # Errors
    /// The message comes back when the lane is closed or full.
    pub fn push(&self, message: M) -> Result<(), PushError<M>> {
        self.push_within(message, self.bound)
    }

    /// Puts a message at the end even of a full lane: for the few that are bounded by something else and must not be lost.
    ///
    /// # Errors
    /// The message comes back when the lane is closed.
    pub fn push_always(&self, message: M) -> Result<(), PushError<M>> {
        self.push_within(message, usize::MAX)
    }

    fn push_within(&self, message: M, bound: usize) -> Result<(), PushError<M>> {
        let mut inner = self.inner.lock();
        if !inner.open {
            return Err(PushError::Closed(message));
        }
        if inner.waiting.len() >= bound {
            return Err(PushError::Full(message));
        }
        inner.quiet_since = None;
        inner.waiting.push_back(message);
        let idle = inner.idle.take();
        drop(inner);
        // One that has failed is woken in vain; its successor looks first, and waits then.
        if let Some(actor) = idle {
            actor.wake();
        }
        Ok(())
    }

    /// For the actor: the messages come out here, and from now on no earlier incarnation gets any.
    pub fn work(&self) -> Worker<'_, M> {
        let mut inner = self.inner.lock();
        inner.incarnation += 1;
        Worker {
            lane: self,
            incarnation: inner.incarnation,
            first: None,
            begun: VecDeque::new(),
            attempts: 0,
        }
    }

    /// Whether nothing waits, nothing is under way, and nothing came in for so long, counted from when somebody first
    /// looked after the last message.
    pub fn is_idle_for(&self, long: Duration) -> bool {
        let mut inner = self.inner.lock();
        inner.is_idle() && inner.quiet_since.get_or_insert_with(Instant::now).elapsed() >= long
    }

    /// Whether the lane was closed.
    pub fn is_closed(&self) -> bool {
        !self.inner.lock().open
    }

    /// Takes everything out that is not in the hands of an actor: for a failing one whose messages are answered with a
    /// failure instead.
    pub fn clear(&self) -> Vec<M> {
        let mut inner = self.inner.lock();
        let inner = &mut *inner;
        inner.failed.drain(..).map(|(message, _)| message).chain(inner.waiting.drain(..)).collect()
    }
}

/// An actor at its lane, with the messages that it has begun. Whatever is not [`Worker::done`] when it is dropped, because
/// the actor failed, goes back and is begun again by the next incarnation.
pub struct Worker<'a, M> {
    lane: &'a Lane<M>,
    incarnation: u64,
    /// The oldest begun message. Mostly there is one alone, which then needs no place but this.
    first: Option<M>,
    /// Those after it.
    begun: VecDeque<M>,
    /// How often these messages have been begun, now included.
    attempts: u8,
}

impl<M> fmt::Debug for Worker<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("begun", &self.len()).finish_non_exhaustive()
    }
}

impl<M> Worker<'_, M> {
    /// Waits for messages and begins up to `most` of them. What an actor failed at comes alone, so that one which cannot be
    /// handled takes no other down with it.
    ///
    /// Cancel safe: what was begun goes back when the worker is dropped.
    pub async fn wait(&mut self, most: usize) {
        // However much comes in: other tasks have their turn.
        consume_budget().await;
        poll_fn(|context| self.poll(context, most)).await;
    }

    fn poll(&mut self, context: &Context<'_>, most: usize) -> Poll<()> {
        debug_assert!(self.first.is_none(), "the last messages are done");
        let mut inner = self.lane.inner.lock();
        let inner = &mut *inner;
        if inner.incarnation != self.incarnation {
            return Poll::Pending;
        }
        if let Some((message, attempts)) = inner.failed.pop_front() {
            self.first = Some(message);
            self.attempts = attempts + 1;
        } else {
            self.first = inner.waiting.pop_front();
            self.attempts = 1;
            if inner.waiting.is_empty() {
                // Begins at its first place again, which the processor has at hand.
                inner.waiting.clear();
            } else if inner.waiting.len() < most {
                std::mem::swap(&mut self.begun, &mut inner.waiting);
            } else {
                self.begun.extend(inner.waiting.drain(..most - 1));
            }
        }
        inner.under_way = self.len();
        if self.first.is_none() {
            inner.waiting.shrink_to(KEPT_PLACES);
            self.begun.shrink_to(KEPT_PLACES);
            inner.idle = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.begun.len()
    }

    /// The oldest of the begun messages.
    pub fn next(&mut self) -> Option<Taken<&mut M>> {
        let too_often = self.attempts > MAX_ATTEMPTS;
        let message = self.first.as_mut()?;
        Some(if too_often { Taken::GivenUp(message) } else { Taken::Message(message) })
    }

    /// The oldest of the begun messages is done.
    pub fn done(&mut self) {
        self.first = self.begun.pop_front();
    }

    /// All begun messages, oldest first, and whether they have failed too often. For an actor that handles them together.
    pub fn all(&self) -> impl Iterator<Item = Taken<&M>> {
        let too_often = self.attempts > MAX_ATTEMPTS;
        self.first
            .iter()
            .chain(&self.begun)
            .map(move |message| if too_often { Taken::GivenUp(message) } else { Taken::Message(message) })
    }

    /// All begun messages are done.
    pub fn all_done(&mut self) {
        self.first = None;
        self.begun.clear();
    }

    /// Closes the lane for good, if nothing waits and everything that was begun is done. From then on pushes come back as
    /// [`PushError::Closed`].
    pub fn close_if_idle(&mut self) -> bool {
        let mut inner = self.lane.inner.lock();
        // An incarnation on its way out has no say: its successor may be at work.
        let is_newest = inner.incarnation == self.incarnation;
        let idle = self.first.is_none() && inner.waiting.is_empty() && inner.failed.is_empty();
        if is_newest && idle {
            inner.open = false;
        }
        is_newest && idle
    }
}

impl<M> Drop for Worker<'_, M> {
    fn drop(&mut self) {
        let mut inner = self.lane.inner.lock();
        if inner.incarnation == self.incarnation {
            inner.under_way = 0;
        }
        for message in self.first.take().into_iter().chain(self.begun.drain(..)).rev() {
            inner.failed.push_front((message, self.attempts));
        }
        // A successor that came too early to find them.
        if let Some(successor) = inner.idle.take() {
            drop(inner);
            successor.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// What comes without waiting; what was given up, with 100 on top.
    fn begin(worker: &mut Worker<'_, u8>, most: usize) -> Vec<u8> {
        if worker.wait(most).now_or_never().is_none() {
            return Vec::new();
        }
        worker
            .all()
            .map(|taken| match taken {
                Taken::Message(n) => *n,
                Taken::GivenUp(n) => *n + 100,
            })
            .collect()
    }

    #[test]
    fn unfinished_messages_come_again_one_by_one_before_new_ones() {
        let lane = Lane::new(10);
        (1..=3).for_each(|n| lane.push(n).unwrap());
        let mut first = lane.work();
        assert_eq!(begin(&mut first, 2), [1, 2]);
        assert!(!lane.is_idle_for(Duration::ZERO));
        // The actor fails here; a new incarnation begins.
        drop(first);
        let mut second = lane.work();
        assert_eq!(begin(&mut second, 2), [1]);
        second.done();
        assert_eq!(begin(&mut second, 2), [2]);
        drop(second);
        let mut third = lane.work();
        assert_eq!(begin(&mut third, 2), [102], "given up after two attempts");
        assert_eq!(third.next(), Some(Taken::GivenUp(&mut 2)));
        third.done();
        assert_eq!(third.next(), None);
        assert_eq!(begin(&mut third, 2), [3]);
        assert!(!third.close_if_idle());
        third.all_done();
        assert!(third.close_if_idle());
        assert_eq!(lane.push(4), Err(PushError::Closed(4)));
    }

    #[test]
    fn a_worker_that_waits_is_woken_once_for_all_that_comes() {
        let lane = Lane::new(10);
        let mut worker = lane.work();
        let (waker, woken) = counting_waker();
        let context = Context::from_waker(&waker);
        assert!(worker.poll(&context, 8).is_pending());
        assert!(lane.is_idle_for(Duration::ZERO));
        (1..=3).for_each(|n| lane.push(n).unwrap());
        assert_eq!(woken.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert!(worker.poll(&context, 8).is_ready());
        assert_eq!(worker.all().count(), 3);
    }

    fn counting_waker() -> (Waker, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        struct Counter(Arc<AtomicUsize>);
        impl std::task::Wake for Counter {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let woken = Arc::new(AtomicUsize::new(0));
        (Waker::from(Arc::new(Counter(Arc::clone(&woken)))), woken)
    }

    #[test]
    fn a_successor_that_was_early_is_woken_for_what_its_predecessor_leaves() {
        let lane = Lane::new(10);
        lane.push(1).unwrap();
        let mut first = lane.work();
        assert_eq!(begin(&mut first, 8), [1]);
        let mut second = lane.work();
        let (waker, woken) = counting_waker();
        assert!(second.poll(&Context::from_waker(&waker), 8).is_pending());
        drop(first);
        assert_eq!(woken.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert_eq!(begin(&mut second, 8), [1]);
    }

    #[test]
    fn only_the_newest_incarnation_closes_the_lane() {
        let lane = Lane::<u8>::new(10);
        let (mut first, mut second) = (lane.work(), lane.work());
        assert!(!first.close_if_idle() && !lane.is_closed());
        assert!(second.close_if_idle() && lane.is_closed());
    }

    #[test]
    fn a_full_lane_gives_the_message_back() {
        let lane = Lane::new(1);
        lane.push(1).unwrap();
        assert_eq!(lane.push(2), Err(PushError::Full(2)));
        assert_eq!(lane.clear(), [1]);
    }
}
