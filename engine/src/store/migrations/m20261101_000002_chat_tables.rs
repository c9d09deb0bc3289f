//! Everything of ours: people, guests, the event log, its projection, cursors, the audit.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, ColumnDef};
use sea_orm_migration::prelude::*;

use super::{index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// `u` or `g` and 19 digits, with room.
const PERSON_ID: u32 = 24;
/// 64 characters of at most 4 bytes.
const KEY_BYTES: u32 = 256;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for table in [
            meta(backend),
            people(backend),
            guests(backend),
            conversations(backend),
            events(backend),
            cursors(backend),
            audit(backend),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a step takes no parameters; drawn once in a database's life"
        )]
        let epoch = crate::ids::Epoch::new(rand::random());
        manager
            .execute(
                Query::insert()
                    .into_table(Alias::new("chat_meta"))
                    .columns([Alias::new("key"), Alias::new("value")])
                    .values_panic(["epoch".into(), epoch.0.to_string().into()])
                    .to_owned(),
            )
            .await
    }
}

fn column(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
}

fn bigint(name: &'static str) -> ColumnDef {
    column(name).big_integer().not_null().take()
}

fn bigint_null(name: &'static str) -> ColumnDef {
    column(name).big_integer().null().take()
}

fn string(name: &'static str, chars: u32) -> ColumnDef {
    column(name).string_len(chars).not_null().take()
}

fn string_null(name: &'static str, chars: u32) -> ColumnDef {
    column(name).string_len(chars).null().take()
}

fn text_null(name: &'static str) -> ColumnDef {
    column(name).text().null().take()
}

fn meta(backend: DbBackend) -> TableCreateStatement {
    table(backend, "chat_meta").col(string("key", 64).primary_key()).col(string("value", 255)).take()
}

fn people(backend: DbBackend) -> TableCreateStatement {
    table(backend, "chat_people")
        .col(bigint("user_id").primary_key())
        .col(string("role", 16))
        .col(bigint_null("disabled_at"))
        .take()
}

fn guests(backend: DbBackend) -> TableCreateStatement {
    table(backend, "chat_guests")
        .col(bigint("id").auto_increment().primary_key())
        .col(string("name", 255))
        .col(bigint("created_at"))
        .col(bigint_null("merged_into"))
        .col(bigint_null("disabled_at"))
        .take()
}

fn conversations(backend: DbBackend) -> TableCreateStatement {
    table(backend, "chat_conversations")
        .col(column("id").uuid().not_null().primary_key())
        .col(text_null("subject"))
        .col(string("status", 16))
        .col(string("visitor_id", PERSON_ID))
        .col(string("visitor_role", 16))
        .col(string("visitor_name", 255))
        .col(string_null("former_guest_id", PERSON_ID))
        .col(string_null("manager_id", PERSON_ID))
        .col(string_null("manager_role", 16))
        .col(string_null("manager_name", 255))
        .col(bigint("last_seq"))
        .col(bigint("messages"))
        .col(bigint_null("last_message_seq"))
        .col(bigint_null("last_message_at"))
        .col(string_null("last_message_author_id", PERSON_ID))
        .col(string_null("last_message_author_role", 16))
        .col(string_null("last_message_author_name", 255))
        .col(text_null("last_message_preview"))
        .col(bigint_null("waiting_since"))
        .col(bigint("opened_at"))
        .col(bigint("updated_at"))
        .col(bigint("touched_at"))
        .take()
}

fn events(backend: DbBackend) -> TableCreateStatement {
    let mut id = bigint("id").primary_key().take();
    // SQLite's `integer primary key` counts by itself; `autoincrement` would cost a second table's page a commit.
    if backend != DbBackend::Sqlite {
        id.auto_increment();
    }
    table(backend, "chat_events")
        .col(id)
        .col(column("conversation_id").uuid().not_null())
        .col(bigint("seq"))
        .col(bigint("at"))
        .col(string("kind", 16))
        .col(string("actor_id", PERSON_ID))
        .col(string("actor_role", 16))
        .col(string("actor_name", 255))
        .col(column("idem_key").var_binary(KEY_BYTES).null())
        .col(text_null("body"))
        .col(text_null("extra"))
        .take()
}

fn cursors(backend: DbBackend) -> TableCreateStatement {
    table(backend, "chat_cursors")
        .col(column("conversation_id").uuid().not_null())
        .col(string("person_id", PERSON_ID))
        .col(bigint("delivered"))
        .col(bigint("read_seq"))
        .col(bigint("written"))
        .col(bigint("unread"))
        .primary_key(Index::create().col(Alias::new("conversation_id")).col(Alias::new("person_id")))
        .take()
}

fn audit(backend: DbBackend) -> TableCreateStatement {
    table(backend, "chat_audit")
        .col(bigint("id").auto_increment().primary_key())
        .col(bigint("at"))
        .col(string_null("actor_id", PERSON_ID))
        .col(string("action", 64))
        .col(string_null("subject", 255))
        .col(string_null("address", 64))
        .col(text_null("detail"))
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let conversations = |columns: &[&'static str]| index("chat_conversations", columns);
    vec![
        index("chat_events", &["conversation_id", "seq"]).unique().take(),
        index("chat_events", &["actor_id", "idem_key"]).unique().take(),
        // A visitor's newest; a manager's newest; the waiting ones, oldest first; by status; all; what changed since.
        conversations(&["visitor_id", "updated_at", "id"]),
        conversations(&["manager_id", "status", "updated_at", "id"]),
        conversations(&["status", "waiting_since", "id"]),
        conversations(&["status", "updated_at", "id"]),
        conversations(&["updated_at", "id"]),
        conversations(&["touched_at", "id"]),
        index("chat_guests", &["merged_into"]),
        index("chat_audit", &["at"]),
    ]
}
