//! One transaction of many batches.

use std::collections::{BTreeSet, HashMap};
use std::hint::spin_loop;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, Iden, IdenStatic,
    Iterable, QueryFilter, QuerySelect, RuntimeErr, SqlErr, Statement, Value,
};
use tokio::task::yield_now;
use tokio::time::timeout;
use uuid::Uuid;

use super::admission::{Admission, asked_keys, digest};
use super::cells::{self, CURSOR, EVENT, PENDING, PROJECTION};
use super::group_rows::GroupRows;
use super::statements::{LARGEST, insert};
use super::writer::{Store, Verdict};
use super::{Batch, CommitError, KeyedEvent, ReadError, arrays, native, rows};
use crate::ids::{ConversationId, Key, PersonId};
use crate::store::entities::{
    chat_conversations, chat_cursors, chat_events, chat_search, chat_search_pending,
};
use crate::store::lookups::padded;
use crate::store::native::Native;
use crate::store::one_of::is_one_of;
use crate::store::turn::WriteTransaction;
use crate::store::{Database, code_of};

/// Why nothing of a group has an answer of its own.
#[derive(Debug)]
pub(super) enum Failure {
    /// A unique key stood against one of them, or another node's transaction against all; nothing was stored.
    Conflict,
    /// Nothing was stored.
    Unavailable(String),
    /// Perhaps all of it was stored.
    Unknown(String),
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            // Only reached where there is no one left to blame: the same statement failed, then did not fail.
            Failure::Conflict => Self::HeadMoved,
            Failure::Unavailable(why) => Self::Unavailable(why),
            Failure::Unknown(why) => Self::Unknown(why),
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Conflict,
            // Two nodes waited for each other's keys, and MySQL has told this one. Alone, few have anybody to wait for.
            _ if code_of(&error).as_deref() == Some(MYSQL_DEADLOCK) => Self::Conflict,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unavailable(error.0)
    }
}

/// MySQL's code for it.
const MYSQL_DEADLOCK: &str = "40001";

/// How long a thread waits for what others are about to hand over: a few microseconds, some hundredths of a commit.
const SPINS: usize = 200;

/// Groups in the database, each one transaction.
pub(super) struct Transactions {
    db: Database,
    /// How long a transaction, and then its commit, may take.
    limit: Duration,
}

#[async_trait]
impl Store for Transactions {
    async fn transact(&self, batches: &[Arc<Batch>]) -> Result<Vec<Verdict>, Failure> {
        let all_stored = match (self.db.native.clone(), self.db.backend) {
            (Some(native), _) => self.natively(&native, batches).await?,
            (None, DbBackend::Postgres) => self.in_arrays(batches).await?,
            (None, _) => false,
        };
        if all_stored { Ok(vec![Ok(()); batches.len()]) } else { self.judge(batches).await }
    }

    async fn keys_in_use(&self, batch: &Batch) -> Result<Vec<KeyedEvent>, ReadError> {
        stored_keys(&self.db.write, asked_keys(batch)).await
    }

    async fn let_others_run(&self) {
        if self.db.native.is_some() {
            // They have other threads, and this one has nothing else to do.
            (0..SPINS).for_each(|_| spin_loop());
        } else {
            yield_now().await;
        }
    }
}

impl Transactions {
    /// In this database. A transaction, and then its commit, may take `limit`.
    pub fn new(db: Database, limit: Duration) -> Self {
        Self { db, limit }
    }

    /// Stores a whole group in SQLite, on this thread: `false` if not all of it may be stored, and so nothing was.
    async fn natively(&self, native: &Native, batches: &[Arc<Batch>]) -> Result<bool, Failure> {
        let _turn = self.db.turn().await?;
        native::store(native, batches, self.limit)
    }

    /// Stores a whole group in PostgreSQL: `false` if not all of it may be stored, and so nothing was.
    async fn in_arrays(&self, batches: &[Arc<Batch>]) -> Result<bool, Failure> {
        let limit = self.limit;
        let of = |error| DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)));
        let begun = timeout(limit, arrays::begin(&self.db.write, batches)).await.map_err(|_| late(limit))?;
        let Some(transaction) = begun.map_err(of)? else { return Ok(false) };
        match timeout(limit, transaction.commit()).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(error)) => Err(of_commit(&of(error))),
            Err(_) => Err(late_commit(limit)),
        }
    }

    /// Looks up what there is, and stores what may be stored.
    async fn judge(&self, batches: &[Arc<Batch>]) -> Result<Vec<Verdict>, Failure> {
        let limit = self.limit;
        let filled = timeout(limit, store(&self.db, batches)).await;
        let (transaction, verdicts) = filled.map_err(|_| late(limit))??;
        if verdicts.iter().all(Result::is_err) {
            // Nothing in it: whether the rollback arrives makes no difference.
            let _ = transaction.rollback().await;
            return Ok(verdicts);
        }
        match timeout(limit, transaction.commit()).await {
            Ok(Ok(())) => Ok(verdicts),
            Ok(Err(error)) => Err(of_commit(&error)),
            Err(_) => Err(late_commit(limit)),
        }
    }
}

fn late(limit: Duration) -> Failure {
    Failure::Unavailable(format!("the transaction took longer than {limit:?}"))
}

fn late_commit(limit: Duration) -> Failure {
    Failure::Unknown(format!("the commit took longer than {limit:?}"))
}

async fn store(db: &Database, batches: &[Arc<Batch>]) -> Result<(WriteTransaction, Vec<Verdict>), Failure> {
    let transaction = db.begin().await?;
    match fill(&transaction, batches).await {
        Ok(verdicts) => Ok((transaction, verdicts)),
        Err(failure) => {
            if let Err(error) = transaction.rollback().await {
                tracing::debug!(%error, "the rollback failed; the connection will be dropped");
            }
            Err(failure)
        }
    }
}

async fn fill(transaction: &DatabaseTransaction, batches: &[Arc<Batch>]) -> Result<Vec<Verdict>, Failure> {
    let asked = batches.iter().flat_map(|batch| asked_keys(batch)).collect();
    let used = stored_keys(transaction, asked).await?;
    let heads = heads(transaction, batches.iter().map(|batch| batch.conversation)).await?;
    let mut admission = Admission::new(heads, used);
    let mut verdicts = Vec::with_capacity(batches.len());
    let mut rows = GroupRows::default();
    for batch in batches {
        let mut add = || {
            rows.add(batch).ok_or_else(|| {
                CommitError::Unavailable("the batch is not one of an opened conversation".to_owned())
            })
        };
        verdicts.push(admission.admit(batch).and_then(|()| add()));
    }
    insert::<chat_events::Entity, _>(transaction, &EVENT, rows.events.into_values(), |_| None).await?;
    let changed: Vec<ConversationId> = rows.projections.keys().copied().collect();
    let projections = rows.projections.into_values();
    insert::<chat_conversations::Entity, _>(transaction, &PROJECTION, projections, newer_projection).await?;
    // Last of these: PostgreSQL has given the transaction its number by then.
    if let Some(generation) = generation(transaction).await? {
        let pending = changed.into_iter().map(|id| cells::pending(generation, id));
        insert::<chat_search_pending::Entity, _>(transaction, &PENDING, pending, listed_once).await?;
    }
    let cursors = rows.cursors.into_values();
    insert::<chat_cursors::Entity, _>(transaction, &CURSOR, cursors, later_cursor).await?;
    for (conversation, person) in rows.gone {
        chat_cursors::Entity::delete_by_id((conversation.0, person.to_string())).exec(transaction).await?;
    }
    Ok(verdicts)
}

/// In which conversations change now, for the index of searches; `None` on MySQL, which has none.
async fn generation(transaction: &DatabaseTransaction) -> Result<Option<i64>, DbErr> {
    if transaction.get_database_backend() == DbBackend::MySql {
        return Ok(None);
    }
    let row = chat_search::Entity::find_by_id(1).one(transaction).await?;
    let none = || DbErr::RecordNotFound("chat_search has no row".to_owned());
    row.map(|row| Some(row.generation)).ok_or_else(none)
}

fn listed_once(_: DbBackend) -> Option<OnConflict> {
    use chat_search_pending::Column;
    Some(OnConflict::columns([Column::Generation, Column::ConversationId]).do_nothing().to_owned())
}

/// A projection row takes the place of an older one, never of a newer one.
fn newer_projection(backend: DbBackend) -> Option<OnConflict> {
    use chat_conversations::Column;
    let (mine, theirs) = (|c: &str| format!("chat_conversations.{c}"), incoming(backend));
    let mut on_conflict = OnConflict::column(Column::Id);
    // MySQL assigns from left to right and sees what it has assigned: what is compared comes last.
    let columns = Column::iter().filter(|c| !matches!(c, Column::Id | Column::LastSeq));
    for column in columns {
        let (own, newer) = (mine(column.as_str()), theirs(column.as_str()));
        let (head, new_head) = (mine("last_seq"), theirs("last_seq"));
        let value = format!("CASE WHEN {new_head} >= {head} THEN {newer} ELSE {own} END");
        on_conflict.value(column, Expr::cust(value));
    }
    let head = Column::LastSeq;
    on_conflict.value(head, larger(&mine(head.as_str()), &theirs(head.as_str())));
    Some(on_conflict)
}

/// Cursors and counts of own messages only grow; what is unread is as it is now.
pub(super) fn later_cursor(backend: DbBackend) -> Option<OnConflict> {
    use chat_cursors::Column;
    let theirs = incoming(backend);
    let mut on_conflict = OnConflict::columns([Column::ConversationId, Column::PersonId]);
    for column in [Column::Delivered, Column::ReadSeq, Column::Written] {
        let own = format!("chat_cursors.{}", column.as_str());
        on_conflict.value(column, larger(&own, &theirs(column.as_str())));
    }
    on_conflict.value(Column::Unread, Expr::cust(theirs(Column::Unread.as_str())));
    Some(on_conflict)
}

fn larger(own: &str, theirs: &str) -> Expr {
    Expr::cust(format!("CASE WHEN {theirs} > {own} THEN {theirs} ELSE {own} END"))
}

/// How an upsert calls the row that was to be inserted.
fn incoming(backend: DbBackend) -> impl Fn(&str) -> String {
    move |column| match backend {
        DbBackend::MySql => format!("VALUES({column})"),
        _ => format!("excluded.{column}"),
    }
}

pub(super) async fn heads(
    connection: &impl ConnectionTrait,
    conversations: impl Iterator<Item = ConversationId>,
) -> Result<HashMap<ConversationId, u64>, ReadError> {
    use chat_conversations::Column;
    let ids: BTreeSet<Uuid> = conversations.map(|id| id.0).collect();
    let rows: Vec<(Uuid, i64)> = chat_conversations::Entity::find()
        .select_only()
        .columns([Column::Id, Column::LastSeq])
        .filter(is_one_of(
            connection.get_database_backend(),
            Column::Id.into_expr(),
            ids.into_iter().collect(),
        ))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|(id, head)| (ConversationId(id), u64::try_from(head).unwrap_or(0))).collect())
}

pub(super) async fn stored_keys(
    connection: &impl ConnectionTrait,
    asked: Vec<(PersonId, Key)>,
) -> Result<Vec<KeyedEvent>, ReadError> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for asked in asked.chunks(LARGEST) {
        found.extend(by_keys(connection, &padded(asked.to_vec())).await?);
    }
    // What was asked twice is found twice.
    found.sort_unstable_by_key(|row| row.id);
    found.dedup_by_key(|row| row.id);
    // The digest of a question contains the subject, which stands in the event before it.
    let questions = found.iter().filter(|row| row.seq == 2).map(|row| row.conversation_id);
    let subjects = subjects(connection, questions.collect()).await?;
    let keyed = found.into_iter().map(|row| {
        let key = rows::key(row.idem_key.clone().unwrap_or_default())?;
        let author = rows::person_id(&row.actor_id)?;
        let conversation = ConversationId(row.conversation_id);
        let subject = subjects.get(&row.conversation_id).and_then(Option::as_deref);
        let event = rows::to_event(row)?;
        Ok(KeyedEvent { author, key, conversation, seq: event.seq, digest: digest(&event, subject) })
    });
    keyed.collect()
}

async fn by_keys(
    connection: &impl ConnectionTrait,
    asked: &[(PersonId, Key)],
) -> Result<Vec<chat_events::Model>, DbErr> {
    use chat_events::Column;
    let backend = connection.get_database_backend();
    if backend != DbBackend::MySql {
        let statement = keys_statement(backend, asked);
        return chat_events::Entity::find().from_raw_sql(statement).all(connection).await;
    }
    let pairs = asked.iter().map(|(owner, key)| (owner.to_string(), key.as_str().as_bytes().to_vec()));
    let columns = [Column::ActorId, Column::IdemKey].map(|column| Expr::col(Alias::new(column.to_string())));
    chat_events::Entity::find().filter(Expr::tuple(columns).in_tuples(pairs)).all(connection).await
}

/// SQLite and PostgreSQL scan the table for `(a, b) IN (…)`; joined from the left, they look each pair up in the index.
pub(super) fn keys_statement(backend: DbBackend, asked: &[(PersonId, Key)]) -> Statement {
    let place = |n: usize| match backend {
        DbBackend::Postgres => format!("(${}::text, ${}::bytea)", 2 * n + 1, 2 * n + 2),
        _ => "(?, ?)".to_owned(),
    };
    let places = (0..asked.len()).map(place).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT e.* FROM (VALUES {places}) AS k CROSS JOIN chat_events AS e \
         WHERE e.actor_id = k.column1 AND e.idem_key = k.column2"
    );
    let values = asked.iter().flat_map(|(owner, key)| {
        [Value::from(owner.to_string()), Value::from(key.as_str().as_bytes().to_vec())]
    });
    Statement::from_sql_and_values(backend, sql, values)
}

async fn subjects(
    connection: &impl ConnectionTrait,
    conversations: Vec<Uuid>,
) -> Result<HashMap<Uuid, Option<String>>, DbErr> {
    use chat_events::Column;
    if conversations.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Option<String>)> = chat_events::Entity::find()
        .select_only()
        .columns([Column::ConversationId, Column::Body])
        .filter(Column::ConversationId.is_in(conversations))
        .filter(Column::Seq.eq(1))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// A database that answers a commit with an error has not carried it out. One that does not answer may have, and so may one
/// that has lost the connection (class 08), a PostgreSQL that is being shut down (class 57P), a MySQL that was told to stop.
fn of_commit(error: &DbErr) -> Failure {
    let text = error.to_string();
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return Failure::Unknown(text);
    };
    match &**error {
        SqlxError::Database(error) => match error.code().as_deref() {
            Some(code) if code.starts_with("57P") || code.starts_with("08") || code == "70100" => {
                Failure::Unknown(text)
            }
            _ if error.is_unique_violation() => Failure::Conflict,
            _ => Failure::Unavailable(text),
        },
        _ => Failure::Unknown(text),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_commit_without_an_answer_has_an_unknown_outcome() {
        let of = |error| of_commit(&DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))));
        assert!(matches!(of(SqlxError::Io(io::ErrorKind::ConnectionReset.into())), Failure::Unknown(_)));
        assert!(matches!(of(SqlxError::WorkerCrashed), Failure::Unknown(_)));
        assert!(matches!(of(SqlxError::Protocol("cut off".into())), Failure::Unknown(_)));
        assert!(matches!(of_commit(&DbErr::Custom("x".into())), Failure::Unknown(_)));
    }
}
