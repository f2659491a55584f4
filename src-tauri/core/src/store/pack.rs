//! Packing: bodies and events, with what many recordings have in common kept once.
//!
//! The trap: what compresses an archive well is that its sessions look alike, and a cache that packs each for itself
//! loses exactly that; one that packs them together cannot read or drop a single one. So each is packed alone, with
//! the help of a dictionary that was made of pieces found in the recordings of several visitors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, DictAttachPref};

use super::OriginalInfo;
use super::chunk::{self, Chunk};
use crate::error::{Error, Result};
use crate::event::Event;

const LEVEL: i32 = 3;
/// Room for the places of a dictionary's texts, as a power of two.
const PLACES: u32 = 18;
/// Largest dictionary.
const DICTIONARY_BYTES: usize = 1 << 20;
/// Bodies that are unpacked together.
const BUNDLE_BYTES: usize = 4 << 20;
/// Shortest, usual and longest piece that two recordings are compared by.
const PIECE_LEAST: usize = 64;
const PIECE_MOST: usize = 2048;

/// What a dictionary helps with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Bodies,
    Events,
}

impl Content {
    pub(super) fn name(self) -> &'static str {
        match self {
            Content::Bodies => "bodies",
            Content::Events => "events",
        }
    }
}

/// Texts that recordings share.
#[derive(Clone, PartialEq, Eq)]
pub struct Dictionary {
    pub(super) id: i64,
    pub(super) bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary").field("id", &self.id).field("bytes", &self.bytes.len()).finish()
    }
}

/// The dictionaries that an import packs with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionaries {
    pub bodies: Option<Dictionary>,
    pub events: Option<Dictionary>,
}

/// Hashes pieces; they are compared by content afterwards.
#[derive(Default)]
struct Word(u64);

impl Hasher for Word {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 29;
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
}

/// Cuts a text where its content says so: a text within another is cut at the same places.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut rolling = 0u64;
        let mut end = rest.len().min(PIECE_MOST);
        for (i, byte) in rest[..end].iter().enumerate() {
            rolling = (rolling << 1).wrapping_add((u64::from(*byte) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            if i + 1 >= PIECE_LEAST && rolling >> 56 == 0 {
                end = i + 1;
                break;
            }
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

/// A recording that a dictionary is made from, and whose it is.
#[derive(Debug)]
pub struct Sample<'s> {
    pub visitor: &'s str,
    pub text: &'s [u8],
}

impl Dictionary {
    fn of(bytes: Vec<u8>) -> Dictionary {
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let mut start = [0; 8];
        start.copy_from_slice(&hash[..8]);
        Dictionary { id: i64::from_le_bytes(start), bytes: bytes.into() }
    }

    /// Makes a dictionary of the pieces that more than one visitor's recording holds; those that most hold come
    /// first when not all fit. `None` when recordings have nothing in common. The same samples in the same order give
    /// the same dictionary.
    pub fn train(samples: &[Sample<'_>]) -> Option<Dictionary> {
        struct Found<'s> {
            order: usize,
            visitor: &'s str,
            others: u32,
            last: usize,
        }
        let mut found: HashMap<&[u8], Found<'_>, BuildHasherDefault<Word>> = HashMap::default();
        let mut order = 0;
        for (number, sample) in samples.iter().enumerate() {
            for piece in pieces(sample.text) {
                order += 1;
                let entry =
                    found.entry(piece).or_insert(Found { order, visitor: sample.visitor, others: 0, last: number });
                if entry.last != number && entry.visitor != sample.visitor {
                    entry.last = number;
                    entry.others += 1;
                }
            }
        }
        let mut shared: Vec<(&[u8], Found<'_>)> = found.into_iter().filter(|(_, f)| f.others > 0).collect();
        shared.sort_unstable_by_key(|(_, f)| (std::cmp::Reverse(f.others), f.order));
        let mut size = 0;
        shared.retain(|(piece, _)| {
            let fits = size + piece.len() <= DICTIONARY_BYTES;
            size += if fits { piece.len() } else { 0 };
            fits
        });
        // Neighbours stay neighbours, so that one match runs over many pieces.
        shared.sort_unstable_by_key(|(_, f)| f.order);
        let bytes: Vec<u8> = shared.iter().flat_map(|(piece, _)| piece.iter().copied()).collect();
        (!bytes.is_empty()).then(|| Dictionary::of(bytes))
    }

    /// What it costs in the cache.
    ///
    /// # Errors
    /// [`Error::Internal`] when the compressor fails.
    pub fn cost(&self) -> Result<usize> {
        Ok(pack_dictionary(&self.bytes)?.len())
    }

    /// As the cache had it.
    pub(super) fn stored(id: i64, bytes: Vec<u8>) -> Dictionary {
        Dictionary { id, bytes: bytes.into() }
    }
}

pub(super) fn pack_dictionary(bytes: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(bytes, 9).map_err(|e| failed(&e))
}

fn failed(e: &dyn std::fmt::Display) -> Error {
    Error::Internal { message: format!("A recording cannot be packed: {e}.") }
}

/// Bodies in one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    pub(super) dictionary: Option<i64>,
    pub(super) bodies: usize,
    pub(super) bytes: usize,
    pub(super) list: Vec<u8>,
    pub(super) data: Vec<u8>,
    /// Starts of the bodies' hashes.
    pub(super) keys: Vec<i64>,
}

impl Bundle {
    /// What the bodies take in the cache, without the list of them.
    pub fn packed_bytes(&self) -> usize {
        self.data.len()
    }
}

/// What a bundle's list says of one body.
#[derive(Debug, Serialize, Deserialize)]
struct Entry<'l> {
    position: u64,
    hash: [u8; 32],
    bytes: u64,
    /// Behind what all paths of the list begin with.
    #[serde(borrow)]
    path: Cow<'l, str>,
}

#[derive(Debug, Serialize, Deserialize)]
struct List<'l> {
    #[serde(borrow)]
    path: Cow<'l, str>,
    #[serde(borrow)]
    entries: Vec<Entry<'l>>,
}

pub(super) fn key(hash: &[u8; 32]) -> i64 {
    let mut start = [0; 8];
    start.copy_from_slice(&hash[..8]);
    i64::from_le_bytes(start)
}

/// The bodies of a bundle's list, each with its size. `Err` says what is wrong with it.
pub(super) fn list(data: &[u8]) -> std::result::Result<Vec<(OriginalInfo, usize)>, String> {
    let list: List<'_> = postcard::from_bytes(data).map_err(|e| format!("a list of originals cannot be read ({e})"))?;
    let info =
        |e: &Entry<'_>| OriginalInfo { position: e.position, hash: e.hash, path: format!("{}{}", list.path, e.path) };
    Ok(list.entries.iter().map(|e| (info(e), e.bytes as usize)).collect())
}

fn in_common<'a>(a: &'a str, b: &str) -> &'a str {
    let mut end = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(end) {
        end -= 1;
    }
    &a[..end]
}

/// Packs for the cache; one for each thread, because its memory is used again and again.
pub struct Packer {
    bodies: (Option<i64>, Compressor<'static>),
    events: (Option<i64>, Compressor<'static>),
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").field("bodies", &self.bodies.0).field("events", &self.events.0).finish()
    }
}

impl Packer {
    /// # Errors
    /// [`Error::Internal`] when the compressor cannot be set up.
    pub fn new(dictionaries: &Dictionaries) -> Result<Packer> {
        let with = |dictionary: &Option<Dictionary>| -> Result<(Option<i64>, Compressor<'static>)> {
            let mut compressor = Compressor::new(LEVEL).map_err(|e| failed(&e))?;
            let Some(dictionary) = dictionary else { return Ok((None, compressor)) };
            for parameter in [
                CParameter::HashLog(PLACES),
                CParameter::ChainLog(PLACES),
                // Otherwise its tables are copied for each session.
                CParameter::ForceAttachDict(DictAttachPref::ForceAttach),
            ] {
                compressor.set_parameter(parameter).map_err(|e| failed(&e))?;
            }
            compressor.set_dictionary(LEVEL, &dictionary.bytes).map_err(|e| failed(&e))?;
            Ok((Some(dictionary.id), compressor))
        };
        Ok(Packer { bodies: with(&dictionaries.bodies)?, events: with(&dictionaries.events)? })
    }

    /// Packs bodies of one session.
    ///
    /// # Errors
    /// [`Error::Internal`] when the compressor fails.
    pub fn bundles(&mut self, bodies: &[(OriginalInfo, &[u8])]) -> Result<Vec<Bundle>> {
        let mut bundles = Vec::new();
        let mut rest = bodies;
        let mut text = Vec::new();
        while let Some((first, more)) = rest.split_first() {
            let mut size = first.1.len();
            let mut path = first.0.path.as_str();
            let mut count = 1;
            for (info, body) in more {
                if size + body.len() > BUNDLE_BYTES {
                    break;
                }
                size += body.len();
                path = in_common(path, &info.path);
                count += 1;
            }
            let (taken, after) = rest.split_at(count);
            rest = after;
            text.clear();
            text.reserve(size);
            taken.iter().for_each(|(_, body)| text.extend_from_slice(body));
            let entries = taken
                .iter()
                .map(|(info, body)| Entry {
                    position: info.position,
                    hash: info.hash,
                    bytes: body.len() as u64,
                    path: Cow::Borrowed(&info.path[path.len()..]),
                })
                .collect();
            let list = List { path: Cow::Borrowed(path), entries };
            bundles.push(Bundle {
                dictionary: self.bodies.0,
                bodies: taken.len(),
                bytes: size,
                list: postcard::to_stdvec(&list).map_err(|e| failed(&e))?,
                data: self.bodies.1.compress(&text).map_err(|e| failed(&e))?,
                keys: taken.iter().map(|(info, _)| key(&info.hash)).collect(),
            });
        }
        Ok(bundles)
    }

    /// Packs the events of a session.
    ///
    /// # Errors
    /// [`Error::Internal`] when an event cannot be written, which no event of the model gives.
    pub fn chunks(&mut self, events: &[Event]) -> Result<Vec<Chunk>> {
        let (dictionary, compressor) = &mut self.events;
        chunk::encode(events, |raw| Ok((*dictionary, compressor.compress(raw).map_err(|e| failed(&e))?)))
    }
}

/// The text of a session's events before it is packed, as a sample for a dictionary.
///
/// # Errors
/// As [`Packer::chunks`].
pub fn events_text(events: &[Event]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    chunk::encode(events, |raw| {
        text.extend_from_slice(raw);
        Ok((None, Vec::new()))
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    fn words(seed: u64, n: usize) -> Vec<u8> {
        let mut state = seed;
        let mut word = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:x} ", state >> 40)
        };
        (0..n).flat_map(|_| word().into_bytes()).collect()
    }

    fn info(n: u64, path: &str, body: &[u8]) -> OriginalInfo {
        OriginalInfo { position: n, hash: Sha256::digest(body).into(), path: path.to_owned() }
    }

    #[test]
    fn only_what_two_visitors_share_gets_into_a_dictionary() {
        let (page, ana, ben) = (words(1, 3000), words(2, 500), words(3, 500));
        let of = |own: &[u8]| [own, &page, own].concat();
        let texts = [of(&ana), of(&ana), of(&ben)];
        let sample = |visitor, i: usize| Sample { visitor, text: &texts[i] };
        let both = [sample("ana", 0), sample("ana", 1), sample("ben", 2)];
        let dictionary = Dictionary::train(&both).unwrap();
        let text = String::from_utf8_lossy(&dictionary.bytes).into_owned();
        let holds = |own: &[u8]| own.chunks(100).any(|c| text.contains(&*String::from_utf8_lossy(c)));
        assert!(holds(&page) && !holds(&ana) && !holds(&ben));
        assert!(dictionary.bytes.len() > page.len() * 9 / 10);
        assert_eq!(Dictionary::train(&both), Some(dictionary));
        assert_eq!(Dictionary::train(&both[..2]), None);
        assert_eq!(Dictionary::train(&[]), None);
    }

    #[test]
    fn a_dictionary_stays_small() {
        let page = words(5, 400_000);
        let samples = [Sample { visitor: "a", text: &page }, Sample { visitor: "b", text: &page }];
        let dictionary = Dictionary::train(&samples).unwrap();
        assert!((DICTIONARY_BYTES - PIECE_MOST..=DICTIONARY_BYTES).contains(&dictionary.bytes.len()));
    }

    #[test]
    fn a_text_within_another_is_cut_alike() {
        let text = words(9, 2000);
        let shifted = [b"something else in front ".as_slice(), &text].concat();
        let of: Vec<&[u8]> = pieces(&text).collect();
        let same = pieces(&shifted).filter(|p| of.contains(p)).count();
        assert!(same * 10 > of.len() * 9, "{same} of {}", of.len());
        assert_eq!(of.concat(), text);
    }

    #[test]
    fn bundles_hold_bodies_in_order_and_are_cut_by_size() {
        let bodies: Vec<Vec<u8>> = (0..5).map(|n| words(n, 300_000)).collect();
        let paths = ["a/ä.json", "a/ö.json", "a/ü.json", "b", ""];
        let given: Vec<(OriginalInfo, &[u8])> =
            bodies.iter().enumerate().map(|(n, body)| (info(n as u64, paths[n], body), body.as_slice())).collect();
        let bundles = Packer::new(&Dictionaries::default()).unwrap().bundles(&given).unwrap();
        assert!(bundles.len() > 1 && bundles.iter().all(|b| b.bytes <= BUNDLE_BYTES));
        let mut back = Vec::new();
        for bundle in &bundles {
            let text = zstd::bulk::decompress(&bundle.data, bundle.bytes).unwrap();
            let mut at = 0;
            for (info, bytes) in list(&bundle.list).unwrap() {
                back.push((info, text[at..at + bytes].to_vec()));
                at += bytes;
            }
            assert_eq!(at, text.len());
        }
        let want: Vec<(OriginalInfo, Vec<u8>)> = given.iter().map(|(i, b)| (i.clone(), b.to_vec())).collect();
        assert!(back == want);
    }

    #[test]
    fn a_dictionary_is_worth_its_while() {
        let page = words(1, 3000);
        let texts: Vec<Vec<u8>> = (0..4).map(|n| [words(n + 10, 50), page.clone()].concat()).collect();
        let visitors = ["a", "b", "c"];
        let samples: Vec<Sample<'_>> =
            visitors.iter().zip(&texts).map(|(visitor, text)| Sample { visitor, text }).collect();
        let dictionaries = Dictionaries { bodies: Dictionary::train(&samples), events: None };
        let mut with = Packer::new(&dictionaries).unwrap();
        let mut without = Packer::new(&Dictionaries::default()).unwrap();
        let body = [(info(1, "p", &texts[3]), texts[3].as_slice())];
        let (small, large) = (with.bundles(&body).unwrap(), without.bundles(&body).unwrap());
        assert!(small[0].data.len() * 5 < large[0].data.len());
        let dictionary = dictionaries.bodies.unwrap();
        let mut unpack = zstd::bulk::Decompressor::with_dictionary(&dictionary.bytes).unwrap();
        assert!(unpack.decompress(&small[0].data, small[0].bytes).unwrap() == texts[3]);
        assert_eq!(small[0].dictionary, Some(dictionary.id));
    }

    #[test]
    fn sessions_that_differ_in_time_only_have_the_same_text() {
        let at = |start: i64| -> Vec<Event> {
            (0..50).map(|i| Event { time: start + i * 7, page: 1, kind: Kind::Visibility { visible: true } }).collect()
        };
        assert_eq!(events_text(&at(1_795_000_000_000)).unwrap(), events_text(&at(5)).unwrap());
    }
}
