//! `[tail]`

use super::in_range;
use crate::error::InvalidSetting;
use serde::{Deserialize, Serialize};

/// How much of a stream is kept ready for restarts and resuming clients. Too little costs speed, never a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TailSettings {
    /// Newest entries kept of each stream.
    pub keep: usize,
    /// Seconds without a new entry after which a stream's tail is dropped.
    pub idle_expire_s: u64,
    /// Bytes of all tails together when they are kept in memory; the least recently used go first.
    pub memory_max_bytes: usize,
}

impl Default for TailSettings {
    fn default() -> Self {
        Self { keep: 300, idle_expire_s: 86_400, memory_max_bytes: 256 * 1024 * 1024 }
    }
}

impl TailSettings {
    /// Checks ranges.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        in_range("tail.keep", self.keep, 1..=100_000)?;
        in_range("tail.idle_expire_s", self.idle_expire_s, 60..=31_536_000)?;
        in_range("tail.memory_max_bytes", self.memory_max_bytes, 1024 * 1024..=1024 * 1024 * 1024 * 1024)
    }
}
