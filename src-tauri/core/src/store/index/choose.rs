//! Which sessions a filter takes.
//!
//! The trap: the same tests are asked again and again, in both halves of a comparison and with every keystroke beside
//! them. Answers to single tests are kept until a session changes; those that hang on the clock or on a library are not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use memchr::memmem;
use rayon::prelude::*;
use roaring::RoaringBitmap;

use super::reviews::Reviews;
use super::{Column, Index, lock};
use crate::event::Millis;
use crate::facts::TAG_PREFIX;
use crate::segment::filter::{Filter, Literal, Rows, Test, Value, What, standard_of};

/// Answers that are kept; of a million sessions each takes up to 125 kB.
const KEPT: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Answers(HashMap<String, Arc<RoaringBitmap>>);

/// One question, with what it has found on its way.
struct Asking<'q> {
    library: &'q (dyn Rows + Sync),
    now: Millis,
    segments: Mutex<HashMap<String, Arc<RoaringBitmap>>>,
}

impl Index {
    /// The sessions for which all rows hold. `now`: epoch ms that `30d ago` counts from.
    pub fn select(&self, rows: &[Filter], library: &(dyn Rows + Sync), now: Millis) -> RoaringBitmap {
        let asking = Asking { library, now, segments: Mutex::default() };
        self.all_hold(rows, &asking)
    }

    /// How many sessions each of several lists of rows takes.
    pub fn counts<F: AsRef<[Filter]> + Sync>(&self, lists: &[F], library: &(dyn Rows + Sync), now: Millis) -> Vec<u64> {
        let asking = Asking { library, now, segments: Mutex::default() };
        lists.par_iter().map(|rows| self.how_many_hold(rows.as_ref(), &asking)).collect()
    }

    /// The sessions whose id has a text in it, in any case.
    pub fn ids_containing(&self, text: &str) -> RoaringBitmap {
        let low = text.to_lowercase();
        let finder = memmem::Finder::new(&low);
        let has = |slot: &u32| {
            let id = self.id(*slot);
            match id.bytes().any(|b| !b.is_ascii() || b.is_ascii_uppercase()) {
                true => id.to_lowercase().contains(&low),
                false => finder.find(id.as_bytes()).is_some(),
            }
        };
        self.live.iter().filter(has).collect()
    }

    /// Lets go of the answers that are kept, for measuring.
    pub fn forget(&self) {
        *lock(&self.answers) = Answers::default();
    }

    fn all_hold(&self, rows: &[Filter], asking: &Asking<'_>) -> RoaringBitmap {
        let [first, others @ ..] = rows else { return self.live.clone() };
        let first = self.holding(first, asking);
        let Some((second, others)) = others.split_first() else { return &*first & &self.live };
        // What is kept of an answer is never copied only to be cut.
        let mut found = &*first & &*self.holding(second, asking);
        others.iter().for_each(|row| found &= &*self.holding(row, asking));
        if self.live.len() < u64::from(self.rows()) {
            found &= &self.live;
        }
        found
    }

    /// As many as [`Index::all_hold`] finds; the last set is not made.
    fn how_many_hold(&self, rows: &[Filter], asking: &Asking<'_>) -> u64 {
        match rows {
            [others @ .., last] if self.live.len() == u64::from(self.rows()) => {
                let last = self.holding(last, asking);
                match others {
                    [] => last.len(),
                    [other] => self.holding(other, asking).intersection_len(&last),
                    others => self.all_hold(others, asking).intersection_len(&last),
                }
            }
            rows => self.all_hold(rows, asking).len(),
        }
    }

    /// The sessions for which a filter holds, among others that went.
    fn holding(&self, filter: &Filter, asking: &Asking<'_>) -> Arc<RoaringBitmap> {
        match filter {
            Filter::All(parts) => Arc::new(self.all_hold(parts, asking)),
            Filter::Any(parts) => {
                let sets: Vec<_> = parts.iter().map(|part| self.holding(part, asking)).collect();
                match sets.as_slice() {
                    [a, b, others @ ..] => {
                        let mut found = &**a | &**b;
                        others.iter().for_each(|set| found |= &**set);
                        Arc::new(found)
                    }
                    [one] => one.clone(),
                    [] => Arc::default(),
                }
            }
            Filter::Not(inner) => Arc::new(&self.live - &*self.holding(inner, asking)),
            Filter::Segment { id, .. } => {
                if let Some(known) = lock(&asking.segments).get(id) {
                    return known.clone();
                }
                let Some(rows) = asking.library.rows(id) else { return Arc::default() };
                let found = Arc::new(self.all_hold(rows, asking));
                lock(&asking.segments).insert(id.clone(), found.clone());
                found
            }
            Filter::Test(test) => self.fitting(test, asking),
        }
    }

    fn fitting(&self, test: &Test, asking: &Asking<'_>) -> Arc<RoaringBitmap> {
        let lasting = standard_of(test.field.field.0.name).is_none() && !by_the_clock(test);
        let name = lasting.then(|| test.to_string());
        if let Some(name) = &name
            && let Some(known) = lock(&self.answers).0.get(name)
        {
            return known.clone();
        }
        let found = Arc::new(self.fitting_now(test, asking));
        if let Some(name) = name {
            let mut answers = lock(&self.answers);
            if answers.0.len() >= KEPT {
                answers.0.clear();
            }
            answers.0.insert(name, found.clone());
        }
        found
    }

    fn fitting_now(&self, test: &Test, asking: &Asking<'_>) -> RoaringBitmap {
        let asked = test.asked(asking.now);
        let name = test.field.field.0.name;
        let found = match self.column(name, test.field.key.as_deref()) {
            None if asked.empty => self.live.clone(),
            None => RoaringBitmap::new(),
            Some(column) => {
                let fits = match standard_of(name) {
                    None => column.dictionary().fitting(&asked, None),
                    Some(parameter) => {
                        let map = |text: &str| asking.library.standard(parameter, text);
                        column.dictionary().fitting(&asked, Some(&map))
                    }
                };
                let mut found = column.having(&fits);
                if asked.empty {
                    found |= &self.live - column.present();
                }
                found
            }
        };
        if asked.not { &self.live - found } else { found }
    }

    /// Where a field's values stand; those of `std.…` as they were recorded.
    pub(super) fn column(&self, field: &str, key: Option<&str>) -> Option<&Column> {
        if Reviews::is_field(field) {
            return self.reviews.column(field, &self.live, self.rows());
        }
        match (key, standard_of(field)) {
            (Some(key), _) => self.columns.get(&format!("{TAG_PREFIX}{}", key.to_lowercase())),
            (None, Some(parameter)) => self.columns.get(&format!("utm.{parameter}")),
            (None, None) => self.columns.get(field),
        }
    }
}

/// Whether a test means another thing with every moment.
fn by_the_clock(test: &Test) -> bool {
    let ago = |literal: &Literal| matches!(literal.value, Value::Ago(_));
    match &test.what {
        What::Compare(_, value) => ago(value),
        What::In { values, .. } => values.iter().any(ago),
        What::Between(from, to) => ago(from) || ago(to),
        _ => false,
    }
}
