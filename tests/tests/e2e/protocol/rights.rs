//! Every frame and every route, tried with what is not one's own.

use anyhow::{Context, ensure};
use hyper::Method;
use otvet_engine::clock::Timestamp;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::client::{Claim, History, Mark, Note, Send, Target, Transfer};
use otvet_engine::protocol::{Code, Command, ServerFrame};
use otvet_tests::client::Outcome;
use otvet_tests::world::run;

use super::{Scene, scene};

/// Every command about an existing conversation that has an answer.
fn commands(conversation: ConversationId, to: otvet_engine::ids::PersonId) -> Vec<Command> {
    let target = Target { conversation };
    let mark = Mark { conversation, seq: 1 };
    let key = |text: &str| text.parse().expect("short");
    let body = || "mine now".to_owned();
    vec![
        Command::Send(Send { conversation, key: key("s"), body: body(), attachments: Vec::new() }),
        Command::Resolve(target.clone()),
        Command::Reopen(target.clone()),
        Command::Read(mark.clone()),
        Command::Delivered(mark),
        Command::History(History { conversation, before: None, after: Some(0), limit: None }),
        Command::Note(Note { conversation, key: key("n"), body: body() }),
        Command::Claim(Claim { conversation, take_over: true }),
        Command::Release(target.clone()),
        Command::Transfer(Transfer { conversation, to }),
        Command::Watch(target.clone()),
        Command::Unwatch(target),
    ]
}

/// The first six are a reader's; for the rest a visitor has no right anywhere.
const READERS_COMMANDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_with_foreign_ids_are_refused() {
    run(&[], async |world| {
        let Scene { mut anna, mut mark, conversation } = scene(world).await?;
        let eve = world.guest("Eve").await?;
        let mut eve = world.connect("eve", &eve).await?;
        let nowhere = ConversationId::new(Timestamp::from_millis(1), [9; 10]);
        let before = mark.whole(conversation).await?;
        for id in [conversation, nowhere] {
            for (n, command) in commands(id, mark.identity.person.id).into_iter().enumerate() {
                let no = eve.ask(command.clone()).await.refused();
                let hidden =
                    no.code == Code::NotFound || (n >= READERS_COMMANDS && no.code == Code::Forbidden);
                ensure!(hidden, "{command:?}: {no:?}");
            }
        }
        // What exists and what does not must look alike, to the word.
        let say = |id| Command::Resolve(Target { conversation: id });
        let (foreign, missing) =
            (eve.ask(say(conversation)).await.refused(), eve.ask(say(nowhere)).await.refused());
        ensure!(foreign.message == missing.message, "{foreign:?} {missing:?}");
        for command in commands(conversation, mark.identity.person.id).into_iter().skip(READERS_COMMANDS) {
            let no = anna.ask(command.clone()).await.refused();
            ensure!(no.code == Code::Forbidden, "{command:?} of the visitor: {no:?}");
        }
        for command in commands(nowhere, mark.identity.person.id) {
            let no = mark.ask(command.clone()).await.refused();
            ensure!(no.code == Code::NotFound, "{command:?} of a manager: {no:?}");
        }
        eve.typing(conversation);
        eve.ping().await?;
        anna.ping().await?;
        let told = anna
            .received()
            .into_iter()
            .any(|f| matches!(f, ServerFrame::Signal(s) if s.person.id == eve.identity.person.id));
        ensure!(!told, "a stranger's typing reached the visitor");
        ensure!(mark.whole(conversation).await? == before, "something was stored");
        let heard =
            eve.received().into_iter().any(|f| matches!(f, ServerFrame::Event(_) | ServerFrame::Signal(_)));
        ensure!(!heard, "the stranger heard something: {:?}", eve.received());
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_managers_conversation_is_not_ones_own() {
    run(&[], async |world| {
        let Scene { anna: _anna, mut mark, conversation } = scene(world).await?;
        let vera = world.manager("Vera").await?;
        let mut vera = world.connect("vera", &vera).await?;
        mark.claim(conversation, false).await?;
        let to = vera.identity.person.id;
        let key = "s".parse().context("short")?;
        let send = Send { conversation, key, body: "From the side".to_owned(), attachments: Vec::new() };
        for command in [
            Command::Send(send),
            Command::Release(Target { conversation }),
            Command::Resolve(Target { conversation }),
            Command::Transfer(Transfer { conversation, to }),
        ] {
            let no = vera.ask(command.clone()).await.refused();
            ensure!(matches!(no.code, Code::Forbidden | Code::Conflict), "{command:?}: {no:?}");
        }
        // Reading, noting and watching are every manager's.
        vera.history(conversation, None, Some(0), None).await?;
        vera.note(conversation, "n", "seen").await?;
        vera.watch(conversation).await?;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_with_foreign_ids_are_refused() {
    run(&[], async |world| {
        let Scene { anna, mut mark, conversation } = scene(world).await?;
        let eve = world.guest("Eve").await?;
        let before = mark.whole(conversation).await?;
        let own = format!("/api/v1/conversations/{conversation}");
        let json = |text: &str| Some(("application/json", bytes::Bytes::copy_from_slice(text.as_bytes())));
        let to = format!(r#"{{"to":"{}"}}"#, eve.person.id);
        let routes = [
            (Method::GET, own.clone(), None, 404),
            (Method::GET, format!("{own}/messages"), None, 404),
            (Method::POST, format!("{own}/messages"), json(r#"{"body":"mine now"}"#), 404),
            (Method::POST, format!("{own}/read"), json(r#"{"seq":1}"#), 404),
            (Method::POST, format!("{own}/resolve"), json("{}"), 404),
            (Method::POST, format!("{own}/reopen"), json("{}"), 404),
            // Here 403 is as good: a visitor has no right to these anywhere.
            (Method::POST, format!("{own}/claim"), json(r#"{"take_over":true}"#), 403),
            (Method::POST, format!("{own}/release"), json("{}"), 403),
            (Method::POST, format!("{own}/transfer"), json(&to), 403),
            (Method::POST, format!("{own}/note"), json(r#"{"body":"mine now","key":"eve"}"#), 403),
            (Method::GET, "/api/v1/managers".to_owned(), None, 403),
            (Method::GET, "/api/v1/admin/people".to_owned(), None, 403),
            (Method::GET, format!("/api/v1/admin/people/{}", mark.identity.person.id), None, 403),
            (Method::POST, "/api/v1/admin/people".to_owned(), json("{}"), 403),
            (Method::PUT, "/api/v1/admin/people/u1".to_owned(), json("{}"), 403),
        ];
        let as_eve = world.rest_as(&eve).with_header("idempotency-key", "eve");
        for (method, path, body, status) in &routes {
            let reply = as_eve.call(method.clone(), path, body.clone()).await?;
            let refused = reply.status == *status || (*status == 403 && reply.status == 404);
            ensure!(refused, "{method} {path}: {} {}", reply.status, reply.body);
            let reply = world.rest().call(method.clone(), path, body.clone()).await?;
            reply
                .must_be_problem(401, "unauthorized")
                .with_context(|| format!("{method} {path} of nobody"))?;
        }
        let mine = as_eve.get("/api/v1/conversations").await?.expect(200)?;
        ensure!(mine["data"].as_array().is_some_and(Vec::is_empty), "{mine}");
        // A manager is no administrator: people are not theirs to change.
        let as_mark = world.rest_as(&mark.identity);
        let reply = as_mark.call(Method::PUT, "/api/v1/admin/people/u1", json(r#"{"role":"admin"}"#)).await?;
        ensure!(matches!(reply.status, 403 | 404), "{} {}", reply.status, reply.body);
        // Another person's token is not ours to revoke.
        let number = anna.identity.token.split('|').next().context("{id}|{secret}")?;
        let reply = as_eve.delete(&format!("/api/v1/tokens/{number}")).await?;
        ensure!(reply.status == 404, "{} {}", reply.status, reply.body);
        ensure!(world.rest_as(&anna.identity).get("/api/v1/me").await?.status == 200, "Anna was signed out");
        ensure!(mark.whole(conversation).await? == before, "something was stored");
        Ok(())
    })
    .await;
}
