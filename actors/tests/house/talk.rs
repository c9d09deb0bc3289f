//! A question is asked and answered.

use otvet_engine::protocol::client::{History, Target};
use otvet_engine::protocol::{Answer, CloseCode, Code, Command, EventKind, Format, SignalKind, Status};

use crate::world::{World, body, manager, send, seq, seqs, visitor};

#[tokio::test]
async fn a_question_reaches_the_manager_and_the_answer_the_visitor() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Где мой заказ?").await;
    assert_eq!(conversation.status, Status::Waiting);

    let EventKind::Upsert { conversation: shown } = boris.listed().await else { panic!("an upsert") };
    assert_eq!((shown.id, shown.unread), (conversation.id, 1));
    assert_eq!(boris.claim(conversation.id, false).await.unwrap(), 3);
    assert_eq!(boris.send(conversation.id, "a1", "Уже в пути").await.unwrap(), 4);

    let seen = anna.events_to(4).await;
    assert_eq!(seqs(&seen), [1, 2, 3, 4]);
    assert_eq!(body(&seen[3]), "Уже в пути");
    assert_eq!(seqs(&boris.events_to(4).await), [3, 4], "a manager follows from the claim on");
}

#[tokio::test]
async fn the_answer_comes_before_the_event_and_every_device_gets_the_event() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let mut web = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await;
    assert_eq!(seqs(&phone.events_to(2).await), [1, 2]);
    assert_eq!(seqs(&web.events_to(2).await), [1, 2]);
    assert_eq!(web.send(conversation.id, "k2", "Ещё").await.unwrap(), 3);
    assert_eq!(phone.event().await.seq, 3);
    assert_eq!(web.event().await.seq, 3);
}

#[tokio::test]
async fn one_key_is_one_event_also_when_nobody_remembers_it() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let first = anna.open("k1", "Вопрос").await;
    assert_eq!(
        anna.open("k1", "Вопрос").await.id,
        first.id,
        "the same question again is the same conversation"
    );
    assert_eq!(anna.send(first.id, "k2", "Ещё").await.unwrap(), 3);
    assert_eq!(anna.send(first.id, "k2", "Ещё").await.unwrap(), 3);
    assert_eq!(anna.send(first.id, "k2", "Другое").await.unwrap_err().code, Code::Conflict);
    let second = anna.open("k3", "Другой вопрос").await;
    assert_eq!(anna.send(second.id, "k2", "Ещё").await.unwrap_err().code, Code::Conflict, "used elsewhere");
    assert_eq!(anna.send(second.id, "k4", "Ещё").await.unwrap(), 3);
}

#[tokio::test]
async fn a_key_older_than_the_memory_still_gets_its_first_answer() {
    let mut behaviour = crate::world::behaviour();
    behaviour.rules.remembered_keys = 2;
    let world = World::start_with(behaviour).await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let mut vera = world.join(manager(101)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    assert_eq!(boris.send(conversation, "b1", "Ответ").await.unwrap(), 4);
    for n in 0..4 {
        anna.send(conversation, &format!("n{n}"), "текст").await.unwrap();
    }
    vera.claim(conversation, true).await.unwrap();
    assert_eq!(boris.send(conversation, "b1", "Ответ").await.unwrap(), 4, "stored while he had it");
    assert_eq!(boris.send(conversation, "b2", "Ответ").await.unwrap_err().code, Code::Conflict);
    assert_eq!(anna.send(conversation, "n0", "текст").await.unwrap(), 5);
}

#[tokio::test]
async fn a_batch_with_a_used_key_stores_the_rest() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let first = anna.open("k1", "Один").await;
    let second = anna.open("k2", "Два").await;
    // `k1` is known to the database alone here: the second conversation has never seen it.
    let ids = ["x1", "k1", "x2"].map(|key| anna.post(send(second.id, key, "текст")));
    assert_eq!(seq(anna.answer(ids[0]).await).unwrap(), 3);
    assert_eq!(seq(anna.answer(ids[1]).await).unwrap_err().code, Code::Conflict);
    assert_eq!(seq(anna.answer(ids[2]).await).unwrap(), 4);
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn strangers_are_told_that_there_is_no_such_conversation() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut eve = world.join(visitor(2)).await;
    let conversation = anna.open("k1", "Секрет").await.id;
    let history = History { conversation, before: None, after: None, limit: None };
    assert_eq!(eve.send(conversation, "e1", "Привет").await.unwrap_err().code, Code::NotFound);
    assert_eq!(eve.give(Command::History(history)).await.unwrap_err().code, Code::NotFound);
    let target = Target { conversation };
    assert_eq!(eve.give(Command::Watch(target.clone())).await.unwrap_err().code, Code::Forbidden);
    assert_eq!(eve.give(Command::Resolve(target)).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn two_managers_cannot_both_have_it() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let mut vera = world.join(manager(101)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.claim(conversation, false).await.unwrap();
    let refused = vera.claim(conversation, false).await.unwrap_err();
    assert_eq!((refused.code, refused.manager.map(|m| m.id)), (Code::Conflict, Some(manager(100).id)));
    vera.claim(conversation, true).await.unwrap();
    let events = boris.events_to(4).await;
    assert!(
        matches!(&events.last().unwrap().kind, EventKind::Transferred { to, .. } if to.id == manager(101).id)
    );
    assert_eq!(boris.send(conversation, "b1", "Я?").await.unwrap_err().code, Code::Conflict);
}

#[tokio::test]
async fn visitors_see_that_something_is_hidden_where_managers_see_a_note() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.claim(conversation, false).await.unwrap();
    let note = otvet_engine::protocol::client::Note {
        conversation,
        key: "n1".parse().unwrap(),
        body: "VIP".to_owned(),
    };
    assert_eq!(seq(boris.give(Command::Note(note)).await).unwrap(), 4);
    assert_eq!(body(boris.events_to(4).await.last().unwrap()), "VIP");
    assert_eq!(anna.events_to(4).await.last().unwrap().kind, EventKind::Hidden);
    let history = History { conversation, before: None, after: Some(3), limit: Some(5) };
    let Ok(Answer::History { events, .. }) = anna.give(Command::History(history)).await else {
        panic!("a page")
    };
    assert_eq!(events[0].kind, EventKind::Hidden);
}

#[tokio::test]
async fn watchers_get_live_events_until_they_stop() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    assert_eq!(boris.watch(conversation).await.seq, 2);
    anna.send(conversation, "k2", "Ещё").await.unwrap();
    assert_eq!(boris.event().await.seq, 3);
    boris.give(Command::Unwatch(Target { conversation })).await.unwrap();
    anna.send(conversation, "k3", "И ещё").await.unwrap();
    assert_eq!(boris.watch(conversation).await.seq, 4, "nothing of 4 came in between");
    anna.send(conversation, "k4", "Всё").await.unwrap();
    assert_eq!(boris.event().await.seq, 5);
}

#[tokio::test]
async fn receipts_are_signals_and_typing_is_not_for_oneself() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.claim(conversation, false).await.unwrap();
    boris.read(conversation, 2).await;
    let signal = anna.signal().await;
    assert_eq!((signal.kind, signal.seq, signal.person.id), (SignalKind::Read, Some(2), manager(100).id));
    boris.connection.submit(None, Command::Typing(Target { conversation })).unwrap();
    boris.connection.submit(None, Command::Typing(Target { conversation })).unwrap();
    assert_eq!(anna.signal().await.kind, SignalKind::Typing);
    anna.connection.submit(None, Command::Typing(Target { conversation })).unwrap();
    let for_boris = loop {
        let signal = boris.signal().await;
        if signal.kind == SignalKind::Typing {
            break signal;
        }
    };
    assert_eq!(for_boris.person.id, visitor(1).id);
}

#[tokio::test]
async fn a_person_has_so_many_connections_and_no_more() {
    let world = World::start().await;
    let mut three = Vec::new();
    for _ in 0..3 {
        three.push(world.join(visitor(1)).await);
    }
    let mut fourth = world.knock(visitor(1), Default::default(), 1 << 20);
    let otvet_engine::protocol::ServerFrame::Failed(failed) = fourth.frame().await else {
        panic!("an error")
    };
    assert_eq!(failed.code, Code::RateLimited);
    assert_eq!(fourth.closed().await, CloseCode::TooManyCommands);
    three.pop();
    world.until("the third has left", |house| house.census().connections == 2).await;
    world.join(visitor(1)).await;
}

#[tokio::test]
async fn a_reader_that_never_reads_is_let_go_and_nobody_else_notices() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut slow = world.knock(visitor(1), Default::default(), 20_000);
    let conversation = anna.open("k1", "Вопрос").await.id;
    for n in 0..20 {
        anna.send(conversation, &format!("s{n}"), &"ы".repeat(1000)).await.unwrap();
    }
    assert_eq!(slow.closed().await, CloseCode::SlowReader);
    assert_eq!(seqs(&anna.events_to(22).await), (1..=22).collect::<Vec<_>>());
    assert_eq!(slow.outbox.format(), Format::MessagePack);
}

#[tokio::test]
async fn a_watch_survives_another_device_that_leaves() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    for n in 0..50 {
        let conversation = anna.open(&format!("k{n}"), "Вопрос").await.id;
        let mut old = world.join(manager(100)).await;
        old.watch(conversation).await;
        let mut new = world.join(manager(100)).await;
        let id = new.post(Command::Watch(Target { conversation }));
        drop(old);
        new.answer(id).await.unwrap();
        anna.send(conversation, &format!("m{n}"), "Ещё").await.unwrap();
        assert_eq!(new.event().await.seq, 3);
    }
}

#[tokio::test]
async fn a_watch_of_somebody_who_left_keeps_no_conversation_awake() {
    let idle_stop = std::time::Duration::from_millis(80);
    let world = World::start_with(otvet_actors::Behaviour { idle_stop, ..crate::world::behaviour() }).await;
    let mut anna = world.join(visitor(1)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    world.join(manager(100)).await.post(Command::Watch(Target { conversation }));
    world.until("the conversation has ended", |house| house.census().conversations == 0).await;
}

#[tokio::test]
async fn what_a_former_manager_resolved_waits_for_all_when_it_is_reopened() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    // Somebody whom the look-up does not know as a manager any more.
    let former =
        otvet_engine::protocol::Person { role: otvet_engine::protocol::Role::Manager, ..visitor(50) };
    let mut gone = world.join(former).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    gone.claim(conversation, false).await.unwrap();
    gone.give(Command::Resolve(Target { conversation })).await.unwrap();
    anna.send(conversation, "k2", "Не помогло").await.unwrap();
    let last = loop {
        let event = anna.event().await;
        if matches!(event.kind, EventKind::Released { .. }) {
            break event;
        }
    };
    assert_eq!(last.seq, 7, "opened, message, claimed, resolved, reopened, message, released");
}

#[tokio::test]
async fn a_hello_names_only_so_many_streams() {
    let world = World::start().await;
    let position = otvet_engine::ids::Position { epoch: otvet_engine::ids::Epoch::new([0; 8]), seq: 1 };
    let positions = (0..300).map(|n| (format!("conversation/{n}"), position.clone())).collect();
    let mut greedy = world.knock(visitor(1), positions, 1 << 20);
    assert_eq!(greedy.closed().await, CloseCode::BadFrames);
}
