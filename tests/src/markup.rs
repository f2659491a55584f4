//! The few lines of HTML that these tests write, as nodes of an rrweb snapshot.
//!
//! The trap: this is no parser of HTML. It knows what [`crate::vectors`] uses and panics on anything else, so that a
//! vector that was misunderstood does not pass for a harmless one.

use serde_json::{Map, Value, json};

const VOID: [&str; 11] = ["img", "input", "source", "track", "link", "meta", "base", "embed", "frame", "br", "hr"];

/// Numbers nodes from 1 on, as one recording needs them.
#[derive(Default)]
pub struct Numbers(u64);

impl Numbers {
    pub fn fresh(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// The nodes of a piece of markup. Quirk on purpose: elements of a `<template shadowrootmode>` stay in a template.
pub fn nodes(html: &str, numbers: &mut Numbers) -> Vec<Value> {
    let mut open: Vec<(String, Map<String, Value>, Vec<Value>)> = vec![(String::new(), Map::new(), Vec::new())];
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("</") {
            let (name, tail) = after.split_once('>').expect("an end tag ends");
            let name = name.trim().to_ascii_lowercase();
            while open.len() > 1 {
                let closed = open.last().is_some_and(|(tag, ..)| *tag == name);
                close(&mut open, numbers);
                if closed {
                    break;
                }
            }
            rest = tail;
        } else if rest.starts_with('<') {
            let (tag, attributes, empty, tail) = start_tag(&rest[1..]);
            open.push((tag.clone(), attributes, Vec::new()));
            rest = tail;
            if empty || VOID.contains(&tag.as_str()) {
                close(&mut open, numbers);
            } else if tag == "script" || tag == "style" {
                let end = rest.find("</").expect("scripts and styles end");
                push_text(&mut open, &rest[..end], numbers);
                rest = &rest[end..];
            }
        } else {
            let end = rest.find('<').unwrap_or(rest.len());
            push_text(&mut open, &rest[..end], numbers);
            rest = &rest[end..];
        }
    }
    while open.len() > 1 {
        close(&mut open, numbers);
    }
    open.remove(0).2
}

fn push_text(open: &mut [(String, Map<String, Value>, Vec<Value>)], text: &str, numbers: &mut Numbers) {
    if let (false, Some((tag, _, children))) = (text.is_empty(), open.last_mut()) {
        let mut node = json!({"type": 3, "textContent": unescape(text), "id": numbers.fresh()});
        if tag == "style" {
            node["isStyle"] = json!(true);
        }
        children.push(node);
    }
}

fn close(open: &mut Vec<(String, Map<String, Value>, Vec<Value>)>, numbers: &mut Numbers) {
    let svg = open.iter().any(|(tag, ..)| tag == "svg");
    if let (Some((tag, attributes, children)), id) = (open.pop(), numbers.fresh()) {
        let mut node = json!({"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": id});
        if svg {
            node["isSVG"] = json!(true);
        }
        if let Some((.., siblings)) = open.last_mut() {
            siblings.push(node);
        }
    }
}

fn start_tag(text: &str) -> (String, Map<String, Value>, bool, &str) {
    let end = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/').expect("a start tag ends");
    let tag = text[..end].to_ascii_lowercase();
    let (mut rest, mut attributes) = (&text[end..], Map::new());
    loop {
        rest = rest.trim_start();
        if let Some(tail) = rest.strip_prefix("/>") {
            return (tag, attributes, true, tail);
        }
        if let Some(tail) = rest.strip_prefix('>') {
            return (tag, attributes, false, tail);
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>').expect("an attribute ends");
        let name = rest[..end].to_owned();
        assert!(!name.is_empty() && !name.contains(['<', '"', '\'']), "not an attribute: {rest}");
        rest = &rest[end..];
        let mut value = "";
        if let Some(tail) = rest.strip_prefix('=') {
            (value, rest) = match tail.chars().next() {
                Some(quote @ ('"' | '\'')) => tail[1..].split_once(quote).expect("a quoted value ends"),
                _ => tail.split_at(tail.find(|c: char| c.is_whitespace() || c == '>').expect("a value ends")),
            };
        }
        attributes.insert(name, Value::String(unescape(value)));
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_nodes() {
        let found = nodes("<a id=x href=\"u\">t&lt;</a><svg><image href='v' /></svg><br>z", &mut Numbers::default());
        assert_eq!(found.len(), 4);
        assert_eq!(found[0]["attributes"], json!({"id": "x", "href": "u"}));
        assert_eq!(found[0]["childNodes"][0]["textContent"], "t<");
        assert_eq!(found[1]["childNodes"][0]["isSVG"], true);
        assert_eq!(found[2]["tagName"], "br");
        assert_eq!(found[3]["textContent"], "z");
    }
}
