//! A message from the visitor's socket to the manager's: read, decided, durable, told; beside tungstenite that hands the same
//! bytes on and does nothing with them. One conversation alone, and a hundred at once.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use otvet_benches::edge::{Edge, frame};
use otvet_benches::hand_framed::{Client, masked, upgraded};
use otvet_benches::pairs::pair_server;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::client::{Claim, Open, Send};
use otvet_engine::protocol::{Command, Format, Role, encode};
use tokio::runtime::Runtime;

/// The two ends of a conversation.
struct Pair {
    visitor: Client,
    manager: Client,
    /// Where the visitor is answered, too; `None` where nobody answers.
    conversation: Option<ConversationId>,
    said: i64,
}

impl Pair {
    /// A conversation that its manager has claimed.
    async fn ours(edge: &Edge) -> Self {
        let mut visitor = edge.join(&edge.token(Role::Visitor).await).await;
        let open =
            Open {
                key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned()
            };
        visitor.say(&frame(1, Command::Open(open))).await;
        let ok: serde_json::Value =
            serde_json::from_slice(&visitor.await_text(1, is_ok).await).expect("it is JSON");
        let id = ok["conversation"]["id"].as_str().and_then(|id| id.parse().ok());
        let conversation = id.expect("`open` answers with the conversation");
        let mut manager = edge.join(&edge.token(Role::Manager).await).await;
        manager.say(&frame(1, Command::Claim(Claim { conversation, take_over: false }))).await;
        manager.await_text(1, is_ok).await;
        Self { visitor, manager, conversation: Some(conversation), said: 0 }
    }

    /// The visitor says something; until the manager has it, and the visitor its `ok`.
    async fn talk(&mut self) {
        self.said += 1;
        match self.conversation {
            Some(conversation) => {
                let key = format!("key-{}", self.said).parse().expect("it is short");
                let body = "Здравствуйте! Где мой заказ?".to_owned();
                let send = Send { conversation, key, body, attachments: Vec::new() };
                self.visitor.say(&frame(self.said, Command::Send(send))).await;
                self.manager.await_text(1, is_message).await;
                self.visitor.await_text(1, is_ok).await;
            }
            None => {
                self.visitor.say(&masked(&encode(Format::Json, &otvet_benches::message()))).await;
                self.manager.await_text(1, is_message).await;
            }
        }
    }
}

fn is_message(payload: &[u8]) -> bool {
    payload.windows(16).any(|part| part == br#""kind":"message""#)
}

fn is_ok(payload: &[u8]) -> bool {
    payload.starts_with(br#"{"type":"ok""#)
}

async fn all_talk(pairs: &mut Vec<Pair>, rounds: u64) -> Duration {
    let began = Instant::now();
    let tasks = std::mem::take(pairs).into_iter().map(|mut pair| {
        tokio::spawn(async move {
            for _ in 0..rounds {
                pair.talk().await;
            }
            pair
        })
    });
    for done in join_all(tasks).await {
        pairs.push(done.expect("the connections live"));
    }
    began.elapsed()
}

fn end_to_end(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("end to end");
    group.sample_size(20);
    for count in [1, 100] {
        group.throughput(Throughput::Elements(count as u64));
        let (_edge, mut ours, mut bare) = runtime.block_on(async {
            let edge = Edge::start().await;
            let place = pair_server().await;
            let (mut ours, mut bare) = (Vec::new(), Vec::new());
            for _ in 0..count {
                ours.push(Pair::ours(&edge).await);
                let (visitor, manager) = (upgraded(place).await, upgraded(place).await);
                bare.push(Pair { visitor, manager, conversation: None, said: 0 });
            }
            (edge, ours, bare)
        });
        group.bench_function(BenchmarkId::new("otvet", count), |b| {
            b.iter_custom(|rounds| runtime.block_on(all_talk(&mut ours, rounds)));
        });
        group.bench_function(BenchmarkId::new("tungstenite", count), |b| {
            b.iter_custom(|rounds| runtime.block_on(all_talk(&mut bare, rounds)));
        });
    }
    group.finish();
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
