//! SIGTERM under load: everybody is told, nothing acknowledged is missing, everybody comes back.

use std::time::{Duration, Instant};

use anyhow::Result;
use otvet_engine::protocol::ServerFrame;
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{ROOMY, Trial, span};
use otvet_tests::plan::Shape;
use otvet_tests::server::{DRAIN, Server};

use crate::Scale;

/// Clients that only listen: each must hear `bye` and the close.
const LISTENERS: usize = 100;

pub async fn under_load(scale: Scale) -> Result<Vec<Row>> {
    let rounds = scale.of(5, 1);
    let mut row = Row::new("SIGTERM under load", rounds);
    let shape = scale.of(Shape { visitors: 100, managers: 5 }, Shape { visitors: 40, managers: 4 });
    let mut trial = Trial::new(Server::start(&ROOMY).await?, shape, scale.seed).await?;
    let mut listeners = Vec::new();
    for n in 0..LISTENERS {
        let guest = trial.stage.world.guest(&format!("Listener {n}")).await?;
        listeners.push(trial.stage.world.connect(&format!("listener {n}"), &guest).await?);
    }
    let (mut silent, mut longest) = (0, Duration::ZERO);
    trial
        .run_while(async |stage| {
            for _ in 0..rounds {
                span(Duration::from_secs(3)).await;
                let began = Instant::now();
                stage.world.server.sigterm()?;
                let status = stage.world.server.wait_exit().await?;
                longest = longest.max(began.elapsed());
                anyhow::ensure!(status.code() == Some(0), "ended with {status}");
                stage.restart().await?;
                for listener in &mut listeners {
                    let bye = |frame: &ServerFrame| matches!(frame, ServerFrame::Bye(_)).then_some(());
                    let told = listener.expect_frame("bye", bye).await.is_ok();
                    let code = listener.expect_close().await?;
                    silent += usize::from(!told || code != Some(1012));
                    listener.connect().await?;
                }
            }
            span(Duration::from_secs(2)).await;
            Ok(())
        })
        .await?;
    trial.finish(&mut row).await?;
    row.note(format!(
        "{LISTENERS} listeners each time; the longest exit took {:.2} s",
        longest.as_secs_f64()
    ));
    row.must(silent == 0, || format!("{silent} listeners were not told bye and closed with 1012"));
    row.must(longest < DRAIN, || format!("the exit took {longest:?}"));
    Ok(vec![row])
}
