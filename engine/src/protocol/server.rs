//! What the server sends: one struct a frame, and the encoded form that all readers share.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ConversationId, Epoch, Position, StreamName};

use super::client::CommandId;
use super::codec::{Format, encode};
use super::codes::{Code, Refusal};
use super::payload::{Event, Person, Summary};

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// The `hello`'s id.
    pub id: CommandId,
    /// Whose token it was.
    pub person: Person,
    /// This connection's name, for logs on both sides.
    pub session: String,
    /// The server pings this often and drops a peer silent for two of these.
    pub heartbeat_s: u64,
    /// The epoch of every conversation stream here: of those too that begin later, whose events do not name it.
    #[schema(value_type = String)]
    pub epoch: Epoch,
    /// The heads of the person's streams at this moment.
    #[schema(value_type = BTreeMap<String, Position>)]
    pub streams: BTreeMap<StreamName, Position>,
    /// The newest of a visitor; a manager's own and the waiting ones.
    pub conversations: Vec<Summary>,
    /// For each stream asked for: whether exactly the missing events follow.
    #[schema(value_type = BTreeMap<String, bool>)]
    pub recovered: BTreeMap<StreamName, bool>,
    /// What the server accepts.
    pub limits: Limits,
}

/// The limits that a client should know, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// The largest frame from a client, in bytes.
    pub frame_bytes: u64,
    /// The longest body, in characters.
    pub body_chars: u64,
    /// The longest subject, in characters.
    pub subject_chars: u64,
    /// Sustained commands a second and connection.
    pub commands_per_second: u64,
    /// Commands at once after a silence.
    pub burst: u64,
    /// Commands under way at once.
    pub unanswered_commands: u64,
    /// Connections of one person on all devices.
    pub connections_per_person: u64,
    /// The outgoing queue of one connection, in bytes.
    pub outbox_bytes: u64,
}

/// A command was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answered {
    /// The command's id.
    pub id: CommandId,
    /// What it brought.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What a command that was carried out brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Answer {
    /// `open`: the new conversation and the question's place in it.
    Opened {
        /// The conversation as its visitor sees it.
        conversation: Box<Summary>,
        /// The question's number.
        seq: u64,
    },
    /// `history`.
    History {
        /// In order of `seq`.
        events: Vec<Event>,
        /// Whether there are more in the direction asked for.
        more: bool,
    },
    /// `watch` and `unwatch`: live events start (or ended) after this.
    Watching {
        /// The stream's head.
        position: Position,
    },
    /// A command that became an event (or did so before, under the same key).
    Stored {
        /// The event's number.
        seq: u64,
    },
    /// Everything else.
    Done {},
}

/// A command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failed {
    /// The command's id; null when it had none.
    pub id: Option<CommandId>,
    /// What kind of refusal.
    pub code: Code,
    /// One sentence that a developer can act on.
    pub message: String,
    /// When a repetition may succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Who has the conversation that was to be claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<Person>,
}

impl Failed {
    /// The one place where a refusal becomes a frame.
    pub fn new(id: Option<CommandId>, refusal: Refusal) -> Self {
        Self {
            id,
            code: refusal.code,
            message: refusal.message.into_owned(),
            retry_after_ms: refusal.retry_after_ms,
            manager: refusal.manager.map(|m| *m),
        }
    }
}

/// Replaces all that the client knew of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    /// Which.
    #[schema(value_type = String, example = "inbox/u2")]
    pub stream: StreamName,
    /// Its numbering.
    #[schema(value_type = String)]
    pub epoch: Epoch,
    /// Its head: live events go on after it.
    pub seq: u64,
    /// What is to be known at that head.
    pub snapshot: Snapshot,
}

/// What a stream amounts to at its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Snapshot {
    /// Of a conversation.
    Conversation {
        /// Its entry.
        conversation: Box<Summary>,
        /// Its newest events, oldest first, as many as fit.
        events: Vec<Event>,
        /// Whether there are older ones, for `history`.
        more: bool,
    },
    /// Of an inbox or a session: the list.
    List {
        /// Its entries.
        conversations: Vec<Summary>,
    },
}

/// Something in passing, not in any stream, lost without harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signal {
    /// What.
    pub kind: SignalKind,
    /// Where.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// Who.
    pub person: Person,
    /// `read` and `delivered`: up to where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// `presence`: whether the person has a connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
}

/// What a signal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum SignalKind {
    Typing,
    Read,
    Delivered,
    Presence,
}

/// The last frame before a draining server closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bye {
    /// Come back after this many milliseconds, with full jitter.
    pub retry_after_ms: u64,
}

/// Everything that the server may say, by its `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant is documented at its struct")]
pub enum ServerFrame {
    Ready(Box<Ready>),
    #[serde(rename = "ok")]
    Answered(Answered),
    #[serde(rename = "error")]
    Failed(Failed),
    Event(Event),
    Reset(Box<Reset>),
    Signal(Signal),
    Bye(Bye),
}

/// A frame for many readers: encoded at most once in each format, the bytes shared by all.
#[derive(Debug)]
pub struct SharedFrame {
    frame: ServerFrame,
    json: OnceLock<Bytes>,
    msgpack: OnceLock<Bytes>,
}

impl SharedFrame {
    /// Wraps a frame; nothing is encoded until somebody needs it.
    pub fn new(frame: ServerFrame) -> Arc<Self> {
        Arc::new(Self { frame, json: OnceLock::new(), msgpack: OnceLock::new() })
    }

    /// The frame itself.
    pub fn frame(&self) -> &ServerFrame {
        &self.frame
    }

    /// The frame's bytes in a format: made by the first who asks, shared by the rest.
    pub fn bytes(&self, format: Format) -> Bytes {
        let slot = match format {
            Format::Json => &self.json,
            Format::MessagePack => &self.msgpack,
        };
        slot.get_or_init(|| encode(format, &self.frame)).clone()
    }
}
