//! What is owed to whom: every reader of a conversation must get every event of it, exactly once and in order.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// The heads of all conversations as their writers were told them.
#[derive(Debug, Default)]
pub struct Ledger {
    heads: Mutex<BTreeMap<Box<str>, u64>>,
}

impl Ledger {
    /// An answer said that a stream has at least so many events.
    pub fn acknowledged(&self, stream: &str, seq: u64) {
        let mut heads = self.heads.lock();
        match heads.get_mut(stream) {
            Some(head) => *head = seq.max(*head),
            None => {
                heads.insert(stream.into(), seq);
            }
        }
    }

    /// The last number of a stream that was acknowledged to anybody.
    pub fn head(&self, stream: &str) -> u64 {
        self.heads.lock().get(stream).copied().unwrap_or(0)
    }
}

/// What one connection has got of the streams that it follows.
#[derive(Debug, Default)]
pub struct Received {
    streams: BTreeMap<Box<str>, u64>,
    missed: u64,
    doubled: u64,
}

impl Received {
    /// Says where a stream stands for this reader: the next event of it must be the next number.
    pub fn follow(&mut self, stream: &str, head: u64) {
        self.streams.entry(stream.into()).or_insert(head);
    }

    /// An event came. One of an unknown stream begins it.
    pub fn event(&mut self, stream: &str, seq: u64) {
        let Some(known) = self.streams.get_mut(stream) else {
            self.streams.insert(stream.into(), seq);
            return;
        };
        match seq.checked_sub(*known) {
            Some(0) | None => self.doubled += 1,
            Some(ahead) => {
                self.missed += ahead - 1;
                *known = seq;
            }
        }
    }

    /// The last number of a stream that came.
    pub fn of(&self, stream: &str) -> u64 {
        self.streams.get(stream).copied().unwrap_or(0)
    }

    /// The streams with the last number that came.
    pub fn streams(&self) -> impl Iterator<Item = (&str, u64)> {
        self.streams.iter().map(|(stream, seq)| (&**stream, *seq))
    }

    /// Whether everything that was acknowledged is here.
    pub fn is_complete(&self, ledger: &Ledger) -> bool {
        self.streams().all(|(stream, seq)| seq >= ledger.head(stream))
    }

    /// How many events are missing (between those that came, and behind the last), and how many came again.
    pub fn balance(&self, ledger: &Ledger) -> Balance {
        let behind: u64 = self.streams().map(|(stream, seq)| ledger.head(stream).saturating_sub(seq)).sum();
        Balance { lost: self.missed + behind, doubled: self.doubled }
    }
}

/// What one reader did not get, or got twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Never came.
    pub lost: u64,
    /// Came again.
    pub doubled: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_repetitions_and_a_missing_end_are_counted() {
        let ledger = Ledger::default();
        let mut received = Received::default();
        for seq in [1, 2, 2, 5, 6] {
            received.event("conversation/a", seq);
        }
        ledger.acknowledged("conversation/a", 8);
        ledger.acknowledged("conversation/a", 7);
        assert!(!received.is_complete(&ledger));
        // 3 and 4 between, 7 and 8 at the end; 2 came twice.
        assert_eq!(received.balance(&ledger), Balance { lost: 4, doubled: 1 });
        received.event("conversation/a", 7);
        received.event("conversation/a", 8);
        assert!(received.is_complete(&ledger));
        assert_eq!(received.balance(&ledger).lost, 2);
    }

    #[test]
    fn a_followed_stream_without_any_event_is_owed_all_of_them() {
        let ledger = Ledger::default();
        let mut received = Received::default();
        received.follow("conversation/a", 2);
        assert!(received.is_complete(&ledger));
        ledger.acknowledged("conversation/a", 3);
        ledger.acknowledged("conversation/b", 9);
        assert_eq!(received.balance(&ledger), Balance { lost: 1, doubled: 0 }, "b is not its business");
    }
}
