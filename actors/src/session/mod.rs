//! The session actor of a person who is here: all its connections on all devices. It alone fills their outboxes, or,
//! while it waits, whoever has something for them does so in its stead; so what is decided about order and repetition holds.
//!
//! In reading order: [`message`] (what it is told), [`cell`] and [`connections`] (what of it outlives a failure), [`join`] (hello to ready, and
//! exact recovery), [`recover`] (what was missed), [`deliver`] (live events), [`command`] (what connections want).

mod cell;
mod command;
mod connections;
mod deliver;
mod join;
mod message;
mod recover;

use std::collections::BTreeMap;
use std::sync::Arc;

use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::{Bye, CloseCode, EventKind, Person, ServerFrame, Summary};
use ractor::{Actor, ActorProcessingErr, ActorRef};

pub(crate) use cell::SessionCell;
pub(crate) use command::not_a_manager;
use connections::ConnectionRecord;
pub(crate) use message::{ConnectionId, Join, Reply, SessionMsg, Submission, WatchReply};

use crate::conversation::ConversationMsg;
use crate::directory::Directory;
use crate::lane::{Taken, Work, Worker};
use crate::person_stream::PersonStream;

/// How many of the person's own conversations `ready` and a snapshot list.
pub(crate) const LISTED: usize = 50;

/// Messages that are taken from the lane at once, at most.
const AT_ONCE: usize = 64;

/// One person with a connection here.
pub(crate) struct SessionActor;

/// What one incarnation knows. All of it can be had again.
struct SessionState {
    directory: Arc<Directory>,
    cell: Arc<SessionCell>,
    /// Opened by the first connection that joins.
    stream: Option<PersonStream>,
    /// The person's newest conversations as their visitor, kept up to date by what conversations commit.
    list: BTreeMap<ConversationId, Summary>,
    /// Which connection said in the last two seconds that its person is typing, where and when: few, since a connection's
    /// commands are.
    typing: Vec<(ConnectionId, ConversationId, Timestamp)>,
}

impl Actor for SessionActor {
    type Msg = Work;
    type State = (Arc<Directory>, Arc<SessionCell>);
    type Arguments = Self::State;

    async fn pre_start(
        &self,
        _: ActorRef<Work>,
        arguments: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(arguments)
    }

    // Boxed with all that it knows: ractor has room for a handler's future three times over, as it hands it on.
    fn handle(
        &self,
        myself: ActorRef<Work>,
        _: Work,
        (directory, cell): &mut Self::State,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + Send {
        let mut state = SessionState::new(Arc::clone(directory), Arc::clone(cell));
        Box::pin(async move {
            state.work_off().await;
            myself.stop(None);
            Ok(())
        })
    }
}

impl SessionState {
    fn new(directory: Arc<Directory>, cell: Arc<SessionCell>) -> Self {
        Self { directory, cell, stream: None, list: BTreeMap::new(), typing: Vec::new() }
    }

    /// Works until the actor has no reason to stay.
    async fn work_off(&mut self) {
        let cell = Arc::clone(&self.cell);
        let mut lane = cell.lane.work();
        Box::pin(self.restore()).await;
        loop {
            lane.wait(AT_ONCE).await;
            while let Some(message) = lane.next() {
                match message {
                    Taken::Message(message) => self.work(message).await,
                    Taken::GivenUp(message) => self.give_up(message),
                }
                lane.done();
            }
            if self.should_end(&mut lane) {
                return;
            }
        }
    }

    async fn work(&mut self, message: &mut SessionMsg) {
        fail::fail_point!(format!("session/{}", self.cell.person).as_str());
        match message {
            // Boxed, since an actor is as large as the largest thing it ever does.
            SessionMsg::Join(join) => Box::pin(self.join(join)).await,
            SessionMsg::Leave(connection) => self.leave(*connection),
            SessionMsg::Submit(submission) => self.submit(submission),
            SessionMsg::Reply(reply) => self.cell.connections.lock().answer(reply),
            SessionMsg::Watched(reply) => Box::pin(self.watched(reply)).await,
            SessionMsg::Committed { commit, replies, own } => {
                replies.iter().for_each(|reply| self.cell.connections.lock().answer(reply));
                self.committed(commit, *own).await;
            }
            SessionMsg::Signal { frame, conversation, own } => {
                self.cell.connections.lock().signal(frame, *conversation, *own);
            }
            SessionMsg::Numbered(news) => self.cell.connections.lock().numbered(news.stream, &news.events),
            SessionMsg::Restarted { stream, frame } => self.restarted(*stream, frame),
            SessionMsg::SignOut(token_id) => Box::pin(self.sign_out(*token_id)).await,
            SessionMsg::CloseAll(code) => self.cell.close_all(*code),
            SessionMsg::Bye { retry_after_ms } => {
                for connection in self.cell.connections.lock().iter() {
                    connection.outbox.push(&ServerFrame::Bye(Bye { retry_after_ms: *retry_after_ms }));
                    connection.outbox.close(CloseCode::Restarting);
                }
            }
            SessionMsg::Retire => {}
        }
    }

    /// A message that fails its session every time: whoever it is for comes back and starts from its positions.
    fn give_up(&mut self, message: &SessionMsg) {
        tracing::error!(session.person = %self.cell.person, "gave up a message that fails its session");
        match message {
            SessionMsg::Join(join) => join.outbox.close(CloseCode::Internal),
            SessionMsg::Leave(connection) => {
                self.cell.connections.lock().remove(*connection);
            }
            SessionMsg::Submit(submission) => self.fail(submission),
            _ => self.cell.close_all(CloseCode::Internal),
        }
    }

    fn leave(&mut self, id: ConnectionId) {
        let Some(gone) = self.cell.connections.lock().remove(id) else { return };
        self.typing.retain(|(connection, ..)| *connection != id);
        for conversation in gone.others.iter() {
            self.unwatch_if_last(conversation);
        }
        if self.cell.connections.lock().is_empty() {
            self.cell.is_alone();
            self.announce(&gone.person, gone.known.followed(), false);
        }
    }

    /// Tells conversations that are awake that their reader came or went; the others have nobody who would want to know.
    fn announce(&self, person: &Person, conversations: impl Iterator<Item = ConversationId>, online: bool) {
        for id in conversations {
            if let Some(conversation) = self.directory.conversation_here(id) {
                let _ = conversation.lane.push(ConversationMsg::Presence { person: person.clone(), online });
            }
        }
    }

    /// Ends the watch of a conversation that no connection follows any more.
    fn unwatch_if_last(&self, conversation: ConversationId) {
        let followed = self.cell.connections.lock().iter().any(|c| c.others.contains(conversation));
        if !followed && let Some(there) = self.directory.conversation_here(conversation) {
            let _ = there.lane.push_always(ConversationMsg::Unwatch(self.cell.person));
        }
    }

    async fn sign_out(&mut self, token_id: i64) {
        for connection in self.cell.connections.lock().iter().filter(|c| c.token_id == token_id) {
            connection.outbox.close(CloseCode::Unauthorized);
        }
        self.append(vec![EventKind::SignedOut { token_id }]).await;
    }

    fn should_end(&self, lane: &mut Worker<'_, SessionMsg>) -> bool {
        let asked = self.cell.takes_retirement();
        let ends = asked && self.cell.connections.lock().is_empty() && lane.close_if_idle();
        if ends {
            self.directory.sessions.remove_if(&self.cell.person, |_, there| Arc::ptr_eq(there, &self.cell));
        }
        ends
    }

    fn person_id(&self) -> PersonId {
        self.cell.person
    }
}
