//! `chat_meta`: facts about this database as a whole, by name.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_meta")]
pub struct Model {
    /// Its name: `epoch` is the name of every conversation's numbering.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// What it is.
    pub value: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
