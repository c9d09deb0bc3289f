//! The journal on real databases; see [`crate::store::tests`] for which.

mod commits;
mod failures;
mod reads;
mod search;
mod search_plans;
mod together;

use std::sync::Arc;

use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use tempfile::TempDir;

use super::{Batch, Journal, JournalOptions, rows};
use crate::clock::Timestamp;
use crate::conversation::{Rules, State};
use crate::ids::{ConversationId, Key, PersonId};
use crate::protocol::{Event, EventKind, Person, Role};
use crate::store::Database;
use crate::store::entities::chat_events;

/// A migrated database of its own, and a journal on it.
struct Fixture {
    dir: TempDir,
    url: String,
    db: Database,
    journal: Journal,
}

impl Fixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = crate::store::tests::fresh(&dir).await;
        Self::at(dir, url).await
    }

    async fn on_sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = url(&dir);
        Self::at(dir, url).await
    }

    async fn at(dir: TempDir, url: String) -> Self {
        let db = Database::connect(&url, 4).await.unwrap();
        db.migrate().await.unwrap();
        let journal = Journal::start(db.clone(), JournalOptions::default()).await.unwrap();
        Self { dir, url, db, journal }
    }

    /// Sets something on every connection that writes to the SQLite file.
    async fn pragma(&self, pragma: &str) {
        let sql = format!("PRAGMA {pragma}");
        self.db.write.execute_unprepared(&sql).await.unwrap();
        self.db.native.as_ref().unwrap().call(move |c| c.execute_batch(&sql)).await.unwrap();
    }

    /// Closes everything and opens the same database again.
    async fn reopened(self) -> Self {
        self.journal.close().await;
        self.db.close().await;
        Self::at(self.dir, self.url).await
    }
}

fn url(dir: &TempDir) -> String {
    crate::store::tests::url(dir)
}

/// The whole log, in the order of arrival.
async fn log(db: &Database) -> Vec<Event> {
    let rows = chat_events::Entity::find().order_by_asc(chat_events::Column::Id).all(&db.read).await.unwrap();
    rows.into_iter().map(|row| rows::to_event(row).unwrap()).collect()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

fn id(n: u8) -> ConversationId {
    ConversationId::new(at(0), [n; 10])
}

fn visitor(n: i64) -> Person {
    Person { id: PersonId::User(n), role: Role::Visitor, name: format!("Посетитель {n} 🙂") }
}

fn manager(n: i64) -> Person {
    Person { id: PersonId::User(1000 + n), role: Role::Manager, name: format!("Manager {n}") }
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn message(author: &Person, text: &str, body: &str) -> EventKind {
    EventKind::Message { author: author.clone(), body: body.to_owned(), key: key(text), attachments: vec![] }
}

fn note(author: &Person, text: &str, body: &str) -> EventKind {
    EventKind::Note { author: author.clone(), body: body.to_owned(), key: key(text) }
}

/// A conversation and the batches that it comes to.
struct Writer {
    state: State,
    now: i64,
}

impl Writer {
    fn new(id: ConversationId) -> Self {
        Self { state: State::empty(id), now: 0 }
    }

    fn opened(&mut self, by: &Person, text: &str, subject: Option<&str>, body: &str) -> Batch {
        let opened = EventKind::Opened { subject: subject.map(str::to_owned), visitor: by.clone() };
        self.batch(vec![opened, message(by, text, body)])
    }

    /// The state runs ahead: the batch is taken to be stored.
    fn batch(&mut self, kinds: Vec<EventKind>) -> Batch {
        self.now += 10;
        let events = self.state.number(kinds, at(self.now));
        let mut changed = Vec::new();
        for event in &events {
            self.state.apply(event, &Rules::default());
            changed.extend(self.state.changed_by(event));
        }
        self.of(events, changed)
    }

    fn of(&self, events: Vec<Event>, changed_participants: Vec<PersonId>) -> Batch {
        let visitor = self.state.visitor.iter().map(|visitor| visitor.id);
        Batch {
            conversation: self.state.id,
            events,
            after: Arc::new(self.state.clone()),
            changed_participants,
            key_owners: visitor.chain(self.state.former_guest).collect(),
        }
    }
}
