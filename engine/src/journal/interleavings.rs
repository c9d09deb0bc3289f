//! The group commit under a model checker: the writer's loop, its handles and the admission are the real ones; the database
//! is a model that other writers change between a transaction's reading and its commit, and that fails. `OTVET_SCHEDULES`
//! sets how many interleavings are tried, `OTVET_SEED` which; a failure prints the schedule that shows it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

use super::admission::{Admission, asked_keys, digest, keyed};
use super::group::Failure;
use super::writer::{Handle, Store, Verdict, run};
use super::{Batch, CommitError, Counters, JournalOptions, KeyedEvent, ReadError};
use crate::clock::Timestamp;
use crate::conversation::{Rules, State};
use crate::ids::{ConversationId, Key, PersonId};
use crate::protocol::{Event, EventKind, Person, Role};

/// Of each task: polling goes deeper than the checker's usual one.
const STACK_BYTES: usize = 1 << 20;
/// Interleavings of each kind in a usual test run.
const SCHEDULES: u64 = 2_000;
/// Actors of one conversation, by the node that they are on: two on one, as after a restart with a batch under way, and a
/// rival on another. Each node has a writer of its own.
const ACTORS: [usize; 3] = [0, 0, 1];
const CONVERSATIONS: u8 = 2;
/// Commands that each actor has stored, or knows to be.
const COMMANDS: usize = 2;

/// What is stored, in the order of arrival, with the subjects of questions.
#[derive(Debug, Clone, Default)]
struct Database(Arc<Mutex<Vec<(ConversationId, Event)>>>);

impl Database {
    fn rows(&self) -> Vec<(ConversationId, Event)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn of(&self, id: ConversationId) -> Vec<Event> {
        self.rows().into_iter().filter(|(of, _)| *of == id).map(|(_, event)| event).collect()
    }

    fn heads(&self) -> HashMap<ConversationId, u64> {
        self.rows().into_iter().map(|(id, event)| (id, event.seq)).collect()
    }

    fn used(&self, asked: &BTreeSet<(PersonId, Key)>) -> Vec<KeyedEvent> {
        let used = |(conversation, event): (ConversationId, Event)| {
            let (author, key) = keyed(&event)?;
            asked.contains(&(author.id, key.clone())).then(|| KeyedEvent {
                author: author.id,
                key: key.clone(),
                conversation,
                seq: event.seq,
                digest: digest(&event, None),
            })
        };
        self.rows().into_iter().filter_map(used).collect()
    }

    /// The unique keys are the referees: all of it or nothing.
    fn insert(&self, events: &[(ConversationId, Event)]) -> Result<(), Failure> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clash = |(id, event): &(ConversationId, Event)| {
            rows.iter().any(|(of, there)| {
                let same_key = keyed(event).is_some_and(|(author, key)| {
                    keyed(there).is_some_and(|(other, taken)| (author.id, key) == (other.id, taken))
                });
                same_key || (id, event.seq) == (of, there.seq)
            })
        };
        if events.iter().any(clash) {
            return Err(Failure::Conflict);
        }
        rows.extend_from_slice(events);
        Ok(())
    }
}

#[async_trait]
impl Store for Database {
    async fn transact(&self, batches: &[Arc<Batch>]) -> Result<Vec<Verdict>, Failure> {
        let asked = batches.iter().flat_map(|batch| asked_keys(batch)).collect();
        let mut admission = Admission::new(self.heads(), self.used(&asked));
        // Others commit in between, as databases allow that do not lock what was read.
        yield_now().await;
        let verdicts: Vec<Verdict> = batches.iter().map(|batch| admission.admit(batch)).collect();
        let stored = batches.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_ok());
        let events: Vec<_> = stored
            .flat_map(|(batch, _)| batch.events.iter().map(|event| (batch.conversation, event.clone())))
            .collect();
        match thread_rng().gen_range(0..10) {
            0 => return Err(Failure::Unavailable("full".to_owned())),
            // The connection breaks before the commit arrives, or after.
            1 => return Err(Failure::Unknown("cut off".to_owned())),
            2 => {
                self.insert(&events)?;
                return Err(Failure::Unknown("cut off".to_owned()));
            }
            _ => self.insert(&events)?,
        }
        yield_now().await;
        Ok(verdicts)
    }

    async fn keys_in_use(&self, batch: &Batch) -> Result<Vec<KeyedEvent>, ReadError> {
        yield_now().await;
        Ok(self.used(&asked_keys(batch).into_iter().collect()))
    }

    async fn let_others_run(&self) {
        yield_now().await;
    }
}

fn id(n: u8) -> ConversationId {
    ConversationId::new(Timestamp::from_millis(1), [n; 10])
}

fn person() -> Person {
    Person { id: PersonId::User(1), role: Role::Visitor, name: "Анна".to_owned() }
}

/// A batch after what is stored, with one keyed event whose text says who sent it. The first one opens.
fn batch(database: &Database, id: ConversationId, key: &str, body: &str) -> Batch {
    let (rules, anna) = (Rules::default(), person());
    let mut state = State::empty(id);
    database.of(id).iter().for_each(|event| state.apply(event, &rules));
    let mut kinds = Vec::new();
    if !state.exists() {
        kinds.push(EventKind::Opened { subject: None, visitor: anna.clone() });
    }
    let (key, body) = (key.parse().expect("a short key"), body.to_owned());
    kinds.push(EventKind::Message { author: anna.clone(), body, key, attachments: Vec::new() });
    let events = state.number(kinds, Timestamp::from_millis(2));
    events.iter().for_each(|event| state.apply(event, &rules));
    Batch {
        conversation: id,
        events,
        after: Arc::new(state),
        changed_participants: vec![anna.id],
        key_owners: vec![anna.id],
    }
}

/// What became of one attempt, by the text that only it had.
type Told = BTreeMap<String, Result<u64, CommitError>>;

/// One conversation's actor: decides on what is stored, and decides again as it is told. The first key is everybody's, as
/// devices of one person repeat what they do not know the outcome of; the others are its own.
async fn actor(database: Database, journal: Handle, number: usize, id: ConversationId) -> Told {
    let mut told = Told::new();
    for command in 0..COMMANDS {
        for attempt in 0.. {
            let body = format!("{id} {command} {number} {attempt}");
            let key = if command == 0 { format!("{id}") } else { format!("{id} {command} {number}") };
            let batch = batch(&database, id, &key, &body);
            let last = batch.after.last_seq;
            yield_now().await;
            let verdict = journal.commit(batch).await;
            let goes_on = matches!(
                verdict,
                Err(CommitError::HeadMoved | CommitError::Unknown(_) | CommitError::Unavailable(_))
            );
            told.insert(body, verdict.map(|()| last));
            if !goes_on || attempt > 20 {
                break;
            }
        }
    }
    told
}

fn what_was_told_is_what_is_stored() {
    block_on(async {
        let database = Database::default();
        let options = JournalOptions { queue: 2, group_events: 3, ..JournalOptions::default() };
        let (mut actors, mut handles) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let (handle, inbox) = Handle::new(options.queue);
            spawn(run(database.clone(), options, inbox, Arc::new(Counters::default())));
            handles.push(handle);
        }
        for (number, node) in ACTORS.into_iter().enumerate() {
            for n in 0..CONVERSATIONS {
                actors.push(spawn(actor(database.clone(), handles[node].clone(), number, id(n))));
            }
        }
        let mut told = Told::new();
        for actor in actors {
            told.extend(actor.await.expect("an actor ends"));
        }
        let rows = database.rows();
        for n in 0..CONVERSATIONS {
            let seqs: Vec<u64> = database.of(id(n)).iter().map(|event| event.seq).collect();
            assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "gaps or disorder: {seqs:?}");
        }
        let keys: Vec<&Key> = rows.iter().filter_map(|(_, event)| Some(keyed(event)?.1)).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "a key twice: {keys:?}");
        for (text, outcome) in &told {
            let stored = rows
                .iter()
                .find(|(_, event)| matches!(&event.kind, EventKind::Message { body, .. } if body == text));
            match outcome {
                Ok(seq) => assert_eq!(stored.map(|(_, e)| e.seq), Some(*seq), "`{text}` was acknowledged"),
                Err(CommitError::Unknown(_)) => {}
                Err(CommitError::KeysInUse(keys)) => {
                    assert!(stored.is_none(), "`{text}` is stored under a key in use");
                    let there =
                        |k: &KeyedEvent| rows.iter().any(|(id, e)| (*id, e.seq) == (k.conversation, k.seq));
                    assert!(!keys.is_empty() && keys.iter().all(there), "{keys:?} point nowhere");
                }
                Err(refused) => assert!(stored.is_none(), "`{text}` is stored and was refused: {refused}"),
            }
        }
        for handle in handles {
            handle.close().await;
        }
    });
}

fn what_is_handed_over_before_the_end_is_answered() {
    block_on(async {
        let database = Database::default();
        let (handle, inbox) = Handle::new(4);
        let writer = spawn(run(database.clone(), JournalOptions::default(), inbox, Arc::default()));
        let senders: Vec<_> = (0..3_u8)
            .map(|n| {
                let (database, handle) = (database.clone(), handle.clone());
                spawn(async move {
                    let verdict = handle.commit(batch(&database, id(n), "key", &format!("{n}"))).await;
                    (n, verdict)
                })
            })
            .collect();
        let closer = spawn({
            let handle = handle.clone();
            async move { handle.close().await }
        });
        for sender in senders {
            let (n, verdict) = sender.await.expect("a sender ends");
            let stored = !database.of(id(n)).is_empty();
            match verdict {
                Ok(()) => assert!(stored),
                Err(CommitError::Unknown(why)) => {
                    assert_eq!(why, "cut off", "nobody is left without an answer")
                }
                // All three have the one key of one person.
                Err(CommitError::KeysInUse(_) | CommitError::HeadMoved | CommitError::Unavailable(_)) => {
                    assert!(!stored);
                }
            }
        }
        closer.await.expect("it ends");
        writer.await.expect("the writer ends when it is closed");
        let late = handle.commit(batch(&database, id(9), "late", "late")).await;
        assert!(matches!(late, Err(CommitError::Unavailable(_))), "{late:?}");
        handle.close().await;
    });
}

/// Tries random interleavings, and as many with few changes at hard places.
fn explore(what: &str, model: fn()) {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    let schedules = number("OTVET_SCHEDULES").unwrap_or(SCHEDULES) as usize;
    let seed = number("OTVET_SEED").unwrap_or(20_261_126);
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    let began = Instant::now();
    Runner::new(RandomScheduler::new_from_seed(seed, schedules), config.clone()).run(model);
    Runner::new(PctScheduler::new_from_seed(seed, 3, schedules), config).run(model);
    let seconds = began.elapsed().as_secs_f64();
    println!("{what}: {} interleavings in {seconds:.1} s, seed {seed}", 2 * schedules);
}

#[test]
fn every_interleaving_stores_what_it_acknowledges() {
    explore("group commit", what_was_told_is_what_is_stored);
}

#[test]
fn every_interleaving_of_the_end_answers_everybody() {
    explore("the journal's end", what_is_handed_over_before_the_end_is_answered);
}
