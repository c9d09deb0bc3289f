//! Revoked, expired and disabled tokens end their sockets on every node within seconds, whoever changed the database; so
//! does another role, since a connection acts in the one that it joined in.

use std::time::Duration;

use otvet_actors::OpenToken;
use otvet_engine::ids::PersonId;
use otvet_engine::protocol::Role;
use tokio::time::{MissedTickBehavior, interval};

use crate::edge::SharedEdge;
use crate::people::give_back_claims;

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
        let tokens: Vec<i64> = connected.iter().map(|open| open.token_id).collect();
        let valid = match edge.identity.still_valid(&tokens).await {
            Ok(valid) => valid,
            Err(error) => {
                // Nobody is thrown out because the database is slow.
                tracing::warn!(%error, "tokens could not be looked at again");
                continue;
            }
        };
        for OpenToken { person, token_id, role } in connected {
            match valid.get(&token_id) {
                None => {
                    tracing::info!(%person, token_id, "the token no longer holds: signed out");
                    edge.house.sign_out(person, token_id);
                    give_back(&edge, person, role);
                }
                Some(now) if *now != role => {
                    tracing::info!(%person, was = role.as_str(), is = now.as_str(), "another role: recalled");
                    edge.house.recall(person);
                    give_back(&edge, person, role);
                }
                Some(_) => {}
            }
        }
    }
}

/// What somebody had claimed who is no manager any more, or may not come in, waits for those who can answer. Beside the
/// watch: other tokens are not to wait for it.
fn give_back(edge: &SharedEdge, person: PersonId, was: Role) {
    if !was.is_staff() {
        return;
    }
    let edge = edge.clone();
    tokio::spawn(async move {
        let account = match edge.identity.account(person).await {
            Ok(account) => account,
            Err(error) => return tracing::warn!(%error, %person, "what they had claimed stays claimed"),
        };
        if let Some(account) = account.filter(|a| a.disabled_at.is_some() || !a.person.role.is_staff()) {
            give_back_claims(edge.house.clone(), account.person).await;
        }
    });
}
