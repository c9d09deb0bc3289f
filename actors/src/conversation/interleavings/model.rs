//! What stands around the conversation in the model: a journal that fails, and nothing else.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use otvet_engine::clock::{ManualClock, Timestamp};
use otvet_engine::conversation::{Rules, State, content_digest};
use otvet_engine::ids::{ConversationId, Epoch, Key, PersonId, Position, StreamName};
use otvet_engine::journal::{Batch, CommitError, Journal, JournalOptions, KeyedEvent, ReadError};
use otvet_engine::protocol::{Event, EventKind, Limits, Person, Refusal, Summary};
use otvet_engine::store::Database;
use otvet_engine::tail::{Tail, TailEntry, TailError, TailRead};
use rand::SeedableRng;
use rand::rngs::StdRng;
use shuttle::future::yield_now;
use shuttle::rand::{Rng, thread_rng};

use super::super::record::Record;
use super::mark;
use crate::directory::Directory;
use crate::house::{Behaviour, Foundation, People, RestartPolicy};

/// The stored events of the one conversation.
#[derive(Clone)]
pub struct Log {
    pub id: ConversationId,
    fails: bool,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Log {
    pub fn new(id: ConversationId, fails: bool) -> Self {
        Self { id, fails, events: Arc::default() }
    }

    pub fn stored(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, events: &[Event]) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
    }

    fn head(&self) -> u64 {
        self.stored().last().map_or(0, |event| event.seq)
    }

    /// A manager on another node, who writes whenever something has been opened.
    pub async fn written_by_another_node(&self) {
        for n in 0..2 {
            yield_now().await;
            if self.head() > 0 {
                let key = format!("rival {n}").parse().expect("short");
                let kind = EventKind::Message {
                    author: rival(),
                    body: format!("{n}"),
                    key,
                    attachments: Vec::new(),
                };
                let stream = StreamName::Conversation(self.id);
                self.add(&[Event { stream, seq: self.head() + 1, at: Timestamp::from_millis(1), kind }]);
            }
        }
    }

    /// Numbered without a gap, no key twice.
    pub fn check(&self) {
        let events = self.stored();
        assert!(events.iter().map(|event| event.seq).eq(1..=events.len() as u64), "{events:#?}");
        let mut keys: Vec<_> = events.iter().filter_map(keyed).collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all, "a key twice: {events:#?}");
    }

    fn find(&self, owner: PersonId, key: &Key) -> Option<KeyedEvent> {
        let event = self.stored().into_iter().find(|event| keyed(event) == Some((owner, key)))?;
        let EventKind::Message { body, .. } = &event.kind else { return None };
        let kind = if event.seq == 2 { "open" } else { "send" };
        let digest = content_digest(kind, None, body);
        Some(KeyedEvent { author: owner, key: key.clone(), conversation: self.id, seq: event.seq, digest })
    }
}

fn rival() -> Person {
    Person { id: PersonId::User(200), ..mark() }
}

fn keyed(event: &Event) -> Option<(PersonId, &Key)> {
    match &event.kind {
        EventKind::Message { author, key, .. } => Some((author.id, key)),
        _ => None,
    }
}

#[async_trait]
impl Record for Log {
    async fn load(&self, id: ConversationId) -> Result<Option<State>, ReadError> {
        yield_now().await;
        let (events, rules) = (self.stored(), Rules::default());
        let mut state = State::empty(id);
        events.iter().for_each(|event| state.apply(event, &rules));
        yield_now().await;
        Ok(state.exists().then_some(state))
    }

    async fn events(&self, _: ConversationId, after: u64, head: u64) -> Result<Vec<Event>, ReadError> {
        yield_now().await;
        Ok(self.stored().into_iter().filter(|event| event.seq > after && event.seq <= head).collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        yield_now().await;
        let outcome = if self.fails { thread_rng().gen_range(0..10) } else { 9 };
        if outcome == 0 {
            return Err(CommitError::Unavailable("full".to_owned()));
        }
        if outcome == 1 {
            return Err(CommitError::Unknown("cut off before it".to_owned()));
        }
        let used = |event: &Event| keyed(event).and_then(|(author, key)| self.find(author, key));
        let used: Vec<KeyedEvent> = batch.events.iter().filter_map(used).collect();
        if !used.is_empty() {
            return Err(CommitError::KeysInUse(used));
        }
        if self.head() != batch.after.last_seq - batch.events.len() as u64 {
            return Err(CommitError::HeadMoved);
        }
        self.add(&batch.events);
        yield_now().await;
        match outcome {
            2 => Err(CommitError::Unknown("cut off behind it".to_owned())),
            _ => Ok(()),
        }
    }

    async fn keyed(&self, owners: &[PersonId], key: &Key) -> Result<Option<KeyedEvent>, ReadError> {
        yield_now().await;
        Ok(owners.iter().find_map(|owner| self.find(*owner, key)))
    }

    async fn count_unread(
        &self,
        _: ConversationId,
        after: u64,
        not_by: &[PersonId],
    ) -> Result<u64, ReadError> {
        let others = |event: &Event| {
            event.seq > after && keyed(event).is_some_and(|(author, _)| !not_by.contains(&author))
        };
        Ok(self.stored().iter().filter(|event| others(event)).count() as u64)
    }

    async fn listed(&self, _: ConversationId, _: PersonId) -> Result<Option<Summary>, ReadError> {
        Ok(None)
    }
}

struct Nobody;

#[async_trait]
impl People for Nobody {
    async fn staff(&self, _: PersonId) -> Result<Option<Person>, Refusal> {
        Ok(None)
    }

    async fn former_guests(&self, _: PersonId) -> Result<Vec<PersonId>, Refusal> {
        yield_now().await;
        Ok(Vec::new())
    }

    async fn transferred(&self, _: ConversationId, _: PersonId, _: PersonId) {}
}

/// A tail that is away: it has contracts of its own.
#[derive(Debug)]
struct Away;

impl Away {
    fn refuse<T>() -> Result<T, TailError> {
        Err(TailError::Unreachable("away".to_owned()))
    }
}

#[async_trait]
impl Tail for Away {
    async fn append(&self, _: &StreamName, _: &Epoch, _: &[TailEntry]) -> Result<(), TailError> {
        yield_now().await;
        Self::refuse()
    }

    async fn refill(&self, _: &StreamName, _: &Epoch, _: &[TailEntry]) -> Result<(), TailError> {
        Self::refuse()
    }

    async fn open(&self, _: &StreamName, _: &Epoch) -> Result<Position, TailError> {
        Self::refuse()
    }

    async fn after(&self, _: &StreamName, _: &Position, _: usize) -> Result<TailRead, TailError> {
        Self::refuse()
    }

    async fn head(&self, _: &StreamName) -> Result<Option<(Position, Timestamp)>, TailError> {
        Self::refuse()
    }

    async fn trim(&self, _: &StreamName, _: usize) -> Result<(), TailError> {
        Self::refuse()
    }

    async fn drop_stream(&self, _: &StreamName) -> Result<(), TailError> {
        Self::refuse()
    }

    async fn check(&self) -> Result<(), TailError> {
        Self::refuse()
    }
}

/// A journal that nobody asks anything but its epoch.
fn journal() -> Journal {
    static JOURNAL: OnceLock<Journal> = OnceLock::new();
    let journal = JOURNAL.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("otvet.db").display());
        let start = async {
            let database = Database::connect(&url, 1).await.unwrap();
            database.migrate().await.unwrap();
            Journal::start(database, JournalOptions::default()).await.unwrap()
        };
        // On a thread of its own: the model checker's scheduler must not see it wait.
        std::thread::scope(|scope| {
            let start = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(start)
            });
            start.join().unwrap()
        })
    });
    journal.clone()
}

/// Everything that actors share, with nobody in it and no router: the test starts the one actor.
pub fn directory() -> Arc<Directory> {
    let foundation = Foundation {
        journal: journal(),
        tail: Arc::new(Away),
        people: Arc::new(Nobody),
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(1))),
        rng: Arc::new(parking_lot::Mutex::new(StdRng::seed_from_u64(1))),
    };
    let limits = Limits {
        frame_bytes: 65_536,
        body_chars: 4000,
        subject_chars: 200,
        commands_per_second: 20,
        burst: 40,
        unanswered_commands: 16,
        connections_per_person: 3,
        outbox_bytes: 1 << 20,
    };
    let restart = RestartPolicy {
        max_restarts: 5,
        window: Duration::from_secs(10),
        backoff_min: Duration::from_millis(100),
        backoff_max: Duration::from_secs(30),
    };
    let behaviour = Behaviour {
        limits,
        rules: Rules::default(),
        heartbeat: Duration::from_secs(25),
        idle_stop: Duration::from_secs(300),
        tail_keep: 300,
        restart,
    };
    Directory::new(foundation, behaviour)
}
