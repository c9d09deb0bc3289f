//! On the socket.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use otvet_engine::protocol::{Code, Format};
use otvet_tests::client::socket::{Approach, handshake};
use otvet_tests::client::wrap;
use otvet_tests::world::{World, run};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::Bystander;

/// Sends a message as the very first one and answers with the close code.
async fn code_after(world: &World, format: Format, first: Message) -> Result<u16> {
    let subprotocols = Some(format.subprotocol().to_owned());
    let (mut socket, _) = handshake(&Approach { subprotocols, ..world.approach() }).await?;
    // The server may close before all of a large frame is written.
    let _ = socket.send(first).await;
    let end = async {
        while let Some(message) = socket.next().await {
            if let Message::Close(frame) = message? {
                return Ok(frame.context("a close frame without a code")?.code.into());
            }
        }
        anyhow::bail!("ended without a close frame")
    };
    tokio::time::timeout(Duration::from_secs(15), end).await.context("was not closed")?
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_frame_that_is_no_hello_ends_the_connection() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let good = world.guest("Eve").await?.token;
        let (number, secret) = good.split_once('|').context("{id}|{secret}")?;
        let not_parsed = [
            "",
            "{",
            "[]",
            "null",
            "\"hello\"",
            "{}",
            "{\"type\":null}",
            "{\"type\":7}",
            "{\"id\":1}",
            "\u{0}",
            "{\"type\":\"hello\",\"id\":1,\"token\":\"1|a\"} trailing",
        ];
        for text in not_parsed {
            let code = code_after(world, Format::Json, Message::text(text)).await?;
            ensure!(code == 4400, "{text:?} ended with {code}");
        }
        for text in [
            "{\"type\":\"ping\",\"id\":1}",
            "{\"type\":\"nonsense\",\"id\":1}",
            "{\"type\":\"hello\",\"id\":1}",
        ] {
            let code = code_after(world, Format::Json, Message::text(text)).await?;
            ensure!(code == 4400, "{text:?} ended with {code}");
        }
        let tokens = [
            String::new(),
            "|".into(),
            "1".into(),
            "1|".into(),
            "|abc".into(),
            "1|wrong".into(),
            good[1..].into(),
            format!("{good}x"),
            format!("{number}|{}", "a".repeat(40_000)),
            format!("99999999999999999999|{secret}"),
            format!("-{good}"),
            format!(" {good}"),
            format!("{secret}x"),
            format!("{good}|{secret}"),
            "0|' OR 1=1 --".into(),
            format!("{number}|{}", secret.to_uppercase()),
            format!("{}|{secret}", i64::MAX),
            "1|\u{0}".into(),
        ];
        for token in tokens {
            let hello = json!({ "type": "hello", "id": 1, "token": token });
            let code = code_after(world, Format::Json, Message::text(hello.to_string())).await;
            let code = code.with_context(|| format!("after the token {token:?}"))?;
            ensure!(code == 4401, "{token:?} ended with {code}");
        }
        for token in [json!(7), json!(null), json!(["1|a"]), json!({ "id": 1 })] {
            let hello = json!({ "type": "hello", "id": 1, "token": token });
            let code = code_after(world, Format::Json, Message::text(hello.to_string())).await?;
            ensure!(matches!(code, 4400 | 4401), "{token} ended with {code}");
        }
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_messagepack_ends_the_connection() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let mut rng = StdRng::seed_from_u64(1);
        let mut rubbish: Vec<Vec<u8>> = vec![
            vec![],
            vec![0xc1],
            vec![0xc0],
            vec![0x80],
            vec![0x90],
            vec![0xdf, 0xff, 0xff, 0xff, 0xff],
            vec![0xdd, 0xff, 0xff, 0xff, 0xff],
            vec![0xdb, 0xff, 0xff, 0xff, 0xff],
            vec![0x91; 10_000],
            [vec![0x81; 10_000], vec![0xa0; 10]].concat(),
        ];
        rubbish.extend((0..20).map(|_| (0..rng.random_range(1..200)).map(|_| rng.random()).collect()));
        for bytes in rubbish {
            let shown = format!("{:02x?}", &bytes[..bytes.len().min(12)]);
            let code = code_after(world, Format::MessagePack, Message::Binary(bytes.into())).await?;
            ensure!(code == 4400, "{shown} ended with {code}");
        }
        // The right bytes in the wrong sort of message.
        let hello = json!({ "type": "hello", "id": 1, "token": "1|a" }).to_string();
        let text_for_binary = code_after(world, Format::MessagePack, Message::text(hello.clone())).await?;
        ensure!(text_for_binary == 4400, "{text_for_binary}");
        let binary_for_text = code_after(world, Format::Json, Message::Binary(hello.into())).await?;
        ensure!(matches!(binary_for_text, 4400 | 4401), "{binary_for_text}");
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oversize_and_invalid_utf8_have_the_codes_of_the_rfc() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let huge = "x".repeat(64 * 1024 + 1);
        ensure!(code_after(world, Format::Json, Message::text(huge.clone())).await? == 1009);
        ensure!(code_after(world, Format::MessagePack, Message::Binary(huge.into())).await? == 1009);
        for bytes in [&[0xff, 0xfe][..], &[0xc3, 0x28], &[0xed, 0xa0, 0x80], b"{\"type\":\"\xff\"}"] {
            let frame = Frame::message(Bytes::copy_from_slice(bytes), OpCode::Data(Data::Text), true);
            let code = code_after(world, Format::Json, Message::Frame(frame)).await?;
            ensure!(code == 1007, "{bytes:02x?} ended with {code}");
        }
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}

/// Frames that parse, and yet break the contract: each is refused, and the connection goes on.
fn breaches(conversation: &str) -> Vec<(Value, Code)> {
    let send = |key: Value, body: Value| json!({ "type": "send", "conversation": conversation, "key": key, "body": body });
    let wrong = [
        send(json!(""), json!("x")),
        send(json!("k".repeat(65)), json!("x")),
        send(json!("ж".repeat(65)), json!("x")),
        send(json!(7), json!("x")),
        send(json!(null), json!("x")),
        send(json!("k"), json!("")),
        send(json!("k"), json!(7)),
        send(json!("k"), json!(["x"])),
        json!({ "type": "send", "conversation": conversation, "key": "k" }),
        json!({ "type": "send", "conversation": conversation, "body": "x" }),
        json!({ "type": "send", "conversation": "not an id", "key": "k", "body": "x" }),
        json!({ "type": "send", "conversation": 7, "key": "k", "body": "x" }),
        json!({ "type": "send", "conversation": conversation, "key": "k", "body": "x",
                "attachments": [{ "name": "a", "media_type": "text/plain", "bytes": 1, "url": "http://x" }] }),
        json!({ "type": "read", "conversation": conversation, "seq": -1 }),
        json!({ "type": "read", "conversation": conversation, "seq": "2" }),
        json!({ "type": "history", "conversation": conversation, "limit": "many" }),
        json!({ "type": "open", "key": "o", "body": "" }),
        json!({ "type": "open", "key": "o", "subject": 7, "body": "x" }),
        json!({ "type": "transfer", "conversation": conversation, "to": "nobody" }),
        json!({ "type": "hello", "token": "1|again" }),
    ];
    let unknown = ["nonsense", "", "SEND", "ready", "event", "ok"].map(|kind| json!({ "type": kind }));
    let invalid = wrong.into_iter().map(|frame| (frame, Code::Invalid));
    invalid.chain(unknown.into_iter().map(|frame| (frame, Code::UnknownType))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breaches_are_answered_and_the_connection_goes_on() {
    let settings = [("LIMITS__BURST", "1000"), ("LIMITS__COMMANDS_PER_SECOND", "1000")];
    run(&settings, async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let conversation = bystander.conversation.to_string();
        for format in Format::ALL {
            let identity = bystander.visitor.identity.clone();
            let mut client = world.device("breaching", &identity, format);
            client.connect().await?;
            for (n, (mut frame, code)) in breaches(&conversation).into_iter().enumerate() {
                frame["id"] = json!(format!("breach {n}"));
                let bytes = match format {
                    Format::Json => frame.to_string().into(),
                    Format::MessagePack => rmp_serde::to_vec_named(&frame)?.into(),
                };
                client.send_raw(wrap(format, bytes));
                let no = client
                    .expect_frame(&format!("the refusal of {frame}"), |f| match f {
                        otvet_engine::protocol::ServerFrame::Failed(no) => Some(no.clone()),
                        _ => None,
                    })
                    .await?;
                ensure!(no.code == code, "{frame}: {no:?}");
                let id = serde_json::to_value(&no.id)?;
                ensure!(id == frame["id"], "{frame} was answered under {id}");
                ensure!(!no.message.is_empty());
            }
            ensure!(client.is_connected());
            client.ping().await?;
            client.close().await;
            bystander.goes_on().await?;
        }
        bystander.nothing_else_is_stored().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_are_ignored_and_a_missing_id_is_refused() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let identity = bystander.visitor.identity.clone();
        let mut client = world.connect("curious", &identity).await?;
        let ping =
            json!({ "type": "ping", "id": "p", "colour": { "deep": [1, 2] }, "author": "u1", "seq": 9 });
        client.send_raw(Message::text(ping.to_string()));
        client
            .expect_frame("ok to p", |f| match f {
                otvet_engine::protocol::ServerFrame::Answered(ok)
                    if ok.id == otvet_engine::protocol::CommandId::Text("p".to_owned()) =>
                {
                    Some(())
                }
                _ => None,
            })
            .await?;
        client.send_raw(Message::text("{\"type\":\"ping\"}"));
        client.expect_error(Code::Invalid).await?;
        // Half an emoji, as `JSON.stringify` writes a text that was cut in the middle of one: no reason to part.
        let conversation = bystander.conversation;
        let half = format!(
            r#"{{"type":"send","id":"half","conversation":"{conversation}","key":"half","body":"a\ud83d"}}"#
        );
        client.send_raw(Message::text(half));
        let no = client.expect_error(Code::Invalid).await?;
        ensure!(no.id == Some(otvet_engine::protocol::CommandId::Text("half".to_owned())), "{no:?}");
        client.ping().await?;
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_does_not_parse_ends_a_connection_in_use() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let guest = world.guest("Eve").await?;
        for text in ["{", "[1]", "{\"type\":\"send\",", "nonsense"] {
            let mut client = world.connect("eve", &guest).await?;
            client.send_raw(Message::text(text));
            let code = client.expect_close().await?;
            ensure!(code == Some(4400), "{text:?} ended with {code:?}");
        }
        let deep =
            format!("{{\"type\":\"ping\",\"id\":1,\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let mut client = world.connect("eve", &guest).await?;
        client.send_raw(Message::text(deep));
        ensure!(client.expect_close().await? == Some(4400));
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}
