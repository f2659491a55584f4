//! The different values of one field, each with a number.
//!
//! The trap: values keep their numbers while sessions come and go, and yet ranges of values must be ranges of numbers
//! for a count to take no time. So the values of the stored part stand in order, and those that came since stand behind
//! them as they came.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;
use rayon::prelude::*;

use crate::segment::filter::{Asked, Cell, Compare, Value, What};

/// Number of a value; 0 stands for none.
pub(super) type Code = u32;

/// What another text stands for; nothing for itself.
pub(super) type Mapping<'m> = dyn Fn(&str) -> Option<String> + 'm;

/// Texts that one thread looks at before it asks for more.
const SHARED: usize = 4096;

/// Texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Texts that were stored; `None` when the ends do not fit.
    pub(super) fn stored(bytes: String, ends: Vec<u32>) -> Option<Texts> {
        let mut from = 0;
        for end in &ends {
            if *end < from || !bytes.is_char_boundary(*end as usize) {
                return None;
            }
            from = *end;
        }
        (from as usize == bytes.len()).then_some(Texts { bytes, ends })
    }

    pub(super) fn parts(&self) -> (&str, &[u32]) {
        (&self.bytes, &self.ends)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
    }

    fn span(&self, at: usize) -> Range<usize> {
        let from = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        from..self.ends[at] as usize
    }

    pub(super) fn get(&self, at: usize) -> &str {
        &self.bytes[self.span(at)]
    }

    /// First place at which `before` does not hold; it holds for all texts up to there.
    pub(super) fn partition(&self, before: impl Fn(&str) -> bool) -> usize {
        let (mut from, mut until) = (0, self.len());
        while from < until {
            let middle = usize::midpoint(from, until);
            if before(self.get(middle)) {
                from = middle + 1;
            } else {
                until = middle;
            }
        }
        from
    }

    /// Places of the texts that have a part in them.
    fn containing(&self, part: &str, mut tell: impl FnMut(usize)) {
        let finder = memmem::Finder::new(part);
        let bytes = self.bytes.as_bytes();
        let (mut at, mut row) = (0, 0);
        while let Some(found) = bytes.get(at..).and_then(|rest| finder.find(rest)) {
            let start = at + found;
            row += self.ends[row..].partition_point(|end| (*end as usize) <= start);
            if row >= self.len() {
                break;
            }
            if start + part.len() <= self.ends[row] as usize {
                tell(row);
                at = self.ends[row] as usize;
                row += 1;
            } else {
                // It reaches over into the next text.
                at = start + 1;
                while !self.bytes.is_char_boundary(at) {
                    at += 1;
                }
            }
        }
    }
}

/// A value that came since.
#[derive(Debug, Clone)]
enum New {
    YesNo(bool),
    Number(f64),
    Text { text: Arc<str>, low: Arc<str> },
}

#[derive(Debug, Default)]
pub(super) struct Dictionary {
    // In order: yes and no, then numbers, then texts by lower case.
    yes_no: Vec<bool>,
    numbers: Vec<f64>,
    texts: Texts,
    /// Lower case of `texts`, where it differs from them.
    low: Option<Texts>,
    new: Vec<New>,
    /// Bytes of the texts among them.
    new_bytes: usize,
    /// Codes of those, and of the stored texts that were looked for.
    known_texts: HashMap<Arc<str>, Code>,
    new_numbers: HashMap<u64, Code>,
    new_yes_no: [Code; 2],
}

/// In lower case, or nothing when all of them are.
fn lowered(texts: &Texts) -> Option<Texts> {
    if texts.bytes.is_ascii() {
        if !texts.bytes.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        return Some(Texts { bytes: texts.bytes.to_ascii_lowercase(), ends: texts.ends.clone() });
    }
    let mut low = Texts::default();
    for at in 0..texts.len() {
        low.push(&texts.get(at).to_lowercase());
    }
    (low != *texts).then_some(low)
}

impl Dictionary {
    /// Values that were stored in order.
    pub(super) fn stored(yes_no: Vec<bool>, numbers: Vec<f64>, texts: Texts) -> Dictionary {
        let low = lowered(&texts);
        Dictionary { yes_no, numbers, texts, low, ..Dictionary::default() }
    }

    /// The values in order, when none came since.
    pub(super) fn parts(&self) -> (&[bool], &[f64], &Texts) {
        (&self.yes_no, &self.numbers, &self.texts)
    }

    fn low(&self) -> &Texts {
        self.low.as_ref().unwrap_or(&self.texts)
    }

    /// Whether all texts can stand behind each other: places are 32 bits wide.
    pub(super) fn has_room(&self) -> bool {
        u32::try_from(self.texts.bytes.len().max(self.low().bytes.len()) + self.new_bytes).is_ok()
    }

    /// Values of the stored part.
    fn stored_len(&self) -> usize {
        self.yes_no.len() + self.numbers.len() + self.texts.len()
    }

    pub(super) fn len(&self) -> usize {
        self.stored_len() + self.new.len()
    }

    /// Codes go from 1 to this.
    pub(super) fn last(&self) -> Code {
        self.len() as Code
    }

    pub(super) fn cell(&self, code: Code) -> Cell<'_> {
        let mut at = code as usize - 1;
        if at < self.yes_no.len() {
            return Cell::YesNo(self.yes_no[at]);
        }
        at -= self.yes_no.len();
        if at < self.numbers.len() {
            return Cell::Number(self.numbers[at]);
        }
        at -= self.numbers.len();
        if at < self.texts.len() {
            return Cell::Text(self.texts.get(at));
        }
        match &self.new[at - self.texts.len()] {
            New::YesNo(yes) => Cell::YesNo(*yes),
            New::Number(n) => Cell::Number(*n),
            New::Text { text, .. } => Cell::Text(text),
        }
    }

    /// The number of a value, which gets one when it is new.
    pub(super) fn code(&mut self, cell: Cell<'_>) -> Code {
        if let Some(code) = self.find(cell) {
            return code;
        }
        let code = self.last() + 1;
        self.new.push(match cell {
            Cell::YesNo(yes) => {
                self.new_yes_no[usize::from(yes)] = code;
                New::YesNo(yes)
            }
            Cell::Number(n) => {
                self.new_numbers.insert(n.to_bits(), code);
                New::Number(n)
            }
            Cell::Text(text) => {
                let low = text.to_lowercase();
                let text: Arc<str> = text.into();
                let low = if low == *text { text.clone() } else { low.into() };
                self.new_bytes += low.len().max(text.len());
                self.known_texts.insert(text.clone(), code);
                New::Text { text, low }
            }
        });
        code
    }

    fn find(&mut self, cell: Cell<'_>) -> Option<Code> {
        let code = |at: usize| at as Code + 1;
        match cell {
            Cell::YesNo(yes) => {
                let stored = self.yes_no.iter().position(|known| *known == yes).map(code);
                stored.or_else(|| Some(self.new_yes_no[usize::from(yes)]).filter(|code| *code > 0))
            }
            Cell::Number(n) => match self.numbers.binary_search_by(|known| known.total_cmp(&n)) {
                Ok(at) => Some(code(self.yes_no.len() + at)),
                Err(_) => self.new_numbers.get(&n.to_bits()).copied(),
            },
            Cell::Text(text) => {
                if let Some(code) = self.known_texts.get(text) {
                    return Some(*code);
                }
                if self.texts.len() == 0 {
                    return None;
                }
                let want = text.to_lowercase();
                let from = self.low().partition(|low| low < want.as_str());
                let mut same = (from..self.texts.len()).take_while(|at| self.low().get(*at) == want);
                let found = same.find(|at| self.texts.get(*at) == text)?;
                let code = code(self.yes_no.len() + self.numbers.len() + found);
                // Looking in order takes a dozen comparisons; who came once comes again.
                self.known_texts.insert(text.into(), code);
                Some(code)
            }
        }
    }

    /// Whether codes stand in the order of their values.
    pub(super) fn is_in_order(&self) -> bool {
        self.new.is_empty()
    }

    /// For each code, from 1, the place of its value in their order.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut codes: Vec<Code> = (1..=self.last()).collect();
        if !self.new.is_empty() {
            // Mostly in order already, which this sort makes use of.
            codes.sort_by(|a, b| self.order(*a, *b));
        }
        let mut ranks = vec![0; self.len() + 1];
        for (rank, code) in codes.into_iter().enumerate() {
            ranks[code as usize] = rank as u32;
        }
        ranks
    }

    fn order(&self, a: Code, b: Code) -> std::cmp::Ordering {
        match (self.cell(a), self.cell(b)) {
            (Cell::Text(x), Cell::Text(y)) => self.low_of(a).cmp(self.low_of(b)).then_with(|| x.cmp(y)),
            (x, y) => x.order(y),
        }
    }

    /// Lower case of a text; empty for other values.
    pub(super) fn low_of(&self, code: Code) -> &str {
        let at = code as usize - 1;
        let before = self.yes_no.len() + self.numbers.len();
        match at.checked_sub(before) {
            Some(at) if at < self.texts.len() => self.low().get(at),
            Some(at) => match &self.new[at - self.texts.len()] {
                New::Text { low, .. } => low,
                _ => "",
            },
            None => "",
        }
    }

    /// The values of these codes, which are in the order of their values, as a dictionary of their own.
    pub(super) fn only(&self, codes: &[Code]) -> Dictionary {
        let (mut yes_no, mut numbers, mut texts) = (Vec::new(), Vec::new(), Texts::default());
        for code in codes {
            match self.cell(*code) {
                Cell::YesNo(yes) => yes_no.push(yes),
                Cell::Number(n) => numbers.push(n),
                Cell::Text(text) => texts.push(text),
            }
        }
        Dictionary::stored(yes_no, numbers, texts)
    }

    /// Codes of the values that fit, as ranges in order. `map` makes another text of each.
    pub(super) fn fitting(&self, asked: &Asked<'_>, map: Option<&Mapping<'_>>) -> Vec<Range<Code>> {
        let mut fits = Ranges::default();
        for (at, yes) in self.yes_no.iter().enumerate() {
            if asked.fits(Cell::YesNo(*yes)) {
                fits.push(at);
            }
        }
        let before = self.yes_no.len();
        match asked.stretch(&self.numbers) {
            Some(stretch) => fits.extend(before + stretch.start..before + stretch.end),
            None => {
                let fitting = self.numbers.iter().enumerate().filter(|(_, n)| asked.fits(Cell::Number(**n)));
                fitting.for_each(|(at, _)| fits.push(before + at));
            }
        }
        let before = before + self.numbers.len();
        match map {
            None => self.fitting_texts(asked, before, &mut fits),
            Some(map) => {
                for at in 0..self.texts.len() {
                    let text = self.texts.get(at);
                    if asked.fits(Cell::Text(map(text).as_deref().unwrap_or(text))) {
                        fits.push(before + at);
                    }
                }
            }
        }
        let before = before + self.texts.len();
        for (at, new) in self.new.iter().enumerate() {
            let fit = match (new, map) {
                (New::YesNo(yes), _) => asked.fits(Cell::YesNo(*yes)),
                (New::Number(n), _) => asked.fits(Cell::Number(*n)),
                (New::Text { text, low }, None) => asked.fits_text(text, low),
                (New::Text { text, .. }, Some(map)) => asked.fits(Cell::Text(map(text).as_deref().unwrap_or(text))),
            };
            if fit {
                fits.push(before + at);
            }
        }
        fits.0
    }

    fn fitting_texts(&self, asked: &Asked<'_>, before: usize, fits: &mut Ranges) {
        let low = self.low();
        let equal = |want: &str| low.partition(|text| text < want)..low.partition(|text| text <= want);
        match &asked.test().what {
            What::Compare(Compare::Equal | Compare::Unequal, literal) => {
                if let Value::Text(want) = &literal.value {
                    let same = equal(want);
                    fits.extend(before + same.start..before + same.end);
                }
            }
            What::In { values, .. } => {
                let wanted = values.iter().filter_map(|literal| match &literal.value {
                    Value::Text(want) => Some(equal(want)),
                    _ => None,
                });
                let mut wanted: Vec<_> = wanted.filter(|same| !same.is_empty()).collect();
                wanted.sort_by_key(|same| same.start);
                wanted.dedup();
                wanted.into_iter().for_each(|same| fits.extend(before + same.start..before + same.end));
            }
            What::StartsWith(literal) => {
                if let Value::Text(part) = &literal.value {
                    let from = low.partition(|text| text < part.as_str());
                    let until = low.partition(|text| text < part.as_str() || text.starts_with(part.as_str()));
                    fits.extend(before + from..before + until);
                }
            }
            What::Contains { text, .. } if matches!(&text.value, Value::Text(part) if !part.is_empty()) => {
                if let Value::Text(part) = &text.value {
                    low.containing(part, |at| fits.push(before + at));
                }
            }
            What::Empty { .. } | What::Flag => {}
            What::Matches { pattern, .. } => {
                let parts: Vec<Vec<usize>> = (0..self.texts.len().div_ceil(SHARED))
                    .into_par_iter()
                    // Threads with a pattern of their own do not wait for each other.
                    .map_init(
                        || pattern.clone(),
                        |pattern, part| {
                            let places = part * SHARED..self.texts.len().min((part + 1) * SHARED);
                            places.filter(|at| pattern.is_match(self.texts.get(*at))).collect()
                        },
                    )
                    .collect();
                parts.into_iter().flatten().for_each(|at| fits.push(before + at));
            }
            _ => {
                let found = (0..self.texts.len()).filter(|at| asked.fits_text(self.texts.get(*at), low.get(*at)));
                found.for_each(|at| fits.push(before + at));
            }
        }
    }
}

/// Ranges of codes in order; places are one less.
#[derive(Debug, Default)]
struct Ranges(Vec<Range<Code>>);

impl Ranges {
    fn push(&mut self, at: usize) {
        self.extend(at..at + 1);
    }

    fn extend(&mut self, places: Range<usize>) {
        if places.is_empty() {
            return;
        }
        let (from, until) = (places.start as Code + 1, places.end as Code + 1);
        match self.0.last_mut() {
            Some(last) if last.end == from => last.end = until,
            _ => self.0.push(from..until),
        }
    }
}
