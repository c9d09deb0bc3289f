//! Limits as pure arithmetic: token buckets and attempt counters. Time is a parameter.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use crate::clock::Timestamp;

/// A token bucket: so many takes a second sustained, with bursts.
///
/// A clock that is set back neither locks anybody out nor grants more than stood in the bucket; one that jumps ahead
/// grants at most one burst.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    /// Thousandths of a take gained in a millisecond: the same number as takes a second.
    rate: u64,
    capacity: u64,
    level: u64,
    refilled_at: Option<Timestamp>,
}

/// One take, in the bucket's unit.
const TAKE: u64 = 1000;

impl TokenBucket {
    /// A full bucket. 0 counts as 1 for both: a limit slows down, it does not forbid.
    pub fn new(rate_per_s: u32, burst: u32) -> Self {
        let capacity = u64::from(burst.max(1)) * TAKE;
        Self { rate: u64::from(rate_per_s.max(1)), capacity, level: capacity, refilled_at: None }
    }

    /// Takes one, or says after how many milliseconds (at least 1) there will be one.
    pub fn take(&mut self, now: Timestamp) -> Result<(), u64> {
        let elapsed = self.refilled_at.map_or(0, |at| now.millis().saturating_sub(at.millis()));
        // Negative when the clock was set back: counted from the new time on.
        let gained = u64::try_from(elapsed).unwrap_or(0).saturating_mul(self.rate);
        self.level = self.level.saturating_add(gained).min(self.capacity);
        self.refilled_at = Some(now);
        match self.level.checked_sub(TAKE) {
            Some(rest) => {
                self.level = rest;
                Ok(())
            }
            None => Err((TAKE - self.level).div_ceil(self.rate)),
        }
    }
}

/// Counts attempts by key in fixed windows, as Laravel's `RateLimiter` does: the first attempt opens a window, the
/// window's end forgets them all.
///
/// An attempt is counted when it begins, so that many at once do not slip through between check and count; one that
/// succeeds is taken back with [`Attempts::clear`] or [`Attempts::forgive`].
#[derive(Debug)]
pub struct Attempts<K> {
    allowed: u32,
    window_ms: i64,
    max_keys: usize,
    windows: HashMap<K, Window>,
    by_end: BTreeSet<(Timestamp, K)>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    count: u32,
    ends_at: Timestamp,
}

impl<K: Hash + Eq + Ord + Clone> Attempts<K> {
    /// `allowed` attempts (0 counts as 1) in `window_ms` milliseconds by key, remembering at most `max_keys` keys: when
    /// there are more, the window that ends first is forgotten, so an expired one before any other.
    pub fn new(allowed: u32, window_ms: i64, max_keys: usize) -> Self {
        Self {
            allowed: allowed.max(1),
            window_ms: window_ms.max(1),
            max_keys: max_keys.max(1),
            windows: HashMap::new(),
            by_end: BTreeSet::new(),
        }
    }

    /// Counts one attempt, or says in how many seconds (at least 1) the next is allowed; a refused one is not counted.
    pub fn begin(&mut self, key: &K, now: Timestamp) -> Result<(), u64> {
        let longest = now.plus_millis(self.window_ms);
        let window = match self.windows.get(key).copied().filter(|w| w.ends_at > now) {
            // A window that ends later than one opened now could: the clock was set back.
            Some(w) => Window { ends_at: w.ends_at.min(longest), ..w },
            None => Window { count: 0, ends_at: longest },
        };
        let refused = window.count >= self.allowed;
        self.put(key, Window { count: window.count + u32::from(!refused), ..window });
        if refused {
            let millis = u64::try_from(window.ends_at.millis() - now.millis()).unwrap_or(1);
            return Err(millis.div_ceil(1000).max(1));
        }
        Ok(())
    }

    /// Forgets the key's attempts: it got in.
    pub fn clear(&mut self, key: &K) {
        if let Some(window) = self.windows.remove(key) {
            self.by_end.remove(&(window.ends_at, key.clone()));
        }
    }

    /// Takes one attempt back: it did not fail, or was not made at all.
    pub fn forgive(&mut self, key: &K) {
        if let Some(window) = self.windows.get_mut(key) {
            window.count = window.count.saturating_sub(1);
            if window.count == 0 {
                self.clear(key);
            }
        }
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    fn put(&mut self, key: &K, window: Window) {
        if let Some(before) = self.windows.insert(key.clone(), window) {
            self.by_end.remove(&(before.ends_at, key.clone()));
        }
        self.by_end.insert((window.ends_at, key.clone()));
        while self.windows.len() > self.max_keys {
            let Some((_, oldest)) = self.by_end.pop_first() else { break };
            self.windows.remove(&oldest);
        }
    }
}

/// The address that limits count by: an IPv6 subscriber has a whole /64, so its last 64 bits say nothing.
pub fn limited_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = TokenBucket::new(20, 40);
        for _ in 0..40 {
            assert_eq!(bucket.take(at(0)), Ok(()));
        }
        assert_eq!(bucket.take(at(0)), Err(50));
        assert_eq!(bucket.take(at(49)), Err(1));
        assert_eq!(bucket.take(at(50)), Ok(()));
        assert_eq!(bucket.take(at(50)), Err(50));
        let granted = (0..10_000).filter(|_| bucket.take(at(1_000_000_000)).is_ok()).count();
        assert_eq!(granted, 40, "a pause saves up one burst, not more");
    }

    #[test]
    fn a_clock_set_back_neither_locks_out_nor_floods() {
        let mut bucket = TokenBucket::new(10, 5);
        while bucket.take(at(0)).is_ok() {}
        assert_eq!(bucket.take(at(-3_600_000)), Err(100), "no flood");
        assert_eq!(bucket.take(at(-3_600_000 + 100)), Ok(()), "and no hour of waiting");
    }

    proptest! {
        #[test]
        fn a_bucket_never_grants_more_than_burst_plus_rate(
            rate in 1u32..200, burst in 1u32..100, steps in prop::collection::vec(0i64..400, 1..200),
        ) {
            let mut bucket = TokenBucket::new(rate, burst);
            let (mut now, mut granted) = (0, 0u64);
            for step in steps {
                now += step;
                match bucket.take(at(now)) {
                    Ok(()) => granted += 1,
                    Err(wait) => {
                        let wait = i64::try_from(wait).unwrap();
                        prop_assert!(wait == 1 || bucket.clone().take(at(now + wait - 1)).is_err());
                        prop_assert!(bucket.clone().take(at(now + wait)).is_ok());
                    }
                }
            }
            prop_assert!(granted <= u64::from(burst) + u64::from(rate) * u64::try_from(now).unwrap() / 1000);
        }
    }

    #[test]
    fn attempts_are_refused_until_the_window_ends() {
        let mut attempts = Attempts::new(5, 60_000, 100);
        for i in 0..5 {
            assert_eq!(attempts.begin(&"a", at(i * 1000)), Ok(()));
        }
        assert_eq!(attempts.begin(&"a", at(5000)), Err(55));
        assert_eq!(attempts.begin(&"a", at(59_999)), Err(1));
        assert_eq!(attempts.begin(&"b", at(5000)), Ok(()), "others are not concerned");
        assert_eq!(attempts.begin(&"a", at(60_000)), Ok(()), "refused ones do not prolong it");
    }

    #[test]
    fn success_is_not_held_against_anybody() {
        let mut attempts = Attempts::new(2, 60_000, 100);
        for _ in 0..2 {
            attempts.begin(&"a", at(0)).unwrap();
        }
        attempts.clear(&"a");
        assert!(attempts.is_empty());
        for _ in 0..20 {
            attempts.begin(&"a", at(0)).unwrap();
            attempts.forgive(&"a");
        }
        assert!(attempts.is_empty());
    }

    #[test]
    fn a_clock_set_back_locks_out_for_one_window_at_most() {
        let mut attempts = Attempts::new(1, 60_000, 100);
        attempts.begin(&"a", at(0)).unwrap();
        assert_eq!(attempts.begin(&"a", at(-86_400_000)), Err(60));
        assert_eq!(attempts.begin(&"a", at(-86_400_000 + 60_000)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_expired_windows_go_first() {
        let mut attempts = Attempts::new(1, 1000, 3);
        for (key, millis) in [(1, 0), (2, 500), (3, 600), (4, 1100)] {
            attempts.begin(&key, at(millis)).unwrap();
        }
        assert_eq!(attempts.len(), 3);
        for key in [2, 3, 4] {
            assert!(attempts.begin(&key, at(1100)).is_err(), "{key} is still remembered");
        }
        for key in 10..1000 {
            attempts.begin(&key, at(1200)).unwrap();
        }
        assert_eq!((attempts.len(), attempts.by_end.len()), (3, 3));
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let limited = |text: &str| limited_address(text.parse().unwrap()).to_string();
        assert_eq!(limited("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(limited("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(limited("192.0.2.7"), "192.0.2.7");
    }
}
