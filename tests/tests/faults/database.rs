//! A database that cannot be written for a while.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use otvet_engine::protocol::{Code, ServerFrame};
use otvet_tests::checker::log::What;
use otvet_tests::client::Trouble;
use otvet_tests::faults::database::{Lock, integrity};
use otvet_tests::faults::disk::SmallDisk;
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{ROOMY, Trial, span};
use otvet_tests::plan::Shape;
use otvet_tests::server::Server;

use crate::Scale;

const SHAPE: Shape = Shape { visitors: 40, managers: 4 };

/// Another process holds the write lock for ten seconds.
pub async fn locked(scale: Scale) -> Result<Vec<Row>> {
    let rounds = scale.of(3, 1);
    let mut row = Row::new("database locked for 10 s", rounds);
    let server = Server::start(&ROOMY).await?;
    let file = server.directory().join("otvet.db");
    let mut trial = Trial::new(server, SHAPE, scale.seed).await?;
    trial
        .run_while(async |stage| {
            for _ in 0..rounds {
                span(Duration::from_secs(2)).await;
                let lock = Lock::take(&file).await?;
                span(Duration::from_secs(10)).await;
                lock.give_back().await?;
                stage.fault_ends();
                span(Duration::from_secs(2)).await;
            }
            Ok(())
        })
        .await?;
    trial.finish(&mut row).await?;
    let said = integrity(&file).await?;
    row.must(said == "ok", || format!("integrity_check: {said}"));
    Ok(vec![row])
}

/// The disk under the database is full, and then it is not.
pub async fn full(scale: Scale) -> Result<Vec<Row>> {
    let rounds = scale.of(3, 1);
    let mut row = Row::new("disk full", rounds);
    let disk = SmallDisk::mount(64)?;
    let file = disk.path().join("otvet.db");
    let database = format!("sqlite://{}?mode=rwc", file.display());
    let server = Server::start(&[&ROOMY[..], &[("DATABASE__URL", &database)]].concat()).await?;
    let mut trial = Trial::new(server, SHAPE, scale.seed).await?;
    let guest = trial.stage.world.guest("Witness").await?;
    let mut witness = trial.stage.world.connect("witness", &guest).await?;
    let (conversation, _) = witness.open("first", None, "Is there room?").await?;
    trial
        .run_while(async |stage| {
            for round in 0..rounds {
                span(Duration::from_secs(2)).await;
                disk.fill()?;
                // The log beside the database is reused as long as it lasts; then every send must say so.
                let began = Instant::now();
                let mut number = 0;
                loop {
                    number += 1;
                    match witness
                        .send(conversation.id, &format!("{round}-{number}"), &"x".repeat(4_000))
                        .await
                    {
                        Ok(_) => {
                            ensure!(began.elapsed() < Duration::from_secs(20), "a full disk refuses nothing")
                        }
                        Err(Trouble::Refused(no)) => {
                            ensure!(no.code == Code::Unavailable, "refused as {}", no.code);
                            break;
                        }
                        Err(other) => return Err(other.into()),
                    }
                }
                span(Duration::from_secs(2)).await;
                // Reading goes on.
                ensure!(!witness.whole(conversation.id).await?.is_empty(), "reading stopped, too");
                disk.make_room()?;
                stage.fault_ends();
                span(Duration::from_secs(3)).await;
                witness.send(conversation.id, &format!("{round}-room"), "Now there is").await?;
            }
            Ok(())
        })
        .await?;
    let run = trial.finish_with(&mut row, &mut [(&mut witness, conversation.id)]).await?;
    let count = |code| {
        let failed = run.clients.iter().flat_map(|c| &c.entries).filter(|e| match &e.what {
            What::Received(ServerFrame::Failed(no)) => no.code == code,
            _ => false,
        });
        failed.count()
    };
    let (unavailable, internal) = (count(Code::Unavailable), count(Code::Internal));
    row.note(format!("{unavailable} commands refused with `unavailable`, {internal} with `internal`"));
    row.must(internal == 0, || format!("{internal} commands answered with `internal`"));
    let said = integrity(&file).await?;
    row.must(said == "ok", || format!("integrity_check: {said}"));
    Ok(vec![row])
}
