//! The conversation as a pure state machine: [`decide`] says what a command would change, [`State::apply`] changes it.
//! No I/O, no clock of its own: the same history always gives the same state.
//!
//! A state comes from applying every event, or from its projection row and [`State::remember`] over the newest events.
//! Three things are not events, but rows beside the log: cursors ([`State::apply_cursor`]), the unread counts that follow
//! from them ([`State::unread_at`]), and to whom a guest's conversation went ([`State::adopt`]).

mod apply;
mod command;
mod decide;
mod state;

#[cfg(test)]
mod decide_tests;
#[cfg(test)]
mod model;
#[cfg(test)]
mod model_tests;

pub use command::{Command, Rules};
pub use decide::{Decision, decide};
pub use state::{Participant, Recorded, State, content_digest};
