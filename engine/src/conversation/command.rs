//! What can be asked of a conversation.

use crate::ids::{Key, PersonId};
use crate::protocol::{Attachment, Person};

/// A command for one conversation, already authenticated: who gives it stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The visitor opens it with the first question.
    Open {
        /// The idempotency key.
        key: Key,
        /// What it is about.
        subject: Option<String>,
        /// The question.
        body: String,
    },
    /// Its visitor or its manager writes; a manager's message to a waiting one claims it.
    Send {
        /// The idempotency key.
        key: Key,
        /// What.
        body: String,
        /// Files; none are accepted yet.
        attachments: Vec<Attachment>,
    },
    /// A manager writes for managers.
    Note {
        /// The idempotency key.
        key: Key,
        /// What.
        body: String,
    },
    /// A manager takes it.
    Claim {
        /// From another manager, too.
        take_over: bool,
    },
    /// Its manager gives it back.
    Release,
    /// Its manager hands it to another, who was looked up and is a manager.
    Transfer {
        /// To whom.
        to: Person,
    },
    /// Its manager or its visitor says that it is answered.
    Resolve,
    /// Its manager or its visitor wants more.
    Reopen,
    /// A reader has read up to here.
    Read {
        /// Up to and including this event.
        seq: u64,
    },
    /// A reader's device has received up to here.
    Delivered {
        /// Up to and including this event.
        seq: u64,
    },
    /// The guest who asked has an account now: the conversation becomes the account's.
    Adopt {
        /// Who asked.
        guest: PersonId,
    },
}

/// The limits that commands are held against, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The longest body, in characters.
    pub body_chars: usize,
    /// The longest subject, in characters.
    pub subject_chars: usize,
    /// How many of the newest keys a state remembers; older ones are the database's to know.
    pub remembered_keys: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { body_chars: 4000, subject_chars: 200, remembered_keys: 300 }
    }
}
