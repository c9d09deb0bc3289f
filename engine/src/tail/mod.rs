//! The tail: the newest part of each stream, in Redis or in memory. Never the truth of a conversation, only its speed; of
//! inbox and session streams, which can be recomputed, it is the only log.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::Timestamp;
use crate::ids::{Epoch, Position, StreamName};

#[cfg(test)]
mod contract;
mod memory;
mod redis;

pub use memory::MemoryTail;
pub use redis::{RedisMode, RedisReport, RedisStatus, RedisTail, RedisTailError, RedisTailOptions};

/// One event as a tail keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailEntry {
    /// Its number in the stream.
    pub seq: u64,
    /// When it was accepted.
    pub at: Timestamp,
    /// The event in MessagePack ([`crate::protocol::Event`]), as staff sees it.
    pub event: Bytes,
}

/// What a tail knows after a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TailRead {
    /// Exactly the entries after the position up to the tail's head, without a gap.
    Complete {
        /// In order.
        entries: Vec<TailEntry>,
        /// The tail's head. It may be behind the database's.
        head: Position,
    },
    /// The tail has no such stream, another epoch, or no longer all that follows the position: ask the database.
    Missing,
}

/// Why a tail could not do it. Costs speed, never a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TailError {
    /// The entries do not follow the tail's head: it is behind (`head` < first − 1) or somebody else was faster.
    #[error("the tail stands at {head}, not before {first}")]
    OutOfOrder {
        /// Where the tail stands.
        head: u64,
        /// The first entry that was to be appended.
        first: u64,
    },
    /// The backend does not answer or refuses to write.
    #[error("the tail's backend: {0}")]
    Unreachable(String),
}

/// The newest `keep` entries of each stream.
#[async_trait]
pub trait Tail: Send + Sync + std::fmt::Debug {
    /// Appends consecutive entries after the head. A stream that the tail does not have, or has in another epoch, starts
    /// anew with them, wherever their numbering begins. Appending entries that are there already (same numbers) is no
    /// error and changes nothing, so that a repetition after a lost answer is safe.
    async fn append(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError>;

    /// Gives a stream back what its tail has lost: consecutive entries that were read from where the truth is. The tail
    /// holds one run without a hole, and the run grows by whatever touches it, at either end. Entries that do not touch it
    /// are forgotten when they are older, and take its place when they are newer; so do entries of another epoch.
    async fn refill(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError>;

    /// Where a stream stands that has no other log. One that the tail does not have begins under the epoch `fresh`, at 0,
    /// and keeps that over a restart even if nothing is ever appended. A backend that has just fallen silent is waited for
    /// (some 2 s): an error means that it refuses, or is away for longer.
    async fn open(&self, stream: &StreamName, fresh: &Epoch) -> Result<Position, TailError>;

    /// Everything after a position, at most `limit` entries; `Missing` when more than `limit` follow it.
    async fn after(
        &self,
        stream: &StreamName,
        position: &Position,
        limit: usize,
    ) -> Result<TailRead, TailError>;

    /// Where the tail of a stream stands, with the time of its newest entry; `None` while there is none.
    async fn head(&self, stream: &StreamName) -> Result<Option<(Position, Timestamp)>, TailError>;

    /// Keeps only the newest `keep` entries of a stream.
    async fn trim(&self, stream: &StreamName, keep: usize) -> Result<(), TailError>;

    /// Forgets a stream.
    async fn drop_stream(&self, stream: &StreamName) -> Result<(), TailError>;

    /// Whether the backend answers, for `/readyz`.
    async fn check(&self) -> Result<(), TailError>;
}

/// A tail shared by all actors.
pub type SharedTail = Arc<dyn Tail>;
