//! Guests who become accounts, and people who lose their access.

use std::time::Duration;

use anyhow::{Context, ensure};
use hyper::Method;
use otvet_engine::ids::StreamName;
use otvet_engine::protocol::{Code, EventKind, Format, Role};
use otvet_tests::client::{Outcome, Trouble};
use otvet_tests::world::{PASSWORD, email, run};
use serde_json::json;

use super::{Scene, scene};

/// By the contract, from the revocation to the closed socket.
const SIGN_OUT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_conversations_become_the_accounts() {
    run(&[], async |world| {
        let Scene { anna: guest, mut mark, conversation } = scene(world).await?;
        let account = world.rest_as(&guest.identity).register("Anna", &email("Anna"), PASSWORD).await?;
        let mut anna = world.device("anna", &account, Format::Json);
        let ready = anna.connect().await?;
        let summary = ready.conversations.iter().find(|s| s.id == conversation).context("not adopted")?;
        ensure!(summary.visitor.id == account.person.id, "{summary:?}");
        ensure!(summary.unread == 0, "what the guest wrote counts as one's own: {summary:?}");
        let seq = anna.send(conversation, "k2", "Now with an account").await?;
        ensure!(seq == 3, "{seq}");
        // The guest's keys are the account's.
        ensure!(anna.open("first", Some("Delivery"), "Where is my parcel?").await?.0.id == conversation);
        mark.claim(conversation, false).await?;
        ensure!(anna.expect_event(conversation, "claimed").await?.seq == 4);

        // The same by signing in to an account that was there before.
        let second = world.guest("Anna again").await?;
        let mut tab = world.connect("tab", &second).await?;
        let (other, _) = tab.open("t1", None, "From another browser").await?;
        let signed_in = world.rest_as(&second).login(&email("Anna"), PASSWORD).await?;
        let mut phone = world.device("phone", &signed_in, Format::Json);
        let listed: Vec<_> = phone.connect().await?.conversations.iter().map(|s| s.id).collect();
        ensure!(listed.contains(&other.id) && listed.contains(&conversation), "{listed:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_token_in_the_body_of_a_sign_in_ends_the_guest_once_and_for_all() {
    run(&[], async |world| {
        let Scene { anna: mut guest, mut mark, conversation } = scene(world).await?;
        let asked = guest.whole(conversation).await?;
        let account = world.account("Anna").await?;
        let mut desk = world.connect("desk", &account).await?;
        let sign_in = |who: &str, token: &str| {
            json!({ "email": email(who), "password": PASSWORD, "device_name": "x", "guest_token": token })
        };
        let login = async |who: &str, token: &str| {
            world.rest().post("/api/v1/login", &sign_in(who, token)).await?.expect(200)
        };
        // Not anybody's token: the sign-in goes well, and nothing is adopted.
        for nobody in ["", "1|wrong", &mark.identity.token, &account.token] {
            login("Anna", nobody).await?;
        }
        ensure!(desk.resume().await?.conversations.is_empty(), "adopted what is nobody's");
        // A wrong password adopts nothing.
        let wrong = json!({ "email": email("Anna"), "password": "wrong", "device_name": "x",
            "guest_token": guest.identity.token });
        world.rest().post("/api/v1/login", &wrong).await?.must_be_problem(422, "invalid")?;
        guest.ping().await?;

        login("Anna", &guest.identity.token).await?;
        ensure!(guest.expect_close_within(SIGN_OUT).await? == Some(4401));
        world.rest_as(&guest.identity).get("/api/v1/me").await?.must_be_problem(401, "unauthorized")?;
        // The device that was here all along is told, and follows it from here on.
        let told = desk.expect_listed(|e| matches!(&e.kind, EventKind::Upsert { .. })).await?;
        ensure!(
            matches!(&told.kind, EventKind::Upsert { conversation: c }
                if c.id == conversation && c.visitor.id == account.person.id && c.unread == 0),
            "{told:?}"
        );
        let seq = mark.claim(conversation, false).await?;
        ensure!(desk.expect_event(conversation, "claimed").await?.seq == seq);
        // History is what it was: an event never changes.
        let stored = desk.whole(conversation).await?;
        ensure!(stored.starts_with(&asked) && stored.len() == asked.len() + 1, "{stored:?}");
        // Nobody else gets it with the same token afterwards.
        let eve = world.account("Eve").await?;
        login("Eve", &guest.identity.token).await?;
        let eve = world.connect("eve", &eve).await?;
        let path = format!("/api/v1/conversations/{conversation}");
        world.rest_as(&eve.identity).get(&path).await?.must_be_problem(404, "not_found")?;
        ensure!(world.rest_as(&account).get(&path).await?.status == 200);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_manager_any_more_comes_back_as_a_visitor() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        mark.claim(conversation, false).await?;
        let mut vera = world.connect("vera", &world.manager("Vera").await?).await?;
        // By the operator beside the server, and by an admin through it.
        for by_operator in [true, false] {
            let (client, name) = if by_operator { (&mut mark, "Mark") } else { (&mut vera, "Vera") };
            let me = client.identity.person.id;
            if by_operator {
                world.server.operate(&["user", "role", &email(name), "visitor"]).await?;
            } else {
                let admin = world.rest_as(&world.admin().await?);
                let body = Some(("application/json", r#"{"role":"visitor"}"#.into()));
                admin.call(Method::PUT, &format!("/api/v1/admin/people/{me}"), body).await?.expect(200)?;
            }
            // 1012: come back, as what you are now.
            let code = client.expect_close_within(SIGN_OUT).await?;
            ensure!(code == Some(1012), "{name} ended with {code:?}");
            let ready = client.connect().await?;
            ensure!(ready.person.role == Role::Visitor, "{:?}", ready.person);
            ensure!(!ready.streams.contains_key(&StreamName::Inbox(me)), "{:?}", ready.streams);
            ensure!(ready.conversations.is_empty(), "{:?}", ready.conversations);
            ensure!(ready.recovered.keys().all(|s| *s == StreamName::Session(me)), "{:?}", ready.recovered);
            let no = client.history(conversation, None, Some(0), None).await.refused();
            ensure!(no.code == Code::NotFound, "{no:?}");
            let no = client.send(conversation, "still", "Still here?").await.refused();
            ensure!(no.code == Code::NotFound, "{no:?}");
            ensure!(client.claim(conversation, true).await.refused().code == Code::NotFound);
        }
        // What they say from here on is not theirs to hear.
        anna.send(conversation, "k2", "Anybody?").await?;
        for client in [&mut mark, &mut vera] {
            client.ping().await?;
            let newest = client.events(conversation).last().map_or(0, |e| e.seq);
            ensure!(newest <= 4, "{} heard {newest}", client.name);
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_closes_that_devices_sockets_and_no_others() {
    run(&[], async |world| {
        let desk = world.account("Anna").await?;
        let phone = world.rest().login(&email("Anna"), PASSWORD).await?;
        let mut at_desk = world.connect("desk", &desk).await?;
        let mut on_phone = world.connect("phone", &phone).await?;
        let reply = world.rest_as(&desk).post("/api/v1/logout", &json!({})).await?;
        ensure!(matches!(reply.status, 200 | 204), "{reply:?}");
        ensure!(at_desk.expect_close_within(SIGN_OUT).await? == Some(4401));
        world.rest_as(&desk).get("/api/v1/me").await?.must_be_problem(401, "unauthorized")?;
        on_phone.ping().await?;
        let back = at_desk.connect().await;
        ensure!(
            matches!(&back, Err(Trouble::Closed(Some(4401))))
                || matches!(&back, Err(Trouble::Refused(no)) if no.code == Code::Unauthorized),
            "{back:?}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_revoked_from_another_device_closes_its_sockets() {
    run(&[], async |world| {
        let desk = world.account("Anna").await?;
        let phone = world.rest().login(&email("Anna"), PASSWORD).await?;
        let mut on_phone = world.connect("phone", &phone).await?;
        let number = phone.token.split('|').next().context("{id}|{secret}")?.to_owned();
        let tokens = world.rest_as(&desk).get("/api/v1/tokens").await?.expect(200)?;
        let listed = tokens["data"].as_array().or(tokens.as_array()).context("a list of tokens")?;
        ensure!(listed.len() == 2 && !tokens.to_string().contains(&phone.token), "{tokens}");
        let reply = world.rest_as(&desk).delete(&format!("/api/v1/tokens/{number}")).await?;
        ensure!(matches!(reply.status, 200 | 204), "{reply:?}");
        ensure!(on_phone.expect_close_within(SIGN_OUT).await? == Some(4401));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_person_is_out_within_five_seconds() {
    run(&[], async |world| {
        let anna = world.account("Anna").await?;
        let mut client = world.connect("anna", &anna).await?;
        // By the operator beside the server: it learns of it from the database.
        world.server.operate(&["user", "disable", &email("Anna")]).await?;
        ensure!(client.expect_close_within(SIGN_OUT).await? == Some(4401));
        world.rest_as(&anna).get("/api/v1/me").await?.must_be_problem(401, "unauthorized")?;
        let reply = world
            .rest()
            .post(
                "/api/v1/login",
                &json!({ "email": email("Anna"), "password": PASSWORD, "device_name": "x" }),
            )
            .await?;
        ensure!(matches!(reply.status, 401 | 403 | 422), "{reply:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_sign_ins_are_throttled() {
    run(&[], async |world| {
        world.account("Anna").await?;
        let rest = world.rest();
        let wrong = json!({ "email": email("Anna"), "password": "wrong", "device_name": "x" });
        for _ in 0..5 {
            let reply = rest.post("/api/v1/login", &wrong).await?;
            ensure!(matches!(reply.status, 401 | 422), "{reply:?}");
        }
        let reply = rest.post("/api/v1/login", &wrong).await?;
        reply.must_be_problem(429, "rate_limited")?;
        ensure!(reply.header("retry-after").is_some_and(|v| v.parse::<u64>().is_ok()), "{reply:?}");
        // From elsewhere, and for others from here, it goes on.
        world.rest().login(&email("Anna"), PASSWORD).await?;
        rest.guest("Guest").await?;
        Ok(())
    })
    .await;
}
