//! Random histories against the naive model.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::clock::Timestamp;
use crate::ids::{ConversationId, PersonId};
use crate::protocol::codec_tests::seeded;
use crate::protocol::{Attachment, Code, Cursor, EventKind, Person, Role, Status};

use super::model::{Model, Outcome, spoken};
use super::{Command, Decision, Rules, State, decide};

/// Guests, an account, managers, an admin and people with nothing to do here: any of them may be the one who asks.
const PEOPLE: [(PersonId, Role, &str); 8] = [
    (PersonId::Guest(1), Role::Visitor, "Гость"),
    (PersonId::User(1), Role::Visitor, "Анна"),
    (PersonId::User(3), Role::Manager, "Мария"),
    (PersonId::User(4), Role::Manager, "Игорь"),
    (PersonId::User(5), Role::Admin, "Ольга"),
    (PersonId::Guest(2), Role::Visitor, "Другой гость"),
    (PersonId::User(9), Role::Visitor, "Пётр"),
    (PersonId::User(99), Role::System, "Otvet"),
];

/// Digits of one number, from the last on: a cheap way to many small choices.
struct Choices(u32);

impl Choices {
    fn of(&mut self, count: u32) -> usize {
        let chosen = self.0 % count;
        self.0 /= count;
        chosen as usize
    }

    fn person(&mut self) -> Person {
        let (id, role, name) = PEOPLE[self.of(PEOPLE.len() as u32)];
        Person { id, role, name: name.to_owned() }
    }

    fn command(&mut self, head: u64) -> Command {
        let kind = self.of(18);
        match kind {
            0..=5 => self.spoken(),
            6 | 7 => Command::Claim { take_over: self.of(2) == 1 },
            8 => Command::Release,
            9 => Command::Transfer { to: self.person() },
            10 | 11 => Command::Resolve,
            12 => Command::Reopen,
            13 | 14 => Command::Read { seq: self.of(head as u32 + 2) as u64 },
            15 => Command::Delivered { seq: self.of(head as u32 + 2) as u64 },
            16 => Command::Adopt { guest: self.person().id },
            _ => self.open(),
        }
    }

    fn open(&mut self) -> Command {
        let subject = [None, Some(" "), Some(" Доставка ")][self.of(3)];
        let subject = subject.map(str::to_owned);
        match self.spoken() {
            Command::Send { key, body, .. } | Command::Note { key, body } => {
                Command::Open { key, subject, body }
            }
            other => other,
        }
    }

    fn spoken(&mut self) -> Command {
        let key = format!("k{}", self.of(12)).parse().unwrap();
        let body = match self.of(12) {
            0 => " \n\u{a0}".to_owned(),
            1 => "ж".repeat(11),
            2 => "a\0b".to_owned(),
            3 | 4 => "ж".repeat(10),
            _ => "Да".to_owned(),
        };
        match self.of(12) {
            0 | 1 => Command::Note { key, body },
            2 => {
                let file = Attachment { name: "a".into(), media_type: "b".into(), bytes: 1, url: "c".into() };
                Command::Send { key, body, attachments: vec![file] }
            }
            _ => Command::Send { key, body, attachments: Vec::new() },
        }
    }
}

/// The state machine and the model, side by side.
struct Pair {
    state: State,
    model: Model,
    rules: Rules,
}

impl Pair {
    fn new(remembered_keys: usize) -> Self {
        let id = ConversationId::new(Timestamp::from_millis(1_764_000_000_000), [7; 10]);
        let rules = Rules { body_chars: 10, subject_chars: 8, remembered_keys };
        Self { state: State::empty(id), model: Model::default(), rules }
    }

    /// Decides, compares with what the model expects, and carries it out as the actor and the journal would.
    fn step(&mut self, by: &Person, command: &Command) {
        let decided = decide(&self.state, by, command, &self.rules);
        let outcome = Outcome::of(&decided);
        let expected = self.model.expected(by, command, &self.rules);
        let forgotten = spoken(command)
            .and_then(|(key, _)| self.model.keyed(by.id, key))
            .is_some_and(|before| !self.model.is_remembered(before, &self.rules));
        if forgotten {
            // The unique key of the database refuses the events: nothing is stored, the answer comes from the log.
            assert!(matches!(outcome, Outcome::Events(_) | Outcome::Refused(..)), "{outcome:?}");
            return;
        }
        assert_eq!(outcome, expected, "{by:?} {command:?}");
        match decided {
            Ok(Decision::Events { events, .. }) => self.store(events),
            Ok(Decision::Cursor { cursor }) => self.move_cursor(by.id, cursor),
            Ok(Decision::Adopted) => self.adopt(by),
            Ok(Decision::Repeated { .. }) | Err(_) => {}
        }
        self.check();
    }

    fn store(&mut self, kinds: Vec<EventKind>) {
        let at = Timestamp::from_millis(1_764_000_000_000 + self.model.log.len() as i64);
        for event in self.state.number(kinds, at) {
            let before = self.state.participants.clone();
            self.state.apply(&event, &self.rules);
            let rows = self.state.participants.iter();
            let changed =
                rows.filter(|(person, part)| before.get(person) != Some(part)).map(|(person, _)| *person);
            let said: BTreeSet<PersonId> = self.state.changed_by(&event).into_iter().collect();
            assert!(
                changed.collect::<BTreeSet<_>>().is_subset(&said),
                "{event:?} changed more than {said:?}"
            );
            if let EventKind::Opened { visitor, .. } = &event.kind {
                self.model.visitor = Some(visitor.id);
            }
            self.model.log.push(event);
        }
    }

    fn move_cursor(&mut self, person: PersonId, cursor: Cursor) {
        let recount = self.model.recount(person, cursor.read);
        let unread = self.state.unread_at(person, cursor.read);
        assert!(unread.is_none_or(|unread| unread == recount), "{unread:?} is not {recount}");
        self.state.apply_cursor(person, cursor, recount);
        self.model.cursors.insert(person, cursor);
    }

    fn adopt(&mut self, by: &Person) {
        let guest = self.model.visitor.replace(by.id);
        self.model.former_guest = guest;
        self.model.adopted_at = Some(self.model.log.len());
        let of_guest = guest.and_then(|guest| self.model.cursors.remove(&guest)).unwrap_or_default();
        let cursor = self.model.cursors.entry(by.id).or_default();
        cursor.read = cursor.read.max(of_guest.read);
        cursor.delivered = cursor.delivered.max(of_guest.delivered);
        let cursor = *cursor;
        if !self.state.adopt(by.clone()) {
            self.state.apply_cursor(by.id, cursor, self.model.recount(by.id, cursor.read));
        }
    }

    fn readers(&self) -> impl Iterator<Item = PersonId> {
        let staff = PEOPLE.iter().filter(|(_, role, _)| role.is_staff()).map(|(id, ..)| *id);
        staff.chain(self.model.visitor)
    }

    fn check(&self) {
        let (status, manager) = self.model.standing();
        assert_eq!(self.state.status, status);
        assert_eq!(self.state.manager.as_ref().map(|manager| manager.id), manager);
        assert_eq!(self.state.last_seq, self.model.log.len() as u64);
        assert_eq!(self.state.waiting_since.is_some(), status == Status::Waiting && self.state.exists());
        for person in self.readers() {
            let recount = self.model.recount(person, self.model.read(person));
            assert_eq!(self.state.unread(person), recount, "unread of {person}");
            let cursor = self.state.participants.get(&person).map(|part| part.cursor).unwrap_or_default();
            assert_eq!(cursor, self.model.cursors.get(&person).copied().unwrap_or_default(), "of {person}");
        }
    }

    /// What is expensive, once at the end of a history.
    fn check_end(&self) {
        self.model.check_log();
        for person in self.readers() {
            for read in 0..=self.state.last_seq {
                let unread = self.state.unread_at(person, read);
                let must_know = self.rules.remembered_keys >= self.model.log.len();
                assert!(unread.is_some() || !must_know, "{person} at {read} is derivable");
                assert!(
                    unread.is_none_or(|unread| unread == self.model.recount(person, read)),
                    "{person} at {read}"
                );
            }
        }
        assert_eq!(self.rebuilt(), self.state, "rebuilt from the log");
        assert_eq!(self.loaded(usize::MAX), self.state, "loaded from the projection and the whole log");
    }

    /// From nothing but the log, the moment of the adoption, and the cursors' rows.
    fn rebuilt(&self) -> State {
        let mut state = State::empty(self.state.id);
        for (event, before) in self.model.log.iter().zip(0..) {
            self.adopt_at(before, &mut state);
            state.apply(event, &self.rules);
        }
        self.adopt_at(self.model.log.len(), &mut state);
        for (person, part) in &self.state.participants {
            let cursor = self.model.cursors.get(person).copied().unwrap_or_default();
            state.apply_cursor(*person, cursor, self.model.recount(*person, cursor.read));
            assert_eq!(state.participants[person].written, part.written);
        }
        state
    }

    fn adopt_at(&self, events: usize, state: &mut State) {
        if self.model.adopted_at == Some(events) {
            let account = self.state.visitor.clone().unwrap();
            let _recounted_with_the_cursors = state.adopt(account);
        }
    }

    /// From the projection's columns and the newest events.
    fn loaded(&self, newest: usize) -> State {
        let mut state = State { ..self.state.clone() };
        state.recorded.clear();
        state.opening = None;
        let older = self.model.log.len().saturating_sub(newest);
        for event in &self.model.log[older..] {
            state.remember(event, &self.rules);
        }
        state
    }
}

proptest! {
    #![proptest_config(seeded(10_000))]

    #[test]
    fn any_history_agrees_with_the_model(
        steps in prop::collection::vec(any::<u32>(), 1..48),
        memory in prop::sample::select(vec![0, 1, 3, 300]),
    ) {
        let mut pair = Pair::new(memory);
        for (number, step) in steps.into_iter().enumerate() {
            let mut choices = Choices(step);
            let by = choices.person();
            // The first command is an attempt to open it: histories that never begin are short.
            let command = if number == 0 { choices.open() } else { choices.command(pair.state.last_seq) };
            pair.step(&by, &command);
        }
        pair.check_end();
    }

    #[test]
    fn a_loaded_state_decides_like_the_live_one(
        steps in prop::collection::vec(any::<u32>(), 10..48),
        newest in 0_usize..12,
    ) {
        let mut pair = Pair::new(300);
        let (last, steps) = steps.split_last().unwrap();
        for step in steps {
            let mut choices = Choices(*step);
            let by = choices.person();
            let command = if pair.state.exists() { choices.command(pair.state.last_seq) } else { choices.open() };
            pair.step(&by, &command);
        }
        let loaded = pair.loaded(newest);
        for person in pair.readers() {
            for read in 0..=loaded.last_seq {
                let unread = loaded.unread_at(person, read);
                prop_assert!(unread.is_none_or(|unread| unread == pair.model.recount(person, read)));
            }
        }
        let mut choices = Choices(*last);
        let (by, command) = (choices.person(), choices.command(loaded.last_seq));
        let known = spoken(&command).and_then(|(key, _)| pair.state.recorded(by.id, key));
        if known.is_none_or(|known| loaded.recorded(by.id, &known.key).is_some()) {
            prop_assert_eq!(
                decide(&loaded, &by, &command, &pair.rules),
                decide(&pair.state, &by, &command, &pair.rules)
            );
        }
    }
}

#[test]
fn nobody_can_do_anything_but_open_what_does_not_exist() {
    let pair = Pair::new(300);
    for number in 0..100_000_u32 {
        let mut choices = Choices(number.wrapping_mul(2_654_435_761));
        let (by, command) = (choices.person(), choices.command(0));
        if !matches!(command, Command::Open { .. }) {
            let refusal = decide(&pair.state, &by, &command, &pair.rules).unwrap_err();
            assert_eq!((refusal.code, refusal.manager), (Code::NotFound, None), "{by:?} {command:?}");
        }
    }
}
