//! The stream of one person, an inbox or a session: its tail is its only log. What it says can be computed again, so a lost
//! one starts anew under another epoch, and clients are given a `reset`.

use std::collections::HashMap;
use std::sync::Arc;

use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{ConversationId, Epoch, Position, StreamName};
use otvet_engine::protocol::{
    Event, EventKind, Format, ServerFrame, SharedFrame, Summary, decode_any, encode,
};
use otvet_engine::tail::{SharedTail, TailEntry, TailRead};

/// The writer of a person's stream. There is one: the session or inbox actor whose it is.
#[derive(Debug)]
pub(crate) struct PersonStream {
    name: StreamName,
    epoch: Epoch,
    head: u64,
    tail: SharedTail,
    keep: usize,
}

/// An event of a person's stream, ready for the person's connections.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    pub seq: u64,
    pub frame: Arc<SharedFrame>,
}

impl PersonStream {
    /// Goes on where the tail stands, or begins anew under the epoch `fresh` when it has nothing (or cannot say).
    pub async fn open(name: StreamName, tail: SharedTail, keep: usize, fresh: Epoch) -> Self {
        let (epoch, head) = match tail.head(&name).await {
            Ok(Some((Position { epoch, seq }, _))) => (epoch, seq),
            Ok(None) | Err(_) => (fresh, 0),
        };
        Self { name, epoch, head, tail, keep }
    }

    /// Which stream.
    pub fn name(&self) -> StreamName {
        self.name
    }

    /// Its head.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch.clone(), seq: self.head }
    }

    /// What the stream missed while nobody wrote it: the entries of `current` that it does not amount to, and the
    /// conversations that it shows and `current` does not. Compares contents, since clocks order nothing.
    pub async fn missed(&self, current: &[Summary]) -> (Vec<EventKind>, Vec<ConversationId>) {
        if self.head == 0 {
            return (Vec::new(), Vec::new());
        }
        let known = self.fold().await;
        let changed = current
            .iter()
            .filter(|summary| known.get(&summary.id) != Some(&Some((*summary).clone())))
            .map(|summary| EventKind::Upsert { conversation: Box::new(summary.clone()) })
            .collect();
        let gone =
            known.into_iter().filter(|(id, entry)| entry.is_some() && !current.iter().any(|s| s.id == *id));
        (changed, gone.map(|(id, _)| id).collect())
    }

    /// Numbers these, puts them into the tail, and gives them back for the connections.
    pub async fn append(&mut self, now: Timestamp, kinds: Vec<EventKind>) -> Vec<Numbered> {
        if kinds.is_empty() {
            return Vec::new();
        }
        let mut entries = Vec::with_capacity(kinds.len());
        let mut numbered = Vec::with_capacity(kinds.len());
        for kind in kinds {
            self.head += 1;
            let event = Event { stream: self.name, seq: self.head, at: now, kind };
            entries.push(TailEntry { seq: self.head, at: now, event: encode(Format::MessagePack, &event) });
            numbered.push(Numbered { seq: self.head, frame: SharedFrame::new(ServerFrame::Event(event)) });
        }
        if let Err(why) = self.tail.append(&self.name, &self.epoch, &entries).await {
            tracing::debug!(stream = %self.name, tail.error = %why, "the tail is started anew");
            if self.tail.drop_stream(&self.name).await.is_ok() {
                let _ = self.tail.append(&self.name, &self.epoch, &entries).await;
            }
        }
        numbered
    }

    /// Exactly the events after a position, or `None`: then a snapshot is due.
    pub async fn after(&self, position: &Position) -> Option<Vec<Event>> {
        if position.epoch != self.epoch || position.seq > self.head {
            return None;
        }
        if position.seq == self.head {
            return Some(Vec::new());
        }
        match self.tail.after(&self.name, position, self.keep).await {
            Ok(TailRead::Complete { entries, head }) if head.seq == self.head => {
                entries.iter().map(|entry| decode_any(Format::MessagePack, &entry.event).ok()).collect()
            }
            _ => None,
        }
    }

    /// What the tail's entries amount to: the last entry of each conversation; `None` for a removed one.
    async fn fold(&self) -> HashMap<ConversationId, Option<Summary>> {
        let from = Position { epoch: self.epoch.clone(), seq: self.head.saturating_sub(self.keep as u64) };
        let events = self.after(&from).await.unwrap_or_default();
        let mut known = HashMap::new();
        for event in events {
            match event.kind {
                EventKind::Upsert { conversation } => known.insert(conversation.id, Some(*conversation)),
                EventKind::Remove { conversation_id } => known.insert(conversation_id, None),
                _ => None,
            };
        }
        known
    }
}
