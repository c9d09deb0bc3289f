//! What the journal has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the classes that commits are counted in by how long they took, in microseconds: from a commit on a
/// fast disk to what nobody waits for. Slower ones are in a class of their own behind them.
pub const COMMIT_MICROS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000];

/// Running totals since the start.
#[derive(Debug, Default)]
pub struct Counters {
    commits: AtomicU64,
    batches: AtomicU64,
    events: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
    commit_micros: AtomicU64,
    commits_by_time: [AtomicU64; COMMIT_MICROS.len() + 1],
    reads: AtomicU64,
    /// One more than it is, and 0 while it is not known.
    unindexed: AtomicU64,
}

/// [`Counters`] at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Transactions committed.
    pub commits: u64,
    /// Batches stored by them: `batches / commits` is how well commits are shared.
    pub batches: u64,
    /// Events stored by them.
    pub events: u64,
    /// Batches refused for a key in use or a head that moved.
    pub refused: u64,
    /// Transactions that failed, or whose outcome is unknown.
    pub failures: u64,
    /// Time spent in transactions that were committed, in microseconds.
    pub commit_micros: u64,
    /// How many of the commits took how long: a class for each of [`COMMIT_MICROS`], and one for the slower ones.
    pub commits_by_time: [u64; COMMIT_MICROS.len() + 1],
    /// Queries for reading.
    pub reads: u64,
    /// Conversations that the index of searches lacks, or has as they were; `None` where there is no index.
    pub unindexed: Option<u64>,
}

impl Counters {
    /// All totals. Each is exact, but they are not taken at the same instant.
    pub fn get(&self) -> Counted {
        Counted {
            commits: self.commits.load(Relaxed),
            batches: self.batches.load(Relaxed),
            events: self.events.load(Relaxed),
            refused: self.refused.load(Relaxed),
            failures: self.failures.load(Relaxed),
            commit_micros: self.commit_micros.load(Relaxed),
            commits_by_time: self.commits_by_time.each_ref().map(|class| class.load(Relaxed)),
            reads: self.reads.load(Relaxed),
            unindexed: self.unindexed.load(Relaxed).checked_sub(1),
        }
    }

    pub(super) fn committed(&self, batches: usize, events: usize, took: Duration) {
        self.commits.fetch_add(1, Relaxed);
        self.batches.fetch_add(batches as u64, Relaxed);
        self.events.fetch_add(events as u64, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.fetch_add(micros, Relaxed);
        self.commits_by_time[COMMIT_MICROS.partition_point(|bound| *bound < micros)].fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn unindexed(&self, conversations: u64) {
        self.unindexed.store(conversations + 1, Relaxed);
    }

    pub(super) fn indexed(&self, conversations: u64) {
        let _ =
            self.unindexed.fetch_update(Relaxed, Relaxed, |n| Some(n.saturating_sub(conversations).max(1)));
    }

    pub(super) fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_counted_in_the_class_of_its_time() {
        let counters = Counters::default();
        for micros in [99, 100, 101, 2_500_000, 2_500_001] {
            counters.committed(1, 1, Duration::from_micros(micros));
        }
        let counted = counters.get();
        assert_eq!(counted.commits_by_time[..2], [2, 1]);
        assert_eq!(counted.commits_by_time[COMMIT_MICROS.len() - 1..], [1, 1]);
        assert_eq!(counted.commits_by_time.iter().sum::<u64>(), counted.commits);
    }
}
