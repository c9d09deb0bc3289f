//! The command line: a file a subcommand. Errors are one line with what to do; the exit status is 0 when all went well, 2 for
//! wrong settings or arguments, 1 for all else.

mod backup;
mod bench;
mod config;
mod migrate;
mod serve;
mod token;
mod user;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use otvet_config::{ConfigError, LoadOptions, Settings};
use otvet_engine::clock::SystemClock;
use otvet_engine::identity::{Account, Identity};
use otvet_engine::ids::PersonId;
use otvet_engine::store::Database;

use crate::server::{open_identity, system_rng};

/// Self-hosted questions and answers in real time.
#[derive(Parser)]
#[command(
    name = "otvet",
    version,
    after_help = "Example: otvet --config otvet.toml serve\nSettings: the file, over it OTVET_SECTION__KEY, over it --set."
)]
struct Cli {
    /// The settings file; otvet.toml in the working directory when there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting, over the file and the environment. Can be given again.
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE", value_parser = key_value)]
    overrides: Vec<(String, String)>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (what happens without a command).
    #[command(after_help = "Example: otvet serve --set server.listen=0.0.0.0:8080")]
    Serve,
    /// Accounts: who there is, and what they may do.
    #[command(subcommand)]
    User(user::User),
    /// Tokens of accounts.
    #[command(subcommand)]
    Token(token::Token),
    /// Bring the database's schema up to date.
    #[command(after_help = "Example: otvet migrate")]
    Migrate,
    /// Print the settings in force, secrets masked.
    #[command(after_help = "Example: OTVET_LOG__LEVEL=debug otvet config")]
    Config,
    /// Copy the SQLite database into a new file while the server runs.
    #[command(after_help = "Example: otvet backup /backups/otvet-2026-01-31.db")]
    Backup(backup::Backup),
    /// Load a server as its users do, and report what it carries, how fast it answers and whether anything was lost.
    #[command(after_help = "Example: otvet bench --visitors 1000 --managers 20 --rate 2000 --duration 30")]
    Bench(Box<bench::Bench>),
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Wrong settings or arguments: 2.
    #[error("{0}")]
    Usage(String),
    /// All else: 1.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Parses the arguments and carries them out.
pub fn main() -> ExitCode {
    // clap prints help and its own errors, and exits with 0 or 2.
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&CliError::Failed(anyhow::Error::new(error).context("starting"))),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

async fn run(cli: Cli) -> Result<(), CliError> {
    // The generator is a user of any server; the settings of this folder are not about it.
    if let Some(Command::Bench(bench)) = cli.command {
        return bench::run(*bench, cli.overrides).await;
    }
    let settings =
        Settings::load(LoadOptions { file: cli.config, env: std::env::vars(), overrides: cli.overrides })?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(settings).await,
        Command::User(command) => user::run(&settings, command).await,
        Command::Token(command) => token::run(&settings, command).await,
        Command::Migrate => migrate::run(&settings).await,
        Command::Config => config::run(&settings),
        Command::Backup(command) => backup::run(&settings, command).await,
        Command::Bench(_) => Ok(()),
    }
}

fn report(error: &CliError) -> ExitCode {
    let text = error.to_string().replace(['\n', '\r'], " ");
    let mut stderr = std::io::stderr().lock();
    let (red, plain) = if stderr.is_terminal() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
    // Nobody is left to tell that standard error is closed.
    let _ = writeln!(stderr, "{red}otvet:{plain} {text}");
    match error {
        CliError::Usage(_) => ExitCode::from(2),
        CliError::Failed(_) => ExitCode::from(1),
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write SECTION.KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Prints to standard output.
fn say(text: &str) -> Result<(), CliError> {
    let written = writeln!(std::io::stdout().lock(), "{text}");
    written.map_err(|error| CliError::Failed(anyhow::Error::new(error).context("standard output")))
}

/// The database, migrated, and who is in it.
async fn open(settings: &Settings) -> Result<(Database, Identity), CliError> {
    let failed = |error: anyhow::Error| CliError::Failed(error.context("check database.url"));
    let database = Database::connect(settings.database.url.expose(), settings.database.max_connections)
        .await
        .map_err(|error| failed(error.into()))?;
    database.migrate().await.map_err(|error| failed(error.into()))?;
    let identity = open_identity(&database, settings, Arc::new(SystemClock), system_rng())
        .map_err(|error| CliError::Usage(error.to_string()))?;
    Ok((database, identity))
}

/// The account that an email or an id such as `u7` names.
async fn account(identity: &Identity, who: &str) -> Result<Account, CliError> {
    let found = match who.parse::<PersonId>() {
        Ok(id) => identity.account(id).await,
        Err(_) => identity.user_by_email(who).await,
    };
    let found = found.map_err(|error| CliError::Failed(error.into()))?;
    found.ok_or_else(|| {
        CliError::Failed(anyhow::anyhow!("nobody has the email or id `{who}`; see `otvet user add --help`"))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_well_formed_and_shows_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            let mut children = command.get_subcommands().filter(|c| c.get_name() != "help").peekable();
            if children.peek().is_none() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example: "), "{} has no example", command.get_name());
            }
            open.extend(children.cloned());
        }
    }
}
