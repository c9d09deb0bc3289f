//! Spares callers the wait for a Redis that does not answer.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

/// So many commands in a row without an answer mean that the next would wait in vain as well. Two, since each of them
/// holds up a conversation for a whole command timeout.
const SILENT_IN_A_ROW: u32 = 2;

/// Open: commands fail at once. It is closed again by whoever probes in the background, so that no caller pays for a probe.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    silent: AtomicU32,
    open: AtomicBool,
    opened: Notify,
    /// When the first command was asked for that failed and that no answer has come after.
    failing_since: Mutex<Option<Instant>>,
}

impl Breaker {
    pub fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Redis answered something, be it a refusal.
    pub fn answered(&self) {
        self.silent.store(0, Relaxed);
        *self.failing_since.lock() = None;
    }

    /// A command that was asked for then has failed, be it that it was not even sent.
    pub fn failed(&self, asked: Instant) {
        self.failing_since.lock().get_or_insert(asked);
    }

    /// For how long every command has failed.
    pub fn failing_for(&self) -> Duration {
        self.failing_since.lock().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// A command that was sent then got no answer.
    pub fn silent(&self, asked: Instant) {
        self.failed(asked);
        let in_a_row = self.silent.fetch_add(1, Relaxed).saturating_add(1);
        if in_a_row >= SILENT_IN_A_ROW && !self.open.swap(true, Relaxed) {
            tracing::warn!("Redis does not answer: tails rest, the database is read instead");
            self.opened.notify_one();
        }
    }

    /// Waits until it opens.
    pub async fn opened(&self) {
        self.opened.notified().await;
    }

    pub fn close(&self) {
        self.answered();
        self.open.store(false, Relaxed);
    }
}
