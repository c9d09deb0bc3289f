//! Every error code and every close code of the contract, in one table each, with what the client should do.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payload::Person;

/// Why a command or a request was refused. The same names on the socket and in REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No valid token: sign in again.
    Unauthorized,
    /// Signed in, but not allowed to do this.
    Forbidden,
    /// Does not exist, or not for you: the two are not told apart.
    NotFound,
    /// The input breaks a rule of the contract; the message names it.
    Invalid,
    /// The state or an earlier use of the key stands against it.
    Conflict,
    /// Over a size limit.
    TooLarge,
    /// Too much at once: come back after `retry_after_ms`.
    RateLimited,
    /// Cannot be kept right now; nothing was stored.
    Unavailable,
    /// A frame of a type that this server does not know.
    UnknownType,
    /// A defect of the server; whether something was stored is unknown. Repeat with the same key.
    Internal,
}

impl Code {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Invalid,
        Self::Conflict,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unavailable,
        Self::UnknownType,
        Self::Internal,
    ];

    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::UnknownType => "unknown_type",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A command that was not carried out: the one form in which every area's errors reach the edges.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// What kind of refusal.
    pub code: Code,
    /// One sentence that a developer can act on, without internals.
    pub message: Cow<'static, str>,
    /// When a repetition may succeed, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// Who has the conversation that was to be claimed.
    pub manager: Option<Box<Person>>,
}

impl Refusal {
    /// A refusal with nothing but its sentence.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None, manager: None }
    }

    /// The same refusal with the time after which a repetition may succeed.
    #[must_use]
    pub fn retry_after_ms(mut self, millis: u64) -> Self {
        self.retry_after_ms = Some(millis);
        self
    }

    /// The conversation does not exist or is not the asker's to see.
    pub fn no_such_conversation() -> Self {
        Self::new(Code::NotFound, "no such conversation")
    }

    /// The database cannot take anything just now.
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable, "nothing was stored; try again shortly").retry_after_ms(1000)
    }

    /// A defect on our side; the answer to the command is unknown.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "the server failed on this; repeat with the same key")
    }
}

/// Why the server closes a socket. 44xx: do not come back as you are. 45xx and 1012: come back, with full jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseCode {
    /// The client said goodbye.
    Normal,
    /// A text frame that is not UTF-8 (RFC 6455).
    InvalidData,
    /// A frame over the limit (RFC 6455).
    TooBig,
    /// The server is draining.
    Restarting,
    /// No valid `hello` in time, or frames that do not parse.
    BadFrames,
    /// The token is invalid, expired or revoked.
    Unauthorized,
    /// Not allowed here.
    Forbidden,
    /// A defect of the server.
    Internal,
    /// The peer was silent for two heartbeats.
    Silent,
    /// The outgoing queue passed its bound; with its positions the client loses nothing.
    SlowReader,
    /// Too many commands.
    TooManyCommands,
}

impl CloseCode {
    /// Every close code of the contract.
    pub const ALL: [Self; 11] = [
        Self::Normal,
        Self::InvalidData,
        Self::TooBig,
        Self::Restarting,
        Self::BadFrames,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Internal,
        Self::Silent,
        Self::SlowReader,
        Self::TooManyCommands,
    ];

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::InvalidData => 1007,
            Self::TooBig => 1009,
            Self::Restarting => 1012,
            Self::BadFrames => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::Internal => 4500,
            Self::Silent => 4504,
            Self::SlowReader => 4508,
            Self::TooManyCommands => 4529,
        }
    }

    /// The reason sent beside the number, for people who read traces.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "goodbye",
            Self::InvalidData => "invalid UTF-8",
            Self::TooBig => "frame too big",
            Self::Restarting => "draining, come back",
            Self::BadFrames => "no valid hello, or a frame that does not parse",
            Self::Unauthorized => "token invalid, expired or revoked",
            Self::Forbidden => "not allowed here",
            Self::Internal => "internal error, come back",
            Self::Silent => "silent for two heartbeats",
            Self::SlowReader => "slow reader, come back with your positions",
            Self::TooManyCommands => "too many commands, come back later",
        }
    }
}
