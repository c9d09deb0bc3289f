//! What clients send: one struct a frame.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ConversationId, Key, PersonId, Position};

use super::payload::Attachment;

/// A client's own mark on a command; the answer bears it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum CommandId {
    /// An integer.
    Number(i64),
    /// A text.
    Text(String),
}

/// A bearer token as it came in. Its text is in no log: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct BearerToken(pub String);

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// The first frame: who this is, and what it already knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// A Sanctum token, `{id}|{secret}`.
    pub token: BearerToken,
    /// What the client calls itself, for the server's log; the list of devices shows the token's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// How far the client has come, by stream. Names that mean nothing to this person are ignored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub positions: BTreeMap<String, Position>,
}

/// Asks a question: a new conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Open {
    /// The idempotency key.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub key: Key,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The question.
    pub body: String,
}

/// Writes into a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Send {
    /// Where.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// The idempotency key.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub key: Key,
    /// What.
    pub body: String,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Writes for managers only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// Where.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// The idempotency key.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub key: Key,
    /// What.
    pub body: String,
}

/// Takes a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// Take it from another manager, too.
    #[serde(default)]
    pub take_over: bool,
}

/// Names a conversation and says nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
}

/// Hands a conversation to another manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// To whom.
    #[schema(value_type = String, example = "u7")]
    pub to: PersonId,
}

/// Moves a cursor forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// Where.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// Up to and including this event.
    pub seq: u64,
}

/// Asks for stored events of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    pub conversation: ConversationId,
    /// Only events with a smaller number, the newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Only events with a greater number, the oldest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// At most this many: 1 to 200, 50 when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Everything that a client may say, by its `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant is documented at its struct")]
pub enum Command {
    Hello(Hello),
    Open(Open),
    Send(Send),
    Note(Note),
    Claim(Claim),
    Release(Target),
    Resolve(Target),
    Reopen(Target),
    Transfer(Transfer),
    Read(Mark),
    Delivered(Mark),
    Typing(Target),
    Watch(Target),
    Unwatch(Target),
    History(History),
    /// Asks for a sign of life.
    Ping,
}

impl Command {
    /// The conversation that the command is about, if it is about an existing one.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Hello(_) | Self::Open(_) | Self::Ping => None,
            Self::Send(c) => Some(c.conversation),
            Self::Note(c) => Some(c.conversation),
            Self::Claim(c) => Some(c.conversation),
            Self::Release(c)
            | Self::Resolve(c)
            | Self::Reopen(c)
            | Self::Typing(c)
            | Self::Watch(c)
            | Self::Unwatch(c) => Some(c.conversation),
            Self::Transfer(c) => Some(c.conversation),
            Self::Read(c) | Self::Delivered(c) => Some(c.conversation),
            Self::History(c) => Some(c.conversation),
        }
    }
}

/// A whole frame as a client sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClientFrame {
    /// Missing only from `typing`, which has no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
    /// What it wants.
    #[serde(flatten)]
    pub command: Command,
}
