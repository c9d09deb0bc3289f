//! Tokens at work: listed, used, ended.

use std::time::Duration;

use futures_util::future::join_all;

use super::*;
use crate::identity::Abilities;
use crate::protocol::{BearerToken, Role};

/// Waits until the queue has written that the token was used at this time.
pub(super) async fn written(world: &World, token_id: i64, at: &str) {
    let sql = format!("SELECT last_used_at FROM personal_access_tokens WHERE id = {token_id}");
    let poll = async {
        while world.text(&sql).await.as_deref() != Some(at) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), poll).await.expect("last_used_at is written");
}

#[tokio::test]
async fn a_use_is_written_once_a_minute() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    world.identity.authenticate(&anna.token).await.unwrap();
    written(&world, anna.token_id, "2026-11-22 18:00:00").await;
    world.clock.advance_millis(MINUTE - 1);
    world.identity.authenticate(&anna.token).await.unwrap();
    // The queue keeps its order: once what stands behind it is written, this has been looked at.
    world.identity.authenticate(&boris.token).await.unwrap();
    written(&world, boris.token_id, "2026-11-22 18:00:59").await;
    written(&world, anna.token_id, "2026-11-22 18:00:00").await;
    world.clock.advance_millis(1);
    world.identity.authenticate(&anna.token).await.unwrap();
    written(&world, anna.token_id, "2026-11-22 18:01:00").await;
}

#[tokio::test]
async fn tokens_that_come_in_together_are_looked_up_together_and_each_for_itself() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    let secret = |token: &BearerToken| token.0.split_once('|').unwrap().1.to_owned();
    let borrowed = format!("{}|{}", anna.token_id, secret(&boris.token));
    let tokens = [
        (anna.token.0.clone(), Some(anna.person.id)),
        (secret(&boris.token), Some(boris.person.id)),
        (borrowed, None),
        ("999|nobody".to_owned(), None),
        ("nobody".to_owned(), None),
        (boris.token.0.clone(), Some(boris.person.id)),
        (secret(&anna.token), Some(anna.person.id)),
    ];
    let many: Vec<(BearerToken, Option<PersonId>)> =
        (0..700).map(|n| tokens[n % 7].clone()).map(|(token, whose)| (BearerToken(token), whose)).collect();
    let before = world.identity.token_queries();
    let found = join_all(many.iter().map(|(token, _)| world.identity.authenticate(token))).await;
    for (found, (_, whose)) in found.into_iter().zip(&many) {
        match found {
            Ok(signed_in) => assert_eq!(Some(signed_in.person.id), *whose),
            Err(IdentityError::Unauthorized) => assert_eq!(None, *whose),
            Err(other) => panic!("{other}"),
        }
    }
    let rounds = world.identity.token_queries() - before;
    assert!(rounds <= 10, "{rounds} for 700 tokens");
    // Nothing is remembered: what was revoked is refused at once.
    world.identity.revoke(None, anna.person.id, anna.token_id).await.unwrap();
    assert!(matches!(world.identity.authenticate(&anna.token).await, Err(IdentityError::Unauthorized)));
}

#[tokio::test]
async fn devices_are_listed_newest_first_and_only_ones_own() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    world.clock.advance_millis(MINUTE);
    let phone = world.identity.login(login("anna@example.com", "anna-password")).await.unwrap();
    let short = START.plus_millis(2 * MINUTE);
    world.identity.issue_token(anna.person.id, "short", &Abilities::all(), Some(short)).await.unwrap();
    world.clock.advance_millis(2 * MINUTE);
    let devices = world.identity.tokens(anna.person.id, Some(anna.token_id)).await.unwrap();
    let seen: Vec<_> = devices.iter().map(|d| (d.id, d.name.as_str(), d.current)).collect();
    assert_eq!(
        seen,
        [(phone.token_id, "phone", false), (anna.token_id, "web", true)],
        "the short one has ended"
    );
    assert_eq!(devices[1].created_at, Some(START));
    assert_eq!(devices[1].expires_at, Some(START.plus_millis(43_200 * MINUTE)));

    let foreign = world.identity.revoke(Some(anna.person.id), anna.person.id, boris.token_id).await;
    assert!(matches!(foreign, Err(IdentityError::NotFound)));
    world.identity.revoke(Some(anna.person.id), anna.person.id, phone.token_id).await.unwrap();
    assert!(matches!(world.identity.authenticate(&phone.token).await, Err(IdentityError::Unauthorized)));
    assert!(world.identity.authenticate(&boris.token).await.is_ok());
    let revoked = world.audit().await.into_iter().filter(|(action, ..)| action == "token_revoked").count();
    assert_eq!(revoked, 1, "a refused one is not on record");
}

#[tokio::test]
async fn signing_out_ends_one_token() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await;
    let phone = world.identity.login(login("anna@example.com", "anna-password")).await.unwrap();
    let signed_in = world.identity.authenticate(&phone.token).await.unwrap();
    world.identity.logout(&signed_in).await.unwrap();
    world.identity.logout(&signed_in).await.unwrap();
    assert!(world.identity.authenticate(&phone.token).await.is_err());
    assert!(world.identity.authenticate(&anna.token).await.is_ok());
}

#[tokio::test]
async fn abilities_bound_what_a_token_may_do() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await.person.id;
    for (names, chat, admin) in [
        (&["*"][..], true, true),
        (&["chat"], true, false),
        (&["admin"], false, true),
        (&["chat:*"], false, false),
    ] {
        let abilities = Abilities::from_iter(names.iter().copied());
        let issued = world.identity.issue_token(anna, "x", &abilities, None).await.unwrap();
        let signed_in = world.identity.authenticate(&issued.token).await.unwrap();
        assert_eq!(signed_in.require(Abilities::CHAT).is_ok(), chat, "{names:?}");
        assert_eq!(signed_in.require(Abilities::ADMIN).is_ok(), admin, "{names:?}");
    }
}

#[tokio::test]
async fn open_sockets_are_rechecked_in_bulk() {
    let world = World::new(settings()).await;
    let (anna, boris, vera) = (world.user("anna").await, world.user("boris").await, world.user("vera").await);
    let guest = world.identity.guest(None).await.unwrap();
    let ended = START.plus_millis(MINUTE);
    let short =
        world.identity.issue_token(anna.person.id, "short", &Abilities::all(), Some(ended)).await.unwrap();
    let mut asked: Vec<i64> = (10_000..11_200).collect();
    asked.extend([anna.token_id, boris.token_id, vera.token_id, guest.token_id, short.token_id]);
    let valid = world.identity.still_valid(&asked).await.unwrap();
    assert_eq!(valid.len(), 5, "across batches");
    world.clock.advance_millis(MINUTE + 1);
    world.identity.set_disabled(None, boris.person.id, true).await.unwrap();
    world.identity.set_disabled(None, guest.person.id, true).await.unwrap();
    world.execute(&format!("DELETE FROM users WHERE id = {}", id_number(vera.person.id))).await;
    let valid = world.identity.still_valid(&asked).await.unwrap();
    assert_eq!(valid, [(anna.token_id, Role::Visitor)].into(), "disabled, deleted and expired ones are gone");
    assert!(world.identity.still_valid(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_without_its_number_is_found_by_its_hash() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await;
    let (_, secret) = anna.token.0.split_once('|').unwrap();
    let signed_in = world.identity.authenticate(&BearerToken(secret.to_owned())).await.unwrap();
    assert_eq!(signed_in.token_id, anna.token_id);
}

#[tokio::test]
async fn what_expired_a_week_ago_is_pruned_and_nothing_else() {
    const DAY: i64 = 24 * 60 * MINUTE;
    let world = World::new(settings()).await;
    let anna = world.user("anna").await;
    for (name, ends) in [("long over", -8 * DAY), ("just over", -6 * DAY), ("good", DAY)] {
        let ends = START.plus_millis(ends);
        world.identity.issue_token(anna.person.id, name, &Abilities::all(), Some(ends)).await.unwrap();
    }
    // More guests than one batch takes, a row of another application's, and one without an end.
    for (of, ends, rows) in [
        (r"Otvet\Guest", "'2026-11-01 00:00:00'", 450),
        (r"App\Models\Robot", "'2026-11-01 00:00:00'", 1),
        (r"App\Models\User", "NULL", 1),
    ] {
        let many = format!(
            "INSERT INTO personal_access_tokens (tokenable_type, tokenable_id, name, token, expires_at) WITH RECURSIVE \
             n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT '{of}', i, 'old', '{of}' || i, \
             {ends} FROM n"
        );
        world.execute(&many).await;
    }
    assert_eq!(world.identity.prune_tokens().await.unwrap(), 451);
    let left = personal_access_tokens::Entity::find().order_by_asc(personal_access_tokens::Column::Id);
    let left = left.all(&world.db.read).await.unwrap().into_iter();
    let left: Vec<_> = left.map(|row| format!("{} {}", row.name, row.tokenable_type)).collect();
    assert_eq!(
        left,
        [
            r"web App\Models\User",
            r"just over App\Models\User",
            r"good App\Models\User",
            r"old App\Models\Robot",
            r"old App\Models\User"
        ]
    );
    assert_eq!(world.identity.prune_tokens().await.unwrap(), 0);
}

#[tokio::test]
async fn a_lifetime_may_outlive_the_columns_of_the_database() {
    // A hundred years: MySQL's timestamps end in 2038.
    let minutes = 52_560_000;
    let world = World::new(IdentitySettings { token_expiration_minutes: minutes, ..settings() }).await;
    let anna = world.user("anna").await;
    assert!(world.identity.authenticate(&anna.token).await.is_ok());
    let ends = world.identity.tokens(anna.person.id, None).await.unwrap()[0].expires_at;
    assert_eq!(ends, Some(START.plus_millis(i64::from(minutes) * MINUTE)));
    world.clock.advance_millis(i64::from(minutes) * MINUTE);
    assert!(world.identity.authenticate(&anna.token).await.is_err(), "its age is what counts");
}
