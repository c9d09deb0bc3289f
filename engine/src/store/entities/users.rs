//! Laravel's `users`, used as it is.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

use crate::store::{RowId, WallTime};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// `u{id}` is the person.
    #[sea_orm(primary_key)]
    pub id: RowId,
    /// The name shown to others.
    pub name: String,
    /// Unique; how far letter case matters is up to the database.
    pub email: String,
    /// In the application's time zone.
    pub email_verified_at: Option<WallTime>,
    /// A bcrypt hash.
    pub password: String,
    /// Laravel's own.
    pub remember_token: Option<String>,
    /// In the application's time zone.
    pub created_at: Option<WallTime>,
    /// In the application's time zone.
    pub updated_at: Option<WallTime>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
