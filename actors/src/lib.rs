//! Who acts: the router, and under its supervision a session actor per connected person, a conversation actor per
//! conversation in use, an inbox actor per connected manager.

mod house;
pub mod outbox;

pub use house::{Behaviour, Census, Connection, Foundation, House, Introduction, People, RestartPolicy};
