//! The fact index with many sessions: how long it takes to open, to count, to sort, beside SQLite and DuckDB.
//!
//! `cargo bench -p dwell-core --bench index -- FOLDER SESSIONS [DUCKDB]` makes a cache with so many sessions in FOLDER,
//! once, and with it the same facts as lines of JSON and as plain tables of SQLite with indexes. DUCKDB is what
//! `index.py` printed; without it there is no comparison with DuckDB. `scripts/bench.sh` calls both.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use dwell_core::facts;
use dwell_core::segment::filter::{self, Filter};
use dwell_core::store::index::{Index, Order};
use dwell_core::store::{Cache, DERIVED_BY};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde::Deserialize;
use serde_json::{Value, json};

/// As in the command and the window.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The clock of the bench, epoch ms.
const NOW: i64 = 1_795_000_000_000;
const DAY: i64 = 86_400_000;
const SEGMENTS: &str = include_str!("index-segments.json");
const DEVICES: [&str; 2] = ["mobile", "pc"];
/// Rows of the list's first page.
const PAGE: usize = 100;

#[derive(Deserialize)]
struct Segment {
    name: String,
    #[serde(rename = "where")]
    rows: Vec<String>,
    sqlite: String,
}

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    /// Few are much more frequent than the rest.
    fn skewed(&mut self, n: usize) -> usize {
        let part = self.part();
        ((part * part * part) * n as f64) as usize
    }
    fn of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.skewed(words.len())]
    }
    /// Positive, with a long tail.
    fn tail(&mut self, usual: f64) -> f64 {
        -(1.0 - self.part()).ln() * usual * if self.one_in(12) { 6.0 } else { 1.0 }
    }
}

fn rounded(n: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (n * factor).round() / factor
}

const CATEGORIES: [&str; 12] =
    ["jackets", "boots", "packs", "sale", "tents", "stoves", "socks", "gloves", "shells", "fleece", "maps", "lamps"];
const ERRORS: [&str; 8] = [
    "TypeError: Cannot read properties of undefined (reading 'total')",
    "ResizeObserver loop limit exceeded",
    "Script error.",
    "NetworkError when attempting to fetch resource.",
    "Timeout: widget did not answer",
    "ReferenceError: dataLayer is not defined",
    "Payment was declined by the bank",
    "ChunkLoadError: Loading chunk 7 failed",
];

fn page(chance: &mut Chance) -> String {
    let site = "https://shop.nordlys.example";
    match chance.below(100) {
        0..=11 => format!("{site}/"),
        12..=30 => format!("{site}/{}", CATEGORIES[chance.skewed(12)]),
        31..=68 => format!("{site}/{}/p-{:04}", CATEGORIES[chance.skewed(12)], chance.skewed(400)),
        69..=76 => format!("{site}/search?q=word{}", chance.skewed(2000)),
        77..=84 => format!("{site}/cart"),
        85..=87 => format!("{site}/checkout/address"),
        88..=89 => format!("{site}/checkout/pay"),
        90 => format!("{site}/checkout/done?order={}", chance.skewed(50_000)),
        91..=93 => format!("{site}/{}", chance.of(&["help", "contact", "returns"])),
        94..=97 => format!("{site}/journal/{}", chance.skewed(300)),
        _ => format!("{site}/{}?sort={}", CATEGORIES[chance.skewed(12)], chance.of(&["price", "new", "rating"])),
    }
}

fn title(url: &str) -> String {
    let path = url.trim_start_matches("https://shop.nordlys.example");
    match path.split(['/', '?']).nth(1) {
        None | Some("") => "Nordlys, clothing for bad weather".to_owned(),
        Some("help" | "contact" | "returns") => "Help and contact - Nordlys".to_owned(),
        Some(first) => format!("{first} - Nordlys"),
    }
}

/// Facts of the session of that number, as an import writes them.
fn session(number: u64) -> Value {
    let chance = &mut Chance(number.wrapping_mul(0xA24B_AED4_963E_E407) ^ 0x5EED);
    let id = format!("{number:08x}{:04x}", chance.below(65536));
    let start = NOW - (chance.part().powf(1.3) * 180.0 * DAY as f64) as i64;
    let day = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"][(start / DAY % 7) as usize];
    let pages = 1 + (chance.tail(2.2) as usize).min(25);
    let mut urls: Vec<String> = (0..pages).map(|_| page(chance)).collect();
    let channel = chance.of(&[
        "organic-search",
        "direct",
        "paid-search",
        "paid-social",
        "email",
        "referral",
        "social",
        "affiliate",
        "ai-tools",
        "other",
    ]);
    let mut utm = [None, None, None];
    match channel {
        "paid-search" if chance.one_in(6) => urls[0] = format!("{}?gclid=Cj0K{:016x}", urls[0], chance.next()),
        "paid-search" => {
            utm = [
                Some(chance.of(&["google", "Google", "bing"])),
                Some("cpc"),
                Some(chance.of(&["brand", "shells", "boots_q4"])),
            ]
        }
        "paid-social" => {
            utm = [
                Some(chance.of(&["facebook", "instagram", "fb"])),
                Some(chance.of(&["paid_social", "Paid-Social"])),
                Some("dpa"),
            ]
        }
        "email" => {
            utm = [
                Some(chance.of(&["newsletter", "Newsletter-November", "crm"])),
                Some("email"),
                Some(chance.of(&["welcome", "november"])),
            ]
        }
        _ => {}
    }
    let has_utm = utm[0].is_some();
    if let [Some(source), Some(medium), Some(campaign)] = utm {
        urls[0] = format!("{}?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}", urls[0]);
    }
    let mut titles: Vec<String> = urls.iter().map(|url| title(url)).collect();
    let (entry, exit) = (urls[0].clone(), urls[pages - 1].clone());
    let distinct = |list: &mut Vec<String>| {
        let mut seen = std::collections::HashSet::new();
        list.retain(|text| seen.insert(text.clone()));
    };
    distinct(&mut urls);
    distinct(&mut titles);
    let device = ["mobile", "pc", "mobile", "pc", "mobile", "tablet", "mobile", "pc", "mobile", "other"]
        [chance.below(10) as usize];
    let browser = chance.of(&["Chrome", "Safari", "Edge", "Firefox", "Samsung Internet", "Opera"]);
    let country = chance.of(&[
        "DE", "US", "NO", "SE", "DK", "GB", "NL", "FR", "AT", "CH", "FI", "PL", "IT", "ES", "BE", "IE", "CZ", "PT",
        "JP", "CA",
    ]);
    let errors = if chance.one_in(8) { 1 + chance.below(4) } else { 0 };
    let rage = if chance.one_in(20) { 1 + chance.below(3) } else { 0 };
    let dead = if chance.one_in(7) { 1 + chance.below(5) } else { 0 };
    let back = if chance.one_in(15) { 1 + chance.below(3) } else { 0 };
    let error_clicks = if errors > 0 && chance.one_in(3) { 1 } else { 0 };
    let strain = 5 * rage + 2 * dead + 3 * back + 3 * error_clicks + errors;
    let duration = rounded(chance.tail(95.0), 3);
    let mut facts = json!({
        "id": id, "start_ms": start, "start": facts::iso(start), "day": day, "hour": start / 3_600_000 % 24,
        "duration": duration, "active_duration": rounded(duration * chance.part(), 3),
        "page_count": pages, "click_count": chance.tail(6.0) as u64, "scroll_depth": rounded(100.0 * chance.part().sqrt(), 1),
        "device": device, "browser": browser, "os": chance.of(&["iOS", "Windows", "Android", "macOS", "Linux"]),
        "language": format!("{}-{country}", chance.of(&["en", "de", "no", "sv", "da", "fr", "nl"])), "country": country,
        "city": format!("City {}", chance.skewed(400)), "channel": channel, "has_utm": has_utm, "entry_page": entry,
        "exit_page": exit, "page": urls, "title": titles, "user": format!("{:012x}", Chance(chance.below(600_000)).next() >> 16),
        "user_type": chance.of(&["new", "returning"]), "entered_text": chance.one_in(5), "selected_text": chance.one_in(9),
        "resized": chance.one_in(11), "rage_clicks": rage, "dead_clicks": dead, "error_clicks": error_clicks,
        "quick_backs": back, "excessive_scrolls": u64::from(chance.one_in(9)), "js_errors": errors,
        "frustration": rounded(100.0 * (1.0 - (-(strain as f64) / 10.0).exp()), 0),
        "page_duration": (0..pages.min(8)).map(|_| rounded(chance.tail(30.0), 3)).collect::<Vec<f64>>(),
        "project": "Nordlys", "source": if chance.one_in(6) { "rrweb" } else { "clarity" }, "format_version": chance.of(&["0.8.70", "0.8.66", "0.8.31"]),
        "completeness": if chance.one_in(10) { rounded(100.0 * chance.part(), 1) } else { 100.0 },
        "masked": rounded(30.0 * chance.part() * chance.part(), 1), "viewport_width": ([390, 1440, 412, 1920, 768, 1366][chance.skewed(6)]),
    });
    let mut put =
        |name: &str, value: Value| drop(facts.as_object_mut().map(|facts| facts.insert(name.to_owned(), value)));
    for (name, value) in ["utm.source", "utm.medium", "utm.campaign"].into_iter().zip(utm) {
        value.into_iter().for_each(|value| put(name, value.into()));
    }
    match channel {
        "organic-search" => put("referrer", "https://www.google.com/".into()),
        "referral" => {
            put("referrer", format!("https://blog{}.example/post/{}", chance.skewed(300), chance.skewed(20)).into())
        }
        _ => {}
    }
    if chance.below(10) < 7 {
        put("lcp", rounded(chance.tail(1400.0), 0).into());
        put("cls", rounded(chance.tail(0.06), 3).into());
        put("inp", rounded(chance.tail(140.0), 0).into());
    }
    let mut events: Vec<&str> = (0..chance.below(4))
        .map(|_| {
            chance.of(&[
                "view_item",
                "scroll_50",
                "add_to_cart",
                "newsletter_sign_up",
                "pricing_page_visit",
                "purchase",
                "coupon_failed",
                "refund",
            ])
        })
        .collect();
    events.sort_unstable();
    events.dedup();
    if !events.is_empty() {
        put("event", events.into());
    }
    if errors > 0 {
        let mut messages: Vec<&str> = (0..errors).map(|_| chance.of(&ERRORS)).collect();
        messages.sort_unstable();
        messages.dedup();
        if error_clicks > 0 {
            put("click_error", json!([messages[0]]));
        }
        put("js_error", messages.into());
    }
    let clicked: Vec<String> = (0..chance.below(5))
        .map(|n| match chance.below(12) {
            0 => "Apply code".to_owned(),
            1 => "Add to cart".to_owned(),
            2 => "Menu".to_owned(),
            _ => format!("Fjell shell {n} {}", chance.skewed(3000)),
        })
        .collect();
    if !clicked.is_empty() {
        put("clicked_text", clicked.into());
    }
    if chance.one_in(3) {
        put("tag.plan", json!([chance.of(&["free", "silver", "gold", "platinum"])]));
    }
    put("tag.variant", json!([chance.of(&["A", "B"])]));
    if chance.one_in(4) {
        put("tag.cart value", json!([rounded(chance.tail(90.0), 2).to_string()]));
    }
    facts
}

/// Columns of the plain table, as they are filtered.
const NUMBERS: [&str; 16] = [
    "start_ms",
    "hour",
    "duration",
    "page_count",
    "click_count",
    "scroll_depth",
    "rage_clicks",
    "dead_clicks",
    "error_clicks",
    "quick_backs",
    "js_errors",
    "frustration",
    "lcp",
    "cls",
    "inp",
    "completeness",
];
const TEXTS: [&str; 12] = [
    "day",
    "device",
    "browser",
    "language",
    "country",
    "channel",
    "referrer",
    "utm.source",
    "utm.medium",
    "entry_page",
    "exit_page",
    "user_type",
];
const LISTS: [&str; 6] = ["page", "title", "event", "js_error", "click_error", "clicked_text"];

/// Makes what is not there: the cache, the lines of JSON, the plain tables.
fn make(folder: &Path, sessions: u64) {
    let done = folder.join("done");
    if done.exists() {
        return;
    }
    let clock = Instant::now();
    std::fs::create_dir_all(folder).expect("a folder");
    let [cache, plain, lines] = ["cache.dwell", "plain.sqlite", "facts.ndjson"].map(|name| folder.join(name));
    for file in [&cache, &plain, &lines] {
        let _ = std::fs::remove_file(file);
    }
    drop(Cache::open(&cache).expect("a cache"));
    let cache = Connection::open(&cache).expect("the cache");
    let plain = Connection::open(&plain).expect("plain tables");
    for db in [&cache, &plain] {
        db.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000").expect("a setting");
    }
    let quick = "PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE";
    plain.execute_batch(quick).expect("a setting");
    let own = |name: &str| name.replace('.', "_");
    let mut tables = "CREATE TABLE s (id INTEGER PRIMARY KEY, has_utm INTEGER".to_owned();
    NUMBERS.iter().for_each(|name| tables.push_str(&format!(", {name} REAL")));
    TEXTS.iter().for_each(|name| tables.push_str(&format!(", {} TEXT COLLATE NOCASE", own(name))));
    tables.push_str("); CREATE TABLE tag (s INTEGER, key TEXT, value TEXT COLLATE NOCASE);");
    LISTS
        .iter()
        .for_each(|name| tables.push_str(&format!("CREATE TABLE {name} (s INTEGER, value TEXT COLLATE NOCASE);")));
    plain.execute_batch(&tables).expect("tables");
    cache.execute_batch("BEGIN").expect("a transaction");
    plain.execute_batch("BEGIN").expect("a transaction");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&lines).expect("a file"));
    {
        let mut into_cache = cache
            .prepare(
                "INSERT INTO sessions (id, source, recorder_project, recorder_user, recorder_session, started_at, ended_at, \
                 page_count, event_count, partial, entry_page, facts, meta, derived_by, sketch) VALUES \
                 (?1, 'clarity', 'p', ?1, ?1, ?2, ?3, ?4, 900, 0, ?5, ?6, '{}', ?7, '{\"activity\":[],\"page_starts\":[]}')",
            )
            .expect("a statement");
        let places = vec!["?"; 2 + NUMBERS.len() + TEXTS.len()].join(", ");
        let mut into_plain = plain.prepare(&format!("INSERT INTO s VALUES ({places})")).expect("a statement");
        let mut into_lists: Vec<_> = LISTS
            .iter()
            .map(|name| plain.prepare(&format!("INSERT INTO {name} VALUES (?, ?)")).expect("a statement"))
            .collect();
        let mut into_tags = plain.prepare("INSERT INTO tag VALUES (?, ?, ?)").expect("a statement");
        for number in 0..sessions {
            let facts = session(number);
            let text = facts.to_string();
            let (start, length) = (facts["start_ms"].as_i64(), facts["duration"].as_f64().unwrap_or(0.0));
            let end = start.unwrap_or(0) + (length * 1000.0) as i64;
            into_cache
                .execute((
                    facts["id"].as_str(),
                    start,
                    end,
                    facts["page_count"].as_u64(),
                    facts["entry_page"].as_str(),
                    &text,
                    DERIVED_BY,
                ))
                .expect("a session");
            writeln!(out, "{text}").expect("a line");
            let number = number as i64;
            let mut row: Vec<Box<dyn rusqlite::ToSql>> = vec![Box::new(number), Box::new(facts["has_utm"].as_bool())];
            NUMBERS.iter().for_each(|name| row.push(Box::new(facts[*name].as_f64())));
            TEXTS.iter().for_each(|name| row.push(Box::new(facts[*name].as_str().map(str::to_owned))));
            into_plain.execute(rusqlite::params_from_iter(row)).expect("a row");
            let texts = |name: &str| {
                facts[name]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            for (name, into) in LISTS.iter().zip(&mut into_lists) {
                for value in texts(name) {
                    into.execute((number, value)).expect("a value");
                }
            }
            for key in ["plan", "variant", "cart value"] {
                for value in texts(&format!("tag.{key}")) {
                    into_tags.execute((number, key, value)).expect("a tag");
                }
            }
            if number % 50_000 == 49_999 {
                cache.execute_batch("COMMIT; BEGIN").expect("a transaction");
            }
        }
    }
    out.flush().expect("a file");
    cache.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").expect("a transaction");
    let mut indexes =
        "COMMIT; CREATE INDEX tags ON tag (s, key, value); CREATE INDEX s_device ON s (device);".to_owned();
    LISTS.iter().for_each(|name| indexes.push_str(&format!("CREATE INDEX {name}s ON {name} (s, value);")));
    for column in ["start_ms", "duration", "page_count", "frustration", "js_errors", "country", "channel"] {
        indexes.push_str(&format!("CREATE INDEX s_{column} ON s (device, {column});"));
    }
    plain.execute_batch(&indexes).expect("indexes");
    plain.execute_batch("ANALYZE").expect("an analysis");
    File::create(&done).expect("a file");
    eprintln!("made {sessions} sessions in {:.0} s", clock.elapsed().as_secs_f64());
}

/// Milliseconds of several runs, the fastest and the middle one, and the last answer.
fn timed<T>(runs: usize, mut run: impl FnMut() -> T) -> (f64, f64, T) {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..runs {
        let clock = Instant::now();
        last = Some(run());
        times.push(clock.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    (times[0], times[runs / 2], last.expect("one run at least"))
}

/// Milliseconds of processors that the process has taken, to a hundredth of a second.
fn busy() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    ticks * 10.0
}

/// Bytes of memory that the process has now.
fn memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb * 1024.0)
}

fn sqlite(folder: &Path, segments: &[Segment]) -> (f64, Vec<u64>) {
    let db = Connection::open(folder.join("plain.sqlite")).expect("plain tables");
    db.execute_batch("PRAGMA mmap_size = 4000000000; PRAGMA cache_size = -400000").expect("a setting");
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let regexp = db.create_scalar_function("regexp", 2, flags, |context| {
        let pattern: std::sync::Arc<regex::Regex> =
            context.get_or_create_aux(0, |value| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
                Ok(regex::RegexBuilder::new(value.as_str()?).case_insensitive(true).build()?)
            })?;
        let text = context.get_raw(1).as_str_or_null()?;
        Ok(text.map(|text| pattern.is_match(text)))
    });
    regexp.expect("a function");
    let since = (NOW - 30 * DAY).to_string();
    let mut counts = Vec::new();
    let clock = Instant::now();
    for segment in segments {
        for device in DEVICES {
            let sql = format!(
                "SELECT count(*) FROM s WHERE device = '{device}' AND ({})",
                segment.sqlite.replace("$since", &since)
            );
            counts.push(db.query_row(&sql, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{}: {e}", segment.name)));
        }
    }
    (clock.elapsed().as_secs_f64() * 1000.0, counts)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let [folder, sessions, rest @ ..] = arguments.as_slice() else {
        eprintln!("skipped: no folder and number of sessions named");
        return;
    };
    let (folder, sessions) = (Path::new(folder), sessions.parse::<u64>().expect("a number of sessions"));
    make(folder, sessions);
    let path = folder.join("cache.dwell");
    let segments: Vec<Segment> = serde_json::from_str(SEGMENTS).expect("segments");

    let mut cache = Cache::open(&path).expect("the cache");
    if cache.wants_index().expect("an answer") {
        let clock = Instant::now();
        let mut index = Index::open(&cache).expect("an index");
        let made = clock.elapsed().as_secs_f64();
        let clock = Instant::now();
        index.save(&mut cache).expect("to store the index");
        println!("index from sessions  {made:8.2} s, storing it {:.2} s", clock.elapsed().as_secs_f64());
        cache.checkpoint().expect("a checkpoint");
    }
    drop(cache);
    if rest.first().is_some_and(|word| word == "make") {
        return;
    }
    let before = memory();
    drop(Index::open(&Cache::open(&path).expect("the cache")).expect("an index"));
    let after = memory();
    let (best, middle, index) = timed(5, || Index::open(&Cache::open(&path).expect("the cache")).expect("an index"));
    assert_eq!(index.len(), sessions);
    println!("sessions             {sessions:8}");
    println!("opening the index    {best:8.0} ms fastest, {middle:.0} ms median");
    if let Some((before, after)) = before.zip(after) {
        println!("memory to open it    {:8.0} MB", (after - before) / 1e6);
    }

    let parse = |row: &String| filter::parse(row).unwrap_or_else(|problems| panic!("{row}: {problems:?}"));
    let questions: Vec<Vec<Filter>> = segments
        .iter()
        .flat_map(|segment| {
            DEVICES.map(|device| segment.rows.iter().map(parse).chain([parse(&format!("device = {device}"))]).collect())
        })
        .collect();
    let before = busy();
    let (best, counted, counts) = timed(21, || {
        index.forget();
        index.counts(&questions, &(), NOW)
    });
    let processors = (busy() - before) / 21.0;
    println!(
        "30 counts            {best:8.2} ms fastest, {counted:.2} ms median, nothing known before; {processors:.0} ms of processors"
    );
    let (best, middle, again) = timed(21, || index.counts(&questions, &(), NOW));
    assert_eq!(again, counts);
    println!("30 counts again      {best:8.2} ms fastest, {middle:.2} ms median, single tests known");
    let slowest = segments.iter().map(|segment| {
        let rows: Vec<Filter> = segment.rows.iter().map(parse).collect();
        let (best, ..) = timed(5, || {
            index.forget();
            index.select(&rows, &(), NOW)
        });
        (best, &segment.name)
    });
    let mut slowest: Vec<_> = slowest.collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    if std::env::var_os("VERBOSE").is_some() {
        slowest.iter().for_each(|(time, name)| println!("  {time:6.2} ms {name}"));
    }
    let (time, name) = slowest.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).expect("segments");
    println!("slowest segment      {time:8.2} ms: {name}");

    let cache = Cache::open(&path).expect("the cache");
    let mut worst = (0.0, "", false);
    for name in ["start", "duration", "entry_page", "user", "page", "frustration", "tag.cart value", "referrer"] {
        let key = name.strip_prefix("tag.");
        let order = Order::Field(facts::field(name).expect("a field"), key);
        for descending in [false, true] {
            let (_, middle, rows) = timed(5, || {
                let page = index.page(index.all(), order, descending, &(), 0, PAGE);
                let ids: Vec<&str> = page.iter().map(|slot| index.id(*slot)).collect();
                cache.sessions_named(&ids).expect("rows")
            });
            assert_eq!(rows.len(), PAGE.min(sessions as usize));
            if middle > worst.0 {
                worst = (middle, name, descending);
            }
        }
    }
    println!(
        "sort and first page  {:8.1} ms median at worst, by {}{}",
        worst.0,
        worst.1,
        if worst.2 { ", descending" } else { "" }
    );
    let mut worst = (0.0, "");
    for name in ["country", "page", "user", "duration", "clicked_text", "tag.plan", "start"] {
        let field = (facts::field(name).expect("a field"), name.strip_prefix("tag."));
        let (_, middle, _) = timed(5, || index.values(index.all(), field, &(), "", 50));
        if middle > worst.0 {
            worst = (middle, name);
        }
    }
    println!("values of a field    {:8.1} ms median at worst, of {}", worst.0, worst.1);

    let (plain, theirs) = sqlite(folder, &segments);
    let disagree = |who: &str, theirs: &[u64]| {
        for (at, (ours, theirs)) in counts.iter().zip(theirs).enumerate() {
            assert_eq!(ours, theirs, "{who} counts otherwise: {} on {}", segments[at / 2].name, DEVICES[at % 2]);
        }
        assert_eq!(counts.len(), theirs.len());
    };
    disagree("SQLite", &theirs);
    println!("plain SQLite         {plain:8.0} ms with indexes, the same counts: {:.0} x", plain / counted);
    if let Some(theirs) = rest.first() {
        let theirs: Value = serde_json::from_str(theirs).expect("what index.py printed");
        let counts: Vec<u64> = theirs["counts"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        disagree("DuckDB", &counts);
        for how in ["one by one", "in one query"] {
            let times: Vec<f64> = theirs[how].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
            let (best, middle) = (times[0], times[times.len() / 2]);
            println!(
                "DuckDB {:13} {best:8.0} ms fastest, {middle:.0} ms median {how}, the same counts: {:.0} x",
                theirs["version"].as_str().unwrap_or_default(),
                middle / counted
            );
        }
    }
}
