//! Every event of Clarity's format once, the forms of old versions, and the DOM records of the fact sheet's examples.

use dwell_core::event::{Attr, Kind, Namespace, NodeId, NodeKind, Op, Place, Session, SheetRef};
use dwell_core::findings::Findings;
use dwell_core::format::clarity::payload::{self, Refusal};
use dwell_core::format::clarity::{BASE, Body, decode_session};

fn decode_all(bodies: &[&str]) -> (Session, Findings) {
    let bodies: Vec<Body<'_>> = bodies.iter().map(|b| Body { path: "test.json", bytes: b.as_bytes() }).collect();
    let mut findings = Findings::new();
    let session = decode_session(&bodies, &mut findings).expect("a session");
    (session, findings)
}

/// A payload of page 1 with these streams.
fn body(version: &str, a: &str, p: &str) -> String {
    format!(r#"{{"e":["{version}",1,0,1000,"p","u","s",1,0,1],"a":[[0,0,0,1700000000000]{a}],"p":[{p}]}}"#)
}

/// Kinds of a page with these events, the clock left out.
fn kinds(version: &str, a: &str, p: &str) -> Vec<Kind> {
    let (session, _) = decode_all(&[&body(version, a, p)]);
    let is_clock = |k: &Kind| matches!(k, Kind::Metric { name, .. } if &**name == "client_timestamp");
    session.events.into_iter().map(|e| e.kind).filter(|k| !is_clock(k)).collect()
}

const SMALL_PAGE: &str = r#"[1,5,2,"*D","name=html","publicId=","systemId=",3,1,2,"HTML",4,3,"HEAD",5,3,4,"BODY""#;

/// Ops of the last layout event.
fn ops(p: &str) -> Vec<Op> {
    let kinds = kinds("0.8.70", "", p);
    kinds.last().expect("events").ops().to_vec()
}

#[test]
fn every_event_becomes_something() {
    let text = include_str!("fixtures/clarity/every-event.json");
    let (session, findings) = decode_all(&[text]);
    let page = &session.pages[0];
    assert_eq!(page.url, "https://shop.test/a");
    assert_eq!(page.referrer.as_deref(), Some("https://google.test/"));
    assert_eq!(page.title.as_deref(), Some("First"));
    assert_eq!((page.viewport, page.document_size), (Some((800, 600)), Some((800, 2000))));
    assert_eq!((page.started_at, page.ended_at), (1_700_000_000_005, 1_700_000_000_900));
    assert!(!page.ended && page.has_snapshot);
    assert_eq!(session.format_version.as_deref(), Some("0.8.70"));
    assert_eq!((session.project.as_deref(), session.user.as_deref()), (Some("proj"), Some("user")));

    let names: Vec<String> = session
        .events
        .iter()
        .map(|e| match &e.kind {
            Kind::Recorder { what, .. } => format!("recorder {what}"),
            Kind::Unknown { code, .. } => format!("unknown {code}"),
            kind => kind.name().to_owned(),
        })
        .collect();
    let expected = "style style style style snapshot recorder upload,recorder upgrade,recorder baseline,region document_size \
                    click scroll resize move mouse_down mouse_up wheel double_click touch_start touch_end touch_move \
                    touch_cancel selection recorder timeline,recorder page,custom custom recorder lifecycle,recorder ping,\
                    unload input input visibility navigation recorder connection,error recorder image_error,recorder log,\
                    tag tag recorder limit,recorder summary,recorder box,clipboard submit extract recorder fraud,change \
                    consent context_menu unknown reserved_49,window_focus recorder chat,recorder pointer_down,unknown 54,\
                    unknown keystrokes,unknown 250,animation animation mutation recorder box,metric metric metric \
                    dimension dimension dimension dimension dimension";
    let flat: Vec<String> = expected
        .split(',')
        .flat_map(|part| {
            // "recorder x" and "unknown x" are one name; they end each part.
            let words: Vec<&str> = part.split_whitespace().collect();
            let pair = words.len() >= 2 && matches!(words[words.len() - 2], "recorder" | "unknown");
            let single = words.len() - if pair { 2 } else { 0 };
            let mut list: Vec<String> = words[..single].iter().map(|w| (*w).to_owned()).collect();
            if pair {
                list.push(words[single..].join(" "));
            }
            list
        })
        .collect();
    assert_eq!(names, flat);

    let codes: Vec<&str> = findings.list().iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["clarity_unknown_event", "clarity_unknown_event", "clarity_no_end"]);
    let find = |name: &str| session.events.iter().find(|e| e.kind.name() == name).expect(name).kind.clone();
    let Kind::Click(click) = find("click") else { panic!() };
    assert_eq!(click.text.as_deref(), Some("Buy now ▫\u{fffd}"));
    assert_eq!((click.inside, click.size, click.button), (Some((16383, 17163)), Some((78, 21)), 0));
    assert_eq!((click.expects_reaction, click.opens, click.trusted), (Some(false), Some(1), true));
    assert_eq!(click.hash.as_deref(), Some("v6gv331.v6gv331"));
    assert_eq!((click.tag.as_deref(), click.class.as_deref()), (Some("button"), Some("btn primary")));
    assert_eq!((click.element_id.as_deref(), click.link), (Some("buy"), None));
    assert_eq!(find("scroll"), Kind::Scroll { node: NodeId::DOCUMENT, x: 0.0, y: 300.0 });
    let Kind::TouchStart(point) = find("touch_start") else { panic!() };
    assert_eq!((point.pointer, point.node), (Some(4), Some(NodeId(11))));
    let Kind::TouchCancel(point) = find("touch_cancel") else { panic!() };
    assert_eq!(point.node, None);
    let inputs: Vec<_> = session.events.iter().filter(|e| e.kind.name() == "input").collect();
    assert!(
        matches!(&inputs[0].kind, Kind::Input { value: Some(v), checked: None, trusted: Some(true), .. } if &**v == "••••• ••••")
    );
    assert!(matches!(&inputs[1].kind, Kind::Input { node: NodeId(13), value: None, checked: Some(true), .. }));
    assert_eq!(find("visibility"), Kind::Visibility { visible: false });
    let Kind::Error { message, source, line, column, stack } = find("error") else { panic!() };
    assert_eq!(
        (&*message, source.as_deref(), line, column),
        ("boom", Some("https://shop.test/x.js"), Some(3), Some(7))
    );
    assert_eq!(stack.as_deref(), Some("at x"));
    let Kind::Consent { source, ad_storage, analytics_storage } = find("consent") else { panic!() };
    assert_eq!((&*source, ad_storage, analytics_storage), ("cookiebot", Some(true), Some(false)));
    let Kind::Navigation(timing) = find("navigation") else { panic!() };
    assert_eq!((timing.fetch_start, timing.load_end, timing.redirects), (1.0, 10.0, 1));
    assert_eq!((timing.transfer_size, &*timing.kind, &*timing.protocol), (8557.0, "navigate", "h2"));
    let recorder = |what: &str| {
        let kinds = session.events.iter().map(|e| &e.kind);
        kinds
            .filter_map(|k| {
                if let Kind::Recorder { what: w, detail } = k { (&**w == what).then_some(detail) } else { None }
            })
            .next()
            .expect(what)
            .to_string()
    };
    assert_eq!(recorder("chat"), r#"{"action":"human_message"}"#);
    assert_eq!(recorder("limit"), r#"{"check":"shutdown"}"#);
    assert_eq!(recorder("summary"), r#"{"mutation":[[100,5],[200,7]]}"#);
    assert!(recorder("baseline").contains(r#""modules":[3,4]"#) && recorder("baseline").contains(r#""move_time":3"#));
    assert_eq!(recorder("image_error"), "[31,32,1]");
    let unknown = session.events.iter().find_map(|e| match &e.kind {
        Kind::Unknown { code, raw } if &**code == "54" => Some(raw.to_string()),
        _ => None,
    });
    assert_eq!(unknown.as_deref(), Some(r#"[48,54,"future",{"a":[1]}]"#));
    let Kind::Extract { key, values } = find("extract") else { panic!() };
    assert_eq!((key, values.len(), &*values[1].0, &*values[1].1), (5, 2, "2", "two"));
    let Kind::Animation { action, node, keyframes, .. } = find("animation") else { panic!() };
    assert_eq!((&*action, node, keyframes.as_deref()), ("create", Some(NodeId(11)), Some("[{}]")));

    // Sheets and definitions that came before the snapshot are part of it.
    let Kind::Snapshot { ops } = find("snapshot") else { panic!() };
    assert_eq!(ops[0], Op::Reset);
    let sheet = SheetRef::Constructed("s1".into());
    assert_eq!(ops[1], Op::SheetText { sheet, text: "p{color:red}".into() });
    assert!(ops.contains(&Op::Adopt { root: NodeId::DOCUMENT, sheets: vec!["s1".into()] }));
    assert!(ops.contains(&Op::DefineElement { name: "my-tag".into() }));
    assert!(ops.contains(&Op::Value { node: NodeId(10), value: "•••••".into() }));
    let Kind::Mutation { ops } = find("mutation") else { panic!() };
    assert_eq!(
        ops[0],
        Op::Text {
            node: NodeId(12), text: "•••• ••••• ••••• ••••• •••••".into()
        }
    );
    assert_eq!(ops[1], Op::Remove { node: NodeId(13) });
    assert_eq!(ops.len(), 2);
}

#[test]
fn old_forms_are_understood() {
    let one = |a: &str, version: &str| kinds(version, a, "").pop().expect("an event");
    // Visibility as text, variables as bare text, a single hash, extracts as text.
    assert_eq!(one(r#",[5,28,"hidden"]"#, "0.7.20"), Kind::Visibility { visible: false });
    assert_eq!(one(r#",[5,28,"visible"]"#, "0.7.20"), Kind::Visibility { visible: true });
    assert_eq!(one(r#",[5,34,"plan","gold"]"#, "0.6.1"), Kind::Tag { key: "plan".into(), values: vec!["gold".into()] });
    let values = vec![("".into(), "text".into())];
    assert_eq!(one(r#",[5,40,7,"text"]"#, "0.6.35"), Kind::Extract { key: 7, values });
    // A click of 0.6.14: index 13 is a region's node, not trust.
    let Kind::Click(click) = one(r#",[5,9,4,1,2,3,4,0,1,0,"t",null,"v6gv331",0]"#, "0.6.14") else { panic!() };
    assert!(click.trusted && click.size.is_none() && click.tag.is_none());
    assert_eq!(click.hash.as_deref(), Some("v6gv331"));
    let Kind::Click(click) = one(r#",[5,9,4,1,2,3,4,0,1,0,"t",null,"a.b",0]"#, "0.7.0") else { panic!() };
    assert!(!click.trusted);
    let Kind::Click(click) = one(r#",[5,9,4,1,2]"#, "0.6.0-b9") else { panic!() };
    assert!(click.trusted && click.inside.is_none() && click.expects_reaction.is_none());
    // Inputs: index 4 was a region id, later it is trust.
    let trusted = |k: Kind| if let Kind::Input { trusted, .. } = k { trusted } else { panic!() };
    assert_eq!(trusted(one(r#",[5,27,4,"x",9]"#, "0.6.14")), None);
    assert_eq!(trusted(one(r#",[5,27,4,"x"]"#, "0.7.0")), None);
    assert_eq!(trusted(one(r#",[5,27,4,"x",0]"#, "0.8.24")), Some(false));
    // Regions: three tokens, several in one event; then four.
    let regions: Vec<_> = kinds("0.6.14", r#",[5,7,8,13,"Hero",9,20,"Buy"]"#, "")
        .into_iter()
        .filter_map(|k| match k {
            Kind::Region { node, interaction, visibility, name } => {
                Some((node.0, interaction, visibility, name.to_string()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(regions, [(8, 16, 13, "Hero".to_owned()), (9, 20, 0, "Buy".to_owned())]);
    let Kind::Region { interaction, visibility, .. } = one(r#",[5,7,8,20,10,"Hero"]"#, "0.6.24") else { panic!() };
    assert_eq!((interaction, visibility), (20, 10));
    // A custom event with one argument is its name.
    assert_eq!(one(r#",[5,24,"signup"]"#, "0.8.70"), Kind::Custom { name: "signup".into(), value: None });
    // Broken events are kept, not dropped.
    assert!(matches!(one(r#",[5,9]"#, "0.8.70"), Kind::Unknown { .. }));
}

#[test]
fn envelopes_of_all_versions() {
    let envelope = |e: &str| payload::peek(format!(r#"{{"e":{e},"a":[]}}"#).as_bytes());
    let e = envelope(r#"["0.6.0-b0",1,0,5,123,456,789,4,0,1]"#).expect("readable");
    assert_eq!((&*e.project, &*e.user, &*e.session, e.page, e.end, e.url), ("123", "456", "789", 4, true, None));
    let e = envelope(r#"["0.7.58",2,5,6,"p","u","s",1,1,0,0,"https://a.test/"]"#).expect("readable");
    assert_eq!((e.sequence, e.start, e.duration, e.upload, e.platform), (2, 5, 6, 1, Some(0)));
    assert_eq!(e.url.as_deref(), Some("https://a.test/"));
    let old = payload::peek(br#"{"e":["0.5.40",1,"p","u","s","pg",0,0],"d":[]}"#).unwrap_err();
    assert_eq!(old, Refusal::TooOld { version: "0.5.40".into() });
    assert!(old.to_string().contains("before 0.6"));
    for foreign in ["", "[]", "{}", "text", r#"{"type":4}"#, r#"{"e":1}"#, r#"{"e":["x",1]}"#, r#"{"events":[]}"#] {
        assert_eq!(payload::peek(foreign.as_bytes()).unwrap_err(), Refusal::Foreign, "{foreign}");
    }
    assert!(matches!(payload::peek(br#"{"e":["0.8.70",1,0"#), Err(Refusal::Damaged(_))));
    assert!(payload::peek(b"\xef\xbb\xbf {\"e\":[\"0.8.70\",1,0,1,\"p\",\"u\",\"s\",1,0,0]}").is_ok());
    // Keys in another order, white space, and the betas' one stream.
    let turned =
        "{ \"p\" : [ [5,6] ],\n \"a\" : [ [ 4 , 25 , 7 ] ] , \"e\" : [\"0.8.70\",1,0,1,\"p\",\"u\",\"s\",1,0,0] }";
    assert_eq!(payload::parse(turned).expect("readable").events.len(), 2);
    let beta = r#"{"e":["0.6.0-b2",1,0,1,1,2,3,4,0,0],"d":[[4,25,7]]}"#;
    let (session, findings) = decode_all(&[beta]);
    assert_eq!(session.events[0].kind.name(), "recorder");
    assert!(findings.list().iter().any(|f| f.code == "clarity_early_beta"));
}

#[test]
fn hostile_json_is_refused_quickly() {
    let deep = format!(r#"{{"e":["0.8.70",1,0,1,"p","u","s",1,0,0],"a":{}"#, "[".repeat(200_000));
    let read = payload::parse(&deep).expect("the envelope is fine");
    assert_eq!(read.damage.expect("damage").reason, "Values are nested too deeply.");
    assert_eq!(payload::peek("[".repeat(200_000).as_bytes()).unwrap_err(), Refusal::Foreign);
    let deep = format!(r#"{{"a":{}"#, "[".repeat(200_000));
    assert!(payload::peek(deep.as_bytes()).is_err());
    // Damage in the middle keeps what came before, with the place.
    let text = r#"{"e":["0.8.70",1,0,9,"p","u","s",1,0,0],"a":[[1,25,7],[2,25,8],[3,25,x]]}"#;
    let read = payload::parse(text).expect("readable");
    assert_eq!(read.events.len(), 2);
    assert_eq!(read.damage.expect("damage").offset, text.find('x').expect("x"));
    let text = r#"{"e":["0.8.70",1,0,9,"p","u","s",1,0,0],"a":[[1,25,7],null,{"b":1},["x"],[2,25,8]]}"#;
    let read = payload::parse(text).expect("readable");
    assert_eq!((read.events.len(), read.oddities.len(), read.damage), (2, 3, None));
}

fn attr(name: &str, value: &str) -> Attr {
    Attr { name: name.into(), value: value.into() }
}

#[test]
fn the_first_payload_of_a_small_page() {
    let p = r#"[8,5,2,"*D","name=html","publicId=","systemId=",3,1,2,"HTML",4,3,"HEAD","*B=http://127.0.0.1:33517/page2.html",5,3,4,"BODY",6,4,"TITLE",7,4,6,"LINK","rel=stylesheet","href=style.css",8,5,"H1",9,5,8,"A","id=back","href=/index.html",10,5,9,[34],"id=ext","href=https://example.com/?q=1&token=abc","target=_blank",11,5,10,"DIV","style=height:1500px",12,6,"*T","Page two",13,8,[51],"Second page",14,9,[51],"Back",15,10,[51],"Out"]"#;
    let ops = ops(p);
    let put = |n: u64| {
        ops.iter()
            .find_map(|op| match op {
                Op::Put { node, parent, place, kind } if node.0 == n => {
                    Some((parent.map(|p| p.0), *place, kind.clone()))
                }
                _ => None,
            })
            .expect("put")
    };
    assert_eq!(put(1), (None, Place::Last, NodeKind::Document { quirks: false }));
    let doctype = NodeKind::Doctype { name: "html".into(), public_id: "".into(), system_id: "".into() };
    assert_eq!(put(2), (Some(1), Place::First, doctype));
    assert_eq!((put(3).0, put(3).1), (Some(1), Place::After(NodeId(2))));
    let NodeKind::Element { tag, attrs, .. } = put(4).2 else { panic!() };
    assert_eq!((&*tag, attrs), ("head", vec![attr(BASE, "http://127.0.0.1:33517/page2.html")]));
    let (parent, place, NodeKind::Element { ns, tag, attrs }) = put(10) else { panic!() };
    assert_eq!((parent, place, ns, &*tag), (Some(5), Place::After(NodeId(9)), Namespace::Html, "a"));
    assert_eq!(attrs[1], attr("href", "https://example.com/?q=1&token=abc"));
    assert_eq!(put(13), (Some(8), Place::First, NodeKind::Text("Second page".into())));
}

#[test]
fn masks_of_the_example() {
    let p = format!(
        r##"{SMALL_PAGE},-68,5,"*T","s",70,5,68,"IMG","#4mo.334","id=mimg","src=","width=60",71,5,70,"A","href=",-110,71,"*T","b"]"##
    );
    let ops = ops(&p);
    let kind = |n: u64| {
        let mut puts = ops.iter().filter_map(|op| match op {
            Op::Put { node, kind, .. } if node.0 == n => Some(kind.clone()),
            _ => None,
        });
        puts.next().expect("put")
    };
    assert_eq!(kind(68), NodeKind::Text("•••• ••••• ••••• ••••• •••••".into()));
    assert_eq!(kind(110), NodeKind::Text("••••• •••••".into()));
    let NodeKind::Element { attrs, .. } = kind(70) else { panic!() };
    assert_eq!(
        attrs[1..],
        [attr("src", ""), attr("width", "60"), attr("dwell:width", "60"), attr("dwell:height", "40")]
    );
}

#[test]
fn mutations_of_the_example() {
    let list = format!(r#"{SMALL_PAGE},54,5,"UL",101,54,"LI",102,54,101,"LI",103,54,102,"LI"]"#);
    // A new first child with its text.
    let new = ops(&format!(r#"{list},[10,6,160,54,"LI","class=it new",161,160,"*T","zero"]"#));
    assert!(matches!(&new[0], Op::Put { node: NodeId(160), parent: Some(NodeId(54)), place: Place::First, .. }));
    assert!(matches!(&new[1], Op::Put { node: NodeId(161), place: Place::First, .. }));
    // An existing one moves, its children stay.
    let moved = ops(&format!(r#"{list},[10,6,101,54,103,"LI","class=it"]"#));
    assert!(matches!(&moved[..], [Op::Put { node: NodeId(101), place: Place::After(NodeId(103)), .. }]));
    assert_eq!(ops(&format!(r#"{list},[10,6,102,"LI"]"#)), [Op::Remove { node: NodeId(102) }]);
    // Changes in place are single changes.
    let changed = ops(&format!(r#"{list},[10,6,102,54,101,"LI","class=x"]"#));
    assert_eq!(changed, [Op::Attr { node: NodeId(102), name: "class".into(), value: Some("x".into()) }]);
    // Style sheets are sent whole.
    let style = format!(r#"{SMALL_PAGE},15,4,"STYLE","id=dyn",".a{{}}"]"#);
    let rules = ops(&format!(r#"{style},[10,6,15,4,"STYLE","id=dyn",".a{{}}.b{{}}"]"#));
    assert_eq!(rules, [Op::Text { node: NodeId::text_of(NodeId(15)), text: ".a{}.b{}".into() }]);
    assert_eq!(ops(&format!(r#"{style},[10,6,15,4,"STYLE","id=dyn",".a{{}}"]"#)), []);
    // An old recorder left the empty text out.
    let old = ops(&format!(r#"{SMALL_PAGE},15,4,"STYLE","media=print"]"#));
    assert!(matches!(old.last(), Some(Op::Put { kind: NodeKind::Element { attrs, .. }, .. }) if attrs.len() == 1));
    // Unknown nodes cannot be removed.
    assert_eq!(ops(&format!(r#"{list},[10,6,999,"LI"]"#)), []);
}

#[test]
fn shuffled_lists_are_put_in_order() {
    let list = format!(r#"{SMALL_PAGE},10,5,"UL",11,10,"LI",12,10,11,"LI",13,10,12,"LI",14,10,13,"LI"]"#);
    // Final order 14 12 11 13, told in another order.
    let turned = ops(&format!(r#"{list},[10,6,13,10,11,"LI",11,10,12,"LI",12,10,14,"LI",14,10,"LI"]"#));
    let mut order = vec![11, 12, 13, 14];
    for op in &turned {
        let Op::Put { node, place, .. } = op else { panic!("{op:?}") };
        order.retain(|n| *n != node.0);
        let index = match place {
            Place::After(before) => order.iter().position(|n| *n == before.0).expect("a sibling") + 1,
            _ => 0,
        };
        order.insert(index, node.0);
    }
    assert_eq!(order, [14, 12, 11, 13]);
    assert_eq!(turned.len(), 2, "what stands right already is not put again");
    // A child told before its new parent.
    let nested = ops(&format!(r#"{list},[10,6,21,20,"B",20,10,14,"LI"]"#));
    assert!(matches!(nested[0], Op::Put { node: NodeId(20), .. }));
    // A node and its ancestor change places.
    let swapped = ops(&format!(r#"{SMALL_PAGE},10,5,"DIV",11,10,"P"],[10,6,10,11,"DIV",11,5,"P"]"#));
    assert!(matches!(swapped[0], Op::Put { node: NodeId(11), parent: Some(NodeId(5)), .. }));
    assert!(matches!(swapped[1], Op::Put { node: NodeId(10), parent: Some(NodeId(11)), .. }));
}

#[test]
fn what_was_removed_comes_back_whole() {
    let page = format!(r#"{SMALL_PAGE},10,5,"DIV",11,10,"P",12,11,"*T","a",13,10,11,"INPUT","type=text"]"#);
    let gone = format!(r#"{page},[10,6,10,"DIV"]"#);
    let input = format!(r#"{page},[5,27,13,"typed"],[10,6,10,"DIV"],[20,6,10,5,"DIV"]"#);
    let back = ops(&format!(r#"{gone},[20,6,10,5,"DIV"]"#));
    let ids: Vec<u64> =
        back.iter().filter_map(|op| if let Op::Put { node, .. } = op { Some(node.0) } else { None }).collect();
    assert_eq!(ids, [10, 11, 12, 13]);
    assert_eq!(ops(&input).last(), Some(&Op::Value { node: NodeId(13), value: "typed".into() }));
    // What changed meanwhile is not shown before it is back.
    let hidden = format!(r#"{gone},[15,6,11,10,"P","class=x"]"#);
    assert_eq!(ops(&hidden), []);
    let back = ops(&format!(r#"{hidden},[20,6,10,5,"DIV"]"#));
    assert!(back.iter().any(
        |op| matches!(op, Op::Put { node: NodeId(11), kind: NodeKind::Element { attrs, .. }, .. } if attrs.len() == 1)
    ));
}

#[test]
fn frames_follow_the_recorder() {
    let page = format!(
        r#"{SMALL_PAGE},50,5,"IFRAME","id=same","*O=true",52,5,50,"IFRAME","id=cross","*O=true",128,50,"iframe:HTML",129,52,"iframe:HTML"]"#
    );
    let first = ops(&page);
    let document = NodeId::frame_of(NodeId(50));
    assert!(first.iter().any(|op| matches!(op, Op::Put { node, parent: Some(NodeId(50)), .. } if *node == document)));
    assert!(
        first.iter().any(|op| matches!(op, Op::Put { node: NodeId(128), parent, .. } if *parent == Some(document)))
    );
    // The frame turned out to be another site's.
    let cross = ops(&format!(r#"{page},[188,6,52,5,50,"IFRAME","id=cross"]"#));
    assert_eq!(cross, [Op::Remove { node: NodeId::frame_of(NodeId(52)) }]);
    // Another page loaded in the same frame.
    let second =
        r#"[198,6,145,50,"iframe:*D","name=html","publicId=","systemId=",146,50,145,"iframe:HTML",147,146,"BODY"]"#;
    let loaded = ops(&format!("{page},{second}"));
    assert_eq!(loaded[0], Op::Remove { node: document });
    assert!(
        matches!(&loaded[1], Op::Put { node, kind: NodeKind::Document { quirks: false }, .. } if *node == document)
    );
    let ids: Vec<u64> =
        loaded[2..].iter().filter_map(|op| if let Op::Put { node, .. } = op { Some(node.0) } else { None }).collect();
    assert_eq!(ids, [145, 146, 147]);
    // Scrolling its root scrolls its window.
    let kinds = kinds("0.8.70", r#",[300,10,146,0,40],[301,10,3,0,50]"#, &format!("{page},{second}"));
    let scrolled: Vec<NodeId> =
        kinds.iter().filter_map(|k| if let Kind::Scroll { node, .. } = k { Some(*node) } else { None }).collect();
    assert_eq!(scrolled, [document, NodeId::DOCUMENT]);
}

#[test]
fn shadow_roots_adopt_when_they_appear() {
    let p = format!(
        r#"[0,46,"a",0,null],[0,46,"a",1,"b{{}}"],[0,45,11,3,["a"]],{SMALL_PAGE},10,5,"X-TAG",11,10,"*S","style=",12,11,"B",13,5,10,"Y-TAG",14,13,"*P",15,14,"I"]"#
    );
    let ops = ops(&p);
    let at = |wanted: &dyn Fn(&Op) -> bool| ops.iter().position(wanted).expect("op");
    let sheet = at(&|op| matches!(op, Op::SheetText { text, .. } if &**text == "b{}"));
    let root = at(&|op| {
        matches!(
            op,
            Op::Put { node: NodeId(11), parent: Some(NodeId(10)), kind: NodeKind::ShadowRoot { open: true }, .. }
        )
    });
    let adopt = at(&|op| matches!(op, Op::Adopt { root: NodeId(11), sheets } if sheets.len() == 1));
    assert!(sheet < root && root < adopt);
    at(&|op| matches!(op, Op::Put { node: NodeId(12), parent: Some(NodeId(11)), .. }));
    // A polyfilled root is its host.
    at(&|op| matches!(op, Op::Put { node: NodeId(15), parent: Some(NodeId(13)), .. }));
    assert!(!ops.iter().any(|op| matches!(op, Op::Put { node: NodeId(14), .. })));
}

#[test]
fn namespaces_are_restored() {
    let p = format!(
        r#"{SMALL_PAGE},10,5,"svg:svg",11,10,"svg:foreignObject",12,11,"DIV",13,5,10,"math",14,13,"mfrac",15,14,"mi",16,5,13,"x-y"]"#
    );
    let named: Vec<(Namespace, String)> = ops(&p)
        .iter()
        .filter_map(|op| match op {
            Op::Put { node, kind: NodeKind::Element { ns, tag, .. }, .. } if node.0 >= 10 => {
                Some((*ns, tag.to_string()))
            }
            _ => None,
        })
        .collect();
    let expected = [
        (Namespace::Svg, "svg"),
        (Namespace::MathMl, "math"),
        (Namespace::Html, "x-y"),
        (Namespace::Svg, "foreignObject"),
        (Namespace::MathMl, "mfrac"),
        (Namespace::Html, "div"),
        (Namespace::MathMl, "mi"),
    ];
    for (ns, tag) in expected {
        assert!(named.contains(&(ns, tag.to_owned())), "{ns:?} {tag} is not in {named:?}");
    }
    // A snapshot of the insight build writes SVG without a prefix, and gives the root the id 1.
    let snapshot = ops(r#"[1,43,1,"HTML",2,1,"BODY",3,2,"svg",4,3,"path"]"#);
    let svg = |n: u64| {
        snapshot.iter().any(
            |op| matches!(op, Op::Put { node, kind: NodeKind::Element { ns: Namespace::Svg, .. }, .. } if node.0 == n),
        )
    };
    assert!(svg(3) && svg(4));
    let ids: std::collections::HashSet<_> =
        snapshot.iter().filter_map(|op| if let Op::Put { node, .. } = op { Some(*node) } else { None }).collect();
    assert_eq!(ids.len(), 5, "the document and the root element are two nodes");
}

fn at(sequence: u32, start: u32, duration: u32, page: u32, end: u32, url: &str, events: &str) -> String {
    format!(r#"{{"e":["0.8.70",{sequence},{start},{duration},"p","u","s",{page},0,{end},0,"{url}"],"a":[{events}]}}"#)
}

#[test]
fn two_tabs_with_one_page_number_are_two_pages() {
    let a1 = at(1, 0, 100, 2, 0, "https://a.test/", r#"[50,0,0,1700000000000],[50,1,15,["tabA"]]"#);
    let a2 = at(2, 100, 50, 2, 1, "https://a.test/", "[120,25,1]");
    let b1 = at(1, 0, 90, 2, 0, "https://b.test/", r#"[50,0,0,1700000005000],[50,1,15,["tabB"]]"#);
    let b2 = at(2, 90, 70, 2, 1, "https://b.test/", "[130,25,2]");
    let (session, findings) = decode_all(&[&b2, &a1, &b1, &a2]);
    let urls: Vec<&str> = session.pages.iter().map(|p| p.url.as_str()).collect();
    assert_eq!(urls, ["https://a.test/", "https://b.test/"]);
    assert!(session.pages.iter().all(|p| p.ended));
    let gaps: Vec<_> = session.pages.iter().flat_map(|p| &p.gaps).map(|g| g.reason.as_str()).collect();
    assert_eq!(gaps, ["Page view 1 of this session is missing."], "no tab lacks a payload");
    assert!(findings.list().iter().any(|f| f.code == "clarity_tabs"));
    assert_eq!(session.pages.iter().map(|p| (p.number, p.document)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
}

#[test]
fn a_lost_clock_is_derived_from_the_neighbours() {
    let p1 = at(1, 0, 100, 1, 1, "https://a.test/", "[50,0,0,1700000000000]");
    let p2 = at(2, 500, 500, 2, 1, "https://b.test/", "[700,25,1]");
    let p3 = at(1, 0, 100, 3, 1, "https://c.test/", "[50,0,0,1700000009000]");
    let (session, findings) = decode_all(&[&p1, &p2, &p3]);
    assert_eq!(session.pages[1].started_at, 1_700_000_008_700);
    assert_eq!(session.pages[1].gaps[0].reason, "The first payload of this page view is missing.");
    assert!(findings.list().iter().any(|f| f.code == "clarity_no_clock"));
    let (session, _) = decode_all(&[&p1, &p2]);
    assert_eq!(session.pages[1].started_at, 1_700_000_000_800);
    let (session, _) = decode_all(&[&p2]);
    assert_eq!(session.pages[0].started_at, 700);
}

#[test]
fn a_page_view_of_which_nothing_is_left_is_told() {
    let page =
        |number: u32, clock: i64| at(1, 0, 100, number, 1, "https://a.test/", &format!("[50,0,0,{clock}],[90,25,1]"));
    let (p2, p3, p6) = (page(2, 1_700_000_002_000), page(3, 1_700_000_003_000), page(6, 1_700_000_006_000));
    let (session, findings) = decode_all(&[&p6, &p2, &p3]);
    let gaps =
        |n: usize| session.pages[n].gaps.iter().map(|g| (g.reason.as_str(), g.until - g.from)).collect::<Vec<_>>();
    assert_eq!(gaps(0), [("Page view 1 of this session is missing.", 0)]);
    assert_eq!(gaps(1), [("Page views 4 to 5 of this session are missing.", 2_960)]);
    assert!(gaps(2).is_empty());
    let told: Vec<_> = findings.list().iter().filter(|f| f.code == "clarity_page_missing").map(|f| f.page).collect();
    assert_eq!(told, [Some(1), Some(2)]);
    let (session, _) = decode_all(&[&page(1, 1_700_000_001_000), &p2, &p3]);
    assert!(session.pages.iter().all(|p| p.gaps.is_empty()));
}

#[test]
fn gaps_are_told() {
    let p1 = at(1, 0, 100, 1, 0, "u", "[50,0,0,1700000000000]");
    let p4 = at(4, 400, 100, 1, 0, "u", "[450,25,1]");
    let p5 = at(5, 510, 100, 1, 0, "u", "[550,25,1]");
    let (session, findings) = decode_all(&[&p5, &p1, &p4, &p4]);
    let reasons: Vec<&str> = session.pages[0].gaps.iter().map(|g| g.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "Payloads 2 to 3 of this page view are missing.",
            "Payload 5 does not continue where payload 4 ended.",
            "The last payload of this page view is missing."
        ]
    );
    assert_eq!((session.pages[0].gaps[0].from, session.pages[0].gaps[0].until), (1_700_000_000_100, 1_700_000_000_400));
    assert!(findings.has_losses());
    assert!(decode_session(&[Body { path: "x", bytes: b"nothing" }], &mut Findings::new()).is_none());
}

#[test]
fn a_baseline_of_the_page_before_does_not_lengthen_the_page() {
    let text = include_str!("fixtures/clarity/every-event.json");
    let late = text.replacen("[12,4,", "[90000,4,", 1);
    assert_ne!(text, late, "the fixture holds a baseline");
    let extent = |body: &str| {
        let (session, _) = decode_all(&[body]);
        (session.pages[0].started_at, session.pages[0].ended_at)
    };
    assert_eq!(extent(&late), extent(text));
}
