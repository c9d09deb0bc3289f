//! SIGTERM drains: clients are told, what was acknowledged is stored, and the next run goes on where this one ended.

use std::time::Duration;

use anyhow::{Context, ensure};
use otvet_engine::ids::StreamName;
use otvet_engine::protocol::{Command, ServerFrame, client::Send};
use otvet_tests::checker::{check, story};
use otvet_tests::plan::{Load, Shape, seed};
use otvet_tests::world::run;

use crate::random_load::{ROOMY, span};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_says_bye_closes_with_1012_and_ends_well() {
    run(&[], async |world| {
        let guest = world.guest("Anna").await?;
        let mut anna = world.connect("anna", &guest).await?;
        let (conversation, _) = anna.open("k1", None, "Who is there?").await?;
        let acknowledged = anna.send(conversation.id, "k2", "Hello?").await?;
        world.server.sigterm()?;
        let bye = anna
            .expect_frame("bye", |frame| match frame {
                ServerFrame::Bye(bye) => Some(bye.retry_after_ms),
                _ => None,
            })
            .await?;
        ensure!(bye < 60_000, "come back in {bye} ms?");
        ensure!(anna.expect_close().await? == Some(1012));
        let status = world.server.wait_exit().await?;
        ensure!(status.code() == Some(0), "{status}");

        world.server.restart().await?;
        let ready = anna.connect().await?;
        let listed = ready.conversations.iter().find(|s| s.id == conversation.id).context("gone")?;
        ensure!(listed.last_seq == acknowledged, "{listed:?}");
        let stored = anna.whole(conversation.id).await?;
        ensure!(stored.len() as u64 == acknowledged, "{stored:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_server_is_not_ready_and_takes_nobody_in() {
    run(&[], async |world| {
        let guest = world.guest("Anna").await?;
        let mut anna = world.connect("anna", &guest).await?;
        world.server.sigterm()?;
        ensure!(anna.expect_close().await? == Some(1012));
        // From here on the port is closed, or what still listens says 503; nobody is let in.
        let ready = world.rest().get("/readyz").await;
        ensure!(ready.as_ref().map_or(true, |reply| reply.status == 503), "{ready:?}");
        ensure!(anna.connect().await.is_err());
        ensure!(world.server.wait_exit().await?.code() == Some(0));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_and_a_position_hold_across_a_restart() {
    run(&[], async |world| {
        let guest = world.guest("Anna").await?;
        let mut anna = world.connect("anna", &guest).await?;
        let mut phone = world.connect("anna's phone", &guest).await?;
        let (conversation, first) = anna.open("k1", Some("Delivery"), "Where is my parcel?").await?;
        let id = conversation.id;
        let seq = anna.send(id, "k2", "It is late").await?;
        phone.expect_reached(StreamName::Conversation(id), seq).await?;
        // So that the phone has a position, with an epoch, in a conversation that began under its eyes.
        phone.resume().await?;
        phone.drop_hard().await;
        let missed = anna.send(id, "k3", "Very late").await?;
        world.server.sigterm()?;
        world.server.wait_exit().await?;
        world.server.restart().await?;

        anna.connect().await?;
        ensure!(anna.send(id, "k2", "It is late").await? == seq, "the same key, another answer");
        let (again, again_first) = anna.open("k1", Some("Delivery"), "Where is my parcel?").await?;
        ensure!((again.id, again_first) == (id, first), "a second conversation under one key");

        let ready = phone.connect().await?;
        let stream = StreamName::Conversation(id);
        ensure!(ready.recovered.get(&stream) == Some(&true), "{:?}", ready.recovered);
        let event = phone.expect_event(id, "message").await?;
        ensure!(event.seq == missed, "{event:?}");
        phone.ping().await?;
        let numbers: Vec<u64> = phone.events(id).iter().map(|e| e.seq).collect();
        ensure!(numbers == (1..=missed).collect::<Vec<_>>(), "{numbers:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_when_the_drain_begins_is_answered_or_unknown_but_never_lost() {
    run(&[], async |world| {
        let guest = world.guest("Anna").await?;
        let manager = world.manager("Mark").await?;
        let mut anna = world.connect("anna", &guest).await?;
        let (conversation, _) = anna.open("k0", None, "First").await?;
        let send = |n: usize| {
            let key = format!("m{n}").parse().expect("short");
            let (conversation, body) = (conversation.id, format!("message {n}"));
            Command::Send(Send { conversation, key, body, attachments: Vec::new() })
        };
        let posted: Vec<_> = (0..12).map(|n| anna.post(send(n))).collect();
        world.server.sigterm()?;
        let mut answered = Vec::new();
        for id in &posted {
            answered.push(anna.answer(id).await.is_ok());
        }
        ensure!(world.server.wait_exit().await?.code() == Some(0));
        world.server.restart().await?;
        anna.connect().await?;
        for (n, answered) in answered.into_iter().enumerate() {
            if !answered {
                anna.ask(send(n)).await?;
            }
        }
        let mut mark = world.connect("mark", &manager).await?;
        crate::judge::must_be_clean(&mut mark, &[conversation.id], &[&anna]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_under_load_loses_nothing() {
    run(ROOMY, async |world| {
        let mut load = Load::new(world, Shape { visitors: 15, managers: 3 }, seed()).await?;
        load.run_while(async {
            span(Duration::from_secs(3)).await?;
            world.server.sigterm()?;
            let status = world.server.wait_exit().await?;
            ensure!(status.code() == Some(0), "{status}");
            world.server.restart().await?;
            span(Duration::from_secs(2)).await
        })
        .await?;
        let run = load.quiesce().await?;
        let report = check(&run);
        ensure!(report.is_clean(), "{report}\n{}", story(&run, &report));
        ensure!(report.seen.acknowledged > 50, "hardly anything happened: {report}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_asleep_loses_nothing() {
    run(ROOMY, async |world| {
        let mut load = Load::new(world, Shape { visitors: 15, managers: 3 }, seed()).await?;
        load.run_while(async {
            span(Duration::from_secs(2)).await?;
            world.server.sigstop()?;
            // Requests pile up in the kernel meanwhile.
            span(Duration::from_secs(3)).await?;
            world.server.sigcont()?;
            span(Duration::from_secs(2)).await
        })
        .await?;
        let run = load.quiesce().await?;
        let report = check(&run);
        ensure!(report.is_clean(), "{report}\n{}", story(&run, &report));
        ensure!(report.seen.acknowledged > 50, "hardly anything happened: {report}");
        Ok(())
    })
    .await;
}
