//! On SQLite, one index less that a message writes anew: that of all conversations, the most recently updated first. They are
//! read by status, in that order (`journal/search/condition.rs`).

use sea_orm::DbBackend;
use sea_orm::sea_query::Alias;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let index = Index::drop()
            .name("chat_conversations_updated_at_id")
            .table(Alias::new("chat_conversations"))
            .to_owned();
        manager.drop_index(index).await
    }
}
