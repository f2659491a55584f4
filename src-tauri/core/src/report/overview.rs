//! What a set of sessions looks like at once.
//!
//! The trap: a number without its sample is worth nothing, and one that nobody can open is believed or not. Every figure
//! here stands beside its n, and beside a row of the filter language (or the ids) that gives the sessions behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde_json::{Map, Value};

use super::Sentence;
use crate::event::Millis;
use crate::facts::{self, iso, page_of};
use crate::segment::filter::{equals, is_page, starts_with};
use crate::signal::MESSAGE;
use crate::store::{PageRow, SignalRow};

/// Fields that sessions are divided by.
const DIVISIONS: [&str; 7] = ["device", "channel", "browser", "os", "country", "user_type", "source"];
/// Kinds of signals in the order of a table, each with the field that counts it.
pub const COUNTED: [(&str, &str); 6] = [
    ("rage_click", "rage_clicks"),
    ("dead_click", "dead_clicks"),
    ("error_click", "error_clicks"),
    ("quick_back", "quick_backs"),
    ("excessive_scroll", "excessive_scrolls"),
    ("js_error", "js_errors"),
];
/// Lines of each table that a screen shows.
pub const LINES: usize = 20;
/// Longest time that is shown by days, and by weeks.
const BY_DAY: i64 = 62;
const BY_WEEK: i64 = 400;
const DAY: Millis = 86_400_000;

/// A middle value and how many it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Median {
    /// Absent when there is none to tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    pub n: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Overview {
    /// Sessions that were chosen, and all of the project.
    pub sessions: usize,
    pub total: usize,
    /// Different visitors, and the sessions that name one.
    pub visitors: usize,
    pub with_visitor: usize,
    pub page_views: usize,
    /// Epoch ms of the first and the last session's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// Seconds.
    pub duration: Option<Median>,
    /// Percent.
    pub scroll_depth: Option<Median>,
    /// Sessions with any signal of frustration.
    pub frustrated: Linked,
    /// Sessions of whose page views some time cannot be shown.
    pub partial: Linked,
    /// Length of a step of `over_time`: day, week or month.
    pub step: &'static str,
    pub over_time: Vec<Step>,
    /// Sessions divided by a field; `n` of those that have a value.
    pub by: Vec<Division>,
    /// One for each kind of signal, in a fixed order.
    pub signals: Vec<SignalCount>,
    /// By page views, most first.
    pub pages: Vec<PageLine>,
    /// Pages in all.
    pub page_count: usize,
    /// Elements on which visitors met frustration, by sessions, most first.
    pub frustrations: Vec<Frustration>,
    pub frustration_count: usize,
    /// By sessions, most first.
    pub errors: Vec<ErrorGroup>,
    pub error_count: usize,
    /// Sessions whose recorder tells script errors.
    pub errors_known: usize,
    /// 75th percentiles, as the web vitals are judged by.
    pub vitals: Vec<Vital>,
    /// What the chosen sessions share and the others do not; see [`super::summary::group`].
    pub shared: Vec<Sentence>,
}

/// A number of sessions and the way to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Linked {
    pub sessions: usize,
    /// A row of the filter language.
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// First day, `2026-11-20`, in UTC.
    pub day: String,
    pub sessions: usize,
    /// By device: mobile, tablet, pc, other (or unknown).
    pub device: [usize; 4],
    pub frustrated: usize,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Division {
    pub field: &'static str,
    pub label: &'static str,
    pub n: usize,
    pub empty: usize,
    pub values: Vec<Part>,
    /// Values that are not listed.
    pub more: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    pub value: String,
    pub sessions: usize,
    /// Percent of `n`, one digit behind the point.
    pub share: f64,
    /// Percent of its sessions with any signal of frustration.
    pub frustrated: f64,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalCount {
    pub kind: &'static str,
    /// How often.
    pub count: usize,
    pub sessions: usize,
    /// Percent of the sessions.
    pub share: f64,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageLine {
    /// Address without parameters and fragment.
    pub page: String,
    pub page_views: usize,
    pub sessions: usize,
    /// Sessions that began and ended here.
    pub entries: usize,
    pub exits: usize,
    /// Seconds on the page.
    pub duration: Median,
    /// Percent.
    pub scroll_depth: Median,
    /// Signals of each kind of [`COUNTED`] in every 100 page views.
    pub signals: [f64; COUNTED.len()],
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frustration {
    pub kind: &'static str,
    pub page: String,
    pub selector: String,
    /// What the element said most often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub count: usize,
    pub sessions: usize,
    /// Sessions in which it happened.
    pub ids: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorGroup {
    pub message: String,
    /// first, third, unknown.
    pub party: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    pub count: usize,
    pub sessions: usize,
    /// Sessions in each step of `over_time`.
    pub over_time: Vec<usize>,
    #[serde(rename = "where")]
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vital {
    pub field: &'static str,
    pub label: &'static str,
    /// ms; of cls a sum of shifts.
    pub p75: f64,
    pub n: usize,
    /// Sessions beyond what counts as good: LCP 2,500 ms, INP 200 ms, CLS 0.1.
    pub slow: Linked,
}

/// Percent with one digit.
pub(super) fn percent(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { (part as f64 * 1000.0 / of as f64).round() / 10.0 }
}

fn text<'r>(row: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    row.get(field).and_then(Value::as_str)
}

fn number(row: &Map<String, Value>, field: &str) -> Option<f64> {
    row.get(field).and_then(Value::as_f64)
}

/// Value below which this share of the values lies, by the nearest rank.
pub(super) fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

pub(super) fn median(mut values: Vec<f64>) -> Median {
    Median { value: percentile(&mut values, 0.5), n: values.len() }
}

fn is_frustrated(row: &Map<String, Value>) -> bool {
    number(row, "frustration").is_some_and(|f| f > 0.0)
}

/// First day of the step that a day belongs to, both in days since 1970.
fn step_of(day: i64, step: &str) -> i64 {
    match step {
        "week" => day - (day + 3).rem_euclid(7),
        "month" => {
            let name = date(day);
            // The number of the day of the month is the distance to its first.
            day - name.get(8..10).and_then(|d| d.parse::<i64>().ok()).map_or(0, |d| d - 1)
        }
        _ => day,
    }
}

/// `2026-11-20`.
fn date(day: i64) -> String {
    iso(day.saturating_mul(DAY)).unwrap_or_default().chars().take(10).collect()
}

fn device_place(row: &Map<String, Value>) -> usize {
    match text(row, "device") {
        Some("mobile") => 0,
        Some("tablet") => 1,
        Some("pc") => 2,
        _ => 3,
    }
}

/// One page's numbers on the way.
#[derive(Default)]
struct PageTally {
    views: usize,
    sessions: BTreeSet<usize>,
    entries: usize,
    exits: usize,
    durations: Vec<f64>,
    depths: Vec<f64>,
    signals: [usize; COUNTED.len()],
}

#[derive(Default)]
struct Found {
    count: usize,
    sessions: BTreeSet<usize>,
    texts: BTreeMap<String, usize>,
}

/// Sums up sessions step by step; what is told of others is passed over.
pub struct Summing<'r> {
    rows: &'r [Map<String, Value>],
    total: usize,
    place: HashMap<&'r str, usize>,
    pages: BTreeMap<String, PageTally>,
    /// Page of each page view, by session and number.
    page_of: HashMap<(usize, u32), String>,
    views: usize,
    counts: [usize; COUNTED.len()],
    found: BTreeMap<(usize, String, String), Found>,
    errors: BTreeMap<(String, String, Option<String>), Found>,
}

impl<'r> Summing<'r> {
    /// `rows`: facts of the chosen sessions with their `id`; `total`: sessions of the project.
    pub fn new(rows: &'r [Map<String, Value>], total: usize) -> Summing<'r> {
        let place = rows.iter().enumerate().filter_map(|(at, row)| Some((text(row, "id")?, at))).collect();
        Summing {
            rows,
            total,
            place,
            pages: BTreeMap::new(),
            page_of: HashMap::new(),
            views: 0,
            counts: [0; COUNTED.len()],
            found: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// A page view; those of a session in their order.
    pub fn page(&mut self, session: &str, page: &PageRow) {
        let Some(&at) = self.place.get(session) else { return };
        let name = page_of(&page.url).to_owned();
        let tally = self.pages.entry(name.clone()).or_default();
        tally.views += 1;
        tally.sessions.insert(at);
        tally.durations.push((page.ended_at - page.started_at).max(0) as f64 / 1000.0);
        tally.depths.extend(number(&page.facts, "scroll_depth"));
        self.views += 1;
        self.page_of.insert((at, page.number), name);
    }

    /// A signal; told behind the page views.
    pub fn signal(&mut self, session: &str, signal: SignalRow) {
        let Some(&at) = self.place.get(session) else { return };
        let Some(kind) = COUNTED.iter().position(|(kind, _)| *kind == signal.kind) else { return };
        self.counts[kind] += 1;
        let page = self.page_of.get(&(at, signal.page)).cloned().unwrap_or_default();
        if let Some(tally) = self.pages.get_mut(&page) {
            tally.signals[kind] += 1;
        }
        let found = if signal.kind == "js_error" {
            let key = (signal.text.clone().unwrap_or_default(), signal.party.unwrap_or_default(), signal.script);
            self.errors.entry(key).or_default()
        } else {
            let Some(selector) = signal.selector else { return };
            self.found.entry((kind, page, selector)).or_default()
        };
        found.count += 1;
        found.sessions.insert(at);
        if let Some(text) = signal.text {
            *found.texts.entry(text).or_default() += 1;
        }
    }

    /// `most`: lines of each table.
    pub fn finish(mut self, most: usize) -> Overview {
        let rows = self.rows;
        let starts: Vec<Option<Millis>> = rows.iter().map(|r| r.get("start_ms").and_then(Value::as_i64)).collect();
        let (from, until) = (starts.iter().flatten().min().copied(), starts.iter().flatten().max().copied());
        let (step, steps) = steps(from, until);
        let visitors: BTreeSet<&str> = rows.iter().filter_map(|r| text(r, "user")).collect();
        for row in rows {
            for (field, exit) in [("entry_page", false), ("exit_page", true)] {
                let tally = text(row, field).and_then(|url| self.pages.get_mut(page_of(url)));
                if let Some(tally) = tally {
                    *(if exit { &mut tally.exits } else { &mut tally.entries }) += 1;
                }
            }
        }
        let all = |field: &str| rows.iter().filter_map(|r| number(r, field)).collect::<Vec<f64>>();
        let partial = |row: &&Map<String, Value>| number(row, "completeness").is_some_and(|c| c < 100.0);
        let (page_count, pages) = self.page_lines(most);
        let (frustration_count, frustrations) = self.frustrations(most);
        let place = |at: usize| starts[at].map(|ms| step_of(ms.div_euclid(DAY), step));
        let (error_count, errors) = self.error_groups(&steps, place, most);
        Overview {
            sessions: rows.len(),
            total: self.total,
            visitors: visitors.len(),
            with_visitor: rows.iter().filter(|r| r.contains_key("user")).count(),
            page_views: self.views,
            from,
            until,
            duration: Some(median(all("duration"))),
            scroll_depth: Some(median(all("scroll_depth"))),
            frustrated: Linked {
                sessions: rows.iter().filter(|r| is_frustrated(r)).count(),
                filter: "frustration > 0".to_owned(),
            },
            partial: Linked { sessions: rows.iter().filter(partial).count(), filter: "completeness < 100".to_owned() },
            step,
            over_time: over_time(rows, &starts, &steps, step),
            by: DIVISIONS.iter().filter_map(|field| division(rows, field, most)).collect(),
            signals: self.signal_counts(),
            pages,
            page_count,
            frustrations,
            frustration_count,
            errors,
            error_count,
            errors_known: rows.iter().filter(|r| r.contains_key("js_errors")).count(),
            vitals: vitals(rows),
            shared: Vec::new(),
        }
    }

    fn signal_counts(&self) -> Vec<SignalCount> {
        let line = |(at, (kind, field)): (usize, &(&'static str, &'static str))| {
            let sessions = self.rows.iter().filter(|r| number(r, field).is_some_and(|n| n > 0.0)).count();
            SignalCount {
                kind,
                count: self.counts[at],
                sessions,
                share: percent(sessions, self.rows.len()),
                filter: format!("{field} > 0"),
            }
        };
        COUNTED.iter().enumerate().map(line).collect()
    }

    fn page_lines(&mut self, most: usize) -> (usize, Vec<PageLine>) {
        let mut pages: Vec<(String, PageTally)> =
            std::mem::take(&mut self.pages).into_iter().filter(|(page, _)| !page.is_empty()).collect();
        let count = pages.len();
        pages.sort_by(|a, b| b.1.views.cmp(&a.1.views).then_with(|| a.0.cmp(&b.0)));
        pages.truncate(most);
        let line = |(page, tally): (String, PageTally)| PageLine {
            page_views: tally.views,
            sessions: tally.sessions.len(),
            entries: tally.entries,
            exits: tally.exits,
            duration: median(tally.durations),
            scroll_depth: median(tally.depths),
            signals: tally.signals.map(|n| percent(n, tally.views)),
            filter: is_page("page", &page),
            page,
        };
        (count, pages.into_iter().map(line).collect())
    }

    fn ids(&self, sessions: &BTreeSet<usize>) -> Vec<String> {
        sessions.iter().filter_map(|at| text(&self.rows[*at], "id").map(str::to_owned)).collect()
    }

    fn frustrations(&mut self, most: usize) -> (usize, Vec<Frustration>) {
        let mut all: Vec<_> = std::mem::take(&mut self.found).into_iter().collect();
        let count = all.len();
        all.sort_by(|(a, x), (b, y)| {
            let order = y.sessions.len().cmp(&x.sessions.len()).then_with(|| y.count.cmp(&x.count));
            order.then_with(|| a.cmp(b))
        });
        all.truncate(most);
        let line = |((kind, page, selector), found): ((usize, String, String), Found)| Frustration {
            kind: COUNTED[kind].0,
            page,
            selector,
            count: found.count,
            sessions: found.sessions.len(),
            ids: self.ids(&found.sessions),
            text: most_often(found.texts),
        };
        (count, all.into_iter().map(line).collect())
    }

    fn error_groups(
        &mut self,
        steps: &[i64],
        place: impl Fn(usize) -> Option<i64>,
        most: usize,
    ) -> (usize, Vec<ErrorGroup>) {
        let mut all: Vec<_> = std::mem::take(&mut self.errors).into_iter().collect();
        let count = all.len();
        all.sort_by(|(a, x), (b, y)| {
            let order = y.sessions.len().cmp(&x.sessions.len()).then_with(|| y.count.cmp(&x.count));
            order.then_with(|| a.cmp(b))
        });
        all.truncate(most);
        let line = |((message, party, script), found): ((String, String, Option<String>), Found)| {
            let mut over_time = vec![0; steps.len()];
            for at in &found.sessions {
                if let Some(step) = place(*at).and_then(|first| steps.binary_search(&first).ok()) {
                    over_time[step] += 1;
                }
            }
            // The facts hold messages that are longer, and none that begin or end with a blank.
            let filter = match message.chars().count() < MESSAGE {
                true => equals("js_error", message.trim()),
                false => starts_with("js_error", message.trim_start()),
            };
            ErrorGroup { filter, message, party, script, count: found.count, sessions: found.sessions.len(), over_time }
        };
        (count, all.into_iter().map(line).collect())
    }
}

fn most_often(texts: BTreeMap<String, usize>) -> Option<String> {
    // Of those that are as frequent the first by name.
    texts.into_iter().rev().max_by_key(|(_, n)| *n).map(|(text, _)| text)
}

/// The steps of a time, each by its first day, without holes.
fn steps(from: Option<Millis>, until: Option<Millis>) -> (&'static str, Vec<i64>) {
    let (Some(from), Some(until)) = (from, until) else { return ("day", Vec::new()) };
    let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
    let step = match last.saturating_sub(first) {
        days if days <= BY_DAY => "day",
        days if days <= BY_WEEK => "week",
        _ => "month",
    };
    let mut steps = Vec::new();
    let mut at = step_of(first, step);
    let last = step_of(last, step);
    // A recording's clock is whatever the page said: a century of months is enough.
    while at <= last && steps.len() < 1200 {
        steps.push(at);
        at = match step {
            "day" => at + 1,
            "week" => at + 7,
            _ => step_of(at + 31, step),
        };
    }
    (step, steps)
}

fn over_time(rows: &[Map<String, Value>], starts: &[Option<Millis>], steps: &[i64], step: &str) -> Vec<Step> {
    let mut lines: Vec<Step> = steps
        .iter()
        .enumerate()
        .map(|(at, first)| {
            let last = match steps.get(at + 1) {
                Some(next) => next - 1,
                None => step_of(first + 31, step).max(first + 1) - 1,
            };
            let last = match step {
                "week" => first + 6,
                _ => last,
            };
            Step {
                day: date(*first),
                sessions: 0,
                device: [0; 4],
                frustrated: 0,
                filter: match step {
                    "day" => format!("start = {}", date(*first)),
                    _ => format!("start between {} and {}", date(*first), date(last)),
                },
            }
        })
        .collect();
    for (row, start) in rows.iter().zip(starts) {
        let first = start.map(|ms| step_of(ms.div_euclid(DAY), step));
        let Some(line) = first.and_then(|first| steps.binary_search(&first).ok()).map(|at| &mut lines[at]) else {
            continue;
        };
        line.sessions += 1;
        line.device[device_place(row)] += 1;
        line.frustrated += usize::from(is_frustrated(row));
    }
    lines
}

fn division(rows: &[Map<String, Value>], field: &'static str, most: usize) -> Option<Division> {
    let about = facts::field(field)?;
    let mut values: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows {
        if let Some(value) = text(row, field) {
            let part = values.entry(value).or_default();
            part.0 += 1;
            part.1 += usize::from(is_frustrated(row));
        }
    }
    let n: usize = values.values().map(|(n, _)| n).sum();
    let mut values: Vec<(&str, (usize, usize))> = values.into_iter().collect();
    values.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(b.0)));
    let more = values.len().saturating_sub(most);
    let part = |(value, (sessions, frustrated)): (&str, (usize, usize))| Part {
        value: value.to_owned(),
        sessions,
        share: percent(sessions, n),
        frustrated: percent(frustrated, sessions),
        filter: equals(field, value),
    };
    let values = values.into_iter().take(most).map(part).collect();
    Some(Division { field, label: about.label, n, empty: rows.len() - n, values, more })
}

fn vitals(rows: &[Map<String, Value>]) -> Vec<Vital> {
    const GOOD: [(&str, f64); 3] = [("lcp", 2500.0), ("inp", 200.0), ("cls", 0.1)];
    let vital = |(field, good): (&'static str, f64)| {
        let mut values: Vec<f64> = rows.iter().filter_map(|r| number(r, field)).collect();
        let slow = values.iter().filter(|v| **v > good).count();
        Some(Vital {
            field,
            label: facts::field(field)?.label,
            p75: percentile(&mut values, 0.75)?,
            n: values.len(),
            slow: Linked { sessions: slow, filter: format!("{field} > {good}") },
        })
    };
    GOOD.into_iter().filter_map(vital).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::segment::filter;
    use serde_json::json;

    fn rows() -> Vec<Map<String, Value>> {
        let start = |day: i64| 1_795_132_800_000 + day * DAY; // 2026-11-20
        let row = |v: Value| v.as_object().unwrap().clone();
        vec![
            row(json!({"id": "a", "user": "u", "start_ms": start(0), "device": "mobile", "channel": "direct",
                "duration": 10.0, "frustration": 40.0, "rage_clicks": 1, "js_errors": 1, "js_error": ["Boom \"x\""],
                "entry_page": "https://s.test/?a=1", "exit_page": "https://s.test/cart", "lcp": 3000.0, "completeness": 100.0})),
            row(
                json!({"id": "b", "user": "u", "start_ms": start(2), "device": "pc", "duration": 30.0, "frustration": 0.0,
                "rage_clicks": 0, "js_errors": 0, "entry_page": "https://s.test/", "exit_page": "https://s.test/", "lcp": 100.0, "completeness": 60.0}),
            ),
            row(
                json!({"id": "c", "start_ms": start(2) + 5, "device": "mobile", "duration": 20.0, "rage_clicks": 1, "frustration": 20.0}),
            ),
        ]
    }

    fn page(number: u32, url: &str, seconds: i64, depth: Option<f64>) -> PageRow {
        let facts = depth.map(|d| json!({ "scroll_depth": d })).unwrap_or_else(|| json!({}));
        PageRow {
            number,
            url: url.to_owned(),
            title: None,
            started_at: 0,
            ended_at: seconds * 1000,
            facts: facts.as_object().unwrap().clone(),
        }
    }

    pub(crate) fn overview() -> Overview {
        let rows = rows();
        let mut sum = Summing::new(&rows, 9);
        sum.page("a", &page(1, "https://s.test/?a=1", 4, Some(50.0)));
        sum.page("a", &page(2, "https://s.test/cart", 6, None));
        sum.page("b", &page(1, "https://s.test/", 30, Some(100.0)));
        sum.page("other", &page(1, "https://s.test/", 30, Some(100.0)));
        let signal = |kind: &str, page, selector: Option<&str>, text: &str| SignalRow {
            kind: kind.to_owned(),
            page,
            selector: selector.map(str::to_owned),
            text: Some(text.to_owned()),
            ..SignalRow::default()
        };
        sum.signal("a", signal("rage_click", 1, Some("#buy"), "Buy"));
        sum.signal("a", signal("rage_click", 1, Some("#buy"), "Buy now"));
        sum.signal("c", signal("rage_click", 1, Some("#pay"), "Pay"));
        sum.signal("a", signal("js_error", 2, None, "Boom \"x\""));
        sum.signal("other", signal("js_error", 1, None, "No"));
        sum.signal("a", signal("resize", 1, None, ""));
        sum.finish(LINES)
    }

    #[test]
    fn counts_what_was_chosen_and_nothing_else() {
        let o = overview();
        assert_eq!((o.sessions, o.total, o.visitors, o.with_visitor, o.page_views), (3, 9, 1, 2, 3));
        assert_eq!(o.duration, Some(Median { value: Some(20.0), n: 3 }));
        assert_eq!(o.scroll_depth, Some(Median { value: None, n: 0 }));
        assert_eq!((o.frustrated.sessions, o.partial.sessions, o.errors_known), (2, 1, 2));
        let days: Vec<_> = o.over_time.iter().map(|s| (s.day.as_str(), s.sessions, s.device, s.frustrated)).collect();
        let days_wanted =
            [("2026-11-20", 1, [1, 0, 0, 0], 1), ("2026-11-21", 0, [0; 4], 0), ("2026-11-22", 2, [1, 0, 1, 0], 1)];
        assert_eq!((o.step, days.as_slice()), ("day", days_wanted.as_slice()));
        let first = &o.pages[0];
        assert_eq!((first.page.as_str(), first.page_views, first.sessions), ("https://s.test/", 2, 2));
        assert_eq!((first.entries, first.exits, first.signals), (2, 1, [100.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
        assert_eq!(first.scroll_depth, Median { value: Some(50.0), n: 2 });
        assert_eq!(o.page_count, 2);
        let buy = &o.frustrations[0];
        assert_eq!((buy.selector.as_str(), buy.count, buy.sessions, buy.text.as_deref()), ("#buy", 2, 1, Some("Buy")));
        assert_eq!((buy.ids.as_slice(), o.frustration_count), (["a".to_owned()].as_slice(), 2));
        assert_eq!(
            (o.errors[0].count, o.errors[0].sessions, o.errors[0].over_time.as_slice()),
            (1, 1, [1, 0, 0].as_slice())
        );
        assert_eq!((o.vitals[0].p75, o.vitals[0].n, o.vitals[0].slow.sessions), (3000.0, 2, 1));
        let device = &o.by[0];
        assert_eq!((device.field, device.n, device.empty), ("device", 3, 0));
        assert_eq!((device.values[0].sessions, device.values[0].share, device.values[0].frustrated), (2, 66.7, 100.0));
    }

    #[test]
    fn every_link_gives_as_many_sessions_as_the_number_says() {
        let (o, rows) = (overview(), rows());
        let holds = |row: &str| {
            let filter = filter::parse(row).unwrap_or_else(|e| panic!("{row}: {e:?}"));
            rows.iter().filter(|r| filter::holds(&filter, *r, &(), 0)).count()
        };
        let mut links: Vec<(&str, usize)> =
            vec![(&o.frustrated.filter, o.frustrated.sessions), (&o.partial.filter, o.partial.sessions)];
        links.extend(o.over_time.iter().map(|s| (s.filter.as_str(), s.sessions)));
        links.extend(o.by.iter().flat_map(|d| &d.values).map(|v| (v.filter.as_str(), v.sessions)));
        links.extend(o.signals.iter().map(|s| (s.filter.as_str(), s.sessions)));
        links.extend(o.errors.iter().map(|e| (e.filter.as_str(), e.sessions)));
        links.extend(o.vitals.iter().map(|v| (v.slow.filter.as_str(), v.slow.sessions)));
        assert!(links.len() > 15);
        for (row, sessions) in links {
            assert_eq!(holds(row), sessions, "{row}");
        }
        let page = filter::parse(&o.pages[0].filter).unwrap();
        for (url, is) in [("https://s.test/?a=1", true), ("https://s.test/", true), ("https://s.test/cart", false)] {
            let row = json!({ "page": [url] });
            assert_eq!(filter::holds(&page, row.as_object().unwrap(), &(), 0), is, "{url}");
        }
    }

    #[test]
    fn long_times_are_told_by_weeks_and_months() {
        let day = |text: &str| facts::parse_iso(&format!("{text}T12:00:00Z")).unwrap();
        let names = |from: &str, until: &str| {
            let (step, steps) = steps(Some(day(from)), Some(day(until)));
            (step, steps.len(), date(steps[0]), date(*steps.last().unwrap()))
        };
        assert_eq!(names("2026-11-20", "2026-11-20"), ("day", 1, "2026-11-20".into(), "2026-11-20".into()));
        assert_eq!(names("2026-09-01", "2026-11-20"), ("week", 12, "2026-08-31".into(), "2026-11-16".into()));
        assert_eq!(names("2025-01-31", "2026-11-20"), ("month", 23, "2025-01-01".into(), "2026-11-01".into()));
        let rows = rows();
        let starts = [Some(day("2025-01-31")), Some(day("2026-02-28")), None];
        let (step, all) = steps(starts[0], Some(day("2026-11-20")));
        let lines = over_time(&rows, &starts, &all, step);
        assert_eq!(lines[0].filter, "start between 2025-01-01 and 2025-01-31");
        assert_eq!(lines[13].filter, "start between 2026-02-01 and 2026-02-28");
        assert_eq!(lines.last().unwrap().filter, "start between 2026-11-01 and 2026-11-30");
        assert_eq!((lines[0].sessions, lines[13].sessions, lines.iter().map(|l| l.sessions).sum::<usize>()), (1, 1, 2));
    }

    #[test]
    fn nothing_gives_an_empty_overview() {
        let o = Summing::new(&[], 0).finish(LINES);
        assert_eq!((o.sessions, o.over_time.len(), o.pages.len(), o.vitals.len()), (0, 0, 0, 0));
        assert_eq!(o.by.iter().map(|d| d.values.len()).sum::<usize>(), 0);
    }
}
