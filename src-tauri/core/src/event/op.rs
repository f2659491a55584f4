use serde::{Deserialize, Serialize};

use super::{NodeId, NodeKind, Str};

/// Where a node goes among the children of its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    First,
    Last,
    /// Right before this sibling; at the end when it is not a child of the parent.
    Before(NodeId),
    /// Right after this sibling; first when it is unknown, last when it lives under another parent
    /// (Clarity's replay rule, facts §3.3).
    After(NodeId),
    /// Where it is now; last when it is new to the parent.
    Keep,
}

/// A style sheet that the recording can name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SheetRef {
    /// The sheet of a `<style>` or `<link>`.
    Owner(NodeId),
    /// A constructed sheet (Clarity's sheet id, rrweb's `styleId`).
    Constructed(Str),
}

/// One change of DOM state. `dom::Tree::apply` is the only place that carries them out, for playing,
/// seeking and analysis alike.
///
/// Ops of one [`super::Event`] are one batch: a node that is removed and put back within the batch keeps
/// its identity and its live state (scroll, value, shadow root with its adopted sheets); what was removed
/// and not put back is gone when the batch ends. A `Put` under a parent that does not exist is kept and
/// attached when the parent arrives, in the same or a later batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Empties everything: a full snapshot follows in the same batch.
    Reset,
    /// Creates the node, or updates it whole (attributes replaced) and moves it. An update keeps the
    /// node's children unless the node was removed earlier in this batch: then its former children must be
    /// put again too. `parent: None` only for a top document. A node put under an iframe is its content
    /// document; a `ShadowRoot` is attached to its host and is no child.
    Put {
        node: NodeId,
        parent: Option<NodeId>,
        place: Place,
        kind: NodeKind,
    },
    /// Takes the node and all that is under it out.
    Remove {
        node: NodeId,
    },
    /// Sets (`Some`) or removes (`None`) one attribute.
    Attr {
        node: NodeId,
        name: Str,
        value: Option<Str>,
    },
    /// Sets or removes one declaration of the `style` attribute, leaving the others as written.
    StyleProperty {
        node: NodeId,
        property: Str,
        value: Option<Str>,
        important: bool,
    },
    /// Text of a text or comment node. Under `<style>` this discards rule edits.
    Text {
        node: NodeId,
        text: Str,
    },

    /// Live value of an input, textarea; for a select the value of the chosen option.
    Value {
        node: NodeId,
        value: Str,
    },
    Checked {
        node: NodeId,
        checked: bool,
    },
    /// Whether one `<option>` is selected.
    Selected {
        node: NodeId,
        selected: bool,
    },
    /// Offsets in CSS px; on a document node this is the window's scroll.
    Scroll {
        node: NodeId,
        x: f64,
        y: f64,
    },
    /// A dialog shown modally or not, a popover or details opened or closed.
    Open {
        node: NodeId,
        open: OpenState,
    },
    Media {
        node: NodeId,
        media: MediaState,
    },

    /// Whole text of a sheet, replacing what it had; creates a constructed sheet that is not there yet.
    SheetText {
        sheet: SheetRef,
        text: Str,
    },
    /// `path`: index of the rule in the sheet, or through nested groups; an index past the end appends.
    SheetInsert {
        sheet: SheetRef,
        path: Vec<u32>,
        rule: Str,
    },
    SheetDelete {
        sheet: SheetRef,
        path: Vec<u32>,
    },
    /// Sets or removes one declaration of the style rule at `path`.
    SheetDeclare {
        sheet: SheetRef,
        path: Vec<u32>,
        property: Str,
        value: Option<Str>,
        important: bool,
    },
    /// The full list of constructed sheets that a document or shadow root adopts, in order. `root` may be
    /// a host: then its shadow root is meant, and the list waits until there is one.
    Adopt {
        root: NodeId,
        sheets: Vec<Str>,
    },

    /// What a canvas shows, as an image (data URL or archive URL).
    CanvasImage {
        node: NodeId,
        image: Str,
    },
    /// The name of a custom element that the page had defined (`:defined` matches).
    DefineElement {
        name: Str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenState {
    Closed,
    Open,
    Modal,
}

/// State of an audio or video element; `None` leaves a field as it was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MediaState {
    pub playing: Option<bool>,
    /// Seconds into the medium at the time of the event.
    pub position: Option<f64>,
    pub rate: Option<f64>,
    pub volume: Option<f64>,
    pub muted: Option<bool>,
    #[serde(rename = "loop")]
    pub looping: Option<bool>,
}
