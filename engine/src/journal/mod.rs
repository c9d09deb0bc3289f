//! The journal: the event log in the database, where the truth is. An event exists when its transaction has committed.
//!
//! [`Journal::commit`] gathers the batches of all conversations into one transaction (group commit); the projection row and
//! the cursors go into the same one. The unique keys of the database are the referees: `(conversation, seq)` between two
//! writers, `(author, key)` between two attempts. Reads go past the writer, on connections of their own.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sea_orm::EntityTrait;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::conversation::State;
use crate::ids::{ConversationId, Epoch, Key, PersonId};
use crate::protocol::{Code, Event, Refusal, Summary};
use crate::store::Database;
use crate::store::entities::chat_meta;
use crate::store::lookups::{LookUps, PACE_OF_MANY};

mod admission;
mod arrays;
mod cells;
mod counters;
mod group;
mod group_rows;
#[cfg(test)]
mod interleavings;
mod native;
mod own_lists;
mod reads;
mod rows;
mod search;
mod statements;
#[cfg(test)]
mod tests;
mod writer;

pub use counters::{COMMIT_MICROS, Counted, Counters};
pub use search::{Found, ParseCursorError, Search, SearchCursor};

use group::Transactions;
use own_lists::OwnLists;

/// What one conversation wants stored, whole or not at all.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Which conversation.
    pub conversation: ConversationId,
    /// New events, numbered on from the state's head. May be empty when only cursors moved.
    pub events: Vec<Event>,
    /// The conversation after these events: becomes the projection row and the cursors' rows.
    pub after: Arc<State>,
    /// Whose cursor or count changed since the last commit. Those who are no participants after it lose their row.
    pub changed_participants: Vec<PersonId>,
    /// The names of the visitor, who after an adoption has two: a key that stands under one of them is in use for all.
    pub key_owners: Vec<PersonId>,
}

/// An event that already stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedEvent {
    /// Who used the key.
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

impl From<sea_orm::DbErr> for ReadError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self(error.to_string())
    }
}

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
}

/// How the journal gathers and waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// How many batches may wait for the writer; beyond it, [`Journal::commit`] waits.
    pub queue: usize,
    /// A transaction takes no further batch once it has so many events.
    pub group_events: usize,
    /// How long a transaction, and then its commit, may take. A commit in SQLite cannot be given up: whoever waits for it is
    /// told after four times as long that its outcome is unknown.
    pub timeout: Duration,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { queue: 1024, group_events: 512, timeout: Duration::from_secs(15) }
    }
}

/// A handle on the journal: cheap to clone, the same writer behind all of them.
#[derive(Debug, Clone)]
pub struct Journal {
    db: Database,
    writer: writer::Handle,
    /// How long an answer may take: the group before, its commit, the own group, and its own commit.
    patience: Duration,
    epoch: Epoch,
    counters: Arc<Counters>,
    own_lists: Arc<LookUps<own_lists::Asked, Result<Vec<Summary>, ReadError>>>,
}

impl Journal {
    /// Starts the writer on a migrated database.
    ///
    /// # Errors
    /// When the database does not answer, or was not migrated.
    pub async fn start(db: Database, options: JournalOptions) -> Result<Self, ReadError> {
        let row = chat_meta::Entity::find_by_id("epoch").one(&db.read).await?;
        let epoch = Epoch(row.ok_or_else(|| ReadError("chat_meta has no epoch".to_owned()))?.value.into());
        let counters = Arc::new(Counters::default());
        let (writer, inbox) = writer::Handle::new(options.queue);
        let store = Transactions::new(db.clone(), options.timeout);
        let running = writer::run(store, options, inbox, Arc::clone(&counters));
        if db.native.is_some() {
            on_a_thread(running).map_err(|error| ReadError(format!("no thread for the writer: {error}")))?;
        } else {
            tokio::spawn(running);
        }
        let lists = OwnLists { db: db.clone(), counters: Arc::clone(&counters) };
        let own_lists = Arc::new(LookUps::start(lists, own_lists::TOGETHER, PACE_OF_MANY));
        Ok(Self { db, writer, patience: options.timeout * 4, epoch, counters, own_lists })
    }

    /// Stores a batch, and answers once it is durable. Not cancelled by dropping the future: a batch that was handed over
    /// is stored even if nobody waits for the answer any more.
    ///
    /// # Errors
    /// [`CommitError`]; only after [`CommitError::Unknown`] may it have been stored.
    pub async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let stored = timeout(self.patience, self.writer.commit(batch));
        let late = || CommitError::Unknown(format!("no answer for {:?}", self.patience));
        stored.await.unwrap_or_else(|_| Err(late()))
    }

    /// What a key of one of these people stands for, if it is in use. For a command that would be refused although its key
    /// may be older than what the conversation remembers: then the first answer is due, not the refusal.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keyed(&self, owners: &[PersonId], key: &Key) -> Result<Option<KeyedEvent>, ReadError> {
        let asked = owners.iter().map(|owner| (*owner, key.clone())).collect();
        Ok(group::stored_keys(&self.db.read, asked).await?.pop())
    }

    /// Stores what was handed over, refuses what comes later, and ends the writer. The connections stay open, for reading.
    pub async fn close(&self) {
        if timeout(self.patience, self.writer.close()).await.is_err() {
            tracing::warn!(patience = ?self.patience, "the journal's writer is not through");
        }
    }

    /// The name of this database's numberings: the epoch of every conversation stream.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// What it has done so far, for metrics.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// Runs a writer that works in SQLite itself. A thread that sleeps on nothing else is awake sooner than a task, which waits
/// for others to be through; and the disk keeps no others waiting.
fn on_a_thread(running: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    thread::Builder::new().name("journal".to_owned()).spawn(move || runtime.block_on(running)).map(drop)
}
