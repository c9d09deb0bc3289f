//! The ceiling of an acknowledgement under load: the same rows at the same rate, committed in groups by rusqlite alone.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bare_sqlite::{BareSqlite, Rows};
use crate::house::journal;
use crate::talk::Talk;

const CONVERSATIONS: usize = 1000;
/// The most events of a group, as the journal has it.
const GROUP: usize = 512;

/// The 50th and the 99th percentile, in microseconds, from when a message is due to when it is durable; so many messages a
/// second, of conversations that take turns. What is due while it warms up is not counted.
///
/// # Errors
/// SQLite's.
pub fn percentiles(rate: f64, warm_up: Duration, measured: Duration) -> Result<[f64; 2]> {
    let files = tokio::runtime::Runtime::new()?.block_on(async {
        let (journal, database, files) = journal().await;
        journal.close().await;
        database.close().await;
        files
    });
    let mut bare = BareSqlite::open(&files.path().join("bench.db"))?;
    let mut talks: Vec<Talk> = (0..CONVERSATIONS).map(Talk::new).collect();
    for some in talks.chunks_mut(GROUP) {
        bare.commit(&some.iter_mut().map(|talk| talk.next(1)).collect::<Vec<_>>())?;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten thousands")]
    let count = ((warm_up + measured).as_secs_f64() * rate) as usize;
    // Deciding what to write is not part of it.
    let decided: Vec<Rows> = (0..count).map(|n| talks[n % CONVERSATIONS].next(1)).collect();
    let (due, to_be_stored) = channel();
    let began = Instant::now();
    let schedule = thread::spawn(move || {
        for (n, rows) in decided.into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "some ten thousands")]
            let at = began + Duration::from_secs_f64(n as f64 / rate);
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if due.send((at, rows)).is_err() {
                return;
            }
        }
    });
    let stored = store(&mut bare, &to_be_stored, began + warm_up);
    // It has ended, or ends with its receiver.
    drop(to_be_stored);
    schedule.join().expect("a schedule does not panic");
    let mut micros = stored?;
    micros.sort_by(f64::total_cmp);
    Ok([50, 99].map(|percent| micros[micros.len() * percent / 100]))
}

/// Stores what is due, everything that waits at once, and answers how long each took that was due since `from`.
fn store(
    bare: &mut BareSqlite,
    to_be_stored: &Receiver<(Instant, Rows)>,
    from: Instant,
) -> rusqlite::Result<Vec<f64>> {
    let mut micros = Vec::new();
    while let Ok(first) = to_be_stored.recv() {
        let (mut times, mut group) = (vec![first.0], vec![first.1]);
        while group.len() < GROUP
            && let Ok((at, rows)) = to_be_stored.try_recv()
        {
            times.push(at);
            group.push(rows);
        }
        bare.commit(&group)?;
        let measured = times.iter().filter(|at| **at >= from);
        micros.extend(measured.map(|at| at.elapsed().as_secs_f64() * 1e6));
    }
    Ok(micros)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn a_higher_percentile_is_no_smaller() {
        let [p50, p99] = super::percentiles(200.0, Duration::ZERO, Duration::from_millis(200)).unwrap();
        assert!(p50 > 0.0 && p99 >= p50, "{p50} {p99}");
    }
}
