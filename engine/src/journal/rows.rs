//! Rows as events, states and summaries. [`super::cells`] is the way there.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as NameError;
use uuid::Uuid;

use super::ReadError;
use crate::clock::Timestamp;
use crate::conversation::{Participant, State};
use crate::ids::{ConversationId, Key, PersonId, StreamName};
use crate::protocol::{Attachment, Cursor, Event, EventKind, LastMessage, Person, Role, Status, Summary};
use crate::store::entities::{chat_conversations, chat_cursors, chat_events};

/// What of an event has no column of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extra {
    attachments: Vec<Attachment>,
    to: Option<Person>,
}

fn to_u64(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The event of a row.
pub(super) fn to_event(row: chat_events::Model) -> Result<Event, ReadError> {
    let actor = person(row.actor_id, &row.actor_role, row.actor_name)?;
    let extra: Extra = match row.extra.as_deref().map(serde_json::from_str) {
        None => Extra::default(),
        Some(extra) => extra.map_err(|error| damaged("an event's extra", &error))?,
    };
    let key = || {
        let bytes = row.idem_key.clone().ok_or_else(|| damaged("an event's key", &"there is none"))?;
        key(bytes)
    };
    let body = row.body;
    let kind = match row.kind.as_str() {
        "opened" => EventKind::Opened { subject: body, visitor: actor },
        "message" => EventKind::Message {
            author: actor,
            key: key()?,
            body: body.unwrap_or_default(),
            attachments: extra.attachments,
        },
        "note" => EventKind::Note { author: actor, key: key()?, body: body.unwrap_or_default() },
        "claimed" => EventKind::Claimed { manager: actor },
        "released" => EventKind::Released { manager: actor },
        "transferred" => {
            let to = extra.to.ok_or_else(|| damaged("a transfer", &"to nobody"))?;
            EventKind::Transferred { from: actor, to }
        }
        "resolved" => EventKind::Resolved { by: actor },
        "reopened" => EventKind::Reopened { by: actor },
        other => return Err(damaged("an event's kind", &other)),
    };
    let stream = StreamName::Conversation(ConversationId(row.conversation_id));
    Ok(Event { stream, seq: to_u64(row.seq), at: Timestamp::from_millis(row.at), kind })
}

/// A key as it stands in a row.
pub(super) fn key(bytes: Vec<u8>) -> Result<Key, ReadError> {
    let text = String::from_utf8(bytes).map_err(|error| damaged("a key", &error))?;
    text.parse().map_err(|error| damaged("a key", &error))
}

/// A conversation from its projection and its participants; what it remembers of its events is not in there.
pub(super) fn to_state(
    row: chat_conversations::Model,
    participants: Vec<chat_cursors::Model>,
) -> Result<State, ReadError> {
    let mut state = State::empty(ConversationId(row.id));
    state.last_message = last_message(&row)?;
    state.manager = manager(&row)?;
    state.status = status(&row.status)?;
    state.visitor = Some(person(row.visitor_id, &row.visitor_role, row.visitor_name)?);
    state.former_guest = row.former_guest_id.as_deref().map(person_id).transpose()?;
    state.subject = row.subject;
    state.last_seq = to_u64(row.last_seq);
    state.messages = to_u64(row.messages);
    state.waiting_since = row.waiting_since.map(Timestamp::from_millis);
    state.opened_at = Timestamp::from_millis(row.opened_at);
    state.updated_at = Timestamp::from_millis(row.updated_at);
    for part in participants {
        let (person, part) = to_participant(&part)?;
        state.participants.insert(person, part);
    }
    Ok(state)
}

/// A conversation's entry in the reader's lists. Takes its cursors out of those of many.
pub(super) fn to_summary(
    row: chat_conversations::Model,
    cursors: &mut HashMap<Uuid, Vec<chat_cursors::Model>>,
    reader: PersonId,
) -> Result<Summary, ReadError> {
    let mut summary = Summary {
        id: ConversationId(row.id),
        status: status(&row.status)?,
        manager: manager(&row)?,
        last_seq: to_u64(row.last_seq),
        last_message: last_message(&row)?,
        // Somebody who never took part has read nothing.
        unread: to_u64(row.messages),
        cursors: std::collections::BTreeMap::new(),
        opened_at: Timestamp::from_millis(row.opened_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        visitor: person(row.visitor_id, &row.visitor_role, row.visitor_name)?,
        subject: row.subject,
    };
    for part in &cursors.remove(&row.id).unwrap_or_default() {
        let (person, part) = to_participant(part)?;
        if person == reader {
            summary.unread = part.unread;
        }
        summary.cursors.insert(person, part.cursor);
    }
    Ok(summary)
}

fn to_participant(row: &chat_cursors::Model) -> Result<(PersonId, Participant), ReadError> {
    let cursor = Cursor { delivered: to_u64(row.delivered), read: to_u64(row.read_seq) };
    let part = Participant { cursor, written: to_u64(row.written), unread: to_u64(row.unread) };
    Ok((person_id(&row.person_id)?, part))
}

fn manager(row: &chat_conversations::Model) -> Result<Option<Person>, ReadError> {
    match (&row.manager_id, &row.manager_role, &row.manager_name) {
        (Some(id), Some(role), Some(name)) => person(id.clone(), role, name.clone()).map(Some),
        _ => Ok(None),
    }
}

fn last_message(row: &chat_conversations::Model) -> Result<Option<LastMessage>, ReadError> {
    let (Some(seq), Some(at), Some(id), Some(role), Some(name)) = (
        row.last_message_seq,
        row.last_message_at,
        &row.last_message_author_id,
        &row.last_message_author_role,
        &row.last_message_author_name,
    ) else {
        return Ok(None);
    };
    Ok(Some(LastMessage {
        seq: to_u64(seq),
        at: Timestamp::from_millis(at),
        author: person(id.clone(), role, name.clone())?,
        body: row.last_message_preview.clone().unwrap_or_default(),
    }))
}

fn person(id: String, role: &str, name: String) -> Result<Person, ReadError> {
    let from = IntoDeserializer::<NameError>::into_deserializer(role);
    let role = Role::deserialize(from).map_err(|error| damaged("a role", &error))?;
    Ok(Person { id: person_id(&id)?, role, name })
}

fn status(name: &str) -> Result<Status, ReadError> {
    let from = IntoDeserializer::<NameError>::into_deserializer(name);
    Status::deserialize(from).map_err(|error| damaged("a status", &error))
}

pub(super) fn person_id(text: &str) -> Result<PersonId, ReadError> {
    text.parse().map_err(|error| damaged("a person's id", &error))
}

fn damaged(what: &str, why: &dyn std::fmt::Display) -> ReadError {
    ReadError(format!("{what} is damaged: {why}"))
}
