//! Servers and load generators as children; each ends when it is dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use otvet_load::Report;
use tempfile::TempDir;

/// What a server prints before its address.
const ADDRESS: &str = "Visitors  http://";
/// Longer than a start takes.
const START: Duration = Duration::from_secs(60);

/// A server that runs.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub place: SocketAddr,
}

impl Running {
    /// Starts a command that prints its address as `otvet serve` does.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("it is piped")?).lines();
        let place = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix(ADDRESS).and_then(|place| place.trim_end_matches('/').parse().ok())
        });
        let Some(place) = place else {
            let _ = child.kill();
            bail!("the server did not say where it listens");
        };
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, place })
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("Linux says so")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with a database that `otvet migrate` has made, with an administrator at its first start.
pub struct Place {
    folder: TempDir,
    otvet: PathBuf,
}

impl Place {
    /// An empty one.
    pub fn new(otvet: &Path) -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, otvet: otvet.to_owned() })
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("otvet.db")
    }

    /// The binary with this folder's settings.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.otvet);
        command
            .env_clear()
            .current_dir(self.folder.path())
            .env("OTVET_SERVER__LISTEN", "127.0.0.1:0")
            .env("OTVET_SERVER__METRICS_LISTEN", "127.0.0.1:0")
            .env("OTVET_IDENTITY__BCRYPT_COST", "4")
            .env("OTVET_IDENTITY__GUESTS_PER_ADDRESS_PER_MINUTE", "1000000")
            .env("OTVET_LOG__LEVEL", "warn")
            .env("OTVET_LOG__FORMAT", "json")
            .env("OTVET_ADMIN_EMAIL", "admin@otvet.bench")
            .env("OTVET_ADMIN_PASSWORD", "only for this bench");
        command
    }

    /// Runs the binary beside the server; what it printed.
    pub fn operate(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command().args(arguments).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "otvet {} ended with {}", arguments.join(" "), output.status);
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Starts a server.
    pub fn serve(&self) -> Result<Running> {
        Running::start(&mut self.command())
    }
}

/// Runs `otvet bench` and reads its report.
pub fn bench(otvet: &Path, arguments: &[&str]) -> Result<Report> {
    let output = Command::new(otvet)
        .args(["bench", "--json", "-"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(!text.is_empty(), "otvet bench {} ended with {}", arguments.join(" "), output.status);
    // A run that lost something ends with 1 and has a report all the same: the document says what was lost.
    serde_json::from_str(&text).context("the report of `otvet bench`")
}

/// A request over a connection that is kept; its duration with the whole answer read.
pub struct Http {
    stream: TcpStream,
    token: String,
}

impl Http {
    /// Connects as somebody.
    pub fn connect(place: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(place)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(START))?;
        Ok(Self { stream, token: token.to_owned() })
    }

    /// One request; how long its answer took, and the body.
    pub fn call(&mut self, method: &str, path: &str, body: &str) -> Result<(Duration, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let began = Instant::now();
        self.stream.write_all(request.as_bytes())?;
        let (mut answer, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        loop {
            let read = self.stream.read(&mut buffer)?;
            ensure!(read > 0, "the server hung up");
            answer.extend_from_slice(&buffer[..read]);
            let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.context("the answer has a length")?.trim().parse()?;
            if answer.len() >= end + 4 + length {
                ensure!(head.contains(" 200 ") || head.contains(" 201 "), "{method} {path}: {head}");
                return Ok((began.elapsed(), String::from_utf8_lossy(&answer[end + 4..]).into_owned()));
            }
        }
    }
}
