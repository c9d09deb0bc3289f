//! What a conversation amounts to after its events so far.

use std::collections::{BTreeMap, HashMap, VecDeque};

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
    /// Who has it.
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
    /// Everybody who has written, claimed or read here.
    pub participants: BTreeMap<PersonId, Participant>,
    /// The newest keys and what they stood for: the first line of idempotency, the database's unique key the last.
    pub(super) keys: HashMap<(PersonId, Key), Recorded>,
    /// The same keys in the order of their events, so that the oldest can be forgotten.
    pub(super) key_order: VecDeque<(PersonId, Key)>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The event that it became.
    pub seq: u64,
    /// What it said, by [`content_digest`].
    pub digest: [u8; 16],
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
            keys: HashMap::new(),
            key_order: VecDeque::new(),
        }
    }

    /// Whether it was ever opened.
    pub fn exists(&self) -> bool {
        self.visitor.is_some()
    }

    /// Whether the person may read it: its visitor, and everybody on the panel's side.
    pub fn may_read(&self, person: &Person) -> bool {
        self.visitor.as_ref().is_some_and(|v| v.id == person.id) || (self.exists() && person.role.is_staff())
    }

    /// Messages of others past the person's read cursor. Somebody who never took part has read and written nothing.
    pub fn unread(&self, person: PersonId) -> u64 {
        self.participants.get(&person).map_or(self.messages, |p| p.unread)
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
