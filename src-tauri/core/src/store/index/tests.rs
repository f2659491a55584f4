use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::event::Millis;
use crate::facts::{self, Field, FieldKind};
use crate::segment::filter::{self, Cell, Filter, Rows, holds};
use crate::store::{Bound, Sql};

const NOW: Millis = 1_795_000_000_000;

/// Segments that name each other, and a `utm` table.
#[derive(Debug, Default)]
struct Library(BTreeMap<String, Vec<Filter>>);

impl Rows for Library {
    fn rows(&self, id: &str) -> Option<&[Filter]> {
        self.0.get(id).map(Vec::as_slice)
    }
    fn standard(&self, parameter: &str, recorded: &str) -> Option<String> {
        match (parameter, recorded.to_lowercase().as_str()) {
            ("source", "b") => Some("a".to_owned()),
            ("medium", "a" | "ab") => Some("Straße".to_owned()),
            _ => None,
        }
    }
}

const TEXTS: &[&str] = &[
    "a",
    "A",
    "b",
    "B",
    "ab",
    "Straße",
    "STRASSE",
    "Ärger",
    "2",
    "2.0",
    "10",
    "-3",
    "yes",
    "x y",
    "ΑΣ",
    "İ",
    "and",
    "%_",
    "https://x.test/cart?a=1",
    "https://x.test/",
    "it's",
    "q\"q",
    "\\",
    "",
];
const NUMBERS: &[f64] = &[-1.0, 0.0, 0.1, 0.5, 1.0, 2.0, 2.5, 3.0, 12.5, 60.0, 90.123, 100.0, 2500.0];
const TAGS: &[&str] = &["tag.plan", "tag.Plan", "tag.cart size", "tag.Ä\"'b"];

fn fields() -> impl Iterator<Item = &'static Field> {
    facts::FIELDS.iter().chain(facts::PRODUCT_FIELDS)
}

/// A value as recordings have them.
fn value(field: &'static Field) -> BoxedStrategy<Value> {
    let words: Vec<&str> = field.words().iter().map(|w| w.word).chain(["Odd", "a"]).collect();
    let number = select(NUMBERS);
    match field.kind {
        FieldKind::Text => select(TEXTS).prop_map(Value::from).boxed(),
        FieldKind::Enum => select(words).prop_map(Value::from).boxed(),
        FieldKind::YesNo => any::<bool>().prop_map(Value::from).boxed(),
        FieldKind::Date => (0i64..40).prop_map(|h| Value::from(NOW - h * 3_600_000 * 7 - h)).boxed(),
        FieldKind::Count => (0u32..4).prop_map(Value::from).boxed(),
        _ => number.prop_map(|n| if n.fract() == 0.0 { json!(n as i64) } else { json!(n) }).boxed(),
    }
}

fn facts_of() -> impl Strategy<Value = Map<String, Value>> {
    let mut each: Vec<BoxedStrategy<(String, Value)>> = Vec::new();
    for field in fields().filter(|f| column_of(key_in_rows(f.name)).is_some()) {
        let key = key_in_rows(field.name).to_owned();
        let values = match field.several {
            true => prop::collection::vec(value(field), 0..4).prop_map(Value::from).boxed(),
            false => value(field),
        };
        let there = prop_oneof![3 => values, 1 => Just(Value::Null)];
        each.push(there.prop_map(move |value| (key.clone(), value)).boxed());
    }
    for tag in TAGS {
        let texts = prop::collection::vec(select(TEXTS).prop_map(Value::from), 0..3).prop_map(Value::from);
        let there = prop_oneof![1 => texts, 1 => select(TEXTS).prop_map(Value::from), 1 => Just(Value::Null)];
        each.push(there.prop_map(|value| ((*tag).to_owned(), value)).boxed());
    }
    each.prop_map(|all| all.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

fn said() -> impl Strategy<Value = Said> {
    let texts = || prop::collection::btree_set(select(&TEXTS[..TEXTS.len() - 1]), 0..3);
    (any::<bool>(), any::<bool>(), prop::option::of(1i64..6), texts(), texts()).prop_map(
        |(watched, favorite, rating, labels, notes)| Said {
            watched,
            favorite,
            rating,
            labels: labels.into_iter().map(str::to_owned).collect(),
            notes: notes.into_iter().map(str::to_owned).collect(),
        },
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A test of the language, of any field and operator.
fn test() -> impl Strategy<Value = String> {
    let names: Vec<String> = fields()
        .filter(|f| f.name != "tag.KEY")
        .map(|f| f.name.to_owned())
        .chain(["tag.plan", "tag.\"cart size\"", "tag.\"Ä\\\"'b\"", "tag.never"].map(str::to_owned))
        .collect();
    select(names).prop_flat_map(|name| {
        let field = match facts::field(&name) {
            Some(field) => field,
            None => panic!("{name}"),
        };
        let literal = move || -> BoxedStrategy<String> {
            match field.kind {
                FieldKind::Text => select(TEXTS).prop_map(quoted).boxed(),
                FieldKind::Enum => {
                    let words: Vec<&str> =
                        field.words().iter().flat_map(|w| [w.word].into_iter().chain(w.also.clone())).collect();
                    select(words).prop_map(quoted).boxed()
                }
                FieldKind::YesNo => select(&["yes", "no", "\"\""][..]).prop_map(str::to_owned).boxed(),
                FieldKind::Date => dates().boxed(),
                FieldKind::Seconds => prop_oneof![
                    select(NUMBERS).prop_map(|n| n.to_string()),
                    Just("1m30.123s".to_owned()),
                    Just("100ms".to_owned())
                ]
                .boxed(),
                _ => select(NUMBERS).prop_map(|n| n.to_string()).boxed(),
            }
        };
        // Only numbers bound a text.
        let bound = move || match field.kind {
            FieldKind::Text | FieldKind::Enum => select(NUMBERS).prop_map(|n| n.to_string()).boxed(),
            _ => literal(),
        };
        let is_text = matches!(field.kind, FieldKind::Text | FieldKind::Enum);
        let mut tests: Vec<BoxedStrategy<String>> = vec![
            (select(&["=", "!="][..]), literal()).prop_map(|(sign, v)| format!("{sign} {v}")).boxed(),
            (any::<bool>(), prop::collection::vec(literal(), 1..4))
                .prop_map(|(not, list)| format!("{}in ({})", if not { "not " } else { "" }, list.join(", ")))
                .boxed(),
            any::<bool>().prop_map(|not| if not { "is not empty" } else { "is empty" }.to_owned()).boxed(),
        ];
        if field.kind != FieldKind::YesNo && field.name != "day" {
            tests.push((select(&[">", ">=", "<", "<="][..]), bound()).prop_map(|(s, v)| format!("{s} {v}")).boxed());
            tests.push((bound(), bound()).prop_map(|(a, b)| format!("between {a} and {b}")).boxed());
        }
        if matches!(field.kind, FieldKind::YesNo | FieldKind::Count) {
            tests.push(Just(String::new()).boxed());
            tests.push(select(&["= yes", "= no", "!= yes", "!= no"][..]).prop_map(str::to_owned).boxed());
        }
        if is_text {
            let part = prop_oneof![select(TEXTS), select(&["x.test", "s", "R", "ß", "ς", "i̇"][..])].prop_map(quoted);
            let word = select(&["contains", "not contains", "starts with", "ends with"][..]);
            tests.push((word, part).prop_map(|(word, v)| format!("{word} {v}")).boxed());
            let pattern = select(&["^a", "cart|straße$", "(?-i:A)", ".", "\\d+", "^$", "[[:^alpha:]]", "σ$"][..]);
            let pattern = (any::<bool>(), pattern);
            tests.push(
                pattern.prop_map(|(not, p)| format!("{}matches {}", if not { "not " } else { "" }, quoted(p))).boxed(),
            );
        }
        prop::strategy::Union::new(tests).prop_map(move |test| format!("{name} {test}"))
    })
}

fn dates() -> impl Strategy<Value = String> {
    let written: [&'static str; 8] = [
        "2026-11-18",
        "2026-11-17T03:00",
        "2026-11-16T00:00:00.000Z",
        "2026-11-10T10:02:05-0430",
        "7d ago",
        "\"20h ago\"",
        "\"2026-11-18 11:06:39\"",
        "0s ago",
    ];
    select(written.to_vec()).prop_map(str::to_owned)
}

fn row() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![6 => test(), 1 => select(&["@one", "@two", "@three", "@none"][..]).prop_map(str::to_owned)];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|p| format!("({})", p.join(" OR "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|p| format!("({})", p.join(" AND "))),
            inner.prop_map(|p| format!("NOT {p}")),
        ]
    })
}

fn parsed(row: &str) -> Filter {
    filter::parse(row).unwrap_or_else(|problems| panic!("{row}: {problems:?}"))
}

/// Segments of generated rows: the second names the first, the third both.
fn library(rows: &[String; 3]) -> Library {
    let own = |row: &String, below: &[&str]| {
        let mut text = row.clone();
        for name in ["@one", "@two", "@three"].iter().filter(|name| !below.contains(name)) {
            text = text.replace(name, "watched");
        }
        vec![parsed(&text)]
    };
    let mut segments = BTreeMap::new();
    segments.insert("one".to_owned(), own(&rows[0], &[]));
    segments.insert("two".to_owned(), [own(&rows[1], &["@one"]), vec![parsed("NOT @one OR has_utm")]].concat());
    segments.insert("three".to_owned(), [own(&rows[2], &["@one", "@two"]), vec![parsed("@one OR @two")]].concat());
    Library(segments)
}

struct Project {
    _folder: tempfile::TempDir,
    cache: Cache,
}

impl Project {
    fn new() -> Project {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("p.dwell")).unwrap();
        cache.db.pragma_update(None, "synchronous", "OFF").unwrap();
        Project { _folder: folder, cache }
    }

    fn put(&self, id: &str, facts: &Map<String, Value>) {
        let sql = "INSERT INTO sessions (id, source, recorder_project, recorder_user, recorder_session, started_at, \
                   ended_at, page_count, event_count, partial, facts, meta, derived_by, sketch) \
                   VALUES (?1, 'clarity', '', '', ?1, 0, 0, 0, 0, 0, ?2, '{}', 0, '{}') \
                   ON CONFLICT (id) DO UPDATE SET facts = ?2";
        self.cache.db.execute(sql, (id, serde_json::to_string(facts).unwrap())).unwrap();
    }

    fn say(&self, id: &str, said: &Said) {
        let db = &self.cache.db;
        db.execute("DELETE FROM marks WHERE session = ?", [id]).unwrap();
        db.execute("DELETE FROM notes WHERE session = ?", [id]).unwrap();
        let mark = |kind: &str, key: &str, who: &str, value: Value, gone: bool| {
            db.execute("INSERT INTO marks VALUES (?, ?, ?, ?, ?, 1, ?)", (kind, id, key, who, value.to_string(), gone))
                .unwrap();
        };
        mark("watched", "", "a", json!({"at": 1}), !said.watched);
        mark("favourite", "", "a", json!({}), true);
        if said.favorite {
            mark("favourite", "", "b", json!({}), false);
        }
        if let Some(rating) = said.rating {
            mark("rating", "", "a", json!({ "rating": rating }), false);
            mark("rating", "", "b", json!({ "rating": rating - 1 }), false);
            mark("rating", "", "c", json!({ "rating": rating + 1 }), true);
        }
        mark("label", "never", "", json!({"label": "never"}), true);
        for label in &said.labels {
            mark("label", label, "", json!({ "label": label }), false);
        }
        for (n, note) in said.notes.iter().enumerate() {
            let sql = "INSERT INTO notes (id, session, text, created_at, changed_at, gone) VALUES (?, ?, ?, 1, 1, 0)";
            db.execute(sql, (format!("{id}-{n}"), id, note)).unwrap();
        }
    }
}

type Session = (String, Map<String, Value>, Said);

fn sessions() -> impl Strategy<Value = Vec<Session>> {
    prop::collection::btree_map("[a-fA-F]{1,2}", (facts_of(), said()), 0..10)
        .prop_map(|all| all.into_iter().map(|(id, (facts, said))| (id, facts, said)).collect())
}

/// With everything that a filter sees.
fn seen(facts: &Map<String, Value>, said: &Said) -> Map<String, Value> {
    let mut facts = facts.clone();
    said.write(&mut facts);
    facts
}

fn ids(index: &Index, set: &RoaringBitmap) -> BTreeSet<String> {
    set.iter().map(|slot| index.id(slot).to_owned()).collect()
}

fn first_cell(facts: &Map<String, Value>, field: &Field, key: Option<&str>, library: &Library) -> Option<Value> {
    let mut first = None;
    filter::values(facts, field.name, key, library, &mut |cell| {
        first = first.take().or_else(|| {
            Some(match cell {
                Cell::Text(text) => text.into(),
                Cell::Number(n) => n.into(),
                Cell::YesNo(yes) => yes.into(),
            })
        });
    });
    first
}

fn order(a: &Value, b: &Value) -> Ordering {
    let mut answer = Ordering::Equal;
    cells(a, &mut |a| cells(b, &mut |b| answer = a.order(b)));
    answer
}

/// What an index says against what is true of the sessions, each looked at alone.
fn check(project: &Project, index: &Index, sessions: &[Session], rows: &[Filter], library: &Library) {
    let truth: BTreeMap<&str, Map<String, Value>> =
        sessions.iter().map(|(id, facts, said)| (id.as_str(), seen(facts, said))).collect();
    let direct: BTreeSet<String> = truth
        .iter()
        .filter(|(_, facts)| rows.iter().all(|row| holds(row, *facts, library, NOW)))
        .map(|(id, _)| (*id).to_owned())
        .collect();
    let set = index.select(rows, library, NOW);
    let shown: Vec<String> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(ids(index, &set), direct, "index: {shown:?}");
    assert_eq!(index.counts(&[rows], library, NOW), [direct.len() as u64]);
    let sql = project.cache.select(rows, library, NOW).unwrap();
    assert_eq!(sql.into_iter().collect::<BTreeSet<_>>(), direct, "{}", Sql::of(rows, library, NOW).shown);
}

/// Order, places and counts per value.
fn check_lists(index: &Index, sessions: &[Session], field: &'static Field, key: Option<&str>, library: &Library) {
    let truth: BTreeMap<&str, Map<String, Value>> =
        sessions.iter().map(|(id, facts, said)| (id.as_str(), seen(facts, said))).collect();
    for descending in [false, true] {
        let mut wanted: Vec<(&str, Option<Value>)> =
            truth.iter().map(|(id, facts)| (*id, first_cell(facts, field, key, library))).collect();
        wanted.sort_by(|(x, a), (y, b)| match (a, b) {
            (None, None) => x.cmp(y),
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => {
                let order = order(a, b);
                if descending { order.reverse() } else { order }.then_with(|| x.cmp(y))
            }
        });
        let wanted: Vec<&str> = wanted.into_iter().map(|(id, _)| id).collect();
        let order = Order::Field(field, key);
        let page = index.page(index.all(), order, descending, library, 0, usize::MAX);
        let listed: Vec<&str> = page.iter().map(|slot| index.id(*slot)).collect();
        assert_eq!(listed, wanted, "{} {descending}", field.name);
        for (place, slot) in page.iter().enumerate() {
            assert_eq!(index.place(*slot, index.all(), order, descending, library), Some(place as u64));
        }
        if wanted.len() > 3 {
            let part = index.page(index.all(), order, descending, library, 1, 2);
            assert_eq!(part, page[1..3]);
        }
    }
    let values = index.values(index.all(), (field, key), library, "", 1000);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut empty = 0;
    for facts in truth.values() {
        let mut own = BTreeSet::new();
        filter::values(facts, field.name, key, library, &mut |cell| {
            own.insert(match cell {
                Cell::Text(text) => text.to_lowercase(),
                Cell::Number(n) => n.to_string(),
                Cell::YesNo(yes) => if yes { "yes" } else { "no" }.to_owned(),
            });
        });
        empty += u32::from(own.is_empty());
        own.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    assert_eq!(values.empty, empty, "{}", field.name);
    if field.kind == FieldKind::Date {
        assert!(values.values.is_empty());
    } else {
        assert!(values.values.is_sorted_by(|a, b| a.1 >= b.1));
        let found: BTreeMap<String, u32> = values.values.iter().map(|(v, n)| (v.to_lowercase(), *n)).collect();
        assert_eq!(found, counts, "{}", field.name);
    }
    if field.kind.is_number() && !counts.is_empty() {
        let binned: u32 = values.histogram.iter().map(|bin| bin.count).sum();
        assert!(binned >= truth.len() as u32 - empty);
        for (at, bin) in values.histogram.iter().enumerate() {
            let last = at + 1 == values.histogram.len();
            let inside = |n: f64| n >= bin.from && if last { n <= bin.until } else { n < bin.until };
            let with = truth.values().filter(|facts| {
                let mut any = false;
                filter::values(*facts, field.name, key, library, &mut |cell| {
                    any |= matches!(cell, Cell::Number(n) if inside(n))
                });
                any
            });
            assert_eq!(bin.count, with.count() as u32, "{} {bin:?}", field.name);
        }
    }
}

proptest! {
    /// The three evaluations agree, on an index that was just made, on one that is stored and read back, and on one
    /// that was open while the sessions changed to others.
    #[test]
    fn three_evaluations_agree(
        before in sessions(),
        after in sessions(),
        queries in prop::collection::vec(prop::collection::vec(row(), 0..3), 1..12),
        segments in [row(), row(), row()],
        field in select(fields().collect::<Vec<_>>()),
        tag in select(TAGS),
    ) {
        let mut project = Project::new();
        let library = library(&segments.map(|s| s.replace("@none", "watched")));
        let queries: Vec<Vec<Filter>> = queries.iter().map(|rows| rows.iter().map(|row| parsed(row)).collect()).collect();
        let key = (field.name == "tag.KEY").then(|| &tag["tag.".len()..]);
        for (id, facts, said) in &before {
            project.put(id, facts);
            project.say(id, said);
        }
        let mut index = Index::open(&project.cache).unwrap();
        index.save(&mut project.cache).unwrap();
        queries.iter().for_each(|rows| check(&project, &index, &before, rows, &library));
        for (id, ..) in &before {
            if !after.iter().any(|(other, ..)| other == id) {
                project.cache.db.execute("DELETE FROM sessions WHERE id = ?", [id]).unwrap();
            }
        }
        for (id, facts, said) in &after {
            project.put(id, facts);
            project.say(id, said);
        }
        prop_assert!(index.refresh(&project.cache).unwrap() || before.is_empty() && after.is_empty());
        prop_assert!(!index.refresh(&project.cache).unwrap());
        let stored = Index::open(&project.cache).unwrap();
        let made = project.cache.reading(Index::made).unwrap();
        prop_assert_eq!(stored.saved > 0, !before.is_empty());
        for rows in &queries {
            check(&project, &index, &after, rows, &library);
            check(&project, &stored, &after, rows, &library);
        }
        prop_assert_eq!(made.len(), after.len() as u64);
        check_lists(&index, &after, field, key, &library);
        check_lists(&stored, &after, field, key, &library);
        index.save(&mut project.cache).unwrap();
        queries.iter().for_each(|rows| check(&project, &index, &after, rows, &library));
        check_lists(&index, &after, field, key, &library);
    }
}

/// Few sessions, so that a test can say what is in them.
fn small() -> Project {
    let project = Project::new();
    for (id, facts) in [
        (
            "s1",
            json!({"country": "DE", "page": ["/", "/cart"], "page_count": 2, "start_ms": 1000, "tag.Plan": ["gold"]}),
        ),
        (
            "s2",
            json!({"country": "FR", "page": ["/"], "page_count": 1, "start_ms": 2000, "tag.plan": ["Gold", "gold"]}),
        ),
        ("s3", json!({"page_count": 7, "start_ms": 3000})),
    ] {
        project.put(id, facts.as_object().unwrap());
    }
    project
}

fn select_ids(index: &Index, row: &str) -> Vec<String> {
    ids(index, &index.select(&[parsed(row)], &(), NOW)).into_iter().collect()
}

#[test]
fn what_is_stored_is_read_back_and_nothing_else() {
    let mut project = small();
    let mut index = Index::open(&project.cache).unwrap();
    assert!(project.cache.wants_index().unwrap());
    index.save(&mut project.cache).unwrap();
    let rows = |cache: &Cache, sql: &str| cache.rows(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(rows(&project.cache, "SELECT seq FROM fact_changes").is_empty());
    assert_eq!(rows(&project.cache, "SELECT sessions FROM fact_index"), [3]);
    let again = Index::open(&project.cache).unwrap();
    assert!(again.saved > 0 && again.seen == again.saved);
    assert!(!project.cache.wants_index().unwrap());
    assert_eq!(again.tags().collect::<Vec<_>>(), ["tag.Plan"]);
    assert_eq!(select_ids(&again, "tag.PLAN = gold"), ["s1", "s2"]);
    assert_eq!(
        again.values(again.all(), (facts::field("tag.x").unwrap(), Some("plan")), &(), "", 9).values,
        [("gold".to_owned(), 2)]
    );
    // A column that is broken, one that is missing, a stored index of another layout or number of sessions: made anew.
    for damage in [
        "UPDATE fact_columns SET data = zeroblob(length(data)) WHERE name = 'country'",
        "UPDATE fact_columns SET bytes = bytes + 1 WHERE name = 'page'",
        "DELETE FROM fact_columns WHERE name = 'page_count'",
        "DELETE FROM fact_columns WHERE name = 'id'",
        "UPDATE fact_index SET layout = 99",
        "UPDATE fact_index SET sessions = 2",
        "DELETE FROM fact_index",
    ] {
        Index::open(&project.cache).unwrap().save(&mut project.cache).unwrap();
        project.cache.db.execute(damage, []).unwrap();
        let index = Index::open(&project.cache).unwrap();
        assert_eq!((index.len(), index.saved), (3, 0), "{damage}");
        assert_eq!(select_ids(&index, "page contains cart OR page_count = 7"), ["s1", "s3"], "{damage}");
        project.cache.db.execute("DELETE FROM fact_index", []).unwrap();
    }
}

#[test]
fn every_way_of_writing_is_noticed() {
    let mut project = small();
    let mut index = Index::open(&project.cache).unwrap();
    let asked = [
        ("UPDATE sessions SET facts = json_set(facts, '$.country', 'NO') WHERE id = 's1'", "country = NO", &["s1"][..]),
        ("INSERT INTO marks VALUES ('watched', 's3', '', 'ana', '{\"at\":1}', 1, 0)", "watched", &["s3"]),
        (
            "INSERT OR IGNORE INTO marks VALUES ('label', 's2', 'x', '', '{\"label\":\"x\"}', 1, 0)",
            "label = X",
            &["s2"],
        ),
        ("UPDATE OR IGNORE marks SET session = 's1' WHERE kind = 'label'", "label = x", &["s1"]),
        ("INSERT OR REPLACE INTO marks VALUES ('watched', 's3', '', 'ana', '{\"at\":1}', 2, 1)", "watched", &[]),
        (
            "INSERT INTO notes (id, session, text, created_at, changed_at) VALUES ('n', 's1', 'odd', 1, 1)",
            "note = odd",
            &["s1"],
        ),
        (
            "INSERT OR REPLACE INTO notes (id, session, text, created_at, changed_at) VALUES ('n', 's2', 'odd', 1, 1)",
            "note = odd",
            &["s2"],
        ),
        ("UPDATE notes SET gone = 1", "note is not empty", &[]),
        ("DELETE FROM marks", "label is not empty", &[]),
        ("DELETE FROM sessions WHERE id = 's2'", "page_count > 0", &["s1", "s3"]),
        ("UPDATE sessions SET id = 's4' WHERE id = 's3'", "page_count > 0", &["s1", "s4"]),
    ];
    for (sql, row, found) in asked {
        // A connection of its own, as another program has.
        Cache::open(project.cache.path()).unwrap().db.execute(sql, []).unwrap();
        assert!(index.refresh(&project.cache).unwrap(), "{sql}");
        assert_eq!(select_ids(&index, row), found, "{sql}");
        assert_eq!(select_ids(&Index::open(&project.cache).unwrap(), row), found, "{sql}");
    }
    // Nothing that was rolled back is in it.
    let writing = project.cache.write().unwrap();
    writing.run("DELETE FROM sessions", []).unwrap();
    drop(writing);
    assert!(!index.refresh(&project.cache).unwrap());
    // Somebody else stored the index and let go of the changes that this one has not seen.
    Cache::open(project.cache.path()).unwrap().db.execute("DELETE FROM sessions WHERE id = 's1'", []).unwrap();
    let mut other = Cache::open(project.cache.path()).unwrap();
    Index::open(&other).unwrap().save(&mut other).unwrap();
    assert!(index.refresh(&project.cache).unwrap());
    assert_eq!(select_ids(&index, "page_count > 0"), ["s4"]);
}

#[test]
fn many_changes_are_put_in_order_by_themselves() {
    let project = small();
    let mut index = Index::open(&project.cache).unwrap();
    for round in 0..3 {
        for n in 0..1500 {
            let facts =
                json!({"page_count": n % 9, "country": format!("c{}", n % 7 + round), "title": [format!("t{n}"), "t"]});
            project.put(&format!("n{n}"), facts.as_object().unwrap());
        }
        assert!(index.refresh(&project.cache).unwrap());
        assert_eq!(index.len(), 1503);
        assert_eq!(select_ids(&index, "country = c3").len(), (0..1500).filter(|n| n % 7 + round == 3).count());
        let page = index.page(index.all(), Order::Field(facts::field("title").unwrap(), None), true, &(), 0, 2);
        assert_eq!(page.iter().map(|slot| index.id(*slot)).collect::<Vec<_>>(), ["n999", "n998"]);
    }
}

#[test]
fn sql_is_for_people_too() {
    let library = Library(BTreeMap::from([("de".to_owned(), vec![parsed("country = DE")])]));
    let rows = [parsed("@de AND (page contains 'it''s' OR NOT start > 2026-11-01)".replace("''", "").as_str())];
    let sql = Sql::of(&rows, &library, NOW);
    assert_eq!(
        sql.shown,
        "WITH\n  \"@de\" AS (SELECT id FROM sessions\n    WHERE (ifnull(folded(facts ->> '$.country') = 'de', FALSE)))\n\
         SELECT id FROM sessions\nWHERE ((id IN \"@de\") AND ((EXISTS (SELECT 1 FROM json_each(facts, '$.page') WHERE TRUE AND \
         instr(folded(value), 'its') > 0)) OR NOT (ifnull(facts ->> '$.start_ms' >= 1793577600000, FALSE))))\nORDER BY id"
    );
    assert_eq!(sql.values[0], Bound::Text("de".to_owned()));
    assert!(sql.text.contains("= ?1") && sql.text.contains(">= ?3"), "{}", sql.text);
    // More parts than an expression may be deep.
    let long = (0..5000).map(|n| format!("page_count = {n}")).collect::<Vec<_>>().join(" OR ");
    assert_eq!(small().cache.select(&[parsed(&long)], &(), NOW).unwrap().len(), 3);
    let deep = format!("{}page_count = 2", "NOT ".repeat(filter::MAX_DEPTH - 2));
    assert_eq!(small().cache.select(&[parsed(&deep)], &(), NOW).unwrap(), ["s1"]);
}
