//! How many sessions of a set have each value of a field.
//!
//! The trap: a count stands for the row `FIELD = VALUE`, which takes a text in any case and a session once. Spellings
//! are therefore counted together, and sessions with several values are not counted several times.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use roaring::RoaringBitmap;

use super::dictionary::Code;
use super::{Column, Index};
use crate::facts::{Field, FieldKind};
use crate::segment::filter::{Cell, Rows, standard_of};

/// Bins of a histogram.
const BINS: usize = 20;
/// Of numbers of which a few are far off, the last bin takes these.
const FAR_OFF: f64 = 0.01;

/// Values of a field in a set of sessions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    /// Values as a filter takes them, the most frequent first, then in their order.
    pub values: Vec<(String, u32)>,
    /// Other values.
    pub more: u32,
    /// Sessions without a value.
    pub empty: u32,
    /// Smallest and largest number.
    pub bounds: Option<(f64, f64)>,
    pub histogram: Vec<Bin>,
}

/// Sessions with a value from `from` to below `until`, to it in the last bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    pub from: f64,
    pub until: f64,
    pub count: u32,
}

impl Index {
    /// The values of a field in a set, at most `limit` of them; `typed` keeps those that have it anywhere, in any case.
    pub fn values(
        &self,
        set: &RoaringBitmap,
        (field, key): (&'static Field, Option<&str>),
        library: &dyn Rows,
        typed: &str,
        limit: usize,
    ) -> Values {
        let Some(column) = self.column(field.name, key) else {
            return Values { empty: set.len() as u32, ..Values::default() };
        };
        let mapped;
        let column = match standard_of(field.name) {
            None => column,
            Some(parameter) => {
                mapped = column.mapped(self.rows(), &|text| library.standard(parameter, text));
                &mapped
            }
        };
        let counts = column.tally(set);
        let mut found = Values { empty: counts[0], ..Values::default() };
        if field.kind != FieldKind::Date {
            let mut values = counted(column, &counts, set, &typed.to_lowercase());
            let ranks = column.ranks();
            values.sort_unstable_by_key(|(code, count)| (u32::MAX - count, ranks[*code as usize]));
            found.more = values.len().saturating_sub(limit) as u32;
            values.truncate(limit);
            found.values =
                values.into_iter().map(|(code, count)| (written(column.dictionary().cell(code)), count)).collect();
        }
        if field.kind.is_number() {
            spread(column, &counts, set, field.kind, &mut found);
        }
        found
    }
}

fn written(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => text.to_owned(),
        Cell::Number(n) => n.to_string(),
        Cell::YesNo(yes) => if yes { "yes" } else { "no" }.to_owned(),
    }
}

/// A code of each value that a filter tells from the others, and its sessions.
fn counted(column: &Column, counts: &[u32], set: &RoaringBitmap, typed: &str) -> Vec<(Code, u32)> {
    let dictionary = column.dictionary();
    let there = (1..=dictionary.last()).filter(|code| counts[*code as usize] > 0);
    let mut values: Vec<(Code, u32)> = Vec::new();
    let mut by_text: HashMap<&str, usize> = HashMap::new();
    let mut spellings: HashMap<usize, Vec<Code>> = HashMap::new();
    for code in there {
        let count = counts[code as usize];
        let Cell::Text(_) = dictionary.cell(code) else {
            if typed.is_empty() || written(dictionary.cell(code)).contains(typed) {
                values.push((code, count));
            }
            continue;
        };
        let low = dictionary.low_of(code);
        if !low.contains(typed) {
            continue;
        }
        match by_text.entry(low) {
            Entry::Vacant(free) => {
                free.insert(values.len());
                values.push((code, count));
            }
            Entry::Occupied(at) => spellings.entry(*at.get()).or_default().push(code),
        }
    }
    if spellings.is_empty() {
        return values;
    }
    let mut group = vec![0; counts.len()];
    let mut groups = Vec::with_capacity(spellings.len());
    for (at, others) in spellings {
        let all = others.iter().copied().chain([values[at].0]);
        // The spelling that most use speaks for all.
        let best = all.clone().max_by_key(|code| (counts[*code as usize], u32::MAX - code)).unwrap_or(values[at].0);
        groups.push((at, best));
        all.for_each(|code| group[code as usize] = groups.len() as u32);
    }
    let counts = column.tally_groups(set, &group, groups.len());
    for ((at, best), count) in groups.into_iter().zip(&counts[1..]) {
        values[at] = (best, *count);
    }
    values
}

fn spread(column: &Column, counts: &[u32], set: &RoaringBitmap, kind: FieldKind, found: &mut Values) {
    let dictionary = column.dictionary();
    let ranks = column.ranks();
    let mut numbers: Vec<(u32, Code, f64)> = (1..=dictionary.last())
        .filter(|code| counts[*code as usize] > 0)
        .filter_map(|code| match dictionary.cell(code) {
            Cell::Number(n) => Some((ranks[code as usize], code, n)),
            _ => None,
        })
        .collect();
    if !numbers.is_sorted_by_key(|(rank, ..)| *rank) {
        numbers.sort_unstable_by_key(|(rank, ..)| *rank);
    }
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return };
    let (min, max) = (first.2, last.2);
    found.bounds = Some((min, max));
    let all: u64 = numbers.iter().map(|(_, code, _)| u64::from(counts[*code as usize])).sum();
    let mut most = max;
    if kind != FieldKind::Date {
        let mut beyond = (all as f64 * FAR_OFF) as u64;
        for (_, code, n) in numbers.iter().rev() {
            most = *n;
            match beyond.checked_sub(u64::from(counts[*code as usize])) {
                Some(rest) => beyond = rest,
                None => break,
            }
        }
    }
    let bins = if most > min { BINS } else { 1 };
    let width = (most - min) / bins as f64;
    found.histogram = (0..bins)
        .map(|at| Bin {
            from: min + width * at as f64,
            until: if at + 1 == bins { max } else { min + width * (at + 1) as f64 },
            count: 0,
        })
        .collect();
    let mut bin_of = vec![u8::MAX; dictionary.len() + 1];
    for (_, code, n) in numbers {
        // By the bounds that are told, not by a division that may round the other way.
        let at = found.histogram.partition_point(|bin| bin.from <= n).saturating_sub(1);
        bin_of[code as usize] = at as u8;
    }
    for (count, bin) in column.tally_by(set, &bin_of).into_iter().zip(&mut found.histogram) {
        bin.count = count;
    }
}
