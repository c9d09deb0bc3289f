//! Laravel's timestamps: date and time of day without a zone, meant in the application's own, to the second.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

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

    /// A column's text as a time; `None` when it is none, such as MySQL's `0000-00-00 00:00:00`.
    ///
    /// Of an hour that happens twice the first is meant, and one that does not happen moves forward, as in PHP.
    pub fn read(&self, column: &str) -> Option<Timestamp> {
        let local: DateTime = column.parse().ok()?;
        let zoned = local.to_zoned(self.0.clone()).ok()?;
        Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
    }

    /// A time as the column's text, `YYYY-MM-DD HH:MM:SS`; the part of a second is dropped.
    pub fn write(&self, at: Timestamp) -> String {
        let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (zone, text) in [("UTC", "2026-11-22 17:53:44"), ("Europe/Moscow", "2026-11-22 20:53:44")] {
            let zone = Zone::named(zone).expect("a zone of the system");
            let at = Timestamp::from_millis(1_795_370_024_999);
            assert_eq!(zone.write(at), text);
            assert_eq!(zone.read(text), Some(Timestamp::from_millis(1_795_370_024_000)));
        }
    }

    #[test]
    fn an_hour_that_happens_twice_is_the_first_one() {
        let zone = Zone::named("Europe/Berlin").expect("a zone of the system");
        let first = zone.read("2026-10-25 02:30:00").unwrap();
        assert_eq!(first.to_string(), "2026-10-25T00:30:00.000Z");
        assert_eq!(zone.read("2026-03-29 02:30:00").unwrap().to_string(), "2026-03-29T01:30:00.000Z");
    }

    #[test]
    fn what_is_no_time_is_none() {
        let zone = Zone::named("utc").unwrap();
        for text in ["", "0000-00-00 00:00:00", "now", "2026-02-30 00:00:00", "2026-11-22 17:53:44Z"] {
            assert_eq!(zone.read(text), None, "{text}");
        }
        for text in ["2026-11-22 17:53:44.250", "2026-11-22T17:53:44", "2026-11-22"] {
            assert!(zone.read(text).is_some(), "{text}");
        }
        assert!(Zone::named("Mars/Olympus").is_none());
    }
}
