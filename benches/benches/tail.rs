//! Appending to tails with 512 under way: in memory, and in Redis beside the bare pipeline of the same client library.

#![allow(clippy::print_stdout, reason = "what could not be measured is said beside what was")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fred::interfaces::{ClientLike, StreamsInterface};
use fred::prelude::{Builder, Client, Config};
use futures_util::future::join_all;
use otvet_benches::redis_server::RedisServer;
use otvet_benches::{entries, stream};
use otvet_engine::ids::Epoch;
use otvet_engine::tail::{MemoryTail, RedisTail, RedisTailOptions, SharedTail};
use tokio::runtime::Runtime;

const UNDER_WAY: usize = 512;

/// Each of as many streams gets one entry after the other. `head` is where they stand.
async fn appends(tail: &SharedTail, head: &mut u64, rounds: u64) -> Duration {
    let first = *head;
    *head += rounds;
    let epoch = Epoch::new([1; 8]);
    let began = Instant::now();
    let streams = (0..UNDER_WAY).map(|n| {
        let (tail, epoch) = (Arc::clone(tail), epoch.clone());
        tokio::spawn(async move {
            let name = stream(i64::try_from(n).unwrap_or(0));
            for round in 0..rounds {
                tail.append(&name, &epoch, &entries(first + round, 1)).await.expect("the tail takes it");
            }
        })
    });
    for done in join_all(streams).await {
        done.expect("nothing fails here");
    }
    began.elapsed()
}

async fn bare(client: &Client, rounds: u64) -> Duration {
    let began = Instant::now();
    let streams = (0..UNDER_WAY).map(|n| {
        let client = client.clone();
        tokio::spawn(async move {
            let key = format!("bare:{n}");
            for round in 0..rounds {
                let event = entries(round, 1).remove(0).event;
                let _: String = client
                    .xadd(&key, false, ("MAXLEN", "~", 300), "*", ("e", event))
                    .await
                    .expect("Redis takes it");
            }
        })
    });
    for done in join_all(streams).await {
        done.expect("nothing fails here");
    }
    began.elapsed()
}

fn append(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("tail append");
    group.sample_size(20).throughput(Throughput::Elements(UNDER_WAY as u64));
    let memory: SharedTail = Arc::new(MemoryTail::new(300, 1 << 30));
    let mut head = 0;
    group.bench_function("memory", |b| {
        b.iter_custom(|rounds| runtime.block_on(appends(&memory, &mut head, rounds)));
    });
    let Some(redis) = RedisServer::start() else {
        println!("redis-server is not installed: the tail in Redis is left out");
        return group.finish();
    };
    let options = RedisTailOptions {
        url: redis.url(),
        keep: 300,
        idle_expire: Duration::from_secs(3600),
        command_timeout: Duration::from_secs(5),
        max_attempts: 2,
        max_queue: 10_000,
        unresponsive_timeout: Duration::from_secs(5),
    };
    let (tail, _) = runtime.block_on(RedisTail::connect(options)).expect("the URL is good");
    let tail: SharedTail = Arc::new(tail);
    let mut head = 0;
    group.bench_function("redis/otvet", |b| {
        b.iter_custom(|rounds| runtime.block_on(appends(&tail, &mut head, rounds)));
    });
    let client = runtime.block_on(async {
        let config = Config::from_url(&redis.url()).expect("the URL is good");
        let client = Builder::from_config(config).build().expect("the configuration is good");
        client.init().await.expect("Redis is there");
        client
    });
    group.bench_function("redis/bare pipeline", |b| {
        b.iter_custom(|rounds| runtime.block_on(bare(&client, rounds)));
    });
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
