//! The usual group in SQLite: all of its batches may be stored, and are, row by row, with plans that are kept. Nothing is
//! looked up beforehand. The unique keys of the database find a key in use; the update of a projection finds a head that
//! has moved. Then nothing of the group is stored here, and [`super::group`] says of each batch what is wrong with it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, ToSql};
use sea_orm::IdenStatic;

use super::Batch;
use super::admission::keyed;
use super::cells::{self, CURSOR, Cell, EVENT, PROJECTION, to_i64};
use super::group::Failure;
use crate::protocol::Event;
use crate::store::entities::chat_conversations;
use crate::store::native::{Native, NativeError};

/// The texts of all statements.
struct Texts {
    event: String,
    opened: String,
    /// For a conversation of which only changes what every message changes.
    goes_on: String,
    /// For one of which anything may have changed.
    projection: String,
    cursor: String,
    first_cursor: String,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let event = EVENT.map(|column| column.as_str());
    let projection = PROJECTION.map(|column| column.as_str());
    let cursor = CURSOR.map(|column| column.as_str());
    let set = |(column, name): (&chat_conversations::Column, &str), n: usize| match column {
        // What happens later may have been touched earlier: clocks go back.
        chat_conversations::Column::TouchedAt => format!("{name} = max({name}, ?{n})"),
        _ => format!("{name} = ?{n}"),
    };
    let (mut changes, mut all, mut same) = (Vec::new(), Vec::new(), Vec::new());
    for ((column, name), n) in PROJECTION.iter().zip(projection).zip(1..).skip(1) {
        all.push(set((column, name), n));
        if changes_with_every_message(column) {
            changes.push(set((column, name), n));
        } else {
            same.push(format!(" AND {name} IS ?{n}"));
        }
    }
    // The last value is the head that the batch goes on from.
    let update = |set: &[String]| {
        let head = PROJECTION.len() + 1;
        format!("UPDATE chat_conversations SET {} WHERE id = ?1 AND last_seq = ?{head}", set.join(", "))
    };
    let later = numbered(&cursor, |column, n| match column {
        "unread" => format!("{column} = ?{n}"),
        _ => format!("{column} = max({column}, ?{n})"),
    });
    Texts {
        event: insert("chat_events", &event),
        opened: insert("chat_conversations", &projection),
        goes_on: update(&changes) + &same.concat(),
        projection: update(&all),
        cursor: format!(
            "UPDATE chat_cursors SET {} WHERE conversation_id = ?1 AND person_id = ?2",
            later[2..].join(", ")
        ),
        first_cursor: insert("chat_cursors", &cursor),
    }
});

/// SQLite writes every index anew that has a column in it which a statement sets, whether or not the value is another. Of the
/// lists of conversations, those are left alone that have none of these.
fn changes_with_every_message(column: &chat_conversations::Column) -> bool {
    use chat_conversations::Column::*;
    matches!(
        column,
        LastSeq
            | Messages
            | LastMessageSeq
            | LastMessageAt
            | LastMessageAuthorId
            | LastMessageAuthorRole
            | LastMessageAuthorName
            | LastMessagePreview
            | UpdatedAt
            | TouchedAt
    )
}

const GONE: &str = "DELETE FROM chat_cursors WHERE conversation_id = ?1 AND person_id = ?2";
const FLOOR: &str = "SELECT floor FROM chat_search";
const KEY: &str = "SELECT 1 FROM chat_events WHERE actor_id = ?1 AND idem_key = ?2";

fn insert(table: &str, columns: &[&str]) -> String {
    let places = numbered(columns, |_, n| format!("?{n}"));
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", "))
}

fn numbered(columns: &[&str], text: impl Fn(&str, usize) -> String) -> Vec<String> {
    columns.iter().zip(1..).map(|(column, n)| text(column, n)).collect()
}

/// Why a group was not stored here.
#[derive(Debug)]
enum Unfit {
    /// Not all of it may be stored.
    NotAll,
    /// The database refused.
    Failed(String),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::NotAll,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Stores a whole group in one transaction, on this thread: `false` if not all of it may be stored, and so nothing was.
pub(super) fn store(native: &Native, batches: &[Arc<Batch>], limit: Duration) -> Result<bool, Failure> {
    match native.blocking_transact(limit, |connection| fill(connection, batches)) {
        Ok(()) => Ok(true),
        Err(NativeError::Refused(Unfit::NotAll)) => Ok(false),
        Err(NativeError::Refused(Unfit::Failed(why)) | NativeError::Unavailable(why)) => {
            Err(Failure::Unavailable(why))
        }
        Err(NativeError::Unknown(why)) => Err(Failure::Unknown(why)),
    }
}

fn fill(connection: &Connection, batches: &[Arc<Batch>]) -> Result<(), Unfit> {
    let mut statements = Statements {
        floor: connection.prepare_cached(FLOOR)?.query_row([], |row| row.get(0))?,
        event: connection.prepare_cached(&TEXTS.event)?,
        opened: connection.prepare_cached(&TEXTS.opened)?,
        goes_on: connection.prepare_cached(&TEXTS.goes_on)?,
        projection: connection.prepare_cached(&TEXTS.projection)?,
        cursor: connection.prepare_cached(&TEXTS.cursor)?,
        first_cursor: connection.prepare_cached(&TEXTS.first_cursor)?,
        gone: connection.prepare_cached(GONE)?,
        key: connection.prepare_cached(KEY)?,
    };
    batches.iter().try_for_each(|batch| statements.store(batch))
}

struct Statements<'c> {
    /// No conversation is touched before.
    floor: i64,
    event: CachedStatement<'c>,
    opened: CachedStatement<'c>,
    goes_on: CachedStatement<'c>,
    projection: CachedStatement<'c>,
    cursor: CachedStatement<'c>,
    first_cursor: CachedStatement<'c>,
    gone: CachedStatement<'c>,
    key: CachedStatement<'c>,
}

impl Statements<'_> {
    fn store(&mut self, batch: &Batch) -> Result<(), Unfit> {
        self.project(batch)?;
        for event in &batch.events {
            self.append(batch, event)?;
        }
        for person in &batch.changed_participants {
            match batch.after.participants.get(person) {
                Some(part) => {
                    let row = cells::cursor(batch.conversation, *person, *part);
                    if execute(&mut self.cursor, &row)? == 0 {
                        execute(&mut self.first_cursor, &row)?;
                    }
                }
                None => {
                    execute(&mut self.gone, &[Cell::Id(batch.conversation.0), Cell::Person(*person)])?;
                }
            }
        }
        Ok(())
    }

    fn project(&mut self, batch: &Batch) -> Result<(), Unfit> {
        let mut row = cells::projection(batch).ok_or(Unfit::NotAll)?;
        cells::touch_from(self.floor, &mut row);
        let before = batch.after.last_seq.checked_sub(batch.events.len() as u64).ok_or(Unfit::NotAll)?;
        if before == 0 {
            execute(&mut self.opened, &row)?;
            return Ok(());
        }
        for update in [&mut self.goes_on, &mut self.projection] {
            bind(update, &row)?;
            update.raw_bind_parameter(PROJECTION.len() + 1, to_i64(before))?;
            if update.raw_execute()? > 0 {
                return Ok(());
            }
        }
        Err(Unfit::NotAll)
    }

    fn append(&mut self, batch: &Batch, event: &Event) -> Result<(), Unfit> {
        if let Some((author, key)) = keyed(event)
            && batch.key_owners.contains(&author.id)
        {
            // The author's own name is the unique key's.
            for other in batch.key_owners.iter().filter(|owner| **owner != author.id) {
                bind(&mut self.key, &[Cell::Person(*other), Cell::Bytes(key.as_str().as_bytes())])?;
                if self.key.raw_query().next()?.is_some() {
                    return Err(Unfit::NotAll);
                }
            }
        }
        let row = cells::event(batch.conversation, event).ok_or(Unfit::NotAll)?;
        execute(&mut self.event, &row)?;
        Ok(())
    }
}

fn execute(statement: &mut CachedStatement<'_>, row: &[Cell<'_>]) -> rusqlite::Result<usize> {
    bind(statement, row)?;
    statement.raw_execute()
}

fn bind(statement: &mut CachedStatement<'_>, row: &[Cell<'_>]) -> rusqlite::Result<()> {
    row.iter().zip(1..).try_for_each(|(cell, n): (_, usize)| statement.raw_bind_parameter(n, cell))
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::NoText | Cell::NoNumber | Cell::NoBytes => ToSqlOutput::Borrowed(ValueRef::Null),
            Cell::Number(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Own(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Cell::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Cell::Person(person) => ToSqlOutput::Owned(Value::Text(person.to_string())),
        })
    }
}
