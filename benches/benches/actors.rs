//! The actors beside plain tasks with tokio's channels that do the same hops and the same work, without any I/O.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use otvet_actors::Connection;
use otvet_benches::house::{Arrivals, Stand, manager, visitor};
use otvet_benches::relay::{ToSession, acting_session, broadcaster, conversation, session, typist};
use otvet_benches::{carry_out_by, conversation_id, opened_by};
use otvet_engine::conversation::Rules;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::client::{Open, Send, Target};
use otvet_engine::protocol::{Answer, Command, CommandId, Person};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedSender;

const CONVERSATIONS: usize = 1000;

fn send(conversation: ConversationId) -> Send {
    Send {
        conversation,
        key: "the same again".parse().expect("it is short"),
        body: "Здравствуйте! Где мой заказ?".to_owned(),
        attachments: Vec::new(),
    }
}

/// One visitor for each conversation, whose message is stored: sent again under its key it goes all the way and back, and
/// nothing is stored.
async fn talking(stand: &Stand, arrived: &Arc<Arrivals>) -> Vec<(Connection, ConversationId)> {
    let mut all = Vec::new();
    for n in 0..CONVERSATIONS {
        let person = visitor(i64::try_from(n).expect("it is small"));
        let connection = stand.join(person.clone(), arrived);
        let open =
            Open {
                key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned()
            };
        let Ok(Answer::Opened { conversation, .. }) = stand.house.open(person.clone(), open).await else {
            panic!("a visitor may ask")
        };
        connection
            .submit(Some(CommandId::Number(0)), Command::Send(send(conversation.id)))
            .expect("it is let in");
        all.push((connection, conversation.id));
    }
    arrived.calm().await;
    all
}

/// How long so many rounds take, one after another. They begin within the runtime, as what sockets bring does: a thread beside
/// it would take part, and so more threads than there are processors.
fn within<R>(
    runtime: &Runtime,
    rounds: u64,
    mut round: impl FnMut() -> R + std::marker::Send + 'static,
) -> Duration
where
    R: Future<Output = ()> + std::marker::Send,
{
    let all = runtime.spawn(async move {
        let began = Instant::now();
        for _ in 0..rounds {
            round().await;
        }
        began.elapsed()
    });
    runtime.block_on(all).expect("nothing fails here")
}

fn path(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("actor path");
    for in_flight in [1, 16] {
        group.throughput(Throughput::Elements((CONVERSATIONS * in_flight) as u64));
        let (ours, bare) = (Arc::new(Arrivals::default()), Arc::new(Arrivals::default()));
        let (_stand, talking) = runtime.block_on(async {
            let stand = Stand::start().await;
            let talking = talking(&stand, &ours).await;
            (stand, Arc::new(talking))
        });
        group.bench_function(BenchmarkId::new("otvet", in_flight), |b| {
            b.iter_custom(|rounds| {
                let (ours, talking) = (Arc::clone(&ours), Arc::clone(&talking));
                within(&runtime, rounds, move || {
                    ours.expect(CONVERSATIONS * in_flight);
                    for n in 0..in_flight {
                        for (connection, conversation) in talking.iter() {
                            let id = Some(CommandId::Number(i64::try_from(n).unwrap_or(0)));
                            connection.submit(id, Command::Send(send(*conversation))).expect("it is let in");
                        }
                    }
                    all_of(&ours)
                })
            });
        });
        let sessions = Arc::new(runtime.block_on(async { relays(&bare) }));
        group.bench_function(BenchmarkId::new("tokio mpsc", in_flight), |b| {
            b.iter_custom(|rounds| {
                let (bare, sessions) = (Arc::clone(&bare), Arc::clone(&sessions));
                within(&runtime, rounds, move || {
                    bare.expect(CONVERSATIONS * in_flight);
                    for n in 0..in_flight {
                        for (session, conversation) in sessions.iter() {
                            let id = CommandId::Number(i64::try_from(n).unwrap_or(0));
                            let submit = ToSession::Submit(id, Box::new(send(*conversation)));
                            assert!(session.send(submit).is_ok(), "the task is there");
                        }
                    }
                    all_of(&bare)
                })
            });
        });
    }
    group.finish();
}

/// Until all that was expected has come.
fn all_of(arrived: &Arc<Arrivals>) -> impl Future<Output = ()> + std::marker::Send + use<> {
    let arrived = Arc::clone(arrived);
    async move { arrived.come().await }
}

fn relays(arrived: &Arc<Arrivals>) -> Vec<(UnboundedSender<ToSession>, ConversationId)> {
    let rules = Rules::default();
    (0..CONVERSATIONS)
        .map(|n| {
            let n = i64::try_from(n).expect("it is small");
            let (id, person) = (conversation_id(n), visitor(n));
            let mut state = opened_by(&person, id, &rules);
            let Send { key, body, attachments, .. } = send(id);
            let command = otvet_engine::conversation::Command::Send { key, body, attachments };
            carry_out_by(&person, &mut state, &command, &rules);
            (session(person, Some(conversation(state, rules)), arrived), id)
        })
        .collect()
}

/// Readers who watch one conversation, and somebody who types in it.
struct Watched {
    stand: Stand,
    conversation: ConversationId,
    typist: Connection,
    _readers: Vec<Connection>,
}

async fn watched(readers: usize, arrived: &Arc<Arrivals>) -> Watched {
    let stand = Stand::start().await;
    let person: Person = visitor(0);
    let unheard = Arc::new(Arrivals::default());
    let typist = stand.join(person.clone(), &unheard);
    let open =
        Open { key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned() };
    let Ok(Answer::Opened { conversation, .. }) = stand.house.open(person, open).await else {
        panic!("a visitor may ask")
    };
    let conversation = conversation.id;
    let readers = (0..readers).map(|n| {
        let reader = stand.join(manager(i64::try_from(n).expect("it is small")), arrived);
        let watch = Command::Watch(Target { conversation });
        reader.submit(Some(CommandId::Number(1)), watch).expect("it is let in");
        reader
    });
    let readers = readers.collect();
    arrived.calm().await;
    Watched { stand, conversation, typist, _readers: readers }
}

fn fanout(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("fan-out");
    for readers in [10, 100, 1000] {
        group.throughput(Throughput::Elements(readers as u64));
        let (ours, bare) = (Arc::new(Arrivals::default()), Arc::new(Arrivals::default()));
        let watched = runtime.block_on(watched(readers, &ours));
        let watched = Arc::new(watched);
        group.bench_function(BenchmarkId::new("otvet", readers), |b| {
            b.iter_custom(|rounds| {
                let (ours, watched) = (Arc::clone(&ours), Arc::clone(&watched));
                within(&runtime, rounds, move || {
                    // Typing is passed on once in two seconds.
                    watched.stand.clock.advance_millis(2_001);
                    ours.expect(readers);
                    let typing = Command::Typing(Target { conversation: watched.conversation });
                    watched.typist.submit(None, typing).expect("it is let in");
                    all_of(&ours)
                })
            });
        });
        let everybody = runtime.block_on(async {
            let sessions = (0..readers).map(|n| session(manager(i64::try_from(n).unwrap_or(0)), None, &bare));
            typist(broadcaster(conversation_id(0), sessions.collect()))
        });
        let acting = runtime.block_on(async {
            let mut sessions = Vec::new();
            for _ in 0..readers {
                sessions.push(acting_session(&bare).await);
            }
            typist(broadcaster(conversation_id(0), sessions))
        });
        for (name, everybody) in [("tokio mpsc", everybody), ("tokio mpsc in ractor", acting)] {
            group.bench_function(BenchmarkId::new(name, readers), |b| {
                b.iter_custom(|rounds| {
                    let (bare, everybody) = (Arc::clone(&bare), everybody.clone());
                    within(&runtime, rounds, move || {
                        bare.expect(readers);
                        assert!(everybody.send(visitor(0)).is_ok(), "the task is there");
                        all_of(&bare)
                    })
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, path, fanout);
criterion_main!(benches);
