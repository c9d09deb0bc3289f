//! The conversation actor: decides the commands of one conversation, in batches, has them committed, and tells everybody
//! whom it concerns.
//!
//! In reading order: [`message`] (what it is asked), [`cell`] (what of it outlives a failure), [`batch`] (decide and
//! commit), [`record`] (what it needs of the journal), [`fanout`] (who gets what). The actor itself is the loop below.

mod batch;
mod cell;
mod fanout;
#[cfg(test)]
mod interleavings;
mod message;
mod record;

use std::sync::Arc;

use otvet_engine::conversation::State as Conversation;
use otvet_engine::protocol::{Person, Refusal, ServerFrame, SharedFrame, Signal, SignalKind};
use ractor::{Actor, ActorProcessingErr, ActorRef};

pub(crate) use cell::ConversationCell;
pub(crate) use fanout::{Cause, Commit};
pub(crate) use message::{ConversationMsg, Envelope, ReplyTo, Watch};

use record::Record;

use crate::directory::Directory;
use crate::lane::{Taken, Work, Worker};

/// The commands of one batch at most: bounds the transaction, and what a failure repeats.
const MAX_BATCH: usize = 256;

/// One conversation that has a reader or a writer here.
pub(crate) struct ConversationActor;

/// What one incarnation knows. All of it can be had again from the journal.
pub(crate) struct ConversationState {
    directory: Arc<Directory>,
    record: Arc<dyn Record>,
    cell: Arc<ConversationCell>,
    /// `None` until loaded, and after a commit that did not succeed.
    conversation: Option<Conversation>,
}

impl Actor for ConversationActor {
    type Msg = Work;
    type State = ConversationState;
    type Arguments = (Arc<Directory>, Arc<ConversationCell>);

    async fn pre_start(
        &self,
        _: ActorRef<Work>,
        (directory, cell): Self::Arguments,
    ) -> Result<ConversationState, ActorProcessingErr> {
        // Nothing is loaded here: the router waits for this, and there may be ten thousand of us.
        Ok(ConversationState::new(directory, cell))
    }

    // Boxed: ractor has room for a handler's future three times over, as it hands it on.
    fn handle(
        &self,
        myself: ActorRef<Work>,
        _: Work,
        state: &mut ConversationState,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + Send {
        Box::pin(async move {
            state.work_off().await;
            myself.stop(None);
            Ok(())
        })
    }
}

impl ConversationState {
    fn new(directory: Arc<Directory>, cell: Arc<ConversationCell>) -> Self {
        let record = Arc::clone(&directory) as Arc<dyn Record>;
        Self { directory, record, cell, conversation: None }
    }

    /// Works until the actor has no reason to stay.
    async fn work_off(&mut self) {
        let cell = Arc::clone(&self.cell);
        let mut lane = cell.lane.work();
        // Left behind by an incarnation that failed. If it was not stored, its commands are still in the lane.
        let _ = self.finish_prepared().await;
        loop {
            lane.wait(MAX_BATCH).await;
            self.work(lane.all()).await;
            lane.all_done();
            if self.should_end(&mut lane) {
                return;
            }
        }
    }

    /// Works through what was taken from the lane: commands in a row are one batch.
    async fn work(&mut self, taken: impl Iterator<Item = Taken<&ConversationMsg>>) {
        let mut batch = Vec::new();
        for message in taken {
            match message {
                Taken::Message(ConversationMsg::Command(envelope)) if envelope.is_answered() => {}
                Taken::Message(ConversationMsg::Command(envelope)) => batch.push(Arc::clone(envelope)),
                Taken::GivenUp(ConversationMsg::Command(envelope)) => {
                    envelope.answer(Err(Refusal::internal()))
                }
                Taken::Message(other) => {
                    self.commit_batch(std::mem::take(&mut batch)).await;
                    self.attend(other).await;
                }
                Taken::GivenUp(other) => {
                    tracing::error!(message = ?other, "gave up a message that fails its conversation")
                }
            }
        }
        self.commit_batch(batch).await;
    }

    /// Everything that is not a command.
    async fn attend(&mut self, message: &ConversationMsg) {
        match message {
            ConversationMsg::Command(_) | ConversationMsg::Retire => {}
            ConversationMsg::Watch(watch) => match self.readable_by(&watch.by).await {
                Ok(head) => {
                    self.cell.watchers.lock().insert(watch.by.id, Arc::clone(&watch.session));
                    let epoch = self.directory.foundation.journal.epoch().clone();
                    watch.answer_watching(epoch, head);
                }
                Err(refusal) => watch.answer(Err(refusal)),
            },
            ConversationMsg::Unwatch(person) => {
                self.cell.watchers.lock().remove(person);
            }
            ConversationMsg::Typing(by) => {
                if self.readable_by(by).await.is_ok() {
                    self.signal(SignalKind::Typing, by, None, None);
                }
            }
            ConversationMsg::Presence { person, online } => {
                if self.readable_by(person).await.is_ok() {
                    self.signal(SignalKind::Presence, person, None, Some(*online));
                }
            }
        }
    }

    /// The head, if the person may read this conversation.
    async fn readable_by(&mut self, person: &Person) -> Result<u64, Refusal> {
        let conversation = self.loaded().await?;
        if conversation.may_read(person) {
            Ok(conversation.last_seq)
        } else {
            Err(Refusal::no_such_conversation())
        }
    }

    /// The conversation as the journal has it; an empty one if there is none.
    async fn loaded(&mut self) -> Result<&mut Conversation, Refusal> {
        if self.conversation.is_none() {
            let loaded = if self.cell.take_unopened() {
                None
            } else {
                // Boxed, since an actor is as large as the largest thing it ever does.
                Box::pin(self.record.load(self.cell.id)).await?
            };
            let loaded = loaded.unwrap_or_else(|| Conversation::empty(self.cell.id));
            self.tell_untold(&loaded).await?;
            self.conversation = Some(loaded);
        }
        Ok(self.conversation.as_mut().expect("it was loaded just now"))
    }

    /// Tells the readers something in passing. Typing and presence are for others; receipts are for all devices.
    fn signal(&self, kind: SignalKind, by: &Person, seq: Option<u64>, online: Option<bool>) {
        let Some(conversation) = &self.conversation else { return };
        let signal = Signal { kind, conversation: self.cell.id, person: by.clone(), seq, online };
        let frame = SharedFrame::new(ServerFrame::Signal(signal));
        let for_others = matches!(kind, SignalKind::Typing | SignalKind::Presence);
        self.to_readers(conversation, None, |session, own| {
            if !(for_others && session.person == by.id) {
                session.signal(&frame, self.cell.id, own);
            }
        });
    }

    /// Whether this actor has no reason to be here: asked to retire, or about a conversation that does not exist.
    fn should_end(&self, lane: &mut Worker<'_, ConversationMsg>) -> bool {
        let is_nothing = self.conversation.as_ref().is_some_and(|conversation| !conversation.exists());
        if !is_nothing && !self.cell.takes_retirement() {
            return false;
        }
        let ends = self.cell.watchers.lock().is_empty() && lane.close_if_idle();
        if ends {
            self.directory.conversations.remove_if(&self.cell.id, |_, there| Arc::ptr_eq(there, &self.cell));
        }
        ends
    }
}
