//! How the actors look people up: by identity; and what is left to do when somebody is no manager any more.

use std::time::Duration;

use async_trait::async_trait;
use otvet_actors::{House, People};
use otvet_engine::identity::Identity;
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::{Person, Refusal};

/// The people of the database.
pub struct KnownPeople(pub Identity);

#[async_trait]
impl People for KnownPeople {
    async fn staff(&self, id: PersonId) -> Result<Option<Person>, Refusal> {
        let account = self.0.account(id).await?;
        let able = account.filter(|account| account.disabled_at.is_none() && account.person.role.is_staff());
        Ok(able.map(|account| account.person))
    }

    async fn former_guests(&self, account: PersonId) -> Result<Vec<PersonId>, Refusal> {
        Ok(self.0.guests_of(account).await?)
    }

    async fn transferred(&self, conversation: ConversationId, from: PersonId, to: PersonId) {
        if let Err(error) = self.0.record_transfer(conversation, from, to).await {
            tracing::warn!(conversation.id = %conversation, %error, "a transfer is missing from the audit log");
        }
    }
}

/// How often what somebody had claimed is tried to be given back, and the pause in between.
const GIVING_BACK: (u32, Duration) = (5, Duration::from_secs(1));

/// Gives back what somebody had claimed who may not answer any more, so that others see it waiting. Goes on to its end when
/// it is no longer awaited. A failure leaves the rest with them, where an admin can release it or a manager take it over: it
/// is logged.
pub async fn give_back_claims(house: House, manager: Person) {
    if let Err(error) = tokio::spawn(give_back(house, manager)).await {
        tracing::error!(%error, "claims stay with somebody who is no manager any more");
    }
}

async fn give_back(house: House, manager: Person) {
    let (attempts, pause) = GIVING_BACK;
    for attempt in 1..=attempts {
        match house.release_all(&manager).await {
            Ok(0) => return,
            Ok(released) => {
                tracing::info!(person = %manager.id, released, "no manager any more: claims given back");
                return;
            }
            Err(refusal) if attempt == attempts => {
                tracing::warn!(person = %manager.id, %refusal, "claims stay with somebody who is no manager any more");
            }
            Err(_) => tokio::time::sleep(pause).await,
        }
    }
}
