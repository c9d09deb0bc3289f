//! Live events to the person's connections: each exactly once and in order, whatever comes twice or is missing.

use std::collections::BTreeMap;

use otvet_engine::conversation::State as Conversation;
use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::protocol::{Answer, CloseCode, Event, EventKind, ServerFrame, SharedFrame};

use crate::conversation::{Cause, Commit};
use crate::person_stream::Appended;

use super::message::WatchReply;
use super::recover::MAX_MISSED;
use super::{LISTED, SessionState};

impl SessionState {
    /// A conversation changed: its events go to the connections that follow it, its entry into the person's own list.
    pub(super) async fn committed(&mut self, commit: &Commit, own: bool) {
        let pass_on = || self.cell.connections.lock().pass_on(commit, own);
        if !pass_on()
            && let Some(first) = commit.events.first()
        {
            // Boxed, as the list below: an idle session must not carry room for it.
            Box::pin(self.heal(commit.conversation, first.seq - 1, Some(own))).await;
            self.cell.connections.lock().pass_on(commit, own);
        }
        let visitor = commit.after.visitor.as_ref().map(|v| v.id);
        if visitor == Some(self.person_id()) {
            Box::pin(self.own_changed(&commit.after, &commit.cause)).await;
        }
    }

    /// Keeps the person's own list, and tells the other devices.
    async fn own_changed(&mut self, after: &Conversation, cause: &Cause) {
        let summary = after.summary(self.person_id());
        let unchanged = self.list.get(&summary.id) == Some(&summary);
        self.list.insert(summary.id, summary.clone());
        while self.list.len() > LISTED {
            let Some(oldest) = self.list.values().min_by_key(|s| s.updated_at).map(|s| s.id) else { break };
            self.list.remove(&oldest);
        }
        let is_news = match cause {
            Cause::Events => true,
            Cause::Cursors(people) => people.contains(&self.person_id()),
        };
        if is_news && !unchanged {
            self.append(vec![EventKind::Upsert { conversation: Box::new(summary) }]).await;
        }
    }

    /// Puts events into the session's stream and to its connections.
    pub(super) async fn append(&mut self, kinds: Vec<EventKind>) {
        let now = self.directory.foundation.clock.now();
        let Some(stream) = &mut self.stream else { return };
        match stream.append(now, kinds, self.directory.new_epoch()).await {
            Appended::Numbered(numbered) => {
                let name = stream.name();
                self.cell.connections.lock().numbered(name, &numbered);
            }
            Appended::Restarted => self.tell_epoch(),
        }
    }

    /// Makes sure that the connections follow the stream under the epoch that it has: if not, what they know is replaced.
    pub(super) fn tell_epoch(&self) {
        let Some(stream) = &self.stream else { return };
        let position = stream.position();
        let told = self.cell.told.lock().replace(position.epoch.clone());
        if told.is_some_and(|told| told != position.epoch) {
            self.restarted(stream.name(), &stream.reset(self.own_list()));
        }
    }

    /// Passes on that a stream starts anew.
    pub(super) fn restarted(&self, stream: StreamName, reset: &SharedFrame) {
        let ServerFrame::Reset(head) = reset.frame() else { return };
        for connection in self.cell.connections.lock().iter_mut() {
            // One that joined after the stream began anew has been told of this numbering, and perhaps of numbers in it.
            if connection.own.get(stream).is_none_or(|told| told.epoch != head.epoch) {
                connection.outbox.push_shared(reset);
                connection.own.tell(stream, Position { epoch: head.epoch.clone(), seq: head.seq });
            }
        }
    }

    /// A conversation took this session in as a watcher, with its head at that moment.
    pub(super) async fn watched(&mut self, reply: &WatchReply) {
        let head = match &reply.outcome {
            Ok(Answer::Watching { position }) => Some(position.seq),
            _ => None,
        };
        let mut is_here = false;
        if let Some(connection) = self.cell.connections.lock().get_mut(reply.connection) {
            is_here = connection.others.answered(reply.conversation, head.is_some());
            if let Some(id) = &reply.id {
                connection.answer(id.clone(), reply.outcome.clone());
            }
            if let Some(head) = head.filter(|_| is_here) {
                let sent = connection.known.sent(reply.conversation);
                // The answer said where live events begin: nothing from before it, also where it was followed once.
                // Whoever follows it now has been sent as much already; only a join's watch may have to heal.
                if sent.is_none_or(|sent| reply.id.is_some() && sent < head) {
                    connection.known.set_sent(reply.conversation, head);
                }
            }
        }
        match head {
            Some(head) if is_here => self.heal(reply.conversation, head, None).await,
            // Refused, or it has left or changed its mind in the meantime.
            _ => self.unwatch_if_last(reply.conversation),
        }
    }

    /// Brings connections that follow the conversation, and were sent less than up to `head`, up to there. `own` as in
    /// [`super::cell::ConnectionRecord::follows`]; `None`: only those that watch.
    async fn heal(&self, conversation: ConversationId, head: u64, own: Option<bool>) {
        let behind: BTreeMap<_, u64> = self
            .cell
            .connections
            .lock()
            .iter()
            .filter(|c| c.follows(conversation, own.unwrap_or(false)))
            .filter_map(|c| c.known.sent(conversation).filter(|sent| *sent < head).map(|sent| (c.id, sent)))
            .collect();
        let Some(oldest) = behind.values().min() else { return };
        let missed = match head - oldest {
            0..=MAX_MISSED => Box::pin(self.directory.events_between(conversation, *oldest, head)).await.ok(),
            _ => None,
        };
        let mut connections = self.cell.connections.lock();
        for (id, sent) in behind {
            let Some(connection) = connections.get_mut(id) else { continue };
            match &missed {
                Some(events) => {
                    let is_staff = connection.person.role.is_staff();
                    for event in events.iter().filter(|event| event.seq > sent) {
                        connection.outbox.push(&event_frame(event, is_staff));
                    }
                    connection.known.set_sent(conversation, head);
                }
                // It comes back with its positions, and is told what it missed or given a snapshot.
                None => connection.outbox.close(CloseCode::Internal),
            }
        }
    }
}

/// An event as one side sees it.
pub(super) fn event_frame(event: &Event, is_staff: bool) -> ServerFrame {
    ServerFrame::Event(if is_staff { event.clone() } else { event.for_visitor() })
}
