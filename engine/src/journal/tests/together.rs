//! Many conversations through one journal, with rivals, repetitions and restarts: what was acknowledged is what is stored.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::journal::{CommitError, Search, Span};

/// Acknowledged events of one conversation, by number.
type Acknowledged = BTreeMap<u64, Event>;

/// One writer of a conversation, as its actor would be: decides on what it knows, loads again when it is told to.
async fn write(
    journal: Journal,
    id: ConversationId,
    writer: i64,
    seed: u64,
) -> (ConversationId, Acknowledged) {
    let mut rng = StdRng::seed_from_u64(seed);
    let person = visitor(writer);
    let mut acknowledged = Acknowledged::new();
    let mut state: Option<State> = None;
    let mut next_key = 0;
    while next_key < 12 {
        let current = match state.take() {
            Some(state) => state,
            None => journal.load(id, &Rules::default()).await.unwrap().unwrap_or_else(|| State::empty(id)),
        };
        let mut run = Writer { now: 10 * i64::try_from(current.last_seq).unwrap(), state: current };
        let text = format!("{id} {writer} {next_key}");
        // Now and then a key that this person has used already, here or elsewhere.
        let text = if rng.random_bool(0.1) { "used everywhere".to_owned() } else { text };
        let batch = if run.state.exists() {
            let count = rng.random_range(1..=3);
            let kinds = (0..count).map(|n| {
                if n == 0 {
                    message(&person, &text, "body")
                } else {
                    EventKind::Reopened { by: person.clone() }
                }
            });
            run.batch(kinds.collect())
        } else {
            run.opened(&person, &text, None, "question")
        };
        let events = batch.events.clone();
        match journal.commit(batch).await {
            Ok(()) => {
                for event in events {
                    assert!(acknowledged.insert(event.seq, event).is_none(), "acknowledged twice");
                }
                state = Some(run.state);
                next_key += 1;
            }
            Err(CommitError::HeadMoved) => {}
            Err(CommitError::KeysInUse(used)) => {
                assert!(used.iter().all(|used| used.author == person.id));
                next_key += 1;
            }
            Err(error) => panic!("{error}"),
        }
        if rng.random_bool(0.2) {
            tokio::task::yield_now().await;
        }
    }
    (id, acknowledged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_acknowledged_is_stored() {
    let seed: u64 = std::env::var("OTVET_TEST_SEED").map_or(20_261_123, |seed| seed.parse().unwrap());
    println!("OTVET_TEST_SEED={seed}");
    let fixture = Fixture::new().await;
    // A second journal on the same file stands for a second node.
    let second = Database::connect(&fixture.url, 2).await.unwrap();
    let journals = [
        fixture.journal.clone(),
        Journal::start(second.clone(), JournalOptions { group_events: 7, ..JournalOptions::default() })
            .await
            .unwrap(),
    ];
    let mut writers = Vec::new();
    for conversation in 1..=24_u8 {
        // Every third conversation has two writers, one on each node.
        let rivals = if conversation % 3 == 0 { 2 } else { 1 };
        for rival in 0..rivals {
            let journal = journals[usize::from(conversation + rival) % 2].clone();
            let person = 1 + i64::from(conversation % 5) + 10 * i64::from(rival);
            let seed = seed ^ (u64::from(conversation) << 8 | u64::from(rival));
            writers.push(tokio::spawn(write(journal, id(conversation), person, seed)));
        }
    }
    let mut acknowledged: BTreeMap<ConversationId, Acknowledged> = BTreeMap::new();
    for writer in writers {
        let (id, events) = writer.await.unwrap();
        let all = acknowledged.entry(id).or_default();
        for (seq, event) in events {
            assert!(all.insert(seq, event).is_none(), "{id} {seq} was acknowledged to two writers");
        }
    }
    let counted = journals.iter().map(|journal| journal.counters().get()).collect::<Vec<_>>();
    println!("{counted:?}");
    assert!(counted.iter().any(|c| c.commits < c.batches), "some shared a commit");
    journals[1].close().await;
    second.close().await;

    let fixture = fixture.reopened().await;
    let mut keys = BTreeSet::new();
    for (id, all) in &acknowledged {
        let stored = fixture.journal.events(*id, Span::After(0), 10_000, usize::MAX).await.unwrap().events;
        assert_eq!(
            stored.iter().map(|event| event.seq).collect::<Vec<_>>(),
            (1..=stored.len() as u64).collect::<Vec<_>>()
        );
        assert_eq!(stored, all.values().cloned().collect::<Vec<_>>(), "{id}");
        for event in &stored {
            if let EventKind::Message { author, key, .. } = &event.kind {
                assert!(keys.insert((author.id, key.clone())), "{key:?} became two events");
            }
        }
        // The projection is what the log amounts to.
        let mut replayed = State::empty(*id);
        stored.iter().for_each(|event| replayed.apply(event, &Rules::default()));
        let loaded = fixture.journal.load(*id, &Rules::default()).await.unwrap().unwrap();
        assert_eq!(loaded, replayed, "{id}");
    }
    let total: usize = acknowledged.values().map(BTreeMap::len).sum();
    assert_eq!(log(&fixture.db).await.len(), total, "and nothing else");
    let reader = manager(1).id;
    let listed = fixture.journal.search(&Search::default(), reader, 1000, None).await.unwrap().listed;
    assert_eq!(listed.len(), acknowledged.values().filter(|all| !all.is_empty()).count());
}
