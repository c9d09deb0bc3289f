//! What a conversation reads and writes of the journal. A model checker puts a model in its place.

use std::fmt;

use async_trait::async_trait;
use otvet_engine::conversation::State as Conversation;
use otvet_engine::ids::{ConversationId, Key, PersonId};
use otvet_engine::journal::{Batch, CommitError, KeyedEvent, ReadError};
use otvet_engine::protocol::{Event, Summary};

use crate::directory::Directory;

/// The journal, as far as one conversation is concerned.
#[async_trait]
pub(crate) trait Record: Send + Sync {
    /// The conversation as it is stored; `None` if it was never opened.
    async fn load(&self, id: ConversationId) -> Result<Option<Conversation>, ReadError>;

    /// The events after a number up to and including a head that is stored.
    async fn events(&self, id: ConversationId, after: u64, head: u64) -> Result<Vec<Event>, ReadError>;

    /// As `Journal::commit`.
    async fn commit(&self, batch: Batch) -> Result<(), CommitError>;

    /// As `Journal::keyed`.
    async fn keyed(&self, owners: &[PersonId], key: &Key) -> Result<Option<KeyedEvent>, ReadError>;

    /// As `Journal::count_unread`.
    async fn count_unread(
        &self,
        id: ConversationId,
        after: u64,
        not_by: &[PersonId],
    ) -> Result<u64, ReadError>;

    /// As `Journal::listed`.
    async fn listed(&self, id: ConversationId, reader: PersonId) -> Result<Option<Summary>, ReadError>;
}

impl fmt::Debug for dyn Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record")
    }
}

#[async_trait]
impl Record for Directory {
    async fn load(&self, id: ConversationId) -> Result<Option<Conversation>, ReadError> {
        self.load_conversation(id).await
    }

    async fn events(&self, id: ConversationId, after: u64, head: u64) -> Result<Vec<Event>, ReadError> {
        self.events_between(id, after, head).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.foundation.journal.commit(batch).await
    }

    async fn keyed(&self, owners: &[PersonId], key: &Key) -> Result<Option<KeyedEvent>, ReadError> {
        self.foundation.journal.keyed(owners, key).await
    }

    async fn count_unread(
        &self,
        id: ConversationId,
        after: u64,
        not_by: &[PersonId],
    ) -> Result<u64, ReadError> {
        self.foundation.journal.count_unread(id, after, not_by).await
    }

    async fn listed(&self, id: ConversationId, reader: PersonId) -> Result<Option<Summary>, ReadError> {
        self.foundation.journal.listed(id, reader).await
    }
}
