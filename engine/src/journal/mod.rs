//! The journal: the event log in the database, where the truth is. An event exists when its transaction has committed.
//!
//! [`Journal::commit`] gathers the batches of all conversations into one transaction (group commit); the projection row and
//! the cursors go into the same one. The unique keys of the database are the referees: `(conversation, seq)` between two
//! writers, `(author, key)` between two attempts.

use crate::clock::Timestamp;
use crate::conversation::State;
use crate::ids::{ConversationId, Epoch, Key, PersonId};
use crate::protocol::{Code, Event, Refusal, Summary};

/// What one conversation wants stored, whole or not at all.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Which conversation.
    pub conversation: ConversationId,
    /// New events, numbered on from the state's head. May be empty when only cursors moved.
    pub events: Vec<Event>,
    /// The conversation after these events: becomes the projection row and the cursors' rows.
    pub after: std::sync::Arc<State>,
    /// Whose cursor or count changed since the last commit.
    pub changed_participants: Vec<PersonId>,
    /// Under which names the keys in `events` may already be in use: an adopted conversation's visitor has two.
    pub key_owners: Vec<PersonId>,
    /// When this is: `touched_at` of the projection row.
    pub now: Timestamp,
}

/// An event that already stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedEvent {
    /// Whose key: who wrote the event.
    pub author: PersonId,
    /// The key.
    pub key: Key,
    /// Where the event stands.
    pub conversation: ConversationId,
    /// Its number.
    pub seq: u64,
    /// [`crate::conversation::content_digest`] of what it said.
    pub digest: [u8; 16],
}

/// Why a batch was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Keys of the batch are in use: nothing of it was stored. Answer those commands from here, and decide the rest again.
    #[error("{} key(s) are in use", .0.len())]
    KeysInUse(Vec<KeyedEvent>),
    /// Somebody else has written to the conversation: nothing was stored. Load it again and decide again.
    #[error("another writer was first")]
    HeadMoved,
    /// The database refused or does not answer: nothing was stored.
    #[error("nothing was stored: {0}")]
    Unavailable(String),
    /// The connection broke during the commit: it is unknown whether the batch was stored. Load again and decide again:
    /// keys make the repetition safe.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(String),
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database could not be read: {0}")]
pub struct ReadError(pub String);

impl From<ReadError> for Refusal {
    fn from(_: ReadError) -> Self {
        Self::new(Code::Unavailable, "the database does not answer; try again shortly").retry_after_ms(1000)
    }
}

/// A page of a conversation's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In order of `seq`.
    pub events: Vec<Event>,
    /// Whether there are more in the direction asked for.
    pub more: bool,
}

/// Which events of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The newest with a number before this (`u64::MAX`: the newest of all).
    Before(u64),
    /// The oldest with a number after this.
    After(u64),
}

/// Which conversations, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// A visitor's own, the most recently updated first.
    OfVisitor(PersonId),
    /// A manager's own claimed ones, the most recently updated first.
    OfManager(PersonId),
    /// All that wait, the longest waiting first.
    Waiting,
    /// Everything in which something changed (also cursors) at or after this time, for catching up, oldest change first.
    TouchedSince(Timestamp),
}

/// One listed conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its entry, from the reader's side.
    pub summary: Summary,
    /// When anything about it last changed.
    pub touched_at: Timestamp,
}

/// The name of this database's numberings (`chat_meta`): the epoch of every conversation stream.
pub type DatabaseEpoch = Epoch;

/// A cheap handle on the journal.
#[derive(Debug, Clone)]
pub struct Journal {}

impl Journal {
    pub async fn commit(&self, _b: Batch) -> Result<(), CommitError> {
        unimplemented!()
    }
    pub async fn load(
        &self,
        _id: ConversationId,
        _r: &crate::conversation::Rules,
    ) -> Result<Option<State>, ReadError> {
        unimplemented!()
    }
    pub async fn events(
        &self,
        _id: ConversationId,
        _s: Span,
        _l: usize,
        _b: usize,
    ) -> Result<Page, ReadError> {
        unimplemented!()
    }
    pub async fn list(&self, _l: Listing, _r: PersonId, _n: usize) -> Result<Vec<Listed>, ReadError> {
        unimplemented!()
    }
    pub async fn listed(&self, _c: ConversationId, _r: PersonId) -> Result<Option<Listed>, ReadError> {
        unimplemented!()
    }
    pub async fn count_unread(&self, _c: ConversationId, _a: u64, _n: &[PersonId]) -> Result<u64, ReadError> {
        unimplemented!()
    }
    pub fn epoch(&self) -> &Epoch {
        unimplemented!()
    }
}
