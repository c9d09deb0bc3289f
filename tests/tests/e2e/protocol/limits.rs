//! What a connection and a person may take at most.

use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::{SinkExt, StreamExt};
use otvet_engine::protocol::client::Send;
use otvet_engine::protocol::{Code, Command, ServerFrame};
use otvet_tests::client::Trouble;
use otvet_tests::world::run;
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;

use super::{Scene, scene};
use crate::judge;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_so_many_connections() {
    run(&[("LIMITS__CONNECTIONS_PER_PERSON", "2")], async |world| {
        let guest = world.guest("Anna").await?;
        let mut one = world.connect("one", &guest).await?;
        let mut two = world.connect("two", &guest).await?;
        let mut three = world.device("three", &guest, otvet_engine::protocol::Format::Json);
        match three.connect().await {
            Err(Trouble::Refused(no)) => ensure!(no.code == Code::RateLimited, "{no:?}"),
            Err(Trouble::Closed(Some(code))) => ensure!(code >= 4400, "{code}"),
            other => anyhow::bail!("a third connection: {other:?}"),
        }
        one.ping().await?;
        two.close().await;
        one.ping().await?;
        // A place was given back: in the end the third one gets in.
        let mut tries = 0;
        while let Err(trouble) = three.connect().await {
            tries += 1;
            ensure!(tries < 50, "{trouble}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_commands_are_refused_and_none_is_lost() {
    run(&[("LIMITS__COMMANDS_PER_SECOND", "5"), ("LIMITS__BURST", "10")], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let posted: Vec<_> = (0..30).map(|_| anna.post(Command::Ping)).collect();
        let mut refused = 0;
        for id in &posted {
            match anna.answer(id).await {
                Ok(_) => {}
                Err(Trouble::Refused(no)) => {
                    ensure!(no.code == Code::RateLimited && no.retry_after_ms.is_some(), "{no:?}");
                    refused += 1;
                }
                // Who goes on regardless may be sent away.
                Err(Trouble::Closed(code)) => {
                    ensure!(code == Some(4529), "{code:?}");
                    refused += 1;
                }
                Err(other) => return Err(other.into()),
            }
        }
        ensure!(refused > 10, "only {refused} of 30 were refused");
        mark.ping().await?;
        judge::must_be_clean(&mut mark, &[conversation], &[&anna]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_asked_to_go() {
    run(&[("LIMITS__HELLO_TIMEOUT_S", "1")], async |world| {
        let (mut socket, _) = otvet_tests::client::socket::handshake(&world.approach()).await?;
        let frame = loop {
            let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await?;
            if let Message::Close(frame) = message.context("ended without a close frame")?? {
                break frame.context("no code")?;
            }
        };
        ensure!(u16::from(frame.code) == 4400, "{frame:?}");
        Ok(())
    })
    .await;
}

const CLOSE: u8 = 8;
const PING: u8 = 9;

/// The frames of a server (RFC 6455, section 5.2: never masked, never fragmented here) with their opcodes.
fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [first, length, rest @ ..] = bytes {
        let (length, rest) = match (length, rest) {
            (126, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
            (short, rest) => (usize::from(*short), rest),
        };
        let (payload, behind) = rest.split_at(length.min(rest.len()));
        frames.push((first & 0x0f, payload));
        bytes = behind;
    }
    frames
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_peer_is_dropped_after_two_heartbeats() {
    run(&[("LIMITS__HEARTBEAT_S", "1")], async |world| {
        let guest = world.guest("Anna").await?;
        let mut awake = world.connect("awake", &guest).await?;
        let (mut socket, _) = otvet_tests::client::socket::handshake(&world.approach()).await?;
        let hello = serde_json::json!({ "type": "hello", "id": 1, "token": guest.token });
        socket.send(Message::text(hello.to_string())).await?;
        // Below the WebSocket library, which would answer the pings.
        let mut stream = socket.into_inner();
        let mut bytes = Vec::new();
        tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut bytes)).await??;
        let frames = frames(&bytes);
        ensure!(frames.iter().any(|(opcode, _)| *opcode == PING), "it never pinged: {frames:?}");
        let (opcode, payload) = frames.last().context("not even ready came")?;
        ensure!(*opcode == CLOSE && payload.starts_with(&4504_u16.to_be_bytes()), "{opcode}: {payload:?}");
        // Answering the pings is sign of life enough.
        awake.ping().await?;
        ensure!(awake.is_connected());
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_sent_away_and_loses_nothing() {
    let settings = [
        ("LIMITS__OUTBOX_BYTES", "262144"),
        ("LIMITS__COMMANDS_PER_SECOND", "100000"),
        ("LIMITS__BURST", "100000"),
        ("LIMITS__HEARTBEAT_S", "300"),
    ];
    run(&settings, async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        anna.resume().await?;
        anna.read_socket(false);
        // The kernel's buffers fill before the server's queue: some megabytes in all.
        let body = "ж".repeat(4_000);
        let mut sent = 0;
        for n in 0..2_500 {
            sent = mark.send(conversation, &format!("k{n}"), &body).await?;
        }
        anna.read_socket(true);
        let code = anna.expect_close().await?;
        // The close frame itself may not get through to somebody who does not read.
        ensure!(code.is_none() || code == Some(4508), "{code:?}");
        anna.connect().await?;
        anna.expect_reached(otvet_engine::ids::StreamName::Conversation(conversation), sent).await?;
        ensure!(!anna.received().iter().any(|f| matches!(f, ServerFrame::Failed(_))));
        judge::must_be_clean(&mut mark, &[conversation], &[&anna]).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_have_their_limits() {
    run(&[], async |world| {
        use otvet_tests::client::Outcome;
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        anna.send(conversation, "just fits", &"ж".repeat(4_000)).await?;
        for (key, body) in [("long", "ж".repeat(4_001)), ("empty", String::new())] {
            let no = anna.send(conversation, key, &body).await.refused();
            ensure!(matches!(no.code, Code::Invalid | Code::TooLarge), "{key}: {no:?}");
        }
        anna.open("subject fits", Some(&"s".repeat(200)), "Question").await?;
        let no = anna.open("subject", Some(&"s".repeat(201)), "Question").await.refused();
        ensure!(matches!(no.code, Code::Invalid | Code::TooLarge), "{no:?}");
        let stored = mark.whole(conversation).await?;
        ensure!(stored.len() == 3, "{}", stored.len());
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_commands_may_be_unanswered_and_the_rest_is_refused_before_it_is_stored() {
    const BOUND: usize = 16;
    const ROUNDS: usize = 20;
    let settings = [("LIMITS__BURST", "10000"), ("LIMITS__COMMANDS_PER_SECOND", "10000")];
    run(&settings, async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        ensure!(anna.resume().await?.limits.unanswered_commands == BOUND as u64);
        let send = |round: usize, n: usize| {
            let key = format!("m{round}-{n}").parse().expect("short");
            Command::Send(Send { conversation, key, body: format!("{round}-{n}"), attachments: Vec::new() })
        };
        // Within the bound nobody is refused, whatever the pace.
        let within: Vec<_> = (0..BOUND).map(|n| anna.post(send(0, n))).collect();
        for id in &within {
            anna.answer(id).await?;
        }
        // Far more than the server can store while it reads them.
        let mut refused = Vec::new();
        for round in 1..=ROUNDS {
            let posted: Vec<_> = (0..BOUND * 8).map(|n| (n, anna.post(send(round, n)))).collect();
            for (n, id) in posted {
                match anna.answer(&id).await {
                    Ok(_) => {}
                    Err(Trouble::Refused(no)) => {
                        ensure!(no.code == Code::RateLimited && no.retry_after_ms.is_some(), "{no:?}");
                        refused.push((round, n));
                    }
                    Err(other) => return Err(other.into()),
                }
            }
            if !refused.is_empty() {
                break;
            }
        }
        ensure!(!refused.is_empty(), "{} at once, again and again, and none was refused", BOUND * 8);
        // The connection lives, a refused command was not stored, and it may be given again.
        let (round, n) = refused[0];
        let before = mark.whole(conversation).await?.len();
        anna.ask(send(round, n)).await?;
        ensure!(mark.whole(conversation).await?.len() == before + 1, "it had been stored");
        judge::must_be_clean(&mut mark, &[conversation], &[&anna]).await
    })
    .await;
}
