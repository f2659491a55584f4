//! Sets of time spans: joined, cut and taken away from each other.
//!
//! The trap: spans of a recording overlap (two tabs, a gap inside a hidden time), and adding their lengths
//! counts the overlap twice. Everything here works on sorted spans that do not touch.

use crate::event::Millis;

/// `from` ≤ `until`, epoch ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: Millis,
    pub until: Millis,
}

impl Span {
    pub(super) fn new(from: Millis, until: Millis) -> Span {
        Span { from, until: until.max(from) }
    }
    pub fn length(self) -> Millis {
        self.until.saturating_sub(self.from)
    }
}

/// Sorted, overlaps joined, empty ones dropped.
pub(super) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|s| s.until > s.from);
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => joined.push(span),
        }
    }
    joined
}

/// What is in `a` and not in `b`; both as [`union`] gives them.
pub(super) fn minus(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut rest = Vec::with_capacity(a.len());
    let mut next = 0;
    for span in a {
        let mut from = span.from;
        while next < b.len() && b[next].until <= from {
            next += 1;
        }
        let mut at = next;
        while at < b.len() && b[at].from < span.until {
            if b[at].from > from {
                rest.push(Span::new(from, b[at].from));
            }
            from = from.max(b[at].until);
            at += 1;
        }
        if from < span.until {
            rest.push(Span::new(from, span.until));
        }
    }
    rest
}

/// The parts inside `window`.
pub(super) fn within(spans: &[Span], window: Span) -> Vec<Span> {
    spans
        .iter()
        .filter(|s| s.until > window.from && s.from < window.until)
        .map(|s| Span::new(s.from.max(window.from), s.until.min(window.until)))
        .collect()
}

pub(super) fn length(spans: &[Span]) -> Millis {
    spans.iter().fold(0, |sum: Millis, s| sum.saturating_add(s.length()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(from: Millis, until: Millis) -> Span {
        Span::new(from, until)
    }

    #[test]
    fn joins_what_overlaps_or_touches() {
        assert_eq!(union(vec![s(5, 7), s(0, 2), s(2, 3), s(6, 9), s(4, 4)]), [s(0, 3), s(5, 9)]);
    }

    #[test]
    fn takes_away_parts_at_both_ends_and_in_the_middle() {
        let a = [s(0, 10), s(20, 30)];
        assert_eq!(minus(&a, &[s(-5, 2), s(4, 5), s(8, 25)]), [s(2, 4), s(5, 8), s(25, 30)]);
        assert_eq!(minus(&a, &[]), a);
        assert_eq!(minus(&a, &[s(0, 40)]), []);
    }

    #[test]
    fn clips_to_a_window() {
        assert_eq!(within(&[s(0, 10), s(20, 30)], s(5, 20)), [s(5, 10)]);
        assert_eq!(length(&[s(0, 10), s(20, 30)]), 20);
    }
}
