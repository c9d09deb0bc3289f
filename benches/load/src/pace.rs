//! When commands are meant to be sent: a schedule that no slow answer holds up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::tally::{Micros, micros};

/// The clock of a run.
#[derive(Debug, Clone, Copy)]
pub struct Timeline(Instant);

impl Timeline {
    /// Begins now.
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Since the beginning.
    pub fn now(&self) -> Micros {
        micros(self.0.elapsed())
    }
}

/// The moment at which the `k`th command is meant to be sent.
pub fn moment(from: Micros, per_second: f64, k: u64) -> Micros {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 commands")]
    let offset = k as f64 * 1_000_000.0 / per_second;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a run is shorter than 2^63 µs"
    )]
    let offset = offset as u64;
    from + offset
}

/// Hands out the moments from `from` to `to` to the connections in turn, each when it has come. Blocks its thread: timers
/// of the runtime are as coarse as the latencies that are to be measured.
pub fn keep(
    timeline: Timeline,
    per_second: f64,
    (from, to): (Micros, Micros),
    connections: &[UnboundedSender<Micros>],
    stopped: &AtomicBool,
) {
    for (k, connection) in (0..).zip(connections.iter().cycle()) {
        let due = moment(from, per_second, k);
        if due >= to || stopped.load(Ordering::Relaxed) {
            return;
        }
        let now = timeline.now();
        if due > now {
            std::thread::sleep(Duration::from_micros(due - now));
        }
        // A connection that has ended leaves its share undone; its end is in the report.
        let _ = connection.send(due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_fixed_whatever_happens_to_its_answers() {
        let moments: Vec<Micros> = (0..5).map(|k| moment(1_000, 3.0, k)).collect();
        assert_eq!(moments, [1_000, 334_333, 667_666, 1_001_000, 1_334_333]);
    }

    #[test]
    fn each_connection_gets_its_share_even_where_nobody_takes_it() {
        let (senders, mut receivers): (Vec<_>, Vec<_>) =
            (0..3).map(|_| tokio::sync::mpsc::unbounded_channel()).unzip();
        // All of it lies in the past: it is handed out at once, with the moments that were meant.
        let timeline = Timeline(Instant::now().checked_sub(Duration::from_secs(10)).unwrap());
        keep(timeline, 1000.0, (0, 9_000), &senders, &AtomicBool::new(false));
        for (n, receiver) in receivers.iter_mut().enumerate() {
            let moments: Vec<Micros> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
            let n = n as u64 * 1_000;
            assert_eq!(moments, [n, n + 3_000, n + 6_000]);
        }
    }
}
