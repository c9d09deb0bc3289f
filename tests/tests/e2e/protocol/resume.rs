//! Coming back: exactly what was missed, or a reset that says so.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use otvet_engine::ids::{Epoch, Position, StreamName};
use otvet_engine::protocol::{ServerFrame, Snapshot};
use otvet_tests::world::run;

use super::{Scene, scene};
use crate::judge;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_position_brings_exactly_what_was_missed() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let stream = StreamName::Conversation(conversation);
        // What has not come by then is no business of the next connection: it would start at the head.
        anna.expect_reached(stream, 2).await?;
        anna.resume().await?;
        mark.claim(conversation, false).await?;
        anna.expect_event(conversation, "claimed").await?;
        for round in 0..5_u64 {
            anna.drop_hard().await;
            let known = anna.positions()[&stream].seq;
            for n in 0..round * 3 {
                mark.send(conversation, &format!("{round}-{n}"), &format!("while away {n}")).await?;
            }
            let ready = anna.connect().await?;
            ensure!(ready.recovered.get(&stream) == Some(&true), "round {round}: {:?}", ready.recovered);
            ensure!(ready.streams[&stream].seq == known + round * 3, "round {round}: {:?}", ready.streams);
            // And from there on live ones.
            let live = mark.send(conversation, &format!("{round}-live"), "live").await?;
            anna.expect_reached(stream, live).await?;
        }
        anna.ping().await?;
        let head = anna.positions()[&stream].seq;
        let numbers: Vec<u64> = anna.events(conversation).iter().map(|e| e.seq).collect();
        ensure!(numbers == (1..=head).collect::<Vec<_>>(), "{numbers:?}");
        ensure!(
            !anna.received().iter().any(|f| matches!(f, ServerFrame::Reset(_))),
            "nothing called for a reset"
        );
        judge::must_be_clean(&mut mark, &[conversation], &[&anna]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_goes_from_device_to_device() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        anna.resume().await?;
        anna.drop_hard().await;
        mark.claim(conversation, false).await?;
        let mut phone =
            world.device("anna's phone", &anna.identity, otvet_engine::protocol::Format::MessagePack);
        let ready = phone.connect_at(anna.positions()).await?;
        ensure!(ready.recovered.values().all(|r| *r), "{:?}", ready.recovered);
        ensure!(phone.expect_event(conversation, "claimed").await?.seq == 3);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_epoch_is_reset_with_all_that_is_to_be_known() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let foreign = |seq| Position { epoch: Epoch("another numbering".into()), seq };
        let (stream, list) =
            (StreamName::Conversation(conversation), StreamName::Session(anna.identity.person.id));
        let ready = anna.connect_at(BTreeMap::from([(stream, foreign(1)), (list, foreign(1))])).await?;
        ensure!(ready.recovered.get(&stream) == Some(&false), "{:?}", ready.recovered);
        ensure!(ready.recovered.get(&list) == Some(&false), "{:?}", ready.recovered);
        for _ in 0..2 {
            let reset = anna
                .expect_frame("a reset", |f| match f {
                    ServerFrame::Reset(r) => Some((**r).clone()),
                    _ => None,
                })
                .await?;
            match reset.snapshot {
                Snapshot::Conversation { conversation, events, more } => {
                    ensure!(reset.stream == stream && reset.seq == 2 && conversation.last_seq == 2);
                    ensure!(events.len() == 2 && !more, "{events:?}");
                }
                Snapshot::List { conversations } => {
                    ensure!(reset.stream == list && conversations.len() == 1, "{conversations:?}");
                }
            }
        }
        let inbox = StreamName::Inbox(mark.identity.person.id);
        mark.connect_at(BTreeMap::from([(inbox, foreign(1))])).await?;
        let reset = mark.expect_reset(inbox).await?;
        ensure!(
            matches!(&reset.snapshot, Snapshot::List { conversations } if conversations.len() == 1),
            "{reset:?}"
        );
        // Live events go on after the reset.
        let seq = anna.send(conversation, "after", "After the reset").await?;
        ensure!(seq == 3 && anna.expect_event(conversation, "message").await?.seq == 3);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_ahead_of_the_head_is_reset() {
    run(&[], async |world| {
        let Scene { mut anna, mark: _mark, conversation } = scene(world).await?;
        let stream = StreamName::Conversation(conversation);
        let head = anna.resume().await?.streams.remove(&stream).context("the conversation's head")?;
        let ahead = Position { epoch: head.epoch, seq: 1_000 };
        let ready = anna.connect_at(BTreeMap::from([(stream, ahead)])).await?;
        ensure!(ready.recovered.get(&stream) == Some(&false), "{:?}", ready.recovered);
        ensure!(anna.expect_reset(stream).await?.seq == 2);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_the_tail_comes_whole_or_as_a_reset() {
    run(&[("TAIL__KEEP", "10"), ("LIMITS__BURST", "1000"), ("LIMITS__COMMANDS_PER_SECOND", "1000")], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let stream = StreamName::Conversation(conversation);
        let inbox = StreamName::Inbox(mark.identity.person.id);
        anna.resume().await?;
        mark.resume().await?;
        mark.drop_hard().await;
        for n in 0..40 {
            anna.send(conversation, &format!("k{n}"), &format!("message {n}")).await?;
        }
        let head = anna.expect_reached(stream, 42).await.map(|()| 42)?;
        let mut phone = world.device("anna's phone", &anna.identity, otvet_engine::protocol::Format::Json);
        let old = Position { epoch: anna.positions()[&stream].epoch.clone(), seq: 2 };
        let ready = phone.connect_at(BTreeMap::from([(stream, old)])).await?;
        if ready.recovered[&stream] {
            phone.expect_reached(stream, head).await?;
            phone.ping().await?;
            let numbers: Vec<u64> = phone.events(conversation).iter().map(|e| e.seq).collect();
            ensure!(numbers == (3..=head).collect::<Vec<_>>(), "a part only: {numbers:?}");
        } else {
            ensure!(phone.expect_reset(stream).await?.seq == head);
        }
        // An inbox has nothing but its tail.
        let ready = mark.connect().await?;
        ensure!(ready.recovered.get(&inbox) == Some(&false), "{:?}", ready.recovered);
        let reset = mark.expect_reset(inbox).await?;
        ensure!(matches!(&reset.snapshot, Snapshot::List { conversations } if conversations[0].last_seq == head));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_and_senseless_positions_are_ignored() {
    run(&[], async |world| {
        let Scene { anna, mark, conversation } = scene(world).await?;
        let eve = world.guest("Eve").await?;
        let mut eve = world.device("eve", &eve, otvet_engine::protocol::Format::Json);
        let position = |seq| Position { epoch: Epoch("e".into()), seq };
        let foreign = [
            StreamName::Conversation(conversation),
            StreamName::Session(anna.identity.person.id),
            StreamName::Inbox(mark.identity.person.id),
            StreamName::Inbox(eve.identity.person.id),
        ];
        let ready = eve.connect_at(foreign.iter().map(|s| (*s, position(0))).collect()).await?;
        ensure!(ready.recovered.is_empty(), "{:?}", ready.recovered);
        ensure!(ready.streams.keys().all(|s| !foreign.contains(s)), "{:?}", ready.streams);
        eve.ping().await?;
        let told =
            eve.received().into_iter().any(|f| matches!(f, ServerFrame::Event(_) | ServerFrame::Reset(_)));
        ensure!(!told, "{:?}", eve.received());
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_epoch_of_ready_is_that_of_every_conversation_also_of_later_ones() {
    run(&[], async |world| {
        let guest = world.guest("Anna").await?;
        let mut anna = world.connect("anna", &guest).await?;
        let told = anna.resume().await?.epoch;
        let (later, seq) = anna.open("k1", None, "Asked after ready").await?;
        let stream = StreamName::Conversation(later.id);
        anna.expect_reached(stream, seq).await?;
        let missed = {
            anna.drop_hard().await;
            let mut phone = world.connect("anna's phone", &guest).await?;
            phone.send(later.id, "k2", "From the phone").await?
        };
        // A position that nobody ever told this device as such: the number that it has seen, under the epoch of `ready`.
        let known = Position { epoch: told.clone(), seq };
        let ready = anna.connect_at(BTreeMap::from([(stream, known.clone())])).await?;
        ensure!(ready.epoch == told && ready.recovered.get(&stream) == Some(&true), "{ready:?}");
        ensure!(ready.streams[&stream] == Position { epoch: told.clone(), seq: missed }, "{ready:?}");
        ensure!(anna.expect_event(later.id, "message").await?.seq == missed);
        // It is the database's, not the process's, and the same for everybody.
        world.server.sigterm()?;
        world.server.wait_exit().await?;
        world.server.restart().await?;
        let eve = world.guest("Eve").await?;
        ensure!(
            world.device("eve", &eve, otvet_engine::protocol::Format::MessagePack).connect().await?.epoch
                == told
        );
        let ready = anna.connect_at(BTreeMap::from([(stream, known)])).await?;
        ensure!(ready.epoch == told && ready.recovered.get(&stream) == Some(&true), "{ready:?}");
        ensure!(anna.expect_event(later.id, "message").await?.seq == missed);
        Ok(())
    })
    .await;
}
