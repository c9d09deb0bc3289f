//! Whatever comes in: the contract's error or close code, the neighbours undisturbed, nothing stored.

mod frames;
mod requests;

use anyhow::{Result, ensure};
use otvet_engine::ids::ConversationId;
use otvet_tests::client::Client;
use otvet_tests::world::World;

/// Somebody who goes on chatting while others send rubbish.
pub struct Bystander {
    visitor: Client,
    manager: Client,
    conversation: ConversationId,
    said: usize,
}

impl Bystander {
    /// A visitor and the manager who has their conversation.
    pub async fn arrive(world: &World) -> Result<Self> {
        let crate::protocol::Scene { anna: visitor, mark: mut manager, conversation } =
            crate::protocol::scene(world).await?;
        manager.claim(conversation, false).await?;
        Ok(Self { visitor, manager, conversation, said: 0 })
    }

    /// They still hear each other, on the connections that they had all along.
    pub async fn goes_on(&mut self) -> Result<()> {
        self.said += 1;
        let seq = self.visitor.send(self.conversation, &format!("still {}", self.said), "Still here").await?;
        ensure!(self.manager.expect_event(self.conversation, "message").await?.seq == seq);
        Ok(())
    }

    /// Everything stored is what they said, and the claim.
    pub async fn nothing_else_is_stored(&mut self) -> Result<()> {
        let stored = self.manager.whole(self.conversation).await?;
        ensure!(stored.len() == 3 + self.said, "{stored:?}");
        let ready = self.manager.resume().await?;
        ensure!(ready.conversations.len() == 1, "{:?}", ready.conversations);
        Ok(())
    }
}
