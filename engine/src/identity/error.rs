//! Why somebody could not be identified, or an account not changed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::password::PasswordError;
use crate::protocol::{Code, Refusal};

/// Laravel's `errors` object: what is wrong, by field, in sentences for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(pub BTreeMap<&'static str, Vec<String>>);

impl FieldErrors {
    /// One problem with one field.
    pub fn one(field: &'static str, sentence: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, sentence);
        errors
    }

    /// Adds a problem.
    pub fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.entry(field).or_default().push(sentence.into());
    }

    /// Fails when there is any problem.
    pub fn into_result(self) -> Result<(), IdentityError> {
        if self.0.is_empty() { Ok(()) } else { Err(IdentityError::Invalid(self)) }
    }
}

/// Everything that can go wrong with people and tokens.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No token, or one that is unknown, expired, revoked or whose owner is gone or disabled: not told apart outside.
    #[error("the token is missing, invalid, expired or revoked")]
    Unauthorized,
    /// Unknown email or wrong password: not told apart outside.
    #[error("these credentials do not match our records")]
    WrongCredentials,
    /// Known, but not allowed to; the sentence says what.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The input breaks rules, by field (422 in REST).
    #[error("the given data was invalid")]
    Invalid(FieldErrors),
    /// Too many failed sign-ins or new accounts: the next attempt is allowed after so many seconds.
    #[error("too many attempts, try again in {retry_after_s} s")]
    Throttled {
        /// Seconds until the next attempt is allowed.
        retry_after_s: u64,
    },
    /// No such person or token, or not the asker's to see.
    #[error("no such person or token")]
    NotFound,
    /// The state stands against it; the sentence says how.
    #[error("{0}")]
    Conflict(&'static str),
    /// Too many sign-ins at once.
    #[error("too many sign-ins at once")]
    Busy,
    /// The database did not answer.
    #[error("the database failed: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// A defect on our side.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl IdentityError {
    /// A problem with one field.
    pub fn invalid(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::one(field, sentence))
    }

    /// The code on the wire.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unauthorized | Self::WrongCredentials => Code::Unauthorized,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Invalid(_) => Code::Invalid,
            Self::Throttled { .. } => Code::RateLimited,
            Self::NotFound => Code::NotFound,
            Self::Conflict(_) => Code::Conflict,
            Self::Busy | Self::Database(_) => Code::Unavailable,
            Self::Internal(_) => Code::Internal,
        }
    }
}

impl From<PasswordError> for IdentityError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Failed => Self::Internal("a password could not be hashed"),
        }
    }
}

impl From<IdentityError> for Refusal {
    /// What may be shown outside: no word of the database's.
    fn from(error: IdentityError) -> Self {
        match &error {
            IdentityError::Database(_) => Self::unavailable(),
            IdentityError::Internal(_) => Self::internal(),
            IdentityError::Busy => Self::new(error.code(), error.to_string()).retry_after_ms(1000),
            IdentityError::Throttled { retry_after_s } => {
                Self::new(error.code(), error.to_string()).retry_after_ms(retry_after_s * 1000)
            }
            IdentityError::Invalid(fields) => {
                let first = fields.0.values().flatten().next().cloned();
                Self::new(error.code(), first.unwrap_or_else(|| error.to_string()))
            }
            _ => Self::new(error.code(), error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_database_is_shown_outside() {
        let error = IdentityError::from(sea_orm::DbErr::Custom("password authentication failed".into()));
        let refusal = Refusal::from(error);
        assert_eq!(refusal.code, Code::Unavailable);
        assert!(!refusal.message.contains("password"));
    }

    #[test]
    fn a_throttle_tells_when_to_come_back() {
        let refusal = Refusal::from(IdentityError::Throttled { retry_after_s: 42 });
        assert_eq!((refusal.code, refusal.retry_after_ms), (Code::RateLimited, Some(42_000)));
    }

    #[test]
    fn field_errors_have_laravels_shape() {
        let mut errors = FieldErrors::one("email", "The email field is required.");
        errors.add("name", "The name field is required.");
        assert_eq!(
            serde_json::to_string(&errors).unwrap(),
            r#"{"email":["The email field is required."],"name":["The name field is required."]}"#
        );
        assert_eq!(Refusal::from(IdentityError::Invalid(errors)).message, "The email field is required.");
    }
}
