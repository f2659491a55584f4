//! Rows of the filter language, read for the window.
//!
//! The trap: a row that names a segment parses and still cannot be used without a library; so rows are checked as
//! [`Chosen`] does, and not by the parser alone.

use super::chosen::Chosen;
use crate::error::Error;
use crate::segment::filter;
use crate::wire::{FilterProblemView, FilterRowView, SimpleView};

/// What each row is, or what is wrong with it.
pub fn filter_rows(rows: &[String]) -> Vec<FilterRowView> {
    rows.iter().map(|row| read(row)).collect()
}

fn read(row: &str) -> FilterRowView {
    let broken = |problems| FilterRowView { problems, text: row.to_owned(), negated: None, simple: None };
    // Dates are only placed against a clock when sessions are looked at.
    if let Err(error) = Chosen::new(&[row], 0) {
        return broken(match error {
            Error::Filter { problems } => problems
                .into_iter()
                .map(|p| FilterProblemView {
                    code: p.code.to_owned(),
                    message: p.message,
                    column: p.column,
                    length: p.length,
                })
                .collect(),
            other => vec![FilterProblemView {
                code: other.code().to_owned(),
                message: other.to_string(),
                column: 1,
                length: 0,
            }],
        });
    }
    let Ok(tree) = filter::parse(row) else { return broken(Vec::new()) };
    let simple = filter::simple(&tree).map(|s| SimpleView {
        field: s.field.to_owned(),
        key: s.key,
        op: s.op.to_owned(),
        values: s.values,
        not: s.not,
    });
    let text = tree.to_string();
    FilterRowView { problems: Vec::new(), text, negated: Some(filter::negated(tree).to_string()), simple }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_read_by_itself() {
        let rows = ["country in (\"DE\",'FR')", "contry = DE", "@a", "a = b OR"].map(str::to_owned);
        let read = filter_rows(&rows);
        assert_eq!(read[0].text, "country in (DE, FR)");
        assert_eq!(read[0].negated.as_deref(), Some("NOT country in (DE, FR)"));
        assert_eq!(read[0].simple.as_ref().map(|s| s.values.join("|")).as_deref(), Some("DE|FR"));
        let places: Vec<_> = read[1..].iter().map(|r| (r.problems[0].code.as_str(), r.problems[0].column)).collect();
        assert_eq!(places, [("unknown_field", 1), ("no_library", 1), ("unknown_field", 1)]);
        assert_eq!(read[1].text, "contry = DE");
    }

    #[test]
    fn what_is_printed_reads_as_the_same_row() {
        for row in
            ["tag.\"a b\" = \"x\\\"y\\\\\"", "page matches \"\\.html$\"", "start > 30d ago", "city = \"New York\""]
        {
            let once = filter_rows(&[row.to_owned()]).remove(0);
            let again = filter_rows(std::slice::from_ref(&once.text)).remove(0);
            assert_eq!(once, again, "{row}");
        }
    }
}
