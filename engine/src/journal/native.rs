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
use super::cells::{self, CURSOR, Cell, EVENT, PENDING, PROJECTION, to_i64};
use super::group::Failure;
use crate::protocol::Event;
use crate::store::entities::chat_conversations::Column;
use crate::store::native::{Native, NativeError};

/// The texts of all statements.
struct Texts {
    event: String,
    opened: String,
    /// For a conversation of which only changes what every message changes.
    goes_on: String,
    /// For one in which that happens in another minute than before, which stands in the lists' indexes.
    minute: String,
    /// For one of which anything may have changed.
    projection: String,
    cursor: String,
    first_cursor: String,
    pending: String,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let event = EVENT.map(|column| column.as_str());
    let projection = PROJECTION.map(|column| column.as_str());
    let cursor = CURSOR.map(|column| column.as_str());
    let pending = PENDING.map(|column| column.as_str());
    // Sets some of the columns, where the others are what they were. The last value is the head that the batch goes on from.
    let update = |sets: fn(&Column) -> bool| {
        let (mut set, mut same) = (Vec::new(), String::new());
        for ((column, name), n) in PROJECTION.iter().zip(projection).zip(1..).skip(1) {
            if sets(column) {
                set.push(format!("{name} = ?{n}"));
            } else {
                same += &format!(" AND {name} IS ?{n}");
            }
        }
        let (set, head) = (set.join(", "), PROJECTION.len() + 1);
        format!("UPDATE chat_conversations SET {set} WHERE id = ?1 AND last_seq = ?{head}{same}")
    };
    let later = numbered(&cursor, |column, n| match column {
        "unread" => format!("{column} = ?{n}"),
        _ => format!("{column} = max({column}, ?{n})"),
    });
    Texts {
        event: insert("chat_events", &event),
        opened: insert("chat_conversations", &projection),
        goes_on: update(changes_with_every_message),
        minute: update(|column| {
            changes_with_every_message(column) || matches!(column, Column::UpdatedMinute)
        }),
        projection: update(|_| true),
        cursor: format!(
            "UPDATE chat_cursors SET {} WHERE conversation_id = ?1 AND person_id = ?2",
            later[2..].join(", ")
        ),
        first_cursor: insert("chat_cursors", &cursor),
        pending: insert("chat_search_pending", &pending) + " ON CONFLICT DO NOTHING",
    }
});

/// SQLite writes every index anew that has a column in it which a statement sets, whether or not the value is another. Of the
/// lists of conversations, those are left alone that have none of these.
fn changes_with_every_message(column: &Column) -> bool {
    use Column::*;
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
    )
}

const GONE: &str = "DELETE FROM chat_cursors WHERE conversation_id = ?1 AND person_id = ?2";
const GENERATION: &str = "SELECT generation FROM chat_search";
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
        generation: connection.prepare_cached(GENERATION)?.query_row([], |row| row.get(0))?,
        event: Prepared::new(connection, &TEXTS.event),
        opened: Prepared::new(connection, &TEXTS.opened),
        goes_on: Prepared::new(connection, &TEXTS.goes_on),
        minute: Prepared::new(connection, &TEXTS.minute),
        projection: Prepared::new(connection, &TEXTS.projection),
        cursor: Prepared::new(connection, &TEXTS.cursor),
        first_cursor: Prepared::new(connection, &TEXTS.first_cursor),
        pending: Prepared::new(connection, &TEXTS.pending),
        gone: Prepared::new(connection, GONE),
        key: Prepared::new(connection, KEY),
    };
    batches.iter().try_for_each(|batch| statements.store(batch))
}

struct Statements<'c, 'b> {
    /// In which conversations change now.
    generation: i64,
    event: Prepared<'c, 'b, { EVENT.len() }>,
    opened: Prepared<'c, 'b, { PROJECTION.len() }>,
    goes_on: Prepared<'c, 'b, { PROJECTION.len() }>,
    minute: Prepared<'c, 'b, { PROJECTION.len() }>,
    projection: Prepared<'c, 'b, { PROJECTION.len() }>,
    cursor: Prepared<'c, 'b, { CURSOR.len() }>,
    first_cursor: Prepared<'c, 'b, { CURSOR.len() }>,
    pending: Prepared<'c, 'b, { PENDING.len() }>,
    gone: Prepared<'c, 'b, 2>,
    key: Prepared<'c, 'b, 2>,
}

impl<'b> Statements<'_, 'b> {
    fn store(&mut self, batch: &'b Batch) -> Result<(), Unfit> {
        self.project(batch)?;
        self.pending.execute(cells::pending(self.generation, batch.conversation))?;
        for event in &batch.events {
            self.append(batch, event)?;
        }
        for person in &batch.changed_participants {
            match batch.after.participants.get(person) {
                Some(part) => {
                    let row = || cells::cursor(batch.conversation, *person, *part);
                    if self.cursor.execute(row())? == 0 {
                        self.first_cursor.execute(row())?;
                    }
                }
                None => {
                    self.gone.execute([Cell::Id(batch.conversation.0), Cell::Person(*person)])?;
                }
            }
        }
        Ok(())
    }

    fn project(&mut self, batch: &'b Batch) -> Result<(), Unfit> {
        let row = || cells::projection(batch).ok_or(Unfit::NotAll);
        let before = batch.after.last_seq.checked_sub(batch.events.len() as u64).ok_or(Unfit::NotAll)?;
        if before == 0 {
            self.opened.execute(row()?)?;
            return Ok(());
        }
        for update in [&mut self.goes_on, &mut self.minute, &mut self.projection] {
            let update = update.bind(row()?)?;
            update.raw_bind_parameter(PROJECTION.len() + 1, to_i64(before))?;
            if update.raw_execute()? > 0 {
                return Ok(());
            }
        }
        Err(Unfit::NotAll)
    }

    fn append(&mut self, batch: &'b Batch, event: &'b Event) -> Result<(), Unfit> {
        if let Some((author, key)) = keyed(event)
            && batch.key_owners.contains(&author.id)
        {
            // The author's own name is the unique key's.
            for other in batch.key_owners.iter().filter(|owner| **owner != author.id) {
                let asked = self.key.bind([Cell::Person(*other), Cell::Bytes(key.as_str().as_bytes())])?;
                if asked.raw_query().next()?.is_some() {
                    return Err(Unfit::NotAll);
                }
            }
        }
        self.event.execute(cells::event(batch.conversation, event).ok_or(Unfit::NotAll)?)?;
        Ok(())
    }
}

/// A statement, and what it was given last: SQLite keeps that, so that what stays as it is from row to row is given once.
struct Prepared<'c, 'b, const N: usize> {
    connection: &'c Connection,
    sql: &'static str,
    /// Most groups need few of them.
    statement: Option<CachedStatement<'c>>,
    given: Option<[Cell<'b>; N]>,
}

impl<'c, 'b, const N: usize> Prepared<'c, 'b, N> {
    fn new(connection: &'c Connection, sql: &'static str) -> Self {
        Self { connection, sql, statement: None, given: None }
    }

    fn bind(&mut self, row: [Cell<'b>; N]) -> rusqlite::Result<&mut CachedStatement<'c>> {
        let given = self.given.take();
        let statement = match &mut self.statement {
            Some(statement) => statement,
            // Out of the cache they come with nothing in their places.
            none => none.insert(self.connection.prepare_cached(self.sql)?),
        };
        for (n, cell) in row.iter().enumerate() {
            if given.as_ref().is_none_or(|given| given[n] != *cell) {
                statement.raw_bind_parameter(n + 1, cell)?;
            }
        }
        self.given = Some(row);
        Ok(statement)
    }

    fn execute(&mut self, row: [Cell<'b>; N]) -> rusqlite::Result<usize> {
        self.bind(row)?.raw_execute()
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::params_from_iter;
    use rusqlite::types::Null;

    use super::*;
    use crate::store::Database;
    use crate::store::tests::url;

    #[tokio::test]
    async fn messages_write_no_index_anew_but_once_a_minute() {
        let dir = tempfile::tempdir().unwrap();
        Database::connect(&url(&dir), 1).await.unwrap().migrate().await.unwrap();
        let connection = Connection::open(dir.path().join("otvet.db")).unwrap();
        let written = |sql: &str| -> BTreeSet<String> {
            // Each opens what it may write by the number of its first page.
            let opened = "SELECT name FROM sqlite_schema WHERE rootpage = ?1";
            let mut explained = connection.prepare(&format!("EXPLAIN {sql}")).unwrap();
            let nothing = params_from_iter((0..explained.parameter_count()).map(|_| Null));
            let steps =
                explained.query_map(nothing, |row| Ok((row.get::<_, String>(1)?, row.get::<_, i64>(3)?)));
            let pages = steps.unwrap().map(Result::unwrap).filter(|(step, _)| step == "OpenWrite");
            pages.map(|(_, page)| connection.query_row(opened, [page], |row| row.get(0)).unwrap()).collect()
        };
        // With the index that the row is found by.
        let anyway = ["chat_conversations", "sqlite_autoindex_chat_conversations_1"].map(str::to_owned);
        let lists =
            ["chat_conversations_claimed", "chat_conversations_status_updated_minute"].map(str::to_owned);
        assert_eq!(written(&TEXTS.goes_on), anyway.clone().into());
        assert_eq!(written(&TEXTS.minute), anyway.into_iter().chain(lists).collect());
    }
}
