//! The lane beside an actor's mailbox: where its messages are. The mailbox itself only carries [`Wake`], once for each
//! change of the lane from empty to not, and so a burst costs one hop.
//!
//! A lane outlives its actor. What was taken and not finished when the actor failed is taken again by the next
//! incarnation; what has failed it twice is given up, and told so.

use std::collections::VecDeque;
use std::fmt;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

/// The one message in the mailboxes of session, conversation and inbox actors: look into the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake;

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

/// The messages of one actor, bounded, in order.
#[derive(Debug)]
pub struct Lane<M> {
    inner: Mutex<Inner<M>>,
    bound: usize,
}

/// Puts a [`Wake`] into the mailbox of an actor.
struct Waker(Box<dyn Fn() + Send + Sync>);

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

#[derive(Debug)]
struct Inner<M> {
    waiting: VecDeque<M>,
    /// Begun and not finished, with the number of attempts.
    begun: VecDeque<(M, u8)>,
    actor: Option<Waker>,
    open: bool,
    /// When the last message came in.
    touched: Instant,
}

impl<M: Clone> Lane<M> {
    /// An empty lane for at most `bound` messages. They can be pushed before an actor is attached.
    pub fn new(bound: usize) -> Self {
        let inner = Inner {
            waiting: VecDeque::new(),
            begun: VecDeque::new(),
            actor: None,
            open: true,
            touched: Instant::now(),
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
        inner.touched = Instant::now();
        inner.waiting.push_back(message);
        if inner.waiting.len() == 1
            && let Some(actor) = &inner.actor
        {
            // A dead actor's successor looks into the lane by itself when it is attached.
            (actor.0)();
        }
        Ok(())
    }

    /// Names the incarnation that works this lane from now on, and wakes it: it may have to finish what another began.
    pub fn attach(&self, wake: impl Fn() + Clone + Send + Sync + 'static) {
        // Known first, woken then: what is pushed in between wakes it, too.
        self.inner.lock().actor = Some(Waker(Box::new(wake.clone())));
        wake();
    }

    /// Begins up to `most` messages. They stay in the lane until [`Lane::finish`]. Messages that were begun before (their
    /// actor failed) come one by one, so that one which cannot be handled takes no other down with it.
    pub fn begin(&self, most: usize) -> Vec<Taken<M>> {
        let mut inner = self.inner.lock();
        let inner = &mut *inner;
        if let Some((message, attempts)) = inner.begun.front_mut() {
            *attempts += 1;
            let message = message.clone();
            return vec![if *attempts > MAX_ATTEMPTS {
                Taken::GivenUp(message)
            } else {
                Taken::Message(message)
            }];
        }
        let taken = most.min(inner.waiting.len());
        inner.begun.extend(inner.waiting.drain(..taken).map(|message| (message, 1)));
        inner.begun.iter().map(|(message, _)| Taken::Message(message.clone())).collect()
    }

    /// The oldest `count` of the begun messages are done.
    pub fn finish(&self, count: usize) {
        let mut inner = self.inner.lock();
        let count = count.min(inner.begun.len());
        inner.begun.drain(..count);
    }

    /// Whether nothing waits, nothing is under way, and nothing came in for so long.
    pub fn is_idle_for(&self, long: Duration) -> bool {
        let inner = self.inner.lock();
        inner.waiting.is_empty() && inner.begun.is_empty() && inner.touched.elapsed() >= long
    }

    /// Closes the lane for good, if it is idle. From then on pushes come back as [`PushError::Closed`].
    pub fn close_if_idle(&self) -> bool {
        let mut inner = self.inner.lock();
        let idle = inner.waiting.is_empty() && inner.begun.is_empty();
        if idle {
            inner.open = false;
        }
        idle
    }

    /// Whether the lane was closed.
    pub fn is_closed(&self) -> bool {
        !self.inner.lock().open
    }

    /// Takes everything out, begun or not: for a failing actor whose messages are answered with a failure instead.
    pub fn clear(&self) -> Vec<M> {
        let mut inner = self.inner.lock();
        let inner = &mut *inner;
        inner.begun.drain(..).map(|(message, _)| message).chain(inner.waiting.drain(..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(taken: Vec<Taken<u8>>) -> Vec<u8> {
        taken
            .into_iter()
            .map(|t| match t {
                Taken::Message(n) => n,
                Taken::GivenUp(n) => n + 100,
            })
            .collect()
    }

    #[test]
    fn unfinished_messages_come_again_one_by_one_before_new_ones() {
        let lane = Lane::new(10);
        (1..=3).for_each(|n| lane.push(n).unwrap());
        assert_eq!(numbers(lane.begin(2)), [1, 2]);
        // The actor fails here; a new incarnation begins.
        assert_eq!(numbers(lane.begin(2)), [1]);
        lane.finish(1);
        assert_eq!(numbers(lane.begin(2)), [2]);
        assert_eq!(numbers(lane.begin(2)), [102], "given up after two attempts");
        lane.finish(1);
        assert_eq!(numbers(lane.begin(2)), [3]);
        assert!(!lane.close_if_idle());
        lane.finish(1);
        assert!(lane.close_if_idle());
        assert_eq!(lane.push(4), Err(PushError::Closed(4)));
    }

    #[test]
    fn a_full_lane_gives_the_message_back() {
        let lane = Lane::new(1);
        lane.push(1).unwrap();
        assert_eq!(lane.push(2), Err(PushError::Full(2)));
        assert_eq!(lane.clear(), [1]);
    }
}
