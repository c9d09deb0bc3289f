//! The ceiling of the journal: the same rows into the same tables by rusqlite, prepared once, in one transaction a group,
//! with the same durability. No admission, no look at keys and heads, nobody to answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use otvet_engine::conversation::State;
use otvet_engine::protocol::{Event, EventKind};
use parking_lot::Mutex;
use rusqlite::{Connection, params};

const EVENT: &str = "INSERT INTO chat_events (conversation_id, seq, at, kind, actor_id, actor_role, actor_name, idem_key, \
                     body, extra) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)";
const PROJECTION: &str = "INSERT INTO chat_conversations (id, subject, status, visitor_id, visitor_role, visitor_name, \
     last_seq, messages, last_message_seq, last_message_at, last_message_author_id, last_message_author_role, \
     last_message_author_name, last_message_preview, waiting_since, opened_at, updated_at, updated_minute) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17 / 60000) \
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, last_seq = excluded.last_seq, messages = excluded.messages, \
     last_message_seq = excluded.last_message_seq, last_message_at = excluded.last_message_at, \
     last_message_author_id = excluded.last_message_author_id, \
     last_message_author_role = excluded.last_message_author_role, \
     last_message_author_name = excluded.last_message_author_name, \
     last_message_preview = excluded.last_message_preview, waiting_since = excluded.waiting_since, \
     updated_at = excluded.updated_at, updated_minute = excluded.updated_minute";
const CURSOR: &str = "INSERT INTO chat_cursors (conversation_id, person_id, delivered, read_seq, written, unread) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (conversation_id, person_id) DO UPDATE SET \
     delivered = excluded.delivered, read_seq = excluded.read_seq, written = excluded.written, unread = excluded.unread";
const GENERATION: &str = "SELECT generation FROM chat_search";
const PENDING: &str =
    "INSERT INTO chat_search_pending (generation, conversation_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// What one conversation wants stored.
pub struct Rows {
    /// New events.
    pub events: Vec<Event>,
    /// The conversation after them.
    pub after: State,
}

/// How often the store's checkpointer looks at the log, and from how many pages on it carries it over to its end.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LONG: u32 = 32_768;

/// A writer on a database that `otvet migrate` has made.
pub struct BareSqlite {
    connection: Connection,
    /// Whose turn it is to write: ours, or the end of a checkpoint's.
    turn: Arc<Mutex<()>>,
    /// Its end ends the checkpoints.
    writing: Option<Sender<()>>,
    checkpoints: Option<JoinHandle<rusqlite::Result<()>>>,
}

impl BareSqlite {
    /// Opens it as the store does: write-ahead log, every commit synced, checkpoints on another connection.
    ///
    /// # Errors
    /// SQLite's.
    pub fn open(file: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "cache_size", -8192)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let (writing, written) = channel();
        let file = file.to_path_buf();
        let turn = Arc::new(Mutex::new(()));
        let whose = Arc::clone(&turn);
        let checkpoints = Some(std::thread::spawn(move || checkpoint(&file, &whose, &written)));
        Ok(Self { connection, turn, writing: Some(writing), checkpoints })
    }

    /// Stores a group in one transaction.
    ///
    /// # Errors
    /// SQLite's.
    pub fn commit(&mut self, group: &[Rows]) -> rusqlite::Result<()> {
        let _turn = self.turn.lock();
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut events = transaction.prepare_cached(EVENT)?;
            let mut projections = transaction.prepare_cached(PROJECTION)?;
            let mut cursors = transaction.prepare_cached(CURSOR)?;
            let mut pending = transaction.prepare_cached(PENDING)?;
            let generation: i64 = transaction.prepare_cached(GENERATION)?.query_row([], |row| row.get(0))?;
            for rows in group {
                for event in &rows.events {
                    insert_event(&mut events, &rows.after, event)?;
                }
                upsert_projection(&mut projections, &rows.after)?;
                pending.execute(params![generation, rows.after.id.0.as_bytes()])?;
                for (person, part) in &rows.after.participants {
                    cursors.execute(params![
                        rows.after.id.0.as_bytes(),
                        person.to_string(),
                        number(part.cursor.delivered),
                        number(part.cursor.read),
                        number(part.written),
                        number(part.unread),
                    ])?;
                }
            }
        }
        transaction.commit()
    }
}

impl Drop for BareSqlite {
    fn drop(&mut self) {
        drop(self.writing.take());
        let ended = self.checkpoints.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(Ok(())))), "the checkpoints failed: {ended:?}");
    }
}

/// Carries the write-ahead log over as the store does.
fn checkpoint(file: &Path, turn: &Mutex<()>, written: &Receiver<()>) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    while written.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let pages: i64 = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?;
        if pages < i64::from(LONG) {
            continue;
        }
        for _ in 0..3 {
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        let _turn = turn.lock();
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(())
}

fn insert_event(
    statement: &mut rusqlite::CachedStatement<'_>,
    after: &State,
    event: &Event,
) -> rusqlite::Result<usize> {
    let EventKind::Message { author, body, key, .. } = &event.kind else { return Ok(0) };
    statement.execute(params![
        after.id.0.as_bytes(),
        number(event.seq),
        event.at.millis(),
        "message",
        author.id.to_string(),
        author.role.as_str(),
        author.name,
        key.as_str().as_bytes(),
        body,
    ])
}

fn upsert_projection(
    statement: &mut rusqlite::CachedStatement<'_>,
    after: &State,
) -> rusqlite::Result<usize> {
    let (Some(visitor), Some(last)) = (&after.visitor, &after.last_message) else { return Ok(0) };
    statement.execute(params![
        after.id.0.as_bytes(),
        after.subject,
        after.status.as_str(),
        visitor.id.to_string(),
        visitor.role.as_str(),
        visitor.name,
        number(after.last_seq),
        number(after.messages),
        number(last.seq),
        last.at.millis(),
        last.author.id.to_string(),
        last.author.role.as_str(),
        last.author.name,
        last.body,
        after.waiting_since.map(otvet_engine::clock::Timestamp::millis),
        after.opened_at.millis(),
        after.updated_at.millis(),
    ])
}

/// A number as databases have it.
pub(crate) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
