//! One run: guests are made, everybody comes in, conversations are opened and claimed, commands are given, and at the end
//! everything that is owed is waited for and counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use crate::connection::Connection;
use crate::ledger::Ledger;
use crate::pace::{Timeline, keep};
use crate::people::guests;
use crate::plan::{Pace, Plan, PlanError};
use crate::report::Report;
use crate::shared::{Count, Outcome, Phase, Place, Shared};
use crate::tally::{Micros, Tally, Window, micros};

/// Conversations that one manager takes at most: as many as a panel lists.
const CLAIMS: usize = 50;
/// How often the progress is brought up to date.
const LOOK: Duration = Duration::from_millis(200);
/// The run begins a little after everybody was told, so that nobody is late for its first command.
const HEAD_START: Duration = Duration::from_millis(20);

/// Why a run did not come to its end: one line.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The server is not there, or went away.
    #[error("the server does not answer: {0}; look whether it runs, and at its log")]
    Network(String),
    /// It makes no guests.
    #[error(
        "no guest was made ({status} {why}); raise identity.guests_per_address_per_minute, or lower --visitors"
    )]
    Guests {
        /// HTTP's.
        status: u16,
        /// What the server said.
        why: String,
    },
    /// Nobody could come in.
    #[error("no connection was let in: {0}")]
    Join(String),
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Visitors are made.
    Guests,
    /// Connections are opened, and questions asked.
    Joining,
    /// Managers come in and claim.
    Claiming,
    /// Load without measurement.
    WarmUp,
    /// Load.
    Measuring,
    /// Answers and deliveries are waited for.
    Settling,
    /// All were cut and come back.
    ComingBack,
    /// Everything is known; all connections are still there.
    Done,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Guests,
        Self::Joining,
        Self::Claiming,
        Self::WarmUp,
        Self::Measuring,
        Self::Settling,
        Self::ComingBack,
        Self::Done,
    ];
}

/// What a run has come to so far, for whoever watches it.
#[derive(Debug, Default)]
pub struct Live {
    stage: AtomicU8,
    steps: AtomicUsize,
    of: AtomicUsize,
    answers: AtomicU64,
}

impl Live {
    /// What it is doing.
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    /// How much of the stage is done, and of how much; in the stages of load in milliseconds.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }

    /// Commands that were answered while it was measured.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    pub(crate) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }
}

/// Who watches a run: called at the beginning of each stage.
pub type Watcher<'a> = &'a mut (dyn FnMut(Stage) + Send);

/// Carries a plan out. `name` distinguishes this run from every other on the same server.
///
/// # Errors
/// When it did not come as far as a report.
pub async fn run(plan: Plan, name: &str, live: Arc<Live>, watcher: Watcher<'_>) -> Result<Report, RunError> {
    plan.validate()?;
    let mut run = Run::new(Arc::new(plan), name, live, watcher);
    let plan = Arc::clone(&run.shared.plan);
    run.enter(Stage::Guests, plan.visitors);
    let tokens = guests(&plan, &run.live).await?;
    run.enter(Stage::Joining, plan.visitors);
    let places = run.visitors_join(tokens).await?;
    run.enter(Stage::Claiming, plan.manager_tokens.len());
    run.managers_join(places).await?;
    run.load().await;
    run.settle().await;
    if plan.cut {
        run.cut().await;
    }
    Ok(run.finish().await)
}

struct Run<'a> {
    shared: Arc<Shared>,
    live: Arc<Live>,
    watcher: Watcher<'a>,
    phase: watch::Sender<Phase>,
    working: JoinSet<Outcome>,
    /// Of the connections that have something to write to.
    writers: Vec<mpsc::UnboundedSender<Micros>>,
    failed: BTreeMap<String, u64>,
}

impl<'a> Run<'a> {
    fn new(plan: Arc<Plan>, name: &str, live: Arc<Live>, watcher: Watcher<'a>) -> Self {
        let shared = Shared {
            name: name.to_owned(),
            body: "Where is my order? ".chars().cycle().take(plan.body_chars).collect::<String>(),
            timeline: Timeline::begin(),
            tally: Tally::new(micros(plan.late_after)),
            ledger: Ledger::default(),
            opening: Semaphore::new(plan.opening.max(1)),
            quiet: Count::default(),
            settled: Count::default(),
            back: Count::default(),
            plan,
        };
        let (working, writers, failed) = (JoinSet::new(), Vec::new(), BTreeMap::new());
        let phase = watch::Sender::new(Phase::Waiting);
        Self { shared: Arc::new(shared), live, watcher, phase, working, writers, failed }
    }

    fn enter(&mut self, stage: Stage, of: usize) {
        self.live.steps.store(0, Ordering::Relaxed);
        self.live.of.store(of, Ordering::Relaxed);
        self.live.stage.store(stage as u8, Ordering::Relaxed);
        (self.watcher)(stage);
    }

    /// Lets all visitors in, each with a question where there is something to talk about.
    async fn visitors_join(&mut self, tokens: Vec<String>) -> Result<Vec<Place>, RunError> {
        let asks = self.shared.plan.pace != Pace::Idle;
        let mut joining = JoinSet::new();
        for (index, token) in tokens.into_iter().enumerate() {
            let shared = Arc::clone(&self.shared);
            joining.spawn(async move {
                let mut connection = Connection::join(&shared, index, token).await?;
                let place = if asks { Some(connection.open().await?) } else { None };
                Ok((connection, place))
            });
        }
        let mut places = Vec::new();
        while let Some(joined) = joining.join_next().await {
            places.extend(self.let_in(joined)?.flatten());
        }
        Ok(places)
    }

    /// Lets all managers in; each takes its share of the conversations.
    async fn managers_join(&mut self, places: Vec<Place>) -> Result<(), RunError> {
        let plan = Arc::clone(&self.shared.plan);
        let managers = plan.manager_tokens.len();
        let mut joining = JoinSet::new();
        for (n, token) in plan.manager_tokens.iter().cloned().enumerate() {
            let shared = Arc::clone(&self.shared);
            let share: Vec<Place> = places.iter().skip(n).step_by(managers).take(CLAIMS).cloned().collect();
            let index = plan.visitors + n;
            joining.spawn(async move {
                let mut connection = Connection::join(&shared, index, token).await?;
                let any = share.first().map(|_| ());
                for place in share {
                    connection.claim(place).await?;
                }
                Ok((connection, any))
            });
        }
        while let Some(joined) = joining.join_next().await {
            self.let_in(joined)?;
        }
        match self.failed.iter().next() {
            Some((why, _)) if self.working.is_empty() => Err(RunError::Join(why.clone())),
            _ => Ok(()),
        }
    }

    /// Sets a connection to work that has come in; whether it has something to write to.
    fn let_in<T>(
        &mut self,
        joined: Result<Result<(Connection, Option<T>), String>, JoinError>,
    ) -> Result<Option<Option<T>>, RunError> {
        self.live.step();
        match joined.map_err(|error| RunError::Network(error.to_string()))? {
            Ok((connection, place)) => {
                let (writer, due) = mpsc::unbounded_channel();
                if place.is_some() {
                    self.writers.push(writer);
                }
                self.working.spawn(connection.work(self.phase.subscribe(), due));
                Ok(Some(place))
            }
            Err(why) => {
                *self.failed.entry(why).or_default() += 1;
                Ok(None)
            }
        }
    }

    /// The warm-up and what is measured.
    async fn load(&mut self) {
        let (plan, timeline) = (Arc::clone(&self.shared.plan), self.shared.timeline);
        // The schedule's thread needs a moment to begin; a closed loop would use it for commands that nobody measures.
        let head_start = if matches!(plan.pace, Pace::Open { .. }) { HEAD_START } else { Duration::ZERO };
        let begin = timeline.now() + micros(head_start);
        let warm_up = if plan.pace == Pace::Idle { Duration::ZERO } else { plan.warm_up };
        let from = begin + micros(warm_up);
        let to = from + micros(plan.duration);
        self.shared.tally.open(Window { from, to });
        self.enter(Stage::WarmUp, millis(micros(warm_up)));
        self.phase.send_replace(Phase::Running);
        let stopped = Stop::default();
        if let Pace::Open { per_second } = plan.pace {
            let (writers, stopped) = (std::mem::take(&mut self.writers), Arc::clone(&stopped.0));
            std::thread::spawn(move || keep(timeline, per_second, (begin, to), &writers, &stopped));
        }
        loop {
            let now = timeline.now();
            if now >= from && self.live.stage() == Stage::WarmUp {
                self.enter(Stage::Measuring, millis(to - from));
            }
            if now >= to {
                return;
            }
            let since = if now >= from { from } else { begin };
            self.live.steps.store(millis(now.saturating_sub(since)), Ordering::Relaxed);
            self.live.answers.store(self.shared.tally.answers(), Ordering::Relaxed);
            let next = if now >= from { to } else { from };
            tokio::time::sleep(LOOK.min(Duration::from_micros(next - now))).await;
        }
    }

    /// Waits for what is still owed.
    async fn settle(&mut self) {
        let (all, patience) = (self.working.len(), self.shared.plan.patience);
        self.enter(Stage::Settling, all);
        self.phase.send_replace(Phase::Draining);
        self.shared.quiet.reaches(all, patience).await;
        self.phase.send_replace(Phase::Settling);
        self.shared.settled.reaches(all, patience).await;
    }

    /// Cuts all connections and waits until they are back.
    async fn cut(&mut self) {
        let all = self.working.len();
        self.enter(Stage::ComingBack, all);
        self.phase.send_replace(Phase::Cut);
        // Each has a bounded time for itself; one after the other they are bounded by what the server can do.
        let turns = u32::try_from(all.div_ceil(self.shared.plan.opening.max(1))).unwrap_or(u32::MAX);
        self.shared.back.reaches(all, self.shared.plan.patience.saturating_mul(turns)).await;
    }

    async fn finish(mut self) -> Report {
        let joined = self.working.len();
        self.enter(Stage::Done, joined);
        self.phase.send_replace(Phase::Over);
        let mut outcomes = Vec::with_capacity(joined);
        while let Some(outcome) = self.working.join_next().await {
            outcomes.extend(outcome.ok());
        }
        Report::new(&self.shared.plan, &self.shared.tally, self.failed, &outcomes)
    }
}

/// Ends the schedule's thread with the run.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn millis(micros: Micros) -> usize {
    usize::try_from(micros / 1000).unwrap_or(usize::MAX)
}
