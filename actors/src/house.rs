//! The way in: what the edges may ask of the actors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use otvet_engine::clock::SharedClock;
use otvet_engine::conversation::{Command, Rules};
use otvet_engine::ids::{ConversationId, PersonId, Position};
use otvet_engine::journal::Journal;
use otvet_engine::protocol::{self, Answer, CommandId, Limits, Person, Refusal};
use otvet_engine::tail::SharedTail;

use crate::outbox::Outbox;

/// Looks people up: a conversation is handed only to somebody who is on the panel's side.
#[async_trait]
pub trait People: Send + Sync {
    /// The manager or admin with this id, if there is an enabled one.
    async fn staff(&self, id: PersonId) -> Result<Option<Person>, Refusal>;
}

/// What the actors stand on.
#[derive(Clone)]
pub struct Foundation {
    /// The truth.
    pub journal: Journal,
    /// The newest part of each stream.
    pub tail: SharedTail,
    /// Who is who.
    pub people: Arc<dyn People>,
    /// What time it is.
    pub clock: SharedClock,
}

/// How the actors behave.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Told to every client, and kept to.
    pub limits: Limits,
    /// What conversations hold commands against.
    pub rules: Rules,
    /// Told to every client.
    pub heartbeat: Duration,
    /// An actor without anything to do stops after this.
    pub idle_stop: Duration,
    /// How many entries a tail keeps, and so how much a client may have missed.
    pub tail_keep: usize,
    /// How a failing actor is restarted.
    pub restart: RestartPolicy,
}

/// How often a failing actor may be restarted at once, and how long it waits beyond that.
#[derive(Debug, Clone, Copy)]
pub struct RestartPolicy {
    /// So many restarts within the window happen at once.
    pub max_restarts: u32,
    /// The window.
    pub window: Duration,
    /// The first wait beyond that; doubled each time.
    pub backoff_min: Duration,
    /// The longest wait.
    pub backoff_max: Duration,
}

/// A connection that has said a valid `hello`.
pub struct Introduction {
    /// Whose token it was.
    pub person: Person,
    /// Which token: when it is revoked, this connection ends.
    pub token_id: i64,
    /// The `hello`'s id: `ready` bears it.
    pub hello_id: CommandId,
    /// What the client already knows.
    pub positions: BTreeMap<String, Position>,
    /// Where its frames go.
    pub outbox: Arc<Outbox>,
    /// The connection's name in logs and in `ready`.
    pub name: String,
}

/// How many of what there is, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Connections that are joined.
    pub connections: usize,
    /// Session actors.
    pub sessions: usize,
    /// Conversation actors.
    pub conversations: usize,
    /// Inbox actors.
    pub inboxes: usize,
    /// Restarts of actors since the start.
    pub restarts: u64,
    /// Resumes answered out of a tail.
    pub tail_hits: u64,
    /// Resumes for which the database was asked.
    pub tail_misses: u64,
    /// Connections closed because their queue was full.
    pub slow_readers: u64,
}

/// A cheap handle on all actors of this node.
#[derive(Clone)]
pub struct House {}

/// One joined connection. Dropping it leaves.
pub struct Connection {}

impl House {
    /// Starts the router, which supervises everything else.
    pub async fn start(_foundation: Foundation, _behaviour: Behaviour) -> Result<Self, Refusal> {
        unimplemented!()
    }

    /// Joins a connection to its person's session. `ready` comes through the outbox; so do an error and the close when the
    /// person has too many connections or the database does not answer.
    pub fn join(&self, _introduction: Introduction) -> Connection {
        unimplemented!()
    }

    /// Asks a question on behalf of REST.
    pub async fn open(&self, _by: Person, _open: protocol::client::Open) -> Result<Answer, Refusal> {
        unimplemented!()
    }

    /// Carries out one command on behalf of REST: the same way as from a socket.
    pub async fn command(
        &self,
        _by: Person,
        _to: ConversationId,
        _command: Command,
    ) -> Result<Answer, Refusal> {
        unimplemented!()
    }

    /// Hands a conversation on, on behalf of REST.
    pub async fn transfer(
        &self,
        _by: Person,
        _conversation: ConversationId,
        _to: PersonId,
    ) -> Result<Answer, Refusal> {
        unimplemented!()
    }

    /// Gives all conversations of a guest to the account that it signed in to; answers how many there were.
    pub async fn adopt(&self, _guest: PersonId, _account: Person) -> Result<usize, Refusal> {
        unimplemented!()
    }

    /// A token was revoked: its connections end with 4401, the person's other devices learn of it.
    pub fn sign_out(&self, _person: PersonId, _token_id: i64) {
        unimplemented!()
    }

    /// A person was disabled, or given another role or password: all its connections end with 4401 (they come back as what
    /// they are now, if they may).
    pub fn expel(&self, _person: PersonId) {
        unimplemented!()
    }

    /// The tokens of all joined connections, to be looked at again every few seconds.
    pub fn tokens(&self) -> Vec<(PersonId, i64)> {
        unimplemented!()
    }

    /// Whether a person has a connection here.
    pub fn is_online(&self, _person: PersonId) -> bool {
        unimplemented!()
    }

    /// How many of what there is.
    pub fn census(&self) -> Census {
        unimplemented!()
    }

    /// Ends everything in order: no new commands, `bye` and 1012 to every connection, what is under way is finished.
    pub async fn drain(&self, _retry_after_ms: u64) {
        unimplemented!()
    }
}

impl Connection {
    /// Hands in a command. Its answer comes through the outbox, exactly one, except for `typing`.
    ///
    /// # Errors
    /// Too many unanswered commands: the caller answers with this.
    pub fn submit(&self, _id: Option<CommandId>, _command: protocol::Command) -> Result<(), Refusal> {
        unimplemented!()
    }
}
