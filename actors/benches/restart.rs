//! What a failure costs: a command at which its conversation actor dies once, until the successor that the router starts
//! has read the conversation again and answered; beside the same command undisturbed, and beside a bare task that panics
//! and is spawned again by whoever watches it.
//!
//! Here and not in `benches/`, since the points of failure must be compiled in, which would slow down all others there.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use otvet_actors::{Behaviour, Foundation, House, People, RestartPolicy};
use otvet_engine::clock::{ManualClock, Timestamp};
use otvet_engine::conversation::{Command, Rules};
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::journal::{Journal, JournalOptions};
use otvet_engine::protocol::client::Open;
use otvet_engine::protocol::{Answer, Limits, Person, Refusal, Role};
use otvet_engine::store::Database;
use otvet_engine::tail::MemoryTail;
use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

struct Nobody;

#[async_trait]
impl People for Nobody {
    async fn staff(&self, _: PersonId) -> Result<Option<Person>, Refusal> {
        Ok(None)
    }

    async fn former_guests(&self, _: PersonId) -> Result<Vec<PersonId>, Refusal> {
        Ok(Vec::new())
    }

    async fn transferred(&self, _: ConversationId, _: PersonId, _: PersonId) {}
}

fn visitor() -> Person {
    Person { id: PersonId::User(1), role: Role::Visitor, name: "Анна".to_owned() }
}

/// A command that was answered before: it goes all the way, and nothing is stored.
fn again() -> Command {
    let key = "the same again".parse().expect("it is short");
    Command::Send {
        key, body: "Здравствуйте! Где мой заказ?".to_owned(), attachments: Vec::new()
    }
}

/// Actors on a journal in a temporary file, one conversation, and restarts without limit.
async fn talk() -> (House, ConversationId, TempDir) {
    let files = tempfile::tempdir().expect("there is room for a file");
    let url = format!("sqlite://{}?mode=rwc", files.path().join("bench.db").display());
    let database = Database::connect(&url, 2).await.expect("SQLite opens a new file");
    database.migrate().await.expect("a new file is migrated");
    let journal = Journal::start(database, JournalOptions::default()).await;
    let foundation = Foundation {
        journal: journal.expect("a migrated database has an epoch"),
        tail: Arc::new(MemoryTail::new(300, 1 << 28)),
        people: Arc::new(Nobody),
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(1_764_000_000_000))),
        rng: Arc::new(Mutex::new(StdRng::seed_from_u64(1))),
    };
    let restart = RestartPolicy {
        max_restarts: u32::MAX - 1,
        window: Duration::from_secs(1),
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(1),
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
    let behaviour = Behaviour {
        limits,
        rules: Rules::default(),
        heartbeat: Duration::from_secs(25),
        idle_stop: Duration::from_secs(3600),
        tail_keep: 300,
        restart,
    };
    let house = House::start(foundation, behaviour).await.expect("the router starts");
    let open =
        Open { key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned() };
    let Ok(Answer::Opened { conversation, .. }) = house.open(visitor(), open).await else {
        panic!("a visitor may ask")
    };
    house.command(visitor(), conversation.id, again()).await.expect("a visitor may write");
    (house, conversation.id, files)
}

/// A task that dies at every other question, and is spawned again for the one after it.
async fn bare_restart() {
    let (questions, mut waiting) = mpsc::channel::<oneshot::Sender<()>>(1);
    let (reply, answer) = oneshot::channel();
    questions.send(reply).await.expect("the channel is open");
    let first = tokio::spawn(async { std::panic::resume_unwind(Box::new("planned")) });
    let died: Result<(), _> = first.await;
    assert!(died.is_err(), "it was to die");
    tokio::spawn(async move {
        while let Some(reply) = waiting.recv().await {
            let _ = reply.send(());
        }
    });
    answer.await.expect("the second one answers");
}

fn restart(c: &mut Criterion) {
    // A thousand planned deaths would be a thousand printed ones.
    std::panic::set_hook(Box::new(|_| {}));
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("restart");
    let (house, conversation, _files) = runtime.block_on(talk());
    let ask = || house.command(visitor(), conversation, again());
    let point = format!("decide/{conversation}");
    group.bench_function("otvet conversation", |b| {
        b.iter(|| {
            fail::cfg(point.as_str(), "1*panic->off").expect("the action is one");
            runtime.block_on(ask()).expect("the successor answers")
        });
    });
    fail::remove(&point);
    group.bench_function("undisturbed", |b| b.iter(|| runtime.block_on(ask()).expect("it is answered")));
    group.bench_function("tokio task", |b| b.iter(|| runtime.block_on(bare_restart())));
    group.finish();
    drop(std::panic::take_hook());
}

criterion_group!(benches, restart);
criterion_main!(benches);
