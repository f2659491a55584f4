//! How much of a page's text the recorder hid.
//!
//! The trap: mask characters are ordinary characters elsewhere. A bullet between two words and the star of a
//! required field are no masks; a text that consists of nothing else is.

use std::collections::HashSet;

use crate::event::{NodeId, NodeKind, Op};

/// Characters of text in full pictures of the DOM, and how many of them are mask characters.
#[derive(Debug, Default)]
pub(super) struct MaskCount {
    masked: u64,
    total: u64,
    /// Elements whose text nobody reads.
    quiet: HashSet<NodeId>,
}

impl MaskCount {
    /// Counts the text of one snapshot.
    pub(super) fn add_snapshot(&mut self, ops: &[Op]) {
        self.quiet.clear();
        for op in ops {
            let Op::Put { node, parent, kind, .. } = op else { continue };
            match kind {
                NodeKind::Element { tag, .. }
                    if matches!(&**tag, "style" | "script" | "noscript" | "title" | "template") =>
                {
                    self.quiet.insert(*node);
                }
                NodeKind::Text(text) if !parent.is_some_and(|p| self.quiet.contains(&p)) => self.add_text(text),
                _ => {}
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        let (mut letters, mut squares, mut bullets, mut stars) = (0u64, 0u64, 0u64, 0u64);
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            letters += 1;
            match c {
                // What Clarity puts for letters and digits of words that look personal.
                '\u{25AA}' | '\u{25AB}' => squares += 1,
                // Clarity's mask, and rrweb's.
                '\u{2022}' => bullets += 1,
                '*' => stars += 1,
                _ => {}
            }
        }
        self.total += letters;
        self.masked += squares;
        if letters > 1 && (bullets == letters || stars == letters) {
            self.masked += letters;
        }
    }

    pub(super) fn join(&mut self, other: &MaskCount) {
        self.masked += other.masked;
        self.total += other.total;
    }

    /// Percent of the characters that are masks, white space left out; `None` without text.
    pub(super) fn percent(&self) -> Option<f64> {
        (self.total > 0).then(|| super::page::percent(self.masked as f64 / self.total as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Namespace, Place};

    fn text(node: u64, parent: u64, text: &str) -> Op {
        Op::Put {
            node: NodeId(node),
            parent: Some(NodeId(parent)),
            place: Place::Last,
            kind: NodeKind::Text(text.into()),
        }
    }

    fn percent(texts: &[&str]) -> Option<f64> {
        let mut count = MaskCount::default();
        let ops: Vec<Op> = texts.iter().enumerate().map(|(i, t)| text(i as u64 + 10, 1, t)).collect();
        count.add_snapshot(&ops);
        count.percent()
    }

    #[test]
    fn counts_masks_and_not_their_look_alikes() {
        assert_eq!(percent(&["ab", "••••• •••••"]), Some(83.3));
        assert_eq!(percent(&["Order ▫▫▫▫"]), Some(44.4));
        assert_eq!(percent(&["Name *", "*", "•", "a • b"]), Some(0.0));
        assert_eq!(percent(&["*** **"]), Some(100.0));
        assert_eq!(percent(&["  "]), None);
    }

    #[test]
    fn leaves_out_text_that_is_not_read() {
        let style = Op::Put {
            node: NodeId(2),
            parent: Some(NodeId(1)),
            place: Place::Last,
            kind: NodeKind::Element { ns: Namespace::Html, tag: "style".into(), attrs: Vec::new() },
        };
        let mut count = MaskCount::default();
        count.add_snapshot(&[style, text(3, 2, "a{color:red}"), text(4, 1, "••")]);
        assert_eq!(count.percent(), Some(100.0));
    }
}
