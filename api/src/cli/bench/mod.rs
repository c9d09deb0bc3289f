//! `otvet bench`: the load generator, against a server of its own or one that runs.

mod own_server;
mod process;
mod progress;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use otvet_engine::protocol::Format;
use otvet_load::{Live, Mix, Pace, Plan, Report, RunError};
use rand::RngExt;

use super::{CliError, say};
use crate::server::system_rng;
use own_server::OwnServer;
use process::Watched;
use target::Target;

/// Whom to load, with what and for how long.
#[derive(Args)]
pub struct Bench {
    /// The server, such as http://127.0.0.1:8080. Without it, one is started in a temporary folder with limits that do not
    /// stand in the way, and thrown away; --set changes its settings.
    #[arg(long, value_name = "URL")]
    url: Option<Target>,
    /// Visitors: guests, each with one connection and, unless idle, one conversation.
    #[arg(long, default_value_t = 100)]
    visitors: usize,
    /// Managers, each with one connection; each takes up to 50 of the conversations.
    #[arg(long, default_value_t = 2)]
    managers: usize,
    /// Tokens of managers, one a line, for a server that runs; `otvet token issue` prints them.
    #[arg(long, value_name = "FILE")]
    manager_tokens: Option<PathBuf>,
    /// Commands a second over all connections, on a schedule that slow answers do not hold up. Without it a closed loop:
    /// each connection gives its next command when one was answered.
    #[arg(long, conflicts_with_all = ["in_flight", "idle"])]
    rate: Option<f64>,
    /// In a closed loop: unanswered commands of one connection.
    #[arg(long, default_value_t = 1, conflicts_with = "idle")]
    in_flight: usize,
    /// Connections only.
    #[arg(long)]
    idle: bool,
    /// Seconds that are measured.
    #[arg(long, default_value = "10", value_parser = seconds)]
    duration: Duration,
    /// Seconds of load before that.
    #[arg(long, default_value = "2", value_parser = seconds)]
    warm_up: Duration,
    /// Shares of commands: send, read, typing, history, ping, note.
    #[arg(long, default_value = "send=80,read=15,typing=5", value_name = "COMMAND=SHARE,…")]
    mix: Mix,
    /// Characters of a message.
    #[arg(long, default_value_t = 100)]
    body_chars: usize,
    /// How frames are encoded.
    #[arg(long, value_enum, default_value = "json")]
    format: WireFormat,
    /// Loopback addresses to come from; as many as the connections need unless said.
    #[arg(long)]
    sources: Option<usize>,
    /// Connections being opened at a time.
    #[arg(long, default_value_t = 128)]
    opening: usize,
    /// Milliseconds after which an answer or a delivery is late.
    #[arg(long, default_value_t = 1000)]
    late_after_ms: u64,
    /// Seconds to wait at the end for what is owed.
    #[arg(long, default_value = "10", value_parser = seconds)]
    patience: Duration,
    /// At the end cut all connections at once, and measure how they come back.
    #[arg(long)]
    cut: bool,
    /// The seed of all choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the report as JSON, too; `-` writes only that, to standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The encodings by the names that people type.
#[derive(Clone, Copy, ValueEnum)]
enum WireFormat {
    /// Text.
    Json,
    /// Binary.
    Msgpack,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| "write a number of seconds that is not negative".to_owned())
}

/// Carries it out. `overrides` are the settings of a server of its own.
pub async fn run(bench: Bench, overrides: Vec<(String, String)>) -> Result<(), CliError> {
    let connections = bench.visitors + bench.managers;
    process::raise_open_files(connections)?;
    let mut server = None;
    let (target, manager_tokens) = match &bench.url {
        Some(target) => (target.clone(), bench.tokens_from_file()?),
        None => {
            let own = OwnServer::start(bench.managers, &overrides).await?;
            let target = own.target.clone();
            let tokens = own.manager_tokens.clone();
            server = Some(own);
            (target, tokens)
        }
    };
    let plan = bench.plan(&target, manager_tokens).await?;
    plan.validate().map_err(|error| CliError::Usage(error.to_string()))?;
    let watched = server.as_ref().map(|own| Watched::new(own.pid()));
    let report = measure(plan, watched).await?;
    drop(server);
    bench.publish(&report)?;
    match report.fault() {
        None => Ok(()),
        Some(fault) => Err(CliError::Failed(anyhow::anyhow!("{fault}; the report says where"))),
    }
}

async fn measure(plan: Plan, mut watched: Option<Watched>) -> Result<Report, CliError> {
    let live = Arc::new(Live::default());
    let shown = progress::show(Arc::clone(&live));
    let name = format!("{:08x}", system_rng().random::<u32>());
    let mut watcher = |stage| {
        if let Some(watched) = &mut watched {
            watched.enter(stage);
        }
    };
    let report = otvet_load::run(plan, &name, live, &mut watcher).await;
    shown.end();
    let mut report = report.map_err(|error| match error {
        RunError::Plan(error) => CliError::Usage(error.to_string()),
        other => CliError::Failed(other.into()),
    })?;
    report.server = watched.map(Watched::account);
    Ok(report)
}

impl Bench {
    async fn plan(&self, target: &Target, manager_tokens: Vec<String>) -> Result<Plan, CliError> {
        let pace = match (self.idle, self.rate) {
            (true, _) => Pace::Idle,
            (_, Some(per_second)) => Pace::Open { per_second },
            _ => Pace::Closed { in_flight: self.in_flight },
        };
        let mut plan = Plan {
            place: target.resolve().await?,
            host: target.host.clone(),
            visitors: self.visitors,
            manager_tokens,
            pace,
            duration: self.duration,
            warm_up: self.warm_up,
            mix: self.mix.clone(),
            body_chars: self.body_chars,
            format: match self.format {
                WireFormat::Json => Format::Json,
                WireFormat::Msgpack => Format::MessagePack,
            },
            sources: 0,
            opening: self.opening,
            late_after: Duration::from_millis(self.late_after_ms),
            patience: self.patience,
            cut: self.cut,
            seed: self.seed,
        };
        plan.sources = self.sources.unwrap_or_else(|| plan.sources_needed());
        Ok(plan)
    }

    fn tokens_from_file(&self) -> Result<Vec<String>, CliError> {
        if self.managers == 0 {
            return Ok(Vec::new());
        }
        let Some(file) = &self.manager_tokens else {
            return Err(CliError::Usage(
                "managers need tokens: write them into a file with `otvet token issue`, a line each, and name it with \
                 --manager-tokens; or say --managers 0"
                    .to_owned(),
            ));
        };
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(self.managers);
        let tokens: Vec<String> = tokens.map(str::to_owned).collect();
        if tokens.len() < self.managers {
            let (there, file) = (tokens.len(), file.display());
            return Err(CliError::Usage(format!("{file} has {there} tokens: add more, or lower --managers")));
        }
        Ok(tokens)
    }

    fn publish(&self, report: &Report) -> Result<(), CliError> {
        let json = || serde_json::to_string_pretty(report).context("writing the report");
        match &self.json {
            Some(file) if file.as_os_str() == "-" => say(&json()?),
            Some(file) => {
                std::fs::write(file, json()?).with_context(|| format!("writing {}", file.display()))?;
                say(report.to_string().trim_end())
            }
            None => say(report.to_string().trim_end()),
        }
    }
}
