//! The hourly look for tokens that expired long ago.

use std::time::Duration;

use otvet_engine::identity::Identity;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(60 * 60);

/// Prunes at once, and then every hour. Runs until it is dropped.
pub async fn run(identity: Identity) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match identity.prune_tokens().await {
            Ok(0) => {}
            Ok(pruned) => tracing::info!(pruned, "tokens that expired long ago were deleted"),
            Err(error) => {
                tracing::warn!(%error, "expired tokens could not be deleted; tried again in an hour")
            }
        }
    }
}
