//! The actors on a journal in a temporary file, with people who come without a socket.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use otvet_actors::outbox::{Frames, Next, Outbox};
use otvet_actors::{Behaviour, Connection, Foundation, House, Introduction, People, RestartPolicy};
use otvet_engine::clock::{ManualClock, SharedClock, Timestamp};
use otvet_engine::conversation::Rules;
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::journal::{Journal, JournalOptions};
use otvet_engine::protocol::{CommandId, Format, Limits, Person, Refusal, Role};
use otvet_engine::store::Database;
use otvet_engine::tail::MemoryTail;
use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;
use tokio::sync::Notify;

/// Everybody is a manager who looks like one.
struct Everybody;

#[async_trait]
impl People for Everybody {
    async fn staff(&self, id: PersonId) -> Result<Option<Person>, Refusal> {
        Ok(Some(Person { id, role: Role::Manager, name: "Марк".to_owned() }))
    }

    async fn former_guests(&self, _: PersonId) -> Result<Vec<PersonId>, Refusal> {
        Ok(Vec::new())
    }

    async fn transferred(&self, _: ConversationId, _: PersonId, _: PersonId) {}
}

/// A house whose limits stand in nobody's way.
pub struct Stand {
    /// The actors.
    pub house: House,
    /// What they stand on.
    pub journal: Journal,
    /// The time that they are told.
    pub clock: Arc<ManualClock>,
    _files: TempDir,
}

/// A journal in a temporary file.
///
/// # Panics
/// When there is no place for one.
pub async fn journal() -> (Journal, Database, TempDir) {
    let files = tempfile::tempdir().expect("there is room for a file");
    let url = format!("sqlite://{}?mode=rwc", files.path().join("bench.db").display());
    let (journal, database) = journal_at(&url).await;
    (journal, database, files)
}

/// A journal in an empty database.
///
/// # Panics
/// When it does not answer.
pub async fn journal_at(url: &str) -> (Journal, Database) {
    let database = Database::connect(url, 2).await.expect("the database answers");
    database.migrate().await.expect("a new database is migrated");
    let journal = Journal::start(database.clone(), JournalOptions::default()).await;
    (journal.expect("a migrated database has an epoch"), database)
}

impl Stand {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        let (journal, _, files) = journal().await;
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_764_000_000_000)));
        let foundation = Foundation {
            journal: journal.clone(),
            tail: Arc::new(MemoryTail::new(300, 1 << 28)),
            people: Arc::new(Everybody),
            clock: Arc::clone(&clock) as SharedClock,
            rng: Arc::new(Mutex::new(StdRng::seed_from_u64(1))),
        };
        let house = House::start(foundation, behaviour()).await.expect("the router starts");
        Self { house, journal, clock, _files: files }
    }

    /// A connection whose frames are thrown away as fast as they come, and counted.
    pub fn join(&self, person: Person, arrived: &Arc<Arrivals>) -> Connection {
        let outbox = Outbox::new(Format::Json, 1 << 30);
        let introduction = Introduction {
            person,
            token_id: 1,
            hello_id: CommandId::Number(0),
            positions: BTreeMap::new(),
            outbox: Arc::clone(&outbox),
            name: "bench".to_owned(),
        };
        let connection = self.house.join(introduction);
        arrived.drain(outbox);
        connection
    }
}

/// Counts the frames that reach outboxes.
#[derive(Debug, Default)]
pub struct Arrivals {
    frames: AtomicUsize,
    wanted: AtomicUsize,
    enough: Notify,
}

impl Arrivals {
    /// Empties an outbox from now on, as the task of a connection does.
    pub fn drain(self: &Arc<Self>, outbox: Arc<Outbox>) {
        let arrivals = Arc::clone(self);
        tokio::spawn(async move {
            let mut frames = Frames::new();
            while outbox.next(&mut frames).await == Next::Frames {
                arrivals.count(frames.len());
                frames.clear();
            }
        });
    }

    /// So many have come.
    pub fn count(&self, frames: usize) {
        let before = self.frames.fetch_add(frames, Ordering::AcqRel);
        let wanted = self.wanted.load(Ordering::Acquire);
        if before < wanted && before + frames >= wanted {
            self.enough.notify_one();
        }
    }

    /// Says that so many more frames are due from now on; then [`Arrivals::come`] waits for them.
    pub fn expect(&self, more: usize) {
        self.wanted.store(self.frames.load(Ordering::Acquire) + more, Ordering::Release);
    }

    /// Waits until all that was expected is there.
    pub async fn come(&self) {
        while self.frames.load(Ordering::Acquire) < self.wanted.load(Ordering::Acquire) {
            self.enough.notified().await;
        }
    }

    /// Waits until nothing has come for a while: the preparation is over.
    pub async fn calm(&self) {
        loop {
            let before = self.frames.load(Ordering::Acquire);
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.frames.load(Ordering::Acquire) == before {
                return;
            }
        }
    }
}

/// The `n`th manager.
pub fn manager(n: i64) -> Person {
    Person { id: PersonId::User(1_000_000 + n), role: Role::Manager, name: "Марк".to_owned() }
}

/// The `n`th visitor.
pub fn visitor(n: i64) -> Person {
    Person { id: PersonId::User(1 + n), role: Role::Visitor, name: "Анна".to_owned() }
}

fn behaviour() -> Behaviour {
    Behaviour {
        limits: Limits {
            frame_bytes: 65_536,
            body_chars: 4000,
            subject_chars: 200,
            commands_per_second: 100_000,
            burst: 100_000,
            unanswered_commands: 10_000,
            connections_per_person: 10_000,
            outbox_bytes: 1 << 30,
        },
        rules: Rules::default(),
        heartbeat: Duration::from_secs(25),
        idle_stop: Duration::from_secs(3600),
        tail_keep: 300,
        restart: RestartPolicy {
            max_restarts: 1_000_000,
            window: Duration::from_secs(1),
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(1),
        },
    }
}
