//! Tails in this process's memory.

/// Tails in memory.
#[derive(Debug, Default)]
pub struct MemoryTail;
