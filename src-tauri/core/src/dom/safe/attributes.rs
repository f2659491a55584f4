//! Elements one by one: what they become, and which attributes they keep.
//!
//! The trap is the attribute that is harmless on this element and not on another. Decisions here are made so
//! that an attribute which comes out is harmless on every element: `href` is a fragment, a cached file or
//! [`urls::NOWHERE`], `src` a cached file or a picture, and nothing that names an address is copied.

use std::collections::HashSet;

use super::urls::{self, Found, Place};
use super::{Context, Fate, Shown, css, names};
use crate::event::{Attr, Namespace, Str};

/// An element that shows nothing, holds nothing, and may stand wherever a script may.
const INERT: &str = "template";

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Plain,
    /// Replaced by [`INERT`].
    Inert,
    Link,
    Style,
    Meta,
    Anchor,
    Form,
    Image,
    Media,
    /// `<source>`, `<track>`.
    MediaPart,
    Input,
    Frame,
    /// What a plug-in would have drawn.
    Plugin,
    Dialog,
    Template,
    /// In SVG: shows a picture, or uses a part of another document.
    SvgImage,
    SvgUse,
    SvgAnimation,
    Svg,
    MathMl,
}

/// Name and part of an element in the frame; `None` for what no browser draws.
fn part(ns: Namespace, tag: &str, attrs: &[Attr]) -> Option<(Str, Role)> {
    let (tag, role): (Str, Role) = match ns {
        Namespace::Html => {
            let lower = tag.to_ascii_lowercase();
            if !names::is_tag(&lower) {
                ("dwell-unknown".into(), Role::Plain)
            } else {
                let (name, role) = html_role(&lower);
                (name.unwrap_or(&lower).into(), role)
            }
        }
        Namespace::Svg => {
            let name = names::svg(tag)?;
            let role = match name {
                "style" => Role::Style,
                "a" => Role::Anchor,
                "image" | "feImage" => Role::SvgImage,
                "use" => Role::SvgUse,
                "animate" | "animateMotion" | "animateTransform" | "set" => Role::SvgAnimation,
                _ => Role::Svg,
            };
            (name.into(), role)
        }
        Namespace::MathMl => (names::mathml(tag)?.into(), Role::MathMl),
    };
    if role == Role::SvgAnimation && changes_address(attrs) {
        return None;
    }
    Some((tag, role))
}

fn sends_children(role: Role, tag: &str) -> bool {
    !matches!(role, Role::Inert | Role::Link | Role::Style | Role::Frame | Role::Template | Role::Plugin)
        && tag != "canvas"
}

pub(super) fn fate(ns: Namespace, tag: &str, attrs: &[Attr]) -> Fate {
    match part(ns, tag, attrs) {
        None => Fate::Hidden,
        Some((tag, role)) if sends_children(role, &tag) => Fate::Whole,
        Some(_) => Fate::Leaf,
    }
}

/// Elements that ask for something by themselves, and attributes that hold addresses or CSS values on any.
pub(super) fn may_ask(ns: Namespace, tag: &str, attrs: &[Attr]) -> bool {
    const TAGS: &[&str] = &[
        "link", "style", "img", "image", "feimage", "use", "video", "audio", "source", "track", "input", "iframe",
        "object", "embed", "picture",
    ];
    TAGS.iter().any(|t| tag.eq_ignore_ascii_case(t))
        || attrs.iter().any(|a| {
            let lower = a.name.to_ascii_lowercase();
            lower == "background"
                || lower.starts_with("dwell:")
                || ((lower == "style" || ns != Namespace::Html || is_presentation(&lower))
                    && a.value.contains(['(', '\\']))
        })
}

pub(super) fn element(ns: Namespace, tag: &str, attrs: &[Attr], own_css: Option<&str>, cx: &Context) -> Shown {
    let Some((tag, role)) = part(ns, tag, attrs) else { return Shown::Hidden };
    if role == Role::Inert {
        let attrs = vec![attr("style", "display:none!important")];
        return Shown::Element { ns, tag: INERT.into(), attrs, sheet: None, children: false };
    }

    let mut missing = Vec::new();
    if role == Role::Link {
        return link(attrs, own_css, cx);
    }
    let mut out = Writer::new(ns, role, cx);
    out.attributes(attrs);
    let sheet = (role == Role::Style).then(|| {
        let text = css::sheet(own_css.unwrap_or(""), cx.base.as_ref(), cx, &mut missing);
        Str::from(text)
    });
    let children = sends_children(role, &tag);
    Shown::Element { ns, tag, attrs: out.finish(), sheet, children }
}

/// The name an element goes by in the frame when it cannot keep its own, and how it is treated.
fn html_role(tag: &str) -> (Option<&'static str>, Role) {
    match tag {
        "script" | "base" | "basefont" | "noscript" | "noembed" | "noframes" | "param" | "frame" | "bgsound"
        | "isindex" | "keygen" | "nextid" | "command" => (None, Role::Inert),
        // Everything after these would be read as text.
        "plaintext" | "xmp" | "listing" => (Some("pre"), Role::Plain),
        "frameset" => (Some("div"), Role::Plain),
        // Elements of these names change namespace, or name, when they are parsed, or do something in SVG, should a
        // parser ever be there.
        "svg" | "math" | "image" | "mglyph" | "malignmark" | "annotation-xml" | "set" | "animate" | "animatemotion"
        | "animatetransform" | "animatecolor" | "use" | "feimage" | "handler" | "listener" | "foreignobject" => {
            (Some("dwell-unknown"), Role::Plain)
        }
        "object" => (Some("dwell-object"), Role::Plugin),
        "embed" => (Some("dwell-embed"), Role::Plugin),
        "applet" => (Some("dwell-applet"), Role::Plugin),
        "portal" => (Some("dwell-portal"), Role::Plugin),
        "fencedframe" => (Some("dwell-fencedframe"), Role::Plugin),
        "webview" => (Some("dwell-webview"), Role::Plugin),
        "model" => (Some("dwell-model"), Role::Plugin),
        "link" => (None, Role::Link),
        "style" => (None, Role::Style),
        "meta" => (None, Role::Meta),
        "a" | "area" => (None, Role::Anchor),
        "form" => (None, Role::Form),
        "img" => (None, Role::Image),
        "video" | "audio" => (None, Role::Media),
        "source" | "track" => (None, Role::MediaPart),
        "input" => (None, Role::Input),
        "iframe" => (None, Role::Frame),
        "dialog" => (None, Role::Dialog),
        "template" => (None, Role::Template),
        _ => (None, Role::Plain),
    }
}

fn attr(name: &str, value: &str) -> Attr {
    Attr { name: name.into(), value: value.into() }
}

fn lookup<'a>(attrs: &'a [Attr], name: &str) -> Option<&'a str> {
    attrs.iter().find(|a| a.name.eq_ignore_ascii_case(name)).map(|a| &*a.value)
}

/// An animation of an address or of a handler sets what no attribute may hold.
fn changes_address(attrs: &[Attr]) -> bool {
    attrs.iter().filter(|a| a.name.eq_ignore_ascii_case("attributename")).any(|a| {
        let name = urls::clean(&a.value).to_ascii_lowercase();
        let name = name.trim();
        name.contains("href") || name.contains(':') || name.starts_with("on") || is_address(name) || name == "style"
    })
}

/// Attributes that name an address, run something, or say who may; none is ever copied.
fn is_address(lower: &str) -> bool {
    matches!(
        lower,
        "src"
            | "href"
            | "srcset"
            | "srcdoc"
            | "data"
            | "action"
            | "formaction"
            | "formmethod"
            | "formtarget"
            | "formenctype"
            | "enctype"
            | "method"
            | "target"
            | "ping"
            | "download"
            | "poster"
            | "background"
            | "cite"
            | "longdesc"
            | "profile"
            | "manifest"
            | "archive"
            | "classid"
            | "code"
            | "codebase"
            | "codetype"
            | "object"
            | "icon"
            | "lowsrc"
            | "dynsrc"
            | "base"
            | "imagesrcset"
            | "imagesizes"
            | "attributionsrc"
            | "nonce"
            | "integrity"
            | "crossorigin"
            | "referrerpolicy"
            | "fetchpriority"
            | "blocking"
            | "as"
            | "is"
            | "autofocus"
            | "autoplay"
            | "preload"
            | "loading"
            | "http-equiv"
            | "charset"
            | "accept-charset"
            | "sandbox"
            | "allow"
            | "allowfullscreen"
            | "allowpaymentrequest"
            | "allowtransparency"
            | "credentialless"
            | "csp"
            | "policy"
            | "privatetoken"
            | "browsingtopics"
            | "adauctionheaders"
            | "sharedstoragewritable"
            | "shadowroot"
            | "autocomplete"
            | "accesskey"
            | "xmlns"
            | "definitionurl"
            | "altimg"
            | "handler"
            | "encoding"
            | "event"
    )
}

/// Attributes that SVG reads as CSS values; on other elements they are nothing, and stay harmless if that changes.
fn is_presentation(lower: &str) -> bool {
    matches!(
        lower,
        "fill"
            | "stroke"
            | "filter"
            | "mask"
            | "clip-path"
            | "cursor"
            | "marker"
            | "marker-start"
            | "marker-mid"
            | "marker-end"
            | "color-profile"
            | "from"
            | "to"
            | "by"
            | "values"
    )
}

/// `<link>`: a style sheet becomes a `<style>` with its text, everything else an element that does nothing.
fn link(attrs: &[Attr], own_css: Option<&str>, cx: &Context) -> Shown {
    let rel = lookup(attrs, "rel").unwrap_or("").to_ascii_lowercase();
    let has = |word: &str| rel.split_ascii_whitespace().any(|w| w == word);
    let href = lookup(attrs, "href");
    let kind = lookup(attrs, "type").unwrap_or("").trim().to_ascii_lowercase();
    // Recorders that put the rules into the recording drop `rel` and `href`.
    let is_sheet = (has("stylesheet") || (own_css.is_some() && rel.is_empty()))
        && (kind.is_empty() || kind == "text/css")
        && lookup(attrs, "disabled").is_none();
    let applies = is_sheet && !(has("alternate") && has("stylesheet"));
    let mut missing = Vec::new();
    let url = href.and_then(|h| urls::resolve(&urls::clean(h), cx.base.as_ref()));
    let mut lost = None;
    let text = match own_css {
        _ if !applies => None,
        Some(own) => Some(css::listed(own, url.as_ref().or(cx.base.as_ref()), cx, &mut missing)),
        None => match href.map(|h| urls::sheet(h, cx.base.as_ref(), cx)) {
            Some(urls::Imported::Text { text, url }) => Some(css::sheet(&text, url.as_ref(), cx, &mut missing)),
            Some(urls::Imported::Missing(url)) => {
                lost = Some(url);
                None
            }
            _ => None,
        },
    };
    let kept: Vec<Attr> = attrs
        .iter()
        .filter(|a| !matches!(&*a.name.to_ascii_lowercase(), "rel" | "href" | "type" | "disabled" | "sizes" | "color"))
        .cloned()
        .collect();
    let mut out = Writer::new(Namespace::Html, Role::Link, cx);
    out.attributes(&kept);
    if let Some(url) = lost {
        out.put("dwell-missing-href", &url);
    }
    let tag = if text.is_some() { "style" } else { "link" };
    Shown::Element {
        ns: Namespace::Html,
        tag: tag.into(),
        attrs: out.finish(),
        sheet: text.map(Str::from),
        children: false,
    }
}

/// What a decoder knew about an element beyond its attributes.
#[derive(Default)]
struct Hints<'a> {
    width: Option<f64>,
    height: Option<f64>,
    source: Option<&'a str>,
    blocked: bool,
}

impl<'a> Hints<'a> {
    fn read(attrs: &'a [Attr]) -> Self {
        let mut hints = Hints::default();
        for a in attrs {
            let length = || {
                let value = a.value.trim().trim_end_matches("px").trim();
                value.parse::<f64>().ok().filter(|v| v.is_finite() && (0.0..=1_000_000.0).contains(v))
            };
            match a.name.strip_prefix("dwell:") {
                Some("width") => hints.width = length(),
                Some("height") => hints.height = length(),
                Some("src") => hints.source = Some(&a.value),
                Some("blocked") => hints.blocked = true,
                _ => {}
            }
        }
        hints
    }
}

struct Writer<'w, 'c> {
    ns: Namespace,
    role: Role,
    cx: &'w Context<'c>,
    attrs: Vec<Attr>,
    seen: HashSet<Str>,
}

impl<'w, 'c> Writer<'w, 'c> {
    fn new(ns: Namespace, role: Role, cx: &'w Context<'c>) -> Self {
        Writer { ns, role, cx, attrs: Vec::new(), seen: HashSet::new() }
    }

    fn put(&mut self, name: &str, value: &str) {
        self.put_shared(&name.into(), &value.into());
    }

    /// The first attribute of a name counts, as in the parser.
    fn put_shared(&mut self, name: &Str, value: &Str) {
        if self.seen.insert(name.clone()) {
            self.attrs.push(Attr { name: name.clone(), value: value.clone() });
        }
    }

    fn original(&mut self, name: &str, value: &str) {
        let short = match value.get(..5) {
            // Enough for `[src^="data:image/png"]`.
            Some(scheme) if scheme.eq_ignore_ascii_case("data:") => value.chars().take(64).collect(),
            _ => urls::original(value),
        };
        self.put(name, &short);
    }

    fn attributes(&mut self, attrs: &[Attr]) {
        let hints = Hints::read(attrs);
        let mut style = None;
        let mut address: Option<&str> = None;
        let mut met = HashSet::new();
        for a in attrs {
            let html_name;
            let mut name = &a.name;
            if self.ns == Namespace::Html && name.bytes().any(|b| b.is_ascii_uppercase()) {
                html_name = Str::from(name.to_ascii_lowercase());
                name = &html_name;
            }
            let lower = name.to_ascii_lowercase();
            if lower.starts_with("dwell") || lower.starts_with("data-dwell") || !names::is_attribute(name) {
                continue;
            }
            if !met.insert(lower.clone()) {
                continue;
            }
            if lower.starts_with("on") {
                if lower == "onclick" {
                    self.put("data-dwell-onclick", "");
                }
                continue;
            }
            if let Some(local) = lower.strip_prefix("xlink:") {
                if local == "href" {
                    address = address.or(Some(&a.value));
                }
                continue;
            }
            if ["xml:", "xmlns:", "ev:", "shadowroot"].iter().any(|start| lower.starts_with(start)) {
                continue;
            }
            match &*lower {
                "href" => address = Some(&a.value),
                "src" | "srcset" | "poster" | "background" => self.source(&lower, &a.value, &hints, attrs),
                "data" if self.role == Role::Plugin => self.source("src", &a.value, &hints, attrs),
                "action" => self.original("data-dwell-action", &a.value),
                "method" => self.original("data-dwell-method", &a.value),
                "target" => self.original("data-dwell-target", &a.value),
                "download" => self.original("data-dwell-download", &a.value),
                "autoplay" => self.put("data-dwell-autoplay", ""),
                "is" => self.original("data-dwell-is", &a.value),
                _ if is_address(&lower) => {}
                "style" => style = style.or(Some(&*a.value)),
                "media" => {
                    let media = css::media(&a.value, self.cx);
                    self.put("media", &media);
                }
                "usemap" => {
                    if a.value.starts_with('#') {
                        self.put_shared(name, &a.value);
                    }
                }
                // Named elements of these kinds shadow the members of `document`.
                "name" if matches!(self.role, Role::Image | Role::Form | Role::Frame | Role::Plugin) => {}
                "name" if self.role == Role::Anchor => {}
                "open" if self.role == Role::Dialog => {}
                "content" if self.role == Role::Meta && !describes(attrs) => {}
                "width" | "height" if self.role == Role::Plugin => {}
                _ if (self.ns == Namespace::Svg || is_presentation(&lower))
                    && a.value.contains(['(', '\\'])
                    && !lower.starts_with("data-") =>
                {
                    let value = css::value(&a.value, self.cx, &mut Vec::new());
                    self.put(name, &value);
                }
                _ => self.put_shared(name, &a.value),
            }
        }
        if let Some(href) = address {
            self.href(href);
        }
        self.finish_role(attrs, &hints, style);
    }

    fn href(&mut self, raw: &str) {
        match self.role {
            Role::Link => return,
            Role::Anchor => self.put("href", urls::NOWHERE),
            Role::SvgImage | Role::SvgUse | Role::SvgAnimation | Role::Svg => {
                if let Some(url) = self.svg_reference(raw) {
                    self.put("href", &url);
                } else if matches!(self.role, Role::SvgImage | Role::SvgUse) {
                    let place = Place::Picture;
                    if let Found::Missing(url) = urls::find(raw, self.cx.base.as_ref(), place, self.cx) {
                        self.put("dwell-missing", "");
                        self.put("dwell-missing-href", &url);
                    }
                }
            }
            _ => {}
        }
        self.original("data-dwell-href", raw);
    }

    /// A part of this document; for pictures and `<use>` also a cached file.
    fn svg_reference(&self, raw: &str) -> Option<String> {
        let place = if self.role == Role::SvgImage { Place::Picture } else { Place::Media };
        let url = urls::clean(raw);
        if url.starts_with('#') {
            return Some(url);
        }
        if let (Some(absolute), Some(base)) = (urls::resolve(&url, self.cx.base.as_ref()), &self.cx.base)
            && let Some(fragment) = absolute.fragment()
            && urls::same_document(&absolute, base)
        {
            return Some(format!("#{fragment}"));
        }
        match self.role {
            Role::SvgImage | Role::SvgUse => match urls::find(raw, self.cx.base.as_ref(), place, self.cx) {
                Found::Kept(url) => Some(url),
                _ => None,
            },
            _ => None,
        }
    }

    /// `src` and its kin, each by the kind of element.
    fn source(&mut self, name: &str, raw: &str, hints: &Hints, attrs: &[Attr]) {
        let image_input =
            self.role == Role::Input && lookup(attrs, "type").is_some_and(|t| t.trim().eq_ignore_ascii_case("image"));
        let place = match (name, self.role) {
            ("src", Role::Image) => Some(Place::Picture),
            ("src", Role::Input) if image_input => Some(Place::Picture),
            ("src", Role::Media | Role::MediaPart) => Some(Place::Media),
            ("srcset", Role::Image | Role::MediaPart) => Some(Place::Picture),
            ("poster", Role::Media) => Some(Place::Picture),
            ("background", Role::Plain) => Some(Place::Picture),
            _ => None,
        };
        match name {
            "src" => self.original("data-dwell-src", raw),
            "srcset" => self.original("data-dwell-srcset", raw),
            _ => {}
        }
        // A picture that came with the recording is what the visitor saw.
        if hints.source.is_some() && matches!(name, "src" | "srcset") && self.role == Role::Image {
            return;
        }
        let missing_name = match name {
            "src" => "dwell-missing-src",
            "srcset" => "dwell-missing-srcset",
            "poster" => "dwell-missing-poster",
            _ => "dwell-missing-background",
        };
        let Some(place) = place else {
            if matches!(self.role, Role::Frame | Role::Plugin) && name == "src" {
                let url = urls::clean(raw);
                if matches!(urls::scheme(&url).as_deref(), None | Some("http" | "https")) && !url.is_empty() {
                    let absolute = urls::resolve(&url, self.cx.base.as_ref());
                    self.put(missing_name, &urls::original(absolute.as_ref().map_or(&url, |u| u.as_str())));
                }
            }
            return;
        };
        if name == "srcset" {
            let (kept, missing) = urls::srcset(raw, self.cx);
            if !kept.is_empty() {
                self.put("srcset", &kept);
            } else if let Some(url) = missing {
                self.put(missing_name, &url);
            }
            return;
        }
        match urls::find(raw, self.cx.base.as_ref(), place, self.cx) {
            Found::Kept(url) => self.put(name, &url),
            Found::Missing(url) => self.put(missing_name, &url),
            Found::Nothing => {}
        }
    }

    /// What the element must or may carry besides its own attributes.
    fn finish_role(&mut self, attrs: &[Attr], hints: &Hints, style: Option<&str>) {
        if self.role == Role::Image
            && let Some(source) = hints.source
            && let Found::Kept(url) = urls::find(source, self.cx.base.as_ref(), Place::Picture, self.cx)
        {
            self.put("src", &url);
        }
        match self.role {
            Role::Form => self.put("method", "dialog"),
            Role::Frame => {
                self.put("sandbox", "allow-same-origin");
                // rrweb keeps the address of a frame that it could not read apart.
                if let Some(source) = hints.source {
                    self.source("src", source, hints, attrs);
                }
            }
            Role::Image | Role::Input | Role::Media => {
                let has = |name: &str| self.seen.contains(name);
                let shown = has("src") || has("srcset") || has("poster");
                let wanted = has("dwell-missing-src") || has("dwell-missing-srcset") || has("dwell-missing-poster");
                if !shown && wanted {
                    self.put("dwell-missing", "");
                } else if !shown && self.role == Role::Image && hints.width.is_some() && !hints.blocked {
                    self.put("dwell-masked", "");
                }
            }
            _ => {}
        }
        if hints.blocked {
            self.put("dwell-blocked", "");
        }
        let mut text = style.map(|s| css::declarations(s, self.cx, &mut Vec::new())).unwrap_or_default();
        let mut declare = |name: &str, value: String| {
            let end = text.trim_end();
            if !end.is_empty() && !end.ends_with(';') {
                text.push(';');
            }
            text.push_str(&format!("{name}:{value}"));
        };
        if hints.width.is_some() || hints.height.is_some() {
            declare("box-sizing", "border-box".into());
            for (name, value) in [("width", hints.width), ("height", hints.height)] {
                if let Some(value) = value {
                    declare(name, format!("{value}px"));
                }
            }
        } else if self.role == Role::Plugin {
            // Under its new name the element would not take its size from its attributes.
            declare("display", "inline-block".into());
            for name in ["width", "height"] {
                if let Some(value) = lookup(attrs, name).and_then(dimension) {
                    declare(name, value);
                }
            }
        }
        if style.is_some() || !text.is_empty() {
            self.put("style", &text);
        }
    }

    fn finish(self) -> Vec<Attr> {
        self.attrs
    }
}

/// A `width` or `height` attribute as CSS.
fn dimension(value: &str) -> Option<String> {
    let value = value.trim();
    let (number, unit) = match value.strip_suffix('%') {
        Some(number) => (number, "%"),
        None => (value.strip_suffix("px").unwrap_or(value), "px"),
    };
    number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0).map(|n| format!("{n}{unit}"))
}

/// Whether a `<meta>` only says something about the page.
fn describes(attrs: &[Attr]) -> bool {
    const NAMES: [&str; 9] = [
        "viewport",
        "color-scheme",
        "supported-color-schemes",
        "theme-color",
        "description",
        "author",
        "keywords",
        "generator",
        "application-name",
    ];
    lookup(attrs, "http-equiv").is_none()
        && lookup(attrs, "name").is_some_and(|n| NAMES.iter().any(|k| n.trim().eq_ignore_ascii_case(k)))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::{Asset, Assets, Context, Shown, element};
    use crate::event::{Attr, Namespace, Str};

    /// Holds `a.png` and `a.css` of one host.
    struct Few;
    impl Assets for Few {
        fn find(&self, url: &str) -> Option<Asset> {
            let hash = match url.split('#').next()? {
                "https://shop.test/a.png" => "abc1",
                "https://shop.test/a.css" => "abc2",
                _ => return None,
            };
            Some(Asset { hash: hash.into(), content_type: "x/y".into() })
        }
        fn text(&self, hash: &str) -> Option<Str> {
            (hash == "abc2").then(|| ".a:hover{background:url(a.png)}".into())
        }
    }

    /// `tag name=value …` as the sanitiser leaves it, attributes in order; `svg:` and `math:` set the namespace.
    fn shown(tag: &str, attrs: &[(&str, &str)]) -> String {
        let cx = Context { base: Url::parse("https://shop.test/p/").ok(), assets: &Few };
        let (ns, tag) = match tag.split_once(':') {
            Some(("svg", tag)) => (Namespace::Svg, tag),
            Some(("math", tag)) => (Namespace::MathMl, tag),
            _ => (Namespace::Html, tag),
        };
        let attrs: Vec<Attr> = attrs.iter().map(|(n, v)| Attr { name: (*n).into(), value: (*v).into() }).collect();
        match element(ns, tag, &attrs, None, &cx) {
            Shown::Hidden => "hidden".into(),
            Shown::Element { tag, attrs, sheet, children, .. } => {
                let mut out = tag.to_string();
                for a in attrs {
                    out.push_str(&format!(" {}={}", a.name, a.value));
                }
                if let Some(sheet) = sheet {
                    out.push_str(&format!(" {{{sheet}}}"));
                }
                if !children {
                    out.push_str(" /");
                }
                out
            }
        }
    }

    #[track_caller]
    fn is(tag: &str, attrs: &[(&str, &str)], expected: &str) {
        assert_eq!(shown(tag, attrs), expected, "for {tag} {attrs:?}");
    }

    const INERT: &str = "template style=display:none!important /";

    #[test]
    fn elements_that_only_do_harm_leave_an_empty_place() {
        for tag in
            ["script", "SCRIPT", "base", "noscript", "param", "frame", "noembed", "noframes", "bgsound", "isindex"]
        {
            is(tag, &[("src", "/x"), ("href", "/y"), ("class", "c")], INERT);
        }
        for tag in [
            "svg:script",
            "svg:SCRIPT",
            "svg:handler",
            "svg:iframe",
            "svg:xmp",
            "math:annotation-xml",
            "math:style",
            "math:mglyph",
        ] {
            is(tag, &[], "hidden");
        }
        is("a b", &[], "dwell-unknown");
        is("img/onerror=x", &[], "dwell-unknown");
        is("svg", &[], "dwell-unknown");
        is("plaintext", &[], "pre");
        is(
            "object",
            &[("data", "/x"), ("width", "30"), ("height", "50%")],
            "dwell-object data-dwell-src=/x dwell-missing-src=https://shop.test/x style=display:inline-block;width:30px;height:50% /",
        );
        is("template", &[("shadowrootmode", "open"), ("class", "t")], "template class=t /");
        is("svg:lineargradient", &[], "linearGradient");
    }

    #[test]
    fn pictures_are_cached_or_missing() {
        is("img", &[("src", "/a.png")], "img data-dwell-src=/a.png src=replay-asset://localhost/abc1");
        is(
            "img",
            &[("SRC", " \n//shop.test/a.png\t")],
            "img data-dwell-src= \n//shop.test/a.png\t src=replay-asset://localhost/abc1",
        );
        is(
            "img",
            &[("src", "b.png"), ("alt", "x")],
            "img data-dwell-src=b.png dwell-missing-src=https://shop.test/p/b.png alt=x dwell-missing=",
        );
        is(
            "img",
            &[("src", "data:image/png;base64,AA")],
            "img data-dwell-src=data:image/png;base64,AA src=data:image/png;base64,AA",
        );
        for bad in [
            "javascript:x",
            "data:text/html,x",
            "data:image/p ng,x",
            "blob:https://shop.test/1",
            "about:blank",
            "data:x",
            "",
        ] {
            let out = shown("img", &[("src", bad)]);
            assert!(!out.contains(" src="), "{out}");
            assert!(!out.contains("dwell-missing"), "{out}");
        }
        is(
            "img",
            &[("srcset", "b.png 1x, /a.png 2x,c.png 3x")],
            "img data-dwell-srcset=b.png 1x, /a.png 2x,c.png 3x srcset=replay-asset://localhost/abc1 2x",
        );
        is(
            "source",
            &[("srcset", "b.png"), ("media", "(max-device-width:9px)")],
            "source data-dwell-srcset=b.png dwell-missing-srcset=https://shop.test/p/b.png media=(max-width:9px)",
        );
        is(
            "video",
            &[("poster", "/a.png"), ("src", "x.mp4"), ("autoplay", ""), ("controls", "")],
            "video poster=replay-asset://localhost/abc1 data-dwell-src=x.mp4 dwell-missing-src=https://shop.test/p/x.mp4 data-dwell-autoplay= controls=",
        );
        is("table", &[("background", "/a.png")], "table background=replay-asset://localhost/abc1");
        is("div", &[("src", "/a.png")], "div data-dwell-src=/a.png");
        is(
            "input",
            &[("type", "image"), ("src", "/a.png")],
            "input type=image data-dwell-src=/a.png src=replay-asset://localhost/abc1",
        );
        is("input", &[("src", "/a.png")], "input data-dwell-src=/a.png");
        is("svg:image", &[("xlink:href", "/a.png")], "image href=replay-asset://localhost/abc1 data-dwell-href=/a.png");
        is(
            "svg:image",
            &[("href", "b.png")],
            "image dwell-missing= dwell-missing-href=https://shop.test/p/b.png data-dwell-href=b.png",
        );
        is("svg:use", &[("href", "#i")], "use href=#i data-dwell-href=#i");
        is("svg:use", &[("href", "https://shop.test/p/#i")], "use href=#i data-dwell-href=https://shop.test/p/#i");
        is("svg:use", &[("href", "data:image/svg+xml,<svg/>#i")], "use data-dwell-href=data:image/svg+xml,<svg/>#i");
        is("svg:linearGradient", &[("href", "x.svg#g")], "linearGradient data-dwell-href=x.svg#g");
        is(
            "svg:rect",
            &[("fill", "url(x.svg#g)"), ("mask", "url(#m)")],
            "rect fill=url(\"about:invalid\") mask=url(\"#m\")",
        );
        is("svg:set", &[("attributeName", "xlink:HREF"), ("to", "x")], "hidden");
        is("svg:set", &[("attributeName", "onclick"), ("to", "x")], "hidden");
        is(
            "svg:set",
            &[("attributeName", "fill"), ("to", "url(http://l)")],
            "set attributeName=fill to=url(\"about:invalid\")",
        );
    }

    #[test]
    fn hints_of_decoders() {
        is(
            "img",
            &[("src", ""), ("dwell:width", "20.5"), ("dwell:height", "7px"), ("style", "color:red")],
            "img data-dwell-src= dwell-masked= style=color:red;box-sizing:border-box;width:20.5px;height:7px",
        );
        is(
            "img",
            &[("src", "/a.png"), ("dwell:src", "data:image/png,x")],
            "img data-dwell-src=/a.png src=data:image/png,x",
        );
        is("img", &[("dwell:src", "http://leak.test/x")], "img");
        is(
            "div",
            &[("class", "b"), ("dwell:width", "1"), ("dwell:height", "2"), ("dwell:blocked", "")],
            "div class=b dwell-blocked= style=box-sizing:border-box;width:1px;height:2px",
        );
        is("div", &[("dwell:width", "1px;x:url(http://l)"), ("dwell:base", "x")], "div");
        is(
            "div",
            &[("dwell-hover", ""), ("data-dwell-href", "x"), ("dwell-missing-src", "x"), ("DWELL-focus", "")],
            "div",
        );
    }

    #[test]
    fn links_and_forms_lead_nowhere() {
        is(
            "a",
            &[
                ("href", "/x"),
                ("target", "_top"),
                ("ping", "/p"),
                ("download", "f"),
                ("rel", "noopener"),
                ("name", "body"),
            ],
            "a data-dwell-target=_top data-dwell-download=f rel=noopener href=blob:null data-dwell-href=/x",
        );
        is("a", &[("href", "java\tscript:x")], "a href=blob:null data-dwell-href=java\tscript:x");
        is("a", &[("title", "t")], "a title=t");
        is("svg:a", &[("xlink:href", "javascript:x")], "a href=blob:null data-dwell-href=javascript:x");
        is("math:mi", &[("href", "javascript:x")], "mi data-dwell-href=javascript:x");
        is(
            "form",
            &[("action", "/x"), ("method", "post"), ("target", "t"), ("name", "createElement"), ("enctype", "x")],
            "form data-dwell-action=/x data-dwell-method=post data-dwell-target=t method=dialog",
        );
        is("form", &[], "form method=dialog");
        is(
            "button",
            &[("formaction", "javascript:x"), ("formmethod", "get"), ("type", "submit"), ("onclick", "x")],
            "button type=submit data-dwell-onclick=",
        );
        is(
            "iframe",
            &[
                ("src", "https://x.test/"),
                ("srcdoc", "<p>"),
                ("allow", "*"),
                ("sandbox", "allow-scripts"),
                ("name", "n"),
                ("width", "3"),
            ],
            "iframe data-dwell-src=https://x.test/ dwell-missing-src=https://x.test/ width=3 sandbox=allow-same-origin /",
        );
        is("meta", &[("http-equiv", "refresh"), ("content", "0;url=x"), ("name", "viewport")], "meta name=viewport");
        is(
            "meta",
            &[("name", "viewport"), ("content", "width=device-width")],
            "meta name=viewport content=width=device-width",
        );
        is("dialog", &[("open", ""), ("class", "d")], "dialog class=d");
        is("details", &[("open", "")], "details open=");
        is(
            "div",
            &[
                ("autofocus", ""),
                ("nonce", "n"),
                ("accesskey", "x"),
                ("@click", "x"),
                ("x\"y", ""),
                ("on", "x"),
                ("aria-label", "l"),
            ],
            "div aria-label=l",
        );
        is("button", &[("is", "x-b")], "button data-dwell-is=x-b");
        is("p", &[("id", "a"), ("ID", "b")], "p id=a");
    }

    #[test]
    fn style_sheets() {
        is(
            "link",
            &[("rel", "StyleSheet"), ("href", "/a.css"), ("media", "print"), ("integrity", "x")],
            "style media=print {.a[dwell-hover]{background:url(\"replay-asset://localhost/abc1\")}} /",
        );
        is("link", &[("rel", "stylesheet"), ("href", "/b.css")], "link dwell-missing-href=https://shop.test/b.css /");
        is("link", &[("rel", "alternate stylesheet"), ("href", "/a.css")], "link /");
        is("link", &[("rel", "stylesheet"), ("href", "/a.css"), ("disabled", "")], "link /");
        is("link", &[("rel", "stylesheet"), ("href", "/a.css"), ("type", "text/less")], "link /");
        for rel in [
            "preload",
            "prefetch",
            "modulepreload",
            "preconnect",
            "dns-prefetch",
            "icon",
            "manifest",
            "prerender",
            "expect",
        ] {
            is("link", &[("rel", rel), ("href", "/a.css"), ("as", "style"), ("imagesrcset", "/a.png")], "link /");
        }
        is(
            "link",
            &[("rel", "stylesheet"), ("href", "data:text/css,a{b:url(http://l)}")],
            "style {a{b:url(\"about:invalid\")}} /",
        );
        is(
            "div",
            &[("style", "a:url(/a.png);b:url(x)")],
            "div style=a:url(\"replay-asset://localhost/abc1\");b:url(\"about:invalid\")",
        );
        is("svg:style", &[("type", "text/css")], "style type=text/css {} /");
    }
}
