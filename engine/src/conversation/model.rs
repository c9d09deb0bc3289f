//! The conversation as naively as it can be said: a list of events and a recount. What the state machine must agree with.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Key, PersonId};
use crate::protocol::{Code, Cursor, Event, EventKind, Person, Role, Status};

use super::{Command, Decision, Rules};

/// What a command came to, without the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The kinds of its events.
    Events(Vec<&'static str>),
    /// The answer of before.
    Repeated(u64),
    /// Where the cursor stands.
    Cursor(Cursor),
    /// The visitor has an account.
    Adopted,
    /// The code, and who has the conversation.
    Refused(Code, Option<PersonId>),
}

impl Outcome {
    /// What was decided, in these terms.
    pub fn of(decided: &Result<Decision, crate::protocol::Refusal>) -> Self {
        match decided {
            Ok(Decision::Events { events, answer }) => {
                assert_eq!(*answer, events.len() - 1);
                Self::Events(events.iter().map(EventKind::name).collect())
            }
            Ok(Decision::Repeated { seq }) => Self::Repeated(*seq),
            Ok(Decision::Cursor { cursor }) => Self::Cursor(*cursor),
            Ok(Decision::Adopted) => Self::Adopted,
            Err(refusal) => Self::Refused(refusal.code, refusal.manager.as_ref().map(|manager| manager.id)),
        }
    }
}

/// Everything that happened, and where everybody's cursor stands.
#[derive(Debug, Default)]
pub struct Model {
    /// The log.
    pub log: Vec<Event>,
    /// Who asks.
    pub visitor: Option<PersonId>,
    /// Who the account was.
    pub former_guest: Option<PersonId>,
    /// After how many events the account came.
    pub adopted_at: Option<usize>,
    /// Cursors that were ever moved.
    pub cursors: BTreeMap<PersonId, Cursor>,
}

impl Model {
    /// The status and the manager, by going through the log.
    pub fn standing(&self) -> (Status, Option<PersonId>) {
        let mut standing = (Status::Waiting, None);
        for event in &self.log {
            standing = match &event.kind {
                EventKind::Claimed { manager: now } | EventKind::Transferred { to: now, .. } => {
                    (Status::Claimed, Some(now.id))
                }
                EventKind::Released { .. } => (Status::Waiting, None),
                EventKind::Resolved { .. } => (Status::Resolved, standing.1),
                EventKind::Reopened { .. } if standing.1.is_some() => (Status::Claimed, standing.1),
                EventKind::Reopened { .. } => (Status::Waiting, None),
                _ => standing,
            };
        }
        standing
    }

    /// Messages by others past this place, by counting.
    pub fn recount(&self, person: PersonId, read_seq: u64) -> u64 {
        let past = self.log.iter().filter(|event| event.seq > read_seq);
        past.filter(|event| match &event.kind {
            EventKind::Message { author, .. } => !self.is_self(person, author.id),
            _ => false,
        })
        .count() as u64
    }

    /// Where the person's read cursor stands.
    pub fn read(&self, person: PersonId) -> u64 {
        self.cursors.get(&person).map_or(0, |cursor| cursor.read)
    }

    /// Whether the author of then is this person of now.
    pub fn is_self(&self, person: PersonId, author: PersonId) -> bool {
        author == person || (self.visitor == Some(person) && self.former_guest == Some(author))
    }

    /// The event under the person's key, in the whole log: what the database would answer.
    pub fn keyed(&self, person: PersonId, key: &Key) -> Option<&Event> {
        let of = |owner: PersonId| {
            let mut keyed = self.log.iter();
            keyed.find(|event| keyed_parts(event).is_some_and(|(author, k)| (author, k) == (owner, key)))
        };
        of(person).or_else(|| self.former_guest.filter(|_| self.visitor == Some(person)).and_then(of))
    }

    /// Whether the event is among those whose keys a state must remember.
    pub fn is_remembered(&self, event: &Event, rules: &Rules) -> bool {
        let newer = self.log.iter().filter(|e| e.seq > event.seq && keyed_parts(e).is_some());
        event.seq == 2 || newer.count() < rules.remembered_keys
    }

    /// What a command has to come to, given a memory without end.
    pub fn expected(&self, by: &Person, command: &Command, rules: &Rules) -> Outcome {
        let refused = |code| Outcome::Refused(code, None);
        let exists = !self.log.is_empty();
        let (status, manager) = self.standing();
        let (asks, has) = (self.visitor == Some(by.id), manager == Some(by.id));
        let staff = by.role.is_staff() && !asks;
        let admin = by.role == Role::Admin;
        let head = Outcome::Repeated(self.log.len() as u64);
        let taken = Outcome::Refused(Code::Conflict, manager);
        if let Command::Adopt { guest } = command {
            let account_of_guest = matches!((by.id, guest), (PersonId::User(_), PersonId::Guest(_)));
            return match (account_of_guest, asks && self.former_guest == Some(*guest)) {
                (true, true) => head,
                (true, false) if self.visitor == Some(*guest) => Outcome::Adopted,
                _ => refused(Code::NotFound),
            };
        }
        let visible =
            if exists { asks || by.role.is_staff() } else { matches!(command, Command::Open { .. }) };
        if !visible {
            return refused(Code::NotFound);
        }
        if let Command::Send { attachments, .. } = command
            && !attachments.is_empty()
        {
            return refused(Code::Invalid);
        }
        if let Some((key, ..)) = spoken(command)
            && let Some(before) = self.keyed(by.id, key)
        {
            return self.repeated(before, command);
        }
        let may = match command {
            Command::Note { .. } | Command::Claim { .. } => staff,
            Command::Release | Command::Transfer { .. } => staff || has,
            _ => true,
        };
        if !may {
            return refused(Code::Forbidden);
        }
        if exists && matches!(command, Command::Open { .. }) {
            return refused(Code::Conflict);
        }
        if let Some((_, body)) = spoken(command) {
            if body.chars().count() > rules.body_chars {
                return refused(Code::TooLarge);
            }
            if body.chars().all(char::is_whitespace) || body.contains('\0') {
                return refused(Code::Invalid);
            }
        }
        match (command, status) {
            (Command::Open { .. }, _) => Outcome::Events(vec!["opened", "message"]),
            (Command::Send { .. }, Status::Resolved) if asks || has => {
                Outcome::Events(vec!["reopened", "message"])
            }
            (Command::Send { .. }, _) if asks || has => Outcome::Events(vec!["message"]),
            (Command::Send { .. }, Status::Waiting) => Outcome::Events(vec!["claimed", "message"]),
            (Command::Send { .. }, Status::Resolved) if manager.is_none() => {
                Outcome::Events(vec!["reopened", "claimed", "message"])
            }
            (Command::Send { .. }, _) => taken,
            (Command::Note { .. }, _) => Outcome::Events(vec!["note"]),
            (Command::Claim { .. }, Status::Waiting) => Outcome::Events(vec!["claimed"]),
            (Command::Claim { .. }, Status::Claimed) if has => head,
            (Command::Claim { take_over: true }, Status::Claimed) => Outcome::Events(vec!["transferred"]),
            (Command::Claim { .. }, Status::Claimed) => taken,
            (Command::Release, Status::Claimed) if has || admin => Outcome::Events(vec!["released"]),
            (Command::Transfer { to }, Status::Claimed) if has || admin => {
                let possible = to.role.is_staff() && self.visitor != Some(to.id) && manager != Some(to.id);
                if possible { Outcome::Events(vec!["transferred"]) } else { refused(Code::Invalid) }
            }
            (Command::Release | Command::Transfer { .. }, Status::Claimed) => taken,
            (Command::Claim { .. } | Command::Release | Command::Transfer { .. }, _) => {
                refused(Code::Conflict)
            }
            (Command::Resolve, Status::Resolved) | (Command::Reopen, Status::Waiting | Status::Claimed) => {
                head
            }
            (Command::Resolve, Status::Claimed) if !(asks || has || admin) => taken,
            (Command::Resolve, _) => Outcome::Events(vec!["resolved"]),
            (Command::Reopen, _) if asks || has || manager.is_none() => Outcome::Events(vec!["reopened"]),
            (Command::Reopen, _) => taken,
            (Command::Read { seq } | Command::Delivered { seq }, _) if *seq > self.log.len() as u64 => {
                refused(Code::Invalid)
            }
            (Command::Read { seq } | Command::Delivered { seq }, _) => {
                let now = self.cursors.get(&by.id).copied().unwrap_or_default();
                let read =
                    if matches!(command, Command::Read { .. }) { now.read.max(*seq) } else { now.read };
                Outcome::Cursor(Cursor { delivered: now.delivered.max(*seq), read })
            }
            (Command::Adopt { .. }, _) => unreachable!("answered above"),
        }
    }

    /// The answer to a key that stands in the log: from the database's referee, or from memory.
    pub fn repeated(&self, before: &Event, command: &Command) -> Outcome {
        let same = match (&before.kind, command) {
            (EventKind::Message { body, .. }, Command::Open { body: again, subject, .. }) => {
                let EventKind::Opened { subject: then, .. } = &self.log[0].kind else { unreachable!() };
                let subject = subject.as_deref().map(str::trim).filter(|s| !s.is_empty());
                before.seq == 2 && body == again && then.as_deref() == subject
            }
            (EventKind::Message { body, .. }, Command::Send { body: again, .. }) => {
                before.seq != 2 && body == again
            }
            (EventKind::Note { body, .. }, Command::Note { body: again, .. }) => body == again,
            _ => false,
        };
        if same { Outcome::Repeated(before.seq) } else { Outcome::Refused(Code::Conflict, None) }
    }

    /// What must be true of any log, however it came about.
    pub fn check_log(&self) {
        let askers = [self.visitor, self.former_guest];
        let mut now: (Status, Option<PersonId>) = (Status::Waiting, None);
        let mut keys = BTreeSet::new();
        for (event, seq) in self.log.iter().zip(1..) {
            assert_eq!(event.seq, seq, "a gap");
            if let Some((author, key)) = keyed_parts(event) {
                assert!(keys.insert((author, key)), "one key, two events");
            }
            now = match (&event.kind, now) {
                (EventKind::Opened { visitor, .. }, _) if seq == 1 && askers.contains(&Some(visitor.id)) => {
                    now
                }
                (EventKind::Message { author, .. }, (status, manager)) => {
                    assert_ne!(status, Status::Resolved, "a message without reopening");
                    assert!(
                        askers.contains(&Some(author.id)) || manager == Some(author.id),
                        "two managers answer"
                    );
                    now
                }
                (EventKind::Note { author, .. }, _) if author.role.is_staff() => now,
                (EventKind::Claimed { manager }, (Status::Waiting, None)) if manager.role.is_staff() => {
                    (Status::Claimed, Some(manager.id))
                }
                (EventKind::Released { manager }, (Status::Claimed, Some(has))) if manager.id == has => {
                    (Status::Waiting, None)
                }
                (EventKind::Transferred { from, to }, (Status::Claimed, Some(has)))
                    if from.id == has && to.id != has && to.role.is_staff() =>
                {
                    (Status::Claimed, Some(to.id))
                }
                (EventKind::Resolved { .. }, (Status::Waiting | Status::Claimed, has)) => {
                    (Status::Resolved, has)
                }
                (EventKind::Reopened { .. }, (Status::Resolved, None)) => (Status::Waiting, None),
                (EventKind::Reopened { .. }, (Status::Resolved, has)) => (Status::Claimed, has),
                (kind, now) => panic!("{kind:?} as event {seq} while {now:?}"),
            };
        }
    }
}

/// Author and key of an event that has them.
pub fn keyed_parts(event: &Event) -> Option<(PersonId, &Key)> {
    match &event.kind {
        EventKind::Message { author, key, .. } | EventKind::Note { author, key, .. } => {
            Some((author.id, key))
        }
        _ => None,
    }
}

/// Key and body of a command that has them.
pub fn spoken(command: &Command) -> Option<(&Key, &str)> {
    match command {
        Command::Open { key, body, .. } | Command::Send { key, body, .. } | Command::Note { key, body } => {
            Some((key, body))
        }
        _ => None,
    }
}
