//! How many commands a connection may give.

use otvet_engine::clock::Timestamp;
use otvet_engine::limits::TokenBucket;
use otvet_engine::protocol::{Code, Refusal};

/// Over so many refusals within [`ABUSE_WINDOW_MS`], a client is not in a hurry but out of order.
const ABUSE_REFUSALS: u32 = 200;
const ABUSE_WINDOW_MS: i64 = 10_000;

/// The command rate of one connection.
#[derive(Debug)]
pub struct Rate {
    bucket: TokenBucket,
    window_from: Timestamp,
    refused: u32,
}

impl Rate {
    /// So many commands a second sustained, with bursts.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { bucket: TokenBucket::new(per_second, burst), window_from: Timestamp::default(), refused: 0 }
    }

    /// Lets one command in.
    ///
    /// # Errors
    /// `rate_limited`, with the time at which the next one will be let in.
    pub fn admit(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.bucket.take(now).map_err(|millis| {
            Refusal::new(Code::RateLimited, "too many commands; slow down").retry_after_ms(millis)
        })
    }

    /// Counts a refusal; true when there have been too many, and the connection is to be closed.
    pub fn is_abused(&mut self, now: Timestamp) -> bool {
        // Also when the clock was set back: a window lies within the last ten seconds or is over.
        if !(0..ABUSE_WINDOW_MS).contains(&now.millis().saturating_sub(self.window_from.millis())) {
            self.window_from = now;
            self.refused = 0;
        }
        self.refused += 1;
        self.refused > ABUSE_REFUSALS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_in_and_then_the_rate() {
        let mut rate = Rate::new(20, 40);
        let start = Timestamp::from_millis(1_000_000);
        assert!((0..40).all(|_| rate.admit(start).is_ok()));
        let refusal = rate.admit(start).unwrap_err();
        assert_eq!((refusal.code, refusal.retry_after_ms), (Code::RateLimited, Some(50)));
        assert!(rate.admit(start.plus_millis(50)).is_ok());
        assert!(rate.admit(start.plus_millis(50)).is_err());
    }

    #[test]
    fn abuse_is_many_refusals_in_a_short_time() {
        let mut rate = Rate::new(20, 40);
        let start = Timestamp::from_millis(1_000_000);
        assert!((0..200).all(|_| !rate.is_abused(start)));
        assert!(rate.is_abused(start.plus_millis(9_999)));
        assert!(!rate.is_abused(start.plus_millis(10_000)), "a new window");
        let mut slow = Rate::new(20, 40);
        assert!(
            (0..1000).all(|i| !slow.is_abused(start.plus_millis(i * 100))),
            "ten a second go on for ever"
        );
    }
}
