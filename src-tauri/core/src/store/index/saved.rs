//! Columns as bytes, for the cache.
//!
//! The trap: a cache outlives the program that wrote it, and disks forget. A column that does not read back to its last
//! byte is as good as none: the index is then made again from the sessions.
//!
//! Bytes, numbers little endian: counts of yes/no values, numbers, texts and bytes of text (u32 each), those values
//! (bytes, f64, ends as u32, text), the layout (0 one, 1 several, 2 few) and width of a code (1, 2, 4), then slots (few),
//! ends (several, few) and codes, each behind its count (u32). All of it in one zstd frame with a checksum.

use super::column::{Codes, Column, Layout};
use super::dictionary::{Dictionary, Texts};

/// Raised when the bytes mean something else.
pub(super) const LAYOUT: i64 = 1;

/// Quick to read; a higher level takes a few percent off and several times as long to write.
const LEVEL: i32 = 1;

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, n: usize) {
        self.0.extend((n as u32).to_le_bytes());
    }
    fn numbers(&mut self, numbers: &[u32]) {
        self.count(numbers.len());
        self.ends(numbers);
    }
    fn ends(&mut self, numbers: &[u32]) {
        self.0.reserve(numbers.len() * 4);
        numbers.iter().for_each(|n| self.0.extend(n.to_le_bytes()));
    }
    fn codes(&mut self, codes: &Codes) {
        self.count(codes.len());
        match codes {
            Codes::One(codes) => self.0.extend(codes),
            Codes::Two(codes) => codes.iter().for_each(|n| self.0.extend(n.to_le_bytes())),
            Codes::Four(codes) => self.ends(codes),
        }
    }
}

/// Reads from the front; nothing when too little is left.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, bytes: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
    fn count(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?) as usize)
    }
    fn numbers(&mut self, count: usize) -> Option<Vec<u32>> {
        let (each, _) = self.take(count.checked_mul(4)?)?.as_chunks::<4>();
        Some(each.iter().map(|n| u32::from_le_bytes(*n)).collect())
    }
    fn counted(&mut self) -> Option<Vec<u32>> {
        let count = self.count()?;
        self.numbers(count)
    }
    fn codes(&mut self, width: u8) -> Option<Codes> {
        let count = self.count()?;
        Some(match width {
            1 => Codes::One(self.take(count)?.to_vec()),
            2 => {
                let (each, _) = self.take(count.checked_mul(2)?)?.as_chunks::<2>();
                Codes::Two(each.iter().map(|n| u16::from_le_bytes(*n)).collect())
            }
            4 => Codes::Four(self.numbers(count)?),
            _ => return None,
        })
    }
}

/// Texts alone, for the ids.
pub(super) fn texts_bytes(texts: &Texts) -> Vec<u8> {
    let mut out = Writer::default();
    write_texts(texts, &mut out);
    out.0
}

fn write_texts(texts: &Texts, out: &mut Writer) {
    let (bytes, ends) = texts.parts();
    out.count(ends.len());
    out.count(bytes.len());
    out.ends(ends);
    out.0.extend(bytes.as_bytes());
}

fn read_texts(from: &mut Reader<'_>) -> Option<Texts> {
    let (texts, bytes) = (from.count()?, from.count()?);
    let ends = from.numbers(texts)?;
    Texts::stored(std::str::from_utf8(from.take(bytes)?).ok()?.to_owned(), ends)
}

pub(super) fn texts(bytes: &[u8]) -> Option<Texts> {
    let mut from = Reader(bytes);
    let texts = read_texts(&mut from)?;
    from.0.is_empty().then_some(texts)
}

/// Of a column to which nothing was added since it was laid out.
pub(super) fn column_bytes(column: &Column) -> Vec<u8> {
    let (dictionary, layout) = column.parts();
    let (yes_no, numbers, texts) = dictionary.parts();
    let mut out = Writer::default();
    out.count(yes_no.len());
    out.count(numbers.len());
    out.0.extend(yes_no.iter().map(|yes| u8::from(*yes)));
    numbers.iter().for_each(|n| out.0.extend(n.to_le_bytes()));
    write_texts(texts, &mut out);
    let (kind, codes) = match layout {
        Layout::One(codes) => (0, codes),
        Layout::Several { codes, .. } => (1, codes),
        Layout::Few { codes, .. } => (2, codes),
    };
    out.0.push(kind);
    out.0.push(match codes {
        Codes::One(_) => 1,
        Codes::Two(_) => 2,
        Codes::Four(_) => 4,
    });
    match layout {
        Layout::One(_) => {}
        Layout::Several { ends, .. } => out.numbers(ends),
        Layout::Few { slots, ends, .. } => {
            out.numbers(slots);
            out.numbers(ends);
        }
    }
    out.codes(codes);
    out.0
}

/// A column of `sessions` sessions; `None` when the bytes are not one.
pub(super) fn column(bytes: &[u8], sessions: usize) -> Option<Column> {
    let mut from = Reader(bytes);
    let (yes_no, numbers) = (from.count()?, from.count()?);
    let yes_no: Vec<bool> = from.take(yes_no)?.iter().map(|b| *b != 0).collect();
    let (numbers, _) = from.take(numbers.checked_mul(8)?)?.as_chunks::<8>();
    let numbers: Vec<f64> = numbers.iter().map(|n| f64::from_le_bytes(*n)).collect();
    let dictionary = Dictionary::stored(yes_no, numbers, read_texts(&mut from)?);
    let (kind, width) = (from.byte()?, from.byte()?);
    let ordered =
        |ends: &[u32], codes: &Codes| ends.is_sorted() && ends.last().copied().unwrap_or(0) as usize == codes.len();
    let (layout, largest) = match kind {
        0 => {
            let codes = from.codes(width)?;
            if codes.len() != sessions {
                return None;
            }
            let largest = codes.largest();
            (Layout::One(codes), largest)
        }
        1 | 2 => {
            let slots = if kind == 2 { Some(from.counted()?) } else { None };
            let ends = from.counted()?;
            let codes = from.codes(width)?;
            let rows = slots.as_ref().map_or(sessions, Vec::len);
            let in_order = slots.iter().all(|slots| slots.is_sorted_by(|a, b| a < b));
            let within = slots.iter().all(|slots| slots.last().is_none_or(|last| (*last as usize) < sessions));
            // A session has a value once, and no value is 0.
            let least = (0..codes.len()).all(|at| codes.get(at) > 0);
            if ends.len() != rows || !ordered(&ends, &codes) || !in_order || !within || !least {
                return None;
            }
            let largest = codes.largest();
            match slots {
                Some(slots) => (Layout::Few { slots, ends, codes }, largest),
                None => (Layout::Several { ends, codes }, largest),
            }
        }
        _ => return None,
    };
    (from.0.is_empty() && largest <= dictionary.last()).then(|| Column::stored(dictionary, layout))
}

pub(super) fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
    packer.include_checksum(true)?;
    packer.compress(bytes)
}

pub(super) fn unpacked(data: &[u8], bytes: usize) -> Option<Vec<u8>> {
    zstd::bulk::decompress(data, bytes).ok().filter(|out| out.len() == bytes)
}
