//! What a search by a part of a text stands on: the index, which is filled behind the journal's back, and how far it is.

use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionSession, TransactionTrait};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let statements = match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE,
            DbBackend::Postgres => POSTGRES,
            // Searched as before.
            _ => return Ok(()),
        };
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        if connection.get_database_backend() == DbBackend::Postgres {
            index_trigrams(connection).await?;
        }
        Ok(())
    }
}

const SQLITE: &[&str] = &[
    r#"CREATE TABLE "chat_search" ("id" integer PRIMARY KEY, "floor" bigint NOT NULL, "indexed_touched_at" bigint NOT NULL, "indexed_id" blob NOT NULL)"#,
    r#"INSERT INTO "chat_search" VALUES (1, 0, 0, zeroblob(16))"#,
    // The numbers that the index knows conversations by. A table's own row ids may change.
    r#"CREATE TABLE "chat_search_docs" ("doc" integer PRIMARY KEY, "conversation_id" blob NOT NULL, "digest" bigint NOT NULL)"#,
    r#"CREATE UNIQUE INDEX "chat_search_docs_conversation_id" ON "chat_search_docs" ("conversation_id")"#,
    // Only which letters are in which text: what is found is looked at again. Texts come in with their case folded.
    r#"CREATE VIRTUAL TABLE "chat_search_grams" USING fts5("text", content='', contentless_delete=1, detail='none', tokenize='trigram case_sensitive 1')"#,
    // Merged in small steps by whoever fills it, and never within the transaction of a step of the filling.
    r#"INSERT INTO "chat_search_grams" ("chat_search_grams", "rank") VALUES ('automerge', 0)"#,
];

const POSTGRES: &[&str] = &[
    r#"CREATE TABLE "chat_search" ("id" integer PRIMARY KEY, "floor" bigint NOT NULL, "indexed_touched_at" bigint NOT NULL, "indexed_id" uuid NOT NULL)"#,
    r#"INSERT INTO "chat_search" VALUES (1, 0, 0, '00000000-0000-0000-0000-000000000000')"#,
    r#"CREATE TABLE "chat_search_texts" ("conversation_id" uuid PRIMARY KEY, "text" text NOT NULL)"#,
];

/// Where pg_trgm is, or may be, installed. Where not, an operator may do the same by hand later.
async fn index_trigrams<C: ConnectionTrait + TransactionTrait>(connection: &C) -> Result<(), DbErr> {
    // What fails takes its transaction with it: this one is a savepoint.
    let savepoint = connection.begin().await?;
    // Trusted, so that the database's owner may do it. Not in the schema of ours: it is there once for the database.
    match savepoint.execute_unprepared("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public").await {
        Ok(_) => savepoint.commit().await?,
        Err(error) => {
            savepoint.rollback().await?;
            tracing::warn!(%error, "there is no pg_trgm: searches will read conversation by conversation");
        }
    }
    let schema = Statement::from_string(
        DbBackend::Postgres,
        "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
         WHERE e.extname = 'pg_trgm'",
    );
    let Some(row) = connection.query_one_raw(schema).await? else { return Ok(()) };
    let schema: String = row.try_get_by_index(0)?;
    // Without a list of what is pending: it would be read by every search, and put away by whoever comes at a bad time.
    let index = format!(
        r#"CREATE INDEX "chat_search_texts_text" ON "chat_search_texts" USING gin ("text" {schema}.gin_trgm_ops) WITH (fastupdate = off)"#
    );
    connection.execute_unprepared(&index).await.map(|_| ())
}
