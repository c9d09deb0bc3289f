//! One key, one event: across repetitions, reconnects and devices.

use anyhow::ensure;
use otvet_engine::protocol::{Code, EventKind};
use otvet_tests::client::Outcome;
use otvet_tests::world::run;

use super::{Scene, scene};
use crate::judge;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_key_gets_the_first_answer() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let mut phone = world.connect("anna's phone", &anna.identity).await?;
        let seq = anna.send(conversation, "k", "Hello").await?;
        ensure!(anna.send(conversation, "k", "Hello").await? == seq, "repeated");
        ensure!(phone.send(conversation, "k", "Hello").await? == seq, "from another device");
        anna.resume().await?;
        ensure!(anna.send(conversation, "k", "Hello").await? == seq, "after a reconnect");
        let (again, first) = phone.open("first", Some("Delivery"), "Where is my parcel?").await?;
        ensure!((again.id, first) == (conversation, 2), "open under its key: {again:?}");

        let stored = mark.whole(conversation).await?;
        let hello =
            stored.iter().filter(|e| matches!(&e.kind, EventKind::Message { body, .. } if body == "Hello"));
        ensure!(hello.count() == 1, "{stored:?}");
        judge::must_be_clean(&mut mark, &[conversation], &[&anna, &phone]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_with_other_content_is_a_conflict() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        anna.send(conversation, "k", "Hello").await?;
        ensure!(anna.send(conversation, "k", "Goodbye").await.refused().code == Code::Conflict);
        ensure!(anna.open("k", None, "Hello").await.refused().code == Code::Conflict, "another command");
        let (other, _) = anna.open("second", None, "Something else").await?;
        ensure!(
            anna.send(other.id, "k", "Hello").await.refused().code == Code::Conflict,
            "another conversation"
        );
        // Keys are unique for their author only.
        mark.claim(conversation, false).await?;
        mark.send(conversation, "k", "My own k").await?;
        mark.note(conversation, "note", "x").await?;
        ensure!(mark.send(conversation, "note", "x").await.refused().code == Code::Conflict, "a note's key");
        judge::must_be_clean(&mut mark, &[conversation, other.id], &[&anna]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_devices_make_one_event() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let mut phone = world.connect("anna's phone", &anna.identity).await?;
        for n in 0..10 {
            let key = format!("race {n}");
            let (one, two) =
                tokio::join!(anna.send(conversation, &key, "Same"), phone.send(conversation, &key, "Same"));
            ensure!(one? == two?, "race {n}");
        }
        let (one, two) = tokio::join!(anna.open("o", None, "Same"), phone.open("o", None, "Same"));
        let (one, two) = (one?.0.id, two?.0.id);
        ensure!(one == two, "two conversations under one key");
        judge::must_be_clean(&mut mark, &[conversation, one], &[&anna, &phone]).await
    })
    .await;
}
