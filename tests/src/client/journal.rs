//! What happened on one device, as it happens: the connection's task writes, verbs and expectations wait for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use otvet_engine::ids::{Epoch, Position, StreamName};
use otvet_engine::protocol::{Answer, Ready, ServerFrame};
use tokio::sync::watch;

use super::Trouble;
use crate::checker::log::{Entry, What};

/// The log of one device, with the positions that follow from it.
#[derive(Debug)]
pub struct Journal {
    began: Instant,
    state: Mutex<State>,
    grown: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    /// The epoch of conversations, from the newest `ready`.
    epoch: Option<Epoch>,
    entries: Vec<Entry>,
    positions: BTreeMap<StreamName, Position>,
    /// How far each stream has come, also those whose epoch was never told.
    heights: BTreeMap<StreamName, u64>,
    /// Streams in the order in which they last moved, the newest last.
    moved: Vec<StreamName>,
    /// Where the newest connection begins.
    connection: usize,
}

impl Journal {
    /// An empty log; times count from `began`.
    pub fn new(began: Instant) -> Self {
        Self { began, state: Mutex::default(), grown: watch::Sender::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what happened.
    pub fn add(&self, what: What) {
        let length = {
            let mut state = self.state();
            if let What::Received(frame) = &what {
                state.follow(frame);
            }
            if matches!(what, What::Hello(_)) {
                state.connection = state.entries.len() + 1;
            }
            state.entries.push(Entry { at: self.began.elapsed(), what });
            state.entries.len()
        };
        self.grown.send_replace(length);
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.state().entries.clone()
    }

    /// How many entries there are.
    pub fn length(&self) -> usize {
        self.state().entries.len()
    }

    /// Where the entries of the newest connection begin.
    pub fn connection(&self) -> usize {
        self.state().connection
    }

    /// How far the device has come in a stream, by what this connection brought.
    pub fn height(&self, stream: StreamName) -> u64 {
        self.state().heights.get(&stream).copied().unwrap_or(0)
    }

    /// Waits until the device has come so far in a stream.
    ///
    /// # Errors
    /// [`Trouble::Late`] when it does not come in time.
    pub async fn wait_for_height(
        &self,
        stream: StreamName,
        seq: u64,
        patience: Duration,
    ) -> Result<(), Trouble> {
        let mut grown = self.grown.subscribe();
        let search = async {
            while self.height(stream) < seq {
                grown.changed().await.expect("the journal outlives its waiters");
            }
        };
        let late = || Trouble::Late(format!("{stream} to reach {seq}, it stands at {}", self.height(stream)));
        tokio::time::timeout(patience, search).await.map_err(|_| late())
    }

    /// How far the device has come, in the `most` streams that moved last.
    pub fn positions(&self, most: usize) -> BTreeMap<StreamName, Position> {
        let state = self.state();
        let newest = state.moved.iter().rev().take(most);
        newest.filter_map(|s| state.positions.get(s).map(|p| (*s, p.clone()))).collect()
    }

    /// Replaces the positions, as a device does that takes over another one's, or forgets.
    pub fn set_positions(&self, positions: BTreeMap<StreamName, Position>) {
        let mut state = self.state();
        state.moved = positions.keys().copied().collect();
        state.positions = positions;
    }

    /// Waits until `find` finds something in the entries from `from` on; answers with it and with the place behind it.
    ///
    /// # Errors
    /// [`Trouble::Late`] when it does not come in time.
    pub async fn wait<T>(
        &self,
        from: usize,
        patience: Duration,
        what: &str,
        find: impl Fn(&What) -> Option<T>,
    ) -> Result<(T, usize), Trouble> {
        let mut grown = self.grown.subscribe();
        let search = async {
            let mut next = from;
            loop {
                grown.borrow_and_update();
                {
                    let state = self.state();
                    let found = state
                        .entries
                        .iter()
                        .enumerate()
                        .skip(next)
                        .find_map(|(n, e)| Some((find(&e.what)?, n + 1)));
                    if let Some(found) = found {
                        return found;
                    }
                    next = state.entries.len().max(from);
                }
                // The sender lives in `self`: it cannot be gone.
                grown.changed().await.expect("the journal outlives its waiters");
            }
        };
        let late = || {
            let state = self.state();
            let newest = state.entries.iter().rev().take(6).rev().map(|e| format!("{:?}", e.what));
            Trouble::Late(format!("{what}; the newest entries: {:#?}", newest.collect::<Vec<_>>()))
        };
        tokio::time::timeout(patience, search).await.map_err(|_| late())
    }
}

impl State {
    /// Moves the positions on. A stream whose epoch was never told has no position.
    fn follow(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Ready(ready) => self.begin(ready),
            ServerFrame::Event(event) => {
                self.heights.insert(event.stream, event.seq);
                let known = self.positions.get_mut(&event.stream);
                match (known, event.stream, &self.epoch) {
                    (Some(position), ..) => position.seq = event.seq,
                    // A conversation that began after `ready` has the epoch that `ready` named for all.
                    (None, StreamName::Conversation(_), Some(epoch)) => {
                        let position = Position { epoch: epoch.clone(), seq: event.seq };
                        self.positions.insert(event.stream, position);
                    }
                    (None, ..) => return,
                }
                self.touch(event.stream);
            }
            ServerFrame::Reset(reset) => {
                let position = Position { epoch: reset.epoch.clone(), seq: reset.seq };
                self.positions.insert(reset.stream, position);
                self.heights.insert(reset.stream, reset.seq);
                self.touch(reset.stream);
            }
            _ => {}
        }
    }

    fn begin(&mut self, ready: &Ready) {
        self.epoch = Some(ready.epoch.clone());
        let recovered = self.positions.iter().filter(|(s, _)| ready.recovered.get(s) == Some(&true));
        self.heights = recovered.map(|(stream, position)| (*stream, position.seq)).collect();
        for (stream, head) in &ready.streams {
            match ready.recovered.get(stream) {
                Some(true) => {}
                Some(false) => {
                    self.positions.remove(stream);
                }
                None => {
                    self.positions.insert(*stream, head.clone());
                    self.heights.insert(*stream, head.seq);
                    self.touch(*stream);
                }
            }
        }
    }

    fn touch(&mut self, stream: StreamName) {
        self.moved.retain(|s| *s != stream);
        self.moved.push(stream);
    }
}

impl Journal {
    /// Takes over the position that `watch` answered with, unless the stream is followed already.
    pub fn watched(&self, stream: StreamName, answer: &Answer) {
        if let Answer::Watching { position } = answer {
            let mut state = self.state();
            state.positions.entry(stream).or_insert_with(|| position.clone());
            state.touch(stream);
        }
    }
}
