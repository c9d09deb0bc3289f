//! A real Redis on a free port, with a directory of its own and without persistence.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::server::free_port;

const START: Duration = Duration::from_secs(20);

/// A running Redis, or one between two runs. Killed when dropped.
#[derive(Debug)]
pub struct Redis {
    dir: TempDir,
    place: SocketAddr,
    child: Option<Child>,
}

impl Redis {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When there is no `redis-server`, or it does not answer.
    pub async fn start() -> Result<Self> {
        let mut redis = Self { dir: tempfile::tempdir()?, place: free_port()?, child: None };
        redis.restart().await?;
        Ok(redis)
    }

    /// Starts it again on the same port: empty, since it keeps nothing.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub async fn restart(&mut self) -> Result<()> {
        let port = self.place.port().to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("redis-server is needed: `make parts` installs it")?;
        self.child = Some(child);
        let began = Instant::now();
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            if self.command("PING").await.is_ok_and(|answer| answer == "+PONG") {
                return Ok(());
            }
            ensure!(began.elapsed() < START, "redis-server does not answer");
        }
    }

    /// Where it listens.
    pub fn place(&self) -> SocketAddr {
        self.place
    }

    /// Says something to it, as a line; answers with the first line of its answer.
    ///
    /// # Errors
    /// When it does not answer within a few seconds.
    pub async fn command(&self, line: &str) -> Result<String> {
        let exchange = async {
            let mut stream = TcpStream::connect(self.place).await?;
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer).await?;
            Ok::<_, std::io::Error>(answer.trim_end().to_owned())
        };
        Ok(tokio::time::timeout(Duration::from_secs(3), exchange)
            .await
            .context("Redis does not answer")??)
    }

    /// The same, where anything but `+OK` is an error.
    ///
    /// # Errors
    /// What it answered.
    pub async fn must(&self, line: &str) -> Result<()> {
        match self.command(line).await?.as_str() {
            "+OK" => Ok(()),
            other => bail!("{line}: {other}"),
        }
    }

    /// Kills it.
    ///
    /// # Errors
    /// When it was not running.
    pub async fn kill9(&mut self) -> Result<()> {
        self.child.take().context("not running")?.kill().await?;
        Ok(())
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

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.child.as_ref().and_then(Child::id).context("not running")?;
        kill(Pid::from_raw(i32::try_from(pid)?), signal)?;
        Ok(())
    }
}

/// The URL of a Redis at a place.
pub fn url(place: SocketAddr) -> String {
    format!("redis://{}:{}", Ipv4Addr::LOCALHOST, place.port())
}
