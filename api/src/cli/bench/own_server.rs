//! A server for one run: this same binary in a folder of its own, with limits that do not stand in the way.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, anyhow};
use otvet_config::{LoadOptions, Settings};
use otvet_engine::identity::{Abilities, NewAccount, Password};
use otvet_engine::protocol::Role;
use tempfile::TempDir;

use super::super::user::said;
use super::{CliError, Target};

/// What `otvet serve` prints before the address.
const ADDRESS: &str = "Visitors  ";

/// Settings of a server that is only there to be loaded; the command line's `--set` goes over them.
const SETTINGS: [(&str, &str); 12] = [
    ("server.listen", "127.0.0.1:0"),
    ("server.metrics_listen", "127.0.0.1:0"),
    ("identity.bcrypt_cost", "4"),
    ("identity.guests_per_address_per_minute", "1000000"),
    ("limits.burst", "100000"),
    ("limits.commands_per_second", "100000"),
    ("limits.unanswered_commands", "1000"),
    // An outbox is let go when it is full; a generator on the same processors reads in bursts.
    ("limits.outbox_bytes", "16777216"),
    ("limits.hello_timeout_s", "60"),
    ("server.header_timeout_s", "60"),
    ("log.level", "warn"),
    ("log.format", "json"),
];

/// A running server. It ends, and its folder goes, when this is dropped.
pub struct OwnServer {
    /// Where it listens.
    pub target: Target,
    /// Of as many managers as were asked for.
    pub manager_tokens: Vec<String>,
    child: Child,
    _folder: TempDir,
}

impl OwnServer {
    /// Makes the people, starts it, and waits until it says where it listens.
    pub async fn start(managers: usize, overrides: &[(String, String)]) -> Result<Self, CliError> {
        let folder = tempfile::tempdir().context("making a temporary folder; see TMPDIR")?;
        let database = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
        let mut settings: Vec<(String, String)> =
            SETTINGS.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        settings.push(("database.url".to_owned(), database));
        settings.extend(overrides.iter().cloned());
        let manager_tokens = make_managers(managers, &settings).await?;
        let (child, target) = spawn(folder.path(), &settings)?;
        Ok(Self { target, manager_tokens, child, _folder: folder })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // Nothing of it is kept, so there is nothing to end in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Accounts with the role of a manager, each with a token.
async fn make_managers(count: usize, settings: &[(String, String)]) -> Result<Vec<String>, CliError> {
    let none = std::iter::empty::<(String, String)>();
    let settings = Settings::load(LoadOptions { file: None, env: none, overrides: settings.to_vec() })?;
    let (database, identity) = super::super::open(&settings).await?;
    let mut tokens = Vec::with_capacity(count);
    for n in 0..count {
        let new = NewAccount {
            name: format!("Manager {n}"),
            email: format!("manager{n}@otvet.bench"),
            password: Password::from("only for this one run"),
        };
        let person = identity.create_user(None, new).await.map_err(said)?;
        identity.set_role(None, person.id, Role::Manager).await.map_err(said)?;
        let issued = identity.issue_token(person.id, "bench", &Abilities::all(), None).await.map_err(said)?;
        tokens.push(issued.token.0);
    }
    database.close().await;
    Ok(tokens)
}

fn spawn(folder: &Path, settings: &[(String, String)]) -> Result<(Child, Target), CliError> {
    let binary = std::env::current_exe().context("finding this binary")?;
    let mut command = Command::new(binary);
    // Neither the settings of this environment nor those of this folder are meant for it.
    command.env_clear().current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
    for (key, value) in settings {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    let mut child = command.spawn().context("starting a server")?;
    let stdout = child.stdout.take().context("the server's output is piped")?;
    let mut lines = BufReader::new(stdout).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.strip_prefix(ADDRESS).map(|origin| origin.trim().trim_end_matches('/').to_owned())
    });
    let Some(address) = address else {
        // Its own line on standard error says why.
        let _ = child.wait();
        return Err(CliError::Failed(anyhow!("the server did not start; see the line above")));
    };
    // The rest of its output has no reader; it must not wait for one.
    std::thread::spawn(move || lines.for_each(drop));
    let target = address.parse().map_err(|why: String| anyhow!("{address}: {why}"))?;
    Ok((child, target))
}
