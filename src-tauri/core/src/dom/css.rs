//! Style text as a list of rules and declarations, as far as recorded edits need it.
//!
//! The trap: recorders name rules by index. An index only means something when the text is cut where the
//! browser cuts it, with strings, comments, escapes and nested blocks minded. Values are never interpreted.

use crate::event::Str;

/// Deepest nesting of grouping rules that an edit may name.
const MAX_PATH: usize = 32;

/// Walks over one lexical unit starting at `i` and returns where the next one starts.
fn skip(text: &[u8], i: usize) -> usize {
    match text[i] {
        b'\\' => (i + 2).min(text.len()),
        b'/' if text.get(i + 1) == Some(&b'*') => {
            let from = i + 2;
            memchr::memmem::find(&text[from.min(text.len())..], b"*/").map_or(text.len(), |n| from + n + 2)
        }
        q @ (b'"' | b'\'') => {
            let mut j = i + 1;
            while j < text.len() {
                match text[j] {
                    b'\\' => j += 2,
                    b'\n' => return j,
                    c if c == q => return j + 1,
                    _ => j += 1,
                }
            }
            text.len()
        }
        b'u' | b'U'
            if text.len() >= i + 4 && text[i..i + 4].eq_ignore_ascii_case(b"url(") && !follows_name(text, i) =>
        {
            let mut j = i + 4;
            while j < text.len() && text[j].is_ascii_whitespace() {
                j += 1;
            }
            if j < text.len() && matches!(text[j], b'"' | b'\'') {
                return i + 3;
            }
            while j < text.len() {
                match text[j] {
                    b'\\' => j += 2,
                    b')' => return j + 1,
                    _ => j += 1,
                }
            }
            text.len()
        }
        _ => i + 1,
    }
}

fn follows_name(text: &[u8], i: usize) -> bool {
    i > 0 && (text[i - 1].is_ascii_alphanumeric() || matches!(text[i - 1], b'-' | b'_') || text[i - 1] >= 0x80)
}

/// Cuts text at `separator`s and blocks on its top level. Each piece is a `…{…}` or a `…;` (without it).
fn pieces(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut start, mut i, mut depth, mut round) = (0, 0, 0usize, 0usize);
    while i < bytes.len() {
        match bytes[i] {
            b'{' => {
                depth += 1;
                i += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                i += 1;
                if depth == 0 {
                    out.push(&text[start..i]);
                    start = i;
                    round = 0;
                }
            }
            b'(' | b'[' if depth == 0 => {
                round += 1;
                i += 1;
            }
            b')' | b']' if depth == 0 => {
                round = round.saturating_sub(1);
                i += 1;
            }
            b';' if depth == 0 && round == 0 => {
                out.push(&text[start..i]);
                i += 1;
                start = i;
            }
            _ => i = skip(bytes, i),
        }
    }
    if start < text.len() {
        out.push(&text[start.min(text.len())..]);
    }
    out
}

/// White space and comments at the front of a piece belong to nobody.
fn trim(mut piece: &str) -> &str {
    loop {
        piece = piece.trim();
        match piece.strip_prefix("/*") {
            Some(rest) => piece = rest.find("*/").map_or("", |n| &rest[n + 2..]),
            None => return piece.trim_start_matches("<!--").trim_start_matches("-->").trim(),
        }
    }
}

/// Top-level rules of a sheet, as the CSSOM counts them: `@charset` and stray text are none.
pub fn split_rules(text: &str) -> Vec<&str> {
    pieces(text)
        .into_iter()
        .map(trim)
        .filter(|p| !p.is_empty())
        .filter(
            |p| if p.contains('{') { !p.starts_with('{') } else { p.starts_with('@') && !p.starts_with("@charset") },
        )
        .collect()
}

/// `selector` and body of `selector { body }`.
fn open_block(rule: &str) -> Option<(&str, &str)> {
    let bytes = rule.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == b'{' {
            let body = rule[i + 1..].trim_end();
            return Some((&rule[..i], body.strip_suffix('}').unwrap_or(body)));
        }
        i = skip(bytes, i);
    }
    None
}

/// Goes down `path` but for its last step, and lets `edit` change the list of rules there.
fn at_path(rules: &mut Vec<Str>, path: &[u32], edit: &mut dyn FnMut(&mut Vec<Str>, usize)) {
    if path.is_empty() || path.len() > MAX_PATH {
        return;
    }
    // Each level: the list of rules, what stands before them inside the block, and where the path goes on.
    let mut levels: Vec<(Vec<Str>, String, usize)> = Vec::new();
    let mut list = std::mem::take(rules);
    let mut head = String::new();
    for &step in &path[..path.len() - 1] {
        let step = step as usize;
        let Some((prelude, body)) = list.get(step).and_then(|r| open_block(r)) else {
            // No such group: put everything back as it was.
            while let Some((outer, outer_head, _)) = levels.pop() {
                list = outer;
                head = outer_head;
            }
            let _ = head;
            *rules = list;
            return;
        };
        let (mut declarations, mut inner) = (String::new(), Vec::new());
        for piece in pieces(body) {
            let piece = trim(piece);
            if piece.is_empty() {
                continue;
            }
            if piece.contains('{') || piece.starts_with('@') {
                inner.push(Str::from(piece));
            } else {
                declarations.push_str(piece);
                declarations.push_str("; ");
            }
        }
        let inner_head = format!("{prelude}{{ {declarations}");
        levels.push((std::mem::replace(&mut list, inner), std::mem::replace(&mut head, inner_head), step));
    }
    edit(&mut list, path[path.len() - 1] as usize);
    while let Some((mut outer, outer_head, step)) = levels.pop() {
        let mut text = head;
        for rule in &list {
            text.push_str(rule);
            if !rule.ends_with('}') {
                text.push(';');
            }
            text.push(' ');
        }
        text.push('}');
        outer[step] = Str::from(text);
        list = outer;
        head = outer_head;
    }
    *rules = list;
}

/// Inserts a rule; an index past the end appends (facts RRWEB §4, source 8).
pub fn insert_rule(rules: &mut Vec<Str>, path: &[u32], rule: &Str) {
    at_path(rules, path, &mut |list, i| list.insert(i.min(list.len()), rule.clone()));
}

pub fn delete_rule(rules: &mut Vec<Str>, path: &[u32]) {
    at_path(rules, path, &mut |list, i| {
        if i < list.len() {
            list.remove(i);
        }
    });
}

/// Sets or removes one declaration of the style rule at `path`.
pub fn declare(rules: &mut Vec<Str>, path: &[u32], property: &str, value: Option<&str>, important: bool) {
    at_path(rules, path, &mut |list, i| {
        if let Some(rule) = list.get_mut(i)
            && let Some((prelude, body)) = open_block(rule)
        {
            *rule = Str::from(format!("{prelude}{{ {} }}", set_declaration(body, property, value, important)));
        }
    });
}

/// Declarations of a `style` attribute or rule body in order: property, value, important. Property names are
/// lower case except custom ones.
pub fn declarations(style: &str) -> Vec<(String, String, bool)> {
    pieces(style)
        .into_iter()
        .filter_map(|piece| {
            let (name, value) = trim(piece).split_once(':')?;
            let name = name.trim();
            if name.is_empty() || name.contains(['{', '}']) {
                return None;
            }
            let name = if name.starts_with("--") { name.to_owned() } else { name.to_ascii_lowercase() };
            let value = value.trim();
            let lower = value.to_ascii_lowercase();
            match lower.strip_suffix("important").map(str::trim_end).and_then(|v| v.strip_suffix('!')) {
                Some(rest) => Some((name, value[..rest.len()].trim_end().to_owned(), true)),
                None => Some((name, value.to_owned(), false)),
            }
        })
        .collect()
}

fn print(list: &[(String, String, bool)]) -> String {
    let mut out = String::new();
    for (name, value, important) in list {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(name);
        out.push_str(": ");
        out.push_str(value);
        if *important {
            out.push_str(" !important");
        }
        out.push(';');
    }
    out
}

/// The style text with one declaration set (in its old place, else at the end) or removed, printed as
/// browsers print a `style` attribute.
pub fn set_declaration(style: &str, property: &str, value: Option<&str>, important: bool) -> String {
    let property = if property.starts_with("--") { property.to_owned() } else { property.to_ascii_lowercase() };
    let mut list = declarations(style);
    match value.map(str::trim).filter(|v| !v.is_empty()) {
        Some(value) => {
            let (value, important) = match value.strip_suffix("!important") {
                Some(v) => (v.trim_end(), true),
                None => (value, important),
            };
            match list.iter_mut().find(|(n, ..)| *n == property) {
                Some(entry) => {
                    entry.1 = value.to_owned();
                    entry.2 = important;
                }
                None => list.push((property, value.to_owned(), important)),
            }
        }
        None => list.retain(|(n, ..)| *n != property),
    }
    print(&list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<Str> {
        split_rules(text).into_iter().map(Str::from).collect()
    }

    #[test]
    fn rules_are_cut_where_the_browser_cuts_them() {
        let text = "@charset \"utf-8\"; @import url(a.css;x); /* { */ a { content: \"}\"; background: url(data:x;{,y) } \
                    @media (min-width: 1px) { b { color: red } c { } } d\\{ { top: 0 }";
        let found = split_rules(text);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("@import"));
        assert!(found[2].starts_with("@media") && found[2].ends_with("} }"));
    }

    #[test]
    fn edits_go_through_nested_groups() {
        let mut list = rules("a{} @media all { b { color: red } @supports (x: y) { c {} } }");
        insert_rule(&mut list, &[1, 1, 0], &Str::from("n { top: 1px }"));
        delete_rule(&mut list, &[1, 0]);
        assert_eq!(&*list[1], "@media all { @supports (x: y) { n { top: 1px } c {} } }");
        declare(&mut list, &[1, 0, 0], "left", Some("2px"), true);
        assert!(list[1].contains("n { top: 1px; left: 2px !important; }"), "{}", list[1]);
        insert_rule(&mut list, &[9, 0], &Str::from("x {}"));
        insert_rule(&mut list, &[9], &Str::from("z {}"));
        assert_eq!(&*list[2], "z {}");
        delete_rule(&mut list, &[7]);
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn declarations_keep_what_they_do_not_touch() {
        let style = "color: red; --A: x; background: url(\"a;b\") !important";
        assert_eq!(set_declaration(style, "color", None, false), "--A: x; background: url(\"a;b\") !important;");
        assert_eq!(set_declaration("top: 0", "LEFT", Some("1px"), false), "top: 0; left: 1px;");
        assert_eq!(set_declaration("", "top", None, false), "");
    }

    #[test]
    fn odd_text_ends() {
        for text in ["{", "}", "\\", "a{\"", "url(", "/*", "a{}}", "@media{", "'\n'{", "u", "a{b:url(\\"] {
            let _ = split_rules(text);
            let mut list = rules(text);
            insert_rule(&mut list, &[0, 0], &Str::from("x{}"));
            let _ = declarations(text);
        }
    }
}
