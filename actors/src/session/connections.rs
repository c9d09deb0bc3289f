//! The connections of a session: what each of them follows, and what it has been sent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use otvet_engine::ids::{ConversationId, Epoch, StreamName};
use otvet_engine::protocol::{Answered, CommandId, Failed, Person, Refusal, ServerFrame, Status};

use crate::conversation::Commit;
use crate::outbox::Outbox;

use super::message::ConnectionId;

/// Something for each of a connection's streams. Their names are the server's, nobody can choose them so that they collide;
/// and a name is looked up for every event and reader.
pub(crate) type Streams<T> = HashMap<StreamName, T, RandomState>;

/// One joined connection.
#[derive(Debug)]
pub(crate) struct ConnectionRecord {
    pub id: ConnectionId,
    pub person: Arc<Person>,
    pub token_id: i64,
    pub outbox: Arc<Outbox>,
    /// The last event it was sent, by stream: what makes "exactly once, in order" a local rule.
    pub sent: Streams<u64>,
    /// The heads that `ready` told of conversations that are listed and not followed.
    pub listed: Streams<u64>,
    /// Whether `ready` listed everything that the manager had claimed.
    pub lists_all_own: bool,
    /// The epochs of the person's own streams as it was told them.
    pub epochs: Streams<Epoch>,
    /// Conversations of others that it follows.
    pub watching: BTreeSet<ConversationId>,
    /// Conversations of others that it has asked to follow and got no answer from yet.
    pub asking: BTreeSet<ConversationId>,
}

impl ConnectionRecord {
    /// Queues the answer to one of its commands.
    pub fn answer(&self, id: CommandId, outcome: Result<otvet_engine::protocol::Answer, Refusal>) {
        self.outbox.answer(&answer_frame(id, outcome));
    }

    /// Queues what it has not been sent of a commit that it follows. `false`: it has missed what was before, and is sent
    /// nothing yet.
    pub fn pass_on(&mut self, commit: &Commit, own: bool) -> bool {
        let (Some(first), Some(last)) = (commit.events.first(), commit.events.last()) else { return true };
        let stream = StreamName::Conversation(commit.conversation);
        // The only look-up, for as long as it lasts that the connection follows the conversation.
        let Some(sent) = self.sent.get_mut(&stream) else {
            if let Some(sent) = self.news_after(commit, own) {
                self.push_after(commit, sent);
                self.sent.insert(stream, sent.max(last.seq));
            }
            return true;
        };
        let before = *sent;
        if before + 1 < first.seq {
            return false;
        }
        *sent = before.max(last.seq);
        self.push_after(commit, before);
        true
    }

    fn push_after(&self, commit: &Commit, sent: u64) {
        let is_staff = self.person.role.is_staff();
        for event in commit.events.iter().filter(|event| event.seq > sent) {
            self.outbox.push_shared(if is_staff { &event.staff } else { &event.visitor });
        }
    }

    /// From which number on a commit is news to this connection, which has been sent nothing of the conversation; `None`:
    /// nothing of it is. What was committed before its list was read, and was still in the lane then, must not come behind a
    /// `ready` that knows better.
    fn news_after(&self, commit: &Commit, own: bool) -> Option<u64> {
        let stream = StreamName::Conversation(commit.conversation);
        let before = &commit.before;
        let was_own = before.status == Status::Claimed && before.manager == Some(self.person.id);
        if own && was_own && self.lists_all_own {
            // It was followed before the commit, and yet this connection has heard nothing of it: so `ready` is newer.
            return None;
        }
        let first = commit.events.first().map_or(commit.after.last_seq, |event| event.seq - 1);
        Some(self.listed.get(&stream).map_or(first, |told| first.max(*told)))
    }

    /// Whether it gets the live events of a conversation.
    pub fn follows(&self, conversation: ConversationId, own: bool) -> bool {
        own || self.watching.contains(&conversation)
    }
}

/// A person's joined connections: few, and mostly one, so that looking through them is the quickest way to find one, and
/// they lie in one piece of memory no larger than they are.
#[derive(Debug, Default)]
pub(crate) struct Connections(Vec<ConnectionRecord>);

impl Connections {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &ConnectionRecord> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut ConnectionRecord> {
        self.0.iter_mut()
    }

    pub fn get(&self, id: ConnectionId) -> Option<&ConnectionRecord> {
        self.0.iter().find(|record| record.id == id)
    }

    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut ConnectionRecord> {
        self.0.iter_mut().find(|record| record.id == id)
    }

    /// Takes in one that is not among them.
    pub fn add(&mut self, record: ConnectionRecord) {
        self.0.reserve_exact(1);
        self.0.push(record);
    }

    pub fn remove(&mut self, id: ConnectionId) -> Option<ConnectionRecord> {
        let place = self.0.iter().position(|record| record.id == id)?;
        Some(self.0.remove(place))
    }
}

/// The frame that answers a command.
pub(crate) fn answer_frame(
    id: CommandId,
    outcome: Result<otvet_engine::protocol::Answer, Refusal>,
) -> ServerFrame {
    match outcome {
        Ok(answer) => ServerFrame::Answered(Answered { id, answer }),
        Err(refusal) => ServerFrame::Failed(Failed::new(Some(id), refusal)),
    }
}
