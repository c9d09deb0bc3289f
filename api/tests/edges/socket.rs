use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{PATIENCE, start};

#[tokio::test]
async fn a_guest_says_hello_and_asks() {
    let running = start(|_| {}).await;
    let token = running.guest().await;
    let mut socket = running.joined(&token).await;
    socket.say(json!({"type": "ping", "id": "p"})).await;
    assert_eq!(socket.frame().await, json!({"type": "ok", "id": "p"}));
    socket.say(json!({"type": "open", "id": 2, "key": "k1", "body": "Where is my order?"})).await;
    let opened = socket.answer(json!(2)).await;
    assert_eq!(opened["type"], "ok", "{opened}");
    assert_eq!(opened["conversation"]["status"], "waiting");
    let path = format!("/api/v1/conversations/{}/messages", opened["conversation"]["id"].as_str().unwrap());
    let history = running.json("GET", &path, Some(&token), json!(null)).await.json();
    assert_eq!(history["data"][1]["body"], "Where is my order?", "{history}");
}

#[tokio::test]
async fn without_a_valid_hello_there_is_only_goodbye() {
    let running = start(|settings| settings.limits.hello_timeout_s = 1).await;
    assert_eq!(running.socket().await.close_code().await, 4400, "silence");

    let mut socket = running.socket().await;
    socket.say(json!({"type": "ping", "id": 1})).await;
    assert_eq!(socket.answer(json!(1)).await["type"], "error");
    assert_eq!(socket.close_code().await, 4400, "something else first");

    for nonsense in ["", "[]", "{\"type\":1}", "hello"] {
        let mut socket = running.socket().await;
        socket.send(Message::text(nonsense)).await;
        assert_eq!(socket.close_code().await, 4400, "{nonsense}");
    }

    let mut socket = running.socket().await;
    socket.say(json!({"type": "hello", "id": "x", "token": "1|wrong"})).await;
    let error = socket.frame().await;
    assert_eq!((&error["code"], &error["id"]), (&json!("unauthorized"), &json!("x")));
    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection() {
    let running = start(|_| {}).await;
    let token = running.guest().await;
    let big = Message::text("x".repeat(64 * 1024 + 1));
    let torn = Frame::message(Bytes::from_static(&[0xff, 0xfe]), OpCode::Data(Data::Text), true);
    for (message, code) in [
        (big, 1009),
        (Message::Frame(torn), 1007),
        (Message::binary(vec![0x80]), 4400),
        (Message::text("{"), 4400),
    ] {
        let mut socket = running.joined(&token).await;
        socket.send(message).await;
        assert_eq!(socket.close_code().await, code);
    }
}

#[tokio::test]
async fn commands_that_break_the_rules_are_answered_by_their_id() {
    let running = start(|_| {}).await;
    let mut socket = running.joined(&running.guest().await).await;
    for (command, code) in [
        (json!({"type": "hello", "id": 5, "token": "1|x"}), "invalid"),
        (json!({"type": "dance", "id": 5}), "unknown_type"),
        (json!({"type": "send", "id": 5}), "invalid"),
    ] {
        socket.say(command.clone()).await;
        let answer = socket.frame().await;
        assert_eq!((&answer["id"], &answer["code"]), (&json!(5), &json!(code)), "{command}");
    }
    socket.say(json!({"type": "ping"})).await;
    let answer = socket.frame().await;
    assert_eq!((&answer["id"], &answer["code"]), (&json!(null), &json!("invalid")));
}

#[tokio::test]
async fn haste_is_slowed_down_and_abuse_ends() {
    let running = start(|_| {}).await;
    let mut socket = running.joined(&running.guest().await).await;
    for id in 0..60 {
        socket.say(json!({"type": "ping", "id": id})).await;
    }
    let (mut answered, mut refused) = (0, 0);
    for id in 0..60 {
        let answer = socket.frame().await;
        assert_eq!(answer["id"], id, "one answer each, in order");
        if answer["type"] == "ok" {
            answered += 1;
        } else {
            assert_eq!(answer["code"], "rate_limited");
            assert!(answer["retry_after_ms"].as_u64().unwrap() > 0);
            refused += 1;
        }
    }
    assert!(answered >= 40 && refused > 0, "{answered} answered, {refused} refused");
    for id in 0..400 {
        // It may be closed already.
        let _ = socket.0.send(Message::text(json!({"type": "ping", "id": id}).to_string())).await;
    }
    assert_eq!(socket.close_code().await, 4529);
}

#[tokio::test]
async fn who_is_silent_is_let_go_and_who_pongs_is_not() {
    let running = start(|settings| settings.limits.heartbeat_s = 1).await;
    let token = running.guest().await;
    let silent = running.joined(&token).await;
    let mut alive = running.joined(&token).await;
    // Reading is what makes this client answer pings: one socket is read meanwhile, the other is not.
    let let_go = async {
        while !running.metrics().contains(r#"otvet_socket_closes_total{code="4504"} 1"#) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = let_go => {}
        frame = alive.frame() => panic!("the living one got {frame}"),
    }
    drop(silent);
    alive.say(json!({"type": "ping", "id": 9})).await;
    assert_eq!(alive.answer(json!(9)).await["type"], "ok");
}

#[tokio::test]
async fn a_revoked_token_ends_its_socket() {
    let running = start(|_| {}).await;
    let token = running.guest().await;
    let mut socket = running.joined(&token).await;
    assert_eq!(running.json("POST", "/api/v1/logout", Some(&token), json!({})).await.status, 204);
    assert_eq!(socket.close_code().await, 4401);
    assert_eq!(running.json("GET", "/api/v1/me", Some(&token), json!(null)).await.status, 401);
}

#[tokio::test]
async fn a_server_that_ends_says_bye() {
    let running = start(|_| {}).await;
    let mut socket = running.joined(&running.guest().await).await;
    let stopping = tokio::spawn(running.server.stop());
    let bye = socket.frame().await;
    assert_eq!(bye["type"], "bye");
    assert!(bye["retry_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(socket.close_code().await, 1012);
    assert!(stopping.await.unwrap(), "in time");
}

#[tokio::test]
async fn a_slow_reader_is_let_go_while_its_commands_are_still_read() {
    let running = start(|settings| {
        settings.limits.outbox_bytes = 2 * settings.limits.frame_bytes;
        settings.limits.commands_per_second = 100_000;
        settings.limits.burst = 100_000;
        settings.limits.unanswered_commands = 10_000;
    })
    .await;
    let token = running.guest().await;
    let mut socket = running.joined(&token).await;
    socket.say(json!({"type": "open", "id": "o", "key": "k", "body": "x".repeat(4000)})).await;
    let opened = socket.answer(json!("o")).await;
    let conversation = &opened["conversation"]["id"];
    for key in 0..12 {
        let body = "x".repeat(4000);
        socket.say(json!({"type": "send", "id": "s", "conversation": conversation, "key": key.to_string(), "body": body})).await;
        assert_eq!(socket.answer(json!("s")).await["type"], "ok");
    }
    // Nothing is read from here on. What the kernel holds is megabytes, and each answer some fifty kilobytes.
    let let_go = async {
        while !running.metrics().contains(r#"otvet_socket_closes_total{code="4508"} 1"#) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let asking = async {
        loop {
            let history = json!({"type": "history", "id": "h", "conversation": conversation});
            if socket.0.send(Message::text(history.to_string())).await.is_err() {
                // The server is gone; that it counted why is awaited beside.
                std::future::pending::<()>().await;
            }
            // Fast enough to fill the queue, not so fast that it is abuse.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        ended = tokio::time::timeout(PATIENCE, let_go) => ended.expect("a slow reader let go"),
        () = asking => {}
    }
    // It comes back and finds everything.
    let mut again = running.joined(&token).await;
    again.say(json!({"type": "history", "id": "h", "conversation": conversation})).await;
    assert_eq!(again.answer(json!("h")).await["events"].as_array().unwrap().len(), 14);
}
