//! Laravel's timestamps: date and time of day without a zone, meant in the application's own, to the second.

use jiff::tz::TimeZone;
use sea_orm::prelude::ChronoDateTimeUtc;

use crate::clock::Timestamp;
use crate::store::WallTime;

/// Reads and writes the timestamps of one application.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The zone by its IANA name; `None` when the system does not know it. `UTC` is always known.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self(TimeZone::UTC));
        }
        TimeZone::get(name).ok().map(Self)
    }

    /// A column as a time; `None` when it is out of all bounds.
    ///
    /// Of an hour that happens twice the first is meant, and one that does not happen moves forward, as in PHP.
    pub fn read(&self, WallTime(column): WallTime) -> Option<Timestamp> {
        let as_if_utc = jiff::Timestamp::from_millisecond(column.and_utc().timestamp_millis()).ok()?;
        let local = as_if_utc.to_zoned(TimeZone::UTC).datetime();
        let zoned = local.to_zoned(self.0.clone()).ok()?;
        Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
    }

    /// A time as the column; the part of a second is dropped.
    pub fn write(&self, at: Timestamp) -> WallTime {
        let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let local = at.to_zoned(self.0.clone()).datetime();
        let seconds = local.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second());
        WallTime(ChronoDateTimeUtc::from_timestamp(seconds, 0).unwrap_or_default().naive_utc())
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::prelude::ChronoDateTime;

    use super::*;

    fn column(text: &str) -> WallTime {
        WallTime(ChronoDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap())
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (zone, text) in [("UTC", "2026-11-22 17:53:44"), ("Europe/Moscow", "2026-11-22 20:53:44")] {
            let zone = Zone::named(zone).expect("a zone of the system");
            let at = Timestamp::from_millis(1_795_370_024_999);
            assert_eq!(zone.write(at), column(text));
            assert_eq!(zone.read(column(text)), Some(Timestamp::from_millis(1_795_370_024_000)));
        }
    }

    #[test]
    fn an_hour_that_happens_twice_is_the_first_one() {
        let zone = Zone::named("Europe/Berlin").expect("a zone of the system");
        let first = zone.read(column("2026-10-25 02:30:00")).unwrap();
        assert_eq!(first.to_string(), "2026-10-25T00:30:00.000Z");
        let moved = zone.read(column("2026-03-29 02:30:00")).unwrap();
        assert_eq!(moved.to_string(), "2026-03-29T01:30:00.000Z");
    }

    #[test]
    fn only_zones_that_exist_have_a_name() {
        assert!(Zone::named("utc").is_some());
        assert!(Zone::named("Mars/Olympus").is_none());
    }
}
