//! Serialized nodes and mutations to DOM ops.
//!
//! The trap: an rrweb node mixes three things in its `attributes`: what the page wrote, live state (values,
//! scroll, media) and notes of the recorder (`rr_*`, `_cssText`). Only the first may become attributes, and
//! live state must be applied after the whole batch stands.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::json::{self, Type, Val};
use crate::event::{Attr, MediaState, Namespace, NodeId, NodeKind, Op, OpenState, Place, SheetRef, Str, svg_name};
use crate::format::MAX_NODES;

/// Ids at and above this collide with the derived ids of [`NodeId`].
const MAX_ID: i64 = 1 << 40;

/// Hashing for ids: one folded multiplication, so that no pattern of ids lines up in the table.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(u64::from(*b));
        }
    }
    fn write_u64(&mut self, n: u64) {
        let wide = u128::from(self.0 ^ n ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        self.0 = (wide >> 64) as u64 ^ wide as u64;
    }
}
type Ids<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;
type IdSet = HashSet<u64, BuildHasherDefault<IdHasher>>;

/// One copy of each short or huge text of a session.
#[derive(Default)]
pub(super) struct Strings {
    known: HashSet<Str>,
}

impl Strings {
    /// Names and short values repeat on every node, huge ones (data URLs, style sheets) on every checkout.
    pub(super) fn keep(&mut self, text: &str) -> Str {
        if (49..2048).contains(&text.len()) {
            return text.into();
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let new: Str = text.into();
        self.known.insert(new.clone());
        new
    }
    pub(super) fn value(&mut self, v: Val<'_>) -> Option<Str> {
        v.text().map(|t| self.keep(&t))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    None,
    Text,
    /// A box or radio.
    Check,
    /// A button, file or image input: its value is no live state.
    Fixed,
    /// A drop-down or list of which one option is chosen.
    Select,
    SelectMany,
    TextArea,
}

/// What the decoder must remember of a node; the tree itself is built elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Known {
    parent: u64,
    /// The document that owns the node.
    pub(super) root: u64,
    /// rrweb's NodeType.
    kind: u8,
    ns: Namespace,
    /// Children leave MathML for HTML here.
    island: bool,
    pub(super) tag: Str,
    pub(super) field: Field,
}

/// The live value of a field that was typed into.
struct Edit {
    value: Option<Str>,
    /// The page writes the live value into the attribute (React does, and sets the value past the recorder's
    /// hooks): then a change of the attribute is a change of the value.
    mirrored: bool,
}

/// What one living document of a window has shown so far.
pub(super) struct Document {
    nodes: Ids<Known>,
    /// Content document of each iframe.
    frames: Ids<u64>,
    /// Doctype and root element of each document.
    tops: Ids<(Option<u64>, Option<u64>)>,
    /// Fields that were typed into: their live value no longer follows their attribute by itself.
    edited: Ids<Edit>,
    /// Elements whose style sheet an Asset event will bring, by its URL.
    awaited: HashMap<Str, Vec<u64>>,
    /// Counts full snapshots: constructed sheet ids start anew with each.
    generation: u32,
    /// Distinguishes documents in the names of constructed sheets.
    number: u32,
    /// Id of the top document node.
    pub(super) top: u64,
    title_element: Option<u64>,
    pub(super) title: Option<Str>,
}

/// What could not be used of a batch; counted, because streams that lost events repeat it without end.
#[derive(Default)]
pub(super) struct Losses {
    /// Nodes without a usable id.
    pub(super) nameless: u32,
    /// Texts and attributes of nodes that were never shown.
    pub(super) unknown: u32,
    /// Adds that wait for each other.
    pub(super) cycles: u32,
    /// Nodes beyond [`MAX_NODES`], each with all that is under it.
    pub(super) over: u32,
}

/// Ops of one event in the making.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) ops: Vec<Op>,
    /// Live values of selects: after all their options.
    selects: Vec<Op>,
    /// Style sheets and live state: after all nodes.
    late: Vec<Op>,
    /// Hosts whose root was put in this batch.
    roots: IdSet,
    defined: HashSet<Str>,
    /// Style elements of this batch that have text for children still to come.
    css: Ids<Vec<Str>>,
    pub(super) losses: Losses,
}

impl Batch {
    pub(super) fn settle(&mut self) {
        self.ops.append(&mut self.selects);
        self.ops.append(&mut self.late);
    }

    /// The nameless shadow root of `host`, once a batch: putting it again changes nothing.
    fn put_root(&mut self, host: u64) {
        if self.roots.insert(host) {
            let host = NodeId(host);
            let kind = NodeKind::ShadowRoot { open: true };
            self.ops.push(Op::Put { node: NodeId::shadow_of(host), parent: Some(host), place: Place::Last, kind });
        }
    }
}

/// A serialized node's own keys.
struct Fields<'t> {
    id: u64,
    kind: u8,
    tag: Option<Val<'t>>,
    attributes: Option<Val<'t>>,
    children: Option<Val<'t>>,
    text: Option<Val<'t>>,
    svg: bool,
    shadow: bool,
    host: bool,
    custom: bool,
    root: Option<u64>,
    quirks: bool,
    name: Option<Val<'t>>,
    public_id: Option<Val<'t>>,
    system_id: Option<Val<'t>>,
}

fn id_of(v: Val<'_>) -> Option<u64> {
    v.int().filter(|n| (1..MAX_ID).contains(n)).map(|n| n as u64)
}

/// `None` when the node has no usable id or type.
fn fields(v: Val<'_>) -> Option<Fields<'_>> {
    let mut id = None;
    let mut kind = None;
    let mut f = Fields {
        id: 0,
        kind: 0,
        tag: None,
        attributes: None,
        children: None,
        text: None,
        svg: false,
        shadow: false,
        host: false,
        custom: false,
        root: None,
        quirks: false,
        name: None,
        public_id: None,
        system_id: None,
    };
    for (key, value) in v.entries() {
        let truth = || value.as_bool() == Some(true);
        match key.bytes() {
            b"id" => id = id_of(value),
            b"type" => kind = value.int(),
            b"tagName" => f.tag = Some(value),
            b"attributes" => f.attributes = Some(value),
            b"childNodes" => f.children = Some(value),
            b"textContent" => f.text = Some(value),
            b"isSVG" => f.svg = truth(),
            b"isShadow" => f.shadow = truth(),
            b"isShadowHost" => f.host = truth(),
            b"isCustom" => f.custom = truth(),
            b"rootId" => f.root = id_of(value),
            b"compatMode" => f.quirks = value.bytes() == b"BackCompat",
            b"name" => f.name = Some(value),
            b"publicId" => f.public_id = Some(value),
            b"systemId" => f.system_id = Some(value),
            _ => {}
        }
    }
    f.id = id?;
    f.kind = kind.filter(|k| (0..=5).contains(k))? as u8;
    Some(f)
}

/// Between the pieces of a sheet that belong to different text children.
const SPLIT: &str = "/* rr_split */";

impl Document {
    pub(super) fn new(number: u32) -> Document {
        Document {
            nodes: Ids::default(),
            frames: Ids::default(),
            tops: Ids::default(),
            edited: Ids::default(),
            awaited: HashMap::new(),
            generation: 0,
            number,
            top: 1,
            title_element: None,
            title: None,
        }
    }
    pub(super) fn known(&self, id: u64) -> Option<&Known> {
        self.nodes.get(&id)
    }
    /// Whether the node is a document: the top one, or that of a frame.
    pub(super) fn is_document(&self, id: u64) -> bool {
        id == self.top || self.nodes.get(&id).is_some_and(|n| n.kind == 0)
    }
    /// The frame document that owns the node; `None` for nodes of the top document and unknown ones.
    pub(super) fn frame(&self, id: u64) -> Option<u64> {
        self.nodes.get(&id).map(|n| n.root).filter(|root| *root != self.top)
    }
    pub(super) fn edit(&mut self, id: u64, value: Option<Str>) {
        let edit = self.edited.entry(id).or_insert(Edit { value: None, mirrored: false });
        edit.value = value;
    }
    /// Whether the attribute `value` that field `id` now has is its live value too.
    fn follows(&mut self, id: u64, value: &Str) -> bool {
        let Some(edit) = self.edited.get_mut(&id) else { return true };
        if edit.value.as_ref() == Some(value) {
            edit.mirrored = true;
        } else if edit.mirrored {
            edit.value = Some(value.clone());
        }
        edit.mirrored
    }
    /// Name of a constructed sheet; `styleId`s start anew with every full snapshot.
    pub(super) fn sheet(&self, style_id: i64) -> Str {
        format!("{}.{}.{}", self.number, self.generation, style_id).into()
    }
    pub(super) fn take_awaited(&mut self, url: &str) -> Vec<u64> {
        self.awaited.remove(url).unwrap_or_default()
    }

    /// Whether a full snapshot shows this same document at a later moment. Ids never change their tag, so a
    /// clash means that they started anew. Ids that run without holes in document order are what a page just
    /// loaded has; a document that changed since has holes. Where both fit, `moved` (another URL) or
    /// `late` (nothing was recorded for a while before) speak for a new load.
    pub(super) fn continues(&self, snapshot: Val<'_>, moved: bool, late: bool) -> bool {
        if self.nodes.is_empty() {
            return false;
        }
        let (mut same, mut unknown) = (0usize, 0usize);
        let mut fresh = true;
        let mut last = 0u64;
        let mut open = vec![];
        let mut next = Some(snapshot);
        loop {
            if let Some(f) = next.and_then(fields) {
                fresh &= last == 0 || f.id == last + 1;
                last = f.id;
                match self.nodes.get(&f.id) {
                    None => unknown += 1,
                    Some(n) => {
                        let tag = f.tag.and_then(Val::text).unwrap_or_default();
                        if n.kind != f.kind || !n.tag.eq_ignore_ascii_case(&tag) {
                            return false;
                        }
                        same += 1;
                    }
                }
                if let Some(children) = f.children {
                    open.push(children.items());
                }
            }
            next = loop {
                match open.last_mut() {
                    None => break None,
                    Some(items) => match items.next() {
                        Some(v) => break Some(v),
                        None => {
                            open.pop();
                        }
                    },
                }
            };
            if next.is_none() {
                break;
            }
        }
        if fresh { unknown == 0 && !moved && !late } else { unknown <= same }
    }

    /// A full snapshot: forgets what was known and shows the tree under `node`.
    pub(super) fn snapshot(&mut self, node: Val<'_>, batch: &mut Batch, strings: &mut Strings) {
        self.nodes.clear();
        self.frames.clear();
        self.tops.clear();
        self.awaited.clear();
        self.title_element = None;
        self.generation += 1;
        batch.ops.push(Op::Reset);
        if let Some(f) = fields(node) {
            self.top = f.id;
        }
        self.put_tree(node, None, Place::Last, batch, strings);
    }

    /// Puts a node and all that is under it, parents first.
    fn put_tree(&mut self, node: Val<'_>, parent: Option<u64>, place: Place, batch: &mut Batch, strings: &mut Strings) {
        struct Level<'t> {
            items: json::Items<'t>,
            parent: u64,
            /// Text for the children of a style element, first to last.
            css: std::vec::IntoIter<Str>,
        }
        let mut open: Vec<Level<'_>> = Vec::new();
        if let Some((id, Some(c), css)) = self.put(node, parent, place, None, batch, strings) {
            open.push(Level { items: c.items(), parent: id, css: css.into_iter() });
        }
        while let Some(level) = open.last_mut() {
            let Some(child) = level.items.next() else {
                open.pop();
                continue;
            };
            let parent = level.parent;
            let is_text = || child.get("type").and_then(Val::int) == Some(3);
            let piece = if level.css.as_slice().is_empty() || !is_text() { None } else { level.css.next() };
            if let Some((id, children, css)) = self.put(child, Some(parent), Place::Last, piece, batch, strings)
                && let Some(c) = children
            {
                open.push(Level { items: c.items(), parent: id, css: css.into_iter() });
            }
        }
    }

    /// Puts one node. Returns its id, its children, and texts that belong into its text children. `text`:
    /// what an empty text node stands for.
    fn put<'t>(
        &mut self,
        v: Val<'t>,
        parent: Option<u64>,
        place: Place,
        text: Option<Str>,
        batch: &mut Batch,
        strings: &mut Strings,
    ) -> Option<(u64, Option<Val<'t>>, Vec<Str>)> {
        let Some(f) = fields(v) else {
            // -2 stands for nodes that the recorder was told to leave out.
            if v.get("id").and_then(Val::int) != Some(-2) {
                batch.losses.nameless += 1;
            }
            return None;
        };
        if self.nodes.len() >= MAX_NODES && !self.nodes.contains_key(&f.id) {
            batch.losses.over += 1;
            return None;
        }
        let above = parent.and_then(|p| self.nodes.get(&p));
        let above_root = above.map_or(self.top, |p| p.root);
        let mut known = Known {
            parent: parent.unwrap_or(0),
            root: f.root.unwrap_or(above_root),
            kind: f.kind,
            ns: Namespace::Html,
            island: false,
            tag: strings.keep(""),
            field: Field::None,
        };
        let mut to = parent.map(NodeId);
        if let (true, Some(host)) = (f.shadow, parent) {
            batch.put_root(host);
            to = Some(NodeId::shadow_of(NodeId(host)));
        }
        let mut css = Vec::new();
        let string = |v: Option<Val<'_>>, strings: &mut Strings| {
            v.and_then(|v| strings.value(v)).unwrap_or_else(|| strings.keep(""))
        };
        let kind = match f.kind {
            0 => {
                known.root = f.id;
                if let Some(frame) = parent {
                    if let Some(old) = self.frames.insert(frame, f.id) {
                        batch.ops.push(Op::Remove { node: NodeId(old) });
                    }
                    self.tops.remove(&f.id);
                }
                NodeKind::Document { quirks: f.quirks }
            }
            1 => NodeKind::Doctype {
                name: string(f.name, strings),
                public_id: string(f.public_id, strings),
                system_id: string(f.system_id, strings),
            },
            2 => {
                let raw = f.tag.and_then(Val::text).unwrap_or_default();
                known.ns = match above {
                    _ if f.svg => Namespace::Svg,
                    _ if raw == "math" => Namespace::MathMl,
                    Some(p) if p.ns == Namespace::MathMl && !p.island => Namespace::MathMl,
                    _ => Namespace::Html,
                };
                known.tag = strings.keep(if f.svg { svg_name(&raw) } else { &raw });
                let attrs = self.element(&f, &mut known, &mut css, batch, strings);
                if f.custom {
                    let is = attrs.iter().find(|a| &*a.name == "is").map(|a| a.value.clone());
                    let name = is.unwrap_or_else(|| known.tag.clone());
                    if batch.defined.insert(name.clone()) {
                        batch.late.push(Op::DefineElement { name });
                    }
                }
                NodeKind::Element { ns: known.ns, tag: known.tag.clone(), attrs }
            }
            3 => {
                let own = string(f.text, strings);
                let text = if own.is_empty() { text.unwrap_or(own) } else { own };
                if parent.is_some() && parent == self.title_element {
                    self.title = Some(text.clone());
                }
                NodeKind::Text(text)
            }
            4 => NodeKind::Text(string(f.text, strings)),
            _ => NodeKind::Comment(string(f.text, strings)),
        };
        if let Some(p) = parent
            && matches!(f.kind, 1 | 2)
            && self.is_document(p)
        {
            let tops = self.tops.entry(p).or_default();
            let slot = if f.kind == 1 { &mut tops.0 } else { &mut tops.1 };
            if let Some(old) = slot.replace(f.id).filter(|old| *old != f.id) {
                batch.ops.push(Op::Remove { node: NodeId(old) });
            }
        }
        if self.title_element.is_none()
            && &*known.tag == "title"
            && known.ns == Namespace::Html
            && known.root == self.top
        {
            self.title_element = Some(f.id);
        }
        batch.ops.push(Op::Put { node: NodeId(f.id), parent: to, place, kind });
        self.nodes.insert(f.id, known);
        if f.host {
            batch.put_root(f.id);
        }
        Some((f.id, f.children, css))
    }

    /// Sorts a serialized element's attributes into the page's own, live state and sheets.
    fn element(
        &mut self,
        f: &Fields<'_>,
        known: &mut Known,
        css: &mut Vec<Str>,
        batch: &mut Batch,
        strings: &mut Strings,
    ) -> Vec<Attr> {
        let node = NodeId(f.id);
        let tag = known.tag.clone();
        let html = known.ns == Namespace::Html;
        let mut attrs: Vec<Attr> = Vec::new();
        // Beyond any real element's number of attributes a search for each would only serve hostile ones.
        let put =
            |attrs: &mut Vec<Attr>, name: Str, value: Str| match attrs.iter_mut().take(256).find(|a| a.name == name) {
                Some(attr) => attr.value = value,
                None => attrs.push(Attr { name, value }),
            };
        let (mut value, mut checked, mut selected): (Option<Str>, bool, bool) = (None, false, false);
        let (mut left, mut top) = (None, None);
        let mut media = MediaState::default();
        let (mut open, mut modal) = (false, false);
        let mut original: [(Option<Str>, &str); 2] = [(None, "src"), (None, "srcset")];
        let mut sheet: Option<Str> = None;
        for (key, v) in f.attributes.iter().flat_map(|a| a.entries()) {
            let Some(key) = key.text() else { continue };
            let text: Str = match v.kind() {
                Type::Plain | Type::Escaped => match strings.value(v) {
                    Some(text) => text,
                    None => continue,
                },
                Type::Number => strings.keep(&json::js_number(v.bytes())),
                Type::True => strings.keep(""),
                Type::False if key.starts_with("rr_media") => strings.keep(""),
                _ => continue,
            };
            match &*key {
                "_cssText" if html && matches!(&*tag, "style" | "link") => {
                    sheet = Some(text);
                    continue;
                }
                "_cssText" => continue,
                "value" if html => match &*tag {
                    "input" => value = Some(text.clone()),
                    "textarea" | "select" => {
                        value = Some(text);
                        continue;
                    }
                    _ => {}
                },
                "checked" if html && &*tag == "input" => checked = true,
                "selected" if html && &*tag == "option" => selected = true,
                "open" if html => open = true,
                "rr_open_mode" => {
                    modal = &*text == "modal";
                    continue;
                }
                "rr_scrollLeft" => {
                    left = v.number();
                    continue;
                }
                "rr_scrollTop" => {
                    top = v.number();
                    continue;
                }
                "rrweb-original-src" => {
                    original[0].0 = Some(text);
                    continue;
                }
                "rrweb-original-srcset" => {
                    original[1].0 = Some(text);
                    continue;
                }
                "ph_rr_could_not_detect_modal" => continue,
                "rr_css_text" => {
                    self.awaited.entry(text).or_default().push(f.id);
                    continue;
                }
                _ => {}
            }
            if let Some(name) = key.strip_prefix("rr_") {
                match name {
                    "width" | "height" | "left" | "top" => {
                        let px = text.strip_suffix("px").map(|n| strings.keep(n));
                        put(&mut attrs, strings.keep(&format!("dwell:{name}")), px.unwrap_or(text));
                        if matches!(name, "width" | "height") {
                            let empty = strings.keep("");
                            put(&mut attrs, strings.keep("dwell:blocked"), empty);
                        }
                    }
                    "position" | "transform" | "display" => {
                        put(&mut attrs, strings.keep(&format!("dwell:{name}")), text);
                    }
                    "dataURL" if html && &*tag == "canvas" => batch.late.push(Op::CanvasImage { node, image: text }),
                    "dataURL" | "src" => put(&mut attrs, strings.keep("dwell:src"), text),
                    "mediaState" => media.playing = Some(&*text == "played"),
                    "mediaCurrentTime" => media.position = v.number(),
                    "mediaPlaybackRate" => media.rate = v.number(),
                    "mediaVolume" => media.volume = v.number(),
                    "mediaMuted" => media.muted = v.as_bool(),
                    "mediaLoop" => media.looping = v.as_bool(),
                    _ => {
                        // The asset build writes the recorded URL under this name instead of its own.
                        if let Some(name) = name.strip_prefix("captured_") {
                            put(&mut attrs, strings.keep(name), text);
                        }
                    }
                }
                continue;
            }
            attrs.push(Attr { name: strings.keep(&key), value: text });
        }
        for (text, name) in original {
            if let Some(text) = text {
                put(&mut attrs, strings.keep(name), text);
            }
        }
        known.island = known.ns == Namespace::MathMl
            && match &*tag {
                "mi" | "mo" | "mn" | "ms" | "mtext" => true,
                "annotation-xml" => {
                    let html = |a: &Attr| {
                        &*a.name == "encoding"
                            && ["text/html", "application/xhtml+xml"].iter().any(|t| a.value.eq_ignore_ascii_case(t))
                    };
                    attrs.iter().any(html)
                }
                _ => false,
            };
        if !html {
            // SVG and MathML have no form state.
        } else if &*tag == "input" {
            known.field = input_field(attrs.iter().find(|a| &*a.name == "type").map_or("text", |a| &*a.value));
            match known.field {
                Field::Check => batch.late.push(Op::Checked { node, checked }),
                Field::Text => {
                    if let Some(value) = value {
                        batch.late.push(Op::Value { node, value });
                    }
                }
                _ => {}
            }
        } else if &*tag == "textarea" {
            known.field = Field::TextArea;
            if let Some(value) = value {
                batch.late.push(Op::Value { node, value });
            }
        } else if &*tag == "select" {
            let many = attrs.iter().any(|a| &*a.name == "multiple");
            known.field = if many { Field::SelectMany } else { Field::Select };
            if let Some(value) = value {
                batch.selects.push(Op::Value { node, value });
            }
        } else if &*tag == "option" && selected {
            let up = |id: u64| self.nodes.get(&id).map(|n| (id, n));
            let select =
                up(known.parent).and_then(|(id, n)| if &*n.tag == "optgroup" { up(n.parent) } else { Some((id, n)) });
            match (select, attrs.iter().find(|a| &*a.name == "value")) {
                // Choosing it takes the choice from the others.
                (Some((id, n)), Some(value)) if n.field == Field::Select => {
                    batch.late.push(Op::Value { node: NodeId(id), value: value.value.clone() });
                }
                _ => batch.late.push(Op::Selected { node, selected: true }),
            }
        } else if open && matches!(&*tag, "dialog" | "details") {
            batch.late.push(Op::Open { node, open: if modal { OpenState::Modal } else { OpenState::Open } });
        }
        if left.is_some() || top.is_some() {
            // The root element's scroll is the window's.
            let window = self.nodes.get(&known.parent).is_some_and(|p| p.kind == 0);
            let node = if window { NodeId(known.parent) } else { node };
            batch.late.push(Op::Scroll { node, x: left.unwrap_or(0.0), y: top.unwrap_or(0.0) });
        }
        if media != MediaState::default() {
            batch.late.push(Op::Media { node, media });
        }
        if let Some(text) = sheet {
            let whole = if text.contains(SPLIT) { strings.keep(&text.replace(SPLIT, "")) } else { text.clone() };
            if &*tag == "link" {
                if whole.is_empty() {
                    return attrs;
                }
                // The recorder takes `rel` and `href` away from a link whose sheet it read.
                let rel = strings.keep("rel");
                if !attrs.iter().any(|a| a.name == rel) {
                    attrs.push(Attr { name: rel, value: strings.keep("stylesheet") });
                }
            } else {
                let texts =
                    f.children.map_or(0, |c| c.items().filter(|c| c.get("type").and_then(Val::int) == Some(3)).count());
                if texts > 0 {
                    *css = pieces(&text, &whole, texts, strings);
                } else {
                    batch.css.insert(f.id, pieces(&text, &whole, usize::MAX, strings));
                }
            }
            batch.late.push(Op::SheetText { sheet: SheetRef::Owner(node), text: whole });
        }
        attrs
    }

    /// One MutationObserver batch: removes, adds, texts, attributes.
    pub(super) fn mutation(&mut self, data: Val<'_>, batch: &mut Batch, strings: &mut Strings) {
        let list = |key: &str| data.get(key).into_iter().flat_map(Val::items);
        let mut removed = IdSet::default();
        for r in list("removes") {
            let Some(id) = r.get("id").and_then(id_of) else { continue };
            let Some(known) = self.nodes.get(&id) else { continue };
            // Document and shadow roots have observers of their own, whose batches may come in the wrong
            // order: what another batch has put elsewhere already is not taken out.
            let elsewhere = r
                .get("parentId")
                .and_then(id_of)
                .is_some_and(|parent| parent != known.parent && self.nodes.contains_key(&parent));
            if !elsewhere && removed.insert(id) {
                batch.ops.push(Op::Remove { node: NodeId(id) });
                if let Some(known) = self.nodes.get(&id) {
                    let parent = known.parent;
                    if let Some(tops) = self.tops.get_mut(&parent) {
                        tops.0 = tops.0.filter(|n| *n != id);
                        tops.1 = tops.1.filter(|n| *n != id);
                    }
                    if self.frames.get(&parent) == Some(&id) {
                        self.frames.remove(&parent);
                    }
                }
                self.frames.remove(&id);
                if self.title_element == Some(id) {
                    self.title_element = None;
                }
            }
        }
        let added = self.adds(list("adds"), batch, strings);
        let gone = |id: u64| removed.contains(&id) && !added.contains(&id);
        batch.settle();

        let mut texts: Vec<(u64, Option<Val<'_>>)> = Vec::new();
        let mut last: Ids<usize> = Ids::default();
        for t in list("texts") {
            let Some(id) = t.get("id").and_then(id_of) else { continue };
            match last.get(&id) {
                Some(at) => texts[*at].1 = t.get("value"),
                None => {
                    last.insert(id, texts.len());
                    texts.push((id, t.get("value")));
                }
            }
        }
        for (id, value) in texts {
            let Some(known) = self.nodes.get(&id).filter(|_| !gone(id)) else {
                batch.losses.unknown += u32::from(!gone(id));
                continue;
            };
            let text = value.and_then(|v| strings.value(v)).unwrap_or_else(|| strings.keep(""));
            if Some(known.parent) == self.title_element {
                self.title = Some(text.clone());
            }
            batch.ops.push(Op::Text { node: NodeId(id), text });
        }
        for a in list("attributes") {
            let Some(id) = a.get("id").and_then(id_of) else { continue };
            if gone(id) {
                continue;
            }
            match (self.nodes.contains_key(&id), a.get("attributes")) {
                (true, Some(attributes)) => self.attributes(id, attributes, batch, strings),
                (false, _) => batch.losses.unknown += 1,
                (true, None) => {}
            }
        }
        batch.settle();
        for id in removed {
            if !added.contains(&id) {
                self.nodes.remove(&id);
            }
        }
    }

    /// Puts the added nodes so that parents and named siblings come before those that name them.
    fn adds<'t>(&mut self, list: impl Iterator<Item = Val<'t>>, batch: &mut Batch, strings: &mut Strings) -> IdSet {
        struct Add<'t> {
            node: Val<'t>,
            id: u64,
            parent: u64,
            next: Option<i64>,
            previous: Option<i64>,
            state: u8,
        }
        let mut adds: Vec<Add<'t>> = Vec::new();
        let mut at: Ids<usize> = Ids::default();
        for a in list {
            let Some(node) = a.get("node") else { continue };
            let (id, parent) = (node.get("id").and_then(id_of), a.get("parentId").and_then(id_of));
            let (Some(id), Some(parent)) = (id, parent) else {
                batch.losses.nameless += u32::from(node.get("id").and_then(Val::int) != Some(-2));
                continue;
            };
            let next = a.get("nextId").and_then(Val::int).filter(|n| *n != id as i64);
            let previous = a.get("previousId").and_then(Val::int).filter(|n| *n != id as i64);
            let add = Add { node, id, parent, next, previous, state: 0 };
            match at.get(&id) {
                // The same node twice: the later entry is where it ended up.
                Some(i) => adds[*i] = add,
                None => {
                    at.insert(id, adds.len());
                    adds.push(add);
                }
            }
        }
        // Old recorders wrote -1 for a neighbour that they had not named yet; that neighbour names this node.
        if adds.iter().any(|a| a.next == Some(-1) || a.previous == Some(-1)) {
            let mut left_of: Ids<u64> = Ids::default();
            let mut right_of: Ids<u64> = Ids::default();
            for a in &adds {
                if let Some(p) = a.previous.filter(|p| *p > 0) {
                    right_of.insert(p as u64, a.id);
                }
                if let Some(n) = a.next.filter(|n| *n > 0) {
                    left_of.insert(n as u64, a.id);
                }
            }
            for i in 0..adds.len() {
                let (id, next, previous) = (adds[i].id, adds[i].next, adds[i].previous);
                if next == Some(-1)
                    && let Some(right) = right_of.get(&id)
                {
                    adds[i].next = Some(*right as i64);
                    if let Some(j) = at.get(right) {
                        adds[*j].previous = None;
                    }
                } else if previous == Some(-1)
                    && let Some(left) = left_of.get(&id)
                {
                    adds[i].previous = Some(*left as i64);
                    if let Some(j) = at.get(left) {
                        adds[*j].next = None;
                    }
                }
            }
        }
        let mut order: Vec<usize> = Vec::with_capacity(adds.len());
        let mut open: Vec<usize> = Vec::new();
        for start in 0..adds.len() {
            if adds[start].state != 0 {
                continue;
            }
            adds[start].state = 1;
            open.push(start);
            while let Some(&i) = open.last() {
                let needs = [Some(adds[i].parent as i64), adds[i].next, adds[i].previous];
                let mut waits = None;
                for need in needs.into_iter().flatten().filter(|n| *n > 0) {
                    if let Some(j) = at.get(&(need as u64)) {
                        match adds[*j].state {
                            0 => {
                                waits = Some(*j);
                                break;
                            }
                            1 if *j != i => batch.losses.cycles += 1,
                            _ => {}
                        }
                    }
                }
                match waits {
                    Some(j) => {
                        adds[j].state = 1;
                        open.push(j);
                    }
                    None => {
                        adds[i].state = 2;
                        order.push(i);
                        open.pop();
                    }
                }
            }
        }
        // Texts of style elements that came without children are entries of their own.
        let mut style_texts: Ids<Vec<usize>> = Ids::default();
        for &i in &order {
            let a = &adds[i];
            if a.node.get("type").and_then(Val::int) == Some(3)
                && a.node.get("textContent").is_none_or(|t| t.bytes().is_empty())
                && let Some(parent) = at.get(&a.parent)
                && adds[*parent].node.get("tagName").is_some_and(|t| t.bytes() == b"style")
            {
                style_texts.entry(a.parent).or_default().push(i);
            }
        }
        // Add to the place of its text among those of its style element, and their number.
        let mut piece_of: Ids<(usize, usize)> = Ids::default();
        for texts in style_texts.values_mut() {
            if let [first, second, ..] = texts[..]
                && adds[second].next == Some(adds[first].id as i64)
            {
                texts.reverse();
            }
            for (n, i) in texts.iter().enumerate() {
                piece_of.insert(adds[*i].id, (n, texts.len()));
            }
        }
        for &i in &order {
            let a = &adds[i];
            let place = match (a.previous.filter(|p| *p > 0), a.next.filter(|n| *n > 0)) {
                (Some(p), _) if self.nodes.get(&(p as u64)).is_some_and(|n| n.parent == a.parent) => {
                    Place::After(NodeId(p as u64))
                }
                (_, Some(n)) if n < MAX_ID => Place::Before(NodeId(n as u64)),
                _ => Place::Last,
            };
            let piece = piece_of.get(&a.id).and_then(|(n, of)| {
                let css = batch.css.get(&a.parent)?;
                match css.get(*n..)? {
                    [] => None,
                    rest if n + 1 == *of => Some(strings.keep(&rest.concat())),
                    [piece, ..] => Some(piece.clone()),
                }
            });
            if piece.is_some() {
                self.put(a.node, Some(a.parent), place, piece, batch, strings);
            } else {
                self.put_tree(a.node, Some(a.parent), place, batch, strings);
            }
        }
        at.into_keys().collect()
    }

    fn attributes(&mut self, id: u64, attributes: Val<'_>, batch: &mut Batch, strings: &mut Strings) {
        let Some(known) = self.nodes.get(&id) else { return };
        let (tag, field, html) = (known.tag.clone(), known.field, known.ns == Namespace::Html);
        let node = NodeId(id);
        let (mut open, mut mode): (Option<bool>, Option<bool>) = (None, None);
        let (mut left, mut top) = (None, None);
        for (key, v) in attributes.entries() {
            let Some(key) = key.text() else { continue };
            if v.is_object() {
                if &*key == "style" {
                    for (property, value) in v.entries() {
                        let Some(property) = strings.value(property) else { continue };
                        let (value, important) = if v_is_removed(value) {
                            (None, false)
                        } else if value.is_array() {
                            let mut items = value.items();
                            let text = items.next().and_then(|t| strings.value(t));
                            let important = items.next().is_some_and(|p| p.bytes() == b"important");
                            (text, important)
                        } else {
                            (strings.value(value), false)
                        };
                        batch.ops.push(Op::StyleProperty { node, property, value, important });
                    }
                }
                continue;
            }
            let value: Option<Str> = match v.kind() {
                Type::Plain | Type::Escaped => strings.value(v),
                Type::Number => Some(strings.keep(&json::js_number(v.bytes()))),
                Type::True => Some(strings.keep("")),
                Type::Null => None,
                _ => continue,
            };
            match &*key {
                "_cssText" => {
                    if let (Some(text), "style" | "link") = (value, &*tag) {
                        let text = if text.contains(SPLIT) { strings.keep(&text.replace(SPLIT, "")) } else { text };
                        batch.late.push(Op::SheetText { sheet: SheetRef::Owner(node), text });
                    }
                    continue;
                }
                "value" if matches!(field, Field::TextArea | Field::Select | Field::SelectMany) => {
                    if let Some(value) = value
                        && self.follows(id, &value)
                    {
                        batch.late.push(Op::Value { node, value });
                    }
                    continue;
                }
                "value" if field == Field::Text => {
                    let value = value.clone().unwrap_or_else(|| strings.keep(""));
                    if self.follows(id, &value) {
                        batch.late.push(Op::Value { node, value });
                    }
                }
                "type" if html && &*tag == "input" => {
                    let field = input_field(value.as_deref().unwrap_or("text"));
                    if let Some(known) = self.nodes.get_mut(&id) {
                        known.field = field;
                    }
                }
                "checked" if field == Field::Check && !self.edited.contains_key(&id) => {
                    batch.late.push(Op::Checked { node, checked: value.is_some() });
                }
                "selected" if html && &*tag == "option" => {
                    batch.late.push(Op::Selected { node, selected: value.is_some() });
                }
                "open" if html && matches!(&*tag, "dialog" | "details") => open = Some(value.is_some()),
                "rr_open_mode" => {
                    mode = Some(value.as_deref() == Some("modal"));
                    continue;
                }
                "rr_scrollLeft" => {
                    left = v.number();
                    continue;
                }
                "rr_scrollTop" => {
                    top = v.number();
                    continue;
                }
                "rr_dataURL" if &*tag == "canvas" => {
                    if let Some(image) = value {
                        batch.late.push(Op::CanvasImage { node, image });
                    }
                    continue;
                }
                "rr_dataURL" | "rr_src" => {
                    batch.ops.push(Op::Attr { node, name: strings.keep("dwell:src"), value });
                    continue;
                }
                "rrweb-original-src" => {
                    batch.late.push(Op::Attr { node, name: strings.keep("src"), value });
                    continue;
                }
                "rrweb-original-srcset" => {
                    batch.late.push(Op::Attr { node, name: strings.keep("srcset"), value });
                    continue;
                }
                "ph_rr_could_not_detect_modal" => continue,
                _ => {}
            }
            if let Some(name) = key.strip_prefix("rr_") {
                let name = match name {
                    "width" | "height" | "left" | "top" | "position" | "transform" | "display" => {
                        format!("dwell:{name}")
                    }
                    _ => match name.strip_prefix("captured_") {
                        Some(name) => name.to_owned(),
                        None => continue,
                    },
                };
                let value = value.map(|v| v.strip_suffix("px").map_or(v.clone(), |n| strings.keep(n)));
                batch.ops.push(Op::Attr { node, name: strings.keep(&name), value });
                continue;
            }
            batch.ops.push(Op::Attr { node, name: strings.keep(&key), value });
        }
        match (open, mode) {
            (Some(false), _) => batch.late.push(Op::Open { node, open: OpenState::Closed }),
            (Some(true), Some(true)) | (None, Some(true)) => {
                batch.late.push(Op::Open { node, open: OpenState::Modal });
            }
            (Some(true), _) | (None, Some(false)) => batch.late.push(Op::Open { node, open: OpenState::Open }),
            (None, None) => {}
        }
        if left.is_some() || top.is_some() {
            batch.late.push(Op::Scroll { node, x: left.unwrap_or(0.0), y: top.unwrap_or(0.0) });
        }
    }
}

/// In a style diff, `false` takes a property away.
fn v_is_removed(v: Val<'_>) -> bool {
    v.as_bool() == Some(false) || v.is_null()
}

fn input_field(kind: &str) -> Field {
    let is = |names: &[&str]| names.iter().any(|n| kind.eq_ignore_ascii_case(n));
    if is(&["checkbox", "radio"]) {
        Field::Check
    } else if is(&["submit", "button", "reset", "image", "file"]) {
        Field::Fixed
    } else {
        Field::Text
    }
}

/// The sheet's text cut up for `texts` children; what is left over goes to the last of them.
fn pieces(text: &Str, whole: &Str, texts: usize, strings: &mut Strings) -> Vec<Str> {
    if !text.contains(SPLIT) || texts == 1 {
        return vec![whole.clone()];
    }
    let mut all: Vec<Str> = text.split(SPLIT).map(|p| strings.keep(p)).collect();
    if all.len() > texts {
        let rest = all.split_off(texts - 1).concat();
        all.push(strings.keep(&rest));
    }
    all
}
