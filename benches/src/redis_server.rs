//! A Redis of our own on a free port, and what `redis-benchmark` gets out of it.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than a start takes.
const START: Duration = Duration::from_secs(5);

/// A server that keeps nothing; it ends when this is dropped.
pub struct RedisServer {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl RedisServer {
    /// Starts it; `None` where there is no redis-server.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?.local_addr().ok()?.port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let server = Self { child, port, _folder: folder };
        let began = Instant::now();
        while began.elapsed() < START {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Appends a second by `redis-benchmark` with 16 clients and a pipeline of 32; `None` where it is not installed.
    pub fn benchmark(&self, appends: u32) -> Option<f64> {
        let value = "x".repeat(300);
        let output = Command::new("redis-benchmark")
            .args(["-p", &self.port.to_string(), "-c", "16", "-P", "32", "-n", &appends.to_string()])
            .args([
                "-r",
                "512",
                "--csv",
                "XADD",
                "bench:__rand_int__",
                "MAXLEN",
                "~",
                "300",
                "*",
                "e",
                &value,
            ])
            .output()
            .ok()?;
        // "name","requests per second",…
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().last()?;
        line.split("\",\"").nth(1)?.parse().ok()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
