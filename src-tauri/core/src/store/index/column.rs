//! One field of all sessions: its values, and which session has which.
//!
//! The trap: most fields have one of a few values in every session, some have thousands of values, and of the tags each
//! stands in a few sessions only. A column takes the room of what is in it, whichever it is.

use std::ops::Range;
use std::sync::OnceLock;

use roaring::{MultiOps, RoaringBitmap};

use super::dictionary::{Code, Dictionary, Texts};
use crate::segment::filter::Cell;

/// One in so many sessions has a value, or more: they are kept as a set, which is then quicker to join than a list.
const OFTEN: usize = 64;
/// One in so many sessions has a value, or more: every session gets a place.
const SPARSE: usize = 8;

/// Codes in as few bytes as they take.
#[derive(Debug)]
pub(super) enum Codes {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

/// Runs `$body` with `$codes` as a slice of whatever width.
macro_rules! with_codes {
    ($of:expr, $codes:ident => $body:expr) => {
        match $of {
            Codes::One($codes) => $body,
            Codes::Two($codes) => $body,
            Codes::Four($codes) => $body,
        }
    };
}

impl Codes {
    fn packed(codes: Vec<u32>, last: Code) -> Codes {
        if last <= u8::MAX.into() {
            Codes::One(codes.into_iter().map(|c| c as u8).collect())
        } else if last <= u16::MAX.into() {
            Codes::Two(codes.into_iter().map(|c| c as u16).collect())
        } else {
            Codes::Four(codes)
        }
    }

    pub(super) fn len(&self) -> usize {
        with_codes!(self, codes => codes.len())
    }

    pub(super) fn get(&self, at: usize) -> Code {
        match self {
            Codes::One(codes) => codes[at].into(),
            Codes::Two(codes) => codes[at].into(),
            Codes::Four(codes) => codes[at],
        }
    }

    /// Largest of them, 0 without any.
    pub(super) fn largest(&self) -> Code {
        with_codes!(self, codes => codes.iter().copied().max().map_or(0, Into::into))
    }
}

/// Who has which value, among the stored sessions.
#[derive(Debug)]
pub(super) enum Layout {
    /// At most one: the code of each session, 0 without a value.
    One(Codes),
    /// The end of each session's codes.
    Several { ends: Vec<u32>, codes: Codes },
    /// Sessions that have any, and the end of each one's codes.
    Few { slots: Vec<u32>, ends: Vec<u32>, codes: Codes },
}

/// Sessions of each value, among the stored ones.
#[derive(Debug)]
enum ByValue {
    /// A look at every session is as quick.
    No,
    /// A set for each code from 1.
    Sets(Vec<RoaringBitmap>),
    /// Lists one behind the other, with the end of each code's from 0; those that would be long are sets, by code.
    Lists { ends: Vec<u32>, slots: Vec<u32>, often: Vec<(Code, RoaringBitmap)> },
}

/// Codes of sessions that came since, as in [`Layout::Few`].
#[derive(Debug, Default)]
struct Tail {
    slots: Vec<u32>,
    ends: Vec<u32>,
    codes: Vec<Code>,
}

fn stretch(ends: &[u32], at: usize) -> Range<usize> {
    let from = if at == 0 { 0 } else { ends[at - 1] as usize };
    from..ends[at] as usize
}

#[derive(Debug)]
pub(super) struct Column {
    dictionary: Dictionary,
    layout: Layout,
    tail: Tail,
    by_value: ByValue,
    /// Sessions with a value.
    present: RoaringBitmap,
    ranks: OnceLock<Vec<u32>>,
}

impl Default for Column {
    fn default() -> Column {
        Column::stored(
            Dictionary::default(),
            Layout::Few { slots: Vec::new(), ends: Vec::new(), codes: Codes::One(Vec::new()) },
        )
    }
}

impl Column {
    /// A column as it was stored. The parts fit each other.
    pub(super) fn stored(dictionary: Dictionary, layout: Layout) -> Column {
        let mut column = Column {
            dictionary,
            layout,
            tail: Tail::default(),
            by_value: ByValue::No,
            present: RoaringBitmap::new(),
            ranks: OnceLock::new(),
        };
        column.by_value = column.each_value();
        column.present = match &column.layout {
            Layout::One(codes) => with_codes!(codes, codes => scan(codes, |code| Code::from(code) != 0)),
            Layout::Several { ends, .. } => {
                sorted_set((0..ends.len()).filter(|at| !stretch(ends, *at).is_empty()).map(|at| at as u32).collect())
            }
            Layout::Few { slots, .. } => sorted_set(slots.clone()),
        };
        column
    }

    fn each_value(&self) -> ByValue {
        let values = self.dictionary.len();
        let rows = match &self.layout {
            Layout::One(Codes::One(_)) => {
                let mut slots: Vec<Vec<u32>> = vec![Vec::new(); values];
                self.each_stored(|slot, code| slots[code as usize - 1].push(slot));
                return ByValue::Sets(slots.into_iter().map(sorted_set).collect());
            }
            Layout::One(_) => return ByValue::No,
            Layout::Several { ends, .. } => ends.len(),
            Layout::Few { slots, .. } => slots.last().map_or(0, |last| *last as usize + 1),
        };
        let mut counts = vec![0u32; values + 1];
        self.each_stored(|_, code| counts[code as usize] += 1);
        let is_often = |count: u32| count as usize > rows / OFTEN && count > 8;
        let mut often: Vec<(Code, Vec<u32>)> = Vec::new();
        // Where the next session of each code goes; those of the frequent ones go elsewhere.
        let mut next = vec![0u32; values + 1];
        let mut total = 0;
        for code in 1..=values {
            next[code] = total;
            if is_often(counts[code]) {
                often.push((code as Code, Vec::with_capacity(counts[code] as usize)));
            } else {
                total += counts[code];
            }
        }
        let mut slots = vec![0u32; total as usize];
        self.each_stored(|slot, code| {
            if is_often(counts[code as usize]) {
                if let Ok(at) = often.binary_search_by_key(&code, |(code, _)| *code) {
                    often[at].1.push(slot);
                }
            } else {
                let at = &mut next[code as usize];
                slots[*at as usize] = slot;
                *at += 1;
            }
        });
        // Each place has moved on to its end.
        let often = often.into_iter().map(|(code, slots)| (code, sorted_set(slots))).collect();
        ByValue::Lists { ends: next, slots, often }
    }

    /// Yes for the sessions of a set, no for the others of `all`.
    pub(super) fn yes_no(all: &RoaringBitmap, yes: &RoaringBitmap, rows: u32) -> Column {
        let (no, yes) = (all - yes, all & yes);
        let mut codes = vec![0; rows as usize];
        no.iter().for_each(|slot| codes[slot as usize] = 1);
        yes.iter().for_each(|slot| codes[slot as usize] = 2);
        Column {
            dictionary: Dictionary::stored(vec![false, true], Vec::new(), Texts::default()),
            layout: Layout::One(Codes::One(codes)),
            tail: Tail::default(),
            present: all.clone(),
            by_value: ByValue::Sets(vec![no, yes]),
            ranks: OnceLock::new(),
        }
    }

    pub(super) fn parts(&self) -> (&Dictionary, &Layout) {
        (&self.dictionary, &self.layout)
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Sessions with a value.
    pub(super) fn present(&self) -> &RoaringBitmap {
        &self.present
    }

    /// Gives a session that has none yet its values; sessions come in the order of their slots.
    pub(super) fn append(&mut self, slot: u32, values: impl FnOnce(&mut dyn FnMut(Cell<'_>))) {
        let from = self.tail.codes.len();
        let (dictionary, codes) = (&mut self.dictionary, &mut self.tail.codes);
        values(&mut |cell| {
            let code = dictionary.code(cell);
            if !codes[from..].contains(&code) {
                codes.push(code);
            }
        });
        if codes.len() == from {
            return;
        }
        self.tail.slots.push(slot);
        self.tail.ends.push(self.tail.codes.len() as u32);
        self.present.insert(slot);
        self.ranks = OnceLock::new();
    }

    fn each_stored(&self, mut tell: impl FnMut(u32, Code)) {
        match &self.layout {
            Layout::One(codes) => with_codes!(codes, codes => {
                for (slot, code) in codes.iter().enumerate() {
                    let code = Code::from(*code);
                    if code > 0 {
                        tell(slot as u32, code);
                    }
                }
            }),
            Layout::Several { ends, codes } => with_codes!(codes, codes => {
                for slot in 0..ends.len() {
                    codes[stretch(ends, slot)].iter().for_each(|code| tell(slot as u32, Code::from(*code)));
                }
            }),
            Layout::Few { slots, ends, codes } => with_codes!(codes, codes => {
                for (at, slot) in slots.iter().enumerate() {
                    codes[stretch(ends, at)].iter().for_each(|code| tell(*slot, Code::from(*code)));
                }
            }),
        }
    }

    /// Codes of a session, the first value's first.
    pub(super) fn codes_of(&self, slot: u32, tell: &mut dyn FnMut(Code)) {
        let stored = match &self.layout {
            Layout::One(codes) => {
                if (slot as usize) < codes.len() {
                    Some(codes.get(slot as usize)).filter(|code| *code > 0).into_iter().for_each(&mut *tell);
                    return;
                }
                None
            }
            Layout::Several { ends, codes } => {
                ((slot as usize) < ends.len()).then(|| (stretch(ends, slot as usize), codes))
            }
            Layout::Few { slots, ends, codes } => slots.binary_search(&slot).ok().map(|at| (stretch(ends, at), codes)),
        };
        if let Some((places, codes)) = stored {
            places.for_each(|at| tell(codes.get(at)));
        } else if let Ok(at) = self.tail.slots.binary_search(&slot) {
            self.tail.codes[stretch(&self.tail.ends, at)].iter().for_each(|code| tell(*code));
        }
    }

    /// Sessions that have one of these codes; ranges in order.
    pub(super) fn having(&self, ranges: &[Range<Code>]) -> RoaringBitmap {
        let wanted: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        if wanted == 0 {
            return RoaringBitmap::new();
        }
        if wanted == self.dictionary.len() {
            return self.present.clone();
        }
        let mut found = self.stored_having(ranges);
        let fits = |code: Code| {
            let at = ranges.partition_point(|range| range.end <= code);
            ranges.get(at).is_some_and(|range| range.start <= code)
        };
        for (at, slot) in self.tail.slots.iter().enumerate() {
            if self.tail.codes[stretch(&self.tail.ends, at)].iter().any(|code| fits(*code)) {
                found.insert(*slot);
            }
        }
        found
    }

    fn stored_having(&self, ranges: &[Range<Code>]) -> RoaringBitmap {
        // Those that came since are at the end of the codes.
        let stored = |code: Code| match &self.by_value {
            ByValue::No => code as usize,
            ByValue::Sets(sets) => (code as usize).min(sets.len() + 1),
            ByValue::Lists { ends, .. } => (code as usize).min(ends.len()),
        };
        match (&self.by_value, &self.layout) {
            (ByValue::Sets(sets), _) => {
                ranges.iter().flat_map(|range| &sets[stored(range.start) - 1..stored(range.end) - 1]).union()
            }
            (ByValue::Lists { ends, slots, often }, _) => {
                let lists = ranges.iter().map(|range| {
                    let (from, until) = (stored(range.start), stored(range.end));
                    if from < until { &slots[ends[from - 1] as usize..ends[until - 1] as usize] } else { &[] }
                });
                let sets = ranges.iter().flat_map(|range| {
                    let from = often.partition_point(|(code, _)| *code < range.start);
                    let until = often.partition_point(|(code, _)| *code < range.end);
                    often[from..until].iter().map(|(_, set)| set)
                });
                joined(lists) | sets.union()
            }
            (ByValue::No, Layout::One(codes)) => match ranges {
                [range] => {
                    let (from, many) = (range.start, range.end - range.start);
                    with_codes!(codes, codes => scan(codes, |code| Code::from(code).wrapping_sub(from) < many))
                }
                ranges => {
                    let mut table = vec![false; self.dictionary.len() + 1];
                    for range in ranges {
                        table[range.start as usize..range.end as usize].fill(true);
                    }
                    with_codes!(codes, codes => scan(codes, |code| table[Code::from(code) as usize]))
                }
            },
            (ByValue::No, _) => RoaringBitmap::new(),
        }
    }

    /// For each code the sessions of a set that have it; at 0 those without a value.
    pub(super) fn tally(&self, set: &RoaringBitmap) -> Vec<u32> {
        let mut counts = vec![0; self.dictionary.len() + 1];
        counts[0] = (set.len() - set.intersection_len(&self.present)) as u32;
        if let ByValue::Sets(sets) = &self.by_value {
            for (count, of) in counts[1..].iter_mut().zip(sets) {
                *count = of.intersection_len(set) as u32;
            }
        }
        let mut count = |code: Code| counts[code as usize] += 1;
        match &self.layout {
            Layout::One(_) if matches!(self.by_value, ByValue::Sets(_)) => {}
            Layout::One(codes) => {
                let rows = codes.len() as u32;
                with_codes!(codes, codes => set.range(..rows).for_each(|slot| {
                    let code = Code::from(codes[slot as usize]);
                    if code > 0 {
                        count(code);
                    }
                }));
            }
            Layout::Several { ends, codes } => {
                let rows = ends.len() as u32;
                with_codes!(codes, codes => set.range(..rows).for_each(|slot| {
                    codes[stretch(ends, slot as usize)].iter().for_each(|code| count(Code::from(*code)));
                }));
            }
            Layout::Few { slots, ends, codes } => {
                for at in (0..slots.len()).filter(|at| set.contains(slots[*at])) {
                    stretch(ends, at).for_each(|at| count(codes.get(at)));
                }
            }
        }
        for (at, slot) in self.tail.slots.iter().enumerate() {
            if set.contains(*slot) {
                self.tail.codes[stretch(&self.tail.ends, at)].iter().for_each(|code| count(*code));
            }
        }
        counts
    }

    /// Sessions of a set that have a value of each group; `group` of each code, 0 for none, up to `groups`.
    pub(super) fn tally_groups(&self, set: &RoaringBitmap, group: &[u32], groups: usize) -> Vec<u32> {
        let mut counts = vec![0; groups + 1];
        let mut last = vec![0u64; groups + 1];
        for slot in set & &self.present {
            self.codes_of(slot, &mut |code| {
                let group = group[code as usize] as usize;
                // A session counts once in a group, however many of its values it has.
                if group > 0 && std::mem::replace(&mut last[group], u64::from(slot) + 1) != u64::from(slot) + 1 {
                    counts[group] += 1;
                }
            });
        }
        counts
    }

    /// Sessions of a set that have a value of each of at most 64 groups; `group` of each code, 255 for none.
    pub(super) fn tally_by(&self, set: &RoaringBitmap, group: &[u8]) -> [u32; 64] {
        let mut counts = [0; 64];
        for slot in set {
            let mut groups = 0u64;
            self.codes_of(slot, &mut |code| {
                let group = group[code as usize];
                if group < 64 {
                    groups |= 1 << group;
                }
            });
            while groups != 0 {
                counts[groups.trailing_zeros() as usize] += 1;
                groups &= groups - 1;
            }
        }
        counts
    }

    /// For each code the place of its value in their order.
    pub(super) fn ranks(&self) -> &[u32] {
        self.ranks.get_or_init(|| self.dictionary.ranks())
    }

    /// Tells for each session of a set the rank of its first value, or nothing without one.
    pub(super) fn first_ranks(&self, set: &RoaringBitmap, mut tell: impl FnMut(u32, Option<u32>)) {
        if let (Layout::One(codes), true) = (&self.layout, self.dictionary.is_in_order()) {
            let rows = codes.len() as u32;
            with_codes!(codes, codes => set.range(..rows).for_each(|slot| {
                let code = Code::from(codes[slot as usize]);
                tell(slot, code.checked_sub(1));
            }));
            set.range(rows..).for_each(|slot| tell(slot, self.first(slot).map(|code| code - 1)));
            return;
        }
        let ranks = self.ranks();
        if let Layout::One(codes) = &self.layout {
            let rows = codes.len() as u32;
            with_codes!(codes, codes => set.range(..rows).for_each(|slot| {
                let code = Code::from(codes[slot as usize]);
                tell(slot, (code > 0).then(|| ranks[code as usize]));
            }));
            set.range(rows..).for_each(|slot| tell(slot, self.first(slot).map(|code| ranks[code as usize])));
            return;
        }
        for slot in set {
            tell(slot, self.first(slot).map(|code| ranks[code as usize]));
        }
    }

    fn first(&self, slot: u32) -> Option<Code> {
        let mut first = None;
        self.codes_of(slot, &mut |code| first = first.or(Some(code)));
        first
    }

    /// The same values for these sessions alone, in this order.
    pub(super) fn of(&self, slots: &[u32]) -> Column {
        let ranks = self.ranks();
        let mut rows = Rows::default();
        for slot in slots {
            rows.begin();
            self.codes_of(*slot, &mut |code| rows.push(code));
            rows.end();
        }
        let mut used = vec![false; self.dictionary.len() + 1];
        rows.codes.iter().for_each(|code| used[*code as usize] = true);
        let mut kept: Vec<Code> = (1..=self.dictionary.last()).filter(|code| used[*code as usize]).collect();
        kept.sort_unstable_by_key(|code| ranks[*code as usize]);
        let mut renamed = vec![0; used.len()];
        for (at, code) in kept.iter().enumerate() {
            renamed[*code as usize] = at as Code + 1;
        }
        rows.codes.iter_mut().for_each(|code| *code = renamed[*code as usize]);
        rows.laid_out(self.dictionary.only(&kept))
    }

    /// Every text as another one; what is none stays as it is.
    pub(super) fn mapped(&self, rows: u32, map: &dyn Fn(&str) -> Option<String>) -> Column {
        let mut dictionary = Dictionary::default();
        let mut renamed = vec![0; self.dictionary.len() + 1];
        for code in 1..=self.dictionary.last() {
            renamed[code as usize] = match self.dictionary.cell(code) {
                Cell::Text(text) => match map(text) {
                    Some(other) => dictionary.code(Cell::Text(&other)),
                    None => dictionary.code(Cell::Text(text)),
                },
                cell => dictionary.code(cell),
            };
        }
        let ranks = dictionary.ranks();
        let mut kept: Vec<Code> = (1..=dictionary.last()).collect();
        kept.sort_unstable_by_key(|code| ranks[*code as usize]);
        let mut out = Rows::default();
        for slot in 0..rows {
            out.begin();
            self.codes_of(slot, &mut |code| out.push(ranks[renamed[code as usize] as usize] + 1));
            out.end();
        }
        out.laid_out(dictionary.only(&kept))
    }
}

/// Codes of one session after the other.
#[derive(Default)]
struct Rows {
    codes: Vec<Code>,
    ends: Vec<u32>,
    from: usize,
    several: bool,
    with: usize,
}

impl Rows {
    fn begin(&mut self) {
        self.from = self.codes.len();
    }

    fn push(&mut self, code: Code) {
        if !self.codes[self.from..].contains(&code) {
            self.codes.push(code);
        }
    }

    fn end(&mut self) {
        let here = self.codes.len() - self.from;
        self.several |= here > 1;
        self.with += usize::from(here > 0);
        self.ends.push(self.codes.len() as u32);
    }

    fn laid_out(self, dictionary: Dictionary) -> Column {
        let Rows { codes, ends, several, with, .. } = self;
        let last = dictionary.last();
        let layout = if with * SPARSE < ends.len() {
            let places: Vec<usize> = (0..ends.len()).filter(|at| !stretch(&ends, *at).is_empty()).collect();
            Layout::Few {
                ends: places.iter().map(|at| ends[*at]).collect(),
                slots: places.into_iter().map(|at| at as u32).collect(),
                codes: Codes::packed(codes, last),
            }
        } else if several {
            Layout::Several { ends, codes: Codes::packed(codes, last) }
        } else {
            let each = (0..ends.len()).map(|at| codes.get(stretch(&ends, at)).and_then(<[_]>::first).copied());
            Layout::One(Codes::packed(each.map(|code| code.unwrap_or(0)).collect(), last))
        };
        Column::stored(dictionary, layout)
    }
}

/// Sessions of lists that may share some.
fn joined<'l>(lists: impl Iterator<Item = &'l [u32]> + Clone) -> RoaringBitmap {
    let (mut total, mut last) = (0, 0);
    for list in lists.clone() {
        total += list.len();
        last = list.iter().copied().fold(last, u32::max);
    }
    if total < last as usize / 256 {
        let mut slots: Vec<u32> = lists.flatten().copied().collect();
        slots.sort_unstable();
        slots.dedup();
        return sorted_set(slots);
    }
    let mut bytes = vec![0u8; last as usize / 8 + 1];
    for slot in lists.flatten() {
        bytes[*slot as usize / 8] |= 1 << (slot % 8);
    }
    RoaringBitmap::from_lsb0_bytes(0, &bytes)
}

/// Of ascending numbers.
pub(super) fn sorted_set(slots: Vec<u32>) -> RoaringBitmap {
    // They are sorted, so the other answer does not come; it would be a set all the same.
    RoaringBitmap::from_sorted_iter(slots.iter().copied()).unwrap_or_else(|_| slots.into_iter().collect())
}

/// Places of the codes that fit.
fn scan<T: Copy>(codes: &[T], fits: impl Fn(T) -> bool) -> RoaringBitmap {
    let mut bytes = Vec::with_capacity(codes.len().div_ceil(8));
    let (whole, rest) = codes.as_chunks::<8>();
    for eight in whole {
        bytes.push(packed(eight, &fits));
    }
    if !rest.is_empty() {
        bytes.push(packed(rest, &fits));
    }
    RoaringBitmap::from_lsb0_bytes(0, &bytes)
}

/// A bit for each of at most eight codes.
fn packed<T: Copy>(codes: &[T], fits: impl Fn(T) -> bool) -> u8 {
    let mut flags = [0u8; 8];
    for (flag, code) in flags.iter_mut().zip(codes) {
        *flag = u8::from(fits(*code));
    }
    // The product gathers the lowest bit of every byte in the highest byte, in order.
    (u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanning_finds_each_place() {
        for length in [0, 1, 7, 8, 9, 63, 64, 65, 1000] {
            let codes: Vec<u16> = (0..length).map(|n| n * 7 % 13).collect();
            let found: Vec<u32> = scan(&codes, |code| code % 3 == 0).into_iter().collect();
            let wanted: Vec<u32> = (0u32..).zip(&codes).filter(|(_, code)| *code % 3 == 0).map(|(at, _)| at).collect();
            assert_eq!(found, wanted, "{length}");
        }
    }
}
