//! Who is here: the directory that the router keeps and everybody reads. A reference costs one look, not a hop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use otvet_engine::ids::{ConversationId, Epoch, PersonId, Position};
use otvet_engine::protocol::{Code, Person, Refusal};
use ractor::ActorRef;
use rand::Rng;

use crate::conversation::{ConversationCell, ConversationMsg, Envelope};
use crate::house::{Behaviour, Foundation};
use crate::inbox::{InboxCell, Snapshot};
use crate::lane::PushError;
use crate::router::{Child, RouterMsg};
use crate::session::SessionCell;

/// Everything that actors share: what they stand on, how they behave, and who else is here.
pub struct Directory {
    pub(crate) foundation: Foundation,
    pub(crate) behaviour: Behaviour,
    pub(crate) conversations: DashMap<ConversationId, Arc<ConversationCell>>,
    pub(crate) sessions: DashMap<PersonId, Arc<SessionCell>>,
    pub(crate) inboxes: DashMap<PersonId, Arc<InboxCell>>,
    pub(crate) counters: Counters,
    /// The router that supervises; none for a moment while it is restarted.
    pub(crate) router: ArcSwapOption<ActorRef<RouterMsg>>,
}

/// What has happened since the start, for metrics.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) restarts: AtomicU64,
    pub(crate) tail_hits: AtomicU64,
    pub(crate) tail_misses: AtomicU64,
    pub(crate) names: AtomicU64,
}

impl Directory {
    pub(crate) fn new(foundation: Foundation, behaviour: Behaviour) -> Arc<Self> {
        Arc::new(Self {
            foundation,
            behaviour,
            conversations: DashMap::new(),
            sessions: DashMap::new(),
            inboxes: DashMap::new(),
            counters: Counters::default(),
            router: ArcSwapOption::empty(),
        })
    }

    /// The conversation's actor, started if it is not here yet.
    pub(crate) fn conversation(self: &Arc<Self>, id: ConversationId) -> Arc<ConversationCell> {
        self.conversation_or(id, || ConversationCell::stored(id))
    }

    /// The actor of a conversation that is being opened: nothing of it is stored yet.
    pub(crate) fn new_conversation(self: &Arc<Self>, id: ConversationId) -> Arc<ConversationCell> {
        self.conversation_or(id, || ConversationCell::unopened(id))
    }

    /// The person's session, started if it is not here yet.
    pub(crate) fn session(self: &Arc<Self>, person: &Person) -> Arc<SessionCell> {
        match self.sessions.entry(person.id) {
            Entry::Occupied(there) => Arc::clone(there.get()),
            Entry::Vacant(place) => {
                let cell = Arc::new(SessionCell::new(person.id));
                place.insert(Arc::clone(&cell));
                self.start(Child::Session(Arc::clone(&cell)));
                cell
            }
        }
    }

    /// The manager's inbox, started if it is not here yet.
    pub(crate) fn inbox(self: &Arc<Self>, manager: PersonId) -> Arc<InboxCell> {
        match self.inboxes.entry(manager) {
            Entry::Occupied(there) => Arc::clone(there.get()),
            Entry::Vacant(place) => {
                let cell = Arc::new(InboxCell::new(manager));
                place.insert(Arc::clone(&cell));
                self.start(Child::Inbox(Arc::clone(&cell)));
                cell
            }
        }
    }

    /// Asks a manager's inbox, starting its actor if need be.
    pub(crate) async fn ask_inbox(
        self: &Arc<Self>,
        manager: PersonId,
        known: Option<Position>,
    ) -> Result<Snapshot, Refusal> {
        loop {
            let cell = self.inbox(manager);
            if cell.supervision.down_for().is_some() {
                return Err(Refusal::unavailable());
            }
            let Some(answer) = cell.ask(known.clone()) else {
                // It has ended since we looked, or is flooded; either way another attempt is another look.
                if cell.lane.is_closed() {
                    self.inboxes.remove_if(&manager, |_, there| Arc::ptr_eq(there, &cell));
                    continue;
                }
                return Err(Refusal::unavailable());
            };
            return answer.await.unwrap_or_else(|_| Err(Refusal::unavailable()));
        }
    }

    /// The conversation's actor, if it is here.
    pub(crate) fn conversation_here(&self, id: ConversationId) -> Option<Arc<ConversationCell>> {
        self.conversations.get(&id).map(|cell| Arc::clone(&cell))
    }

    /// The person's session, if it is here.
    pub(crate) fn session_here(&self, person: PersonId) -> Option<Arc<SessionCell>> {
        self.sessions.get(&person).map(|cell| Arc::clone(&cell))
    }

    /// Casts a command to its conversation. Whatever stands in the way is the command's answer.
    pub(crate) fn command(self: &Arc<Self>, to: ConversationId, envelope: Arc<Envelope>) {
        if let Err(refusal) = self.post(to, ConversationMsg::Command(Arc::clone(&envelope))) {
            envelope.answer(Err(refusal));
        }
    }

    /// Puts a message into a conversation's lane, starting its actor if need be.
    pub(crate) fn post(
        self: &Arc<Self>,
        to: ConversationId,
        mut message: ConversationMsg,
    ) -> Result<(), Refusal> {
        loop {
            let cell = self.conversation(to);
            if let Some(wait) = cell.supervision.down_for() {
                return Err(Refusal::unavailable()
                    .retry_after_ms(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)));
            }
            match cell.lane.push(message) {
                Ok(()) => return Ok(()),
                Err(PushError::Full(_)) => {
                    return Err(Refusal::new(Code::RateLimited, "too much for this conversation")
                        .retry_after_ms(1000));
                }
                Err(PushError::Closed(back)) => {
                    // It has ended since we looked; make room for its successor.
                    self.conversations.remove_if(&to, |_, there| Arc::ptr_eq(there, &cell));
                    message = back;
                }
            }
        }
    }

    /// An id for a conversation that is being opened.
    pub(crate) fn new_conversation_id(&self) -> ConversationId {
        ConversationId::new(self.foundation.clock.now(), self.random())
    }

    /// An epoch for a stream that cannot go on under the one it had.
    pub(crate) fn new_epoch(&self) -> Epoch {
        Epoch::new(self.random())
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.foundation.rng.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// A number that no other connection of this process has.
    pub(crate) fn next_number(&self) -> u64 {
        self.counters.names.fetch_add(1, Ordering::Relaxed)
    }

    fn conversation_or(
        self: &Arc<Self>,
        id: ConversationId,
        make: impl FnOnce() -> ConversationCell,
    ) -> Arc<ConversationCell> {
        if let Some(there) = self.conversation_here(id) {
            return there;
        }
        match self.conversations.entry(id) {
            Entry::Occupied(there) => Arc::clone(there.get()),
            Entry::Vacant(place) => {
                let cell = Arc::new(make());
                place.insert(Arc::clone(&cell));
                self.start(Child::Conversation(Arc::clone(&cell)));
                cell
            }
        }
    }

    /// Asks the router to start a child. While the router itself is being restarted nobody listens; the next one starts
    /// every child that it finds without an actor.
    fn start(&self, child: Child) {
        if let Some(router) = &*self.router.load() {
            let _ = router.cast(RouterMsg::Start(child));
        }
    }
}
