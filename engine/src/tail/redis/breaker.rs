//! Spares callers the wait for a Redis that does not answer.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use tokio::sync::Notify;

/// So many commands in a row without an answer mean that the next would wait in vain as well. Two, since each of them
/// holds up a conversation for a whole command timeout.
const SILENT_IN_A_ROW: u32 = 2;

/// Open: commands fail at once. It is closed again by whoever probes in the background, so that no caller pays for a probe.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    silent: AtomicU32,
    open: AtomicBool,
    opened: Notify,
}

impl Breaker {
    pub fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Redis answered something, be it a refusal.
    pub fn answered(&self) {
        self.silent.store(0, Relaxed);
    }

    /// A command got no answer.
    pub fn silent(&self) {
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
        self.silent.store(0, Relaxed);
        self.open.store(false, Relaxed);
    }
}
