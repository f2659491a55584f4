//! Which files a page asked for while it lived: those of its elements, and those of its style sheets.
//!
//! The trap is a second opinion. What is counted as missing must be exactly what the frame does not get, so
//! nothing is parsed here: every element is shown to the sanitiser once more, and the cache that it asks
//! takes notes.

use std::cell::RefCell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};

use url::Url;

use super::Tree;
use super::safe::{self, Asset, Assets, Context, Shown, Want};
use crate::event::{Attr, NodeId, NodeKind, Op, Str};

/// Addresses that are noted of one session; beyond it they are only counted.
const MAX_ADDRESSES: usize = 20_000;

/// A file that something asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Absolute, without its fragment.
    pub url: String,
    pub want: Want,
    pub cached: bool,
    /// Asked for by a style sheet, maybe for a rule that never applied.
    pub by_sheet: bool,
    /// Never shown, cached or not: frames of other sites and plug-ins, which run by themselves, and icons that
    /// SVG's `<use>` takes out of another file.
    pub active: bool,
    /// Documents that asked for it.
    pub documents: BTreeSet<u32>,
}

/// What a session's pages asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// In order of first sight.
    pub files: Vec<Wanted>,
    /// Pictures that the recorder masked, per document; nobody knows their address.
    pub masked: HashMap<u32, u32>,
    /// Elements that the recorder left out, per document.
    pub blocked: HashMap<u32, u32>,
    /// Addresses beyond the limit.
    pub more: u64,
}

/// A cache that notes what it is asked.
struct Notes<'a> {
    assets: &'a dyn Assets,
    met: RefCell<Vec<(Want, String, bool)>>,
}

impl Assets for Notes<'_> {
    fn find(&self, url: &str) -> Option<Asset> {
        self.assets.find(url)
    }
    fn text(&self, hash: &str) -> Option<Str> {
        self.assets.text(hash)
    }
    fn met(&self, want: Want, url: &str, found: bool) {
        let url = url.split('#').next().unwrap_or(url);
        self.met.borrow_mut().push((want, url.to_owned(), found));
    }
}

/// Gathers what documents ask for, change by change.
pub struct Gathering<'a> {
    notes: Notes<'a>,
    wants: Wants,
    by_url: HashMap<String, usize>,
    /// What an element with this very content asked for: pages of one site repeat themselves.
    known: HashMap<u64, Vec<usize>>,
    /// Elements that were counted as masked or blocked.
    counted: HashSet<(u32, NodeId)>,
}

impl<'a> Gathering<'a> {
    pub fn new(assets: &'a dyn Assets) -> Gathering<'a> {
        Gathering {
            notes: Notes { assets, met: RefCell::default() },
            wants: Wants::default(),
            by_url: HashMap::new(),
            known: HashMap::new(),
            counted: HashSet::new(),
        }
    }

    /// Looks at nodes that are new or changed. `url` is the page's address then.
    pub fn look(&mut self, document: u32, tree: &Tree, nodes: &[NodeId], url: Option<&Url>) {
        let mut bases: HashMap<NodeId, Option<Url>> = HashMap::new();
        // A picture is one question, asked by its parts.
        let mut asking: Vec<NodeId> = nodes.to_vec();
        for id in nodes {
            let Some(node) = tree.get(*id) else { continue };
            let parent = tree.parent(*id);
            match node.html_tag() {
                Some("source") if parent.is_some_and(|p| p.html_tag() == Some("picture")) => {
                    let kids = parent.into_iter().flat_map(|p| tree.children(p.id));
                    asking.extend(kids.filter(|n| n.html_tag() == Some("img")).map(|n| n.id));
                }
                None if node.text().is_some() => {
                    asking.extend(parent.filter(|p| is_tag(&p.kind, "style")).map(|p| p.id));
                }
                _ => {}
            }
        }
        asking.sort_unstable();
        asking.dedup();
        for id in asking {
            let Some(node) = tree.get(id) else { continue };
            let NodeKind::Element { ns, tag, attrs } = &*node.kind else { continue };
            if !safe::may_ask(*ns, tag, attrs) || !tree.is_connected(id) {
                continue;
            }
            if is_tag(&node.kind, "link") && node.attr("media").is_some_and(|m| is_for_paper(m)) {
                continue;
            }
            let in_picture = tree.parent(id).filter(|p| p.html_tag() == Some("picture"));
            if in_picture.is_some() && node.html_tag() == Some("source") {
                continue;
            }
            let home = tree.document_of(id);
            let base = bases.entry(home).or_insert_with(|| tree.base_url(home, url)).clone();
            let css = tree.css_of(id).filter(|css| !css.is_empty());
            let sources: Vec<&[Attr]> = in_picture
                .into_iter()
                .flat_map(|p| tree.children(p.id))
                .filter_map(|n| match &*n.kind {
                    NodeKind::Element { tag, attrs, .. } if &**tag == "source" => Some(&attrs[..]),
                    _ => None,
                })
                .collect();
            let mut hasher = DefaultHasher::new();
            (tag, base.as_ref().map(Url::as_str), &css).hash(&mut hasher);
            for attr in sources.iter().copied().flatten().chain(attrs) {
                (&attr.name, &attr.value).hash(&mut hasher);
            }
            let key = hasher.finish();
            let sheet = is_tag(&node.kind, "link") || is_tag(&node.kind, "style");
            let is_known = self.known.contains_key(&key);
            if is_known && !attrs.iter().any(|a| a.name.starts_with("dwell:")) {
                self.again(key, document);
                continue;
            }

            let cx = Context { base, assets: &self.notes };
            let shown = safe::element(*ns, tag, attrs, css.as_deref(), &cx);
            for attrs in sources {
                safe::element(*ns, "source", attrs, None, &cx);
            }
            let mut met = self.notes.met.take();
            let image = |want: Want| want == Want::Image;
            if !sheet && met.iter().any(|(want, _, found)| image(*want) && *found) {
                // One candidate that is there is what the visitor sees.
                met.retain(|(want, _, found)| *found || !image(*want));
            }
            // No browser draws a part of a file of another origin, and ours is one.
            let sprites = if &**tag == "use" { std::mem::take(&mut met) } else { Vec::new() };
            let mut refs: Vec<usize> =
                met.into_iter().filter_map(|(want, url, found)| self.note(document, want, url, found, sheet)).collect();
            for (_, url, _) in sprites {
                if let Some(at) = self.note(document, Want::Other, url, false, false) {
                    self.wants.files[at].active = true;
                    refs.push(at);
                }
            }
            if let Shown::Element { attrs, .. } = shown {
                self.count_hidden(document, id, &attrs);
                if matches!(&**tag, "object" | "embed" | "applet") {
                    refs.extend(self.leads_away(document, &attrs));
                }
            }
            self.known.insert(key, refs);
        }
    }

    /// Looks at style rules that scripts wrote, whatever sheet they are in.
    pub fn look_at_rules(&mut self, document: u32, ops: &[Op], url: Option<&Url>) {
        for op in ops {
            let text = match op {
                Op::SheetText { text, .. } => text,
                Op::SheetInsert { rule, .. } => rule,
                Op::SheetDeclare { value: Some(value), .. } => value,
                _ => continue,
            };
            if !text.contains('(') && !text.contains('@') {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            (url.map(Url::as_str), text).hash(&mut hasher);
            let key = hasher.finish();
            if self.known.contains_key(&key) {
                self.again(key, document);
                continue;
            }
            let cx = Context { base: url.cloned(), assets: &self.notes };
            if matches!(op, Op::SheetDeclare { .. }) {
                safe::css(&format!("a{{b:{text}}}"), None, &cx);
            } else {
                safe::css(text, None, &cx);
            }
            let met = self.notes.met.take();
            let refs =
                met.into_iter().filter_map(|(want, url, found)| self.note(document, want, url, found, true)).collect();
            self.known.insert(key, refs);
        }
    }

    /// Looks at a document as it was left: frames whose page was never recorded are known only then.
    pub fn close(&mut self, document: u32, tree: &Tree, url: Option<&Url>) {
        for id in tree.ids() {
            let Some(node) = tree.get(id).filter(|n| n.html_tag() == Some("iframe")) else { continue };
            let NodeKind::Element { ns, tag, attrs } = &*node.kind else { continue };
            if tree.content(id).is_some() || !tree.is_connected(id) {
                continue;
            }
            let cx = Context { base: tree.base_url(tree.document_of(id), url), assets: &self.notes };
            if let Shown::Element { attrs, .. } = safe::element(*ns, tag, attrs, None, &cx) {
                self.leads_away(document, &attrs);
            }
            self.notes.met.take();
        }
    }

    /// Everything that was asked for.
    pub fn finish(self) -> Wants {
        let Wants { mut files, masked, blocked, more } = self.wants;
        // The same letters in several formats are one font: browsers take the first that they can read.
        let stem = |file: &Wanted| {
            let bare = file.url.split('?').next().unwrap_or(&file.url);
            bare.rsplit_once('.').map_or(bare, |(stem, _)| stem).to_owned()
        };
        let rank = |file: &Wanted| {
            let bare = file.url.split('?').next().unwrap_or(&file.url).to_ascii_lowercase();
            ["woff2", "woff", "ttf", "otf"].iter().position(|e| bare.ends_with(e)).unwrap_or(9)
        };
        let mut best: HashMap<String, (bool, usize)> = HashMap::new();
        for file in files.iter().filter(|f| f.want == Want::Font) {
            let here = (!file.cached, rank(file));
            best.entry(stem(file)).and_modify(|b| *b = (*b).min(here)).or_insert(here);
        }
        files.retain(|f| f.want != Want::Font || f.cached || best.get(&stem(f)) == Some(&(true, rank(f))));
        Wants { files, masked, blocked, more }
    }

    fn again(&mut self, key: u64, document: u32) {
        for at in self.known.get(&key).into_iter().flatten() {
            self.wants.files[*at].documents.insert(document);
        }
    }

    fn note(&mut self, document: u32, want: Want, url: String, cached: bool, by_sheet: bool) -> Option<usize> {
        let by_sheet = by_sheet && want != Want::Sheet;
        if let Some(&at) = self.by_url.get(&url) {
            let file = &mut self.wants.files[at];
            file.documents.insert(document);
            file.by_sheet &= by_sheet;
            file.cached |= cached;
            // A sheet that is imported is a sheet, whatever else names it.
            file.want = file.want.min(want);
            return Some(at);
        }
        if self.wants.files.len() >= MAX_ADDRESSES {
            self.wants.more += 1;
            return None;
        }
        let at = self.wants.files.len();
        self.by_url.insert(url.clone(), at);
        let documents = BTreeSet::from([document]);
        self.wants.files.push(Wanted { url, want, cached, by_sheet, active: false, documents });
        Some(at)
    }

    fn count_hidden(&mut self, document: u32, id: NodeId, attrs: &[Attr]) {
        let has = |name: &str| attrs.iter().any(|a| &*a.name == name);
        let counts = match (has("dwell-masked"), has("dwell-blocked")) {
            (true, _) => &mut self.wants.masked,
            (false, true) => &mut self.wants.blocked,
            (false, false) => return,
        };
        if self.counted.insert((document, id)) {
            *counts.entry(document).or_default() += 1;
        }
    }

    /// Notes the address of what the sanitiser never shows.
    fn leads_away(&mut self, document: u32, attrs: &[Attr]) -> Option<usize> {
        let address = attrs.iter().find(|a| &*a.name == "dwell-missing-src").map(|a| &*a.value)?;
        let address = address.split('#').next().unwrap_or(address);
        let at = self.note(document, Want::Other, address.to_owned(), false, false)?;
        self.wants.files[at].active = true;
        Some(at)
    }
}

/// Sheets that no screen ever applies.
fn is_for_paper(media: &str) -> bool {
    let mut kinds = media.split(',').map(|m| m.trim().to_ascii_lowercase());
    kinds.all(|m| matches!(&*m, "print" | "speech" | "aural" | "braille" | "embossed" | "tty"))
}

fn is_tag(kind: &NodeKind, name: &str) -> bool {
    matches!(kind, NodeKind::Element { tag, .. } if &**tag == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Namespace, Place};

    /// Has everything whose address ends in `have.png` or `have.woff`.
    struct Few;
    impl Assets for Few {
        fn find(&self, url: &str) -> Option<Asset> {
            let has = url.ends_with("have.png") || url.ends_with("have.woff");
            has.then(|| Asset { hash: "abc".into(), content_type: "x/y".into() })
        }
        fn text(&self, _: &str) -> Option<Str> {
            None
        }
    }

    fn put(tree: &mut Tree, id: u64, parent: u64, tag: &str, attrs: &[(&str, &str)]) {
        let attrs = attrs.iter().map(|(n, v)| Attr { name: (*n).into(), value: (*v).into() }).collect();
        let kind = NodeKind::Element { ns: Namespace::Html, tag: tag.into(), attrs };
        let parent = Some(NodeId(parent));
        tree.apply(&Op::Put { node: NodeId(id), parent, place: Place::Last, kind });
    }

    /// Id, parent, name, attributes.
    type Part<'p> = (u64, u64, &'p str, &'p [(&'p str, &'p str)]);

    fn page(parts: &[Part<'_>], css: &str) -> Wants {
        let mut tree = Tree::new();
        tree.watch();
        let document = NodeKind::Document { quirks: false };
        tree.apply(&Op::Put { node: NodeId(1), parent: None, place: Place::Last, kind: document });
        put(&mut tree, 2, 1, "html", &[]);
        put(&mut tree, 3, 2, "body", &[]);
        for (id, parent, tag, attrs) in parts {
            put(&mut tree, *id, *parent, tag, attrs);
        }
        put(&mut tree, 90, 3, "style", &[]);
        let kind = NodeKind::Text(css.into());
        tree.apply(&Op::Put { node: NodeId(91), parent: Some(NodeId(90)), place: Place::Last, kind });
        tree.end_batch();
        let url = Url::parse("https://shop.test/p/").ok();
        let mut gathering = Gathering::new(&Few);
        let changed = tree.take_changed().unwrap();
        gathering.look(1, &tree, &changed, url.as_ref());
        gathering.look(2, &tree, &changed, url.as_ref());
        gathering.close(1, &tree, url.as_ref());
        gathering.finish()
    }

    fn said(wants: &Wants) -> Vec<String> {
        let mark = |f: &Wanted| match (f.cached, f.active, f.by_sheet) {
            (true, ..) => "+",
            (_, true, _) => "!",
            (.., true) => "~",
            _ => "-",
        };
        wants
            .files
            .iter()
            .map(|f| format!("{}{} {}", mark(f), f.want.name(), f.url.replace("https://shop.test", "")))
            .collect()
    }

    #[test]
    fn each_question_once_and_only_what_could_be_shown() {
        let wants = page(
            &[
                (10, 3, "link", &[("rel", "stylesheet"), ("href", "a.css")]),
                (11, 3, "link", &[("rel", "stylesheet"), ("href", "print.css"), ("media", "print")]),
                (12, 3, "link", &[("rel", "icon"), ("href", "icon.png")]),
                (13, 3, "img", &[("src", "gone.png"), ("srcset", "gone2.png 1x, have.png 2x")]),
                (14, 3, "img", &[("src", "gone.png#x")]),
                (15, 3, "picture", &[]),
                (16, 15, "source", &[("srcset", "gone3.png")]),
                (17, 15, "img", &[("src", "/have.png")]),
                (18, 3, "video", &[("src", "film.mp4"), ("poster", "still.jpg")]),
                (19, 3, "iframe", &[("src", "https://pay.test/")]),
                (20, 3, "object", &[("data", "plug.swf")]),
                (21, 3, "script", &[("src", "s.js")]),
                (22, 3, "a", &[("href", "next.html")]),
                (23, 3, "img", &[("src", "data:image/png,x")]),
                (24, 3, "img", &[("dwell:width", "10"), ("dwell:height", "5")]),
                (25, 3, "p", &[("style", "background:url(back.png)")]),
            ],
            "@font-face{font-family:A;src:url(f.eot);src:url(f.woff2),url(f.ttf)}\
             @font-face{font-family:B;src:url(have.woff2),url(have.woff)}\
             .x{background:url(rule.png)}",
        );
        assert_eq!(
            said(&wants),
            [
                "-sheet /p/a.css",
                "+image /p/have.png",
                "-image /p/gone.png",
                "+image /have.png",
                "-media /p/film.mp4",
                "-image /p/still.jpg",
                "!other /p/plug.swf",
                "-image /p/back.png",
                "~font /p/f.woff2",
                "+font /p/have.woff",
                "~image /p/rule.png",
                "!other https://pay.test/",
            ],
            "{wants:?}"
        );
        assert_eq!((wants.masked.get(&1), wants.masked.get(&2)), (Some(&1), Some(&1)));
        assert!(wants.files[0].documents.contains(&1) && wants.files[0].documents.contains(&2));
    }
}
