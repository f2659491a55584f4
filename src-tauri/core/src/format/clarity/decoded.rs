//! Payloads that Microsoft's own decoder has decoded (npm `clarity-decode`), and the one object that its visualiser
//! merges a page's payloads into.
//!
//! The trap: decoding lost things. What is kept of such a recording is the decoded text itself; to be read it is written
//! as the payload it came from, so that everything behind this module sees one form only. What cannot be had back: the
//! order of events of one millisecond and different kinds, white space around masked texts, kinds that the decoder does
//! not know, and the payload's own byte count, which the decoder overwrites.

use std::fmt::Write as _;

use crate::format::json::{field, skip_space};
use crate::format::rrweb::json::{Val, parse};

/// Whether a body is a decoded payload or a merged page.
pub fn is_one(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let at = skip_space(body, 0);
    let body = &body[at..];
    // Nearly every body that is asked about is an ordinary payload.
    if !body.starts_with(b"{") || body.starts_with(b"{\"e\":") {
        return false;
    }
    field(body, 0, "envelope").is_some_and(|at| field(body, at.start, "sessionId").is_some())
}

/// The envelope alone, as a payload without events.
pub fn envelope(body: &[u8]) -> Option<String> {
    let at = field(body, skip_space(body, 0), "envelope")?;
    let mut tokens = Vec::new();
    parse(&body[at.clone()], &mut tokens).ok()?;
    let mut out = String::new();
    write_envelope(Val::root(&body[at], &tokens)?, false, &mut out);
    out.push('}');
    Some(out)
}

/// The payload that a decoded one came from, as far as it can be had back. `None` when it is no JSON.
pub fn to_payload(body: &[u8]) -> Option<String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut tokens = Vec::new();
    parse(body, &mut tokens).ok()?;
    let root = Val::root(body, &tokens)?;
    // A merged page has its first picture apart and everything else in one list.
    let merged = root.get("dom").is_some_and(Val::is_object) || root.get("events").is_some();
    let mut out = String::with_capacity(body.len());
    write_envelope(root.get("envelope")?, merged, &mut out);
    let (mut analysis, mut playback) = (Vec::new(), Vec::new());
    for (key, value) in root.entries() {
        if matches!(key.bytes(), b"envelope" | b"timestamp") {
            continue;
        }
        let list = value.items().chain(Some(value).filter(|v| v.is_object()));
        for event in list.filter(|v| v.is_object()) {
            let code = event.get("event").and_then(Val::int).unwrap_or(-1);
            let picture = matches!(code, 5 | 6 | 43..=46 | 51);
            if picture { &mut playback } else { &mut analysis }.push((code, event));
        }
    }
    for (name, mut events) in [("a", analysis), ("p", playback)] {
        if name == "p" && events.is_empty() {
            continue;
        }
        events.sort_by_key(|(_, event)| event.get("time").and_then(Val::int).unwrap_or(0));
        let _ = write!(out, ",\"{name}\":[");
        let start = out.len();
        for (code, event) in events {
            let (Some(time), Some(data)) = (event.get("time"), event.get("data")) else { continue };
            event_out(code, time, data, start, &mut out);
        }
        out.push(']');
    }
    out.push('}');
    Some(out)
}

/// A value as JSON; `undefined`, which JSON leaves out, is null in a payload.
fn raw(value: Option<Val<'_>>, out: &mut String) {
    match value {
        Some(value) => out.push_str(&value.raw()),
        None => out.push_str("null"),
    }
}

fn comma(out: &mut String) {
    out.push(',');
}

const ENVELOPE: [&str; 12] = [
    "version",
    "sequence",
    "start",
    "duration",
    "projectId",
    "userId",
    "sessionId",
    "pageNum",
    "upload",
    "end",
    "applicationPlatform",
    "url",
];

fn write_envelope(envelope: Val<'_>, merged: bool, out: &mut String) {
    out.push_str("{\"e\":[");
    let number = |key: &str| envelope.get(key).and_then(Val::int).unwrap_or(0);
    for (i, key) in ENVELOPE.iter().enumerate() {
        if i > 0 {
            comma(out);
        }
        // A merged page shows the envelope of its last payload and holds all of them.
        match *key {
            "sequence" if merged => out.push('1'),
            "start" if merged => out.push('0'),
            "duration" if merged => {
                let _ = write!(out, "{}", number("start").saturating_add(number("duration")));
            }
            key => raw(envelope.get(key), out),
        }
    }
    out.push(']');
}

/// Fields of events that are the object's values in order, facts §2.
fn plain_fields(code: i64) -> Option<&'static [&'static str]> {
    Some(match code {
        2 => &["sequence", "attempts", "status"],
        3 => &["key"],
        4 => &[
            "visible",
            "docWidth",
            "docHeight",
            "screenWidth",
            "screenHeight",
            "scrollX",
            "scrollY",
            "pointerX",
            "pointerY",
            "activityTime",
            "scrollTime",
            "pointerTime",
            "moveX",
            "moveY",
            "moveTime",
            "downX",
            "downY",
            "downTime",
            "upX",
            "upY",
            "upTime",
            "pointerPrevX",
            "pointerPrevY",
            "pointerPrevTime",
            "modules",
        ],
        8 | 11 => &["width", "height"],
        10 => &["target", "x", "y", "top", "bottom", "trust"],
        21 => &["start", "startOffset", "end", "endOffset"],
        25 => &["gap"],
        26 => &["name", "persisted"],
        27 => &["target", "value", "trust"],
        28 => &["visible"],
        29 => &[
            "fetchStart",
            "connectStart",
            "connectEnd",
            "requestStart",
            "responseStart",
            "responseEnd",
            "domInteractive",
            "domComplete",
            "loadEventStart",
            "loadEventEnd",
            "redirectCount",
            "size",
            "type",
            "protocol",
            "encodedSize",
            "decodedSize",
        ],
        31 => &["message", "line", "column", "stack", "source"],
        33 => &["code", "name", "message", "stack", "severity"],
        35 => &["check"],
        38 => &["target", "action"],
        39 => &["target"],
        41 => &["id", "target", "checksum"],
        42 => &["target", "type", "value", "checksum"],
        44 => &["id", "operation", "keyFrames", "timing", "timeline", "targetId"],
        45 => &["id", "operation", "newIds"],
        46 => &["id", "operation", "cssRules"],
        47 => &["source", "ad_Storage", "analytics_Storage"],
        50 => &["focused"],
        51 => &["name"],
        _ => return None,
    })
}

fn event_out(code: i64, time: Val<'_>, data: Val<'_>, start: usize, out: &mut String) {
    let open = |out: &mut String| {
        if out.len() > start {
            comma(out);
        }
        out.push('[');
        out.push_str(&time.raw());
        let _ = write!(out, ",{code}");
    };
    let field = |key: &str, out: &mut String| {
        comma(out);
        raw(data.get(key), out);
    };
    if code == 7 {
        // One region an event, as the recorder sends them today.
        for region in data.items() {
            open(out);
            for key in ["id", "interaction", "visibility", "name"] {
                comma(out);
                raw(region.get(key), out);
            }
            out.push(']');
        }
        return;
    }
    open(out);
    match code {
        5 | 6 | 43 => {
            for node in data.items() {
                node_out(node, out);
            }
        }
        9 | 48 => {
            for key in ["target", "x", "y", "eX", "eY", "button", "reaction", "context", "text", "link"] {
                field(key, out);
            }
            comma(out);
            hash_out(data, out);
            for key in ["trust", "isFullText"] {
                field(key, out);
            }
            // The decoder gives payloads of older recorders a box of nothing.
            let boxed = data.get("tag").is_some_and(Val::is_string)
                || ["w", "h"].iter().any(|side| data.get(side).and_then(Val::number).is_some_and(|n| n != 0.0));
            for key in ["w", "h", "tag", "class", "id", "source"] {
                comma(out);
                raw(data.get(key).filter(|_| boxed), out);
            }
        }
        22 => {
            field("type", out);
            comma(out);
            hash_out(data, out);
            for key in ["x", "y", "reaction", "context"] {
                field(key, out);
            }
        }
        12..=20 => {
            for key in ["target", "x", "y", "id"] {
                field(key, out);
            }
            flag_out(data, out);
        }
        53 => {
            for key in ["target", "x", "y", "id"] {
                field(key, out);
            }
            flag_out(data, out);
            for key in ["type", "pressure", "width", "height"] {
                field(key, out);
            }
        }
        24 => {
            field("key", out);
            if data.get("value").is_some_and(|v| !v.is_null()) {
                field("value", out);
            }
        }
        0 | 1 | 36 => {
            for (id, value) in data.entries().filter(|(id, _)| id.bytes().iter().all(u8::is_ascii_digit)) {
                // The decoder puts the length of its own input here, whether the recorder had sent a count or not.
                if code == 0 && id.bytes() == b"2" {
                    continue;
                }
                comma(out);
                out.push_str(&String::from_utf8_lossy(id.bytes()));
                comma(out);
                flat_out(value, out);
            }
        }
        34 => {
            for (name, values) in data.entries() {
                comma(out);
                out.push_str(&name.raw());
                comma(out);
                flat_out(values, out);
            }
        }
        40 => {
            for (key, value) in data.entries().filter(|(key, _)| key.bytes().iter().all(u8::is_ascii_digit)) {
                comma(out);
                out.push_str(&String::from_utf8_lossy(key.bytes()));
                comma(out);
                if !value.is_array() {
                    out.push_str(&value.raw());
                    continue;
                }
                // A list with a hole for every number that is no key.
                out.push('[');
                let mut first = true;
                for (at, text) in value.items().enumerate().filter(|(_, text)| !text.is_null()) {
                    let _ = write!(out, "{}{at},{}", if first { "" } else { "," }, text.raw());
                    first = false;
                }
                out.push(']');
            }
        }
        code => {
            for key in plain_fields(code).unwrap_or_default() {
                field(key, out);
            }
        }
    }
    out.push(']');
}

fn flag_out(data: Val<'_>, out: &mut String) {
    comma(out);
    out.push_str(match data.get("isPrimary").and_then(Val::as_bool) {
        Some(true) => "\"true\"",
        Some(false) => "\"false\"",
        None => "null",
    });
}

/// The content of a string as it is spelled in JSON, without its quotes.
fn content(value: Val<'_>) -> std::borrow::Cow<'_, str> {
    if value.is_string() { String::from_utf8_lossy(value.bytes()) } else { value.raw() }
}

/// `alpha.beta`, which the decoder takes apart.
fn hash_out(data: Val<'_>, out: &mut String) {
    let part = |key: &str| data.get(key).filter(|v| !v.is_null()).map(content);
    let alpha = part("hash").unwrap_or_default();
    match part("hashBeta") {
        Some(beta) => _ = write!(out, "\"{alpha}.{beta}\""),
        None => _ = write!(out, "\"{alpha}\""),
    }
}

/// A list without the lists in it: the decoder wraps some values once more.
fn flat_out(value: Val<'_>, out: &mut String) {
    if !value.is_array() {
        out.push_str(&value.raw());
        return;
    }
    out.push('[');
    let start = out.len();
    let one = |value: Val<'_>, out: &mut String| {
        if out.len() > start {
            comma(out);
        }
        out.push_str(&value.raw());
    };
    for item in value.items() {
        if item.is_array() {
            item.items().filter(|v| !v.is_array()).for_each(|inner| one(inner, out));
        } else {
            one(item, out);
        }
    }
    out.push(']');
}

fn node_out(node: Val<'_>, out: &mut String) {
    // An event without nodes comes out of the decoder as a node without an id.
    let Some(id) = node.get("id").and_then(Val::int) else { return };
    let Some(tag) = node.get("tag").filter(|t| t.is_string()) else { return };
    let _ = write!(out, ",{id}");
    let parent = node.get("parent").and_then(Val::int);
    let previous = node.get("previous").and_then(Val::int);
    if let Some(parent) = parent {
        let _ = write!(out, ",{parent}");
        if let Some(previous) = previous {
            let _ = write!(out, ",{previous}");
        }
    }
    comma(out);
    out.push_str(&tag.raw());
    let side = |key: &str| node.get(key).and_then(Val::number).map(|px| (px * 100.0).round().clamp(0.0, 4e9) as u32);
    if let (Some(width), Some(height)) = (side("width"), side("height")) {
        let _ = write!(out, ",\"#{}.{}\"", base36(width), base36(height));
    }
    for (name, value) in node.get("attributes").into_iter().flat_map(Val::entries) {
        let _ = write!(out, ",\"{}={}\"", content(name), content(value));
    }
    let style = tag.bytes() == b"STYLE";
    match node.get("value") {
        Some(value) => {
            comma(out);
            out.push_str(&value.raw());
        }
        // An empty text is left out by the decoder; without it a style's last attribute would be its text.
        None if style && parent.is_some() => out.push_str(",\"\""),
        None => {}
    }
}

fn base36(mut n: u32) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(n % 36, 36).unwrap_or('0'));
        n /= 36;
        if n == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_the_payload_it_was() {
        let decoded = r##"{ "timestamp": 1, "envelope": {"version":"0.8.70","sequence":2,"start":10,"duration":5,
            "projectId":"p","userId":"u","sessionId":"s","pageNum":1,"upload":0,"end":0,"applicationPlatform":0,"url":"https://a.test/"},
            "dom":[{"time":11,"event":6,"data":[
                {"id":4,"parent":3,"previous":null,"tag":"IMG","attributes":{"src":"a=b","x":"é\ud83c"},"width":10.5,"height":1},
                {"id":5,"parent":3,"previous":4,"tag":"*T","value":"hi"},
                {"id":6,"parent":3,"previous":5,"tag":"STYLE","attributes":{"media":"print"}},
                {"id":7,"parent":null,"previous":null,"tag":"DIV"}, {"id":null,"parent":null,"previous":null}]},
                {"time":12,"event":45,"data":{"id":-1,"operation":3,"newIds":["1"]}}],
            "click":[{"time":13,"event":9,"data":{"target":4,"x":1,"y":2,"eX":3,"eY":4,"button":0,"reaction":1,"context":0,
                "text":"go","link":null,"hash":"ab","hashBeta":"cd","trust":1,"isFullText":null,"w":0,"h":0,"tag":null,"class":null,"id":null,"source":null}}],
            "variable":[{"time":11,"event":34,"data":{"plan":[["gold"]],"page":["x"]}}],
            "custom":[{"time":11,"event":24,"data":{"key":"buy"}}],
            "summary":[{"time":14,"event":36,"data":{"6":[[1,2],[3,4]]}}],
            "extract":[{"time":14,"event":40,"data":{"7":[null,"v"]}}],
            "pointer":[{"time":9,"event":12,"data":{"target":4,"x":1,"y":2,"isPrimary":true}}] }"##;
        assert!(is_one(decoded.as_bytes()));
        let payload = to_payload(decoded.as_bytes()).unwrap();
        assert_eq!(
            payload,
            concat!(
                r#"{"e":["0.8.70",2,10,5,"p","u","s",1,0,0,0,"https://a.test/"],"a":["#,
                r#"[9,12,4,1,2,null,"true"],[11,34,"plan",["gold"],"page",["x"]],[11,24,"buy"],"#,
                r#"[13,9,4,1,2,3,4,0,1,0,"go",null,"ab.cd",1,null,null,null,null,null,null,null],"#,
                r#"[14,36,6,[1,2,3,4]],[14,40,7,[1,"v"]]],"p":["#,
                r##"[11,6,4,3,"IMG","#t6.2s","src=a=b","x=é\ud83c",5,3,4,"*T","hi",6,3,5,"STYLE","media=print","",7,"DIV"],"##,
                r#"[12,45,-1,3,["1"]]]}"#
            )
        );
        assert_eq!(
            envelope(decoded.as_bytes()).unwrap(),
            r#"{"e":["0.8.70",2,10,5,"p","u","s",1,0,0,0,"https://a.test/"]}"#
        );
        assert!(!is_one(payload.as_bytes()) && !is_one(b"{\"envelope\":{}}"));
    }

    #[test]
    fn a_merged_page_is_one_payload() {
        let merged =
            br#"{"timestamp":1,"envelope":{"version":"0.8.70","sequence":9,"start":100,"duration":5,"projectId":"p",
            "userId":"u","sessionId":"s","pageNum":1,"upload":0,"end":1},"dom":{"time":0,"event":5,"data":[]},
            "events":[{"time":3,"event":25,"data":{"gap":1}}]}"#;
        assert_eq!(
            to_payload(merged).unwrap(),
            r#"{"e":["0.8.70",1,0,105,"p","u","s",1,0,1,null,null],"a":[[3,25,1]],"p":[[0,5]]}"#
        );
        assert_eq!(to_payload(b"{\"envelope\":{\"sessionId\":1}"), None);
    }
}
