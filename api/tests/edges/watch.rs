use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{ADMIN, PATIENCE, start};

/// By the contract.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_role_changed_in_another_process_ends_the_sockets_that_had_the_old_one() {
    let running = start(|_| {}).await;
    let (olga, anna) = (running.account("olga", "manager").await, running.account("anna", "visitor").await);
    let path = running.claimed_by(&olga).await;
    let (mut demoted, mut promoted) = (running.joined(&olga).await, running.joined(&anna).await);
    let mut other = running.joined(&running.guest().await).await;
    running.operate(&["user", "role", "olga@example.com", "visitor"]).await;
    running.operate(&["user", "role", "anna@example.com", "manager"]).await;
    let changed = Instant::now();
    assert_eq!(demoted.close_code().await, 1012);
    assert_eq!(promoted.close_code().await, 1012);
    assert!(changed.elapsed() < SOON, "{:?}", changed.elapsed());
    // What she had claimed waits again, and the new manager sees it.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = running.json("GET", &path, Some(&anna), json!(null)).await.json();
        if seen["status"] == "waiting" {
            break;
        }
        assert!(Instant::now() < deadline, "{seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    other.say(json!({"type": "ping", "id": 9})).await;
    assert_eq!(other.answer(json!(9)).await["type"], "ok", "others are not concerned");
}

#[tokio::test]
async fn a_token_revoked_in_another_process_ends_its_socket() {
    let running = start(|_| {}).await;
    let (token, kept) = (running.admin().await, running.admin().await);
    let (mut revoked, mut other) = (running.joined(&token).await, running.joined(&kept).await);
    let id = token.split('|').next().unwrap();
    running.operate(&["token", "revoke", ADMIN.0, id]).await;
    let changed = Instant::now();
    assert_eq!(revoked.close_code().await, 4401);
    assert!(changed.elapsed() < SOON, "{:?}", changed.elapsed());
    other.say(json!({"type": "ping", "id": 9})).await;
    assert_eq!(other.answer(json!(9)).await["type"], "ok", "the same person's other device stays");
}

#[tokio::test]
async fn who_is_no_manager_any_more_gives_back_what_they_had() {
    let running = start(|_| {}).await;
    let admin = running.admin().await;
    for (name, change, waits) in [
        ("olga", json!({"role": "visitor"}), true),
        ("petr", json!({"disabled": true}), true),
        ("vera", json!({"role": "admin"}), false),
    ] {
        let token = running.account(name, "manager").await;
        let path = running.claimed_by(&token).await;
        let mut socket = running.joined(&token).await;
        let me = running.json("GET", "/api/v1/me", Some(&token), json!(null)).await.json();
        let me = me["person"]["id"].as_str().or(me["id"].as_str()).unwrap().to_owned();
        let changed =
            running.json("PUT", &format!("/api/v1/admin/people/{me}"), Some(&admin), change.clone()).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let seen = running.json("GET", &path, Some(&admin), json!(null)).await.json();
        let status = if waits { "waiting" } else { "claimed" };
        assert_eq!(seen["status"], status, "{change}: {seen}");
        // Another role comes back as what it is now; who is disabled does not come back.
        let code = if change.get("disabled").is_some() { 4401 } else { 1012 };
        assert_eq!(socket.close_code().await, code, "{change}");
    }
}
