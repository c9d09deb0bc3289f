//! The lane beside an actor's mailbox: where its messages are. The mailbox itself carries one [`Work`], which keeps the
//! actor at its lane until it ends: between two messages it waits here, and a burst costs one wake-up.
//!
//! What takes no waiting can be done without waking the actor, in its stead, if it has nothing else to do.
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
    /// A message that came when nothing waited. Mostly it stays alone, and then needs no place but this.
    first: Option<M>,
    /// Those that came after it.
    waiting: VecDeque<M>,
    /// Begun by an actor that failed, with the number of attempts, the oldest last. They come before those that wait.
    failed: Vec<(M, u8)>,
    /// Whether an actor has begun messages and not finished them.
    is_under_way: bool,
    /// The actor, while it waits for messages, and until it is woken.
    idle: Option<Waker>,
    /// Which incarnation may take messages: the newest. The one before may still be on its way out.
    incarnation: u32,
    open: bool,
    /// Since when nothing has come in, as far as anybody has looked. A clock would be the dearest part of a push.
    quiet_since: Option<Instant>,
}

impl<M> Inner<M> {
    fn is_idle(&self) -> bool {
        self.is_empty() && self.failed.is_empty() && !self.is_under_way
    }

    /// Whether nothing waits that was not begun before.
    fn is_empty(&self) -> bool {
        self.first.is_none() && self.waiting.is_empty()
    }

    fn take_first(&mut self) -> Option<M> {
        self.first.take().or_else(|| self.waiting.pop_front())
    }
}

impl<M> Lane<M> {
    /// An empty lane for at most `bound` messages. They can be pushed before an actor works it.
    pub fn new(bound: usize) -> Self {
        let inner = Inner {
            first: None,
            waiting: VecDeque::new(),
            failed: Vec::new(),
            is_under_way: false,
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
        if usize::from(inner.first.is_some()) + inner.waiting.len() >= bound {
            return Err(PushError::Full(message));
        }
        inner.quiet_since = None;
        if inner.is_empty() {
            inner.first = Some(message);
        } else {
            inner.waiting.push_back(message);
        }
        let idle = inner.idle.take();
        drop(inner);
        // One that has failed is woken in vain; its successor looks first, and waits then.
        if let Some(actor) = idle {
            actor.wake();
        }
        Ok(())
    }

    /// Does something at once, in the stead of an actor that waits with nothing before it: the same as if a message had been
    /// pushed and handled. `None`: it has something to do, or there is no actor, and nothing was done.
    ///
    /// Until `work` returns, nobody pushes and the actor takes nothing: it should be short, and must not touch this lane.
    pub fn in_its_stead<R>(&self, work: impl FnOnce() -> R) -> Option<R> {
        let mut inner = self.inner.lock();
        if !inner.open || inner.idle.is_none() || !inner.is_idle() {
            return None;
        }
        inner.quiet_since = None;
        Some(work())
    }

    /// For the actor: the messages come out here, and from now on no earlier incarnation gets any.
    pub fn work(&self) -> Worker<'_, M> {
        let mut inner = self.inner.lock();
        inner.incarnation = inner.incarnation.wrapping_add(1);
        // It gets nothing more, and nobody works in its stead while its successor makes ready.
        inner.idle = None;
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
        let failed = inner.failed.drain(..).rev().map(|(message, _)| message);
        failed.chain(inner.first.take()).chain(inner.waiting.drain(..)).collect()
    }
}

/// An actor at its lane, with the messages that it has begun. Whatever is not [`Worker::done`] when it is dropped, because
/// the actor failed, goes back and is begun again by the next incarnation.
pub struct Worker<'a, M> {
    lane: &'a Lane<M>,
    incarnation: u32,
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
        if let Some((message, attempts)) = inner.failed.pop() {
            self.first = Some(message);
            self.attempts = attempts + 1;
        } else {
            self.first = inner.take_first();
            self.attempts = 1;
            match inner.waiting.len() {
                0 => {}
                few if few < most => std::mem::swap(&mut self.begun, &mut inner.waiting),
                _ => self.begun.extend(inner.waiting.drain(..most - 1)),
            }
        }
        inner.is_under_way = self.first.is_some();
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
        let idle = self.first.is_none() && inner.is_empty() && inner.failed.is_empty();
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
            inner.is_under_way = false;
        }
        for message in self.first.take().into_iter().chain(self.begun.drain(..)).rev() {
            inner.failed.push((message, self.attempts));
        }
        // A successor that came too early to find them.
        if let Some(successor) = inner.idle.take() {
            drop(inner);
            successor.wake();
        }
    }
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
