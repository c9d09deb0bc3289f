//! `chat_audit`: who changed people, rights and settings.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_audit")]
pub struct Model {
    /// In the order of the acts.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When.
    pub at: i64,
    /// Who, if it was a person: `u7`.
    pub actor_id: Option<String>,
    /// What was done.
    pub action: String,
    /// To whom or what.
    pub subject: Option<String>,
    /// From which network address.
    pub address: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
