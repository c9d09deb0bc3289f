//! The schema, step by step: a file each, never changed once released.

use sea_orm::sea_query::{Alias, IntoIden};
use sea_orm::{DbBackend, DynIden};
use sea_orm_migration::prelude::*;

mod m20261101_000001_laravel_tables;
mod m20261101_000002_chat_tables;
mod m20261126_000003_search;
mod m20261126_000004_lists;
mod m20261127_000005_numbers;
mod m20261127_000006_newest;
mod m20261127_000007_pending;
mod m20261127_000008_minutes;

/// All steps, in order. Which have been applied stands in `chat_migrations`.
pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_000001_laravel_tables::Migration),
            Box::new(m20261101_000002_chat_tables::Migration),
            Box::new(m20261126_000003_search::Migration),
            Box::new(m20261126_000004_lists::Migration),
            Box::new(m20261127_000005_numbers::Migration),
            Box::new(m20261127_000006_newest::Migration),
            Box::new(m20261127_000007_pending::Migration),
            Box::new(m20261127_000008_minutes::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("chat_migrations").into_iden()
    }
}

/// A table of ours: on MySQL the engine and the character set are given, since a server's defaults may be neither
/// transactional nor able to hold an emoji.
fn table(backend: DbBackend, name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    if backend == DbBackend::MySql {
        table.engine("InnoDB").character_set("utf8mb4");
    }
    table
}

/// An index named after its table and columns.
fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}
