use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::*;

const NOW: Millis = 1_795_000_000_000;

fn facts(value: Json) -> Map<String, Json> {
    value.as_object().cloned().unwrap_or_default()
}

/// A visit of Friday, 20 November 2026, 14:32:05.123 UTC.
fn visit() -> Map<String, Json> {
    facts(json!({
        "id": "s1", "start_ms": 1_795_185_125_123_i64, "start": "2026-11-20T14:32:05.123Z", "day": "fri", "hour": 14,
        "duration": 125.3, "page_count": 3, "click_count": 0, "scroll_depth": 71.5, "device": "pc", "browser": "Chrome",
        "country": "DE", "city": "New York", "has_utm": true, "utm.source": "Google", "entered_text": false,
        "page": ["https://x.test/", "https://x.test/cart.html?a=1&b=2", "https://x.test/straße"],
        "event": ["add_to_cart", "contains"], "title": [], "language": "",
        "tag.plan": ["gold", "2.0"], "tag.Cart Size": ["12", "big"], "rage_clicks": 2, "lcp": 2500, "page_duration": [12.5, 0.1],
        "label": null
    }))
}

fn fits(row: &str) -> bool {
    let filter = parse(row).unwrap_or_else(|problems| panic!("{row}: {problems:?}"));
    let again = filter.to_string();
    let back = parse(&again).unwrap_or_else(|problems| panic!("{row} printed as {again}: {problems:?}"));
    assert_eq!(back.to_string(), again, "{row}");
    let answer = holds(&filter, &visit(), &(), NOW);
    assert_eq!(holds(&back, &visit(), &(), NOW), answer, "{row} printed as {again}");
    answer
}

#[track_caller]
fn all(rows: &[&str]) {
    for row in rows {
        assert!(fits(row), "{row} should hold");
    }
}

#[track_caller]
fn none(rows: &[&str]) {
    for row in rows {
        assert!(!fits(row), "{row} should not hold");
    }
}

/// Column and code of each problem.
fn wrong(row: &str) -> Vec<(usize, &'static str)> {
    parse(row).map_or_else(|p| p.iter().map(|p| (p.column(row), p.code)).collect(), |_| Vec::new())
}

#[test]
fn joins_and_brackets() {
    all(&[
        "country = DE AND hour = 14",
        "country = FR OR hour = 14 and device = pc",
        "(country = FR OR hour = 14) AND NOT device = mobile",
        "not (country = FR or device = mobile)",
        "NOT NOT country=DE",
        "country=DE\n  AND hour!=9",
    ]);
    none(&[
        "country = FR OR hour = 14 AND device = mobile",
        "NOT (country = DE OR nonsense.is = 1)".replace(" OR nonsense.is = 1", "").as_str(),
    ]);
    assert_eq!(parse("a = 1").map_err(|p| p[0].code), Err("unknown_field"));
    assert_eq!(
        parse("(country=DE and  hour= 14) or has_utm").unwrap().to_string(),
        "country = DE AND hour = 14 OR has_utm"
    );
    assert_eq!(
        parse("country = DE AND (hour = 14 OR has_utm) AND NOT (device = pc AND hour = 1)").unwrap().to_string(),
        "country = DE AND (hour = 14 OR has_utm) AND NOT (device = pc AND hour = 1)"
    );
}

#[test]
fn bounds_belong_to_between() {
    all(&[
        "hour between 9 and 14",
        "hour between 14 and 17",
        "duration between 125.3 and 125.3",
        "start between 2026-11-14 and 2026-11-20",
        "lcp between 2.5s and 3s AND hour = 14",
    ]);
    none(&["hour between 17 and 9", "start between 2026-11-01 and 2026-11-19", "hour between 15 and 17"]);
}

#[test]
fn units() {
    all(&[
        "duration > 2m",
        "duration > 2M5S",
        "duration = 125.3",
        "duration = 125300ms",
        "duration < 0.5h",
        "duration = 2m5.3s",
        "lcp = 2.5s",
        "lcp = 2500",
        "lcp >= 2500ms",
        "scroll_depth > 71%",
        "scroll_depth = 71.5%",
        "page_duration = 0.1",
        "page_duration = 100ms",
        "page_duration > 12s",
        "duration < 1w AND duration < 1d",
    ]);
    none(&["lcp < 2.5s", "scroll_depth < 0.5", "page_duration = 0.2", "duration > 126"]);
    assert_eq!(wrong("duration > 5 m"), [(14, "expected_join")]);
    assert_eq!(wrong("duration > 5x"), [(12, "bad_value")]);
    assert_eq!(wrong("hour > 50%"), [(8, "bad_value")]);
}

#[test]
fn what_is_empty() {
    all(&[
        "label is empty",
        "title is empty",
        "language is empty",
        "referrer is empty",
        "referrer = \"\"",
        "referrer in (\"\", google)",
        "click_count is not empty",
        "entered_text is not empty",
        "NOT country is empty",
        "referrer != google",
        "referrer not contains google",
        "NOT referrer = google",
        "referrer not matches x",
        "referrer not in (a, b)",
        "tag.unseen is empty",
        "country != \"\"",
        "clicked_text != yes",
    ]);
    none(&[
        "NOT (referrer != google)",
        "referrer contains \"\"",
        "referrer starts with g",
        "state > 5",
        "js_errors = no",
        "js_errors = 0",
        "js_errors < 5",
        "referrer != \"\"",
        "NOT referrer != google",
        "country is empty",
    ]);
}

#[test]
fn several_values() {
    all(&[
        "page contains cart",
        "event = add_to_cart",
        "event != purchase",
        "event not in (purchase, refund)",
        "page ends with \"b=2\"",
        "tag.plan = gold",
        "tag.plan in (silver, GOLD)",
        "event = (x, add_to_cart)",
        "event != (x, y)",
        "page matches \"cart\\.html\\?\"",
    ]);
    none(&[
        "event != add_to_cart",
        "event not in (add_to_cart, x)",
        "page not contains cart",
        "page = /cart.html",
        "event != (x, contains)",
    ]);
}

#[test]
fn words_and_quotes() {
    all(&[
        "page = https://x.test/",
        "page = \"https://x.test/cart.html?a=1&b=2\"",
        "city = \"New York\"",
        "city = 'new york'",
        "event = contains",
        "page matches \"\\.html\"",
        "page matches \"\\\\.html\"",
        "page ends with STRASSE OR page ends with STRAẞE",
        "tag.\"cart size\" = 12",
        "TAG.PLAN = gold",
        "Country=de",
        "country!=\"it's\"",
        "country != o'neill",
    ]);
    assert_eq!(wrong("city = New York"), [(12, "expected_join")]);
    assert_eq!(wrong("event = and"), [(9, "expected_value")]);
    assert!(fits("event != \"and\""));
    assert_eq!(wrong("city = \"New"), [(12, "unclosed_quote")]);
    assert_eq!(parse(r#"city="a\\b\"c\d""#).unwrap().to_string(), r#"city = "a\b\"c\d""#);
    assert_eq!(parse("tag.\"cart size\"!='x y'").unwrap().to_string(), "tag.\"cart size\" != \"x y\"");
}

#[test]
fn kinds_of_fields() {
    all(&[
        "page_count = \"3\"",
        "tag.plan >= 2",
        "tag.\"Cart Size\" between 10 and 20",
        "rage_clicks = yes",
        "rage_clicks",
        "has_utm",
        "click_count = no",
        "click_count != yes",
        "entered_text = false",
        "NOT entered_text",
        "device = Desktop",
        "day = Friday",
        "day in (SAT, fri)",
        "browser = chrome",
    ]);
    none(&["tag.plan = 2", "click_count", "entered_text", "tag.plan < 1", "day = sat", "country > 5", "has_utm = no"]);
    for (row, column) in [
        ("page_count = many", 14),
        ("start > 5", 9),
        ("country > DE", 11),
        ("js_errors > yes", 13),
        ("js_errors in (yes)", 15),
        ("day > mon", 7),
        ("day = someday", 7),
        ("has_utm = maybe", 11),
        ("has_utm > yes", 11),
        ("page_count = nan", 14),
        ("page_count = inf", 14),
        ("frustration > 1e999", 15),
    ] {
        assert_eq!(wrong(row), [(column, "bad_value")], "{row}");
    }
    assert_eq!(wrong("duration contains 5"), [(10, "not_text")]);
    assert_eq!(wrong("country"), [(8, "expected_operator")]);
    assert_eq!(wrong("duration AND hour = 3"), [(10, "expected_operator")]);
    assert_eq!(wrong("city contains (a, b)"), [(15, "expected_value")]);
    assert_eq!(wrong("city > (1, 2)"), [(8, "expected_value")]);
    assert_eq!(wrong("city not starts with a"), [(10, "expected_operator")]);
}

#[test]
fn dates() {
    all(&[
        "start = 2026-11-20",
        "start >= 2026-11-20",
        "start <= 2026-11-20",
        "start < 2026-11-21",
        "start > 2026-11-19",
        "start = 2026-11-20T14:32",
        "start = 2026-11-20T14:32:05",
        "start = 2026-11-20T14:32:05.123Z",
        "start = \"2026-11-20 14:32\"",
        "start = 2026-11-20T15:32+01:00",
        "start = 2026-11-20T10:02:05-0430",
        "start in (2026-11-01, 2026-11-20)",
        "start != 2026-11-21",
        "start > 30d ago",
        "start > \"2w ago\"",
        "start > 1d12h ago AND hour = 14",
    ]);
    none(&[
        "start > 2026-11-20",
        "start < 2026-11-20",
        "start = 2026-11-20T14:33",
        "start < 30d ago",
        "start != 2026-11-20",
    ]);
    for row in
        ["start = 2026-13-01", "start = 2026-02-30", "start = 2026-11-20T25:00", "start = 20.11.2026", "start = x ago"]
    {
        assert_eq!(wrong(row), [(9, "bad_value")], "{row}");
    }
}

#[test]
fn patterns() {
    all(&[
        "page matches CART",
        "page matches ^https://x\\.test/$",
        "country matches (?-i:DE)".replace("(?-i:DE)", "\"(?-i:DE)\"").as_str(),
    ]);
    none(&["country matches \"(?-i:de)\"", "page matches ^cart"]);
    assert_eq!(wrong("page matches \"(?=x)\""), [(14, "bad_pattern")]);
    assert_eq!(wrong("page matches \"(\""), [(14, "bad_pattern")]);
    assert_eq!(wrong("page matches \"\\1\""), [(14, "bad_pattern")]);
    assert_eq!(wrong("page matches a{1000}{1000}{1000}"), [(14, "bad_pattern")]);
}

#[test]
fn errors_are_all_told_at_their_places() {
    assert_eq!(wrong(""), [(1, "empty_row")]);
    assert_eq!(wrong("  "), [(3, "empty_row")]);
    assert_eq!(
        wrong("contry = DE AND duration > x OR (city = )"),
        [(1, "unknown_field"), (28, "bad_value"), (41, "expected_value")]
    );
    let problems = parse("contry = DE").unwrap_err();
    assert_eq!(problems[0].message, "There is no field contry. Did you mean country?");
    assert_eq!(wrong("country = DE AND"), [(17, "expected_test")]);
    assert_eq!(wrong("(country = DE"), [(14, "unclosed_bracket")]);
    assert_eq!(wrong("country = DE)"), [(13, "expected_end")]);
    assert_eq!(wrong("country in DE"), [(12, "expected_list")]);
    assert_eq!(wrong("country in ()"), [(13, "expected_value")]);
    assert_eq!(wrong("country in (DE FR)"), [(16, "expected_comma")]);
    assert_eq!(wrong("hour between 1"), [(15, "expected_and")]);
    assert_eq!(wrong("= 5"), [(1, "expected_field")]);
    assert_eq!(wrong("AND country = DE"), [(1, "expected_test"), (1, "expected_end")][..1]);
    assert_eq!(wrong("straße = DE"), [(1, "unknown_field")]);
    assert_eq!(wrong("city = \"Gießen\" x"), [(17, "expected_join")]);
    assert_eq!(wrong("country == DE"), [(10, "expected_value")]);
    assert_eq!(wrong("@"), [(1, "expected_segment")]);
}

#[test]
fn depth_is_bounded() {
    let nested = |n: usize| format!("{}country = DE{}", "(".repeat(n), ")".repeat(n));
    assert!(fits(&nested(64)));
    assert!(fits(&format!("{}country = DE", "NOT ".repeat(64))));
    assert_eq!(wrong(&nested(100_000))[0].1, "too_deep");
    assert_eq!(wrong(&"NOT ".repeat(100_000))[0].1, "too_deep");
}

struct Library(Vec<(&'static str, Vec<Filter>)>);

impl Rows for Library {
    fn rows(&self, id: &str) -> Option<&[Filter]> {
        self.0.iter().find(|(name, _)| *name == id).map(|(_, rows)| rows.as_slice())
    }
}

#[test]
fn segments_are_their_rows() {
    let rows = |rows: &[&str]| rows.iter().map(|row| parse(row).unwrap()).collect();
    let library = Library(vec![
        ("german", rows(&["country = DE OR country = AT", "hour = 14"])),
        ("everyone", Vec::new()),
        ("both", rows(&["@german", "NOT @nobody"])),
        ("nobody", rows(&["country = DE", "country = FR"])),
    ]);
    let ask = |row: &str| holds(&parse(row).unwrap(), &visit(), &library, NOW);
    assert!(ask("@german AND @everyone") && ask("@both") && !ask("@nobody") && ask("NOT @nobody"));
    assert!(!ask("@German"), "ids are exact");
    assert_eq!(parse("@a OR NOT (@b AND @a)").unwrap().segments(), [("a", 0), ("b", 11), ("a", 18)]);
}

/// Rows that the grammar can make.
fn any_row() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[a-zA-Z0-9._/:?&%#-]{1,8}"
            .prop_filter("keywords", |w: &String| { !["and", "or", "not"].contains(&w.to_lowercase().as_str()) }),
        "\"[^\"\\\\]{0,8}\"",
        Just("\"a\\\\\"".to_owned()),
        Just("\"q\\\"q\"".to_owned()),
    ];
    let test = prop_oneof![
        value.clone().prop_map(|v| format!("country = {v}")),
        value.clone().prop_map(|v| format!("event != {v}")),
        (value.clone(), value.clone()).prop_map(|(a, b)| format!("city not in ({a}, {b})")),
        value.clone().prop_map(|v| format!("page not contains {v}")),
        value.prop_map(|v| format!("tag.plan starts with {v}")),
        (0..2000).prop_map(|n| format!("duration > {n}s")),
        Just("rage_clicks".to_owned()),
        Just("start > 30d ago".to_owned()),
        Just("label is not empty".to_owned()),
    ];
    test.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|p| format!("({})", p.join(" OR "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|p| format!("({})", p.join(" and "))),
            inner.prop_map(|p| format!("NOT {p}")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(row in any_row()) {
        fits(&row);
    }

    #[test]
    fn no_text_breaks_the_parser(row in "\\PC{0,60}") {
        if let Err(problems) = parse(&row) {
            prop_assert!(!problems.is_empty());
            for p in problems {
                prop_assert!(p.at <= p.until && p.until <= row.len() && row.is_char_boundary(p.at));
            }
        }
    }

    #[test]
    fn not_is_the_complement(row in any_row()) {
        prop_assert_eq!(fits(&row), !fits(&format!("NOT ({row})")));
    }
}
