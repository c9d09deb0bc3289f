//! The contract every backend is held to.

use std::ops::RangeInclusive;

use bytes::Bytes;

use super::{SharedTail, TailEntry, TailError, TailRead};
use crate::clock::Timestamp;
use crate::ids::{ConversationId, Epoch, PersonId, Position, StreamName};

/// How many entries the tails under test keep.
const KEEP: usize = 20;

/// Holds a backend against the contract. `make` gives tails that keep so many entries; two of them may share their
/// streams, since every rule is tried on streams of its own.
pub(super) async fn contract(make: impl AsyncFn(usize) -> SharedTail) {
    let tail = make(KEEP).await;
    tail.check().await.unwrap();
    appends_are_read_back(&tail).await;
    an_unknown_stream_is_missing(&tail).await;
    only_the_newest_are_kept(&tail).await;
    trimming_and_dropping(&tail).await;
    another_epoch_starts_anew(&tail).await;
    a_gap_is_refused(&tail).await;
    repeating_is_harmless(&tail).await;
    more_than_the_limit_is_missing(&tail).await;
    streams_may_begin_anywhere(&tail).await;
    big_entries_come_back_whole(&tail).await;
    streams_do_not_mix(&tail).await;
    what_was_lost_is_given_back(&tail).await;
    what_does_not_touch_is_never_joined(&tail).await;
    a_stream_begins_once(&tail).await;
    giving_back_and_appending_at_once_leave_one_run(&tail).await;
    writers_at_once_leave_one_order(&tail).await;
}

pub(super) fn epoch(n: u8) -> Epoch {
    Epoch::new([n; 8])
}

pub(super) fn entries(seqs: RangeInclusive<u64>) -> Vec<TailEntry> {
    seqs.map(|seq| entry(seq, format!("event {seq}"))).collect()
}

fn entry(seq: u64, event: impl Into<Bytes>) -> TailEntry {
    let at = Timestamp::from_millis(1_700_000_000_000 + i64::try_from(seq).unwrap());
    TailEntry { seq, at, event: event.into() }
}

fn stream(n: u8) -> StreamName {
    StreamName::Conversation(ConversationId::new(Timestamp::from_millis(1_700_000_000_000), [n; 10]))
}

fn position(epoch: Epoch, seq: u64) -> Position {
    Position { epoch, seq }
}

async fn read(tail: &SharedTail, stream: &StreamName, seq: u64) -> Option<Vec<TailEntry>> {
    match tail.after(stream, &position(epoch(1), seq), 1000).await.unwrap() {
        TailRead::Complete { entries, head } => {
            assert_eq!(head.epoch, epoch(1));
            assert_eq!(entries.last().map_or(seq, |last| last.seq), head.seq);
            Some(entries)
        }
        TailRead::Missing => None,
    }
}

async fn appends_are_read_back(tail: &SharedTail) {
    let stream = stream(1);
    tail.append(&stream, &epoch(1), &entries(1..=1)).await.unwrap();
    tail.append(&stream, &epoch(1), &entries(2..=5)).await.unwrap();
    tail.append(&stream, &epoch(1), &[]).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=5)));
    assert_eq!(read(tail, &stream, 3).await, Some(entries(4..=5)));
    assert_eq!(read(tail, &stream, 5).await, Some(vec![]), "at the head: nothing is missing");
    assert_eq!(read(tail, &stream, 6).await, None, "beyond the head: the tail is behind");
    let newest = entries(5..=5)[0].at;
    assert_eq!(tail.head(&stream).await.unwrap(), Some((position(epoch(1), 5), newest)));
    let other = tail.after(&stream, &position(epoch(2), 3), 1000).await.unwrap();
    assert_eq!(other, TailRead::Missing, "another epoch's position says nothing");
    let other = tail.after(&stream, &position(epoch(2), 5), 1000).await.unwrap();
    assert_eq!(other, TailRead::Missing, "not even at the head");
}

async fn an_unknown_stream_is_missing(tail: &SharedTail) {
    let stream = stream(2);
    assert_eq!(read(tail, &stream, 0).await, None);
    assert_eq!(tail.head(&stream).await.unwrap(), None);
    tail.trim(&stream, 1).await.unwrap();
    tail.drop_stream(&stream).await.unwrap();
    tail.append(&stream, &epoch(1), &[]).await.unwrap();
    assert_eq!(tail.head(&stream).await.unwrap(), None, "nothing was appended");
}

async fn only_the_newest_are_kept(tail: &SharedTail) {
    let stream = stream(3);
    for seq in 1..=50 {
        tail.append(&stream, &epoch(1), &entries(seq..=seq)).await.unwrap();
    }
    // A backend may keep a few more than asked for, never fewer.
    let oldest = 50 - KEEP as u64;
    assert_eq!(read(tail, &stream, oldest).await, Some(entries(oldest + 1..=50)));
    tail.trim(&stream, KEEP).await.unwrap();
    assert_eq!(read(tail, &stream, oldest - 1).await, None);
    tail.append(&stream, &epoch(1), &entries(51..=120)).await.unwrap();
    assert_eq!(read(tail, &stream, 100).await, Some(entries(101..=120)), "more at once than are kept");
}

async fn trimming_and_dropping(tail: &SharedTail) {
    let stream = stream(4);
    tail.append(&stream, &epoch(1), &entries(1..=10)).await.unwrap();
    tail.trim(&stream, 3).await.unwrap();
    assert_eq!(read(tail, &stream, 7).await, Some(entries(8..=10)));
    assert_eq!(read(tail, &stream, 6).await, None, "no longer all that follows");
    tail.append(&stream, &epoch(1), &entries(11..=11)).await.unwrap();
    assert_eq!(read(tail, &stream, 7).await, Some(entries(8..=11)), "trimming does not move the head");
    tail.trim(&stream, 100).await.unwrap();
    assert_eq!(read(tail, &stream, 7).await, Some(entries(8..=11)));
    tail.drop_stream(&stream).await.unwrap();
    assert_eq!(tail.head(&stream).await.unwrap(), None);
    assert_eq!(read(tail, &stream, 11).await, None);
    tail.append(&stream, &epoch(1), &entries(5..=6)).await.unwrap();
    assert_eq!(read(tail, &stream, 4).await, Some(entries(5..=6)), "as if it had never been");
}

async fn another_epoch_starts_anew(tail: &SharedTail) {
    let stream = stream(5);
    tail.append(&stream, &epoch(2), &entries(1..=10)).await.unwrap();
    tail.append(&stream, &epoch(1), &entries(3..=4)).await.unwrap();
    assert_eq!(read(tail, &stream, 2).await, Some(entries(3..=4)));
    assert_eq!(read(tail, &stream, 1).await, None);
    assert_eq!(tail.head(&stream).await.unwrap().unwrap().0, position(epoch(1), 4));
    let old = tail.after(&stream, &position(epoch(2), 4), 1000).await.unwrap();
    assert_eq!(old, TailRead::Missing);
}

async fn a_gap_is_refused(tail: &SharedTail) {
    let stream = stream(6);
    tail.append(&stream, &epoch(1), &entries(1..=3)).await.unwrap();
    let refused = tail.append(&stream, &epoch(1), &entries(5..=6)).await;
    assert_eq!(refused, Err(TailError::OutOfOrder { head: 3, first: 5 }));
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=3)), "and nothing changed");
    tail.append(&stream, &epoch(1), &entries(4..=6)).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=6)));
}

async fn repeating_is_harmless(tail: &SharedTail) {
    let stream = stream(7);
    tail.append(&stream, &epoch(1), &entries(1..=5)).await.unwrap();
    tail.append(&stream, &epoch(1), &entries(1..=5)).await.unwrap();
    tail.append(&stream, &epoch(1), &entries(2..=3)).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=5)));
    tail.append(&stream, &epoch(1), &entries(4..=7)).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=7)), "half of it was new");
    tail.trim(&stream, 2).await.unwrap();
    tail.append(&stream, &epoch(1), &entries(1..=5)).await.unwrap();
    assert_eq!(read(tail, &stream, 5).await, Some(entries(6..=7)), "older than what is kept");
}

async fn more_than_the_limit_is_missing(tail: &SharedTail) {
    let stream = stream(8);
    tail.append(&stream, &epoch(1), &entries(1..=10)).await.unwrap();
    let after = async |seq, limit| tail.after(&stream, &position(epoch(1), seq), limit).await.unwrap();
    assert!(matches!(after(5, 5).await, TailRead::Complete { entries, .. } if entries.len() == 5));
    assert_eq!(after(4, 5).await, TailRead::Missing, "never a part");
    assert!(matches!(after(10, 0).await, TailRead::Complete { entries, .. } if entries.is_empty()));
    assert_eq!(after(u64::MAX, 5).await, TailRead::Missing);
}

async fn streams_may_begin_anywhere(tail: &SharedTail) {
    let stream = StreamName::Inbox(PersonId::User(9));
    tail.append(&stream, &epoch(1), &entries(1000..=1001)).await.unwrap();
    assert_eq!(read(tail, &stream, 999).await, Some(entries(1000..=1001)));
    assert_eq!(read(tail, &stream, 998).await, None);
    assert_eq!(read(tail, &stream, 0).await, None);
}

async fn big_entries_come_back_whole(tail: &SharedTail) {
    let stream = stream(10);
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let big = vec![entry(1, bytes), entry(2, Bytes::new())];
    tail.append(&stream, &epoch(1), &big).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(big));
}

async fn streams_do_not_mix(tail: &SharedTail) {
    let streams =
        [StreamName::Session(PersonId::User(1)), StreamName::Session(PersonId::Guest(1)), stream(11)];
    for (stream, head) in streams.iter().zip(1..) {
        tail.append(stream, &epoch(1), &entries(1..=head)).await.unwrap();
    }
    for (stream, head) in streams.iter().zip(1..) {
        assert_eq!(read(tail, stream, 0).await, Some(entries(1..=head)));
    }
}

async fn what_was_lost_is_given_back(tail: &SharedTail) {
    let stream = stream(13);
    tail.refill(&stream, &epoch(1), &[]).await.unwrap();
    assert_eq!(tail.head(&stream).await.unwrap(), None);
    tail.refill(&stream, &epoch(1), &entries(4..=6)).await.unwrap();
    assert_eq!(read(tail, &stream, 3).await, Some(entries(4..=6)), "all of it was lost");
    tail.append(&stream, &epoch(1), &entries(7..=8)).await.unwrap();
    tail.refill(&stream, &epoch(1), &entries(2..=3)).await.unwrap();
    assert_eq!(read(tail, &stream, 1).await, Some(entries(2..=8)), "what came before");
    tail.refill(&stream, &epoch(1), &entries(1..=10)).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=10)), "on both sides");
    tail.refill(&stream, &epoch(1), &entries(3..=5)).await.unwrap();
    assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=10)), "nothing was missing");
    tail.append(&stream, &epoch(1), &entries(11..=11)).await.unwrap();
    tail.trim(&stream, KEEP).await.unwrap();
    tail.refill(&stream, &epoch(1), &entries(12..=30)).await.unwrap();
    assert_eq!(read(tail, &stream, 10).await, Some(entries(11..=30)), "no fewer are kept");
    tail.trim(&stream, KEEP).await.unwrap();
    tail.refill(&stream, &epoch(1), &entries(1..=10)).await.unwrap();
    assert_eq!(read(tail, &stream, 10).await, Some(entries(11..=30)), "the newest stay");
    tail.append(&stream, &epoch(1), &entries(31..=31)).await.unwrap();
    assert_eq!(read(tail, &stream, 11).await, Some(entries(12..=31)));
}

async fn what_does_not_touch_is_never_joined(tail: &SharedTail) {
    let stream = stream(14);
    tail.append(&stream, &epoch(1), &entries(10..=12)).await.unwrap();
    tail.refill(&stream, &epoch(1), &entries(1..=8)).await.unwrap();
    assert_eq!(read(tail, &stream, 9).await, Some(entries(10..=12)), "older: forgotten");
    assert_eq!(read(tail, &stream, 8).await, None);
    tail.refill(&stream, &epoch(1), &entries(14..=15)).await.unwrap();
    assert_eq!(read(tail, &stream, 13).await, Some(entries(14..=15)), "newer: in its place");
    assert_eq!(read(tail, &stream, 12).await, None);
    tail.refill(&stream, &epoch(2), &entries(1..=2)).await.unwrap();
    assert_eq!(tail.head(&stream).await.unwrap().unwrap().0, position(epoch(2), 2), "another epoch: anew");
}

async fn a_stream_begins_once(tail: &SharedTail) {
    let inbox = StreamName::Inbox(PersonId::User(15));
    assert_eq!(tail.open(&inbox, &epoch(1)).await, Ok(position(epoch(1), 0)));
    assert_eq!(tail.open(&inbox, &epoch(2)).await, Ok(position(epoch(1), 0)), "begun already");
    assert_eq!(tail.head(&inbox).await.unwrap(), None, "and still without an entry");
    tail.append(&inbox, &epoch(1), &entries(1..=3)).await.unwrap();
    assert_eq!(tail.open(&inbox, &epoch(2)).await, Ok(position(epoch(1), 3)));
    assert_eq!(read(tail, &inbox, 0).await, Some(entries(1..=3)));
    tail.drop_stream(&inbox).await.unwrap();
    assert_eq!(tail.open(&inbox, &epoch(2)).await, Ok(position(epoch(2), 0)), "lost: numbered anew");
    tail.append(&inbox, &epoch(3), &entries(1..=1)).await.unwrap();
    assert_eq!(tail.open(&inbox, &epoch(2)).await, Ok(position(epoch(3), 1)), "another writer's epoch");
}

/// A reader has read up to a head from the database and gives it back while the writer goes on.
async fn giving_back_and_appending_at_once_leave_one_run(tail: &SharedTail) {
    for round in 0..20_u8 {
        let stream = stream(200 + round % 20);
        let readers = (0..4_u64).map(|reader| {
            let tail = SharedTail::clone(tail);
            tokio::spawn(async move {
                for head in 6 + reader..=12 {
                    tail.refill(&stream, &epoch(1), &entries(reader + 1..=head)).await.unwrap();
                }
            })
        });
        let readers: Vec<_> = readers.collect();
        for seq in 6..=KEEP as u64 {
            let own = entries(seq..=seq);
            if let Err(TailError::OutOfOrder { head, .. }) = tail.append(&stream, &epoch(1), &own).await {
                tail.refill(&stream, &epoch(1), &entries(head + 1..=seq)).await.unwrap();
            }
        }
        for reader in readers {
            reader.await.unwrap();
        }
        tail.refill(&stream, &epoch(1), &entries(1..=12)).await.unwrap();
        assert_eq!(read(tail, &stream, 0).await, Some(entries(1..=KEEP as u64)));
    }
}

async fn writers_at_once_leave_one_order(tail: &SharedTail) {
    let shared = stream(12);
    let writers = (0..8_u8).map(|writer| {
        let tail = SharedTail::clone(tail);
        tokio::spawn(async move {
            let own = stream(100 + writer);
            for seq in 1..=KEEP as u64 {
                tail.append(&own, &epoch(1), &entries(seq..=seq)).await.unwrap();
                // Everybody appends everything, in order: whoever is late repeats, nobody leaves a gap.
                tail.append(&shared, &epoch(1), &entries(seq..=seq)).await.unwrap();
            }
            own
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        let own = writer.await.unwrap();
        assert_eq!(read(tail, &own, 0).await, Some(entries(1..=KEEP as u64)));
    }
    assert_eq!(read(tail, &shared, 0).await, Some(entries(1..=KEEP as u64)));
}
