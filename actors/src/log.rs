//! Stored events of a conversation: out of its tail, and from the database what the tail does not have. What had to be read
//! there is given back to the tail, so that it is read once.

use std::sync::atomic::Ordering;

use otvet_engine::conversation::State as Conversation;
use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::journal::{ReadError, Span};
use otvet_engine::protocol::{Event, Format, decode_any, encode};
use otvet_engine::tail::{TailEntry, TailError, TailRead};

use crate::directory::Directory;

/// So many of the newest events are read from the database for a tail that has none, although fewer are asked for: the
/// next reader may have missed a little more, and it is one query either way.
const GIVEN_BACK: u64 = 50;

impl Directory {
    /// Exactly the events after `after` up to and including `head`, which must be stored.
    pub(crate) async fn events_between(
        &self,
        conversation: ConversationId,
        after: u64,
        head: u64,
    ) -> Result<Vec<Event>, ReadError> {
        if after >= head {
            return Ok(Vec::new());
        }
        let found = self.in_tail(conversation, after, head).await;
        let is_lost = matches!(found, Ok(None));
        let mut events = found.as_ref().ok().cloned().flatten().unwrap_or_default();
        let reached = events.last().map_or(after, |event| event.seq);
        let counter = &self.counters;
        let from_tail = reached == head;
        (if from_tail { &counter.tail_hits } else { &counter.tail_misses }).fetch_add(1, Ordering::Relaxed);
        if from_tail {
            return Ok(events);
        }
        let behind = if is_lost { reached.min(head.saturating_sub(GIVEN_BACK)) } else { reached };
        let stored = self.stored_between(conversation, behind, head).await?;
        if found.is_ok() {
            self.give_back(conversation, &stored).await;
        }
        events.extend(stored.into_iter().filter(|event| event.seq > reached));
        Ok(events)
    }

    /// A conversation as it is stored; `None` if it was never opened.
    pub(crate) async fn load_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<Conversation>, ReadError> {
        let journal = &self.foundation.journal;
        let rules = &self.behaviour.rules;
        let Some(mut conversation) = journal.projection(id).await? else { return Ok(None) };
        let head = conversation.last_seq;
        // Of a longer one the tail has not all, and a part would leave unread counts wrong.
        let is_short = head <= self.behaviour.tail_keep as u64;
        let all = if is_short { self.in_tail(id, 0, head).await.ok().flatten() } else { None };
        let all = all.filter(|events| events.last().is_some_and(|newest| newest.seq == head));
        journal.recall(&mut conversation, all, rules).await?;
        Ok(Some(conversation))
    }

    /// Puts committed events into the conversation's tail. One that cannot be reached costs speed, nothing else; one that
    /// is behind is given what it has missed.
    pub(crate) async fn append_to_tail(&self, conversation: ConversationId, events: &[Event]) {
        let Some(first) = events.first() else { return };
        let (stream, epoch) = (StreamName::Conversation(conversation), self.foundation.journal.epoch());
        match self.foundation.tail.append(&stream, epoch, &entries(events)).await {
            Ok(()) => {}
            Err(TailError::OutOfOrder { head, .. }) => {
                // No more than it keeps, and none if they cannot be read: then it goes on with the new ones.
                let from = head.max((first.seq - 1).saturating_sub(self.behaviour.tail_keep as u64));
                let mut run =
                    self.stored_between(conversation, from, first.seq - 1).await.unwrap_or_default();
                run.extend_from_slice(events);
                self.give_back(conversation, &run).await;
            }
            Err(TailError::Unreachable(why)) => {
                tracing::debug!(stream = %stream, tail.error = why, "the tail is behind")
            }
        }
    }

    /// What the tail has of these events, from the first on: `None` when it has lost the first.
    async fn in_tail(
        &self,
        conversation: ConversationId,
        after: u64,
        head: u64,
    ) -> Result<Option<Vec<Event>>, TailError> {
        let position = Position { epoch: self.foundation.journal.epoch().clone(), seq: after };
        // A little more than wanted: the tail may already be ahead of the head that is asked for.
        let wanted = usize::try_from(head - after).unwrap_or(usize::MAX);
        let limit = wanted.saturating_add(self.behaviour.tail_keep);
        match self.foundation.tail.after(&StreamName::Conversation(conversation), &position, limit).await? {
            TailRead::Complete { entries, .. } => {
                let wanted = entries.iter().take_while(|entry| entry.seq <= head);
                let events = wanted.map(|entry| decode_any::<Event>(Format::MessagePack, &entry.event));
                // What cannot be decoded is not believed.
                Ok(events.collect::<Result<_, _>>().ok())
            }
            TailRead::Missing => Ok(None),
        }
    }

    async fn stored_between(
        &self,
        conversation: ConversationId,
        after: u64,
        head: u64,
    ) -> Result<Vec<Event>, ReadError> {
        let mut events: Vec<Event> = Vec::new();
        let mut reached = after;
        while reached < head {
            let rest = usize::try_from(head - reached).unwrap_or(usize::MAX);
            let page =
                self.foundation.journal.events(conversation, Span::After(reached), rest, usize::MAX).await?;
            let Some(newest) = page.events.last() else {
                return Err(ReadError(format!("{conversation} ends at {reached}, not at {head}")));
            };
            reached = newest.seq;
            events.extend(page.events);
        }
        Ok(events)
    }

    /// Gives the tail what it has lost, the newest as many as it keeps.
    async fn give_back(&self, conversation: ConversationId, events: &[Event]) {
        let stream = StreamName::Conversation(conversation);
        let newest = &events[events.len().saturating_sub(self.behaviour.tail_keep)..];
        let epoch = self.foundation.journal.epoch();
        if let Err(why) = self.foundation.tail.refill(&stream, epoch, &entries(newest)).await {
            tracing::debug!(stream = %stream, tail.error = %why, "the tail is not filled again");
        }
    }
}

fn entries(events: &[Event]) -> Vec<TailEntry> {
    let entry =
        |event: &Event| TailEntry { seq: event.seq, at: event.at, event: encode(Format::MessagePack, event) };
    events.iter().map(entry).collect()
}
