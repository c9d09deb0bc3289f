//! `kill -9` of the server under load, ten times in one run: what was acknowledged is there after each restart, nothing
//! twice, and every client comes back to exactly what it missed.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use otvet_tests::checker::{check, story};
use otvet_tests::plan::{Load, seed};
use otvet_tests::world::run;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::random_load::{ROOMY, SHAPE, span};

const KILLS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_power_cuts_lose_nothing() {
    run(ROOMY, async |world| {
        let seed = seed();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut load = Load::new(world, SHAPE, seed).await?;
        let mut acknowledged = 0;
        for kill in 1..=KILLS {
            let before = Duration::from_millis(rng.random_range(500..2_000));
            let recovery = load
                .run_while(async {
                    span(before).await?;
                    world.server.kill9().await?;
                    let recovery = world.server.restart().await?;
                    // Everybody storms back in while the server is still cold.
                    span(Duration::from_millis(700)).await?;
                    Ok(recovery)
                })
                .await?;
            let rest_began = Instant::now();
            let run = load.quiesce().await.with_context(|| format!("after kill {kill}"))?;
            let report = check(&run);
            println!(
                "kill {kill}: ready after {recovery:?}, at rest after {:?}\n{report}",
                rest_began.elapsed()
            );
            ensure!(report.is_clean(), "after kill {kill}: {report}\n{}", story(&run, &report));
            ensure!(
                report.seen.acknowledged > acknowledged,
                "kill {kill}: nothing was acknowledged since the last"
            );
            acknowledged = report.seen.acknowledged;
        }
        Ok(())
    })
    .await;
}
