//! The lists' indexes have the minute at which a conversation was updated, so that few messages write them anew. The order within
//! a minute is made when they are read (`journal/search/condition.rs`). MySQL would read all minutes for that.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statements = match manager.get_database_backend() {
            DbBackend::MySql => &[COLUMN, FILLED_BY_MYSQL][..],
            DbBackend::Postgres => &[&[COLUMN, FILLED], INDEXES, POSTGRES].concat(),
            _ => &[&[COLUMN, FILLED], INDEXES].concat(),
        };
        for statement in statements {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

const COLUMN: &str = "ALTER TABLE chat_conversations ADD COLUMN updated_minute bigint NOT NULL DEFAULT 0";

const FILLED: &str = "UPDATE chat_conversations SET updated_minute = updated_at / 60000";

const FILLED_BY_MYSQL: &str = "UPDATE chat_conversations SET updated_minute = updated_at DIV 60000";

const INDEXES: &[&str] = &[
    r#"DROP INDEX "chat_conversations_status_updated_at_id""#,
    r#"CREATE INDEX "chat_conversations_status_updated_minute" ON "chat_conversations" ("status", "updated_minute")"#,
    r#"DROP INDEX "chat_conversations_claimed""#,
    r#"CREATE INDEX "chat_conversations_claimed" ON "chat_conversations" ("manager_id", "status", "updated_minute") WHERE "manager_id" IS NOT NULL"#,
];

const POSTGRES: &[&str] = &[
    r#"DROP INDEX "chat_conversations_updated_at_id""#,
    r#"CREATE INDEX "chat_conversations_updated_minute" ON "chat_conversations" ("updated_minute")"#,
    // Room for a row's next state on its own page: it is not written into any index then.
    r#"ALTER TABLE "chat_conversations" SET (fillfactor = 80)"#,
];
