//! The conversation as a pure state machine: [`decide`] says what a command would change, [`State::apply`] changes it.
//! No I/O, no clock of its own: the same history always gives the same state.

mod apply;
mod command;
mod decide;
mod state;

#[cfg(test)]
mod model_tests;

pub use command::{Command, Rules};
pub use decide::{Decision, decide};
pub use state::{Participant, Recorded, State, content_digest};
