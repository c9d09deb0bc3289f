//! The audit log: who did what to whom. Never a password, never a token.

use std::net::IpAddr;

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::store::entities::chat_audit;

/// What is put on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Registered,
    SignedIn,
    SignInFailed,
    SignedOut,
    TokenIssued,
    TokenRevoked,
    GuestMerged,
    RoleChanged,
    Disabled,
    Enabled,
    PasswordChanged,
    FirstAdmin,
    TookOver,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::TokenIssued => "token_issued",
            Self::TokenRevoked => "token_revoked",
            Self::GuestMerged => "guest_merged",
            Self::RoleChanged => "role_changed",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::PasswordChanged => "password_changed",
            Self::FirstAdmin => "first_admin",
            Self::TookOver => "took_over",
        }
    }
}

/// One line of the log.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    action: Action,
    actor: Option<PersonId>,
    subject: Option<PersonId>,
    address: Option<IpAddr>,
    detail: Option<String>,
}

impl Entry {
    /// Something done by nobody who is known: on the command line, or before signing in.
    pub fn new(action: Action) -> Self {
        Self { action, actor: None, subject: None, address: None, detail: None }
    }

    /// By whom.
    pub fn by(self, actor: impl Into<Option<PersonId>>) -> Self {
        Self { actor: actor.into(), ..self }
    }

    /// To whom.
    pub fn to(self, subject: impl Into<Option<PersonId>>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    /// From which address.
    pub fn from(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// What else is worth knowing.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Writes it, within the transaction of the act where there is one.
    pub async fn write(self, db: &impl ConnectionTrait, now: Timestamp) -> Result<(), DbErr> {
        let row = chat_audit::ActiveModel {
            at: Set(now.millis()),
            actor_id: Set(self.actor.map(|id| id.to_string())),
            action: Set(self.action.as_str().to_owned()),
            subject: Set(self.subject.map(|id| id.to_string())),
            address: Set(self.address.map(|address| address.to_string())),
            detail: Set(self.detail),
            ..Default::default()
        };
        chat_audit::Entity::insert(row).exec_without_returning(db).await?;
        Ok(())
    }
}
