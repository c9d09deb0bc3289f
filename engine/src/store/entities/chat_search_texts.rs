//! `chat_search_texts`: what can be searched, on PostgreSQL, with an index of its trigrams.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// The texts of one conversation as they were when it was indexed.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_search_texts")]
pub struct Model {
    /// Which conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: Uuid,
    /// All of them, a line each.
    pub text: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
