//! `[actors]`

use super::in_range;
use crate::error::InvalidSetting;
use serde::{Deserialize, Serialize};

/// Lifetime and restarts of actors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActorSettings {
    /// Seconds without work after which an actor stops; its tail stays.
    pub idle_stop_s: u64,
    /// Restarts within `restart_window_s` after which restarts are delayed.
    pub max_restarts: u32,
    /// Seconds over which restarts are counted.
    pub restart_window_s: u64,
    /// Milliseconds of the first delay; it doubles with each further restart.
    pub backoff_min_ms: u64,
    /// Milliseconds that no delay exceeds.
    pub backoff_max_ms: u64,
}

impl Default for ActorSettings {
    fn default() -> Self {
        Self {
            idle_stop_s: 300,
            max_restarts: 5,
            restart_window_s: 10,
            backoff_min_ms: 100,
            backoff_max_ms: 30_000,
        }
    }
}

impl ActorSettings {
    /// Checks ranges, and that the longest delay is not shorter than the first.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        in_range("actors.idle_stop_s", self.idle_stop_s, 1..=86_400)?;
        in_range("actors.max_restarts", self.max_restarts, 1..=1_000)?;
        in_range("actors.restart_window_s", self.restart_window_s, 1..=3_600)?;
        in_range("actors.backoff_min_ms", self.backoff_min_ms, 1..=60_000)?;
        in_range("actors.backoff_max_ms", self.backoff_max_ms, 1..=600_000)?;
        if self.backoff_max_ms < self.backoff_min_ms {
            let problem = format!("must be at least backoff_min_ms, {}", self.backoff_min_ms);
            return Err(InvalidSetting::new("actors.backoff_max_ms", problem));
        }
        Ok(())
    }
}
