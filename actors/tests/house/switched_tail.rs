//! A tail that can be switched off.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{Epoch, Position, StreamName};
use otvet_engine::tail::{MemoryTail, Tail, TailEntry, TailError, TailRead};

/// The memory tail behind a switch: while it is off, nothing answers.
#[derive(Debug)]
pub struct SwitchedTail {
    tail: MemoryTail,
    off: AtomicBool,
}

impl SwitchedTail {
    /// Switched on.
    pub fn new(tail: MemoryTail) -> Self {
        Self { tail, off: AtomicBool::new(false) }
    }

    pub fn switch(&self, on: bool) {
        self.off.store(!on, Ordering::SeqCst);
    }

    fn tail(&self) -> Result<&MemoryTail, TailError> {
        if self.off.load(Ordering::SeqCst) {
            return Err(TailError::Unreachable("switched off by the test".to_owned()));
        }
        Ok(&self.tail)
    }
}

#[async_trait]
impl Tail for SwitchedTail {
    async fn append(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        self.tail()?.append(stream, epoch, entries).await
    }

    async fn refill(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        self.tail()?.refill(stream, epoch, entries).await
    }

    async fn open(&self, stream: &StreamName, fresh: &Epoch) -> Result<Position, TailError> {
        self.tail()?.open(stream, fresh).await
    }

    async fn after(
        &self,
        stream: &StreamName,
        position: &Position,
        limit: usize,
    ) -> Result<TailRead, TailError> {
        self.tail()?.after(stream, position, limit).await
    }

    async fn head(&self, stream: &StreamName) -> Result<Option<(Position, Timestamp)>, TailError> {
        self.tail()?.head(stream).await
    }

    async fn trim(&self, stream: &StreamName, keep: usize) -> Result<(), TailError> {
        self.tail()?.trim(stream, keep).await
    }

    async fn drop_stream(&self, stream: &StreamName) -> Result<(), TailError> {
        self.tail()?.drop_stream(stream).await
    }

    async fn check(&self) -> Result<(), TailError> {
        self.tail()?.check().await
    }
}
