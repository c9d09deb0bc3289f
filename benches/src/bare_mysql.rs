//! The ceiling of the journal on MySQL: the same rows into the same tables by sqlx, a prepared statement of many rows a table,
//! in one transaction a group. No admission, no look at keys and heads, nobody to answer.

use otvet_engine::clock::Timestamp;
use sea_orm::sqlx::mysql::{MySqlConnection, MySqlPoolOptions};
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Connection, Error, MySql, QueryBuilder};

use crate::bare_sqlite::{Rows, number};
use crate::group_rows::{BareWriter, messages, participants, projections};

const EVENTS: &str = "INSERT INTO chat_events (conversation_id, seq, at, kind, actor_id, actor_role, actor_name, idem_key, \
     body) ";
const PROJECTIONS: &str = "INSERT INTO chat_conversations (id, subject, status, visitor_id, visitor_role, visitor_name, \
     last_seq, messages, last_message_seq, last_message_at, last_message_author_id, last_message_author_role, \
     last_message_author_name, last_message_preview, waiting_since, opened_at, updated_at, \
     updated_minute) ";
const NEWER: &str = " ON DUPLICATE KEY UPDATE status = VALUES(status), last_seq = VALUES(last_seq), \
     messages = VALUES(messages), last_message_seq = VALUES(last_message_seq), \
     last_message_at = VALUES(last_message_at), last_message_author_id = VALUES(last_message_author_id), \
     last_message_author_role = VALUES(last_message_author_role), \
     last_message_author_name = VALUES(last_message_author_name), \
     last_message_preview = VALUES(last_message_preview), waiting_since = VALUES(waiting_since), \
     updated_at = VALUES(updated_at), updated_minute = VALUES(updated_minute)";
const CURSORS: &str =
    "INSERT INTO chat_cursors (conversation_id, person_id, delivered, read_seq, written, unread) ";
const LATER: &str = " ON DUPLICATE KEY UPDATE delivered = VALUES(delivered), read_seq = VALUES(read_seq), \
     written = VALUES(written), unread = VALUES(unread)";

/// A writer on a database that `otvet migrate` has made.
pub struct BareMySql(PoolConnection<MySql>);

impl BareMySql {
    /// Connects.
    ///
    /// # Errors
    /// MySQL's.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self(MySqlPoolOptions::new().max_connections(1).connect(url).await?.acquire().await?))
    }
}

impl BareWriter for BareMySql {
    async fn commit(&mut self, group: &[Rows]) -> Result<(), Error> {
        let mut transaction = self.0.begin().await?;
        insert_events(&mut transaction, group).await?;
        upsert_projections(&mut transaction, group).await?;
        upsert_cursors(&mut transaction, group).await?;
        transaction.commit().await
    }
}

async fn insert_events(connection: &mut MySqlConnection, group: &[Rows]) -> Result<(), Error> {
    let mut insert = QueryBuilder::<MySql>::new(EVENTS);
    insert.push_values(messages(group), |mut row, message| {
        row.push_bind(message.conversation)
            .push_bind(number(message.event.seq))
            .push_bind(message.event.at.millis())
            .push_bind("message")
            .push_bind(message.author.id.to_string())
            .push_bind(message.author.role.as_str())
            .push_bind(message.author.name.as_str())
            .push_bind(message.key.as_str().as_bytes())
            .push_bind(message.body);
    });
    insert.build().execute(connection).await?;
    Ok(())
}

async fn upsert_projections(connection: &mut MySqlConnection, group: &[Rows]) -> Result<(), Error> {
    let mut upsert = QueryBuilder::<MySql>::new(PROJECTIONS);
    upsert.push_values(projections(group), |mut row, (state, visitor, last)| {
        row.push_bind(state.id.0)
            .push_bind(state.subject.as_deref())
            .push_bind(state.status.as_str())
            .push_bind(visitor.id.to_string())
            .push_bind(visitor.role.as_str())
            .push_bind(visitor.name.as_str())
            .push_bind(number(state.last_seq))
            .push_bind(number(state.messages))
            .push_bind(number(last.seq))
            .push_bind(last.at.millis())
            .push_bind(last.author.id.to_string())
            .push_bind(last.author.role.as_str())
            .push_bind(last.author.name.as_str())
            .push_bind(last.body.as_str())
            .push_bind(state.waiting_since.map(Timestamp::millis))
            .push_bind(state.opened_at.millis())
            .push_bind(state.updated_at.millis())
            .push_bind(state.updated_at.millis() / 60_000);
    });
    upsert.push(NEWER).build().execute(connection).await?;
    Ok(())
}

async fn upsert_cursors(connection: &mut MySqlConnection, group: &[Rows]) -> Result<(), Error> {
    let mut upsert = QueryBuilder::<MySql>::new(CURSORS);
    upsert.push_values(participants(group), |mut row, (conversation, person, part)| {
        row.push_bind(conversation)
            .push_bind(person.to_string())
            .push_bind(number(part.cursor.delivered))
            .push_bind(number(part.cursor.read))
            .push_bind(number(part.written))
            .push_bind(number(part.unread));
    });
    upsert.push(LATER).build().execute(connection).await?;
    Ok(())
}
