//! Hand-written sessions, one rule each: it fires, it just does not, and what exempts.

use super::*;
use crate::event::{
    Attr, Click, Event, Gap, Kind, MediaState, Namespace, NodeId, NodeKind, Op, Page, Place, Point, Session, Source,
};

const START: Millis = 1_000_000;

/// A session in the making; times are ms after its start, node ids are given out in order.
struct Stage {
    session: Session,
    ops: Vec<Op>,
    next: u64,
}

const BODY: u64 = 3;

impl Stage {
    fn new(source: Source) -> Stage {
        let session = Session {
            id: "s".into(),
            source,
            project: None,
            user: None,
            format_version: None,
            pages: vec![page(1, 0, "https://shop.test/")],
            events: Vec::new(),
        };
        let document = Op::Put {
            node: NodeId::DOCUMENT,
            parent: None,
            place: Place::Last,
            kind: NodeKind::Document { quirks: false },
        };
        let mut stage = Stage { session, ops: vec![Op::Reset, document], next: 2 };
        stage.el(1, "html", "");
        stage.el(2, "body", "");
        stage
    }
    /// `attrs`: `name=value`, separated by `;`.
    fn el(&mut self, parent: u64, tag: &str, attrs: &str) -> u64 {
        let attrs = attrs
            .split(';')
            .filter(|a| !a.is_empty())
            .map(|a| a.split_once('=').unwrap_or((a, "")))
            .map(|(name, value)| Attr { name: name.into(), value: value.into() })
            .collect();
        self.node(parent, NodeKind::Element { ns: Namespace::Html, tag: tag.into(), attrs })
    }
    fn text(&mut self, parent: u64, text: &str) -> u64 {
        self.node(parent, NodeKind::Text(text.into()))
    }
    fn node(&mut self, parent: u64, kind: NodeKind) -> u64 {
        let id = self.next;
        self.next += 1;
        self.ops.push(put(id, parent, kind));
        id
    }
    fn at(&mut self, time: Millis, kind: Kind) -> &mut Stage {
        let page = self.session.pages.iter().rfind(|p| p.started_at <= START + time).map_or(1, |p| p.number);
        self.session.events.push(Event { time: START + time, page, kind });
        self
    }
    fn click(&mut self, time: Millis, node: u64) -> &mut Stage {
        self.click_at(time, node, 100.0, 100.0)
    }
    fn click_at(&mut self, time: Millis, node: u64, x: f64, y: f64) -> &mut Stage {
        self.at(time, Kind::Click(click(node, x, y)))
    }
    fn page(&mut self, time: Millis, url: &str) -> &mut Stage {
        let number = self.session.pages.len() as u32 + 1;
        self.session.pages.push(page(number, time, url));
        self
    }
    fn signals(&self) -> Vec<Signal> {
        let mut session = self.session.clone();
        session.events.insert(0, Event { time: START, page: 1, kind: Kind::Snapshot { ops: self.ops.clone() } });
        session.events.sort_by_key(|e| e.time);
        detect(&session, &Thresholds::default()).signals
    }
    /// With an event long after, so that the recording is known to go on.
    fn kinds(&mut self) -> Vec<SignalKind> {
        self.at(600_000, Kind::Visibility { visible: true });
        self.signals().iter().map(|s| s.kind).collect()
    }
}

fn put(node: u64, parent: u64, kind: NodeKind) -> Op {
    Op::Put { node: NodeId(node), parent: Some(NodeId(parent)), place: Place::Last, kind }
}

fn page(number: u32, time: Millis, url: &str) -> Page {
    Page {
        number,
        document: number,
        url: url.into(),
        started_at: START + time,
        ended_at: START + time,
        viewport: Some((1000, 800)),
        ..Page::default()
    }
}

fn point(node: u64, x: f64, y: f64) -> Point {
    Point { node: Some(NodeId(node)), x, y, frame: None, pointer: None }
}

fn click(node: u64, x: f64, y: f64) -> Click {
    Click {
        at: point(node, x, y),
        embedded: false,
        inside: None,
        size: None,
        button: 0,
        expects_reaction: None,
        opens: None,
        text: None,
        link: None,
        hash: None,
        trusted: true,
        tag: None,
        class: None,
        element_id: None,
        pointer_type: None,
    }
}

fn selection(node: u64, from: u32, to: u32) -> Kind {
    Kind::Selection { start: Some(NodeId(node)), start_offset: from, end: Some(NodeId(node)), end_offset: to }
}

fn mutation(ops: Vec<Op>) -> Kind {
    Kind::Mutation { ops }
}

fn attr(node: u64, name: &str, value: &str) -> Op {
    Op::Attr { node: NodeId(node), name: name.into(), value: Some(value.into()) }
}

fn error(message: &str) -> Kind {
    Kind::Error { message: message.into(), source: None, line: None, column: None, stack: None }
}

use SignalKind::*;

// ---- rage clicks ---------------------------------------------------------------------------------------------

/// Clicks on a button at these times and x.
fn rage(attrs: &str, clicks: &[(Millis, f64)]) -> Vec<SignalKind> {
    let mut s = Stage::new(Source::Rrweb);
    let b = s.el(BODY, "button", attrs);
    s.text(b, "Buy");
    for (time, x) in clicks {
        s.click_at(*time, b, *x, 100.0);
    }
    s.kinds()
}

#[test]
fn rage_takes_three_clicks_close_in_time_and_place() {
    assert_eq!(rage("", &[(1000, 50.0), (2000, 80.0), (3000, 50.0)]), [RageClick]);
    assert_eq!(rage("", &[(1000, 50.0), (2000, 50.0)]), []);
    assert_eq!(rage("", &[(1000, 50.0), (2000, 50.0), (3001, 50.0)]), []);
    assert_eq!(rage("", &[(1000, 50.0), (2000, 81.0), (3000, 50.0)]), []);
    let twice: Vec<(Millis, f64)> = [0, 100, 200, 5000, 5100, 5200].map(|t| (t, 50.0)).into();
    assert_eq!(rage("", &twice), [RageClick, RageClick]);
    let seven: Vec<(Millis, f64)> = (0..7).map(|t| (t * 100, 50.0)).collect();
    assert_eq!(rage("", &seven), [RageClick]);
}

#[test]
fn rage_says_what_it_stands_on() {
    let mut s = Stage::new(Source::Rrweb);
    let b = s.el(BODY, "button", "id=apply");
    let icon = s.el(b, "i", "");
    s.text(b, "Apply");
    s.click(5000, b).click(5200, icon).click(5400, b);
    let signals = s.signals();
    let [signal] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!((signal.page, signal.at_ms, signal.until_ms, signal.time), (1, 5000, 5400, START + 5000));
    assert_eq!((signal.selector.as_deref(), signal.text.as_deref()), (Some("#apply"), Some("Apply")));
    let json = serde_json::to_value(signal).unwrap();
    assert_eq!(json["kind"], "rage_click");
    assert_eq!(json["evidence"]["times"], serde_json::json!([START + 5000, START + 5200, START + 5400]));
    assert_eq!(json["evidence"]["thresholds"]["within_ms"], 1000);
    assert_eq!(json["evidence"]["version"], 1);
    assert!(json["evidence"]["exemptions_checked"].as_array().unwrap().contains(&"stepper".into()));
}

#[test]
fn rage_needs_one_element_by_identity_or_selector() {
    let mut s = Stage::new(Source::Rrweb);
    let (a, b) = (s.el(BODY, "button", ""), s.el(BODY, "button", ""));
    s.click(0, a).click(100, b).click(200, a);
    assert_eq!(s.kinds(), []);

    let mut s = Stage::new(Source::Rrweb);
    let a = s.el(BODY, "button", "id=x");
    let again = NodeKind::Element {
        ns: Namespace::Html,
        tag: "button".into(),
        attrs: vec![Attr { name: "id".into(), value: "x".into() }],
    };
    s.click(0, a).at(50, mutation(vec![Op::Remove { node: NodeId(a) }, put(90, BODY, again)]));
    s.click(100, 90).click(200, 90);
    assert_eq!(s.kinds(), [RageClick]);
}

#[test]
fn rage_is_not_what_is_made_for_fast_clicks() {
    let fast = [(0, 50.0), (200, 50.0), (400, 50.0)];
    assert_eq!(rage("", &fast), [RageClick]);
    for attrs in ["class=qty-plus", "aria-label=Increase quantity", "class=btnIncrement", "class=calendar-next"] {
        assert_eq!(rage(attrs, &fast), [], "{attrs}");
    }
    let inside = |around: (&str, &str), tag: &str, attrs: &str, text: &str| {
        let mut s = Stage::new(Source::Rrweb);
        let outer = s.el(BODY, around.0, around.1);
        let target = s.el(outer, tag, attrs);
        s.text(target, text);
        s.click(0, target).click(200, target).click(400, target);
        s.kinds()
    };
    assert_eq!(inside(("div", ""), "button", "", "+"), []);
    assert_eq!(inside(("div", "class=carousel"), "button", "class=carousel-control-next", "Next"), []);
    assert_eq!(inside(("div", "class=carousel"), "button", "class=buy", "Buy"), [RageClick]);
    assert_eq!(inside(("ul", "class=pagination"), "button", "", "Next"), []);
    assert_eq!(inside(("div", ""), "input", "type=text", ""), []);
    assert_eq!(inside(("div", ""), "div", "contenteditable", "x"), []);
    assert_eq!(inside(("div", ""), "canvas", "", ""), []);
    assert_eq!(inside(("div", ""), "video", "", ""), []);
}

#[test]
fn rage_is_not_selecting_text_or_scripted_or_answered_work() {
    let mut s = Stage::new(Source::Rrweb);
    let p = s.el(BODY, "button", "");
    let text = s.text(p, "Some words");
    s.click(0, p).at(150, selection(text, 0, 4)).click(200, p).click(400, p);
    assert_eq!(s.kinds(), []);
    // A caret that moves is no selection.
    let mut s = Stage::new(Source::Rrweb);
    let p = s.el(BODY, "button", "");
    let text = s.text(p, "Some words");
    s.click(0, p).at(150, selection(text, 4, 4)).click(200, p).click(400, p);
    assert_eq!(s.kinds(), [RageClick]);

    let mut s = Stage::new(Source::Rrweb);
    let b = s.el(BODY, "button", "");
    for time in [0, 100, 200] {
        s.at(time, Kind::Click(Click { trusted: false, ..click(b, 1.0, 1.0) }));
    }
    assert_eq!(s.kinds(), []);

    // Each answered before the next, and no hurry: work. With one unanswered, or in a hurry: rage.
    let worked = |pause: Millis, answered: i64| {
        let mut s = Stage::new(Source::Rrweb);
        let b = s.el(BODY, "button", "");
        let out = s.el(BODY, "output", "");
        for i in 0..3 {
            s.click(i * pause, b);
            if i < answered {
                s.at(i * pause + 20, mutation(vec![attr(out, "class", "a")]));
            }
        }
        s.kinds()
    };
    assert_eq!(worked(800, 3), []);
    assert_eq!(worked(800, 2), [RageClick]);
    assert_eq!(worked(500, 3), [RageClick]);
}

// ---- dead clicks ---------------------------------------------------------------------------------------------

/// A click at 1000 on the last of these elements, each inside the one before, then what follows.
fn dead(path: &[(&str, &str)], follow: impl FnOnce(&mut Stage, u64)) -> Vec<SignalKind> {
    let mut s = Stage::new(Source::Rrweb);
    let mut target = BODY;
    for (tag, attrs) in path {
        target = s.el(target, tag, attrs);
    }
    s.text(target, "words");
    s.click(1000, target);
    follow(&mut s, target);
    s.kinds()
}

#[test]
fn dead_is_a_click_that_nothing_follows() {
    assert_eq!(dead(&[("p", "")], |_, _| {}), [DeadClick]);
    assert_eq!(dead(&[("a", "name=x"), ("p", "")], |_, _| {}), []);
    let after = |time: Millis, kind: fn(u64) -> Kind| dead(&[("p", "")], |s, p| _ = s.at(time, kind(p)));
    let answers: [fn(u64) -> Kind; 8] = [
        |p| mutation(vec![attr(p, "class", "open")]),
        |_| Kind::Scroll { node: NodeId::DOCUMENT, x: 0.0, y: 300.0 },
        |p| Kind::Input { node: NodeId(p), value: Some("x".into()), checked: None, trusted: None },
        |p| Kind::FocusIn { node: NodeId(p) },
        |p| selection(p, 0, 3),
        |p| Kind::Media { node: NodeId(p), action: "play".into(), media: MediaState::default() },
        |_| Kind::Visibility { visible: false },
        |_| Kind::Route { url: "https://shop.test/b".into() },
    ];
    for (i, answer) in answers.into_iter().enumerate() {
        assert_eq!(after(1500, answer), [], "answer {i} in time");
        assert_eq!(after(1501, answer), [DeadClick], "answer {i} too late");
    }
    // What had the focus loses it with any click; a caret moves with any click.
    assert_eq!(after(1001, |p| Kind::FocusOut { node: NodeId(p) }), [DeadClick]);
    assert_eq!(after(1001, |p| selection(p, 2, 2)), [DeadClick]);
}

#[test]
fn dead_exempts_what_needs_no_answer() {
    let paths: &[&[(&str, &str)]] = &[
        &[("button", "")],
        &[("button", ""), ("span", "")],
        &[("a", "href=/x"), ("img", "")],
        &[("a", "href=/x;target=_blank"), ("b", "")],
        &[("a", "href=/x.pdf;download"), ("b", "")],
        &[("label", "for=x")],
        &[("select", "")],
        &[("input", "type=checkbox")],
        &[("input", "")],
        &[("textarea", "")],
        &[("details", ""), ("summary", "")],
        &[("div", "role=button")],
        &[("div", "role=tab"), ("span", "")],
        &[("div", "onclick=go()")],
        &[("div", "tabindex=0")],
        &[("div", "contenteditable=true"), ("p", "")],
        &[("canvas", "")],
        &[("video", "")],
        &[("iframe", "")],
        &[("span", "class=qty-minus")],
        &[("div", "class=swiper-wrapper"), ("div", "")],
        &[("div", "class=modal-backdrop fade")],
        &[("dialog", "")],
        &[("div", "class=ReactModal__Overlay")],
    ];
    for path in paths {
        assert_eq!(dead(path, |_, _| {}), [], "{path:?}");
    }
    for path in [
        &[("div", "tabindex=-1")][..],
        &[("div", "contenteditable=false")],
        &[("dialog", ""), ("p", "")],
        &[("div", "class=modal-body")],
        &[("div", "role=img")],
        &[("body", "onclick=x()"), ("p", "")],
    ] {
        assert_eq!(dead(path, |_, _| {}), [DeadClick], "{path:?}");
    }
}

#[test]
fn dead_knows_a_host_whose_control_is_inside() {
    let with = |inner: &str| {
        let mut s = Stage::new(Source::Rrweb);
        let host = s.el(BODY, "x-chip", "");
        let root = s.node(host, NodeKind::ShadowRoot { open: true });
        let wrap = s.el(root, "div", "");
        s.el(wrap, inner, "");
        s.click(1000, host);
        s.kinds()
    };
    assert_eq!((with("button"), with("span")), (vec![], vec![DeadClick]));
}

#[test]
fn dead_is_not_part_of_a_text_selection() {
    assert_eq!(dead(&[("p", "")], |s, p| _ = s.at(1400, Kind::DoubleClick(point(p, 1.0, 1.0)))), []);
    let drag = |to: f64| {
        let mut s = Stage::new(Source::Rrweb);
        let p = s.el(BODY, "p", "");
        s.at(800, Kind::MouseDown(point(p, 10.0, 10.0))).at(990, Kind::MouseUp(point(p, to, 10.0)));
        s.click(1000, p);
        s.kinds()
    };
    assert_eq!((drag(60.0), drag(12.0)), (vec![], vec![DeadClick]));
    // Clarity tells of a selection half a second late.
    let late = |source: Source| {
        let mut s = Stage::new(source);
        let p = s.el(BODY, "p", "");
        s.click(1000, p).at(2000, selection(p, 0, 2));
        s.kinds()
    };
    assert_eq!((late(Source::Clarity), late(Source::Rrweb)), (vec![], vec![DeadClick]));
}

#[test]
fn dead_looks_only_at_changes_that_show() {
    let change = |setup: fn(&mut Stage) -> Vec<Op>| {
        let mut s = Stage::new(Source::Rrweb);
        let p = s.el(BODY, "p", "");
        let ops = setup(&mut s);
        s.click(1000, p).at(1010, mutation(ops));
        s.kinds()
    };
    fn hidden(s: &mut Stage, attrs: &str) -> u64 {
        let d = s.el(BODY, "div", attrs);
        s.el(d, "i", "")
    }
    assert_eq!(change(|s| vec![attr(s.el(BODY, "script", ""), "src", "a.js")]), [DeadClick]);
    assert_eq!(change(|s| vec![attr(hidden(s, "style=display : NONE !important"), "class", "a")]), [DeadClick]);
    assert_eq!(change(|s| vec![attr(hidden(s, "hidden"), "class", "a")]), [DeadClick]);
    assert_eq!(change(|s| vec![attr(hidden(s, ""), "class", "a")]), []);
    // Shown by the change, or hidden by it.
    assert_eq!(change(|s| vec![attr(s.el(BODY, "div", "style=display:none"), "style", "display:block")]), []);
    assert_eq!(change(|s| vec![attr(s.el(BODY, "div", ""), "style", "display:none")]), []);
    assert_eq!(change(|s| vec![Op::Remove { node: NodeId(s.el(BODY, "div", "")) }]), []);
}

#[test]
fn dead_answers_to_the_press() {
    let mut s = Stage::new(Source::Rrweb);
    let p = s.el(BODY, "p", "");
    s.at(900, Kind::MouseDown(point(p, 1.0, 1.0))).at(905, mutation(vec![attr(p, "class", "on")]));
    s.click(1000, p);
    assert_eq!(s.kinds(), []);
    let mut s = Stage::new(Source::Rrweb);
    let p = s.el(BODY, "p", "");
    s.at(880, mutation(vec![attr(p, "class", "hover")])).at(900, Kind::MouseDown(point(p, 1.0, 1.0)));
    s.click(1000, p);
    assert_eq!(s.kinds(), [DeadClick]);
}

#[test]
fn dead_needs_a_recording_that_goes_on() {
    let ended = |source: Source| {
        let mut s = Stage::new(source);
        let p = s.el(BODY, "p", "");
        s.click(1000, p);
        s.signals().len()
    };
    assert_eq!((ended(Source::Clarity), ended(Source::Rrweb)), (0, 1));
    let next_page = |time: Millis| {
        let mut s = Stage::new(Source::Rrweb);
        let p = s.el(BODY, "p", "");
        s.click(1000, p).page(time, "https://shop.test/b");
        s.at(time, Kind::Visibility { visible: true });
        s.kinds()
    };
    assert_eq!((next_page(5000), next_page(6001)), (vec![], vec![DeadClick]));
    let mut s = Stage::new(Source::Rrweb);
    let p = s.el(BODY, "p", "");
    s.session.pages[0].gaps.push(Gap { from: START + 1200, until: START + 1300, reason: String::new() });
    s.click(1000, p);
    assert_eq!(s.kinds(), []);
    // Nor is anything said of an element that the recording never showed.
    let mut s = Stage::new(Source::Rrweb);
    s.click(1000, 777);
    assert_eq!(s.kinds(), []);
}

// ---- errors --------------------------------------------------------------------------------------------------

#[test]
fn error_clicks_blame_the_last_click() {
    let mut s = Stage::new(Source::Rrweb);
    let b = s.el(BODY, "button", "id=b");
    s.click(1000, b).click(1600, b).at(2000, error("x is null")).at(2600, error("y is null"));
    s.at(2601, error("too late"));
    let signals = s.signals();
    let blamed: Vec<&Signal> = signals.iter().filter(|s| s.kind == ErrorClick).collect();
    let [signal] = blamed[..] else { panic!("{signals:?}") };
    assert_eq!((signal.at_ms, signal.until_ms, signal.text.as_deref()), (1600, 2600, Some("x is null")));
    assert_eq!(signals.iter().filter(|s| s.kind == JsError).count(), 3);
    let Evidence::ErrorClick(evidence) = &signal.evidence else { panic!() };
    assert_eq!(evidence.errors.len(), 2);
}

#[test]
fn error_clicks_stay_on_their_document() {
    let mut s = Stage::new(Source::Rrweb);
    let b = s.el(BODY, "button", "");
    s.click(1000, b).page(1500, "https://shop.test/b").at(1600, error("x"));
    assert_eq!(s.kinds(), [JsError]);
}

#[test]
fn console_errors_count_when_the_browser_called_them_uncaught() {
    let console = |level: &str, message: &str| {
        let mut s = Stage::new(Source::Rrweb);
        s.at(10, Kind::Console { level: level.into(), message: message.into(), trace: None });
        s.kinds()
    };
    assert_eq!(console("error", "Uncaught TypeError: x"), [JsError]);
    assert_eq!(console("error", "TypeError: x"), []);
    assert_eq!(console("warn", "Uncaught TypeError: x"), []);
}

// ---- quick backs ---------------------------------------------------------------------------------------------

fn visits(pages: &[(Millis, &str)], more: impl FnOnce(&mut Stage)) -> Vec<(SignalKind, u32)> {
    let mut s = Stage::new(Source::Rrweb);
    s.session.pages.clear();
    for (time, path) in pages {
        s.page(*time, &format!("https://shop.test/{path}"));
    }
    more(&mut s);
    s.at(600_000, Kind::Visibility { visible: true });
    s.signals().iter().map(|s| (s.kind, s.page)).collect()
}

#[test]
fn quick_backs_are_short_and_idle() {
    let back = |left: Millis, more: fn(&mut Stage)| visits(&[(0, "a"), (10_000, "b"), (left, "a")], more);
    assert_eq!(back(17_000, |_| {}), [(QuickBack, 2)]);
    assert_eq!(back(17_001, |_| {}), []);
    let unload = Kind::Unload { name: "pagehide".into(), persisted: None };
    assert_eq!(visits(&[(0, "a"), (10_000, "b"), (17_500, "a")], |s| _ = s.at(16_900, unload)), [(QuickBack, 2)]);
    assert_eq!(visits(&[(0, "a"), (10_000, "b"), (12_000, "c")], |_| {}), []);
    let link =
        |s: &mut Stage, time| _ = s.at(time, Kind::Click(Click { link: Some("a".into()), ..click(9, 1.0, 1.0) }));
    let with = |times: &'static [Millis]| {
        visits(&[(0, "a"), (10_000, "b"), (15_000, "a")], move |s| times.iter().for_each(|t| link(s, *t)))
    };
    assert_eq!(with(&[14_000]), [(QuickBack, 2)]);
    assert_eq!(with(&[11_000]), []);
    assert_eq!(with(&[13_900, 14_000]), []);
    let typed = |s: &mut Stage| {
        s.at(12_000, Kind::Input { node: NodeId(9), value: Some("x".into()), checked: None, trusted: None });
    };
    assert_eq!(back(15_000, typed), []);
}

#[test]
fn quick_backs_compare_addresses_as_people_do() {
    assert_eq!(visits(&[(0, "a#top"), (10_000, "b"), (12_000, "a#end")], |_| {}), [(QuickBack, 2)]);
    assert_eq!(visits(&[(0, "a"), (10_000, "a#x"), (12_000, "a")], |_| {}), []);
    assert_eq!(visits(&[(0, "#/a"), (10_000, "#/b"), (12_000, "#/a")], |_| {}), [(QuickBack, 2)]);
    assert_eq!(visits(&[(0, "#/a"), (10_000, "#/b"), (12_000, "#/c")], |_| {}), []);
    // Seen twice in a row is one stay.
    assert_eq!(visits(&[(0, "a"), (10_000, "b"), (11_000, "b"), (12_000, "a")], |_| {}), [(QuickBack, 2)]);
}

#[test]
fn back_and_forward_again_is_no_quick_back_unless_a_click_led_there() {
    let pages = [(0, "a"), (20_000, "b"), (40_000, "a"), (42_000, "b")];
    assert_eq!(visits(&pages, |_| {}), []);
    let link = |s: &mut Stage| {
        let link =
            Click { at: Point { node: None, ..point(9, 1.0, 1.0) }, link: Some("a".into()), ..click(9, 1.0, 1.0) };
        s.at(39_000, Kind::Click(link));
    };
    assert_eq!(visits(&pages, link), [(QuickBack, 3)]);
}

/// A list of ten lines under a menu; a click on a link of the menu, then changes: (time, what `main` shows then).
fn exchanged(source: Source, href: &str, shows: &[(Millis, &str)], more: impl FnOnce(&mut Stage)) -> Vec<Signal> {
    let mut s = Stage::new(source);
    let nav = s.el(BODY, "nav", "");
    let link = s.el(nav, "a", &format!("href={href}"));
    s.text(link, "Settings");
    let main = s.el(BODY, "main", "");
    let mut inner = s.el(main, "div", "");
    for line in 0..10 {
        let p = s.el(inner, "p", "");
        s.text(p, &format!("list {line}"));
    }
    s.click(10_000, link);
    let mut next = 500;
    for (time, words) in shows {
        let mut ops = vec![Op::Remove { node: NodeId(inner) }];
        let element = |tag: &str| NodeKind::Element { ns: Namespace::Html, tag: tag.into(), attrs: Vec::new() };
        inner = next;
        ops.push(put(inner, main, element("div")));
        for line in 0..10 {
            ops.push(put(next + 1 + line, inner, element("p")));
            ops.push(put(next + 101 + line, next + 1 + line, NodeKind::Text(format!("{words} {line}").into())));
        }
        next += 500;
        s.at(*time, mutation(ops));
    }
    more(&mut s);
    s.at(600_000, Kind::Visibility { visible: true });
    s.signals().into_iter().filter(|s| s.kind == QuickBack).collect()
}

#[test]
fn a_screen_that_came_back_is_a_quick_back_where_routes_are_not_told() {
    let there_and_back = [(10_050, "form"), (13_000, "list")];
    let signals = exchanged(Source::Rrweb, "/settings", &there_and_back, |_| {});
    let [signal] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!((signal.at_ms, signal.until_ms, signal.selector.as_deref()), (10_050, 13_000, Some("nav > a")));
    let json = serde_json::to_value(signal).unwrap();
    assert_eq!(json["evidence"]["inferred"], true);
    assert_eq!(json["evidence"]["from"], "https://shop.test/");
    assert_eq!(json["evidence"]["to"], "https://shop.test/settings");
    let count = |source, href: &str, shows: &[(Millis, &str)]| exchanged(source, href, shows, |_| {}).len();
    assert_eq!(count(Source::Clarity, "/settings", &there_and_back), 0, "Clarity tells routes");
    assert_eq!(count(Source::Rrweb, "#part", &there_and_back), 0);
    assert_eq!(count(Source::Rrweb, "https://other.test/", &there_and_back), 0);
    assert_eq!(count(Source::Rrweb, "/settings", &[(10_050, "form"), (13_000, "others")]), 0);
    assert_eq!(count(Source::Rrweb, "/settings", &[(10_050, "list"), (13_000, "list")]), 0, "drawn anew is no screen");
    assert_eq!(count(Source::Rrweb, "/settings", &[(10_050, "form"), (17_051, "list")]), 0, "stayed too long");
    assert_eq!(count(Source::Rrweb, "/settings", &[(12_001, "form"), (13_000, "list")]), 0, "not of the click");
    let typed = |s: &mut Stage| {
        s.at(11_900, Kind::FocusIn { node: NodeId(4) });
        s.at(12_000, Kind::Input { node: NodeId(4), value: Some("x".into()), checked: None, trusted: None });
        s.session.events.sort_by_key(|e| e.time);
    };
    assert_eq!(exchanged(Source::Rrweb, "/settings", &there_and_back, typed).len(), 0);
    let told = |s: &mut Stage| _ = s.at(500_000, Kind::Route { url: "https://shop.test/b".into() });
    assert_eq!(exchanged(Source::Rrweb, "/settings", &there_and_back, told).len(), 0, "this recorder tells routes");
}

#[test]
fn a_dialog_over_the_page_is_no_other_screen() {
    let mut s = Stage::new(Source::Rrweb);
    let main = s.el(BODY, "main", "");
    for line in 0..10 {
        let p = s.el(main, "p", "");
        s.text(p, &format!("list {line}"));
    }
    let link = s.el(main, "a", "href=/quick-view");
    let dialog = NodeKind::Element { ns: Namespace::Html, tag: "dialog".into(), attrs: Vec::new() };
    s.click(10_000, link).at(10_050, mutation(vec![put(900, BODY, dialog)]));
    s.at(12_000, mutation(vec![Op::Remove { node: NodeId(900) }]));
    assert_eq!(s.kinds(), []);
}

#[test]
fn clicks_say_what_was_clicked_where_the_recorder_does_not() {
    let mut s = Stage::new(Source::Rrweb);
    let button = s.el(BODY, "button", "");
    let bold = s.el(button, "b", "");
    s.text(bold, " Add  to ");
    s.text(button, "the cart of this very shop");
    let submit = s.el(BODY, "input", "type=submit;value=Send");
    let field = s.el(BODY, "input", "type=text;value=secret");
    let image = s.el(BODY, "img", "alt=Logo");
    for (time, node) in [(1000, button), (3000, submit), (5000, field), (7000, image)] {
        s.click(time, node);
    }
    s.at(9000, Kind::Click(Click { text: Some("noted".into()), ..click(button, 1.0, 1.0) }));
    let mut session = s.session.clone();
    session.events.insert(0, Event { time: START, page: 1, kind: Kind::Snapshot { ops: s.ops.clone() } });
    let clicked = detect(&session, &Thresholds::default()).clicked;
    let texts: Vec<&str> = clicked.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(texts, ["Add to the cart of this v", "Send", "Logo"]);
}

// ---- scrolling and size --------------------------------------------------------------------------------------

/// A way of 100 px steps through these offsets, `leg` ms each.
fn scrolled(stops: &[f64], leg: Millis) -> Vec<Signal> {
    let mut s = Stage::new(Source::Rrweb);
    let mut time = 0;
    for pair in stops.windows(2) {
        for step in 0..=5 {
            let y = pair[0] + (pair[1] - pair[0]) * f64::from(step) / 5.0;
            s.at(time + leg * Millis::from(step) / 5, Kind::Scroll { node: NodeId::DOCUMENT, x: 0.0, y });
        }
        time += leg;
    }
    s.signals()
}

#[test]
fn excessive_scrolling_takes_four_long_turns_in_ten_seconds() {
    let count = |stops: &[f64], leg| scrolled(stops, leg).len();
    // Viewport 800: a quarter is 200. The turns are the inner stops.
    assert_eq!(count(&[0.0, 900.0, 0.0, 900.0, 0.0, 900.0], 1000), 1);
    assert_eq!(count(&[0.0, 900.0, 0.0, 900.0, 0.0], 1000), 0);
    assert_eq!(count(&[0.0, 201.0, 0.0, 201.0, 0.0, 201.0], 1000), 1);
    assert_eq!(count(&[0.0, 200.0, 0.0, 200.0, 0.0, 200.0], 1000), 0);
    assert_eq!(count(&[0.0, 900.0, 0.0, 900.0, 0.0, 900.0], 3333), 1);
    assert_eq!(count(&[0.0, 900.0, 0.0, 900.0, 0.0, 900.0], 3334), 0);
    // A tremble on the way is no turn.
    assert_eq!(count(&[0.0, 500.0, 400.0, 900.0, 800.0, 1500.0, 1400.0, 2000.0], 200), 0);
}

#[test]
fn excessive_scrolling_is_one_signal_from_its_first_hasty_turn() {
    let mut stops = vec![0.0];
    stops.extend((1..=12).map(|i| if i % 2 == 0 { 0.0 } else { 900.0 }));
    let signals = scrolled(&stops, 500);
    let [signal] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!((signal.at_ms, signal.until_ms), (500, 5500));
    let mut s = Stage::new(Source::Rrweb);
    for (time, y) in [(0, 0.0), (1000, 900.0), (6000, 0.0), (6500, 900.0), (7000, 0.0), (7500, 900.0), (8000, 0.0)] {
        s.at(time, Kind::Scroll { node: NodeId::DOCUMENT, x: 0.0, y });
    }
    let signals = s.signals();
    let [signal] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!((signal.at_ms, signal.until_ms), (6000, 7500));
}

#[test]
fn resizes_tell_orientation_bars_and_windows_apart() {
    let sized = |sizes: &[(Millis, u32, u32)]| {
        let mut s = Stage::new(Source::Rrweb);
        s.session.pages[0].viewport = Some((400, 800));
        for &(time, width, height) in sizes {
            s.at(time, Kind::Resize { width, height });
        }
        s.signals()
            .iter()
            .map(|s| match &s.evidence {
                Evidence::Resize(r) => (s.at_ms, s.until_ms, r.change),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(sized(&[(0, 400, 800)]), []);
    assert_eq!(sized(&[(0, 400, 800), (500, 800, 380)]), [(500, 500, Change::Orientation)]);
    assert_eq!(sized(&[(500, 400, 740)]), [(500, 500, Change::Height)]);
    assert_eq!(sized(&[(500, 700, 800)]), [(500, 500, Change::Window)]);
    assert_eq!(sized(&[(500, 500, 800), (1400, 600, 800), (2300, 700, 800)]), [(500, 2300, Change::Window)]);
    assert_eq!(sized(&[(500, 500, 800), (1501, 600, 800)]).len(), 2);
    assert_eq!(sized(&[(500, 500, 800), (600, 400, 800)]), []);
}

#[test]
fn thresholds_are_the_callers() {
    let mut s = Stage::new(Source::Rrweb);
    let b = s.el(BODY, "button", "");
    s.click(0, b).click(100, b);
    let mut session = s.session.clone();
    session.events.insert(0, Event { time: START, page: 1, kind: Kind::Snapshot { ops: s.ops.clone() } });
    let mut thresholds = Thresholds::default();
    assert!(detect(&session, &thresholds).signals.is_empty());
    thresholds.rage_click.clicks = 2;
    assert_eq!(detect(&session, &thresholds).signals.len(), 1);
}

#[test]
fn bears_deep_and_damaged_recordings() {
    let mut s = Stage::new(Source::Rrweb);
    let mut at = BODY;
    for _ in 0..50_000 {
        at = s.el(at, "div", "");
    }
    s.click(1000, at);
    assert_eq!(s.kinds(), [DeadClick]);
    let mut s = Stage::new(Source::Rrweb);
    s.session.pages.clear();
    s.at(0, Kind::Scroll { node: NodeId(5), x: 0.0, y: f64::NAN }).click(Millis::MAX - START, 3);
    s.signals();
}
