//! `kill -9` of the server under load.

use std::time::Duration;

use anyhow::Result;
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{ROOMY, Trial, span};
use otvet_tests::plan::Shape;
use otvet_tests::server::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::Scale;

/// From the start of the process to the first acknowledgement.
const RECOVERY: Duration = Duration::from_secs(5);

/// Fifty kills, ten to a world, so that the checker's logs stay small.
pub async fn nine(scale: Scale) -> Result<Vec<Row>> {
    let (worlds, kills) = scale.of((5, 10), (1, 5));
    let shape = scale.of(Shape { visitors: 280, managers: 6 }, Shape { visitors: 50, managers: 5 });
    let mut row = Row::new("server kill -9", worlds * kills);
    let mut rng = StdRng::seed_from_u64(scale.seed);
    for world in 0..worlds as u64 {
        let server = Server::start(&ROOMY).await?;
        let mut trial = Trial::new(server, shape, scale.seed.wrapping_add(world)).await?;
        trial
            .run_while(async |stage| {
                for _ in 0..kills {
                    span(Duration::from_millis(rng.random_range(1_500..3_500))).await;
                    stage.world.server.kill9().await?;
                    stage.restart().await?;
                }
                span(Duration::from_secs(2)).await;
                Ok(())
            })
            .await?;
        trial.finish(&mut row).await?;
    }
    let recovery = row.recovery.unwrap_or(Duration::MAX);
    row.must(recovery <= RECOVERY, || format!("the first acknowledgement came after {recovery:?}"));
    let (rate, least) = (row.rate, scale.of(1_000.0, 100.0));
    row.must(rate >= least, || format!("{rate:.0} commands/s, {least} were due"));
    Ok(vec![row])
}
