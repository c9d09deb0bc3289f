//! What a session actor is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::protocol::{Answer, CloseCode, Command, CommandId, Person, Refusal, SharedFrame};

use crate::conversation::Commit;
use crate::outbox::Outbox;
use crate::person_stream::Numbered;

/// One connection of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConnectionId(pub u64);

/// A message of the lane.
#[derive(Debug)]
pub(crate) enum SessionMsg {
    /// A connection has said a valid `hello`.
    Join(Arc<Join>),
    /// A connection is gone.
    Leave(ConnectionId),
    /// A connection gave a command.
    Submit(Box<Submission>),
    /// A command was carried out, or not.
    Reply(Box<Reply>),
    /// A conversation took a watcher in, or did not.
    Watched(Box<WatchReply>),
    /// A conversation changed.
    Committed {
        commit: Arc<Commit>,
        /// Answers to this person's commands in it.
        replies: Vec<Reply>,
        /// Whether the conversation is the person's own; otherwise only connections that watch it get its events.
        own: bool,
    },
    /// Something in passing.
    Signal { frame: Arc<SharedFrame>, conversation: ConversationId, own: bool },
    /// New events of the person's inbox.
    Numbered(Box<News>),
    /// The person's inbox starts anew: the frame is its `reset`.
    Restarted { stream: StreamName, frame: Arc<SharedFrame> },
    /// A token was revoked.
    SignOut(i64),
    /// All connections end: the person is not who it was.
    CloseAll(CloseCode),
    /// The server is draining.
    Bye { retry_after_ms: u64 },
    /// End, if there is nothing to do.
    Retire,
}

/// New events of one of the person's own streams.
#[derive(Debug)]
pub(crate) struct News {
    pub stream: StreamName,
    pub events: Vec<Numbered>,
}

/// A connection that joins.
#[derive(Debug)]
pub(crate) struct Join {
    pub connection: ConnectionId,
    pub person: Arc<Person>,
    pub token_id: i64,
    pub hello_id: CommandId,
    pub positions: BTreeMap<String, Position>,
    pub outbox: Arc<Outbox>,
    pub name: String,
}

/// A command of a connection.
#[derive(Debug)]
pub(crate) struct Submission {
    pub connection: ConnectionId,
    /// None only for `typing`.
    pub id: Option<CommandId>,
    /// None once it went on its way. A session that fails after that does not send it again.
    pub command: Option<Command>,
}

/// The answer to a connection's command.
#[derive(Debug)]
pub(crate) struct Reply {
    pub connection: ConnectionId,
    pub id: CommandId,
    pub outcome: Result<Answer, Refusal>,
}

/// The answer to a watcher: `Answer::Watching` with the head, or why not.
#[derive(Debug)]
pub(crate) struct WatchReply {
    pub connection: ConnectionId,
    /// None when a `hello` asked for it.
    pub id: Option<CommandId>,
    pub conversation: ConversationId,
    pub outcome: Result<Answer, Refusal>,
}
