//! `chat_conversations`: what each conversation amounts to, so that lists never scan events.

#![allow(missing_docs, reason = "derived: a column enum, an active model and relations")]

use sea_orm::entity::prelude::*;

/// The projection of one conversation, written in the transaction of its events.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_conversations")]
pub struct Model {
    /// Which conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it is about.
    pub subject: Option<String>,
    /// [`crate::protocol::Status::as_str`].
    pub status: String,
    /// Who asked.
    pub visitor_id: String,
    /// In which role.
    pub visitor_role: String,
    /// Under which name.
    pub visitor_name: String,
    /// The guest that the visitor was when asking.
    pub former_guest_id: Option<String>,
    /// Who has it.
    pub manager_id: Option<String>,
    /// In which role.
    pub manager_role: Option<String>,
    /// Under which name.
    pub manager_name: Option<String>,
    /// The head of its stream.
    pub last_seq: i64,
    /// How many messages there are.
    pub messages: i64,
    /// The newest message's number.
    pub last_message_seq: Option<i64>,
    /// When it was accepted.
    pub last_message_at: Option<i64>,
    /// Who wrote it.
    pub last_message_author_id: Option<String>,
    /// In which role.
    pub last_message_author_role: Option<String>,
    /// Under which name.
    pub last_message_author_name: Option<String>,
    /// How it begins.
    pub last_message_preview: Option<String>,
    /// Since when it has been waiting, while it does.
    pub waiting_since: Option<i64>,
    /// When it was opened.
    pub opened_at: i64,
    /// When its newest event happened.
    pub updated_at: i64,
    /// The minute of `updated_at`, counted from 1970, for indexes.
    pub updated_minute: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
