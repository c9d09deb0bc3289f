//! The inbox actor of a manager who is here: which conversations wait, and which are the manager's own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use otvet_engine::ids::{Epoch, PersonId, Position, StreamName};
use otvet_engine::journal::Listing;
use otvet_engine::protocol::{Event, EventKind, Refusal, Status, Summary};
use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use crate::conversation::{Cause, Commit};
use crate::directory::Directory;
use crate::lane::{Lane, PushError, Taken, Work, Worker};
use crate::person_stream::{Appended, PersonStream};
use crate::router::Supervision;

/// Commits that may wait for one inbox.
const LANE_BOUND: usize = 65_536;

/// Messages that are taken from the lane at once, at most.
const AT_ONCE: usize = 64;

/// How many of the manager's own and of the waiting conversations a snapshot holds, each.
const SNAPSHOT: usize = 50;

/// A message of the lane.
#[derive(Debug)]
pub(crate) enum InboxMsg {
    /// A conversation changed that concerns this inbox.
    Committed(Arc<Commit>),
    /// A connection joins: what is there, and what did it miss?
    Ask(Arc<Question>),
    /// End, if there is nothing to do.
    Retire,
}

/// A connection that joins asks this.
#[derive(Debug)]
pub(crate) struct Question {
    /// What the client already knows.
    known: Option<Position>,
    answer: Mutex<Option<oneshot::Sender<Result<Snapshot, Refusal>>>>,
}

/// An inbox at its head.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub head: Position,
    /// The manager's own, then those that wait.
    pub conversations: Vec<Summary>,
    /// Exactly the events that the client missed; `None` when they cannot be had. Only if it said what it knew.
    pub missed: Option<Vec<Event>>,
}

/// The lasting part of an inbox actor.
#[derive(Debug)]
pub(crate) struct InboxCell {
    pub manager: PersonId,
    pub lane: Lane<InboxMsg>,
    pub supervision: Supervision,
    /// Commits were dropped: the stream has to catch up before it goes on.
    lossy: AtomicBool,
    /// The epoch under which the manager's connections follow the stream.
    told: Mutex<Option<Epoch>>,
    retiring: AtomicBool,
}

impl InboxCell {
    pub fn new(manager: PersonId) -> Self {
        Self {
            manager,
            lane: Lane::new(LANE_BOUND),
            supervision: Supervision::default(),
            lossy: AtomicBool::new(false),
            told: Mutex::default(),
            retiring: AtomicBool::new(false),
        }
    }

    /// Passes a commit on if this inbox shows the conversation, or did before.
    pub fn committed(&self, commit: &Arc<Commit>) {
        let concerned = match &commit.cause {
            Cause::Events => self.showed(commit) || self.shows(commit),
            Cause::Cursors(people) => people.contains(&self.manager) && self.shows(commit),
        };
        if concerned && let Err(PushError::Full(_)) = self.lane.push(InboxMsg::Committed(Arc::clone(commit)))
        {
            self.lossy.store(true, Ordering::Release);
        }
    }

    /// Asks for the inbox as it is, and for what was missed after a position. `None` when the lane takes nothing.
    pub fn ask(&self, known: Option<Position>) -> Option<oneshot::Receiver<Result<Snapshot, Refusal>>> {
        let (sender, receiver) = oneshot::channel();
        let question = Question { known, answer: Mutex::new(Some(sender)) };
        self.lane.push(InboxMsg::Ask(Arc::new(question))).ok().map(|()| receiver)
    }

    /// The actor keeps failing: commits are dropped, questions are refused.
    pub fn refuse_waiting(&self) {
        self.lossy.store(true, Ordering::Release);
        for message in self.lane.clear() {
            if let InboxMsg::Ask(question) = message {
                question.reply(Err(Refusal::unavailable()));
            }
        }
    }

    /// Asks the actor to look whether its manager is still here.
    pub fn retire_if_idle_for(&self, _long: Duration) {
        self.retiring.store(true, Ordering::Release);
        let _ = self.lane.push(InboxMsg::Retire);
    }

    fn showed(&self, commit: &Commit) -> bool {
        let before = &commit.before;
        before.existed && is_shown(before.status, before.manager, self.manager)
    }

    fn shows(&self, commit: &Commit) -> bool {
        is_shown(commit.after.status, commit.after.manager.as_ref().map(|m| m.id), self.manager)
    }
}

impl Question {
    fn reply(&self, answer: Result<Snapshot, Refusal>) {
        if let Some(sender) = self.answer.lock().take() {
            let _ = sender.send(answer);
        }
    }
}

/// An inbox shows what waits and what is claimed by its manager.
fn is_shown(status: Status, manager: Option<PersonId>, owner: PersonId) -> bool {
    match status {
        Status::Waiting => true,
        Status::Claimed => manager == Some(owner),
        Status::Resolved => false,
    }
}

/// One manager's inbox.
pub(crate) struct InboxActor;

/// What one incarnation knows.
pub(crate) struct InboxState {
    directory: Arc<Directory>,
    cell: Arc<InboxCell>,
    /// Opened by the first message.
    stream: Option<PersonStream>,
}

impl fmt::Debug for InboxState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxState").field("manager", &self.cell.manager).finish_non_exhaustive()
    }
}

impl Actor for InboxActor {
    type Msg = Work;
    type State = InboxState;
    type Arguments = (Arc<Directory>, Arc<InboxCell>);

    async fn pre_start(
        &self,
        _: ActorRef<Work>,
        (directory, cell): Self::Arguments,
    ) -> Result<InboxState, ActorProcessingErr> {
        Ok(InboxState { directory, cell, stream: None })
    }

    // Boxed: ractor has room for a handler's future three times over, as it hands it on.
    fn handle(
        &self,
        myself: ActorRef<Work>,
        _: Work,
        state: &mut InboxState,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + Send {
        Box::pin(async move {
            state.work_off().await;
            myself.stop(None);
            Ok(())
        })
    }
}

impl InboxState {
    /// Works until the actor has no reason to stay.
    async fn work_off(&mut self) {
        let cell = Arc::clone(&self.cell);
        let mut lane = cell.lane.work();
        loop {
            lane.wait(AT_ONCE).await;
            while let Some(message) = lane.next() {
                self.work(message).await;
                lane.done();
            }
            if self.should_end(&mut lane) {
                return;
            }
        }
    }

    async fn work(&mut self, message: Taken<&mut InboxMsg>) {
        fail::fail_point!(format!("inbox/{}", self.cell.manager).as_str());
        match message {
            Taken::Message(InboxMsg::Committed(commit)) => {
                if self.ready().await.is_ok() {
                    self.commit(commit).await;
                } else {
                    self.cell.lossy.store(true, Ordering::Release);
                }
            }
            Taken::Message(InboxMsg::Ask(question)) => {
                let answer = self.answer(question.known.as_ref()).await;
                question.reply(answer);
            }
            Taken::GivenUp(InboxMsg::Ask(question)) => question.reply(Err(Refusal::internal())),
            Taken::GivenUp(InboxMsg::Committed(_)) => self.cell.lossy.store(true, Ordering::Release),
            Taken::Message(InboxMsg::Retire) | Taken::GivenUp(InboxMsg::Retire) => {}
        }
    }

    async fn commit(&mut self, commit: &Commit) {
        let kind = if self.cell.shows(commit) {
            EventKind::Upsert { conversation: Box::new(commit.after.summary(self.cell.manager)) }
        } else {
            EventKind::Remove { conversation_id: commit.conversation }
        };
        if let Err(refusal) = self.append(vec![kind]).await {
            tracing::warn!(inbox.manager = %self.cell.manager, %refusal, "an inbox catches up later");
            self.cell.lossy.store(true, Ordering::Release);
        }
    }

    /// Puts events into the stream and passes them on.
    async fn append(&mut self, kinds: Vec<EventKind>) -> Result<(), Refusal> {
        let now = self.directory.foundation.clock.now();
        let fresh = self.directory.new_epoch();
        let Some(stream) = &mut self.stream else { return Ok(()) };
        match stream.append(now, kinds, fresh).await {
            Appended::Numbered(numbered) => {
                if let Some(session) = self.directory.session_here(self.cell.manager) {
                    session.numbered(stream.name(), numbered);
                }
                Ok(())
            }
            Appended::Restarted => {
                let current = self.list().await?;
                self.tell_epoch(&current);
                Ok(())
            }
        }
    }

    /// Makes sure that the connections follow the stream under the epoch that it has: if not, what they know is replaced.
    fn tell_epoch(&self, current: &[Summary]) {
        let Some(stream) = &self.stream else { return };
        let epoch = stream.position().epoch;
        let told = self.cell.told.lock().replace(epoch.clone());
        if told.is_some_and(|told| told != epoch)
            && let Some(session) = self.directory.session_here(self.cell.manager)
        {
            session.restarted(stream.name(), stream.reset(current.to_vec()));
        }
    }

    async fn answer(&mut self, known: Option<&Position>) -> Result<Snapshot, Refusal> {
        self.ready().await?;
        let conversations = self.list().await?;
        let stream = self.stream.as_ref().ok_or_else(Refusal::internal)?;
        let missed = match known {
            Some(position) => stream.after(position).await,
            None => None,
        };
        Ok(Snapshot { head: stream.position(), conversations, missed })
    }

    /// Opens the stream, or lets it catch up when it has lost something.
    async fn ready(&mut self) -> Result<(), Refusal> {
        let lost = self.cell.lossy.swap(false, Ordering::AcqRel);
        if self.stream.is_some() && !lost {
            return Ok(());
        }
        let current = match self.list().await {
            Ok(current) => current,
            Err(refusal) => {
                self.cell.lossy.store(lost, Ordering::Release);
                return Err(refusal);
            }
        };
        if self.stream.is_none() {
            let (name, fresh) = (StreamName::Inbox(self.cell.manager), self.directory.new_epoch());
            let tail = Arc::clone(&self.directory.foundation.tail);
            let stream = PersonStream::open(name, tail, self.directory.behaviour.tail_keep, fresh).await;
            // Whatever an earlier incarnation put into the stream and did not pass on.
            if let Some(session) = self.directory.session_here(self.cell.manager) {
                session.numbered(name, stream.recent().await);
            }
            self.stream = Some(stream);
        }
        self.tell_epoch(&current);
        let missed = match &self.stream {
            Some(stream) => self.missed(stream, &current).await?,
            None => Vec::new(),
        };
        self.append(missed).await
    }

    /// What happened to this inbox while nobody wrote its stream.
    async fn missed(&self, stream: &PersonStream, current: &[Summary]) -> Result<Vec<EventKind>, Refusal> {
        let (mut missed, gone) = stream.missed(current).await;
        for id in gone {
            // It may still be shown, only further down than the snapshot reaches.
            let listed = self.directory.foundation.journal.listed(id, self.cell.manager).await?;
            let shown =
                listed.filter(|s| is_shown(s.status, s.manager.as_ref().map(|m| m.id), self.cell.manager));
            missed.push(match shown {
                Some(summary) => EventKind::Upsert { conversation: Box::new(summary) },
                None => EventKind::Remove { conversation_id: id },
            });
        }
        Ok(missed)
    }

    async fn list(&self) -> Result<Vec<Summary>, Refusal> {
        let journal = &self.directory.foundation.journal;
        let manager = self.cell.manager;
        let own = journal.list(Listing::OfManager(manager), manager, SNAPSHOT).await?;
        let waiting = journal.list(Listing::Waiting, manager, SNAPSHOT).await?;
        Ok(own.into_iter().chain(waiting).collect())
    }

    fn should_end(&self, lane: &mut Worker<'_, InboxMsg>) -> bool {
        let asked = self.cell.retiring.swap(false, Ordering::AcqRel);
        let ends = asked && self.directory.session_here(self.cell.manager).is_none() && lane.close_if_idle();
        if ends {
            self.directory.inboxes.remove_if(&self.cell.manager, |_, there| Arc::ptr_eq(there, &self.cell));
        }
        ends
    }
}
