//! Which batches of a group may go into the transaction, decided from what is stored and from each other.

use std::collections::{HashMap, HashSet};

use super::{Batch, CommitError, KeyedEvent};
use crate::conversation::content_digest;
use crate::ids::{ConversationId, Key, PersonId};
use crate::protocol::{Event, EventKind, Person};

/// What stands in the database, and then also what the batches admitted so far would add to it.
#[derive(Debug, Default)]
pub(super) struct Admission {
    heads: HashMap<ConversationId, u64>,
    used: HashMap<(PersonId, Key), KeyedEvent>,
}

impl Admission {
    pub fn new(heads: HashMap<ConversationId, u64>, used: Vec<KeyedEvent>) -> Self {
        let used = used.into_iter().map(|event| ((event.author, event.key.clone()), event)).collect();
        Self { heads, used }
    }

    /// Admits a batch, or says why not. Keys come first: they answer a command for good, a head only asks to try again.
    pub fn admit(&mut self, batch: &Batch) -> Result<(), CommitError> {
        let used = self.used_by(batch);
        if !used.is_empty() {
            return Err(CommitError::KeysInUse(used));
        }
        let head = self.heads.get(&batch.conversation).copied().unwrap_or(0);
        // Not only behind: a state that is ahead of what is stored would leave a gap.
        if head != batch.after.last_seq - batch.events.len() as u64 {
            return Err(CommitError::HeadMoved);
        }
        let mut own = HashMap::new();
        for event in &batch.events {
            let Some((author, key)) = keyed(event) else { continue };
            let stored = KeyedEvent {
                author: author.id,
                key: key.clone(),
                conversation: batch.conversation,
                seq: event.seq,
                digest: digest(event, batch.after.subject.as_deref()),
            };
            if own.insert((author.id, key.clone()), stored).is_some() {
                return Err(CommitError::Unavailable(format!(
                    "the batch has the key `{}` twice",
                    key.as_str()
                )));
            }
        }
        self.used.extend(own);
        self.heads.insert(batch.conversation, batch.after.last_seq);
        Ok(())
    }

    fn used_by(&self, batch: &Batch) -> Vec<KeyedEvent> {
        let mut asked = HashSet::new();
        asked_keys(batch)
            .into_iter()
            .filter(|pair| asked.insert(pair.clone()))
            .filter_map(|pair| self.used.get(&pair).cloned())
            .collect()
    }
}

/// The keys of a batch, each under every name under which it may be in use. Staff have one name only, even in the
/// conversation of a visitor with two.
pub(super) fn asked_keys(batch: &Batch) -> Vec<(PersonId, Key)> {
    let mut asked = Vec::new();
    for (author, key) in batch.events.iter().filter_map(keyed) {
        asked.push((author.id, key.clone()));
        if batch.key_owners.contains(&author.id) {
            let others = batch.key_owners.iter().filter(|owner| **owner != author.id);
            asked.extend(others.map(|owner| (*owner, key.clone())));
        }
    }
    asked
}

/// Who wrote an event under which key, if it is one that has a key.
pub(super) fn keyed(event: &Event) -> Option<(&Person, &Key)> {
    match &event.kind {
        EventKind::Message { author, key, .. } | EventKind::Note { author, key, .. } => Some((author, key)),
        _ => None,
    }
}

/// The digest of the command that became a keyed event. The second event of a conversation is always its question: the
/// `open` itself, with the subject that stands in the first.
pub(super) fn digest(event: &Event, subject: Option<&str>) -> [u8; 16] {
    match &event.kind {
        EventKind::Message { body, .. } if event.seq == 2 => content_digest("open", subject, body),
        EventKind::Note { body, .. } => content_digest("note", None, body),
        EventKind::Message { body, .. } => content_digest("send", None, body),
        _ => content_digest("", None, ""),
    }
}
