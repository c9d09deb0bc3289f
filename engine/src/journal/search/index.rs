//! Filling the index of searches behind the journal's back.
//!
//! Conversations are indexed in the order in which they were touched, and a mark says how far that is. Clocks go back, and
//! two nodes have two of them; so it is not the clocks that the mark relies on. First the *floor* is raised beyond all that
//! was touched so far: from there on the journal stamps nothing with an earlier time (`touch_from`), whatever its clock says.
//! What is below the floor by then can only become less, and is indexed; whatever changes is above it, and so behind the mark.
//!
//! SQLite has one writer at a time, so that a floor holds once it is stored. On PostgreSQL transactions may be under way that
//! have read the one before: they are waited for. Several nodes may fill one index; what both do is done twice, and no harm.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::candidates::Mark;
use super::docs::{self, Doc};
use crate::journal::{Counters, Journal};
use crate::store::Database;
use crate::store::entities::chat_conversations::{Column, Entity};
use crate::store::entities::{chat_search, chat_search_texts};
use crate::store::native::Native;

/// How often to look. What is touched again and again is indexed once in two or three times.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// After so many looks a floor is used, and the next one raised.
const LOOKS: u32 = 2;
/// How many conversations are indexed at once: SQLite's other writers wait for that, some 2 ms.
const BATCH: u64 = 128;
/// So many times as long as the index was written, others have the database for themselves.
const PAUSES: u32 = 3;

/// Why the index was not filled.
#[derive(Debug, thiserror::Error)]
#[error("the index of searches: {0}")]
pub(in crate::journal) struct IndexError(pub(super) String);

impl From<DbErr> for IndexError {
    fn from(error: DbErr) -> Self {
        Self(error.to_string())
    }
}

/// A floor that was raised.
#[derive(Debug)]
struct Raised {
    floor: i64,
    looks: u32,
    /// On PostgreSQL: the transactions before this one may not know of it.
    horizon: Option<i64>,
}

/// Who fills the index.
pub(in crate::journal) struct Indexer {
    db: Database,
    counters: Arc<Counters>,
    raised: Option<Raised>,
    pauses: u32,
}

/// What can be searched of a conversation, where it is in the order.
struct Text {
    at: Mark,
    text: String,
}

impl Journal {
    /// Indexes for searching what was there before, and then whatever changes, until it is dropped. Without it searches find
    /// the same, and take longer.
    pub async fn keep_index(self) {
        let mut indexer = Indexer::new(&self, PAUSES);
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut exists = false;
        loop {
            looks.tick().await;
            let looked = async {
                if !exists {
                    exists = indexer.exists().await?;
                    if !exists {
                        return Ok(false);
                    }
                }
                indexer.look().await.map(|()| true)
            };
            match looked.await {
                Ok(true) => {}
                Ok(false) => return tracing::info!("there is no index for searches on this database"),
                Err(error) => {
                    tracing::warn!(%error, "what has changed could not be indexed; tried again soon")
                }
            }
        }
    }
}

impl Indexer {
    /// One that pauses so many times as long as it writes.
    pub fn new(journal: &Journal, pauses: u32) -> Self {
        let (db, counters) = (journal.db.clone(), Arc::clone(&journal.counters));
        Self { db, counters, raised: None, pauses }
    }

    /// Whether the database has such an index.
    pub async fn exists(&self) -> Result<bool, IndexError> {
        match self.db.backend {
            DbBackend::Sqlite => Ok(true),
            DbBackend::Postgres => {
                Ok(one(&self.db.read, "SELECT to_regclass('chat_search_texts_text') IS NOT NULL").await?)
            }
            _ => Ok(false),
        }
    }

    /// Indexes below the floor that was raised some looks ago, if everybody knows of it, and raises the next one.
    pub async fn look(&mut self) -> Result<(), IndexError> {
        self.count().await?;
        if let Some(mut raised) = self.raised.take() {
            raised.looks += 1;
            if self.is_settled(&mut raised).await? {
                self.index_below(raised.floor).await?;
            } else {
                self.raised = Some(raised);
            }
        }
        if self.raised.is_none() {
            self.raised = self.raise().await?;
        }
        Ok(())
    }

    async fn is_settled(&self, raised: &mut Raised) -> Result<bool, IndexError> {
        if self.db.backend != DbBackend::Postgres {
            return Ok(raised.looks >= LOOKS);
        }
        // A look later: a statement that began before the floor was raised has a transaction's number by then.
        let Some(horizon) = raised.horizon else {
            let next = "SELECT txid_snapshot_xmax(txid_current_snapshot())";
            raised.horizon = Some(one(&self.db.write, next).await?);
            return Ok(false);
        };
        let oldest: i64 = one(&self.db.write, "SELECT txid_snapshot_xmin(txid_current_snapshot())").await?;
        Ok(raised.looks >= LOOKS && oldest >= horizon)
    }

    /// Raises the floor beyond all that was touched, if any of it is not indexed.
    async fn raise(&self) -> Result<Option<Raised>, IndexError> {
        use chat_search::Column as Of;
        let Some(mark) = Mark::read(&self.db.read).await? else { return Ok(None) };
        let newest: Option<(i64, Uuid)> = Entity::find()
            .select_only()
            .columns([Column::TouchedAt, Column::Id])
            .order_by_desc(Column::TouchedAt)
            .order_by_desc(Column::Id)
            .limit(1)
            .into_tuple()
            .one(&self.db.read)
            .await?;
        let Some((touched_at, _)) = newest.filter(|newest| *newest > (mark.touched_at, mark.id)) else {
            return Ok(None);
        };
        let floor = touched_at.saturating_add(1);
        let transaction = self.db.begin().await?;
        chat_search::Entity::update_many()
            .col_expr(Of::Floor, Expr::value(floor))
            .filter(Of::Floor.lt(floor))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some(Raised { floor, looks: 0, horizon: None }))
    }

    async fn index_below(&self, floor: i64) -> Result<(), IndexError> {
        loop {
            let began = Instant::now();
            let indexed = match &self.db.native {
                Some(native) => self.index_docs(native, floor).await?,
                None => self.index_texts(floor).await?,
            };
            if indexed == 0 {
                return self.count().await;
            }
            self.counters.indexed(indexed);
            self.pause(began).await;
            if let Some(native) = &self.db.native {
                self.merge(native).await?;
            }
        }
    }

    async fn pause(&self, began: Instant) {
        sleep(began.elapsed() * self.pauses).await;
    }

    /// Indexes the next few conversations on SQLite; answers how many.
    async fn index_docs(&self, native: &Arc<Native>, floor: i64) -> Result<u64, IndexError> {
        let Some(mark) = Mark::read(&self.db.read).await? else { return Ok(0) };
        // Read before it is anybody's turn: what has changed in between is behind the mark, whatever is written of it here.
        let texts = next(&self.db.read, mark, floor).await?;
        let Some(last) = texts.last().map(|text| text.at) else { return Ok(0) };
        let count = texts.len() as u64;
        let docs = texts.into_iter().map(|text| Doc::new(text.at.id, &text.text)).collect();
        let _turn = self.db.turn().await?;
        // Another process may have been faster.
        Ok(if docs::store(native, docs, mark, last).await? { count } else { 0 })
    }

    /// Puts together what the index has in pieces, in steps as small as those of the filling.
    async fn merge(&self, native: &Arc<Native>) -> Result<(), IndexError> {
        loop {
            let began = Instant::now();
            let turn = self.db.turn().await?;
            let merged = docs::merge(native).await?;
            drop(turn);
            if !merged {
                return Ok(());
            }
            self.pause(began).await;
        }
    }

    /// Indexes the next few conversations on PostgreSQL; answers how many.
    async fn index_texts(&self, floor: i64) -> Result<u64, IndexError> {
        let transaction = self.db.begin().await?;
        let locked = chat_search::Entity::find_by_id(1)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .one(&transaction)
            .await?;
        // Another node is at it.
        let Some(row) = locked else { return Ok(0) };
        let mark = Mark { touched_at: row.indexed_touched_at, id: row.indexed_id };
        let texts = next(&transaction, mark, floor).await?;
        let Some(last) = texts.last().map(|text| text.at) else { return Ok(0) };
        let count = texts.len() as u64;
        transaction.execute(&upsert(texts)).await?;
        chat_search::Entity::update_many()
            .col_expr(chat_search::Column::IndexedTouchedAt, Expr::value(last.touched_at))
            .col_expr(chat_search::Column::IndexedId, Expr::value(last.id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// Tells the metrics how many conversations the index lacks.
    async fn count(&self) -> Result<(), IndexError> {
        if let Some(mark) = Mark::read(&self.db.read).await? {
            let count = Entity::find().filter(mark.behind()).count(&self.db.read).await?;
            self.counters.unindexed(count);
        }
        Ok(())
    }
}

/// The texts of the next conversations behind the mark and below the floor.
async fn next(connection: &impl ConnectionTrait, mark: Mark, floor: i64) -> Result<Vec<Text>, DbErr> {
    type Row = (Uuid, i64, Option<String>, String, Option<String>);
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::TouchedAt,
            Column::Subject,
            Column::VisitorName,
            Column::LastMessagePreview,
        ])
        .filter(mark.behind())
        .filter(Column::TouchedAt.lt(floor))
        .order_by_asc(Column::TouchedAt)
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .into_tuple()
        .all(connection)
        .await?;
    let text = |(id, touched_at, subject, name, newest): Row| {
        let text = [subject.as_deref().unwrap_or(""), &name, newest.as_deref().unwrap_or("")].join("\n");
        Text { at: Mark { touched_at, id }, text }
    };
    Ok(rows.into_iter().map(text).collect())
}

/// Rows whose text has not changed are left as they are: so is the index on them.
fn upsert(texts: Vec<Text>) -> sea_orm::sea_query::InsertStatement {
    use chat_search_texts::{Column, Entity};
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([Column::ConversationId, Column::Text]);
    for text in texts {
        insert.values_panic([Expr::value(text.at.id), Expr::value(text.text)]);
    }
    let old = Expr::col((Entity, Column::Text));
    let new = Expr::col(("excluded", Column::Text));
    insert.on_conflict(
        OnConflict::column(Column::ConversationId)
            .update_column(Column::Text)
            .action_and_where(old.ne(new))
            .to_owned(),
    );
    insert
}

async fn one<T: sea_orm::TryGetable>(connection: &impl ConnectionTrait, sql: &str) -> Result<T, DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?.try_get_by_index(0)
}
