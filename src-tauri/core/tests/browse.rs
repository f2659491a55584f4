//! The session list of real recordings: what the index answers against a look at each session.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use dwell_core::desk::chosen::Chosen;
use dwell_core::desk::{Desk, Marked, SessionsQuery, list};
use dwell_core::facts;
use dwell_core::segment::filter::{self, holds};
use dwell_core::store::Cache;
use dwell_core::wire::ReviewChange;
use serde_json::{Map, Value};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The demo's recordings, and some of the corpus when there is one.
fn recordings() -> Vec<PathBuf> {
    let mut paths = vec![here().join("../../tests/demo-site/demo.zip")];
    let corpus = std::env::var_os("DWELL_CORPUS").map_or_else(|| here().join("../../../shared/corpus"), PathBuf::from);
    let visits = std::fs::read_dir(corpus.join("visits")).into_iter().flatten().flatten();
    let mut visits: Vec<PathBuf> = visits.map(|visit| visit.path().join("clarity")).filter(|p| p.is_dir()).collect();
    visits.sort();
    if visits.is_empty() {
        eprintln!("skipped: no corpus at {} (set DWELL_CORPUS)", corpus.display());
    }
    paths.extend(visits.into_iter().take(6));
    paths
}

struct Project {
    _folder: tempfile::TempDir,
    desk: Desk,
    /// Facts of each session, by id.
    sessions: Vec<Map<String, Value>>,
}

impl Project {
    fn new() -> Project {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(&folder.path().join("p.dwell")).unwrap();
        assert_eq!(desk.count(&[]).unwrap().total, 0);
        desk.import(recordings(), &|_| {}, &AtomicBool::new(false)).unwrap();
        let mut project = Project { _folder: folder, desk, sessions: Vec::new() };
        project.look();
        assert!(project.sessions.len() > 5);
        project
    }

    fn look(&mut self) {
        let cache = Cache::open(self.desk.path()).unwrap();
        self.sessions = list::sessions(&cache, &Chosen::default(), &"id".parse().unwrap(), None).unwrap();
    }

    fn ids(&self, rows: &[&str]) -> Vec<String> {
        let rows: Vec<_> = rows.iter().map(|row| filter::parse(row).unwrap()).collect();
        let fit = self.sessions.iter().filter(|facts| rows.iter().all(|row| holds(row, *facts, &(), 0)));
        fit.map(|facts| facts["id"].as_str().unwrap().to_owned()).collect()
    }

    fn list(&self, query: SessionsQuery) -> Value {
        serde_json::from_slice(&self.desk.sessions(query).unwrap()).unwrap()
    }
}

fn owned(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

fn ids(list: &Value) -> Vec<String> {
    list["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_list_is_what_looking_at_each_session_says() {
    let mut project = Project::new();
    let all = project.sessions.len();
    let filters: [&[&str]; 9] = [
        &[],
        &["device = mobile"],
        &["page_count >= 3 OR rage_clicks", "NOT js_errors"],
        &["page matches \"cart|checkout\""],
        &["channel != direct AND entry_page contains /"],
        &["referrer is empty", "duration between 10s and 5m"],
        &["clicked_text is not empty", "frustration > 10"],
        &["std.source is empty"],
        &["country = XX"],
    ];
    for rows in filters {
        let wanted = project.ids(rows);
        let counted = project.desk.count(&owned(rows)).unwrap();
        assert_eq!((counted.total, counted.matched), (all as u32, wanted.len() as u32), "{rows:?}");
        let query =
            || SessionsQuery { filter: Some(owned(rows)), sort: Some("duration".into()), ..SessionsQuery::default() };
        let list = project.list(query());
        let mut found = ids(&list);
        for (place, id) in found.iter().enumerate() {
            assert_eq!(project.desk.place(id, query()).unwrap(), Some(place as u32));
        }
        let page = project.list(SessionsQuery { from: Some(1), limit: Some(2), ..query() });
        assert_eq!(ids(&page), found.iter().skip(1).take(2).cloned().collect::<Vec<_>>());
        assert_eq!((page["matched"].as_u64(), page["total"].as_u64()), (Some(found.len() as u64), Some(all as u64)));
        assert_eq!(page["from"].as_u64(), Some(found.len().min(1) as u64));
        found.sort();
        assert_eq!(found, wanted, "{rows:?}");
    }
    // What a value's count promises, its row keeps.
    let names = facts::FIELDS.iter().filter(|f| !f.name.starts_with("tag.")).map(|f| f.name.to_owned());
    let mut names: Vec<String> = names.collect();
    names.extend(project.desk.fields().unwrap().into_iter().map(|f| f.name).filter(|n| n.starts_with("tag.")));
    let within = SessionsQuery { filter: Some(owned(&["page_count >= 2"])), ..SessionsQuery::default() };
    let facets: Value = serde_json::from_slice(&project.desk.facets(&within, &names, None, 1000).unwrap()).unwrap();
    assert_eq!(facets["fields"].as_array().unwrap().len(), names.len());
    let mut values = 0;
    for facet in facets["fields"].as_array().unwrap() {
        let name = facet["name"].as_str().unwrap();
        let shown = |key: &str| match key.split_once('.') {
            Some(("tag", key)) => format!("tag.{}", serde_json::to_string(key).unwrap()),
            _ => key.to_owned(),
        };
        for value in facet["values"].as_array().unwrap() {
            let text = value["value"].as_str().unwrap();
            let row = format!(
                "{} = {}",
                shown(name),
                serde_json::to_string(text).unwrap().replace("\\n", "\n").replace("\\\\", "\\")
            );
            let Ok(_) = filter::parse(&row) else { panic!("{row}") };
            let wanted = project.ids(&["page_count >= 2", &row]).len();
            assert_eq!(value["count"].as_u64(), Some(wanted as u64), "{row}");
            values += 1;
        }
        let empty = project.ids(&["page_count >= 2", &format!("{} is empty", shown(name))]).len();
        assert_eq!(facet["empty"].as_u64(), Some(empty as u64), "{name}");
    }
    assert!(values > 50, "{values}");
    // What people do is in the next answer; so is what another connection does.
    let id = project.sessions[0]["id"].as_str().unwrap().to_owned();
    project.desk.review_change(&id, ReviewChange::Label { label: "Odd one".into(), on: true }).unwrap();
    assert_eq!(project.desk.count(&owned(&["label = \"odd one\""])).unwrap().matched, 1);
    let query = SessionsQuery {
        text: Some("odd ONE".into()),
        columns: Some(owned(&["label", "page_count"])),
        ..SessionsQuery::default()
    };
    let list = project.list(query);
    assert_eq!(ids(&list), std::slice::from_ref(&id));
    assert_eq!(list["rows"][0]["fields"]["label"], serde_json::json!(["Odd one"]));
    assert_eq!(list["rows"][0]["fields"]["page_count"], project.sessions[0]["page_count"].as_f64().unwrap());
    project.look();
    assert_eq!(project.ids(&["label = \"odd one\""]), std::slice::from_ref(&id));
    let only = SessionsQuery { only: Some(vec![id.clone(), "nobody".into()]), ..SessionsQuery::default() };
    assert_eq!(ids(&project.list(only)), std::slice::from_ref(&id));
    // What the reviewer marked, and what stays all the same.
    let marked = |marked: Marked| {
        let query = SessionsQuery { marked: Some(marked), ..SessionsQuery::default() };
        let mut found = ids(&project.list(query));
        found.sort();
        found
    };
    let label = Some("Odd one".to_owned());
    assert_eq!(marked(Marked { label: label.clone(), ..Marked::default() }), std::slice::from_ref(&id));
    project.desk.mark_watched(&id).unwrap();
    assert!(marked(Marked { label: label.clone(), unwatched: true, ..Marked::default() }).is_empty());
    assert_eq!(
        marked(Marked { label, unwatched: true, keep: Some(id.clone()), ..Marked::default() }),
        std::slice::from_ref(&id)
    );
    assert_eq!(marked(Marked { unwatched: true, ..Marked::default() }).len(), all - 1);
    let cache = Cache::open(project.desk.path()).unwrap();
    let playable = cache.sessions(&Default::default()).unwrap().into_iter().filter(|row| row.has_recording).count();
    assert_eq!(marked(Marked { playable: true, ..Marked::default() }).len(), playable);
    assert!(playable > 0);
    // Opened again, from what is stored.
    let again = Desk::open(project.desk.path()).unwrap();
    for rows in filters {
        assert_eq!(again.count(&owned(rows)).unwrap().matched as usize, project.ids(rows).len(), "{rows:?}");
    }
}
