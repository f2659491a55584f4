use serde::{Deserialize, Serialize};

use super::{MediaState, NodeId, Op, OpenState, Str};

/// What happened. Variant names in snake_case are the `kind` of `dwell events`.
///
/// Pointer coordinates are **document** px of the top page, as far as the recording allows: rrweb records
/// viewport px of the node's own document, and its decoder adds that document's scroll. When the node lives
/// in a frame whose place on the page is unknown without a layout, [`Point::frame`] names that frame's
/// document and `x y` are document px inside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A full picture of the DOM. Starts with `Op::Reset`.
    Snapshot {
        ops: Vec<Op>,
    },
    Mutation {
        ops: Vec<Op>,
    },
    /// Style sheet edits, adoption, canvas pictures, fonts and custom element definitions.
    Style {
        ops: Vec<Op>,
    },

    Move(Point),
    Wheel(Point),
    MouseDown(Point),
    MouseUp(Point),
    Click(Click),
    DoubleClick(Point),
    ContextMenu(Click),
    TouchStart(Point),
    TouchMove(Point),
    TouchEnd(Point),
    TouchCancel(Point),
    Drag(Point),

    /// `node` is the document for the window's scroll. CSS px.
    Scroll {
        node: NodeId,
        x: f64,
        y: f64,
    },
    /// Viewport, CSS px.
    Resize {
        width: u32,
        height: u32,
    },
    /// Size of the whole document, CSS px.
    DocumentSize {
        width: u32,
        height: u32,
    },

    /// Live form state. `value` for text fields and selects, `checked` for boxes and radios.
    Input {
        node: NodeId,
        value: Option<Str>,
        checked: Option<bool>,
        trusted: Option<bool>,
    },
    /// A committed change; `value` may be masked.
    Change {
        node: NodeId,
        input_type: Str,
        value: Option<Str>,
        checksum: Option<Str>,
    },
    Submit {
        node: NodeId,
    },
    Clipboard {
        node: NodeId,
        action: ClipboardAction,
    },
    /// Anchor and focus, offsets in UTF-16 units; `None` ids were unknown to the recorder.
    Selection {
        start: Option<NodeId>,
        start_offset: u32,
        end: Option<NodeId>,
        end_offset: u32,
    },
    FocusIn {
        node: NodeId,
    },
    FocusOut {
        node: NodeId,
    },
    Open {
        node: NodeId,
        open: OpenState,
    },
    Media {
        node: NodeId,
        action: Str,
        media: MediaState,
    },

    /// The tab became visible or hidden.
    Visibility {
        visible: bool,
    },
    /// The window got or lost the focus.
    WindowFocus {
        focused: bool,
    },
    Unload {
        name: Str,
        persisted: Option<bool>,
    },
    /// A route change inside the document.
    Route {
        url: Str,
    },

    /// An uncaught error, or an unhandled rejection.
    Error {
        message: Str,
        source: Option<Str>,
        line: Option<u32>,
        column: Option<u32>,
        stack: Option<Str>,
    },
    Console {
        level: Str,
        message: Str,
        trace: Option<Str>,
    },
    /// A request as a plugin or vendor noted it. `detail` is JSON.
    Network {
        url: Str,
        method: Option<Str>,
        status: Option<u32>,
        duration_ms: Option<f64>,
        detail: Option<Str>,
    },
    /// Navigation timing, ms from navigation start.
    Navigation(Box<NavigationTiming>),

    /// The site called `event(name, value)`, or an rrweb custom event; `value` is text or JSON.
    Custom {
        name: Str,
        value: Option<Str>,
    },
    /// Custom tag of the site (`clarity("set", key, values)`), or a variable the recorder logged.
    Tag {
        key: Str,
        values: Vec<Str>,
    },
    /// A fact about the page or browser with its own name (Clarity's dimensions), see `format::clarity`.
    Dimension {
        name: Str,
        values: Vec<Str>,
    },
    /// A number about the page (Clarity's metrics), by name.
    Metric {
        name: Str,
        value: f64,
    },
    Consent {
        source: Str,
        ad_storage: Option<bool>,
        analytics_storage: Option<bool>,
    },
    /// A named region of the page and what was done in it.
    Region {
        node: NodeId,
        interaction: u32,
        visibility: u32,
        name: Str,
    },
    /// Content that the site's own rules extracted.
    Extract {
        key: u32,
        values: Vec<(Str, Str)>,
    },
    /// A running animation: JSON of keyframes and timing on creation.
    Animation {
        id: Str,
        node: Option<NodeId>,
        action: Str,
        keyframes: Option<Str>,
        timing: Option<Str>,
    },
    /// A text annotation written into the recording.
    Annotation {
        text: Option<Str>,
        marker: bool,
    },
    /// The recorder about itself: uploads, limits, upgrades, logs, baselines, pings. `detail` is JSON.
    Recorder {
        what: Str,
        detail: Str,
    },
    /// Known to nobody here; kept as it stood. `raw` is JSON.
    Unknown {
        code: Str,
        raw: Str,
    },
}

/// Where a pointer was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Target, when the recorder knew it.
    pub node: Option<NodeId>,
    pub x: f64,
    pub y: f64,
    /// Document of the frame that `x y` belong to; `None` for the top page.
    pub frame: Option<NodeId>,
    /// Tells fingers apart.
    pub pointer: Option<i64>,
}

/// A click or context menu. The optional fields are Clarity's; for rrweb they come from the DOM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Click {
    pub at: Point,
    /// Position inside the target's box, 0–32767 each way (can exceed it), Clarity only.
    pub inside: Option<(u32, u32)>,
    /// The target stands in an embedded frame and not on the page itself.
    pub embedded: bool,
    /// Box of the target, CSS px.
    pub size: Option<(u32, u32)>,
    /// 0 left, 1 middle, 2 right.
    pub button: u8,
    /// Clarity's static test: a visible reaction would be expected of this tag.
    pub expects_reaction: Option<bool>,
    /// Where a link would open: 0 self, 1 blank, 2 parent, 3 top.
    pub opens: Option<u8>,
    pub text: Option<Str>,
    pub link: Option<Str>,
    /// `alpha.beta` hash of the target's selectors.
    pub hash: Option<Str>,
    /// False for a click that a script made.
    pub trusted: bool,
    pub tag: Option<Str>,
    pub class: Option<Str>,
    pub element_id: Option<Str>,
    /// mouse, pen or touch, when recorded.
    pub pointer_type: Option<Str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipboardAction {
    Cut,
    Copy,
    Paste,
}

/// Times in ms from navigation start, sizes in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NavigationTiming {
    pub fetch_start: f64,
    pub connect_start: f64,
    pub connect_end: f64,
    pub request_start: f64,
    pub response_start: f64,
    pub response_end: f64,
    pub dom_interactive: f64,
    pub dom_complete: f64,
    pub load_start: f64,
    pub load_end: f64,
    pub redirects: u32,
    pub transfer_size: f64,
    pub kind: Str,
    pub protocol: Str,
    pub encoded_size: f64,
    pub decoded_size: f64,
}

/// Every value of [`Kind::name`], in the order of the variants.
pub const KINDS: &[&str] = &[
    "snapshot",
    "mutation",
    "style",
    "move",
    "wheel",
    "mouse_down",
    "mouse_up",
    "click",
    "double_click",
    "context_menu",
    "touch_start",
    "touch_move",
    "touch_end",
    "touch_cancel",
    "drag",
    "scroll",
    "resize",
    "document_size",
    "input",
    "change",
    "submit",
    "clipboard",
    "selection",
    "focus_in",
    "focus_out",
    "open",
    "media",
    "visibility",
    "window_focus",
    "unload",
    "route",
    "error",
    "console",
    "network",
    "navigation",
    "custom",
    "tag",
    "dimension",
    "metric",
    "consent",
    "region",
    "extract",
    "animation",
    "annotation",
    "recorder",
    "unknown",
];

impl Kind {
    /// The `kind` that the command line and the window show.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Snapshot { .. } => "snapshot",
            Kind::Mutation { .. } => "mutation",
            Kind::Style { .. } => "style",
            Kind::Move(_) => "move",
            Kind::Wheel(_) => "wheel",
            Kind::MouseDown(_) => "mouse_down",
            Kind::MouseUp(_) => "mouse_up",
            Kind::Click(_) => "click",
            Kind::DoubleClick(_) => "double_click",
            Kind::ContextMenu(_) => "context_menu",
            Kind::TouchStart(_) => "touch_start",
            Kind::TouchMove(_) => "touch_move",
            Kind::TouchEnd(_) => "touch_end",
            Kind::TouchCancel(_) => "touch_cancel",
            Kind::Drag(_) => "drag",
            Kind::Scroll { .. } => "scroll",
            Kind::Resize { .. } => "resize",
            Kind::DocumentSize { .. } => "document_size",
            Kind::Input { .. } => "input",
            Kind::Change { .. } => "change",
            Kind::Submit { .. } => "submit",
            Kind::Clipboard { .. } => "clipboard",
            Kind::Selection { .. } => "selection",
            Kind::FocusIn { .. } => "focus_in",
            Kind::FocusOut { .. } => "focus_out",
            Kind::Open { .. } => "open",
            Kind::Media { .. } => "media",
            Kind::Visibility { .. } => "visibility",
            Kind::WindowFocus { .. } => "window_focus",
            Kind::Unload { .. } => "unload",
            Kind::Route { .. } => "route",
            Kind::Error { .. } => "error",
            Kind::Console { .. } => "console",
            Kind::Network { .. } => "network",
            Kind::Navigation(_) => "navigation",
            Kind::Custom { .. } => "custom",
            Kind::Tag { .. } => "tag",
            Kind::Dimension { .. } => "dimension",
            Kind::Metric { .. } => "metric",
            Kind::Consent { .. } => "consent",
            Kind::Region { .. } => "region",
            Kind::Extract { .. } => "extract",
            Kind::Animation { .. } => "animation",
            Kind::Annotation { .. } => "annotation",
            Kind::Recorder { .. } => "recorder",
            Kind::Unknown { .. } => "unknown",
        }
    }

    /// The ops of a layout event; empty for everything else.
    pub fn ops(&self) -> &[Op] {
        match self {
            Kind::Snapshot { ops } | Kind::Mutation { ops } | Kind::Style { ops } => ops,
            _ => &[],
        }
    }
}
