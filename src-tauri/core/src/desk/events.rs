//! The transcript of a session: for machines as JSON, for people as sentences.
//!
//! The trap: recorders say "node 74 was clicked". What 74 was, its text and its place in the page, only the
//! DOM of that moment knows, so the session is walked once with the trees beside it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::dom::Tree;
use crate::event::{Event, Kind, NodeId, Session};
use crate::wire::TranscriptRow;

/// Longest text of an element that a transcript quotes, in characters.
const QUOTED: usize = 60;

/// What the DOM said about the target of an event when it happened.
struct Target {
    selector: Option<String>,
    text: Option<String>,
}

/// Walks a session in order, with the DOM of each document as it was just before the event.
fn walk(session: &Session, mut visit: impl FnMut(usize, &Event, &dyn Fn(NodeId) -> Target)) {
    let document_of: BTreeMap<u32, u32> = session.pages.iter().map(|p| (p.number, p.document)).collect();
    let mut trees: BTreeMap<u32, Tree> = BTreeMap::new();
    for (i, event) in session.events.iter().enumerate() {
        let document = document_of.get(&event.page).copied().unwrap_or(event.page);
        let tree = trees.entry(document).or_default();
        {
            let tree: &Tree = tree;
            visit(i, event, &|id| Target { selector: tree.selector(id), text: label(tree, id) });
        }
        tree.apply_event(event);
    }
}

/// What an element says to a reader: its text, or what stands for it.
fn label(tree: &Tree, id: NodeId) -> Option<String> {
    let node = tree.get(id)?;
    let text = match node.html_tag() {
        Some("input" | "textarea" | "select") => None,
        _ => Some(tree.text_content(id)),
    };
    let named = ["aria-label", "alt", "title", "placeholder", "name", "value"];
    let squeezed = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    text.map(|t| squeezed(&t))
        .filter(|t| !t.is_empty())
        .or_else(|| named.iter().find_map(|n| node.attr(n)).map(|v| squeezed(v)))
        .filter(|t| !t.is_empty())
        .map(|t| shorten(&t, QUOTED))
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// `dwell events`: every event of the session (or of one page, or of one kind) as flat JSON objects with
/// `page`, `at_ms`, `time`, `kind` and the fields of the kind. Layout events carry the number of their ops.
pub fn events_json(session: &Session, page: Option<u32>, kind: Option<&str>) -> Vec<Value> {
    let mut out = Vec::new();
    let started: BTreeMap<u32, i64> = session.pages.iter().map(|p| (p.number, p.started_at)).collect();
    walk(session, |_, event, target| {
        if page.is_some_and(|p| p != event.page) || kind.is_some_and(|k| k != event.kind.name()) {
            return;
        }
        let mut row = Map::new();
        row.insert("page".into(), event.page.into());
        row.insert("at_ms".into(), (event.time - started.get(&event.page).copied().unwrap_or(event.time)).into());
        row.insert("time".into(), event.time.into());
        row.insert("kind".into(), event.kind.name().into());
        for (key, value) in fields(&event.kind) {
            row.entry(key).or_insert(value);
        }
        if let Some(node) = node_of(&event.kind) {
            let target = target(node);
            if let Some(selector) = target.selector {
                row.insert("selector".into(), selector.into());
            }
            if matches!(event.kind, Kind::Click(_) | Kind::ContextMenu(_) | Kind::Input { .. } | Kind::Change { .. })
                && let Some(text) = target.text
            {
                row.entry("text").or_insert_with(|| text.into());
            }
        }
        out.push(Value::Object(row));
    });
    out
}

/// The node that an interaction is about.
fn node_of(kind: &Kind) -> Option<NodeId> {
    match kind {
        Kind::Click(c) | Kind::ContextMenu(c) => c.at.node,
        Kind::MouseDown(p)
        | Kind::MouseUp(p)
        | Kind::DoubleClick(p)
        | Kind::TouchStart(p)
        | Kind::TouchEnd(p)
        | Kind::Drag(p) => p.node,
        Kind::Scroll { node, .. }
        | Kind::Input { node, .. }
        | Kind::Change { node, .. }
        | Kind::Submit { node }
        | Kind::Clipboard { node, .. }
        | Kind::FocusIn { node }
        | Kind::FocusOut { node }
        | Kind::Open { node, .. }
        | Kind::Media { node, .. }
        | Kind::Region { node, .. } => Some(*node),
        _ => None,
    }
}

/// The fields of a kind, without what is absent; a point's fields stand beside the others.
fn fields(kind: &Kind) -> Map<String, Value> {
    if let Kind::Snapshot { ops } | Kind::Mutation { ops } | Kind::Style { ops } = kind {
        return Map::from_iter([("ops".to_owned(), ops.len().into())]);
    }
    let Ok(Value::Object(tagged)) = serde_json::to_value(kind) else { return Map::new() };
    let mut out = Map::new();
    for (_, inner) in tagged {
        let Value::Object(inner) = inner else { continue };
        for (key, value) in inner {
            match (key.as_str(), value) {
                (_, Value::Null) => {}
                ("at", Value::Object(point)) => out.extend(point.into_iter().filter(|(_, v)| !v.is_null())),
                // The kind of a navigation must not hide the kind of the event.
                ("kind", value) => {
                    out.insert("navigation".into(), value);
                }
                (_, value) => {
                    out.insert(key, value);
                }
            }
        }
    }
    out
}

/// The story of a session for people: no pointer moves, no mutations; runs of scrolling or typing in one
/// place are one line.
pub fn transcript(session: &Session) -> Vec<TranscriptRow> {
    let mut rows: Vec<TranscriptRow> = Vec::new();
    let mut opened = 0;
    let mut last: Option<(NodeId, &'static str)> = None;
    // How far down the scrolling of the last row went, px.
    let mut furthest = 0.0_f64;
    walk(session, |_, event, target| {
        while let Some(page) = session.pages.get(opened).filter(|p| p.number <= event.page) {
            let title = page.title.as_deref().filter(|t| !t.is_empty());
            let text = match title {
                Some(title) => format!("Opened {} “{}”", page.url, shorten(title, QUOTED)),
                None => format!("Opened {}", page.url),
            };
            rows.push(row(page.started_at, page.number, "page", text));
            opened += 1;
            last = None;
        }
        let rows = &mut rows;
        let line = |rows: &mut Vec<TranscriptRow>, kind: &str, text: String| {
            rows.push(row(event.time, event.page, kind, text));
        };
        let on = |node: Option<NodeId>| {
            let target = node.map(target);
            let text = target.as_ref().and_then(|t| t.text.clone());
            (text, target.and_then(|t| t.selector))
        };
        let name = event.kind.name();
        match &event.kind {
            Kind::Click(click) | Kind::ContextMenu(click) => {
                let (text, selector) = on(click.at.node);
                let text = click.text.as_deref().map(|t| shorten(t, QUOTED)).or(text);
                let verb = match (&event.kind, click.trusted) {
                    (Kind::ContextMenu(_), _) => "Right-clicked",
                    (_, false) => "A script clicked",
                    _ => "Clicked",
                };
                let what = match (&text, &selector) {
                    (Some(text), _) => format!("{verb} “{text}”"),
                    (None, Some(selector)) => format!("{verb} {selector}"),
                    (None, None) => format!("{verb} at {}, {}", click.at.x.round(), click.at.y.round()),
                };
                line(rows, name, what);
                if let Some(row) = rows.last_mut() {
                    row.selector = selector;
                    row.x = Some(click.at.x);
                    row.y = Some(click.at.y);
                }
                last = None;
            }
            Kind::DoubleClick(_) => line(rows, name, "Double-clicked".to_owned()),
            Kind::Input { node, value, checked, .. } => {
                let (text, selector) = on(Some(*node));
                let field = text.or_else(|| selector.clone()).unwrap_or_else(|| "a field".to_owned());
                let sentence = match (checked, value) {
                    (Some(true), _) => format!("Ticked “{field}”"),
                    (Some(false), _) => format!("Unticked “{field}”"),
                    (None, Some(value)) => format!("Typed “{}” into “{field}”", shorten(value, QUOTED)),
                    (None, None) => format!("Changed “{field}”"),
                };
                if last == Some((*node, "input"))
                    && let Some(row) = rows.last_mut()
                {
                    // One field filled key by key is one line, at the time typing began.
                    row.text = sentence;
                } else {
                    line(rows, name, sentence);
                    if let Some(row) = rows.last_mut() {
                        row.selector = selector;
                    }
                    last = Some((*node, "input"));
                }
            }
            Kind::Scroll { node, y, .. } => {
                let is_window = event.page > 0 && on(Some(*node)).1.is_none_or(|s| s == "html");
                let goes_on = last == Some((*node, "scroll"));
                furthest = if goes_on { furthest.max(*y) } else { *y };
                // There and back is more than where it ended.
                let place = match furthest > *y {
                    true => format!("{} px and back to {} px", furthest.round(), y.round()),
                    false => format!("{} px", y.round()),
                };
                let sentence = if is_window {
                    format!("Scrolled to {place}")
                } else {
                    format!("Scrolled inside an element to {place}")
                };
                if goes_on && let Some(row) = rows.last_mut() {
                    row.text = sentence;
                } else {
                    line(rows, name, sentence);
                    last = Some((*node, "scroll"));
                }
            }
            Kind::Resize { width, height } => {
                let first = session
                    .pages
                    .get((event.page as usize).wrapping_sub(1))
                    .is_some_and(|p| p.viewport == Some((*width, *height)) && event.time - p.started_at < 1000);
                if !first {
                    line(rows, name, format!("Resized the window to {width} × {height}"));
                }
            }
            Kind::Submit { node } => {
                let selector = on(Some(*node)).1;
                line(rows, name, format!("Submitted {}", selector.as_deref().unwrap_or("a form")));
            }
            Kind::Clipboard { action, .. } => {
                let verb = match action {
                    crate::event::ClipboardAction::Cut => "Cut",
                    crate::event::ClipboardAction::Copy => "Copied",
                    crate::event::ClipboardAction::Paste => "Pasted",
                };
                line(rows, name, format!("{verb} text"));
            }
            Kind::Selection { start, end, start_offset, end_offset }
                if start.is_some()
                    && (start != end || start_offset != end_offset)
                    && last != start.map(|node| (node, "selection")) =>
            {
                line(rows, name, "Selected text".to_owned());
                last = start.map(|node| (node, "selection"));
            }
            Kind::Visibility { visible } => {
                let is_start = session
                    .pages
                    .get((event.page as usize).wrapping_sub(1))
                    .is_some_and(|p| event.time - p.started_at < 1000);
                if !(*visible && is_start) {
                    line(
                        rows,
                        name,
                        if *visible { "Came back to the tab".to_owned() } else { "Left the tab".to_owned() },
                    );
                }
            }
            Kind::Error { message, source, .. } => {
                let place = source.as_deref().filter(|s| !s.is_empty()).map(|s| format!(" ({})", shorten(s, 120)));
                line(rows, name, format!("Script error: {}{}", shorten(message, 200), place.unwrap_or_default()));
            }
            Kind::Console { level, message, .. } if matches!(&**level, "error" | "warn" | "assert") => {
                line(rows, name, format!("Console {level}: {}", shorten(message, 200)));
            }
            Kind::Network { url, status: Some(status), .. } if *status >= 400 => {
                line(rows, name, format!("Request failed with {status}: {}", shorten(url, 160)));
            }
            Kind::Custom { name: event_name, value } => {
                let value = value.as_deref().map(|v| format!(" = {}", shorten(v, QUOTED))).unwrap_or_default();
                line(rows, name, format!("Event {}{value}", shorten(event_name, QUOTED)));
            }
            Kind::Tag { key, values } => {
                line(rows, name, format!("Tag {} = {}", shorten(key, QUOTED), shorten(&values.join(", "), QUOTED)));
            }
            Kind::Media { action, .. } => line(rows, name, format!("Media {action}")),
            Kind::Open { open, .. } => {
                let closed = matches!(open, crate::event::OpenState::Closed);
                line(rows, name, if closed { "Closed a dialog".to_owned() } else { "Opened a dialog".to_owned() });
            }
            Kind::Route { url } => line(rows, name, format!("Went to {url}")),
            Kind::Annotation { text: Some(text), .. } => line(rows, name, shorten(text, 200)),
            Kind::Unload { .. } => line(rows, name, "Left the page".to_owned()),
            _ => {}
        }
    });
    for (i, row) in rows.iter_mut().enumerate() {
        row.index = i as u32;
    }
    rows
}

fn row(time: i64, page: u32, kind: &str, text: String) -> TranscriptRow {
    TranscriptRow { index: 0, time, page, kind: kind.to_owned(), text, selector: None, x: None, y: None }
}
