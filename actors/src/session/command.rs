//! What a connection wants: mostly cast to the conversation, which decides and answers.

use std::sync::Arc;

use otvet_engine::conversation::Command as ConversationCommand;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::{Answer, Code, Command, CommandId, Person, Refusal};

use crate::conversation::{ConversationMsg, Envelope, ReplyTo};
use crate::history::read_history;

use super::SessionState;
use super::message::{ConnectionId, Reply, Submission};

/// A connection's typing is passed on at most once in this time, in milliseconds.
const TYPING_EVERY_MS: i64 = 2000;

impl SessionState {
    /// Takes a command in. Nothing here waits: what takes long answers later, through the lane.
    pub(super) fn submit(&mut self, submission: &mut Submission) {
        let connection = submission.connection;
        let Some(by) = self.cell.connections.lock().get(connection).map(|c| Arc::clone(&c.person)) else {
            return;
        };
        let Some(command) = submission.command.take() else { return self.fail(submission) };
        if let Command::Typing(target) = command {
            return self.typing(connection, &by, target.conversation);
        }
        // The decoder lets no other command through without an id.
        let Some(id) = submission.id.clone() else { return };
        if let Some(outcome) = self.dispatch(connection, &id, by, command).transpose() {
            self.cell.connections.lock().answer(&Reply { connection, id, outcome });
        }
    }

    /// Answers that a command could not be carried out, or that nobody knows whether it was.
    pub(super) fn fail(&self, submission: &Submission) {
        if let (Some(id), Some(connection)) =
            (submission.id.clone(), self.cell.connections.lock().get(submission.connection))
        {
            connection.answer(id, Err(Refusal::internal()));
        }
    }

    /// `Some` when the answer is known at once.
    fn dispatch(
        &self,
        connection: ConnectionId,
        id: &CommandId,
        by: Arc<Person>,
        command: Command,
    ) -> Result<Option<Answer>, Refusal> {
        let cast = |to: ConversationId, command: ConversationCommand| {
            let session = Arc::clone(&self.cell);
            let reply_to = ReplyTo::Connection { session, connection, id: id.clone() };
            self.directory.command(to, Envelope::new(Arc::clone(&by), command, reply_to));
            Ok(None)
        };
        match command {
            Command::Hello(_) => Err(Refusal::new(Code::Invalid, "`hello` was said already")),
            Command::Ping => Ok(Some(Answer::Done {})),
            Command::Open(c) => {
                let conversation = self.directory.new_conversation_id();
                self.directory.new_conversation(conversation);
                cast(conversation, ConversationCommand::Open { key: c.key, subject: c.subject, body: c.body })
            }
            Command::Send(c) => cast(
                c.conversation,
                ConversationCommand::Send { key: c.key, body: c.body, attachments: c.attachments },
            ),
            Command::Note(c) => cast(c.conversation, ConversationCommand::Note { key: c.key, body: c.body }),
            Command::Claim(c) => cast(c.conversation, ConversationCommand::Claim { take_over: c.take_over }),
            Command::Release(c) => cast(c.conversation, ConversationCommand::Release),
            Command::Resolve(c) => cast(c.conversation, ConversationCommand::Resolve),
            Command::Reopen(c) => cast(c.conversation, ConversationCommand::Reopen),
            Command::Read(c) => cast(c.conversation, ConversationCommand::Read { seq: c.seq }),
            Command::Delivered(c) => cast(c.conversation, ConversationCommand::Delivered { seq: c.seq }),
            Command::Transfer(c) => {
                if !by.role.is_staff() {
                    return Err(Refusal::new(Code::Forbidden, "only managers hand conversations on"));
                }
                self.look_up_and_transfer(connection, id.clone(), by, c);
                Ok(None)
            }
            Command::Watch(c) => {
                if !by.role.is_staff() {
                    return Err(Refusal::new(Code::Forbidden, "only managers watch conversations"));
                }
                self.watch(&by, connection, Some(id.clone()), c.conversation);
                Ok(None)
            }
            Command::Unwatch(_) if !by.role.is_staff() => {
                Err(Refusal::new(Code::Forbidden, "only managers watch conversations"))
            }
            Command::Unwatch(c) => self.unwatch(connection, c.conversation).map(Some),
            Command::History(c) => {
                let (directory, session, id) =
                    (Arc::clone(&self.directory), Arc::clone(&self.cell), id.clone());
                // Bounded by the connection's unanswered commands.
                tokio::spawn(async move {
                    let outcome = read_history(&directory, &by, &c).await;
                    session.reply(Reply { connection, id, outcome });
                });
                Ok(None)
            }
            Command::Typing(_) => Ok(Some(Answer::Done {})),
        }
    }

    fn unwatch(&self, connection: ConnectionId, conversation: ConversationId) -> Result<Answer, Refusal> {
        let mut connections = self.cell.connections.lock();
        let record = connections.get_mut(connection).ok_or_else(Refusal::internal)?;
        if !record.others.remove(conversation) {
            return Err(Refusal::new(Code::NotFound, "this connection does not watch that conversation"));
        }
        let epoch = self.directory.foundation.journal.epoch().clone();
        // It stays: the conversation may be the person's own as well, and flow on.
        let seq = record.known.sent(conversation).unwrap_or(0);
        drop(connections);
        self.unwatch_if_last(conversation);
        Ok(Answer::Watching { position: otvet_engine::ids::Position { epoch, seq } })
    }

    /// A conversation takes only somebody who is on the panel's side now: the database knows who is.
    fn look_up_and_transfer(
        &self,
        connection: ConnectionId,
        id: CommandId,
        by: Arc<Person>,
        transfer: otvet_engine::protocol::client::Transfer,
    ) {
        let (directory, session) = (Arc::clone(&self.directory), Arc::clone(&self.cell));
        tokio::spawn(async move {
            match directory.foundation.people.staff(transfer.to).await {
                Ok(Some(to)) => {
                    let reply_to = ReplyTo::Connection { session, connection, id };
                    let envelope = Envelope::new(by, ConversationCommand::Transfer { to }, reply_to);
                    directory.command(transfer.conversation, envelope);
                }
                Ok(None) => session.reply(Reply { connection, id, outcome: Err(not_a_manager()) }),
                Err(refusal) => session.reply(Reply { connection, id, outcome: Err(refusal) }),
            }
        });
    }

    fn typing(&mut self, connection: ConnectionId, by: &Person, conversation: ConversationId) {
        let now = self.directory.foundation.clock.now();
        // Also when the clock was set back: what was said lies within the last two seconds or is over.
        self.typing.retain(|(.., said)| (0..TYPING_EVERY_MS).contains(&(now.millis() - said.millis())));
        if self.typing.iter().any(|(who, place, _)| (*who, *place) == (connection, conversation)) {
            return;
        }
        self.typing.push((connection, conversation, now));
        // Lost without harm when nobody can take it.
        let _ = self.directory.post(conversation, ConversationMsg::Typing(by.clone()));
    }
}

/// The answer to a transfer to somebody who cannot take it.
pub(crate) fn not_a_manager() -> Refusal {
    Refusal::new(Code::Invalid, "`to` is not a manager who can take conversations")
}
