//! The row of one session.
//!
//! The trap: a row is a contract. Its keys are the names of [`super::FIELDS`], filters compare the very values
//! that the JSON prints (so everything is rounded here, not when shown), and what an archive says about a
//! session wins over what is derived from its recording.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::activity::{active_spans, extent, hidden_by_document, hidden_of_page, hidden_spans};
use super::agent::{Agent, Device, Hints, browser_word, device_word, identify, os_word};
use super::bounds::{Distinct, cut_at, said};
use super::channel::{Visit, channel};
use super::fields::TAG_PREFIX;
use super::listed;
use super::masking::MaskCount;
use super::page::{PageFacts, PageTally, percent, shown};
use super::spans::length;
use super::url::{CAMPAIGN_KEYS, Campaign, campaign};
use super::when;
use crate::event::{Kind, Millis, Page, Session, SessionMeta, Source, Str};
use crate::signal::Clicked;

/// Different custom tags that a row keeps, and bytes of a tag's name.
const TAGS: usize = 500;
const TAG_NAME_BYTES: usize = 256;

/// A duration; JSON and filters see seconds with a fraction to the millisecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Millis);

impl Seconds {
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_f64(self.as_f64())
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Seconds, D::Error> {
        f64::deserialize(from).map(|s| Seconds((s * 1000.0).round() as Millis))
    }
}

/// One session's row. `None` and empty lists mean that the recording cannot tell or that there is nothing; both
/// are left out of the JSON. Fields without a comment are described in [`super::FIELDS`].
///
/// JSON: flat keys, one for each field, plus `id`, `start_ms` and (when true) `device_inferred`, which are no
/// fields. `start` is ISO 8601 in UTC with milliseconds (`2026-11-20T14:32:05.123Z`); `start_ms` is the same
/// instant in epoch ms for machines. Durations are seconds, several values an array, yes/no true or false.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionFacts {
    pub id: String,
    /// Epoch ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_duration: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scroll_depth: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// `device` was guessed from pointer and screen, because nothing named it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub device_inferred: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    #[serde(rename = "utm.source", skip_serializing_if = "Option::is_none")]
    pub utm_source: Option<String>,
    #[serde(rename = "utm.medium", skip_serializing_if = "Option::is_none")]
    pub utm_medium: Option<String>,
    #[serde(rename = "utm.campaign", skip_serializing_if = "Option::is_none")]
    pub utm_campaign: Option<String>,
    #[serde(rename = "utm.term", skip_serializing_if = "Option::is_none")]
    pub utm_term: Option<String>,
    #[serde(rename = "utm.content", skip_serializing_if = "Option::is_none")]
    pub utm_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_utm: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_page: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub title: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_user: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_session: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<String>,
    /// By the tag's name; JSON has `tag.NAME`.
    #[serde(skip)]
    pub tags: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consent: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub js_error: Vec<String>,
    /// Filled by the detectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub click_error: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clicked_text: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_text: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected_text: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resized: Option<bool>,
    /// Filled by the detectors, like the four after it and `frustration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rage_clicks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_clicks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_clicks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick_backs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excessive_scrolls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub js_errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frustration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lcp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cls: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inp: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub page_duration: Vec<Seconds>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_duration: Vec<Seconds>,
    /// The vendor's project id, until a cache puts its own project's name here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport_width: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_name: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_brand: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_availability: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_price: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_rating: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_ratings: Vec<f64>,
    /// One row per page view, in their order; not part of the session's JSON.
    #[serde(skip)]
    pub pages: Vec<PageFacts>,
}

impl SessionFacts {
    /// The flat row. Page rows are not in it, see [`PageFacts::to_json`].
    pub fn to_json(&self) -> Value {
        let mut row = serde_json::to_value(self).unwrap_or_default();
        if let Some(row) = row.as_object_mut() {
            for (name, values) in &self.tags {
                row.insert(format!("{TAG_PREFIX}{name}"), Value::from(values.clone()));
            }
        }
        row
    }

    /// A row as [`SessionFacts::to_json`] writes it, without its pages; keys that are not known are passed over.
    /// `None` when a known key holds something else than its field's kind.
    pub fn from_json(mut row: Value) -> Option<SessionFacts> {
        let mut tags = BTreeMap::new();
        for (key, value) in row.as_object_mut()? {
            if let Some(name) = key.strip_prefix(TAG_PREFIX) {
                let values = value.take();
                tags.insert(name.to_owned(), serde_json::from_value::<Vec<String>>(values).ok()?);
            }
        }
        let facts: SessionFacts = serde_json::from_value(row).ok()?;
        Some(SessionFacts { tags, ..facts })
    }
}

/// Numbers in the order of their first appearance.
#[derive(Debug, Default)]
struct Numbers(Vec<f64>);

impl Numbers {
    fn push(&mut self, value: f64) {
        if value > 0.0 && self.0.len() < super::bounds::VALUES && !self.0.contains(&value) {
            self.0.push(value);
        }
    }
}

/// What events say about the session as a whole.
#[derive(Default)]
struct Tally {
    user_agent: Option<Str>,
    platform: Option<Str>,
    brands: Vec<Str>,
    mobile: Option<bool>,
    touch_points: Option<f64>,
    language: Option<String>,
    cookie_version: Option<String>,
    first_seen: Option<i64>,
    consent_state: Option<&'static str>,
    consent_basis: Option<&'static str>,
    touched: bool,
    moused: bool,
    clicks: u64,
    /// The recorder writes down errors: it wrote one, or wrote to the console's log.
    errors_seen: bool,
    events: Distinct,
    custom_user: Distinct,
    custom_session: Distinct,
    tags: BTreeMap<String, Distinct>,
    product_name: Distinct,
    product_brand: Distinct,
    product_availability: Distinct,
    product_price: Numbers,
    product_rating: Numbers,
    product_ratings: Numbers,
}

/// Names under which Clarity's own script calls the site's event API.
const RECORDERS_EVENT: &str = "clarity";
const RECORDERS_STATES: [&str; 4] = ["pause", "resume", "suspend", "restart"];

impl Tally {
    fn add(&mut self, kind: &Kind) {
        match kind {
            Kind::Click(click) => {
                self.clicks += u64::from(click.trusted && !click.embedded);
                match click.pointer_type.as_deref() {
                    Some("touch") => self.touched = true,
                    Some("mouse") => self.moused = true,
                    _ => {}
                }
            }
            // rrweb also writes mouse moves inside frames as touch moves.
            Kind::TouchStart(_) | Kind::TouchEnd(_) => self.touched = true,
            Kind::Move(_) | Kind::Wheel(_) | Kind::MouseDown(_) | Kind::DoubleClick(_) => self.moused = true,
            Kind::Error { .. } | Kind::Console { .. } => self.errors_seen = true,
            Kind::Custom { name, value } => self.custom(name, value.as_deref()),
            Kind::Tag { key, values } => self.tag(key, values),
            Kind::Dimension { name, values } => self.dimension(name, values),
            Kind::Metric { name, value } => self.metric(name, *value),
            Kind::Consent { ad_storage, analytics_storage, .. } => {
                self.consent_state = match (ad_storage, analytics_storage) {
                    (Some(true), Some(true)) => Some("granted"),
                    (Some(true), _) => Some("ads"),
                    (_, Some(true)) => Some("analytics"),
                    (None, None) => self.consent_state,
                    _ => Some("denied"),
                };
            }
            _ => {}
        }
    }

    fn custom(&mut self, name: &str, value: Option<&str>) {
        if name == RECORDERS_EVENT && value.is_some_and(|v| RECORDERS_STATES.contains(&v)) {
            return;
        }
        if name.eq_ignore_ascii_case("identify")
            && let Some(value) = value
        {
            self.identified(value);
        }
        self.events.push(name);
    }

    /// A custom event by which vendors of rrweb say who the visitor is: plain text, or JSON with a known key.
    fn identified(&mut self, value: &str) {
        const KEYS: [&str; 6] = ["userId", "user_id", "user_identifier", "id", "email", "name"];
        match serde_json::from_str::<Value>(cut_at(value, super::bounds::TEXT_BYTES)) {
            Ok(Value::Object(fields)) => {
                for text in KEYS.iter().filter_map(|key| fields.get(*key)?.as_str()) {
                    self.custom_user.push(text);
                }
            }
            Ok(Value::String(text)) => self.custom_user.push(&text),
            _ => self.custom_user.push(value),
        }
    }

    fn tag(&mut self, key: &str, values: &[Str]) {
        // The names under which Clarity's `identify` writes; `userId` holds a hash, `userHint` what people know.
        let to = match key {
            "userId" | "userHint" => &mut self.custom_user,
            "sessionId" => &mut self.custom_session,
            _ => {
                let key = cut_at(key.trim(), TAG_NAME_BYTES);
                if key.is_empty() || (self.tags.len() >= TAGS && !self.tags.contains_key(key)) {
                    return;
                }
                self.tags.entry(key.to_owned()).or_default()
            }
        };
        for value in values {
            to.push(value);
        }
    }

    fn dimension(&mut self, name: &str, values: &[Str]) {
        let Some(first) = values.iter().find(|v| !v.trim().is_empty()) else { return };
        match name {
            "user_agent" if self.user_agent.is_none() => self.user_agent = Some(first.clone()),
            "platform" if self.platform.is_none() => self.platform = Some(first.clone()),
            "brand" if self.brands.is_empty() => self.brands = values.iter().take(32).cloned().collect(),
            "language" if self.language.is_none() => self.language = said(first),
            "cookie_version" if self.cookie_version.is_none() => self.cookie_version = said(first),
            "dob" if self.first_seen.is_none() => self.first_seen = first.trim().parse().ok(),
            "consent" => {
                self.consent_basis = match values.last().map(|v| v.trim()) {
                    Some("0") => Some("none"),
                    Some("1") => Some("implicit"),
                    Some("2") => Some("explicit"),
                    _ => self.consent_basis,
                }
            }
            "product_name" => values.iter().for_each(|v| self.product_name.push(v)),
            "product_brand" => values.iter().for_each(|v| self.product_brand.push(v)),
            "product_availability" => values.iter().for_each(|v| self.product_availability.push(v)),
            _ => {}
        }
    }

    fn metric(&mut self, name: &str, value: f64) {
        if !value.is_finite() {
            return;
        }
        match name {
            "mobile" => self.mobile = Some(self.mobile.unwrap_or(false) || value > 0.0),
            "max_touch_points" => self.touch_points = Some(self.touch_points.unwrap_or(0.0).max(value)),
            "product_price" => self.product_price.push(value),
            // Hundredths.
            "rating_value" => self.product_rating.push(value / 100.0),
            "rating_count" => self.product_ratings.push(value),
            _ => {}
        }
    }

    fn agent(&self, meta: &SessionMeta) -> Agent {
        let brands: Vec<&str> = self.brands.iter().map(|b| &**b).collect();
        let hints =
            Hints { mobile: self.mobile, platform: self.platform.as_deref(), brands, touch_points: self.touch_points };
        identify(meta.user_agent.as_deref().or(self.user_agent.as_deref()), &hints)
    }

    /// Pointer and screen, when nothing names the device.
    fn guess_device(&self, first: Option<&Page>) -> Option<Device> {
        let (width, height) = first?.viewport?;
        // Pages that are not made for phones are laid out 980 px wide or more there; the shape gives it away.
        let is_phone = width.min(height) < 600 || f64::from(height) >= 1.7 * f64::from(width);
        // A tap makes mouse events too, so touch decides where both were seen.
        Some(match (self.touched, self.moused) {
            (true, _) if is_phone => Device::Mobile,
            (true, _) if width <= 1_366 => Device::Tablet,
            (true, _) | (false, true) => Device::Pc,
            (false, false) if width <= 480 => Device::Mobile,
            (false, false) if width <= 1_024 => Device::Tablet,
            (false, false) => Device::Pc,
        })
    }

    /// New or returning, as far as Clarity's cookie tells.
    fn user_type(&self, start: Option<Millis>) -> Option<&'static str> {
        match self.cookie_version.as_deref() {
            Some("0") => return Some("new"),
            Some(_) => return Some("returning"),
            None => {}
        }
        let seen = self.first_seen.filter(|day| *day > 0)?;
        Some(if seen < when::clarity_day(start?) { "returning" } else { "new" })
    }
}

/// The archive's text, when it says one.
fn or_said(archive: Option<&String>, derived: Option<String>) -> Option<String> {
    archive.and_then(|text| said(text)).or(derived)
}

/// The archive's values, then the recording's others.
fn joined<'a>(archive: impl IntoIterator<Item = &'a String>, recorded: Distinct) -> Vec<String> {
    let mut all = Distinct::default();
    archive.into_iter().for_each(|text| all.push(text));
    recorded.into_list().iter().for_each(|text| all.push(text));
    all.into_list()
}

fn worst(pages: &[PageFacts], of: impl Fn(&PageFacts) -> Option<f64>) -> Option<f64> {
    pages.iter().filter_map(of).max_by(f64::total_cmp)
}

fn distinct<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all = Distinct::default();
    texts.for_each(|text| all.push(text));
    all.into_list()
}

fn campaign_of(landing: &str, meta: &SessionMeta) -> Campaign {
    let mut found = campaign(landing);
    for key in CAMPAIGN_KEYS {
        let archive = meta.utm.get(key).or_else(|| meta.utm.get(&format!("utm_{key}")));
        if let (Some(value), Some(slot)) = (archive.and_then(|v| said(v)), found.slot(key)) {
            *slot = Some(value);
        }
    }
    found
}

/// Derives the row of a session and those of its page views. Pure: the same recording gives the same rows. `clicked`:
/// texts of clicks that the recorder did not note, see [`crate::signal::detect`].
pub fn of_session(session: &Session, clicked: &[Clicked], meta: &SessionMeta) -> SessionFacts {
    let mut tally = Tally::default();
    let mut tallies: Vec<PageTally> = session.pages.iter().map(PageTally::of).collect();
    let place: HashMap<u32, usize> = session.pages.iter().enumerate().map(|(i, p)| (p.number, i)).collect();
    for event in &session.events {
        tally.add(&event.kind);
        if let Some(&at) = place.get(&event.page) {
            tallies[at].add(event);
        }
    }
    for click in clicked {
        if let Some(&at) = place.get(&click.page) {
            tallies[at].clicked(&click.text);
        }
    }

    let hidden = hidden_spans(session);
    let by_document = hidden_by_document(session);
    let active = active_spans(session, &hidden);
    let errors_known = session.source == Source::Clarity || tally.errors_seen;
    let mut masks = MaskCount::default();
    let mut pages = Vec::with_capacity(session.pages.len());
    for (page, tally) in session.pages.iter().zip(tallies) {
        masks.join(&tally.masks);
        let hidden = hidden_of_page(page, &by_document);
        pages.push(tally.finish(page, hidden.as_deref(), &active, errors_known));
    }

    let extent = extent(session);
    // Without a recording (a line of a session list) nothing is known that only a recording can tell.
    let recorded = extent.is_some();
    let start = meta.started_at.or(extent.map(|e| e.from)).or(listed::whole(meta, "start"));
    let landing = pages.first().map(|p| p.url.clone()).unwrap_or_default();
    let referrer = or_said(meta.referrer.as_ref(), pages.first().and_then(|p| p.referrer.clone()));
    let campaign = campaign_of(&landing, meta);
    let says_origin = recorded || referrer.is_some() || campaign.is_tagged();

    let agent = tally.agent(meta);
    let named = meta.device.as_deref().and_then(device_word).or(agent.device.map(|d| d.word().to_owned()));
    let guessed = if named.is_none() { tally.guess_device(session.pages.first()) } else { None };

    let consent = match meta.consent.as_deref().and_then(said) {
        Some(word) => vec![word],
        None => tally.consent_state.into_iter().chain(tally.consent_basis).map(str::to_owned).collect(),
    };
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, values) in &meta.tags {
        let name = cut_at(name.trim(), TAG_NAME_BYTES);
        if !name.is_empty() && tags.len() < TAGS {
            let recorded = tally.tags.remove(name).unwrap_or_default();
            tags.insert(name.to_owned(), joined(values, recorded));
        }
    }
    let recorded_tags = std::mem::take(&mut tally.tags);
    tags.extend(recorded_tags.into_iter().map(|(name, values)| (name, values.into_list())));
    tags.retain(|_, values| !values.is_empty());

    let total: Millis = pages.iter().fold(0, |sum: Millis, p| sum.saturating_add(p.duration_ms));
    let completeness = if total > 0 {
        let shown = session.pages.iter().fold(0, |sum: Millis, p| sum.saturating_add(shown(p)));
        Some(percent(shown as f64 / total as f64))
    } else {
        let with = session.pages.iter().filter(|p| p.has_snapshot).count();
        (!pages.is_empty()).then(|| percent(with as f64 / pages.len() as f64))
    };

    let facts = SessionFacts {
        id: session.id.clone(),
        start_ms: start,
        start: start.and_then(when::iso),
        day: start.and_then(when::day).map(str::to_owned),
        hour: start.and_then(when::hour),
        duration: extent.map(|e| Seconds(e.length())),
        active_duration: extent.map(|_| Seconds(length(&active))),
        page_count: recorded.then_some(pages.len() as u64),
        click_count: recorded.then_some(tally.clicks),
        scroll_depth: worst(&pages, |p| p.scroll_depth),
        device: named.or(guessed.map(|d| d.word().to_owned())),
        device_inferred: guessed.is_some(),
        browser: meta.browser.as_deref().and_then(browser_word).or(agent.browser.map(str::to_owned)),
        os: meta.os.as_deref().and_then(os_word).or(agent.os.map(str::to_owned)),
        language: or_said(meta.language.as_ref(), or_said(meta.locale.as_ref(), tally.language.clone())),
        country: or_said(meta.country.as_ref(), None),
        state: or_said(meta.state.as_ref(), None),
        city: or_said(meta.city.as_ref(), None),
        channel: says_origin.then(|| {
            channel(Visit { landing: &landing, referrer: referrer.as_deref(), campaign: &campaign }).to_owned()
        }),
        has_utm: says_origin.then(|| campaign.is_tagged()),
        referrer,
        utm_source: campaign.source,
        utm_medium: campaign.medium,
        utm_campaign: campaign.campaign,
        utm_term: campaign.term,
        utm_content: campaign.content,
        entry_page: pages.first().and_then(|p| said(&p.url)),
        exit_page: pages.last().and_then(|p| said(&p.url)),
        page: distinct(pages.iter().map(|p| &p.url)),
        title: distinct(pages.iter().filter_map(|p| p.title.as_ref())),
        user: or_said(meta.user.as_ref(), session.user.as_deref().and_then(said)),
        user_type: listed::user_type(meta).or(tally.user_type(start)).map(str::to_owned),
        custom_user: tally.custom_user.into_list(),
        custom_session: tally.custom_session.into_list(),
        event: joined(&meta.events, tally.events),
        tags,
        audience: distinct(meta.audiences.iter()),
        consent,
        js_error: distinct(pages.iter().flat_map(|p| &p.js_error)),
        click_error: Vec::new(),
        clicked_text: distinct(pages.iter().flat_map(|p| &p.clicked_text)),
        entered_text: recorded.then(|| pages.iter().any(|p| p.entered_text)),
        selected_text: recorded.then(|| pages.iter().any(|p| p.selected_text)),
        resized: recorded.then(|| pages.iter().any(|p| p.resized)),
        rage_clicks: None,
        dead_clicks: None,
        error_clicks: None,
        quick_backs: None,
        excessive_scrolls: None,
        js_errors: (recorded && errors_known).then(|| pages.iter().filter_map(|p| p.js_errors).sum()),
        frustration: None,
        lcp: worst(&pages, |p| p.lcp),
        cls: worst(&pages, |p| p.cls),
        inp: worst(&pages, |p| p.inp),
        page_duration: pages.iter().map(|p| p.page_duration).collect(),
        hidden_duration: pages.iter().filter_map(|p| p.hidden_duration).collect(),
        project: session.project.as_deref().and_then(said),
        source: Some(session.source),
        format_version: session.format_version.as_deref().and_then(said),
        completeness,
        masked: masks.percent(),
        viewport_width: pages.first().and_then(|p| p.viewport).map(|(width, _)| width),
        product_name: tally.product_name.into_list(),
        product_brand: tally.product_brand.into_list(),
        product_availability: tally.product_availability.into_list(),
        product_price: tally.product_price.0,
        product_rating: tally.product_rating.0,
        product_ratings: tally.product_ratings.0,
        pages,
    };
    if recorded { facts } else { listed::fill(facts, meta) }
}
