//! The walk through the contract.

mod handshake;
mod history;
mod identity;
mod keys;
mod limits;
mod resume;
mod rights;
mod signals;
mod walk;

use anyhow::Result;
use otvet_engine::ids::ConversationId;
use otvet_tests::client::Client;
use otvet_tests::world::World;

/// A visitor and a manager, connected, with one conversation that waits.
pub struct Scene {
    pub anna: Client,
    pub mark: Client,
    pub conversation: ConversationId,
}

/// Sets the usual scene.
pub async fn scene(world: &World) -> Result<Scene> {
    let guest = world.guest("Anna").await?;
    let manager = world.manager("Mark").await?;
    let mut anna = world.connect("anna", &guest).await?;
    let mark = world.connect("mark", &manager).await?;
    let (conversation, _) = anna.open("first", Some("Delivery"), "Where is my parcel?").await?;
    Ok(Scene { anna, mark, conversation: conversation.id })
}
