//! The sections of the settings, one a file.

mod actors;
mod android;
mod database;
mod identity;
mod limits;
mod log;
mod redis;
mod server;
mod tail;

pub use self::actors::ActorSettings;
pub use self::android::AndroidSettings;
pub use self::database::DatabaseSettings;
pub use self::identity::IdentitySettings;
pub use self::limits::LimitSettings;
pub use self::log::{LogFormat, LogSettings};
pub use self::redis::RedisSettings;
pub use self::server::ServerSettings;
pub use self::tail::TailSettings;

use crate::error::InvalidSetting;
use std::fmt::Display;
use std::ops::RangeInclusive;

fn in_range<T: PartialOrd + Display>(
    key: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), InvalidSetting> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(InvalidSetting::new(key, format!("must be {} to {}, is {value}", range.start(), range.end())))
}
