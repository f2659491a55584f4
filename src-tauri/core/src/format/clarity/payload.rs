//! One upload body, read into typed wire events. Nothing of the page around it is known here.
//!
//! The trap is that everything is positional and shorter in older versions: a field that is missing is no error, it
//! has the default of facts §2. And an event that is damaged must not take the ones before it along.

use std::borrow::Cow;

use super::decoded;
use super::scan::{MAX_BODY, Read, Scan};
use crate::format::MAX_NODES;

pub use super::scan::{Damage, Text};

/// Version of the recorder that wrote a payload. Betas come before their release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
    /// Number of the beta, `u32::MAX` for a release.
    pub beta: u32,
}

impl Version {
    pub const fn release(major: u32, minor: u32, patch: u32) -> Version {
        Version { major, minor, patch, beta: u32::MAX }
    }
    /// Reads `0.8.70` and `0.6.0-b19`.
    pub fn parse(text: &str) -> Option<Version> {
        let (numbers, beta) = match text.split_once("-b") {
            Some((numbers, beta)) => (numbers, beta.parse().ok()?),
            None => (text, u32::MAX),
        };
        let mut parts = numbers.split('.');
        let mut next = || parts.next().filter(|p| p.len() <= 6)?.parse().ok();
        let version = Version { major: next()?, minor: next()?, patch: next()?, beta };
        parts.next().is_none().then_some(version)
    }
}

/// Facts §1.2. Ids are text, also where the oldest versions wrote numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub version: Version,
    /// The version as written.
    pub version_text: String,
    /// 1-based within the page.
    pub sequence: u64,
    /// Window that the payload covers, ms since the page's start.
    pub start: i64,
    pub duration: i64,
    pub project: String,
    pub user: String,
    pub session: String,
    /// 1-based within the session; two tabs may claim the same one.
    pub page: u64,
    /// 0 async, 1 beacon.
    pub upload: i64,
    /// Last payload of its page.
    pub end: bool,
    pub platform: Option<i64>,
    /// Address at upload time; in the last payload of a view it can be the next view's.
    pub url: Option<String>,
}

/// Why a body is no payload that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is something else.
    Foreign,
    /// Written by a recorder before 0.6, whose events are numbered differently.
    TooOld { version: String },
    /// It starts like a payload, but its envelope cannot be read.
    Damaged(Damage),
    /// It is larger than the decoder takes.
    TooLarge,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Foreign => write!(f, "This is not a Clarity payload."),
            Refusal::TooOld { version } => write!(
                f,
                "This payload was written by Clarity {version}; versions before 0.6 number their events differently and cannot be read."
            ),
            Refusal::Damaged(d) => {
                write!(f, "The envelope of this Clarity payload is damaged at byte {}: {}", d.offset, d.reason)
            }
            Refusal::TooLarge => write!(f, "This Clarity payload is larger than 1 GiB."),
        }
    }
}

/// The text of a body: without a byte order mark, broken UTF-8 replaced (`true` when there was any).
pub fn text(body: &[u8]) -> (Cow<'_, str>, bool) {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // The strict check is several times faster than the lossy one.
    match std::str::from_utf8(body) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (String::from_utf8_lossy(body), true),
    }
}

/// Reads only the envelope, of a decoded payload too; cheap when it comes first, as the recorder writes it.
pub fn peek(body: &[u8]) -> Result<Envelope, Refusal> {
    // Whatever cannot be a payload is turned away before its text is checked.
    let first = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(Refusal::Foreign);
    }
    if decoded::is_one(body) {
        let envelope = decoded::envelope(body).ok_or(Refusal::Foreign)?;
        return Reader::new(&envelope)?.envelope_only();
    }
    let (text, _) = text(body);
    Reader::new(&text)?.envelope_only()
}

/// A whole payload.
#[derive(Debug, Clone)]
pub struct Payload<'a> {
    pub envelope: Envelope,
    /// In the order of the streams `a`, then `p`; not sorted by time (facts §1.3).
    pub events: Vec<Event>,
    /// The `p` stream was there.
    pub has_playback: bool,
    /// Where reading stopped, when it did before the end.
    pub damage: Option<Damage>,
    /// Byte offsets of array elements that are no events.
    pub oddities: Vec<usize>,
    /// Nodes beyond [`crate::format::MAX_NODES`], which were left out.
    pub over: usize,
    nodes: Vec<Node>,
    attrs: Vec<(Text, Text)>,
    body: &'a str,
    own: String,
}

impl Payload<'_> {
    pub fn str(&self, text: Text) -> &str {
        text.read(self.body, &self.own)
    }
    pub fn nodes(&self, layout: Layout) -> &[Node] {
        self.nodes.get(layout.first as usize..(layout.first + layout.count) as usize).unwrap_or(&[])
    }
    /// Names and values in document order.
    pub fn attrs(&self, node: &Node) -> &[(Text, Text)] {
        self.attrs.get(node.attrs.0 as usize..node.attrs.1 as usize).unwrap_or(&[])
    }
}

/// One event as it stands in the payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Milliseconds since the start of the page.
    pub time: i64,
    pub code: u32,
    /// The event's JSON.
    pub raw: Text,
    pub wire: Wire,
}

/// Fields of an event by its code, facts §2. Ids are node ids as recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum Wire {
    Metric(Vec<(u32, f64)>),
    Dimension(Vec<(u32, Vec<Text>)>),
    Upload {
        sequence: f64,
        attempts: f64,
        status: f64,
    },
    Upgrade {
        key: Text,
    },
    Baseline(Box<Baseline>),
    /// Discover 5, Mutation 6, Snapshot 43.
    Layout(Layout),
    Regions(Vec<Region>),
    Document {
        width: f64,
        height: f64,
    },
    /// Click 9, ContextMenu 48.
    Click(Box<Click>),
    Scroll {
        target: i64,
        x: f64,
        y: f64,
        top: Option<Text>,
        bottom: Option<Text>,
        trusted: bool,
    },
    Resize {
        width: f64,
        height: f64,
    },
    /// 12 to 20.
    Pointer {
        target: i64,
        x: f64,
        y: f64,
        id: Option<i64>,
        primary: Option<bool>,
    },
    Selection {
        start: i64,
        start_offset: f64,
        end: i64,
        end_offset: f64,
    },
    Timeline(Box<Timeline>),
    Custom {
        key: Option<Text>,
        value: Text,
    },
    Ping {
        gap: f64,
    },
    Unload {
        name: Text,
        persisted: Option<bool>,
    },
    Input {
        target: i64,
        value: Option<Text>,
        trusted: Option<bool>,
    },
    Visibility {
        visible: bool,
    },
    Navigation(Box<Navigation>),
    ScriptError(Box<ScriptError>),
    Log(Box<Log>),
    Variable(Vec<(Text, Vec<Text>)>),
    Limit {
        check: i64,
    },
    Summary(Vec<(u32, Vec<f64>)>),
    Clipboard {
        target: i64,
        action: i64,
    },
    Submit {
        target: i64,
    },
    Extract(Vec<(u32, Vec<(Text, Text)>)>),
    Fraud {
        check: i64,
        target: i64,
        checksum: Text,
    },
    Change {
        target: i64,
        input_type: Text,
        value: Option<Text>,
        checksum: Option<Text>,
    },
    Animation(Box<Animation>),
    Adoption {
        owner: i64,
        operation: i64,
        sheets: Vec<Text>,
    },
    Sheet {
        sheet: Text,
        operation: i64,
        css: Option<Text>,
    },
    Consent {
        source: i64,
        ad_storage: Option<bool>,
        analytics_storage: Option<bool>,
    },
    Focus {
        focused: bool,
    },
    CustomElement {
        tag: Text,
    },
    Chat {
        action: i64,
    },
    PointerDown(Box<PointerDown>),
    /// Deprecated, internal, or unknown: only [`Event::raw`] is there.
    Raw,
}

/// A run of DOM records; read it with [`Payload::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    first: u32,
    count: u32,
}

impl Layout {
    pub fn is_empty(self) -> bool {
        self.count == 0
    }
}

/// One DOM record with its back-references resolved, facts §3.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub id: u32,
    /// The text value is masked, in length form.
    pub masked: bool,
    /// How many numbers stood before the tag: 1 id only, 2 with parent, 3 with previous sibling.
    pub numbers: u8,
    pub parent: Option<u32>,
    pub previous: Option<u32>,
    /// Without `~position`.
    pub tag: Text,
    attrs: (u32, u32),
    /// Text of `*T`, style sheet of `STYLE`.
    pub value: Option<Text>,
    /// Box of a masked image, px.
    pub size: Option<(f32, f32)>,
}

/// State at the end of the payload before, facts §2.2: index 2 to 25 in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    pub values: [Option<f64>; 24],
    pub modules: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    pub node: i64,
    pub interaction: i64,
    pub visibility: i64,
    pub name: Text,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Click {
    pub target: i64,
    pub x: f64,
    pub y: f64,
    pub inside: Option<(f64, f64)>,
    pub button: i64,
    pub reaction: Option<bool>,
    pub context: Option<i64>,
    pub text: Option<Text>,
    pub link: Option<Text>,
    pub hash: Option<Text>,
    pub trusted: bool,
    pub full_text: Option<bool>,
    pub size: Option<(f64, f64)>,
    pub tag: Option<Text>,
    pub class: Option<Text>,
    pub element_id: Option<Text>,
    pub source: i64,
    pub region: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    pub code: i64,
    pub hash: Option<Text>,
    pub x: f64,
    pub y: f64,
    pub reaction: i64,
    pub context: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Navigation {
    /// Index 2 to 13.
    pub times: [f64; 12],
    pub kind: Option<Text>,
    pub protocol: Option<Text>,
    pub encoded_size: f64,
    pub decoded_size: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScriptError {
    pub message: Text,
    pub line: Option<f64>,
    pub column: Option<f64>,
    pub stack: Option<Text>,
    pub source: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    pub code: i64,
    pub name: Option<Text>,
    pub message: Option<Text>,
    pub stack: Option<Text>,
    pub severity: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Animation {
    pub id: Text,
    pub operation: i64,
    pub keyframes: Option<Text>,
    pub timing: Option<Text>,
    pub target: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PointerDown {
    pub target: i64,
    pub x: f64,
    pub y: f64,
    pub pointer: i64,
    pub primary: bool,
    pub kind: i64,
    pub pressure: f64,
    pub width: f64,
    pub height: f64,
}

/// Reads a whole body. Damage after the envelope is told in the payload, whole events before it are kept.
pub fn parse(body: &str) -> Result<Payload<'_>, Refusal> {
    Parser::default().parse(body)
}

/// Reads many bodies with the same buffers: a third faster than [`parse`] for each, which asks the system for
/// memory again and again.
#[derive(Default)]
pub struct Parser {
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    events: Vec<Event>,
    nodes: Vec<Node>,
    attrs: Vec<(Text, Text)>,
    own: String,
    fields: Vec<Packed>,
    lists: Vec<Packed>,
    /// String at each position of the layout event being read, `Text::NONE` where there is none.
    tokens: Vec<Text>,
    strings: Vec<Text>,
}

impl Parser {
    /// As [`parse`].
    pub fn parse<'a>(&mut self, body: &'a str) -> Result<Payload<'a>, Refusal> {
        let mut reader = Reader::new(body)?;
        reader.buffers = std::mem::take(&mut self.buffers);
        // A body that was refused midway leaves its events behind.
        let left = &mut reader.buffers;
        left.events.clear();
        left.nodes.clear();
        left.attrs.clear();
        left.own.clear();
        left.strings.clear();
        let (payload, buffers) = reader.payload();
        self.buffers = buffers;
        payload
    }
    /// Takes the memory of a payload that is done with.
    pub fn recycle(&mut self, payload: Payload<'_>) {
        let Payload { mut events, mut nodes, mut attrs, mut own, .. } = payload;
        events.clear();
        nodes.clear();
        attrs.clear();
        own.clear();
        let buffers = &mut self.buffers;
        (buffers.events, buffers.nodes, buffers.attrs, buffers.own) = (events, nodes, attrs, own);
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Null,
    Bool(bool),
    Num(f64),
    Text(Text),
    /// A range of `Reader::lists`.
    List(u32, u32),
}

/// A [`Field`] in two words: the compiler moves the enum piece by piece, which stalls the inner loop.
#[derive(Debug, Clone, Copy)]
struct Packed {
    kind: u64,
    bits: u64,
}

impl Packed {
    const NULL: Packed = Packed { kind: 0, bits: 0 };
    #[inline(always)]
    fn bool(value: bool) -> Packed {
        Packed { kind: 1, bits: value.into() }
    }
    #[inline(always)]
    fn num(value: f64) -> Packed {
        Packed { kind: 2, bits: value.to_bits() }
    }
    #[inline(always)]
    fn text(value: Text) -> Packed {
        Packed { kind: 3, bits: value.bits() }
    }
    #[inline(always)]
    fn list(from: u32, to: u32) -> Packed {
        Packed { kind: 4, bits: u64::from(from) << 32 | u64::from(to) }
    }
    #[inline(always)]
    fn field(self) -> Field {
        match self.kind {
            1 => Field::Bool(self.bits != 0),
            2 => Field::Num(f64::from_bits(self.bits)),
            3 => Field::Text(Text::of_bits(self.bits)),
            4 => Field::List((self.bits >> 32) as u32, self.bits as u32),
            _ => Field::Null,
        }
    }
}

struct Reader<'a> {
    scan: Scan<'a>,
    buffers: Buffers,
    oddities: Vec<usize>,
    over: usize,
    old_regions: bool,
}

/// Regions and region ids in other events had another form up to this version.
const LAST_WITH_REGION_IDS: Version = Version::release(0, 6, 14);

impl<'a> Reader<'a> {
    fn new(body: &'a str) -> Result<Reader<'a>, Refusal> {
        if body.len() > MAX_BODY {
            return Err(Refusal::TooLarge);
        }
        Ok(Reader {
            scan: Scan::new(body),
            buffers: Buffers::default(),
            oddities: Vec::new(),
            over: 0,
            old_regions: false,
        })
    }

    /// Takes a key of the outermost object and its colon; `None` at its end.
    fn key(&mut self, first: bool) -> Read<Option<&'a str>> {
        let scan = &mut self.scan;
        if scan.peek() == b'}' {
            scan.pos += 1;
            return Ok(None);
        }
        if !first {
            scan.take(b',', "A comma was expected.")?;
            scan.peek();
        }
        let key = scan.string(&mut self.buffers.own)?;
        scan.take(b':', "A colon was expected.")?;
        let key = key.read(scan.body, "");
        scan.peek();
        Ok(Some(key))
    }

    fn envelope_only(mut self) -> Result<Envelope, Refusal> {
        self.scan.take(b'{', "").map_err(|_| Refusal::Foreign)?;
        let mut first = true;
        loop {
            match self.key(first) {
                Ok(Some("e")) => return self.envelope(),
                Ok(Some("a" | "p" | "d" | "timestamp" | "envelope")) => {
                    let skipped = self.scan.skip();
                    skipped.map_err(|b| Refusal::Damaged(self.scan.fault(b)))?;
                }
                _ => return Err(Refusal::Foreign),
            }
            first = false;
        }
    }

    fn envelope(&mut self) -> Result<Envelope, Refusal> {
        if self.scan.peek() != b'[' {
            return Err(Refusal::Foreign);
        }
        self.buffers.fields.clear();
        let start = self.scan.pos;
        let read = self.field_list();
        read.map_err(|b| Refusal::Damaged(self.scan.fault(b)))?;
        let text = |reader: &Reader<'a>, at: usize| match reader.buffers.fields.get(at).map(|f| f.field()) {
            Some(Field::Text(t)) => t.read(reader.scan.body, &reader.buffers.own).to_owned(),
            Some(Field::Num(n)) => format!("{n}"),
            _ => String::new(),
        };
        let number = |reader: &Reader<'a>, at: usize| match reader.buffers.fields.get(at).map(|f| f.field()) {
            Some(Field::Num(n)) => Some(n),
            Some(Field::Bool(b)) => Some(b as u8 as f64),
            _ => None,
        };
        let version_text = text(self, 0);
        let Some(version) = Version::parse(&version_text) else { return Err(Refusal::Foreign) };
        if (version.major, version.minor) < (0, 6) {
            return Err(Refusal::TooOld { version: version_text });
        }
        let (Some(sequence), Some(page)) = (number(self, 1), number(self, 7)) else {
            return Err(Refusal::Damaged(Damage {
                offset: start,
                reason: "The envelope has no sequence or page number.",
            }));
        };
        self.old_regions = version <= LAST_WITH_REGION_IDS;
        Ok(Envelope {
            version,
            version_text,
            sequence: sequence as u64,
            start: number(self, 2).unwrap_or(0.0) as i64,
            duration: number(self, 3).unwrap_or(0.0) as i64,
            project: text(self, 4),
            user: text(self, 5),
            session: text(self, 6),
            page: page as u64,
            upload: number(self, 8).unwrap_or(0.0) as i64,
            end: number(self, 9).unwrap_or(0.0) != 0.0,
            platform: number(self, 10).map(|n| n as i64),
            url: match self.buffers.fields.get(11).map(|f| f.field()) {
                Some(Field::Text(_)) => Some(text(self, 11)),
                _ => None,
            },
        })
    }

    fn payload(mut self) -> (Result<Payload<'a>, Refusal>, Buffers) {
        let read = self.streams().map(|(envelope, has_playback, damage)| Payload {
            envelope,
            events: std::mem::take(&mut self.buffers.events),
            has_playback,
            damage,
            oddities: std::mem::take(&mut self.oddities),
            over: self.over,
            nodes: std::mem::take(&mut self.buffers.nodes),
            attrs: std::mem::take(&mut self.buffers.attrs),
            body: self.scan.body,
            own: std::mem::take(&mut self.buffers.own),
        });
        (read, self.buffers)
    }

    /// The envelope, whether there was a `p`, and where reading stopped early.
    fn streams(&mut self) -> Result<(Envelope, bool, Option<Damage>), Refusal> {
        self.scan.take(b'{', "").map_err(|_| Refusal::Foreign)?;
        // Region ids in old payloads make the version matter; a body that puts its envelope last is read twice.
        let (mut envelope, mut playback, mut has_playback, mut first) = (None, 0..0, false, true);
        let mut damage = None;
        loop {
            let read = match self.key(first) {
                Ok(None) => break,
                Ok(Some("e")) => {
                    match self.envelope() {
                        Ok(read) => envelope = Some(read),
                        Err(refusal) if envelope.is_none() => return Err(refusal),
                        Err(_) => {}
                    }
                    Ok(())
                }
                Ok(Some("a" | "d" | "p")) if envelope.is_none() => {
                    envelope = Some(Reader::new(self.scan.body)?.envelope_only()?);
                    self.old_regions = envelope.as_ref().is_some_and(|e| e.version <= LAST_WITH_REGION_IDS);
                    first = true;
                    self.scan.pos = 0;
                    self.scan.take(b'{', "").map_err(|_| Refusal::Foreign)?;
                    continue;
                }
                Ok(Some("a" | "d")) => self.stream(),
                Ok(Some("p")) => {
                    has_playback |= self.scan.peek() == b'[';
                    let from = self.buffers.events.len();
                    let read = self.stream();
                    playback = from..self.buffers.events.len();
                    read
                }
                Ok(Some(_)) if envelope.is_none() => return Err(Refusal::Foreign),
                Ok(Some(_)) => self.scan.skip().map(drop),
                Err(d) => Err(d),
            };
            if let Err(d) = read {
                damage = Some(self.scan.fault(d));
                break;
            }
            first = false;
        }
        let Some(envelope) = envelope else {
            return Err(damage.map_or(Refusal::Foreign, Refusal::Damaged));
        };
        // Events of one moment are told apart by `a` before `p`, whichever key stood first.
        self.buffers.events[playback.start..].rotate_left(playback.len());
        Ok((envelope, has_playback, damage))
    }

    /// Reads the events of `a` or `p`.
    fn stream(&mut self) -> Read<()> {
        if self.scan.peek() != b'[' {
            return self.scan.skip().map(drop);
        }
        if !self.scan.open()? {
            return Ok(());
        }
        loop {
            self.event()?;
            if !self.scan.another()? {
                return Ok(());
            }
        }
    }

    fn event(&mut self) -> Read<()> {
        self.scan.peek();
        let start = self.scan.pos;
        let Some((time, code)) = self.head()? else {
            self.scan.pos = start;
            self.scan.skip()?;
            self.oddities.push(start);
            return Ok(());
        };
        let wire = match code {
            5 | 6 | 43 => {
                let marks = (self.buffers.nodes.len(), self.buffers.attrs.len());
                match self.layout() {
                    Ok(layout) => Some(Wire::Layout(layout)),
                    Err(damage) => {
                        self.buffers.nodes.truncate(marks.0);
                        self.buffers.attrs.truncate(marks.1);
                        return Err(damage);
                    }
                }
            }
            0..=4 | 7..=22 | 24..=29 | 31 | 33..=36 | 38..=42 | 44..=48 | 50..=53 => {
                self.buffers.fields.clear();
                if self.scan.peek() == b',' {
                    self.scan.pos += 1;
                    self.field_rest()?;
                } else {
                    self.scan.take(b']', "A comma or a closing bracket was expected.")?;
                }
                self.wire(code)
            }
            _ => None,
        };
        let wire = match wire {
            Some(wire) => wire,
            None => {
                self.scan.pos = start;
                self.scan.skip()?;
                Wire::Raw
            }
        };
        let raw = Text::of_body(start, self.scan.pos);
        self.buffers.events.push(Event { time, code, raw, wire });
        Ok(())
    }

    /// Time and code of an event; `None` when it does not start with two numbers.
    fn head(&mut self) -> Read<Option<(i64, u32)>> {
        let scan = &mut self.scan;
        if scan.peek() != b'[' {
            return Ok(None);
        }
        scan.pos += 1;
        if !matches!(scan.peek(), b'-' | b'0'..=b'9') {
            return Ok(None);
        }
        let time = scan.int()?;
        if scan.peek() != b',' {
            return Ok(None);
        }
        scan.pos += 1;
        if !scan.peek().is_ascii_digit() {
            return Ok(None);
        }
        let code = scan.number()?;
        Ok((code.fract() == 0.0 && code <= u32::MAX.into()).then_some((time, code as u32)))
    }

    /// Fills `fields` with a whole array.
    fn field_list(&mut self) -> Read<()> {
        if self.scan.open()? {
            self.field_rest()?;
        }
        Ok(())
    }

    /// Fills `fields` up to the closing bracket of the array that is open.
    fn field_rest(&mut self) -> Read<()> {
        self.buffers.lists.clear();
        loop {
            let field = match self.scan.peek() {
                b'[' => {
                    let from = self.buffers.lists.len() as u32;
                    if self.scan.open()? {
                        loop {
                            let item = self.scalar()?;
                            self.buffers.lists.push(item);
                            if !self.scan.another()? {
                                break;
                            }
                        }
                    }
                    Packed::list(from, self.buffers.lists.len() as u32)
                }
                _ => self.scalar()?,
            };
            self.buffers.fields.push(field);
            if !self.scan.another()? {
                return Ok(());
            }
        }
    }

    /// One value; what is neither number, text, nor word becomes its JSON as text.
    #[inline(always)]
    fn scalar(&mut self) -> Read<Packed> {
        Ok(match self.scan.peek() {
            b'"' => Packed::text(self.scan.string(&mut self.buffers.own)?),
            b'-' | b'0'..=b'9' => Packed::num(self.scan.number()?),
            b'[' | b'{' => Packed::text(self.scan.skip()?),
            _ => self.scan.word()?.map_or(Packed::NULL, Packed::bool),
        })
    }

    // Fields are counted as in facts §2: index 2 is the first after the code.
    fn at(&self, index: usize) -> Field {
        self.buffers.fields.get(index - 2).map_or(Field::Null, |f| f.field())
    }
    fn num(&self, index: usize) -> Option<f64> {
        match self.at(index) {
            Field::Num(n) => Some(n),
            Field::Bool(b) => Some(b as u8 as f64),
            _ => None,
        }
    }
    fn n(&self, index: usize) -> f64 {
        self.num(index).unwrap_or(0.0)
    }
    fn int(&self, index: usize) -> i64 {
        self.n(index) as i64
    }
    /// A yes or no as number, word or text.
    fn flag(&self, index: usize) -> Option<bool> {
        match self.at(index) {
            Field::Num(n) => Some(n != 0.0),
            Field::Bool(b) => Some(b),
            Field::Text(t) => match t.read(self.scan.body, &self.buffers.own) {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
    fn text(&mut self, index: usize) -> Option<Text> {
        let field = self.at(index);
        self.as_text(field)
    }
    fn t(&mut self, index: usize) -> Text {
        self.text(index).unwrap_or_default()
    }
    fn as_text(&mut self, field: Field) -> Option<Text> {
        let written = match field {
            Field::Text(t) => return Some(t),
            Field::Num(n) => format!("{n}"),
            Field::Bool(b) => b.to_string(),
            Field::Null | Field::List(..) => return None,
        };
        let begin = self.buffers.own.len();
        self.buffers.own.push_str(&written);
        Some(Text::of_own(begin, self.buffers.own.len()))
    }
    fn list(&self, field: Field) -> &[Packed] {
        match field {
            Field::List(from, to) => &self.buffers.lists[from as usize..to as usize],
            _ => &[],
        }
    }
    fn texts(&mut self, field: Field) -> Vec<Text> {
        match field {
            Field::List(from, to) => {
                (from..to).filter_map(|i| self.as_text(self.buffers.lists[i as usize].field())).collect()
            }
            other => self.as_text(other).into_iter().collect(),
        }
    }
    fn numbers(&self, field: Field) -> Vec<f64> {
        let number = |f: &Packed| if let Field::Num(n) = f.field() { Some(n) } else { None };
        self.list(field).iter().filter_map(number).collect()
    }
    /// The flat pairs `id, value, id, value …` after the code.
    fn pairs(&self) -> impl Iterator<Item = (Field, Field)> + use<> {
        let pairs: Vec<_> =
            self.buffers.fields.chunks_exact(2).map(|pair| (pair[0].field(), pair[1].field())).collect();
        pairs.into_iter()
    }
    fn numbered_pairs(&self) -> impl Iterator<Item = (u32, Field)> + use<> {
        self.pairs().filter_map(|(id, value)| if let Field::Num(id) = id { Some((id as u32, value)) } else { None })
    }

    /// `None` keeps the event raw: its fields are not what they should be.
    fn wire(&mut self, code: u32) -> Option<Wire> {
        Some(match code {
            0 => Wire::Metric(
                self.numbered_pairs()
                    .filter_map(|(id, v)| if let Field::Num(n) = v { Some((id, n)) } else { None })
                    .collect(),
            ),
            1 => Wire::Dimension(self.numbered_pairs().map(|(id, values)| (id, self.texts(values))).collect()),
            2 => Wire::Upload { sequence: self.n(2), attempts: self.n(3), status: self.n(4) },
            3 => Wire::Upgrade { key: self.t(2) },
            4 => Wire::Baseline(Box::new(Baseline {
                values: std::array::from_fn(|i| self.num(i + 2)),
                modules: self.numbers(self.at(26)),
            })),
            7 => self.regions(),
            8 => Wire::Document { width: self.num(2)?, height: self.n(3) },
            9 | 48 => Wire::Click(Box::new(self.click()?)),
            10 => Wire::Scroll {
                target: self.int(2),
                x: self.num(3)?,
                y: self.n(4),
                top: self.text(5).filter(|_| !self.old_regions),
                bottom: self.text(6),
                trusted: self.flag(7).unwrap_or(true),
            },
            11 => Wire::Resize { width: self.num(2)?, height: self.n(3) },
            12..=20 => Wire::Pointer {
                target: self.int(2),
                x: self.num(3)?,
                y: self.n(4),
                id: self.num(5).map(|n| n as i64),
                primary: self.flag(6),
            },
            21 => {
                Wire::Selection { start: self.int(2), start_offset: self.n(3), end: self.int(4), end_offset: self.n(5) }
            }
            22 => Wire::Timeline(Box::new(Timeline {
                code: self.int(2),
                hash: self.text(3),
                x: self.n(4),
                y: self.n(5),
                reaction: self.int(6),
                context: self.int(7),
            })),
            24 => match self.buffers.fields.len() {
                0 => return None,
                1 => Wire::Custom { key: None, value: self.text(2)? },
                _ if self.at(3) == Field::Null => Wire::Custom { key: None, value: self.text(2)? },
                _ => Wire::Custom { key: self.text(2), value: self.t(3) },
            },
            25 => Wire::Ping { gap: self.n(2) },
            26 => Wire::Unload { name: self.t(2), persisted: self.flag(3) },
            27 => Wire::Input {
                target: self.int(2),
                value: self.text(3),
                trusted: self.flag(4).filter(|_| !self.old_regions),
            },
            28 => Wire::Visibility {
                visible: match self.at(2) {
                    Field::Text(t) => t.read(self.scan.body, &self.buffers.own) == "visible",
                    _ => self.flag(2)?,
                },
            },
            29 => Wire::Navigation(Box::new(Navigation {
                times: std::array::from_fn(|i| self.n(i + 2)),
                kind: self.text(14),
                protocol: self.text(15),
                encoded_size: self.n(16),
                decoded_size: self.n(17),
            })),
            31 => Wire::ScriptError(Box::new(ScriptError {
                message: self.t(2),
                line: self.num(3),
                column: self.num(4),
                stack: self.text(5),
                source: self.text(6),
            })),
            33 => Wire::Log(Box::new(Log {
                code: self.int(2),
                name: self.text(3),
                message: self.text(4),
                stack: self.text(5),
                severity: self.int(6),
            })),
            34 => {
                let mut list = Vec::new();
                for (name, values) in self.pairs() {
                    if let Some(name) = self.as_text(name) {
                        list.push((name, self.texts(values)));
                    }
                }
                Wire::Variable(list)
            }
            35 => Wire::Limit { check: self.int(2) },
            36 => Wire::Summary(self.numbered_pairs().map(|(id, spans)| (id, self.numbers(spans))).collect()),
            38 => Wire::Clipboard { target: self.int(2), action: self.num(3)? as i64 },
            39 => Wire::Submit { target: self.int(2) },
            40 => {
                let mut list = Vec::new();
                for (key, values) in self.numbered_pairs() {
                    let values = match values {
                        Field::List(..) => self.texts(values).chunks_exact(2).map(|p| (p[0], p[1])).collect(),
                        // 0.6.32 to 0.7.3 sent one bare string.
                        other => self.as_text(other).map(|v| (Text::EMPTY, v)).into_iter().collect(),
                    };
                    list.push((key, values));
                }
                Wire::Extract(list)
            }
            41 => Wire::Fraud { check: self.int(2), target: self.int(3), checksum: self.t(4) },
            42 => Wire::Change {
                target: self.int(2),
                input_type: self.t(3),
                value: self.text(4),
                checksum: self.text(5).filter(|t| !t.is_empty()),
            },
            44 => Wire::Animation(Box::new(Animation {
                id: self.text(2)?,
                operation: self.int(3),
                keyframes: self.text(4),
                timing: self.text(5),
                target: self.num(7).map(|n| n as i64),
            })),
            45 => Wire::Adoption { owner: self.num(2)? as i64, operation: self.int(3), sheets: self.texts(self.at(4)) },
            46 => Wire::Sheet { sheet: self.text(2)?, operation: self.int(3), css: self.text(4) },
            47 => Wire::Consent { source: self.int(2), ad_storage: self.flag(3), analytics_storage: self.flag(4) },
            50 => Wire::Focus { focused: self.flag(2)? },
            51 => Wire::CustomElement { tag: self.text(2)? },
            52 => Wire::Chat { action: self.num(2)? as i64 },
            53 => Wire::PointerDown(Box::new(PointerDown {
                target: self.int(2),
                x: self.num(3)?,
                y: self.n(4),
                pointer: self.int(5),
                primary: self.flag(6).unwrap_or(true),
                kind: self.int(7),
                pressure: self.n(8),
                width: self.n(9),
                height: self.n(10),
            })),
            _ => return None,
        })
    }

    fn click(&mut self) -> Option<Click> {
        Some(Click {
            target: self.int(2),
            x: self.num(3)?,
            y: self.n(4),
            inside: self.num(5).zip(self.num(6)),
            button: self.int(7),
            reaction: self.flag(8),
            context: self.num(9).map(|n| n as i64),
            text: self.text(10),
            link: self.text(11),
            hash: self.text(12).filter(|t| !t.is_empty()),
            trusted: self.old_regions || self.flag(13).unwrap_or(true),
            full_text: self.flag(14),
            size: self.num(15).zip(self.num(16)),
            tag: self.text(17).filter(|t| !t.is_empty()),
            class: self.text(18).filter(|t| !t.is_empty()),
            element_id: self.text(19).filter(|t| !t.is_empty()),
            source: self.int(20),
            region: self.text(21),
        })
    }

    /// One region as `id, interaction, visibility, name`, or several as `id, state, name` (facts §2.7).
    fn regions(&mut self) -> Wire {
        let mut list = Vec::new();
        let mut at = 2;
        while let Some(node) = self.num(at) {
            let first = self.int(at + 1);
            if let Some(visibility) = self.num(at + 2) {
                let (visibility, name) = (visibility as i64, self.t(at + 3));
                list.push(Region { node: node as i64, interaction: first, visibility, name });
                at += 4;
            } else {
                let (interaction, visibility) = if first >= 16 { (first, 0) } else { (16, first) };
                list.push(Region { node: node as i64, interaction, visibility, name: self.t(at + 2) });
                at += 3;
            }
        }
        Wire::Regions(list)
    }

    /// Facts §3.1: the head of the event has been read.
    fn layout(&mut self) -> Read<Layout> {
        let first = self.buffers.nodes.len() as u32;
        if self.buffers.nodes.capacity() == 0 {
            // A guess from real pages saves most of the growing; a wrong one costs nothing but memory.
            let left = (self.scan.bytes.len() - self.scan.pos).min(1 << 20);
            self.buffers.nodes.reserve(left / 32);
            self.buffers.attrs.reserve(left / 32);
            self.buffers.tokens.reserve(left / 12);
        }
        self.buffers.tokens.clear();
        self.buffers.tokens.extend([Text::NONE, Text::NONE]);
        let (mut numbers, mut count) = ([0i64; 3], 0usize);
        self.buffers.strings.clear();
        while self.scan.another()? {
            match self.scan.peek() {
                b'"' => {
                    let text = self.scan.string(&mut self.buffers.own)?;
                    self.buffers.tokens.push(text);
                    self.buffers.strings.push(text);
                }
                b'-' | b'0'..=b'9' => {
                    if !self.buffers.strings.is_empty() {
                        self.node(&numbers, count);
                        count = 0;
                    }
                    let number = self.scan.int()?;
                    if count < 3 {
                        numbers[count] = number;
                    }
                    count += 1;
                    self.buffers.tokens.push(Text::NONE);
                }
                b'[' => {
                    if self.scan.open()? {
                        loop {
                            self.scan.peek();
                            let index = self.scan.int()?;
                            if let Some(text) =
                                usize::try_from(index).ok().and_then(|i| self.buffers.tokens.get(i)).copied()
                                && text != Text::NONE
                            {
                                self.buffers.strings.push(text);
                            }
                            if !self.scan.another()? {
                                break;
                            }
                        }
                    }
                    self.buffers.tokens.push(Text::NONE);
                }
                _ => {
                    self.scan.skip()?;
                    self.buffers.tokens.push(Text::NONE);
                }
            }
        }
        if !self.buffers.strings.is_empty() {
            self.node(&numbers, count);
        }
        Ok(Layout { first, count: self.buffers.nodes.len() as u32 - first })
    }

    /// Makes a node of the numbers and strings collected, facts §3.2, and empties the strings.
    #[inline]
    fn node(&mut self, numbers: &[i64; 3], count: usize) {
        let id = numbers[0].unsigned_abs();
        let id = match u32::try_from(id) {
            Ok(id) if id > 0 && count > 0 && self.buffers.nodes.len() < MAX_NODES => id,
            Ok(id) if id > 0 && count > 0 => {
                self.over += 1;
                self.buffers.strings.clear();
                return;
            }
            _ => {
                self.buffers.strings.clear();
                return;
            }
        };
        let related = |at: usize| if count > at { u32::try_from(numbers[at]).ok().filter(|n| *n > 0) } else { None };
        let (body, own) = (self.scan.bytes, self.buffers.own.as_bytes());
        let mut tag = self.buffers.strings[0];
        if let Some(cut) = tag.find(body, own, b'~', 256) {
            tag = tag.head(cut);
        }
        let name = tag.read_bytes(body, own);
        let (is_text, is_style) = (name == b"*T", name == b"STYLE");
        let from = self.buffers.attrs.len() as u32;
        let (mut value, mut size) = (None, None);
        let last = self.buffers.strings.len() - 1;
        for (i, text) in self.buffers.strings.iter().enumerate().skip(1) {
            if is_text {
                value = Some(*text);
                continue;
            }
            // Names of attributes are short; a limit keeps a hostile reference to a long text cheap.
            let equals = text.find(body, own, b'=', 1024);
            if is_style && i == last && !equals.is_some_and(|at| old_attribute(text.read_bytes(body, own), at)) {
                value = Some(*text);
                continue;
            }
            match equals {
                Some(0) => {}
                Some(at) => self.buffers.attrs.push((text.head(at), text.tail(at + 1))),
                None => size = image_size(text.read_bytes(body, own)).or(size),
            }
        }
        self.buffers.strings.clear();
        self.buffers.nodes.push(Node {
            id,
            masked: numbers[0] < 0,
            numbers: count.min(3) as u8,
            parent: related(1),
            previous: related(2),
            tag,
            attrs: (from, self.buffers.attrs.len() as u32),
            value,
            size,
        });
    }
}

/// Old recorders left the empty text of a STYLE out, so that its last attribute stood last.
fn old_attribute(bytes: &[u8], equals: usize) -> bool {
    equals > 0
        && bytes[..equals].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.'))
        && memchr::memchr2(b'{', b'@', &bytes[..bytes.len().min(4096)]).is_none()
}

/// `#w.h`, each in hundredths of a pixel, base 36.
fn image_size(bytes: &[u8]) -> Option<(f32, f32)> {
    let text = bytes.strip_prefix(b"#").filter(|t| t.len() <= 24)?;
    let text = std::str::from_utf8(text).ok()?;
    let (w, h) = text.split_once('.')?;
    let px = |t: &str| u32::from_str_radix(t, 36).ok().map(|n| n as f32 / 100.0);
    Some((px(w)?, px(h)?))
}
