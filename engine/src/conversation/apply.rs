//! How events and cursors change the state.

use crate::ids::PersonId;
use crate::protocol::{Cursor, Event, Person};

use super::{Rules, State};

impl State {
    /// Takes the next event. Total: any event of this stream with the number after the head is taken.
    pub fn apply(&mut self, _event: &Event, _rules: &Rules) {
        unimplemented!("the conversation helper")
    }

    /// Moves a person's cursor forward. `unread_past` counts the messages of others past a read position that lies before
    /// the head.
    pub fn apply_cursor(&mut self, _person: PersonId, _cursor: Cursor, _unread: u64) {
        unimplemented!("the conversation helper")
    }

    /// Gives the conversation of a former guest to the account.
    pub fn adopt(&mut self, _account: Person) {
        unimplemented!("the conversation helper")
    }
}
