//! One method a command. Each waits for its answer.

use otvet_engine::ids::{ConversationId, PersonId, Position, StreamName};
use otvet_engine::protocol::client::{Claim, History, Mark, Note, Open, Send, Target, Transfer};
use otvet_engine::protocol::{Answer, ClientFrame, Command, CommandId, Event, ServerFrame, Summary};

use super::{Client, PATIENCE, Trouble};
use crate::checker::log::What;

/// A page of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In order of `seq`.
    pub events: Vec<Event>,
    /// Whether there are more in the direction asked for.
    pub more: bool,
}

impl Client {
    /// Waits for the answer to a posted command.
    ///
    /// # Errors
    /// The refusal, or the end of the connection.
    pub async fn answer(&mut self, id: &CommandId) -> Result<Answer, Trouble> {
        let from = self.journal.connection();
        let what = format!("the answer to {id:?}");
        let (answer, _) = self
            .journal
            .wait(from, PATIENCE, &what, |what| match what {
                What::Received(ServerFrame::Answered(ok)) if ok.id == *id => Some(Ok(ok.answer.clone())),
                What::Received(ServerFrame::Failed(no)) if no.id.as_ref() == Some(id) => {
                    Some(Err(Trouble::Refused(Box::new(no.clone()))))
                }
                What::Closed(code) => Some(Err(Trouble::Closed(*code))),
                _ => None,
            })
            .await?;
        answer
    }

    /// Sends any command and waits for its answer.
    ///
    /// # Errors
    /// As [`Client::answer`]; so for every verb below.
    pub async fn ask(&mut self, command: Command) -> Result<Answer, Trouble> {
        let id = self.post(command);
        self.answer(&id).await
    }

    /// `open`: the new conversation and the question's number.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn open(
        &mut self,
        key: &str,
        subject: Option<&str>,
        body: &str,
    ) -> Result<(Summary, u64), Trouble> {
        let subject = subject.map(str::to_owned);
        match self.ask(Command::Open(Open { key: parse(key), subject, body: body.to_owned() })).await? {
            Answer::Opened { conversation, seq } => Ok((*conversation, seq)),
            other => Err(unexpected(&other)),
        }
    }

    /// `send`: the message's number.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn send(
        &mut self,
        conversation: ConversationId,
        key: &str,
        body: &str,
    ) -> Result<u64, Trouble> {
        self.seq(Command::Send(Send {
            conversation,
            key: parse(key),
            body: body.to_owned(),
            attachments: Vec::new(),
        }))
        .await
    }

    /// `note`: the note's number.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn note(
        &mut self,
        conversation: ConversationId,
        key: &str,
        body: &str,
    ) -> Result<u64, Trouble> {
        self.seq(Command::Note(Note { conversation, key: parse(key), body: body.to_owned() })).await
    }

    /// `claim`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn claim(&mut self, conversation: ConversationId, take_over: bool) -> Result<u64, Trouble> {
        self.seq(Command::Claim(Claim { conversation, take_over })).await
    }

    /// `release`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn release(&mut self, conversation: ConversationId) -> Result<u64, Trouble> {
        self.seq(Command::Release(Target { conversation })).await
    }

    /// `resolve`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn resolve(&mut self, conversation: ConversationId) -> Result<u64, Trouble> {
        self.seq(Command::Resolve(Target { conversation })).await
    }

    /// `reopen`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn reopen(&mut self, conversation: ConversationId) -> Result<u64, Trouble> {
        self.seq(Command::Reopen(Target { conversation })).await
    }

    /// `transfer`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn transfer(&mut self, conversation: ConversationId, to: PersonId) -> Result<u64, Trouble> {
        self.seq(Command::Transfer(Transfer { conversation, to })).await
    }

    /// `read`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn mark_read(&mut self, conversation: ConversationId, seq: u64) -> Result<(), Trouble> {
        self.ask(Command::Read(Mark { conversation, seq })).await.map(drop)
    }

    /// `delivered`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn mark_delivered(&mut self, conversation: ConversationId, seq: u64) -> Result<(), Trouble> {
        self.ask(Command::Delivered(Mark { conversation, seq })).await.map(drop)
    }

    /// `typing`: without an id, since it has no answer.
    pub fn typing(&self, conversation: ConversationId) {
        let frame = ClientFrame { id: None, command: Command::Typing(Target { conversation }) };
        self.journal.add(What::Sent(frame.clone()));
        self.send_raw(self.message(&frame));
    }

    /// `watch`: the head from which on events come.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn watch(&mut self, conversation: ConversationId) -> Result<Position, Trouble> {
        let answer = self.ask(Command::Watch(Target { conversation })).await?;
        self.journal.watched(StreamName::Conversation(conversation), &answer);
        match answer {
            Answer::Watching { position } => Ok(position),
            other => Err(unexpected(&other)),
        }
    }

    /// `unwatch`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn unwatch(&mut self, conversation: ConversationId) -> Result<(), Trouble> {
        self.ask(Command::Unwatch(Target { conversation })).await.map(drop)
    }

    /// `history`: one page.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn history(
        &mut self,
        conversation: ConversationId,
        before: Option<u64>,
        after: Option<u64>,
        limit: Option<u32>,
    ) -> Result<Page, Trouble> {
        match self.ask(Command::History(History { conversation, before, after, limit })).await? {
            Answer::History { events, more } => Ok(Page { events, more }),
            other => Err(unexpected(&other)),
        }
    }

    /// The whole of a conversation, page by page.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn whole(&mut self, conversation: ConversationId) -> Result<Vec<Event>, Trouble> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |e| e.seq);
            match self.history(conversation, None, Some(after), Some(200)).await {
                Ok(page) => {
                    events.extend(page.events);
                    if !page.more {
                        return Ok(events);
                    }
                }
                Err(Trouble::Refused(no)) if no.retry_after_ms.is_some() => {
                    tokio::time::sleep(std::time::Duration::from_millis(no.retry_after_ms.unwrap_or(0)))
                        .await;
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// `ping`. When it is answered, everything that was queued for this connection before has arrived.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn ping(&mut self) -> Result<(), Trouble> {
        self.ask(Command::Ping).await.map(drop)
    }

    async fn seq(&mut self, command: Command) -> Result<u64, Trouble> {
        match self.ask(command).await? {
            Answer::Stored { seq } => Ok(seq),
            other => Err(unexpected(&other)),
        }
    }
}

fn parse(key: &str) -> otvet_engine::ids::Key {
    key.parse().expect("the harness sends good keys here; bad ones go out raw")
}

fn unexpected(answer: &Answer) -> Trouble {
    Trouble::Network(format!("an answer of the wrong sort: {answer:?}"))
}
