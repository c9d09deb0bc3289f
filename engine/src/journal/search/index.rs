//! Filling the index of searches behind the journal's back.
//!
//! The journal's transactions list the conversations that they change (`chat_search_pending`), in the same transaction, under
//! the generation that they read from the database there: once a generation, so that what changes often costs next to nothing.
//! Before anything is indexed, the next generation begins. What changes from there on is listed there; so what the one before
//! has listed is final once everybody knows, and whoever reads its conversations then reads them as they became in it, or
//! newer. No clock decides anything.
//!
//! SQLite has one writer at a time, so that a generation has ended once the next is stored. On PostgreSQL transactions may be
//! under way that have read the one before: they are waited for. Several nodes may fill one index; what is listed is taken
//! off by one of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::docs::{self, Doc};
use crate::journal::{Counters, Journal};
use crate::store::Database;
use crate::store::entities::chat_search_pending::Column as Listed;
pub(super) use crate::store::entities::chat_search_pending::Model as Pending;
use crate::store::entities::{chat_conversations, chat_search, chat_search_pending, chat_search_texts};
use crate::store::native::Native;
use crate::store::one_of::is_one_of;

/// How often to look. What changes again and again is indexed once in two or three times.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// After so many looks what a generation has listed is indexed, and the next one ended.
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

/// A generation that was ended.
#[derive(Debug)]
struct Ended {
    generation: i64,
    looks: u32,
    /// On PostgreSQL: the transactions before this one may not know of it.
    horizon: Option<i64>,
}

/// Who fills the index.
pub(in crate::journal) struct Indexer {
    db: Database,
    counters: Arc<Counters>,
    ended: Option<Ended>,
    pauses: u32,
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
        Self { db, counters, ended: None, pauses }
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

    /// Indexes what is listed up to the generation that was ended some looks ago, if everybody knows of it, and ends the next.
    pub async fn look(&mut self) -> Result<(), IndexError> {
        self.count().await?;
        if let Some(mut ended) = self.ended.take() {
            ended.looks += 1;
            if self.is_settled(&mut ended).await? {
                self.index_up_to(ended.generation).await?;
            } else {
                self.ended = Some(ended);
            }
        }
        if self.ended.is_none() {
            self.ended = self.end_generation().await?;
        }
        Ok(())
    }

    async fn is_settled(&self, ended: &mut Ended) -> Result<bool, IndexError> {
        if self.db.backend != DbBackend::Postgres {
            return Ok(ended.looks >= LOOKS);
        }
        // A look later: a statement that began in the ended generation has a transaction's number by then.
        let Some(horizon) = ended.horizon else {
            let next = "SELECT txid_snapshot_xmax(txid_current_snapshot())";
            ended.horizon = Some(one(&self.db.write, next).await?);
            return Ok(false);
        };
        let oldest: i64 = one(&self.db.write, "SELECT txid_snapshot_xmin(txid_current_snapshot())").await?;
        Ok(ended.looks >= LOOKS && oldest >= horizon)
    }

    /// Begins the next generation, if anything is listed.
    async fn end_generation(&self) -> Result<Option<Ended>, IndexError> {
        use chat_search::Column::Generation;
        if chat_search_pending::Entity::find().one(&self.db.read).await?.is_none() {
            return Ok(None);
        }
        let transaction = self.db.begin().await?;
        chat_search::Entity::update_many()
            .col_expr(Generation, Expr::col(Generation).add(1))
            .exec(&transaction)
            .await?;
        let row = chat_search::Entity::find_by_id(1).one(&transaction).await?;
        transaction.commit().await?;
        Ok(row.map(|row| Ended { generation: row.generation - 1, looks: 0, horizon: None }))
    }

    async fn index_up_to(&self, generation: i64) -> Result<(), IndexError> {
        loop {
            let began = Instant::now();
            let indexed = match &self.db.native {
                Some(native) => self.index_docs(native, generation).await?,
                None => self.index_texts(generation).await?,
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
    async fn index_docs(&self, native: &Arc<Native>, generation: i64) -> Result<u64, IndexError> {
        // Read before it is anybody's turn: what changes in between is listed again, whatever is written of it here.
        let listed = next(&self.db.read, generation).await?;
        let texts = texts(&self.db.read, &listed).await?;
        let count = listed.len() as u64;
        let doc = |pending: Pending| {
            let doc = texts.get(&pending.conversation_id).map(|text| Doc::new(text));
            (pending, doc)
        };
        let docs: Vec<_> = listed.into_iter().map(doc).collect();
        if count > 0 {
            let _turn = self.db.turn().await?;
            docs::store(native, docs).await?;
        }
        Ok(count)
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
    async fn index_texts(&self, generation: i64) -> Result<u64, IndexError> {
        let transaction = self.db.begin().await?;
        let locked = chat_search::Entity::find_by_id(1)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .one(&transaction)
            .await?;
        // Another node is at it.
        if locked.is_none() {
            return Ok(0);
        }
        let listed = next(&transaction, generation).await?;
        let Some(last) = listed.last() else { return Ok(0) };
        let texts = texts(&transaction, &listed).await?;
        if !texts.is_empty() {
            transaction.execute(&upsert(texts)).await?;
        }
        // Nothing is listed in front of the last one any more.
        let up_to_it = Condition::any().add(Listed::Generation.lt(last.generation)).add(
            Condition::all()
                .add(Listed::Generation.eq(last.generation))
                .add(Listed::ConversationId.lte(last.conversation_id)),
        );
        chat_search_pending::Entity::delete_many().filter(up_to_it).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(listed.len() as u64)
    }

    /// Tells the metrics how many conversations the index lacks.
    async fn count(&self) -> Result<(), IndexError> {
        let count = chat_search_pending::Entity::find().count(&self.db.read).await?;
        self.counters.unindexed(count);
        Ok(())
    }
}

/// The next that are listed, up to a generation.
async fn next(connection: &impl ConnectionTrait, generation: i64) -> Result<Vec<Pending>, DbErr> {
    chat_search_pending::Entity::find()
        .filter(Listed::Generation.lte(generation))
        .order_by_asc(Listed::Generation)
        .order_by_asc(Listed::ConversationId)
        .limit(BATCH)
        .all(connection)
        .await
}

/// What can be searched of these conversations, of those that there are.
async fn texts(
    connection: &impl ConnectionTrait,
    listed: &[Pending],
) -> Result<BTreeMap<Uuid, String>, DbErr> {
    use chat_conversations::{Column, Entity};
    type Row = (Uuid, Option<String>, String, Option<String>);
    let ids = listed.iter().map(|pending| pending.conversation_id).collect();
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Subject, Column::VisitorName, Column::LastMessagePreview])
        .filter(is_one_of(connection.get_database_backend(), Column::Id.into_expr(), ids))
        .into_tuple()
        .all(connection)
        .await?;
    let text = |(id, subject, name, newest): Row| {
        let text = [subject.as_deref().unwrap_or(""), &name, newest.as_deref().unwrap_or("")].join("\n");
        (id, text)
    };
    Ok(rows.into_iter().map(text).collect())
}

/// Rows whose text has not changed are left as they are: so is the index on them.
fn upsert(texts: BTreeMap<Uuid, String>) -> sea_orm::sea_query::InsertStatement {
    use chat_search_texts::{Column, Entity};
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([Column::ConversationId, Column::Text]);
    for (id, text) in texts {
        insert.values_panic([Expr::value(id), Expr::value(text)]);
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
