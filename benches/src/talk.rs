//! Conversations as rows to be stored, for the journal and its ceilings.

use otvet_engine::conversation::{Command, Rules, State};
use otvet_engine::ids::PersonId;

use crate::bare_sqlite::Rows;
use crate::house::visitor;
use crate::{carry_out_by, conversation_id, send};

/// A conversation that goes on and on.
pub struct Talk {
    state: State,
    /// Its visitor.
    pub by: PersonId,
    n: u64,
    /// Its question, until it is stored.
    question: Option<Rows>,
}

impl Talk {
    /// The one with this number, not opened yet.
    ///
    /// # Panics
    /// If the number is larger than an i64 can be.
    pub fn new(n: usize) -> Self {
        let n = i64::try_from(n).expect("it is small");
        let person = visitor(n);
        let mut state = State::empty(conversation_id(n));
        let open = Command::Open {
            key: "open".parse().expect("it is short"),
            subject: None,
            body: "Вопрос".to_owned(),
        };
        let events = carry_out_by(&person, &mut state, &open, &Rules::default());
        let question = Some(Rows { events, after: state.projection() });
        Self { state, by: person.id, n: 0, question }
    }

    /// Its question, or then so many messages more.
    ///
    /// # Panics
    /// Never: visitors here are users.
    pub fn next(&mut self, messages: u64) -> Rows {
        if let Some(question) = self.question.take() {
            return question;
        }
        let PersonId::User(row) = self.by else { unreachable!("visitors here are users") };
        let person = visitor(row - 1);
        let mut events = Vec::new();
        for _ in 0..messages {
            self.n += 1;
            events.extend(carry_out_by(&person, &mut self.state, &send(self.n), &Rules::default()));
        }
        Rows { events, after: self.state.projection() }
    }
}
