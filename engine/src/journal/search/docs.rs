//! SQLite's index of searches: a number for each conversation, and under each three letters the numbers of those whose
//! texts have them; see [`super::grams`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::grams::indexed;
use super::index::{IndexError, Pending};
use crate::store::native::{Native, NativeError};

/// How long a transaction, and then its commit, may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How many pages one step of merging writes.
const MERGED_PAGES: i64 = 16;

const TAKE: &str = "DELETE FROM chat_search_pending WHERE generation = ?1 AND conversation_id = ?2";
const KNOWN: &str = "SELECT doc, digest FROM chat_search_docs WHERE conversation_id = ?1";
const NEW: &str = "INSERT INTO chat_search_docs (conversation_id, digest) VALUES (?1, ?2)";
const CHANGED: &str = "UPDATE chat_search_docs SET digest = ?2 WHERE doc = ?1";
const REMOVE: &str = "DELETE FROM chat_search_grams WHERE rowid = ?1";
const ADD: &str = "INSERT INTO chat_search_grams (rowid, text) VALUES (?1, ?2)";
const MERGE: &str = "INSERT INTO chat_search_grams (chat_search_grams, rank) VALUES ('merge', ?1)";

/// The texts of one conversation as the index takes them.
pub(super) struct Doc {
    text: String,
    /// What they were when they were indexed: most of what changes has the texts that it had.
    digest: i64,
}

impl Doc {
    pub fn new(text: &str) -> Self {
        let text = indexed(text);
        let digest = Sha256::digest(text.as_bytes());
        let first = digest.first_chunk().expect("a digest has 32 bytes");
        Self { digest: i64::from_be_bytes(*first), text }
    }
}

impl From<NativeError<rusqlite::Error>> for IndexError {
    fn from(error: NativeError<rusqlite::Error>) -> Self {
        match error {
            NativeError::Refused(error) => Self(error.to_string()),
            NativeError::Unavailable(why) | NativeError::Unknown(why) => Self(why),
        }
    }
}

/// Indexes these and takes them off the list, at once. What another process has taken off it already is left alone: it may
/// have changed since, and stand in the index as it is now.
pub(super) async fn store(native: &Arc<Native>, docs: Vec<(Pending, Option<Doc>)>) -> Result<(), IndexError> {
    let stored = native.transact(LIMIT, move |connection| {
        docs.iter().try_for_each(|(pending, doc)| {
            let id = pending.conversation_id.as_bytes().as_slice();
            let taken = connection.prepare_cached(TAKE)?.execute(params![pending.generation, id])?;
            match doc {
                Some(doc) if taken > 0 => index(connection, id, doc),
                _ => Ok(()),
            }
        })
    });
    Ok(stored.await?)
}

fn index(connection: &Connection, id: &[u8], doc: &Doc) -> rusqlite::Result<()> {
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
    done.await?;
    Ok(merged.load(Relaxed))
}
