//! The usual group in PostgreSQL: all of its batches may be stored, and are, by one statement a table, each with an array a
//! column. Nothing is looked up beforehand. The unique keys find a key in use; the update of projections leaves out those
//! whose head has moved. Then nothing of the group is stored here, and [`super::group`] says of each batch what is wrong.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::sqlx::postgres::{PgArguments, PgConnection};
use sea_orm::sqlx::{self, Arguments, Postgres, Transaction, query_with};
use sea_orm::{DatabaseConnection, DbBackend, EntityTrait, IdenStatic, StatementBuilder};
use uuid::Uuid;

use super::Batch;
use super::admission::keyed;
use super::cells::{CURSOR, Cell, EVENT, PROJECTION, to_i64};
use super::group::later_cursor;
use super::group_rows::GroupRows;
use crate::ids::ConversationId;
use crate::store::entities::{chat_conversations, chat_cursors, chat_events};

static EVENTS: LazyLock<String> = LazyLock::new(|| {
    let types = ["uuid", "bigint", "bigint", "text", "text", "text", "text", "bytea", "text", "text"];
    insert::<chat_events::Entity, _>(&EVENT, &types, None)
});

static OPENED: LazyLock<String> = LazyLock::new(|| {
    let types = PROJECTION.map(type_of);
    format!("{PENDING} {}", insert::<chat_conversations::Entity, _>(&PROJECTION, &types, None))
});

/// A head that has moved meanwhile is looked at again by PostgreSQL, and the row left out.
static PROJECTIONS: LazyLock<String> = LazyLock::new(|| {
    let names = PROJECTION.map(|column| column.as_str());
    let set: Vec<_> = names[1..].iter().map(|name| format!("{name} = n.{name}")).collect();
    let rows = unnest(names.iter().copied().zip(PROJECTION.map(type_of)).chain([("before", "bigint")]));
    format!(
        "{PENDING} UPDATE chat_conversations AS c SET {} FROM {rows} WHERE c.id = n.id AND c.last_seq = n.before",
        set.join(", ")
    )
});

/// Tells the index of searches that these conversations change, whose ids are the first array of the statement behind it. That
/// is the one that writes them, so that whoever ends a generation knows when everybody knows of it.
const PENDING: &str = "WITH pending AS (INSERT INTO chat_search_pending (generation, conversation_id) \
                       SELECT s.generation, p.id FROM chat_search AS s CROSS JOIN unnest($1::uuid[]) AS p(id) \
                       ON CONFLICT DO NOTHING)";

fn type_of(column: chat_conversations::Column) -> &'static str {
    use chat_conversations::Column::*;
    match column {
        Id => "uuid",
        LastSeq | Messages | LastMessageSeq | LastMessageAt | WaitingSince | OpenedAt | UpdatedAt
        | UpdatedMinute => "bigint",
        _ => "text",
    }
}

static CURSORS: LazyLock<String> = LazyLock::new(|| {
    let types = ["uuid", "text", "bigint", "bigint", "bigint", "bigint"];
    let later = later_cursor(DbBackend::Postgres);
    insert::<chat_cursors::Entity, _>(&CURSOR, &types, later)
});

/// PostgreSQL's code for it.
const DEADLOCK: &str = "40P01";

const GONE: &str = "DELETE FROM chat_cursors USING unnest($1::uuid[], $2::text[]) AS n(conversation_id, person_id) \
                    WHERE chat_cursors.conversation_id = n.conversation_id AND chat_cursors.person_id = n.person_id";

/// Rows as `n`, from an array a column.
fn unnest<'a>(columns: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let (mut arrays, mut names) = (Vec::new(), Vec::new());
    for ((name, of), n) in columns.zip(1..) {
        arrays.push(format!("${n}::{of}[]"));
        names.push(name);
    }
    format!("unnest({}) AS n({})", arrays.join(", "), names.join(", "))
}

/// An insert from an array a column.
fn insert<E: EntityTrait, const N: usize>(
    columns: &[E::Column; N],
    types: &[&str; N],
    on_conflict: Option<OnConflict>,
) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
    let mut selected: Vec<String> = names.iter().map(|name| format!("n.{name}")).collect();
    // The builder knows no arrays: what follows the columns is the end of the last one's text.
    selected[N - 1] += &format!(" FROM {}", unnest(names.iter().copied().zip(types.iter().copied())));
    let mut insert = Query::insert();
    let rows = Query::select().exprs(selected.into_iter().map(Expr::cust)).take();
    insert.into_table(E::default().table_ref()).columns(columns.iter().copied());
    insert.select_from(rows).expect("as many values as columns");
    if let Some(on_conflict) = on_conflict {
        insert.on_conflict(on_conflict);
    }
    StatementBuilder::build(&insert, &DbBackend::Postgres).sql
}

/// Fills a transaction with a whole group; `None` if not all of it may be stored, and so nothing is.
pub(super) async fn begin(
    write: &DatabaseConnection,
    batches: &[Arc<Batch>],
) -> Result<Option<Transaction<'static, Postgres>>, sqlx::Error> {
    let Some((rows, before)) = rows(batches) else { return Ok(None) };
    let mut transaction = write.get_postgres_connection_pool().begin().await?;
    let filled = fill(&mut transaction, rows, before).await;
    if matches!(filled, Ok(true)) {
        return Ok(Some(transaction));
    }
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(%error, "the rollback failed; the connection will be dropped");
    }
    match filled {
        // Two nodes may wait for each other's keys; one of them is told.
        Err(sqlx::Error::Database(error))
            if error.is_unique_violation() || error.code().as_deref() == Some(DEADLOCK) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(_) => Ok(None),
    }
}

/// The rows, and the head that each projection goes on from.
fn rows(batches: &[Arc<Batch>]) -> Option<(GroupRows<'_>, Vec<i64>)> {
    let mut rows = GroupRows::default();
    let mut heads: BTreeMap<ConversationId, (u64, u64)> = BTreeMap::new();
    for batch in batches {
        let keyed = || batch.events.iter().filter_map(keyed);
        // Keys that may stand under a second name have to be looked up.
        if batch.key_owners.len() > 1 && keyed().any(|(author, _)| batch.key_owners.contains(&author.id)) {
            return None;
        }
        let before = batch.after.last_seq.checked_sub(batch.events.len() as u64)?;
        let (_, head) = heads.entry(batch.conversation).or_insert((before, before));
        if *head != before {
            return None;
        }
        *head = batch.after.last_seq;
        rows.add(batch)?;
    }
    Some((rows, heads.into_values().map(|(before, _)| to_i64(before)).collect()))
}

async fn fill(
    connection: &mut PgConnection,
    rows: GroupRows<'_>,
    before: Vec<i64>,
) -> Result<bool, sqlx::Error> {
    let events: Vec<_> = rows.events.into_values().collect();
    if !events.is_empty() {
        query_with(EVENTS.as_str(), arrays(&events)?).execute(&mut *connection).await?;
    }
    let (mut opened, mut going_on, mut heads) = (Vec::new(), Vec::new(), Vec::new());
    for (projection, head) in rows.projections.into_values().zip(before) {
        if head == 0 {
            opened.push(projection);
        } else {
            going_on.push(projection);
            heads.push(head);
        }
    }
    if !opened.is_empty() {
        query_with(OPENED.as_str(), arrays(&opened)?).execute(&mut *connection).await?;
    }
    if !going_on.is_empty() {
        let mut arguments = arrays(&going_on)?;
        arguments.add(heads).map_err(sqlx::Error::Encode)?;
        let stored = query_with(PROJECTIONS.as_str(), arguments).execute(&mut *connection).await?;
        if stored.rows_affected() != going_on.len() as u64 {
            return Ok(false);
        }
    }
    let cursors: Vec<_> = rows.cursors.into_values().collect();
    if !cursors.is_empty() {
        query_with(CURSORS.as_str(), arrays(&cursors)?).execute(&mut *connection).await?;
    }
    let gone: Vec<_> = rows.gone.iter().map(|(id, person)| [Cell::Id(id.0), Cell::Person(*person)]).collect();
    if !gone.is_empty() {
        query_with(GONE, arrays(&gone)?).execute(&mut *connection).await?;
    }
    Ok(true)
}

/// Rows as an array a column.
fn arrays<const N: usize>(rows: &[[Cell<'_>; N]]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for column in 0..N {
        let cells = || rows.iter().map(|row| &row[column]);
        let added = match rows.first().map(|row| &row[column]) {
            Some(Cell::Number(_) | Cell::NoNumber) => arguments.add(cells().map(number).collect::<Vec<_>>()),
            Some(Cell::Bytes(_) | Cell::NoBytes) => arguments.add(cells().map(bytes).collect::<Vec<_>>()),
            Some(Cell::Id(_)) => arguments.add(cells().map(id).collect::<Vec<_>>()),
            _ => arguments.add(cells().map(text).collect::<Vec<_>>()),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn number(cell: &Cell<'_>) -> Option<i64> {
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

fn bytes<'c>(cell: &Cell<'c>) -> Option<&'c [u8]> {
    if let Cell::Bytes(bytes) = cell { Some(bytes) } else { None }
}

fn id(cell: &Cell<'_>) -> Option<Uuid> {
    if let Cell::Id(id) = cell { Some(*id) } else { None }
}

fn text<'c>(cell: &'c Cell<'_>) -> Option<Cow<'c, str>> {
    match cell {
        Cell::Text(text) => Some(Cow::Borrowed(text)),
        Cell::Own(text) => Some(Cow::Borrowed(text)),
        Cell::Person(person) => Some(Cow::Owned(person.to_string())),
        _ => None,
    }
}
