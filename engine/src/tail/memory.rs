//! Tails in this process's memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use dashmap::DashMap;
use parking_lot::Mutex;

use super::{Tail, TailEntry, TailError, TailRead};
use crate::clock::Timestamp;
use crate::ids::{Epoch, Position, StreamName};

/// Tails in memory, for a single node without Redis: the newest entries of the most recently used streams, all of them
/// together within a bound. A stream that was evicted is like one that never was here.
#[derive(Debug)]
pub struct MemoryTail {
    streams: DashMap<StreamName, Ring>,
    keep: usize,
    max_bytes: usize,
    bytes: AtomicUsize,
    /// Counts uses, so that the least recent can be told.
    uses: AtomicU64,
    evicting: Mutex<()>,
}

/// One stream, its numbers without a gap. Empty: it was begun, and nothing was appended yet.
#[derive(Debug)]
struct Ring {
    epoch: Epoch,
    entries: VecDeque<TailEntry>,
    bytes: usize,
    used: u64,
}

impl Ring {
    fn new(epoch: Epoch) -> Self {
        Self { epoch, entries: VecDeque::new(), bytes: RING_BYTES, used: 0 }
    }

    /// Forgets all entries.
    fn begin_anew(&mut self, epoch: &Epoch) {
        *self = Self { used: self.used, ..Self::new(epoch.clone()) };
    }

    fn head(&self) -> u64 {
        self.entries.back().map_or(0, |newest| newest.seq)
    }

    fn oldest(&self) -> u64 {
        self.entries.front().map_or(0, |oldest| oldest.seq)
    }

    fn push(&mut self, entry: TailEntry) {
        self.bytes += size(&entry);
        self.entries.push_back(entry);
    }

    fn push_before(&mut self, entry: TailEntry) {
        self.bytes += size(&entry);
        self.entries.push_front(entry);
    }

    /// Adds the entries that follow the head; the others are there already.
    fn extend(&mut self, entries: &[TailEntry]) {
        let head = self.head();
        entries.iter().filter(|entry| entry.seq > head).for_each(|entry| self.push(entry.clone()));
    }

    fn trim(&mut self, keep: usize) {
        while self.entries.len() > keep {
            self.bytes -= self.entries.pop_front().as_ref().map_or(0, size);
        }
    }
}

/// What a stream occupies without entries, roughly: its place in the map, and its epoch.
const RING_BYTES: usize = size_of::<StreamName>() + size_of::<Ring>() + 32;

/// What an entry occupies, roughly: its event and its place.
fn size(entry: &TailEntry) -> usize {
    entry.event.len() + size_of::<TailEntry>()
}

impl MemoryTail {
    /// Keeps at most `keep` entries of a stream and about `max_bytes` in all.
    pub fn new(keep: usize, max_bytes: usize) -> Self {
        Self {
            streams: DashMap::new(),
            keep: keep.max(1),
            max_bytes,
            bytes: AtomicUsize::new(0),
            uses: AtomicU64::new(0),
            evicting: Mutex::new(()),
        }
    }

    /// What all tails occupy together, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Changes a stream, which begins if it is not there, and keeps within all bounds.
    fn change<T>(&self, stream: &StreamName, epoch: &Epoch, change: impl FnOnce(&mut Ring) -> T) -> T {
        let changed = {
            let mut before = 0;
            let mut ring = self
                .streams
                .entry(*stream)
                .and_modify(|ring| before = ring.bytes)
                .or_insert_with(|| Ring::new(epoch.clone()));
            let changed = change(&mut ring);
            ring.trim(self.keep);
            ring.used = self.used_now();
            self.account(before, ring.bytes);
            changed
        };
        if self.bytes() > self.max_bytes {
            self.evict();
        }
        changed
    }

    fn used_now(&self) -> u64 {
        self.uses.fetch_add(1, Relaxed)
    }

    /// Called with the stream's shard locked, so that the total never misses a change.
    fn account(&self, before: usize, after: usize) {
        if after >= before {
            self.bytes.fetch_add(after - before, Relaxed);
        } else {
            self.bytes.fetch_sub(before - after, Relaxed);
        }
    }

    /// Drops the least recently used streams until an eighth is free, so that the look at all of them is seldom.
    fn evict(&self) {
        // Whoever finds somebody at it leaves it to them.
        let Some(_evicting) = self.evicting.try_lock() else { return };
        let mut all: Vec<(u64, StreamName)> =
            self.streams.iter().map(|ring| (ring.used, *ring.key())).collect();
        all.sort_unstable();
        for (used, stream) in all {
            if self.bytes() <= self.max_bytes - self.max_bytes / 8 {
                return;
            }
            // Used in the meantime: not among the least recent any more.
            let dropped = self.streams.remove_if(&stream, |_, ring| ring.used == used);
            if let Some((_, ring)) = dropped {
                self.account(ring.bytes, 0);
            }
        }
    }
}

#[async_trait]
impl Tail for MemoryTail {
    async fn append(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        let Some(first) = entries.first().map(|entry| entry.seq) else { return Ok(()) };
        self.change(stream, epoch, |ring| {
            if ring.epoch != *epoch {
                ring.begin_anew(epoch);
            }
            let head = ring.head();
            if !ring.entries.is_empty() && first > head + 1 {
                return Err(TailError::OutOfOrder { head, first });
            }
            ring.extend(entries);
            Ok(())
        })
    }

    async fn refill(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        self.change(stream, epoch, |ring| {
            if ring.epoch != *epoch || ring.entries.is_empty() || first.seq > ring.head() + 1 {
                ring.begin_anew(epoch);
                ring.extend(entries);
            } else if last.seq + 1 >= ring.oldest() {
                let oldest = ring.oldest();
                let older = entries.iter().rev().filter(|entry| entry.seq < oldest);
                older.for_each(|entry| ring.push_before(entry.clone()));
                ring.extend(entries);
            }
        });
        Ok(())
    }

    async fn open(&self, stream: &StreamName, fresh: &Epoch) -> Result<Position, TailError> {
        Ok(self.change(stream, fresh, |ring| Position { epoch: ring.epoch.clone(), seq: ring.head() }))
    }

    async fn after(
        &self,
        stream: &StreamName,
        position: &Position,
        limit: usize,
    ) -> Result<TailRead, TailError> {
        let Some(mut ring) = self.streams.get_mut(stream) else { return Ok(TailRead::Missing) };
        ring.used = self.used_now();
        let head = ring.head();
        let known = position.seq <= head && position.seq + 1 >= ring.oldest();
        if ring.epoch != position.epoch || !known || head - position.seq > limit as u64 {
            return Ok(TailRead::Missing);
        }
        let skip = usize::try_from(position.seq + 1 - ring.oldest()).unwrap_or(usize::MAX);
        let entries = ring.entries.iter().skip(skip).cloned().collect();
        Ok(TailRead::Complete { entries, head: Position { epoch: ring.epoch.clone(), seq: head } })
    }

    async fn head(&self, stream: &StreamName) -> Result<Option<(Position, Timestamp)>, TailError> {
        let head = self.streams.get(stream).and_then(|ring| {
            let newest = ring.entries.back()?;
            Some((Position { epoch: ring.epoch.clone(), seq: newest.seq }, newest.at))
        });
        Ok(head)
    }

    async fn trim(&self, stream: &StreamName, keep: usize) -> Result<(), TailError> {
        if keep == 0 {
            return self.drop_stream(stream).await;
        }
        if let Some(mut ring) = self.streams.get_mut(stream) {
            let before = ring.bytes;
            ring.trim(keep);
            self.account(before, ring.bytes);
        }
        Ok(())
    }

    async fn drop_stream(&self, stream: &StreamName) -> Result<(), TailError> {
        if let Some((_, ring)) = self.streams.remove(stream) {
            self.account(ring.bytes, 0);
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), TailError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::SharedTail;
    use super::super::contract::{self, entries, epoch};
    use super::*;
    use crate::ids::PersonId;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn keeps_the_contract() {
        contract::contract(async |keep| Arc::new(MemoryTail::new(keep, 64 << 20)) as SharedTail).await;
    }

    #[tokio::test]
    async fn stays_within_its_bytes_and_drops_the_least_recently_used_whole() {
        let of_one = entries(1..=10).iter().map(size).sum::<usize>();
        let of_one = of_one + RING_BYTES;
        let tail = MemoryTail::new(10, 16 * of_one);
        let stream = |n| StreamName::Session(PersonId::User(n));
        for n in 1..=200 {
            tail.append(&stream(n), &epoch(1), &entries(1..=10)).await.unwrap();
            // The first is used all the time, and therefore stays.
            let all = tail.after(&stream(1), &Position { epoch: epoch(1), seq: 0 }, 10).await.unwrap();
            assert!(matches!(all, TailRead::Complete { entries, .. } if entries.len() == 10), "at {n}");
            assert!(tail.bytes() <= 16 * of_one, "{} bytes at {n}", tail.bytes());
        }
        assert_eq!(tail.head(&stream(2)).await.unwrap(), None);
        assert_eq!(tail.head(&stream(200)).await.unwrap().unwrap().0.seq, 10);
        let counted: usize = tail.streams.iter().map(|ring| ring.bytes).sum();
        assert_eq!(tail.bytes(), counted);
        for n in 1..=200 {
            tail.drop_stream(&stream(n)).await.unwrap();
        }
        assert_eq!(tail.bytes(), 0);
    }
}
