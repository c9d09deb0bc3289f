//! What it costs that somebody comes in for the first time: a session actor from `join` to `ready`, with its reads, beside
//! a bare task that is spawned and answers.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use otvet_benches::house::{Arrivals, Stand, visitor};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

fn spawn(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("spawn");
    let stand = runtime.block_on(Stand::start());
    let arrived = Arc::new(Arrivals::default());
    let mut n = 0;
    group.bench_function("otvet session", |b| {
        b.iter(|| {
            runtime.block_on(async {
                n += 1;
                arrived.expect(1);
                let connection = stand.join(visitor(n), &arrived);
                arrived.come().await;
                drop(connection);
            });
        });
    });
    group.bench_function("tokio task", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let (sender, mut inbox) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
                tokio::spawn(async move {
                    while let Some(reply) = inbox.recv().await {
                        let _ = reply.send(());
                    }
                });
                let (reply, answer) = oneshot::channel();
                assert!(sender.send(reply).is_ok(), "the task is there");
                answer.await
            })
        });
    });
    group.finish();
}

criterion_group!(benches, spawn);
criterion_main!(benches);
