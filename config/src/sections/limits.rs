//! `[limits]`

use super::in_range;
use crate::error::InvalidSetting;
use serde::{Deserialize, Serialize};

/// Bytes of one character at worst: JSON with both surrogates escaped, `\ud83d\ude00`.
const CHAR_BYTES: usize = 12;
/// Bytes of an `open` command beside its texts: type, id, key and punctuation, generously.
const ENVELOPE_BYTES: usize = 2048;

/// Bounds on what a client may do; they are told to it in `ready`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitSettings {
    /// Bytes of a frame from a client.
    pub frame_bytes: usize,
    /// Characters of a message or note.
    pub body_chars: usize,
    /// Characters of a subject.
    pub subject_chars: usize,
    /// Commands per second a connection may keep up.
    pub commands_per_second: u32,
    /// Commands a connection may send at once after a pause.
    pub burst: u32,
    /// Commands of a connection that may wait for their answer.
    pub unanswered_commands: usize,
    /// Connections of one person at a time.
    pub connections_per_person: usize,
    /// Bytes that may wait to be written to a connection, before it is closed as too slow.
    pub outbox_bytes: usize,
    /// Seconds in which the first frame, `hello`, must come.
    pub hello_timeout_s: u64,
    /// Seconds between heartbeats; a peer silent for two is dropped.
    pub heartbeat_s: u64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            frame_bytes: 64 * 1024,
            body_chars: 4_000,
            subject_chars: 200,
            commands_per_second: 20,
            burst: 40,
            unanswered_commands: 16,
            connections_per_person: 10,
            outbox_bytes: 1024 * 1024,
            hello_timeout_s: 10,
            heartbeat_s: 25,
        }
    }
}

impl LimitSettings {
    /// Checks ranges, and that the longest permitted text fits into a frame and a frame into an outbox.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        in_range("limits.frame_bytes", self.frame_bytes, 4 * 1024..=16 * 1024 * 1024)?;
        in_range("limits.body_chars", self.body_chars, 1..=1_000_000)?;
        in_range("limits.subject_chars", self.subject_chars, 1..=1_000)?;
        in_range("limits.commands_per_second", self.commands_per_second, 1..=100_000)?;
        in_range("limits.burst", self.burst, 1..=1_000_000)?;
        in_range("limits.unanswered_commands", self.unanswered_commands, 1..=10_000)?;
        in_range("limits.connections_per_person", self.connections_per_person, 1..=10_000)?;
        in_range("limits.outbox_bytes", self.outbox_bytes, 4 * 1024..=1024 * 1024 * 1024)?;
        in_range("limits.hello_timeout_s", self.hello_timeout_s, 1..=300)?;
        in_range("limits.heartbeat_s", self.heartbeat_s, 1..=3_600)?;

        let longest = (self.body_chars + self.subject_chars) * CHAR_BYTES + ENVELOPE_BYTES;
        if self.frame_bytes < longest {
            let problem =
                format!("must be at least {longest}, for body_chars and subject_chars to fit into a frame");
            return Err(InvalidSetting::new("limits.frame_bytes", problem));
        }
        if self.outbox_bytes < 2 * self.frame_bytes {
            let problem =
                format!("must hold two frames, {} bytes with this frame_bytes", 2 * self.frame_bytes);
            return Err(InvalidSetting::new("limits.outbox_bytes", problem));
        }
        if self.burst < self.commands_per_second {
            let problem = format!("must be at least commands_per_second, {}", self.commands_per_second);
            return Err(InvalidSetting::new("limits.burst", problem));
        }
        Ok(())
    }
}
