//! What the operating system says of a process: its memory and its processor time. Linux only; elsewhere it is left out.

use anyhow::Context;
use otvet_load::Stage;
use otvet_load::report::ServerProcess;

use super::CliError;

/// Ticks of `/proc/PID/stat` in a second: the same on every Linux.
const TICKS: f64 = 100.0;
/// Files beside the connections: libraries, the database, listeners.
const OTHER_FILES: u64 = 200;

/// A process that is looked at when a run changes its stage.
pub struct Watched {
    pid: u32,
    account: ServerProcess,
    cpu_began: f64,
}

impl Watched {
    /// Begins to watch.
    pub fn new(pid: u32) -> Self {
        let account = ServerProcess { start_kib: resident_kib(pid), ..ServerProcess::default() };
        Self { pid, account, cpu_began: 0.0 }
    }

    /// The run enters a stage.
    pub fn enter(&mut self, stage: Stage) {
        match stage {
            Stage::Joining => self.account.before_kib = resident_kib(self.pid),
            Stage::WarmUp => self.account.joined_kib = resident_kib(self.pid),
            Stage::Measuring => self.cpu_began = cpu_seconds(self.pid),
            Stage::Settling => {
                self.account.cpu_s = cpu_seconds(self.pid) - self.cpu_began;
                self.account.end_kib = resident_kib(self.pid);
            }
            Stage::Guests | Stage::Claiming | Stage::ComingBack | Stage::Done => {}
        }
    }

    /// What was seen.
    pub fn account(self) -> ServerProcess {
        self.account
    }
}

/// Resident memory in KiB; 0 where it cannot be told.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Processor time so far, of all threads, in seconds; 0 where it cannot be told.
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may have spaces: user and system time are the 12th and 13th field.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Lets this process, and the servers that it starts, have as many open files as the run needs.
pub fn raise_open_files(connections: usize) -> Result<(), CliError> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let needed = connections as u64 + OTHER_FILES;
    let mut limit = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if !enough(limit.maximum) {
        let most = limit.maximum.unwrap_or(0).saturating_sub(OTHER_FILES);
        return Err(CliError::Usage(format!(
            "so many connections need more open files than this system lets a process have: raise `ulimit -Hn`, or ask for \
             at most {most} connections"
        )));
    }
    if !enough(limit.current) {
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).context("raising the number of open files; see `ulimit -n`")?;
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen() {
        let own = std::process::id();
        assert!(resident_kib(own) > 1000);
        let mut work = 1_u64;
        while cpu_seconds(own) == 0.0 {
            work = std::hint::black_box(work.wrapping_mul(3));
        }
    }
}
