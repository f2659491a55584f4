//! Rows that a panel of check boxes can show: one field, one operator, some values.
//!
//! The trap: what a panel shows must mean what the row means. A row is simple only when its short form says all of it;
//! everything else stays text.

use super::{Compare, Filter, Literal, Named, Test, Value, What};
use crate::facts::FieldKind;

/// One field, one operator, values of which any does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// Name in the list of fields; of tags `tag.KEY`.
    pub field: &'static str,
    /// Of a tag.
    pub key: Option<String>,
    /// `is`, `>`, `>=`, `<`, `<=`, `between`, `contains`, `starts with`, `ends with`, `matches` or `empty`.
    pub op: &'static str,
    /// As written; two bounds of `between`, none of `empty`. Words of an enum in their one spelling; the empty text
    /// stands for a value that is not there.
    pub values: Vec<String>,
    /// The complement is meant.
    pub not: bool,
}

/// The short form of a row; none when it has none.
pub fn simple(filter: &Filter) -> Option<Simple> {
    let mut filter = filter;
    let mut not = false;
    while let Filter::Not(inner) = filter {
        not = !not;
        filter = inner;
    }
    let mut found = match filter {
        Filter::Test(test) => of_test(test),
        Filter::Any(parts) => any_of(parts)?,
        Filter::All(_) | Filter::Not(_) | Filter::Segment { .. } => return None,
    };
    found.not ^= not;
    Some(found)
}

/// The row that means the opposite.
pub fn negated(filter: Filter) -> Filter {
    match filter {
        Filter::Not(inner) => *inner,
        filter => Filter::Not(Box::new(filter)),
    }
}

/// Tests of one field by one operator, of which one has to hold.
fn any_of(parts: &[Filter]) -> Option<Simple> {
    let mut all: Option<Simple> = None;
    for part in parts {
        let Filter::Test(test) = part else { return None };
        let mut one = of_test(test);
        // `country = DE OR country is empty` is a choice of two values.
        if one.op == "empty" && !one.not {
            (one.op, one.values) = ("is", vec![String::new()]);
        }
        let several = matches!(one.op, "is" | "contains" | "starts with" | "ends with" | "matches");
        if one.not || !several {
            return None;
        }
        match &mut all {
            None => all = Some(one),
            Some(all) => {
                let same_key = match (&all.key, &one.key) {
                    (None, None) => true,
                    (Some(a), Some(b)) => a.to_lowercase() == b.to_lowercase(),
                    _ => false,
                };
                if all.field != one.field || all.op != one.op || !same_key {
                    return None;
                }
                all.values.append(&mut one.values);
            }
        }
    }
    all
}

fn of_test(test: &Test) -> Simple {
    let Named { field, key } = &test.field;
    let field = field.0;
    let value = |literal: &Literal| match &literal.value {
        Value::Empty => String::new(),
        Value::Text(text) if field.kind == FieldKind::Enum => {
            let words = field.words();
            let known = words.iter().find(|w| w.word.to_lowercase() == *text);
            known.map_or_else(|| literal.written.clone(), |w| w.word.to_owned())
        }
        Value::YesNo(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        _ => literal.written.clone(),
    };
    let (op, values, not) = match &test.what {
        What::Compare(Compare::Equal, literal) => ("is", vec![value(literal)], false),
        What::Compare(Compare::Unequal, literal) => ("is", vec![value(literal)], true),
        What::Compare(Compare::More, literal) => (">", vec![value(literal)], false),
        What::Compare(Compare::AtLeast, literal) => (">=", vec![value(literal)], false),
        What::Compare(Compare::Less, literal) => ("<", vec![value(literal)], false),
        What::Compare(Compare::AtMost, literal) => ("<=", vec![value(literal)], false),
        What::In { not, values } => ("is", values.iter().map(value).collect(), *not),
        What::Between(from, to) => ("between", vec![value(from), value(to)], false),
        What::Contains { not, text } => ("contains", vec![value(text)], *not),
        What::StartsWith(text) => ("starts with", vec![value(text)], false),
        What::EndsWith(text) => ("ends with", vec![value(text)], false),
        What::Matches { not, pattern } => ("matches", vec![pattern.written.clone()], *not),
        What::Empty { not } => ("empty", Vec::new(), *not),
        What::Flag => ("is", vec!["yes".to_owned()], false),
    };
    Simple { field: field.name, key: key.clone(), op, values, not }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::filter::parse;

    fn of(row: &str) -> Option<String> {
        let found = simple(&parse(row).unwrap_or_else(|p| panic!("{row}: {p:?}")))?;
        let key = found.key.map(|k| format!("[{k}]")).unwrap_or_default();
        let not = if found.not { "not " } else { "" };
        Some(format!("{}{key} {not}{} {}", found.field, found.op, found.values.join("|")))
    }

    #[test]
    fn short_forms_say_all_of_a_row() {
        for (row, wanted) in [
            ("country = DE", "country is DE"),
            ("NOT country = DE", "country not is DE"),
            ("NOT NOT country != DE", "country not is DE"),
            ("country in (DE, \"New X\", \"\")", "country is DE|New X|"),
            ("country = DE OR COUNTRY = at OR country is empty", "country is DE|at|"),
            ("device = Desktop", "device is pc"),
            ("day not in (Saturday, SUN)", "day not is sat|sun"),
            ("rage_clicks", "rage_clicks is yes"),
            ("NOT rage_clicks = true", "rage_clicks not is yes"),
            ("duration between 90s and 1m30s", "duration between 90s|1m30s"),
            ("NOT duration > 90", "duration not > 90"),
            ("start > 30d ago", "start > 30d ago"),
            ("page contains /cart OR page contains \"/a b\"", "page contains /cart|/a b"),
            ("NOT (page starts with /cart OR page starts with /b)", "page not starts with /cart|/b"),
            ("page not contains /cart", "page not contains /cart"),
            ("page matches \"/p/\\d+\"", "page matches /p/\\d+"),
            ("tag.\"cart size\" is not empty", "tag.KEY[cart size] not empty "),
            ("tag.Plan = a OR tag.plan = b", "tag.KEY[Plan] is a|b"),
        ] {
            assert_eq!(of(row).as_deref(), Some(wanted), "{row}");
        }
        for row in [
            "country = DE AND device = pc",
            "country = DE OR device = pc",
            "country = DE OR country != AT",
            "page contains a OR page starts with b",
            "duration > 5 OR duration > 9",
            "tag.a = 1 OR tag.b = 1",
            "country = DE OR NOT country = AT",
            "@buyers",
        ] {
            assert_eq!(of(row), None, "{row}");
        }
    }

    #[test]
    fn the_opposite_of_the_opposite_is_the_row() {
        let row = parse("country = DE OR @a").unwrap();
        let once = negated(row.clone());
        assert_eq!(once.to_string(), "NOT (country = DE OR @a)");
        assert_eq!(negated(once), row);
    }
}
