//! How long commands wait for their answers, seen from the edge.

use std::collections::VecDeque;

use parking_lot::Mutex;
use prometheus_client::metrics::histogram::Histogram;
use tokio::time::Instant;

use crate::metrics::seconds;

/// The commands of one connection that wait for their answer, by the time they came in. Answers may overtake one another;
/// the first in is then taken for the first out, which leaves the sum of all waits exact.
#[derive(Debug, Default)]
pub struct Latency(Mutex<VecDeque<Instant>>);

impl Latency {
    /// A command was handed in.
    pub fn submitted(&self, at: Instant) {
        self.0.lock().push_back(at);
    }

    /// Everything up to now was flushed, and so many commands still wait.
    pub fn flushed(&self, unanswered: usize, histogram: &Histogram) {
        let mut waiting = self.0.lock();
        while waiting.len() > unanswered
            && let Some(at) = waiting.pop_front()
        {
            histogram.observe(seconds(at.elapsed()));
        }
    }
}
