//! Searching conversations, page by page, for REST lists.
//!
//! What is frequent is found by reading the newest conversations one after the other; what is rare, with an index of all
//! groups of three letters. A page is the same either way, so that a cursor means the same to both. The journal does not
//! write the index, which would cost every message: it is filled behind its back (`index`). What the index lacks stands in a
//! list, and is looked at besides (`candidates`).

use std::fmt;
use std::str::FromStr;

use super::reads::snapshot;
use super::{Journal, ReadError};
use crate::clock::Timestamp;
use crate::ids::{ConversationId, PersonId};
use crate::protocol::{Status, Summary};

pub(super) mod candidates;
mod condition;
mod docs;
mod grams;
mod index;

pub(super) use candidates::Reach;
#[cfg(test)]
pub(super) use condition::{Wanted, page};
#[cfg(test)]
pub(super) use index::Indexer;

use candidates::Look;

/// What to look for: all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Where it stands.
    pub status: Option<Status>,
    /// Who has it, or had it when it was resolved.
    pub manager: Option<PersonId>,
    /// Who asked.
    pub visitor: Option<PersonId>,
    /// A part of the subject, of the visitor's name or of the newest message. Letter case does not matter.
    pub text: Option<String>,
}

/// Where a page ended; an opaque text for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    pub listed: Vec<Summary>,
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
        self.search_within(Reach::default(), search, reader, limit, cursor).await
    }

    /// The same with other bounds: with any, what is found is the same.
    pub(super) async fn search_within(
        &self,
        reach: Reach,
        search: &Search,
        reader: PersonId,
        limit: usize,
        cursor: Option<SearchCursor>,
    ) -> Result<Found, ReadError> {
        let snapshot = snapshot(&self.db).await?;
        let look =
            Look { snapshot: &snapshot, counters: &self.counters, backend: self.db.backend, reach, search };
        let mut rows = look.rows(cursor, limit as u64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| SearchCursor {
            updated_at: Timestamp::from_millis(last.updated_at),
            id: ConversationId(last.id),
        });
        Ok(Found { listed: self.with_cursors(snapshot, rows, reader).await?, next })
    }
}
