//! `chat_events`: the log of all conversations, only ever appended to.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// One event, see [`crate::journal`] for what stands where by kind.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_events")]
pub struct Model {
    /// The order of arrival over all conversations; on some databases with gaps.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which conversation.
    pub conversation_id: Uuid,
    /// Its number there: 1, 2, 3 …, unique.
    pub seq: i64,
    /// When it was accepted.
    pub at: i64,
    /// [`crate::protocol::EventKind::name`].
    pub kind: String,
    /// Who did it: `u7`, `g12`.
    pub actor_id: String,
    /// In which role.
    pub actor_role: String,
    /// Under which name.
    pub actor_name: String,
    /// The idempotency key in UTF-8, unique with `actor_id`. Bytes, because texts compare by a collation.
    pub idem_key: Option<Vec<u8>>,
    /// The text of a message or note; the subject of an `opened`.
    pub body: Option<String>,
    /// JSON: a message's attachments, the `to` of a `transferred`.
    pub extra: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
