//! Fifty visitors and five managers do random things over connections that break: nothing is lost, doubled, out of order,
//! leaked or miscounted.

use std::time::Duration;

use anyhow::{Result, ensure};
use otvet_tests::checker::{check, story};
use otvet_tests::plan::{Load, Shape, seed};
use otvet_tests::world::run;

/// Above what walkers do, so that the pace and not the limit decides; the limits have tests of their own.
pub const ROOMY: &[(&str, &str)] = &[("LIMITS__COMMANDS_PER_SECOND", "1000"), ("LIMITS__BURST", "1000")];

/// The load of the suites.
pub const SHAPE: Shape = Shape { visitors: 50, managers: 5 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_wrong_under_random_load() {
    run(ROOMY, async |world| {
        let mut load = Load::new(world, SHAPE, seed()).await?;
        load.run_while(span(Duration::from_secs(20))).await?;
        let run = load.quiesce().await?;
        let report = check(&run);
        println!("{report}");
        ensure!(report.is_clean(), "{report}\n{}", story(&run, &report));
        let seen = report.seen;
        ensure!(seen.acknowledged > 500 && seen.recovered > 50, "hardly anything happened: {seen:?}");
        Ok(())
    })
    .await;
}

/// The load's length: a span of time is what is meant, nothing is waited for.
pub async fn span(length: Duration) -> Result<()> {
    tokio::time::sleep(length).await;
    Ok(())
}
