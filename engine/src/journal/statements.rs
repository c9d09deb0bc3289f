//! Statements of many rows, as texts that are made once. A connection keeps its plans under their texts, so rows go out in
//! few sizes: reading a statement of a hundred rows costs SQLite more than carrying it out.

use std::sync::{Arc, LazyLock};

use dashmap::DashMap;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement, StatementBuilder, Value, Values};

use super::cells::Cell;

/// The rows of the largest statement. The widest row has 22 columns, and SQLite takes 32,766 values.
pub(super) const LARGEST: usize = 256;

/// The database, the table, and how many rows.
type Shape = (&'static str, &'static str, usize);

static TEXTS: LazyLock<DashMap<Shape, Arc<str>>> = LazyLock::new(DashMap::new);

/// Stores rows, many a statement, never one by one.
pub(super) async fn insert<E: EntityTrait, const N: usize>(
    connection: &impl ConnectionTrait,
    columns: &[E::Column; N],
    rows: impl IntoIterator<Item = [Cell<'_>; N]>,
    on_conflict: impl Fn(DbBackend) -> Option<OnConflict>,
) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let rows: Vec<_> = rows.into_iter().collect();
    let sizes = sizes(rows.len());
    let mut rows = rows.into_iter();
    for size in sizes {
        let text = text::<E>(backend, columns, size, &on_conflict);
        let values = rows.by_ref().take(size).flatten().map(Value::from).collect();
        let statement =
            Statement { sql: (*text).to_owned(), values: Some(Values(values)), db_backend: backend };
        connection.execute_raw(statement).await?;
    }
    Ok(())
}

fn text<E: EntityTrait>(
    backend: DbBackend,
    columns: &[E::Column],
    rows: usize,
    on_conflict: impl Fn(DbBackend) -> Option<OnConflict>,
) -> Arc<str> {
    let table = E::default();
    let of = match backend {
        DbBackend::MySql => "mysql",
        DbBackend::Postgres => "postgres",
        _ => "sqlite",
    };
    let made = TEXTS.entry((of, table.table_name(), rows)).or_insert_with(|| {
        let mut insert = Query::insert();
        insert.into_table(table.table_ref()).columns(columns.iter().copied());
        for _ in 0..rows {
            insert.values_panic(columns.iter().map(|_| Expr::value(0)));
        }
        if let Some(on_conflict) = on_conflict(backend) {
            insert.on_conflict(on_conflict);
        }
        StatementBuilder::build(&insert, &backend).sql.into()
    });
    Arc::clone(&made)
}

/// Cuts so many rows into statements whose sizes are powers of two.
fn sizes(mut rows: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let size = 1 << rows.min(LARGEST).checked_ilog2()?;
        rows -= size;
        Some(size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::cells::CURSOR;
    use crate::store::entities::chat_cursors;

    #[test]
    fn rows_go_out_in_few_sizes() {
        assert_eq!(sizes(0).count(), 0);
        assert_eq!(sizes(200).collect::<Vec<_>>(), [128, 64, 8]);
        assert_eq!(sizes(700).collect::<Vec<_>>(), [256, 256, 128, 32, 16, 8, 4]);
    }

    #[test]
    fn a_text_has_a_place_for_every_value_and_is_made_once() {
        for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
            let made = || text::<chat_cursors::Entity>(backend, &CURSOR, 4, |_| None);
            let place = if backend == DbBackend::Postgres { '$' } else { '?' };
            assert_eq!(made().matches(place).count(), 4 * CURSOR.len(), "{}", made());
            assert!(Arc::ptr_eq(&made(), &made()));
        }
    }
}
