//! What was clicked, and whether a click there tells anything.
//!
//! The trap: the target of a click is a leaf (an icon, a span, a slot), and what the visitor meant is around it.
//! So every question is asked of the target and of all that it stands in, out through shadow roots and frames.

use serde::Serialize;

use crate::dom::{Node, Tree};
use crate::event::{Click, NodeId, NodeKind};

/// Why a click is not taken for a signal, or was checked and could have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exemption {
    /// Buttons, widgets by role, focusable elements and those with a handler that the markup shows.
    Control,
    /// A link, or what stands in one.
    Link,
    /// A link that opens elsewhere: nothing happens on this page.
    NewTab,
    /// A link that saves a file: nothing happens on this page.
    Download,
    /// Form fields that are not typed into, and labels.
    Input,
    /// Fields that are typed into: clicking places the caret, and fast clicks select words.
    TextInput,
    /// Pictures that draw themselves, plug-ins and frames: what happens inside is not in the DOM.
    Canvas,
    /// Audio and video surfaces.
    Media,
    /// The click belongs to a selection of text.
    TextSelection,
    /// Plus and minus buttons: made for fast clicks.
    Stepper,
    /// Anything in a carousel.
    Carousel,
    /// Arrows and dots of a carousel: made for fast clicks.
    CarouselControl,
    /// Arrows and days of a calendar: made for fast clicks.
    DatePicker,
    /// Previous and next of a list of pages: made for fast clicks.
    Pagination,
    /// Every click was answered, and the next waited for the answer: somebody at work with a control.
    Answered,
    /// The dimmed rest of the page around a dialog.
    ModalBackdrop,
}

/// What the DOM said about a click's target when it happened.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Target {
    /// What two clicks must share to be on the same element: the control or link around the target, else the
    /// target.
    pub(super) anchor: Option<NodeId>,
    pub(super) selector: Option<String>,
    pub(super) anchor_selector: Option<String>,
    pub(super) text: Option<String>,
    /// What it says, as Clarity's recorder would have noted it, for recorders that do not.
    pub(super) said: Option<String>,
    /// Those that apply, sorted.
    pub(super) exempt: Vec<Exemption>,
    /// The element is known, so that `exempt` can be trusted.
    pub(super) known: bool,
}

/// Longest text of an element that is quoted, in characters.
const QUOTED: usize = 60;
/// Text of a control that is looked at, in bytes.
const LABEL_BYTES: usize = 400;
/// Nodes of a custom element's inside that are searched for a control.
const INSIDE: usize = 300;

const WIDGET_ROLES: &[&str] = &[
    "button",
    "link",
    "checkbox",
    "radio",
    "switch",
    "tab",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "option",
    "slider",
    "spinbutton",
    "combobox",
    "textbox",
    "searchbox",
    "treeitem",
    "gridcell",
    "scrollbar",
    "listbox",
];
/// Attributes by which markup shows that a script listens.
const HANDLERS: &[&str] = &[
    "onclick",
    "onmousedown",
    "onmouseup",
    "onpointerdown",
    "onpointerup",
    "ontouchstart",
    "ontouchend",
    "jsaction",
    "ng-click",
    "data-ng-click",
    "data-toggle",
    "data-bs-toggle",
    "data-dismiss",
    "data-bs-dismiss",
    "data-bs-target",
    "data-action",
    "data-href",
    "popovertarget",
    "commandfor",
];
const CAROUSELS: &[&str] = &["carousel", "swiper", "slick", "splide", "glide", "flickity", "slideshow", "slider"];
const CALENDARS: &[&str] = &["datepicker", "date-picker", "calendar", "flatpickr", "daterange"];
const PAGERS: &[&str] = &["pagination", "paginator", "pager"];
const ARROWS: &[&str] =
    &["prev", "previous", "next", "arrow", "dot", "dots", "indicator", "indicators", "bullet", "left", "right"];
const STEPS: &[&str] =
    &["plus", "minus", "increment", "decrement", "increase", "decrease", "inc", "dec", "stepper", "spinner"];
const SIGNS: &[&str] = &["+", "-", "−", "–", "＋", "－", "▲", "▼", "△", "▽", "↑", "↓"];
const BACKDROPS: &[&str] = &["backdrop", "overlay", "scrim", "modal", "lightbox", "dialog", "drawer-mask", "popup-bg"];

impl Target {
    pub(super) fn of(tree: &Tree, click: &Click) -> Target {
        let Some(first) = click.at.node.and_then(|id| tree.get(id)) else { return Target::unseen(click) };
        let mut exempt = Vec::new();
        let mut anchor = None;
        let mut at = Some(first);
        // Bounded by the number of nodes, should a damaged tree have a ring.
        for _ in 0..=tree.len() {
            let Some(node) = at else { break };
            if node.is_element() {
                let before = exempt.len();
                interactive(node, &mut exempt);
                if exempt.len() > before && anchor.is_none() && !is_page(node) {
                    anchor = Some(node.id);
                }
                surroundings(node, &mut exempt);
            }
            at = tree.parent(node.id);
        }
        let element = element_around(tree, first);
        if let Some(element) = element {
            if anchor.is_none() && holds_control(tree, element) {
                exempt.push(Exemption::Control);
            }
            if is_backdrop(element) {
                exempt.push(Exemption::ModalBackdrop);
            }
        }
        let anchor = anchor.or_else(|| element.map(|e| e.id)).unwrap_or(first.id);
        if let Some(node) = tree.get(anchor) {
            fast_clicks(tree, node, element.unwrap_or(node), &mut exempt);
        }
        match click.opens {
            Some(1) => exempt.push(Exemption::NewTab),
            _ if click.link.is_some() => exempt.push(Exemption::Link),
            _ => {}
        }
        exempt.sort_unstable();
        exempt.dedup();
        let quoted = click.text.as_deref().map(squeeze).filter(|t| !t.is_empty());
        Target {
            anchor: Some(anchor),
            selector: tree.selector(first.id),
            anchor_selector: tree.selector(anchor),
            said: if quoted.is_none() { element.and_then(|e| noted(tree, e)) } else { None },
            text: quoted.or_else(|| element.and_then(|e| label(tree, e))).map(|t| shorten(&t)),
            exempt,
            known: true,
        }
    }

    /// The recorder saw the click and not the element: what it noted beside the click is all there is.
    fn unseen(click: &Click) -> Target {
        let mut exempt = Vec::new();
        if click.expects_reaction == Some(false) {
            exempt.push(Exemption::Input);
        }
        if click.link.is_some() {
            exempt.push(Exemption::Link);
        }
        Target { text: click.text.as_deref().map(|t| shorten(&squeeze(t))), exempt, ..Target::default() }
    }

    pub(super) fn is(&self, exemption: Exemption) -> bool {
        self.exempt.contains(&exemption)
    }
}

/// Whole words of a text that people or their tools put together: `btn--nextSlide` gives btn, next, slide.
fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut low = false;
    for c in text.chars() {
        if (!c.is_alphanumeric() || (c.is_uppercase() && low)) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        low = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

fn lower(node: &Node, name: &str) -> String {
    node.attr(name).map(|v| v.trim().to_ascii_lowercase()).unwrap_or_default()
}

fn tag(node: &Node) -> &str {
    match &*node.kind {
        NodeKind::Element { tag, .. } => tag,
        _ => "",
    }
}

fn is_page(node: &Node) -> bool {
    matches!(tag(node), "html" | "body")
}

/// The element itself, or the one around a text.
fn element_around<'t>(tree: &'t Tree, mut node: &'t Node) -> Option<&'t Node> {
    for _ in 0..=tree.len() {
        if node.is_element() {
            return Some(node);
        }
        node = tree.parent(node.id)?;
    }
    None
}

/// What this one element is that makes a click on it, or in it, need no visible answer.
fn interactive(node: &Node, exempt: &mut Vec<Exemption>) {
    match tag(node) {
        "a" | "area" => {
            exempt.push(Exemption::Link);
            if !matches!(&*lower(node, "target"), "" | "_self" | "_top" | "_parent") {
                exempt.push(Exemption::NewTab);
            }
            if node.attr("download").is_some() {
                exempt.push(Exemption::Download);
            }
        }
        "button" | "summary" | "details-summary" => exempt.push(Exemption::Control),
        "select" | "option" | "optgroup" | "label" | "meter" | "progress" | "datalist" => exempt.push(Exemption::Input),
        "textarea" => exempt.push(Exemption::TextInput),
        "input" => exempt.push(match &*lower(node, "type") {
            "button" | "submit" | "reset" | "image" => Exemption::Control,
            "checkbox" | "radio" | "file" | "hidden" => Exemption::Input,
            _ => Exemption::TextInput,
        }),
        "canvas" | "iframe" | "frame" | "embed" | "object" | "applet" => exempt.push(Exemption::Canvas),
        "video" | "audio" => exempt.push(Exemption::Media),
        _ => {}
    }
    let role = lower(node, "role");
    match role.split_whitespace().next() {
        Some("textbox" | "searchbox") => exempt.push(Exemption::TextInput),
        Some("link") => exempt.push(Exemption::Link),
        Some(role) if WIDGET_ROLES.contains(&role) => exempt.push(Exemption::Control),
        _ => {}
    }
    if node.attr("contenteditable").is_some_and(|v| !v.eq_ignore_ascii_case("false")) {
        exempt.push(Exemption::TextInput);
    }
    // A script that listens on the whole page says nothing about its parts.
    if !is_page(node) {
        let focusable = node.attr("tabindex").and_then(|v| v.trim().parse::<i64>().ok()).is_some_and(|n| n >= 0);
        if focusable || HANDLERS.iter().any(|name| node.attr(name).is_some()) {
            exempt.push(Exemption::Control);
        }
    }
}

/// What standing in this element makes of a click.
fn surroundings(node: &Node, exempt: &mut Vec<Exemption>) {
    let class = lower(node, "class");
    let described = lower(node, "aria-roledescription");
    let names = |list: &[&str]| {
        let custom = if tag(node).contains('-') { tag(node) } else { "" };
        list.iter().any(|n| class.contains(n) || described.contains(n) || custom.contains(n))
    };
    if names(CAROUSELS) {
        exempt.push(Exemption::Carousel);
    }
    if names(CALENDARS) {
        exempt.push(Exemption::DatePicker);
    }
    if names(PAGERS) {
        exempt.push(Exemption::Pagination);
    }
}

/// The dimmed surface itself, not what is shown on it.
fn is_backdrop(node: &Node) -> bool {
    let role = lower(node, "role");
    let named = node.attr("class").map(|class| {
        class.split_whitespace().any(|token| {
            let words = words(token);
            // `modal` is the surface; `modal-body` is not, `modal-backdrop` is.
            words.last().is_some_and(|last| BACKDROPS.contains(&last.as_str()))
        })
    });
    tag(node) == "dialog" || role == "dialog" || node.attr("aria-modal").is_some() || named == Some(true)
}

/// Whether a custom element has a control of its own inside: recorders may name the host as the target.
fn holds_control(tree: &Tree, host: &Node) -> bool {
    let Some(root) = tree.shadow(host.id) else { return false };
    let mut found = Vec::new();
    let mut queue = vec![root.id];
    let mut at = 0;
    while let Some(&id) = queue.get(at).filter(|_| at < INSIDE) {
        at += 1;
        for child in tree.children(id) {
            if child.is_element() {
                interactive(child, &mut found);
                if !found.is_empty() {
                    return true;
                }
                queue.push(child.id);
            }
            if queue.len() > INSIDE {
                break;
            }
        }
    }
    false
}

/// Controls that are made to be clicked fast. `anchor` is the control, `element` what was hit in it.
fn fast_clicks(tree: &Tree, anchor: &Node, element: &Node, exempt: &mut Vec<Exemption>) {
    let mut said: Vec<String> = Vec::new();
    for node in [anchor, element] {
        for name in ["class", "id", "name", "aria-label", "title", "part", "data-action", "data-slide", "data-bs-slide"]
        {
            if let Some(value) = node.attr(name) {
                said.extend(words(&value[..floor(value, LABEL_BYTES)]));
            }
        }
    }
    let text = squeeze(&bounded_text(tree, anchor, LABEL_BYTES));
    let one_of = |list: &[&str]| said.iter().any(|word| list.contains(&word.as_str()));
    if SIGNS.contains(&text.as_str()) || one_of(STEPS) {
        exempt.push(Exemption::Stepper);
    }
    if exempt.contains(&Exemption::Carousel)
        && (one_of(ARROWS) || matches!(&*text, "‹" | "›" | "<" | ">" | "«" | "»" | "←" | "→" | "❮" | "❯"))
    {
        exempt.push(Exemption::CarouselControl);
    }
}

fn floor(text: &str, most: usize) -> usize {
    let mut at = most.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Text under a node with a blank between its parts, up to about `most` bytes.
fn bounded_text(tree: &Tree, node: &Node, most: usize) -> String {
    joined_text(tree, node, most, " ")
}

fn joined_text(tree: &Tree, node: &Node, most: usize, between: &str) -> String {
    let mut out = String::new();
    let mut at = tree.children(node.id).next();
    let mut steps = 0;
    while let Some(here) = at {
        steps += 1;
        if out.len() >= most || steps > most * 4 {
            break;
        }
        if let Some(text) = here.text() {
            out.push_str(&text[..floor(text, most)]);
            out.push_str(between);
        }
        at = tree.children(here.id).next().or_else(|| after(tree, here, node.id));
    }
    out
}

/// The node behind `here` and all that is in it, within `end`.
fn after<'t>(tree: &'t Tree, mut here: &'t Node, end: NodeId) -> Option<&'t Node> {
    loop {
        if here.id == end {
            return None;
        }
        if let Some(next) = tree.next(here.id) {
            return Some(next);
        }
        here = tree.parent(here.id)?;
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// What an element says to a reader: its text, or what stands for it.
pub(super) fn label(tree: &Tree, node: &Node) -> Option<String> {
    let field = matches!(node.html_tag(), Some("input" | "textarea" | "select"));
    let text = if field { String::new() } else { squeeze(&bounded_text(tree, node, LABEL_BYTES)) };
    let named = ["aria-label", "alt", "title", "placeholder", "name"];
    let text = if text.is_empty() {
        named.iter().find_map(|n| node.attr(n)).map(|v| squeeze(v)).unwrap_or_default()
    } else {
        text
    };
    (!text.is_empty()).then(|| shorten(&text))
}

/// An element's text, else the words on a button, else what stands for a picture; cut as Clarity cuts it, so that a
/// filter finds the same click in both recordings. What the visitor typed is not repeated here.
fn noted(tree: &Tree, node: &Node) -> Option<String> {
    const UNITS: usize = 25;
    let kind = node.attr("type").map(|t| t.to_ascii_lowercase());
    let text = match node.html_tag() {
        Some("input") if matches!(kind.as_deref(), Some("button" | "submit" | "reset")) => {
            node.attr("value").map(|v| squeeze(v)).unwrap_or_default()
        }
        Some("input" | "textarea" | "select") => String::new(),
        _ => squeeze(&joined_text(tree, node, LABEL_BYTES, "")),
    };
    let text = if text.is_empty() { node.attr("alt").map(|v| squeeze(v)).unwrap_or_default() } else { text };
    let mut units = 0;
    let cut: String = text
        .chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= UNITS
        })
        .collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

pub(super) fn quote(text: &str) -> String {
    shorten(&squeeze(&text[..floor(text, LABEL_BYTES)]))
}
