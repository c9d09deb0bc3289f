//! A real Redis, for one test.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A redis-server on a free port, killed when it is dropped.
pub(super) struct Server {
    child: Child,
    pub port: u16,
    arguments: Vec<String>,
    password: Option<String>,
    dir: TempDir,
}

impl Server {
    /// Starts one that keeps nothing over its end, and waits until it answers.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, None, |_| String::new())
    }

    /// As [`Self::start`]; it wants a password.
    pub fn start_with_password(password: &str) -> Self {
        Self::start_with(&["--requirepass", password], Some(password), |_| String::new())
    }

    /// A sentinel that watches over a server under the name `tails`.
    pub fn start_sentinel(watched: u16) -> Self {
        let config = move |_| format!("sentinel monitor tails 127.0.0.1 {watched} 1\n");
        Self::start_with(&["--sentinel"], None, config)
    }

    fn start_with(arguments: &[&str], password: Option<&str>, config: impl Fn(u16) -> String) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let dir = tempfile::tempdir().unwrap();
        // Somebody else may take the port between the look and the start.
        for _ in 0..20 {
            let port = free_port();
            std::fs::write(dir.path().join("redis.conf"), config(port)).unwrap();
            let child = spawn(port, &dir, &arguments);
            let mut server = Self {
                child,
                port,
                arguments: arguments.clone(),
                password: password.map(str::to_owned),
                dir: tempfile::tempdir().unwrap(),
            };
            if server.answers() {
                server.dir = dir;
                return server;
            }
        }
        panic!("redis-server found no free port in 20 attempts");
    }

    pub fn url(&self) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}@"));
        format!("redis://{}127.0.0.1:{}", password.unwrap_or_default(), self.port)
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, empty.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.port, &self.dir, &self.arguments);
        assert!(self.answers(), "it did not start again");
    }

    /// It keeps its connections and does nothing, until [`Self::resume`].
    pub fn stop(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Runs a command (words without blanks) on a connection of its own; the answer's first line, or the text of a bulk
    /// string.
    pub fn command(&self, command: &str) -> String {
        self.try_command(command).unwrap()
    }

    fn try_command(&self, command: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut answers = BufReader::new(stream.try_clone()?);
        if let Some(password) = &self.password {
            writeln!(stream, "AUTH {password}\r")?;
            line(&mut answers)?;
        }
        writeln!(stream, "{command}\r")?;
        let first = line(&mut answers)?;
        match first.strip_prefix('$').and_then(|length| length.parse::<usize>().ok()) {
            Some(length) => {
                let mut text = vec![0; length];
                answers.read_exact(&mut text)?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            None => Ok(first),
        }
    }

    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if self.try_command("PING").is_ok_and(|answer| answer == "+PONG") {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::yield_now();
        }
        panic!("redis-server does not answer");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "kill {signal}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(answers: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// A port that nobody listened on a moment ago.
pub(super) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn spawn(port: u16, dir: &TempDir, arguments: &[String]) -> Child {
    let config = dir.path().join("redis.conf");
    let started = Command::new("redis-server")
        .arg(config)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--appendonly", "no"])
        .args(["--dir".as_ref(), dir.path().as_os_str()])
        .args(arguments)
        .args(["--save", ""])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("redis-server is not installed: run `make parts`")
        }
        Err(error) => panic!("redis-server does not start: {error}"),
    }
}
