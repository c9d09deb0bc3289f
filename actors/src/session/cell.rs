//! What of a session actor outlives its failure: its lane, and its connections with what each has been sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use otvet_engine::ids::{ConversationId, Epoch, PersonId, StreamName};
use otvet_engine::protocol::{CloseCode, SharedFrame};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::conversation::Commit;
use crate::lane::{Lane, PushError};
use crate::person_stream::Numbered;
use crate::router::Supervision;

use super::connections::Connections;
use super::message::{News, Reply, SessionMsg, WatchReply};

/// Messages that may wait for one session.
const LANE_BOUND: usize = 65_536;

/// The lasting part of a session actor.
#[derive(Debug)]
pub(crate) struct SessionCell {
    pub person: PersonId,
    pub lane: Lane<SessionMsg>,
    pub supervision: Supervision,
    /// The joined connections. Only the actor writes here, or who works in its stead.
    pub connections: Mutex<Connections>,
    /// The epoch under which the connections follow the session's stream.
    pub told: Mutex<Option<Epoch>>,
    /// Since when there has been no connection, while there is none.
    left: Mutex<Instant>,
    retiring: AtomicBool,
}

impl SessionCell {
    pub fn new(person: PersonId) -> Self {
        Self {
            person,
            lane: Lane::new(LANE_BOUND),
            supervision: Supervision::default(),
            connections: Mutex::default(),
            told: Mutex::default(),
            left: Mutex::new(Instant::now()),
            retiring: AtomicBool::new(false),
        }
    }

    /// Passes on what a conversation committed, with the answers to this person's commands in it.
    pub fn committed(&self, commit: Arc<Commit>, mut replies: Vec<Reply>, own: bool) {
        // The list of somebody's own questions is their session's.
        let is_in_list = commit.after.visitor.as_ref().is_some_and(|visitor| visitor.id == self.person);
        let is_done = !is_in_list
            && self.at_once(|connections| {
                replies.drain(..).for_each(|reply| connections.answer(&reply));
                connections.pass_on(&commit, own)
            }) == Some(true);
        if !is_done {
            self.deliver(SessionMsg::Committed { commit, replies, own });
        }
    }

    /// Passes on an answer.
    pub fn reply(&self, reply: Reply) {
        if self.at_once(|connections| connections.answer(&reply)).is_none() {
            self.deliver(SessionMsg::Reply(Box::new(reply)));
        }
    }

    /// Passes on a conversation's answer to a watcher.
    pub fn watch_answered(&self, reply: WatchReply) {
        self.deliver(SessionMsg::Watched(Box::new(reply)));
    }

    /// Passes on something in passing. A full lane loses it, without harm.
    pub fn signal(&self, frame: &Arc<SharedFrame>, conversation: ConversationId, own: bool) {
        if self.at_once(|connections| connections.signal(frame, conversation, own)).is_none() {
            let _ = self.lane.push(SessionMsg::Signal { frame: Arc::clone(frame), conversation, own });
        }
    }

    /// Passes on new events of the person's inbox.
    pub fn numbered(&self, stream: StreamName, events: Vec<Numbered>) {
        if !events.is_empty() && self.at_once(|connections| connections.numbered(stream, &events)).is_none() {
            self.deliver(SessionMsg::Numbered(Box::new(News { stream, events })));
        }
    }

    /// Passes on that the person's inbox starts anew.
    pub fn restarted(&self, stream: StreamName, frame: Arc<SharedFrame>) {
        self.deliver(SessionMsg::Restarted { stream, frame });
    }

    /// Closes every connection.
    pub fn close_all(&self, code: CloseCode) {
        for connection in self.connections.lock().iter() {
            connection.outbox.close(code);
        }
    }

    /// The actor keeps failing: its connections come back later, with their positions.
    pub fn refuse_waiting(&self) {
        self.close_all(CloseCode::Internal);
        for message in self.lane.clear() {
            match message {
                SessionMsg::Join(join) => join.outbox.close(CloseCode::Internal),
                SessionMsg::Leave(connection) => {
                    self.connections.lock().remove(connection);
                }
                _ => {}
            }
        }
    }

    /// The last connection has left.
    pub fn is_alone(&self) {
        *self.left.lock() = Instant::now();
    }

    /// Asks the actor to end, if it has had no connection for so long. What still comes in does not count: a busy inbox
    /// would keep it for ever.
    pub fn retire_if_idle_for(&self, long: Duration) {
        if self.connections.lock().is_empty() && self.left.lock().elapsed() >= long {
            self.retiring.store(true, Ordering::Release);
            let _ = self.lane.push(SessionMsg::Retire);
        }
    }

    /// Whether the actor was asked to end since it last looked.
    pub fn takes_retirement(&self) -> bool {
        self.retiring.load(Ordering::Acquire) && self.retiring.swap(false, Ordering::AcqRel)
    }

    /// Puts something into outboxes in the actor's stead, if it waits with nothing before it: a hop less for whatever needs
    /// nothing of the actor but its connections.
    fn at_once<R>(&self, work: impl FnOnce(&mut Connections) -> R) -> Option<R> {
        self.lane.in_its_stead(|| work(&mut self.connections.lock()))
    }

    /// What is delivered here must not be lost: a session that cannot keep up lets its connections go, and they resume.
    fn deliver(&self, message: SessionMsg) {
        if let Err(PushError::Full(_)) = self.lane.push(message) {
            self.close_all(CloseCode::SlowReader);
        }
    }
}
