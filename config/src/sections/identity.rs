//! `[identity]`

use super::in_range;
use crate::error::InvalidSetting;
use crate::values::{optional, time_zone};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Longest text that Laravel's `string` columns hold.
const COLUMN_CHARS: usize = 255;

/// Accounts, tokens and sign-in, as Laravel and Sanctum know them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentitySettings {
    /// The user model's class in `personal_access_tokens.tokenable_type`.
    pub tokenable_type: String,
    /// The model's alias, when the application has a morph map; then it is written, and both are read.
    #[serde(with = "optional")]
    pub morph_alias: Option<String>,
    /// Sanctum's `token_prefix`, put before the secret of new tokens.
    pub token_prefix: String,
    /// Minutes a new token is good for; 0: for ever.
    pub token_expiration_minutes: u64,
    /// The application's `app.timezone`, in which Laravel stores times without an offset.
    #[serde(with = "time_zone")]
    pub timezone: TimeZone,
    /// Whether people may register here; else accounts come from the application or the command line.
    pub registration: bool,
    /// Whether visitors may ask without an account.
    pub guests: bool,
    /// Cost of new bcrypt hashes, the logarithm of rounds; Laravel's `BCRYPT_ROUNDS`.
    pub bcrypt_cost: u32,
    /// Passwords hashed at a time; further sign-ins wait.
    pub bcrypt_concurrency: usize,
    /// Failed sign-ins a minute for one email and address.
    pub login_attempts_per_minute: u32,
    /// Failed sign-ins a minute for one address, over all emails.
    pub login_attempts_per_address_per_minute: u32,
    /// Guests a minute from one address.
    pub guests_per_address_per_minute: u32,
    /// Registrations a minute from one address, those that fail included.
    pub registrations_per_address_per_minute: u32,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            tokenable_type: r"App\Models\User".to_owned(),
            morph_alias: None,
            token_prefix: String::new(),
            token_expiration_minutes: 43_200,
            timezone: TimeZone::UTC,
            registration: true,
            guests: true,
            bcrypt_cost: 12,
            bcrypt_concurrency: 2,
            login_attempts_per_minute: 5,
            login_attempts_per_address_per_minute: 30,
            guests_per_address_per_minute: 30,
            registrations_per_address_per_minute: 10,
        }
    }
}

impl IdentitySettings {
    /// Checks names and ranges.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        validate_model("identity.tokenable_type", &self.tokenable_type)?;
        if let Some(alias) = &self.morph_alias {
            validate_model("identity.morph_alias", alias)?;
        }
        if !self.token_prefix.chars().all(|c| c.is_ascii_graphic() && c != '|') {
            let problem =
                "must be printable ASCII without spaces and |, which parts a token's id from its secret";
            return Err(InvalidSetting::new("identity.token_prefix", problem));
        }
        if self.timezone.iana_name().is_none() {
            return Err(InvalidSetting::new("identity.timezone", "must be a zone with an IANA name"));
        }
        in_range("identity.token_expiration_minutes", self.token_expiration_minutes, 0..=52_560_000)?;
        in_range("identity.bcrypt_cost", self.bcrypt_cost, 4..=16)?;
        in_range("identity.bcrypt_concurrency", self.bcrypt_concurrency, 1..=256)?;
        in_range("identity.login_attempts_per_minute", self.login_attempts_per_minute, 1..=100_000)?;
        let per_address = self.login_attempts_per_address_per_minute;
        in_range("identity.login_attempts_per_address_per_minute", per_address, 1..=1_000_000)?;
        let guests = self.guests_per_address_per_minute;
        in_range("identity.guests_per_address_per_minute", guests, 1..=1_000_000)?;
        let registrations = self.registrations_per_address_per_minute;
        in_range("identity.registrations_per_address_per_minute", registrations, 1..=1_000_000)
    }
}

fn validate_model(key: &'static str, name: &str) -> Result<(), InvalidSetting> {
    if name.trim().is_empty() || name.trim() != name || name.chars().count() > COLUMN_CHARS {
        let problem = format!("must be 1 to {COLUMN_CHARS} characters without spaces around");
        return Err(InvalidSetting::new(key, problem));
    }
    Ok(())
}
