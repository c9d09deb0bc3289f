//! Changing roles and passwords, and the first admin.

use super::*;
use crate::identity::FirstAdmin;
use crate::protocol::{Person, Role};

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    for role in [Role::Admin, Role::Manager, Role::Visitor] {
        world.identity.set_role(Some(anna.person.id), boris.person.id, role).await.unwrap();
        assert_eq!(world.identity.authenticate(&boris.token).await.unwrap().person.role, role);
        let last = world.audit().await.pop().unwrap();
        assert_eq!(
            last,
            ("role_changed".into(), Some("u1".into()), Some("u2".into()), Some(role.as_str().into()))
        );
        // An admin must remain.
        world.identity.set_role(None, anna.person.id, Role::Admin).await.unwrap();
    }
    let guest = world.identity.guest(None).await.unwrap().person.id;
    assert_eq!(problems(world.identity.set_role(None, guest, Role::Manager).await, "role").len(), 1);
    assert_eq!(problems(world.identity.set_role(None, boris.person.id, Role::System).await, "role").len(), 1);
    let nobody = world.identity.set_role(None, PersonId::User(99), Role::Manager).await;
    assert!(matches!(nobody, Err(IdentityError::NotFound)));
    for nobody in [PersonId::User(99), PersonId::Guest(99)] {
        let answer = world.identity.set_disabled(None, nobody, true).await;
        assert!(matches!(answer, Err(IdentityError::NotFound)), "{nobody}");
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await.person.id, world.user("boris").await.person.id);
    world.identity.set_role(None, anna, Role::Admin).await.unwrap();
    world.identity.set_role(None, boris, Role::Admin).await.unwrap();
    world.identity.set_disabled(None, boris, true).await.unwrap();
    for refused in [
        world.identity.set_role(None, anna, Role::Manager).await,
        world.identity.set_disabled(None, anna, true).await,
    ] {
        assert!(matches!(refused, Err(IdentityError::Conflict(_))), "{refused:?}");
    }
    world.identity.set_disabled(None, boris, false).await.unwrap();
    let (first, second) = tokio::join!(
        world.identity.set_role(None, anna, Role::Visitor),
        world.identity.set_role(None, boris, Role::Visitor),
    );
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|ok| **ok).count(), 1, "not both at once");
}

#[tokio::test]
async fn a_new_password_signs_everybody_out() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    let phone = world.identity.login(login("anna@example.com", "anna-password")).await.unwrap();
    world.execute("UPDATE users SET remember_token = 'x'").await;
    let ended = world.identity.set_password(None, anna.person.id, &"another-one".into()).await.unwrap();
    assert_eq!(ended, [anna.token_id, phone.token_id]);
    for token in [&anna.token, &phone.token] {
        assert!(world.identity.authenticate(token).await.is_err());
    }
    assert!(world.identity.authenticate(&boris.token).await.is_ok());
    assert!(world.identity.login(login("anna@example.com", "anna-password")).await.is_err());
    assert!(world.identity.login(login("anna@example.com", "another-one")).await.is_ok());
    assert_eq!(world.text("SELECT remember_token FROM users WHERE id = 1").await, None);
    assert_eq!(world.text("SELECT remember_token FROM users WHERE id = 2").await.as_deref(), Some("x"));
    let short = world.identity.set_password(None, anna.person.id, &"short".into()).await;
    assert_eq!(problems(short, "password"), ["The password field must be at least 8 characters."]);
    for nobody in [PersonId::User(99), PersonId::Guest(1)] {
        let answer = world.identity.set_password(None, nobody, &"another-one".into()).await;
        assert!(matches!(answer, Err(IdentityError::NotFound)), "{nobody}");
    }
}

#[tokio::test]
async fn the_first_admin_is_made_once_with_a_password_of_its_own() {
    let world = World::new(settings()).await;
    let made = world.identity.ensure_first_admin(None, None).await.unwrap().unwrap();
    let password = made.generated_password.expect("none was given");
    assert_eq!((made.email.as_str(), password.0.len()), ("admin@localhost", 20));
    let admin = world.identity.login(login("admin@localhost", &password.0)).await.unwrap();
    assert_eq!(admin.person.role, Role::Admin);
    assert_eq!(world.identity.ensure_first_admin(Some("x@example.com"), None).await.unwrap(), None);
    assert!(
        world.audit().await.iter().all(|(.., detail)| !detail.as_deref().unwrap_or("").contains(&password.0))
    );

    let other = World::new(settings()).await;
    let made = other
        .identity
        .ensure_first_admin(Some("Boss@Example.com"), Some(&"boss-password".into()))
        .await
        .unwrap();
    assert_eq!(made, Some(FirstAdmin { email: "boss@example.com".into(), generated_password: None }));
    assert!(other.identity.login(login("boss@example.com", "boss-password")).await.is_ok());
}

#[tokio::test]
async fn an_account_becomes_admin_only_by_name() {
    let world = World::new(settings()).await;
    world
        .identity
        .register(NewAccount { email: "admin@localhost".into(), ..account("mallory") })
        .await
        .unwrap();
    let anna = world.user("anna").await;
    let refused = world.identity.ensure_first_admin(None, None).await;
    assert!(
        matches!(refused, Err(IdentityError::Conflict(_))),
        "registered before the first start: {refused:?}"
    );
    assert!(world.identity.ensure_first_admin(Some("x@example.com"), Some(&"short".into())).await.is_err());
    world.identity.set_disabled(None, anna.person.id, true).await.unwrap();
    let refused = world.identity.ensure_first_admin(Some("anna@example.com"), None).await;
    assert!(matches!(refused, Err(IdentityError::Conflict(_))), "{refused:?}");
    world.identity.set_disabled(None, anna.person.id, false).await.unwrap();
    let made = world.identity.ensure_first_admin(Some("anna@example.com"), None).await.unwrap().unwrap();
    assert_eq!(made.generated_password, None);
    assert_eq!(world.identity.authenticate(&anna.token).await.unwrap().person.role, Role::Admin);
    world.execute("DELETE FROM users WHERE email = 'anna@example.com'").await;
    assert!(
        world.identity.ensure_first_admin(Some("y@example.com"), None).await.unwrap().is_some(),
        "she is gone"
    );
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_admin() {
    let world = World::new(settings()).await;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let identity = world.identity.clone();
        starts.spawn(async move { identity.ensure_first_admin(None, None).await });
    }
    let made: Vec<_> = starts.join_all().await.into_iter().filter_map(|start| start.unwrap()).collect();
    assert_eq!(made.len(), 1);
    let password = made[0].generated_password.clone().unwrap();
    assert!(world.identity.login(login("admin@localhost", &password.0)).await.is_ok());
}

#[tokio::test]
async fn nodes_that_start_at_once_promote_one_account() {
    let world = World::new(settings()).await;
    let anna = world.user("anna").await.person;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let identity = world.identity.clone();
        starts.spawn(async move { identity.ensure_first_admin(Some("anna@example.com"), None).await });
    }
    let made: Vec<_> = starts.join_all().await.into_iter().filter_map(|start| start.unwrap()).collect();
    assert!(!made.is_empty());
    let staff = world.identity.managers().await.unwrap();
    assert_eq!(staff, [Person { role: Role::Admin, ..anna }]);
}

#[tokio::test]
async fn role_and_admission_change_together_or_not_at_all() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await.person.id, world.user("boris").await.person.id);
    world.identity.set_role(None, anna, Role::Admin).await.unwrap();
    world.identity.change_person(None, boris, Some(Role::Admin), Some(true)).await.unwrap();
    let before = world.audit().await;
    // Promoting would do; that the last admin who may come in is disabled would not.
    let refused = world.identity.change_person(None, anna, Some(Role::Admin), Some(true)).await;
    assert!(matches!(refused, Err(IdentityError::Conflict(_))), "{refused:?}");
    let refused = world.identity.change_person(None, boris, Some(Role::Manager), None).await;
    assert!(refused.is_ok(), "disabled ones are no admins to be kept: {refused:?}");
    let refused = world.identity.change_person(None, anna, Some(Role::Visitor), Some(false)).await;
    assert!(matches!(refused, Err(IdentityError::Conflict(_))), "{refused:?}");
    assert_eq!(world.audit().await.len(), before.len() + 1, "what did not happen is not on record");
    let guest = world.identity.guest(None).await.unwrap().person.id;
    let refused = world.identity.change_person(None, guest, Some(Role::Manager), Some(true)).await;
    assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{refused:?}");
    assert_eq!(world.text("SELECT disabled_at FROM chat_guests").await, None);
}
