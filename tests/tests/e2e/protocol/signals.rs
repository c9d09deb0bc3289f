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
