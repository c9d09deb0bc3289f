//! What may be found, out of the index. All that does match is among it: what was changed since it was indexed is among it
//! anyway, and nothing else has changed. Each is judged by the condition of the search, so it need not match.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType};
use sea_orm::{
    Condition, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, Order, QueryOrder,
    QueryResult, QuerySelect, Select, Statement, Value,
};
use uuid::Uuid;

use super::condition::{Wanted, behind, contains, page};
use super::grams::pieces;
use super::{Search, SearchCursor};
use crate::ids::ConversationId;
use crate::journal::Counters;
use crate::journal::cells::end_of_minute;
use crate::store::entities::chat_conversations::{Column, Entity, Model};
use crate::store::entities::{chat_search_pending, chat_search_texts};

/// How many of the index's pieces are compared by how rare they are.
const PROBED: usize = 16;
/// How many texts each of them is looked for in: how far apart these are tells how rare it is.
const PROBE: i64 = 200;
/// How many of them are asked for at once. More find hardly less, and each costs a step for each candidate.
const ASKED: usize = 4;

/// A piece that is in no more texts than these is asked for alone: they are looked at sooner than others' lists are read.
const FEW: i64 = 300;

/// How far to look before something else is tried. Only the time that a search takes depends on it.
#[derive(Debug, Clone, Copy)]
pub(in crate::journal) struct Reach {
    /// So many of the newest conversations are read first: what is frequent is among them.
    pub newest: u64,
    /// More than so many out of the index are so frequent that reading one conversation after the other finds them sooner.
    pub candidates: u64,
    /// More than so many that are not indexed yet, and the index is of no use.
    pub unindexed: u64,
}

impl Default for Reach {
    fn default() -> Self {
        Self { newest: 2_000, candidates: 20_000, unindexed: 20_000 }
    }
}

/// What is asked of the index.
enum Needle {
    /// SQLite's: pieces that are all in the text.
    Grams(Vec<String>),
    /// PostgreSQL's takes the condition itself.
    Text(String),
}

impl Needle {
    /// `None` if the index cannot tell.
    fn of(search: &Search, backend: DbBackend) -> Option<Self> {
        let text = search.text.as_deref()?;
        match backend {
            DbBackend::Sqlite => Some(pieces(text, PROBED)).filter(|all| !all.is_empty()).map(Self::Grams),
            // pg_trgm sees letters and digits only.
            DbBackend::Postgres => text
                .split(|letter: char| !letter.is_alphanumeric())
                .any(|word| word.chars().nth(2).is_some())
                .then(|| Self::Text(text.to_owned())),
            _ => None,
        }
    }
}

/// A search in one state of the database.
pub(super) struct Look<'s> {
    pub snapshot: &'s DatabaseTransaction,
    pub counters: &'s Counters,
    pub backend: DbBackend,
    pub reach: Reach,
    pub search: &'s Search,
}

impl Look<'_> {
    /// The first rows behind a cursor.
    pub async fn rows(&self, cursor: Option<SearchCursor>, limit: u64) -> Result<Vec<Model>, DbErr> {
        let Some(needle) = Needle::of(self.search, self.backend) else {
            return self.one_by_one(cursor, limit).await;
        };
        // Where there are few, all of them are read.
        let Some(edge) = self.edge(cursor).await? else { return self.one_by_one(cursor, limit).await };
        self.counters.read();
        let mut rows = self.page(cursor, Some(edge), limit).await?;
        let missing = limit - rows.len() as u64;
        if missing > 0 {
            rows.extend(match self.candidates(needle).await? {
                Some(ids) => {
                    self.counters.read();
                    out_of(ids, self.search, edge, self.backend).limit(missing).all(self.snapshot).await?
                }
                None => self.one_by_one(Some(edge), missing).await?,
            });
        }
        Ok(rows)
    }

    async fn one_by_one(&self, cursor: Option<SearchCursor>, limit: u64) -> Result<Vec<Model>, DbErr> {
        self.counters.read();
        self.page(cursor, None, limit).await
    }

    async fn page(
        &self,
        cursor: Option<SearchCursor>,
        edge: Option<SearchCursor>,
        limit: u64,
    ) -> Result<Vec<Model>, DbErr> {
        let mut page = page(self.search, cursor, edge, Wanted::Rows, self.backend);
        let statement = self.backend.build(page.limit(limit));
        Entity::find().from_raw_sql(statement).all(self.snapshot).await
    }

    /// About the last of the newest conversations behind a cursor, whatever their texts: where its minute ends.
    async fn edge(&self, cursor: Option<SearchCursor>) -> Result<Option<SearchCursor>, DbErr> {
        self.counters.read();
        let any = Search { text: None, ..self.search.clone() };
        let mut page = page(&any, cursor, None, Wanted::Minutes, self.backend);
        let last = self.snapshot.query_one(page.offset(self.reach.newest.saturating_sub(1)).limit(1)).await?;
        let edge = |row: QueryResult| {
            let updated_at = end_of_minute(row.try_get_by_index(0)?);
            let edge = SearchCursor { updated_at, id: ConversationId(Uuid::nil()) };
            // What is behind a cursor ends there, too.
            Ok(cursor.map_or(edge, |cursor| cursor.min(edge)))
        };
        last.map(edge).transpose()
    }

    /// The ids of all that may match; `None` if they are too many.
    async fn candidates(&self, needle: Needle) -> Result<Option<SelectStatement>, DbErr> {
        self.counters.read();
        let unindexed = unindexed();
        if self.exceeds(unindexed.clone(), self.reach.unindexed).await? {
            return Ok(None);
        }
        let (indexed, at_most) = match needle {
            Needle::Text(text) => (indexed_texts(&text), u64::MAX),
            Needle::Grams(grams) => match self.rarest(grams).await? {
                Some((rarest, at_most)) => (indexed_docs(&rarest), at_most),
                None => return Ok(Some(unindexed)),
            },
        };
        // Counting them is finding them.
        let may_exceed = at_most > self.reach.candidates;
        if may_exceed && self.exceeds(indexed.clone(), self.reach.candidates).await? {
            return Ok(None);
        }
        let mut all = indexed;
        all.union(UnionType::Distinct, unindexed);
        Ok(Some(all))
    }

    async fn exceeds(&self, ids: SelectStatement, limit: u64) -> Result<bool, DbErr> {
        self.counters.read();
        let mut ids = ids;
        ids.limit(limit + 1);
        let count = Query::select().expr(Expr::cust("count(*)")).from_subquery(ids, "k").take();
        let row = self.snapshot.query_one(&count).await?;
        let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0) > limit)
    }

    /// The pieces worth asking for, and about how many texts have the rarest; `None` if one of them is in no text. Reading
    /// how often each is there would take as long as a search for it.
    async fn rarest(&self, grams: Vec<String>) -> Result<Option<(Vec<String>, u64)>, DbErr> {
        self.counters.read();
        let rows = self.snapshot.query_all_raw(probe(&grams)).await?;
        let (mut docs, mut rare) = (0, Vec::with_capacity(grams.len()));
        for row in rows {
            let place: i64 = row.try_get_by_index(0)?;
            let hits: i64 = row.try_get_by_index(1)?;
            let reached: i64 = row.try_get_by_index::<Option<i64>>(2)?.unwrap_or(0);
            match usize::try_from(place).ok().and_then(|place| grams.get(place)) {
                Some(gram) => rare.push((hits, reached, gram)),
                None => docs = reached,
            }
        }
        let mut rare: Vec<(i64, &String)> = rare
            .into_iter()
            .map(|(hits, reached, gram)| match hits {
                ..PROBE => (hits, gram),
                _ => (hits.saturating_mul(docs).checked_div(reached).unwrap_or(hits), gram),
            })
            .collect();
        rare.sort_unstable();
        let Some((hits, first)) = rare.first().filter(|(hits, _)| *hits > 0) else { return Ok(None) };
        let helps = |other: i64| *hits > FEW && other.saturating_mul(4) <= docs;
        let others = rare[1..].iter().filter(|(hits, _)| helps(*hits)).map(|(_, gram)| *gram);
        let asked = std::iter::once(*first).chain(others).take(ASKED).cloned().collect();
        Ok(Some((asked, u64::try_from(*hits).unwrap_or(u64::MAX))))
    }
}

/// How many texts, of the first in the index, have each of these pieces, and how far that is into the index; and how far the
/// index goes.
fn probe(grams: &[String]) -> Statement {
    let mut sql = "SELECT -1, 0, max(doc) FROM chat_search_docs".to_owned();
    for place in 0..grams.len() {
        sql += &format!(
            " UNION ALL SELECT {place}, count(*), max(rowid) FROM (SELECT rowid FROM chat_search_grams \
             WHERE chat_search_grams MATCH ? LIMIT {PROBE})"
        );
    }
    let values = grams.iter().map(|gram| Value::from(quoted(gram)));
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// As FTS5 takes a text for nothing but a text.
fn quoted(gram: &str) -> String {
    format!("\"{}\"", gram.replace('"', "\"\""))
}

/// What has changed since it was indexed.
pub(in crate::journal) fn unindexed() -> SelectStatement {
    use chat_search_pending::{Column, Entity};
    Query::select().expr_as(Expr::col((Entity, Column::ConversationId)), "id").from(Entity).take()
}

/// What SQLite has under all of these pieces.
pub(in crate::journal) fn indexed_docs(grams: &[String]) -> SelectStatement {
    let all = grams.iter().map(|gram| quoted(gram)).collect::<Vec<_>>().join(" AND ");
    let (docs, index) = (Alias::new("chat_search_docs"), Alias::new("chat_search_grams"));
    Query::select()
        .expr_as(Expr::col((docs.clone(), Alias::new("conversation_id"))), "id")
        .from(index)
        // SQLite reads crossed tables in this order.
        .join(JoinType::CrossJoin, docs, Condition::all())
        .and_where(Expr::cust_with_values("chat_search_grams MATCH ?", [all]))
        .and_where(Expr::cust("chat_search_docs.doc = chat_search_grams.rowid"))
        .take()
}

/// What PostgreSQL has with this text.
pub(in crate::journal) fn indexed_texts(text: &str) -> SelectStatement {
    use chat_search_texts::{Column, Entity};
    Query::select()
        .expr_as(Expr::col((Entity, Column::ConversationId)), "id")
        .from(Entity)
        .and_where(contains(Expr::col((Entity, Column::Text)), text, DbBackend::Postgres))
        .take()
}

/// The query of a page behind a cursor that reads these conversations only.
pub(in crate::journal) fn out_of(
    ids: SelectStatement,
    search: &Search,
    cursor: SearchCursor,
    backend: DbBackend,
) -> Select<Entity> {
    // An order that no index has: the database would read all of it otherwise, to look for these few.
    let mut select = behind(Some(cursor), search, backend)
        .order_by(Expr::cust("+chat_conversations.updated_at"), Order::Desc)
        .order_by_desc(Column::Id);
    QuerySelect::query(&mut select)
        .from_clear()
        .from_subquery(ids, "k")
        // SQLite reads crossed tables in this order.
        .join(JoinType::CrossJoin, Entity, Condition::all())
        .and_where(Expr::col((Entity, Column::Id)).equals(("k", "id")));
    select
}
