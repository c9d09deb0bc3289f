//! Events, states and participants as the rows that are written: one mapping for every database and every way into it. What
//! is borrowed is copied only where a database's library wants to own it.

use sea_orm::Value;
use serde::Serialize;
use uuid::Uuid;

use super::Batch;
use crate::clock::Timestamp;
use crate::conversation::Participant;
use crate::ids::{ConversationId, PersonId};
use crate::protocol::{Attachment, Event, EventKind, Person};
use crate::store::entities::{chat_conversations, chat_cursors, chat_events, chat_search_pending};

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    NoText,
    NoNumber,
    NoBytes,
    Number(i64),
    Text(&'a str),
    /// A text that stands nowhere else.
    Own(String),
    Bytes(&'a [u8]),
    Id(Uuid),
    Person(PersonId),
}

/// The columns of [`event`]; the number of its arrival is given by the database.
pub(super) const EVENT: [chat_events::Column; 10] = {
    use chat_events::Column::*;
    [ConversationId, Seq, At, Kind, ActorId, ActorRole, ActorName, IdemKey, Body, Extra]
};

/// The columns of [`projection`]: the key first.
pub(super) const PROJECTION: [chat_conversations::Column; 22] = {
    use chat_conversations::Column::*;
    [
        Id,
        Subject,
        Status,
        VisitorId,
        VisitorRole,
        VisitorName,
        FormerGuestId,
        ManagerId,
        ManagerRole,
        ManagerName,
        LastSeq,
        Messages,
        LastMessageSeq,
        LastMessageAt,
        LastMessageAuthorId,
        LastMessageAuthorRole,
        LastMessageAuthorName,
        LastMessagePreview,
        WaitingSince,
        OpenedAt,
        UpdatedAt,
        UpdatedMinute,
    ]
};

/// The columns of [`cursor`]: the key first.
pub(super) const CURSOR: [chat_cursors::Column; 6] = {
    use chat_cursors::Column::*;
    [ConversationId, PersonId, Delivered, ReadSeq, Written, Unread]
};

/// The columns of [`pending`].
pub(super) const PENDING: [chat_search_pending::Column; 2] = {
    use chat_search_pending::Column::*;
    [Generation, ConversationId]
};

/// What of an event has no column of its own.
#[derive(Serialize)]
struct Extra<'a> {
    #[serde(skip_serializing_if = "<[Attachment]>::is_empty")]
    attachments: &'a [Attachment],
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a Person>,
}

/// A number of ours as the databases have it: their largest is half of u64's.
pub(super) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The row of an event; `None` for kinds that no conversation's log has.
pub(super) fn event(conversation: ConversationId, event: &Event) -> Option<[Cell<'_>; EVENT.len()]> {
    let mut extra = Extra { attachments: &[], to: None };
    let (actor, key, body) = match &event.kind {
        EventKind::Opened { subject, visitor } => (visitor, None, subject.as_deref()),
        EventKind::Message { author, body, key, attachments } => {
            extra.attachments = attachments;
            (author, Some(key), Some(body.as_str()))
        }
        EventKind::Note { author, body, key } => (author, Some(key), Some(body.as_str())),
        EventKind::Claimed { manager } | EventKind::Released { manager } => (manager, None, None),
        EventKind::Transferred { from, to } => {
            extra.to = Some(to);
            (from, None, None)
        }
        EventKind::Resolved { by } | EventKind::Reopened { by } => (by, None, None),
        EventKind::Hidden
        | EventKind::Upsert { .. }
        | EventKind::Remove { .. }
        | EventKind::SignedOut { .. } => {
            return None;
        }
    };
    let has_extra = !extra.attachments.is_empty() || extra.to.is_some();
    let extra = has_extra.then(|| serde_json::to_string(&extra).expect("texts and numbers always encode"));
    Some([
        Cell::Id(conversation.0),
        Cell::Number(to_i64(event.seq)),
        Cell::Number(event.at.millis()),
        Cell::Text(event.kind.name()),
        Cell::Person(actor.id),
        Cell::Text(actor.role.as_str()),
        Cell::Text(&actor.name),
        key.map_or(Cell::NoBytes, |key| Cell::Bytes(key.as_str().as_bytes())),
        text(body),
        extra.map_or(Cell::NoText, Cell::Own),
    ])
}

/// The projection row of a conversation after a batch; `None` before it was opened.
pub(super) fn projection(batch: &Batch) -> Option<[Cell<'_>; PROJECTION.len()]> {
    let state = &*batch.after;
    let visitor = state.visitor.as_ref()?;
    let manager = state.manager.as_ref();
    let last = state.last_message.as_ref();
    Some([
        Cell::Id(state.id.0),
        text(state.subject.as_deref()),
        Cell::Text(state.status.as_str()),
        Cell::Person(visitor.id),
        Cell::Text(visitor.role.as_str()),
        Cell::Text(&visitor.name),
        person(state.former_guest),
        person(manager.map(|manager| manager.id)),
        text(manager.map(|manager| manager.role.as_str())),
        text(manager.map(|manager| manager.name.as_str())),
        Cell::Number(to_i64(state.last_seq)),
        Cell::Number(to_i64(state.messages)),
        number(last.map(|message| to_i64(message.seq))),
        number(last.map(|message| message.at.millis())),
        person(last.map(|message| message.author.id)),
        text(last.map(|message| message.author.role.as_str())),
        text(last.map(|message| message.author.name.as_str())),
        text(last.map(|message| message.body.as_str())),
        number(state.waiting_since.map(Timestamp::millis)),
        Cell::Number(state.opened_at.millis()),
        Cell::Number(state.updated_at.millis()),
        Cell::Number(minute(state.updated_at)),
    ])
}

/// The minute of a time, counted from 1970: indexes of what is updated again and again have this, so that they change with it.
pub(super) fn minute(time: Timestamp) -> i64 {
    time.millis().div_euclid(MINUTE)
}

/// The first millisecond after a [`minute`].
pub(super) fn end_of_minute(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute.saturating_add(1).saturating_mul(MINUTE))
}

/// In milliseconds.
const MINUTE: i64 = 60_000;

/// The row by which the index of searches learns that a conversation has changed; see [`super::search`].
pub(super) fn pending(generation: i64, conversation: ConversationId) -> [Cell<'static>; PENDING.len()] {
    [Cell::Number(generation), Cell::Id(conversation.0)]
}

/// The row of one participant.
pub(super) fn cursor(
    conversation: ConversationId,
    person: PersonId,
    part: Participant,
) -> [Cell<'static>; CURSOR.len()] {
    [
        Cell::Id(conversation.0),
        Cell::Person(person),
        Cell::Number(to_i64(part.cursor.delivered)),
        Cell::Number(to_i64(part.cursor.read)),
        Cell::Number(to_i64(part.written)),
        Cell::Number(to_i64(part.unread)),
    ]
}

fn text(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::NoText, Cell::Text)
}

fn number(number: Option<i64>) -> Cell<'static> {
    number.map_or(Cell::NoNumber, Cell::Number)
}

fn person(person: Option<PersonId>) -> Cell<'static> {
    person.map_or(Cell::NoText, Cell::Person)
}

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::NoText => Self::String(None),
            Cell::NoNumber => Self::BigInt(None),
            Cell::NoBytes => Self::Bytes(None),
            Cell::Number(number) => number.into(),
            Cell::Text(text) => text.into(),
            Cell::Own(text) => text.into(),
            Cell::Bytes(bytes) => bytes.into(),
            Cell::Id(id) => id.into(),
            Cell::Person(person) => person.to_string().into(),
        }
    }
}
