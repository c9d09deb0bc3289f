//! A PostgreSQL of our own on a free port, with the durability that it comes with.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// A server with an empty database; it ends when this is dropped.
pub struct PostgresServer {
    programs: PathBuf,
    owner: Option<u32>,
    port: u16,
    folder: TempDir,
}

impl PostgresServer {
    /// Starts it.
    ///
    /// # Errors
    /// Why there is none: above all, where it is not installed.
    pub fn start() -> Result<Self> {
        let programs = programs().context("PostgreSQL is not installed")?;
        let folder = tempfile::tempdir()?;
        // It refuses to run as root.
        let owner = if fs::metadata(folder.path())?.uid() == 0 {
            let owner = user("postgres").context("root has nobody to run PostgreSQL as")?;
            chown(folder.path(), Some(owner), None)?;
            Some(owner)
        } else {
            None
        };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let server = Self { programs, owner, port, folder };
        server.run("initdb", ["-U", "otvet", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"])?;
        let options = format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories=");
        let log = server.folder.path().join("log");
        server.run(
            "pg_ctl",
            [
                "-w".as_ref(),
                "-l".as_ref(),
                log.as_os_str(),
                "-o".as_ref(),
                options.as_ref(),
                "start".as_ref(),
            ],
        )?;
        Ok(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("postgres://otvet@127.0.0.1:{}/postgres", self.port)
    }

    fn run<A: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = A>) -> Result<()> {
        let mut command = Command::new(self.programs.join(program));
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(arguments)
            .current_dir(self.folder.path());
        if let Some(owner) = self.owner {
            command.uid(owner);
        }
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "{program} ended with {status}");
        Ok(())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Nothing is kept.
        let _ = self.run("pg_ctl", ["-m", "immediate", "-w", "stop"]);
    }
}

/// Where Debian has it, or the path.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |folder: &PathBuf| folder.join("initdb").is_file();
    debian.filter(found).max().or_else(|| std::env::split_paths(&path).find(found))
}

/// A user's number.
pub(crate) fn user(name: &str) -> Option<u32> {
    let users = fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}
