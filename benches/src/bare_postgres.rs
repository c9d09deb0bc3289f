//! The ceiling of the journal on PostgreSQL: the same rows into the same tables by sqlx, a prepared statement a table and an
//! array a column, in one transaction a group. No admission, no look at keys and heads, nobody to answer.

use otvet_engine::clock::Timestamp;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgPoolOptions};
use sea_orm::sqlx::{Connection, Error, Postgres, query};

use crate::bare_sqlite::{Rows, number};
use crate::group_rows::{BareWriter, messages, participants, projections};

const EVENTS: &str = "INSERT INTO chat_events (conversation_id, seq, at, kind, actor_id, actor_role, actor_name, idem_key, \
     body) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], \
     $8::bytea[], $9::text[])";
const PROJECTIONS: &str = "INSERT INTO chat_conversations (id, subject, status, visitor_id, visitor_role, visitor_name, \
     last_seq, messages, last_message_seq, last_message_at, last_message_author_id, last_message_author_role, \
     last_message_author_name, last_message_preview, waiting_since, opened_at, updated_at, updated_minute) \
     SELECT *, n.updated_at / 60000 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], \
     $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], \
     $16::bigint[], $17::bigint[]) \
     AS n(id, subject, status, visitor_id, visitor_role, visitor_name, last_seq, messages, last_message_seq, \
     last_message_at, author_id, author_role, author_name, preview, waiting_since, opened_at, updated_at) \
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, last_seq = excluded.last_seq, messages = excluded.messages, \
     last_message_seq = excluded.last_message_seq, last_message_at = excluded.last_message_at, \
     last_message_author_id = excluded.last_message_author_id, \
     last_message_author_role = excluded.last_message_author_role, \
     last_message_author_name = excluded.last_message_author_name, \
     last_message_preview = excluded.last_message_preview, waiting_since = excluded.waiting_since, \
     updated_at = excluded.updated_at, updated_minute = excluded.updated_minute";
const PENDING: &str = "INSERT INTO chat_search_pending (generation, conversation_id) SELECT s.generation, p.id \
     FROM chat_search AS s CROSS JOIN unnest($1::uuid[]) AS p(id) ON CONFLICT DO NOTHING";
const CURSORS: &str = "INSERT INTO chat_cursors (conversation_id, person_id, delivered, read_seq, written, unread) \
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) \
     ON CONFLICT (conversation_id, person_id) DO UPDATE SET delivered = excluded.delivered, \
     read_seq = excluded.read_seq, written = excluded.written, unread = excluded.unread";

/// A writer on a database that `otvet migrate` has made.
pub struct BarePostgres(PoolConnection<Postgres>);

/// A value of each row.
fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl BarePostgres {
    /// Connects.
    ///
    /// # Errors
    /// PostgreSQL's.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self(PgPoolOptions::new().max_connections(1).connect(url).await?.acquire().await?))
    }
}

impl BareWriter for BarePostgres {
    async fn commit(&mut self, group: &[Rows]) -> Result<(), Error> {
        let mut transaction = self.0.begin().await?;
        insert_events(&mut transaction, group).await?;
        upsert_projections(&mut transaction, group).await?;
        upsert_cursors(&mut transaction, group).await?;
        transaction.commit().await
    }
}

async fn insert_events(connection: &mut PgConnection, group: &[Rows]) -> Result<(), Error> {
    let messages = messages(group);
    query(EVENTS)
        .bind(column(&messages, |row| row.conversation))
        .bind(column(&messages, |row| number(row.event.seq)))
        .bind(column(&messages, |row| row.event.at.millis()))
        .bind(column(&messages, |_| "message"))
        .bind(column(&messages, |row| row.author.id.to_string()))
        .bind(column(&messages, |row| row.author.role.as_str()))
        .bind(column(&messages, |row| row.author.name.as_str()))
        .bind(column(&messages, |row| row.key.as_str().as_bytes()))
        .bind(column(&messages, |row| row.body))
        .execute(connection)
        .await?;
    Ok(())
}

async fn upsert_projections(connection: &mut PgConnection, group: &[Rows]) -> Result<(), Error> {
    let rows = projections(group);
    query(PROJECTIONS)
        .bind(column(&rows, |row| row.0.id.0))
        .bind(column(&rows, |row| row.0.subject.as_deref()))
        .bind(column(&rows, |row| row.0.status.as_str()))
        .bind(column(&rows, |row| row.1.id.to_string()))
        .bind(column(&rows, |row| row.1.role.as_str()))
        .bind(column(&rows, |row| row.1.name.as_str()))
        .bind(column(&rows, |row| number(row.0.last_seq)))
        .bind(column(&rows, |row| number(row.0.messages)))
        .bind(column(&rows, |row| number(row.2.seq)))
        .bind(column(&rows, |row| row.2.at.millis()))
        .bind(column(&rows, |row| row.2.author.id.to_string()))
        .bind(column(&rows, |row| row.2.author.role.as_str()))
        .bind(column(&rows, |row| row.2.author.name.as_str()))
        .bind(column(&rows, |row| row.2.body.as_str()))
        .bind(column(&rows, |row| row.0.waiting_since.map(Timestamp::millis)))
        .bind(column(&rows, |row| row.0.opened_at.millis()))
        .bind(column(&rows, |row| row.0.updated_at.millis()))
        .execute(&mut *connection)
        .await?;
    query(PENDING).bind(column(&rows, |row| row.0.id.0)).execute(connection).await?;
    Ok(())
}

async fn upsert_cursors(connection: &mut PgConnection, group: &[Rows]) -> Result<(), Error> {
    let rows = participants(group);
    query(CURSORS)
        .bind(column(&rows, |row| row.0))
        .bind(column(&rows, |row| row.1.to_string()))
        .bind(column(&rows, |row| number(row.2.cursor.delivered)))
        .bind(column(&rows, |row| number(row.2.cursor.read)))
        .bind(column(&rows, |row| number(row.2.written)))
        .bind(column(&rows, |row| number(row.2.unread)))
        .execute(connection)
        .await?;
    Ok(())
}
