//! Guests, and what becomes of them.

use super::*;

#[tokio::test]
async fn guests_get_a_name_and_a_token() {
    let world = World::new(settings()).await;
    let nameless = world.identity.guest(Some("  ")).await.unwrap();
    assert_eq!(nameless.person.name, "Guest 1");
    let named = world.identity.guest(Some(" Анна ")).await.unwrap();
    assert_eq!((named.person.id, named.person.name.as_str()), (PersonId::Guest(2), "Анна"));
    assert_eq!(world.identity.person(named.person.id).await.unwrap(), Some(named.person.clone()));
    assert_eq!(world.identity.authenticate(&named.token).await.unwrap().person, named.person);
    assert_eq!(problems(world.identity.guest(Some("a\nb")).await, "name").len(), 1);
    let closed = World::new(IdentitySettings { guests: false, ..settings() }).await;
    assert!(matches!(closed.identity.guest(None).await, Err(IdentityError::Forbidden(_))));
}

#[tokio::test]
async fn a_guest_becomes_somebody_once() {
    let world = World::new(settings()).await;
    let guest = world.identity.guest(None).await.unwrap();
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    let merged = world.identity.merge_guest(&guest.token, anna.person.id).await.unwrap();
    assert_eq!(merged, Some(guest.person.id));
    assert!(world.identity.authenticate(&guest.token).await.is_err(), "its tokens have ended");
    assert_eq!(world.identity.merge_guest(&guest.token, boris.person.id).await.unwrap(), None);
    assert_eq!(world.identity.guests_of(anna.person.id).await.unwrap(), [guest.person.id]);
    assert_eq!(world.identity.guests_of(boris.person.id).await.unwrap(), []);
    let audit = world.audit().await.pop().unwrap();
    assert_eq!(audit, ("guest_merged".into(), Some("u1".into()), Some("g1".into()), None));
}

#[tokio::test]
async fn two_who_want_one_guest_do_not_both_get_it() {
    let world = World::new(settings()).await;
    let guest = world.identity.guest(None).await.unwrap();
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    let (first, second) = tokio::join!(
        world.identity.merge_guest(&guest.token, anna.person.id),
        world.identity.merge_guest(&guest.token, boris.person.id),
    );
    assert_eq!([first.unwrap(), second.unwrap()].iter().flatten().count(), 1);
}

#[tokio::test]
async fn nobody_but_a_guest_in_good_standing_is_merged() {
    let world = World::new(settings()).await;
    let (anna, boris) = (world.user("anna").await, world.user("boris").await);
    let (guest, other) =
        (world.identity.guest(None).await.unwrap(), world.identity.guest(None).await.unwrap());
    assert_eq!(world.identity.merge_guest(&boris.token, anna.person.id).await.unwrap(), None, "a user");
    assert_eq!(
        world.identity.merge_guest(&guest.token, other.person.id).await.unwrap(),
        None,
        "into a guest"
    );
    world.identity.set_disabled(None, guest.person.id, true).await.unwrap();
    assert_eq!(world.identity.merge_guest(&guest.token, anna.person.id).await.unwrap(), None, "disabled");
    assert!(world.identity.authenticate(&guest.token).await.is_err());
    world.identity.set_disabled(None, guest.person.id, false).await.unwrap();
    assert!(world.identity.merge_guest(&guest.token, anna.person.id).await.unwrap().is_some());
}

#[tokio::test]
async fn arrivals_are_counted_by_address() {
    let few = IdentitySettings {
        guests_per_address_per_minute: 2,
        registrations_per_address_per_minute: 1,
        ..settings()
    };
    let world = World::new(few).await;
    let (here, there) = ("2001:db8::1".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
    let neighbour = "2001:db8::2".parse().unwrap();
    let throttled = |result| matches!(result, Err(IdentityError::Throttled { retry_after_s: 60 }));
    world.identity.count_guest(here).unwrap();
    world.identity.count_guest(neighbour).unwrap();
    assert!(throttled(world.identity.count_guest(here)), "a subscriber's whole network is one address");
    world.identity.count_registration(here).unwrap();
    assert!(throttled(world.identity.count_registration(neighbour)));
    world.identity.count_guest(there).unwrap();
    world.identity.count_registration(there).unwrap();
    world.clock.advance_millis(MINUTE);
    world.identity.count_guest(here).unwrap();
    world.identity.count_registration(here).unwrap();
}
