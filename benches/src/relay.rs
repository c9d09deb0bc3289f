//! The ceiling of the actors: the same hops with the same work at each, as plain tasks with tokio's channels. Nothing is
//! restarted, nobody looks anything up, nothing is bounded.

use std::sync::Arc;

use otvet_actors::outbox::Outbox;
use otvet_engine::conversation::{Command, Decision, Rules, State, decide};
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::client::Send;
use otvet_engine::protocol::{
    Answer, Answered, CommandId, Format, Person, ServerFrame, SharedFrame, Signal, SignalKind,
};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::house::Arrivals;

/// A command on its way, as a session passes it on.
pub struct Asked {
    by: Person,
    id: CommandId,
    command: Command,
    reply_to: UnboundedSender<ToSession>,
}

/// What a session is told.
pub enum ToSession {
    /// Its person gives a command.
    Submit(CommandId, Box<Send>),
    /// A conversation has answered.
    Reply(CommandId, Answer),
    /// Something for everybody.
    Frame(Arc<SharedFrame>),
}

/// A task that passes its person's commands on, and answers back.
pub fn session(
    person: Person,
    conversation: Option<UnboundedSender<Asked>>,
    arrived: &Arc<Arrivals>,
) -> UnboundedSender<ToSession> {
    let (sender, mut inbox) = unbounded_channel();
    let outbox = Outbox::new(Format::Json, 1 << 30);
    arrived.drain(Arc::clone(&outbox));
    let own = sender.clone();
    tokio::spawn(async move {
        while let Some(message) = inbox.recv().await {
            match message {
                ToSession::Submit(id, send) => {
                    let Some(conversation) = &conversation else { continue };
                    let Send { key, body, attachments, .. } = *send;
                    let command = Command::Send { key, body, attachments };
                    let asked = Asked { by: person.clone(), id, command, reply_to: own.clone() };
                    let _ = conversation.send(asked);
                }
                ToSession::Reply(id, answer) => {
                    outbox.push(&ServerFrame::Answered(Answered { id, answer }));
                }
                ToSession::Frame(frame) => outbox.push_shared(&frame),
            }
        }
    });
    sender
}

/// A task that decides what a conversation is asked. It is asked what it has answered before, and so stores nothing.
pub fn conversation(state: State, rules: Rules) -> UnboundedSender<Asked> {
    let (sender, mut inbox): (_, UnboundedReceiver<Asked>) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(asked) = inbox.recv().await {
            if let Ok(Decision::Repeated { seq }) = decide(&state, &asked.by, &asked.command, &rules) {
                let _ = asked.reply_to.send(ToSession::Reply(asked.id, Answer::Stored { seq }));
            }
        }
    });
    sender
}

/// A typist's session: passes on to the conversation that its person types.
pub fn typist(conversation: UnboundedSender<Person>) -> UnboundedSender<Person> {
    let (sender, mut inbox) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(person) = inbox.recv().await {
            let _ = conversation.send(person);
        }
    });
    sender
}

/// A task that tells all sessions whatever it is told.
pub fn broadcaster(id: ConversationId, sessions: Vec<UnboundedSender<ToSession>>) -> UnboundedSender<Person> {
    let (sender, mut inbox) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(person) = inbox.recv().await {
            let signal =
                Signal { kind: SignalKind::Typing, conversation: id, person, seq: None, online: None };
            let frame = SharedFrame::new(ServerFrame::Signal(signal));
            for session in &sessions {
                let _ = session.send(ToSession::Frame(Arc::clone(&frame)));
            }
        }
    });
    sender
}

/// A session that only passes frames on, within an actor of ractor's: what is left of the difference is ours. It waits at its
/// channel in the handler of its only message, as our actors wait at their lanes.
struct Acting;

impl Actor for Acting {
    type Msg = ();
    type State = (UnboundedReceiver<ToSession>, Arc<Outbox>);
    type Arguments = Self::State;

    async fn pre_start(
        &self,
        _: ActorRef<()>,
        state: Self::State,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(state)
    }

    fn handle(
        &self,
        _: ActorRef<()>,
        (): (),
        (inbox, outbox): &mut Self::State,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + std::marker::Send {
        Box::pin(async move {
            while let Some(message) = inbox.recv().await {
                if let ToSession::Frame(frame) = message {
                    outbox.push_shared(&frame);
                }
            }
            Ok(())
        })
    }
}

/// Starts one.
///
/// # Panics
/// When it cannot be started.
pub async fn acting_session(arrived: &Arc<Arrivals>) -> UnboundedSender<ToSession> {
    let (sender, inbox) = unbounded_channel();
    let outbox = Outbox::new(Format::Json, 1 << 30);
    arrived.drain(Arc::clone(&outbox));
    let (actor, _) = Actor::spawn(None, Acting, (inbox, outbox)).await.expect("it starts");
    actor.cast(()).expect("it has just started");
    sender
}
