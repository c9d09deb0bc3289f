//! Holds what a few clients saw against what is stored.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use otvet_engine::ids::ConversationId;
use otvet_tests::checker::log::RunLog;
use otvet_tests::checker::{Report, check};
use otvet_tests::client::Client;

/// The checker's report on these clients. Everybody who wrote must be among them.
pub async fn report(
    reader: &mut Client,
    conversations: &[ConversationId],
    clients: &[&Client],
) -> Result<Report> {
    let mut stored = BTreeMap::new();
    for id in conversations {
        stored.insert(*id, reader.whole(*id).await?);
    }
    let clients = clients.iter().map(|c| c.log()).collect();
    // Clients of a walk come and go as the test wants: their last connections need not be whole.
    let run = RunLog { clients, stored, quiesced: false, ..RunLog::default() };
    Ok(check(&run))
}

/// Fails when the checker finds anything.
pub async fn must_be_clean(
    reader: &mut Client,
    conversations: &[ConversationId],
    clients: &[&Client],
) -> Result<()> {
    let report = report(reader, conversations, clients).await?;
    ensure!(report.is_clean(), "{report}");
    Ok(())
}
