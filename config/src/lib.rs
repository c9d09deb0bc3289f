//! Typed settings of an Otvet server.
//!
//! They come from a TOML file, over it the environment (`OTVET_SECTION__KEY`), over it command line flags, and are
//! checked before anything starts. `otvet.sample.toml` beside this crate lists every key with its default.

mod error;
mod load;
pub mod sections;
pub mod values;

pub use error::{ConfigError, InvalidSetting};
pub use load::{DEFAULT_FILE, LoadOptions};

use sections::{
    ActorSettings, AndroidSettings, DatabaseSettings, IdentitySettings, LimitSettings, LogSettings,
    RedisSettings, ServerSettings, TailSettings,
};
use serde::{Deserialize, Serialize};

/// Everything an operator can set, section by section. `Default` is a valid configuration.
///
/// `Debug` and `Serialize` mask passwords, so settings may be logged and printed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `[server]`: listeners, origins, proxies and HTTP bounds.
    pub server: ServerSettings,
    /// `[database]`: where events are stored.
    pub database: DatabaseSettings,
    /// `[redis]`: where tails are kept and how nodes reach one another.
    pub redis: RedisSettings,
    /// `[tail]`: how much of a stream is kept ready.
    pub tail: TailSettings,
    /// `[identity]`: accounts, tokens and sign-in, as Laravel Sanctum knows them.
    pub identity: IdentitySettings,
    /// `[limits]`: bounds on what a client may do.
    pub limits: LimitSettings,
    /// `[actors]`: lifetime and restarts of actors.
    pub actors: ActorSettings,
    /// `[android]`: the app that opens links to this site, and where people get it.
    pub android: AndroidSettings,
    /// `[log]`: the server's own log.
    pub log: LogSettings,
}

impl Settings {
    /// Checks ranges and relations that the types alone cannot express; the first violation is returned.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.server.validate()?;
        self.database.validate()?;
        self.redis.validate()?;
        self.tail.validate()?;
        self.identity.validate()?;
        self.limits.validate()?;
        self.actors.validate()?;
        self.android.validate()?;
        self.log.validate()
    }

    /// The settings in force as a TOML document with every key; passwords appear as `***`.
    pub fn to_toml_masked(&self) -> String {
        toml::to_string(self)
            .expect("sections are tables of strings, integers, booleans and lists of strings")
    }
}
