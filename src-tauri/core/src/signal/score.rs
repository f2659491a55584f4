//! The frustration score, never without what it is made of.

use serde::Serialize;

use super::{Signal, SignalKind};

/// How many signals of each kind a session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub rage_clicks: u64,
    pub dead_clicks: u64,
    pub error_clicks: u64,
    pub quick_backs: u64,
    pub excessive_scrolls: u64,
    pub js_errors: u64,
}

/// A score from 0 (nothing) to 100, and its parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frustration {
    pub score: u32,
    /// Weighted sum behind the score.
    pub sum: u64,
    /// One for each kind that counts, zeros included.
    pub contributions: Vec<Contribution>,
    /// [`super::VERSION`].
    pub version: u32,
}

/// What one kind of signal adds to the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Contribution {
    pub kind: SignalKind,
    /// Signals found.
    pub count: u64,
    /// Points for each of them.
    pub weight: u64,
    /// Points added; less than `count · weight` when only some of them count.
    pub points: u64,
}

/// Points for one signal, and how many of a kind count at most: one broken script can throw without end.
const WEIGHTS: [(SignalKind, u64, u64); 6] = [
    (SignalKind::RageClick, 5, u64::MAX),
    (SignalKind::DeadClick, 2, u64::MAX),
    (SignalKind::QuickBack, 3, u64::MAX),
    (SignalKind::ExcessiveScroll, 2, u64::MAX),
    (SignalKind::ErrorClick, 3, u64::MAX),
    (SignalKind::JsError, 1, 5),
];

impl Counts {
    pub fn of(signals: &[Signal]) -> Counts {
        let mut counts = Counts::default();
        for signal in signals {
            match signal.kind {
                SignalKind::RageClick => counts.rage_clicks += 1,
                SignalKind::DeadClick => counts.dead_clicks += 1,
                SignalKind::ErrorClick => counts.error_clicks += 1,
                SignalKind::QuickBack => counts.quick_backs += 1,
                SignalKind::ExcessiveScroll => counts.excessive_scrolls += 1,
                SignalKind::JsError => counts.js_errors += 1,
                SignalKind::Resize => {}
            }
        }
        counts
    }

    fn get(&self, kind: SignalKind) -> u64 {
        match kind {
            SignalKind::RageClick => self.rage_clicks,
            SignalKind::DeadClick => self.dead_clicks,
            SignalKind::ErrorClick => self.error_clicks,
            SignalKind::QuickBack => self.quick_backs,
            SignalKind::ExcessiveScroll => self.excessive_scrolls,
            SignalKind::JsError => self.js_errors,
            SignalKind::Resize => 0,
        }
    }

    /// `round(100 · (1 − exp(−S/10)))` of the weighted sum S.
    pub fn frustration(&self) -> Frustration {
        let contributions: Vec<Contribution> = WEIGHTS
            .iter()
            .map(|&(kind, weight, most)| {
                let count = self.get(kind);
                Contribution { kind, count, weight, points: weight.saturating_mul(count.min(most)) }
            })
            .collect();
        let sum = contributions.iter().fold(0, |sum: u64, part| sum.saturating_add(part.points));
        let score = (100.0 * (1.0 - (-(sum as f64) / 10.0).exp())).round() as u32;
        Frustration { score, sum, contributions, version: super::VERSION }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(counts: Counts) -> (u64, u32) {
        let f = counts.frustration();
        assert_eq!(f.contributions.iter().map(|c| c.points).sum::<u64>(), f.sum);
        (f.sum, f.score)
    }

    #[test]
    fn follows_the_formula() {
        assert_eq!(score(Counts::default()), (0, 0));
        assert_eq!(score(Counts { dead_clicks: 1, ..Counts::default() }), (2, 18));
        assert_eq!(score(Counts { rage_clicks: 1, ..Counts::default() }), (5, 39));
        assert_eq!(score(Counts { quick_backs: 1, ..Counts::default() }), (3, 26));
        assert_eq!(score(Counts { excessive_scrolls: 1, ..Counts::default() }), (2, 18));
        assert_eq!(score(Counts { error_clicks: 1, js_errors: 1, ..Counts::default() }), (4, 33));
        let all = Counts {
            rage_clicks: 1,
            dead_clicks: 1,
            error_clicks: 1,
            quick_backs: 1,
            excessive_scrolls: 1,
            js_errors: 1,
        };
        assert_eq!(score(all), (16, 80));
    }

    #[test]
    fn counts_at_most_five_errors_and_stays_below_a_hundred_and_one() {
        assert_eq!(score(Counts { js_errors: 5, ..Counts::default() }), (5, 39));
        assert_eq!(score(Counts { js_errors: 5_000, ..Counts::default() }), (5, 39));
        let endless = Counts { rage_clicks: u64::MAX, dead_clicks: 1, ..Counts::default() };
        assert_eq!(endless.frustration().score, 100);
    }
}
