//! Revoked and expired tokens, disabled people and changed roles end their sockets on every node within seconds, whoever
//! changed the database.

use std::time::Duration;

use otvet_engine::identity::IdentityError;
use otvet_engine::ids::PersonId;
use otvet_engine::protocol::{Person, Role};
use tokio::time::{MissedTickBehavior, interval};

use crate::edge::{Edge, SharedEdge};
use crate::people::give_back_claims;

/// The contract says 5 s; the look itself takes time, too.
const EVERY: Duration = Duration::from_secs(3);

/// Looks again and again whether all joined connections still are what they joined as. Runs until it is dropped.
pub async fn run(edge: SharedEdge) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let people = edge.house.people();
        if people.is_empty() {
            continue;
        }
        // Nobody is thrown out because the database is slow.
        if let Err(error) = recheck_roles(&edge, people).await {
            tracing::warn!(%error, "roles could not be looked at again");
        }
        if let Err(error) = recheck_tokens(&edge).await {
            tracing::warn!(%error, "tokens could not be looked at again");
        }
    }
}

async fn recheck_roles(edge: &SharedEdge, people: Vec<(PersonId, Role)>) -> Result<(), IdentityError> {
    let ids: Vec<PersonId> = people.iter().map(|(person, _)| *person).collect();
    let roles = edge.identity.roles(&ids).await?;
    for (person, was) in people {
        let is = roles.get(&person).copied();
        if is == Some(was) {
            continue;
        }
        tracing::info!(%person, ?was, ?is, "not what they joined as: signed out");
        edge.house.expel(person);
        if was.is_staff() && !is.is_some_and(Role::is_staff) {
            tokio::spawn(give_back(edge.clone(), person));
        }
    }
    Ok(())
}

async fn give_back(edge: SharedEdge, person: PersonId) {
    let found = edge.identity.person(person).await.unwrap_or_else(|error| {
        tracing::warn!(%person, %error, "their name could not be looked up");
        None
    });
    // Also when the application has deleted them, and their name with them.
    let nameless = || Person { id: person, role: Role::Visitor, name: person.to_string() };
    give_back_claims(edge.house.clone(), found.unwrap_or_else(nameless)).await;
}

async fn recheck_tokens(edge: &Edge) -> Result<(), IdentityError> {
    let connected = edge.house.tokens();
    let tokens: Vec<i64> = connected.iter().map(|(_, token)| *token).collect();
    let valid = edge.identity.still_valid(&tokens).await?;
    for (person, token) in connected.into_iter().filter(|(_, token)| !valid.contains(token)) {
        tracing::info!(%person, token, "the token no longer holds: signed out");
        edge.house.sign_out(person, token);
    }
    Ok(())
}
