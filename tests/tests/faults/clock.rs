//! The wall clock is set back and forward by an hour while the server runs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{ROOMY, Trial, span};
use otvet_tests::plan::Shape;
use otvet_tests::server::Server;

use crate::Scale;

/// Where Debian and others put libfaketime's variant for threads.
const PLACES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

pub async fn set(scale: Scale) -> Result<Vec<Row>> {
    let rounds = scale.of(6, 2);
    let mut row = Row::new("clock set back and forward 1 h", rounds);
    let library = PLACES.iter().map(PathBuf::from).find(|p| p.exists());
    let library = library.context("libfaketime is needed: `make parts` installs it")?;
    let dir = tempfile::tempdir()?;
    let setting = dir.path().join("offset");
    std::fs::write(&setting, "+0")?;
    let environment = [
        ("LD_PRELOAD", library.to_str().context("a path in ASCII")?),
        ("FAKETIME_TIMESTAMP_FILE", setting.to_str().context("a path in UTF-8")?),
        ("FAKETIME_NO_CACHE", "1"),
        // As on a real machine: setting the clock moves no timer.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = Server::start_in(&ROOMY, &environment).await?;
    let mut trial = Trial::new(server, Shape { visitors: 40, managers: 4 }, scale.seed).await?;
    trial
        .run_while(async |stage| {
            for round in 0..rounds {
                span(Duration::from_secs(2)).await;
                let offset = ["-1h", "+1h", "+0"][round % 3];
                std::fs::write(&setting, offset)?;
                stage.fault_ends();
                span(Duration::from_secs(2)).await;
                if round + 1 == rounds {
                    // A start in the wrong hour, too.
                    stage.world.server.kill9().await?;
                    stage.restart().await?;
                    span(Duration::from_secs(2)).await;
                }
            }
            Ok(())
        })
        .await?;
    let run = trial.finish(&mut row).await?;
    let times = || run.stored.values().flatten().map(|event| event.at.millis());
    let leap = times().max().zip(times().min()).map_or(0, |(latest, earliest)| latest - earliest);
    row.note(format!("the server's own times span {} s", leap / 1_000));
    row.must(leap > 7_000_000, || format!("the clock did not move: {leap} ms"));
    Ok(vec![row])
}
