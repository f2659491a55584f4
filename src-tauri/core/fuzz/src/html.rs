//! Reads printed pages, to say whether anything in them could act or ask.
//!
//! The trap is to be lenient: the printer promises a tiny part of HTML (`<` only in its own tags, every value quoted,
//! every element closed), so whatever is not of that part is a fault even if no browser today would mind.

use super::css_reader::{self, Kind, is_allowed};

/// Elements that must never be there.
const ACTIVE: [&str; 26] = [
    "script",
    "base",
    "basefont",
    "object",
    "embed",
    "applet",
    "frame",
    "frameset",
    "noscript",
    "noembed",
    "noframes",
    "xmp",
    "plaintext",
    "listing",
    "param",
    "portal",
    "fencedframe",
    "webview",
    "bgsound",
    "isindex",
    "keygen",
    "handler",
    "listener",
    "mglyph",
    "malignmark",
    "annotation-xml",
];

/// Attributes that must never be there.
const NEVER: [&str; 36] = [
    "action",
    "formaction",
    "formmethod",
    "formtarget",
    "data",
    "ping",
    "target",
    "download",
    "http-equiv",
    "is",
    "manifest",
    "codebase",
    "classid",
    "archive",
    "cite",
    "longdesc",
    "profile",
    "lowsrc",
    "dynsrc",
    "imagesrcset",
    "attributionsrc",
    "autofocus",
    "autoplay",
    "nonce",
    "integrity",
    "crossorigin",
    "referrerpolicy",
    "allow",
    "allowfullscreen",
    "csp",
    "xmlns",
    "event",
    "encoding",
    "definitionurl",
    "altimg",
    "enctype",
];

/// Attributes that SVG reads as CSS.
const PAINTS: [&str; 14] = [
    "fill",
    "stroke",
    "filter",
    "mask",
    "clip-path",
    "cursor",
    "marker",
    "marker-start",
    "marker-mid",
    "marker-end",
    "from",
    "to",
    "by",
    "values",
];

const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Why the page, or one inside it, could do something.
pub(crate) fn harmless(html: &str) -> Result<(), String> {
    let mut pages = vec![html.to_owned()];
    while let Some(page) = pages.pop() {
        read(&page, &mut pages)?;
    }
    Ok(())
}

fn unescaped(value: &str) -> String {
    value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#13;", "\r").replace("&amp;", "&")
}

fn read(html: &str, inner: &mut Vec<String>) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if rest[..at].contains(['>', '\0', '\r']) {
            return Err(format!("a loose character in the text {:?}", &rest[..at]));
        }
        rest = &rest[at + 1..];
        if rest.starts_with("!DOCTYPE ") {
            let (line, after) = rest.split_once('>').ok_or("a doctype without end")?;
            if line.contains(['<', '&']) || !html.starts_with("<!DOCTYPE") {
                return Err("an odd doctype".into());
            }
            rest = after;
            continue;
        }
        if let Some(close) = rest.strip_prefix('/') {
            let (name, after) = close.split_once('>').ok_or("a tag without end")?;
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            rest = after;
            continue;
        }
        let end = rest.find([' ', '>']).ok_or("a tag without end")?;
        let name = &rest[..end];
        rest = &rest[end..];
        let lower = name.to_ascii_lowercase();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic())
            || name.contains(['<', '"', '\'', '/', '=', '&', '\n', '\t', '\x0c'])
            || ACTIVE.contains(&&*lower)
        {
            return Err(format!("the element {name:?}"));
        }
        let mut attrs: Vec<(String, String)> = Vec::new();
        while let Some(after) = rest.strip_prefix(' ') {
            let (attr, value) = after.split_once("=\"").ok_or("an attribute without value")?;
            let (value, after) = value.split_once('"').ok_or("a value without end")?;
            let odd = |c: char| c.is_ascii_control() || " <>\"'/=&`".contains(c);
            if attr.is_empty() || attr.contains(odd) || value.contains(['<', '>', '\0', '\r']) {
                return Err(format!("the attribute {attr:?}={value:?} of {name}"));
            }
            let key = attr.to_ascii_lowercase();
            if attrs.iter().any(|(known, _)| *known == key) {
                return Err(format!("{attr} twice on {name}"));
            }
            attrs.push((key, unescaped(value)));
            rest = after;
        }
        rest = rest.strip_prefix('>').ok_or_else(|| format!("<{name} goes on with {:?}", rest.get(..20)))?;
        element(&lower, &attrs, open.is_empty())?;
        if let Some((_, page)) = attrs.iter().find(|(key, _)| key == "srcdoc") {
            inner.push(page.clone());
        }
        if lower == "style" {
            let (sheet, after) = rest.split_once("</style>").ok_or("a sheet without end")?;
            css_reader::harmless(sheet, Kind::Sheet)?;
            rest = after;
        } else if !VOID.contains(&&*lower) {
            open.push(name.to_owned());
        }
    }
    match (rest.contains('>'), open.last()) {
        (true, _) => Err("a loose > at the end".into()),
        (_, Some(name)) => Err(format!("<{name}> stays open")),
        _ => Ok(()),
    }
}

fn element(name: &str, attrs: &[(String, String)], outermost: bool) -> Result<(), String> {
    let has = |key: &str| attrs.iter().any(|(known, _)| known == key);
    if name == "html" && !outermost || matches!(name, "html" | "head" | "body") && has("srcdoc") {
        return Err(format!("a second {name}"));
    }
    if name == "iframe" && !has("sandbox") {
        return Err("a frame without sandbox".into());
    }
    if name == "form" && !has("method") {
        return Err("a form that would be sent".into());
    }
    for (key, value) in attrs {
        let bad = || Err(format!("{key}={value:?} on {name}"));
        if key.starts_with("data-dwell") || key.starts_with("dwell-") {
            continue;
        }
        if key.starts_with("on") || key.contains(':') && !key.starts_with("data-") && known_prefix(key) {
            return bad();
        }
        if NEVER.contains(&&**key) {
            return bad();
        }
        let fine = match &**key {
            "href" => match name {
                "a" | "area" => value == "blob:null",
                "link" => false,
                _ => value.starts_with('#') || is_allowed(value, false),
            },
            "src" | "poster" | "background" => is_allowed(value, false),
            "srcset" => value.split(", ").all(|part| is_allowed(part.split(' ').next().unwrap_or(""), false)),
            "srcdoc" => name == "iframe",
            "sandbox" => name == "iframe" && value == "allow-same-origin",
            "method" => value == "dialog",
            "charset" => name == "meta" && value == "utf-8",
            "rel" => name != "link",
            "shadowrootmode" => name == "template" && value == "open" && attrs.len() == 1,
            "usemap" => value.starts_with('#'),
            "attributename" if matches!(name, "set" | "animate" | "animatetransform" | "animatemotion") => {
                let lower = value.to_ascii_lowercase();
                !lower.contains("href") && !lower.trim().starts_with("on") && lower.trim() != "style"
            }
            "style" | "media" => return_css(value)?,
            paint if PAINTS.contains(&paint) && value.contains(['(', '\\']) => return_css(value)?,
            _ => true,
        };
        if !fine {
            return bad();
        }
    }
    Ok(())
}

fn known_prefix(key: &str) -> bool {
    ["xlink:", "xml:", "xmlns:", "ev:"].iter().any(|prefix| key.starts_with(prefix))
}

fn return_css(value: &str) -> Result<bool, String> {
    css_reader::harmless(value, Kind::Value).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_seen() {
        for html in [
            "<script></script>",
            "<p onclick=\"x\"></p>",
            "<p title=\"\" TITLE=\"\"></p>",
            "<p title=x></p>",
            "<p>",
            "<p></b>",
            "a > b",
            "<!-- x -->",
            "<img src=\"http://leak.test/\">",
            "<img src=\"replay-asset://localhost/forged\">",
            "<img srcset=\"replay-asset://localhost/aaaa, //leak.test 2x\">",
            "<a href=\"javascript:x\"></a>",
            "<svg><use href=\"data:text/html,x#y\"></use></svg>",
            "<link rel=\"stylesheet\">",
            "<form></form>",
            "<form method=\"dialog\" action=\"x\"></form>",
            "<iframe></iframe>",
            "<iframe sandbox=\"allow-scripts\"></iframe>",
            "<iframe sandbox=\"allow-same-origin\" srcdoc=\"&lt;script&gt;&lt;/script&gt;\"></iframe>",
            "<p style=\"b:url(x)\"></p>",
            "<svg><rect fill=\"url(x)\"></rect></svg>",
            "<style>@import 'x';</style>",
            "<set attributename=\"xlink:href\"></set>",
            "<meta http-equiv=\"refresh\">",
            "<html><html></html></html>",
        ] {
            assert!(harmless(html).is_err(), "{html}");
        }
    }

    #[test]
    fn harmless_is_left_alone() {
        let page = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><style>a{}</style></head><body>&lt;\
                    <img src=\"data:image/png,x\" alt=\"http://x\"><a href=\"blob:null\">x</a></body></html>";
        assert_eq!(harmless(page), Ok(()));
        assert_eq!(harmless(""), Ok(()));
    }
}
