//! The filter language: a row of text to a tree, and the tree's meaning for a session's facts.
//!
//! The trap: two-valued logic. A value that is not there fails every test but the negative ones, so that `NOT` is always
//! the exact complement; nothing here may answer "unknown".

mod literal;
mod meaning;
mod parse;
mod print;
mod simple;
#[cfg(test)]
mod tests;
mod token;

pub use literal::number;
pub use meaning::{Asked, Cell, Row, Rows, cells, holds, key_in_rows, standard_of, values};
pub use parse::{MAX_DEPTH, parse};
pub use print::{equals, is_page, starts_with};
pub use simple::{Simple, negated, simple};

use regex::Regex;

use crate::event::Millis;
use crate::facts::Field;

/// What is wrong with a row, for machines and people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: &'static str,
    /// One sentence that says what was expected.
    pub message: String,
    /// Byte offset of the first character that does not fit; the length of the row at its end.
    pub at: usize,
    /// Byte offset behind it.
    pub until: usize,
}

impl Problem {
    /// Characters from 1, as editors count; one past the last at the end of the row.
    pub fn column(&self, row: &str) -> usize {
        row.get(..self.at).map_or(0, |before| before.chars().count()) + 1
    }
}

/// A row of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// The sessions of another segment.
    Segment {
        id: String,
        /// Byte offset of the `@`.
        at: usize,
    },
    Test(Test),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    pub field: Named,
    pub what: What,
    /// Byte offsets in the row.
    pub at: usize,
    pub until: usize,
}

/// A field as a filter names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRef(pub &'static Field);

/// A field, and for tags the key.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub field: FieldRef,
    /// Of `tag.KEY`: the key as written.
    pub key: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// `= != > >= < <=` with one value.
    Compare(Compare, Literal),
    In {
        not: bool,
        values: Vec<Literal>,
    },
    Between(Literal, Literal),
    Contains {
        not: bool,
        text: Literal,
    },
    StartsWith(Literal),
    EndsWith(Literal),
    Matches {
        not: bool,
        pattern: Pattern,
    },
    Empty {
        not: bool,
    },
    /// The bare name of a yes/no field or a count.
    Flag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Equal,
    Unequal,
    More,
    AtLeast,
    Less,
    AtMost,
}

/// A value as it was written, and what it stands for on the field it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// Without its quotes.
    pub written: String,
    pub value: Value,
    /// Byte offset in the row.
    pub at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `""`: stands for a value that is not there.
    Empty,
    /// In lower case.
    Text(String),
    Number(f64),
    /// On a field of seconds, so that 0.1 s is 100 ms and nothing beside it.
    Millis(Millis),
    /// A written date or time: the epoch ms from its start, and those of the first moment behind it.
    Span(Millis, Millis),
    /// An instant this many ms before now.
    Ago(Millis),
    YesNo(bool),
}

/// A regular expression, found anywhere and in any case unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub written: String,
    pub regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.written == other.written
    }
}

impl Filter {
    /// The segments that are named, in order, and the byte offset of each `@`.
    pub fn segments(&self) -> Vec<(&str, usize)> {
        let mut found = Vec::new();
        self.each(&mut |f| {
            if let Filter::Segment { id, at } = f {
                found.push((id.as_str(), *at));
            }
        });
        found
    }
    fn each<'f>(&'f self, visit: &mut impl FnMut(&'f Filter)) {
        let mut open = vec![self];
        while let Some(filter) = open.pop() {
            visit(filter);
            match filter {
                Filter::All(parts) | Filter::Any(parts) => open.extend(parts.iter().rev()),
                Filter::Not(inner) => open.push(inner),
                Filter::Segment { .. } | Filter::Test(_) => {}
            }
        }
    }
}
