//! The real server as a child process, with a directory and ports of its own. Only ever signals the process it started.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::rest::Rest;

/// The first administrator, made at the first start.
pub const ADMIN_EMAIL: &str = "admin@otvet.test";
/// Their password.
pub const ADMIN_PASSWORD: &str = "correct horse battery staple";

/// How long a start may take: a debug build on a busy machine.
const START: Duration = Duration::from_secs(60);
/// How long a drain may take, by the contract.
pub const DRAIN: Duration = Duration::from_secs(30);
/// Another process may take a free port between our look and the server's bind.
const PORT_ATTEMPTS: usize = 5;

/// Settings as environment variables without the prefix: `("LIMITS__BURST", "5")`.
pub type Settings<'a> = &'a [(&'a str, &'a str)];

/// A running server, or one between two runs. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    dir: TempDir,
    listen: SocketAddr,
    metrics: SocketAddr,
    settings: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    output: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts the server on an empty database and waits until it is ready.
    ///
    /// # Errors
    /// When there is no binary, or it does not become ready; with its output.
    pub async fn start(settings: Settings<'_>) -> Result<Self> {
        Self::start_in(settings, &[]).await
    }

    /// The same in an environment that is not Otvet's: `("LD_PRELOAD", …)` puts a library around the process.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_in(settings: Settings<'_>, environment: &[(&str, &str)]) -> Result<Self> {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let (listen, metrics) = free_ports()?;
        let mut server = Self {
            binary: binary()?,
            dir: tempfile::tempdir()?,
            listen,
            metrics,
            settings: owned(settings),
            environment: owned(environment),
            child: None,
            output: Arc::default(),
        };
        for _ in 1..PORT_ATTEMPTS {
            match server.restart().await {
                Err(e) if format!("{e:#}").to_lowercase().contains("in use") => {
                    (server.listen, server.metrics) = free_ports()?;
                }
                other => return other.map(|_| server),
            }
        }
        server.restart().await.map(|_| server)
    }

    /// Starts it again on the same files and ports; answers how long it took to become ready.
    ///
    /// # Errors
    /// When it does not become ready; with its output.
    pub async fn restart(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.binary.display()))?;
        self.capture(child.stdout.take());
        self.capture(child.stderr.take());
        self.child = Some(child);
        let rest = self.rest(Ipv4Addr::LOCALHOST);
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while began.elapsed() < START {
            look.tick().await;
            if let Some(status) = self.child.as_mut().and_then(|c| c.try_wait().ok().flatten()) {
                bail!("the server ended with {status} instead of becoming ready:\n{}", self.output());
            }
            if rest.get("/readyz").await.is_ok_and(|reply| reply.status == 200) {
                return Ok(began.elapsed());
            }
        }
        bail!("the server was not ready within {START:?}:\n{}", self.output())
    }

    /// The binary with this server's settings, for `otvet user …` and the like.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        // Nothing of the developer's own environment or directory may reach it.
        command.env_clear().current_dir(self.dir.path());
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let database = format!("sqlite://{}?mode=rwc", self.dir.path().join("otvet.db").display());
        command
            .env("RUST_BACKTRACE", "1")
            .env("OTVET_SERVER__LISTEN", self.listen.to_string())
            .env("OTVET_SERVER__METRICS_LISTEN", self.metrics.to_string())
            .env("OTVET_DATABASE__URL", database)
            .env("OTVET_IDENTITY__BCRYPT_COST", "4")
            // Tests make more people than anybody would from one address.
            .env("OTVET_IDENTITY__GUESTS_PER_ADDRESS_PER_MINUTE", "100000")
            .env("OTVET_IDENTITY__REGISTRATIONS_PER_ADDRESS_PER_MINUTE", "100000")
            .env("OTVET_LOG__FORMAT", "json")
            .env("OTVET_ADMIN_EMAIL", ADMIN_EMAIL)
            .env("OTVET_ADMIN_PASSWORD", ADMIN_PASSWORD);
        for (name, value) in &self.settings {
            command.env(format!("OTVET_{name}"), value);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the binary with arguments, as an operator does beside the running server.
    ///
    /// # Errors
    /// When it does not end with 0; with its output.
    pub async fn operate(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command().args(arguments).stdin(Stdio::null()).output().await?;
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            bail!("otvet {} ended with {}:\n{text}", arguments.join(" "), output.status);
        }
        Ok(text)
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(n, _)| n != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Where it listens.
    pub fn place(&self) -> SocketAddr {
        self.listen
    }

    /// Where its metrics are.
    pub fn metrics_place(&self) -> SocketAddr {
        self.metrics
    }

    /// Its directory, with the database in it.
    pub fn directory(&self) -> &Path {
        self.dir.path()
    }

    /// REST without a token, coming from an address.
    pub fn rest(&self, source: Ipv4Addr) -> Rest {
        Rest::new(self.listen, source)
    }

    /// The process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Kills it with SIGKILL, as a power cut does, and waits until it is gone.
    ///
    /// # Errors
    /// When it was not running.
    pub async fn kill9(&mut self) -> Result<()> {
        let mut child = self.child.take().context("not running")?;
        child.kill().await?;
        Ok(())
    }

    /// Asks it to drain (SIGTERM).
    ///
    /// # Errors
    /// When it is not running.
    pub fn sigterm(&self) -> Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// Freezes it.
    ///
    /// # Errors
    /// When it is not running.
    pub fn sigstop(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn sigcont(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end within the time of the contract for a drain.
    pub async fn wait_exit(&mut self) -> Result<ExitStatus> {
        let mut child = self.child.take().context("not running")?;
        let status = tokio::time::timeout(DRAIN, child.wait()).await.context("did not end within 30 s")??;
        Ok(status)
    }

    /// What it wrote to stdout and stderr so far, over all its runs.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        // `id` is None once the child was waited for: a recycled number is never signalled.
        let pid = self.child.as_ref().and_then(Child::id).context("not running")?;
        kill(Pid::from_raw(i32::try_from(pid)?), signal)?;
        Ok(())
    }

    fn capture(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(stream) = stream else { return };
        let output = self.output.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                output.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
    }
}

/// `OTVET_BIN`, or the binary of the same build, or of the other profile.
fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("OTVET_BIN") {
        // Absolute, since the server runs in a directory of its own.
        return std::fs::canonicalize(&path).with_context(|| format!("OTVET_BIN={}", path.display()));
    }
    // target/{profile}/deps/e2e-…
    let test = std::env::current_exe()?;
    let profile = test.ancestors().nth(2).context("a test runs in target/{profile}/deps")?;
    let target = profile.parent().context("a profile lies in target")?;
    let candidates = [profile.join("otvet"), target.join("release/otvet"), target.join("debug/otvet")];
    let found = candidates.iter().find(|path| path.is_file());
    found.cloned().with_context(|| {
        format!("no server in {}: run `cargo build -p otvet-api`, or set OTVET_BIN", target.display())
    })
}

/// A port that nobody listens on at this moment.
///
/// # Errors
/// When the operating system has none.
pub fn free_port() -> Result<SocketAddr> {
    Ok(free_ports()?.0)
}

/// Two different ones: both are held until both are known.
fn free_ports() -> Result<(SocketAddr, SocketAddr)> {
    let hold = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (hold()?, hold()?);
    Ok((one.local_addr()?, other.local_addr()?))
}
