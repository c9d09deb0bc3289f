//! What a client missed: exactly that, out of the tail or the database, or else a snapshot. Never a part.

use bytes::Bytes;
use otvet_engine::ids::{Epoch, Position, StreamName};
use otvet_engine::journal::Span;
use otvet_engine::protocol::{Event, Format, Refusal, Reset, ServerFrame, Snapshot, Summary, encode};

use super::SessionState;
use super::deliver::event_frame;

/// More events than this are a snapshot's business: reading on where one was is no longer what the person wants.
pub(super) const MAX_MISSED: u64 = 1000;

/// The newest events that a snapshot of a conversation shows, at most.
const SNAPSHOT_EVENTS: usize = 50;

/// The bytes of those events, at most.
const SNAPSHOT_BYTES: usize = 128 * 1024;

/// What a joining connection is sent of one stream, encoded.
pub(super) struct Recovered {
    /// Whether exactly the missing events are there; otherwise it is a `reset`.
    pub exact: bool,
    pub frames: Vec<Bytes>,
    pub head: u64,
}

/// How many bytes recovery may still put into an outbox: a resume must not overflow what it fills.
pub(super) struct Budget(pub usize);

impl Budget {
    fn spend(&mut self, frames: &[Bytes]) -> bool {
        let size: usize = frames.iter().map(Bytes::len).sum();
        let fits = size <= self.0;
        if fits {
            self.0 -= size;
        }
        fits
    }
}

impl SessionState {
    /// What happened in a conversation after a position, up to the head that `summary` shows.
    pub(super) async fn recover_conversation(
        &self,
        position: &Position,
        summary: &Summary,
        is_staff: bool,
        format: Format,
        budget: &mut Budget,
    ) -> Result<Recovered, Refusal> {
        let epoch = self.directory.foundation.journal.epoch().clone();
        let head = summary.last_seq;
        let in_reach = position.epoch == epoch && position.seq <= head && head - position.seq <= MAX_MISSED;
        if in_reach {
            let events = self.directory.events_between(summary.id, position.seq, head).await?;
            let frames: Vec<Bytes> =
                events.iter().map(|event| encode(format, &event_frame(event, is_staff))).collect();
            if budget.spend(&frames) {
                return Ok(Recovered { exact: true, frames, head });
            }
        }
        self.reset_conversation(epoch, summary, is_staff, format, budget).await
    }

    /// A snapshot in place of what a client knew of a conversation.
    async fn reset_conversation(
        &self,
        epoch: Epoch,
        summary: &Summary,
        is_staff: bool,
        format: Format,
        budget: &mut Budget,
    ) -> Result<Recovered, Refusal> {
        let journal = &self.directory.foundation.journal;
        let bytes = SNAPSHOT_BYTES.min(budget.0 / 2);
        let page =
            journal.events(summary.id, Span::Before(summary.last_seq + 1), SNAPSHOT_EVENTS, bytes).await?;
        let side = |event: &Event| if is_staff { event.clone() } else { event.for_visitor() };
        let reset = |events: Vec<Event>, more: bool| {
            let conversation = Box::new(summary.clone());
            let snapshot = Snapshot::Conversation { conversation, events, more };
            let stream = StreamName::Conversation(summary.id);
            encode(
                format,
                &ServerFrame::Reset(Box::new(Reset {
                    stream,
                    epoch: epoch.clone(),
                    seq: summary.last_seq,
                    snapshot,
                })),
            )
        };
        let mut frames = vec![reset(page.events.iter().map(side).collect(), page.more)];
        if !budget.spend(&frames) {
            // Without the events it is small; the client reads them by `history` when it shows them.
            frames = vec![reset(Vec::new(), summary.last_seq > 0)];
            budget.spend(&frames);
        }
        Ok(Recovered { exact: false, frames, head: summary.last_seq })
    }

    /// What a person's stream said after a position, or the whole list.
    pub(super) fn recover_list(
        &self,
        stream: StreamName,
        missed: Option<Vec<Event>>,
        head: &Position,
        list: &[Summary],
        format: Format,
        budget: &mut Budget,
    ) -> Recovered {
        if let Some(events) = missed {
            let frames: Vec<Bytes> =
                events.iter().map(|event| encode(format, &event_frame(event, true))).collect();
            if budget.spend(&frames) {
                return Recovered { exact: true, frames, head: head.seq };
            }
        }
        let snapshot = Snapshot::List { conversations: list.to_vec() };
        let reset = Reset { stream, epoch: head.epoch.clone(), seq: head.seq, snapshot };
        let frames = vec![encode(format, &ServerFrame::Reset(Box::new(reset)))];
        budget.spend(&frames);
        Recovered { exact: false, frames, head: head.seq }
    }
}
