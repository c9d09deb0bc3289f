//! A whole server: started in order, ended in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use otvet_actors::{Behaviour, Foundation, House, RestartPolicy};
use otvet_config::Settings;
use otvet_engine::clock::{SharedClock, SystemClock};
use otvet_engine::conversation::Rules;
use otvet_engine::identity::{
    FirstAdmin, Identity, IdentityError, IdentitySettings, Password, UnknownTimezone,
};
use otvet_engine::journal::{Journal, JournalOptions, ReadError};
use otvet_engine::protocol::{Limits, Refusal};
use otvet_engine::store::{Database, StoreError};
use otvet_engine::tail::RedisTailError;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use warp::Filter;

use crate::edge::{Edge, EdgeParts, SharedEdge};
use crate::openapi::{self, Routes};
use crate::people::KnownPeople;
use crate::rest;
use crate::serve::request::{RequestIds, Surroundings};
use crate::serve::{Listener, MAX_CONNECTIONS};
use crate::tails::Tails;
use crate::{android, assets, ops, pruning, tails, ws};

/// How soon clients of a draining server come back, before their own jitter.
const BYE_RETRY_MS: u64 = 1000;
/// Operators' connections at once.
const OPERATORS: usize = 64;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("{0}; check database.url")]
    Store(#[from] StoreError),
    /// The journal.
    #[error("{0}")]
    Journal(#[from] ReadError),
    /// A setting that only this system can judge.
    #[error("{0}")]
    Timezone(#[from] UnknownTimezone),
    /// The first administrator.
    #[error("the first administrator could not be made: {0}")]
    FirstAdmin(IdentityError),
    /// The tails.
    #[error("{0}")]
    Redis(#[from] RedisTailError),
    /// The Android app that is offered.
    #[error("the Android app {path} cannot be offered: {cause}; check android.apk")]
    AndroidApp {
        /// Where it should be.
        path: String,
        /// What is wrong with it.
        cause: io::Error,
    },
    /// The actors.
    #[error("the actors did not start: {0}")]
    House(Refusal),
    /// An address is taken or not ours.
    #[error("cannot listen on {address}: {cause}; stop what holds it, or set {setting} to another address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The setting that says so.
        setting: &'static str,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// What a server needs besides its settings.
pub struct Environment {
    /// What time it is.
    pub clock: SharedClock,
    /// The seed of tokens, ids and epochs; outside tests the system's.
    pub rng: StdRng,
    /// Who becomes admin of a database without one, and with which password.
    pub admin: (Option<String>, Option<Password>),
}

impl Environment {
    /// The system's clock and randomness.
    pub fn system(admin: (Option<String>, Option<Password>)) -> Self {
        Self { clock: Arc::new(SystemClock), rng: system_rng(), admin }
    }
}

/// A generator seeded by the operating system.
#[expect(clippy::disallowed_methods, reason = "randomness has to come in somewhere")]
pub fn system_rng() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}

/// A server that runs.
pub struct Server {
    /// Where people's browsers and phones connect.
    pub addr: SocketAddr,
    /// Where operators look.
    pub metrics_addr: SocketAddr,
    /// The administrator, if this start made one.
    pub first_admin: Option<FirstAdmin>,
    /// Everything at the edges, for tests and benches that look inside.
    pub edge: SharedEdge,
    for_people: Serving,
    for_operators: Serving,
    upkeep: [JoinHandle<()>; 3],
    places: Arc<Semaphore>,
}

/// A listener that runs.
struct Serving {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Serving {
    fn start(listener: Listener) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, task: tokio::spawn(listener.run(stopped)) }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "a listener ended badly");
        }
    }
}

/// Connections that the kernel holds until they are accepted; it may allow fewer (`net.core.somaxconn`). Everybody comes at
/// once after a restart, and who finds no place tries again only a second later.
const BACKLOG: u32 = 8_192;

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the connections of the last one to be forgotten.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Server {
    /// Starts everything, in the order in which one part needs another, and listens last.
    ///
    /// # Errors
    /// [`StartError`], one line with what to do about it.
    pub async fn start(settings: Settings, environment: Environment) -> Result<Self, StartError> {
        let Environment { clock, mut rng, admin } = environment;
        let listen = |address: SocketAddr, setting| {
            bind(address).map_err(|cause| StartError::Listen { address, setting, cause })
        };
        // Bound first, so that a second start on the same address touches nothing; served last.
        let main = listen(settings.server.listen, "server.listen")?;
        let operators = listen(settings.server.metrics_listen, "server.metrics_listen")?;
        let local = |listener: &TcpListener, address, setting| {
            listener.local_addr().map_err(|cause| StartError::Listen { address, setting, cause })
        };
        let addr = local(&main, settings.server.listen, "server.listen")?;
        let metrics_addr = local(&operators, settings.server.metrics_listen, "server.metrics_listen")?;

        let app = android::App::load(settings.android.apk.as_deref())?;
        let database =
            Database::connect(settings.database.url.expose(), settings.database.max_connections).await?;
        for step in database.migrate().await? {
            tracing::info!(step, "migrated");
        }
        let identity = open_identity(&database, &settings, clock.clone(), StdRng::from_rng(&mut rng))?;
        let (email, password) = (admin.0.as_deref(), admin.1.as_ref());
        let first_admin =
            identity.ensure_first_admin(email, password).await.map_err(StartError::FirstAdmin)?;
        let journal = Journal::start(database.clone(), JournalOptions::default()).await?;
        let Tails { tail, redis } = tails::open(&settings).await?;
        let ids = RequestIds::new(rng.next_u32());
        let foundation = Foundation {
            journal: journal.clone(),
            tail: tail.clone(),
            people: Arc::new(KnownPeople(identity.clone())),
            clock: clock.clone(),
            rng: Arc::new(Mutex::new(rng)),
        };
        let house = House::start(foundation, behaviour(&settings)).await.map_err(StartError::House)?;
        let edge = Edge::new(EdgeParts {
            settings,
            listening_on: addr,
            identity,
            house,
            journal,
            tail,
            redis,
            database,
            clock,
        });

        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let surroundings =
            Arc::new(Surroundings { edge: edge.clone(), ids, routes: Routes::of(&openapi::document()) });
        let for_people = Listener {
            tcp: main,
            filter: for_people(&edge, app),
            surroundings: surroundings.clone(),
            places: places.clone(),
        };
        let for_operators = Listener {
            tcp: operators,
            filter: ops::health(edge.clone())
                .or(ops::metrics(edge.clone()))
                .unify()
                .recover(ops::unmatched)
                .unify()
                .boxed(),
            surroundings,
            places: Arc::new(Semaphore::new(OPERATORS)),
        };
        let upkeep = [
            tokio::spawn(ws::token_watch::run(edge.clone())),
            tokio::spawn(pruning::run(edge.identity.clone())),
            tokio::spawn(edge.journal.clone().keep_index()),
        ];
        let (for_people, for_operators) = (Serving::start(for_people), Serving::start(for_operators));
        Ok(Self { addr, metrics_addr, first_admin, edge, for_people, for_operators, upkeep, places })
    }

    /// Ends in order: not ready, nobody new, `bye` to everybody, what was acknowledged is stored. False when it took longer
    /// than `server.drain_timeout_s`, and something was cut off.
    pub async fn stop(self) -> bool {
        let limit = Duration::from_secs(self.edge.settings.server.drain_timeout_s);
        let in_order = timeout(limit, async {
            self.edge.start_draining();
            self.for_people.end().await;
            self.edge.house.drain(BYE_RETRY_MS).await;
            // All places are free again when all sockets have ended.
            let all = u32::try_from(MAX_CONNECTIONS).expect("the bound is far below");
            drop(self.places.acquire_many(all).await);
        });
        let in_time = in_order.await.is_ok();
        // Operators see to the end that it is not ready.
        self.for_operators.end().await;
        self.upkeep.iter().for_each(JoinHandle::abort);
        self.edge.journal.close().await;
        self.edge.database.close().await;
        in_time
    }
}

/// Everything on the main listener.
fn for_people(
    edge: &SharedEdge,
    app: Option<android::App>,
) -> warp::filters::BoxedFilter<(warp::reply::Response,)> {
    let endpoints = rest::v1::endpoints(edge).into_iter().chain([openapi::endpoint(edge)]);
    let rest = endpoints.reduce(|all, one| all.or(one).unify().boxed()).expect("there are endpoints");
    ws::filter(edge.clone())
        .or(rest)
        .unify()
        .or(ops::health(edge.clone()))
        .unify()
        .or(android::filter(edge, app))
        .unify()
        .or(assets::filter())
        .unify()
        .recover(ops::unmatched)
        .unify()
        .boxed()
}

/// People and tokens as the settings want them; also for the command line.
///
/// # Errors
/// A time zone that this system does not know.
pub fn open_identity(
    database: &Database,
    settings: &Settings,
    clock: SharedClock,
    rng: StdRng,
) -> Result<Identity, UnknownTimezone> {
    let s = settings.identity.clone();
    let minutes = u32::try_from(s.token_expiration_minutes).unwrap_or(u32::MAX);
    let settings = IdentitySettings {
        tokenable_type: s.tokenable_type,
        morph_alias: s.morph_alias,
        token_prefix: s.token_prefix,
        token_expiration_minutes: minutes,
        timezone: s.timezone.iana_name().unwrap_or("UTC").to_owned(),
        registration: s.registration,
        guests: s.guests,
        bcrypt_cost: s.bcrypt_cost,
        bcrypt_concurrency: s.bcrypt_concurrency,
        login_attempts_per_minute: s.login_attempts_per_minute,
        login_attempts_per_address_per_minute: s.login_attempts_per_address_per_minute,
        guests_per_address_per_minute: s.guests_per_address_per_minute,
        registrations_per_address_per_minute: s.registrations_per_address_per_minute,
    };
    Identity::new(database.clone(), settings, clock, rng)
}

fn behaviour(settings: &Settings) -> Behaviour {
    let (l, a) = (&settings.limits, &settings.actors);
    Behaviour {
        limits: Limits {
            frame_bytes: l.frame_bytes as u64,
            body_chars: l.body_chars as u64,
            subject_chars: l.subject_chars as u64,
            commands_per_second: l.commands_per_second.into(),
            burst: l.burst.into(),
            unanswered_commands: l.unanswered_commands as u64,
            connections_per_person: l.connections_per_person as u64,
            outbox_bytes: l.outbox_bytes as u64,
        },
        rules: Rules { body_chars: l.body_chars, subject_chars: l.subject_chars, ..Rules::default() },
        heartbeat: Duration::from_secs(l.heartbeat_s),
        idle_stop: Duration::from_secs(a.idle_stop_s),
        tail_keep: settings.tail.keep,
        restart: RestartPolicy {
            max_restarts: a.max_restarts,
            window: Duration::from_secs(a.restart_window_s),
            backoff_min: Duration::from_millis(a.backoff_min_ms),
            backoff_max: Duration::from_millis(a.backoff_max_ms),
        },
    }
}
