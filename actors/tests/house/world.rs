//! A house on a real journal in a temporary SQLite file, and members with verbs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use otvet_actors::outbox::{Frames, Next, Outbox};
use otvet_actors::{Behaviour, Connection, Foundation, House, Introduction, People, RestartPolicy};
use otvet_engine::clock::{ManualClock, Timestamp};
use otvet_engine::conversation::Rules;
use otvet_engine::ids::{ConversationId, PersonId, Position, StreamName};
use otvet_engine::journal::{Journal, JournalOptions};
use otvet_engine::protocol::client::{Claim, Mark, Open, Send, Target};
use otvet_engine::protocol::{
    Answer, CloseCode, Command, CommandId, Event, EventKind, Failed, Format, Limits, Person, Ready, Refusal,
    Reset, Role, ServerFrame, Signal, Summary, decode_any,
};
use otvet_engine::store::Database;
use otvet_engine::tail::{MemoryTail, SharedTail};
use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::switched_tail::SwitchedTail;

/// Every world has ids of its own: points of failure are named by them, for the whole process.
static WORLDS: AtomicU64 = AtomicU64::new(0);

/// Longer than anything here takes; a test that reaches it has failed.
const DEADLINE: Duration = Duration::from_secs(20);

pub fn visitor(n: i64) -> Person {
    Person { id: PersonId::User(n), role: Role::Visitor, name: format!("Анна {n}") }
}

pub fn manager(n: i64) -> Person {
    Person { id: PersonId::User(n), role: Role::Manager, name: format!("Борис {n}") }
}

/// Managers are those with ids from 100 on.
struct Staff;

#[async_trait]
impl People for Staff {
    async fn staff(&self, id: PersonId) -> Result<Option<Person>, Refusal> {
        Ok(match id {
            PersonId::User(n) if n >= 100 => Some(manager(n)),
            _ => None,
        })
    }

    async fn former_guests(&self, account: PersonId) -> Result<Vec<PersonId>, Refusal> {
        // The guest of the same number.
        Ok(match account {
            PersonId::User(n) => vec![PersonId::Guest(n)],
            PersonId::Guest(_) => Vec::new(),
        })
    }

    async fn transferred(&self, _: ConversationId, _: PersonId, _: PersonId) {}
}

pub struct World {
    pub tail: Arc<SwitchedTail>,
    pub house: House,
    pub journal: Journal,
    _files: tempfile::TempDir,
}

pub fn behaviour() -> Behaviour {
    Behaviour {
        limits: Limits {
            frame_bytes: 65_536,
            body_chars: 4000,
            subject_chars: 200,
            commands_per_second: 20,
            burst: 40,
            unanswered_commands: 16,
            connections_per_person: 3,
            outbox_bytes: 1 << 20,
        },
        rules: Rules::default(),
        heartbeat: Duration::from_secs(25),
        idle_stop: Duration::from_secs(300),
        tail_keep: 300,
        restart: RestartPolicy {
            max_restarts: 5,
            window: Duration::from_secs(10),
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(30),
        },
    }
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(behaviour()).await
    }

    pub async fn start_with(behaviour: Behaviour) -> Self {
        let files = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", files.path().join("otvet.db").display());
        let database = Database::connect(&url, 2).await.unwrap();
        database.migrate().await.unwrap();
        let journal = Journal::start(database.clone(), JournalOptions::default()).await.unwrap();
        let memory = MemoryTail::new(behaviour.tail_keep, 1 << 26);
        let tail = Arc::new(SwitchedTail::new(memory));
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_764_000_000_000)));
        let foundation = Foundation {
            journal: journal.clone(),
            tail: Arc::clone(&tail) as SharedTail,
            people: Arc::new(Staff),
            clock: Arc::clone(&clock) as _,
            rng: Arc::new(Mutex::new(StdRng::seed_from_u64(WORLDS.fetch_add(1, Ordering::Relaxed)))),
        };
        let house = House::start(foundation, behaviour).await.unwrap();
        Self { tail, house, journal, _files: files }
    }

    /// Joins and reads `ready`.
    pub async fn join(&self, person: Person) -> Member {
        self.join_at(person, BTreeMap::new()).await
    }

    /// Joins with positions and reads `ready`.
    pub async fn join_at(&self, person: Person, positions: BTreeMap<String, Position>) -> Member {
        let mut member = self.knock(person, positions, 1 << 20);
        match member.frame().await {
            ServerFrame::Ready(ready) => member.ready = Some(*ready),
            other => panic!("expected ready, got {other:?}"),
        }
        member
    }

    /// Joins and reads nothing.
    pub fn knock(&self, person: Person, positions: BTreeMap<String, Position>, bound: usize) -> Member {
        let outbox = Outbox::new(Format::MessagePack, bound);
        let introduction = Introduction {
            person,
            token_id: 1,
            hello_id: CommandId::Number(0),
            positions,
            outbox: Arc::clone(&outbox),
            name: "test".to_owned(),
        };
        let connection = self.house.join(introduction);
        Member {
            connection,
            outbox,
            ready: None,
            unread: VecDeque::new(),
            later: VecDeque::new(),
            commands: 0,
        }
    }

    /// Waits until something holds that happens by itself.
    pub async fn until(&self, what: &str, mut holds: impl FnMut(&House) -> bool) {
        let wait = async {
            while !holds(&self.house) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("never came: {what}"));
    }
}

/// A connection with verbs.
pub struct Member {
    pub connection: Connection,
    pub outbox: Arc<Outbox>,
    pub ready: Option<Ready>,
    unread: VecDeque<Bytes>,
    /// Frames that came while something else was waited for, in order.
    later: VecDeque<ServerFrame>,
    commands: i64,
}

impl Member {
    pub fn ready(&self) -> &Ready {
        self.ready.as_ref().unwrap()
    }

    /// Gives a command and waits for its answer; what comes before it is kept for later.
    pub async fn give(&mut self, command: Command) -> Result<Answer, Failed> {
        let id = self.post(command);
        self.answer(id).await
    }

    /// Gives a command without waiting.
    pub fn post(&mut self, command: Command) -> i64 {
        self.commands += 1;
        self.connection.submit(Some(CommandId::Number(self.commands)), command).unwrap();
        self.commands
    }

    pub async fn answer(&mut self, id: i64) -> Result<Answer, Failed> {
        let id = CommandId::Number(id);
        loop {
            match self.frame_from_outbox().await {
                ServerFrame::Answered(answered) if answered.id == id => return Ok(answered.answer),
                ServerFrame::Failed(failed) if failed.id == Some(id.clone()) => return Err(failed),
                other => self.later.push_back(other),
            }
        }
    }

    pub async fn open(&mut self, key: &str, body: &str) -> Summary {
        let open = Open { key: key.parse().unwrap(), subject: None, body: body.to_owned() };
        match self.give(Command::Open(open)).await {
            Ok(Answer::Opened { conversation, .. }) => *conversation,
            other => panic!("open: {other:?}"),
        }
    }

    pub async fn send(&mut self, conversation: ConversationId, key: &str, body: &str) -> Result<u64, Failed> {
        seq(self.give(send(conversation, key, body)).await)
    }

    pub async fn claim(&mut self, conversation: ConversationId, take_over: bool) -> Result<u64, Failed> {
        seq(self.give(Command::Claim(Claim { conversation, take_over })).await)
    }

    pub async fn watch(&mut self, conversation: ConversationId) -> Position {
        match self.give(Command::Watch(Target { conversation })).await {
            Ok(Answer::Watching { position }) => position,
            other => panic!("watch: {other:?}"),
        }
    }

    pub async fn read(&mut self, conversation: ConversationId, seq: u64) {
        let done = self.give(Command::Read(Mark { conversation, seq })).await;
        assert_eq!(done, Ok(Answer::Done {}));
    }

    /// The next frame.
    pub async fn frame(&mut self) -> ServerFrame {
        match self.later.pop_front() {
            Some(frame) => frame,
            None => self.frame_from_outbox().await,
        }
    }

    /// The next event of a conversation; events of other streams are passed over.
    pub async fn event(&mut self) -> Event {
        loop {
            if let ServerFrame::Event(event) = self.frame().await
                && matches!(event.stream, StreamName::Conversation(_))
            {
                return event;
            }
        }
    }

    /// Events of a conversation up to and including a number.
    pub async fn events_to(&mut self, seq: u64) -> Vec<Event> {
        let mut events = vec![self.event().await];
        while events.last().unwrap().seq < seq {
            events.push(self.event().await);
        }
        events
    }

    /// The next event of the person's own list or inbox.
    pub async fn listed(&mut self) -> EventKind {
        loop {
            if let ServerFrame::Event(event) = self.frame().await
                && !matches!(event.stream, StreamName::Conversation(_))
            {
                return event.kind;
            }
        }
    }

    pub async fn signal(&mut self) -> Signal {
        loop {
            if let ServerFrame::Signal(signal) = self.frame().await {
                return signal;
            }
        }
    }

    pub async fn reset(&mut self) -> Reset {
        loop {
            if let ServerFrame::Reset(reset) = self.frame().await {
                return *reset;
            }
        }
    }

    /// Reads until the end and says why it came.
    pub async fn closed(&mut self) -> CloseCode {
        let mut frames = Frames::new();
        loop {
            match tokio::time::timeout(DEADLINE, self.outbox.next(&mut frames)).await.expect("never closed") {
                Next::Close(code) => return code,
                Next::Frames => frames.clear(),
            }
        }
    }

    async fn frame_from_outbox(&mut self) -> ServerFrame {
        loop {
            if let Some(bytes) = self.unread.pop_front() {
                return decode_any(Format::MessagePack, &bytes).unwrap();
            }
            let mut frames = Frames::new();
            match tokio::time::timeout(DEADLINE, self.outbox.next(&mut frames)).await.expect("no frame came")
            {
                Next::Frames => self.unread.extend(frames),
                Next::Close(code) => panic!("closed with {code:?}"),
            }
        }
    }
}

pub fn send(conversation: ConversationId, key: &str, body: &str) -> Command {
    Command::Send(Send {
        conversation,
        key: key.parse().unwrap(),
        body: body.to_owned(),
        attachments: Vec::new(),
    })
}

pub fn seq(outcome: Result<Answer, Failed>) -> Result<u64, Failed> {
    outcome.map(|answer| match answer {
        Answer::Stored { seq } | Answer::Opened { seq, .. } => seq,
        other => panic!("no number in {other:?}"),
    })
}

pub fn body(event: &Event) -> &str {
    match &event.kind {
        EventKind::Message { body, .. } | EventKind::Note { body, .. } => body,
        other => panic!("no body in {other:?}"),
    }
}

pub fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}
