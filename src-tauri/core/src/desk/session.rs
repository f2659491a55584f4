//! One session: what is known of it, its events, its DOM at any moment.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::derive;
use crate::dom::Tree;
use crate::error::{Error, Result};
use crate::event::{Millis, Session};
use crate::facts;
use crate::replay::Replay;
use crate::signal::Counts;
use crate::store::{Cache, Decision};

/// When in a session: by the wall clock, or on one of its page views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Epoch ms.
    Time(Millis),
    /// Milliseconds after the page view's first event.
    OnPage { page: u32, at_ms: Millis },
}

/// `dwell session`: the facts, flat, with `pages`, `signals` and `frustration_parts` (what the score is made of), and
/// what people said of it. A signal that somebody marked as not a problem says so; it counts all the same.
///
/// # Errors
/// [`Error::SessionMissing`], the `Cache…` ones.
pub fn detail(cache: &Cache, id: &str) -> Result<Map<String, Value>> {
    let row = cache.session(id)?;
    let session = cache.load(id)?;
    let detected = derive::detected(&session);
    let (mut out, pages) = derive::facts(&session, &detected, &row.meta);
    let signals = detected.signals;
    derive::place(&mut out, id, row.project.as_deref());
    // Who came before is known to the cache, not to the recording.
    if let Some(kind) = row.facts.get("user_type") {
        out.insert("user_type".to_owned(), kind.clone());
    }
    let mut out = super::list::with_standard(out);
    let pages = pages.iter().map(facts::PageFacts::to_json).collect();
    out.insert("pages".to_owned(), Value::Array(pages));
    cache.said_by_people(Some(id))?.remove(id).unwrap_or_default().write(&mut out);
    let mut signals_json = serde_json::to_value(&signals).unwrap_or_default();
    for mark in cache.marks::<Decision>(Some(id))?.into_iter().filter(|m| !m.gone) {
        for signal in signals_json.as_array_mut().into_iter().flatten() {
            if mark.what.is_about(signal["kind"].as_str(), signal["time"].as_i64(), signal["selector"].as_str()) {
                signal["not_a_problem"] = serde_json::json!({ "by": mark.by, "reason": mark.what.reason });
            }
        }
    }
    out.insert("signals".to_owned(), signals_json);
    let parts = serde_json::to_value(Counts::of(&signals).frustration()).unwrap_or_default();
    out.insert("frustration_parts".to_owned(), parts);
    out.insert("findings".to_owned(), serde_json::to_value(cache.findings(id)?).unwrap_or_default());
    Ok(out)
}

/// `dwell events`.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::NoRecording`], [`Error::PageMissing`], [`Error::Usage`] for a kind that
/// does not exist, the `Cache…` ones.
pub fn events(cache: &Cache, id: &str, page: Option<u32>, kind: Option<&str>) -> Result<Vec<Value>> {
    check_recorded(cache, id)?;
    let session = cache.load(id)?;
    if let Some(page) = page {
        check_page(&session, id, page)?;
    }
    if let Some(kind) = kind.filter(|kind| !crate::event::KINDS.contains(kind)) {
        let message = format!("There is no kind of event {kind:?}. Kinds: {}.", crate::event::KINDS.join(", "));
        return Err(Error::Usage { message });
    }
    Ok(super::events::events_json(&session, page, kind))
}

/// The DOM at a moment, with the address of the page in front then.
///
/// # Errors
/// [`Error::SessionMissing`], [`Error::NoRecording`], [`Error::PageMissing`], the `Cache…` ones.
pub fn dom(cache: &Cache, id: &str, moment: Moment) -> Result<(Arc<Tree>, String)> {
    check_recorded(cache, id)?;
    let session = Arc::new(cache.load(id)?);
    let mut replay = Replay::new(session.clone());
    seed(cache, id, &mut replay)?;
    match moment {
        Moment::Time(time) => {
            let state = replay.state_at(time);
            let url = replay.page_at(state).map(|p| p.url.clone()).unwrap_or_default();
            Ok((replay.tree_at(time), url))
        }
        Moment::OnPage { page, at_ms } => {
            let url = check_page(&session, id, page)?;
            Ok((replay.tree_on_page(page, at_ms).unwrap_or_default(), url))
        }
    }
}

fn check_recorded(cache: &Cache, id: &str) -> Result<()> {
    cache.session(id)?;
    match cache.listed_only(id)? {
        true => Err(Error::NoRecording { id: id.to_owned() }),
        false => Ok(()),
    }
}

/// Gives a replay the keyframes that import stored; without them it only starts further back.
pub(crate) fn seed(cache: &Cache, id: &str, replay: &mut Replay) -> Result<()> {
    let session = replay.session().clone();
    let mut documents: Vec<u32> = session.pages.iter().map(|p| p.document).collect();
    documents.sort_unstable();
    documents.dedup();
    for document in documents {
        for (state, bytes) in cache.keyframes(id, document)? {
            replay.seed(document, state, bytes);
        }
    }
    Ok(())
}

fn check_page(session: &Session, id: &str, page: u32) -> Result<String> {
    match session.pages.iter().find(|p| p.number == page) {
        Some(view) => Ok(view.url.clone()),
        None => Err(Error::PageMissing { id: id.to_owned(), page, pages: session.pages.len() as u32 }),
    }
}

/// `dwell dom --html --inline`: as [`html`], with every page file of the cache written into it, so that the text is a
/// file of its own.
///
/// # Errors
/// As [`dom`].
pub fn html_alone(cache: &Cache, id: &str, moment: Moment) -> Result<String> {
    let printed = html(cache, id, moment)?;
    let mut trouble = None;
    let text = super::moment::inline(&printed, |hash| {
        let hash = crate::archive::Hash::from_hex(hash)?;
        cache.asset(&hash.0).unwrap_or_else(|e| {
            trouble = Some(e);
            None
        })
    });
    match trouble {
        Some(error) => Err(error),
        None => Ok(text),
    }
}

/// `dwell dom --html`: what the player shows at a moment, as HTML that is safe by itself. An empty text when
/// there is no picture yet.
///
/// # Errors
/// As [`dom`].
pub fn html(cache: &Cache, id: &str, moment: Moment) -> Result<String> {
    let (tree, url) = dom(cache, id, moment)?;
    let assets = super::CachedAssets::of_session(cache, id)?;
    Ok(crate::dom::html::print(&tree, url::Url::parse(&url).ok().as_ref(), &assets))
}
