//! What the index of searches has yet to see stands in a list, and no longer in an index that each message writes anew.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let statements = match manager.get_database_backend() {
            DbBackend::MySql => MYSQL.to_vec(),
            DbBackend::Postgres => [&[POSTGRES], PENDING].concat(),
            _ => [&[SQLITE], PENDING].concat(),
        };
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

const SQLITE: &str = r#"CREATE TABLE "chat_search_pending" ("generation" bigint NOT NULL, "conversation_id" blob NOT NULL, PRIMARY KEY ("generation", "conversation_id")) WITHOUT ROWID"#;

const POSTGRES: &str = r#"CREATE TABLE "chat_search_pending" ("generation" bigint NOT NULL, "conversation_id" uuid NOT NULL, PRIMARY KEY ("generation", "conversation_id"))"#;

const PENDING: &[&str] = &[
    r#"INSERT INTO "chat_search_pending" SELECT 0, c."id" FROM "chat_conversations" c CROSS JOIN "chat_search" s WHERE (c."touched_at", c."id") > (s."indexed_touched_at", s."indexed_id")"#,
    r#"DROP TABLE "chat_search""#,
    r#"CREATE TABLE "chat_search" ("id" integer PRIMARY KEY, "generation" bigint NOT NULL)"#,
    r#"INSERT INTO "chat_search" VALUES (1, 1)"#,
    r#"DROP INDEX "chat_conversations_touched_at_id""#,
    r#"ALTER TABLE "chat_conversations" DROP COLUMN "touched_at""#,
];

const MYSQL: &[&str] = &[
    "DROP INDEX `chat_conversations_touched_at_id` ON `chat_conversations`",
    "ALTER TABLE `chat_conversations` DROP COLUMN `touched_at`",
];
