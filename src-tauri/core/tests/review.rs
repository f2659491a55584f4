//! The reviewer's work in a cache: steps, undo over restarts, two copies of a project that come together again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use dwell_core::desk::export::{ExportOptions, export};
use dwell_core::desk::review::{self, By, NewNote};
use dwell_core::desk::{self, Desk, SessionsQuery, import, list, notes};
use dwell_core::findings::Findings;
use dwell_core::store::{Cache, Decision, Goal, Notes};
use dwell_core::wire::ReviewChange;
use serde_json::Value;
use tempfile::TempDir;

const START: i64 = 1_795_317_020_000;

fn body(session: &str) -> String {
    format!(
        r#"{{"e":["0.8.70",1,0,1000,"proj","u-{session}","{session}",1,0,1,0,"https://shop.test/"],"a":[[0,0,0,{START}],[0,1,1,["https://shop.test/{session}"]]]}}"#
    )
}

struct Copy {
    dir: TempDir,
    cache: Cache,
}

impl Copy {
    fn new() -> Copy {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache")).unwrap();
        let mut copy = Copy { dir, cache };
        for session in ["s1", "s2"] {
            let path = copy.at(&format!("{session}.json"));
            std::fs::write(&path, body(session)).unwrap();
            copy.import(&path);
        }
        copy
    }
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    fn import(&mut self, path: &Path) -> import::ImportSummary {
        let options = import::Options::default();
        let mut findings = Findings::new();
        let never = AtomicBool::new(false);
        import::import(&mut self.cache, &[path.to_owned()], &options, &mut |_| {}, &never, START, &mut findings)
            .unwrap()
    }
    /// As after a restart.
    fn reopen(&mut self) {
        self.cache = Cache::open(self.cache.path()).unwrap();
    }
    fn note(&mut self, id: &str, text: &str, at: i64) {
        let new =
            NewNote { id: id.into(), session: "s1".into(), at: Some(START), text: text.into(), ..NewNote::default() };
        review::add_note(&mut self.cache, new, by(at)).unwrap();
    }
    fn texts(&self) -> Vec<String> {
        let notes = self.cache.notes().unwrap().notes;
        let mut texts: Vec<String> = notes.into_iter().filter(|n| !n.gone).map(|n| n.text).collect();
        texts.sort();
        texts
    }
    fn export_notes(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        notes::export(&self.cache, &path, &[], true).unwrap();
        path
    }
    fn merge(&mut self, path: &Path) -> (notes::Merged, Vec<String>) {
        let mut findings = Findings::new();
        let done = notes::import(&mut self.cache, path, &mut findings).unwrap();
        (done, findings.list().iter().map(|f| f.code.clone()).collect())
    }
    fn undo(&mut self, at: i64) -> Option<String> {
        review::turn(&mut self.cache, false, at).unwrap()
    }
    fn redo(&mut self, at: i64) -> Option<String> {
        review::turn(&mut self.cache, true, at).unwrap()
    }
}

fn by(at: i64) -> By<'static> {
    By { who: "ana", at }
}

/// What stands, without how it came about.
fn standing(notes: &Notes) -> Value {
    let mut value = serde_json::to_value(notes).unwrap();
    for section in value.as_object_mut().unwrap().values_mut() {
        let rows = section.as_array_mut().unwrap();
        rows.retain(|row| row["gone"] != true);
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.remove("changed_at");
            row.remove("was");
        }
    }
    value
}

fn decision(time: i64) -> Decision {
    Decision {
        kind: "dead_click".into(),
        time,
        selector: Some("#a".into()),
        page: Some("https://shop.test/".into()),
        reason: Some("a  picture\nto zoom".into()),
    }
}

/// Something that a reviewer does.
type Doing = Box<dyn Fn(&mut Cache)>;

#[test]
fn every_step_is_undone_and_done_again_also_after_a_restart() {
    let mut copy = Copy::new();
    let mut states = vec![standing(&copy.cache.notes().unwrap())];
    let steps: Vec<Doing> = vec![
        Box::new(|c| {
            let pin = NewNote {
                id: "n".into(),
                session: "s1".into(),
                page: Some(1),
                at: Some(START),
                node: Some(7),
                selector: Some("#a".into()),
                text: " look ".into(),
            };
            review::add_note(c, pin, by(10)).unwrap();
        }),
        Box::new(|c| review::edit_note(c, "n", "look here", by(11)).unwrap()),
        Box::new(|c| assert!(review::label(c, "s1", " check  out ", true, by(12)).unwrap())),
        Box::new(|c| assert!(review::favourite(c, "s1", true, by(13)).unwrap())),
        Box::new(|c| assert!(review::rate(c, "s1", Some(4), by(14)).unwrap())),
        Box::new(|c| assert!(review::rate(c, "s1", Some(2), by(15)).unwrap())),
        Box::new(|c| assert!(review::rate(c, "s1", None, by(16)).unwrap())),
        Box::new(|c| assert!(review::watched(c, "s1", true, true, by(17)).unwrap())),
        Box::new(|c| assert!(review::decide(c, "s1", decision(START), true, by(18)).unwrap())),
        Box::new(|c| assert!(review::decide(c, "s1", decision(START), false, by(19)).unwrap())),
        Box::new(|c| {
            assert!(review::set_goal(c, Goal { id: "g".into(), watch: 5, ..Goal::default() }, by(20)).unwrap())
        }),
        Box::new(|c| assert!(review::label(c, "s1", "Check Out", false, by(21)).unwrap())),
        Box::new(|c| review::remove_note(c, "n", by(22)).unwrap()),
    ];
    for step in &steps {
        step(&mut copy.cache);
        let now = standing(&copy.cache.notes().unwrap());
        assert_ne!(states.last(), Some(&now));
        states.push(now);
    }
    assert_eq!(states.last().unwrap()["notes"], serde_json::json!([]));
    for round in 0..2 {
        for (at, state) in states.iter().enumerate().rev().skip(1) {
            copy.reopen();
            // The clock stands still, or was even set back.
            assert!(copy.undo(5).is_some());
            assert_eq!(&standing(&copy.cache.notes().unwrap()), state, "undo {at}, round {round}");
        }
        assert_eq!(copy.undo(5), None);
        for (at, state) in states.iter().enumerate().skip(1) {
            copy.reopen();
            assert!(copy.redo(5).is_some());
            assert_eq!(&standing(&copy.cache.notes().unwrap()), state, "redo {at}, round {round}");
        }
        assert_eq!(copy.redo(5), None);
    }
    // Something new after an undo: what was undone is given up.
    assert_eq!(copy.undo(30).as_deref(), Some("Note removed"));
    review::favourite(&mut copy.cache, "s2", true, by(31)).unwrap();
    assert_eq!(copy.redo(32), None);
    assert_eq!(copy.undo(33).as_deref(), Some("Marked as favourite"));
    assert_eq!(copy.texts(), ["look here"]);
}

#[test]
fn at_least_a_hundred_steps_are_kept() {
    let mut copy = Copy::new();
    for i in 0..150 {
        review::rate(&mut copy.cache, "s1", Some(1 + i % 5), by(i)).unwrap();
    }
    copy.reopen();
    for _ in 0..150 {
        assert!(copy.undo(900).is_some());
    }
    assert_eq!(copy.undo(900), None);
    assert!(copy.cache.notes().unwrap().ratings[0].gone);
}

#[test]
fn what_stands_already_is_no_step() {
    let mut copy = Copy::new();
    assert!(!review::favourite(&mut copy.cache, "s1", false, by(1)).unwrap());
    assert!(review::label(&mut copy.cache, "s1", "vip", true, by(1)).unwrap());
    assert!(!review::label(&mut copy.cache, "s1", "VIP", true, by(2)).unwrap(), "the label that is known");
    assert!(review::label(&mut copy.cache, "s2", "Vip", true, by(3)).unwrap());
    assert_eq!(review::labels(&copy.cache).unwrap().into_iter().collect::<Vec<_>>(), [("vip".to_owned(), 2)]);
    // The player's own notes are no steps, and a later playing takes nothing back.
    assert!(review::watched(&mut copy.cache, "s1", true, false, by(4)).unwrap());
    assert!(!review::watched(&mut copy.cache, "s1", true, true, by(5)).unwrap());
    assert!(review::reached(&mut copy.cache, "s1", START + 9, by(6)).unwrap());
    assert!(!review::reached(&mut copy.cache, "s1", START + 3, by(7)).unwrap());
    assert_eq!(copy.undo(8).as_deref(), Some("Label “vip” put on"));
    let stands = review::standing(&copy.cache, "s1", "ana").unwrap();
    assert_eq!((stands.watched_at, stands.watched_until), (Some(4), Some(START + 9)));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut copy = Copy::new();
    copy.note("n", "first", 1);
    let before = copy.cache.notes().unwrap();
    let c = &mut copy.cache;
    let new = |id: &str, session: &str, text: &str| NewNote {
        id: id.into(),
        session: session.into(),
        text: text.into(),
        ..NewNote::default()
    };
    let long = "x".repeat(20_001);
    let errors = [
        review::add_note(c, new("m", "nobody", "x"), by(2)).unwrap_err(),
        review::add_note(c, new("m", "s1", " \n "), by(2)).unwrap_err(),
        review::add_note(c, new("m", "s1", &long), by(2)).unwrap_err(),
        review::add_note(c, new("", "s1", "x"), by(2)).unwrap_err(),
        review::add_note(c, new("n", "s1", "x"), by(2)).unwrap_err(),
        review::edit_note(c, "nobody", "x", by(2)).unwrap_err(),
        review::edit_note(c, "n", "", by(2)).unwrap_err(),
        review::remove_note(c, "nobody", by(2)).unwrap_err(),
        review::label(c, "s1", "  ", true, by(2)).unwrap_err(),
        review::label(c, "s1", &long, true, by(2)).unwrap_err(),
        review::rate(c, "s1", Some(6), by(2)).unwrap_err(),
        review::rate(c, "nobody", Some(1), by(2)).unwrap_err(),
        review::set_reviewer(c, &long).unwrap_err(),
        review::set_goal(c, Goal { id: "g".into(), watch: 10_001, ..Goal::default() }, by(2)).unwrap_err(),
    ];
    let codes: Vec<&str> = errors.iter().map(dwell_core::error::Error::code).collect();
    assert_eq!(
        codes,
        [
            "session_missing",
            "usage",
            "usage",
            "usage",
            "usage",
            "note_missing",
            "usage",
            "note_missing",
            "usage",
            "usage",
            "usage",
            "session_missing",
            "usage",
            "usage"
        ]
    );
    assert_eq!(copy.cache.notes().unwrap(), before);
    assert_eq!(copy.undo(3).as_deref(), Some("Note added"), "and none of them is a step");
}

#[test]
fn two_people_work_apart_and_come_together_in_any_order() {
    let (mut ana, mut bob) = (Copy::new(), Copy::new());
    ana.note("shared", "slow", 10);
    let first = ana.export_notes("first.json");
    let (done, codes) = bob.merge(&first);
    assert_eq!((done.notes_added, codes.len()), (1, 0));
    // Both change the same note, and each does work of their own.
    review::edit_note(&mut ana.cache, "shared", "slow on phones", By { who: "ana", at: 20 }).unwrap();
    review::edit_note(&mut bob.cache, "shared", "slow after the voucher", By { who: "bob", at: 25 }).unwrap();
    review::label(&mut ana.cache, "s1", "checkout", true, By { who: "ana", at: 21 }).unwrap();
    review::rate(&mut ana.cache, "s1", Some(5), By { who: "ana", at: 22 }).unwrap();
    review::rate(&mut bob.cache, "s1", Some(2), By { who: "bob", at: 26 }).unwrap();
    review::watched(&mut bob.cache, "s2", true, true, By { who: "bob", at: 27 }).unwrap();
    review::decide(&mut bob.cache, "s1", decision(START), true, By { who: "bob", at: 28 }).unwrap();
    let (from_ana, from_bob) = (ana.export_notes("ana.json"), bob.export_notes("bob.json"));
    let (done, codes) = ana.merge(&from_bob);
    assert_eq!((done.both_kept, codes), (1, vec!["notes_both_kept".to_owned()]));
    let (done, _) = bob.merge(&from_ana);
    assert_eq!(done.both_kept, 1);
    assert_eq!(ana.cache.notes().unwrap(), bob.cache.notes().unwrap());
    assert_eq!(ana.texts(), ["slow after the voucher", "slow on phones"]);
    // A third copy takes them in another order, the same file twice, and an old one last.
    let mut third = Copy::new();
    for file in [&from_bob, &from_ana, &from_bob, &first] {
        third.merge(file);
    }
    assert_eq!(third.cache.notes().unwrap(), ana.cache.notes().unwrap());
    assert_eq!(third.merge(&from_ana), (notes::Merged::default(), vec![]), "again: nothing");
    assert_eq!(
        std::fs::read(third.export_notes("third.json")).unwrap(),
        std::fs::read(ana.export_notes("again.json")).unwrap(),
        "the same bytes"
    );
    // Each keeps a rating of their own.
    let of = |copy: &Copy, who: &str| review::standing(&copy.cache, "s1", who).unwrap().rating;
    assert_eq!((of(&third, "ana"), of(&third, "bob"), of(&third, "eve")), (Some(5), Some(2), None));
    // What was removed here goes there, too; an undo of it as well.
    let id = ana.cache.notes().unwrap().notes.into_iter().find(|n| n.text == "slow on phones").unwrap().id;
    review::remove_note(&mut ana.cache, &id, By { who: "ana", at: 40 }).unwrap();
    let removed = ana.export_notes("removed.json");
    bob.merge(&removed);
    assert_eq!(bob.texts(), ["slow after the voucher"]);
    assert_eq!(ana.undo(50).as_deref(), Some("Note removed"));
    let back = ana.export_notes("back.json");
    bob.merge(&back);
    assert_eq!(bob.texts(), ["slow after the voucher", "slow on phones"]);
    bob.merge(&removed);
    assert_eq!(bob.texts().len(), 2, "an old file takes nothing away again");
}

#[test]
fn a_step_whose_outcome_was_changed_by_a_merge_is_not_undone() {
    let (mut ana, mut bob) = (Copy::new(), Copy::new());
    ana.note("n", "slow", 10);
    let first = ana.export_notes("first.json");
    bob.merge(&first);
    review::edit_note(&mut bob.cache, "n", "slow, and broken", By { who: "bob", at: 20 }).unwrap();
    ana.merge(&bob.export_notes("bob.json"));
    let error = review::turn(&mut ana.cache, false, 30).unwrap_err();
    assert_eq!(error.code(), "step_outdated");
    assert!(error.to_string().contains("“Note added” can no longer be undone"), "{error}");
    assert_eq!(ana.texts(), ["slow, and broken"]);
    assert_eq!(ana.undo(31), None, "it is out of the way");
}

#[test]
fn a_broken_file_changes_nothing() {
    let mut copy = Copy::new();
    copy.note("n", "kept", 1);
    let before = copy.cache.notes().unwrap();
    let whole = std::fs::read(copy.export_notes("whole.json")).unwrap();
    for cut in [0, 1, whole.len() / 2, whole.len() - 3] {
        let path = copy.at("cut.json");
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = notes::import(&mut copy.cache, &path, &mut Findings::new()).unwrap_err();
        assert_eq!(error.code(), "path_unreadable");
        assert!(error.to_string().contains("cut.json"), "{error}");
    }
    for (path, code) in [(copy.at("nowhere.json"), "path_missing"), (copy.dir.path().to_owned(), "path_unreadable")] {
        assert_eq!(notes::import(&mut copy.cache, &path, &mut Findings::new()).unwrap_err().code(), code);
    }
    assert_eq!(copy.cache.notes().unwrap(), before);
    assert_eq!(notes::export(&copy.cache, &copy.at("whole.json"), &[], false).unwrap_err().code(), "usage");
    assert_eq!(
        notes::export(&copy.cache, &copy.at("x.json"), &["nobody".into()], false).unwrap_err().code(),
        "session_missing"
    );
    assert!(!copy.at("x.json").exists());
}

#[test]
fn archives_carry_the_same_and_one_session_only_its_own() {
    let mut ana = Copy::new();
    ana.note("n", "slow", 10);
    review::label(&mut ana.cache, "s1", "checkout", true, by(11)).unwrap();
    review::label(&mut ana.cache, "s2", "later", true, by(12)).unwrap();
    review::label(&mut ana.cache, "s2", "later", false, by(13)).unwrap();
    review::decide(&mut ana.cache, "s1", decision(START), true, by(14)).unwrap();
    review::set_goal(&mut ana.cache, Goal { id: "g".into(), text: "shop".into(), watch: 5, ..Goal::default() }, by(15))
        .unwrap();
    let zip = ana.at("all.zip");
    let options = ExportOptions { all: true, ..ExportOptions::default() };
    export(&ana.cache, &zip, &options, START, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    let mut copy = Copy::new();
    copy.import(&zip);
    assert_eq!(copy.cache.notes().unwrap(), ana.cache.notes().unwrap());
    copy.import(&zip);
    assert_eq!(copy.cache.notes().unwrap(), ana.cache.notes().unwrap());
    // The archive's notes are the file that `dwell notes` takes.
    let mut inside = zip::ZipArchive::new(std::fs::File::open(&zip).unwrap()).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut inside.by_name("notes.json").unwrap(), &mut text).unwrap();
    assert_eq!(text.as_bytes(), std::fs::read(ana.export_notes("all.json")).unwrap());
    let one = ana.at("one.json");
    let done = notes::export(&ana.cache, &one, &["s2".into()], false).unwrap();
    assert_eq!((done.notes, done.labels, done.goals), (0, 0, 0));
    let text = std::fs::read_to_string(one).unwrap();
    assert!(text.contains("\"later\"") && !text.contains("checkout"), "{text}");
}

#[test]
fn the_list_and_the_window_tell_it() {
    let mut copy = Copy::new();
    copy.note("n", "the voucher fails", 10);
    review::label(&mut copy.cache, "s1", "checkout", true, by(11)).unwrap();
    review::rate(&mut copy.cache, "s1", Some(4), by(12)).unwrap();
    review::watched(&mut copy.cache, "s1", true, true, By { who: "bob", at: 13 }).unwrap();
    let rows = list::sessions(&copy.cache, &Default::default(), &"rating:desc".parse().unwrap(), None).unwrap();
    let fields =
        ["id", "watched", "favorite", "rating", "label", "note"].map(|f| rows[0].get(f).cloned().unwrap_or_default());
    assert_eq!(
        Value::from(fields.to_vec()),
        serde_json::json!(["s1", true, false, 4, ["checkout"], ["the voucher fails"]])
    );
    assert_eq!((rows[1]["watched"].clone(), rows[1].get("label")), (Value::Bool(false), None));

    let window = Desk::open(copy.cache.path()).unwrap();
    let rows = |text: &str| -> Value {
        let query = SessionsQuery { text: Some(text.into()), ..SessionsQuery::default() };
        serde_json::from_slice::<Value>(&window.sessions(query).unwrap()).unwrap()["rows"].clone()
    };
    assert_eq!(rows("VOUCHER fails")[0]["id"], "s1", "found by the text of a note");
    assert_eq!(rows("checkout").as_array().unwrap().len(), 1);
    let row = &rows("s1")[0];
    assert_eq!(
        [&row["watched"], &row["watched_by"], &row["rating"], &row["labels"], &row["notes"], &row["frustration"]],
        [
            &Value::Bool(false),
            &serde_json::json!(["bob"]),
            &Value::Null,
            &serde_json::json!(["checkout"]),
            &serde_json::json!(1),
            &serde_json::json!(0)
        ]
    );
    assert_eq!(window.reviewer(Some("  ana ")).unwrap(), "ana");
    assert_eq!(rows("s1")[0]["rating"], 4, "ana's own now");
    let review: Value =
        serde_json::from_slice(&window.review_change("s2", ReviewChange::Watched { on: true }).unwrap()).unwrap();
    assert_eq!(
        (&review["reviewer"], review["watched_at"].is_i64(), &review["undo"]),
        (&"ana".into(), true, &"Marked watched".into())
    );
    assert_eq!(review["known_labels"], serde_json::json!(["checkout"]));
    // A new name takes along what was done under the old one.
    window.reviewer(Some("Anna")).unwrap();
    assert_eq!((&rows("s1")[0]["rating"], &rows("s2")[0]["watched"]), (&4.into(), &true.into()));
    assert!(window.review("nobody").is_err());
    assert_eq!(window.review_turn(false).unwrap().said.as_deref(), Some("Marked watched"));
    assert_eq!(rows("s2")[0]["watched"], false, "and the history went along");
}

#[test]
fn goals_count_what_was_watched_in_the_week() {
    let mut copy = Copy::new();
    let goal = |id: &str, text: &str| Goal { id: id.into(), text: text.into(), watch: 2, ..Goal::default() };
    review::set_goal(&mut copy.cache, goal("a", ""), By { who: "", at: 1 }).unwrap();
    review::set_goal(&mut copy.cache, goal("b", "shop.test/s2"), By { who: "", at: 1 }).unwrap();
    review::watched(&mut copy.cache, "s1", true, true, By { who: "", at: 150 }).unwrap();
    review::watched(&mut copy.cache, "s2", true, true, By { who: "", at: 99 }).unwrap();
    let goals = |copy: &Copy| -> Vec<(u32, u32)> {
        desk::goals(&copy.cache, 100, 200).unwrap().iter().map(|g| (g.done, g.sessions)).collect()
    };
    assert_eq!(goals(&copy), [(1, 2), (0, 1)]);
    review::set_goal(&mut copy.cache, Goal { watch: 0, ..goal("a", "") }, By { who: "", at: 2 }).unwrap();
    assert_eq!(goals(&copy), [(0, 1)]);
}

#[test]
fn many_sessions_take_a_label_in_one_step() {
    let copy = Copy::new();
    let window = Desk::open(copy.cache.path()).unwrap();
    let all = || desk::Which::List { query: Box::default(), except: vec![] };
    let labelled = |label: &str| {
        let marked = desk::Marked { label: Some(label.to_owned()), ..desk::Marked::default() };
        let query = SessionsQuery { marked: Some(marked), ..SessionsQuery::default() };
        serde_json::from_slice::<Value>(&window.sessions(query).unwrap()).unwrap()["matched"].as_u64().unwrap()
    };
    assert_eq!(window.label_many(desk::Which::Ids { ids: vec!["s1".into()] }, "VIP", true).unwrap(), 1);
    // In the capitals that are known; the one that has it already is not changed.
    assert_eq!(window.label_many(all(), " vip ", true).unwrap(), 1);
    assert_eq!((labelled("VIP"), labelled("vip")), (2, 0));
    assert_eq!(window.review_turn(false).unwrap().said.as_deref(), Some("Label “VIP” put on 2 sessions"));
    assert_eq!(labelled("VIP"), 1, "the step before stands");
    assert_eq!(window.label_many(all(), "vip", false).unwrap(), 1);
    assert_eq!(labelled("VIP"), 0);
    let strange = desk::Which::Ids { ids: vec!["s1".into(), "nobody".into()] };
    assert_eq!(window.label_many(strange, "new", true).unwrap_err().code(), "session_missing");
    assert_eq!(labelled("new"), 0, "all or nothing");
    assert!(window.label_many(all(), "  ", true).unwrap_err().is_usage());
}

#[test]
fn the_list_keeps_what_was_marked() {
    let copy = Copy::new();
    let window = Desk::open(copy.cache.path()).unwrap();
    window.reviewer(Some("ana")).unwrap();
    window.review_change("s1", ReviewChange::Watched { on: true }).unwrap();
    window.review_change("s2", ReviewChange::Favourite { on: true }).unwrap();
    let ids = |marked: desk::Marked| -> Vec<String> {
        let query = SessionsQuery { marked: Some(marked), sort: Some("id".into()), ..SessionsQuery::default() };
        let list: Value = serde_json::from_slice(&window.sessions(query).unwrap()).unwrap();
        list["rows"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect()
    };
    let marked = desk::Marked::default;
    assert_eq!(ids(marked()), ["s1", "s2"]);
    assert_eq!(ids(desk::Marked { unwatched: true, ..marked() }), ["s2"]);
    assert_eq!(ids(desk::Marked { unwatched: true, keep: Some("s1".into()), ..marked() }), ["s1", "s2"]);
    assert_eq!(ids(desk::Marked { favourite: true, ..marked() }), ["s2"]);
    assert_eq!(ids(desk::Marked { favourite: true, notes: true, ..marked() }), [""; 0]);
    let query = SessionsQuery {
        marked: Some(desk::Marked { unwatched: true, ..marked() }),
        text: Some("shop".into()),
        ..SessionsQuery::default()
    };
    let facets: Value = serde_json::from_slice(&window.facets(&query, &["watched".into()], None, 5).unwrap()).unwrap();
    assert_eq!((&facets["matched"], &facets["total"]), (&Value::from(1), &Value::from(2)));
    // Another reviewer has watched nothing.
    window.reviewer(Some("ana")).unwrap();
    assert_eq!(
        window.place("s2", SessionsQuery { marked: Some(marked()), ..SessionsQuery::default() }).unwrap(),
        Some(1)
    );
}

#[test]
fn a_table_is_written_whole_or_not_at_all() {
    let copy = Copy::new();
    let window = Desk::open(copy.cache.path()).unwrap();
    let path = copy.at("sessions.csv");
    let never = AtomicBool::new(false);
    let order = SessionsQuery { sort: Some("id".into()), descending: Some(true), ..SessionsQuery::default() };
    let write = |which, columns: Option<&[&str]>, cancel: &AtomicBool| {
        let columns = columns.map(|c| c.iter().map(|c| (*c).to_owned()).collect());
        window.export_table(which, &order, columns, &path, &|_| {}, cancel)
    };
    let both = || desk::Which::Ids { ids: vec!["s1".into(), "s2".into()] };
    let done = write(both(), Some(&["id", "entry_page"]), &never).unwrap();
    assert_eq!((done.sessions, done.cancelled), (2, false));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "id,entry_page\r\ns2,https://shop.test/s2\r\ns1,https://shop.test/s1\r\n");
    assert_eq!(done.bytes, text.len() as u64);
    // All but some, with every field.
    let most = desk::Which::List { query: Box::new(order.clone()), except: vec!["s2".into()] };
    assert_eq!(write(most, None, &never).unwrap().sessions, 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("id,start,day,") && text.lines().count() == 2, "{text}");
    // Cancelled: what was there stays, and nothing lies beside it.
    assert!(write(both(), None, &AtomicBool::new(true)).unwrap().cancelled);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert!(write(both(), Some(&["no_such"]), &never).unwrap_err().is_usage());
    assert!(!copy.at("sessions.csv.part").exists());
}
