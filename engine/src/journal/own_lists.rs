//! The own lists of many people at once: whoever says hello is given one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::sea_query::{Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Statement};

use super::reads::{self, listed_by};
use super::{Counters, Journal, Listing, ReadError, rows};
use crate::ids::PersonId;
use crate::protocol::Summary;
use crate::store::Database;
use crate::store::entities::chat_conversations::{self, Column};
use crate::store::lookups::LookUp;
use crate::store::one_of::json;

/// How many people's lists one query reads.
pub(super) const TOGETHER: usize = 200;

/// Whose list, and its longest length.
pub(super) type Asked = (PersonId, usize);

/// Reads lists together.
#[derive(Debug)]
pub(super) struct OwnLists {
    pub db: Database,
    pub counters: Arc<Counters>,
}

#[async_trait]
impl LookUp for OwnLists {
    type Question = Asked;
    type Answer = Result<Vec<Summary>, ReadError>;

    async fn look_up(&self, asked: &[Asked]) -> Result<Vec<Self::Answer>, DbErr> {
        let snapshot = reads::snapshot(&self.db).await?;
        self.counters.read();
        let all = chat_conversations::Entity::find();
        let found = if self.db.backend == DbBackend::Sqlite {
            all.from_raw_sql(newest_in_sqlite(asked)).all(&snapshot).await?
        } else {
            all.filter(Column::Id.in_subquery(newest_of(&padded(asked)))).all(&snapshot).await?
        };
        let ids = found.iter().map(|row| row.id).collect();
        let mut cursors = reads::cursors_of(&self.counters, &snapshot, ids).await?;
        snapshot.commit().await?;
        let mut of: HashMap<PersonId, Self::Answer> = HashMap::with_capacity(asked.len());
        for row in found {
            // One row that holds what it should not spoils its owner's list and nobody else's.
            let Ok(owner) = row.visitor_id.parse() else { continue };
            let listed = rows::to_summary(row, &mut cursors, owner);
            match (of.entry(owner).or_insert_with(|| Ok(Vec::new())), listed) {
                (Ok(list), Ok(listed)) => list.push(listed),
                (list, Err(error)) => *list = Err(error),
                (Err(_), Ok(_)) => {}
            }
        }
        for list in of.values_mut().flatten() {
            list.sort_by_key(|l| std::cmp::Reverse((l.updated_at, l.id)));
        }
        let own = |(person, limit): &Asked| {
            let mut list = of.get(person).cloned().unwrap_or_else(|| Ok(Vec::new()))?;
            list.truncate(*limit);
            Ok(list)
        };
        Ok(asked.iter().map(own).collect())
    }
}

/// Asks for nothing more until their number is a power of two, so that few texts are planned, and kept by every connection.
fn padded(asked: &[Asked]) -> Vec<Asked> {
    let mut padded = asked.to_vec();
    if let Some((person, _)) = asked.last() {
        padded.resize(asked.len().next_power_of_two(), (*person, 0));
    }
    padded
}

/// Everybody's newest conversations, in the same words however many people they are. Each list is as long as the longest
/// that is asked for.
pub(super) fn newest_in_sqlite(asked: &[Asked]) -> Statement {
    let people: BTreeSet<String> = asked.iter().map(|(person, _)| person.to_string()).collect();
    let people = json(&people.into_iter().collect::<Vec<_>>());
    let limit = asked.iter().map(|(_, limit)| *limit as u64).max().unwrap_or(0);
    let sql = "SELECT c.* FROM json_each(?) AS person CROSS JOIN chat_conversations AS c WHERE c.id IN \
               (SELECT o.id FROM chat_conversations AS o WHERE o.visitor_id = person.value \
               ORDER BY o.updated_at DESC, o.id DESC LIMIT ?)";
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, [people.into(), limit.into()])
}

/// The ids of everybody's newest conversations. Each person's are found in the index, however many there are.
pub(super) fn newest_of(asked: &[Asked]) -> SelectStatement {
    let mut newest = asked.iter().enumerate().map(|(n, (person, limit))| {
        let of_one = listed_by(Listing::OfVisitor(*person))
            .select_only()
            .column(Column::Id)
            .limit(*limit as u64)
            .into_query();
        // A limit within a union has to stand in a query of its own.
        Query::select().column(Column::Id).from_subquery(of_one, format!("p{n}")).take()
    });
    let mut all = newest.next().unwrap_or_default();
    for one in newest {
        all.union(UnionType::All, one);
    }
    all
}

impl Journal {
    /// A visitor's own conversations, the most recently updated first. Lists that are asked for at the same time are read
    /// together.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn own_list(&self, visitor: PersonId, limit: usize) -> Result<Vec<Summary>, ReadError> {
        self.own_lists.ask((visitor, limit)).await?
    }
}
