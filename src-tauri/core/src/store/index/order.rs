//! Lists in order: one page of them, and the place of one session.
//!
//! The trap: a list must not reshuffle by itself. Sessions with the same value stand by their ids, those without one come
//! last whichever way the list goes.

use std::cmp::Reverse;

use rayon::slice::ParallelSliceMut;
use roaring::RoaringBitmap;

use super::Index;
use crate::facts::Field;
use crate::segment::filter::{Rows, standard_of};

/// What a list is sorted by.
#[derive(Debug, Clone, Copy)]
pub enum Order<'o> {
    Id,
    /// The first value of a field; of tags, with its key.
    Field(&'static Field, Option<&'o str>),
}

/// Rank of sessions without a value.
const LAST: u32 = u32::MAX;

impl Index {
    /// Sessions of a set in order: at most `limit` of them, from the place `from` on.
    pub fn page(
        &self,
        set: &RoaringBitmap,
        order: Order<'_>,
        descending: bool,
        library: &dyn Rows,
        from: usize,
        limit: usize,
    ) -> Vec<u32> {
        let until = from.saturating_add(limit).min(set.len() as usize);
        if from >= until {
            return Vec::new();
        }
        // The smallest so far, and as many again before they are looked through.
        let mut keys: Vec<u64> = Vec::with_capacity(until.saturating_mul(2).min(set.len() as usize));
        let mut bound = u64::MAX;
        self.keys(set, order, descending, library, |key| {
            if key < bound {
                keys.push(key);
                if keys.len() >= until * 2 {
                    keys.select_nth_unstable(until - 1);
                    keys.truncate(until);
                    bound = keys[until - 1];
                }
            }
        });
        keys.par_sort_unstable();
        keys.truncate(until);
        keys[from..].iter().map(|key| self.at_place(*key as u32)).collect()
    }

    /// Place of a session in a list, from 0; `None` when the set has it not.
    pub fn place(
        &self,
        slot: u32,
        set: &RoaringBitmap,
        order: Order<'_>,
        descending: bool,
        library: &dyn Rows,
    ) -> Option<u64> {
        if !set.contains(slot) {
            return None;
        }
        let mut own = 0;
        self.keys(&RoaringBitmap::from_iter([slot]), order, descending, library, |key| own = key);
        let mut before = 0;
        self.keys(set, order, descending, library, |key| before += u64::from(key < own));
        Some(before)
    }

    /// Tells a key for each session: the smallest comes first.
    fn keys(
        &self,
        set: &RoaringBitmap,
        order: Order<'_>,
        descending: bool,
        library: &dyn Rows,
        mut tell: impl FnMut(u64),
    ) {
        let mut key = |rank: u32, slot: u32| tell(u64::from(rank) << 32 | u64::from(self.place_of(slot)));
        let Order::Field(field, tag) = order else {
            for slot in set {
                let place = self.place_of(slot);
                // Ids have no equals: the way they go is all there is to it.
                key(if descending { LAST - place } else { place }, slot);
            }
            return;
        };
        let Some(column) = self.column(field.name, tag) else {
            set.iter().for_each(|slot| key(LAST, slot));
            return;
        };
        let mapped;
        let column = match standard_of(field.name) {
            None => column,
            Some(parameter) => {
                mapped = column.mapped(self.rows(), &|text| library.standard(parameter, text));
                &mapped
            }
        };
        column.first_ranks(set, |slot, rank| {
            key(rank.map_or(LAST, |rank| if descending { LAST - 1 - rank } else { rank }), slot);
        });
    }

    /// Place of a slot among all ids in order.
    fn place_of(&self, slot: u32) -> u32 {
        if self.new_ids.is_empty() { slot } else { self.places().0[slot as usize] }
    }

    fn at_place(&self, place: u32) -> u32 {
        if self.new_ids.is_empty() { place } else { self.places().1[place as usize] }
    }

    fn places(&self) -> &(Vec<u32>, Vec<u32>) {
        self.places.get_or_init(|| {
            let mut slots: Vec<u32> = (0..self.rows()).collect();
            // A session that changed has two slots; only the later one is ever asked for.
            slots.sort_by(|a, b| self.id(*a).cmp(self.id(*b)).then(Reverse(a).cmp(&Reverse(b))));
            let mut places = vec![0; slots.len()];
            for (place, slot) in (0..).zip(&slots) {
                places[*slot as usize] = place;
            }
            (places, slots)
        })
    }
}
