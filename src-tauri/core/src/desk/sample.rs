//! What an import packs its sessions with.
//!
//! The trap: a dictionary is paid for before it has saved anything. So the first sessions of an import are held back,
//! one is made of most of them and tried on the rest, and it is taken only when it wins against what the cache has
//! and against none.

use std::sync::atomic::{AtomicBool, Ordering};

use super::derive;
use super::gather::Group;
use crate::archive::Hash;
use crate::error::{Error, Result};
use crate::store::{Cache, Content, Dictionaries, Dictionary, Identity, OriginalInfo, Packer, Sample, events_text};

/// Bytes and sessions that are held back.
pub(crate) const BYTES: u64 = 6 << 20;
pub(crate) const SESSIONS: usize = 600;
/// Of one session.
const SESSION_BYTES: usize = 256 << 10;
/// Fewer sessions tell nothing about others.
const LEAST: usize = 8;
/// How many times the sample an import is at least, when it was not at its end with the sample.
const MORE: usize = 8;

/// What to pack with, and which of it the cache has not got yet.
pub(crate) struct Choice {
    pub(crate) dictionaries: Dictionaries,
    pub(crate) new: Vec<(Content, Dictionary)>,
}

/// `ended`: the import holds no more than these groups.
pub(crate) fn choose(groups: &[&Group], cache: &Cache, ended: bool, stop: &AtomicBool) -> Result<Choice> {
    let known = cache.dictionaries()?;
    let mut new = Vec::new();
    for group in groups {
        if is_new(group, cache)? {
            new.push(*group);
        }
    }
    if new.len() < LEAST {
        return Ok(Choice { dictionaries: known, new: Vec::new() });
    }
    let mut bodies: Vec<(String, Vec<u8>)> = Vec::with_capacity(new.len());
    let mut events: Vec<(String, Vec<u8>)> = Vec::with_capacity(new.len());
    for group in &new {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let visitor = match &group.identity {
            Some((project, user, session)) => {
                format!("{project}\n{}", if user.is_empty() { session } else { user })
            }
            None => format!("{:?}", group.bodies.first().map(|b| b.hash)),
        };
        let mut text = Vec::new();
        for body in &group.bodies {
            text.extend_from_slice(&body.bytes);
            text.truncate(SESSION_BYTES);
        }
        bodies.push((visitor.clone(), text));
        let given: Vec<derive::Body<'_>> = group
            .bodies
            .iter()
            .map(|b| derive::Body { path: &b.path, position: b.position, bytes: &b.bytes })
            .collect();
        if let (Some(session), _) = derive::decode(group.source, None, &given) {
            let mut text = events_text(&session.events)?;
            text.truncate(SESSION_BYTES);
            events.push((visitor, text));
        }
    }
    let mut choice = Choice { dictionaries: Dictionaries::default(), new: Vec::new() };
    choice.dictionaries.bodies = best(Content::Bodies, &bodies, known.bodies, ended, &mut choice.new)?;
    choice.dictionaries.events = best(Content::Events, &events, known.events, ended, &mut choice.new)?;
    Ok(choice)
}

fn is_new(group: &Group, cache: &Cache) -> Result<bool> {
    Ok(match &group.identity {
        Some((project, user, session)) => {
            let identity = Identity {
                source: group.source,
                project: project.clone(),
                user: user.clone(),
                session: session.clone(),
            };
            cache.find(&identity)?.is_none()
        }
        None => match group.bodies.first() {
            Some(body) => cache.sessions_with(group.source, &body.hash.0)?.is_empty(),
            None => false,
        },
    })
}

fn best(
    content: Content,
    texts: &[(String, Vec<u8>)],
    known: Option<Dictionary>,
    ended: bool,
    new: &mut Vec<(Content, Dictionary)>,
) -> Result<Option<Dictionary>> {
    // One in four is for the trial.
    let of = |trial: bool| texts.iter().enumerate().filter(move |(i, _)| (i % 4 == 3) == trial).map(|(_, t)| t);
    let samples: Vec<Sample<'_>> = of(false).map(|(visitor, text)| Sample { visitor, text }).collect();
    let trained = Dictionary::train(&samples).filter(|d| Some(d) != known.as_ref());
    let cost = |dictionary: Option<&Dictionary>| -> Result<usize> {
        let mut packer = Packer::new(&Dictionaries { bodies: dictionary.cloned(), events: None })?;
        let mut size = 0;
        for (_, text) in of(true) {
            let info = OriginalInfo { position: 0, hash: Hash([0; 32]).0, path: String::new() };
            size += packer.bundles(&[(info, text)])?.iter().map(|b| b.packed_bytes()).sum::<usize>();
        }
        Ok(size * 4 * if ended { 1 } else { MORE })
    };
    let mut winner = (cost(None)?, None);
    if let Some(known) = known {
        let cost = cost(Some(&known))?;
        if cost <= winner.0 {
            winner = (cost, Some(known));
        }
    }
    if let Some(trained) = trained
        && cost(Some(&trained))? + trained.cost()? < winner.0
    {
        new.push((content, trained.clone()));
        return Ok(Some(trained));
    }
    Ok(winner.1)
}
