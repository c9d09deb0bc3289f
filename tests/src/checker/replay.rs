//! What the stored log of each conversation amounts to, worked out again without the server's own state machine.

use std::collections::BTreeMap;

use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::{Event, EventKind, Person, Status};

use super::log::RunLog;

/// A conversation after one of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Where it stands.
    pub status: Status,
    /// Whose it is. It stays its manager's when it is resolved, and is theirs again when it is reopened.
    pub manager: Option<PersonId>,
    /// The number of the newest message.
    pub last_message: Option<u64>,
}

/// One conversation, replayed.
#[derive(Debug)]
pub struct Thread<'a> {
    /// The stored events, the one numbered n at n − 1.
    pub events: &'a [Event],
    /// The state after each of them.
    pub points: Vec<Point>,
    /// Who asked, as an account where the guest became one.
    pub visitor: Option<PersonId>,
}

/// All conversations of a run, replayed.
#[derive(Debug)]
pub struct Replay<'a> {
    /// By id.
    pub threads: BTreeMap<ConversationId, Thread<'a>>,
    accounts: &'a BTreeMap<PersonId, PersonId>,
}

impl<'a> Replay<'a> {
    /// Replays every stored conversation.
    pub fn of(run: &'a RunLog) -> Self {
        let mut replay = Self { threads: BTreeMap::new(), accounts: &run.accounts };
        for (id, events) in &run.stored {
            let visitor = events.iter().find_map(|e| match &e.kind {
                EventKind::Opened { visitor, .. } => Some(replay.now(visitor.id)),
                _ => None,
            });
            let mut point = Point { status: Status::Waiting, manager: None, last_message: None };
            let points = events.iter().map(|event| {
                point = after(point, event);
                point
            });
            replay.threads.insert(*id, Thread { events, points: points.collect(), visitor });
        }
        replay
    }

    /// The person as they are at the end: a former guest is its account.
    pub fn now(&self, person: PersonId) -> PersonId {
        self.accounts.get(&person).copied().unwrap_or(person)
    }

    /// Whether two ids are one person at the end.
    pub fn same(&self, a: PersonId, b: PersonId) -> bool {
        self.now(a) == self.now(b)
    }

    /// Whether the person may read the conversation. One that is not stored is nobody's secret; that it was shown all the
    /// same is found elsewhere.
    pub fn may_read(&self, person: &Person, id: ConversationId) -> bool {
        person.role.is_staff() || self.threads.get(&id).is_none_or(|t| t.visitor == Some(self.now(person.id)))
    }

    /// How many messages of others stand past `read`, up to and including `head`.
    pub fn unread(&self, person: PersonId, thread: &Thread<'_>, read: u64, head: u64) -> u64 {
        let of_others = |e: &&Event| match &e.kind {
            EventKind::Message { author, .. } => !self.same(author.id, person),
            _ => false,
        };
        thread.events.iter().filter(|e| e.seq > read && e.seq <= head).filter(of_others).count() as u64
    }
}

impl Thread<'_> {
    /// The number of the newest event.
    pub fn head(&self) -> u64 {
        self.events.len() as u64
    }

    /// The event with this number.
    pub fn event(&self, seq: u64) -> Option<&Event> {
        self.events.get(usize::try_from(seq).ok()?.checked_sub(1)?)
    }

    /// The state after the event with this number.
    pub fn point(&self, seq: u64) -> Option<&Point> {
        self.points.get(usize::try_from(seq).ok()?.checked_sub(1)?)
    }

    /// Whether the manager has it after the event with this number. While it is resolved nobody does: the contract does
    /// not say whether its events flow to its manager then.
    pub fn owned(&self, manager: PersonId, seq: u64) -> bool {
        self.point(seq).is_some_and(|p| p.manager == Some(manager) && p.status == Status::Claimed)
    }

    /// Whether the event belongs to a manager's own time in this conversation: from the event that made it theirs to the
    /// one that ended it.
    pub fn within_ownership(&self, manager: PersonId, seq: u64) -> bool {
        self.owned(manager, seq) || (seq > 1 && self.owned(manager, seq - 1))
    }

    /// How many events in a row up to this one belong to the manager's time.
    pub fn owned_up_to(&self, manager: PersonId, seq: u64) -> u64 {
        (1..=seq).rev().take_while(|n| self.owned(manager, *n)).count() as u64
    }

    /// Who has it at the end.
    pub fn holder(&self) -> Option<PersonId> {
        self.points.last().filter(|p| p.status == Status::Claimed).and_then(|p| p.manager)
    }
}

fn after(before: Point, event: &Event) -> Point {
    let mut point = before;
    match &event.kind {
        EventKind::Opened { .. } => point.status = Status::Waiting,
        EventKind::Message { .. } => point.last_message = Some(event.seq),
        EventKind::Claimed { manager } => (point.status, point.manager) = (Status::Claimed, Some(manager.id)),
        EventKind::Transferred { to, .. } => (point.status, point.manager) = (Status::Claimed, Some(to.id)),
        EventKind::Resolved { .. } => point.status = Status::Resolved,
        EventKind::Released { .. } => (point.status, point.manager) = (Status::Waiting, None),
        EventKind::Reopened { .. } => {
            point.status = if point.manager.is_some() { Status::Claimed } else { Status::Waiting };
        }
        EventKind::Note { .. }
        | EventKind::Hidden
        | EventKind::Upsert { .. }
        | EventKind::Remove { .. }
        | EventKind::SignedOut { .. } => {}
    }
    point
}
