use std::time::Instant;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{PATIENCE, start};

#[tokio::test]
async fn every_refusal_is_a_problem_document_with_the_requests_id() {
    let running = start(|settings| settings.server.body_bytes = 2048).await;
    let json_type = ("content-type", "application/json");
    let big = vec![b' '; 4096];
    let long = "x".repeat(17 * 1024);
    let cases: Vec<(&str, &str, Vec<(&str, &str)>, &[u8], u16, &str)> = vec![
        ("GET", "/api/v1/nothing", vec![], b"", 404, "not_found"),
        ("GET", "/nothing.js", vec![], b"", 404, "not_found"),
        ("DELETE", "/api/v1/me", vec![], b"", 405, "invalid"),
        ("POST", "/ws", vec![], b"", 405, "invalid"),
        ("GET", "/ws", vec![], b"", 426, "invalid"),
        ("GET", "/api/v1/me", vec![], b"", 401, "unauthorized"),
        ("GET", "/api/v1/me", vec![("authorization", "Bearer 1|nonsense")], b"", 401, "unauthorized"),
        ("GET", "/api/v1/me", vec![("x-long", &long)], b"", 431, "too_large"),
        ("POST", "/api/v1/login", vec![json_type], b"{", 400, "invalid"),
        ("POST", "/api/v1/login", vec![json_type], b"{}", 422, "invalid"),
        ("POST", "/api/v1/login", vec![json_type], &big, 413, "too_large"),
        ("POST", "/api/v1/login", vec![("content-type", "text/plain")], b"{}", 415, "invalid"),
        ("POST", "/api/v1/login", vec![json_type, ("content-encoding", "gzip")], b"{}", 415, "invalid"),
    ];
    for (method, path, headers, body, status, code) in cases {
        let answer = running.call(method, path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}");
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{method} {path}");
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"), "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(
            answer.header("content-security-policy").is_some_and(|p| p.contains("frame-ancestors 'none'"))
        );
    }
    assert_eq!(running.call("DELETE", "/api/v1/me", &[], b"").await.header("allow"), Some("GET"));
}

#[tokio::test]
async fn nobody_sees_what_is_not_theirs() {
    let running = start(|_| {}).await;
    let (mine, foreign) = (running.guest().await, running.guest().await);
    let question = json!({"key": "k", "body": "Mine?"});
    let opened = running.json("POST", "/api/v1/conversations", Some(&mine), question).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let id = opened.json()["conversation"]["id"].as_str().unwrap().to_owned();
    let one = format!("/api/v1/conversations/{id}");
    assert_eq!(running.json("GET", &one, Some(&mine), json!(null)).await.status, 200);
    assert_eq!(running.json("GET", &one, Some(&foreign), json!(null)).await.status, 404);
    let list = running.json("GET", "/api/v1/conversations", Some(&foreign), json!(null)).await.json();
    assert_eq!(list, json!({"data": [], "next": null}));
    for (action, body) in [
        ("messages", json!({"key": "x", "body": "hi"})),
        ("resolve", json!({})),
        ("reopen", json!({})),
        ("read", json!({"seq": 1})),
    ] {
        let answer = running.json("POST", &format!("{one}/{action}"), Some(&foreign), body).await;
        assert_eq!(answer.status, 404, "{action}: {answer:?}");
    }
    for path in ["/api/v1/admin/people", "/api/v1/admin/people/u1", "/api/v1/managers"] {
        assert_eq!(running.json("GET", path, Some(&mine), json!(null)).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn the_panel_lists_people_as_its_data_provider_expects() {
    let running = start(|_| {}).await;
    let admin = running.admin().await;
    let new =
        json!({"name": "Olga", "email": "olga@example.com", "password": "long enough", "role": "manager"});
    let made = running.json("POST", "/api/v1/admin/people", Some(&admin), new).await;
    assert_eq!(made.status, 201, "{made:?}");
    let olga = made.json();
    let query =
        "sort=%5B%22name%22%2C%22DESC%22%5D&range=%5B0%2C0%5D&filter=%7B%22role%22%3A%22manager%22%7D";
    let page = running.json("GET", &format!("/api/v1/admin/people?{query}"), Some(&admin), json!(null)).await;
    assert_eq!(page.header("content-range"), Some("people 0-0/1"), "{page:?}");
    assert_eq!(page.json()[0]["email"], "olga@example.com");
    let path = format!("/api/v1/admin/people/{}", olga["id"].as_str().unwrap());
    let change = json!({"id": olga["id"], "role": "visitor", "disabled": true, "name": "ignored"});
    let changed = running.json("PUT", &path, Some(&admin), change).await.json();
    assert_eq!(
        (&changed["role"], &changed["disabled"], &changed["name"]),
        (&json!("visitor"), &json!(true), &json!("Olga"))
    );
    let last = json!({"role": "visitor"});
    assert_eq!(
        running.json("PUT", "/api/v1/admin/people/u1", Some(&admin), last).await.status,
        409,
        "the last admin"
    );
}

#[tokio::test]
async fn signing_in_is_throttled_and_says_when_to_come_back() {
    let running = start(|_| {}).await;
    let wrong = json!({"email": "boss@example.com", "password": "wrong", "device_name": "x"});
    for _ in 0..5 {
        assert_eq!(running.json("POST", "/api/v1/login", None, wrong.clone()).await.status, 422);
    }
    let refused = running.json("POST", "/api/v1/login", None, wrong).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection_but_idleness_does_not() {
    let running = start(|settings| settings.server.header_timeout_s = 1).await;
    let started = Instant::now();
    assert_eq!(running.raw(b"GET /healthz HT").await, "");
    assert!(started.elapsed().as_secs() < 10, "a slow head must not hold a connection");
    // The second request comes later than a head may take.
    let mut tcp = tokio::net::TcpStream::connect(running.server.addr).await.unwrap();
    for pause in [0, 1500] {
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        tcp.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut text = String::new();
        while !text.ends_with("ok\n") {
            let mut bytes = [0; 1024];
            let n = tcp.read(&mut bytes).await.unwrap();
            assert!(n > 0, "closed after {pause} ms");
            text.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
        }
    }
}

#[tokio::test]
async fn faces_and_the_documented_paths_are_there() {
    let running = start(|_| {}).await;
    for page in ["/", "/admin", "/admin/people/u7", "/docs"] {
        let got = running.call("GET", page, &[], b"").await;
        assert_eq!(got.status, 200, "{page}");
        assert_eq!(got.header("content-type"), Some("text/html; charset=utf-8"), "{page}");
        let tag = got.header("etag").unwrap();
        let again = running.call("GET", page, &[("if-none-match", tag)], b"").await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{page}");
        let head = running.call("HEAD", page, &[], b"").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{page}");
        assert_eq!(running.call("POST", page, &[], b"").await.header("allow"), Some("GET, HEAD"), "{page}");
    }
    let document = running.call("GET", "/api/v1/openapi.json", &[], b"").await.json();
    let mut operations = std::collections::HashSet::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        let path = match template.as_str() {
            t if t.contains("tokens") => t.replace("{id}", "7"),
            t if t.contains("people") => t.replace("{id}", "u7"),
            t => t.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057"),
        };
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operations.insert(id.clone()), "two operations are called {id}");
            // Without a token or a body each says so; a path that nobody serves would say that.
            let answer = running.call(&method.to_uppercase(), &path, &[], b"").await;
            assert!(!matches!(answer.status, 404 | 405 | 500), "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn only_pages_of_configured_origins_may_use_rest_from_elsewhere() {
    let running = start(|s| s.server.allowed_origins = vec!["https://shop.example".parse().unwrap()]).await;
    for (origin, allowed) in
        [("https://shop.example", Some("https://shop.example")), ("https://evil.example", None)]
    {
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = running.call("OPTIONS", "/api/v1/guest", &preflight, b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(answer.status == 204, allowed.is_some(), "{origin}");
        let answer = running.call("GET", "/api/v1/me", &[("origin", origin)], b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn who_comes_in_too_often_from_one_address_is_told_when_to_come_back() {
    let running = start(|settings| {
        settings.identity.guests_per_address_per_minute = 2;
        settings.identity.registrations_per_address_per_minute = 2;
    })
    .await;
    for (path, body, status) in [("guest", json!({}), 201), ("register", json!({"email": "no"}), 422)] {
        let path = format!("/api/v1/{path}");
        for _ in 0..2 {
            assert_eq!(running.json("POST", &path, None, body.clone()).await.status, status, "{path}");
        }
        let refused = running.json("POST", &path, None, body).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("rate_limited")), "{path}");
        assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 0, "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_holds_no_connection() {
    let running = start(|settings| {
        settings.server.idle_timeout_s = 1;
        // Not what ends it here.
        settings.server.header_timeout_s = 600;
    })
    .await;
    let mut tcp = tokio::net::TcpStream::connect(running.server.addr).await.unwrap();
    // More answers than the kernel's buffers hold, by one who does not read any.
    let request = b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(400);
    tcp.write_all(&request).await.unwrap();
    tcp.read_exact(&mut [0; 1]).await.unwrap();
    assert!(running.metrics().contains("otvet_connections 1"));
    let let_go = async {
        while !running.metrics().lines().any(|line| line == "otvet_connections 0") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, let_go).await.expect("the connection is let go");
}
