//! How events, cursors and an adoption change the state.

use crate::clock::Timestamp;
use crate::ids::{PersonId, StreamName};
use crate::protocol::{Cursor, Event, EventKind, LastMessage, Person, Status};

use super::{Participant, Recorded, Rules, State, content_digest};

/// The place of the question: `opened` is the first event, the question the second.
const QUESTION_SEQ: u64 = 2;

impl State {
    /// What was decided, as the events that follow the head: numbered without a gap, all accepted at `at`.
    pub fn number(&self, kinds: Vec<EventKind>, at: Timestamp) -> Vec<Event> {
        let stream = StreamName::Conversation(self.id);
        let numbered = (self.last_seq + 1..).zip(kinds);
        numbered.map(|(seq, kind)| Event { stream, seq, at, kind }).collect()
    }

    /// Takes the next event. Total: any event of this stream with the number after the head is taken.
    pub fn apply(&mut self, event: &Event, rules: &Rules) {
        debug_assert_eq!(event.seq, self.last_seq + 1, "events are applied in order, without a gap");
        self.last_seq = event.seq;
        self.updated_at = event.at;
        match &event.kind {
            EventKind::Opened { subject, visitor } => {
                self.subject.clone_from(subject);
                self.opened_at = event.at;
                self.participant(visitor.id);
                self.visitor = Some(visitor.clone());
                self.stand(Status::Waiting, event.at);
            }
            EventKind::Message { author, body, .. } => self.count_message(event, author, body),
            EventKind::Claimed { manager } | EventKind::Transferred { to: manager, .. } => {
                self.participant(manager.id);
                self.manager = Some(manager.clone());
                self.stand(Status::Claimed, event.at);
            }
            EventKind::Released { .. } => {
                self.manager = None;
                self.stand(Status::Waiting, event.at);
            }
            EventKind::Resolved { .. } => self.stand(Status::Resolved, event.at),
            EventKind::Reopened { .. } if self.manager.is_some() => self.stand(Status::Claimed, event.at),
            EventKind::Reopened { .. } => self.stand(Status::Waiting, event.at),
            EventKind::Note { .. }
            | EventKind::Hidden
            | EventKind::Upsert { .. }
            | EventKind::Remove { .. }
            | EventKind::SignedOut { .. } => {}
        }
        self.remember(event, rules);
    }

    /// Takes from an event only what [`State::recorded`] and [`State::unread_at`] need, without counting it. For a state
    /// that was loaded from its projection row: feed it the newest stored events up to its head, oldest first, each once.
    pub fn remember(&mut self, event: &Event, rules: &Rules) {
        let (author, key, kind, body) = match &event.kind {
            EventKind::Message { author, key, body, .. } if event.seq == QUESTION_SEQ => {
                (author, key, "open", body)
            }
            EventKind::Message { author, key, body, .. } => (author, key, "send", body),
            EventKind::Note { author, key, body } => (author, key, "note", body),
            _ => return,
        };
        let subject = self.subject.as_deref().filter(|_| event.seq == QUESTION_SEQ);
        self.recorded.push_back(Recorded {
            seq: event.seq,
            author: author.id,
            key: key.clone(),
            digest: content_digest(kind, subject, body),
            is_message: kind != "note",
        });
        while self.recorded.len() > rules.remembered_keys {
            let forgotten = self.recorded.pop_front();
            if forgotten.as_ref().is_some_and(|oldest| oldest.seq == QUESTION_SEQ) {
                self.opening = forgotten;
            }
        }
    }

    /// Whose rows an event changed, to be asked of the state after it: a message is unread to some and written by one, and
    /// a manager becomes a participant. Cursors and adoptions come on top.
    pub fn changed_by(&self, event: &Event) -> Vec<PersonId> {
        match &event.kind {
            EventKind::Message { .. } => self.participants.keys().copied().collect(),
            EventKind::Opened { visitor: person, .. }
            | EventKind::Claimed { manager: person }
            | EventKind::Transferred { to: person, .. } => vec![person.id],
            _ => Vec::new(),
        }
    }

    /// Moves a person's cursor forward, never back. `unread` is the exact number of messages of others past `cursor.read`
    /// at this head: [`State::unread_at`], or where that cannot tell, the database.
    pub fn apply_cursor(&mut self, person: PersonId, cursor: Cursor, unread: u64) {
        let part = self.participant(person);
        if cursor.read >= part.cursor.read {
            part.unread = unread;
        }
        part.cursor.read = part.cursor.read.max(cursor.read);
        part.cursor.delivered = part.cursor.delivered.max(cursor.delivered);
    }

    /// Gives the conversation of a guest to the account that the guest signed in to. What the guest had written and read
    /// is the account's from now on; the guest's part is gone.
    ///
    /// Answers whether the account's unread count is exact. It is not when the account had taken part itself before (staff
    /// who asked as a guest), further back than the state remembers: then count in the database and pass the number to
    /// [`State::apply_cursor`].
    #[must_use = "an account that took part itself may have to be recounted"]
    pub fn adopt(&mut self, account: Person) -> bool {
        let id = account.id;
        let Some(guest) = self.visitor.replace(account).map(|visitor| visitor.id) else {
            return true;
        };
        self.former_guest = Some(guest);
        let of_guest = self.participants.remove(&guest).unwrap_or_default();
        let Some(of_account) = self.participants.insert(id, of_guest) else {
            return true;
        };
        let read = of_guest.cursor.read.max(of_account.cursor.read);
        let counted = self.count_unread(id, read);
        let merged = Participant {
            cursor: Cursor { delivered: of_guest.cursor.delivered.max(of_account.cursor.delivered), read },
            written: of_guest.written + of_account.written,
            unread: counted.unwrap_or_else(|| of_guest.unread.min(of_account.unread)),
        };
        self.participants.insert(id, merged);
        counted.is_some()
    }

    /// Everybody else has one more to read. The author's cursors stay: own messages never count as unread, so that only
    /// reading what others wrote moves them.
    fn count_message(&mut self, event: &Event, author: &Person, body: &str) {
        let author_id = self.now_known_as(author.id);
        self.participant(author_id);
        for (person, part) in &mut self.participants {
            if *person == author_id { part.written += 1 } else { part.unread += 1 }
        }
        self.messages += 1;
        self.last_message = Some(LastMessage {
            seq: event.seq,
            at: event.at,
            author: author.clone(),
            body: body.chars().take(LastMessage::PREVIEW_CHARS).collect(),
        });
    }

    /// The person's part; somebody new has read and written nothing.
    fn participant(&mut self, person: PersonId) -> &mut Participant {
        let newcomer = Participant { unread: self.messages, ..Participant::default() };
        self.participants.entry(person).or_insert(newcomer)
    }

    fn stand(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        self.waiting_since = (status == Status::Waiting).then_some(at);
    }
}
