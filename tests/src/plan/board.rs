//! What all walkers know together: which conversations there are, and how far each person's devices have come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use otvet_engine::ids::{ConversationId, PersonId, Position, StreamName};

/// The shared knowledge of one run.
#[derive(Debug)]
pub(super) struct Board {
    /// Everybody to whom a conversation may be transferred.
    pub(super) managers: Vec<PersonId>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    conversations: BTreeMap<ConversationId, PersonId>,
    positions: BTreeMap<PersonId, BTreeMap<StreamName, Position>>,
}

impl Board {
    pub(super) fn new(managers: Vec<PersonId>) -> Self {
        Self { managers, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A conversation was opened.
    pub(super) fn opened(&self, id: ConversationId, visitor: PersonId) {
        self.state().conversations.insert(id, visitor);
    }

    /// All conversations.
    pub(super) fn all(&self) -> BTreeSet<ConversationId> {
        self.state().conversations.keys().copied().collect()
    }

    /// The newest conversations that a person may write in: a visitor's own, for a manager those of all.
    pub(super) fn newest(&self, visitor: Option<PersonId>, most: usize) -> Vec<ConversationId> {
        let state = self.state();
        let own = state.conversations.iter().rev().filter(|(_, v)| visitor.is_none_or(|me| **v == me));
        own.take(most).map(|(id, _)| *id).collect()
    }

    /// Leaves a device's positions for the person's other devices, and takes those that the last one left.
    pub(super) fn exchange(
        &self,
        person: PersonId,
        mine: BTreeMap<StreamName, Position>,
    ) -> Option<BTreeMap<StreamName, Position>> {
        self.state().positions.insert(person, mine)
    }
}
