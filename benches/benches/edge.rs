//! The socket edge of a whole server beside frames cut by hand on bare TCP streams, with the same client.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use otvet_benches::edge::{Edge, frame};
use otvet_benches::hand_framed::{Client, broadcast_server, connect, echo_server, masked};
use otvet_benches::house::Arrivals;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::client::{Claim, Open, Send, Target};
use otvet_engine::protocol::{Command, Role};
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 200;
const IN_FLIGHT: usize = 32;
const READERS: usize = 1000;
const PER_PERSON: usize = 10;
const BURST: usize = 16;

/// A `ping` whose answer has about 100 bytes, as it has itself.
fn ping() -> Vec<u8> {
    masked(format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(73)).as_bytes())
}

async fn all_ping(clients: &mut Vec<Client>, rounds: u64) -> Duration {
    let frame = ping();
    let began = Instant::now();
    let tasks = std::mem::take(clients).into_iter().map(|mut client| {
        let frame = frame.clone();
        tokio::spawn(async move {
            client.ping_pong(&frame, IN_FLIGHT, rounds).await;
            client
        })
    });
    for done in join_all(tasks).await {
        clients.push(done.expect("the connection lives"));
    }
    began.elapsed()
}

fn echo(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("socket echo");
    group.sample_size(20).throughput(Throughput::Elements((CONNECTIONS * IN_FLIGHT) as u64));
    let (_edge, mut ours, mut bare) = runtime.block_on(async {
        let edge = Edge::start().await;
        let mut ours = Vec::new();
        for _ in 0..CONNECTIONS / PER_PERSON {
            let token = edge.token(Role::Visitor).await;
            for _ in 0..PER_PERSON {
                ours.push(edge.join(&token).await);
            }
        }
        let place = echo_server().await;
        let bare = join_all((0..CONNECTIONS).map(|_| async { Client::new(connect(place).await) })).await;
        (edge, ours, bare)
    });
    group.bench_function("otvet", |b| {
        b.iter_custom(|rounds| runtime.block_on(all_ping(&mut ours, rounds)));
    });
    group.bench_function("hand-framed TCP", |b| {
        b.iter_custom(|rounds| runtime.block_on(all_ping(&mut bare, rounds)));
    });
    group.finish();
}

/// Reads burst after burst in each connection, and counts each that has come; gives the connections back at the end.
fn read_all(
    readers: &mut Vec<Client>,
    rounds: u64,
    come: &Arc<Arrivals>,
) -> tokio::task::JoinHandle<Vec<Client>> {
    let tasks: Vec<_> = std::mem::take(readers)
        .into_iter()
        .map(|mut reader| {
            let come = Arc::clone(come);
            tokio::spawn(async move {
                for _ in 0..rounds {
                    reader.await_text(BURST, is_message).await;
                    come.count(1);
                }
                reader
            })
        })
        .collect();
    tokio::spawn(async move {
        let done = join_all(tasks).await;
        done.into_iter().map(|reader| reader.expect("the connection lives")).collect()
    })
}

/// Whatever else a reader is sent is not what is waited for.
fn is_message(payload: &[u8]) -> bool {
    payload.windows(16).any(|part| part == br#""kind":"message""#)
}

async fn bursts(
    readers: &mut Vec<Client>,
    writer: &mut Client,
    mut burst: impl FnMut() -> Vec<u8>,
    rounds: u64,
) -> Duration {
    let come = Arc::new(Arrivals::default());
    let everybody = readers.len();
    let began = Instant::now();
    let reading = read_all(readers, rounds, &come);
    // The next goes when everybody has the last: otherwise more would be in flight than is said, on the side that answers
    // its writer before it has served all others.
    for _ in 0..rounds {
        come.expect(everybody);
        writer.say(&burst()).await;
        writer.await_text(BURST, is_message).await;
        come.come().await;
    }
    *readers = reading.await.expect("nothing fails here");
    began.elapsed()
}

/// A conversation that a manager has, and which a thousand connections of others watch.
async fn watched(edge: &Edge) -> (ConversationId, Client, Vec<Client>) {
    let mut visitor = edge.join(&edge.token(Role::Visitor).await).await;
    let open =
        Open { key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned() };
    let id = opened(&mut visitor, open).await;
    // Its question is a message, too, and none of a burst.
    visitor.await_text(1, is_message).await;
    let mut manager = edge.join(&edge.token(Role::Manager).await).await;
    ask(&mut manager, Command::Claim(Claim { conversation: id, take_over: false })).await;
    let mut readers = Vec::new();
    for _ in 0..READERS / PER_PERSON {
        let token = edge.token(Role::Manager).await;
        for _ in 0..PER_PERSON {
            let mut reader = edge.join(&token).await;
            ask(&mut reader, Command::Watch(Target { conversation: id })).await;
            readers.push(reader);
        }
    }
    (id, visitor, readers)
}

/// Gives a command and waits for its `ok`.
async fn ask(client: &mut Client, command: Command) -> Vec<u8> {
    client.say(&frame(1, command)).await;
    client.await_text(1, |payload| payload.starts_with(br#"{"type":"ok""#)).await
}

async fn opened(client: &mut Client, open: Open) -> ConversationId {
    let ok: serde_json::Value =
        serde_json::from_slice(&ask(client, Command::Open(open)).await).expect("it is JSON");
    ok["conversation"]["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("`open` answers with the conversation")
}

fn broadcast(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("socket broadcast");
    group.sample_size(10).throughput(Throughput::Elements((READERS * BURST) as u64));
    let edge = runtime.block_on(Edge::start());
    let (id, mut visitor, mut readers) = runtime.block_on(watched(&edge));
    let mut n = 0;
    group.bench_function(BenchmarkId::new("otvet", READERS), |b| {
        b.iter_custom(|rounds| {
            runtime.block_on(bursts(&mut readers, &mut visitor, || messages(id, &mut n), rounds))
        });
    });
    let (mut writer, mut readers) = runtime.block_on(async {
        let place = broadcast_server().await;
        // One after another: a thousand at once overflow the listener's queue, and a connection of which the kernel has then
        // forgotten its own side waits for ever, since a reader sends nothing that would remind it.
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(Client::among_everybody(place).await);
        }
        (Client::among_everybody(place).await, readers)
    });
    // What a reader gets of a message, as long as it is.
    let event =
        otvet_engine::protocol::encode(otvet_engine::protocol::Format::Json, &otvet_benches::message());
    let burst = masked(&event).repeat(BURST);
    group.bench_function(BenchmarkId::new("hand-framed TCP", READERS), |b| {
        b.iter_custom(|rounds| runtime.block_on(bursts(&mut readers, &mut writer, || burst.clone(), rounds)));
    });
    group.finish();
}

fn messages(conversation: ConversationId, n: &mut u64) -> Vec<u8> {
    let mut burst = Vec::new();
    for _ in 0..BURST {
        *n += 1;
        let key = format!("key-{n}").parse().expect("it is short");
        let body = "Здравствуйте! Где мой заказ?".to_owned();
        let send = Send { conversation, key, body, attachments: Vec::new() };
        burst.extend(frame(i64::try_from(*n).unwrap_or(0), Command::Send(send)));
    }
    burst
}

criterion_group!(benches, echo, broadcast);
criterion_main!(benches);
