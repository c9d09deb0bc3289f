//! Actors fail; their readers do not notice, and nothing is lost or repeated.

use std::time::Duration;

use otvet_engine::protocol::{Code, Command, EventKind};

use crate::world::{World, behaviour, body, manager, send, seq, seqs, visitor};

/// Fails a point so many times, then not any more.
fn fail_at(point: String, times: usize) {
    fail::cfg(point, &format!("{times}*panic(planted by a test)->off")).unwrap();
}

#[tokio::test]
async fn a_conversation_that_fails_while_deciding_starts_again_from_the_log() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.watch(conversation).await;
    fail_at(format!("decide/{conversation}"), 1);
    assert_eq!(anna.send(conversation, "k2", "Ещё").await.unwrap(), 3);
    assert_eq!(boris.event().await.seq, 3, "a watcher stays a watcher");
    assert_eq!(world.house.census().restarts, 1);
}

#[tokio::test]
async fn a_commit_under_way_is_finished_by_the_successor_and_answered_once() {
    for point in ["commit", "committed", "tell"] {
        let world = World::start().await;
        let mut anna = world.join(visitor(1)).await;
        let mut boris = world.join(manager(100)).await;
        let conversation = anna.open("k1", "Вопрос").await.id;
        boris.claim(conversation, false).await.unwrap();
        fail_at(format!("{point}/{conversation}"), 1);
        // `release` has no key: decided twice, it would be refused the second time.
        let target = otvet_engine::protocol::client::Target { conversation };
        assert_eq!(seq(boris.give(Command::Release(target)).await).unwrap(), 4, "{point}");
        assert_eq!(anna.send(conversation, "k2", "Ещё").await.unwrap(), 5, "{point}");
        assert_eq!(seqs(&anna.events_to(5).await), [1, 2, 3, 4, 5], "{point}");
        assert!(world.house.census().restarts >= 1, "{point}");
    }
}

#[tokio::test]
async fn other_conversations_go_on_while_one_keeps_failing_and_it_says_unavailable() {
    let world = World::start_with(otvet_actors::Behaviour {
        restart: otvet_actors::RestartPolicy {
            max_restarts: 2,
            backoff_min: Duration::from_millis(300),
            ..behaviour().restart
        },
        ..behaviour()
    })
    .await;
    let mut anna = world.join(visitor(1)).await;
    let mut vera = world.join(visitor(2)).await;
    let sick = anna.open("k1", "Вопрос").await.id;
    let well = vera.open("k1", "Вопрос").await.id;
    fail_at(format!("decide/{sick}"), 1000);
    let mut codes = Vec::new();
    while !codes.contains(&Code::Unavailable) {
        codes.push(anna.send(sick, &format!("s{}", codes.len()), "текст").await.unwrap_err().code);
        vera.send(well, &format!("w{}", codes.len()), "текст").await.unwrap();
        assert!(codes.len() < 20, "it never said so: {codes:?}");
    }
    let refused = anna.send(sick, "again", "текст").await.unwrap_err();
    assert!(refused.retry_after_ms.is_some());
    fail::remove(format!("decide/{sick}"));
    let stored = loop {
        match anna.send(sick, "well", "текст").await {
            Ok(seq) => break seq,
            Err(failed) => assert_eq!(failed.code, Code::Unavailable),
        }
        tokio::task::yield_now().await;
    };
    let stored_before = u64::try_from(codes.iter().filter(|c| **c == Code::Internal).count()).unwrap();
    assert!(stored >= 3, "{stored} after {stored_before} failures");
}

#[tokio::test]
async fn a_poisonous_command_takes_no_other_down_with_it() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    fail_at(format!("decide/{conversation}"), 2);
    let poison = anna.post(send(conversation, "poison", "яд"));
    let after = anna.post(send(conversation, "after", "после"));
    let first = seq(anna.answer(poison).await);
    assert_eq!(first.unwrap_err().code, Code::Internal, "given up after two attempts");
    assert!(seq(anna.answer(after).await).is_ok());
    let events = anna.events_to(3).await;
    assert_eq!(body(events.last().unwrap()), "после");
}

#[tokio::test]
async fn a_session_that_fails_keeps_its_connections_and_their_places() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1000)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.claim(conversation, false).await.unwrap();
    fail_at(format!("session/{}", visitor(1000).id), 1);
    for n in 4..=6 {
        boris.send(conversation, &format!("a{n}"), "Ответ").await.unwrap();
    }
    assert_eq!(seqs(&anna.events_to(6).await), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.house.census().restarts, 1);
}

/// On one thread: when the test goes on after an answer, whoever gave it waits again.
#[tokio::test]
async fn what_needs_nothing_of_a_session_but_its_connections_does_not_wake_it() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(1200)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.watch(conversation).await;
    // It would fail at whatever it is told.
    fail_at(format!("session/{}", manager(1200).id), 1);
    anna.send(conversation, "k2", "Ещё вопрос").await.unwrap();
    assert_eq!(seqs(&boris.events_to(3).await), [3]);
    assert_eq!(world.house.census().restarts, 0);
    boris.send(conversation, "a1", "Ответ").await.unwrap();
    assert_eq!(
        seqs(&boris.events_to(5).await),
        [4, 5],
        "a command is its own to handle, and its successor's"
    );
    assert_eq!(world.house.census().restarts, 1);
}

#[tokio::test]
async fn an_inbox_that_fails_goes_on_under_its_numbering() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(777)).await;
    fail_at(format!("inbox/{}", manager(777).id), 1);
    let first = anna.open("k1", "Один").await.id;
    let EventKind::Upsert { conversation } = boris.listed().await else { panic!("an upsert") };
    assert_eq!(conversation.id, first);
    assert_eq!(world.house.census().restarts, 1);
}

#[tokio::test]
async fn the_router_fails_and_everything_goes_on() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.watch(conversation).await;
    fail_at("router/session/u555".to_owned(), 1);
    let mut late = world.join(visitor(555)).await;
    assert_eq!(anna.send(conversation, "k2", "Ещё").await.unwrap(), 3);
    assert_eq!(boris.event().await.seq, 3);
    late.open("k1", "Я тоже").await;
    assert!(world.house.census().restarts >= 1);
}

#[tokio::test]
async fn idle_actors_end_and_come_back_when_needed() {
    let world =
        World::start_with(otvet_actors::Behaviour { idle_stop: Duration::from_millis(80), ..behaviour() })
            .await;
    let mut anna = world.join(visitor(1)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    world.until("the conversation has ended", |house| house.census().conversations == 0).await;
    assert_eq!(anna.send(conversation, "k2", "Ещё").await.unwrap(), 3);
    assert_eq!(anna.send(conversation, "k2", "Ещё").await.unwrap(), 3, "keys are known again");
    drop(anna);
    world
        .until("everybody has ended", |house| {
            let census = house.census();
            census.sessions + census.conversations + census.inboxes == 0
        })
        .await;
}

#[tokio::test]
async fn commands_for_what_does_not_exist_leave_no_actor_behind() {
    let world = World::start().await;
    let mut eve = world.join(visitor(2)).await;
    for n in 0..30_u8 {
        let id =
            otvet_engine::ids::ConversationId::new(otvet_engine::clock::Timestamp::from_millis(1), [n; 10]);
        assert_eq!(eve.send(id, "k", "?").await.unwrap_err().code, Code::NotFound);
    }
    world.until("nothing is left of them", |house| house.census().conversations == 0).await;
}

#[tokio::test]
async fn a_session_that_failed_still_keeps_the_list_of_its_devices() {
    let world = World::start().await;
    let mut anna = world.join(visitor(4242)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    anna.listed().await;
    fail_at(format!("session/{}", visitor(4242).id), 1);
    boris.claim(conversation, false).await.unwrap();
    assert_eq!(anna.events_to(3).await.last().unwrap().seq, 3);
    boris.send(conversation, "a1", "Ответ").await.unwrap();
    let EventKind::Upsert { conversation: listed } = anna.listed().await else { panic!("an upsert") };
    assert!(listed.last_seq >= 3);
}
