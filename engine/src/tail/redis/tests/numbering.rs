//! Streams that have no other log keep their numbering while Redis has it, and never number twice when it has not.

use super::*;

fn at(n: u8, seq: u64) -> Position {
    Position { epoch: epoch(n), seq }
}

/// As at a start of the server.
async fn restarted(server: &Server) -> RedisTail {
    connect(options(server.url())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_slow_when_a_stream_opens_is_waited_for() {
    let server = Server::start(&[]);
    let patient = RedisTailOptions { command_timeout: Duration::from_millis(100), ..options(server.url()) };
    let tail = Arc::new(connect(patient).await);
    append(&tail, 1..=3).await.unwrap();
    server.stop();
    let opening = {
        let tail = Arc::clone(&tail);
        tokio::spawn(async move { tail.open(&STREAM, &epoch(2)).await })
    };
    eventually("it is known not to answer", async || !tail.status().reachable).await;
    assert!(!opening.is_finished(), "it gave up at the first silence");
    server.resume();
    assert_eq!(opening.await.unwrap(), Ok(at(1, 3)));
}

#[tokio::test]
async fn a_redis_that_is_away_is_waited_for_once() {
    let mut server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    server.kill();
    let begun = Instant::now();
    assert!(tail.open(&STREAM, &epoch(1)).await.is_err());
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    let begun = Instant::now();
    for _ in 0..100 {
        assert!(tail.open(&STREAM, &epoch(1)).await.is_err());
    }
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    server.restart();
    reachable(&tail).await;
    assert_eq!(tail.open(&STREAM, &epoch(2)).await, Ok(at(2, 0)));
}

#[tokio::test]
async fn a_stream_without_an_entry_outlives_a_restart() {
    let server = Server::start(&[]);
    assert_eq!(restarted(&server).await.open(&STREAM, &epoch(1)).await, Ok(at(1, 0)));
    server.command(&format!("PEXPIRE {KEY}:epoch 20000"));
    let tail = restarted(&server).await;
    assert_eq!(tail.open(&STREAM, &epoch(2)).await, Ok(at(1, 0)));
    let left: u64 = server.command(&format!("PTTL {KEY}:epoch"))[1..].parse().unwrap();
    assert!(left > 50_000, "whoever comes renews it: {left} ms");
    append(&tail, 1..=2).await.unwrap();
    assert_eq!(restarted(&server).await.open(&STREAM, &epoch(2)).await, Ok(at(1, 2)));
}

#[tokio::test]
async fn what_was_lost_is_never_numbered_again_under_its_epoch() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]);
    let tail = connect(options(server.url())).await;
    tail.open(&STREAM, &epoch(1)).await.unwrap();
    append(&tail, 1..=5).await.unwrap();
    // The entries are gone and the epoch is not, as after an eviction.
    server.command(&format!("DEL {KEY}"));
    assert_eq!(tail.open(&STREAM, &epoch(2)).await, Ok(at(2, 0)));
    tail.append(&STREAM, &epoch(2), &entries(1..=1)).await.unwrap();
    assert_eq!(tail.open(&STREAM, &epoch(3)).await, Ok(at(2, 1)), "each entry says what it numbers");
    // Somebody else's.
    for other in [format!("SET {KEY} x"), format!("RPUSH {KEY} a"), format!("XADD {KEY} 9-3 a b")] {
        server.command("FLUSHALL");
        server.command(&other);
        assert_eq!(tail.open(&STREAM, &epoch(4)).await, Ok(at(4, 0)), "{other}");
        append(&tail, 1..=1).await.unwrap();
    }
    // Full: what is there is found, and nothing begins.
    server.command("CONFIG SET maxmemory 1");
    assert_eq!(tail.open(&STREAM, &epoch(5)).await, Ok(at(1, 1)));
    assert!(tail.open(&StreamName::Inbox(PersonId::User(7)), &epoch(5)).await.is_err());
    assert!(tail.refill(&STREAM, &epoch(1), &entries(1..=4)).await.is_err());
    assert_eq!(read(&tail, 0).await, Some(entries(1..=1)), "all or nothing");
    server.command("CONFIG SET maxmemory 0");
    tail.refill(&STREAM, &epoch(1), &entries(1..=4)).await.unwrap();
    assert_eq!(read(&tail, 0).await, Some(entries(1..=4)));
}

#[tokio::test]
async fn a_hole_that_somebody_made_is_mended_by_the_next_reader() {
    let server = Server::start(&[]);
    let tail = connect(options(server.url())).await;
    append(&tail, 1..=9).await.unwrap();
    assert_eq!(server.command(&format!("XDEL {KEY} 5-{IN_IDS}")), ":1");
    assert_eq!(read(&tail, 3).await, None);
    tail.refill(&STREAM, &epoch(1), &entries(4..=9)).await.unwrap();
    assert_eq!(read(&tail, 3).await, Some(entries(4..=9)));
}
