//! What Otvet knows, without anybody who acts: ids and time, the wire protocol, the conversation as a pure state
//! machine, the journal (the database, where the truth is), the tails (the newest part of each stream, for speed),
//! identity (Laravel's users and Sanctum tokens).
//!
//! Nothing here knows an actor or a socket.

pub mod clock;
pub mod conversation;
#[cfg(test)]
mod fuzz;
pub mod identity;
pub mod ids;
pub mod journal;
pub mod limits;
pub mod protocol;
pub mod store;
pub mod tail;
