//! Recordings made by hand, as rrweb writes them: small enough to know every state by heart.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::markup::{Numbers, nodes};
use crate::vectors::{VECTORS, armed};

/// When the recorded page says it was visited: Sunday 1 November 2026, 12:00 UTC.
pub const START: i64 = 1_793_534_400_000;

/// How long the recordings are, ms.
pub const LENGTH: i64 = 20_000;

const VIEWPORT: (u32, u32) = (1280, 720);

/// A page with one heading of a colour of its own, whose paragraph counts the seconds: `tick 0` to `tick 20`, each
/// changed at its second sharp. The cursor walks, at 5 s the button is clicked, at 8 s a name is typed.
pub fn counting() -> Value {
    let mut numbers = Numbers::default();
    let body = nodes(
        "<h1 style=\"background: rgb(0, 90, 200); color: white; padding: 60px; margin: 0\">Counting</h1>\
         <p id=count>tick 0</p><button id=buy>Buy</button><input id=name type=text value=\"\">\
         <ul><li style=\"color: rgb(200, 20, 20)\">one</li><li style=\"background: gold\">two</li></ul>",
        &mut numbers,
    );
    let (count, button, input) = (id_of(&body, "count"), id_of(&body, "buy"), id_of(&body, "name"));
    let text = body.iter().find(|n| n["id"] == count).map_or(Value::Null, |p| p["childNodes"][0]["id"].clone());
    let mut events = opening(body, "http://shop.test/counting?utm_source=news", &mut numbers);
    for second in 1..=LENGTH / 1000 {
        let change = json!({"id": text, "value": format!("tick {second}")});
        events.push(json!({"type": 3, "timestamp": START + second * 1000, "data":
            {"source": 0, "texts": [change], "attributes": [], "removes": [], "adds": []}}));
        let place = json!({"x": 40 * second, "y": 120 + 10 * second, "id": button, "timeOffset": 0});
        events.push(
            json!({"type": 3, "timestamp": START + second * 1000 + 1, "data": {"source": 1, "positions": [place]}}),
        );
    }
    events.push(json!({"type": 3, "timestamp": START + 5000, "data": {"source": 2, "type": 2, "id": button, "x": 30, "y": 190}}));
    events.push(json!({"type": 3, "timestamp": START + 8000, "data": {"source": 5, "text": "Ada", "isChecked": false, "id": input}}));
    in_order(events)
}

/// A page of all [`VECTORS`], aimed at `base`: half of it there from the start, all of it added again at 2 s, and
/// attributes and sheets changed to the same ends at 4 s.
pub fn hostile(base: &str) -> Value {
    let mut numbers = Numbers::default();
    let body = nodes(
        "<h1 id=alive>Hostile</h1><div id=late></div><img id=turns><a id=link href=\"#\">x</a><style id=sheet>h1{color:red}</style>",
        &mut numbers,
    );
    let (late, turns, link) = (id_of(&body, "late"), id_of(&body, "turns"), id_of(&body, "link"));
    let sheet = id_of(&body, "sheet");
    let mut all = body;
    for (name, markup) in VECTORS.iter().step_by(2) {
        all.extend(nodes(&armed(name, markup, base), &mut numbers));
    }
    let mut events = opening(all, &format!("{base}/landing"), &mut numbers);
    let mut adds = Vec::new();
    for (name, markup) in VECTORS {
        for node in nodes(&armed(&format!("late-{name}"), markup, base), &mut numbers) {
            adds.extend(one_by_one(node, late.clone()));
        }
    }
    events.push(json!({"type": 3, "timestamp": START + 2000, "data":
        {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": adds}}));
    events.push(json!({"type": 3, "timestamp": START + 4000, "data": {"source": 0, "texts": [], "removes": [], "adds": [], "attributes": [
        {"id": turns, "attributes": {"src": format!("{base}/turned.png"), "srcset": format!("{base}/turned2.png 1x"), "onerror": "top.__ran=['turned']",
            "style": {"background-image": format!("url({base}/turned3.png)")}}},
        {"id": link, "attributes": {"href": "javascript:top.__ran=['link']", "ping": format!("{base}/ping"), "id": "clickme"}},
    ]}}));
    events.push(json!({"type": 3, "timestamp": START + 4500, "data": {"source": 8, "id": sheet, "adds": [
        {"rule": format!("body{{background:url({base}/rule.png)}}"), "index": 0},
        {"rule": format!("@import url({base}/rule.css);"), "index": 0},
        {"rule": format!("@font-face{{font-family:x;src:url({base}/rule.woff2)}}"), "index": 0},
    ]}}));
    let done = json!({"id": late, "attributes": {"data-done": "yes"}});
    events.push(json!({"type": 3, "timestamp": START + LENGTH, "data":
        {"source": 0, "texts": [], "attributes": [done], "removes": [], "adds": []}}));
    in_order(events)
}

/// Writes a recording where the app can import it.
pub fn save(recording: &Value, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, recording.to_string()).expect("a temporary folder can be written");
    path
}

pub(crate) fn opening(body: Vec<Value>, url: &str, numbers: &mut Numbers) -> Vec<Value> {
    let (width, height) = VIEWPORT;
    let doctype = json!({"type": 1, "name": "html", "publicId": "", "systemId": "", "id": numbers.fresh()});
    let head = json!({"type": 2, "tagName": "head", "attributes": {}, "childNodes": [], "id": numbers.fresh()});
    let body = json!({"type": 2, "tagName": "body", "attributes": {}, "childNodes": body, "id": numbers.fresh()});
    let html =
        json!({"type": 2, "tagName": "html", "attributes": {}, "childNodes": [head, body], "id": numbers.fresh()});
    let document = json!({"type": 0, "childNodes": [doctype, html], "id": numbers.fresh()});
    vec![
        json!({"type": 4, "timestamp": START, "data": {"href": url, "width": width, "height": height}}),
        json!({"type": 2, "timestamp": START + 1, "data": {"node": document, "initialOffset": {"left": 0, "top": 0}}}),
    ]
}

/// A tree of nodes as rrweb adds it later: each alone, parents first.
pub(crate) fn one_by_one(node: Value, parent: Value) -> Vec<Value> {
    let (mut adds, mut rest) = (Vec::new(), vec![(node, parent)]);
    while let Some((mut node, parent)) = rest.pop() {
        let id = node["id"].clone();
        if let Some(children) = node.get_mut("childNodes").map(Value::take) {
            node["childNodes"] = json!([]);
            if let Value::Array(children) = children {
                rest.extend(children.into_iter().rev().map(|child| (child, id.clone())));
            }
        }
        adds.push(json!({"parentId": parent, "nextId": null, "node": node}));
    }
    adds
}

pub(crate) fn id_of(nodes: &[Value], html_id: &str) -> Value {
    nodes.iter().find(|node| node["attributes"]["id"] == html_id).map_or(Value::Null, |node| node["id"].clone())
}

pub(crate) fn in_order(mut events: Vec<Value>) -> Value {
    events.sort_by_key(|event| event["timestamp"].as_i64());
    Value::Array(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_used_once() {
        for recording in [counting(), hostile("http://127.0.0.1:1")] {
            let text = recording.to_string();
            assert!(!text.contains("\"id\":null"), "a node was not found");
            let mut seen = std::collections::BTreeSet::new();
            let mut rest: Vec<&Value> = recording.as_array().into_iter().flatten().collect();
            while let Some(value) = rest.pop() {
                match value {
                    Value::Array(list) => rest.extend(list),
                    Value::Object(object) => {
                        if object.contains_key("childNodes") || object.contains_key("textContent") {
                            assert!(seen.insert(object["id"].as_u64()), "{} twice", object["id"]);
                        }
                        rest.extend(object.values());
                    }
                    _ => {}
                }
            }
            assert!(seen.len() > 10);
        }
    }
}
