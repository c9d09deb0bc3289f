//! `chat_guests`: visitors without an account.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// The guest `g{id}`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_guests")]
pub struct Model {
    /// Never given out twice.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name shown to others.
    pub name: String,
    /// When the guest first came.
    pub created_at: i64,
    /// The row of `users` that the guest became.
    pub merged_into: Option<i64>,
    /// Since when the guest may not come in.
    pub disabled_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
