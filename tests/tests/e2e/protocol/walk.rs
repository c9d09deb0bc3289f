//! Each command with its answer, its event and its effect on the lists.

use anyhow::{Context, ensure};
use otvet_engine::ids::StreamName;
use otvet_engine::protocol::{Code, EventKind, Format, Role, Status, Summary};
use otvet_tests::client::{Client, Outcome};
use otvet_tests::world::run;

use super::{Scene, scene};
use crate::judge;

/// The newest entry of a conversation in a manager's inbox or a visitor's list, once it has this status.
async fn listed(client: &mut Client, status: Status) -> anyhow::Result<Summary> {
    let event = client
        .expect_listed(
            |e| matches!(&e.kind, EventKind::Upsert { conversation } if conversation.status == status),
        )
        .await?;
    match event.kind {
        EventKind::Upsert { conversation } => Ok(*conversation),
        other => anyhow::bail!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_asked_claimed_answered_resolved_and_asked_again() {
    run(&[], async |world| {
        let guest = world.guest("Anna").await?;
        let manager = world.manager("Mark").await?;
        // One of each format, so that both carry the whole walk.
        let mut anna = world.device("anna", &guest, Format::Json);
        let mut mark = world.device("mark", &manager, Format::MessagePack);
        let ready = anna.connect().await?;
        ensure!(ready.person == guest.person && ready.person.role == Role::Visitor);
        ensure!(ready.conversations.is_empty() && ready.recovered.is_empty());
        ensure!(ready.streams.contains_key(&StreamName::Session(guest.person.id)), "{:?}", ready.streams);
        ensure!(
            ready.heartbeat_s == 25 && ready.limits.frame_bytes == 65_536 && ready.limits.body_chars == 4_000
        );
        let ready = mark.connect().await?;
        ensure!(ready.streams.contains_key(&StreamName::Inbox(manager.person.id)), "{:?}", ready.streams);

        let (summary, seq) = anna.open("k1", Some("Delivery"), "Where is my parcel?").await?;
        let id = summary.id;
        ensure!(summary.status == Status::Waiting && summary.subject.as_deref() == Some("Delivery"));
        ensure!(seq == 2 && summary.last_seq == 2, "opened is 1, the question 2: {seq}, {summary:?}");
        ensure!(anna.expect_event(id, "opened").await?.seq == 1);
        ensure!(anna.expect_event(id, "message").await?.seq == 2);
        let waiting = listed(&mut mark, Status::Waiting).await?;
        ensure!(waiting.id == id && waiting.unread == 1 && waiting.manager.is_none(), "{waiting:?}");

        let claimed = mark.claim(id, false).await?;
        let event = anna.expect_event(id, "claimed").await?;
        ensure!(event.seq == claimed && claimed == 3, "{event:?}");
        ensure!(mark.expect_event(id, "claimed").await? == event, "the sender sees what all see");
        let mine = listed(&mut mark, Status::Claimed).await?;
        ensure!(mine.manager.as_ref().map(|m| m.id) == Some(manager.person.id), "{mine:?}");

        let answer = mark.send(id, "a1", "On its way.").await?;
        let event = anna.expect_event(id, "message").await?;
        ensure!(event.seq == answer);
        let EventKind::Message { author, body, key, attachments } = &event.kind else { unreachable!() };
        ensure!(author.id == manager.person.id && body == "On its way." && key.as_str() == "a1");
        ensure!(attachments.is_empty());
        mark.expect_event(id, "message").await?;

        let note = mark.note(id, "n1", "She is right.").await?;
        ensure!(anna.expect_event(id, "hidden").await?.seq == note, "a note keeps its place");
        ensure!(mark.expect_event(id, "note").await?.seq == note);

        let resolved = mark.resolve(id).await?;
        ensure!(anna.expect_event(id, "resolved").await?.seq == resolved);
        let again = anna.send(id, "k2", "It did not come.").await?;
        let reopened = anna.expect_event(id, "reopened").await?;
        ensure!(reopened.seq + 1 == again, "a visitor's send reopens: {reopened:?}, {again}");
        ensure!(anna.expect_event(id, "message").await?.seq == again);

        anna.ping().await?;
        mark.watch(id).await?;
        judge::must_be_clean(&mut mark, &[id], &[&anna]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_managers_send_claims_what_waits() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let seq = mark.send(conversation, "a1", "I am looking into it.").await?;
        let claimed = anna.expect_event(conversation, "claimed").await?;
        let message = anna.expect_event(conversation, "message").await?;
        ensure!(message.seq == seq && claimed.seq + 1 == seq, "{claimed:?} {message:?}");
        ensure!(mark.expect_event(conversation, "claimed").await? == claimed);
        ensure!(mark.expect_event(conversation, "message").await? == message);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_managers_never_have_it_at_once() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let vera = world.manager("Vera").await?;
        let mut vera = world.connect("vera", &vera).await?;
        let (one, two) = tokio::join!(mark.claim(conversation, false), vera.claim(conversation, false));
        let (mut winner, mut loser, lost) = match (one, two) {
            (Ok(_), lost) => (mark, vera, lost),
            (lost, Ok(_)) => (vera, mark, lost),
            other => anyhow::bail!("nobody got it: {other:?}"),
        };
        let no = lost.refused();
        ensure!(no.code == Code::Conflict, "{no:?}");
        let holder = no.manager.context("a conflict names the manager")?;
        ensure!(holder.id == winner.identity.person.id, "{holder:?}");

        ensure!(loser.claim(conversation, false).await.refused().code == Code::Conflict);
        let seq = loser.claim(conversation, true).await?;
        let event = anna.expect_event(conversation, "transferred").await?;
        ensure!(event.seq == seq, "{event:?}");
        let EventKind::Transferred { from, to } = event.kind else { unreachable!() };
        ensure!(from.id == winner.identity.person.id && to.id == loser.identity.person.id);
        winner.expect_event(conversation, "transferred").await?;
        let removed = winner
            .expect_listed(|e| matches!(e.kind, EventKind::Remove { conversation_id } if conversation_id == conversation))
            .await;
        ensure!(removed.is_ok(), "it stays in the inbox of who lost it: {removed:?}");
        judge::must_be_clean(&mut loser, &[conversation], &[&anna, &winner]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_from_hand_to_hand() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let vera = world.manager("Vera").await?;
        let mut vera = world.connect("vera", &vera).await?;
        mark.claim(conversation, false).await?;
        let transferred = mark.transfer(conversation, vera.identity.person.id).await?;
        ensure!(vera.expect_event(conversation, "transferred").await?.seq == transferred);
        let released = vera.release(conversation).await?;
        ensure!(anna.expect_event(conversation, "released").await?.seq == released);
        let waiting = listed(&mut mark, Status::Waiting).await?;
        ensure!(waiting.id == conversation && waiting.manager.is_none(), "{waiting:?}");
        let resolved = anna.resolve(conversation).await?;
        ensure!(anna.expect_event(conversation, "resolved").await?.seq == resolved);
        let reopened = anna.reopen(conversation).await?;
        ensure!(anna.expect_event(conversation, "reopened").await?.seq == reopened);
        // Only to managers.
        mark.claim(conversation, false).await?;
        let to_visitor = mark.transfer(conversation, anna.identity.person.id).await.refused();
        ensure!(
            matches!(to_visitor.code, Code::Invalid | Code::NotFound | Code::Forbidden),
            "{to_visitor:?}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_starts_and_ends_live_events() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let position = mark.watch(conversation).await?;
        ensure!(position.seq == 2, "{position:?}");
        let seq = anna.send(conversation, "k2", "Hello?").await?;
        ensure!(mark.expect_event(conversation, "message").await?.seq == seq);
        mark.unwatch(conversation).await?;
        anna.send(conversation, "k3", "Anybody?").await?;
        mark.ping().await?;
        ensure!(mark.events(conversation).len() == 1, "{:?}", mark.events(conversation));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rest_says_the_same_as_the_socket() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let as_anna = world.rest_as(&anna.identity);
        let as_mark = world.rest_as(&mark.identity);
        let me = as_anna.get("/api/v1/me").await?.expect(200)?;
        ensure!(me.to_string().contains(&anna.identity.person.id.to_string()), "{me}");
        let list = as_anna.get("/api/v1/conversations").await?.expect(200)?;
        ensure!(list["data"][0]["id"] == conversation.to_string(), "{list}");
        let path = format!("/api/v1/conversations/{conversation}");
        let one = as_anna.get(&path).await?.expect(200)?;
        ensure!(one.to_string().contains("Delivery"), "{one}");

        as_mark.post(&format!("{path}/claim"), &serde_json::json!({})).await?.expect(200)?;
        anna.expect_event(conversation, "claimed").await?;
        mark.expect_event(conversation, "claimed").await?;
        let send = as_mark.clone().with_header("idempotency-key", "r1");
        let body = serde_json::json!({ "body": "By REST" });
        let first = send.post(&format!("{path}/messages"), &body).await?;
        ensure!(matches!(first.status, 200 | 201), "{first:?}");
        let again = send.post(&format!("{path}/messages"), &body).await?;
        ensure!(again.body["seq"] == first.body["seq"] && first.body["seq"].is_u64(), "{first:?} {again:?}");
        ensure!(Some(anna.expect_event(conversation, "message").await?.seq) == first.body["seq"].as_u64());
        // The same key on the socket is the same message.
        ensure!(Some(mark.send(conversation, "r1", "By REST").await?) == first.body["seq"].as_u64());
        let page = as_anna.get(&format!("{path}/messages?after=0&limit=2")).await?.expect(200)?;
        ensure!(page["data"].as_array().map(Vec::len) == Some(2), "{page}");
        ensure!(page["data"][0]["seq"] == 1, "{page}");
        Ok(())
    })
    .await;
}
