//! Rows of hand-written sessions, one rule each.

use serde_json::json;

use super::*;
use crate::event::{
    Click, Event, Gap, Kind, Millis, Namespace, NodeId, NodeKind, Op, Page, Place, Point, Session, SessionMeta, Source,
};

const T0: Millis = 1_795_185_125_123; // 2026-11-20T14:32:05.123Z, a Friday

fn point() -> Point {
    Point { node: None, x: 1.0, y: 1.0, frame: None, pointer: None }
}

fn click(text: Option<&str>, trusted: bool) -> Kind {
    Kind::Click(Click {
        at: point(),
        embedded: false,
        inside: None,
        size: None,
        button: 0,
        expects_reaction: None,
        opens: None,
        text: text.map(Into::into),
        link: None,
        hash: None,
        trusted,
        tag: None,
        class: None,
        element_id: None,
        pointer_type: None,
    })
}

fn dimension(name: &str, values: &[&str]) -> Kind {
    Kind::Dimension { name: name.into(), values: values.iter().map(|v| (*v).into()).collect() }
}
fn metric(name: &str, value: f64) -> Kind {
    Kind::Metric { name: name.into(), value }
}
fn tag(key: &str, values: &[&str]) -> Kind {
    Kind::Tag { key: key.into(), values: values.iter().map(|v| (*v).into()).collect() }
}
fn scroll(y: f64) -> Kind {
    Kind::Scroll { node: NodeId::DOCUMENT, x: 0.0, y }
}
fn height(height: u32) -> Kind {
    Kind::DocumentSize { width: 1000, height }
}
fn input(value: Option<&str>, checked: Option<bool>, trusted: Option<bool>) -> Kind {
    Kind::Input { node: NodeId(9), value: value.map(Into::into), checked, trusted }
}

/// Page views from (start, end) in ms after [`T0`], each its own document, 1000 × 500.
fn session(source: Source, pages: &[(Millis, Millis)], events: Vec<(Millis, u32, Kind)>) -> Session {
    let pages = pages.iter().enumerate().map(|(i, (from, until))| Page {
        number: i as u32 + 1,
        document: i as u32 + 1,
        url: format!("https://shop.test/{}", i + 1),
        started_at: T0 + from,
        ended_at: T0 + until,
        viewport: Some((1000, 500)),
        has_snapshot: true,
        ..Page::default()
    });
    let mut events: Vec<Event> =
        events.into_iter().map(|(at, page, kind)| Event { time: T0 + at, page, kind }).collect();
    events.sort_by_key(|e| e.time);
    Session {
        id: "s1".into(),
        source,
        project: Some("p1".into()),
        user: Some("u1".into()),
        format_version: Some("0.8.70".into()),
        pages: pages.collect(),
        events,
    }
}

fn facts(session: &Session) -> SessionFacts {
    of_session(session, &[], &SessionMeta::default())
}

#[test]
fn time_and_counts() {
    let s = session(
        Source::Clarity,
        &[(0, 3_000), (3_100, 61_234)],
        vec![
            (0, 1, height(500)),
            (1_000, 1, click(Some(" Add  to cart "), true)),
            (1_200, 1, click(Some("Add  to cart"), true)),
            (1_300, 1, click(Some("by a script"), false)),
            (61_234, 2, height(500)),
        ],
    );
    let f = facts(&s);
    assert_eq!(f.start.as_deref(), Some("2026-11-20T14:32:05.123Z"));
    assert_eq!((f.start_ms, f.day.as_deref(), f.hour), (Some(T0), Some("fri"), Some(14)));
    assert_eq!(f.duration, Some(Seconds(61_234)));
    assert_eq!((f.page_count, f.click_count), (Some(2), Some(2)));
    assert_eq!(f.page_duration, [Seconds(3_000), Seconds(58_134)]);
    assert_eq!(f.clicked_text, ["Add  to cart"]);
    assert_eq!(f.pages.iter().map(|p| p.click_count).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(f.entry_page.as_deref(), Some("https://shop.test/1"));
    assert_eq!(f.exit_page.as_deref(), Some("https://shop.test/2"));
    assert_eq!(f.page.len(), 2);
    assert_eq!((f.user.as_deref(), f.project.as_deref()), (Some("u1"), Some("p1")));
    assert_eq!((f.source, f.format_version.as_deref()), (Some(Source::Clarity), Some("0.8.70")));
    assert_eq!(f.viewport_width, Some(1000));
    let json = f.to_json();
    assert_eq!(json["duration"], json!(61.234));
    assert_eq!(json["page_duration"], json!([3.0, 58.134]));
    assert_eq!(json["source"], "clarity");
    assert_eq!(json["utm.source"], serde_json::Value::Null);
}

#[test]
fn active_time_caps_gaps_and_leaves_hidden_time_out() {
    let busy = vec![
        (0, 1, height(500)),
        (10_000, 1, click(None, true)),
        (12_000, 1, scroll(1.0)),
        (100_000, 1, height(501)), // by the page itself
    ];
    let s = session(Source::Clarity, &[(0, 100_000)], busy.clone());
    // 5 s from the page's start, 2 s to the scroll, 5 s after it.
    assert_eq!(facts(&s).active_duration, Some(Seconds(12_000)));
    assert!(facts(&s).hidden_duration.is_empty());

    let mut hidden = busy;
    hidden.push((13_000, 1, Kind::Visibility { visible: false }));
    hidden.push((15_000, 1, Kind::Visibility { visible: true }));
    let s = session(Source::Clarity, &[(0, 100_000)], hidden);
    let f = facts(&s);
    assert_eq!(f.active_duration, Some(Seconds(10_000)));
    assert_eq!(f.hidden_duration, [Seconds(2_000)]);
    assert_eq!(f.pages[0].active_duration, Seconds(10_000));
}

#[test]
fn hidden_time_lasts_to_the_pages_end_and_follows_the_document() {
    let mut s = session(
        Source::Clarity,
        &[(0, 10_000), (10_000, 20_000), (20_000, 30_000)],
        vec![
            (0, 1, Kind::Visibility { visible: true }),
            (4_000, 1, Kind::Visibility { visible: false }),
            (12_000, 2, Kind::Visibility { visible: true }),
            (20_000, 3, Kind::Visibility { visible: true }),
            (29_000, 3, Kind::Visibility { visible: false }),
            (30_000, 3, height(1)),
        ],
    );
    s.pages[1].document = 1; // a route change inside the document
    let f = facts(&s);
    assert_eq!(f.hidden_duration, [Seconds(6_000), Seconds(2_000), Seconds(1_000)]);
    assert_eq!(
        hidden_spans(&s).iter().map(|h| (h.from - T0, h.until - T0)).collect::<Vec<_>>(),
        [(4_000, 12_000), (29_000, 30_000)]
    );
}

#[test]
fn a_second_tab_in_sight_is_not_hidden_time_of_the_session() {
    let s = session(
        Source::Clarity,
        &[(0, 20_000), (5_000, 15_000)],
        vec![
            (0, 1, Kind::Visibility { visible: true }),
            (5_000, 1, Kind::Visibility { visible: false }),
            (5_000, 2, Kind::Visibility { visible: true }),
            (20_000, 1, height(1)),
        ],
    );
    assert_eq!(facts(&s).hidden_duration, [Seconds(15_000), Seconds(0)]);
    assert_eq!(hidden_spans(&s).iter().map(|h| h.length()).sum::<Millis>(), 5_000);
}

#[test]
fn scroll_depth_measures_against_the_height_at_that_time() {
    // The document grows from 500 to 2000 while the page stands at its top.
    let s = session(
        Source::Clarity,
        &[(0, 9_000)],
        vec![(0, 1, height(500)), (500, 1, height(2_000)), (2_000, 1, scroll(300.0)), (3_000, 1, scroll(0.0))],
    );
    assert_eq!(facts(&s).scroll_depth, Some(40.0));
    // Rubber-banding past the end.
    let s = session(Source::Clarity, &[(0, 9_000)], vec![(0, 1, height(900)), (2_000, 1, scroll(800.0))]);
    assert_eq!(facts(&s).scroll_depth, Some(100.0));
    // Seen to the end before more was loaded.
    let s = session(
        Source::Clarity,
        &[(0, 9_000)],
        vec![(0, 1, height(1_000)), (1, 1, scroll(500.0)), (2, 1, scroll(400.0)), (3, 1, height(9_000))],
    );
    assert_eq!(facts(&s).scroll_depth, Some(100.0));
    // It shrinks: what did not fit before is seen now.
    let s = session(Source::Clarity, &[(0, 9_000)], vec![(0, 1, height(2_000)), (900, 1, height(625))]);
    assert_eq!(facts(&s).scroll_depth, Some(80.0));
    // After a change of the viewport the height is told late.
    let resize = Kind::Resize { width: 800, height: 1_000 };
    let s = session(
        Source::Clarity,
        &[(0, 9_000)],
        vec![(0, 1, height(2_000)), (1, 1, resize), (2, 1, scroll(900.0)), (3, 1, scroll(0.0)), (4, 1, height(3_800))],
    );
    assert_eq!(facts(&s).scroll_depth, Some(50.0));
    // Inner scrolling is not the page's.
    let inner = Kind::Scroll { node: NodeId(7), x: 0.0, y: 400.0 };
    let s = session(Source::Clarity, &[(0, 9_000)], vec![(0, 1, height(1_000)), (2_000, 1, inner)]);
    assert_eq!(facts(&s).scroll_depth, Some(50.0));
    // rrweb does not know the height.
    let s = session(Source::Rrweb, &[(0, 9_000)], vec![(2_000, 1, scroll(800.0))]);
    assert_eq!(facts(&s).scroll_depth, None);
}

#[test]
fn what_a_recorder_cannot_know_is_absent() {
    let quiet = vec![(0, 1, scroll(0.0)), (5_000, 1, scroll(1.0))];
    let f = facts(&session(Source::Rrweb, &[(0, 5_000)], quiet.clone()));
    assert_eq!(f.js_errors, None);
    assert!(f.hidden_duration.is_empty());
    assert_eq!(f.entered_text, Some(false));
    let f = facts(&session(Source::Clarity, &[(0, 5_000)], quiet.clone()));
    assert_eq!(f.js_errors, Some(0));

    let mut logged = quiet;
    let log = |level: &str, message: &str| Kind::Console { level: level.into(), message: message.into(), trace: None };
    logged.push((1_000, 1, log("error", "out of stock")));
    let f = facts(&session(Source::Rrweb, &[(0, 5_000)], logged.clone()));
    assert_eq!(f.js_errors, Some(0));
    logged.push((1_000, 1, log("error", "Uncaught TypeError: x is undefined")));
    let f = facts(&session(Source::Rrweb, &[(0, 5_000)], logged));
    assert_eq!((f.js_errors, f.js_error), (Some(1), vec!["Uncaught TypeError: x is undefined".to_owned()]));
}

#[test]
fn script_errors_are_counted_and_their_messages_kept_once() {
    let error =
        |message: &str| Kind::Error { message: message.into(), source: None, line: None, column: None, stack: None };
    let s = session(
        Source::Clarity,
        &[(0, 10), (10, 20)],
        vec![(1, 1, error("a")), (2, 1, error("a")), (11, 2, error("b"))],
    );
    let f = facts(&s);
    assert_eq!((f.js_errors, f.js_error), (Some(3), vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(f.pages.iter().map(|p| p.js_errors).collect::<Vec<_>>(), [Some(2), Some(1)]);
}

#[test]
fn typed_selected_resized() {
    let row = |kind: Kind| {
        let f = facts(&session(Source::Clarity, &[(0, 10)], vec![(5, 1, kind)]));
        (f.entered_text, f.selected_text, f.resized)
    };
    let no = (Some(false), Some(false), Some(false));
    assert_eq!(row(input(Some("••••"), None, Some(true))), (Some(true), Some(false), Some(false)));
    assert_eq!(row(input(Some("x"), None, None)).0, Some(true));
    assert_eq!(row(input(Some("x"), None, Some(false))), no);
    assert_eq!(row(input(Some("on"), Some(true), Some(true))), no);
    let change = |t: &str| Kind::Change { node: NodeId(9), input_type: t.into(), value: None, checksum: None };
    assert_eq!(row(change("text")).0, Some(true));
    assert_eq!(row(change("select-one")), no);
    let select =
        |from: u32, until: u32| Kind::Selection { start: None, start_offset: from, end: None, end_offset: until };
    assert_eq!(row(select(0, 4)).1, Some(true));
    assert_eq!(row(select(4, 4)), no);
    assert_eq!(row(Kind::Resize { width: 1000, height: 500 }), no);
    assert_eq!(row(Kind::Resize { width: 500, height: 1000 }).2, Some(true));
}

#[test]
fn vitals_are_those_of_the_worst_page() {
    let s = session(
        Source::Clarity,
        &[(0, 10), (10, 20), (20, 30)],
        vec![
            (1, 1, metric("largest_paint", 820.0)),
            (1, 1, metric("cumulative_layout_shift", 120.0)),
            (2, 1, metric("cumulative_layout_shift", 30.0)),
            (2, 1, dimension("interaction_next_paint", &["40"])),
            (3, 1, dimension("interaction_next_paint", &["-1"])),
            (11, 2, metric("largest_paint", 9_999.0)), // repeated by a route change
            (11, 2, metric("single_page", 1.0)),
            (21, 3, metric("largest_paint", 300.0)),
            (21, 3, metric("cumulative_layout_shift", 0.0)),
            (22, 3, dimension("interaction_next_paint", &["216"])),
        ],
    );
    let f = facts(&s);
    assert_eq!((f.lcp, f.cls, f.inp), (Some(820.0), Some(0.15), Some(216.0)));
    assert_eq!((f.pages[0].inp, f.pages[1].lcp, f.pages[2].lcp), (Some(40.0), None, Some(300.0)));
}

#[test]
fn the_first_page_says_where_the_visit_came_from() {
    let mut s = session(Source::Clarity, &[(0, 10), (10, 20)], vec![(0, 1, height(1)), (20, 2, height(1))]);
    s.pages[0].url = "https://shop.test/?utm_source=fb&utm_medium=paid_social&utm_campaign=".into();
    s.pages[0].referrer = Some("https://l.facebook.com/".into());
    s.pages[1].url = "https://shop.test/?utm_source=late&gclid=1".into();
    s.pages[1].referrer = Some("https://shop.test/".into());
    let f = facts(&s);
    assert_eq!(f.utm_source.as_deref(), Some("fb"));
    assert_eq!(f.utm_medium.as_deref(), Some("paid_social"));
    assert_eq!((f.utm_campaign.as_deref(), f.has_utm), (None, Some(true)));
    assert_eq!(f.channel.as_deref(), Some("paid-social"));
    assert_eq!(f.referrer.as_deref(), Some("https://l.facebook.com/"));
    let json = f.to_json();
    assert_eq!(json["utm.medium"], "paid_social");
    assert_eq!(json.get("utm.campaign"), None);

    s.pages[0].url = "https://shop.test/".into();
    s.pages[0].referrer = None;
    let f = facts(&s);
    assert_eq!((f.has_utm, f.channel.as_deref(), f.referrer), (Some(false), Some("direct"), None));
}

#[test]
fn device_comes_from_user_agent_hints_or_pointer() {
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
    let s = session(
        Source::Clarity,
        &[(0, 10)],
        vec![
            (0, 1, dimension("user_agent", &[iphone])),
            (0, 1, dimension("platform", &["Windows"])),
            (0, 1, dimension("language", &["de-DE"])),
            (0, 1, metric("mobile", 0.0)),
        ],
    );
    let f = facts(&s);
    assert_eq!((f.device.as_deref(), f.device_inferred), (Some("mobile"), false));
    assert_eq!((f.browser.as_deref(), f.os.as_deref()), (Some("Safari"), Some("iOS")));
    assert_eq!(f.language.as_deref(), Some("de-DE"));

    let guess = |kind: Kind, viewport: (u32, u32)| {
        let mut s = session(Source::Rrweb, &[(0, 10)], vec![(0, 1, kind)]);
        s.pages[0].viewport = Some(viewport);
        let f = facts(&s);
        assert!(f.device_inferred && f.browser.is_none() && f.os.is_none());
        assert_eq!(f.to_json()["device_inferred"], true);
        f.device
    };
    assert_eq!(guess(Kind::TouchStart(point()), (390, 760)).as_deref(), Some("mobile"));
    assert_eq!(guess(Kind::TouchStart(point()), (760, 390)).as_deref(), Some("mobile"));
    assert_eq!(guess(Kind::TouchStart(point()), (1612, 3209)).as_deref(), Some("mobile"));
    assert_eq!(guess(Kind::TouchStart(point()), (820, 1120)).as_deref(), Some("tablet"));
    assert_eq!(guess(Kind::TouchStart(point()), (1920, 1080)).as_deref(), Some("pc"));
    assert_eq!(guess(Kind::TouchMove(point()), (1366, 768)).as_deref(), Some("pc"));
    assert_eq!(guess(Kind::Move(point()), (820, 600)).as_deref(), Some("pc"));
    assert_eq!(guess(scroll(1.0), (390, 760)).as_deref(), Some("mobile"));
    assert_eq!(guess(scroll(1.0), (1366, 768)).as_deref(), Some("pc"));
}

#[test]
fn new_or_returning() {
    let kind = |events: Vec<Kind>| {
        let events = events.into_iter().map(|kind| (0, 1, kind)).collect();
        facts(&session(Source::Clarity, &[(0, 10)], events)).user_type
    };
    let day = super::when::clarity_day(T0);
    assert_eq!(kind(vec![dimension("cookie_version", &["0"])]).as_deref(), Some("new"));
    assert_eq!(kind(vec![dimension("cookie_version", &["2"])]).as_deref(), Some("returning"));
    assert_eq!(
        kind(vec![dimension("cookie_version", &["0"]), dimension("cookie_version", &["2"])]).as_deref(),
        Some("new")
    );
    assert_eq!(kind(vec![dimension("dob", &[&day.to_string()])]).as_deref(), Some("new"));
    assert_eq!(kind(vec![dimension("dob", &[&(day - 9).to_string()])]).as_deref(), Some("returning"));
    assert_eq!(kind(vec![dimension("dob", &["0"])]), None);
    assert_eq!(kind(vec![]), None);
}

#[test]
fn events_tags_identity_and_consent() {
    let custom = |name: &str, value: Option<&str>| Kind::Custom { name: name.into(), value: value.map(Into::into) };
    let consent = |ads: Option<bool>, analytics: Option<bool>| Kind::Consent {
        source: "api".into(),
        ad_storage: ads,
        analytics_storage: analytics,
    };
    let s = session(
        Source::Clarity,
        &[(0, 10)],
        vec![
            (0, 1, consent(Some(false), Some(false))),
            (0, 1, dimension("consent", &["1"])),
            (1, 1, custom("purchase", None)),
            (2, 1, custom("purchase", Some("2"))),
            (2, 1, custom("clarity", Some("pause"))),
            (2, 1, custom("Identify", Some(r#"{"user_identifier":"x","email":"ada@shop.test"}"#))),
            (3, 1, tag("plan", &["guest"])),
            (3, 1, tag("plan", &["pro", "guest"])),
            (3, 1, tag("cart size", &["2"])),
            (3, 1, tag("empty", &[""])),
            (4, 1, tag("userId", &["e1e5"])),
            (4, 1, tag("userHint", &["Ada"])),
            (4, 1, tag("sessionId", &["basket-1"])),
            (5, 1, consent(Some(false), Some(true))),
        ],
    );
    let f = facts(&s);
    assert_eq!(f.event, ["purchase", "Identify"]);
    assert_eq!(f.tags.len(), 2);
    assert_eq!(f.custom_user, ["x", "ada@shop.test", "e1e5", "Ada"]);
    assert_eq!(f.custom_session, ["basket-1"]);
    assert_eq!(f.consent, ["analytics", "implicit"]);
    let json = f.to_json();
    assert_eq!(json["tag.plan"], json!(["guest", "pro"]));
    assert_eq!(json["tag.cart size"], json!(["2"]));
}

#[test]
fn the_archive_wins() {
    let mut s = session(
        Source::Clarity,
        &[(0, 10)],
        vec![
            (0, 1, dimension("language", &["en-US"])),
            (0, 1, tag("plan", &["guest"])),
            (0, 1, Kind::Custom { name: "seen".into(), value: None }),
        ],
    );
    s.pages[0].url = "https://shop.test/?utm_source=a&utm_medium=cpc".into();
    s.pages[0].referrer = Some("https://www.google.com/".into());
    let meta: SessionMeta = serde_json::from_value(json!({
        "language": "de-DE", "country": "Germany", "state": "Bavaria", "city": "Munich",
        "device": "Desktop", "browser": "chrome", "os": "macOS", "referrer": "https://t.co/",
        "utm": {"source": "b", "utm_term": "t"}, "events": ["order"], "tags": {"plan": ["pro"], " ": ["x"]},
        "audiences": ["VIP"], "consent": "granted", "user": "ada", "started_at": 0
    }))
    .unwrap();
    let f = of_session(&s, &[], &meta);
    assert_eq!(f.start.as_deref(), Some("1970-01-01T00:00:00.000Z"));
    assert_eq!((f.day.as_deref(), f.hour), (Some("thu"), Some(0)));
    assert_eq!(f.language.as_deref(), Some("de-DE"));
    assert_eq!(
        (f.country.as_deref(), f.state.as_deref(), f.city.as_deref()),
        (Some("Germany"), Some("Bavaria"), Some("Munich"))
    );
    assert_eq!(
        (f.device.as_deref(), f.browser.as_deref(), f.os.as_deref()),
        (Some("pc"), Some("Chrome"), Some("MacOS"))
    );
    assert_eq!(
        (f.utm_source.as_deref(), f.utm_medium.as_deref(), f.utm_term.as_deref()),
        (Some("b"), Some("cpc"), Some("t"))
    );
    assert_eq!(f.referrer.as_deref(), Some("https://t.co/"));
    assert_eq!(f.event, ["order", "seen"]);
    assert_eq!(f.to_json()["tag.plan"], json!(["pro", "guest"]));
    assert_eq!(
        (f.audience, f.consent, f.user.as_deref()),
        (vec!["VIP".to_owned()], vec!["granted".to_owned()], Some("ada"))
    );
    // A user agent beside an rrweb recording names the device.
    let rrweb = session(Source::Rrweb, &[(0, 10)], vec![(0, 1, scroll(1.0))]);
    let meta = SessionMeta {
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0".into()),
        locale: Some("fr-FR".into()),
        ..SessionMeta::default()
    };
    let f = of_session(&rrweb, &[], &meta);
    assert_eq!((f.device.as_deref(), f.device_inferred, f.browser.as_deref()), (Some("pc"), false, Some("Firefox")));
    assert_eq!(f.language.as_deref(), Some("fr-FR"));
}

#[test]
fn completeness_and_masking() {
    let text = |text: &str| Op::Put {
        node: NodeId(5),
        parent: Some(NodeId(2)),
        place: Place::Last,
        kind: NodeKind::Text(text.into()),
    };
    let body = Op::Put {
        node: NodeId(2),
        parent: None,
        place: Place::Last,
        kind: NodeKind::Element { ns: Namespace::Html, tag: "body".into(), attrs: Vec::new() },
    };
    let mut s = session(
        Source::Clarity,
        &[(0, 8_000), (8_000, 10_000)],
        vec![(0, 1, Kind::Snapshot { ops: vec![body, text("abc"), text("•••• •••••")] }), (10_000, 2, height(1))],
    );
    let gap = |from: Millis, until: Millis| Gap { from: T0 + from, until: T0 + until, reason: String::new() };
    s.pages[0].gaps = vec![gap(1_000, 2_000), gap(1_500, 3_000), gap(7_000, 99_000)];
    s.pages[1].has_snapshot = false;
    let f = facts(&s);
    assert_eq!(f.completeness, Some(50.0));
    assert_eq!((f.pages[0].completeness, f.pages[1].completeness), (62.5, 0.0));
    assert_eq!((f.masked, f.pages[1].masked), (Some(75.0), None));
}

#[test]
fn product_data_become_fields() {
    let s = session(
        Source::Clarity,
        &[(0, 10)],
        vec![
            (0, 1, dimension("product_name", &["Boots"])),
            (0, 1, dimension("product_brand", &["Nord"])),
            (0, 1, metric("product_price", 120.0)),
            (0, 1, metric("rating_value", 450.0)),
            (0, 1, metric("rating_count", 12.0)),
        ],
    );
    let json = facts(&s).to_json();
    assert_eq!(json["product_name"], json!(["Boots"]));
    assert_eq!((&json["product_price"], &json["product_rating"]), (&json!([120.0]), &json!([4.5])));
}

/// Every kind of value of a full row, by the list of fields.
fn full() -> SessionFacts {
    let mut f = facts(&session(
        Source::Clarity,
        &[(0, 1_234)],
        vec![
            (0, 1, Kind::Visibility { visible: true }),
            (0, 1, height(900)),
            (0, 1, dimension("product_name", &["Boots"])),
            (0, 1, dimension("cookie_version", &["0"])),
            (0, 1, tag("plan", &["pro"])),
            (5, 1, click(Some("Buy"), true)),
            (9, 1, metric("largest_paint", 812.0)),
            (1_234, 1, metric("cumulative_layout_shift", 10.0)),
        ],
    ));
    f.rage_clicks = Some(2);
    f.frustration = Some(39.0);
    f.click_error = vec!["x".into()];
    f
}

#[test]
fn rows_survive_json() {
    let f = full();
    let mut back = SessionFacts::from_json(f.to_json()).unwrap();
    back.pages = f.pages.clone();
    assert_eq!(back, f);
    let page = &f.pages[0];
    assert_eq!(PageFacts::from_json(page.to_json()).as_ref(), Some(page));
    assert_eq!(SessionFacts::from_json(json!({"id": "a", "later": 1})).map(|f| f.id), Some("a".to_owned()));
    assert_eq!(SessionFacts::from_json(json!({"tag.a": 1})), None);
    assert_eq!(SessionFacts::from_json(json!([])), None);
}

#[test]
fn every_key_of_a_row_is_a_field_of_its_kind() {
    let row = full().to_json();
    for (key, value) in row.as_object().unwrap() {
        if ["id", "start_ms", "device_inferred"].contains(&key.as_str()) {
            continue;
        }
        let f = field(key).unwrap_or_else(|| panic!("{key} is no field"));
        assert_eq!(value.is_array(), f.several, "{key}");
        for value in value.as_array().unwrap_or(&vec![value.clone()]) {
            let fits = match f.kind {
                FieldKind::Count
                | FieldKind::Number
                | FieldKind::Seconds
                | FieldKind::Milliseconds
                | FieldKind::Percent => value.is_number(),
                FieldKind::YesNo => value.is_boolean(),
                FieldKind::Date => value.as_str().and_then(parse_iso).is_some(),
                FieldKind::Text => value.is_string(),
                FieldKind::Enum => f.words().iter().any(|w| Some(w.word) == value.as_str()),
            };
            assert!(fits, "{key} = {value}");
        }
    }
}

#[test]
fn every_field_made_here_has_a_place_in_the_row() {
    // Names that serde knows: a row with every one of them set to a wrong type must be refused.
    for f in FIELDS.iter().chain(PRODUCT_FIELDS).filter(|f| matches!(f.maker, Maker::Facts | Maker::Signals)) {
        let key = f.name.replace("KEY", "a");
        assert_eq!(SessionFacts::from_json(json!({ key: {"wrong": true} })), None, "{}", f.name);
    }
}

#[test]
fn a_session_without_a_recording_holds_what_its_archive_says() {
    let mut s = session(Source::Clarity, &[], vec![]);
    let f = facts(&s);
    assert_eq!((f.start, f.page_count, f.click_count, f.has_utm, f.channel), (None, None, None, None, None));
    assert_eq!((f.js_errors, f.completeness, f.resized), (None, None, None));
    let meta = SessionMeta { started_at: Some(T0), device: Some("mobile".into()), ..SessionMeta::default() };
    s.user = None;
    let f = of_session(&s, &[], &meta);
    assert_eq!((f.day.as_deref(), f.device.as_deref(), f.device_inferred), (Some("fri"), Some("mobile"), false));
}

#[test]
fn hostile_sessions_give_a_bounded_row() {
    let long = "x".repeat(20_000_000);
    let mut s = session(
        Source::Clarity,
        &[(0, 10)],
        vec![
            (0, 99, click(Some(&long), true)), // a page that is not there
            (0, 1, click(Some(&long), true)),
            (1, 1, metric("largest_paint", f64::NAN)),
            (1, 1, metric("cumulative_layout_shift", f64::INFINITY)),
            (1, 1, scroll(f64::NAN)),
            (1, 1, scroll(-1e300)),
            (1, 1, height(u32::MAX)),
            (2, 1, Kind::Resize { width: 0, height: 0 }),
        ],
    );
    for i in 0..5_000 {
        s.events.push(Event { time: T0, page: 1, kind: tag(&format!("k{i}"), &["v"]) });
        s.events.push(Event { time: T0, page: 1, kind: Kind::Custom { name: format!("e{i}").into(), value: None } });
    }
    s.events.push(Event { time: Millis::MIN, page: 1, kind: click(None, true) });
    s.events.push(Event { time: Millis::MAX, page: 1, kind: Kind::Visibility { visible: false } });
    s.pages[0].url = format!("https://a.test/?{long}");
    s.pages[0].gaps = vec![Gap { from: Millis::MIN, until: Millis::MAX, reason: String::new() }];
    let f = facts(&s);
    assert_eq!(f.start, None);
    assert!(f.tags.len() <= 500 && f.event.len() <= 2_000);
    assert_eq!(f.click_count, Some(3));
    assert!(f.to_json().to_string().len() < 400_000);
    assert_eq!(f, facts(&s));
    let _ = (activity_bins(&s, usize::MAX), page_starts(&s), idle_spans(&s, Millis::MIN), hidden_spans(&s));
}

#[test]
fn bins_show_where_the_visitor_was_busy() {
    let s = session(
        Source::Clarity,
        &[(0, 10_000)],
        vec![
            (0, 1, height(1)),
            (1_000, 1, click(None, true)),
            (1_010, 1, click(None, true)),
            (5_500, 1, Kind::Move(point())),
            (7_000, 1, click(None, false)),
            (9_999, 1, height(2)),
        ],
    );
    let bins = activity_bins(&s, 10);
    assert_eq!(bins.len(), 10);
    assert_eq!((bins[0], bins[1], bins[7], bins[9]), (0, 255, 0, 0));
    assert!(bins[5] > 0 && bins[5] < 100);
    assert_eq!(activity_bins(&s, 0), Vec::<u8>::new());
    assert_eq!(activity_bins(&session(Source::Rrweb, &[], vec![]), 3), [0, 0, 0]);
}

#[test]
fn idle_time_lies_between_interactions() {
    let s = session(
        Source::Clarity,
        &[(0, 60_000), (60_000, 70_000)],
        vec![
            (0, 1, height(1)),
            (5_000, 1, click(None, true)),
            (20_000, 1, height(2)),
            (40_000, 1, click(None, true)),
            (70_000, 2, height(1)),
        ],
    );
    let idle: Vec<_> = idle_spans(&s, 10_000).iter().map(|i| (i.from - T0, i.until - T0)).collect();
    assert_eq!(idle, [(5_000, 40_000), (40_000, 60_000)]);
    assert_eq!(page_starts(&s), [0.0, 60.0 / 70.0]);
}
