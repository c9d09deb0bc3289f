//! Revoked, expired and disabled tokens end their sockets on every node within seconds, whoever changed the database.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::edge::SharedEdge;

/// The contract says 5 s; the look itself takes time, too.
const EVERY: Duration = Duration::from_secs(3);

/// Looks again and again whether the tokens of all joined connections still hold. Runs until it is dropped.
pub async fn run(edge: SharedEdge) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let connected = edge.house.tokens();
        if connected.is_empty() {
            continue;
        }
        let tokens: Vec<i64> = connected.iter().map(|(_, token)| *token).collect();
        let valid = match edge.identity.still_valid(&tokens).await {
            Ok(valid) => valid,
            Err(error) => {
                // Nobody is thrown out because the database is slow.
                tracing::warn!(%error, "tokens could not be looked at again");
                continue;
            }
        };
        for (person, token) in connected.into_iter().filter(|(_, token)| !valid.contains(token)) {
            tracing::info!(%person, token, "the token no longer holds: signed out");
            edge.house.sign_out(person, token);
        }
    }
}
