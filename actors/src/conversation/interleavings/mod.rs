//! The conversation's batching under a model checker: lane, cell, actor loop, deciding, committing and telling are the real
//! ones. The journal is a model that fails and that a rival on another node writes to; incarnations die at any point where
//! they wait. `OTVET_SCHEDULES` sets how many interleavings are tried, `OTVET_SEED` which; a failure
//! prints the schedule that shows it.

mod model;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use otvet_engine::conversation::Command;
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::{Answer, Code, EventKind, Role};
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

use super::*;
use crate::session::{SessionCell, SessionMsg};
use model::{Log, directory};

/// Of each task: polling goes deeper than the checker's usual one.
const STACK_BYTES: usize = 1 << 20;
/// Interleavings of each kind in a usual test run.
const SCHEDULES: u64 = 1_000;

/// What goes wrong.
#[derive(Clone, Copy)]
struct Weather {
    /// Incarnations that die, at most.
    deaths: usize,
    /// Whether the journal fails, too.
    journal_fails: bool,
    /// Whether another node writes.
    with_rival: bool,
}

fn anna() -> Person {
    Person { id: PersonId::User(1), role: Role::Visitor, name: "Анна".to_owned() }
}

fn mark() -> Person {
    Person { id: PersonId::User(100), role: Role::Manager, name: "Марк".to_owned() }
}

fn open() -> Command {
    Command::Open { key: "open".parse().expect("short"), subject: None, body: "question".to_owned() }
}

fn send(key: &str) -> Command {
    Command::Send { key: key.parse().expect("short"), body: key.to_owned(), attachments: Vec::new() }
}

/// Polls a future so often and then drops it, as a panic does at the point that it has come to.
async fn at_most<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Does what the router does for one conversation: one incarnation after another, until everybody is done.
async fn supervise(directory: Arc<Directory>, log: Log, deaths: usize, done: Arc<AtomicBool>) {
    let mut left = deaths;
    while !done.load(Ordering::Acquire) || directory.conversation_here(log.id).is_some() {
        let cell = directory.conversation(log.id);
        let mut state = ConversationState::new(Arc::clone(&directory), Arc::clone(&cell));
        state.record = Arc::new(log.clone());
        let is_mortal = left > 0 && thread_rng().gen_bool(0.5);
        let polls = if is_mortal { thread_rng().gen_range(1..12) } else { usize::MAX };
        if at_most(polls, state.work_off()).await.is_none() {
            left -= 1;
        }
    }
}

/// Everybody is done: the incarnation that is there, or the next one, is asked to end until there is none.
async fn end(directory: &Directory, id: ConversationId, done: &AtomicBool) {
    done.store(true, Ordering::Release);
    while let Some(cell) = directory.conversation_here(id) {
        cell.retire_if_idle_for(Duration::ZERO);
        yield_now().await;
    }
}

/// Gives commands one after the other, each until it is known what became of it; answers with what was acknowledged.
async fn give(
    directory: Arc<Directory>,
    to: ConversationId,
    by: Person,
    commands: Vec<Command>,
) -> Vec<(Command, u64)> {
    let mut stored = Vec::new();
    for command in commands {
        for _ in 0..40 {
            let (envelope, answer) = Envelope::for_caller(by.clone(), command.clone());
            directory.command(to, envelope);
            match answer.await.expect("every command is answered") {
                Ok(Answer::Stored { seq } | Answer::Opened { seq, .. }) => {
                    stored.push((command, seq));
                    break;
                }
                Ok(_) => break,
                Err(no) if matches!(no.code, Code::Unavailable | Code::Internal | Code::NotFound) => {}
                Err(no) if no.code == Code::Conflict && matches!(command, Command::Open { .. }) => break,
                Err(no) => panic!("{command:?}: {no}"),
            }
            yield_now().await;
        }
    }
    stored
}

fn everything_is_answered_stored_once_and_told(weather: Weather) {
    let with_rival = weather.with_rival;
    block_on(async move {
        let id = ConversationId::new(otvet_engine::clock::Timestamp::from_millis(1), [7; 10]);
        let (directory, log) = (directory(), Log::new(id, weather.journal_fails));
        let session = Arc::new(SessionCell::new(anna().id));
        directory.sessions.insert(anna().id, Arc::clone(&session));
        let done = Arc::new(AtomicBool::new(false));
        let supervised = supervise(Arc::clone(&directory), log.clone(), weather.deaths, Arc::clone(&done));
        let supervisor = spawn(supervised);
        let people = [
            (anna(), vec![open(), send("k1"), send("k2")]),
            // Her other device repeats what it knows no outcome of.
            (anna(), vec![send("k2"), Command::Read { seq: 1 }, send("k3")]),
            (mark(), vec![send("m1"), send("m2")]),
        ];
        let givers: Vec<_> = people
            .into_iter()
            .map(|(by, commands)| {
                let author = by.id;
                (author, spawn(give(Arc::clone(&directory), id, by, commands)))
            })
            .collect();
        if with_rival {
            let log = log.clone();
            spawn(async move { log.written_by_another_node().await });
        }
        let mut seqs = BTreeMap::new();
        for (author, giver) in givers {
            for (command, seq) in giver.await.expect("nobody gives up") {
                let event = log.stored().into_iter().find(|event| event.seq == seq);
                let (key, text) = match &command {
                    Command::Open { key, body, .. } | Command::Send { key, body, .. } => (key, body),
                    other => panic!("{other:?} is not stored"),
                };
                let is_there = matches!(event.map(|event| event.kind), Some(EventKind::Message { author: by, body, .. })
                    if by.id == author && body == *text);
                assert!(is_there, "`{text}` was acknowledged as {seq}: {:#?}", log.stored());
                let before = *seqs.entry((author, key.clone())).or_insert(seq);
                assert_eq!(before, seq, "one key, two numbers");
            }
        }
        end(&directory, id, &done).await;
        supervisor.await.expect("the last incarnation ends");
        log.check();
        // What is told twice after a failure, sessions drop by its number; what is told for the first time is in order.
        let mut told = 0;
        for message in session.lane.clear() {
            let SessionMsg::Committed { commit, .. } = message else { continue };
            for event in &commit.events {
                assert!(event.seq <= told + 1, "{} was told after {told}", event.seq);
                told = told.max(event.seq);
            }
        }
        assert!(with_rival || told == log.stored().len() as u64, "told up to {told}: {:#?}", log.stored());
    });
}

/// Tries random interleavings, and as many with few changes at hard places.
fn explore(what: &str, model: impl Fn() + Clone + Send + Sync + 'static) {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    let schedules = number("OTVET_SCHEDULES").unwrap_or(SCHEDULES) as usize;
    let seed = number("OTVET_SEED").unwrap_or(20_261_126);
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    let began = Instant::now();
    Runner::new(RandomScheduler::new_from_seed(seed, schedules), config.clone()).run(model.clone());
    Runner::new(PctScheduler::new_from_seed(seed, 3, schedules), config).run(model);
    let seconds = began.elapsed().as_secs_f64();
    println!("{what}: {} interleavings in {seconds:.1} s, seed {seed}", 2 * schedules);
}

/// Commands without a key, each of which would be refused if it were decided a second time.
fn what_was_stored_when_its_incarnation_died_is_not_decided_again() {
    block_on(async {
        let id = ConversationId::new(otvet_engine::clock::Timestamp::from_millis(1), [7; 10]);
        let (directory, log) = (directory(), Log::new(id, false));
        let done = Arc::new(AtomicBool::new(false));
        // One: what has failed two incarnations is given up.
        let supervisor = spawn(supervise(Arc::clone(&directory), log.clone(), 1, Arc::clone(&done)));
        give(Arc::clone(&directory), id, anna(), vec![open()]).await;
        let hands = [Command::Claim { take_over: false }, Command::Release];
        let commands: Vec<Command> = hands.iter().cycle().take(6).cloned().collect();
        let stored = give(Arc::clone(&directory), id, mark(), commands).await;
        let seqs: Vec<u64> = stored.iter().map(|(_, seq)| *seq).collect();
        assert_eq!(seqs, [3, 4, 5, 6, 7, 8]);
        end(&directory, id, &done).await;
        supervisor.await.expect("the last incarnation ends");
        log.check();
    });
}

#[test]
fn every_interleaving_of_batches_and_failures_answers_stores_and_tells() {
    let weather = Weather { deaths: 3, journal_fails: true, with_rival: false };
    explore("batching", move || everything_is_answered_stored_once_and_told(weather));
}

#[test]
fn every_interleaving_with_a_rival_answers_and_stores() {
    let weather = Weather { deaths: 3, journal_fails: true, with_rival: true };
    explore("batching, with a rival", move || everything_is_answered_stored_once_and_told(weather));
}

#[test]
fn every_interleaving_of_a_death_goes_on_with_the_batch_under_way() {
    explore("a batch under way", what_was_stored_when_its_incarnation_died_is_not_decided_again);
}
