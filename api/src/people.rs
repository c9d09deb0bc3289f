//! How the actors look people up: by identity.

use async_trait::async_trait;
use otvet_actors::People;
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
