//! From a valid `hello` to `ready`, with everything that the client missed behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::protocol::{
    CloseCode, Code, Failed, Format, Person, Ready, Refusal, ServerFrame, Summary, encode,
};

use crate::conversation::{ConversationMsg, Watch};
use crate::inbox::Snapshot;
use crate::person_stream::PersonStream;

use super::connections::{Known, Others, OwnStreams};
use super::message::Join;
use super::recover::{Budget, Recovered};
use super::{ConnectionRecord, LISTED, SessionState};

/// Streams that a `hello` may name: each one costs a look into the database.
const MAX_POSITIONS: usize = 256;

/// What has been gathered for one joining connection.
#[derive(Default)]
struct Gathered {
    streams: BTreeMap<StreamName, Position>,
    recovered: BTreeMap<StreamName, bool>,
    frames: Vec<Bytes>,
    known: Known,
    lists_all_own: bool,
    /// Conversations of others that the client has a position in: it goes on following them.
    watching: BTreeSet<ConversationId>,
}

impl Gathered {
    fn add(&mut self, stream: StreamName, part: Recovered) {
        self.recovered.insert(stream, part.exact);
        self.frames.extend(part.frames);
        if let StreamName::Conversation(id) = stream {
            self.known.set_sent(id, part.head);
        }
    }
}

impl SessionState {
    /// Joins a connection, or lets it go with the reason.
    pub(super) async fn join(&mut self, join: &Arc<Join>) {
        let joined = self.cell.connections.lock().get(join.connection).is_some();
        if joined || join.outbox.is_closing() {
            return;
        }
        let limit = self.directory.behaviour.limits.connections_per_person;
        if self.cell.connections.lock().len() as u64 >= limit {
            let refusal = Refusal::new(Code::RateLimited, format!("{limit} connections are open; close one"))
                .retry_after_ms(5000);
            return refuse(join, refusal, CloseCode::TooManyCommands);
        }
        if join.positions.len() > MAX_POSITIONS {
            let refusal =
                Refusal::new(Code::Invalid, format!("`positions` names more than {MAX_POSITIONS} streams"));
            return refuse(join, refusal, CloseCode::BadFrames);
        }
        match self.gather(join).await {
            Ok((gathered, conversations)) => self.admit(join, gathered, conversations),
            Err(refusal) => refuse(join, refusal, CloseCode::Internal),
        }
    }

    /// Reads all that `ready` says and all that follows it. Meanwhile nothing else happens in this session: what
    /// conversations commit waits in the lane, and what of it was read here already is dropped by its number.
    async fn gather(&mut self, join: &Join) -> Result<(Gathered, Vec<Summary>), Refusal> {
        self.prepare_list().await?;
        let stream = self.stream.as_ref().ok_or_else(Refusal::internal)?;
        let is_staff = join.person.role.is_staff();
        let (format, me) = (join.outbox.format(), join.person.id);
        let mut budget =
            Budget(usize::try_from(self.directory.behaviour.limits.outbox_bytes).unwrap_or(usize::MAX) / 2);
        let own = self.own_list();
        let known = |stream: StreamName| join.positions.get(&stream.to_string());
        let mut gathered = Gathered::default();
        gathered.streams.insert(stream.name(), stream.position());
        if let Some(position) = known(stream.name()) {
            let missed = stream.after(position).await;
            let part =
                self.recover_list(stream.name(), missed, &stream.position(), &own, format, &mut budget);
            gathered.add(stream.name(), part);
        }
        let mut conversations = fitting(own, budget.0 / 2);
        if is_staff {
            let inbox_name = StreamName::Inbox(me);
            let position = known(inbox_name);
            let Snapshot { head, conversations: shown, missed } =
                self.directory.ask_inbox(me, position.cloned()).await?;
            gathered.streams.insert(inbox_name, head.clone());
            if position.is_some() {
                let part = self.recover_list(inbox_name, missed, &head, &shown, format, &mut budget);
                gathered.add(inbox_name, part);
            }
            let own = shown.iter().filter(|s| s.manager.as_ref().is_some_and(|m| m.id == me)).count();
            conversations = fitting(shown, budget.0 / 2);
            // The own ones come first: a list that was cut behind them is still whole.
            gathered.lists_all_own = own < LISTED && own <= conversations.len();
        }
        let epoch = self.directory.foundation.journal.epoch().clone();
        for summary in &conversations {
            let name = StreamName::Conversation(summary.id);
            gathered.streams.insert(name, Position { epoch: epoch.clone(), seq: summary.last_seq });
            // Waiting ones are listed, not followed: their baseline comes when they become the manager's own.
            if summary.visitor.id == me || summary.manager.as_ref().is_some_and(|m| m.id == me) {
                gathered.known.set_sent(summary.id, summary.last_seq);
            } else {
                gathered.known.set_listed(summary.id, summary.last_seq);
            }
        }
        for (name, position) in &join.positions {
            let Ok(StreamName::Conversation(id)) = name.parse::<StreamName>() else { continue };
            let Some(summary) = self.readable(join, id, &conversations).await? else { continue };
            let name = StreamName::Conversation(id);
            let part = self.recover_conversation(position, &summary, is_staff, format, &mut budget).await?;
            gathered.add(name, part);
            gathered.streams.insert(name, Position { epoch: epoch.clone(), seq: summary.last_seq });
            if summary.visitor.id != me && summary.manager.as_ref().is_none_or(|m| m.id != me) {
                gathered.watching.insert(id);
            }
        }
        Ok((gathered, conversations))
    }

    /// After a failure of this actor: goes on where the last incarnation was, for the connections that are still there.
    pub(super) async fn restore(&mut self) {
        if self.stream.is_some() || self.cell.connections.lock().is_empty() {
            return;
        }
        if let Err(refusal) = Box::pin(self.prepare_list()).await {
            // They come back with their positions, as soon as there is somebody who can answer.
            tracing::warn!(session.person = %self.cell.person, %refusal, "a session could not go on");
            self.cell.close_all(CloseCode::Internal);
        }
    }

    /// Opens the session's stream and reads the person's own list, once for this incarnation. Whatever an earlier one put
    /// into the stream and did not pass on reaches the connections now.
    async fn prepare_list(&mut self) -> Result<(), Refusal> {
        if self.stream.is_some() {
            return Ok(());
        }
        let foundation = &self.directory.foundation;
        let me = self.cell.person;
        let current = foundation.journal.own_list(me, LISTED).await?;
        let (keep, fresh) = (self.directory.behaviour.tail_keep, self.directory.new_epoch());
        let name = StreamName::Session(me);
        let stream = PersonStream::open(name, Arc::clone(&foundation.tail), keep, fresh).await;
        let (missed, _) = stream.missed(&current).await;
        let untold = if self.cell.connections.lock().is_empty() { Vec::new() } else { stream.recent().await };
        self.list = current.into_iter().map(|summary| (summary.id, summary)).collect();
        self.stream = Some(stream);
        self.tell_epoch();
        self.cell.connections.lock().numbered(name, &untold);
        self.append(missed).await;
        Ok(())
    }

    /// The person's own conversations, the most recently updated first.
    pub(super) fn own_list(&self) -> Vec<Summary> {
        let mut own: Vec<Summary> = self.list.values().cloned().collect();
        own.sort_by_key(|summary| std::cmp::Reverse((summary.updated_at, summary.id)));
        own
    }

    /// The entry of a conversation that the person may read.
    async fn readable(
        &self,
        join: &Join,
        id: ConversationId,
        known: &[Summary],
    ) -> Result<Option<Summary>, Refusal> {
        if let Some(summary) = known.iter().find(|summary| summary.id == id).or_else(|| self.list.get(&id)) {
            return Ok(Some(summary.clone()));
        }
        let listed = self.directory.foundation.journal.listed(id, join.person.id).await?;
        let readable = |s: &Summary| join.person.role.is_staff() || s.visitor.id == join.person.id;
        Ok(listed.filter(readable))
    }

    /// Everything is read: the connection is in, and gets it all at once.
    fn admit(&self, join: &Arc<Join>, gathered: Gathered, conversations: Vec<Summary>) {
        let behaviour = &self.directory.behaviour;
        let mut own = OwnStreams::default();
        gathered.streams.iter().for_each(|(stream, head)| own.tell(*stream, head.clone()));
        let ready = Ready {
            id: join.hello_id.clone(),
            person: Person::clone(&join.person),
            session: join.name.clone(),
            epoch: self.directory.foundation.journal.epoch().clone(),
            heartbeat_s: behaviour.heartbeat.as_secs(),
            streams: gathered.streams,
            conversations,
            recovered: gathered.recovered,
            limits: behaviour.limits,
        };
        join.outbox.push(&ServerFrame::Ready(Box::new(ready)));
        gathered.frames.into_iter().for_each(|frame| join.outbox.push_encoded(frame));
        let followed: Vec<ConversationId> = gathered.known.followed().collect();
        let record = ConnectionRecord {
            id: join.connection,
            person: Arc::clone(&join.person),
            token_id: join.token_id,
            outbox: Arc::clone(&join.outbox),
            known: gathered.known,
            lists_all_own: gathered.lists_all_own,
            own,
            others: Others::default(),
        };
        let mut connections = self.cell.connections.lock();
        let is_first = connections.is_empty();
        connections.add(record);
        drop(connections);
        for conversation in gathered.watching {
            // Whatever was committed between our reading and the watch is healed when the watch is confirmed.
            self.watch(&join.person, join.connection, None, conversation);
        }
        if is_first {
            self.announce(&join.person, followed.into_iter(), true);
        }
    }

    /// Asks a conversation for its live events.
    pub(super) fn watch(
        &self,
        by: &Person,
        connection: super::ConnectionId,
        id: Option<otvet_engine::protocol::CommandId>,
        conversation: ConversationId,
    ) {
        if let Some(record) = self.cell.connections.lock().get_mut(connection) {
            record.others.asked(conversation);
        }
        let watch = Watch { by: by.clone(), session: Arc::clone(&self.cell), connection, id, conversation };
        let watch = Arc::new(watch);
        if let Err(refusal) = self.directory.post(conversation, ConversationMsg::Watch(Arc::clone(&watch))) {
            watch.answer(Err(refusal));
        }
    }
}

/// As much of a list as goes into so many bytes: with the longest names and the smallest queue, `ready` must still fit.
/// REST has the rest.
fn fitting(mut list: Vec<Summary>, bytes: usize) -> Vec<Summary> {
    let mut left = bytes;
    let mut count = 0;
    for summary in &list {
        // JSON is the longer of the two encodings.
        let size = encode(Format::Json, summary).len();
        if size > left {
            break;
        }
        left -= size;
        count += 1;
    }
    list.truncate(count);
    list
}

fn refuse(join: &Join, refusal: Refusal, close: CloseCode) {
    join.outbox.push(&ServerFrame::Failed(Failed::new(Some(join.hello_id.clone()), refusal)));
    join.outbox.close(close);
}
