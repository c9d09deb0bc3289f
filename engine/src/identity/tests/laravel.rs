//! Beside Laravel: its tokens, its passwords, its rows.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::*;
use crate::identity::Abilities;
use crate::identity::token::bearer;
use crate::protocol::BearerToken;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    authorization: Option<String>,
    config: Config,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    now: Option<Timestamp>,
    #[serde(default)]
    expiration: u32,
    timezone: Option<String>,
    #[serde(default)]
    morph_map: std::collections::BTreeMap<String, String>,
    /// Every guard of ours is for users only, so this changes nothing.
    #[serde(rename = "provider")]
    _provider: Option<String>,
}

#[derive(Deserialize)]
struct Expect {
    accept: bool,
    user_id: Option<i64>,
    token_id: Option<i64>,
    abilities: Option<Vec<String>>,
    #[serde(default)]
    can: std::collections::BTreeMap<String, bool>,
}

#[tokio::test]
async fn every_token_is_judged_as_laravel_judged_it() {
    let Vectors { vectors } =
        serde_json::from_str(include_str!("../../../testdata/laravel/tokens.json")).unwrap();
    assert!(vectors.len() >= 24);
    for vector in vectors {
        let id = &vector.id;
        let world = World::laravel(IdentitySettings {
            token_expiration_minutes: vector.config.expiration,
            morph_alias: vector.config.morph_map.keys().next().cloned(),
            timezone: vector.config.timezone.clone().unwrap_or_else(|| "UTC".to_owned()),
            ..settings()
        })
        .await;
        if let Some(now) = vector.config.now {
            world.clock.advance_millis(now.millis() - START.millis());
        }
        let token = vector.authorization.as_deref().and_then(|header| bearer(header.as_bytes()));
        let answer = match &token {
            Some(token) => world.identity.authenticate(token).await,
            None => Err(IdentityError::Unauthorized),
        };
        if !vector.expect.accept {
            assert!(matches!(answer, Err(IdentityError::Unauthorized)), "{id}: {answer:?}");
            continue;
        }
        let signed_in = answer.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(Some(signed_in.person.id), vector.expect.user_id.map(PersonId::User), "{id}");
        assert_eq!(Some(signed_in.token_id), vector.expect.token_id, "{id}");
        assert_eq!(Some(signed_in.abilities.names()), vector.expect.abilities.as_deref(), "{id}");
        for (ability, granted) in vector.expect.can {
            // Laravel's `can('*')` asks for `*` by name, as ours does.
            assert_eq!(signed_in.abilities.allow(&ability), granted, "{id}: {ability}");
        }
    }
}

/// Adds a token for the secret `s{id}`.
async fn add_token(
    world: &World,
    id: i64,
    kind: &str,
    number: i64,
    columns: &str,
    values: &str,
) -> BearerToken {
    let hash: String = Sha256::digest(format!("s{id}")).iter().map(|b| format!("{b:02x}")).collect();
    let leniently = world.leniently();
    world
        .execute(&format!(
            "INSERT {leniently} INTO personal_access_tokens (id, tokenable_type, tokenable_id, name, token, abilities, {columns}) \
             VALUES ({id}, '{kind}', {number}, 'raw', '{hash}', '[\"*\"]', {values})"
        ))
        .await;
    BearerToken(format!("{id}|s{id}"))
}

#[tokio::test]
async fn only_users_types_sign_users_in() {
    for (alias, kind, expected) in [
        (None, r"App\Models\User", true),
        (None, r"\App\Models\User", true),
        (None, r"app\models\user", false),
        (None, r"App\Models\Admin", false),
        (None, "user", false),
        (None, "", false),
        (Some("user"), "user", true),
        (Some("user"), r"App\Models\User", true),
        (Some("user"), "users", false),
        (Some(""), "", false),
    ] {
        let world =
            World::laravel(IdentitySettings { morph_alias: alias.map(str::to_owned), ..settings() }).await;
        let token = add_token(&world, 900, kind, 1, "created_at", "'2026-11-22 17:00:00'").await;
        let answer = world.identity.authenticate(&token).await;
        assert_eq!(answer.is_ok(), expected, "alias {alias:?}, type {kind}");
        assert_eq!(world.identity.still_valid(&[900]).await.unwrap().contains_key(&900), expected, "{kind}");
    }
}

#[tokio::test]
async fn a_guest_and_a_user_of_one_number_are_two() {
    let world = World::laravel(settings()).await;
    let guest = world.identity.guest(None).await.unwrap();
    assert_eq!(guest.person.id, PersonId::Guest(1));
    let signed_in = world.identity.authenticate(&guest.token).await.unwrap();
    assert_eq!(signed_in.person, guest.person, "and not alice, who is u1");
    let user = add_token(&world, 900, r"App\Models\User", 1, "created_at", "'2026-11-22 17:00:00'").await;
    assert_eq!(world.identity.authenticate(&user).await.unwrap().person.id, PersonId::User(1));
    let nobody = add_token(&world, 901, r"Otvet\Guest", 2, "created_at", "'2026-11-22 17:00:00'").await;
    assert!(world.identity.authenticate(&nobody).await.is_err(), "u2 exists, g2 does not");
}

#[tokio::test]
async fn times_are_read_in_the_applications_zone_and_strictly() {
    // 18:00 UTC is 21:00 in Moscow. Ends: 60 minutes after creation, then dead; `expires_at` itself still lives.
    for (zone, expiration, columns, values, expected) in [
        ("UTC", 60, "created_at", "'2026-11-22 17:00:01'", true),
        ("UTC", 60, "created_at", "'2026-11-22 17:00:00'", false),
        ("Europe/Moscow", 60, "created_at", "'2026-11-22 20:00:01'", true),
        ("Europe/Moscow", 60, "created_at", "'2026-11-22 20:00:00'", false),
        ("UTC", 60, "created_at", "NULL", false),
        ("UTC", 0, "created_at", "NULL", true),
        ("UTC", 0, "created_at", "'2001-01-01 00:00:00'", true),
        ("UTC", 60, "created_at, expires_at", "'2001-01-01 00:00:00', '2037-01-01 00:00:00'", false),
        ("UTC", 0, "expires_at", "'2026-11-22 18:00:00'", true),
        ("UTC", 0, "expires_at", "'2026-11-22 17:59:59'", false),
        ("Europe/Moscow", 0, "expires_at", "'2026-11-22 21:00:00'", true),
        ("Europe/Moscow", 0, "expires_at", "'2026-11-22 20:59:59'", false),
        ("UTC", 0, "expires_at", "'soon'", false),
        ("UTC", 60, "created_at", "'0000-00-00 00:00:00'", false),
        ("UTC", 0, "expires_at", "'0000-00-00 00:00:00'", false),
    ] {
        let world = World::laravel(IdentitySettings {
            token_expiration_minutes: expiration,
            timezone: zone.to_owned(),
            ..settings()
        })
        .await;
        let token = add_token(&world, 900, r"App\Models\User", 1, columns, values).await;
        let case = format!("{zone} {expiration} {columns} {values}");
        let answer = world.identity.authenticate(&token).await;
        assert_eq!(answer.is_ok(), expected, "{case}: {answer:?}");
        let valid = world.identity.still_valid(&[900, 20]).await.unwrap();
        assert_eq!(valid.contains_key(&900), expected, "{case}: one bad row does not hide the others");
        assert_eq!(valid.contains_key(&20), expiration == 0, "{case}");
    }
}

#[tokio::test]
async fn laravels_people_sign_in_with_their_passwords() {
    let world = World::laravel(settings()).await;
    let issued = world.identity.login(login("erin@example.com", "cost-ten")).await.unwrap();
    assert_eq!((issued.person.id, issued.person.name.as_str()), (PersonId::User(5), "erin"));
    let again = world.identity.login(login(" Erin@Example.com ", "cost-ten")).await.unwrap();
    assert_eq!(again.person.id, PersonId::User(5), "in lower case");
    assert!(issued.token_id > 31, "Laravel's numbers are not given out again");
    let taken = problems(world.identity.register(account("ALICE")).await, "email");
    assert_eq!(taken, ["The email has already been taken."]);
    world.execute("UPDATE users SET email = 'Alice@Example.com' WHERE id = 1").await;
    let taken = problems(world.identity.register(account("alice")).await, "email");
    assert_eq!(taken, ["The email has already been taken."], "in another case, too");
}

/// Every value of Laravel's tables with its type, row by row.
async fn dump(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for table in ["users", "personal_access_tokens", "password_reset_tokens", "sessions", "sqlite_sequence"] {
        let columns = world
            .text(&format!(
                "SELECT group_concat('quote(' || name || ')', '||''|''||') FROM pragma_table_info('{table}')"
            ))
            .await
            .unwrap();
        let own = if table == "sqlite_sequence" { "WHERE name NOT LIKE 'chat_%'" } else { "" };
        let rows = world
            .text(&format!("SELECT group_concat(line, char(10)) FROM (SELECT {columns} AS line FROM {table} {own} ORDER BY rowid)"))
            .await;
        lines.extend(rows.unwrap_or_default().lines().map(|line| format!("{table}: {line}")));
        lines.push(
            world.text(&format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await.unwrap(),
        );
    }
    lines
}

#[tokio::test]
async fn opening_laravels_database_changes_none_of_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("otvet.db");
    std::fs::write(&file, LARAVEL).unwrap();
    // Before our migrations.
    let db = Database::connect(&format!("sqlite://{}", file.display()), 1).await.unwrap();
    let clock = Arc::new(ManualClock::at(START));
    let identity = Identity::new(db.clone(), settings(), clock.clone(), StdRng::seed_from_u64(1)).unwrap();
    let world = World { identity, db, clock, _dir: dir };
    let before = dump(&world).await;
    assert!(before.len() > 40 && before.iter().any(|line| line.contains("alice@example.com")));
    world.db.migrate().await.unwrap();
    assert_eq!(dump(&world).await, before);
    // A sign-in with one of Laravel's tokens writes its two columns and nothing else.
    let token = BearerToken("1|GLePmyQEJNf89iK7eDngVuNDtvdx2uZJCFbYdCvr7cd0e0fe".into());
    world.identity.authenticate(&token).await.unwrap();
    tokens::written(&world, 1, "2026-11-22 18:00:00").await;
    let expected: Vec<_> = before
        .iter()
        .map(|line| {
            let used = "'2026-11-22 18:00:00'";
            let fresh = "|NULL|NULL|'2026-11-22 17:53:51'|'2026-11-22 17:53:51'";
            if line.starts_with("personal_access_tokens: 1|") {
                line.replace(fresh, &format!("|{used}|NULL|'2026-11-22 17:53:51'|{used}"))
            } else {
                line.clone()
            }
        })
        .collect();
    assert_ne!(expected, before);
    assert_eq!(dump(&world).await, expected);
}

#[tokio::test]
async fn sanctum_accepts_the_tokens_that_we_write() {
    for (alias, zone, created) in
        [(None, "UTC", "2026-11-22 18:00:00"), (Some("user"), "Europe/Moscow", "2026-11-22 21:00:00")]
    {
        let world = World::laravel(IdentitySettings {
            morph_alias: alias.map(str::to_owned),
            timezone: zone.to_owned(),
            token_prefix: "chat_".to_owned(),
            token_expiration_minutes: 60,
            ..settings()
        })
        .await;
        let abilities = Abilities::from_iter(["chat", "чат \"x\""]);
        let issued = world.identity.issue_token(PersonId::User(2), "cli", &abilities, None).await.unwrap();
        // By the letter of Sanctum's `findToken` and its guard, with nothing of ours.
        let (id, secret) = issued.token.0.split_once('|').unwrap();
        let column = |name: &str| format!("SELECT {name} FROM personal_access_tokens WHERE id = {id}");
        let hash: String = Sha256::digest(secret).iter().map(|b| format!("{b:02x}")).collect();
        let mut row = Vec::new();
        for name in
            ["token", "tokenable_type", "tokenable_id", "name", "abilities", "created_at", "updated_at"]
        {
            row.push(world.text(&column(name)).await.unwrap());
        }
        let class = alias.unwrap_or(r"App\Models\User");
        let json = r#"["chat","чат \"x\""]"#;
        assert_eq!(row, [hash.as_str(), class, "2", "cli", json, created, created]);
        let expires = if alias.is_none() { "2026-11-22 19:00:00" } else { "2026-11-22 22:00:00" };
        assert_eq!(world.text(&column("expires_at")).await.as_deref(), Some(expires));
        // Where columns have no types, the values have.
        let typeless = world.db.backend == DbBackend::Sqlite;
        for name in ["created_at", "expires_at", "token", "abilities"].into_iter().filter(|_| typeless) {
            assert_eq!(world.text(&column(&format!("typeof({name})"))).await.unwrap(), "text", "{name}");
        }
        assert!(secret.starts_with("chat_") && secret.len() == 5 + 48);
        let signed_in = world.identity.authenticate(&issued.token).await.unwrap();
        assert_eq!((signed_in.person.id, signed_in.abilities), (PersonId::User(2), abilities));
    }
}
