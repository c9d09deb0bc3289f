//! `otvet bench` on a release binary, each time beside its ceiling.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use otvet_engine::protocol::Format;
use otvet_load::Report;
use otvet_load::dial::{Approach, Socket, open};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::figures::{Figure, Figures};
use super::paced;
use super::processes::{Place, Running, bench};
use crate::redis_server::RedisServer;

/// How often everything is measured; the document has the median and the spread.
const TIMES: usize = 3;
/// Clients of the resume.
const RESUMING: usize = 10_000;
/// Connections being opened at a time, ours and the ceiling's.
const OPENING: usize = 128;

/// Start to ready, memory when idle, the binary's size.
pub fn start(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let place = Place::new(otvet)?;
    drop(place.serve()?);
    let (mut ready, mut resident) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let began = Instant::now();
        let server = place.serve()?;
        let mut client = super::processes::Http::connect(server.place, "")?;
        client.call("GET", "/readyz", "")?;
        ready.push(began.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_secs(2));
        resident.push(number(server.resident_kib()?) / 1024.0);
    }
    figures.set("start/ready ms", Figure::of(ready));
    figures.set("start/resident MiB", Figure::of(resident));
    let size = number(std::fs::metadata(otvet)?.len()) / 1024.0 / 1024.0;
    figures.set("start/binary MiB", Figure::of(vec![size]));
    Ok(())
}

/// How long the shipped binary takes to build when nothing is built yet; sources of crates and packages are there already.
pub fn cold_build(figures: &mut Figures) -> Result<()> {
    let target = tempfile::tempdir()?;
    let began = Instant::now();
    let built =
        Command::new("cargo").args(["build", "--release", "--target-dir"]).arg(target.path()).status()?;
    ensure!(built.success(), "`cargo build --release` failed");
    figures.set("cold build/min", Figure::of(vec![began.elapsed().as_secs_f64() / 60.0]));
    Ok(())
}

/// What `redis-benchmark` gets out of the Redis here, where both are installed.
pub fn tail(figures: &mut Figures) {
    let Some(redis) = RedisServer::start() else { return };
    let appends: Vec<f64> = (0..TIMES).filter_map(|_| redis.benchmark(300_000)).collect();
    if !appends.is_empty() {
        figures.set("tail/redis-benchmark per s", Figure::of(appends));
    }
}

/// Messages durable a second, with as many connections as the goal says, each with one under way.
pub fn throughput(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let (mut answers, mut lost) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let report = bench(otvet, &send(&["--duration", "8"]))?;
        answers.push(report.answers_per_second);
        lost += report.deliveries.lost + report.deliveries.doubled;
    }
    figures.set("throughput/answers per s", Figure::of(answers));
    figures.set("throughput/lost or doubled", Figure::of(vec![number(lost)]));
    Ok(())
}

fn send<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["--visitors", "1000", "--managers", "0", "--mix", "send"], more].concat()
}

/// Acknowledgements at half of the throughput, on a fixed schedule.
pub fn latency(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let most = figures.get("throughput/answers per s").context("measure `throughput` first")?;
    let rate = format!("{}", (most.median / 2.0).floor());
    let mut percentiles = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        let report = bench(otvet, &send(&["--rate", &rate, "--duration", "8"]))?;
        let of = &report.commands.get("send").context("messages were sent")?.latency_us;
        for (all, value) in percentiles.iter_mut().zip([of.p50, of.p99, of.p999]) {
            all.push(number(value));
        }
    }
    for (name, all) in ["p50", "p99", "p99.9"].into_iter().zip(percentiles) {
        figures.set(&format!("latency/{name} us"), Figure::of(all));
    }
    let bare = (0..TIMES)
        .map(|_| paced::percentiles(most.median / 2.0, Duration::from_secs(2), Duration::from_secs(8)))
        .collect::<Result<Vec<_>>>()?;
    for (name, which) in [("p50", 0), ("p99", 1)] {
        let all = bare.iter().map(|percentiles| percentiles[which]).collect();
        figures.set(&format!("latency/rusqlite {name} us"), Figure::of(all));
    }
    figures.set("latency/rate per s", Figure::of(vec![(most.median / 2.0).floor()]));
    Ok(())
}

/// Memory of so many signed-in connections that say nothing, in KiB each.
pub fn idle(otvet: &Path, connections: usize, figures: &mut Figures) -> Result<()> {
    let count = connections.to_string();
    let report: Report =
        bench(otvet, &["--visitors", &count, "--managers", "0", "--idle", "--duration", "3"])?;
    let server = report.server.context("it is a server of its own")?;
    let ours = number(server.end_kib.saturating_sub(server.before_kib)) / number(connections as u64);
    figures.set(&format!("idle/{connections}/otvet KiB"), Figure::of(vec![ours]));
    let (bare, _) = bare_connections(connections)?;
    figures.set(&format!("idle/{connections}/tungstenite KiB"), Figure::of(vec![bare]));
    Ok(())
}

/// Clients that were all cut, back with their positions, beside as many bare handshakes.
pub fn comeback(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let count = RESUMING.to_string();
    let opening = OPENING.to_string();
    let report = bench(
        otvet,
        &[
            "--visitors",
            &count,
            "--managers",
            "0",
            "--rate",
            "500",
            "--mix",
            "send",
            "--duration",
            "3",
            "--cut",
            "--opening",
            &opening,
        ],
    )?;
    let back = report.comeback.context("all were cut")?;
    figures.set("comeback/otvet s", Figure::of(vec![number(back.all_us) / 1e6]));
    figures.set("comeback/reset streams", Figure::of(vec![number(back.reset as u64)]));
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(bare_connections(RESUMING)?.1);
    }
    figures.set("comeback/handshakes s", Figure::of(times));
    Ok(())
}

/// Opens so many bare WebSockets: the server's memory for each in KiB, and how long all took in seconds.
fn bare_connections(connections: usize) -> Result<(f64, f64)> {
    let server = Running::start(Command::new(std::env::current_exe()?).arg("bare"))?;
    let before = server.resident_kib()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let began = Instant::now();
    let sockets = runtime.block_on(open_all(&server, connections))?;
    let took = began.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(1));
    let growth = number(server.resident_kib()?.saturating_sub(before)) / number(connections as u64);
    for socket in &sockets {
        // A goodbye would leave the port taken for a minute.
        let _ = socket.get_ref().set_zero_linger();
    }
    Ok((growth, took))
}

async fn open_all(server: &Running, connections: usize) -> Result<Vec<Socket>> {
    let approach = Approach {
        place: server.place,
        host: server.place.to_string(),
        source: Some(std::net::Ipv4Addr::LOCALHOST),
        format: Format::Json,
    };
    let (approach, turns) = (Arc::new(approach), Arc::new(Semaphore::new(OPENING)));
    let mut opening = JoinSet::new();
    for _ in 0..connections {
        let (approach, turns) = (Arc::clone(&approach), Arc::clone(&turns));
        opening.spawn(async move {
            let _turn = turns.acquire().await.map_err(|error| error.to_string())?;
            open(&approach).await
        });
    }
    let mut sockets = Vec::with_capacity(connections);
    while let Some(opened) = opening.join_next().await {
        sockets.push(opened?.map_err(anyhow::Error::msg)?);
    }
    Ok(sockets)
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "figures are far below 2^53")]
pub fn number(count: u64) -> f64 {
    count as f64
}
