//! Registering and signing in.

use super::*;
use crate::identity::{FieldErrors, Password};
use crate::protocol::{Code, Refusal, Role};

async fn fail(world: &World, login: Login) -> IdentityError {
    world.identity.login(login).await.expect_err("must not get in")
}

#[tokio::test]
async fn registering_gives_an_account_and_a_token() {
    let world = World::new(settings()).await;
    let anna = world
        .identity
        .register(NewAccount { email: " Anna@Example.COM".into(), ..account("anna") })
        .await
        .unwrap();
    assert_eq!((anna.person.id, anna.person.role), (PersonId::User(1), Role::Visitor));
    assert_eq!(world.identity.authenticate(&anna.token).await.unwrap().person, anna.person);
    assert_eq!(world.text("SELECT email FROM users").await.unwrap(), "anna@example.com");
    assert!(world.text("SELECT password FROM users").await.unwrap().starts_with("$2y$04$"));
    assert_eq!(world.text("SELECT created_at FROM users").await.unwrap(), "2026-11-22 18:00:00");
    let taken = problems(world.identity.register(account("ANNA")).await, "email");
    assert_eq!(taken, ["The email has already been taken."]);
    let long = NewAccount { password: "x".repeat(73).into(), ..account("boris") };
    assert_eq!(
        problems(world.identity.register(long).await, "password"),
        ["The password field must not be greater than 72 bytes."]
    );
    let closed = World::new(IdentitySettings { registration: false, ..settings() }).await;
    assert!(matches!(closed.identity.register(account("anna")).await, Err(IdentityError::Forbidden(_))));
    assert!(closed.identity.create_user(None, account("anna")).await.is_ok(), "an operator may still");
}

#[tokio::test]
async fn two_who_register_one_email_do_not_both_get_it() {
    let world = World::new(settings()).await;
    let (first, second) =
        tokio::join!(world.identity.register(account("anna")), world.identity.register(account("anna")));
    let (good, bad): (Vec<_>, Vec<_>) = [first, second].into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, 1));
    assert_eq!(problems(bad.into_iter().next().unwrap(), "email"), ["The email has already been taken."]);
}

#[tokio::test]
async fn a_sign_in_needs_the_right_password() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await;
    let phone = world.identity.login(login(" ANNA@example.com ", "anna-password")).await.unwrap();
    assert_eq!(phone.person, anna.person);
    let signed_in = world.identity.authenticate(&phone.token).await.unwrap();
    assert_eq!((signed_in.token_name.as_str(), signed_in.token_id), ("phone", phone.token_id));
    for (email, password) in [
        ("anna@example.com", "anna-Password"),
        ("anna@example.com", " anna-password"),
        ("anna@example.com", "anna-password\0"),
        ("nobody@example.com", "anna-password"),
        ("anna\0@example.com", "anna-password"),
    ] {
        let error = fail(&world, login(email, password)).await;
        assert!(matches!(error, IdentityError::WrongCredentials), "{email:?} {password:?}: {error:?}");
        assert_eq!(error.code(), Code::Unauthorized);
    }
    let mut missing = login("", "");
    assert!(
        matches!(fail(&world, missing.clone()).await, IdentityError::Invalid(FieldErrors(e)) if e.len() == 2)
    );
    missing = login("anna@example.com", "anna-password");
    missing.device_name = " ".into();
    assert_eq!(
        problems(world.identity.login(missing).await, "device_name"),
        ["The device name field is required."]
    );
}

#[tokio::test]
async fn failures_are_throttled_by_email_and_address() {
    let world = World::new(settings()).await;
    world.user("anna").await;
    let (good, bad) = (login("anna@example.com", "anna-password"), login("Anna@Example.com", "wrong"));
    for _ in 0..4 {
        assert!(matches!(fail(&world, bad.clone()).await, IdentityError::WrongCredentials));
    }
    world.identity.login(good.clone()).await.expect("the fifth attempt is allowed, and clears the others");
    for _ in 0..5 {
        assert!(matches!(fail(&world, bad.clone()).await, IdentityError::WrongCredentials));
    }
    world.clock.advance_millis(10_000);
    let error = fail(&world, good.clone()).await;
    assert!(matches!(error, IdentityError::Throttled { retry_after_s: 50 }), "{error:?}");
    assert_eq!(Refusal::from(error).retry_after_ms, Some(50_000));
    let mut elsewhere = good.clone();
    elsewhere.address = "198.51.100.1".parse().unwrap();
    world.identity.login(elsewhere).await.expect("the owner is not locked out elsewhere");
    world.clock.advance_millis(50_000);
    world.identity.login(good).await.expect("after a minute");
}

#[tokio::test]
async fn parallel_guesses_count_as_much_as_one_after_another() {
    let world = World::new(settings()).await;
    world.user("anna").await;
    let mut guesses = tokio::task::JoinSet::new();
    for guess in 0..30 {
        let identity = world.identity.clone();
        guesses
            .spawn(async move { identity.login(login("anna@example.com", &format!("guess-{guess}"))).await });
    }
    let answers = guesses.join_all().await;
    let tried = answers.iter().filter(|a| matches!(a, Err(IdentityError::WrongCredentials))).count();
    let refused = answers.iter().filter(|a| matches!(a, Err(IdentityError::Throttled { .. }))).count();
    assert_eq!((tried, refused), (5, 25));
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_throttled_too() {
    let world = World::new(IdentitySettings { login_attempts_per_address_per_minute: 8, ..settings() }).await;
    world.user("anna").await;
    let from = |email: &str, password: &str, address: &str| Login {
        address: address.parse().unwrap(),
        ..login(email, password)
    };
    for n in 0..8 {
        let email = format!("x{n}@example.com");
        // Another address of the same subscriber each time.
        let error = fail(&world, from(&email, "wrong", &format!("2001:db8:1:2::{n}"))).await;
        assert!(matches!(error, IdentityError::WrongCredentials));
        // A success in between does not wipe the slate.
        if n == 3 {
            world
                .identity
                .login(from("anna@example.com", "anna-password", "2001:db8:1:2::99"))
                .await
                .unwrap();
        }
    }
    let error = fail(&world, from("x9@example.com", "wrong", "2001:db8:1:2::a")).await;
    assert!(matches!(error, IdentityError::Throttled { retry_after_s: 60 }), "{error:?}");
    let error = fail(&world, from("x9@example.com", "wrong", "2001:db8:1:3::a")).await;
    assert!(matches!(error, IdentityError::WrongCredentials), "the next subscriber is not concerned");
}

#[tokio::test]
async fn what_was_not_tried_is_not_counted() {
    let world = World::new(IdentitySettings { login_attempts_per_address_per_minute: 3, ..settings() }).await;
    world.user("anna").await;
    let good = login("anna@example.com", "anna-password");
    for n in 0..3 {
        fail(&world, login(&format!("x{n}@example.com"), "wrong")).await;
    }
    world.clock.advance_millis(30_000);
    for _ in 0..10 {
        let error = fail(&world, good.clone()).await;
        assert!(matches!(error, IdentityError::Throttled { retry_after_s: 30 }), "{error:?}");
    }
    world.clock.advance_millis(30_000);
    world
        .identity
        .login(good.clone())
        .await
        .expect("refused for the address, so nothing against the account");
    world.db.close().await;
    for _ in 0..10 {
        let error = fail(&world, good.clone()).await;
        assert!(matches!(error, IdentityError::Database(_)), "{error:?}");
        assert_eq!(Refusal::from(error).code, Code::Unavailable);
    }
}

#[tokio::test]
async fn the_record_of_sign_ins_has_no_secrets() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await;
    let phone = world.identity.login(login("anna@example.com", "anna-password")).await.unwrap();
    fail(&world, login("anna@example.com", "wrong-secret")).await;
    fail(&world, login("wrong-secret", "x")).await;
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        world.audit().await,
        [
            ("registered".into(), some("u1"), some("u1"), None),
            ("signed_in".into(), some("u1"), some("u1"), some(&format!("token {}", phone.token_id))),
            ("sign_in_failed".into(), None, some("u1"), some("wrong credentials: anna@example.com")),
            ("sign_in_failed".into(), None, None, some("wrong credentials: (no email)")),
        ]
    );
    assert_eq!(world.text("SELECT address FROM chat_audit WHERE id = 2").await.unwrap(), "192.0.2.7");
    let shown = format!("{:?} {:?} {:?}", anna, login("a", "typed-secret"), Password::from("typed-secret"));
    assert!(!shown.contains("typed-secret") && !shown.contains(&anna.token.0), "{shown}");
}

#[tokio::test]
async fn a_disabled_person_gets_in_nowhere() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await;
    world.identity.set_disabled(None, anna.person.id, true).await.unwrap();
    assert!(matches!(world.identity.authenticate(&anna.token).await, Err(IdentityError::Unauthorized)));
    let error = fail(&world, login("anna@example.com", "wrong")).await;
    assert!(matches!(error, IdentityError::WrongCredentials), "told only to who knows the password");
    let error = fail(&world, login("anna@example.com", "anna-password")).await;
    assert!(matches!(error, IdentityError::Forbidden(_)));
    world.identity.set_disabled(None, anna.person.id, false).await.unwrap();
    assert!(world.identity.authenticate(&anna.token).await.is_ok(), "the tokens were kept");
}

#[tokio::test]
async fn a_zone_that_does_not_exist_is_named() {
    let world = World::new(settings()).await;
    let wrong = IdentitySettings { timezone: "Mars/Olympus".into(), ..settings() };
    let error =
        Identity::new(world.db.clone(), wrong, world.clock.clone(), StdRng::seed_from_u64(1)).unwrap_err();
    assert!(error.to_string().contains("Mars/Olympus"));
}

#[tokio::test]
async fn an_email_that_looks_alike_is_somebody_elses() {
    let world = World::new(settings()).await;
    // As MySQL compares texts, these are the email of the next line.
    for (n, email) in ["bóss@example.com", "bossß@example.com"].into_iter().enumerate() {
        let mallory = account(&format!("mallory{n}"));
        world.identity.register(NewAccount { email: email.to_owned(), ..mallory }).await.unwrap();
    }
    for email in ["boss@example.com", "BOSS@example.com", "bossss@example.com"] {
        assert_eq!(world.identity.user_by_email(email).await.unwrap(), None, "{email}");
        let answer = world.identity.login(login(email, "mallory0-password")).await;
        assert!(matches!(answer, Err(IdentityError::WrongCredentials)), "{answer:?}");
    }
}
