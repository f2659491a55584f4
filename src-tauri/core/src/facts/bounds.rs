//! How much of a recording's text a row may hold.
//!
//! The trap: rows are held in memory for every session of a project and shown in lists; a page that puts 20 MB
//! into its URL must not own the list.

/// Most bytes that one text of a row keeps (recorders themselves cut URLs at 2,048 characters).
pub(super) const TEXT_BYTES: usize = 16 * 1024;
/// Most different values that a field with several values keeps; the first ones win.
pub(super) const VALUES: usize = 2_000;
/// Most bytes that all values of one field keep.
const FIELD_BYTES: usize = 512 * 1024;

/// The text, cut at a character boundary.
pub(super) fn cut(text: &str) -> &str {
    cut_at(text, TEXT_BYTES)
}

pub(super) fn cut_at(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text without white space around it, cut; `None` when nothing is left.
pub(super) fn said(text: &str) -> Option<String> {
    let text = cut(text.trim());
    (!text.is_empty()).then(|| text.to_owned())
}

/// Different values in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    list: Vec<String>,
    seen: std::collections::HashSet<String>,
    bytes: usize,
}

impl Distinct {
    pub(super) fn push(&mut self, text: &str) {
        if self.list.len() >= VALUES {
            return;
        }
        if let Some(text) = said(text)
            && self.bytes + text.len() <= FIELD_BYTES
            && self.seen.insert(text.clone())
        {
            self.bytes += text.len();
            self.list.push(text);
        }
    }
    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut_at("aé", 2), "a");
        assert_eq!(cut_at("aé", 3), "aé");
    }

    #[test]
    fn keeps_first_appearances_only_and_not_too_many() {
        let mut values = Distinct::default();
        for i in 0..5_000 {
            values.push(&format!(" v{} ", i % 2_500));
        }
        values.push("   ");
        let list = values.into_list();
        assert_eq!(list.len(), VALUES);
        assert_eq!(list[1], "v1");
        let mut values = Distinct::default();
        for i in 0..100 {
            values.push(&format!("{i}{}", "x".repeat(TEXT_BYTES)));
        }
        assert_eq!(values.into_list().len(), 32);
    }
}
