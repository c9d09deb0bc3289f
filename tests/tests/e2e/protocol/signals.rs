//! Receipts and typing: in passing, but with the value kept where there is one.

use anyhow::{Context, ensure};
use otvet_engine::protocol::{ServerFrame, SignalKind};
use otvet_tests::world::run;

use super::{Scene, scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_are_signals_and_stay_in_the_summary() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        let seq = mark.send(conversation, "a1", "Here").await?;
        anna.mark_delivered(conversation, seq).await?;
        let signal = mark.expect_signal(SignalKind::Delivered).await?;
        ensure!(signal.seq == Some(seq) && signal.person.id == anna.identity.person.id, "{signal:?}");
        ensure!(signal.conversation == conversation);
        anna.mark_read(conversation, seq).await?;
        ensure!(mark.expect_signal(SignalKind::Read).await?.seq == Some(seq));
        // Cursors only move forward.
        anna.mark_read(conversation, 1).await?;
        let ready = anna.resume().await?;
        let summary = ready.conversations.iter().find(|s| s.id == conversation).context("not listed")?;
        let cursor = summary.cursors.get(&anna.identity.person.id).context("no cursor")?;
        ensure!(cursor.read == seq && cursor.delivered == seq && summary.unread == 0, "{summary:?}");
        mark.send(conversation, "a2", "One more").await?;
        let ready = anna.resume().await?;
        ensure!(ready.conversations[0].unread == 1, "{:?}", ready.conversations);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_past_the_head_does_no_harm() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        // Refused or cut to the head: the contract leaves it open. Either way the next message counts as unread.
        let _ = anna.mark_read(conversation, 1_000_000).await;
        mark.send(conversation, "a1", "New").await?;
        let ready = anna.resume().await?;
        ensure!(ready.conversations[0].unread == 1, "{:?}", ready.conversations);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_reaches_the_others_at_most_once_in_two_seconds() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        for _ in 0..5 {
            anna.typing(conversation);
        }
        let signal = mark.expect_signal(SignalKind::Typing).await?;
        ensure!(signal.person.id == anna.identity.person.id && signal.conversation == conversation);
        anna.ping().await?;
        mark.ping().await?;
        let typing = |f: &ServerFrame| matches!(f, ServerFrame::Signal(s) if s.kind == SignalKind::Typing);
        ensure!(mark.received().iter().filter(|f| typing(f)).count() == 1, "not throttled");
        ensure!(!anna.received().iter().any(typing), "one's own typing came back");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_is_told_when_the_first_device_comes_and_the_last_one_goes() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        let me = anna.identity.person.id;
        let mut phone = world.connect("anna's phone", &anna.identity).await?;
        // The first of two goes: she is still here.
        anna.close().await;
        phone.ping().await?;
        mark.ping().await?;
        phone.drop_hard().await;
        let signal = mark.expect_signal(SignalKind::Presence).await?;
        ensure!(signal.online == Some(false) && signal.person.id == me, "{signal:?}");
        ensure!(signal.conversation == conversation, "{signal:?}");
        anna.connect().await?;
        let signal = mark.expect_signal(SignalKind::Presence).await?;
        ensure!(signal.online == Some(true) && signal.person.id == me, "{signal:?}");
        phone.connect().await?;
        mark.drop_hard().await;
        let signal = anna.expect_signal(SignalKind::Presence).await?;
        ensure!(signal.online == Some(false) && signal.person.id == mark.identity.person.id, "{signal:?}");
        // Nobody is told of oneself, and the second device of somebody who is here is no news.
        let presences = |client: &otvet_tests::client::Client| {
            let is_presence =
                |f: &ServerFrame| matches!(f, ServerFrame::Signal(s) if s.kind == SignalKind::Presence);
            client.received().iter().filter(|f| is_presence(f)).count()
        };
        anna.ping().await?;
        ensure!(presences(&mark) == 2, "{}", presences(&mark));
        let of_herself = |f: &ServerFrame| matches!(f, ServerFrame::Signal(s) if s.person.id == me);
        ensure!(!anna.received().iter().any(of_herself), "told of herself");
        Ok(())
    })
    .await;
}
