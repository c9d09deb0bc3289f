//! Who somebody is: users and tokens in the tables and formats of Laravel and Sanctum, guests in our own.
//!
//! In reading order: [`token`] and [`password`] (the formats, pure), [`Identity`] (the service), then by what is done with
//! it: `authenticate` (tokens coming in), `sign_in` and `guests` (getting one; `arrivals`: how often), `tokens`, `people` and `roles` (looking after them), `prune`
//! (what is left of them).
//!
//! An `Authorization` header becomes a token with [`token::bearer`]. What a token may be used for is written in it:
//! `chat` for anything in conversations, `admin` for managing people and settings beside the role of an admin; `*`, which
//! Laravel applications usually grant, is both. A token with neither signs in, tells who it is, and signs out.

mod arrivals;
mod audit;
mod authenticate;
pub mod error;
mod guests;
mod last_used;
pub mod password;
mod people;
mod prune;
mod roles;
mod sign_in;
#[cfg(test)]
mod tests;
pub mod token;
mod token_row;
mod tokens;
pub mod validate;
mod zoneless;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;

use crate::clock::SharedClock;
use crate::store::Database;
use crate::store::lookups::{LookUps, PACE_OF_MANY};

pub use authenticate::SignedIn;
pub use error::{FieldErrors, IdentityError};
pub use password::Password;
pub use people::{Account, PeopleFilter, PeopleSort};
pub use roles::FirstAdmin;
pub use sign_in::{Issued, Login};
pub use token::Abilities;
pub use tokens::Device;
pub use validate::NewAccount;

use arrivals::Arrivals;
use authenticate::{BATCH, Tokens};
use last_used::LastUsed;
use password::Passwords;
use sign_in::Throttle;
use token::Presented;
use token_row::{TokenRow, TokenRules};
use zoneless::Zone;

/// What an operator may set, as in the configuration's section `identity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySettings {
    /// The class of the application's users, as in `personal_access_tokens.tokenable_type`.
    pub tokenable_type: String,
    /// Its alias in the application's morph map. When there is one, new tokens bear it, as Laravel's own do.
    pub morph_alias: Option<String>,
    /// Stands before the random part of new tokens.
    pub token_prefix: String,
    /// How long a token lives from its creation on, in minutes; 0: for ever.
    pub token_expiration_minutes: u32,
    /// The zone of the application's timestamps, by its IANA name.
    pub timezone: String,
    /// Whether people may register here.
    pub registration: bool,
    /// Whether people may ask without an account.
    pub guests: bool,
    /// The base-2 logarithm of bcrypt's rounds for new passwords.
    pub bcrypt_cost: u32,
    /// How many passwords are checked at once.
    pub bcrypt_concurrency: usize,
    /// Failed sign-ins a minute by email and address.
    pub login_attempts_per_minute: u32,
    /// Failed sign-ins a minute by address, whatever the email.
    pub login_attempts_per_address_per_minute: u32,
    /// Guests let in a minute by address.
    pub guests_per_address_per_minute: u32,
    /// Registrations a minute by address, those that fail included.
    pub registrations_per_address_per_minute: u32,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            tokenable_type: r"App\Models\User".to_owned(),
            morph_alias: None,
            token_prefix: String::new(),
            token_expiration_minutes: 43_200,
            timezone: "UTC".to_owned(),
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

/// Settings that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("identity.timezone: `{0}` is not a time zone that this system knows")]
pub struct UnknownTimezone(pub String);

/// People, guests and tokens. Clones share everything.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    db: Database,
    clock: SharedClock,
    registration: bool,
    guests: bool,
    token_prefix: String,
    rules: TokenRules,
    passwords: Passwords,
    throttle: Mutex<Throttle>,
    arrivals: Arrivals,
    rng: Mutex<StdRng>,
    last_used: LastUsed,
    tokens: LookUps<Presented, Option<TokenRow>>,
    /// Of those who open a connection.
    joining: LookUps<Presented, Option<TokenRow>>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// The service on a migrated database. `rng` makes the tokens: outside tests it must be seeded by the system. To be
    /// called inside a tokio runtime: a task that writes `last_used_at` runs until the last clone is gone.
    pub fn new(
        db: Database,
        settings: IdentitySettings,
        clock: SharedClock,
        rng: StdRng,
    ) -> Result<Self, UnknownTimezone> {
        let zone = Zone::named(&settings.timezone).ok_or(UnknownTimezone(settings.timezone))?;
        let throttle =
            Throttle::new(settings.login_attempts_per_minute, settings.login_attempts_per_address_per_minute);
        let arrivals = Arrivals::new(
            settings.guests_per_address_per_minute,
            settings.registrations_per_address_per_minute,
        );
        let last_used = LastUsed::start(db.clone(), zone.clone());
        Ok(Self(Arc::new(Inner {
            registration: settings.registration,
            guests: settings.guests,
            token_prefix: settings.token_prefix,
            rules: TokenRules::new(
                settings.tokenable_type,
                settings.morph_alias,
                settings.token_expiration_minutes,
                zone,
            ),
            passwords: Passwords::new(settings.bcrypt_cost, settings.bcrypt_concurrency),
            throttle: Mutex::new(throttle),
            arrivals,
            rng: Mutex::new(rng),
            last_used,
            tokens: LookUps::start(Tokens(db.read.clone()), BATCH, Duration::ZERO),
            joining: LookUps::start(Tokens(db.read.clone()), BATCH, PACE_OF_MANY),
            db,
            clock,
        })))
    }
}

impl Inner {
    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.lock().fill_bytes(&mut bytes);
        bytes
    }
}
