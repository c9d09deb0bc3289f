//! The router: starts every other actor, and starts it again when it fails. Not on the way of any message.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::time::Instant;

use crate::conversation::{ConversationActor, ConversationCell};
use crate::directory::Directory;
use crate::house::RestartPolicy;
use crate::inbox::{InboxActor, InboxCell};
use crate::lane::Work;
use crate::session::{SessionActor, SessionCell};

/// What the router is told.
pub(crate) enum RouterMsg {
    /// A child that stands in the directory has no actor yet.
    Start(Child),
    /// A failing child has waited out its back-off.
    Restart(Child),
    /// Look for actors that have nothing to do.
    Sweep,
}

/// An actor's cell: everything of it that outlives a failure.
#[derive(Clone)]
pub(crate) enum Child {
    Conversation(Arc<ConversationCell>),
    Session(Arc<SessionCell>),
    Inbox(Arc<InboxCell>),
}

/// What the router knows of one child's health. It lives in the child's cell.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    /// Whether the child is left alone: what everybody asks who has a message for it.
    is_down: AtomicBool,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    /// Whether an incarnation lives or is being started.
    started: bool,
    /// Of a child that has failed. Most never do.
    failing: Option<Box<Failing>>,
}

#[derive(Debug)]
struct Failing {
    /// Failures within the present window.
    failures: u32,
    window_began: Instant,
    /// Until when the child is left alone.
    down_until: Option<Instant>,
}

impl Supervision {
    /// How long the child will still be left alone, if it is.
    pub fn down_for(&self) -> Option<Duration> {
        if !self.is_down.load(Ordering::Acquire) {
            return None;
        }
        let until = self.record.lock().failing.as_ref()?.down_until?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Claims the start of an incarnation: exactly one caller gets `true`.
    fn claim_start(&self) -> bool {
        let mut record = self.record.lock();
        if let Some(failing) = &mut record.failing {
            failing.down_until = None;
        }
        self.is_down.store(false, Ordering::Release);
        !std::mem::replace(&mut record.started, true)
    }

    /// The incarnation is gone; nothing is known of a failure.
    fn forget_start(&self) {
        self.record.lock().started = false;
    }

    /// Counts a failure. `Some(wait)`: too many of them, leave the child alone for so long.
    fn failed(&self, policy: RestartPolicy) -> Option<Duration> {
        let now = Instant::now();
        let mut record = self.record.lock();
        record.started = false;
        let fresh = || Box::new(Failing { failures: 0, window_began: now, down_until: None });
        let failing = record.failing.get_or_insert_with(fresh);
        let quiet = policy.window.max(
            2 * policy.backoff_max.min(policy.backoff_min * 2_u32.saturating_pow(failing.failures.min(20))),
        );
        if now.duration_since(failing.window_began) > quiet {
            failing.failures = 0;
        }
        // Each failure moves the window on, so that a child that fails after every wait waits longer each time.
        failing.window_began = now;
        failing.failures += 1;
        let beyond = failing.failures.checked_sub(policy.max_restarts + 1)?;
        let wait =
            policy.backoff_min.saturating_mul(2_u32.saturating_pow(beyond.min(20))).min(policy.backoff_max);
        failing.down_until = Some(now + wait);
        self.is_down.store(true, Ordering::Release);
        Some(wait)
    }
}

impl Child {
    fn supervision(&self) -> &Supervision {
        match self {
            Self::Conversation(cell) => &cell.supervision,
            Self::Session(cell) => &cell.supervision,
            Self::Inbox(cell) => &cell.supervision,
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::Conversation(cell) => cell.lane.is_closed(),
            Self::Session(cell) => cell.lane.is_closed(),
            Self::Inbox(cell) => cell.lane.is_closed(),
        }
    }

    /// Tells everybody who waits for the child that it will not answer for a while.
    fn refuse_waiting(&self, wait: Duration) {
        match self {
            Self::Conversation(cell) => cell.refuse_waiting(wait),
            Self::Session(cell) => cell.refuse_waiting(),
            Self::Inbox(cell) => cell.refuse_waiting(),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Conversation(cell) => format!("conversation/{}", cell.id),
            Self::Session(cell) => format!("session/{}", cell.person),
            Self::Inbox(cell) => format!("inbox/{}", cell.manager),
        }
    }
}

/// Supervises all other actors of this node.
pub(crate) struct RouterActor;

/// The router's memory: which incarnation is whose.
pub(crate) struct RouterState {
    directory: Arc<Directory>,
    children: HashMap<ActorId, Child>,
}

impl Actor for RouterActor {
    type Msg = RouterMsg;
    type State = RouterState;
    type Arguments = Arc<Directory>;

    async fn pre_start(
        &self,
        myself: ActorRef<RouterMsg>,
        directory: Arc<Directory>,
    ) -> Result<RouterState, ActorProcessingErr> {
        directory.router.store(Some(Arc::new(myself)));
        Ok(RouterState { directory, children: HashMap::new() })
    }

    async fn post_start(
        &self,
        myself: ActorRef<RouterMsg>,
        state: &mut RouterState,
    ) -> Result<(), ActorProcessingErr> {
        let period = (state.directory.behaviour.idle_stop / 4)
            .clamp(Duration::from_millis(20), Duration::from_secs(60));
        myself.send_interval(period, || RouterMsg::Sweep);
        // After a failure of the router itself its children are gone, and their cells are here.
        for child in state.every_child() {
            child.supervision().forget_start();
            let _ = myself.cast(RouterMsg::Start(child));
        }
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<RouterMsg>,
        message: RouterMsg,
        state: &mut RouterState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RouterMsg::Start(child) | RouterMsg::Restart(child) => {
                fail::fail_point!(format!("router/{}", child.name()).as_str(), |_| Ok(()));
                state.start(&myself, child).await;
            }
            RouterMsg::Sweep => state.sweep(),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<RouterMsg>,
        event: SupervisionEvent,
        state: &mut RouterState,
    ) -> Result<(), ActorProcessingErr> {
        let (who, why) = match event {
            SupervisionEvent::ActorFailed(who, why) => (who, why.to_string()),
            SupervisionEvent::ActorTerminated(who, _, why) => {
                (who, why.unwrap_or_else(|| "killed".to_owned()))
            }
            _ => return Ok(()),
        };
        if let Some(child) = state.children.remove(&who.get_id())
            && !child.has_ended()
        {
            state.child_failed(&myself, child, &why).await;
        }
        Ok(())
    }
}

impl RouterState {
    async fn start(&mut self, myself: &ActorRef<RouterMsg>, child: Child) {
        if child.has_ended() || !child.supervision().claim_start() {
            return;
        }
        let directory = Arc::clone(&self.directory);
        let supervisor = myself.get_cell();
        let started = match &child {
            Child::Conversation(cell) => {
                Actor::spawn_linked(None, ConversationActor, (directory, Arc::clone(cell)), supervisor).await
            }
            Child::Session(cell) => {
                Actor::spawn_linked(None, SessionActor, (directory, Arc::clone(cell)), supervisor).await
            }
            Child::Inbox(cell) => {
                Actor::spawn_linked(None, InboxActor, (directory, Arc::clone(cell)), supervisor).await
            }
        };
        match started {
            Ok((actor, _)) => {
                self.children.insert(actor.get_id(), child.clone());
                // It may have ended already; whoever killed it sees to a successor.
                let _ = actor.cast(Work);
            }
            Err(why) => self.child_failed(myself, child, &why.to_string()).await,
        }
    }

    async fn child_failed(&mut self, myself: &ActorRef<RouterMsg>, child: Child, why: &str) {
        self.directory.counters.restarts.fetch_add(1, Ordering::Relaxed);
        tracing::error!(actor.name = child.name(), actor.failure = why, "an actor failed and is restarted");
        match child.supervision().failed(self.directory.behaviour.restart) {
            None => {
                let _ = myself.cast(RouterMsg::Start(child));
            }
            Some(wait) => {
                tracing::error!(
                    actor.name = child.name(),
                    actor.wait_ms = wait.as_millis(),
                    "it keeps failing and is left alone"
                );
                child.refuse_waiting(wait);
                myself.send_after(wait, move || RouterMsg::Restart(child));
            }
        }
    }

    /// Tells idle actors so: each then ends itself, if it still finds nothing to do.
    fn sweep(&self) {
        let idle = self.directory.behaviour.idle_stop;
        for cell in &self.directory.conversations {
            cell.retire_if_idle_for(idle);
        }
        for cell in &self.directory.sessions {
            cell.retire_if_idle_for(idle);
        }
        for cell in &self.directory.inboxes {
            cell.retire_if_idle_for(idle);
        }
    }

    fn every_child(&self) -> Vec<Child> {
        let directory = &self.directory;
        let conversations = directory.conversations.iter().map(|cell| Child::Conversation(Arc::clone(&cell)));
        let sessions = directory.sessions.iter().map(|cell| Child::Session(Arc::clone(&cell)));
        let inboxes = directory.inboxes.iter().map(|cell| Child::Inbox(Arc::clone(&cell)));
        conversations.chain(sessions).chain(inboxes).collect()
    }
}
