//! Where this process has left each stream, so that the next entry can be appended without a look first.

use std::collections::HashMap;

use tokio::time::{Duration, Instant};

use crate::ids::StreamName;

/// Streams remembered; a few MiB. Whoever has more in use looks first now and then.
const MOST: usize = 32 * 1024;

/// Of how long a stream lives, the part after which its expiry is renewed. Redis is told this much more, so that none lives
/// shorter than asked for.
pub(super) const RENEWAL: u32 = 8;

#[derive(Debug)]
struct Head {
    epoch: u64,
    seq: u64,
    renew_at: Instant,
}

/// What is known may be wrong (another writer, a Redis that was emptied): then Redis refuses, or the entries' ids tell it to
/// every reader.
#[derive(Debug)]
pub(super) struct Heads {
    known: HashMap<StreamName, Head>,
    renew_after: Duration,
}

impl Heads {
    /// Of streams that live so long without a new entry.
    pub fn new(life: Duration) -> Self {
        Self { known: HashMap::new(), renew_after: life / RENEWAL }
    }

    /// Whether the stream is known to stand just before an entry, and need not be renewed yet.
    pub fn is_before(&self, stream: &StreamName, epoch: u64, first: u64, now: Instant) -> bool {
        let head = self.known.get(stream);
        head.is_some_and(|head| {
            head.epoch == epoch && head.seq.checked_add(1) == Some(first) && now < head.renew_at
        })
    }

    /// A stream that was known goes up to an entry now.
    pub fn continued(&mut self, stream: &StreamName, seq: u64) {
        if let Some(head) = self.known.get_mut(stream) {
            head.seq = seq;
        }
    }

    /// A stream goes up to an entry, and its life began anew.
    pub fn renewed(&mut self, stream: StreamName, epoch: u64, seq: u64, now: Instant) {
        if self.known.len() >= MOST && !self.known.contains_key(&stream) {
            self.known.clear();
        }
        self.known.insert(stream, Head { epoch, seq, renew_at: now + self.renew_after });
    }

    /// Nothing is known of a stream any more.
    pub fn forget(&mut self, stream: &StreamName) {
        self.known.remove(stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PersonId;

    fn stream(n: usize) -> StreamName {
        StreamName::Inbox(PersonId::User(i64::try_from(n).unwrap()))
    }

    #[test]
    fn only_the_next_entry_of_the_same_epoch_needs_no_look() {
        let (mut heads, now) = (Heads::new(Duration::from_secs(80)), Instant::now());
        assert!(!heads.is_before(&stream(1), 5, 1, now));
        heads.continued(&stream(1), 4);
        assert!(!heads.is_before(&stream(1), 5, 5, now), "nothing was known");
        heads.renewed(stream(1), 5, 3, now);
        let next = [3, 4, 5].map(|first| heads.is_before(&stream(1), 5, first, now));
        assert_eq!(next, [false, true, false]);
        assert!(!heads.is_before(&stream(1), 6, 4, now) && !heads.is_before(&stream(2), 5, 4, now));
        heads.continued(&stream(1), 9);
        assert!(heads.is_before(&stream(1), 5, 10, now));
        heads.forget(&stream(1));
        assert!(!heads.is_before(&stream(1), 5, 10, now));
    }

    #[test]
    fn a_stream_is_renewed_long_before_it_expires() {
        let (mut heads, now) = (Heads::new(Duration::from_secs(80)), Instant::now());
        heads.renewed(stream(1), 5, 3, now);
        heads.continued(&stream(1), 4);
        assert!(heads.is_before(&stream(1), 5, 5, now + Duration::from_secs(9)));
        assert!(!heads.is_before(&stream(1), 5, 5, now + Duration::from_secs(10)));
    }

    #[test]
    fn no_more_are_remembered_than_have_room() {
        let (mut heads, now) = (Heads::new(Duration::from_secs(80)), Instant::now());
        for n in 1..=2 * MOST {
            heads.renewed(stream(n), 5, 3, now);
            assert!(heads.known.len() <= MOST && heads.is_before(&stream(n), 5, 4, now));
        }
    }
}
