//! Redis slow, gone, restarted empty, read-only, out of memory and full of other things: the tail costs speed, no more.

use std::sync::atomic::{AtomicBool, AtomicU64};

use super::server::free_port;
use super::*;

/// Commands must fail in less than this when Redis is known not to answer, on a busy machine too.
const AT_ONCE: Duration = Duration::from_millis(400);

/// The command timeout where Redis is stopped.
const PATIENCE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn starts_without_redis_and_uses_it_when_it_comes() {
    let mut server = Server::start(&[]);
    server.kill();
    let begun = Instant::now();
    let (tail, report) = RedisTail::connect(options(server.url())).await.unwrap();
    assert!(begun.elapsed() < START_WAIT + Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(report.problem.is_some() && !report.warnings.is_empty(), "{report:?}");
    assert!(matches!(append(&tail, 1..=1).await, Err(TailError::Unreachable(_))));
    assert!(tail.check().await.is_err());
    assert!(tail.status().fast_failures > 0, "{:?}", tail.status());
    server.restart();
    reachable(&tail).await;
    append(&tail, 2..=2).await.unwrap();
    assert_eq!(read(&tail, 1).await, Some(entries(2..=2)));

    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let (_, report) = RedisTail::connect(options(nobody)).await.unwrap();
    assert!(report.problem.is_some());
}

#[tokio::test]
async fn killed_and_back_empty_it_is_filled_anew_without_a_hole() {
    let mut server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    for seq in 1..=5 {
        append_or_begin_anew(&tail, seq).await;
    }
    server.kill();
    for seq in 6..=10 {
        append_or_begin_anew(&tail, seq).await;
    }
    eventually("noticed", async || !tail.status().reachable).await;
    let begun = Instant::now();
    assert!(append(&tail, 11..=11).await.is_err() && tail.head(&STREAM).await.is_err());
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    server.restart();
    reachable(&tail).await;
    assert_eq!(tail.head(&STREAM).await, Ok(None), "it came back empty");
    append_or_begin_anew(&tail, 12).await;
    append_or_begin_anew(&tail, 13).await;
    assert_eq!(read(&tail, 11).await, Some(entries(12..=13)));
    assert_eq!(read(&tail, 5).await, None, "what it missed is the database's");
    assert!(tail.status().reconnects >= 1, "{:?}", tail.status());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stopped_it_costs_two_timeouts_and_then_nothing() {
    let server = Server::start(&[]);
    let tail = connect(RedisTailOptions { command_timeout: PATIENCE, ..options(server.url()) }).await;
    append(&tail, 1..=3).await.unwrap();
    server.stop();
    let begun = Instant::now();
    for _ in 0..2 {
        assert!(matches!(append(&tail, 4..=4).await, Err(TailError::Unreachable(_))));
    }
    assert!(begun.elapsed() < 6 * PATIENCE, "two timeouts: {:?}", begun.elapsed());
    assert!(!tail.status().reachable);
    let begun = Instant::now();
    for seq in 5..1000 {
        append_or_begin_anew(&tail, seq).await;
        assert_eq!(read(&tail, 3).await, None);
    }
    assert!(begun.elapsed() < AT_ONCE, "a thousand commits and reads: {:?}", begun.elapsed());
    assert!(tail.check().await.is_err());
    let status = tail.status();
    assert!((2..=4).contains(&status.failures) && status.fast_failures > 2_000, "{status:?}");
    server.resume();
    reachable(&tail).await;
    // The entry 4 waited in the socket, and was appended after all.
    if let Some(found) = read(&tail, 0).await {
        assert_eq!(found, entries(1..=4)[..found.len()].to_vec());
    }
    eventually("filled anew", async || {
        append_or_begin_anew(&tail, 1000).await;
        read(&tail, 999).await == Some(entries(1000..=1000))
    })
    .await;
    assert_eq!(read(&tail, 4).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stopped_for_longer_the_connection_is_made_anew() {
    let server = Server::start(&[]);
    let unresponsive_timeout = Duration::from_millis(700);
    let tail = connect(RedisTailOptions {
        unresponsive_timeout,
        command_timeout: Duration::from_millis(100),
        ..options(server.url())
    })
    .await;
    append(&tail, 1..=1).await.unwrap();
    server.stop();
    // More than the socket takes: the client hangs in the midst of writing.
    let tail = Arc::new(tail);
    let big = TailEntry { event: vec![7; 1 << 20].into(), ..entries(2..=2)[0].clone() };
    let writers = (0..64).map(|_| {
        let (tail, big) = (Arc::clone(&tail), big.clone());
        tokio::spawn(async move { tail.append(&STREAM, &epoch(1), &[big]).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert!(matches!(writer.await.unwrap(), Err(TailError::Unreachable(_))));
    }
    // Connections are given up; new ones are accepted by the kernel, but Redis does not greet.
    eventually("given up", async || !tail.link.is_connected()).await;
    server.resume();
    reachable(&tail).await;
    assert!(tail.status().reconnects >= 1, "{:?}", tail.status());
    // Redis still works off what the old connection held, which may take longer than the short timeout here.
    eventually("filled anew", async || {
        append_or_begin_anew(&tail, 9).await;
        read(&tail, 8).await == Some(entries(9..=9))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_commands_wait_than_the_queue_allows() {
    let server = Server::start(&[]);
    let tail = Arc::new(
        connect(RedisTailOptions { max_queue: 100, command_timeout: PATIENCE, ..options(server.url()) })
            .await,
    );
    server.stop();
    let appends = (0..1000_u64).map(|n| {
        let tail = Arc::clone(&tail);
        tokio::spawn(async move {
            let stream = StreamName::Session(PersonId::User(1 + i64::try_from(n).unwrap()));
            tail.append(&stream, &epoch(1), &entries(1..=1)).await
        })
    });
    let mut full = 0;
    for append in appends.collect::<Vec<_>>() {
        match append.await.unwrap() {
            Err(TailError::Unreachable(why)) if why.contains("100 commands wait") => full += 1,
            Err(TailError::Unreachable(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let status = tail.status();
    assert!(full > 0 && status.failures <= 200, "{full} found it full; {status:?}");
    server.resume();
    reachable(&tail).await;
    eventually("appended", async || append(&tail, 1..=1).await.is_ok()).await;
}

#[tokio::test]
async fn flushed_between_appends_it_begins_anew() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    for round in 0..10 {
        let first = round * 10 + 1;
        for seq in first..first + 10 {
            append(&tail, seq..=seq).await.unwrap();
        }
        assert_eq!(read(&tail, first - 1).await, Some(entries(first..=first + 9)));
        server.command("FLUSHALL");
        assert_eq!(read(&tail, first).await, None);
    }
    append(&tail, 200..=205).await.unwrap();
    append(&tail, 206..=206).await.unwrap();
    assert_eq!(read(&tail, 205).await, Some(entries(206..=206)));
    // Another writer's entries among ours, where we believe to know the head: no reader takes them for this epoch's.
    server.command(&format!("DEL {KEY}"));
    server.command(&format!("XADD {KEY} 3-9 1 x"));
    append(&tail, 207..=207).await.unwrap();
    assert_eq!(read(&tail, 2).await, None);
    tail.drop_stream(&STREAM).await.unwrap();
    append(&tail, 206..=206).await.unwrap();
    server.command(&format!("DEL {KEY}"));
    assert_eq!((read(&tail, 206).await, tail.head(&STREAM).await), (None, Ok(None)));
    append(&tail, 300..=300).await.unwrap();
    assert_eq!(read(&tail, 299).await, Some(entries(300..=300)));
    // A hole that somebody else made is seen.
    append(&tail, 301..=310).await.unwrap();
    assert_eq!(server.command(&format!("XDEL {KEY} 305-{IN_IDS}")), ":1");
    assert_eq!(read(&tail, 300).await, None);
    assert_eq!(read(&tail, 305).await, Some(entries(306..=310)));
}

#[tokio::test]
async fn other_things_under_our_keys_are_no_tail_and_are_replaced() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    let others = [
        format!("SET {KEY} x"),
        format!("RPUSH {KEY} a b"),
        format!("SADD {KEY} a"),
        format!("HSET {KEY} a b"),
        format!("XADD {KEY} * a b"),
        format!("XADD {KEY} 99-3 a b"),
        format!("XADD {KEY} 99-0 a b c d"),
        format!("XADD {KEY} 2000000-{IN_IDS} a b"),
        format!("RPUSH {KEY}:epoch a"),
        format!("SET {KEY}:epoch x"),
    ];
    for other in &others {
        server.command("FLUSHALL");
        let written = server.command(other);
        assert!(!written.starts_with('-'), "{other}: {written}");
        assert_eq!(read(&tail, 3).await, None, "{other}");
        assert_eq!(tail.head(&STREAM).await, Ok(None), "{other}");
        tail.trim(&STREAM, 5).await.unwrap();
        append_or_begin_anew(&tail, 1_000_000).await;
        if other.contains(IN_IDS) {
            // A number above ours, in our epoch: as if it had been appended already. Nobody is misled.
            assert_eq!(read(&tail, 999_999).await, None);
            tail.drop_stream(&STREAM).await.unwrap();
            append(&tail, 1_000_000..=1_000_000).await.unwrap();
        }
        assert_eq!(read(&tail, 999_999).await, Some(entries(1_000_000..=1_000_000)), "{other}");
    }
    assert!(tail.status().reachable, "{:?}", tail.status());
}

#[tokio::test]
async fn out_of_memory_it_refuses_appends_and_answers_readers() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]);
    let tail = connect(options(server.url())).await;
    append(&tail, 1..=5).await.unwrap();
    server.command("CONFIG SET maxmemory 1mb");
    let refused = append(&tail, 6..=6).await;
    assert!(matches!(&refused, Err(TailError::Unreachable(why)) if why.starts_with("OOM")), "{refused:?}");
    assert_eq!(read(&tail, 2).await, Some(entries(3..=5)), "whole, and not half appended");
    for seq in 6..=20 {
        append_or_begin_anew(&tail, seq).await;
        assert_eq!(read(&tail, 5).await, None, "no hole, and nothing beyond the limit");
        assert_eq!(server.command("DBSIZE"), ":0");
    }
    let status = tail.status();
    assert!(status.reachable && status.refused >= 15 && status.failures == 0, "{status:?}");
    server.command("CONFIG SET maxmemory 0");
    append_or_begin_anew(&tail, 21).await;
    assert_eq!(read(&tail, 20).await, Some(entries(21..=21)));
}

#[tokio::test]
async fn read_only_it_refuses_appends_and_answers_readers() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    append(&tail, 1..=5).await.unwrap();
    assert_eq!(server.command(&format!("REPLICAOF 127.0.0.1 {}", free_port())), "+OK");
    let refused = append(&tail, 6..=6).await;
    assert!(
        matches!(&refused, Err(TailError::Unreachable(why)) if why.starts_with("READONLY")),
        "{refused:?}"
    );
    append_or_begin_anew(&tail, 6).await;
    assert_eq!(read(&tail, 2).await, Some(entries(3..=5)));
    assert!(tail.status().reachable);
    tail.check().await.unwrap();
    let (_, report) = RedisTail::connect(options(server.url())).await.unwrap();
    assert!(report.warnings.iter().any(|warning| warning.contains("read-only")), "{report:?}");
    assert_eq!(server.command("REPLICAOF NO ONE"), "+OK");
    append_or_begin_anew(&tail, 8).await;
    assert_eq!(read(&tail, 7).await, Some(entries(8..=8)), "7 was lost meanwhile");
    assert_eq!(read(&tail, 5).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_never_see_a_hole_whatever_happens() {
    let mut server = Server::start(&[]);
    let tail = Arc::new(
        connect(RedisTailOptions { command_timeout: Duration::from_millis(100), ..options(server.url()) })
            .await,
    );
    let newest = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let writer = {
        let (tail, newest, done) = (Arc::clone(&tail), Arc::clone(&newest), Arc::clone(&done));
        tokio::spawn(async move {
            while !done.load(Relaxed) {
                let seq = newest.load(Relaxed) + 1;
                append_or_begin_anew(&tail, seq).await;
                newest.store(seq, Relaxed);
                tokio::task::yield_now().await;
            }
        })
    };
    let readers: Vec<_> = (0..4_u64)
        .map(|reader| {
            let (tail, newest, done) = (Arc::clone(&tail), Arc::clone(&newest), Arc::clone(&done));
            tokio::spawn(async move {
                let mut complete = 0_u64;
                while !done.load(Relaxed) {
                    let from = newest.load(Relaxed).saturating_sub(reader * 5);
                    if let Some(found) = read(&tail, from).await {
                        let to = found.last().map_or(from, |entry| entry.seq);
                        assert_eq!(found, entries(from + 1..=to));
                        complete += 1;
                    }
                    tokio::task::yield_now().await;
                }
                complete
            })
        })
        .collect();
    let progress = async || {
        let from = newest.load(Relaxed);
        eventually("writing goes on", async || newest.load(Relaxed) > from + 50).await;
    };
    for round in 0..3 {
        server.command("FLUSHALL");
        progress().await;
        server.command("CLIENT KILL TYPE normal");
        progress().await;
        server.stop();
        progress().await;
        server.resume();
        reachable(&tail).await;
        progress().await;
        server.command("CONFIG SET maxmemory 1mb");
        progress().await;
        server.command("CONFIG SET maxmemory 0");
        progress().await;
        server.kill();
        progress().await;
        server.restart();
        reachable(&tail).await;
        progress().await;
        eprintln!("round {round}: at {}, {:?}", newest.load(Relaxed), tail.status());
    }
    done.store(true, Relaxed);
    writer.await.unwrap();
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}
