//! The tail against a real redis-server, healthy and not.

mod faults;
mod gathering;
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
/// The epoch of all entries under test, as ids have it.
const IN_IDS: &str = "72340172838076673";

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
    assert!(server.command("INFO keyspace").contains("db3:keys=1"));
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
async fn a_stream_that_is_looked_at_is_renewed() {
    let server = Server::start(&[]);
    for seq in 1..=3 {
        // One that knows nothing of the stream, and so looks; `heads` tells when one that knows it looks again.
        let tail = connect(options(server.url())).await;
        append(&tail, seq..=seq).await.unwrap();
        let left: u64 = server.command(&format!("PTTL {KEY}"))[1..].parse().unwrap();
        assert!((60_000..=67_500).contains(&left), "an eighth more than it may be idle: {left} ms");
        assert_eq!(server.command(&format!("PEXPIRE {KEY} 20000")), ":1");
    }
    let tail = connect(options(server.url())).await;
    append(&tail, 4..=4).await.unwrap();
    append(&tail, 5..=5).await.unwrap();
    let left: u64 = server.command(&format!("PTTL {KEY}"))[1..].parse().unwrap();
    assert!(left > 50_000, "and lives on with the next entry: {left} ms");
    // Expired: as if it had never been.
    server.command(&format!("PEXPIRE {KEY} 1"));
    eventually("expired", async || tail.head(&STREAM).await == Ok(None)).await;
    append(&tail, 9..=9).await.unwrap();
    assert_eq!(read(&tail, 8).await, Some(entries(9..=9)));
}

#[tokio::test]
async fn entries_are_redis_streams_whose_ids_are_their_numbers_and_epochs() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    tail.open(&STREAM, &epoch(1)).await.unwrap();
    assert_eq!(server.command(&format!("GET {KEY}:epoch")), format!("{}/0", epoch(1)));
    append(&tail, 5..=5).await.unwrap();
    append(&tail, 6..=6).await.unwrap();
    assert_eq!(server.command(&format!("TYPE {KEY}")), "+stream");
    assert_eq!(server.command(&format!("XLEN {KEY}")), ":2");
    for id in [format!("6-{IN_IDS}"), "6-0".to_owned(), "5-9".to_owned()] {
        let refused = server.command(&format!("XADD {KEY} {id} 1 x"));
        assert!(refused.starts_with("-ERR"), "{id}: {refused}");
    }
    assert_eq!(server.command(&format!("EXISTS {KEY}:epoch")), ":0", "only what has no entry is marked");
    // Redis forgot the scripts: they are sent again.
    server.command("SCRIPT FLUSH");
    append(&tail, 7..=7).await.unwrap();
    server.command("SCRIPT FLUSH");
    assert_eq!(read(&tail, 4).await, Some(entries(5..=7)));
    let odd = Epoch("an epoch".into());
    assert!(matches!(tail.append(&STREAM, &odd, &entries(8..=8)).await, Err(TailError::Unreachable(_))));
}

#[tokio::test]
async fn what_the_version_before_wrote_is_no_tail_and_is_replaced() {
    let server = Server::start(&[]);
    for empty in [false, true] {
        server.command("FLUSHALL");
        let tail = connect(options(server.url())).await;
        if empty {
            server.command(&format!("SET {KEY}:epoch {}/0 PX 60000", epoch(1)));
        } else {
            server.command(&format!("XADD {KEY} 7-0 at 1 event x"));
            server.command(&format!("SET {KEY}:epoch {} PX 60000", epoch(1)));
        }
        assert_eq!((tail.head(&STREAM).await, read(&tail, 6).await), (Ok(None), None));
        let begun = if empty { epoch(1) } else { epoch(2) };
        assert_eq!(tail.open(&STREAM, &epoch(2)).await, Ok(Position { epoch: begun, seq: 0 }));
        server.command(&format!("XADD {KEY} 7-0 at 1 event x"));
        append(&tail, 8..=9).await.unwrap();
        assert_eq!(read(&tail, 7).await, Some(entries(8..=9)));
    }
}
