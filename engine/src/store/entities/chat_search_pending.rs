//! `chat_search_pending`: the conversations that the index of searches has not seen as they are now.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// One of them. What changes often is here once a generation.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_search_pending")]
pub struct Model {
    /// In which it has changed, see [`super::chat_search`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i64,
    /// Which conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: Uuid,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
