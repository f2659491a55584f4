//! Values: what a written literal stands for on a field of a kind.
//!
//! The trap: one literal has several meanings. `5` is five seconds on a duration, five milliseconds on a paint time and
//! the text "5" on a tag, and a date is not an instant but the whole day.

use time::{Date, Month, Time, UtcOffset};

use super::Value;
use crate::event::Millis;
use crate::facts::{Field, FieldKind};

/// How the literal is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `=`, `!=`.
    Equal,
    /// Inside a list.
    Member,
    /// `>`, `between` and the like.
    Order,
}

/// The value, or what was expected instead.
pub(super) fn read(field: &Field, written: &str, quoted: bool, used: Use) -> Result<Value, String> {
    if quoted && written.is_empty() && used != Use::Order {
        return Ok(Value::Empty);
    }
    match field.kind {
        FieldKind::Text | FieldKind::Enum if field.name == "day" => day(field, written, used),
        FieldKind::Text | FieldKind::Enum if used == Use::Order => number(written)
            .map(Value::Number)
            .ok_or_else(|| format!("{} is text; only a number can be its bound", field.name)),
        FieldKind::Text => Ok(Value::Text(written.to_lowercase())),
        FieldKind::Enum => Ok(Value::Text(word(field, written))),
        FieldKind::YesNo => match yes_no(written) {
            Some(yes) if used != Use::Order => Ok(Value::YesNo(yes)),
            Some(_) => Err(format!("{} is yes or no and has no order", field.name)),
            None => Err(format!("{} is yes or no", field.name)),
        },
        FieldKind::Count | FieldKind::Number => {
            numeric(field, written, used, number(written).map(Value::Number), "a number")
        }
        FieldKind::Percent => {
            let value = number(written.strip_suffix('%').unwrap_or(written)).map(Value::Number);
            numeric(field, written, used, value, "a number from 0 to 100, with or without %")
        }
        FieldKind::Seconds => {
            let value = number(written)
                .map(|s| s * 1000.0)
                .or_else(|| span(written))
                .map(|ms| Value::Millis(ms.round() as Millis));
            numeric(field, written, used, value, "a number of seconds or a time such as 90s, 3m or 1m30s")
        }
        FieldKind::Milliseconds => {
            let value = number(written).or_else(|| span(written)).map(Value::Number);
            numeric(field, written, used, value, "a number of milliseconds or a time such as 800ms or 2.5s")
        }
        FieldKind::Date => date(written).ok_or_else(|| {
            format!(
                "{} takes a date such as 2026-11-01, a time such as 2026-11-01T09:30, or one such as 30d ago",
                field.name
            )
        }),
    }
}

fn numeric(field: &Field, written: &str, used: Use, value: Option<Value>, expected: &str) -> Result<Value, String> {
    match (value, yes_no(written)) {
        (Some(value), _) => Ok(value),
        (None, Some(yes)) if used == Use::Equal => Ok(Value::YesNo(yes)),
        (None, Some(_)) => Err(format!("yes and no go with = and != only; {} takes {expected}", field.name)),
        (None, None) => Err(format!("{} takes {expected}", field.name)),
    }
}

fn yes_no(written: &str) -> Option<bool> {
    let is = |words: [&str; 2]| words.iter().any(|w| w.eq_ignore_ascii_case(written));
    if is(["yes", "true"]) { Some(true) } else { is(["no", "false"]).then_some(false) }
}

fn day(field: &Field, written: &str, used: Use) -> Result<Value, String> {
    let known = field
        .words()
        .iter()
        .any(|w| w.word.eq_ignore_ascii_case(written) || w.also.iter().any(|a| a.eq_ignore_ascii_case(written)));
    match (used, known) {
        (Use::Order, _) => Err("day has no order; name the days, as in day in (sat, sun)".to_owned()),
        (_, true) => Ok(Value::Text(word(field, written))),
        (_, false) => Err("day is mon, tue, wed, thu, fri, sat or sun".to_owned()),
    }
}

/// The word of an enum that the text is another spelling of; else the text. In lower case.
fn word(field: &Field, written: &str) -> String {
    let words = field.words();
    let same = |a: &str| a.to_lowercase() == written.to_lowercase();
    let known = words.iter().find(|w| same(w.word)).or_else(|| words.iter().find(|w| w.also.iter().any(|a| same(a))));
    known.map_or(written, |w| w.word).to_lowercase()
}

/// A plain decimal number; what else Rust reads as one (`inf`, `nan`) is text.
pub fn number(written: &str) -> Option<f64> {
    let digits = written.strip_prefix(['-', '+']).unwrap_or(written);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    written.parse().ok().filter(|n: &f64| n.is_finite())
}

/// Milliseconds of a time with units: `90s`, `0.5m`, `1m30s`.
pub(super) fn span(written: &str) -> Option<f64> {
    let mut rest = written;
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match rest[..end].to_ascii_lowercase().as_str() {
            "ms" => 1.0,
            "s" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            "w" => 604_800_000.0,
            _ => return None,
        };
        total += amount * unit;
        rest = &rest[end..];
    }
    (!written.is_empty() && f64::is_finite(total)).then_some(total)
}

/// A date, a time to the minute, second or millisecond, or one in the past.
fn date(written: &str) -> Option<Value> {
    if let Some(before) = written.len().checked_sub(3).and_then(|at| written.split_at_checked(at))
        && before.1.eq_ignore_ascii_case("ago")
    {
        // Further back than calendars reach is no moment.
        return span(before.0.trim_end()).filter(|ms| *ms < 1e15).map(|ms| Value::Ago(ms.round() as Millis));
    }
    let (day, rest) = written.split_at_checked(10)?;
    let mut parts = day.split('-').map(|part| (part.len(), part.parse::<u16>().ok()));
    let (Some((4, Some(year))), Some((2, Some(month))), Some((2, Some(day))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let day =
        Date::from_calendar_date(year.into(), Month::try_from(month as u8).ok()?, u8::try_from(day).ok()?).ok()?;
    if rest.is_empty() {
        let start = millis(day, Time::MIDNIGHT, UtcOffset::UTC);
        return Some(Value::Span(start, start + 86_400_000));
    }
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = zone(clock)?;
    let mut parts = clock.split(':');
    let two =
        |part: Option<&str>| part.filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()))?.parse::<u8>().ok();
    let (hour, minute) = (two(parts.next())?, two(parts.next())?);
    let (second, ms, length) = match (parts.next(), parts.next()) {
        (None, _) => (0, 0, 60_000),
        (Some(second), None) => match second.split_once('.') {
            None => (two(Some(second))?, 0, 1000),
            Some((whole, fraction)) => {
                if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                let digits: String = fraction.chars().chain("00".chars()).take(3).collect();
                (two(Some(whole))?, digits.parse::<u16>().ok()?, 1)
            }
        },
        _ => return None,
    };
    let start = millis(day, Time::from_hms_milli(hour, minute, second, ms).ok()?, zone);
    Some(Value::Span(start, start + length))
}

/// The clock without its zone, and the zone; UTC when none is written.
fn zone(clock: &str) -> Option<(&str, UtcOffset)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, UtcOffset::UTC));
    }
    let Some(at) = clock.find(['+', '-']) else { return Some((clock, UtcOffset::UTC)) };
    let (clock, zone) = clock.split_at(at);
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i8>().ok()?, digits[2..].parse::<i8>().ok()?);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    Some((clock, UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?))
}

fn millis(day: Date, time: Time, zone: UtcOffset) -> Millis {
    let at = day.with_time(time).assume_offset(zone);
    at.unix_timestamp() * 1000 + Millis::from(at.millisecond())
}
