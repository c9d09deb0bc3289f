//! `chat_search`: one row, on how far the index of searches is. Not on MySQL, which has no such index.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// How far it is. Conversations are indexed in the order of `touched_at` and `id`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_search")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// No conversation is touched at an earlier time any more, whatever a clock says.
    pub floor: i64,
    /// `touched_at` of the last conversation that was indexed: always below the floor.
    pub indexed_touched_at: i64,
    /// The id of the last conversation that was indexed.
    pub indexed_id: Uuid,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
