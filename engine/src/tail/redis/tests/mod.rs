//! The tail against a real redis-server, healthy and not.

mod faults;
mod numbering;
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::server::Server;
use super::super::SharedTail;
use super::super::contract::{self, entries, epoch};
use super::*;
use crate::ids::PersonId;

/// The longest wait for what must happen soon, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn options(url: impl Into<String>) -> RedisTailOptions {
    RedisTailOptions {
        url: url.into(),
        keep: 20,
        idle_expire: Duration::from_secs(60),
        // Long, so that a busy machine fails no test that is not about it.
        command_timeout: Duration::from_secs(5),
        max_attempts: 3,
        max_queue: 10_000,
        unresponsive_timeout: Duration::from_secs(5),
    }
}

async fn connect(options: RedisTailOptions) -> RedisTail {
    let (tail, report) = RedisTail::connect(options).await.unwrap();
    assert_eq!(report.problem, None);
    tail
}

const STREAM: StreamName = StreamName::Session(PersonId::User(7));
const KEY: &str = "otvet:{session/u7}";

/// All entries after a number, or `None` for what the database must be asked for.
async fn read(tail: &RedisTail, seq: u64) -> Option<Vec<TailEntry>> {
    match tail.after(&STREAM, &Position { epoch: epoch(1), seq }, 1000).await {
        Ok(TailRead::Complete { entries, .. }) => Some(entries),
        Ok(TailRead::Missing) | Err(_) => None,
    }
}

async fn append(tail: &RedisTail, seqs: std::ops::RangeInclusive<u64>) -> Result<(), TailError> {
    tail.append(&STREAM, &epoch(1), &entries(seqs)).await
}

/// As the actors do it: a tail that cannot be continued goes, and a new one begins.
async fn append_or_begin_anew(tail: &RedisTail, seq: u64) {
    if append(tail, seq..=seq).await.is_err() && tail.drop_stream(&STREAM).await.is_ok() {
        let _ = append(tail, seq..=seq).await;
    }
}

/// Waits for a condition, with a deadline.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds().await {
        assert!(Instant::now() < deadline, "not within {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn reachable(tail: &RedisTail) {
    eventually("reachable", async || tail.status().reachable && tail.check().await.is_ok()).await;
}

async fn holds_the_contract(url: String) {
    contract::contract(async |keep| {
        Arc::new(connect(RedisTailOptions { keep, ..options(&url) }).await) as SharedTail
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract() {
    holds_the_contract(Server::start(&[]).url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract_in_a_cluster() {
    let server = Server::start(&["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
    assert_eq!(server.command("CLUSTER ADDSLOTSRANGE 0 16383"), "+OK");
    eventually("the cluster is up", async || server.command("CLUSTER INFO").contains("cluster_state:ok"))
        .await;
    let url = server.url().replace("redis://", "redis-cluster://");
    holds_the_contract(url.clone()).await;
    let (_, report) = RedisTail::connect(options(url)).await.unwrap();
    assert_eq!(report.mode, RedisMode::Cluster);
    let (_, report) = RedisTail::connect(options(server.url())).await.unwrap();
    assert!(report.warnings.iter().any(|warning| warning.contains("redis-cluster://")), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contract_behind_a_sentinel() {
    let server = Server::start(&[]);
    let sentinel = Server::start_sentinel(server.port);
    let url = format!("redis-sentinel://127.0.0.1:{}?sentinelServiceName=tails", sentinel.port);
    holds_the_contract(url.clone()).await;
    let (_, report) = RedisTail::connect(options(url)).await.unwrap();
    assert_eq!(report.mode, RedisMode::Sentinel);
}

#[tokio::test]
async fn says_which_redis_it_uses() {
    let server = Server::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lfu"]);
    let (_, report) = RedisTail::connect(options(server.url())).await.unwrap();
    assert!(report.version.as_ref().unwrap().starts_with("Redis "), "{report:?}");
    assert_eq!((report.mode, report.maxmemory), (RedisMode::Standalone, Some(100 << 20)));
    assert!(report.to_string().ends_with("(standalone), at most 100 MiB, allkeys-lfu"), "{report}");
    for word in ["allkeys-lfu", "appendonly"] {
        assert!(report.warnings.iter().any(|warning| warning.contains(word)), "{word}: {report:?}");
    }
}

#[tokio::test]
async fn takes_password_and_database_from_the_url() {
    let server = Server::start_with_password("s3cret%2Fword");
    let secret = format!("redis://:s3cret%252Fword@127.0.0.1:{}/3", server.port);
    let tail = connect(options(&secret)).await;
    append(&tail, 1..=2).await.unwrap();
    assert_eq!(read(&tail, 0).await, Some(entries(1..=2)));
    assert_eq!(server.command(&format!("EXISTS {KEY}")), ":0", "not in database 0");
    assert!(server.command("INFO keyspace").contains("db3:keys=2"));
    assert!(!format!("{:?}", options(&secret)).contains("cret"));

    let wrong = format!("redis://:wrong@127.0.0.1:{}", server.port);
    let (tail, report) = RedisTail::connect(options(wrong)).await.unwrap();
    let problem = report.problem.unwrap();
    assert!(problem.contains("WRONGPASS") && !problem.contains(":wrong@"), "{problem}");
    assert!(matches!(append(&tail, 1..=1).await, Err(TailError::Unreachable(_))));
    let without = format!("redis://127.0.0.1:{}", server.port);
    let (tail, report) = RedisTail::connect(options(without)).await.unwrap();
    assert!(report.problem.is_some(), "{report:?}");
    assert!(matches!(tail.check().await, Err(TailError::Unreachable(_))));
}

#[tokio::test]
async fn refuses_urls_that_can_never_work() {
    for bad in ["", "redis", "redis://", "redis://host/notanumber", "redis-sentinel://host:1"] {
        let error = RedisTail::connect(options(bad)).await.unwrap_err();
        assert!(error.to_string().starts_with("redis.url: "), "{bad}: {error}");
    }
}

#[tokio::test]
async fn tls_against_a_redis_without_it_is_a_problem_and_no_panic() {
    let server = Server::start(&[]);
    let url = server.url().replace("redis://", "rediss://");
    let (tail, report) = RedisTail::connect(options(url)).await.unwrap();
    assert!(report.problem.is_some(), "{report:?}");
    assert!(!tail.status().reachable);
}

#[tokio::test]
async fn an_append_renews_the_expiry_of_stream_and_epoch() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    let keys = [KEY.to_owned(), format!("{KEY}:epoch")];
    for seq in 1..=3 {
        append(&tail, seq..=seq).await.unwrap();
        for key in &keys {
            let left: u64 = server.command(&format!("PTTL {key}"))[1..].parse().unwrap();
            assert!((50_000..=60_000).contains(&left), "{key}: {left} ms");
            assert_eq!(server.command(&format!("PEXPIRE {key} 20000")), ":1");
        }
    }
    // Expired: as if it had never been.
    for key in &keys {
        server.command(&format!("PEXPIRE {key} 1"));
    }
    eventually("expired", async || tail.head(&STREAM).await == Ok(None)).await;
    append(&tail, 9..=9).await.unwrap();
    assert_eq!(read(&tail, 8).await, Some(entries(9..=9)));
}

#[tokio::test]
async fn entries_are_redis_streams_whose_ids_are_their_numbers() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    append(&tail, 5..=6).await.unwrap();
    assert_eq!(server.command(&format!("TYPE {KEY}")), "+stream");
    assert_eq!(server.command(&format!("XLEN {KEY}")), ":2");
    let refused = server.command(&format!("XADD {KEY} 6-0 at 1 event x"));
    assert!(refused.starts_with("-ERR"), "{refused}");
    assert_eq!(server.command(&format!("GET {KEY}:epoch")), &*epoch(1).0);
    // Redis forgot the scripts: they are sent again.
    server.command("SCRIPT FLUSH");
    append(&tail, 7..=7).await.unwrap();
    server.command("SCRIPT FLUSH");
    assert_eq!(read(&tail, 4).await, Some(entries(5..=7)));
}
