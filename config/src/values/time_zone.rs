//! Time zones by their IANA name.

use jiff::tz::TimeZone;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(zone: &TimeZone, serializer: S) -> Result<S::Ok, S::Error> {
    let name =
        zone.iana_name().ok_or_else(|| serde::ser::Error::custom("a time zone without an IANA name"))?;
    serializer.serialize_str(name)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| {
        D::Error::custom(format!("{name:?} is not a known time zone; use an IANA name such as Europe/Moscow"))
    })
}
