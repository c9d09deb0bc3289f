//! Who gets what of a committed batch.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use otvet_engine::conversation::{Command, State as Conversation};
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::{Event, EventKind, Person, Refusal, Role, ServerFrame, SharedFrame, Status};

use crate::session::{Reply, SessionCell};

use super::ConversationState;
use super::batch::Prepared;
use super::message::Envelope;

/// A committed batch as sessions and inboxes see it: one, shared by all of them.
#[derive(Debug)]
pub(crate) struct Commit {
    pub conversation: ConversationId,
    /// In order of `seq`.
    pub events: Vec<SharedEvent>,
    /// The conversation after it, for lists.
    pub after: Arc<Conversation>,
    pub before: Before,
    pub cause: Cause,
}

/// One event, encoded at most once for each format and side.
#[derive(Debug)]
pub(crate) struct SharedEvent {
    pub seq: u64,
    /// As managers see it.
    pub staff: Arc<SharedFrame>,
    /// As the visitor sees it; mostly the same frame.
    pub visitor: Arc<SharedFrame>,
}

impl SharedEvent {
    fn new(event: &Event) -> Self {
        let staff = SharedFrame::new(ServerFrame::Event(event.clone()));
        let visitor = if event.kind.is_for_staff_only() {
            SharedFrame::new(ServerFrame::Event(event.for_visitor()))
        } else {
            Arc::clone(&staff)
        };
        Self { seq: event.seq, staff, visitor }
    }
}

/// Where the conversation stood before a batch: a manager's inbox that had it may have to let it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub existed: bool,
    pub status: Status,
    pub manager: Option<PersonId>,
    pub visitor: Option<PersonId>,
}

impl Before {
    pub fn of(conversation: &Conversation) -> Self {
        Self {
            existed: conversation.exists(),
            status: conversation.status,
            manager: conversation.manager.as_ref().map(|m| m.id),
            visitor: conversation.visitor.as_ref().map(|v| v.id),
        }
    }
}

/// What a commit was about, as far as lists are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Something happened: every list that shows the conversation changes.
    Events,
    /// Only these people's cursors moved: only their own lists change.
    Cursors(BTreeSet<PersonId>),
}

/// Answers that are due, by whose session they go to.
type Replies = HashMap<PersonId, (Arc<SessionCell>, Vec<Reply>)>;

impl ConversationState {
    /// Answers a committed batch and tells everybody: first the sessions (answers and events in one message, so that they
    /// never overtake each other), then the inboxes, then the tail. Done again by a successor, it does no harm: answers go
    /// out once, and sessions drop events that they have seen.
    pub(super) async fn tell(&mut self, prepared: &Prepared) {
        let commit = Arc::new(Commit {
            conversation: self.cell.id,
            events: prepared.events.iter().map(SharedEvent::new).collect(),
            after: Arc::clone(&prepared.after),
            before: prepared.before,
            cause: prepared.cause.clone(),
        });
        let mut replies = Replies::new();
        for (envelope, outcome) in prepared.envelopes.iter().zip(&prepared.outcomes) {
            if let Some((session, reply)) = envelope.reply(outcome.clone()) {
                let entry =
                    replies.entry(session.person).or_insert_with(|| (Arc::clone(session), Vec::new()));
                entry.1.push(reply);
            }
        }
        self.distribute(&commit, replies);
        for (kind, by, seq) in &prepared.receipts {
            self.signal(*kind, by, Some(*seq), None);
        }
        self.directory.append_to_tail(self.cell.id, &prepared.events).await;
        *self.cell.told.lock() = Some(Arc::clone(&prepared.after));
        self.look_after_managers(prepared);
    }

    /// Tells of what is stored and nobody was told of: a commit whose outcome was unknown had come through, or somebody
    /// else has written. `conversation` is as it was just loaded; the first time, nobody is owed anything older.
    pub(super) async fn tell_untold(&self, conversation: &Conversation) -> Result<(), Refusal> {
        let now = Arc::new(conversation.projection());
        let told = self.cell.told.lock().clone();
        if let Some(told) = told {
            let events = self.record.events(self.cell.id, told.last_seq, now.last_seq).await?;
            let moved =
                now.participants.iter().filter(|(who, part)| told.participants.get(who) != Some(part));
            let moved: BTreeSet<PersonId> = moved.map(|(who, _)| *who).collect();
            if !events.is_empty() || !moved.is_empty() {
                let cause = if events.is_empty() { Cause::Cursors(moved) } else { Cause::Events };
                let commit = Commit {
                    conversation: self.cell.id,
                    events: events.iter().map(SharedEvent::new).collect(),
                    after: Arc::clone(&now),
                    before: Before::of(&told),
                    cause,
                };
                self.distribute(&Arc::new(commit), Replies::new());
                self.directory.append_to_tail(self.cell.id, &events).await;
            }
        }
        *self.cell.told.lock() = Some(now);
        Ok(())
    }

    /// To the sessions, with the answers that are due there, and to the inboxes.
    fn distribute(&self, commit: &Arc<Commit>, mut replies: Replies) {
        self.to_readers(&commit.after, Some(commit.before), |session, own| {
            let due = replies.remove(&session.person).map(|(_, replies)| replies).unwrap_or_default();
            session.committed(Arc::clone(commit), due, own);
        });
        // Whoever gave a command and follows nothing here still gets the answer.
        for (session, replies) in replies.into_values() {
            replies.into_iter().for_each(|reply| session.reply(reply));
        }
        fail::fail_point!(format!("tell/{}", self.cell.id).as_str());
        for inbox in &self.directory.inboxes {
            inbox.committed(commit);
        }
    }

    /// What follows from a change of hands, aside and without anybody waiting: it is put on record; and a conversation
    /// that was reopened for somebody who is no manager any more waits for all.
    fn look_after_managers(&self, prepared: &Prepared) {
        let transferred = prepared.events.iter().find_map(|event| match &event.kind {
            EventKind::Transferred { from, to } => Some((from.id, to.id)),
            _ => None,
        });
        let reopened = prepared.events.iter().any(|event| matches!(event.kind, EventKind::Reopened { .. }));
        let manager =
            prepared.after.manager.clone().filter(|_| reopened && prepared.after.status == Status::Claimed);
        if transferred.is_none() && manager.is_none() {
            return;
        }
        let (directory, id) = (Arc::clone(&self.directory), self.cell.id);
        tokio::spawn(async move {
            let people = &directory.foundation.people;
            if let Some((from, to)) = transferred {
                people.transferred(id, from, to).await;
            }
            if let Some(manager) = manager
                && matches!(people.staff(manager.id).await, Ok(None))
            {
                let by = Person { role: Role::Manager, ..manager };
                let (envelope, _) = Envelope::for_caller(by, Command::Release);
                directory.command(id, envelope);
            }
        });
    }

    /// Goes to the sessions here that follow the conversation, each with whether it is their person's own: its visitor's,
    /// its manager's (also of the one who has just lost it) and those that watch. Of the latter only the connections that
    /// watch it get its events.
    pub(super) fn to_readers(
        &self,
        conversation: &Conversation,
        before: Option<Before>,
        mut tell: impl FnMut(&Arc<SessionCell>, bool),
    ) {
        let now = [conversation.visitor.as_ref(), conversation.manager.as_ref()].map(|p| p.map(|p| p.id));
        let then = before.map_or([None, None], |before| [before.visitor, before.manager]);
        let people = [now, then].concat();
        for (n, person) in people.iter().enumerate() {
            if let Some(person) = person
                && !people[..n].contains(&Some(*person))
                && let Some(session) = self.directory.session_here(*person)
            {
                tell(&session, true);
            }
        }
        for (person, session) in self.cell.watchers.lock().iter() {
            if !people.contains(&Some(*person)) {
                tell(session, false);
            }
        }
    }
}
