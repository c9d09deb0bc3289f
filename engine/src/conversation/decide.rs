//! What a command would change, or why it may not.

use crate::clock::Timestamp;
use crate::protocol::{EventKind, Person, Refusal};

use super::{Command, Rules, State};

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// These events, in this order, numbered from the head on. The answer bears the number of `events[answer]`.
    Events {
        /// What happens.
        events: Vec<EventKind>,
        /// Which of them is the command's own: the last one that bears its key, or the last of all.
        answer: usize,
    },
    /// The command was carried out before, under the same key or with the same effect: the answer of then.
    Repeated {
        /// The event of then.
        seq: u64,
    },
    /// A cursor moves (or stands still, if it is already there): no event, but state.
    Cursor {
        /// The cursor after it.
        cursor: crate::protocol::Cursor,
    },
    /// The conversation goes from its guest to the account.
    Adopted,
}

/// Decides one command against the state. Pure: nothing changes until the journal has committed and the state applies.
///
/// # Errors
/// The refusal that the sender gets; nobody else gets anything.
pub fn decide(
    _state: &State,
    _by: &Person,
    _command: &Command,
    _now: Timestamp,
    _rules: &Rules,
) -> Result<Decision, Refusal> {
    unimplemented!("the conversation helper")
}
