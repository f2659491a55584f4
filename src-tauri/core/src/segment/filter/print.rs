//! Tree to text: the one way in which a row is written.
//!
//! The trap: what is printed must read back to the same tree, so every value that the grammar would cut or take for a
//! keyword goes into quotes.

use std::fmt::{Display, Formatter, Result, Write as _};

use super::{Compare, Filter, Literal, Named, Test, Value, What};
use crate::facts::FieldKind;

impl Display for Filter {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        print(self, Level::Or, out)
    }
}

/// How tightly the place binds in which a part stands.
#[derive(PartialEq, PartialOrd)]
enum Level {
    Or,
    And,
    Not,
}

fn print(filter: &Filter, level: Level, out: &mut Formatter<'_>) -> Result {
    let (parts, word, inner, own) = match filter {
        Filter::Any(parts) => (parts, " OR ", Level::And, Level::Or),
        Filter::All(parts) => (parts, " AND ", Level::Not, Level::And),
        Filter::Not(inner) => {
            out.write_str("NOT ")?;
            return print(inner, Level::Not, out);
        }
        Filter::Segment { id, .. } => return write!(out, "@{id}"),
        Filter::Test(test) => return test.fmt(out),
    };
    let bracket = level > own;
    if bracket {
        out.write_char('(')?;
    }
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.write_str(word)?;
        }
        print(part, if inner == Level::And { Level::And } else { Level::Not }, out)?;
    }
    if bracket { out.write_char(')') } else { Ok(()) }
}

impl Display for Named {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match &self.key {
            None => out.write_str(self.field.0.name),
            Some(key) => {
                out.write_str(crate::facts::TAG_PREFIX)?;
                if is_word(key) && !key.is_empty() { out.write_str(key) } else { quote(key, out) }
            }
        }
    }
}

impl Display for Compare {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Compare::Equal => "=",
            Compare::Unequal => "!=",
            Compare::More => ">",
            Compare::AtLeast => ">=",
            Compare::Less => "<",
            Compare::AtMost => "<=",
        })
    }
}

impl Display for Test {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        self.field.fmt(out)?;
        let kind = self.field.field.0.kind;
        let value = |literal: &Literal, out: &mut Formatter<'_>| match literal.value {
            Value::Empty => out.write_str("\"\""),
            Value::Ago(_) if kind == FieldKind::Date => out.write_str(&literal.written),
            _ => text(&literal.written, out),
        };
        let not = |not: bool| if not { " not" } else { "" };
        match &self.what {
            What::Compare(compare, literal) => {
                write!(out, " {compare} ")?;
                value(literal, out)
            }
            What::In { not: negative, values } => {
                write!(out, "{} in (", not(*negative))?;
                for (i, literal) in values.iter().enumerate() {
                    if i > 0 {
                        out.write_str(", ")?;
                    }
                    value(literal, out)?;
                }
                out.write_char(')')
            }
            What::Between(from, to) => {
                out.write_str(" between ")?;
                value(from, out)?;
                out.write_str(" and ")?;
                value(to, out)
            }
            What::Contains { not: negative, text: literal } => {
                write!(out, "{} contains ", not(*negative))?;
                value(literal, out)
            }
            What::StartsWith(literal) => {
                out.write_str(" starts with ")?;
                value(literal, out)
            }
            What::EndsWith(literal) => {
                out.write_str(" ends with ")?;
                value(literal, out)
            }
            What::Matches { not: negative, pattern } => {
                write!(out, "{} matches ", not(*negative))?;
                text(&pattern.written, out)
            }
            What::Empty { not: negative } => write!(out, " is{} empty", not(*negative)),
            What::Flag => Ok(()),
        }
    }
}

/// A value, quoted when it would not be read back as one.
fn text(written: &str, out: &mut Formatter<'_>) -> Result {
    let keyword = ["and", "or", "not"].iter().any(|k| k.eq_ignore_ascii_case(written));
    if !written.is_empty() && is_word(written) && !keyword && !written.starts_with('\'') {
        out.write_str(written)
    } else {
        quote(written, out)
    }
}

/// The row of a filter in which a field of text has exactly this value.
pub fn equals(field: &str, value: &str) -> String {
    format!("{field} = {}", Written(value))
}

/// The row of a filter in which a field of text begins with this.
pub fn starts_with(field: &str, value: &str) -> String {
    format!("{field} starts with {}", Written(value))
}

/// The row of a filter in which an address field is this page, whatever parameters and fragment it carries.
pub fn is_page(field: &str, page: &str) -> String {
    format!("{field} matches {}", Written(&format!("^{}([?#]|$)", regex::escape(page))))
}

struct Written<'t>(&'t str);

impl Display for Written<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        text(self.0, out)
    }
}

fn is_word(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"' | '=' | '<' | '>'))
        && !text.contains("!=")
}

fn quote(text: &str, out: &mut Formatter<'_>) -> Result {
    out.write_char('"')?;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // A backslash stands for itself, unless what follows would make an escape of it.
        let escape = c == '"' || c == '\\' && matches!(rest.peek(), None | Some('"' | '\\'));
        if escape {
            out.write_char('\\')?;
        }
        out.write_char(c)?;
    }
    out.write_char('"')
}
