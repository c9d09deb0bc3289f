//! What of a conversation actor outlives its failure: its lane, its readers, and the commit that is under way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use otvet_engine::conversation::State as Conversation;
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::Refusal;
use parking_lot::Mutex;

use crate::lane::Lane;
use crate::router::Supervision;
use crate::session::SessionCell;

use super::batch::Prepared;
use super::message::{ConversationMsg, Envelope};

/// Messages that may wait for one conversation. Connections are held to 16 unanswered commands each; this bounds the sum.
const LANE_BOUND: usize = 16_384;

/// The lasting part of a conversation actor.
#[derive(Debug)]
pub(crate) struct ConversationCell {
    pub id: ConversationId,
    pub lane: Lane<ConversationMsg>,
    pub supervision: Supervision,
    /// Sessions that asked for live events beyond their own.
    pub watchers: Mutex<HashMap<PersonId, Arc<SessionCell>>>,
    /// The batch that is with the journal. A successor goes on with it instead of deciding it again.
    pub prepared: Mutex<Option<Arc<Prepared>>>,
    /// The conversation as everybody here was last told of it.
    pub told: Mutex<Option<Arc<Conversation>>>,
    unopened: AtomicBool,
    retiring: AtomicBool,
}

impl ConversationCell {
    /// Of a conversation that the journal may know.
    pub fn stored(id: ConversationId) -> Self {
        Self {
            id,
            lane: Lane::new(LANE_BOUND),
            supervision: Supervision::default(),
            watchers: Mutex::default(),
            prepared: Mutex::default(),
            told: Mutex::default(),
            unopened: AtomicBool::new(false),
            retiring: AtomicBool::new(false),
        }
    }

    /// Of a conversation with a new id: there is nothing to load.
    pub fn unopened(id: ConversationId) -> Self {
        Self { unopened: AtomicBool::new(true), ..Self::stored(id) }
    }

    /// Whether loading can be left out; true at most once.
    pub fn take_unopened(&self) -> bool {
        self.unopened.swap(false, Ordering::AcqRel)
    }

    /// Asks the actor to end, if it has been idle for so long and nobody watches.
    pub fn retire_if_idle_for(&self, long: Duration) {
        if self.lane.is_idle_for(long) && self.watchers.lock().is_empty() {
            self.retiring.store(true, Ordering::Release);
            let _ = self.lane.push(ConversationMsg::Retire);
        }
    }

    /// Whether the actor was asked to end since it last looked.
    pub fn takes_retirement(&self) -> bool {
        self.retiring.load(Ordering::Acquire) && self.retiring.swap(false, Ordering::AcqRel)
    }

    /// The actor keeps failing: nothing that still waits has been stored, so say so. A batch that is with the journal
    /// stays: its outcome is not known yet.
    pub fn refuse_waiting(&self, wait: Duration) {
        let retry_after = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let prepared = self.prepared.lock().clone();
        let is_with_journal =
            |envelope: &Arc<Envelope>| prepared.as_ref().is_some_and(|p| p.contains(envelope));
        for message in self.lane.clear() {
            let refusal = Refusal::unavailable().retry_after_ms(retry_after);
            match message {
                ConversationMsg::Command(envelope) if is_with_journal(&envelope) => {}
                ConversationMsg::Command(envelope) => envelope.answer(Err(refusal)),
                ConversationMsg::Watch(watch) => watch.answer(Err(refusal)),
                _ => {}
            }
        }
    }
}
