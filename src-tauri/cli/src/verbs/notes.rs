use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use dwell_core::desk::review::{self, By, NewNote};
use dwell_core::desk::{notes, session};
use dwell_core::error::Error;
use dwell_core::facts::iso;
use dwell_core::findings::Findings;
use dwell_core::store::{Cache, Decision, Goal};
use serde_json::{Value, json};

use crate::output::{self, Failure, clean};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who does it; the name that `dwell notes name` gave, without it.
    #[arg(long, value_name = "NAME", global = true)]
    by: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

impl YesNo {
    fn on(self) -> bool {
        matches!(self, YesNo::Yes)
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What people wrote and set: notes, labels, favourites, ratings, watched, "not a problem".
    List {
        /// Only of this session.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
    /// Write a note on a session, or on a moment of it.
    Add {
        /// The session, as `dwell sessions` names it.
        session: String,
        text: String,
        /// Milliseconds after the session's start.
        #[arg(long, value_name = "MS", conflicts_with = "time")]
        at: Option<i64>,
        /// Epoch milliseconds, or 2026-11-20T14:32:05Z.
        #[arg(long, value_name = "T")]
        time: Option<String>,
        /// The element that it is about.
        #[arg(long, value_name = "CSS")]
        selector: Option<String>,
    },
    /// Give a note another text.
    Edit { id: String, text: String },
    /// Take a note away.
    Remove { id: String },
    /// Label, rate and mark a session.
    Mark(Mark),
    /// Say of signals that they are no problem.
    Dismiss(Dismiss),
    /// "Watch N of this list every week"; without N, how far the goals are.
    Goal {
        /// Sessions a week; 0 gives the goal up.
        watch: Option<u32>,
        /// The list: what it is found with. Without it, all sessions.
        #[arg(long, default_value = "", value_name = "TEXT")]
        find: String,
        /// Only sessions with this label.
        #[arg(long)]
        label: Option<String>,
    },
    /// Undo the last step.
    Undo,
    /// Do the step again that was undone last.
    Redo,
    /// Say who you are, or (without a name) ask.
    Name { name: Option<String> },
    /// Write it all into a file that merges with others' (`dwell notes import`).
    Export {
        /// Only of this session; may be repeated.
        #[arg(long = "session", value_name = "ID")]
        sessions: Vec<String>,
        /// Replace a file that is there.
        #[arg(long)]
        force: bool,
        /// Such as notes.json.
        file: PathBuf,
    },
    /// Merge a file of another copy of the project into this one. Nothing is lost, whoever merges first.
    Import { file: PathBuf },
}

#[derive(Debug, clap::Args)]
struct Mark {
    /// The session, as `dwell sessions` names it.
    session: String,
    /// Put a label on; may be repeated.
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// Take a label off; may be repeated.
    #[arg(long = "unlabel", value_name = "LABEL")]
    unlabels: Vec<String>,
    #[arg(long, value_name = "yes|no")]
    favourite: Option<YesNo>,
    /// 1 to 5; 0 takes the rating back.
    #[arg(long, value_name = "N")]
    rating: Option<i64>,
    #[arg(long, value_name = "yes|no")]
    watched: Option<YesNo>,
}

#[derive(Debug, clap::Args)]
struct Dismiss {
    /// The session, as `dwell sessions` names it.
    session: String,
    /// Kind of the signals, such as dead_click.
    #[arg(long)]
    kind: String,
    /// Only the one at this time (`time` in `dwell session ID --json`); all of the kind, without it.
    #[arg(long, value_name = "MS")]
    time: Option<i64>,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// They are a problem after all.
    #[arg(long)]
    undo: bool,
}

/// An id that no other copy of the project gives.
fn fresh_id() -> String {
    // Seeded by the system for each one.
    let random = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

pub(crate) fn run(arguments: Arguments, path: &Path, json: bool) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::List { session } => return list(&Cache::open_read_only(path)?, session.as_deref(), json),
        Verb::Export { sessions, force, file } => {
            let cache = Cache::open_read_only(path)?;
            let done = notes::export(&cache, file, sessions, *force)?;
            let said = format!(
                "{} notes, {} labels, {} favourites, {} ratings, {} watched, {} decisions and {} goals in {}",
                done.notes,
                done.labels,
                done.favourites,
                done.ratings,
                done.watched,
                done.decisions,
                done.goals,
                done.path.display()
            );
            return told(json, &done, &said);
        }
        Verb::Goal { watch: None, .. } => return goals(&Cache::open_read_only(path)?, json),
        // A file that cannot be read must not leave an empty cache behind.
        Verb::Import { file } => drop(notes::load(file)?),
        Verb::Name { name: None } => {
            let name = review::reviewer(&Cache::open_read_only(path)?)?;
            return told(json, &json!({ "name": name }), if name.is_empty() { "(no name)" } else { &name });
        }
        _ => {}
    }
    if !path.exists() && !matches!(arguments.verb, Verb::Import { .. } | Verb::Name { .. }) {
        return Err(Error::PathMissing { path: path.to_owned() }.into());
    }
    let mut cache = Cache::open(path)?;
    let who = match arguments.by {
        Some(name) => name.trim().to_owned(),
        None => review::reviewer(&cache)?,
    };
    let by = By { who: &who, at: super::clock() };
    match arguments.verb {
        Verb::Add { session, text, at, time, selector } => {
            let at = moment(&cache, &session, at, time.as_deref())?;
            let pages = cache.pages(&session)?;
            let page = at.and_then(|at| pages.iter().rev().find(|p| p.started_at <= at)).map(|p| p.number);
            let id = fresh_id();
            let new = NewNote { id: id.clone(), session, page, at, node: None, selector, text };
            review::add_note(&mut cache, new, by)?;
            told(json, &json!({ "id": id }), &id)
        }
        Verb::Edit { id, text } => {
            review::edit_note(&mut cache, &id, &text, by)?;
            told(json, &json!({ "id": id }), "Note changed")
        }
        Verb::Remove { id } => {
            review::remove_note(&mut cache, &id, by)?;
            told(json, &json!({ "id": id }), "Note removed; `dwell notes undo` brings it back")
        }
        Verb::Mark(marks) => mark(&mut cache, &marks, by, json),
        Verb::Dismiss(what) => dismiss(&mut cache, what, by, json),
        Verb::Goal { watch, find, label } => {
            let watch = watch.unwrap_or_default();
            // One goal for one list: setting it again replaces it.
            let known = cache.marks::<Goal>(None)?.into_iter().filter(|m| !m.gone);
            let known = known.map(|m| m.what).find(|g| g.text == find.trim() && g.label == label && !g.favourites);
            let id = known.map_or_else(fresh_id, |g| g.id);
            review::set_goal(&mut cache, Goal { id, text: find, label, favourites: false, watch }, by)?;
            goals(&cache, json)
        }
        Verb::Undo | Verb::Redo => {
            let redo = matches!(arguments.verb, Verb::Redo);
            let said = review::turn(&mut cache, redo, by.at)?;
            let line = match (&said, redo) {
                (Some(said), false) => format!("Undone: {said}"),
                (Some(said), true) => format!("Done again: {said}"),
                (None, false) => "There is nothing to undo".to_owned(),
                (None, true) => "There is nothing to do again".to_owned(),
            };
            told(json, &json!({ "said": said }), &line)
        }
        Verb::Name { name } => {
            review::set_reviewer(&mut cache, &name.unwrap_or_default())?;
            let name = review::reviewer(&cache)?;
            told(json, &json!({ "name": name }), &name)
        }
        Verb::Import { file } => {
            let mut findings = Findings::new();
            let done = notes::import(&mut cache, &file, &mut findings)?;
            let mut value = serde_json::to_value(&done).unwrap_or_default();
            value["findings"] = serde_json::to_value(findings.list()).unwrap_or_default();
            let said = format!(
                "{} notes added, {} changed, {} kept in both texts; {} labels and other marks changed",
                done.notes_added, done.notes_changed, done.both_kept, done.marks_changed
            );
            if !json {
                // Notes of no consequence elsewhere; here they are what the person asks for.
                findings.list().iter().for_each(|f| output::say(&f.message));
            }
            told(json, &value, &said)
        }
        Verb::List { .. } | Verb::Export { .. } => Ok(ExitCode::SUCCESS),
    }
}

fn told(json: bool, value: &impl serde::Serialize, said: &str) -> Result<ExitCode, Failure> {
    if json {
        output::print_json(value)?
    } else {
        output::print(&format!("{}\n", clean(said)))?
    }
    Ok(ExitCode::SUCCESS)
}

/// Epoch ms.
fn moment(cache: &Cache, id: &str, at: Option<i64>, time: Option<&str>) -> Result<Option<i64>, Error> {
    let row = cache.session(id)?;
    let moment = match (at, time) {
        (Some(at), _) => row.started_at.checked_add(at).ok_or_else(|| usage("That is no moment.".to_owned()))?,
        (None, Some(text)) => super::instant(text)?,
        (None, None) => return Ok(None),
    };
    if !(row.started_at..=row.ended_at.max(row.started_at)).contains(&moment) {
        let (from, until) = (row.started_at, row.ended_at);
        return Err(usage(format!("{moment} is not within session {id}, which goes from {from} to {until}.")));
    }
    Ok(Some(moment))
}

fn usage(message: String) -> Error {
    Error::Usage { message }
}

fn mark(cache: &mut Cache, marks: &Mark, by: By<'_>, json: bool) -> Result<ExitCode, Failure> {
    let Mark { session, labels, unlabels, favourite, rating, watched } = marks;
    if labels.is_empty() && unlabels.is_empty() && favourite.is_none() && rating.is_none() && watched.is_none() {
        let message = "Say what to mark: --label, --unlabel, --favourite, --rating or --watched.".to_owned();
        return Err(usage(message).into());
    }
    if let Some(rating) = rating.filter(|r| !(0..=5).contains(r)) {
        return Err(usage(format!("A rating is 1 to 5 (0 takes it back), not {rating}.")).into());
    }
    let mut changed = 0;
    for label in labels {
        changed += u32::from(review::label(cache, session, label, true, by)?);
    }
    for label in unlabels {
        changed += u32::from(review::label(cache, session, label, false, by)?);
    }
    if let Some(on) = favourite {
        changed += u32::from(review::favourite(cache, session, on.on(), by)?);
    }
    if let Some(rating) = rating {
        changed += u32::from(review::rate(cache, session, Some(*rating).filter(|r| *r > 0), by)?);
    }
    if let Some(on) = watched {
        changed += u32::from(review::watched(cache, session, on.on(), true, by)?);
    }
    told(json, &json!({ "changed": changed }), &format!("{changed} changed"))
}

fn dismiss(cache: &mut Cache, what: Dismiss, by: By<'_>, json: bool) -> Result<ExitCode, Failure> {
    let Dismiss { session: id, kind, time, reason, undo } = what;
    let detail = session::detail(cache, &id)?;
    let text = |signal: &Value, key: &str| signal.get(key).and_then(Value::as_str).map(str::to_owned);
    let signals = detail.get("signals").and_then(Value::as_array).cloned().unwrap_or_default();
    let pages = cache.pages(&id)?;
    let fits = |signal: &&Value| {
        text(signal, "kind").as_deref() == Some(&kind) && time.is_none_or(|t| signal["time"].as_i64() == Some(t))
    };
    let (mut changed, mut found) = (0, 0);
    for signal in signals.iter().filter(fits) {
        found += 1;
        let page = pages.iter().find(|p| Some(u64::from(p.number)) == signal["page"].as_u64());
        let decision = Decision {
            kind: kind.clone(),
            time: signal["time"].as_i64().unwrap_or_default(),
            selector: text(signal, "selector"),
            page: page.map(|p| p.url.clone()),
            reason: reason.clone(),
        };
        changed += u32::from(review::decide(cache, &id, decision, !undo, by)?);
    }
    if found == 0 {
        let what = time.map_or(kind.clone(), |t| format!("{kind} at {t}"));
        return Err(Error::SignalMissing { id, what }.into());
    }
    told(json, &json!({ "signals": found, "changed": changed }), &format!("{found} signals, {changed} changed"))
}

const DAY: i64 = 86_400_000;

fn goals(cache: &Cache, json: bool) -> Result<ExitCode, Failure> {
    // Weeks from Monday, UTC: 1970-01-01 was a Thursday.
    let week = 7 * DAY;
    let from = (super::clock() + 3 * DAY).div_euclid(week) * week - 3 * DAY;
    let goals = dwell_core::desk::goals(cache, from, from + week)?;
    if json {
        output::print_json(&goals)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for goal in goals {
        let list = match (goal.text.as_str(), &goal.label) {
            ("", None) => "all sessions".to_owned(),
            ("", Some(label)) => format!("label {label}"),
            (found, None) => format!("with “{found}”"),
            (found, Some(label)) => format!("with “{found}”, label {label}"),
        };
        text.push_str(&clean(&format!(
            "{} of {} this week\t{list}, {} sessions\n",
            goal.done, goal.watch, goal.sessions
        )));
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn list(cache: &Cache, session: Option<&str>, json: bool) -> Result<ExitCode, Failure> {
    if let Some(id) = session {
        cache.session(id)?;
    }
    let mut all = serde_json::to_value(cache.notes()?).unwrap_or_default();
    // What was taken back is the file's business.
    let sections = all.as_object_mut().map(|o| o.iter_mut().collect::<Vec<_>>()).unwrap_or_default();
    for (_, section) in sections {
        if let Some(rows) = section.as_array_mut() {
            rows.retain(|row| row["gone"] != true && session.is_none_or(|id| row["session"].as_str() == Some(id)));
            rows.iter_mut().filter_map(Value::as_object_mut).for_each(|row| drop(row.remove("was")));
        }
    }
    if let Some(object) = all.as_object_mut() {
        object.remove("kept");
    }
    if json {
        output::print_json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    let rows = |section: &str| all[section].as_array().cloned().unwrap_or_default();
    let word = |row: &Value, key: &str| match row.get(key) {
        Some(Value::String(s)) => clean(&s.replace(['\n', '\t'], " ")),
        Some(Value::Null) | None => String::new(),
        Some(value) => value.to_string(),
    };
    for row in rows("notes") {
        let at = row["at"].as_i64().and_then(iso).unwrap_or_default();
        let cells =
            [word(&row, "session"), "note".to_owned(), word(&row, "id"), at, word(&row, "author"), word(&row, "text")];
        text.push_str(&format!("{}\n", cells.join("\t")));
    }
    for (section, kind, key) in [
        ("labels", "label", "label"),
        ("favourites", "favourite", ""),
        ("ratings", "rating", "rating"),
        ("watched", "watched", ""),
    ] {
        for row in rows(section) {
            text.push_str(&format!("{}\t{kind}\t{}\t{}\n", word(&row, "session"), word(&row, key), word(&row, "by")));
        }
    }
    for row in rows("decisions") {
        let cells = ["session", "kind", "time", "selector", "reason", "by"].map(|key| word(&row, key));
        text.push_str(&format!("{}\tnot a problem\t{}\n", cells[0], cells[1..].join("\t")));
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
