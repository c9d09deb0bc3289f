//! What the journal has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Running totals since the start.
#[derive(Debug, Default)]
pub struct Counters {
    commits: AtomicU64,
    batches: AtomicU64,
    events: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
    commit_micros: AtomicU64,
    reads: AtomicU64,
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
    /// Queries for reading.
    pub reads: u64,
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
            reads: self.reads.load(Relaxed),
        }
    }

    pub(super) fn committed(&self, batches: usize, events: usize, took: Duration) {
        self.commits.fetch_add(1, Relaxed);
        self.batches.fetch_add(batches as u64, Relaxed);
        self.events.fetch_add(events as u64, Relaxed);
        self.commit_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }
}
