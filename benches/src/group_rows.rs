//! The rows of a group, as the bare writers of servers store them.

use otvet_engine::conversation::{Participant, State};
use otvet_engine::ids::{Key, PersonId};
use otvet_engine::protocol::{Event, EventKind, LastMessage, Person};
use sea_orm::sqlx::Error;
use uuid::Uuid;

use crate::bare_sqlite::Rows;

/// A writer that stores rows, and nothing else.
pub trait BareWriter {
    /// Stores a group in one transaction.
    ///
    /// # Errors
    /// The database's.
    fn commit(&mut self, group: &[Rows]) -> impl Future<Output = Result<(), Error>>;
}

/// A row of `chat_events`.
pub(crate) struct Message<'g> {
    pub conversation: Uuid,
    pub event: &'g Event,
    pub author: &'g Person,
    pub body: &'g str,
    pub key: &'g Key,
}

/// The messages of a group.
pub(crate) fn messages(group: &[Rows]) -> Vec<Message<'_>> {
    let events = group.iter().flat_map(|rows| rows.events.iter().map(|event| (rows.after.id.0, event)));
    events
        .filter_map(|(conversation, event)| match &event.kind {
            EventKind::Message { author, body, key, .. } => {
                Some(Message { conversation, event, author, body, key })
            }
            _ => None,
        })
        .collect()
}

/// The conversations of a group, their visitors and last messages.
pub(crate) fn projections(group: &[Rows]) -> Vec<(&State, &Person, &LastMessage)> {
    group
        .iter()
        .filter_map(|rows| {
            Some((&rows.after, rows.after.visitor.as_ref()?, rows.after.last_message.as_ref()?))
        })
        .collect()
}

/// Who takes part in the conversations of a group.
pub(crate) fn participants(group: &[Rows]) -> Vec<(Uuid, &PersonId, &Participant)> {
    group
        .iter()
        .flat_map(|rows| rows.after.participants.iter().map(|(person, part)| (rows.after.id.0, person, part)))
        .collect()
}
