//! `chat_cursors`: each participant's part in each conversation.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// See [`crate::conversation::Participant`].
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_cursors")]
pub struct Model {
    /// Which conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: Uuid,
    /// Who: `u7`, `g12`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: String,
    /// The last event that reached one of the person's devices.
    pub delivered: i64,
    /// The last event that the person has read.
    pub read_seq: i64,
    /// How many messages the person has written.
    pub written: i64,
    /// How many messages of others stand past `read_seq`.
    pub unread: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
