//! Joins what lists say to the sessions they name.
//!
//! The trap: a list may come before, after or without the recordings, name them by more or less than their
//! whole identity, and be imported again tomorrow with other values. So nothing is decided when a row arrives:
//! rows and sessions are put beside each other when all of an import is in, and the same rows and sessions
//! give the same result whatever came first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};

use super::derive;
use super::import::id_for;
use crate::archive::{Kept, Said};
use crate::error::{Error, Result};
use crate::event::{Millis, Session, SessionMeta, Source};
use crate::findings::{Finding, Findings};
use crate::signal::Detected;
use crate::store::{Cache, Candidate, Identity, NewSession, Record, Sketch};

/// What joining did to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Looked at for another's sake.
    Beside,
    /// Named by a list of this import that brought nothing new.
    Met,
    Updated,
    Added,
    Removed,
}

/// A row of a list as the cache keeps it.
pub(crate) fn record(source: Source, said: &Said) -> Result<Record> {
    let text = serde_json::to_string(said)
        .map_err(|e| Error::Internal { message: format!("A row of a list cannot be written: {e}.") })?;
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(Record {
        source,
        session: or_empty(&said.session),
        user: or_empty(&said.user),
        project: or_empty(&said.project),
        rank: said.rank,
        said: text,
    })
}

pub(crate) fn identity(kept: &Kept) -> Identity {
    Identity {
        source: kept.source,
        project: kept.project.clone(),
        user: kept.user.clone(),
        session: kept.session.clone(),
    }
}

fn may_be(record: &Record, identity: &Identity) -> bool {
    let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    agree(&record.user, &identity.user) && agree(&record.project, &identity.project)
}

/// What is to be written of one session. Commits are dear: many go into one.
enum Todo {
    Remove(String),
    Settled { source: Source, session: String, user: String },
    Facts { id: String, source: Source, project: Option<String>, facts: Map<String, Value>, meta: SessionMeta },
    Listed { id: String, identity: Identity, project: Option<String>, facts: Map<String, Value>, meta: SessionMeta },
}

/// Sessions and rows of one commit.
const BATCH: usize = 1_000;

fn commit(cache: &mut Cache, todo: &mut Vec<Todo>) -> Result<()> {
    if todo.is_empty() {
        return Ok(());
    }
    let tx = cache.write()?;
    for one in todo.drain(..) {
        match one {
            Todo::Remove(id) => tx.remove_session(&id)?,
            Todo::Settled { source, session, user } => tx.settle_records(source, &session, &user)?,
            Todo::Facts { id, source, project, facts, meta } => {
                tx.put_facts(&id, source, project.as_deref(), &facts, &meta)?;
            }
            Todo::Listed { id, identity, project, facts, meta } => {
                let (from, until) = extent(&facts);
                let new = NewSession {
                    id: &id,
                    identity: &identity,
                    project: project.as_deref(),
                    session: &unrecorded(&id, &identity),
                    chunks: &[],
                    keyframes: &[],
                    sketch: &Sketch::default(),
                    facts: &facts,
                    page_facts: &[],
                    signals: &[],
                    meta: &meta,
                    findings: &[],
                };
                tx.put_listed(&new, from, until)?;
            }
        }
    }
    tx.commit()
}

/// A session and the rows that are about it.
struct Joined {
    candidate: Candidate,
    records: Vec<Record>,
}

/// Which rows are about which sessions: of those that are there, and of those that have to be made. The third
/// value are rows that could be about several.
fn join(candidates: Vec<Candidate>, records: Vec<Record>) -> (Vec<Joined>, Vec<Joined>, Vec<Record>) {
    let recorded = |c: &Candidate| !c.listed_only;
    let mut there: Vec<Joined> =
        candidates.into_iter().map(|candidate| Joined { candidate, records: Vec::new() }).collect();
    let mut doubtful = Vec::new();
    let mut homeless = Vec::new();
    for record in records {
        let fits: Vec<usize> = (0..there.len())
            .filter(|i| recorded(&there[*i].candidate) && may_be(&record, &there[*i].candidate.identity))
            .collect();
        match fits.as_slice() {
            [one] => there[*one].records.push(record),
            [] => homeless.push(record),
            _ => doubtful.push(record),
        }
    }
    // Without a recording: the rows themselves say how many sessions there are. Those that say most go first.
    homeless.sort_by_key(|r| (r.user.is_empty(), r.project.is_empty()));
    let mut made: Vec<Joined> = Vec::new();
    let placeholders =
        |there: &[Joined]| -> Vec<usize> { (0..there.len()).filter(|i| there[*i].candidate.listed_only).collect() };
    for record in homeless {
        let free = placeholders(&there);
        let mut slot = None;
        for i in free {
            if may_be(&record, &there[i].candidate.identity) {
                slot = Some(i);
                break;
            }
        }
        let joined = match slot {
            Some(i) => &mut there[i],
            None => match made.iter().position(|m| may_be(&record, &m.candidate.identity)) {
                Some(i) => &mut made[i],
                None => {
                    let identity = Identity {
                        source: record.source,
                        project: record.project.clone(),
                        user: record.user.clone(),
                        session: record.session.clone(),
                    };
                    made.push(Joined {
                        candidate: Candidate { id: String::new(), identity, listed_only: true },
                        records: Vec::new(),
                    });
                    let last = made.len() - 1;
                    &mut made[last]
                }
            },
        };
        let identity = &mut joined.candidate.identity;
        if identity.user.is_empty() {
            identity.user.clone_from(&record.user);
        }
        if identity.project.is_empty() {
            identity.project.clone_from(&record.project);
        }
        joined.records.push(record);
    }
    (there, made, doubtful)
}

/// What is said of a session by its archives, by lists, and of its visitor.
fn meta_of(cache: &Cache, id: &str, records: &[Record], of_visitor: &[Record]) -> Result<SessionMeta> {
    let said = if id.is_empty() { Vec::new() } else { cache.said(id)? };
    let texts = said.iter().map(String::as_str);
    Ok(derive::meta(texts.chain(records.iter().chain(of_visitor).map(|r| r.said.as_str()))))
}

/// Everything that lists say of a session that is there.
pub(crate) fn meta(cache: &Cache, id: &str) -> Result<SessionMeta> {
    let identity = cache.session(id)?.identity;
    let candidates = cache.candidates(identity.source, &identity.session)?;
    let records = cache.records_of(identity.source, &identity.session)?;
    let (there, _, _) = join(candidates, records);
    let records = there.into_iter().find(|j| j.candidate.id == id).map(|j| j.records).unwrap_or_default();
    let visitors = of_visitor(cache, id, &identity)?;
    meta_of(cache, id, &records, &visitors)
}

/// What documents say of the visitor of a session.
fn of_visitor(cache: &Cache, id: &str, identity: &Identity) -> Result<Vec<Record>> {
    let row = cache.session(id)?;
    let named = row.facts.get("user").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut users = vec![identity.user.clone(), named];
    users.sort();
    users.dedup();
    let mut all = Vec::new();
    for user in users.iter().filter(|u| !u.is_empty()) {
        all.extend(cache.records_of_visitor(identity.source, user)?);
    }
    Ok(all)
}

/// Looks at all rows that are new, or whose sessions are, and brings the sessions up to date. `new`: what this
/// import's lists name; `project`: the client's project of this import; `kept`: ids that archives ask for.
pub(crate) fn settle(
    cache: &mut Cache,
    new: &BTreeSet<(Source, String, String)>,
    project: Option<&str>,
    kept: &HashMap<Identity, (String, Option<String>)>,
    findings: &mut Findings,
    cancel: &AtomicBool,
) -> Result<BTreeMap<String, Change>> {
    let mut changes: BTreeMap<String, Change> = BTreeMap::new();
    let mut note = |id: &str, change: Change| {
        let slot = changes.entry(id.to_owned()).or_insert(change);
        *slot = (*slot).max(change);
    };
    let named: BTreeSet<(Source, &str)> = new.iter().map(|(source, session, _)| (*source, session.as_str())).collect();
    let mut todo: BTreeSet<(Source, String)> = BTreeSet::new();
    let mut visitors: BTreeSet<(Source, String)> = BTreeSet::new();
    for record in cache.unsettled_records()? {
        match record.session.is_empty() {
            true => visitors.insert((record.source, record.user)),
            false => todo.insert((record.source, record.session)),
        };
    }
    for (source, session) in named.iter().filter(|(_, session)| !session.is_empty()) {
        todo.insert((*source, (*session).to_owned()));
    }
    let mut writes: Vec<Todo> = Vec::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (source, session) in &todo {
        if writes.len() >= BATCH || taken.contains(session) {
            commit(cache, &mut writes)?;
            taken.clear();
        }
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let ours = named.contains(&(*source, session.as_str()));
        let project = project.filter(|_| ours);
        let (there, made, doubtful) = join(cache.candidates(*source, session)?, cache.records_of(*source, session)?);
        if !doubtful.is_empty() {
            let message = format!(
                "Several visitors have a session {session}, and {} of a list may be about any of them; none got it.",
                if doubtful.len() == 1 { "a row".to_owned() } else { format!("{} rows", doubtful.len()) }
            );
            findings.push(Finding::warning("metadata_ambiguous", message).in_session(session));
        }
        for joined in there {
            let Joined { candidate, records } = joined;
            let id = candidate.id;
            if candidate.listed_only && records.is_empty() {
                writes.push(Todo::Remove(id.clone()));
                note(&id, Change::Removed);
                continue;
            }
            let visitors = of_visitor(cache, &id, &candidate.identity)?;
            let meta = meta_of(cache, &id, &records, &visitors)?;
            let met = if ours && !records.is_empty() { Change::Met } else { Change::Beside };
            let write = match candidate.listed_only {
                true => listed(cache, &id, &candidate.identity, &meta, project, None)?,
                false => refreshed(cache, &id, &meta, project.filter(|_| !records.is_empty()))?,
            };
            note(&id, if write.is_some() && met == Change::Met { Change::Updated } else { met });
            writes.extend(write);
        }
        let several = made.len() > 1;
        for joined in made {
            let Joined { candidate, records } = joined;
            let meta = meta_of(cache, "", &records, &[])?;
            let kept = kept.get(&candidate.identity);
            let free = |cache: &Cache| match kept {
                Some((id, _)) if !id.is_empty() && !cache.has(id)? => Ok(id.clone()),
                _ => id_for(cache, &candidate.identity, ""),
            };
            let mut id = free(cache)?;
            if taken.contains(&id) {
                commit(cache, &mut writes)?;
                taken.clear();
                id = free(cache)?;
            }
            let client = kept.and_then(|(_, client)| client.clone());
            writes.extend(listed(cache, &id, &candidate.identity, &meta, project, client)?);
            note(&id, Change::Added);
            taken.insert(id);
            if several {
                // The next of this session id has to see the id of this one.
                commit(cache, &mut writes)?;
            }
        }
        writes.push(Todo::Settled { source: *source, session: session.clone(), user: String::new() });
    }
    commit(cache, &mut writes)?;
    // Documents about people: now that sessions have their visitors.
    for record in cache.unsettled_records()? {
        if record.session.is_empty() {
            visitors.insert((record.source, record.user));
        }
    }
    for (source, user) in &visitors {
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        for id in cache.sessions_of_visitor(*source, user)? {
            let meta = meta(cache, &id)?;
            let write = match cache.listed_only(&id)? {
                true => {
                    let identity = cache.session(&id)?.identity;
                    listed(cache, &id, &identity, &meta, None, None)?
                }
                false => refreshed(cache, &id, &meta, None)?,
            };
            let changed = write.is_some();
            writes.extend(write);
            let ours = new.contains(&(*source, String::new(), user.clone()));
            note(
                &id,
                match (changed, ours) {
                    (true, true) => Change::Updated,
                    (false, true) => Change::Met,
                    _ => Change::Beside,
                },
            );
        }
        writes.push(Todo::Settled { source: *source, session: String::new(), user: user.clone() });
        if writes.len() >= BATCH {
            commit(cache, &mut writes)?;
        }
    }
    commit(cache, &mut writes)?;
    settle_visitors(cache)?;
    Ok(changes)
}

/// Says of every visit whose recorder does not say it whether the visitor came before. See the field
/// `user_type`: the earliest session in the cache is the visitor's first.
pub(crate) fn settle_visitors(cache: &mut Cache) -> Result<()> {
    if !cache.has_unsettled_visits()? {
        return Ok(());
    }
    let visits = cache.visits(false)?;
    let tx = cache.write()?;
    for (visit, kind) in user_types(&visits) {
        if visit.kind != kind {
            tx.put_user_type(&visit.session, kind)?;
        }
    }
    tx.settle_visitors()?;
    tx.commit()
}

/// The type of every visit that was not told; visits stand by visitor and start.
pub(crate) fn user_types(visits: &[crate::store::Visit]) -> Vec<(&crate::store::Visit, &'static str)> {
    let same = |a: &crate::store::Visit, b: &crate::store::Visit| {
        (&a.source, &a.project, &a.user) == (&b.source, &b.project, &b.user)
    };
    let mut out = Vec::new();
    for of_one in visits.chunk_by(same) {
        for (place, visit) in of_one.iter().enumerate().filter(|(_, v)| !v.told) {
            out.push((visit, if place == 0 { "new" } else { "returning" }));
        }
    }
    out
}

/// Gives a recorded session other metadata; `None` when it has just that already.
fn refreshed(cache: &Cache, id: &str, meta: &SessionMeta, project: Option<&str>) -> Result<Option<Todo>> {
    let row = cache.session(id)?;
    let project = project.map(str::to_owned).or(row.project.clone());
    if row.meta == *meta && row.project == project {
        return Ok(None);
    }
    let session = cache.load(id)?;
    let (mut facts, _) = derive::facts(&session, &derive::detected(&session), meta);
    derive::place(&mut facts, id, project.as_deref());
    Ok(Some(Todo::Facts { id: id.to_owned(), source: session.source, project, facts, meta: meta.clone() }))
}

/// A session of which nothing was recorded.
pub(crate) fn unrecorded(id: &str, identity: &Identity) -> Session {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Session {
        id: id.to_owned(),
        source: identity.source,
        project: said(&identity.project),
        user: said(&identity.user),
        format_version: None,
        pages: Vec::new(),
        events: Vec::new(),
    }
}

/// When a session that was not recorded began and ended, as far as its list says.
pub(crate) fn extent(facts: &Map<String, Value>) -> (Millis, Millis) {
    let start = facts.get("start_ms").and_then(Value::as_i64).unwrap_or(0);
    let seconds = facts.get("duration").and_then(Value::as_f64).unwrap_or(0.0);
    (start, start.saturating_add((seconds * 1000.0).round() as Millis))
}

/// A session of which lists alone tell; `None` when it is there just so already.
fn listed(
    cache: &Cache,
    id: &str,
    identity: &Identity,
    meta: &SessionMeta,
    project: Option<&str>,
    client: Option<String>,
) -> Result<Option<Todo>> {
    let known = match cache.has(id)? {
        true => Some(cache.session(id)?),
        false => None,
    };
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let project = project
        .map(str::to_owned)
        .or(client)
        .or(known.as_ref().and_then(|row| row.project.clone()))
        .or_else(|| said(&identity.project));
    let same = known.as_ref().is_some_and(|row| {
        row.meta == *meta
            && row.project == project
            && row.identity == *identity
            && row.derived_by == crate::store::DERIVED_BY
    });
    if same {
        return Ok(None);
    }
    let session = unrecorded(id, identity);
    let (mut facts, _) = derive::facts(&session, &Detected::default(), meta);
    derive::place(&mut facts, id, project.as_deref());
    Ok(Some(Todo::Listed { id: id.to_owned(), identity: identity.clone(), project, facts, meta: meta.clone() }))
}
