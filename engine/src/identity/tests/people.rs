//! Looking people up.

use super::*;
use crate::identity::{PeopleFilter, PeopleSort};
use crate::protocol::Role;

async fn names(world: &World, filter: PeopleFilter, sort: PeopleSort, descending: bool) -> Vec<String> {
    let (page, total) = world.identity.people(&filter, sort, descending, 0, 100).await.unwrap();
    assert_eq!(page.len() as u64, total);
    page.into_iter().map(|account| account.person.name).collect()
}

async fn five() -> World {
    let world = World::new(settings()).await;
    for name in ["vera", "anna", "boris", "gleb", "100%_!x"] {
        world
            .identity
            .create_user(
                None,
                NewAccount {
                    email: format!("{}@example.com", name.replace(['%', '!'], "")),
                    ..account(name)
                },
            )
            .await
            .unwrap();
        world.clock.advance_millis(1000);
    }
    world.identity.set_role(None, PersonId::User(1), Role::Manager).await.unwrap();
    world.identity.set_role(None, PersonId::User(2), Role::Admin).await.unwrap();
    world.identity.set_role(None, PersonId::User(4), Role::Manager).await.unwrap();
    world.identity.set_disabled(None, PersonId::User(4), true).await.unwrap();
    world
}

#[tokio::test]
async fn people_are_filtered_and_sorted() {
    let world = five().await;
    let all = PeopleFilter::default();
    assert_eq!(
        names(&world, all.clone(), PeopleSort::Id, false).await,
        ["vera", "anna", "boris", "gleb", "100%_!x"]
    );
    assert_eq!(
        names(&world, all.clone(), PeopleSort::Name, true).await,
        ["vera", "gleb", "boris", "anna", "100%_!x"]
    );
    assert_eq!(names(&world, all.clone(), PeopleSort::Role, false).await[0], "anna");
    assert_eq!(names(&world, all.clone(), PeopleSort::CreatedAt, true).await[0], "100%_!x");
    assert_eq!(names(&world, all.clone(), PeopleSort::Email, false).await[1], "anna");
    let filter = |role, disabled| PeopleFilter { role, disabled, ..PeopleFilter::default() };
    for (only, expected) in [
        (filter(Some(Role::Manager), None), &["vera", "gleb"][..]),
        (filter(Some(Role::Manager), Some(false)), &["vera"]),
        (filter(Some(Role::Visitor), None), &["boris", "100%_!x"]),
        (filter(Some(Role::Admin), None), &["anna"]),
        (filter(Some(Role::System), None), &[]),
        (filter(None, Some(true)), &["gleb"]),
    ] {
        assert_eq!(names(&world, only.clone(), PeopleSort::Id, false).await, expected, "{only:?}");
    }
    let text = |text: &str| PeopleFilter { text: Some(text.to_owned()), ..PeopleFilter::default() };
    assert_eq!(names(&world, text("ANN"), PeopleSort::Id, false).await, ["anna"]);
    assert_eq!(names(&world, text("boris@"), PeopleSort::Id, false).await, ["boris"]);
    for wild in ["%", "_", "!", "0%_!x"] {
        assert_eq!(
            names(&world, text(wild), PeopleSort::Id, false).await,
            ["100%_!x"],
            "{wild} is no pattern"
        );
    }
    let ids = vec![PersonId::User(3), PersonId::Guest(1), PersonId::User(99)];
    let only = PeopleFilter { ids: Some(ids), ..PeopleFilter::default() };
    assert_eq!(names(&world, only, PeopleSort::Id, false).await, ["boris"]);
    let none = PeopleFilter { ids: Some(Vec::new()), ..PeopleFilter::default() };
    assert_eq!(names(&world, none, PeopleSort::Id, false).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_page_knows_the_total() {
    let world = five().await;
    let (page, total) =
        world.identity.people(&PeopleFilter::default(), PeopleSort::Id, false, 1, 2).await.unwrap();
    assert_eq!(total, 5);
    assert_eq!(
        page.iter().map(|account| account.person.id).collect::<Vec<_>>(),
        [PersonId::User(2), PersonId::User(3)]
    );
    assert_eq!(page[0].created_at, Some(START.plus_millis(1000)));
}

#[tokio::test]
async fn conversations_can_be_given_to_enabled_staff() {
    let world = five().await;
    let staff: Vec<_> =
        world.identity.managers().await.unwrap().into_iter().map(|p| (p.name, p.role)).collect();
    assert_eq!(staff, [("anna".to_owned(), Role::Admin), ("vera".to_owned(), Role::Manager)]);
}

#[tokio::test]
async fn people_are_found_by_id_and_email() {
    let world = five().await;
    let anna = world.identity.account(PersonId::User(2)).await.unwrap().unwrap();
    assert_eq!((anna.email.as_str(), anna.person.role), ("anna@example.com", Role::Admin));
    assert_eq!(world.identity.user_by_email(" ANNA@example.com").await.unwrap(), Some(anna.clone()));
    assert_eq!(world.identity.person(PersonId::User(2)).await.unwrap(), Some(anna.person));
    assert_eq!(world.identity.person(PersonId::User(99)).await.unwrap(), None);
    assert_eq!(world.identity.person(PersonId::Guest(1)).await.unwrap(), None);
    assert_eq!(world.identity.user_by_email("x@example.com").await.unwrap(), None);
    let gleb = world.identity.account(PersonId::User(4)).await.unwrap().unwrap();
    assert!(gleb.disabled_at.is_some() && gleb.person.role == Role::Manager, "the role outlives disabling");
}

#[tokio::test]
async fn who_was_seen_when_is_asked_at_once() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    let phone = world.identity.login(login("anna@example.com", "anna-password")).await.unwrap();
    // A guest's token with the same number is not a user's.
    world.identity.guest(None).await.unwrap();
    for (id, at) in [(anna.token_id, "2026-11-20 10:00:00"), (phone.token_id, "2026-11-21 09:00:00")] {
        world
            .execute(&format!("UPDATE personal_access_tokens SET last_used_at = '{at}' WHERE id = {id}"))
            .await;
    }
    let guests = r"UPDATE personal_access_tokens SET last_used_at = '2027-01-01 00:00:00' WHERE tokenable_type = 'Otvet\Guest'";
    world.execute(guests).await;
    let both = [anna.person.id, boris.person.id];
    let seen = world.identity.last_seen(&both).await.unwrap();
    assert_eq!(seen.len(), 1, "boris never used his: {seen:?}");
    assert_eq!(seen[&anna.person.id].to_string(), "2026-11-21T09:00:00.000Z");
    let unreadable = world.leniently();
    world.execute(&format!("UPDATE {unreadable} personal_access_tokens SET last_used_at = 'never'")).await;
    assert_eq!(world.identity.last_seen(&both).await.unwrap().len(), 0, "unreadable is unknown");
}
