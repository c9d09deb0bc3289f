//! What it costs that somebody comes in for the first time, a thousand of them at once: a session actor from `join` to
//! `ready`, with its reads, beside a bare task that is spawned and answers. At once, since whoever comes alone a moment
//! after somebody else is looked up a few milliseconds later, together with others.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use otvet_benches::house::{Arrivals, Stand, visitor};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

const AT_ONCE: usize = 1000;

fn spawn(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("spawn");
    group.sample_size(20).throughput(Throughput::Elements(AT_ONCE as u64));
    let stand = runtime.block_on(Stand::start());
    let arrived = Arc::new(Arrivals::default());
    let mut n = 0;
    group.bench_function("otvet session", |b| {
        b.iter(|| {
            runtime.block_on(async {
                arrived.expect(AT_ONCE);
                let connections: Vec<_> = (0..AT_ONCE)
                    .map(|_| {
                        n += 1;
                        stand.join(visitor(n), &arrived)
                    })
                    .collect();
                arrived.come().await;
                drop(connections);
            });
        });
    });
    group.bench_function("tokio task", |b| {
        b.iter(|| runtime.block_on(async { join_all((0..AT_ONCE).map(|_| spawned_and_asked())).await }));
    });
    group.finish();
}

async fn spawned_and_asked() {
    let (sender, mut inbox) = mpsc::unbounded_channel::<oneshot::Sender<()>>();
    tokio::spawn(async move {
        while let Some(reply) = inbox.recv().await {
            let _ = reply.send(());
        }
    });
    let (reply, answer) = oneshot::channel();
    assert!(sender.send(reply).is_ok(), "the task is there");
    answer.await.expect("it answers");
}

criterion_group!(benches, spawn);
criterion_main!(benches);
