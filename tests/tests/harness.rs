//! The harness held against a scripted peer, so that a red suite means a red server. The peer speaks real WebSocket over
//! real TCP; only what it says is written here.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{ConversationId, PersonId, StreamName};
use otvet_engine::protocol::{Command, EventKind, Format, Person, Role, decode, encode};
use otvet_tests::checker::log::{RunLog, What};
use otvet_tests::checker::{Fault, check};
use otvet_tests::client::socket::Approach;
use otvet_tests::client::{Client, Identity, Outcome, Trouble, wrap};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// One accepted connection of the scripted peer.
struct Peer {
    socket: WebSocketStream<TcpStream>,
    format: Format,
}

impl Peer {
    async fn accept(listener: &TcpListener, format: Format) -> Result<Self> {
        let (stream, _) = listener.accept().await?;
        #[allow(clippy::result_large_err, reason = "tungstenite's signature")]
        let choose = |request: &Request, mut response: Response| {
            assert_eq!(request.headers()["sec-websocket-protocol"], format.subprotocol());
            response
                .headers_mut()
                .insert("sec-websocket-protocol", format.subprotocol().parse().expect("a token"));
            Ok(response)
        };
        Ok(Self { socket: tokio_tungstenite::accept_hdr_async(stream, choose).await?, format })
    }

    /// The next command of the client, with its id; None when the connection is gone.
    async fn next(&mut self) -> Option<(Value, Command)> {
        let bytes = self.socket.next().await?.ok()?.into_data();
        let frame = decode(self.format, &bytes).ok()?;
        Some((serde_json::to_value(&frame.id).ok()?, frame.command))
    }

    async fn say(&mut self, frame: Value) -> Result<()> {
        self.socket.send(wrap(self.format, encode(self.format, &frame))).await.context("the client is gone")
    }

    async fn greet(&mut self, id: &Value, streams: Value, recovered: Value) -> Result<()> {
        let limits = json!({ "frame_bytes": 65536, "body_chars": 4000, "subject_chars": 200, "commands_per_second": 20,
            "burst": 40, "unanswered_commands": 16, "connections_per_person": 10, "outbox_bytes": 1048576 });
        self.say(json!({ "type": "ready", "id": id, "person": anna(), "session": "s", "epoch": "e", "heartbeat_s": 25,
            "streams": streams, "conversations": [], "recovered": recovered, "limits": limits }))
            .await
    }
}

fn anna() -> Person {
    Person { id: PersonId::Guest(1), role: Role::Visitor, name: "Anna".to_owned() }
}

fn client(place: SocketAddr, format: Format) -> Client {
    let approach = Approach { place, source: Ipv4Addr::new(127, 0, 0, 9), subprotocols: None, origin: None };
    let identity = Identity { person: anna(), token: "1|secret".to_owned() };
    Client::new("anna", identity, format, approach, Instant::now())
}

fn conversation() -> ConversationId {
    ConversationId::new(Timestamp::from_millis(1), [1; 10])
}

fn message(seq: u64, key: &str) -> Value {
    json!({ "type": "event", "stream": StreamName::Conversation(conversation()), "seq": seq,
        "at": "2025-11-24T16:00:00.120Z", "kind": "message", "author": anna(), "body": "Hello", "key": key, "attachments": [] })
}

#[tokio::test]
async fn a_client_follows_breaks_off_and_resumes_with_its_positions() -> Result<()> {
    for format in Format::ALL {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let place = listener.local_addr()?;
        let stream = StreamName::Conversation(conversation());
        let script = tokio::spawn(async move {
            let mut peer = Peer::accept(&listener, format).await?;
            let (id, Command::Hello(hello)) = peer.next().await.context("no hello")? else {
                anyhow::bail!("no hello")
            };
            ensure!(hello.token.0 == "1|secret" && hello.positions.is_empty());
            let head = json!({ stream.to_string(): { "epoch": "e", "seq": 4 } });
            peer.greet(&id, head.clone(), json!({})).await?;
            let (id, Command::Send(send)) = peer.next().await.context("no send")? else {
                anyhow::bail!("no send")
            };
            peer.say(json!({ "type": "ok", "id": id, "seq": 5 })).await?;
            peer.say(message(5, send.key.as_str())).await?;
            let (id, _) = peer.next().await.context("no second command")?;
            let manager = json!({ "id": "u1", "role": "manager", "name": "Mark" });
            peer.say(json!({ "type": "error", "id": id, "code": "conflict", "message": "taken", "manager": manager })).await?;
            // The reset of the connection, not a goodbye.
            let end = peer.socket.next().await;
            ensure!(matches!(end, Some(Err(_))), "{end:?}");

            let mut peer = Peer::accept(&listener, format).await?;
            let (id, Command::Hello(hello)) = peer.next().await.context("no hello")? else {
                anyhow::bail!("no hello")
            };
            ensure!(hello.positions[&stream.to_string()].seq == 5, "{:?}", hello.positions);
            peer.greet(&id, head, json!({ stream.to_string(): true })).await?;
            peer.say(message(6, "k6")).await?;
            let frame = CloseFrame { code: 4508.into(), reason: "slow reader".into() };
            peer.socket.close(Some(frame)).await?;
            while peer.socket.next().await.is_some() {}
            Ok(())
        });
        let mut anna = client(place, format);
        ensure!(anna.connect().await?.streams[&stream].seq == 4);
        ensure!(anna.send(conversation(), "k5", "Hello").await? == 5);
        let event = anna.expect_event(conversation(), "message").await?;
        ensure!(matches!(&event.kind, EventKind::Message { key, .. } if key.as_str() == "k5"));
        let no = anna.claim(conversation(), false).await.refused();
        ensure!(no.manager.is_some_and(|m| m.id == PersonId::User(1)));
        ensure!(anna.resume().await?.recovered[&stream]);
        anna.expect_reached(stream, 6).await?;
        ensure!(anna.expect_close().await? == Some(4508));
        ensure!(!anna.is_connected() && anna.positions()[&stream].seq == 6);
        let lost = anna.ping().await;
        ensure!(matches!(lost, Err(Trouble::Closed(Some(4508)))), "{lost:?}");
        script.await??;

        let closed = anna.log().entries.into_iter().filter(|e| matches!(e.what, What::Closed(_))).count();
        ensure!(closed == 2, "{closed}");
    }
    Ok(())
}

#[tokio::test]
async fn a_frame_outside_the_contract_is_a_finding() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let place = listener.local_addr()?;
    let script = tokio::spawn(async move {
        let mut peer = Peer::accept(&listener, Format::Json).await?;
        let (id, _) = peer.next().await.context("no hello")?;
        peer.greet(&id, json!({}), json!({})).await?;
        peer.say(json!({ "type": "surprise" })).await?;
        peer.socket.send(Message::Binary(vec![1].into())).await?;
        let (id, _) = peer.next().await.context("no ping")?;
        peer.say(json!({ "type": "ok", "id": id })).await
    });
    let mut anna = client(place, Format::Json);
    anna.connect().await?;
    anna.ping().await?;
    script.await??;
    let report = check(&RunLog { clients: vec![anna.log()], ..RunLog::default() });
    ensure!(report.count(Fault::Disorder) == 2 && report.findings.len() == 2, "{report}");
    Ok(())
}

#[tokio::test]
async fn an_expectation_that_is_not_met_says_what_came_instead() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let place = listener.local_addr()?;
    let script = tokio::spawn(async move {
        let mut peer = Peer::accept(&listener, Format::Json).await?;
        let (id, _) = peer.next().await.context("no hello")?;
        peer.greet(&id, json!({}), json!({})).await?;
        while peer.next().await.is_some() {}
        anyhow::Ok(())
    });
    let mut anna = client(place, Format::Json);
    anna.connect().await?;
    let late = anna.expect_close_within(Duration::from_millis(50)).await;
    ensure!(matches!(&late, Err(Trouble::Late(what)) if what.contains("Ready")), "{late:?}");
    anna.close().await;
    script.await?
}
