//! Who acts: the router, and under its supervision a session actor per connected person, a conversation actor per
//! conversation in use, an inbox actor per connected manager.
//!
//! In reading order: [`house`](House) and [`connection`](Connection) (what the edges may ask and hold), `lane` (where an
//! actor's messages are), `directory` and `router` (who is here, and who starts it again), `log` (stored events, out of
//! tail and database), `conversation`, `session`, `inbox`, and [`outbox`] (the way out).

mod connection;
mod conversation;
mod directory;
mod history;
mod house;
mod inbox;
mod lane;
mod log;
pub mod outbox;
mod person_stream;
mod router;
mod session;

pub use connection::{Connection, Introduction};
pub use house::{Behaviour, Census, Foundation, House, OpenToken, People, RestartPolicy};
