//! Two thousand damaged files.
//!
//! The trap: damage must stay where it is. A flipped bit may cost its own recording what it likes, but the sessions
//! beside it, in the same file too, have to come out as if nothing had happened, and nothing may panic: not even
//! where a panic would be caught.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dwell_core::desk::{Options, import};
use dwell_core::error::Error;
use dwell_core::event::Session;
use dwell_core::findings::Findings;
use dwell_core::store::{Cache, Identity};
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

const MUTANTS: usize = 2_000;
const BATCH: usize = 50;
/// Bytes of a visit that are used: enough for its first page.
const VISIT_BYTES: usize = 24 << 10;
const SEED: u64 = 20_261_122;

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// The start of a recorded visit.
struct Visit {
    user: String,
    session: String,
    clarity: Vec<String>,
    /// Events, a text each.
    rrweb: Vec<String>,
}

impl Visit {
    fn read(folder: &Path) -> Option<Visit> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder.join("clarity")).ok()?.map(|e| e.unwrap().path()).collect();
        files.sort();
        let mut size = 0;
        let mut clarity = Vec::new();
        for file in files {
            let body = std::fs::read_to_string(file).unwrap();
            size += body.len();
            if size > VISIT_BYTES && !clarity.is_empty() {
                break;
            }
            clarity.push(body.trim().to_owned());
        }
        let first: serde_json::Value = serde_json::from_str(clarity.first()?).unwrap();
        let said = |i: usize| first["e"][i].as_str().unwrap().to_owned();
        let rrweb = [folder.join("rrweb.json"), folder.join("rrweb/01.json")];
        let text = rrweb.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let events: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
        let mut size = 0;
        let rrweb = events
            .iter()
            .map(serde_json::Value::to_string)
            .take_while(|event| {
                size += event.len();
                size <= 4 * VISIT_BYTES
            })
            .collect();
        Some(Visit { user: said(5), session: said(6), clarity, rrweb })
    }

    fn as_of(&self, session: &str) -> Vec<String> {
        let (old, new) = (format!("\"{}\",\"{}\"", self.user, self.session), format!("\"u{session}\",\"{session}\""));
        self.clarity.iter().map(|body| body.replacen(&old, &new, 1)).collect()
    }

    fn line(&self, session: &str) -> String {
        serde_json::json!({ "meta": { "sessionId": session, "country": "NO" }, "clarity": self.as_of(session) })
            .to_string()
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zipped<'m>(members: impl Iterator<Item = (String, &'m [u8])>) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// One session in one of the forms that recordings come in.
fn carried(visit: &Visit, session: &str, dice: &mut Dice) -> Vec<u8> {
    let bodies = visit.as_of(session);
    let rrweb = !visit.rrweb.is_empty();
    match dice.below(9) {
        0 => bodies.join("\n").into_bytes(),
        1 => visit.line(session).into_bytes(),
        2 => format!("[{}]", bodies.join(",")).into_bytes(),
        3 => bodies[dice.below(bodies.len())].clone().into_bytes(),
        4 => gz(bodies.join("\n").as_bytes()),
        5 => zipped(bodies.iter().enumerate().map(|(i, b)| (format!("clarity/{i}.json"), b.as_bytes()))),
        6 if rrweb => visit.rrweb.join("\n").into_bytes(),
        7 if rrweb => zipped(std::iter::once(("a.json".to_owned(), format!("[{}]", visit.rrweb.join(",")).as_bytes()))),
        _ if rrweb => format!("[{}]", visit.rrweb.join(",\n")).into_bytes(),
        _ => serde_json::to_vec(&bodies).unwrap(),
    }
}

/// Damages bytes in one to three ways. `within` keeps lines apart: what is damaged stays one line.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice, within: bool) {
    let before = bytes.clone();
    let mut left = 1 + dice.below(3);
    while left > 0 || *bytes == before {
        left = left.saturating_sub(1);
        let at = dice.below(bytes.len());
        let some = 1 + dice.below(200);
        match dice.below(if within { 5 } else { 7 }) {
            0 => {
                for _ in 0..=dice.below(8) {
                    let at = dice.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << dice.below(8);
                    }
                }
            }
            1 => bytes.truncate(at),
            2 => {
                let piece: Vec<u8> = bytes[at..].iter().take(some).copied().collect();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => drop(bytes.drain(at..(at + some).min(bytes.len()))),
            4 => {
                let noise: Vec<u8> = (0..some).map(|_| dice.next() as u8).collect();
                bytes.splice(at..at, noise);
            }
            5 => {
                let mut lines: Vec<&[u8]> = before.split(|b| *b == b'\n').collect();
                let again = lines[dice.below(lines.len())];
                lines.insert(dice.below(lines.len() + 1), again);
                *bytes = lines.join(&b'\n');
            }
            _ => {
                let mut lines: Vec<&[u8]> = before.split(|b| *b == b'\n').collect();
                for i in (1..lines.len()).rev() {
                    lines.swap(i, dice.below(i + 1));
                }
                *bytes = lines.join(&b'\n');
            }
        }
        if within {
            bytes.iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = b' ');
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
}

/// A session without what names it.
fn nameless(mut session: Session) -> Session {
    session.id.clear();
    session.user = None;
    session
}

struct Bench {
    visits: Vec<Visit>,
    /// What each visit comes to when it is whole.
    whole: Vec<Session>,
}

impl Bench {
    fn new(visits: Vec<Visit>, folder: &Path) -> Bench {
        let clean = folder.join("clean.ndjson");
        let lines: Vec<String> = visits.iter().enumerate().map(|(i, v)| v.line(&format!("clean{i}"))).collect();
        std::fs::write(&clean, lines.join("\n")).unwrap();
        let mut cache = Cache::open(&folder.join("clean")).unwrap();
        let mut findings = Findings::new();
        let stop = AtomicBool::new(false);
        import(&mut cache, &[clean], &Options::default(), &mut |_| {}, &stop, 0, &mut findings).unwrap();
        let whole = (0..visits.len()).map(|i| nameless(cache.load(&format!("clean{i}")).unwrap())).collect();
        Bench { visits, whole }
    }

    /// Writes one damaged file, beside and around sessions that are whole; gives those with their visits.
    fn mutant(&self, number: usize, folder: &Path, dice: &mut Dice) -> BTreeMap<String, usize> {
        // Ids that no few flipped bits turn into each other.
        let mut name = |what: &str| format!("{what}{:012x}", dice.next() >> 16);
        let (own, before, after) = (name("m"), name("a"), name("b"));
        let (first, which, last) =
            (dice.below(self.visits.len()), dice.below(self.visits.len()), dice.below(self.visits.len()));
        let visit = &self.visits[which];
        let line = |i: usize, id: &str| self.visits[i].line(id).into_bytes();
        let whole = BTreeMap::from([(before.clone(), first), (after.clone(), last)]);
        let (bytes, whole) = match number % 4 {
            // A line between two others.
            0 => {
                let mut middle = visit.line(&own).into_bytes();
                damage(&mut middle, dice, true);
                ([line(first, &before), middle, line(last, &after)].join(&b'\n'), whole)
            }
            // A member between two others, damaged before it was packed or, in a stored one, behind its header.
            1 => {
                let mut middle = carried(visit, &own, dice);
                damage(&mut middle, dice, false);
                let lines = [line(first, &before), middle, line(last, &after)];
                let members = ["a/1.ndjson", "b/1", "c/1.ndjson"].map(str::to_owned);
                (zipped(members.into_iter().zip(lines.iter().map(Vec::as_slice))), whole)
            }
            _ => {
                let mut bytes = carried(visit, &own, dice);
                damage(&mut bytes, dice, false);
                (bytes, BTreeMap::new())
            }
        };
        let folder = folder.join(format!("{number:04}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("input"), bytes).unwrap();
        whole
    }

    /// Imports mutants together; gives how many left a trace of their damage.
    fn run(&self, numbers: std::ops::Range<usize>, folder: &Path) -> usize {
        let folder = folder.join(format!("batch{}", numbers.start));
        let input = folder.join("input");
        let mut whole: BTreeMap<String, usize> = BTreeMap::new();
        for number in numbers.clone() {
            let mut dice = Dice(SEED ^ (number as u64) << 20);
            whole.extend(self.mutant(number, &input, &mut dice));
        }
        for (i, visit) in self.visits.iter().enumerate() {
            // Before, between and behind the damaged ones.
            let at = input.join(format!("{:04}x", numbers.start + i * BATCH / self.visits.len()));
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join("whole.json"), visit.line(&format!("whole{i}"))).unwrap();
            whole.insert(format!("whole{i}"), i);
        }
        let mut cache = Cache::open(&folder.join("cache")).unwrap();
        let (mut findings, stop) = (Findings::new(), AtomicBool::new(false));
        let paths = [input];
        let summary = import(&mut cache, &paths, &Options::default(), &mut |_| {}, &stop, 0, &mut findings);
        let summary = summary.unwrap_or_else(|e: Error| panic!("mutants {numbers:?}: {e}"));
        let failed = summary.findings.iter().find(|f| f.code == "decoder_failed");
        assert!(failed.is_none(), "mutants {numbers:?}: {failed:?}");
        for (session, visit) in &whole {
            let identity = Identity {
                source: self.whole[*visit].source,
                project: self.whole[*visit].project.clone().unwrap_or_default(),
                user: format!("u{session}"),
                session: session.clone(),
            };
            let id = cache.find(&identity).unwrap();
            let id = id.unwrap_or_else(|| panic!("mutants {numbers:?}: the undamaged session {session} is gone"));
            let got = nameless(cache.load(&id).unwrap());
            assert!(got == self.whole[*visit], "mutants {numbers:?}: the undamaged session {session} is another");
        }
        let told = |number: usize| {
            let at = format!("/{number:04}/");
            summary.findings.iter().any(|f| f.path.as_deref().is_some_and(|p| p.contains(&at)))
        };
        let traces = numbers.filter(|n| told(*n)).count();
        drop(cache);
        std::fs::remove_dir_all(&folder).unwrap();
        traces
    }
}

#[test]
fn two_thousand_damaged_files_cost_nobody_else_anything() {
    let begun = Instant::now();
    let known = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut panics) = PANICS.lock() {
            panics.push(info.to_string());
        }
        known(info);
    }));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = ["checkout-form", "phone-browse", "filters-and-frame"]
        .map(|v| root.join("../../tests/fixtures/visits").join(v))
        .into();
    let corpus = std::env::var_os("DWELL_CORPUS").map_or_else(|| root.join("../../../shared/corpus"), PathBuf::from);
    if corpus.join("visits").is_dir() {
        let small = ["d08-todo", "d15-business-contact", "d26-bounce", "d27-todo-storm", "d28-unmasked-iframe"];
        folders.extend(small.map(|v| corpus.join("visits").join(v)));
    } else {
        eprintln!("there is no {}: only the fixtures are damaged", corpus.display());
    }
    let visits: Vec<Visit> = folders.iter().map(|f| Visit::read(f).unwrap()).collect();
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(visits, dir.path());
    assert!(bench.whole.iter().all(|s| s.events.len() > 5));
    let next = Mutex::new((0..MUTANTS).step_by(BATCH));
    let traces = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(start) = { next.lock().unwrap().next() } {
                    let found = bench.run(start..start + BATCH, dir.path());
                    *traces.lock().unwrap() += found;
                }
            });
        }
    });
    let traces = traces.into_inner().unwrap();
    assert!(PANICS.lock().unwrap().is_empty(), "{:?}", PANICS.lock().unwrap());
    eprintln!("{MUTANTS} damaged files, {traces} of them with findings, {:.1} s", begun.elapsed().as_secs_f64());
    // Damage that nothing notices would be no test.
    assert!(traces * 2 > MUTANTS, "{traces}");
}
