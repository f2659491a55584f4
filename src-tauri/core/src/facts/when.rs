//! Times of a session as people and filters write them: ISO 8601, weekday and hour, all in UTC.
//!
//! The trap: a recording's clock is whatever the page said. A time that no calendar holds gives no answer
//! instead of a panic.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset, Weekday};

use crate::event::Millis;

fn at(time: Millis) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time) * 1_000_000)
        .ok()
        .filter(|t| (0..=9999).contains(&t.year()))
}

/// `2026-11-20T14:32:05.123Z`, always with milliseconds and always UTC; `None` outside the years 0 to 9999.
pub fn iso(time: Millis) -> Option<String> {
    let t = at(time)?;
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second(),
        t.millisecond()
    ))
}

/// Epoch ms of an ISO 8601 time with a zone.
pub fn parse_iso(text: &str) -> Option<Millis> {
    let t = OffsetDateTime::parse(text, &Rfc3339).ok()?.to_offset(UtcOffset::UTC);
    Millis::try_from(t.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// `mon` to `sun`, in UTC.
pub(super) fn day(time: Millis) -> Option<&'static str> {
    Some(match at(time)?.weekday() {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    })
}

/// 0–23, in UTC.
pub(super) fn hour(time: Millis) -> Option<u8> {
    at(time).map(OffsetDateTime::hour)
}

/// Whole days since 2020-01-01 UTC, the unit of Clarity's "first seen".
pub(super) fn clarity_day(time: Millis) -> i64 {
    const START_OF_2020: Millis = 1_577_836_800_000;
    (time.saturating_sub(START_OF_2020)).div_euclid(86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_the_same_instant() {
        for (ms, text) in [
            (1_795_185_125_123, "2026-11-20T14:32:05.123Z"),
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(iso(ms).as_deref(), Some(text));
            assert_eq!(parse_iso(text), Some(ms));
        }
        assert_eq!(parse_iso("2026-11-20T15:32:05.123+01:00"), Some(1_795_185_125_123));
        assert_eq!(parse_iso("yesterday"), None);
    }

    #[test]
    fn weekday_and_hour_are_those_of_utc() {
        assert_eq!((day(0), hour(0)), (Some("thu"), Some(0)));
        assert_eq!((day(-1), hour(-1)), (Some("wed"), Some(23)));
        assert_eq!((day(1_795_185_125_123), hour(1_795_185_125_123)), (Some("fri"), Some(14)));
    }

    #[test]
    fn impossible_times_have_no_answer() {
        for ms in [i64::MAX, i64::MIN] {
            assert_eq!((iso(ms), day(ms), hour(ms)), (None, None, None));
        }
    }

    #[test]
    fn counts_the_days_that_clarity_counts() {
        assert_eq!(clarity_day(1_577_836_800_000), 0);
        assert_eq!(clarity_day(1_577_836_800_000 + 86_400_000 * 3 + 5), 3);
    }
}
