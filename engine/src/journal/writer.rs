//! The one task that writes: takes the first batch and everything that waits behind it, and commits them together.

use std::slice;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::group::Failure;
use super::{Batch, CommitError, Counters, JournalOptions, KeyedEvent, ReadError};

pub(super) type Verdict = Result<(), CommitError>;

/// Where groups are stored: the database, or what a model checker puts in its place.
#[async_trait]
pub(super) trait Store: Send + Sync + 'static {
    /// Stores all batches that may be stored, in one transaction, and says which those were.
    async fn transact(&self, batches: &[Arc<Batch>]) -> Result<Vec<Verdict>, Failure>;

    /// The keys of a batch that are in use.
    async fn keys_in_use(&self, batch: &Batch) -> Result<Vec<KeyedEvent>, ReadError>;

    /// Lets those who were just answered hand over what they have next.
    async fn let_others_run(&self);
}

/// What handles say to the writer.
#[derive(Debug)]
pub(super) enum Message {
    Commit(Arc<Batch>, oneshot::Sender<Verdict>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Handle(mpsc::Sender<Message>);

impl Handle {
    /// A way to a writer, and what [`run`] reads; so many batches may wait in between.
    pub fn new(queue: usize) -> (Self, mpsc::Receiver<Message>) {
        let (sender, inbox) = mpsc::channel(queue);
        (Self(sender), inbox)
    }

    /// Has a batch stored; as [`super::Journal::commit`].
    pub async fn commit(&self, batch: Batch) -> Verdict {
        let (reply, answer) = oneshot::channel();
        let closing = |_| CommitError::Unavailable("the journal is closed".to_owned());
        // Kept, so that it is freed here and not by the writer, for whom everybody waits.
        let batch = Arc::new(batch);
        self.0.send(Message::Commit(Arc::clone(&batch), reply)).await.map_err(closing)?;
        answer.await.unwrap_or_else(|_| Err(CommitError::Unknown("the journal's writer is gone".to_owned())))
    }

    /// Ends the writer once it has stored what was handed over.
    pub async fn close(&self) {
        let (reply, done) = oneshot::channel();
        // An error on either way means that the writer has ended already.
        if self.0.send(Message::Close(reply)).await.is_ok() {
            let _ = done.await;
        }
    }
}

/// Writes until it is closed and drained, or the last handle is gone. What the store does may take its thread.
pub(super) async fn run(
    store: impl Store,
    options: JournalOptions,
    mut inbox: mpsc::Receiver<Message>,
    counters: Arc<Counters>,
) {
    let writer = Writer { store, counters };
    let mut closing = Vec::new();
    // Whether several were just answered.
    let mut were_many = false;
    while let Some(first) = inbox.recv().await {
        let mut next = Some(first);
        let (mut batches, mut replies, mut events) = (Vec::new(), Vec::new(), 0);
        while let Some(message) = next.take() {
            match message {
                Message::Commit(batch, reply) => {
                    // A batch of cursors alone is work, too.
                    events += batch.events.len().max(1);
                    batches.push(batch);
                    replies.push(reply);
                }
                Message::Close(reply) => {
                    inbox.close();
                    closing.push(reply);
                }
            }
            if events < options.group_events {
                next = inbox.try_recv().ok();
                if next.is_none() && were_many {
                    // They come back one by one: while any do, the others are let run once more. The first of them alone
                    // would cost a commit, and all the others would wait for it.
                    writer.store.let_others_run().await;
                    next = inbox.try_recv().ok();
                }
            }
        }
        were_many = batches.len() > 1;
        let verdicts = writer.commit(&batches).await;
        drop(batches);
        for (reply, verdict) in replies.into_iter().zip(verdicts) {
            // Nobody waits any more: the batch is stored, or not, all the same.
            let _ = reply.send(verdict);
        }
    }
    for reply in closing {
        let _ = reply.send(());
    }
}

struct Writer<S> {
    store: S,
    counters: Arc<Counters>,
}

impl<S: Store> Writer<S> {
    /// One verdict a batch, in their order.
    async fn commit(&self, batches: &[Arc<Batch>]) -> Vec<Verdict> {
        if batches.is_empty() {
            return Vec::new();
        }
        match self.transact(batches).await {
            Ok(verdicts) => verdicts,
            Err(Failure::Conflict) => {
                // Another process was faster with one of them: alone, only the guilty one fails.
                let mut verdicts = Vec::with_capacity(batches.len());
                for batch in batches {
                    verdicts.push(self.commit_alone(batch).await);
                }
                verdicts
            }
            Err(failure) => vec![Err(failure.into()); batches.len()],
        }
    }

    async fn commit_alone(&self, batch: &Arc<Batch>) -> Verdict {
        match self.transact(slice::from_ref(batch)).await {
            Ok(mut verdicts) => verdicts.pop().expect("one verdict a batch"),
            Err(Failure::Conflict) => {
                self.counters.refused();
                match self.store.keys_in_use(batch).await {
                    Ok(used) if used.is_empty() => Err(CommitError::HeadMoved),
                    Ok(used) => Err(CommitError::KeysInUse(used)),
                    Err(error) => Err(CommitError::Unavailable(error.to_string())),
                }
            }
            Err(failure) => Err(failure.into()),
        }
    }

    async fn transact(&self, batches: &[Arc<Batch>]) -> Result<Vec<Verdict>, Failure> {
        let started = Instant::now();
        let outcome = self.store.transact(batches).await;
        match &outcome {
            Ok(verdicts) => {
                let stored = || batches.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_ok());
                let events = stored().map(|(batch, _)| batch.events.len()).sum();
                match stored().count() {
                    0 => {}
                    count => self.counters.committed(count, events, started.elapsed()),
                }
                verdicts.iter().filter(|verdict| verdict.is_err()).for_each(|_| self.counters.refused());
            }
            Err(Failure::Conflict) => {}
            Err(Failure::Unavailable(error) | Failure::Unknown(error)) => {
                self.counters.failed();
                tracing::warn!(error, batches = batches.len(), "a transaction of the journal failed");
            }
        }
        outcome
    }
}
