//! Hostile recordings: every way of [`VECTORS`], spellings that a parser would never make, attributes that turn bad
//! later, and mutants of all that from a fixed seed; as rrweb and as Clarity write them.
//!
//! The trap: one payload that breaks the decoder hides all others. Each stands in an element of its own, named after it,
//! and what reaches the listener carries the name.

use serde_json::{Map, Value, json};

use crate::markup::{Numbers, nodes};
use crate::recordings::{LENGTH, START, id_of, in_order, one_by_one, opening};
use crate::vectors::{VECTORS, armed, script};

/// One attempt to get out: its name, and its nodes as an rrweb snapshot holds them.
pub struct Attempt {
    pub name: String,
    pub nodes: Vec<Value>,
}

/// Name, tag and attributes.
type Raw = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// An element, and the attributes that it turns to.
type Turn = (Value, Map<String, Value>);

/// How many mutants are made.
pub const MUTANTS: usize = 240;

/// Elements with attributes as scripts set them. `{U}`, `{H}` (the host alone) and `{X}` as in [`VECTORS`].
#[rustfmt::skip]
const RAW: &[Raw] = &[
    ("upper-script", "SCRIPT", &[("src", "{U}/a.js")]),
    ("script-slash", "script/x", &[("src", "{U}/a.js")]),
    ("script-nul", "scr\0ipt", &[("src", "{U}/a.js")]),
    ("script-space", " script", &[("src", "{U}/a.js")]),
    ("script-type", "script", &[("type", "text/javascript"), ("href", "{U}/a.js"), ("src", "{U}/b.js"), ("async", "")]),
    ("script-defer", "script", &[("defer", ""), ("src", "data:text/javascript,{X}")]),
    ("tag-breaks-out", "img/onerror={X}", &[("src", "{U}/a.png")]),
    ("tag-comment", "!--", &[("src", "{U}/a.png")]),
    ("name-breaks-out", "p", &[("x\"onclick={X}//", "y")]),
    ("name-closes-tag", "p", &[("a><img src={U}/a", "y")]),
    ("name-with-space", "p", &[("x onclick", "{X}")]),
    ("name-with-nul", "img", &[("on\0error", "{X}"), ("src", "data:image/png;base64,xx")]),
    ("on-upper", "img", &[("ONERROR", "{X}"), ("src", "data:image/png;base64,xx")]),
    ("on-begin", "div", &[("onfocusin", "{X}"), ("tabindex", "0"), ("autofocus", "")]),
    ("on-any", "div", &[("onanimationstart", "{X}"), ("onpointerover", "{X}"), ("onscrollend", "{X}"), ("onbeforetoggle", "{X}"), ("popover", "")]),
    ("on-window", "body", &[("onhashchange", "{X}"), ("onresize", "{X}"), ("onblur", "{X}"), ("onmessage", "{X}")]),
    ("js-upper", "a", &[("id", "clickme"), ("href", "JaVaScRiPt:{X}")]),
    ("js-tab", "a", &[("id", "clickme"), ("href", "java\tscript:{X}")]),
    ("js-control", "a", &[("id", "clickme"), ("href", "\u{1}javascript:{X}")]),
    ("js-space", "a", &[("id", "clickme"), ("href", " \n javascript:{X}")]),
    ("js-entity", "a", &[("id", "clickme"), ("href", "&#106;avascript:{X}")]),
    ("js-xlink", "a", &[("id", "clickme"), ("xlink:href", "javascript:{X}")]),
    ("js-xlink-upper", "a", &[("id", "clickme"), ("XLINK:HREF", "javascript:{X}")]),
    ("js-area", "area", &[("id", "clickme"), ("shape", "default"), ("href", "javascript:{X}")]),
    ("js-form", "form", &[("action", "javascript:{X}")]),
    ("js-formaction", "button", &[("id", "clickme"), ("formaction", "javascript:{X}")]),
    ("js-iframe-upper", "IFRAME", &[("SRC", "javascript:{X}")]),
    ("js-object", "object", &[("data", "javascript:{X}")]),
    ("js-embed", "embed", &[("src", "javascript:{X}"), ("code", "javascript:{X}")]),
    ("js-img", "img", &[("src", "javascript:{X}"), ("dynsrc", "javascript:{X}"), ("lowsrc", "{U}/a.png")]),
    ("vbscript", "a", &[("id", "clickme"), ("href", "vbscript:{X}")]),
    ("data-html", "a", &[("id", "clickme"), ("href", "data:text/html,<script>{X}</script>")]),
    ("blob", "a", &[("id", "clickme"), ("href", "blob:{U}/x")]),
    ("file", "iframe", &[("src", "file:///etc/passwd")]),
    ("tauri", "iframe", &[("src", "tauri://localhost/index.html")]),
    ("tauri-link", "a", &[("id", "clickme"), ("href", "tauri://localhost/index.html"), ("target", "_top")]),
    ("ipc", "img", &[("src", "ipc://localhost/project")]),
    ("ipc-form", "form", &[("action", "ipc://localhost/open_demo"), ("method", "post")]),
    ("ipc-link", "a", &[("id", "clickme"), ("href", "ipc://localhost/open_demo")]),
    ("asset-frame", "iframe", &[("src", "replay-asset://localhost/0000000000000000000000000000000000000000000000000000000000000000")]),
    ("view-source", "iframe", &[("src", "view-source:{U}/a")]),
    ("srcdoc", "iframe", &[("srcdoc", "<script>{X}</script><img src={U}/a>")]),
    ("srcdoc-sandbox", "iframe", &[("sandbox", "allow-scripts allow-same-origin allow-top-navigation"), ("srcdoc", "<script>{X}</script>")]),
    ("frame", "frame", &[("src", "{U}/a")]),
    ("protocol-relative", "img", &[("src", "//{H}/protocol-relative.png")]),
    ("backslashes", "img", &[("src", "\\\\{H}\\backslashes.png")]),
    ("scheme-newline", "img", &[("src", "ht\ntp://{H}/scheme-newline.png")]),
    ("scheme-slashless", "img", &[("src", "http:{H}/scheme-slashless.png")]),
    ("ftp", "img", &[("src", "ftp://{H}/ftp.png")]),
    ("ws", "link", &[("rel", "preconnect"), ("href", "ws://{H}/ws")]),
    ("srcset-first", "img", &[("srcset", "data:,x,{U}/a.png 1x")]),
    ("srcset-parens", "img", &[("srcset", "x.png (a,{U}/a.png b), {U}/c.png 3x")]),
    ("source-lone", "source", &[("srcset", "{U}/a.png"), ("src", "{U}/b.png")]),
    ("image-alias", "image", &[("src", "{U}/a.png")]),
    ("imagesrcset", "link", &[("rel", "preload"), ("as", "image"), ("imagesrcset", "{U}/a.png 1x")]),
    ("attributionsrc", "img", &[("attributionsrc", "{U}/s"), ("src", "data:image/gif;base64,R0lGODlhAQABAAAAACw=")]),
    ("link-case", "LINK", &[("REL", "StyleSheet  x"), ("HREF", "{U}/a.css")]),
    ("link-data", "link", &[("rel", "stylesheet"), ("href", "data:text/css,@import '{U}/a.css';")]),
    ("link-text", "link", &[("rel", "stylesheet"), ("_cssText", "@import url({U}/a.css); body{background:url({U}/b.png)}")]),
    ("style-text", "style", &[("_cssText", "@import url({U}/a.css); body{background:url({U}/b.png)}")]),
    ("style-escape", "style", &[("_cssText", "body{background:\\75\\72\\6c({U}/a.png)}@\\69mport '{U}/b.css';")]),
    ("link-icons", "link", &[("rel", "shortcut icon apple-touch-icon mask-icon"), ("href", "{U}/a.png")]),
    ("link-expect", "link", &[("rel", "expect"), ("blocking", "render"), ("href", "{U}/x#y")]),
    ("link-search", "link", &[("rel", "search"), ("type", "application/opensearchdescription+xml"), ("href", "{U}/o.xml")]),
    ("link-import", "link", &[("rel", "import"), ("href", "{U}/a.html")]),
    ("meta-upper", "META", &[("HTTP-EQUIV", "REFRESH"), ("CONTENT", "0; URL={U}/frame")]),
    ("meta-csp", "meta", &[("http-equiv", "content-security-policy"), ("content", "default-src *; report-uri {U}/r")]),
    ("meta-clienthints", "meta", &[("http-equiv", "delegate-ch"), ("content", "sec-ch-ua {U}")]),
    ("base-upper", "BASE", &[("HREF", "{U}/"), ("TARGET", "_top")]),
    ("declared-src", "img", &[("dwell:src", "{U}/a.png"), ("dwell-missing-src", "{U}/b.png")]),
    ("declared-base", "head", &[("dwell:base", "{U}/"), ("dwell:width", "1")]),
    ("declared-mark", "p", &[("data-dwell-href", "{U}/a"), ("dwell-hover", "")]),
    ("rr-src", "iframe", &[("rr_src", "{U}/a.html")]),
    ("rr-picture", "img", &[("rr_dataURL", "{U}/a.png"), ("rr_width", "9px"), ("rr_height", "9px")]),
    ("rr-picture-js", "canvas", &[("rr_dataURL", "javascript:{X}")]),
    ("rr-canvas", "canvas", &[("rr_dataURL", "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{X}'><image href='{U}/a.png'/></svg>")]),
    ("rr-media", "video", &[("rr_mediaState", "played"), ("rr_mediaCurrentTime", "1"), ("src", "{U}/a.mp4"), ("autoplay", "")]),
    ("rr-open", "dialog", &[("rr_open_mode", "modal"), ("open", ""), ("onclose", "{X}"), ("ontoggle", "{X}")]),
    ("rr-custom", "x-y", &[("rr_isCustomElement", "1"), ("is", "x-y"), ("onclick", "{X}")]),
    ("style-unclosed", "div", &[("style", "background:url({U}/a.png")]),
    ("style-escaped", "div", &[("style", "background:u\\72l('{U}/a.png')")]),
    ("style-variable", "div", &[("style", "--a:url({U}/a.png);background:var(--a)")]),
    ("style-image-set", "div", &[("style", "background:-webkit-image-set('{U}/a.png' 1x)")]),
    ("style-image-set-attr", "div", &[("data-u", "{U}/a.png"), ("style", "background:image-set(attr(data-u type(<string>)) 1x)")]),
    ("style-cross-fade", "div", &[("style", "background:-webkit-cross-fade(url({U}/a.png),url({U}/b.png),50%)")]),
    ("style-src", "div", &[("style", "background:src('{U}/a.png')")]),
    ("style-expression", "div", &[("style", "width:expression({X});behavior:url({U}/a.htc);-moz-binding:url({U}/a.xml)")]),
    ("style-cursor", "div", &[("style", "cursor:url({U}/a.cur),auto;list-style:url({U}/b.png);quotes:url({U}/c.png)")]),
    ("style-offset", "div", &[("style", "offset-path:url({U}/a.svg#p);shape-outside:url({U}/b.png);mask-border:url({U}/c.png)")]),
    ("style-breaks-out", "div", &[("style", "\"><img src={U}/a.png onerror={X}>")]),
    ("svg-set", "svg:set", &[("attributeName", "href"), ("to", "javascript:{X}")]),
    ("svg-animate-values", "svg:animate", &[("attributeName", "xlink:href"), ("values", "{U}/a.png;{U}/b.png"), ("dur", "1s")]),
    ("svg-animate-on", "svg:animate", &[("onbegin", "{X}"), ("attributeName", "x"), ("dur", "1s")]),
    ("svg-use", "svg:use", &[("href", "{U}/a.svg#x")]),
    ("svg-use-data", "svg:use", &[("href", "data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='{U}/a.png'/></svg>#x")]),
    ("svg-image-xlink", "svg:image", &[("xlink:href", "{U}/a.png"), ("width", "9"), ("height", "9")]),
    ("svg-feimage", "svg:feImage", &[("href", "{U}/a.png")]),
    ("svg-script", "svg:script", &[("href", "{U}/a.js"), ("xlink:href", "{U}/b.js")]),
    ("svg-handler", "svg:handler", &[("type", "text/javascript"), ("event", "load")]),
    ("svg-style", "svg:style", &[("_cssText", "@import '{U}/a.css';")]),
    ("svg-foreign", "svg:foreignObject", &[("requiredExtensions", "{U}/x"), ("onload", "{X}")]),
    ("svg-a", "svg:a", &[("id", "clickme"), ("href", "{U}/frame"), ("target", "_top")]),
    ("svg-filter", "svg:rect", &[("filter", "url({U}/a.svg#f)"), ("fill", "url({U}/b.svg#g)"), ("marker-end", "url({U}/c.svg#m)")]),
    ("svg-cursor", "svg:svg", &[("cursor", "url({U}/a.png),auto"), ("onload", "{X}")]),
    ("svg-iframe", "svg:iframe", &[("src", "{U}/a"), ("srcdoc", "<script>{X}</script>")]),
    ("svg-img", "svg:img", &[("src", "{U}/a.png"), ("onerror", "{X}")]),
    ("plaintext", "plaintext", &[("onclick", "{X}")]),
    ("xmp", "xmp", &[("onclick", "{X}")]),
    ("noscript", "noscript", &[("title", "</noscript><img src={U}/a onerror={X}>")]),
    ("title-breaks-out", "p", &[("title", "</title></textarea></style></script><img src={U}/a onerror={X}>")]),
    ("keygen", "keygen", &[("autofocus", ""), ("onfocus", "{X}")]),
    ("applet", "applet", &[("code", "{U}/a.class"), ("archive", "{U}/a.jar")]),
    ("bgsound", "bgsound", &[("src", "{U}/a.mid")]),
    ("portal", "portal", &[("src", "{U}/a")]),
    ("fencedframe", "fencedframe", &[("src", "{U}/a"), ("config", "{U}/b")]),
    ("model", "model", &[("src", "{U}/a.usdz")]),
    ("html-manifest", "html", &[("manifest", "{U}/m")]),
    ("input-list", "input", &[("type", "image"), ("src", "{U}/a.png"), ("formaction", "{U}/b")]),
    ("body-background", "body", &[("background", "{U}/a.png"), ("bgcolor", "red")]),
    ("td-background", "td", &[("background", "{U}/a.png")]),
    ("blockquote-cite", "blockquote", &[("cite", "{U}/a")]),
    ("command", "command", &[("icon", "{U}/a.png")]),
    ("usemap", "img", &[("usemap", "{U}/a#m"), ("longdesc", "{U}/b")]),
    ("clobber-create", "img", &[("name", "createElement"), ("id", "createElement")]),
    ("clobber-body", "form", &[("name", "body"), ("id", "documentElement")]),
    ("clobber-node", "input", &[("name", "parentNode"), ("id", "nodeType")]),
];

/// Elements whose attributes turn bad while the recording plays.
const TURNING: [&str; 18] = [
    "img",
    "a",
    "area",
    "iframe",
    "link",
    "form",
    "button",
    "input",
    "video",
    "source",
    "track",
    "object",
    "embed",
    "meta",
    "base",
    "div",
    "svg:image",
    "svg:use",
];

/// What they turn to.
const TURNS: [(&str, &str); 14] = [
    ("src", "{U}/a.png"),
    ("href", "javascript:{X}"),
    ("xlink:href", "{U}/b.svg#x"),
    ("srcset", "{U}/c.png 1x"),
    ("style", "background:url({U}/d.png)"),
    ("onclick", "{X}"),
    ("onerror", "{X}"),
    ("srcdoc", "<script>{X}</script>"),
    ("action", "{U}/e"),
    ("formaction", "javascript:{X}"),
    ("data", "{U}/f.html"),
    ("poster", "{U}/g.png"),
    ("background", "{U}/h.png"),
    ("content", "0;url={U}/i"),
];

fn fill(text: &str, name: &str, base: &str) -> String {
    let host = base.trim_start_matches("http://");
    text.replace("{U}", &format!("{base}/{name}")).replace("{H}", host).replace("{X}", &script(name))
}

fn element(tag: &str, attributes: Map<String, Value>, children: Vec<Value>, numbers: &mut Numbers) -> Value {
    let (svg, tag) = tag.strip_prefix("svg:").map_or((false, tag), |local| (true, local));
    let mut node =
        json!({"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": numbers.fresh()});
    if svg {
        node["isSVG"] = json!(true);
    }
    node
}

/// All of them, aimed at `base`.
pub fn attempts(base: &str, numbers: &mut Numbers) -> Vec<Attempt> {
    let mut out = Vec::new();
    for (name, markup) in VECTORS {
        out.push(Attempt { name: (*name).to_owned(), nodes: nodes(&armed(name, markup, base), numbers) });
    }
    for (name, tag, attributes) in RAW {
        let name = format!("raw-{name}");
        let attributes = attributes.iter().map(|(k, v)| (fill(k, &name, base), json!(fill(v, &name, base)))).collect();
        let inside = json!({"type": 3, "textContent": script(&name), "id": numbers.fresh()});
        let node = element(tag, attributes, vec![inside], numbers);
        let nodes = match tag.strip_prefix("svg:") {
            Some(_) => vec![element("svg:svg", Map::new(), vec![node], numbers)],
            None => vec![node],
        };
        out.push(Attempt { name, nodes });
    }
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for i in 0..MUTANTS {
        let name = format!("mutant-{i}");
        let (_, markup) = VECTORS[chance.below(VECTORS.len())];
        let mut made = nodes(&armed(&name, markup, base), numbers);
        for _ in 0..1 + chance.below(4) {
            mutate(&mut made, &name, base, &mut chance, numbers);
        }
        out.push(Attempt { name, nodes: made });
    }
    out
}

/// Numbers that are the same in every run (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// One small change somewhere in the tree.
fn mutate(made: &mut Vec<Value>, name: &str, base: &str, chance: &mut Chance, numbers: &mut Numbers) {
    const HOLDERS: [&str; 12] = [
        "template",
        "noscript",
        "svg:foreignObject",
        "svg:svg",
        "math",
        "table",
        "select",
        "object",
        "dialog",
        "iframe",
        "video",
        "x-shadow",
    ];
    const TAGS: [&str; 14] = [
        "script", "SCRIPT", "iframe", "object", "embed", "link", "style", "meta", "base", "image", "a", "form", "svg",
        "img",
    ];
    const NAMES: [&str; 16] = [
        "src",
        "href",
        "xlink:href",
        "srcset",
        "style",
        "onload",
        "onerror",
        "onfocus",
        "srcdoc",
        "action",
        "formaction",
        "data",
        "poster",
        "background",
        "ping",
        "is",
    ];
    if chance.below(4) == 0 {
        // Into something where other rules hold.
        let holder = *chance.pick(&HOLDERS);
        let inside = std::mem::take(made);
        made.push(element(holder, Map::new(), inside, numbers));
        if holder == "x-shadow" {
            made[0]["isShadowHost"] = json!(true);
            for child in made[0]["childNodes"].as_array_mut().into_iter().flatten() {
                child["isShadow"] = json!(true);
            }
        }
        return;
    }
    let mut elements: Vec<&mut Value> = Vec::new();
    let mut rest: Vec<&mut Value> = made.iter_mut().collect();
    while let Some(node) = rest.pop() {
        if node["type"] == 2 {
            // Either the node or what is in it is changed, never both at once.
            let has_kids = node["childNodes"].as_array().is_some_and(|kids| !kids.is_empty());
            if has_kids && chance.below(2) == 0 {
                rest.extend(node["childNodes"].as_array_mut().into_iter().flatten());
            } else {
                elements.push(node);
            }
        }
    }
    let count = elements.len();
    let Some(node) = elements.into_iter().nth(chance.below(count)) else { return };
    let names: Vec<String> = node["attributes"].as_object().into_iter().flat_map(|a| a.keys().cloned()).collect();
    let attribute = (!names.is_empty()).then(|| names[chance.below(names.len())].clone());
    let value = attribute.as_ref().and_then(|a| node["attributes"][a].as_str()).unwrap_or_default().to_owned();
    match (chance.below(9), attribute) {
        (0, _) => node["tagName"] = json!(chance.pick(&TAGS)),
        (1, _) => node["isSVG"] = json!(node["isSVG"] != true),
        (2, Some(attribute)) => {
            let other = *chance.pick(&NAMES);
            let value = if other.starts_with("on") { script(name) } else { value };
            node["attributes"][other] = json!(value);
            let _ = attribute;
        }
        (3, Some(attribute)) => {
            let upper: String = attribute
                .chars()
                .enumerate()
                .map(|(i, c)| if i % 2 == 0 { c.to_ascii_uppercase() } else { c })
                .collect();
            if let Some(attributes) = node["attributes"].as_object_mut() {
                attributes.remove(&attribute);
                attributes.insert(upper, json!(value));
            }
        }
        (4, Some(attribute)) => {
            let between = *chance.pick(&["\t", "\n", "\r", "\u{0}", "\u{1}", " ", "\u{a0}", "\u{feff}"]);
            let at = (1..value.len().min(6)).find(|i| value.is_char_boundary(*i) && chance.below(2) == 0).unwrap_or(0);
            node["attributes"][attribute] = json!(format!("{}{between}{}", &value[..at], &value[at..]));
        }
        (5, Some(attribute)) => {
            let respelt = match chance.below(5) {
                0 => value.replace("http:", ""),
                1 => value.replace("http://", "\\\\"),
                2 => value.replace("url(", "u\\72l("),
                3 => value.replace("http", "HtTp").replace("javascript", "JaVaScRiPt"),
                _ => value.replace("://", ":///").replace("url(", "url(\n"),
            };
            node["attributes"][attribute] = json!(respelt);
        }
        (6, _) => {
            let (turn, to) = *chance.pick(&TURNS);
            node["attributes"][turn] = json!(fill(to, name, base));
        }
        (7, _) => {
            let text = json!({"type": 3, "textContent": format!("</style></title></textarea><img src={base}/{name}/t onerror={}>", script(name)), "isStyle": true, "id": numbers.fresh()});
            if let Some(kids) = node["childNodes"].as_array_mut() {
                kids.push(text);
            }
        }
        _ => {
            let mut children = node["childNodes"].take();
            let inner = element(
                &format!("svg:{}", chance.pick(&["a", "image", "use", "style", "g"])),
                Map::new(),
                children.as_array_mut().map(std::mem::take).unwrap_or_default(),
                numbers,
            );
            node["childNodes"] = json!([inner]);
        }
    }
}

/// Names of everything in [`rrweb`] and [`clarity`]: attempts, and attributes that turn bad.
pub fn names() -> Vec<String> {
    let mut out: Vec<String> =
        attempts("http://127.0.0.1:1", &mut Numbers::default()).into_iter().map(|a| a.name).collect();
    for tag in TURNING {
        out.extend(TURNS.iter().map(|(attribute, _)| turned(tag, attribute)));
    }
    out
}

fn turned(tag: &str, attribute: &str) -> String {
    format!("turned-{}-{}", tag.replace(':', "-"), attribute.replace(':', "-"))
}

/// Text that must stay a text wherever the window shows it.
fn shown(base: &str, name: &str) -> String {
    format!("<img src={base}/{name} onerror=\"{}\"><script>{}</script>", script(name), script(name))
}

/// The skeleton of the page, with an element for each that turns bad: what both formats share.
fn skeleton(base: &str, numbers: &mut Numbers) -> (Vec<Value>, Vec<Turn>) {
    let mut body = nodes(
        "<h1 id=alive>Hostile</h1><div id=late></div><style id=sheet>h1{color:red}</style><video id=film></video><input id=field><canvas id=canvas></canvas>",
        numbers,
    );
    let mut turns = Vec::new();
    for tag in TURNING {
        let mut row = Vec::new();
        for (attribute, to) in TURNS {
            let name = turned(tag, attribute);
            let mut first = Map::new();
            match tag {
                "link" => drop(first.insert("rel".to_owned(), json!("stylesheet"))),
                "meta" => drop(first.insert("http-equiv".to_owned(), json!("refresh"))),
                "a" | "button" => drop(first.insert("id".to_owned(), json!("clickme"))),
                _ => {}
            }
            let mut all = first.clone();
            all.insert(attribute.to_owned(), json!(fill(to, &name, base)));
            let node = element(tag, first, Vec::new(), numbers);
            turns.push((node["id"].clone(), all));
            row.push(node);
        }
        body.push(element(if tag.starts_with("svg:") { "svg:svg" } else { "div" }, Map::new(), row, numbers));
    }
    (body, turns)
}

/// Every second attempt there from the start, all of them added at 2 s; attributes turn bad at 4 s, sheets, media, canvas
/// and whatever else an event can carry follow; texts for the window's own lists in between.
pub fn rrweb(base: &str) -> Value {
    let mut numbers = Numbers::default();
    let (mut body, turns) = skeleton(base, &mut numbers);
    let id = |name: &str| id_of(&body, name);
    let (late, sheet, film, field, canvas) = (id("late"), id("sheet"), id("film"), id("field"), id("canvas"));
    body.extend(attempts(base, &mut numbers).into_iter().step_by(2).flat_map(|attempt| attempt.nodes));
    let mut events = opening(body, &format!("{base}/landing"), &mut numbers);
    let mut at = |ms: i64, data: Value| events.push(json!({"type": 3, "timestamp": START + ms, "data": data}));
    let mut adds = Vec::new();
    for attempt in attempts(&format!("{base}/late"), &mut numbers) {
        for node in attempt.nodes {
            adds.extend(one_by_one(node, late.clone()));
        }
    }
    at(2000, json!({"source": 0, "texts": [], "attributes": [], "removes": [], "adds": adds}));
    let attributes: Vec<Value> = turns.iter().map(|(id, to)| json!({"id": id, "attributes": to})).collect();
    at(4000, json!({"source": 0, "texts": [], "removes": [], "adds": [], "attributes": attributes}));
    let rules = [
        format!("body{{background:url({base}/rule.png)}}"),
        format!("@import url({base}/rule.css);"),
        format!("@font-face{{font-family:x;src:url({base}/rule.woff2)}}"),
        format!("}}}}body{{background:url({base}/rule-2.png)"),
        format!("@\\69mport '{base}/rule-3.css'"),
    ];
    let listed: Vec<Value> = rules.iter().map(|rule| json!({"rule": rule, "index": 0})).collect();
    at(4500, json!({"source": 8, "id": sheet, "adds": listed}));
    at(4500, json!({"source": 8, "id": sheet, "replace": rules[0], "replaceSync": rules[4]}));
    at(
        4600,
        json!({"source": 13, "id": sheet, "index": [0], "set": {"property": "background", "value": format!("url({base}/declared.png)"), "priority": "important"}}),
    );
    at(4700, json!({"source": 15, "id": 1, "styleIds": [1], "styles": [{"styleId": 1, "rules": listed}]}));
    at(4800, json!({"source": 10, "family": "evil", "fontSource": format!("url({base}/font.woff2)"), "buffer": false}));
    at(
        4900,
        json!({"source": 7, "type": 0, "id": film, "currentTime": 1, "volume": 1, "muted": false, "playbackRate": 1}),
    );
    at(5000, json!({"source": 5, "id": field, "text": shown(base, "typed"), "isChecked": false}));
    let picture = json!({"rr_type": "HTMLImageElement", "src": format!("{base}/canvas.png")});
    at(
        5100,
        json!({"source": 9, "type": 0, "id": canvas, "commands": [{"property": "drawImage", "args": [picture, 0, 0]}, {"property": "constructor.constructor", "args": [script("canvas")]}]}),
    );
    at(5200, json!({"source": 2, "type": 2, "id": late, "x": 5, "y": 5}));
    at(
        LENGTH,
        json!({"source": 0, "texts": [], "removes": [], "adds": [], "attributes": [{"id": late, "attributes": {"data-done": "yes"}}]}),
    );
    let custom = json!({"tag": shown(base, "tag"), "payload": {"text": shown(base, "payload"), "message": shown(base, "message")}});
    events.push(json!({"type": 5, "timestamp": START + 5300, "data": custom}));
    let trace = [shown(base, "trace")];
    let console = json!({"level": "error", "payload": [shown(base, "console")], "trace": trace});
    events
        .push(json!({"type": 6, "timestamp": START + 5400, "data": {"plugin": "rrweb/console@1", "payload": console}}));
    let href = format!("javascript:{}//{}", script("address"), shown(base, "address"));
    events.push(json!({"type": 4, "timestamp": START + 5500, "data": {"href": href, "width": 1280, "height": 720}}));
    in_order(events)
}

/// The same page as one Clarity payload: bodies of strings with an equals sign instead of attributes.
pub fn clarity(base: &str) -> Value {
    let mut numbers = Numbers::default();
    // Ids 1 to 5 are the document, its type, HTML, HEAD and BODY.
    for _ in 0..5 {
        numbers.fresh();
    }
    let (mut body, turns) = skeleton(base, &mut numbers);
    let late = id_of(&body, "late");
    body.extend(attempts(base, &mut numbers).into_iter().step_by(2).flat_map(|attempt| attempt.nodes));
    let mut first = vec![json!(60), json!(5)];
    first.extend([
        json!(2),
        json!("*D"),
        json!("name=html"),
        json!("publicId="),
        json!("systemId=\"><script>x</script>"),
    ]);
    first.extend([
        json!(3),
        json!(1),
        json!(2),
        json!("HTML"),
        json!(4),
        json!(3),
        json!("HEAD"),
        json!(format!("*B={base}/page/")),
    ]);
    first.extend([json!(5), json!(3), json!(4), json!("BODY")]);
    let mut tags = std::collections::HashMap::new();
    tokens(&body, &json!(5), &mut first, &mut tags);
    let mut added = vec![json!(2000), json!(6)];
    let more: Vec<Value> = attempts(&format!("{base}/late"), &mut numbers).into_iter().flat_map(|a| a.nodes).collect();
    tokens(&more, &late, &mut added, &mut tags);
    let mut turned = vec![json!(4000), json!(6)];
    for (id, attributes) in &turns {
        if let Some((parent, previous, tag)) = tags.get(&id.as_u64()) {
            turned.extend([id.clone(), parent.clone()]);
            turned.extend(previous.clone());
            turned.push(json!(tag));
            turned.extend(attributes.iter().map(|(k, v)| json!(format!("{k}={}", v.as_str().unwrap_or_default()))));
        }
    }
    let url = format!("{base}/landing");
    let text = shown(base, "clarity");
    json!({
        "e": ["0.8.70", 1, 0, LENGTH, "hostile", "user1", "session1", 1, 0, 1, 0, url],
        "a": [
            [50, 11, 1280, 720], [50, 8, 1280, 4000], [50, 28, 1],
            [100, 0, 0, START],
            [100, 1, 1, [url], 2, [format!("javascript:{}", script("referrer"))], 3, [text]],
            [4200, 9, 60, 10, 10, 0, 0, 0, 1, 0, text, null, "hash", 0, 1, 0, 0],
            [4300, 24, text], [4400, 33, 0, text, text, 1, 2, "stack"],
            [LENGTH, 10, 60, 0, 10],
        ],
        "p": [first, added, turned],
    })
}

/// Ids, parents, names and strings of nodes as Clarity lists them, parents first. Remembers where elements stand.
fn tokens(
    made: &[Value],
    parent: &Value,
    out: &mut Vec<Value>,
    tags: &mut std::collections::HashMap<Option<u64>, (Value, Option<Value>, String)>,
) {
    let mut rest: Vec<(&Value, Value, Option<Value>)> = Vec::new();
    let row = |list: &[Value]| -> Vec<Option<Value>> {
        (0..list.len()).map(|i| i.checked_sub(1).map(|before| list[before]["id"].clone())).collect()
    };
    for (node, previous) in made.iter().zip(row(made)).rev() {
        rest.push((node, parent.clone(), previous));
    }
    while let Some((node, parent, previous)) = rest.pop() {
        let id = node["id"].clone();
        out.extend([id.clone(), parent.clone()]);
        out.extend(previous.clone());
        if node["type"] == 3 {
            out.extend([json!("*T"), node["textContent"].clone()]);
            continue;
        }
        let name = node["tagName"].as_str().unwrap_or_default();
        let tag = match node["isSVG"] == true {
            true => format!("svg:{name}"),
            false => name.to_uppercase(),
        };
        tags.insert(id.as_u64(), (parent, previous, tag.clone()));
        out.push(json!(tag));
        for (key, value) in node["attributes"].as_object().into_iter().flatten() {
            out.push(json!(format!("{key}={}", value.as_str().unwrap_or_default())));
        }
        let kids = node["childNodes"].as_array().cloned().unwrap_or_default();
        if name.eq_ignore_ascii_case("style") {
            let own = kids.first().and_then(|text| text["textContent"].as_str());
            out.push(json!(own.or(node["attributes"]["_cssText"].as_str()).unwrap_or_default()));
            continue;
        }
        let kids = node["childNodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (kid, previous) in kids.iter().zip(row(kids)).rev() {
            rest.push((kid, id.clone(), previous));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_many_and_the_same_in_every_run() {
        let names = names();
        let different: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(names.len(), different.len(), "two attempts share a name");
        assert!(names.len() > 600, "{}", names.len());
        for make in [rrweb, clarity] {
            assert_eq!(make("http://127.0.0.1:9").to_string(), make("http://127.0.0.1:9").to_string());
        }
        let mut seen = std::collections::BTreeSet::new();
        for attempt in
            attempts("http://127.0.0.1:9", &mut Numbers::default()).iter().filter(|a| a.name.starts_with("mutant"))
        {
            let text = json!(attempt.nodes).to_string().replace(&attempt.name, "x");
            seen.insert(text);
        }
        assert!(seen.len() > MUTANTS * 9 / 10, "mutants are alike: {}", seen.len());
    }
}
