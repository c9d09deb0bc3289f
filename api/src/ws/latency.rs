//! How long commands wait for their answers, seen from the edge.

use std::collections::VecDeque;

use prometheus_client::metrics::histogram::Histogram;
use tokio::time::Instant;

use crate::metrics::seconds;

/// The commands of one connection that wait for their answer, by the time they came in. Answers may overtake one another;
/// the first in is then taken for the first out, which leaves the sum of all waits exact.
#[derive(Debug, Default)]
pub struct Latency(VecDeque<Instant>);

impl Latency {
    /// A command was handed in.
    pub fn submitted(&mut self, at: Instant) {
        self.0.push_back(at);
    }

    /// Everything was flushed now, and so many commands still wait.
    pub fn flushed(&mut self, unanswered: usize, now: Instant, histogram: &Histogram) {
        while self.0.len() > unanswered
            && let Some(at) = self.0.pop_front()
        {
            histogram.observe(seconds(now - at));
        }
    }
}
