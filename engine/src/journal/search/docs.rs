//! SQLite's index of searches: a number for each conversation, and under each three letters the numbers of those whose
//! texts have them; see [`super::grams`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::candidates::Mark;
use super::grams::indexed;
use super::index::IndexError;
use crate::store::native::{Native, NativeError};

/// How long a transaction, and then its commit, may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How many pages one step of merging writes.
const MERGED_PAGES: i64 = 16;

const MARK: &str = "SELECT indexed_touched_at, indexed_id FROM chat_search";
const MOVE: &str = "UPDATE chat_search SET indexed_touched_at = ?1, indexed_id = ?2";
const KNOWN: &str = "SELECT doc, digest FROM chat_search_docs WHERE conversation_id = ?1";
const NEW: &str = "INSERT INTO chat_search_docs (conversation_id, digest) VALUES (?1, ?2)";
const CHANGED: &str = "UPDATE chat_search_docs SET digest = ?2 WHERE doc = ?1";
const REMOVE: &str = "DELETE FROM chat_search_grams WHERE rowid = ?1";
const ADD: &str = "INSERT INTO chat_search_grams (rowid, text) VALUES (?1, ?2)";
const MERGE: &str = "INSERT INTO chat_search_grams (chat_search_grams, rank) VALUES ('merge', ?1)";

/// The texts of one conversation as the index takes them.
pub(super) struct Doc {
    id: Uuid,
    text: String,
    /// What they were when they were indexed: most of what is touched has the texts that it had.
    digest: i64,
}

impl Doc {
    pub fn new(id: Uuid, text: &str) -> Self {
        let text = indexed(text);
        let digest = Sha256::digest(text.as_bytes());
        let first = digest.first_chunk().expect("a digest has 32 bytes");
        Self { id, digest: i64::from_be_bytes(*first), text }
    }
}

/// Why nothing was stored.
enum Unfit {
    /// The mark is not where it was.
    Moved,
    /// The database refused.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// Indexes these and moves the mark, at once. False, and nothing is stored, if somebody else has moved it.
pub(super) async fn store(
    native: &Arc<Native>,
    docs: Vec<Doc>,
    from: Mark,
    to: Mark,
) -> Result<bool, IndexError> {
    let stored = native.transact(LIMIT, move |connection| {
        let mark = connection
            .prepare_cached(MARK)?
            .query_row([], |row| Ok(Mark { touched_at: row.get(0)?, id: uuid(row.get(1)?) }))?;
        if mark != from {
            return Err(Unfit::Moved);
        }
        docs.iter().try_for_each(|doc| index(connection, doc))?;
        connection.prepare_cached(MOVE)?.execute(params![to.touched_at, to.id.as_bytes().as_slice()])?;
        Ok(())
    });
    match stored.await {
        Ok(()) => Ok(true),
        Err(NativeError::Refused(Unfit::Moved)) => Ok(false),
        Err(NativeError::Refused(Unfit::Failed(error))) => Err(IndexError(error.to_string())),
        Err(NativeError::Unavailable(why) | NativeError::Unknown(why)) => Err(IndexError(why)),
    }
}

fn index(connection: &Connection, doc: &Doc) -> rusqlite::Result<()> {
    let id = doc.id.as_bytes().as_slice();
    let known: Option<(i64, i64)> =
        connection.prepare_cached(KNOWN)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let number = match known {
        Some((_, digest)) if digest == doc.digest => return Ok(()),
        Some((number, _)) => {
            connection.prepare_cached(CHANGED)?.execute([number, doc.digest])?;
            connection.prepare_cached(REMOVE)?.execute([number])?;
            number
        }
        None => connection.prepare_cached(NEW)?.insert(params![id, doc.digest])?,
    };
    connection.prepare_cached(ADD)?.execute(params![number, doc.text])?;
    Ok(())
}

fn uuid(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

/// One step of putting the index's pieces together. False when there is nothing to do.
pub(super) async fn merge(native: &Arc<Native>) -> Result<bool, IndexError> {
    let merged = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&merged);
    let done = native.transact(LIMIT, move |connection| {
        let before = connection.total_changes();
        connection.prepare_cached(MERGE)?.execute([MERGED_PAGES])?;
        // The command itself counts as one.
        seen.store(connection.total_changes() - before >= 2, Relaxed);
        Ok::<_, rusqlite::Error>(())
    });
    match done.await {
        Ok(()) => Ok(merged.load(Relaxed)),
        Err(NativeError::Refused(error)) => Err(IndexError(error.to_string())),
        Err(NativeError::Unavailable(why) | NativeError::Unknown(why)) => Err(IndexError(why)),
    }
}
