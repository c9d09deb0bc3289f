//! What frames and REST bodies are made of: people, summaries, events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{ConversationId, Key, PersonId, StreamName};

/// What somebody may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everybody: asks, and follows the own conversations.
    Visitor,
    /// Answers.
    Manager,
    /// A manager who also manages people and settings.
    Admin,
    /// Otvet itself.
    System,
}

impl Role {
    /// Whether this role works on the panel's side: sees every conversation and every note.
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Manager | Self::Admin)
    }

    /// The role as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }
}

/// Who wrote, claimed, resolved …, as they were called at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// `u7` or `g12`.
    #[schema(value_type = String, example = "u7")]
    pub id: PersonId,
    /// In which role.
    pub role: Role,
    /// The name shown to others.
    pub name: String,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has it: it stands in every manager's inbox.
    Waiting,
    /// One manager has it.
    Claimed,
    /// Answered; a visitor's next message reopens it.
    Resolved,
}

impl Status {
    /// Every status: a conversation has one of these.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Claimed, Self::Resolved];

    /// The status as it stands on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Claimed => "claimed",
            Self::Resolved => "resolved",
        }
    }
}

/// How far one person has come in a conversation. Both only move forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Cursor {
    /// The last event that reached one of the person's devices.
    pub delivered: u64,
    /// The last event that the person has read.
    pub read: u64,
}

/// The newest message, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastMessage {
    /// Its place in the conversation.
    pub seq: u64,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Person,
    /// Its first [`LastMessage::PREVIEW_CHARS`] characters.
    pub body: String,
}

impl LastMessage {
    /// How many characters of a message a list shows.
    pub const PREVIEW_CHARS: usize = 200;
}

/// A conversation as its reader's lists show it. `unread` is the reader's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// The conversation.
    #[schema(value_type = String, format = Uuid)]
    pub id: ConversationId,
    /// What the visitor called it, if anything.
    pub subject: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Who asked.
    pub visitor: Person,
    /// Who has it.
    pub manager: Option<Person>,
    /// The head of `conversation/{id}`.
    pub last_seq: u64,
    /// The newest message; notes are not messages.
    pub last_message: Option<LastMessage>,
    /// Messages of others past the reader's own read cursor.
    pub unread: u64,
    /// How far each participant has come.
    #[schema(value_type = BTreeMap<String, Cursor>)]
    pub cursors: BTreeMap<PersonId, Cursor>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When its newest event happened.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A file that belongs to a message. No server accepts any yet: `send` with one is `invalid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// The file's name as its sender called it.
    pub name: String,
    /// Its media type (RFC 6838).
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Where to fetch it.
    pub url: String,
}

/// One entry of a stream: exists once its transaction has committed, never before, and never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The stream it belongs to.
    #[schema(value_type = String, example = "conversation/0192f0c1-2345-7abc-8def-0123456789ab")]
    pub stream: StreamName,
    /// Its number there.
    pub seq: u64,
    /// When it was accepted. Order is `seq`, never this.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// The event as somebody without the right to read notes gets it: same place, nothing said.
    #[must_use]
    pub fn for_visitor(&self) -> Self {
        let kind = if self.kind.is_for_staff_only() { EventKind::Hidden } else { self.kind.clone() };
        Self { stream: self.stream, seq: self.seq, at: self.at, kind }
    }
}

/// What an event says, with the fields of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A visitor opened the conversation; the question follows as a `message`.
    Opened {
        /// What it is about, if the visitor said.
        subject: Option<String>,
        /// Who asked.
        visitor: Person,
    },
    /// Somebody wrote.
    Message {
        /// Who.
        author: Person,
        /// What: 1 to 4,000 characters, text and nothing else.
        body: String,
        /// The author's idempotency key.
        #[schema(value_type = String)]
        key: Key,
        /// Files.
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// A manager wrote for managers only.
    Note {
        /// Who.
        author: Person,
        /// What.
        body: String,
        /// The author's idempotency key.
        #[schema(value_type = String)]
        key: Key,
    },
    /// Something that this reader may not see stands here.
    Hidden,
    /// A manager took it from the waiting ones.
    Claimed {
        /// Who has it now.
        manager: Person,
    },
    /// Its manager gave it back to the waiting ones.
    Released {
        /// Who had it.
        manager: Person,
    },
    /// It went from one manager to another.
    Transferred {
        /// Who had it.
        from: Person,
        /// Who has it now.
        to: Person,
    },
    /// Its question is answered.
    Resolved {
        /// Who says so.
        by: Person,
    },
    /// It waits again.
    Reopened {
        /// Who wants more.
        by: Person,
    },
    /// Inbox and session streams: the list's entry is now this.
    Upsert {
        /// The whole entry.
        conversation: Box<Summary>,
    },
    /// Inbox streams: the entry left the list.
    Remove {
        /// Which.
        #[schema(value_type = String, format = Uuid)]
        conversation_id: ConversationId,
    },
    /// Session streams: one of the person's tokens was revoked.
    SignedOut {
        /// The row of `personal_access_tokens`.
        token_id: i64,
    },
}

impl EventKind {
    /// Whether visitors get [`EventKind::Hidden`] in its place.
    pub const fn is_for_staff_only(&self) -> bool {
        matches!(self, Self::Note { .. })
    }

    /// The kind as it stands on the wire and in the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Message { .. } => "message",
            Self::Note { .. } => "note",
            Self::Hidden => "hidden",
            Self::Claimed { .. } => "claimed",
            Self::Released { .. } => "released",
            Self::Transferred { .. } => "transferred",
            Self::Resolved { .. } => "resolved",
            Self::Reopened { .. } => "reopened",
            Self::Upsert { .. } => "upsert",
            Self::Remove { .. } => "remove",
            Self::SignedOut { .. } => "signed_out",
        }
    }
}
