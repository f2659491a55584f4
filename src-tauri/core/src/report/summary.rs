//! Sessions told in sentences.
//!
//! The trap: prose hides where it comes from. Each sentence states what the facts state, in an order that is always the
//! same, and names the moments (of one session) or the row of the filter language (of many) that it stands on. The same
//! facts give the same words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::event::Millis;
use crate::facts::{iso, page_of};
use crate::segment::filter::{equals, is_page};
use crate::store::{PageRow, SignalRow};

/// Pages of a way that are told one by one.
const WAY: usize = 6;
/// Share of a group from which on something is told of it, in percent.
const SHARED: usize = 60;
/// How much more common it has to be than in the whole project, as a factor; what nearly all share is told anyway.
const LIFT: f64 = 1.25;
/// Sentences about what a group shares.
const MOST: usize = 8;

/// One sentence and what it stands on.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sentence {
    pub text: String,
    /// Moments of the session, epoch ms, in order.
    pub times: Vec<Millis>,
    /// A row of the filter language that gives the sessions of the group.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// What of a session's events is told by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub time: Millis,
    /// Name of an event that the site gave.
    pub name: String,
}

fn text<'r>(row: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    row.get(field).and_then(Value::as_str).filter(|t| !t.is_empty())
}

fn number(row: &Map<String, Value>, field: &str) -> Option<f64> {
    row.get(field).and_then(Value::as_f64)
}

/// `48 s`, `3 min 20 s`, `1 h 5 min`.
fn span(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    match s {
        ..60 => format!("{s} s"),
        60..3600 if s.is_multiple_of(60) => format!("{} min", s / 60),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

/// Path of an address, cut where it gets long.
fn path(url: &str) -> String {
    const LONG: usize = 80;
    let url = page_of(url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]));
    match rest.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}…", &rest[..at]),
        None => rest.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    const LONG: usize = 60;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("“{}…”", &text[..at]),
        None => format!("“{text}”"),
    }
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// `paid-search` as people say it.
fn channel_words(channel: &str) -> String {
    match channel {
        "direct" => "directly".to_owned(),
        "referral" => "from another site".to_owned(),
        "other" => "in a way that the rules do not name".to_owned(),
        "ai-tools" => "from an AI assistant".to_owned(),
        "paid-ai-tools" => "by a paid link of an AI assistant".to_owned(),
        name => format!("by {}", name.replace('-', " ")),
    }
}

fn device_words(device: &str) -> Option<&'static str> {
    Some(match device {
        "mobile" => "on a phone",
        "tablet" => "on a tablet",
        "pc" => "on a computer",
        _ => return None,
    })
}

/// The words for a kind of signal: one, many.
fn kind_words(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "rage_click" => ("burst of rage clicks", "bursts of rage clicks"),
        "dead_click" => ("dead click", "dead clicks"),
        "error_click" => ("click followed by a script error", "clicks followed by a script error"),
        "quick_back" => ("quick back", "quick backs"),
        "excessive_scroll" => ("stretch of excessive scrolling", "stretches of excessive scrolling"),
        _ => ("script error", "script errors"),
    }
}

/// A session in a few sentences, in the order in which it happened. `pages` and `signals`: of this session, in order.
pub fn session(facts: &Map<String, Value>, pages: &[PageRow], signals: &[SignalRow], deeds: &[Deed]) -> Vec<Sentence> {
    let mut told = vec![arrival(facts, pages)];
    told.extend(way(facts, pages));
    told.extend(trouble(pages, signals));
    if !deeds.is_empty() {
        let mut names: Vec<String> = Vec::new();
        for deed in deeds {
            let name = quoted(&deed.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len().saturating_sub(WAY);
        names.truncate(WAY);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let times = deeds.iter().map(|d| d.time).collect();
        told.push(Sentence { text: format!("The site reported {}{more}.", listed(&names)), times, filter: None });
    }
    told.extend(end(facts, pages));
    told
}

fn arrival(facts: &Map<String, Value>, pages: &[PageRow]) -> Sentence {
    let mut out = String::from(match text(facts, "user_type") {
        Some("new") => "A new visitor",
        Some("returning") => "A returning visitor",
        _ => "A visitor",
    });
    // Writing to a string does not fail.
    if let Some(place) = text(facts, "city").or_else(|| text(facts, "country")) {
        let _ = write!(out, " from {place}");
    }
    out.push_str(" came");
    if let Some(device) = text(facts, "device").and_then(device_words) {
        let _ = write!(out, " {device}");
        let with: Vec<&str> = ["browser", "os"].iter().filter_map(|f| text(facts, f)).collect();
        if !with.is_empty() {
            let _ = write!(out, " ({})", with.join(", "));
        }
    }
    if let Some(channel) = text(facts, "channel") {
        let _ = write!(out, " {}", channel_words(channel));
        let utm: Vec<&str> =
            ["utm.source", "utm.medium", "utm.campaign"].iter().filter_map(|f| text(facts, f)).collect();
        if !utm.is_empty() {
            let _ = write!(out, " ({})", utm.join(" / "));
        }
    }
    if let Some(entry) = text(facts, "entry_page") {
        let _ = write!(out, " to {}", path(entry));
    }
    out.push('.');
    Sentence { text: out, times: pages.first().map(|p| p.started_at).into_iter().collect(), filter: None }
}

fn way(facts: &Map<String, Value>, pages: &[PageRow]) -> Option<Sentence> {
    let duration = number(facts, "duration")?;
    let mut out = format!("In {}", span(duration));
    if let Some(active) = number(facts, "active_duration") {
        let _ = write!(out, " ({} of them active)", span(active));
    }
    let clicks = number(facts, "click_count").map(|n| counted(n as usize, "click", "clicks"));
    let clicks = clicks.map(|c| format!(" with {c}")).unwrap_or_default();
    if let [only] = pages {
        let depth = number(&only.facts, "scroll_depth");
        let depth = depth.map(|d| format!(", scrolling to {d} % of it")).unwrap_or_default();
        let _ = write!(out, " they saw this page only{clicks}{depth}.");
    } else {
        let _ = write!(out, " they saw {}{clicks}", counted(pages.len(), "page view", "page views"));
        let stop =
            |p: &PageRow| format!("{} ({})", path(&p.url), span((p.ended_at - p.started_at).max(0) as f64 / 1000.0));
        let mut stops: Vec<String> = pages.iter().take(WAY).map(stop).collect();
        if pages.len() > WAY {
            stops.push(format!("{} more", pages.len() - WAY));
        }
        if !stops.is_empty() {
            let _ = write!(out, ": {}", listed(&stops));
        }
        out.push('.');
    }
    Some(Sentence { text: out, times: pages.iter().map(|p| p.started_at).collect(), filter: None })
}

/// An element (or an error's message) and the page view it was on.
type Spot<'s> = (Option<&'s str>, u32);

fn trouble(pages: &[PageRow], signals: &[SignalRow]) -> Vec<Sentence> {
    let page = |number: u32| pages.iter().find(|p| p.number == number).map(|p| path(&p.url));
    let mut told = Vec::new();
    let mut clean = true;
    for (kind, _) in super::COUNTED {
        // By element and page, in the order of their first appearance.
        let mut groups: Vec<(Spot<'_>, Vec<&SignalRow>)> = Vec::new();
        for signal in signals.iter().filter(|s| s.kind == kind) {
            let what = if kind == "js_error" { signal.text.as_deref() } else { signal.selector.as_deref() };
            match groups.iter_mut().find(|(key, _)| *key == (what, signal.page)) {
                Some((_, all)) => all.push(signal),
                None => groups.push(((what, signal.page), vec![signal])),
            }
        }
        let (one, many) = kind_words(kind);
        for ((what, number), all) in groups {
            clean = false;
            let mut out = counted(all.len(), one, many);
            let named = all.iter().find_map(|s| s.text.as_deref());
            match (kind, named, what) {
                ("js_error", Some(message), _) => _ = write!(out, ": {}", quoted(message)),
                ("quick_back", _, _) | ("excessive_scroll", _, None) => {}
                (_, Some(text), _) => _ = write!(out, " on {}", quoted(text)),
                (_, None, Some(selector)) => _ = write!(out, " on {selector}"),
                _ => {}
            }
            if let Some(page) = page(number) {
                let _ = write!(out, "{} {page}", if kind == "quick_back" { " from" } else { ", on" });
            }
            out.push('.');
            told.push(Sentence { text: out, times: all.iter().map(|s| s.time).collect(), filter: None });
        }
    }
    told.sort_by_key(|s| s.times.first().copied());
    if clean && !pages.is_empty() {
        told.push(Sentence { text: "Nothing looks like frustration.".to_owned(), ..Sentence::default() });
    }
    told
}

fn end(facts: &Map<String, Value>, pages: &[PageRow]) -> Option<Sentence> {
    let last = pages.last()?;
    let mut out = match pages.len() {
        1 => "They left from there".to_owned(),
        _ => format!("They left from {}", path(&last.url)),
    };
    if let Some(done) = number(facts, "completeness").filter(|c| *c < 100.0) {
        let _ = write!(out, "; {done} % of the session can be shown");
    }
    out.push('.');
    Some(Sentence { text: out, times: vec![last.ended_at], filter: None })
}

/// Something that several sessions may share.
type Trait = (&'static str, String);

/// What sessions of a group share and others do not: first who they are, then, most telling first, what most of them
/// have in common. `all`: every session of the project, for comparison.
pub fn group(rows: &[Map<String, Value>], all: &[Map<String, Value>]) -> Vec<Sentence> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut told = vec![who(rows)];
    if rows.len() < 2 {
        return told;
    }
    let (own, whole) = (traits(rows), traits(all));
    let mut shared: Vec<(f64, &Trait, usize)> = Vec::new();
    for (what, n) in &own {
        let share = *n as f64 / rows.len() as f64;
        let usual = whole.get(what).copied().unwrap_or(*n) as f64 / all.len().max(1) as f64;
        let lift = if usual > 0.0 { share / usual } else { f64::INFINITY };
        if n * 100 >= rows.len() * SHARED && (lift >= LIFT || rows.len() == all.len()) {
            shared.push((lift, what, *n));
        }
    }
    shared.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.2.cmp(&a.2)).then_with(|| a.1.cmp(b.1)));
    let mut fields = BTreeSet::new();
    for (_, what, n) in shared {
        // One value of a field says it; a second one would repeat it in other words.
        if told.len() > MOST || !(what.0 == "page" || what.0 == "event" || fields.insert(what.0)) {
            continue;
        }
        told.push(sentence(what, n, rows.len(), whole.get(what).copied().unwrap_or(n), all.len()));
    }
    if told.len() == 1 && rows.len() < all.len() {
        let text =
            "Nothing sets them apart from the rest of the project: no value that most of them share is rarer there.";
        told.push(Sentence { text: text.to_owned(), ..Sentence::default() });
    }
    told
}

fn who(rows: &[Map<String, Value>]) -> Sentence {
    let visitors: BTreeSet<&str> = rows.iter().filter_map(|r| text(r, "user")).collect();
    let mut out = counted(rows.len(), "session", "sessions");
    if !visitors.is_empty() {
        let _ = write!(out, " of {}", counted(visitors.len(), "visitor", "visitors"));
    }
    let starts: Vec<Millis> = rows.iter().filter_map(|r| r.get("start_ms").and_then(Value::as_i64)).collect();
    let date = |ms: Option<&Millis>| ms.and_then(|ms| iso(*ms)).map(|t| t.chars().take(10).collect::<String>());
    if let (Some(from), Some(until)) = (date(starts.iter().min()), date(starts.iter().max())) {
        match from == until {
            true => _ = write!(out, " on {from}"),
            false => _ = write!(out, " from {from} to {until}"),
        }
    }
    let mut lengths: Vec<f64> = rows.iter().filter_map(|r| number(r, "duration")).collect();
    if let Some(median) = super::overview::percentile(&mut lengths, 0.5) {
        let _ = write!(out, ", {} long in the middle (n = {})", span(median), lengths.len());
    }
    out.push('.');
    Sentence { text: out, ..Sentence::default() }
}

/// How many sessions have each thing that can be shared.
fn traits(rows: &[Map<String, Value>]) -> BTreeMap<Trait, usize> {
    let mut counts: BTreeMap<Trait, usize> = BTreeMap::new();
    for row in rows {
        let mut own: BTreeSet<Trait> = BTreeSet::new();
        for field in ["device", "browser", "os", "country", "channel", "user_type", "source", "utm.campaign"] {
            own.extend(text(row, field).map(|value| (field, value.to_owned())));
        }
        for field in ["entry_page", "exit_page"] {
            own.extend(text(row, field).map(|url| (field, page_of(url).to_owned())));
        }
        let listed = |field: &'static str| row.get(field).and_then(Value::as_array).into_iter().flatten();
        own.extend(listed("page").filter_map(|v| Some(("page", page_of(v.as_str()?).to_owned()))));
        own.extend(listed("event").filter_map(|v| Some(("event", v.as_str()?.to_owned()))));
        for (_, field) in super::COUNTED {
            if number(row, field).is_some_and(|n| n > 0.0) {
                own.insert((field, String::new()));
            }
        }
        for what in own {
            *counts.entry(what).or_default() += 1;
        }
    }
    counts
}

fn sentence((field, value): &Trait, n: usize, of: usize, usual: usize, all: usize) -> Sentence {
    let what = match *field {
        "device" => format!("came {}", device_words(value).unwrap_or("on some other device")),
        "browser" | "os" => format!("used {value}"),
        "country" => format!("came from {value}"),
        "channel" => format!("came {}", channel_words(value)),
        "user_type" => format!("were {} visitors", if value == "new" { "new" } else { "returning" }),
        "source" => format!("were recorded by {}", if value == "clarity" { "Clarity" } else { "rrweb" }),
        "utm.campaign" => format!("came by the campaign {}", quoted(value)),
        "entry_page" => format!("began on {}", path(value)),
        "exit_page" => format!("ended on {}", path(value)),
        "page" => format!("saw {}", path(value)),
        "event" => format!("had the event {}", quoted(value)),
        counts => {
            let kind = super::COUNTED.iter().find(|(_, field)| *field == counts).map_or("js_error", |(kind, _)| kind);
            format!("had {}", kind_words(kind).1)
        }
    };
    let filter = match *field {
        "entry_page" | "exit_page" | "page" => is_page(field, value),
        _ if value.is_empty() => format!("{field} > 0"),
        _ => equals(field, value),
    };
    let share = |n: usize, of: usize| (n * 100 + of / 2) / of.max(1);
    let mut text = match n == of {
        true => format!("All {of} {what}"),
        false => format!("{n} of {of} ({} %) {what}", share(n, of)),
    };
    if of < all {
        let _ = write!(text, "; in the whole project {} % do (n = {all})", share(usual, all));
    }
    text.push('.');
    Sentence { text, times: Vec::new(), filter: Some(filter) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::filter;
    use serde_json::json;

    fn row(v: Value) -> Map<String, Value> {
        v.as_object().unwrap().clone()
    }

    fn page(number: u32, url: &str, from: i64, until: i64) -> PageRow {
        PageRow {
            number,
            url: url.to_owned(),
            title: None,
            started_at: from,
            ended_at: until,
            facts: row(json!({ "scroll_depth": 40.0 })),
        }
    }

    #[test]
    fn a_session_is_told_in_order_with_its_moments() {
        let facts = row(json!({
            "user_type": "new", "country": "DK", "device": "mobile", "browser": "Chrome", "os": "Android",
            "channel": "paid-search", "utm.source": "google", "utm.campaign": "spring", "entry_page": "https://s.test/a?x=1",
            "duration": 80.0, "active_duration": 30.5, "click_count": 4, "completeness": 90.0,
        }));
        let pages = [page(1, "https://s.test/a?x=1", 1_000, 21_000), page(2, "https://s.test/cart", 21_000, 81_000)];
        let rage = |time| SignalRow {
            kind: "rage_click".into(),
            page: 2,
            time,
            selector: Some("#pay".into()),
            text: Some("Pay  now".into()),
            ..SignalRow::default()
        };
        let error = SignalRow { kind: "js_error".into(), page: 1, time: 2_000, text: Some("Boom".into()), ..rage(0) };
        let deeds = [Deed { time: 50_000, name: "purchase".into() }, Deed { time: 51_000, name: "purchase".into() }];
        let told = session(&facts, &pages, &[error, rage(30_000), rage(40_000)], &deeds);
        let texts: Vec<&str> = told.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "A new visitor from DK came on a phone (Chrome, Android) by paid search (google / spring) to /a.",
                "In 1 min 20 s (31 s of them active) they saw 2 page views with 4 clicks: /a (20 s) and /cart (1 min).",
                "1 script error: “Boom”, on /a.",
                "2 bursts of rage clicks on “Pay now”, on /cart.",
                "The site reported “purchase”.",
                "They left from /cart; 90 % of the session can be shown.",
            ]
        );
        let times: Vec<&[i64]> = told.iter().map(|s| s.times.as_slice()).collect();
        let wanted: [&[i64]; 6] =
            [&[1_000], &[1_000, 21_000], &[2_000], &[30_000, 40_000], &[50_000, 51_000], &[81_000]];
        assert_eq!(times, wanted);
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let told = session(&row(json!({ "duration": 5.0 })), &[page(1, "https://s.test/", 0, 5_000)], &[], &[]);
        let texts: Vec<&str> = told.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "A visitor came.",
                "In 5 s they saw this page only, scrolling to 40 % of it.",
                "Nothing looks like frustration.",
                "They left from there.",
            ]
        );
        assert_eq!(session(&Map::new(), &[], &[], &[]).len(), 1);
    }

    #[test]
    fn a_group_is_told_by_what_sets_it_apart() {
        let session = |i: usize, device: &str, rage: u32| {
            row(
                json!({ "id": i.to_string(), "device": device, "browser": "Chrome", "rage_clicks": rage, "duration": 10.0 + i as f64,
                "start_ms": 1_795_132_800_000i64, "page": [format!("https://s.test/{}", if rage > 0 { "cart" } else { "a" })] }),
            )
        };
        let all: Vec<_> = (0..20).map(|i| session(i, if i < 5 { "mobile" } else { "pc" }, u32::from(i < 4))).collect();
        let rows = &all[..5];
        let told = group(rows, &all);
        let texts: Vec<&str> = told.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "5 sessions on 2026-11-20, 12 s long in the middle (n = 5).",
                "All 5 came on a phone; in the whole project 25 % do (n = 20).",
                "4 of 5 (80 %) saw /cart; in the whole project 20 % do (n = 20).",
                "4 of 5 (80 %) had bursts of rage clicks; in the whole project 20 % do (n = 20).",
            ]
        );
        for sentence in &told[1..] {
            let filter = filter::parse(sentence.filter.as_deref().unwrap()).unwrap();
            let n = rows.iter().filter(|r| filter::holds(&filter, *r, &(), 0)).count();
            assert!(sentence.text.starts_with(&format!("{n} of 5")) || n == 5, "{}", sentence.text);
        }
        assert_eq!(group(&all[5..], &all)[1].text, "All 15 came on a computer; in the whole project 75 % do (n = 20).");
        assert_eq!(group(&[], &all), []);
        let mixed = [all[0].clone(), all[19].clone()];
        assert!(group(&mixed, &all).last().unwrap().text.starts_with("Nothing sets them apart"));
    }
}
