//! The way in: what the edges may ask of the actors.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use otvet_engine::clock::SharedClock;
use otvet_engine::conversation::{Command, Rules};
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::journal::{Journal, Listing};
use otvet_engine::protocol::{self, Answer, CloseCode, Code, Limits, Person, Refusal, Role};
use otvet_engine::tail::SharedTail;
use parking_lot::Mutex;
use ractor::Actor;
use ractor::concurrency::JoinHandle;
use rand::rngs::StdRng;

use crate::connection::{Connection, Introduction};
use crate::conversation::Envelope;
use crate::directory::Directory;
use crate::history::read_history;
use crate::router::RouterActor;
use crate::session::{ConnectionId, Join, LISTED, SessionMsg, not_a_manager};

/// Looks people up: a conversation is handed only to somebody who is on the panel's side.
#[async_trait]
pub trait People: Send + Sync {
    /// The manager or admin with this id, if there is an enabled one.
    async fn staff(&self, id: PersonId) -> Result<Option<Person>, Refusal>;

    /// The guests that became this account: what they opened under a key is not opened again under the account's name.
    async fn former_guests(&self, account: PersonId) -> Result<Vec<PersonId>, Refusal>;

    /// Puts on record that a manager took a conversation from another, or handed it on.
    async fn transferred(&self, conversation: ConversationId, from: PersonId, to: PersonId);
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
    /// Where ids and epochs come from.
    pub rng: Arc<Mutex<StdRng>>,
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

/// A token that has joined connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenToken {
    /// Whose.
    pub person: PersonId,
    /// The row of `personal_access_tokens`.
    pub token_id: i64,
    /// In which role they joined.
    pub role: Role,
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
}

/// A cheap handle on all actors of this node.
#[derive(Clone)]
pub struct House {
    directory: Arc<Directory>,
    draining: Arc<AtomicBool>,
}

/// How long a caller of REST waits for an answer before it is told that the outcome is unknown.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);

impl House {
    /// Starts the router, which supervises everything else, and somebody who starts it again should it fail itself.
    ///
    /// # Errors
    /// The router could not be started.
    pub async fn start(foundation: Foundation, behaviour: Behaviour) -> Result<Self, Refusal> {
        let directory = Directory::new(foundation, behaviour);
        let draining = Arc::new(AtomicBool::new(false));
        let started = Actor::spawn(None, RouterActor, Arc::clone(&directory)).await;
        let (_, ended) = started.map_err(|_| Refusal::internal())?;
        tokio::spawn(keep_router(Arc::clone(&directory), Arc::clone(&draining), ended));
        Ok(Self { directory, draining })
    }

    /// Joins a connection to its person's session. `ready` comes through the outbox; so do an error and the close when the
    /// person has too many connections or the database does not answer.
    pub fn join(&self, introduction: Introduction) -> Connection {
        let Introduction { person, token_id, hello_id, positions, outbox, name } = introduction;
        let id = ConnectionId(self.directory.next_number());
        let join = Join {
            connection: id,
            person: Arc::new(person),
            token_id,
            hello_id,
            positions,
            outbox: Arc::clone(&outbox),
            name,
        };
        let join = Arc::new(join);
        if self.draining.load(Ordering::Acquire) {
            outbox.close(CloseCode::Restarting);
        }
        let session = loop {
            let session = self.directory.session(&join.person);
            if session.supervision.down_for().is_some() {
                outbox.close(CloseCode::Internal);
                break session;
            }
            match session.lane.push_always(SessionMsg::Join(Arc::clone(&join))) {
                Ok(()) => break session,
                Err(_) => {
                    // It has ended since we looked; make room for its successor.
                    self.directory
                        .sessions
                        .remove_if(&session.person, |_, there| Arc::ptr_eq(there, &session));
                }
            }
        };
        let unanswered =
            usize::try_from(self.directory.behaviour.limits.unanswered_commands).unwrap_or(usize::MAX);
        Connection { session, id, outbox, unanswered, draining: Arc::clone(&self.draining) }
    }

    /// Asks a question on behalf of REST.
    ///
    /// # Errors
    /// As on the socket.
    pub async fn open(&self, by: Person, open: protocol::client::Open) -> Result<Answer, Refusal> {
        let id = self.directory.new_conversation_id();
        self.directory.new_conversation(id);
        self.command(by, id, Command::Open { key: open.key, subject: open.subject, body: open.body }).await
    }

    /// Carries out one command on behalf of REST: the same way as from a socket.
    ///
    /// # Errors
    /// As on the socket; `internal` when the answer does not come in time, and then the outcome is unknown.
    pub async fn command(&self, by: Person, to: ConversationId, command: Command) -> Result<Answer, Refusal> {
        if self.draining.load(Ordering::Acquire) {
            return Err(Refusal::unavailable());
        }
        let (envelope, answer) = Envelope::for_caller(by, command);
        self.directory.command(to, envelope);
        match tokio::time::timeout(CALL_TIMEOUT, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(Refusal::internal()),
        }
    }

    /// Hands a conversation on, on behalf of REST.
    ///
    /// # Errors
    /// As on the socket.
    pub async fn transfer(
        &self,
        by: Person,
        conversation: ConversationId,
        to: PersonId,
    ) -> Result<Answer, Refusal> {
        if !by.role.is_staff() {
            return Err(Refusal::new(Code::Forbidden, "only managers hand conversations on"));
        }
        let to = self.directory.foundation.people.staff(to).await?.ok_or_else(not_a_manager)?;
        self.command(by, conversation, Command::Transfer { to }).await
    }

    /// Reads a page of a conversation as the person may see it.
    ///
    /// # Errors
    /// `not_found` for what is not the person's to see, `invalid` for an impossible page.
    pub async fn history(&self, by: &Person, asked: &protocol::client::History) -> Result<Answer, Refusal> {
        read_history(&self.directory, by, asked).await
    }

    /// Gives all conversations of a guest to the account that it signed in to; answers how many there were.
    ///
    /// # Errors
    /// The first one that could not be given; repeat to go on with the rest.
    pub async fn adopt(&self, guest: PersonId, account: Person) -> Result<usize, Refusal> {
        let mut adopted = 0;
        loop {
            let page =
                self.directory.foundation.journal.list(Listing::OfVisitor(guest), guest, LISTED).await?;
            if page.is_empty() {
                return Ok(adopted);
            }
            for listed in page {
                self.command(account.clone(), listed.id, Command::Adopt { guest }).await?;
                adopted += 1;
            }
        }
    }

    /// A token was revoked: its connections end with 4401, the person's other devices learn of it.
    pub fn sign_out(&self, person: PersonId, token_id: i64) {
        if let Some(session) = self.directory.session_here(person) {
            let _ = session.lane.push_always(SessionMsg::SignOut(token_id));
        }
    }

    /// A person was disabled, or given another password: all its connections end with 4401.
    pub fn expel(&self, person: PersonId) {
        self.close_all(person, CloseCode::Unauthorized);
    }

    /// A person was given another role: all its connections end with 1012, and come back as what they are now.
    pub fn recall(&self, person: PersonId) {
        self.close_all(person, CloseCode::Restarting);
    }

    fn close_all(&self, person: PersonId, code: CloseCode) {
        if let Some(session) = self.directory.session_here(person) {
            let _ = session.lane.push_always(SessionMsg::CloseAll(code));
        }
    }

    /// The tokens of all joined connections, to be looked at again every few seconds.
    pub fn tokens(&self) -> Vec<OpenToken> {
        let sessions = self.directory.sessions.iter();
        sessions
            .flat_map(|cell| {
                let connections = cell.connections.lock();
                let tokens: BTreeSet<(i64, Role)> =
                    connections.iter().map(|c| (c.token_id, c.person.role)).collect();
                let person = cell.person;
                tokens
                    .into_iter()
                    .map(move |(token_id, role)| OpenToken { person, token_id, role })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Gives back all that somebody had claimed who is not a manager any more; answers how many there were.
    ///
    /// # Errors
    /// The first one that could not be given back; repeat to go on with the rest.
    pub async fn release_all(&self, manager: &Person) -> Result<usize, Refusal> {
        let mut released = 0;
        // Spoken for them as the manager they were: a conversation is released by whoever has it.
        let manager = Person { role: Role::Manager, ..manager.clone() };
        loop {
            let listing = Listing::OfManager(manager.id);
            let page = self.directory.foundation.journal.list(listing, manager.id, LISTED).await?;
            let before = released;
            for listed in page {
                match self.command(manager.clone(), listed.id, Command::Release).await {
                    Ok(_) => released += 1,
                    // Somebody took it in the meantime.
                    Err(refusal) if refusal.code == Code::Conflict => {}
                    Err(refusal) => return Err(refusal),
                }
            }
            if released == before {
                return Ok(released);
            }
        }
    }

    /// Whether a person has a connection here.
    pub fn is_online(&self, person: PersonId) -> bool {
        self.directory.session_here(person).is_some_and(|cell| !cell.connections.lock().is_empty())
    }

    /// How many of what there is.
    pub fn census(&self) -> Census {
        let directory = &self.directory;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Census {
            connections: directory.sessions.iter().map(|cell| cell.connections.lock().len()).sum(),
            sessions: directory.sessions.len(),
            conversations: directory.conversations.len(),
            inboxes: directory.inboxes.len(),
            restarts: read(&directory.counters.restarts),
            tail_hits: read(&directory.counters.tail_hits),
            tail_misses: read(&directory.counters.tail_misses),
        }
    }

    /// Ends everything in order: no new commands, `bye` and 1012 to every connection, what is under way is finished.
    pub async fn drain(&self, retry_after_ms: u64) {
        self.draining.store(true, Ordering::Release);
        // What was taken in before is answered before the `bye`, unless it takes too long.
        let finished = async {
            while !self.directory.conversations.iter().all(|cell| cell.lane.is_idle_for(Duration::ZERO)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(10), finished).await.is_err() {
            tracing::warn!("some conversations did not finish their commands before the end");
        }
        for session in &self.directory.sessions {
            let _ = session.lane.push_always(SessionMsg::Bye { retry_after_ms });
        }
    }
}

/// Starts the router again when it fails: its children failed with it, and their cells are in the directory.
async fn keep_router(directory: Arc<Directory>, draining: Arc<AtomicBool>, mut ended: JoinHandle<()>) {
    loop {
        let _ = ended.await;
        if draining.load(Ordering::Acquire) {
            return;
        }
        directory.counters.restarts.fetch_add(1, Ordering::Relaxed);
        tracing::error!("the router failed and is restarted");
        match Actor::spawn(None, RouterActor, Arc::clone(&directory)).await {
            Ok((_, handle)) => ended = handle,
            Err(why) => {
                tracing::error!(router.failure = %why, "the router cannot be started");
                return;
            }
        }
    }
}
