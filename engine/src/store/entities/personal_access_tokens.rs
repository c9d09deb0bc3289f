//! Laravel Sanctum's `personal_access_tokens`, used as it is.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

use crate::store::{RowId, WallTime};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_access_tokens")]
pub struct Model {
    /// Stands before the `|` of the plain text.
    #[sea_orm(primary_key)]
    pub id: RowId,
    /// The class (or its alias) of whose token it is.
    pub tokenable_type: String,
    /// Whose token it is.
    pub tokenable_id: RowId,
    /// What its owner calls it.
    pub name: String,
    /// The SHA-256 of the secret, in lower-case hex.
    pub token: String,
    /// A JSON array of texts.
    pub abilities: Option<String>,
    /// In the application's time zone.
    pub last_used_at: Option<WallTime>,
    /// In the application's time zone.
    pub expires_at: Option<WallTime>,
    /// In the application's time zone.
    pub created_at: Option<WallTime>,
    /// In the application's time zone.
    pub updated_at: Option<WallTime>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
