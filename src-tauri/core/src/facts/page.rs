//! The facts of one page view.
//!
//! The trap: a page grows while it loads. Measured against its first height, every page is seen to 100 %; so a
//! scroll position is measured against the document's height at the moment when the visitor left it.

use serde::{Deserialize, Serialize};

use super::bounds::{Distinct, said};
use super::masking::MaskCount;
use super::session::Seconds;
use super::spans::{Span, length, union, within};
use crate::event::{Event, Gap, Kind, Millis, NodeId, Page};
use crate::signal::script_error;

/// One page view. Fields that the recording cannot tell are left out of the JSON; names are those of the
/// session's fields where they mean the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageFacts {
    /// 1-based.
    pub number: u32,
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// Epoch ms.
    pub started_at: Millis,
    pub duration_ms: Millis,
    /// First viewport, CSS px.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<(u32, u32)>,
    /// Largest document, CSS px.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<(u32, u32)>,
    /// Percent of the document that came into view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scroll_depth: Option<f64>,
    pub gaps: Vec<Gap>,
    pub page_duration: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_duration: Option<Seconds>,
    pub active_duration: Seconds,
    pub click_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub js_errors: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub js_error: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clicked_text: Vec<String>,
    pub entered_text: bool,
    pub selected_text: bool,
    pub resized: bool,
    /// ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lcp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cls: Option<f64>,
    /// ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inp: Option<f64>,
    /// Percent of the page view's time that can be shown.
    pub completeness: f64,
    /// Percent of the text's characters that are masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<f64>,
}

impl PageFacts {
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
    /// The measures alone: without what a cache keeps of a page view anyway, and without texts.
    pub fn measures(&self) -> serde_json::Map<String, serde_json::Value> {
        const KEPT_ELSEWHERE: [&str; 11] = [
            "number",
            "url",
            "title",
            "referrer",
            "started_at",
            "duration_ms",
            "viewport",
            "document",
            "gaps",
            "js_error",
            "clicked_text",
        ];
        let serde_json::Value::Object(mut row) = self.to_json() else { return serde_json::Map::new() };
        row.retain(|key, value| !KEPT_ELSEWHERE.contains(&key.as_str()) && *value != serde_json::Value::Bool(false));
        row
    }
    /// Keys that are not known are passed over.
    pub fn from_json(value: serde_json::Value) -> Option<PageFacts> {
        serde_json::from_value(value).ok()
    }
}

/// A share 0–1 as percent with one decimal, never outside 0–100.
pub(super) fn percent(share: f64) -> f64 {
    if share.is_finite() { (share.clamp(0.0, 1.0) * 1000.0).round() / 10.0 } else { 0.0 }
}

/// A measure to three decimals, so that rows hold what they print.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Types of fields in which nobody types.
const NOT_TYPED: [&str; 11] = [
    "checkbox",
    "radio",
    "button",
    "submit",
    "reset",
    "image",
    "range",
    "color",
    "file",
    "select-one",
    "select-multiple",
];

/// Scroll position, viewport and document height as steps over time.
#[derive(Debug, Default)]
struct Depth {
    y: f64,
    viewport: f64,
    height: f64,
    /// The height fits the viewport: a change of the viewport changes it, which recorders write down later.
    fresh: bool,
    /// Lowest edge seen while the height was not known.
    pending: f64,
    deepest: f64,
}

impl Depth {
    fn share(&self, edge: f64) -> f64 {
        if self.height > 0.0 { (edge / self.height).min(1.0) } else { 0.0 }
    }

    /// The position or viewport is about to change.
    fn leave(&mut self) {
        let edge = if self.viewport > 0.0 { self.y.max(0.0) + self.viewport } else { 0.0 };
        if self.fresh {
            self.deepest = self.deepest.max(self.share(edge));
        } else {
            self.pending = self.pending.max(edge);
        }
    }

    fn scroll(&mut self, y: f64) {
        self.leave();
        self.y = y;
    }

    fn resize(&mut self, viewport: f64) {
        self.leave();
        self.viewport = viewport;
        self.fresh = false;
    }

    fn grow(&mut self, height: f64) {
        self.height = height;
        self.settle();
        self.fresh = true;
    }

    fn settle(&mut self) {
        self.deepest = self.deepest.max(self.share(self.pending));
        self.pending = 0.0;
    }

    /// Deepest share 0–1; `None` when the document's height was never told.
    fn finish(mut self) -> Option<f64> {
        self.leave();
        self.settle();
        (self.deepest > 0.0).then_some(self.deepest)
    }
}

/// Collects the facts of one page view from its events, in their order.
#[derive(Debug, Default)]
pub(super) struct PageTally {
    clicks: u64,
    clicked: Distinct,
    errors: u64,
    messages: Distinct,
    entered: bool,
    selected: bool,
    resized: bool,
    size: Option<(u32, u32)>,
    depth: Depth,
    lcp: Option<f64>,
    cls: Option<f64>,
    inp: Option<f64>,
    single_page: bool,
    title: Option<String>,
    referrer: Option<String>,
    url: Option<String>,
    pub(super) masks: MaskCount,
}

impl PageTally {
    pub(super) fn of(page: &Page) -> PageTally {
        let mut tally = PageTally { size: page.viewport, ..PageTally::default() };
        tally.depth.viewport = page.viewport.map_or(0.0, |(_, height)| f64::from(height));
        tally
    }

    pub(super) fn add(&mut self, event: &Event) {
        if let Some(message) = script_error(&event.kind) {
            self.errors += 1;
            self.messages.push(message);
        }
        match &event.kind {
            Kind::Click(click) if click.trusted => {
                self.clicks += u64::from(!click.embedded);
                if let Some(text) = &click.text {
                    self.clicked.push(text);
                }
            }
            Kind::Input { value, checked, trusted, .. } => {
                self.entered |= value.is_some() && checked.is_none() && *trusted != Some(false);
            }
            Kind::Change { input_type, .. } => {
                self.entered |= !NOT_TYPED.iter().any(|t| t.eq_ignore_ascii_case(input_type));
            }
            Kind::Selection { start, start_offset, end, end_offset } => {
                self.selected |= start != end || start_offset != end_offset;
            }
            Kind::Resize { width, height } => {
                let size = Some((*width, *height));
                self.resized |= self.size.is_some() && self.size != size;
                if self.size != size {
                    self.depth.resize(f64::from(*height));
                }
                self.size = size;
            }
            Kind::DocumentSize { height, .. } => self.depth.grow(f64::from(*height)),
            Kind::Scroll { node: NodeId::DOCUMENT, y, .. } if y.is_finite() => self.depth.scroll(*y),
            Kind::Snapshot { ops } => self.masks.add_snapshot(ops),
            Kind::Metric { name, value } if value.is_finite() => self.metric(name, *value),
            Kind::Dimension { name, values } => self.dimension(name, values),
            _ => {}
        }
    }

    /// The text of a click that its event does not carry.
    pub(super) fn clicked(&mut self, text: &str) {
        self.clicked.push(text);
    }

    fn metric(&mut self, name: &str, value: f64) {
        match name {
            "largest_paint" if value > 0.0 => self.lcp = Some(self.lcp.unwrap_or(0.0).max(value)),
            // Thousandths, each payload an increment.
            "cumulative_layout_shift" => self.cls = Some(self.cls.unwrap_or(0.0) + value / 1000.0),
            "interaction_next_paint" if value >= 0.0 => self.inp = Some(value),
            "single_page" => self.single_page |= value > 0.0,
            _ => {}
        }
    }

    fn dimension(&mut self, name: &str, values: &[crate::event::Str]) {
        let Some(last) = values.last() else { return };
        match name {
            "interaction_next_paint" => {
                if let Ok(ms) = last.trim().parse::<f64>() {
                    self.inp = (ms.is_finite() && ms >= 0.0).then_some(ms).or(self.inp);
                }
            }
            "page_title" => self.title = said(last).or(self.title.take()),
            "referrer" if self.referrer.is_none() => self.referrer = said(last),
            "url" if self.url.is_none() => self.url = said(last),
            _ => {}
        }
    }

    /// `hidden`: hidden spans of the page view, `None` when the recording does not tell; `errors_known`: the
    /// recorder would have written down script errors.
    pub(super) fn finish(self, page: &Page, hidden: Option<&[Span]>, active: &[Span], errors_known: bool) -> PageFacts {
        let window = Span::new(page.started_at, page.ended_at);
        PageFacts {
            number: page.number,
            url: said(&page.url).or(self.url).unwrap_or_default(),
            title: page.title.as_deref().and_then(said).or(self.title),
            referrer: page.referrer.as_deref().and_then(said).or(self.referrer),
            started_at: page.started_at,
            duration_ms: window.length(),
            viewport: page.viewport.or(self.size),
            document: page.document_size,
            scroll_depth: self.depth.finish().map(percent),
            gaps: page.gaps.clone(),
            page_duration: Seconds(window.length()),
            hidden_duration: hidden.map(|spans| Seconds(length(spans))),
            active_duration: Seconds(length(&within(active, window))),
            click_count: self.clicks,
            js_errors: errors_known.then_some(self.errors),
            js_error: self.messages.into_list(),
            clicked_text: self.clicked.into_list(),
            entered_text: self.entered,
            selected_text: self.selected,
            resized: self.resized,
            // A route change repeats the paint of the document that it lives in.
            lcp: self.lcp.filter(|_| !self.single_page),
            cls: self.cls.map(rounded),
            inp: self.inp,
            completeness: percent(if window.length() == 0 {
                f64::from(u8::from(page.has_snapshot))
            } else {
                shown(page) as f64 / window.length() as f64
            }),
            masked: self.masks.percent(),
        }
    }
}

/// Time of a page view that can be shown, ms.
pub(super) fn shown(page: &Page) -> Millis {
    if !page.has_snapshot {
        return 0;
    }
    let window = Span::new(page.started_at, page.ended_at);
    let gaps = union(page.gaps.iter().map(|gap| Span::new(gap.from, gap.until)).collect());
    window.length().saturating_sub(length(&within(&gaps, window)))
}
