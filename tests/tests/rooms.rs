//! The map of the core, enforced: which room may use which, what only one room may touch, and that the shell's surface
//! is one list.
//!
//! The trap: a map that nobody checks is a wish. What counts is shipped code: tests inside a file come last, under
//! `#[cfg(test)]`, and may use what they need.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dwell_tests::root;

/// Every room and the rooms it may use. Itself and std go without saying.
const ROOMS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("findings", &["event"]),
    ("error", &["event"]),
    ("dom", &["event"]),
    ("format", &["event", "findings"]),
    ("archive", &["event", "findings", "error", "format"]),
    ("connect", &["event", "findings", "error", "archive"]),
    ("signal", &["event", "dom"]),
    ("facts", &["event", "signal"]),
    ("replay", &["event", "dom", "signal"]),
    ("segment", &["event", "signal", "facts", "error"]),
    ("heatmap", &["event", "dom", "signal"]),
    ("store", &["event", "facts", "segment", "findings", "error"]),
    ("report", &["event", "signal", "facts", "segment", "heatmap", "store", "error"]),
    ("wire", EVERYTHING_BUT_DESK),
    ("desk", EVERYTHING),
];

const EVERYTHING_BUT_DESK: &[&str] = &[
    "event", "findings", "error", "dom", "format", "archive", "connect", "signal", "facts", "replay", "segment",
    "heatmap", "store", "report",
];

const EVERYTHING: &[&str] = &[
    "event", "findings", "error", "dom", "format", "archive", "connect", "signal", "facts", "replay", "segment",
    "heatmap", "store", "report", "wire",
];

/// Outside crates that belong to a few rooms alone.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("roaring", &["store"]),
    ("zip", &["archive"]),
    ("csv", &["archive", "report"]),
    // rrweb packs single events with zlib.
    ("flate2", &["archive", "format"]),
    ("reqwest", &["connect"]),
    ("tokio", &["connect"]),
    ("regex", &["segment"]),
    ("image", &["heatmap"]),
    ("cssparser", &["dom"]),
    ("ts_rs", &["wire"]),
    ("thiserror", &["error"]),
];

/// What would let the same input give two outputs: it enters in `desk` and is an argument below.
const IMPURE: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "env::var",
    "env::args",
    "env::temp_dir",
    "env::current_dir",
    "thread_rng",
    "RandomState::new",
];

#[test]
fn arrows_never_go_up() {
    let mut broken = Vec::new();
    for file in core_files() {
        for used in rooms_used(&file.code, &file.module) {
            let allowed = ROOMS.iter().find(|(room, _)| *room == file.room).map_or(&[][..], |(_, allowed)| allowed);
            if used != file.room && !allowed.contains(&used.as_str()) {
                broken.push(format!("{}: {} may not use {used}", file.path.display(), file.room));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_room_is_on_the_map() {
    let rooms: BTreeSet<String> = core_files().map(|file| file.room).filter(|room| room != "lib").collect();
    assert!(rooms.len() > 5, "only {rooms:?}: is this the right folder?");
    let unknown: Vec<_> = rooms.iter().filter(|room| !ROOMS.iter().any(|(known, _)| known == room)).collect();
    assert!(unknown.is_empty(), "rooms that nobody planned: {unknown:?}");
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for file in core_files() {
        for (name, owners) in CRATES {
            if has_path(&file.code, name) && !owners.contains(&file.room.as_str()) {
                broken.push(format!("{}: {name} belongs to {owners:?}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn clock_chance_and_environment_enter_in_desk() {
    let mut broken = Vec::new();
    for file in core_files().filter(|file| file.room != "desk") {
        for impure in IMPURE {
            if file.code.contains(impure) {
                broken.push(format!("{}: {impure}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn unsafe_is_in_one_module() {
    let home = root().join("src-tauri/src/content_filter.rs");
    let mut with_unsafe = Vec::new();
    for folder in ["src-tauri", "tests"] {
        for path in rust_files(&root().join(folder)) {
            let code = code_of(&fs::read_to_string(&path).expect("a source file"));
            if words(&code).any(|word| word == "unsafe" || word == "unsafe_code") {
                with_unsafe.push(path);
            }
        }
    }
    assert_eq!(with_unsafe, [home], "`unsafe` is for the content filter alone");
}

#[test]
fn the_core_knows_no_window() {
    for file in core_files() {
        for name in ["tauri", "wry", "webkit2gtk", "gtk"] {
            assert!(!has_path(&file.code, name), "{} uses {name}", file.path.display());
        }
    }
}

/// The build script declares the commands, the handler knows them, the capability grants them: the same names.
#[test]
fn the_surface_is_one_list() {
    let read = |path: &str| fs::read_to_string(root().join("src-tauri").join(path)).expect(path);
    let commands = read("src/commands.rs");
    let written: BTreeSet<String> = commands
        .split("#[tauri::command]")
        .skip(1)
        .filter_map(|rest| rest.split_once("fn ")?.1.split(['(', '<']).next().map(str::to_owned))
        .collect();
    assert!(written.contains("replay_seek"), "{written:?}");
    let handler =
        commands.split_once("generate_handler![").and_then(|(_, rest)| rest.split_once(']')).expect("a handler").0;
    let handled: BTreeSet<String> =
        handler.split(',').map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
    assert_eq!(written, handled, "written and handled");
    let build = read("build.rs");
    let list =
        build.split_once("COMMANDS: &[&str] = &[").and_then(|(_, rest)| rest.split_once("];")).expect("a list").0;
    let declared: BTreeSet<String> =
        list.split(',').map(|name| name.trim().trim_matches('"').to_owned()).filter(|n| !n.is_empty()).collect();
    assert_eq!(written, declared, "written and declared");
    let capability: serde_json::Value = serde_json::from_str(&read("capabilities/main.json")).expect("JSON");
    let granted: BTreeSet<String> = capability["permissions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|name| Some(name.as_str()?.strip_prefix("allow-")?.replace('-', "_")))
        .collect();
    assert_eq!(written, granted, "written and granted");
}

/// The checks above hang on reading code rightly: an arrow written in any of these ways is seen, and no other.
#[test]
fn arrows_are_seen_however_they_are_written() {
    let seen = |code: &str| {
        let module: Vec<String> = ["dom", "tree"].map(str::to_owned).to_vec();
        rooms_used(&code_of(code), &module).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(seen("use crate::store::Cache;"), ["store"]);
    assert_eq!(seen("use crate::{event::Op, store};"), ["event", "store"]);
    assert_eq!(seen("use crate::{\n    event::{Op, Kind},\n    replay::Replay as R,\n};"), ["event", "replay"]);
    assert_eq!(seen("fn f() { crate :: store :: open() }"), ["store"]);
    assert_eq!(seen("use super::super::store::Cache;"), ["store"]);
    assert_eq!(seen("use super::css;"), Vec::<String>::new());
    assert_eq!(
        seen("// use crate::store;\n/* crate::desk */ let x = \"crate::wire\"; let y = 'c';"),
        Vec::<String>::new()
    );
    assert_eq!(seen("fn f() {}\n#[cfg(test)]\nmod tests { use crate::desk; }"), Vec::<String>::new());
    assert_eq!(seen("let s = r#\"crate::desk\"#; use crate::event;"), ["event"]);
}

struct SourceFile {
    path: PathBuf,
    room: String,
    /// Names of the modules from the crate's root to this file.
    module: Vec<String>,
    /// Shipped code, without comments and strings.
    code: String,
}

fn core_files() -> impl Iterator<Item = SourceFile> {
    let source = root().join("src-tauri/core/src");
    rust_files(&source).into_iter().map(move |path| {
        let within = path.strip_prefix(&source).expect("found below it").with_extension("");
        let mut module: Vec<String> = within.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        let room = module.first().cloned().unwrap_or_default();
        let code = code_of(&fs::read_to_string(&path).expect("a source file"));
        SourceFile { path, room, module, code }
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && name != "node_modules" && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
                // A room's `tests.rs` is its `mod tests` in a file of its own.
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The code before the file's tests, with comments and the insides of strings blanked.
fn code_of(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), String::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let rest = &text[at..];
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if rest.starts_with('"') {
            string(rest)
        } else if let Some(length) = raw_string(rest, bytes.get(at.wrapping_sub(1)).copied()) {
            length
        } else if rest.starts_with('\'') {
            character(rest)
        } else {
            0
        };
        if skip > 0 {
            out.push(' ');
            at += skip;
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..next]);
            at += next;
        }
    }
    let tests = out.find("#[cfg(test)]\nmod ").unwrap_or(out.len());
    out.truncate(tests);
    out
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    rest.len()
}

fn raw_string(rest: &str, before: Option<u8>) -> Option<usize> {
    if before.is_some_and(|b| b != b'b' && (b == b'_' || b.is_ascii_alphanumeric())) {
        return None;
    }
    let hashes = rest.strip_prefix('r')?.bytes().take_while(|b| *b == b'#').count();
    let inside = rest.get(1 + hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(inside.find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len()))
}

/// A character, or nothing when it is a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => rest[3..].find('\'').map_or(0, |at| 4 + at),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether `name::` starts a path or is imported.
fn has_path(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].trim_end();
        let alone = !code[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric());
        let after = &code[at + name.len()..];
        let ends = !after.starts_with(|c: char| c == '_' || c.is_alphanumeric());
        let imported = before.ends_with("use") || before.ends_with("extern crate");
        alone && ends && (after.trim_start().starts_with("::") && !before.ends_with("::") || imported)
    })
}

/// Rooms that a path out of this module names, by `crate::` or by enough `super::`.
fn rooms_used(code: &str, module: &[String]) -> BTreeSet<String> {
    let squeezed: String = code.split_whitespace().fold(String::new(), |mut all, word| {
        let glue = |c: char| c == '_' || c.is_alphanumeric();
        if all.ends_with(glue) && word.starts_with(glue) {
            all.push(' ');
        }
        all.push_str(word);
        all
    });
    let up = "super::".repeat(module.len());
    let mut used = BTreeSet::new();
    for start in ["crate::", up.as_str()].into_iter().filter(|start| !start.is_empty()) {
        for (at, _) in squeezed.match_indices(start) {
            if squeezed[..at].ends_with(|c: char| c == '_' || c == ':' || c.is_alphanumeric()) {
                continue;
            }
            let rest = &squeezed[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(group) => used.extend(group_heads(group)),
                None => used.extend(words(rest).next().map(str::to_owned)),
            }
        }
    }
    used.retain(|name| ROOMS.iter().any(|(room, _)| room == name));
    used
}

/// First names of a `{…}` of imports, the brace being open already.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut head, mut heads) = (1, true, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => head = true,
            _ if head && depth == 1 => {
                heads.extend(words(&group[at..]).next().map(str::to_owned));
                head = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}
