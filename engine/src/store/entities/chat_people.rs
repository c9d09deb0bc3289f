//! `chat_people`: the users who are more, or less, than plain visitors.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// Nobody has a row who is an enabled visitor and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_people")]
pub struct Model {
    /// The row of `users`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// `visitor` (then the row is there to disable), `manager` or `admin`.
    pub role: String,
    /// Since when the person may not sign in.
    pub disabled_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
