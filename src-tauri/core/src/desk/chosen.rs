//! Which sessions a filter chooses.
//!
//! The trap: a filter that cannot be read must choose nothing and say why; one that is read as "everything" makes a
//! wrong count look right.

use serde_json::{Map, Value};

use crate::error::{Error, FilterProblem, Result};
use crate::event::Millis;
use crate::segment::filter::{self, Filter, Problem};

/// Rows that all have to hold.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    rows: Vec<Filter>,
    /// Epoch ms that `30d ago` counts from.
    now: Millis,
}

impl Chosen {
    /// Reads rows; none chooses every session.
    ///
    /// # Errors
    /// [`Error::Filter`] with everything that is wrong in any of them.
    pub fn new(rows: &[impl AsRef<str>], now: Millis) -> Result<Chosen> {
        let mut read = Vec::with_capacity(rows.len());
        let mut problems = Vec::new();
        for (number, row) in (1..).zip(rows) {
            let row = row.as_ref();
            match filter::parse(row) {
                Ok(filter) => {
                    let segments = filter.segments().into_iter().map(|(id, at)| Problem {
                        code: "no_library",
                        message: format!("@{id} names a segment, and no segment library is given."),
                        at,
                        until: at + 1 + id.len(),
                    });
                    problems.extend(segments.map(|p| placed(&p, row, number)));
                    read.push(filter);
                }
                Err(found) => problems.extend(found.iter().map(|p| placed(p, row, number))),
            }
        }
        if problems.is_empty() { Ok(Chosen { rows: read, now }) } else { Err(Error::Filter { problems }) }
    }

    /// The rows, and epoch ms that `30d ago` counts from.
    pub fn rows(&self) -> (&[Filter], Millis) {
        (&self.rows, self.now)
    }

    pub fn is_everything(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the facts of a session fit, as the list prints them.
    pub fn holds(&self, facts: &Map<String, Value>) -> bool {
        self.rows.iter().all(|row| filter::holds(row, facts, &(), self.now))
    }
}

fn placed(problem: &Problem, row: &str, number: u32) -> FilterProblem {
    FilterProblem {
        code: problem.code,
        message: problem.message.clone(),
        column: u32::try_from(problem.column(row)).unwrap_or(u32::MAX),
        length: row.get(problem.at..problem.until).map_or(0, |text| text.chars().count() as u32),
        row: number,
        segment: None,
        file: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_every_row_is_placed() {
        let Err(Error::Filter { problems }) = Chosen::new(&["country = DE", "straße = x", "@a OR hour >"], 0) else {
            panic!("three problems");
        };
        let places: Vec<_> = problems.iter().map(|p| (p.code, p.row, p.column, p.length)).collect();
        assert_eq!(places, [("unknown_field", 2, 1, 6), ("expected_value", 3, 13, 0)]);
        let Err(error) = Chosen::new(&["hour = 1 AND NOT @a OR @a"], 0) else { panic!("no library") };
        assert_eq!(error.code(), "no_library");
        assert_eq!(error.to_string(), "@a names a segment, and no segment library is given. (row 1, column 18)");
        assert!(error.is_usage());
    }

    #[test]
    fn rows_combine_with_and() {
        let facts = serde_json::json!({"country": "DE", "hour": 3});
        let facts = facts.as_object().unwrap();
        let holds = |rows: &[&str]| Chosen::new(rows, 0).unwrap().holds(facts);
        assert!(holds(&[]) && holds(&["country = FR OR hour = 3", "country = DE"]));
        assert!(!holds(&["country = DE OR hour = 4", "hour = 4"]));
        assert!(Chosen::new(&[""; 0], 0).unwrap().is_everything());
    }
}
