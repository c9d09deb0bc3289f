//! What a conversation actor is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use otvet_engine::conversation::Command;
use otvet_engine::ids::{ConversationId, Epoch, PersonId, Position};
use otvet_engine::protocol::{Answer, CommandId, Person, Refusal};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::session::{ConnectionId, Reply, SessionCell, WatchReply};

/// What a command comes to.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// A message of the lane.
#[derive(Debug)]
pub(crate) enum ConversationMsg {
    /// Decide this.
    Command(Arc<Envelope>),
    /// Live events to this session, too.
    Watch(Arc<Watch>),
    /// No more live events to this person's session, unless the conversation is its own.
    Unwatch(PersonId),
    /// Somebody is writing.
    Typing(Person),
    /// A reader came or went.
    Presence { person: Person, online: bool },
    /// End, if there is nothing to do.
    Retire,
}

/// A command, who gives it and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub by: Arc<Person>,
    pub command: Command,
    reply_to: ReplyTo,
    /// Set once it was answered: an unfinished command is decided again after a failure, but answered only once.
    answered: AtomicBool,
}

/// Where an answer goes.
#[derive(Debug)]
pub(crate) enum ReplyTo {
    /// To a connection, through its session, so that it never overtakes an event.
    Connection { session: Arc<SessionCell>, connection: ConnectionId, id: CommandId },
    /// To a caller that waits.
    Caller(Mutex<Option<oneshot::Sender<Outcome>>>),
}

impl Envelope {
    pub fn new(by: impl Into<Arc<Person>>, command: Command, reply_to: ReplyTo) -> Arc<Self> {
        Arc::new(Self { by: by.into(), command, reply_to, answered: AtomicBool::new(false) })
    }

    /// An envelope whose answer the caller waits for.
    pub fn for_caller(
        by: impl Into<Arc<Person>>,
        command: Command,
    ) -> (Arc<Self>, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Self::new(by, command, ReplyTo::Caller(Mutex::new(Some(sender)))), receiver)
    }

    /// The session that waits, with the answer as a message for it; `None` when a caller was answered directly or the
    /// answer was given before.
    pub fn reply(&self, outcome: Outcome) -> Option<(&Arc<SessionCell>, Reply)> {
        if self.answered.swap(true, Ordering::AcqRel) {
            return None;
        }
        match &self.reply_to {
            ReplyTo::Connection { session, connection, id } => {
                Some((session, Reply { connection: *connection, id: id.clone(), outcome }))
            }
            ReplyTo::Caller(sender) => {
                if let Some(sender) = sender.lock().take() {
                    // A caller that has gone away does not want the answer.
                    let _ = sender.send(outcome);
                }
                None
            }
        }
    }

    /// Whether it was answered: a command that a failed incarnation left behind then needs nothing more.
    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    /// Answers right now, when there are no events for the answer to go along with.
    pub fn answer(&self, outcome: Outcome) {
        if let Some((session, reply)) = self.reply(outcome) {
            session.reply(reply);
        }
    }
}

/// A session that wants the live events of a conversation that is not its person's own.
#[derive(Debug)]
pub(crate) struct Watch {
    pub by: Person,
    pub session: Arc<SessionCell>,
    pub connection: ConnectionId,
    /// None when a `hello` with a position asked for it: then `ready` was the answer.
    pub id: Option<CommandId>,
    pub conversation: ConversationId,
}

impl Watch {
    pub fn answer(&self, outcome: Outcome) {
        let (connection, id, conversation) = (self.connection, self.id.clone(), self.conversation);
        self.session.watch_answered(WatchReply { connection, id, conversation, outcome });
    }

    /// Events after this position follow.
    pub fn answer_watching(&self, epoch: Epoch, seq: u64) {
        self.answer(Ok(Answer::Watching { position: Position { epoch, seq } }));
    }
}
