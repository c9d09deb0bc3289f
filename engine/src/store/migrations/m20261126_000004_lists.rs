//! Two of the lists' indexes, so that a message writes fewer of them anew.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm_migration::prelude::*;

use super::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = "chat_conversations";
        // A visitor's are few: they are sorted when they are read, and not with each message.
        manager.create_index(index(table, &["visitor_id"])).await?;
        manager.drop_index(obsolete(table, "visitor_id_updated_at_id")).await?;
        // MySQL has no indexes on a part of the rows.
        if manager.get_database_backend() != DbBackend::MySql {
            // What nobody has claimed is in no manager's list.
            let mut claimed = index(table, &["manager_id", "status", "updated_at", "id"]);
            claimed
                .name("chat_conversations_claimed")
                .cond_where(Expr::col(Alias::new("manager_id")).is_not_null());
            manager.create_index(claimed).await?;
            manager.drop_index(obsolete(table, "manager_id_status_updated_at_id")).await?;
        }
        Ok(())
    }
}

fn obsolete(table: &'static str, columns: &str) -> IndexDropStatement {
    Index::drop().name(format!("{table}_{columns}")).table(Alias::new(table)).to_owned()
}
