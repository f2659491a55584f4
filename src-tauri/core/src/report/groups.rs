//! Sessions added up by a value that they share.
//!
//! The trap: a session with several values of a field counts under each, so the lines of a table may add up to more than
//! the sessions; each line stands for itself and says its n.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::COUNTED;
use super::overview::{median, percent};

/// Columns of [`by_value`] in order.
pub fn columns(first: &[&str]) -> Vec<String> {
    let fixed = [
        "sessions",
        "share",
        "visitors",
        "page_views",
        "clicks",
        "median_duration",
        "median_scroll_depth",
        "median_frustration",
        "frustrated",
    ];
    let counts = COUNTED.iter().map(|(_, field)| *field);
    first.iter().copied().chain(fixed).chain(counts).map(str::to_owned).collect()
}

/// What a line is about, and the sessions under it.
type Group<'r> = (Map<String, Value>, Vec<&'r Map<String, Value>>);

/// One line for each key that `keys` gives of a session, most sessions first. Beside the key: sessions, their share of
/// all in percent, visitors, page views, clicks, medians (seconds, percent, score), sessions with any signal of
/// frustration, and how often each kind was found. Sums leave out sessions that do not know the number.
pub fn by_value(
    rows: &[Map<String, Value>],
    keys: impl Fn(&Map<String, Value>) -> Vec<Map<String, Value>>,
) -> Vec<Map<String, Value>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for row in rows {
        for key in keys(row) {
            let name = Value::Object(key.clone()).to_string();
            groups.entry(name).or_insert_with(|| (key, Vec::new())).1.push(row);
        }
    }
    let mut lines: Vec<(String, Map<String, Value>)> =
        groups.into_iter().map(|(name, (key, of))| (name, line(key, &of, rows.len()))).collect();
    let sessions = |line: &Map<String, Value>| line.get("sessions").and_then(Value::as_u64);
    lines.sort_by(|(a, x), (b, y)| sessions(y).cmp(&sessions(x)).then_with(|| a.cmp(b)));
    lines.into_iter().map(|(_, line)| line).collect()
}

fn line(mut line: Map<String, Value>, of: &[&Map<String, Value>], all: usize) -> Map<String, Value> {
    let numbers = |field: &str| of.iter().filter_map(|r| r.get(field)?.as_f64()).collect::<Vec<f64>>();
    let sum = |field: &str| numbers(field).iter().sum::<f64>() as u64;
    let visitors: BTreeSet<&str> = of.iter().filter_map(|r| r.get("user")?.as_str()).collect();
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("sessions", of.len().into());
    put("share", percent(of.len(), all).into());
    put("visitors", visitors.len().into());
    put("page_views", sum("page_count").into());
    put("clicks", sum("click_count").into());
    for (name, field) in [
        ("median_duration", "duration"),
        ("median_scroll_depth", "scroll_depth"),
        ("median_frustration", "frustration"),
    ] {
        put(name, median(numbers(field)).value.into());
    }
    put("frustrated", numbers("frustration").iter().filter(|f| **f > 0.0).count().into());
    for (_, field) in COUNTED {
        put(field, sum(field).into());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sessions_count_under_each_of_their_values() {
        let row = |v: Value| v.as_object().unwrap().clone();
        let rows = [
            row(
                json!({"user": "u", "tag.plan": ["pro", "old"], "page_count": 2, "click_count": 3, "duration": 10.0, "frustration": 5.0, "rage_clicks": 1}),
            ),
            row(
                json!({"user": "u", "tag.plan": ["pro"], "page_count": 1, "click_count": 1, "duration": 30.0, "frustration": 0.0, "rage_clicks": 0}),
            ),
            row(json!({})),
        ];
        let keys = |r: &Map<String, Value>| {
            let values = r.get("tag.plan").and_then(Value::as_array).cloned().unwrap_or_default();
            values.into_iter().map(|v| row(json!({ "tag": "plan", "value": v }))).collect()
        };
        let lines = by_value(&rows, keys);
        let got: Vec<Value> = lines
            .iter()
            .map(|l| {
                json!([
                    l["value"],
                    l["sessions"],
                    l["share"],
                    l["visitors"],
                    l["page_views"],
                    l["clicks"],
                    l["median_duration"],
                    l["frustrated"],
                    l["rage_clicks"]
                ])
            })
            .collect();
        assert_eq!(got, [json!(["pro", 2, 66.7, 1, 3, 4, 10.0, 1, 1]), json!(["old", 1, 33.3, 1, 2, 3, 10.0, 1, 1])]);
        let known: BTreeSet<String> = columns(&["tag", "value"]).into_iter().collect();
        assert_eq!(lines[0].keys().cloned().collect::<BTreeSet<_>>(), known);
    }
}
