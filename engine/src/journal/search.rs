//! Searching conversations, page by page, for REST lists.

use std::fmt;
use std::str::FromStr;

use sea_orm::sea_query::extension::postgres::PgExpr;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::reads::snapshot;
use super::{Journal, Listed, ReadError};
use crate::clock::Timestamp;
use crate::ids::{ConversationId, PersonId};
use crate::protocol::Status;
use crate::store::entities::chat_conversations::{Column, Entity};

/// What to look for: all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Where it stands.
    pub status: Option<Status>,
    /// Who has it, or had it when it was resolved.
    pub manager: Option<PersonId>,
    /// Who asked.
    pub visitor: Option<PersonId>,
    /// A part of the subject, of the visitor's name or of the newest message. Letter case does not matter on PostgreSQL and
    /// MySQL; on SQLite, beyond ASCII, the text is found as it is given, in small letters, in capitals or capitalised.
    pub text: Option<String>,
}

/// Where a page ended; an opaque text for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    updated_at: Timestamp,
    id: ConversationId,
}

/// A text that is no [`SearchCursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that this server gave out")]
pub struct ParseCursorError;

#[cfg(test)]
impl SearchCursor {
    pub(super) fn for_test(updated_at: Timestamp, id: ConversationId) -> Self {
        Self { updated_at, id }
    }
}

impl fmt::Display for SearchCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.updated_at.millis(), self.id)
    }
}

impl FromStr for SearchCursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (updated_at, id) = text.split_once('_').ok_or(ParseCursorError)?;
        let updated_at = Timestamp::from_millis(updated_at.parse().map_err(|_| ParseCursorError)?);
        Ok(Self { updated_at, id: id.parse().map_err(|_| ParseCursorError)? })
    }
}

/// A page of what was found, the most recently updated first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The conversations.
    pub listed: Vec<Listed>,
    /// Where the next page begins, if there is more.
    pub next: Option<SearchCursor>,
}

impl Journal {
    /// A page of the conversations that match, from the reader's side.
    ///
    /// # Errors
    /// When the database does not answer, or holds what it should not.
    pub async fn search(
        &self,
        search: &Search,
        reader: PersonId,
        limit: usize,
        cursor: Option<SearchCursor>,
    ) -> Result<Found, ReadError> {
        self.counters.read();
        let snapshot = snapshot(&self.db).await?;
        let mut rows = page(search, cursor, self.db.backend).limit(limit as u64 + 1).all(&snapshot).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| SearchCursor {
            updated_at: Timestamp::from_millis(last.updated_at),
            id: ConversationId(last.id),
        });
        Ok(Found { listed: self.with_cursors(snapshot, rows, reader).await?, next })
    }

    /// How many conversations match.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self, search: &Search) -> Result<u64, ReadError> {
        self.counters.read();
        Ok(matching(search, self.db.backend).count(&self.db.read).await?)
    }
}

/// The query of a page, without its limit.
pub(super) fn page(search: &Search, cursor: Option<SearchCursor>, backend: DbBackend) -> Select<Entity> {
    let mut select = matching(search, backend).order_by_desc(Column::UpdatedAt).order_by_desc(Column::Id);
    if let Some(SearchCursor { updated_at, id }) = cursor {
        let at = updated_at.millis();
        // The first bound says nothing that the second does not, but it is the one that an index can begin at.
        select = select.filter(Column::UpdatedAt.lte(at)).filter(
            Condition::any()
                .add(Column::UpdatedAt.lt(at))
                .add(Condition::all().add(Column::UpdatedAt.eq(at)).add(Column::Id.lt(id.0))),
        );
    }
    select
}

fn matching(search: &Search, backend: DbBackend) -> Select<Entity> {
    let mut select = Entity::find();
    if let Some(status) = search.status {
        select = select.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(manager) = search.manager {
        select = select.filter(Column::ManagerId.eq(manager.to_string()));
    }
    if let Some(visitor) = search.visitor {
        select = select.filter(Column::VisitorId.eq(visitor.to_string()));
    }
    if let Some(text) = search.text.as_deref().filter(|text| !text.is_empty()) {
        let mut any = Condition::any();
        for column in [Column::Subject, Column::VisitorName, Column::LastMessagePreview] {
            for spelling in spellings(text, backend) {
                let column = Expr::col((Entity, column));
                any = any.add(match backend {
                    // `\` is its own default, and the builder puts an ESCAPE in brackets, which PostgreSQL does not take.
                    DbBackend::Postgres => column.ilike(containing(&spelling, '\\')),
                    _ => column.like(LikeExpr::new(containing(&spelling, '!')).escape('!')),
                });
            }
        }
        select = select.filter(any);
    }
    select
}

/// A pattern for texts that contain this one, whatever is in it.
fn containing(text: &str, escape: char) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_') || letter == escape {
            pattern.push(escape);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// SQLite's LIKE knows the case of ASCII letters only.
fn spellings(text: &str, backend: DbBackend) -> Vec<String> {
    if backend != DbBackend::Sqlite || text.is_ascii() {
        return vec![text.to_owned()];
    }
    let lower = text.to_lowercase();
    let mut letters = lower.chars();
    let capitalised = letters.next().map(|first| first.to_uppercase().chain(letters).collect());
    let mut all = vec![text.to_owned(), text.to_uppercase(), lower.clone()];
    all.extend(capitalised);
    all.sort();
    all.dedup();
    all
}
