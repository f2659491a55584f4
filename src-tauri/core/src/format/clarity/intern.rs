//! One copy of each text that a session repeats.
//!
//! The trap: a hostile payload can point at one long string a million times. Long strings are therefore found again by
//! their place, never by their content.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::payload::{Payload, Text};
use crate::event::Str;

/// Longest text that is looked up by content.
const SHORT: usize = 128;

/// A quick hash without a random seed; what it orders is never seen.
#[derive(Default, Clone)]
pub(super) struct Fold(u64);

impl Fold {
    #[inline]
    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (wide as u64) ^ ((wide >> 64) as u64) ^ 0x2545_f491_4f6c_dd1d;
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 29
    }
    fn write(&mut self, mut bytes: &[u8]) {
        while let Some((chunk, rest)) = bytes.split_first_chunk::<8>() {
            self.mix(u64::from_le_bytes(*chunk));
            bytes = rest;
        }
        let mut last = (bytes.len() as u64) << 56;
        for (i, b) in bytes.iter().enumerate() {
            last |= u64::from(*b) << (i * 8);
        }
        self.mix(last);
    }
    fn write_u8(&mut self, n: u8) {
        self.mix(n.into());
    }
    fn write_u32(&mut self, n: u32) {
        self.mix(n.into());
    }
    fn write_u64(&mut self, n: u64) {
        self.mix(n);
    }
    fn write_usize(&mut self, n: usize) {
        self.mix(n as u64);
    }
}

pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;

#[derive(Default)]
pub(super) struct Interner {
    short: HashSet<Str, BuildHasherDefault<Fold>>,
    /// Long strings by the payload's number within the page and their place in it.
    long: Map<(u32, Text), Str>,
}

impl Interner {
    pub(super) fn get(&mut self, text: &str) -> Str {
        if text.len() > SHORT {
            return Str::from(text);
        }
        if let Some(found) = self.short.get(text) {
            return found.clone();
        }
        let new = Str::from(text);
        self.short.insert(new.clone());
        new
    }
    /// The text at a place of the page's payload with this number.
    pub(super) fn at(&mut self, number: u32, payload: &Payload<'_>, text: Text) -> Str {
        if text.len() <= SHORT {
            return self.get(payload.str(text));
        }
        self.long.entry((number, text)).or_insert_with(|| Str::from(payload.str(text))).clone()
    }
    /// Forgets the places; payloads will be numbered anew.
    pub(super) fn turn_page(&mut self) {
        self.long.clear();
    }
}
