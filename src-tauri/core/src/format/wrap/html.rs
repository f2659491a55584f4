//! Recordings inside web pages that play themselves: rrweb's own "store", rrvideo, reports of test runs.
//!
//! The trap: the page is a program, and a program is not to be run to see what it holds. Only a list that stands in a
//! script as plain JSON is taken.

use std::ops::Range;

use crate::format::json::{skip_space, value_end};
use crate::format::rrweb;

/// Places in one page that are tried.
const MAX_TRIES: usize = 10_000;

/// The JSON texts in scripts of `page` that look like recordings.
pub fn recordings(page: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut tries = 0;
    // A list that is cut off is read to its end to learn that; hostile pages have thousands of them.
    let mut effort = page.len().saturating_mul(8);
    for script in scripts(page) {
        let mut at = script.start;
        while at < script.end && tries < MAX_TRIES && effort > 0 {
            let text = &page[..script.end];
            let Some(open) = memchr::memchr2(b'[', b'{', &text[at..]).map(|n| at + n) else { break };
            at = open + 1;
            // What an assignment, an argument or a data script can hold.
            let before = text[script.start..open].trim_ascii_end().last();
            if !matches!(before, None | Some(b'=' | b'(' | b':' | b','))
                || !rrweb::looks_like(&text[open..text.len().min(open + 4096)])
            {
                continue;
            }
            tries += 1;
            match value_end(text, open) {
                Ok(end) => {
                    effort = effort.saturating_sub(end - open);
                    found.push(open..end);
                    at = end;
                }
                Err(problem) => effort = effort.saturating_sub(problem.offset.saturating_sub(open).max(1)),
            }
        }
    }
    found
}

/// The contents of the page's script elements.
fn scripts(page: &[u8]) -> Vec<Range<usize>> {
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(open) = find(page, at, b"<script") {
        let Some(start) = memchr::memchr(b'>', &page[open..]).map(|n| open + n + 1) else { break };
        let end = find(page, start, b"</script").unwrap_or(page.len());
        list.push(skip_space(page, start).min(end)..end);
        at = end;
    }
    list
}

/// The next place of a mark, in any case.
fn find(page: &[u8], from: usize, mark: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'<', page.get(at..)?)?;
        if page[at..].get(..mark.len()).is_some_and(|text| text.eq_ignore_ascii_case(mark)) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_scripts() {
        let list = r#"[{"type":4,"data":{"href":"x<\/script>"},"timestamp":1}]"#;
        for page in [
            format!("<!doctype html><script>const a = [1,2]; const events = {list};\nplay(events)</script>"),
            format!("<html><SCRIPT type='application/json'>{list}</SCRIPT>"),
            format!("<html><script>play({{}}, {list})</script>"),
            format!("<html><script>x({{events: {list}, y: 1}})</script>"),
        ] {
            let found = recordings(page.as_bytes());
            assert_eq!(found.len(), 1, "{page}");
            assert_eq!(&page[found[0].clone()], list);
        }
        assert!(recordings(format!("<html><p>{list}</p><script>x()</script>").as_bytes()).is_empty());
        let hostile = format!("<html><script>{}</script>", r#"=[{"type":4,"data":{"#.repeat(20_000));
        assert!(recordings(hostile.as_bytes()).is_empty());
    }
}
