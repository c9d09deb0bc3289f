//! What the server measures of itself, and what the kernel says about its memory.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::rest::Rest;
use crate::server::Server;

/// One look at `/metrics`.
#[derive(Debug, Clone)]
pub struct Metrics(String);

impl Metrics {
    /// Looks.
    ///
    /// # Errors
    /// When the metrics' listener does not answer.
    pub async fn of(server: &Server) -> Result<Self> {
        let reply = Rest::new(server.metrics_place(), Ipv4Addr::LOCALHOST).get("/metrics").await?;
        Ok(Self(String::from_utf8_lossy(&reply.bytes).into_owned()))
    }

    /// A sample, by its name with labels: `otvet_tail_reads_total{result="hit"}`. 0 when it is not there: a labelled counter
    /// that never counted.
    pub fn get(&self, name: &str) -> f64 {
        let line = self.0.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
    }
}

/// Waits until a sample is as wanted; answers how long it took.
///
/// # Errors
/// When it does not become so in time; with what it is.
pub async fn wait_for(
    server: &Server,
    name: &str,
    patience: Duration,
    wanted: impl Fn(f64) -> bool,
) -> Result<Duration> {
    let began = Instant::now();
    let mut look = tokio::time::interval(Duration::from_millis(50));
    loop {
        look.tick().await;
        let value = Metrics::of(server).await?.get(name);
        if wanted(value) {
            return Ok(began.elapsed());
        }
        if began.elapsed() > patience {
            bail!("{name} is {value} after {patience:?}");
        }
    }
}

/// Memory of a process, in KiB, as `/proc` says.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Resident now.
    pub now: u64,
    /// The peak since the start, or since [`Memory::forget_peak`].
    pub peak: u64,
}

impl Memory {
    /// Looks.
    ///
    /// # Errors
    /// When it does not run, or the kernel does not say.
    pub fn of(server: &Server) -> Result<Self> {
        let pid = server.pid().context("not running")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Ok(Self { now: field("VmRSS:").context("VmRSS")?, peak: field("VmHWM:").context("VmHWM")? })
    }

    /// Makes the kernel count the peak from now on.
    ///
    /// # Errors
    /// When it does not run, or the kernel does not allow it.
    pub fn forget_peak(server: &Server) -> Result<()> {
        let pid = server.pid().context("not running")?;
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").context("clear_refs")
    }
}
