//! The connections to Redis: bounded in what they hold and in how long a caller waits, and kept up for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, EventInterface};
use fred::types::Builder;
use fred::types::config::{Config, ReconnectPolicy, UnresponsiveConfig};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use super::breaker::Breaker;
use super::{RedisTailError, RedisTailOptions};
use crate::tail::TailError;

/// Delays between attempts to connect, in milliseconds: doubled from the first to the last.
const RECONNECT_MS: (u32, u32) = (50, 2_000);
/// Keeps many nodes from knocking at once, in milliseconds.
const RECONNECT_JITTER_MS: u32 = 100;
/// How often a Redis that does not answer is asked whether it does again.
const PROBE_EVERY: Duration = Duration::from_millis(250);
/// How long a caller who must know waits for a Redis that has fallen silent.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause before such a caller asks again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Reads under way at once; others wait for one to end. Without it a storm of readers would queue so many long answers
/// that most of them time out.
const READS_AT_ONCE: usize = 64;
/// Places in the client's own queue beyond ours. It must never be full: the client could not even queue its own reconnection.
const SPARE_QUEUE: usize = 1_024;

/// Why a command was not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// Redis answered with an error.
    Refused(Error),
    /// Redis did not answer, or was not asked.
    Unreachable(String),
}

/// Which connection a command takes: long answers to readers must not hold up writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Read,
    Write,
}

/// One connection to Redis (to each of its nodes, in a cluster) for reading and one for writing.
#[derive(Debug)]
pub(super) struct Link {
    reader: Client,
    writer: Client,
    reads: Semaphore,
    in_flight: Arc<AtomicUsize>,
    max_in_flight: usize,
    shared: Arc<Shared>,
    tasks: Vec<AbortHandle>,
}

/// What callers and background tasks both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub breaker: Breaker,
    pub unanswered: AtomicU64,
    pub refused: AtomicU64,
    pub not_asked: AtomicU64,
    connects: AtomicU64,
    last_error: Mutex<Option<String>>,
    /// The connection is to be dropped and made anew.
    renew: [Notify; 2],
}

impl Shared {
    /// Of a Redis that is down, each attempt says the same: it is logged once.
    fn failed(&self, error: &Error) {
        let error = error.to_string();
        let mut last = self.last_error.lock();
        if last.as_ref() != Some(&error) {
            tracing::warn!(%error, "the connection to Redis");
            *last = Some(error);
        }
    }

    fn connected(&self) {
        self.connects.fetch_add(1, Relaxed);
        *self.last_error.lock() = None;
        tracing::info!("connected to Redis");
    }
}

impl Link {
    /// Begins to connect, and goes on for as long as the link lives.
    pub fn open(options: &RedisTailOptions) -> Result<Self, RedisTailError> {
        let reader = client(options)?;
        let writer = client(options)?;
        let shared = Arc::new(Shared::default());
        let mut tasks = Vec::new();
        for (client, lane) in [(&reader, Lane::Read), (&writer, Lane::Write)] {
            let task = tokio::spawn(keep_connected(client.clone(), lane, Arc::clone(&shared)));
            tasks.push(task.abort_handle());
        }
        let clients = [reader.clone(), writer.clone()];
        let task = tokio::spawn(probe(clients, Arc::clone(&shared), options.unresponsive_timeout));
        tasks.push(task.abort_handle());
        Ok(Self {
            reader,
            writer,
            reads: Semaphore::new(READS_AT_ONCE),
            in_flight: Arc::default(),
            max_in_flight: options.max_queue.max(1),
            shared,
            tasks,
        })
    }

    /// Waits until both connections stand, at most so long. Otherwise the reason, as far as it is known.
    pub async fn wait_connected(&self, at_most: Duration) -> Result<(), String> {
        let connected = async {
            for client in [&self.reader, &self.writer] {
                // The client forgets whoever begins to wait just after it has connected: hence again and again.
                while !client.is_connected() {
                    let _ = timeout(Duration::from_millis(20), client.wait_for_connect()).await;
                }
            }
        };
        timeout(at_most, connected).await.map_err(|_| {
            let why = self.shared.last_error.lock().clone();
            why.unwrap_or_else(|| format!("no connection within {at_most:?}"))
        })
    }

    /// Runs a command, or refuses to when it would only wait.
    pub async fn run<T>(
        &self,
        lane: Lane,
        command: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let _in_flight = self.enter()?;
        self.ask(lane, command).await
    }

    /// Runs a command on behalf of those who have entered, or refuses to when it would only wait.
    pub async fn ask<T>(
        &self,
        lane: Lane,
        command: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.ask_only_who_answers(lane)?;
        let _turn = if lane == Lane::Read {
            let turn = self.reads.acquire().await;
            // Meanwhile it may have fallen silent.
            self.ask_only_who_answers(lane)?;
            turn.ok()
        } else {
            None
        };
        let asked = Instant::now();
        match command(self.client(lane)).await {
            Ok(answer) => {
                self.shared.breaker.answered();
                Ok(answer)
            }
            Err(error) if was_answered(&error) => {
                self.shared.breaker.answered();
                Err(Failure::Refused(error))
            }
            Err(error) => {
                self.shared.unanswered.fetch_add(1, Relaxed);
                self.shared.breaker.silent(asked);
                Err(Failure::Unreachable(error.to_string()))
            }
        }
    }

    /// Waits a little before a command is tried again that has failed since `begun`, if that is worth it: Redis may be slow,
    /// or the connection just being made. Answers whether it was.
    pub async fn waits_since(&self, begun: Instant) -> bool {
        let worth_it = begun.elapsed().max(self.shared.breaker.failing_for()) < PATIENCE;
        if worth_it {
            sleep(ASK_AGAIN_AFTER).await;
        }
        worth_it
    }

    /// How many have entered and wait for an answer.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    pub fn is_up(&self) -> bool {
        !self.shared.breaker.is_open() && self.is_connected()
    }

    pub fn is_connected(&self) -> bool {
        self.reader.is_connected() && self.writer.is_connected()
    }

    /// How many times the writing connection was made again.
    pub fn reconnects(&self) -> u64 {
        self.shared.connects.load(Relaxed).saturating_sub(1)
    }

    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What callers of the tail are told.
    pub fn failed(&self, failure: Failure) -> TailError {
        match failure {
            Failure::Unreachable(why) => TailError::Unreachable(why),
            Failure::Refused(error) => {
                self.shared.refused.fetch_add(1, Relaxed);
                TailError::Unreachable(error.details().to_owned())
            }
        }
    }

    fn client(&self, lane: Lane) -> &Client {
        match lane {
            Lane::Read => &self.reader,
            Lane::Write => &self.writer,
        }
    }

    /// Takes one of the places for whoever waits for an answer.
    pub fn enter(&self) -> Result<InFlight, Failure> {
        let before = self.in_flight.fetch_add(1, Relaxed);
        let guard = InFlight(Arc::clone(&self.in_flight));
        if before >= self.max_in_flight {
            return Err(self.not_asked(format!("{before} commands wait for an answer already")));
        }
        Ok(guard)
    }

    /// Fails where Redis is known not to answer.
    pub fn ask_only_who_answers(&self, lane: Lane) -> Result<(), Failure> {
        if self.shared.breaker.is_open() {
            return Err(self.not_asked("it does not answer".to_owned()));
        }
        if !self.client(lane).is_connected() {
            return Err(self.not_asked("not connected".to_owned()));
        }
        Ok(())
    }

    fn not_asked(&self, why: String) -> Failure {
        self.shared.not_asked.fetch_add(1, Relaxed);
        self.shared.breaker.failed(Instant::now());
        Failure::Unreachable(why)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Counts whoever waits for an answer, until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Whether the error came from Redis itself: it is there, and quick to say no.
fn was_answered(error: &Error) -> bool {
    use ErrorKind::{Auth, InvalidArgument, InvalidCommand, Unknown};
    matches!(error.kind(), Auth | InvalidArgument | InvalidCommand | Unknown)
}

fn client(options: &RedisTailOptions) -> Result<Client, RedisTailError> {
    let mut config =
        Config::from_url(&options.url).map_err(|error| RedisTailError::Url(error.to_string()))?;
    // A Redis that is down at the start is tried again like one that goes down later.
    config.fail_fast = false;
    let mut policy = ReconnectPolicy::new_exponential(0, RECONNECT_MS.0, RECONNECT_MS.1, 2);
    policy.set_jitter(RECONNECT_JITTER_MS);
    Builder::from_config(config)
        .with_performance_config(|performance| performance.default_command_timeout = options.command_timeout)
        .with_connection_config(|connection| {
            connection.connection_timeout = options.unresponsive_timeout;
            connection.internal_command_timeout = options.unresponsive_timeout;
            connection.max_command_attempts = options.max_attempts.max(1);
            connection.max_command_buffer_len = options.max_queue.max(1).saturating_add(SPARE_QUEUE);
            connection.unresponsive = UnresponsiveConfig {
                max_timeout: Some(options.unresponsive_timeout),
                interval: options.unresponsive_timeout / 4,
            };
            connection.tcp.nodelay = Some(true);
        })
        .set_policy(policy)
        .build()
        .map_err(|error| RedisTailError::Url(error.to_string()))
}

/// Runs the client's own task for ever: it ends when Redis is not what the URL says, and is stuck when it writes to a
/// peer that does not read.
async fn keep_connected(client: Client, lane: Lane, shared: Arc<Shared>) {
    let mut connects = client.reconnect_rx();
    let mut errors = client.error_rx();
    loop {
        let mut task = client.connect();
        let _abort = AbortOnDrop(task.abort_handle());
        loop {
            tokio::select! {
                ended = &mut task => {
                    if let Ok(Err(error)) = ended {
                        shared.failed(&error);
                    }
                    break;
                }
                () = shared.renew[lane as usize].notified() => break,
                // Only the newest counts, so one that was missed does no harm.
                Ok((error, _)) = errors.recv() => shared.failed(&error),
                Ok(_) = connects.recv() => {
                    if lane == Lane::Write {
                        shared.connected();
                    }
                }
            }
        }
        sleep(PROBE_EVERY).await;
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// While the breaker is open, asks until Redis answers again. A connection that stands and says nothing for
/// `unresponsive` is made anew: the client itself counts from its last write, which a probe only puts off.
async fn probe(clients: [Client; 2], shared: Arc<Shared>, unresponsive: Duration) {
    loop {
        shared.breaker.opened().await;
        let opened = Instant::now();
        let mut silent_since = opened;
        loop {
            sleep(PROBE_EVERY).await;
            if answers(&clients[0]).await && answers(&clients[1]).await {
                break;
            }
            if silent_since.elapsed() >= unresponsive {
                silent_since = Instant::now();
                for (client, renew) in clients.iter().zip(&shared.renew) {
                    // One that is not connected is being connected.
                    if client.is_connected() {
                        renew.notify_one();
                    }
                }
            }
        }
        shared.breaker.close();
        tracing::info!(silent_ms = opened.elapsed().as_millis(), "Redis answers again");
    }
}

async fn answers(client: &Client) -> bool {
    if !client.is_connected() {
        return false;
    }
    match client.ping::<()>(None).await {
        Ok(()) => true,
        Err(error) => was_answered(&error),
    }
}
