//! Tails in a real Redis that fails in every way: chat goes on, acknowledged, and the tails are there again afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use otvet_engine::protocol::ServerFrame;
use otvet_tests::checker::log::{RunLog, What};
use otvet_tests::faults::gauge::Metrics;
use otvet_tests::faults::proxy::Proxy;
use otvet_tests::faults::redis::{Redis, url};
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{ROOMY, Stage, Trial, longest_silence, span};
use otvet_tests::plan::Shape;
use otvet_tests::server::Server;

use crate::Scale;

const SHAPE: Shape = Shape { visitors: 40, managers: 4 };
/// Chat may pause for no longer than this while Redis is away: its timeouts, and a busy machine.
const MOST_SILENCE: Duration = Duration::from_secs(5);

/// What is done to Redis.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Killed,
    Frozen(u64),
    Flushed,
    OutOfMemory,
    Slow,
    Cut,
}

impl Blow {
    fn name(self) -> String {
        match self {
            Self::Killed => "Redis kill -9, back empty".to_owned(),
            Self::Frozen(seconds) => format!("Redis SIGSTOP {seconds} s"),
            Self::Flushed => "Redis FLUSHALL".to_owned(),
            Self::OutOfMemory => "Redis maxmemory reached".to_owned(),
            Self::Slow => "Redis 200 ms away".to_owned(),
            Self::Cut => "Redis connections cut".to_owned(),
        }
    }

    async fn strike(self, redis: &mut Redis, proxy: &Proxy) -> Result<()> {
        match self {
            Self::Killed => {
                redis.kill9().await?;
                span(Duration::from_secs(3)).await;
                redis.restart().await?;
            }
            Self::Frozen(seconds) => {
                redis.sigstop()?;
                span(Duration::from_secs(seconds)).await;
                redis.sigcont()?;
            }
            Self::Flushed => redis.must("FLUSHALL").await?,
            Self::OutOfMemory => {
                redis.must("CONFIG SET maxmemory 1").await?;
                span(Duration::from_secs(3)).await;
                redis.must("CONFIG SET maxmemory 0").await?;
            }
            Self::Slow => {
                proxy.delay(Duration::from_millis(200));
                span(Duration::from_secs(4)).await;
                proxy.delay(Duration::ZERO);
            }
            Self::Cut => {
                for _ in 0..10 {
                    proxy.cut();
                    span(Duration::from_millis(200)).await;
                }
            }
        }
        Ok(())
    }
}

/// Every blow in a world of its own.
pub async fn all(scale: Scale) -> Result<Vec<Row>> {
    let blows: &[Blow] = if scale.long {
        &[
            Blow::Killed,
            Blow::Frozen(1),
            Blow::Frozen(10),
            Blow::Frozen(60),
            Blow::Flushed,
            Blow::OutOfMemory,
            Blow::Slow,
            Blow::Cut,
        ]
    } else {
        &[Blow::Killed, Blow::Frozen(6), Blow::Flushed, Blow::OutOfMemory, Blow::Slow, Blow::Cut]
    };
    let mut rows = Vec::new();
    if scale.long {
        for blow in blows {
            rows.push(struck(&blow.name(), std::slice::from_ref(blow), scale).await?);
        }
    } else {
        rows.push(struck("Redis: all of it in turn", blows, scale).await?);
    }
    Ok(rows)
}

async fn struck(name: &str, blows: &[Blow], scale: Scale) -> Result<Row> {
    let mut row = Row::new(name, blows.len());
    let mut redis = Redis::start().await?;
    let proxy = Proxy::before(redis.place()).await?;
    let redis_url = url(proxy.place());
    let server = Server::start(&[&ROOMY[..], &[("REDIS__URL", &redis_url)]].concat()).await?;
    let mut trial = Trial::new(server, SHAPE, scale.seed).await?;
    let windows = trial
        .run_while(async |stage| {
            span(Duration::from_secs(2)).await;
            let mut windows = Vec::new();
            for blow in blows {
                let from = stage.world.began.elapsed();
                blow.strike(&mut redis, &proxy).await?;
                stage.fault_ends();
                span(Duration::from_secs(2)).await;
                windows.push((from, stage.world.began.elapsed()));
            }
            Ok(windows)
        })
        .await?;
    refilled(&mut trial, &redis, &mut row).await?;
    let run = trial.finish(&mut row).await?;
    let silence = windows.into_iter().map(|(from, to)| longest_silence(&run, from, to)).max();
    let silence = silence.unwrap_or_default();
    row.note(format!("longest time without an acknowledgement {:.2} s", silence.as_secs_f64()));
    row.must(silence <= MOST_SILENCE, || format!("nothing was acknowledged for {silence:?}"));
    Ok(row)
}

/// The tails are there again: Redis holds streams, and who comes back to something missed is answered out of them.
async fn refilled(trial: &mut Trial, redis: &Redis, row: &mut Row) -> Result<()> {
    let (before, after) = trial
        .run_while(async |stage: &mut Stage| {
            wait_for_ready(stage).await?;
            // One more round of everybody's random losses of their connections fills what was never asked for since.
            span(Duration::from_secs(2)).await;
            let before = Metrics::of(&stage.world.server).await?;
            span(Duration::from_secs(3)).await;
            Ok((before, Metrics::of(&stage.world.server).await?))
        })
        .await?;
    let grown = |name: &str| after.get(name) - before.get(name);
    let hits = grown(r#"otvet_tail_reads_total{result="hit"}"#);
    let misses = grown(r#"otvet_tail_reads_total{result="miss"}"#);
    let keys = redis.command("DBSIZE").await?;
    row.note(format!(
        "afterwards, streams read for who came back: {hits} from tails, {misses} from the database"
    ));
    // A tail begins anew with what is written next: who was away for longer than that has the rest from the database.
    row.must(hits > 0.0 && misses < hits && keys != ":0", || {
        format!("tails not refilled: {hits} hits, {misses} misses, DBSIZE {keys}")
    });
    Ok(())
}

async fn wait_for_ready(stage: &Stage) -> Result<()> {
    let rest = stage.world.rest();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    while rest.get("/readyz").await?.status != 200 {
        ensure!(tokio::time::Instant::now() < deadline, "Redis is back, and the server still is not ready");
        span(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// The server restarts while Redis is fine: lists keep their numbering.
pub async fn server_restart(scale: Scale) -> Result<Vec<Row>> {
    let rounds = scale.of(5, 2);
    let mut row = Row::new("server restart, tails in Redis", rounds);
    let redis = Redis::start().await?;
    let redis_url = url(redis.place());
    let server = Server::start(&[&ROOMY[..], &[("REDIS__URL", &redis_url)]].concat()).await?;
    let mut trial = Trial::new(server, SHAPE, scale.seed).await?;
    trial
        .run_while(async |stage| {
            for _ in 0..rounds {
                span(Duration::from_secs(3)).await;
                stage.world.server.sigterm()?;
                stage.world.server.wait_exit().await?;
                stage.restart().await?;
            }
            span(Duration::from_secs(2)).await;
            Ok(())
        })
        .await?;
    let run = trial.finish(&mut row).await?;
    let (all, anew) = resets(&run);
    row.note(format!(
        "resets: {all} of positions further back than a tail is long, {} for a numbering that began anew",
        anew.len()
    ));
    row.must(anew.is_empty(), || format!("streams began anew: {:#?}", &anew[..anew.len().min(10)]));
    Ok(vec![row])
}

/// How many positions were too far back, and how many met another epoch than their own.
fn resets(run: &RunLog) -> (usize, Vec<String>) {
    let (mut all, mut anew) = (0, Vec::new());
    for client in &run.clients {
        let mut said = BTreeMap::new();
        for entry in &client.entries {
            match &entry.what {
                What::Hello(positions) => said.clone_from(positions),
                What::Received(ServerFrame::Reset(reset)) => match said.get(&reset.stream) {
                    Some(position) if position.epoch == reset.epoch => all += 1,
                    before => anew.push(format!(
                        "{:?} {}: {before:?}, then {} {:?}",
                        entry.at, client.name, reset.seq, reset.epoch
                    )),
                },
                _ => {}
            }
        }
    }
    (all, anew)
}
