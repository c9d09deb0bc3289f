//! What was measured. Latencies count from the moment at which a command was meant to be sent: a server that makes its
//! clients wait does not get the commands that they could not give forgiven (coordinated omission).

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::plan::Action;

/// The longest latency that is told apart, in microseconds: ten minutes.
const MAX_MICROS: u64 = 600_000_000;

/// Moments of one run, in microseconds since its beginning.
pub type Micros = u64;

/// Latencies in microseconds, with three significant digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u32>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, MAX_MICROS, 3).expect("the bounds are constants and right"))
    }
}

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros.max(1));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that so much of a hundred stay within, in microseconds.
    pub fn percentile(&self, percent: f64) -> u64 {
        if self.0.is_empty() { 0 } else { self.0.value_at_percentile(percent) }
    }

    /// The largest, in microseconds.
    pub fn max(&self) -> u64 {
        if self.0.is_empty() { 0 } else { self.0.max() }
    }

    /// The mean, in microseconds.
    pub fn mean(&self) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.mean() }
    }
}

/// A command that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Which.
    pub action: Action,
    /// When it was meant to be sent.
    pub intended: Micros,
    /// When it was sent.
    pub sent: Micros,
}

/// The measured part of a run, in microseconds since its beginning; what was meant to be sent outside is not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The end of the warm-up.
    pub from: Micros,
    /// When the last command is given.
    pub to: Micros,
}

impl Window {
    fn contains(&self, at: Micros) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// All that one kind of command came to within the window.
#[derive(Debug, Clone, Default)]
pub struct OfAction {
    /// Given.
    pub sent: u64,
    /// Answered with `ok`.
    pub ok: u64,
    /// Of these, when the window was still open: what the throughput is made of.
    pub ok_in_time: u64,
    /// Answered later than `late_after` from the moment at which it was meant to be sent.
    pub late: u64,
    /// Answered with an error, by its code.
    pub refused: BTreeMap<String, u64>,
    /// From the moment at which it was meant to be sent to its `ok`.
    pub latency: Latencies,
    /// From the moment at which it was sent to its `ok`.
    pub service: Latencies,
}

/// Messages as they reach the other readers, within the window.
#[derive(Debug, Clone, Default)]
pub struct OfDeliveries {
    /// Events of all streams that came.
    pub events: u64,
    /// Messages of others later than `late_after`.
    pub late: u64,
    /// From the moment at which a message was meant to be sent to its arrival at another reader.
    pub latency: Latencies,
}

/// Shared by all connections of a run.
#[derive(Debug)]
pub struct Tally {
    window: OnceLock<Window>,
    /// What takes longer is late.
    late_after: Micros,
    actions: [Mutex<OfAction>; Action::ALL.len()],
    deliveries: Mutex<OfDeliveries>,
}

impl Tally {
    /// Nothing yet; what takes longer than `late_after` will be late.
    pub fn new(late_after: Micros) -> Self {
        Self {
            window: OnceLock::new(),
            late_after,
            actions: Default::default(),
            deliveries: Mutex::default(),
        }
    }

    /// Says what is to be measured; until then, nothing is.
    pub fn open(&self, window: Window) {
        let _ = self.window.set(window);
    }

    fn measures(&self, at: Micros) -> bool {
        self.window.get().is_some_and(|window| window.contains(at))
    }

    /// A command was given.
    pub fn given(&self, given: Given) {
        if self.measures(given.intended) {
            self.actions[given.action.index()].lock().sent += 1;
        }
    }

    /// A command was answered with `ok`.
    pub fn answered(&self, given: Given, now: Micros) {
        let mut of = self.actions[given.action.index()].lock();
        if self.measures(now) {
            of.ok_in_time += 1;
        }
        if !self.measures(given.intended) {
            return;
        }
        of.ok += 1;
        let latency = now.saturating_sub(given.intended);
        of.latency.record(latency);
        of.service.record(now.saturating_sub(given.sent));
        if latency > self.late_after {
            of.late += 1;
        }
    }

    /// A command was answered with an error.
    pub fn refused(&self, given: Given, code: &str) {
        if self.measures(given.intended) {
            *self.actions[given.action.index()].lock().refused.entry(code.to_owned()).or_default() += 1;
        }
    }

    /// An event came; `of_others`: when somebody else meant to send the message that it is.
    pub fn delivered(&self, of_others: Option<Micros>, now: Micros) {
        let mut deliveries = self.deliveries.lock();
        if self.measures(now) {
            deliveries.events += 1;
        }
        if let Some(intended) = of_others.filter(|intended| self.measures(*intended)) {
            let latency = now.saturating_sub(intended);
            deliveries.latency.record(latency);
            if latency > self.late_after {
                deliveries.late += 1;
            }
        }
    }

    /// What one kind of command came to so far.
    pub fn of(&self, action: Action) -> OfAction {
        self.actions[action.index()].lock().clone()
    }

    /// What was delivered so far.
    pub fn deliveries(&self) -> OfDeliveries {
        self.deliveries.lock().clone()
    }

    /// Answers within the window so far.
    pub fn answers(&self) -> u64 {
        self.actions.iter().map(|of| of.lock().ok_in_time).sum()
    }
}

/// A duration in whole microseconds.
pub fn micros(duration: Duration) -> Micros {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measuring() -> Tally {
        let tally = Tally::new(300_000);
        tally.open(Window { from: 1_000_000, to: 2_000_000 });
        tally
    }

    fn given(intended: Micros, sent: Micros) -> Given {
        Given { action: Action::Send, intended, sent }
    }

    #[test]
    fn latency_counts_from_the_intended_moment_and_service_from_the_sending() {
        let tally = measuring();
        // Meant for 1.1 s, held up for 400 ms by a server that was silent, and then answered within 1 ms.
        let held_up = given(1_100_000, 1_500_000);
        tally.given(held_up);
        tally.answered(held_up, 1_501_000);
        let of = tally.of(Action::Send);
        assert_eq!((of.sent, of.ok, of.ok_in_time, of.late), (1, 1, 1, 1));
        assert!((400_500..=401_500).contains(&of.latency.max()), "{}", of.latency.max());
        assert!((999..=1_001).contains(&of.service.max()), "{}", of.service.max());
    }

    #[test]
    fn what_was_meant_for_outside_the_window_is_not_measured() {
        let tally = measuring();
        for intended in [999_999, 2_000_000] {
            tally.given(given(intended, intended));
            tally.answered(given(intended, intended), intended + 10);
            tally.refused(given(intended, intended), "conflict");
        }
        let of = tally.of(Action::Send);
        assert_eq!((of.sent, of.ok, of.refused.len()), (0, 0, 0));
        assert_eq!(of.ok_in_time, 1, "an answer within the window is throughput");
        // Given in the window and answered behind it: measured, but no throughput.
        tally.given(given(1_900_000, 1_900_000));
        tally.answered(given(1_900_000, 1_900_000), 2_100_000);
        let of = tally.of(Action::Send);
        assert_eq!((of.ok, of.ok_in_time), (1, 1));
    }

    #[test]
    fn refusals_are_counted_by_code_and_deliveries_by_lateness() {
        let tally = measuring();
        for code in ["conflict", "rate_limited", "conflict"] {
            tally.refused(given(1_200_000, 1_200_000), code);
        }
        assert_eq!(tally.of(Action::Send).refused["conflict"], 2);
        tally.delivered(Some(1_200_000), 1_200_500);
        tally.delivered(Some(1_200_000), 1_600_000);
        tally.delivered(None, 1_300_000);
        let of = tally.deliveries();
        assert_eq!((of.events, of.late, of.latency.count()), (3, 1, 2));
    }
}
