//! Reading conversations, their events and lists of them.

use std::collections::HashMap;

use sea_orm::sea_query::Order;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IsolationLevel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::cells::to_i64;
use super::rows;
use super::{Counters, Journal, Listing, Page, ReadError, Span};
use crate::conversation::{Rules, State};
use crate::ids::{ConversationId, PersonId};
use crate::protocol::{Event, Status, Summary};
use crate::store::Database;
use crate::store::entities::{chat_conversations, chat_cursors, chat_events};
use crate::store::one_of::is_one_of;

impl Journal {
    /// The state of a conversation as stored, with the keys of its newest events; `None` if it was never opened.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn load(&self, id: ConversationId, rules: &Rules) -> Result<Option<State>, ReadError> {
        let Some(mut state) = self.projection(id).await? else { return Ok(None) };
        self.recall(&mut state, None, rules).await?;
        Ok(Some(state))
    }

    /// The state of a conversation as stored, without the keys of its events; `None` if it was never opened.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn projection(&self, id: ConversationId) -> Result<Option<State>, ReadError> {
        let snapshot = snapshot(&self.db).await?;
        self.counters.read();
        let Some(row) = chat_conversations::Entity::find_by_id(id.0).one(&snapshot).await? else {
            return Ok(None);
        };
        let participants =
            cursors_of(&self.counters, &snapshot, vec![id.0]).await?.remove(&id.0).unwrap_or_default();
        snapshot.commit().await?;
        Ok(Some(rows::to_state(row, participants)?))
    }

    /// Lets a state know the keys of its question and of its newest events. `all` are all its events up to its head, if
    /// somebody has them; otherwise the keyed ones are read. Events never change, so it need not be in one snapshot.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn recall(
        &self,
        state: &mut State,
        all: Option<Vec<Event>>,
        rules: &Rules,
    ) -> Result<(), ReadError> {
        let events = match all {
            Some(all) => all,
            None => self.keyed_events(state.id, to_i64(state.last_seq), rules.remembered_keys as u64).await?,
        };
        events.iter().for_each(|event| state.remember(event, rules));
        Ok(())
    }

    /// A page of events: at most `limit`, and no more than fit into `max_bytes` of JSON, but always one if there is any.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn events(
        &self,
        id: ConversationId,
        span: Span,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, ReadError> {
        use chat_events::Column;
        let (bound, order) = match span {
            Span::Before(seq) => (Column::Seq.lt(to_i64(seq)), Order::Desc),
            Span::After(seq) => (Column::Seq.gt(to_i64(seq)), Order::Asc),
        };
        self.counters.read();
        let rows = chat_events::Entity::find()
            .filter(Column::ConversationId.eq(id.0))
            .filter(bound)
            .order_by(Column::Seq, order)
            .limit(limit as u64 + 1)
            .all(&self.db.read)
            .await?;
        let mut more = rows.len() > limit;
        let mut events = Vec::new();
        let mut bytes = 0;
        for row in rows.into_iter().take(limit) {
            let event = rows::to_event(row)?;
            bytes += json_bytes(&event);
            if bytes > max_bytes && !events.is_empty() {
                more = true;
                break;
            }
            events.push(event);
        }
        if matches!(span, Span::Before(_)) {
            events.reverse();
        }
        Ok(Page { events, more })
    }

    /// A list of conversations from the reader's side, in the listing's order.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn list(
        &self,
        listing: Listing,
        reader: PersonId,
        limit: usize,
    ) -> Result<Vec<Summary>, ReadError> {
        self.counters.read();
        let snapshot = snapshot(&self.db).await?;
        let rows = listed_by(listing).limit(limit as u64).all(&snapshot).await?;
        self.with_cursors(snapshot, rows, reader).await
    }

    /// One conversation from the reader's side; whether the reader may see it is for the caller to say.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn listed(&self, id: ConversationId, reader: PersonId) -> Result<Option<Summary>, ReadError> {
        self.counters.read();
        let snapshot = snapshot(&self.db).await?;
        let row = chat_conversations::Entity::find_by_id(id.0).one(&snapshot).await?;
        Ok(self.with_cursors(snapshot, row.into_iter().collect(), reader).await?.pop())
    }

    /// Counts the messages after `after_seq` that none of `not_by` has written.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_unread(
        &self,
        id: ConversationId,
        after_seq: u64,
        not_by: &[PersonId],
    ) -> Result<u64, ReadError> {
        use chat_events::Column;
        self.counters.read();
        let count = chat_events::Entity::find()
            .filter(Column::ConversationId.eq(id.0))
            .filter(Column::Seq.gt(to_i64(after_seq)))
            .filter(Column::Kind.eq("message"))
            .filter(Column::ActorId.is_not_in(not_by.iter().map(ToString::to_string)))
            .count(&self.db.read)
            .await?;
        Ok(count)
    }

    /// Where the streams of these conversations stand; those that were never opened are left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn heads(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, u64>, ReadError> {
        self.counters.read();
        super::group::heads(&self.db.read, ids.iter().copied()).await
    }

    /// The entries of these rows: one query more, for any number of them. Ends the snapshot that they were read from.
    pub(super) async fn with_cursors(
        &self,
        snapshot: DatabaseTransaction,
        rows: Vec<chat_conversations::Model>,
        reader: PersonId,
    ) -> Result<Vec<Summary>, ReadError> {
        let ids = rows.iter().map(|row| row.id).collect();
        let mut cursors = cursors_of(&self.counters, &snapshot, ids).await?;
        snapshot.commit().await?;
        rows.into_iter().map(|row| rows::to_summary(row, &mut cursors, reader)).collect()
    }

    /// The question and the newest keyed events up to the head, oldest first, each once.
    async fn keyed_events(
        &self,
        id: ConversationId,
        head: i64,
        newest: u64,
    ) -> Result<Vec<Event>, ReadError> {
        use chat_events::Column;
        let of = || {
            let all = chat_events::Entity::find().filter(Column::ConversationId.eq(id.0));
            all.filter(Column::Seq.lte(head))
        };
        self.counters.read();
        let mut rows = of()
            .filter(Column::IdemKey.is_not_null())
            .order_by_desc(Column::Seq)
            .limit(newest)
            .all(&self.db.read)
            .await?;
        if rows.last().is_none_or(|oldest| oldest.seq > 2) {
            self.counters.read();
            rows.extend(of().filter(Column::Seq.eq(2)).one(&self.db.read).await?);
        }
        rows.into_iter().rev().map(rows::to_event).collect()
    }
}

/// One state of the database for several queries: a commit between them would leave counts that do not belong to the head.
/// SQLite has no other kind of transaction.
pub(super) async fn snapshot(db: &Database) -> Result<DatabaseTransaction, DbErr> {
    let isolated = db.backend != DbBackend::Sqlite;
    let options = TransactionOptions {
        isolation_level: isolated.then_some(IsolationLevel::RepeatableRead),
        ..TransactionOptions::default()
    };
    db.read.begin_with_options(options).await
}

/// The cursors in these conversations.
pub(super) async fn cursors_of(
    counters: &Counters,
    connection: &impl ConnectionTrait,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<chat_cursors::Model>>, DbErr> {
    let mut of: HashMap<Uuid, Vec<_>> = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(of);
    }
    counters.read();
    let rows = chat_cursors::Entity::find()
        .filter(is_one_of(
            connection.get_database_backend(),
            chat_cursors::Column::ConversationId.into_expr(),
            ids,
        ))
        .all(connection)
        .await?;
    for row in rows {
        of.entry(row.conversation_id).or_default().push(row);
    }
    Ok(of)
}

/// The query of a listing, without its limit.
pub(super) fn listed_by(listing: Listing) -> Select<chat_conversations::Entity> {
    use chat_conversations::Column;
    let all = chat_conversations::Entity::find();
    match listing {
        Listing::OfVisitor(person) => all
            .filter(Column::VisitorId.eq(person.to_string()))
            .order_by_desc(Column::UpdatedAt)
            .order_by_desc(Column::Id),
        Listing::OfManager(person) => all
            .filter(Column::ManagerId.eq(person.to_string()))
            .filter(Column::Status.eq(Status::Claimed.as_str()))
            .order_by_desc(Column::UpdatedAt)
            .order_by_desc(Column::Id),
        Listing::Waiting => all
            .filter(Column::Status.eq(Status::Waiting.as_str()))
            .order_by_asc(Column::WaitingSince)
            .order_by_asc(Column::Id),
    }
}

/// What an event takes up on the wire, without building it.
fn json_bytes(event: &Event) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, event).expect("events always encode, and counting cannot fail");
    count.0
}
