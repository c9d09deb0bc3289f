//! Appends that are asked for at the same time: sent together, and answered each for itself.

use super::*;

fn nth_stream(n: i64) -> StreamName {
    StreamName::Session(PersonId::User(n))
}

/// Appends an entry to each of so many streams at once; the answers in their order.
async fn append_to_all(tail: &Arc<RedisTail>, streams: i64, seq: u64) -> Vec<Result<(), TailError>> {
    let appends = (1..=streams).map(|n| {
        let tail = Arc::clone(tail);
        tokio::spawn(async move { tail.append(&nth_stream(n), &epoch(1), &entries(seq..=seq)).await })
    });
    let mut answers = Vec::new();
    for append in appends.collect::<Vec<_>>() {
        answers.push(append.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_appends_are_few_commands_and_each_has_its_own_answer() {
    const STREAMS: i64 = 300;
    let server = Server::start(&[]);
    let tail = Arc::new(connect(options(server.url())).await);
    assert!(append_to_all(&tail, STREAMS, 1).await.iter().all(Result::is_ok));
    server.command("CONFIG RESETSTAT");
    server.stop();
    let appends = {
        let tail = Arc::clone(&tail);
        tokio::spawn(async move { append_to_all(&tail, STREAMS, 2).await })
    };
    eventually("all wait", async || tail.link.waiting() == usize::try_from(STREAMS).unwrap()).await;
    server.resume();
    assert!(appends.await.unwrap().iter().all(Result::is_ok));
    let stats = server.command("INFO commandstats");
    let calls = |command: &str| {
        let line =
            stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls="))).unwrap();
        line.split(',').next().unwrap().parse::<i64>().unwrap()
    };
    assert_eq!(calls("xadd"), STREAMS);
    assert!(!stats.contains("cmdstat_xrevrange"), "nobody looked first: {stats}");
    assert!(calls("evalsha") <= 5, "two that were sent at once, and three for the rest: {stats}");
    // One is gone, one is something else, one has gone on and one starts anew: each is that stream's own matter.
    server.command("DEL otvet:{session/u1}");
    server.command("DEL otvet:{session/u2}");
    server.command("SET otvet:{session/u2} x");
    server.command(&format!("XADD otvet:{{session/u3}} 3-{IN_IDS} 1 x"));
    let late = {
        let tail = Arc::clone(&tail);
        tokio::spawn(async move { tail.append(&nth_stream(4), &epoch(1), &entries(5..=5)).await })
    };
    let answers = append_to_all(&tail, STREAMS, 3).await;
    let late = late.await.unwrap();
    assert!(matches!(late, Err(TailError::OutOfOrder { first: 5, .. })), "{late:?}");
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    for n in [1, 2, 5, 300] {
        let after = Position { epoch: epoch(1), seq: 2 };
        let found = tail.after(&nth_stream(n), &after, 10).await.unwrap();
        assert!(
            matches!(found, TailRead::Complete { entries, .. } if entries == self::entries(3..=3)),
            "{n}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_waiting_does_no_harm() {
    let server = Server::start(&[]);
    let tail = Arc::new(connect(options(server.url())).await);
    assert!(append_to_all(&tail, 50, 1).await.iter().all(Result::is_ok));
    for seq in 2..=20 {
        let cancelled = (1..=50).map(|n| {
            let tail = Arc::clone(&tail);
            tokio::spawn(async move { tail.append(&nth_stream(n), &epoch(1), &entries(seq..=seq)).await })
        });
        cancelled.for_each(|append| append.abort());
        for (n, answer) in (1..).zip(append_to_all(&tail, 50, seq).await) {
            assert_eq!(answer, Ok(()), "{n}");
        }
    }
    for n in 1..=50 {
        let from = Position { epoch: epoch(1), seq: 10 };
        let found = tail.after(&nth_stream(n), &from, 10).await.unwrap();
        assert!(
            matches!(found, TailRead::Complete { entries, .. } if entries == self::entries(11..=20)),
            "{n}"
        );
    }
    eventually("every place is given back", async || tail.link.waiting() == 0).await;
}
