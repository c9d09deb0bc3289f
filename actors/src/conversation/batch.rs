//! Decide a batch, have it committed, go on from there whatever happened.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use otvet_engine::conversation::{Command, Decision, State as Conversation, content_digest, decide};
use otvet_engine::ids::{Key, PersonId};
use otvet_engine::journal::{Batch, CommitError, KeyedEvent};
use otvet_engine::protocol::{Answer, Code, Event, Person, Refusal, SignalKind};

use super::ConversationState;
use super::fanout::{Before, Cause};
use super::message::{Envelope, Outcome};

/// How often a batch is decided anew because something else was stored in between.
const MAX_ROUNDS: usize = 8;

/// A batch that is with the journal: all that is needed to finish it, by this incarnation or the next.
pub(crate) struct Prepared {
    pub envelopes: Vec<Arc<Envelope>>,
    /// The answers, once it is committed; in the order of `envelopes`.
    pub outcomes: Vec<Outcome>,
    pub events: Vec<Event>,
    /// The conversation after it.
    pub after: Arc<Conversation>,
    pub before: Before,
    pub cause: Cause,
    /// The names of the visitor: a key under one of them is in use for all.
    key_owners: Vec<PersonId>,
    /// Cursors that moved, to be told to the other readers.
    pub receipts: Vec<(SignalKind, Arc<Person>, u64)>,
    commit: Shared<BoxFuture<'static, Result<(), CommitError>>>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

impl Prepared {
    pub fn contains(&self, envelope: &Arc<Envelope>) -> bool {
        self.envelopes.iter().any(|e| Arc::ptr_eq(e, envelope))
    }
}

/// Keys that the journal found in use, by author.
type UsedKeys = HashMap<(PersonId, Key), KeyedEvent>;

impl ConversationState {
    /// Decides, commits and answers a batch of commands. Every command is answered, or still with the journal when this
    /// incarnation fails.
    pub(super) async fn commit_batch(&mut self, envelopes: Vec<Arc<Envelope>>) {
        let mut open: Vec<Arc<Envelope>> = envelopes;
        let mut used = UsedKeys::new();
        for _ in 0..MAX_ROUNDS {
            if open.is_empty() {
                return;
            }
            if let Err(refusal) = self.loaded().await {
                return refuse_all(&open, &refusal);
            }
            fail::fail_point!(format!("decide/{}", self.cell.id).as_str());
            let Some(prepared) = self.prepare(std::mem::take(&mut open), &used).await else { return };
            let prepared = Arc::new(prepared);
            *self.cell.prepared.lock() = Some(Arc::clone(&prepared));
            match self.finish_prepared().await {
                Ok(()) => return,
                Err(CommitError::KeysInUse(keys)) => {
                    for keyed in keys {
                        let is_visitors = prepared.key_owners.contains(&keyed.author);
                        let owners =
                            if is_visitors { prepared.key_owners.clone() } else { vec![keyed.author] };
                        for owner in owners {
                            used.insert((owner, keyed.key.clone()), keyed.clone());
                        }
                    }
                    open = prepared.envelopes.clone();
                }
                Err(CommitError::HeadMoved | CommitError::Unknown(_)) => open = prepared.envelopes.clone(),
                Err(CommitError::Unavailable(why)) => {
                    tracing::warn!(conversation.id = %self.cell.id, journal.error = why, "a batch was not stored");
                    return refuse_all(&prepared.envelopes, &Refusal::unavailable());
                }
            }
        }
        refuse_all(&open, &Refusal::internal());
    }

    /// Waits for the batch that is with the journal, if there is one, and finishes it.
    pub(super) async fn finish_prepared(&mut self) -> Result<(), CommitError> {
        let Some(prepared) = self.cell.prepared.lock().clone() else { return Ok(()) };
        fail::fail_point!(format!("commit/{}", self.cell.id).as_str(), |_| Ok(()));
        let committed = prepared.commit.clone().await;
        fail::fail_point!(format!("committed/{}", self.cell.id).as_str(), |_| Ok(()));
        match &committed {
            Ok(()) => self.tell(&prepared).await,
            // The state ran ahead of what is stored.
            Err(_) => self.conversation = None,
        }
        *self.cell.prepared.lock() = None;
        committed
    }

    /// Decides all of the batch against the state and lets the state run ahead. `None` when nothing is to be stored: then
    /// everything has been answered.
    async fn prepare(&mut self, envelopes: Vec<Arc<Envelope>>, used: &UsedKeys) -> Option<Prepared> {
        let rules = self.directory.behaviour.rules;
        let now = self.directory.foundation.clock.now();
        let conversation = self.conversation.as_ref()?;
        let before = Before::of(conversation);
        let mut run = Run::default();
        let mut waiting = Vec::new();
        for envelope in envelopes {
            if !used.is_empty()
                && let Some(key) = key_of(&envelope.command)
                && let Some(keyed) = used.get(&(envelope.by.id, key.clone()))
            {
                let outcome = Box::pin(self.answer_used(&envelope, keyed)).await;
                waiting.push((envelope, outcome));
                continue;
            }
            if matches!(envelope.command, Command::Open { .. }) {
                match self.directory.foundation.people.former_guests(envelope.by.id).await {
                    Ok(guests) => run.former_guests.extend(guests),
                    Err(refusal) => {
                        waiting.push((envelope, Err(refusal)));
                        continue;
                    }
                }
            }
            let conversation = self.conversation.as_mut()?;
            let outcome = match decide(conversation, &envelope.by, &envelope.command, &rules) {
                Err(refusal) => Box::pin(self.refused(&envelope, refusal)).await,
                Ok(Decision::Repeated { seq }) => Ok(stored(conversation, &envelope, seq)),
                Ok(Decision::Events { events, answer }) => {
                    let first = conversation.last_seq + 1;
                    for event in conversation.number(events, now) {
                        conversation.apply(&event, &rules);
                        run.changed.extend(conversation.changed_by(&event));
                        run.events.push(event);
                    }
                    Ok(stored(conversation, &envelope, first + answer as u64))
                }
                Ok(Decision::Cursor { cursor }) => {
                    let unread = match conversation.unread_at(envelope.by.id, cursor.read) {
                        Some(unread) => Ok(unread),
                        None => Box::pin(self.recount(envelope.by.id, cursor.read)).await,
                    };
                    unread.map(|unread| {
                        let conversation = self.conversation.as_mut().expect("it was loaded above");
                        let was = conversation.participants.get(&envelope.by.id).map(|part| part.cursor);
                        if was != Some(cursor) {
                            conversation.apply_cursor(envelope.by.id, cursor, unread);
                            run.moved(&envelope, cursor.read, cursor.delivered);
                        }
                        Answer::Done {}
                    })
                }
                Ok(Decision::Adopted) => {
                    let guest = conversation.visitor.as_ref().map(|guest| guest.id);
                    Box::pin(self.adopt(&envelope.by)).await.map(|seq| {
                        run.changed.extend(guest);
                        run.changed.insert(envelope.by.id);
                        run.adopted = true;
                        Answer::Stored { seq }
                    })
                }
            };
            waiting.push((envelope, outcome));
        }
        let conversation = self.conversation.as_ref()?;
        if run.events.is_empty() && run.changed.is_empty() {
            for (envelope, outcome) in waiting {
                envelope.answer(outcome);
            }
            return None;
        }
        let after = Arc::new(conversation.projection());
        let key_owners: Vec<PersonId> = key_owners(&after).into_iter().chain(run.former_guests).collect();
        let batch = Batch {
            conversation: self.cell.id,
            events: run.events.clone(),
            after: Arc::clone(&after),
            changed_participants: run.changed.iter().copied().collect(),
            key_owners: key_owners.clone(),
        };
        let cause =
            if run.events.is_empty() && !run.adopted { Cause::Cursors(run.cursors) } else { Cause::Events };
        let record = Arc::clone(&self.record);
        let (envelopes, outcomes) = waiting.into_iter().unzip();
        let commit = async move { record.commit(batch).await }.boxed().shared();
        Some(Prepared {
            envelopes,
            outcomes,
            events: run.events,
            after,
            before,
            cause,
            key_owners,
            receipts: run.receipts,
            commit,
        })
    }

    /// Gives the conversation to the account of its guest. An account that had taken part itself, further back than the
    /// state remembers, is counted anew; if that fails, nothing has changed.
    async fn adopt(&mut self, account: &Person) -> Result<u64, Refusal> {
        let mut adopted = self.loaded().await?.clone();
        if !adopted.adopt(account.clone())
            && let Some(cursor) = adopted.participants.get(&account.id).map(|part| part.cursor)
        {
            let own: Vec<PersonId> = adopted.former_guest.into_iter().chain([account.id]).collect();
            let unread = self.record.count_unread(self.cell.id, cursor.read, &own).await?;
            adopted.apply_cursor(account.id, cursor, unread);
        }
        let seq = adopted.last_seq;
        self.conversation = Some(adopted);
        Ok(seq)
    }

    /// A read position older than what the state remembers: the journal counts.
    async fn recount(&self, person: PersonId, read: u64) -> Result<u64, Refusal> {
        let own = match &self.conversation {
            Some(c) if c.visitor.as_ref().is_some_and(|v| v.id == person) => {
                c.former_guest.into_iter().chain([person]).collect()
            }
            _ => vec![person],
        };
        Ok(self.record.count_unread(self.cell.id, read, &own).await?)
    }

    /// The answer to a command that would be refused as things stand now. Its key may be older than what the state
    /// remembers, and then the first answer is due.
    async fn refused(&self, envelope: &Envelope, refusal: Refusal) -> Outcome {
        let (Code::Conflict, Some(key), Some(conversation)) =
            (refusal.code, key_of(&envelope.command), &self.conversation)
        else {
            return Err(refusal);
        };
        let mut owners = vec![envelope.by.id];
        if conversation.is_visitor(envelope.by.id) {
            owners.extend(conversation.former_guest);
        }
        match self.record.keyed(&owners, key).await? {
            Some(keyed) => self.answer_used(envelope, &keyed).await,
            None => Err(refusal),
        }
    }

    /// The answer to a command whose key was in use before.
    async fn answer_used(&self, envelope: &Envelope, keyed: &KeyedEvent) -> Outcome {
        let conflict = || Refusal::new(Code::Conflict, "this key was used for something else");
        let same = match &envelope.command {
            Command::Open { subject, body, .. } => {
                let subject = subject.as_deref().map(str::trim).filter(|s| !s.is_empty());
                keyed.digest == content_digest("open", subject, body)
            }
            Command::Send { body, .. } => {
                keyed.conversation == self.cell.id && keyed.digest == content_digest("send", None, body)
            }
            Command::Note { body, .. } => {
                keyed.conversation == self.cell.id && keyed.digest == content_digest("note", None, body)
            }
            _ => false,
        };
        if !same {
            return Err(conflict());
        }
        if !matches!(envelope.command, Command::Open { .. }) {
            return Ok(Answer::Stored { seq: keyed.seq });
        }
        let listed = self.record.listed(keyed.conversation, envelope.by.id).await?;
        let listed = listed.ok_or_else(conflict)?;
        Ok(Answer::Opened { conversation: Box::new(listed), seq: keyed.seq })
    }
}

/// What a batch has come to so far.
#[derive(Default)]
struct Run {
    events: Vec<Event>,
    changed: BTreeSet<PersonId>,
    cursors: BTreeSet<PersonId>,
    receipts: Vec<(SignalKind, Arc<Person>, u64)>,
    adopted: bool,
    /// The guests that whoever opens the conversation was before.
    former_guests: Vec<PersonId>,
}

impl Run {
    fn moved(&mut self, envelope: &Envelope, read: u64, delivered: u64) {
        self.changed.insert(envelope.by.id);
        self.cursors.insert(envelope.by.id);
        let receipt = match envelope.command {
            Command::Read { .. } => (SignalKind::Read, envelope.by.clone(), read),
            _ => (SignalKind::Delivered, envelope.by.clone(), delivered),
        };
        self.receipts.push(receipt);
    }
}

fn refuse_all(envelopes: &[Arc<Envelope>], refusal: &Refusal) {
    for envelope in envelopes {
        envelope.answer(Err(refusal.clone()));
    }
}

fn key_of(command: &Command) -> Option<&Key> {
    match command {
        Command::Open { key, .. } | Command::Send { key, .. } | Command::Note { key, .. } => Some(key),
        _ => None,
    }
}

/// Under which names a key of this conversation's visitor may stand.
fn key_owners(conversation: &Conversation) -> Vec<PersonId> {
    conversation.visitor.iter().map(|v| v.id).chain(conversation.former_guest).collect()
}

/// The answer to a command that became an event, now or before; an `open` also shows the conversation as it is now.
fn stored(conversation: &Conversation, envelope: &Envelope, seq: u64) -> Answer {
    match envelope.command {
        Command::Open { .. } => {
            Answer::Opened { conversation: Box::new(conversation.summary(envelope.by.id)), seq }
        }
        _ => Answer::Stored { seq },
    }
}
