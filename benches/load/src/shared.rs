//! What the connections of a run share, and what they come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use otvet_engine::ids::{ConversationId, StreamName};
use tokio::sync::{Notify, Semaphore};

use crate::comeback::Back;
use crate::ledger::{Balance, Ledger};
use crate::pace::Timeline;
use crate::plan::Plan;
use crate::tally::Tally;

/// Where a run stands, as its connections are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Others are still coming in.
    Waiting,
    /// Commands are given.
    Running,
    /// No more commands; answers are waited for.
    Draining,
    /// Everything was answered; deliveries are waited for.
    Settling,
    /// The connection is cut, and comes back.
    Cut,
    /// The end.
    Over,
}

/// What all connections of a run share.
pub struct Shared {
    pub plan: Arc<Plan>,
    /// Distinguishes the keys of this run from those of every other.
    pub name: String,
    pub body: String,
    pub timeline: Timeline,
    pub tally: Tally,
    pub ledger: Ledger,
    pub opening: Semaphore,
    /// Connections without an unanswered command, after the last was given.
    pub quiet: Count,
    /// Connections that have got everything.
    pub settled: Count,
    /// Connections that have come back.
    pub back: Count,
}

/// A number that somebody waits for.
#[derive(Default)]
pub struct Count {
    number: AtomicUsize,
    changed: Notify,
}

impl Count {
    /// One more.
    pub fn add(&self) {
        self.number.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_one();
    }

    /// The number.
    pub fn get(&self) -> usize {
        self.number.load(Ordering::Acquire)
    }

    /// Waits until it is so large, or the time is over.
    pub async fn reaches(&self, number: usize, patience: Duration) {
        let reached = async {
            while self.get() < number {
                self.changed.notified().await;
            }
        };
        // Whoever is missing shows in the account.
        let _ = tokio::time::timeout(patience, reached).await;
    }
}

/// A conversation that the connection writes in.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: ConversationId,
    pub stream: String,
}

impl Place {
    pub fn new(id: ConversationId) -> Self {
        Self { id, stream: StreamName::Conversation(id).to_string() }
    }
}

/// What a connection came to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub balance: Balance,
    /// Commands without an answer.
    pub unanswered: u64,
    /// Commands that were due and could not be given, since too many before them had no answer.
    pub unsent: u64,
    /// Why it ended before its time.
    pub ended: Option<String>,
    /// How it came back after the cut.
    pub back: Option<Back>,
}
