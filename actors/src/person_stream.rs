//! The stream of one person, an inbox or a session: its tail is its only log. What it says can be computed again, so a lost
//! one starts anew under another epoch, and clients are given a `reset`.

use std::collections::HashMap;
use std::sync::Arc;

use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{ConversationId, Epoch, Position, StreamName};
use otvet_engine::protocol::{
    Event, EventKind, Format, Reset, ServerFrame, SharedFrame, Snapshot, Summary, decode_any, encode,
};
use otvet_engine::tail::{SharedTail, TailEntry, TailRead};

/// The writer of a person's stream. There is one: the session or inbox actor whose it is.
#[derive(Debug)]
pub(crate) struct PersonStream {
    name: StreamName,
    epoch: Epoch,
    head: u64,
    /// Whether the tail has this epoch. While it does not, the numbering is this process's own.
    is_logged: bool,
    /// Whether the numbering began with this incarnation: nobody knows anything of it that could be out of date.
    is_fresh: bool,
    tail: SharedTail,
    keep: usize,
}

/// An event of a person's stream, ready for the person's connections.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    /// The number counts under this epoch only.
    pub epoch: Epoch,
    pub seq: u64,
    pub frame: Arc<SharedFrame>,
}

/// What became of new events.
#[derive(Debug)]
pub(crate) enum Appended {
    /// They are in the stream.
    Numbered(Vec<Numbered>),
    /// The tail failed, and whether it took them is unknown: numbers given from here on could be given twice. So the stream
    /// starts anew, under a new epoch and without them: everybody who follows it needs a `reset` with the list as it is now.
    Restarted,
}

impl PersonStream {
    /// Goes on where the tail stands, or begins anew under the epoch `fresh` when it has nothing, or is away.
    pub async fn open(name: StreamName, tail: SharedTail, keep: usize, fresh: Epoch) -> Self {
        let (epoch, head, is_logged) = match tail.open(&name, &fresh).await {
            Ok(Position { epoch, seq }) => (epoch, seq, true),
            Err(why) => {
                tracing::debug!(stream = %name, tail.error = %why, "the stream begins anew");
                (fresh.clone(), 0, false)
            }
        };
        let is_fresh = epoch == fresh;
        Self { name, epoch, head, is_logged, is_fresh, tail, keep }
    }

    /// Which stream.
    pub fn name(&self) -> StreamName {
        self.name
    }

    /// Its head.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch.clone(), seq: self.head }
    }

    /// The frame that replaces all that a client knew of this stream.
    pub fn reset(&self, conversations: Vec<Summary>) -> Arc<SharedFrame> {
        let snapshot = Snapshot::List { conversations };
        let reset = Reset { stream: self.name, epoch: self.epoch.clone(), seq: self.head, snapshot };
        SharedFrame::new(ServerFrame::Reset(Box::new(reset)))
    }

    /// What the stream missed while nobody wrote it: the entries of `current` that it does not amount to, and the
    /// conversations that it shows and `current` does not. Compares contents, since clocks order nothing.
    pub async fn missed(&self, current: &[Summary]) -> (Vec<EventKind>, Vec<ConversationId>) {
        if self.is_fresh && self.head == 0 {
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

    /// Numbers these, puts them into the tail, and gives them back for the connections. `fresh` is the epoch to go on
    /// under, should the tail fail.
    pub async fn append(&mut self, now: Timestamp, kinds: Vec<EventKind>, fresh: Epoch) -> Appended {
        let mut entries = Vec::with_capacity(kinds.len());
        let mut numbered = Vec::with_capacity(kinds.len());
        let mut head = self.head;
        for kind in kinds {
            head += 1;
            let event = Event { stream: self.name, seq: head, at: now, kind };
            entries.push(TailEntry { seq: head, at: now, event: encode(Format::MessagePack, &event) });
            let epoch = self.epoch.clone();
            numbered.push(Numbered { epoch, seq: head, frame: SharedFrame::new(ServerFrame::Event(event)) });
        }
        if entries.is_empty() {
            return Appended::Numbered(numbered);
        }
        // A tail that does not have this epoch has nothing to fall behind with: it may be left alone while it is down.
        let leave_alone = !self.is_logged && self.tail.check().await.is_err();
        if !leave_alone {
            if let Err(why) = self.tail.append(&self.name, &self.epoch, &entries).await {
                tracing::debug!(stream = %self.name, tail.error = %why, "the stream starts anew");
                let _ = self.tail.drop_stream(&self.name).await;
                (self.epoch, self.head, self.is_logged, self.is_fresh) = (fresh, 0, false, true);
                return Appended::Restarted;
            }
            self.is_logged = true;
        }
        self.head = head;
        Appended::Numbered(numbered)
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

    /// The newest events, as many as the tail has: whoever has seen them drops them by their numbers.
    pub async fn recent(&self) -> Vec<Numbered> {
        let from = Position { epoch: self.epoch.clone(), seq: self.head.saturating_sub(self.keep as u64) };
        let events = self.after(&from).await.unwrap_or_default();
        events
            .into_iter()
            .map(|event| {
                let epoch = self.epoch.clone();
                Numbered { epoch, seq: event.seq, frame: SharedFrame::new(ServerFrame::Event(event)) }
            })
            .collect()
    }

    /// What the tail's entries amount to: the last entry of each conversation; `None` for a removed one.
    async fn fold(&self) -> HashMap<ConversationId, Option<Summary>> {
        let mut known = HashMap::new();
        for numbered in self.recent().await {
            let ServerFrame::Event(event) = numbered.frame.frame() else { continue };
            match &event.kind {
                EventKind::Upsert { conversation } => {
                    known.insert(conversation.id, Some((**conversation).clone()))
                }
                EventKind::Remove { conversation_id } => known.insert(*conversation_id, None),
                _ => None,
            };
        }
        known
    }
}
