//! SQLite's index of searches has numbers in pieces of four digits as well: it is filled anew, behind the server's back.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

const STATEMENTS: &[&str] = &[
    r#"INSERT INTO "chat_search_grams" ("chat_search_grams") VALUES ('delete-all')"#,
    r#"DELETE FROM "chat_search_docs""#,
    r#"UPDATE "chat_search" SET "indexed_touched_at" = 0, "indexed_id" = zeroblob(16)"#,
];
