//! A row cut into words, quoted texts and signs.
//!
//! The trap: URLs and campaign names are values, and people do not quote them. A word therefore ends only where the
//! grammar needs it to: at space, `( ) , " = < >` or `!=`.

use super::{Compare, Problem};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Word(String),
    /// Text of a quoted value, without quotes and escapes.
    Quoted(String),
    /// `tag."cart size"`: the key.
    QuotedTag(String),
    Open,
    Close,
    Comma,
    Sign(Compare),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte offsets in the row.
    pub(super) at: usize,
    pub(super) until: usize,
}

impl Token {
    /// A word that is this keyword, in any case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(&self.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
    pub(super) fn joins(&self) -> bool {
        self.is("and") || self.is("or")
    }
}

/// Cuts the row up. A quote without an end takes the rest of the row and is told.
pub(super) fn tokens(row: &str, problems: &mut Vec<Problem>) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = row[at..].chars().next() {
        let start = at;
        at += first.len_utf8();
        if first.is_whitespace() {
            continue;
        }
        let followed = |by: char| row[at..].starts_with(by);
        let kind = match first {
            '(' => Kind::Open,
            ')' => Kind::Close,
            ',' => Kind::Comma,
            '=' => Kind::Sign(Compare::Equal),
            '!' if followed('=') => {
                at += 1;
                Kind::Sign(Compare::Unequal)
            }
            '<' | '>' => {
                let or_equal = followed('=');
                at += usize::from(or_equal);
                Kind::Sign(match (first, or_equal) {
                    ('<', false) => Compare::Less,
                    ('<', true) => Compare::AtMost,
                    (_, false) => Compare::More,
                    (_, true) => Compare::AtLeast,
                })
            }
            '"' | '\'' => Kind::Quoted(quoted(row, &mut at, first, problems)),
            _ => {
                while let Some(c) = row[at..].chars().next() {
                    let ends = c.is_whitespace()
                        || matches!(c, '(' | ')' | ',' | '"' | '=' | '<' | '>')
                        || row[at..].starts_with("!=");
                    if ends {
                        break;
                    }
                    at += c.len_utf8();
                }
                let word = &row[start..at];
                if word.eq_ignore_ascii_case(crate::facts::TAG_PREFIX) && row[at..].starts_with('"') {
                    at += 1;
                    Kind::QuotedTag(quoted(row, &mut at, '"', problems))
                } else {
                    Kind::Word(word.to_owned())
                }
            }
        };
        found.push(Token { kind, at: start, until: at });
    }
    found
}

/// The text up to the closing `mark`. A backslash stands for itself unless the mark or another one follows.
fn quoted(row: &str, at: &mut usize, mark: char, problems: &mut Vec<Problem>) -> String {
    let mut text = String::new();
    let mut rest = row[*at..].chars().peekable();
    while let Some(c) = rest.next() {
        *at += c.len_utf8();
        if c == mark {
            return text;
        }
        match (c, rest.peek()) {
            ('\\', Some(next)) if *next == mark || *next == '\\' => {
                *at += next.len_utf8();
                text.push(*next);
                rest.next();
            }
            _ => text.push(c),
        }
    }
    problems.push(Problem {
        code: "unclosed_quote",
        message: format!("The text has no closing {mark}."),
        at: row.len(),
        until: row.len(),
    });
    text
}
