//! The lane, message by message.

use super::*;
use futures_util::FutureExt;

/// What comes without waiting; what was given up, with 100 on top.
fn begin(worker: &mut Worker<'_, u8>, most: usize) -> Vec<u8> {
    if worker.wait(most).now_or_never().is_none() {
        return Vec::new();
    }
    worker
        .all()
        .map(|taken| match taken {
            Taken::Message(n) => *n,
            Taken::GivenUp(n) => *n + 100,
        })
        .collect()
}

#[test]
fn unfinished_messages_come_again_one_by_one_before_new_ones() {
    let lane = Lane::new(10);
    (1..=3).for_each(|n| lane.push(n).unwrap());
    let mut first = lane.work();
    assert_eq!(begin(&mut first, 2), [1, 2]);
    assert!(!lane.is_idle_for(Duration::ZERO));
    // The actor fails here; a new incarnation begins.
    drop(first);
    let mut second = lane.work();
    assert_eq!(begin(&mut second, 2), [1]);
    second.done();
    assert_eq!(begin(&mut second, 2), [2]);
    drop(second);
    let mut third = lane.work();
    assert_eq!(begin(&mut third, 2), [102], "given up after two attempts");
    assert_eq!(third.next(), Some(Taken::GivenUp(&mut 2)));
    third.done();
    assert_eq!(third.next(), None);
    assert_eq!(begin(&mut third, 2), [3]);
    assert!(!third.close_if_idle());
    third.all_done();
    assert!(third.close_if_idle());
    assert_eq!(lane.push(4), Err(PushError::Closed(4)));
}

#[test]
fn a_worker_that_waits_is_woken_once_for_all_that_comes() {
    let lane = Lane::new(10);
    let mut worker = lane.work();
    let (waker, woken) = counting_waker();
    let context = Context::from_waker(&waker);
    assert!(worker.poll(&context, 8).is_pending());
    assert!(lane.is_idle_for(Duration::ZERO));
    (1..=3).for_each(|n| lane.push(n).unwrap());
    assert_eq!(woken.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert!(worker.poll(&context, 8).is_ready());
    assert_eq!(worker.all().count(), 3);
}

#[test]
fn work_is_done_in_the_stead_of_an_actor_that_waits_with_nothing_before_it() {
    let lane = Lane::new(10);
    let done = || lane.in_its_stead(|| ()).is_some();
    assert!(!done(), "there is no actor");
    let mut worker = lane.work();
    assert!(!done(), "it makes ready");
    let (waker, woken) = counting_waker();
    let context = Context::from_waker(&waker);
    assert!(worker.poll(&context, 8).is_pending());
    assert!(done() && done(), "it waits");
    assert_eq!(woken.load(std::sync::atomic::Ordering::Relaxed), 0, "nobody wakes it for that");
    lane.push(1).unwrap();
    assert!(!done(), "a message is before it");
    assert!(worker.poll(&context, 8).is_ready());
    assert!(!done(), "it is at work");
    worker.all_done();
    assert!(!done(), "it does not wait yet");
    assert!(worker.poll(&context, 8).is_pending());
    assert!(done());
    let mut successor = lane.work();
    assert!(!done(), "its successor makes ready");
    assert!(worker.poll(&context, 8).is_pending());
    assert!(!done(), "it has no say any more");
    assert!(successor.poll(&context, 8).is_pending());
    assert!(done());
    assert!(successor.close_if_idle());
    assert!(!done(), "it is closed");
}

#[test]
fn what_failed_comes_before_what_is_done_in_its_stead() {
    let lane = Lane::new(10);
    let mut worker = lane.work();
    lane.push(1).unwrap();
    assert_eq!(begin(&mut worker, 8), [1]);
    drop(worker);
    assert_eq!(lane.in_its_stead(|| ()), None);
    let mut successor = lane.work();
    assert_eq!(begin(&mut successor, 8), [1]);
}

fn counting_waker() -> (Waker, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    struct Counter(Arc<AtomicUsize>);
    impl std::task::Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let woken = Arc::new(AtomicUsize::new(0));
    (Waker::from(Arc::new(Counter(Arc::clone(&woken)))), woken)
}

#[test]
fn a_successor_that_was_early_is_woken_for_what_its_predecessor_leaves() {
    let lane = Lane::new(10);
    lane.push(1).unwrap();
    let mut first = lane.work();
    assert_eq!(begin(&mut first, 8), [1]);
    let mut second = lane.work();
    let (waker, woken) = counting_waker();
    assert!(second.poll(&Context::from_waker(&waker), 8).is_pending());
    drop(first);
    assert_eq!(woken.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(begin(&mut second, 8), [1]);
}

#[test]
fn only_the_newest_incarnation_closes_the_lane() {
    let lane = Lane::<u8>::new(10);
    let (mut first, mut second) = (lane.work(), lane.work());
    assert!(!first.close_if_idle() && !lane.is_closed());
    assert!(second.close_if_idle() && lane.is_closed());
}

#[test]
fn messages_come_in_order_however_many_are_taken_at_once() {
    let lane = Lane::new(10);
    let mut worker = lane.work();
    (1..=5).for_each(|n| lane.push(n).unwrap());
    assert_eq!(begin(&mut worker, 2), [1, 2]);
    worker.all_done();
    lane.push(6).unwrap();
    assert_eq!(begin(&mut worker, 3), [3, 4, 5]);
    worker.all_done();
    lane.push(7).unwrap();
    assert_eq!(begin(&mut worker, 3), [6, 7]);
}

#[test]
fn a_full_lane_gives_the_message_back() {
    let lane = Lane::new(1);
    lane.push(1).unwrap();
    assert_eq!(lane.push(2), Err(PushError::Full(2)));
    assert_eq!(lane.clear(), [1]);
}
