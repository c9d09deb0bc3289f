//! A world under the seeded load while something is done to it, and what the checker says afterwards.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::{Command, ServerFrame};

use super::table::Row;
use crate::checker::check;
use crate::checker::log::{RunLog, What};
use crate::client::Client;
use crate::plan::{Load, Shape};
use crate::server::Server;
use crate::world::World;

/// Above what walkers do, so that the pace and not the limit decides.
pub const ROOMY: [(&str, &str); 3] =
    [("LIMITS__COMMANDS_PER_SECOND", "1000"), ("LIMITS__BURST", "1000"), ("LOG__LEVEL", "warn")];

/// The world, and when each fault began and ended.
#[derive(Debug)]
pub struct Stage {
    /// The server and its people.
    pub world: World,
    ends: Vec<Duration>,
    down: Duration,
}

impl Stage {
    /// A fault ends here: the recovery is counted from now to the next acknowledgement.
    pub fn fault_ends(&mut self) {
        self.ends.push(self.world.began.elapsed());
    }

    /// Starts the server again; the time until it is ready does not count as time under load.
    ///
    /// # Errors
    /// As [`Server::restart`].
    pub async fn restart(&mut self) -> Result<Duration> {
        self.fault_ends();
        let took = self.world.server.restart().await?;
        self.down += took;
        Ok(took)
    }
}

/// A stage under load.
#[derive(Debug)]
pub struct Trial {
    /// Where it happens.
    pub stage: Stage,
    load: Load,
    loaded: Duration,
}

impl Trial {
    /// Makes the people; nobody is connected yet.
    ///
    /// # Errors
    /// When the server does not make them.
    pub async fn new(server: Server, shape: Shape, seed: u64) -> Result<Self> {
        let world = World::around(server);
        let load = Load::new(&world, shape, seed).await?;
        let stage = Stage { world, ends: Vec::new(), down: Duration::ZERO };
        Ok(Self { stage, load, loaded: Duration::ZERO })
    }

    /// Keeps everybody busy until `meanwhile` is over.
    ///
    /// # Errors
    /// When a device meets what no client should, or `meanwhile` fails.
    pub async fn run_while<T>(&mut self, meanwhile: impl AsyncFnOnce(&mut Stage) -> Result<T>) -> Result<T> {
        let began = Instant::now();
        let outcome = self.load.run_while(meanwhile(&mut self.stage)).await;
        self.loaded += began.elapsed();
        outcome
    }

    /// Brings everybody to rest, has everything checked, and adds it to the row.
    ///
    /// # Errors
    /// When somebody cannot come back, or the end cannot be read.
    pub async fn finish(&mut self, row: &mut Row) -> Result<RunLog> {
        self.finish_with(row, &mut []).await
    }

    /// The same with further people and what each of them wrote in.
    ///
    /// # Errors
    /// As [`Trial::finish`].
    pub async fn finish_with(
        &mut self,
        row: &mut Row,
        others: &mut [(&mut Client, ConversationId)],
    ) -> Result<RunLog> {
        let mut run = self.load.quiesce().await?;
        for (client, conversation) in others {
            run.stored.insert(*conversation, client.whole(*conversation).await?);
            run.clients.push(client.log());
        }
        row.count(&check(&run));
        let acknowledged = acknowledgements(&run);
        row.commands += commands(&run);
        row.acknowledged += acknowledged.len();
        let up = self.loaded.saturating_sub(self.stage.down);
        let rate = commands(&run) as f64 / up.as_secs_f64().max(0.001);
        // Of several trials the slowest counts.
        row.rate = if row.rate > 0.0 { row.rate.min(rate) } else { rate };
        for end in &self.stage.ends {
            match acknowledged.iter().filter(|at| *at > end).min() {
                Some(first) => row.recovered(*first - *end),
                None => row.broken.push(format!("nothing was acknowledged after {end:?}")),
            }
        }
        Ok(run)
    }
}

/// How many commands with an answer went out.
pub fn commands(run: &RunLog) -> usize {
    let sent = |what: &What| matches!(what, What::Sent(frame) if frame.id.is_some());
    run.clients.iter().flat_map(|c| &c.entries).filter(|e| sent(&e.what)).count()
}

/// When each `ok` came to a command that is stored (pings and reading are none).
pub fn acknowledgements(run: &RunLog) -> Vec<Duration> {
    let mut all = Vec::new();
    for client in &run.clients {
        let mut open = HashMap::new();
        for entry in &client.entries {
            match &entry.what {
                What::Sent(frame) => {
                    let stored = !matches!(
                        frame.command,
                        Command::Ping | Command::History(_) | Command::Watch(_) | Command::Unwatch(_)
                    );
                    if let (Some(id), true) = (&frame.id, stored) {
                        open.insert(id, ());
                    }
                }
                What::Received(ServerFrame::Answered(ok)) => {
                    all.extend(open.remove(&ok.id).map(|()| entry.at));
                }
                _ => {}
            }
        }
    }
    all.sort_unstable();
    all
}

/// The longest time in which nothing was acknowledged, between two moments of a run.
pub fn longest_silence(run: &RunLog, from: Duration, to: Duration) -> Duration {
    let times = acknowledgements(run).into_iter().filter(|at| *at > from && *at < to);
    let times: Vec<Duration> = [from].into_iter().chain(times).chain([to]).collect();
    times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or_default()
}

/// Time that passes under load: a span is what is meant, nothing is waited for.
pub async fn span(length: Duration) {
    tokio::time::sleep(length).await;
}
