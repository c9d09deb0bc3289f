//! One connection of a person's, as the edge holds it: commands go in here, and frames come out of its outbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use otvet_engine::ids::Position;
use otvet_engine::protocol::{self, Code, CommandId, Person, Refusal};

use crate::outbox::Outbox;
use crate::session::{ConnectionId, SessionCell, SessionMsg, Submission};

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

/// One joined connection. Dropping it leaves.
pub struct Connection {
    pub(crate) session: Arc<SessionCell>,
    pub(crate) id: ConnectionId,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) unanswered: usize,
    pub(crate) draining: Arc<AtomicBool>,
}

impl Connection {
    /// Where its frames go.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Hands in a command. Its answer comes through the outbox, exactly one, except for `typing`.
    ///
    /// # Errors
    /// Too many unanswered commands, or a server that is ending: the caller answers with this.
    pub fn submit(&self, id: Option<CommandId>, command: protocol::Command) -> Result<(), Refusal> {
        if self.draining.load(Ordering::Acquire) {
            return Err(Refusal::unavailable());
        }
        let counted = id.is_some() && !matches!(command, protocol::Command::Typing(_));
        if counted && !self.outbox.take_command(self.unanswered) {
            let text = format!("{} commands are unanswered; wait for answers", self.unanswered);
            return Err(Refusal::new(Code::RateLimited, text).retry_after_ms(100));
        }
        let submission = Submission { connection: self.id, id, command: Some(command) };
        self.session.lane.push(SessionMsg::Submit(Box::new(submission))).map_err(|_| {
            if counted {
                self.outbox.command_answered();
            }
            Refusal::new(Code::RateLimited, "too much at once").retry_after_ms(1000)
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.session.lane.push_always(SessionMsg::Leave(self.id));
    }
}
