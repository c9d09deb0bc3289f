//! Databases with a past: many conversations, or one with many messages, written straight into the tables.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::{Connection, params};
use uuid::Uuid;

const VISITORS: u64 = 1000;
const AT: i64 = 1_764_000_000_000;
/// From one to the next: a million are four months of them.
const APART: i64 = 10_000;

const CONVERSATION: &str = "INSERT INTO chat_conversations (id, subject, status, visitor_id, visitor_role, visitor_name, \
     last_seq, messages, last_message_seq, last_message_at, last_message_author_id, last_message_author_role, \
     last_message_author_name, last_message_preview, waiting_since, opened_at, updated_at, \
     updated_minute) VALUES \
     (?1, ?2, ?3, ?4, 'visitor', ?5, ?6, ?7, ?6, ?8, ?4, 'visitor', ?5, ?9, ?10, ?8, ?8, ?8 / 60000)";
const EVENT: &str = "INSERT INTO chat_events (conversation_id, seq, at, kind, actor_id, actor_role, actor_name, idem_key, \
                     body) VALUES (?1, ?2, ?3, ?4, ?5, 'visitor', ?6, ?7, ?8)";

/// Longer than a million conversations take.
const INDEXED_IN: Duration = Duration::from_secs(30 * 60);
const LOOK_EVERY: Duration = Duration::from_millis(250);
const PENDING: &str = "INSERT INTO chat_search_pending (generation, conversation_id) VALUES (0, ?1)";
const UNINDEXED: &str = "SELECT EXISTS (SELECT 1 FROM chat_search_pending)";

/// A database that grows.
pub struct Archive {
    connection: Connection,
    conversations: u64,
}

impl Archive {
    /// One that `otvet migrate` has made, and that nobody has open.
    pub fn open(file: &Path) -> Result<Self> {
        let connection = Connection::open(file)?;
        // Nothing here has to outlive a power cut.
        connection.pragma_update(None, "synchronous", "OFF")?;
        Ok(Self { connection, conversations: 0 })
    }

    /// Adds conversations until there are so many, one in a hundred waiting, the others resolved; each with a question.
    pub fn grow_to(&mut self, conversations: u64) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut conversation = transaction.prepare_cached(CONVERSATION)?;
            let mut event = transaction.prepare_cached(EVENT)?;
            let mut pending = transaction.prepare_cached(PENDING)?;
            for n in self.conversations..conversations {
                let (id, at) = (id(n), AT + APART * i64::try_from(n)?);
                let visitor = n % VISITORS + 1;
                let (person, name) = (format!("g{visitor}"), format!("Visitor {visitor}"));
                let waits = n % 100 == 0;
                let status = if waits { "waiting" } else { "resolved" };
                let question = format!("Where is order {n}, paid on Monday?");
                let subject = format!("Order {n}");
                let bytes = id.as_bytes().as_slice();
                conversation.execute(params![
                    bytes,
                    subject,
                    status,
                    person,
                    name,
                    2,
                    1,
                    at,
                    question,
                    waits.then_some(at)
                ])?;
                pending.execute([bytes])?;
                event.execute(params![bytes, 1, at, "opened", person, name, None::<Vec<u8>>, subject])?;
                let key = format!("key-{n}").into_bytes();
                event.execute(params![bytes, 2, at, "message", person, name, key, question])?;
            }
        }
        transaction.commit()?;
        self.conversations = conversations;
        Ok(())
    }

    /// Waits until the server that runs on it has indexed everything for searching.
    pub fn until_indexed(&self) -> Result<()> {
        let began = Instant::now();
        while self.connection.query_row(UNINDEXED, [], |row| row.get(0))? {
            ensure!(began.elapsed() < INDEXED_IN, "the index of searches never caught up");
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// A conversation of its own with so many messages; its id.
    pub fn thread(&mut self, messages: u64) -> Result<Uuid> {
        let id = id(1_000_000_000 + messages);
        let bytes = id.as_bytes().as_slice();
        let last = i64::try_from(messages + 1)?;
        let transaction = self.connection.transaction()?;
        {
            let mut conversation = transaction.prepare_cached(CONVERSATION)?;
            let mut event = transaction.prepare_cached(EVENT)?;
            let mut pending = transaction.prepare_cached(PENDING)?;
            let (person, name) = ("g1", "Visitor 1");
            conversation.execute(params![
                bytes,
                "A long thread",
                "waiting",
                person,
                name,
                last,
                last - 1,
                AT,
                "The newest",
                AT
            ])?;
            pending.execute([bytes])?;
            event.execute(params![bytes, 1, AT, "opened", person, name, None::<Vec<u8>>, "A long thread"])?;
            for seq in 2..=last {
                let key = format!("{messages}-{seq}").into_bytes();
                let body = format!("Message {seq} of a long thread");
                event.execute(params![bytes, seq, AT + seq, "message", person, name, key, body])?;
            }
        }
        transaction.commit()?;
        Ok(id)
    }
}

/// The `n`th conversation's id, in the order of opening.
pub fn id(n: u64) -> Uuid {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    let millis = u64::try_from(AT).unwrap_or(0) + n;
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
