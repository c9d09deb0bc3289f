//! Paging through a conversation, both ways.

use anyhow::ensure;
use otvet_engine::protocol::{Code, EventKind};
use otvet_tests::client::{Outcome, Trouble};
use otvet_tests::world::run;

use super::{Scene, scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_join_without_seam_in_both_directions() {
    run(&[("LIMITS__BURST", "1000"), ("LIMITS__COMMANDS_PER_SECOND", "1000")], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        for n in 0..30 {
            match n % 3 {
                0 => mark.note(conversation, &format!("n{n}"), "for us").await?,
                1 => mark.send(conversation, &format!("m{n}"), "for you").await?,
                _ => anna.send(conversation, &format!("a{n}"), "for them").await?,
            };
        }
        let head = 33;
        let mut forward = Vec::new();
        loop {
            let page = anna.history(conversation, None, Some(forward.len() as u64), Some(7)).await?;
            ensure!(page.events.len() <= 7);
            forward.extend(page.events);
            if !page.more {
                break;
            }
        }
        let numbers: Vec<u64> = forward.iter().map(|e| e.seq).collect();
        ensure!(numbers == (1..=head).collect::<Vec<_>>(), "{numbers:?}");
        let mut backward = Vec::new();
        loop {
            let before = backward.last().map(|e: &otvet_engine::protocol::Event| e.seq);
            let page = anna.history(conversation, before.or(Some(head + 1)), None, Some(7)).await?;
            backward.extend(page.events.into_iter().rev());
            if !page.more {
                break;
            }
        }
        backward.reverse();
        ensure!(backward == forward, "the two directions disagree");
        let hidden = forward.iter().filter(|e| e.kind == EventKind::Hidden).count();
        ensure!(hidden == 10 && !forward.iter().any(|e| e.kind.is_for_staff_only()), "{hidden} hidden");
        let newest = anna.history(conversation, None, None, None).await?;
        ensure!(newest.events.last().map(|e| e.seq) == Some(head), "without bounds it begins at the end");

        let end = anna.history(conversation, None, Some(head), Some(7)).await?;
        ensure!(end.events.is_empty() && !end.more, "{end:?}");
        let start = anna.history(conversation, Some(1), None, Some(7)).await?;
        ensure!(start.events.is_empty() && !start.more, "{start:?}");
        ensure!(mark.whole(conversation).await?.iter().filter(|e| e.kind.is_for_staff_only()).count() == 10);
        for limit in [0, 201, u32::MAX] {
            match anna.history(conversation, None, Some(0), Some(limit)).await {
                Ok(page) => ensure!(limit > 200 && page.events.len() <= 200, "limit {limit}"),
                Err(Trouble::Refused(no)) => ensure!(no.code == Code::Invalid, "{no:?}"),
                Err(other) => return Err(other.into()),
            }
        }
        let both = anna.history(conversation, Some(20), Some(10), None).await;
        match both {
            Ok(page) => ensure!(page.events.iter().all(|e| e.seq > 10 && e.seq < 20), "{page:?}"),
            refused => ensure!(refused.refused().code == Code::Invalid),
        }
        Ok(())
    })
    .await;
}
