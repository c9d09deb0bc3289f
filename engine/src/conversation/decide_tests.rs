//! Single rules, said one by one.

use crate::clock::Timestamp;
use crate::ids::{ConversationId, Key, PersonId};
use crate::protocol::{Code, Cursor, EventKind, LastMessage, Person, Refusal, Role, Status};

use super::{Command, Decision, Rules, State, content_digest, decide};

const RULES: Rules = Rules { body_chars: 4000, subject_chars: 200, remembered_keys: 300 };

fn person(id: &str, role: Role) -> Person {
    Person { id: id.parse().unwrap(), role, name: format!("Имя {id}") }
}

fn guest() -> Person {
    person("g1", Role::Visitor)
}

fn manager() -> Person {
    person("u3", Role::Manager)
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn open(subject: Option<&str>, body: &str) -> Command {
    Command::Open { key: key("открыть"), subject: subject.map(str::to_owned), body: body.to_owned() }
}

fn send(k: &str, body: &str) -> Command {
    Command::Send { key: key(k), body: body.to_owned(), attachments: Vec::new() }
}

/// Decides, and applies what was decided.
#[track_caller]
fn carry_out(state: &mut State, by: &Person, command: &Command) -> Vec<EventKind> {
    match decide(state, by, command, &RULES) {
        Ok(Decision::Events { events, .. }) => {
            for event in state.number(events.clone(), Timestamp::from_millis(1_764_000_000_000)) {
                state.apply(&event, &RULES);
            }
            events
        }
        other => panic!("{command:?} became {other:?}"),
    }
}

fn opened() -> State {
    let mut state = State::empty(ConversationId::new(Timestamp::default(), [1; 10]));
    carry_out(&mut state, &guest(), &open(Some(" Доставка "), "Когда привезут?"));
    state
}

#[track_caller]
fn refusal(state: &State, by: &Person, command: &Command) -> Refusal {
    decide(state, by, command, &RULES).unwrap_err()
}

#[test]
fn texts_are_measured_in_characters() {
    let state = State::empty(ConversationId::new(Timestamp::default(), [1; 10]));
    let outcome = |subject: Option<&str>, body: &str| {
        decide(&state, &guest(), &open(subject, body), &RULES).map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(outcome(None, &"🙏".repeat(4000)), Ok(()));
    assert_eq!(outcome(None, &"a".repeat(4001)), Err(Code::TooLarge));
    assert_eq!(outcome(Some(&"ж".repeat(200)), "Да"), Ok(()));
    assert_eq!(outcome(Some(&format!(" {} ", "ж".repeat(200))), "Да"), Ok(()));
    assert_eq!(outcome(Some(&"ж".repeat(201)), "Да"), Err(Code::TooLarge));
    for blank in ["", " ", "\n\t", "\u{2003}\u{a0}"] {
        assert_eq!(outcome(None, blank), Err(Code::Invalid), "{blank:?}");
    }
    assert_eq!(outcome(None, "а\0б"), Err(Code::Invalid));
    assert_eq!(outcome(Some("а\0б"), "Да"), Err(Code::Invalid));
}

#[test]
fn a_subject_is_trimmed_and_a_body_is_not() {
    let mut state = State::empty(ConversationId::new(Timestamp::default(), [1; 10]));
    carry_out(&mut state, &guest(), &open(Some(" \n"), " Да\n"));
    assert_eq!(state.subject, None);
    assert_eq!(state.last_message.as_ref().unwrap().body, " Да\n");
    assert_eq!(opened().subject.as_deref(), Some("Доставка"));
}

#[test]
fn opening_again_is_answered_with_the_question_for_ever() {
    let mut state = opened();
    let digest = content_digest("open", Some("Доставка"), "Когда привезут?");
    assert_eq!(state.recorded(guest().id, &key("открыть")).unwrap().digest, digest);
    for number in 0..400 {
        carry_out(&mut state, &guest(), &send(&number.to_string(), "Ну?"));
    }
    assert!(state.recorded(guest().id, &key("99")).is_none());
    assert!(state.recorded(guest().id, &key("100")).is_some());
    let again = decide(&state, &guest(), &open(Some("Доставка"), "Когда привезут?"), &RULES);
    assert_eq!(again, Ok(Decision::Repeated { seq: 2 }));
    assert_eq!(refusal(&state, &guest(), &open(None, "Когда привезут?")).code, Code::Conflict);
    assert_eq!(refusal(&state, &guest(), &send("открыть", "Когда привезут?")).code, Code::Conflict);
}

#[test]
fn lists_show_the_beginning_of_a_long_message() {
    let mut state = opened();
    carry_out(&mut state, &guest(), &send("k", &"🙏".repeat(201)));
    assert_eq!(state.last_message.unwrap().body, "🙏".repeat(LastMessage::PREVIEW_CHARS));
}

#[test]
fn a_conflict_names_who_has_it() {
    let mut state = opened();
    carry_out(&mut state, &manager(), &send("ответ", "Завтра."));
    let other = person("u4", Role::Manager);
    for command in [
        Command::Claim { take_over: false },
        Command::Release,
        Command::Resolve,
        Command::Transfer { to: other.clone() },
        send("k", "И я!"),
    ] {
        let refusal = refusal(&state, &other, &command);
        assert_eq!(
            (refusal.code, refusal.manager),
            (Code::Conflict, Some(Box::new(manager()))),
            "{command:?}"
        );
    }
}

#[test]
fn a_visitors_message_reopens_it_for_the_manager_who_had_it() {
    let mut state = opened();
    carry_out(&mut state, &manager(), &Command::Claim { take_over: false });
    carry_out(&mut state, &manager(), &Command::Resolve);
    assert_eq!((state.status, state.manager.as_ref()), (Status::Resolved, Some(&manager())));
    let happened = carry_out(&mut state, &guest(), &send("k", "Не привезли."));
    assert!(
        matches!(&happened[..], [EventKind::Reopened { by }, EventKind::Message { .. }] if *by == guest())
    );
    assert_eq!((state.status, state.manager.as_ref()), (Status::Claimed, Some(&manager())));

    let mut unclaimed = opened();
    carry_out(&mut unclaimed, &guest(), &Command::Resolve);
    carry_out(&mut unclaimed, &guest(), &send("k", "Нет, всё-таки."));
    assert_eq!((unclaimed.status, unclaimed.manager.as_ref()), (Status::Waiting, None));
}

#[test]
fn staff_who_ask_are_visitors_of_their_own_question() {
    let mut state = State::empty(ConversationId::new(Timestamp::default(), [1; 10]));
    carry_out(&mut state, &manager(), &open(None, "Как оформить отпуск?"));
    assert_eq!(carry_out(&mut state, &manager(), &send("k", "Срочно!")).len(), 1);
    assert_eq!((state.status, state.unread(manager().id)), (Status::Waiting, 0));
    for command in [
        Command::Claim { take_over: true },
        Command::Release,
        Command::Note { key: key("n"), body: "Да".to_owned() },
    ] {
        assert_eq!(refusal(&state, &manager(), &command).code, Code::Forbidden, "{command:?}");
    }
    let admin = person("u5", Role::Admin);
    carry_out(&mut state, &admin, &Command::Claim { take_over: false });
    assert_eq!(refusal(&state, &admin, &Command::Transfer { to: manager() }).code, Code::Invalid);
}

#[test]
fn an_account_takes_its_guests_keys_and_counts_along() {
    let mut state = opened();
    let account = person("u7", Role::Visitor);
    carry_out(&mut state, &manager(), &send("ответ", "Завтра."));
    let adopt = Command::Adopt { guest: guest().id };
    assert_eq!(decide(&state, &account, &adopt, &RULES), Ok(Decision::Adopted));
    assert!(state.adopt(account.clone()), "a new account's count is exact");
    assert_eq!(state.unread(account.id), 1);
    assert!(!state.participants.contains_key(&guest().id));
    assert_eq!(decide(&state, &account, &adopt, &RULES), Ok(Decision::Repeated { seq: 4 }));
    let again = decide(&state, &account, &open(Some("Доставка"), "Когда привезут?"), &RULES);
    assert_eq!(again, Ok(Decision::Repeated { seq: 2 }));
    for foreign in [guest(), person("u8", Role::Visitor)] {
        assert_eq!(refusal(&state, &foreign, &send("k", "Я?")), Refusal::no_such_conversation());
        assert_eq!(refusal(&state, &foreign, &adopt), Refusal::no_such_conversation());
    }

    // Another node had not heard of the adoption when it took the guest's last words.
    let late =
        EventKind::Message { author: guest(), body: "Ау!".into(), key: key("k"), attachments: Vec::new() };
    for event in state.number(vec![late], Timestamp::default()) {
        state.apply(&event, &RULES);
    }
    assert_eq!((state.unread(account.id), state.unread(manager().id)), (1, 2));
}

#[test]
fn an_account_cannot_take_another_accounts_conversation() {
    let mut state = State::empty(ConversationId::new(Timestamp::default(), [1; 10]));
    let victim = person("u7", Role::Visitor);
    carry_out(&mut state, &victim, &open(None, "Да"));
    for thief in [person("u8", Role::Visitor), person("g2", Role::Visitor), person("u5", Role::Admin)] {
        let refusal = refusal(&state, &thief, &Command::Adopt { guest: victim.id });
        assert_eq!(refusal, Refusal::no_such_conversation());
    }
}

#[test]
fn reading_lifts_delivery_and_never_goes_back() {
    let mut state = opened();
    let cursor = |state: &State, command: Command| match decide(state, &manager(), &command, &RULES) {
        Ok(Decision::Cursor { cursor }) => cursor,
        other => panic!("{other:?}"),
    };
    assert_eq!(cursor(&state, Command::Delivered { seq: 1 }), Cursor { delivered: 1, read: 0 });
    let read = cursor(&state, Command::Read { seq: 2 });
    assert_eq!(read, Cursor { delivered: 2, read: 2 });
    assert_eq!(state.unread(manager().id), 1);
    state.apply_cursor(manager().id, read, state.unread_at(manager().id, read.read).unwrap());
    assert_eq!(state.unread(manager().id), 0);
    assert_eq!(cursor(&state, Command::Read { seq: 1 }), read);
    state.apply_cursor(manager().id, Cursor { delivered: 1, read: 1 }, 1);
    assert_eq!((state.participants[&manager().id].cursor, state.unread(manager().id)), (read, 0));
    assert_eq!(refusal(&state, &manager(), &Command::Read { seq: 3 }).code, Code::Invalid);
    assert_eq!(refusal(&state, &manager(), &Command::Delivered { seq: u64::MAX }).code, Code::Invalid);
    assert_eq!(state.unread_at(PersonId::User(99), 2), Some(0));
}
