//! Page views of one visitor that came without a session's id, over several imports.
//!
//! The trap: the page view that joins two others may come last. The visit is therefore looked up anew with
//! every import: all sessions of the visitor that lie within 30 minutes of each other become one, under the id
//! that one import of everything would have given it.

use super::derive;
use super::gather::{Group, SESSION_PAUSE};
use crate::error::Result;
use crate::event::Millis;
use crate::findings::Findings;
use crate::format::rrweb;
use crate::store::{Cache, Identity, Original};

/// The visit that a group of bodies belongs to.
pub(crate) struct Visit {
    pub(crate) identity: Identity,
    /// Sessions of the cache that are parts of it.
    pub(crate) sessions: Vec<String>,
    /// Their bodies.
    pub(crate) bodies: Vec<Original>,
}

/// Whether the decoder made the id up because the recording has none.
fn made_up(id: &str) -> bool {
    id.strip_prefix("r-").is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `Err`, with the findings, when nothing can be decoded.
pub(crate) fn visit(group: &Group, cache: &Cache) -> Result<std::result::Result<Visit, Findings>> {
    let (project, user) = group.visitor.clone().unwrap_or_default();
    let spans: Vec<(Millis, Millis)> = group.bodies.iter().filter_map(|b| rrweb::span(&b.bytes)).collect();
    let mut from = spans.iter().map(|s| s.0).min().unwrap_or(0);
    let mut until = spans.iter().map(|s| s.1).max().unwrap_or(0);
    let mut others = Vec::new();
    for id in cache.sessions_of_visitor(group.source, &user)? {
        let row = cache.session(&id)?;
        if row.identity.user == user && row.identity.project == project && made_up(&row.identity.session) {
            others.push((id.clone(), row.started_at, row.ended_at, cache.original_infos(&id)?));
        }
    }
    let mut sessions = Vec::new();
    loop {
        let reached = others.iter().position(|(_, begins, ends, infos)| {
            let shared = infos.iter().any(|info| group.bodies.iter().any(|b| b.hash.0 == info.hash));
            // A capture of the same page view that is longer or shorter begins with it; what else overlaps is
            // another tab.
            let same = spans.iter().any(|s| s.0 == *begins);
            let apart = *begins >= until || *ends <= from;
            shared || same || (apart && *begins - until <= SESSION_PAUSE && from - *ends <= SESSION_PAUSE)
        });
        let Some(at) = reached else { break };
        let (id, begins, ends, _) = others.swap_remove(at);
        from = from.min(begins);
        until = until.max(ends);
        sessions.push(id);
    }
    sessions.sort();
    let mut bodies: Vec<Original> = Vec::new();
    for id in &sessions {
        bodies.extend(cache.originals(id)?);
    }
    bodies.sort_by(|a, b| a.info.cmp(&b.info));
    bodies.dedup_by(|a, b| a.info.hash == b.info.hash);
    let mut all: Vec<derive::Body<'_>> = bodies
        .iter()
        .map(|o| derive::Body { path: &o.info.path, position: o.info.position, bytes: &o.bytes })
        .collect();
    all.extend(group.bodies.iter().map(|b| derive::Body { path: &b.path, position: b.position, bytes: &b.bytes }));
    let (session, findings) = derive::decode(group.source, None, &all);
    let Some(session) = session else { return Ok(Err(findings)) };
    let identity = Identity { source: group.source, project, user, session: session.id };
    Ok(Ok(Visit { identity, sessions, bodies }))
}
