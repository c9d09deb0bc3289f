//! A client comes back with positions: exactly what it missed, or a snapshot, never a part.

use std::collections::BTreeMap;
use std::time::Duration;

use otvet_engine::ids::{Epoch, Position, StreamName};
use otvet_engine::protocol::client::{Target, Transfer};
use otvet_engine::protocol::{Command, EventKind, Person, Role, ServerFrame, Snapshot};
use otvet_engine::tail::Tail;

use crate::world::{World, behaviour, manager, seq, seqs, visitor};

fn at(stream: StreamName, epoch: &Epoch, seq: u64) -> BTreeMap<String, Position> {
    BTreeMap::from([(stream.to_string(), Position { epoch: epoch.clone(), seq })])
}

#[tokio::test]
async fn exactly_the_missing_events_come_then_live_ones() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    for n in 3..=9 {
        assert_eq!(phone.send(conversation, &format!("k{n}"), "текст").await.unwrap(), n);
    }
    let stream = StreamName::Conversation(conversation);
    let mut web = world.join_at(visitor(1), at(stream, world.journal.epoch(), 4)).await;
    assert_eq!(web.ready().recovered.get(&stream), Some(&true));
    assert_eq!(web.ready().streams[&stream].seq, 9);
    assert_eq!(seqs(&web.events_to(9).await), [5, 6, 7, 8, 9]);
    phone.send(conversation, "live", "текст").await.unwrap();
    assert_eq!(web.event().await.seq, 10);
    assert!(world.house.census().tail_hits > 0);
}

#[tokio::test]
async fn what_the_tail_no_longer_has_comes_from_the_database() {
    let mut behaviour = behaviour();
    behaviour.tail_keep = 3;
    let world = World::start_with(behaviour).await;
    let mut phone = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    for n in 3..=20 {
        phone.send(conversation, &format!("k{n}"), "текст").await.unwrap();
    }
    let stream = StreamName::Conversation(conversation);
    let mut web = world.join_at(visitor(1), at(stream, world.journal.epoch(), 2)).await;
    assert_eq!(seqs(&web.events_to(20).await), (3..=20).collect::<Vec<_>>());
    assert!(world.house.census().tail_misses > 0);
}

#[tokio::test]
async fn a_tail_that_was_lost_is_read_from_the_database_once() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    for n in 3..=9 {
        phone.send(conversation, &format!("k{n}"), "текст").await.unwrap();
    }
    let stream = StreamName::Conversation(conversation);
    world.tail.drop_stream(&stream).await.unwrap();
    for (after, misses) in [(7, 1), (4, 1), (0, 1)] {
        let mut web = world.join_at(visitor(1), at(stream, world.journal.epoch(), after)).await;
        assert_eq!(seqs(&web.events_to(9).await), (after + 1..=9).collect::<Vec<_>>());
        assert_eq!(world.house.census().tail_misses, misses, "after {after}");
    }
    // One that lost a part, because it was away while more was written.
    world.tail.switch(false);
    phone.send(conversation, "k10", "текст").await.unwrap();
    phone.send(conversation, "k11", "текст").await.unwrap();
    world.tail.switch(true);
    phone.send(conversation, "k12", "текст").await.unwrap();
    // The tail comes behind the answer.
    while world.tail.head(&stream).await.unwrap().is_none_or(|(head, _)| head.seq < 12) {
        tokio::task::yield_now().await;
    }
    let (hits, misses) = (world.house.census().tail_hits, world.house.census().tail_misses);
    let mut web = world.join_at(visitor(1), at(stream, world.journal.epoch(), 2)).await;
    assert_eq!(seqs(&web.events_to(12).await), (3..=12).collect::<Vec<_>>());
    assert_eq!((world.house.census().tail_hits, world.house.census().tail_misses), (hits + 1, misses));
}

#[tokio::test]
async fn a_conversation_that_starts_again_takes_its_events_from_the_tail() {
    let world =
        World::start_with(otvet_actors::Behaviour { idle_stop: Duration::from_millis(80), ..behaviour() })
            .await;
    let mut phone = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    assert_eq!(phone.send(conversation, "k3", "текст").await.unwrap(), 3);
    let mut reads = Vec::new();
    for lost in [false, true] {
        world.until("the conversation has ended", |house| house.census().conversations == 0).await;
        if lost {
            world.tail.drop_stream(&StreamName::Conversation(conversation)).await.unwrap();
        }
        let before = world.journal.counters().get().reads;
        assert_eq!(phone.send(conversation, "k3", "текст").await.unwrap(), 3, "it knows what was sent");
        reads.push(world.journal.counters().get().reads - before);
    }
    // The row and its cursors; without the tail the events as well.
    assert_eq!(reads, [2, 3]);
}

#[tokio::test]
async fn a_list_without_an_event_keeps_its_numbering_when_its_actor_ends() {
    let world =
        World::start_with(otvet_actors::Behaviour { idle_stop: Duration::from_millis(80), ..behaviour() })
            .await;
    let streams = [StreamName::Session(manager(100).id), StreamName::Inbox(manager(100).id)];
    let positions: BTreeMap<String, Position> = {
        let boris = world.join(manager(100)).await;
        streams.iter().map(|s| (s.to_string(), boris.ready().streams[s].clone())).collect()
    };
    world.until("both have ended", |house| house.census().inboxes + house.census().sessions == 0).await;
    let mut anna = world.join(visitor(1)).await;
    let first = anna.open("k1", "Вопрос").await.id;
    let mut boris = world.join_at(manager(100), positions).await;
    assert_eq!(streams.map(|s| boris.ready().recovered.get(&s).copied()), [Some(true); 2]);
    let EventKind::Upsert { conversation } = boris.listed().await else { panic!("an upsert") };
    assert_eq!(conversation.id, first);
}

#[tokio::test]
async fn a_position_of_another_numbering_or_past_the_head_is_reset() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    let stream = StreamName::Conversation(conversation);
    let other = Epoch::new([1; 8]);
    for positions in [at(stream, &other, 1), at(stream, world.journal.epoch(), 99)] {
        let mut web = world.join_at(visitor(1), positions).await;
        assert_eq!(web.ready().recovered.get(&stream), Some(&false));
        let reset = web.reset().await;
        assert_eq!((reset.stream, reset.seq), (stream, 2));
        let Snapshot::Conversation { events, more, .. } = reset.snapshot else { panic!("a conversation") };
        assert_eq!((seqs(&events), more), (vec![1, 2], false));
    }
}

#[tokio::test]
async fn too_much_to_catch_up_is_a_snapshot_that_fits_the_queue() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    for n in 3..=100 {
        phone.send(conversation, &format!("k{n}"), &"ж".repeat(4000)).await.unwrap();
    }
    let stream = StreamName::Conversation(conversation);
    let mut web = world.join_at(visitor(1), at(stream, world.journal.epoch(), 2)).await;
    assert_eq!(web.ready().recovered.get(&stream), Some(&false));
    let Snapshot::Conversation { events, more, conversation: summary } = web.reset().await.snapshot else {
        panic!("a conversation")
    };
    assert_eq!(events.last().unwrap().seq, 100);
    assert!(more && events.len() < 50 && summary.last_seq == 100);
    phone.send(conversation, "live", "текст").await.unwrap();
    assert_eq!(web.event().await.seq, 101);
}

#[tokio::test]
async fn positions_in_what_is_not_ones_own_are_ignored() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    let stream = StreamName::Conversation(conversation);
    let mut positions = at(stream, world.journal.epoch(), 0);
    positions.extend(at(StreamName::Inbox(visitor(2).id), world.journal.epoch(), 0));
    positions.extend(at(StreamName::Session(visitor(1).id), world.journal.epoch(), 0));
    positions.insert("nonsense".to_owned(), Position { epoch: Epoch::new([0; 8]), seq: 1 });
    let eve = world.join_at(visitor(2), positions).await;
    assert!(eve.ready().recovered.is_empty());
    assert_eq!(eve.ready().streams.len(), 1, "its own session");
}

#[tokio::test]
async fn a_manager_goes_on_following_what_it_has_a_position_in() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    let stream = StreamName::Conversation(conversation);
    let mut boris = world.join_at(manager(100), at(stream, world.journal.epoch(), 1)).await;
    assert_eq!(boris.event().await.seq, 2);
    anna.send(conversation, "k2", "Ещё").await.unwrap();
    assert_eq!(boris.event().await.seq, 3);
}

#[tokio::test]
async fn a_session_stream_resumes_and_a_lost_one_is_reset() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let stream = StreamName::Session(visitor(1).id);
    let before = phone.ready().streams[&stream].clone();
    phone.open("k1", "Вопрос").await;
    phone.listed().await;
    let positions = BTreeMap::from([(stream.to_string(), before)]);
    let mut web = world.join_at(visitor(1), positions.clone()).await;
    assert_eq!(web.ready().recovered.get(&stream), Some(&true));
    assert!(
        matches!(web.frame().await, ServerFrame::Event(event) if event.stream == stream && event.seq == 1)
    );

    let mut stranger = BTreeMap::new();
    stranger.insert(stream.to_string(), Position { epoch: Epoch::new([9; 8]), seq: 1 });
    let mut tablet = world.join_at(visitor(1), stranger).await;
    assert_eq!(tablet.ready().recovered.get(&stream), Some(&false));
    let Snapshot::List { conversations } = tablet.reset().await.snapshot else { panic!("a list") };
    assert_eq!(conversations.len(), 1);
}

#[tokio::test]
async fn chat_goes_on_without_a_tail_and_lists_start_anew_under_another_epoch() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    anna.listed().await;
    boris.listed().await;
    let (own, inbox) = (StreamName::Session(visitor(1).id), StreamName::Inbox(manager(100).id));
    let (own_epoch, inbox_epoch) =
        (anna.ready().streams[&own].epoch.clone(), boris.ready().streams[&inbox].epoch.clone());

    world.tail.switch(false);
    assert_eq!(anna.send(conversation, "k2", "Ещё").await.unwrap(), 3);
    let (reset, inbox_reset) = (anna.reset().await, boris.reset().await);
    assert_eq!((reset.stream, inbox_reset.stream), (own, inbox));
    assert!(reset.epoch != own_epoch && inbox_reset.epoch != inbox_epoch);
    let Snapshot::List { conversations } = reset.snapshot else { panic!("a list") };
    assert_eq!(conversations[0].last_seq, 3);
    // No second reset while the tail stays away.
    anna.send(conversation, "k3", "Ещё").await.unwrap();
    assert!(matches!(anna.listed().await, EventKind::Upsert { .. }));

    world.tail.switch(true);
    anna.send(conversation, "k4", "Ещё").await.unwrap();
    assert_eq!(anna.event().await.seq, 5);
    let stream = StreamName::Conversation(conversation);
    let mut web = world.join_at(visitor(1), at(stream, world.journal.epoch(), 2)).await;
    assert_eq!(seqs(&web.events_to(5).await), [3, 4, 5], "the hole in the tail is filled from the database");
    assert_eq!(web.ready().streams[&own].epoch, reset.epoch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ready_knows_already_does_not_come_behind_it() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let (mut mark, mut olga) = (world.join(manager(120)).await, world.join(manager(121)).await);
    let mut admin = world.join(Person { role: Role::Admin, ..manager(122) }).await;
    let [taken, released, passing] =
        [anna.open("k1", "Раз").await.id, anna.open("k2", "Два").await.id, anna.open("k3", "Три").await.id];
    mark.claim(taken, false).await.unwrap();
    mark.claim(released, false).await.unwrap();
    olga.claim(passing, false).await.unwrap();

    // A second device of Mark's joins; while it does, all this is committed, and waits in his lane behind the join.
    let point = format!("session/{}", manager(120).id);
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    // Not `pause`: a thread of the runtime that stands still may have taken a task of the others with it.
    fail::cfg_callback(&point, move || {
        // It ends with its sender.
        let _ = tokio::task::block_in_place(|| held.lock().unwrap().recv());
    })
    .unwrap();
    let mut phone = world.knock(manager(120), BTreeMap::new(), 1 << 20);
    assert_eq!(olga.claim(taken, true).await.unwrap(), 4);
    let release = |conversation| Command::Release(Target { conversation });
    assert_eq!(seq(admin.give(release(released)).await).unwrap(), 4);
    let hand_on = Command::Transfer(Transfer { conversation: passing, to: manager(120).id });
    assert_eq!(seq(olga.give(hand_on).await).unwrap(), 4);
    assert_eq!(seq(admin.give(release(passing)).await).unwrap(), 5);
    fail::remove(&point);
    drop(go_on);

    let ServerFrame::Ready(ready) = phone.frame().await else { panic!("expected ready") };
    let head = |id| ready.streams.get(&StreamName::Conversation(id)).map(|position| position.seq);
    assert_eq!((head(taken), head(released), head(passing)), (None, Some(4), Some(5)));
    phone.give(Command::Ping).await.unwrap();
    // The desk, which was here all along, has heard everything; the phone hears what comes from here on.
    assert_eq!(seqs(&mark.events_to(5).await), [3, 3, 4, 4, 4, 5]);
    assert_eq!(phone.claim(passing, false).await.unwrap(), 6);
    let event = phone.event().await;
    assert_eq!((event.stream, event.seq), (StreamName::Conversation(passing), 6));

    // Once followed, then lost, then watched: live events begin where the answer says.
    assert_eq!(olga.send(taken, "m5", "Пять").await.unwrap(), 5);
    assert_eq!(mark.watch(taken).await.seq, 5);
    assert_eq!(olga.send(taken, "m6", "Шесть").await.unwrap(), 6);
    let news = loop {
        let event = mark.event().await;
        if event.stream == StreamName::Conversation(taken) {
            break event.seq;
        }
    };
    assert_eq!(news, 6);

    // The end of a watch is not the end of what is one's own.
    phone.watch(passing).await;
    assert!(phone.give(Command::Unwatch(Target { conversation: passing })).await.is_ok());
    assert_eq!(anna.send(passing, "k4", "Ещё").await.unwrap(), 7);
    assert_eq!(phone.event().await.seq, 7);
}
