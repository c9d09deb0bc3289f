//! Subprotocols and origins.

use anyhow::ensure;
use otvet_engine::protocol::Format;
use otvet_tests::client::Trouble;
use otvet_tests::client::socket::{Approach, handshake};
use otvet_tests::world::{World, run};

async fn chosen(world: &World, subprotocols: &str) -> Result<Option<String>, Trouble> {
    let subprotocols = Some(subprotocols.to_owned());
    handshake(&Approach { subprotocols, ..world.approach() }).await.map(|(_, chosen)| chosen)
}

async fn from(world: &World, origin: &str) -> Result<(), Trouble> {
    let origin = Some(origin.to_owned());
    handshake(&Approach { origin, ..world.approach() }).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_subprotocol_is_echoed_and_unknown_ones_are_refused() {
    run(&[], async |world| {
        for format in Format::ALL {
            let name = format.subprotocol();
            ensure!(chosen(world, name).await?.as_deref() == Some(name));
            ensure!(chosen(world, &format!("soap, {name}")).await?.as_deref() == Some(name), "one of a list");
        }
        let (_, none) = handshake(&world.approach()).await?;
        ensure!(none.is_none(), "{none:?}");
        for unknown in ["soap", "otvet.v2.json, otvet.v1.xml", "OTVET.V1.JSON"] {
            let refused = chosen(world, unknown).await;
            ensure!(matches!(refused, Err(Trouble::Handshake(400))), "{unknown}: {refused:?}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_known_origins_get_in() {
    let settings = [("SERVER__ALLOWED_ORIGINS", "https://shop.example,https://app.example")];
    run(&settings, async |world| {
        from(world, &format!("http://{}", world.server.place())).await?;
        from(world, "https://shop.example").await?;
        from(world, "https://app.example").await?;
        let foreign = [
            "https://evil.example",
            "http://shop.example",
            "https://shop.example:444",
            "https://shop.example.evil.example",
            "https://notshop.example",
            "null",
            "shop.example",
        ];
        for origin in foreign {
            let refused = from(world, origin).await;
            ensure!(matches!(refused, Err(Trouble::Handshake(403))), "{origin}: {refused:?}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_get_of_the_socket_is_no_handshake() {
    run(&[], async |world| {
        let reply = world.rest().get("/ws").await?;
        ensure!(matches!(reply.status, 400 | 404 | 426), "{reply:?}");
        Ok(())
    })
    .await;
}
