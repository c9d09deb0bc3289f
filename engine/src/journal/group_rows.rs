//! The rows of a whole group, for databases that take many a statement.

use std::collections::{BTreeMap, BTreeSet};

use super::Batch;
use super::cells::{self, CURSOR, Cell, EVENT, PROJECTION};
use crate::ids::{ConversationId, PersonId};

/// Of several batches of one conversation, the last one's rows are the ones that count; sorted, so that two nodes lock them
/// in the same order.
#[derive(Debug, Default)]
pub(super) struct GroupRows<'a> {
    pub events: BTreeMap<(ConversationId, u64), [Cell<'a>; EVENT.len()]>,
    pub projections: BTreeMap<ConversationId, [Cell<'a>; PROJECTION.len()]>,
    pub cursors: BTreeMap<(ConversationId, PersonId), [Cell<'a>; CURSOR.len()]>,
    /// Those whose cursors are removed.
    pub gone: BTreeSet<(ConversationId, PersonId)>,
}

impl<'a> GroupRows<'a> {
    /// Adds a batch's; `None`, and nothing is added, if it is not one of an opened conversation.
    pub fn add(&mut self, batch: &'a Batch) -> Option<()> {
        let projection = cells::projection(batch)?;
        let events = batch
            .events
            .iter()
            .map(|event| Some(((batch.conversation, event.seq), cells::event(batch.conversation, event)?)));
        self.events.extend(events.collect::<Option<Vec<_>>>()?);
        self.projections.insert(batch.conversation, projection);
        for person in &batch.changed_participants {
            let row = (batch.conversation, *person);
            if let Some(part) = batch.after.participants.get(person) {
                self.gone.remove(&row);
                self.cursors.insert(row, cells::cursor(batch.conversation, *person, *part));
            } else {
                self.cursors.remove(&row);
                self.gone.insert(row);
            }
        }
        Some(())
    }
}
