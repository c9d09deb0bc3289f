//! What a conversation amounts to after its events so far.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::ids::{ConversationId, Key, PersonId};
use crate::protocol::{Cursor, LastMessage, Person, Status, Summary};

/// The state of one conversation. Without an `opened` event yet, it does not exist for anybody ([`State::exists`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Which conversation.
    pub id: ConversationId,
    /// What it is about.
    pub subject: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Who asked; `None` only before `opened`.
    pub visitor: Option<Person>,
    /// The guest that the visitor was when asking, once an account has adopted the conversation. What it wrote counts
    /// as the visitor's own, and its keys as the visitor's keys.
    pub former_guest: Option<PersonId>,
    /// Who has it; once it is resolved, who had it then: reopened, it goes back to them.
    pub manager: Option<Person>,
    /// The head of the stream.
    pub last_seq: u64,
    /// How many messages there are.
    pub messages: u64,
    /// The newest message.
    pub last_message: Option<LastMessage>,
    /// Since when it has been waiting, while it does.
    pub waiting_since: Option<Timestamp>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its newest event happened.
    pub updated_at: Timestamp,
    /// Everybody who has asked, written a message, had it, or moved a cursor here. A note alone makes nobody a participant.
    pub participants: BTreeMap<PersonId, Participant>,
    /// The newest events that bear a key, oldest first, at most [`Rules::remembered_keys`](super::Rules): the first line of
    /// idempotency (the database's unique key is the last), and what unread counts are derived from without the database.
    pub(super) recorded: VecDeque<Recorded>,
    /// The question's key, once `recorded` has let go of it: an `open` cannot be decided by the database's unique key,
    /// because there is no second event that it would refuse.
    pub(super) opening: Option<Recorded>,
}

/// One person's part in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Participant {
    /// How far the person has come.
    pub cursor: Cursor,
    /// How many messages the person has written.
    pub written: u64,
    /// Messages of others past the read cursor.
    pub unread: u64,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The event that it became.
    pub seq: u64,
    /// Who wrote it, by the id of then.
    pub author: PersonId,
    /// The author's key.
    pub key: Key,
    /// What it said, by [`content_digest`].
    pub digest: [u8; 16],
    /// Whether it is a message; else it is a note, which no unread count counts.
    pub is_message: bool,
}

impl State {
    /// A conversation in which nothing has happened yet.
    pub fn empty(id: ConversationId) -> Self {
        Self {
            id,
            subject: None,
            status: Status::Waiting,
            visitor: None,
            former_guest: None,
            manager: None,
            last_seq: 0,
            messages: 0,
            last_message: None,
            waiting_since: None,
            opened_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            participants: BTreeMap::new(),
            recorded: VecDeque::new(),
            opening: None,
        }
    }

    /// Whether it was ever opened.
    pub fn exists(&self) -> bool {
        self.visitor.is_some()
    }

    /// Whether the person may read it: its visitor, and everybody on the panel's side.
    pub fn may_read(&self, person: &Person) -> bool {
        self.is_visitor(person.id) || (self.exists() && person.role.is_staff())
    }

    /// Whether this is who asked. Staff who ask are visitors of their own conversation, whatever their role.
    pub fn is_visitor(&self, person: PersonId) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.id == person)
    }

    /// Whether this is who has it, or had it when it was resolved.
    pub fn is_manager(&self, person: PersonId) -> bool {
        self.manager.as_ref().is_some_and(|manager| manager.id == person)
    }

    /// What became of the person's key, if it is among those remembered. `None` is no promise that it was never used: the
    /// database knows the older ones.
    pub fn recorded(&self, person: PersonId, key: &Key) -> Option<&Recorded> {
        let of = |owner: PersonId| {
            let mut all = self.recorded.iter().rev().chain(&self.opening);
            all.find(|recorded| recorded.author == owner && recorded.key == *key)
        };
        of(person).or_else(|| self.former_guest.filter(|_| self.is_visitor(person)).and_then(of))
    }

    /// Messages of others past the person's read cursor. Somebody who never took part has read and written nothing.
    pub fn unread(&self, person: PersonId) -> u64 {
        self.participants.get(&person).map_or(self.messages, |p| p.unread)
    }

    /// What [`State::unread`] would be with the read cursor at `read_seq`, where that can be told from what the state
    /// remembers. `None`: count the messages of others past `read_seq` in the database (the visitor's own are also those of
    /// [`State::former_guest`]).
    pub fn unread_at(&self, person: PersonId, read_seq: u64) -> Option<u64> {
        let newcomer = Participant { unread: self.messages, ..Participant::default() };
        let part = self.participants.get(&person).unwrap_or(&newcomer);
        if read_seq == 0 {
            return Some(self.messages - part.written);
        }
        if read_seq == part.cursor.read || (read_seq > part.cursor.read && part.unread == 0) {
            return Some(part.unread);
        }
        self.count_unread(person, read_seq)
    }

    /// The entry of this conversation in the person's lists.
    ///
    /// # Panics
    /// When nothing has been opened: there is nothing to list.
    pub fn summary(&self, reader: PersonId) -> Summary {
        Summary {
            id: self.id,
            subject: self.subject.clone(),
            status: self.status,
            visitor: self.visitor.clone().expect("only opened conversations are listed"),
            manager: self.manager.clone(),
            last_seq: self.last_seq,
            last_message: self.last_message.clone(),
            unread: self.unread(reader),
            cursors: self.participants.iter().map(|(person, p)| (*person, p.cursor)).collect(),
            opened_at: self.opened_at,
            updated_at: self.updated_at,
        }
    }

    /// A copy for the journal and for lists: everything but what is remembered of single events.
    #[must_use]
    pub fn projection(&self) -> Self {
        Self {
            id: self.id,
            subject: self.subject.clone(),
            status: self.status,
            visitor: self.visitor.clone(),
            former_guest: self.former_guest,
            manager: self.manager.clone(),
            last_seq: self.last_seq,
            messages: self.messages,
            last_message: self.last_message.clone(),
            waiting_since: self.waiting_since,
            opened_at: self.opened_at,
            updated_at: self.updated_at,
            participants: self.participants.clone(),
            recorded: VecDeque::new(),
            opening: None,
        }
    }

    /// The messages of others past `read_seq`, counted one by one where all of them are remembered.
    pub(super) fn count_unread(&self, person: PersonId, read_seq: u64) -> Option<u64> {
        let mut remembered = 0;
        let mut unread = 0;
        for recorded in self.recorded.iter().rev().filter(|recorded| recorded.is_message) {
            if recorded.seq <= read_seq {
                return Some(unread);
            }
            remembered += 1;
            unread += u64::from(self.now_known_as(recorded.author) != person);
        }
        let none_older = self.recorded.front().is_some_and(|oldest| oldest.seq - 1 <= read_seq);
        (none_older || remembered == self.messages || read_seq >= self.last_seq).then_some(unread)
    }

    /// Whose the words of this author are now: the former guest's are the account's.
    pub(super) fn now_known_as(&self, author: PersonId) -> PersonId {
        match &self.visitor {
            Some(visitor) if self.former_guest == Some(author) => visitor.id,
            _ => author,
        }
    }
}

/// What a key stood for, so that a repetition is told from another command under the same key. `kind` is `open`, `send`
/// or `note`.
pub fn content_digest(kind: &str, subject: Option<&str>, body: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in [Some(kind), subject, Some(body)] {
        // The length keeps ("ab", "c") apart from ("a", "bc"); u64::MAX stands for a part that is not there.
        hash.update(part.map_or(u64::MAX, |p| p.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.finalize()[..16]);
    digest
}
