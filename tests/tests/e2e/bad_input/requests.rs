//! On REST.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use otvet_tests::client::socket::dial;
use otvet_tests::world::run;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Bystander;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_break_the_contract_are_problems() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let rest = world.rest_as(&bystander.visitor.identity);
        rest.get("/api/v1/nonsense").await?.must_be_problem(404, "not_found")?;
        rest.get("/api/v1/conversations/not-an-id").await?.must_be_problem(404, "not_found")?;
        rest.get("/api/v1/conversations/%00/messages").await?.must_be_problem(404, "not_found")?;
        let reply = rest.call(Method::PATCH, "/api/v1/conversations", None).await?;
        ensure!(matches!(reply.status, 404 | 405), "{reply:?}");
        let reply = rest.call(Method::DELETE, "/api/v1/guest", None).await?;
        ensure!(matches!(reply.status, 404 | 405), "{reply:?}");

        let open = |kind: &'static str, body: &'static [u8]| {
            let rest = rest.clone().with_header("idempotency-key", "never");
            async move {
                rest.call(Method::POST, "/api/v1/conversations", Some((kind, Bytes::from_static(body)))).await
            }
        };
        for body in [&b"{"[..], b"", b"[]", b"null", b"\xff\xfe", b"{\"body\":\"x\"} trailing"] {
            let reply = open("application/json", body).await?;
            ensure!(
                matches!(reply.status, 400 | 422) && reply.code() == Some("invalid"),
                "{body:?}: {reply:?}"
            );
        }
        for body in [&b"{}"[..], b"{\"body\":7}", b"{\"body\":\"\"}", b"{\"body\":null}"] {
            let reply = open("application/json", body).await?;
            ensure!(
                matches!(reply.status, 400 | 422) && reply.code() == Some("invalid"),
                "{body:?}: {reply:?}"
            );
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let reply = open(kind, b"{\"body\":\"x\"}").await?;
            ensure!(matches!(reply.status, 400 | 415), "{kind}: {reply:?}");
        }
        let zipped =
            rest.clone().with_header("content-encoding", "gzip").with_header("idempotency-key", "never");
        let body = Some(("application/json", Bytes::from_static(b"\x1f\x8b")));
        let reply = zipped.call(Method::POST, "/api/v1/conversations", body).await?;
        ensure!(matches!(reply.status, 400 | 415), "{reply:?}");
        for key in ["", &"k".repeat(65)] {
            let rest = rest.clone().with_header("idempotency-key", key);
            let path = format!("/api/v1/conversations/{}/messages", bystander.conversation);
            let reply = rest.post(&path, &serde_json::json!({ "body": "x" })).await?;
            ensure!(matches!(reply.status, 400 | 422) && reply.code() == Some("invalid"), "{key}: {reply:?}");
        }
        let reply = world.rest().post("/api/v1/register", &serde_json::json!({ "email": "no" })).await?;
        reply.must_be_problem(422, "invalid")?;
        for field in ["name", "email", "password"] {
            ensure!(reply.body["errors"][field].is_array(), "Laravel's errors lack {field}: {}", reply.body);
        }
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_every_wrong_shape_are_401() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let good = bystander.visitor.identity.token.clone();
        let secret = good.split('|').nth(1).context("{id}|{secret}")?.to_owned();
        let headers = [
            "Bearer".to_owned(),
            "Bearer ".into(),
            "Bearer |".into(),
            "Bearer 1|".into(),
            "Bearer 1|wrong".into(),
            format!("Basic {good}"),
            good.clone(),
            format!("Bearer {good}x"),
            // The secret alone is a whole token: Sanctum looks it up by its hash.
            format!("Bearer {secret}x"),
            format!("Bearer 99999999999999999999|{secret}"),
            format!("Bearer -1|{secret}"),
            format!("Bearer 1|{}", "a".repeat(8_000)),
            "Bearer 0|' OR 1=1 --".into(),
        ];
        for header in headers {
            let reply = world.rest().with_header("authorization", &header).get("/api/v1/me").await?;
            reply.must_be_problem(401, "unauthorized").with_context(|| header.clone())?;
            ensure!(!reply.body.to_string().contains(&secret), "the token came back: {}", reply.body);
        }
        let bare = world.rest().with_token(&secret).get("/api/v1/me").await?.expect(200)?;
        ensure!(bare["id"] == bystander.visitor.identity.person.id.to_string(), "{bare}");
        ensure!(!world.server.output().contains(&secret), "the token stands in the log");
        bystander.goes_on().await
    })
    .await;
}

/// Sends bytes as they are, and answers with the status line.
async fn raw(world: &otvet_tests::world::World, request: &[u8]) -> Result<String> {
    let mut stream = dial(world.server.place(), world.address()).await?;
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request).await;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer);
    let length =
        tokio::time::timeout(std::time::Duration::from_secs(20), read).await.context("no answer")??;
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_are_cut_off() {
    run(&[], async |world| {
        let mut bystander = Bystander::arrive(world).await?;
        let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
        let long = format!("x-long: {}\r\n", "y".repeat(20 * 1024));
        for headers in [many, long] {
            let request = format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
            let status = raw(world, request.as_bytes()).await?;
            ensure!(status.contains(" 431 "), "{status}");
        }
        let line = raw(world, format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000)).as_bytes()).await?;
        ensure!(line.contains(" 414 ") || line.contains(" 431 ") || line.contains(" 400 "), "{line}");
        let rubbish = raw(world, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n").await?;
        ensure!(rubbish.contains(" 400 ") || rubbish.is_empty(), "{rubbish}");

        let rest = world.rest_as(&bystander.visitor.identity).with_header("idempotency-key", "never");
        let body = format!("{{\"body\":\"{}\"}}", "x".repeat(1024 * 1024 + 1));
        let reply = rest.call(Method::POST, "/api/v1/conversations", Some(("application/json", body.into()))).await?;
        reply.must_be_problem(413, "too_large")?;
        // A length that is announced only: refused before anything is read.
        let announced = format!(
            "POST /api/v1/guest HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            u64::MAX / 2
        );
        let status = raw(world, announced.as_bytes()).await?;
        ensure!(status.contains(" 413 ") || status.contains(" 400 "), "{status}");
        bystander.goes_on().await?;
        bystander.nothing_else_is_stored().await
    })
    .await;
}
