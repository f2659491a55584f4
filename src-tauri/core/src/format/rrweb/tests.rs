//! Hand-written streams, one rule each.

use super::*;
use crate::dom::Tree;
use crate::event::{Attr, Kind, Namespace, NodeId, NodeKind, Op, OpenState, Place, Session, SheetRef};
use crate::findings::{Findings, Severity};

const HREF: &str = "https://shop.test/a";

fn meta(time: i64, href: &str) -> String {
    format!(r#"{{"type":4,"data":{{"href":"{href}","width":800,"height":600}},"timestamp":{time}}}"#)
}
fn full(time: i64, body: &str) -> String {
    format!(
        r#"{{"type":2,"data":{{"node":{{"type":0,"childNodes":[{{"type":1,"name":"html","publicId":"","systemId":"","id":2}},{{"type":2,"tagName":"html","attributes":{{}},"childNodes":[{{"type":2,"tagName":"body","attributes":{{}},"childNodes":[{body}],"id":4}}],"id":3}}],"id":1}},"initialOffset":{{"left":0,"top":100}}}},"timestamp":{time}}}"#
    )
}
fn el(id: u32, tag: &str, attributes: &str, kids: &str) -> String {
    format!(r#"{{"type":2,"tagName":"{tag}","attributes":{{{attributes}}},"childNodes":[{kids}],"id":{id}}}"#)
}
fn text(id: u32, text: &str) -> String {
    format!(r#"{{"type":3,"textContent":"{text}","id":{id}}}"#)
}
fn inc(time: i64, data: &str) -> String {
    format!(r#"{{"type":3,"data":{{{data}}},"timestamp":{time}}}"#)
}
fn mutation(time: i64, parts: &str) -> String {
    inc(time, &format!(r#""source":0,{parts}"#))
}
fn custom(time: i64, tag: &str, payload: &str) -> String {
    format!(r#"{{"type":5,"data":{{"tag":"{tag}","payload":{payload}}},"timestamp":{time}}}"#)
}

fn decode_bytes(bytes: &[u8]) -> (Option<Session>, Findings) {
    let mut findings = Findings::new();
    (decode_session(&[Body { path: "a.json", bytes }], None, &mut findings), findings)
}
fn decode(events: &[String]) -> Session {
    decode_bytes(format!("[{}]", events.join(",")).as_bytes()).0.unwrap()
}
/// The stream of one page with this body, and these events after it.
fn page(body: &str, events: &[String]) -> Session {
    let mut all = vec![meta(1000, HREF), full(1001, body)];
    all.extend_from_slice(events);
    decode(&all)
}
fn tree(session: &Session) -> Tree {
    let mut tree = Tree::new();
    for event in &session.events {
        tree.apply_event(event);
    }
    tree
}
fn last(session: &Session) -> &Kind {
    &session.events.last().unwrap().kind
}
fn kids(tree: &Tree, id: u64) -> Vec<u64> {
    tree.children(NodeId(id)).map(|n| n.id.0).collect()
}
fn attrs(session: &Session, id: u64) -> Vec<(String, String)> {
    let tree = tree(session);
    match &*tree.get(NodeId(id)).unwrap().kind {
        NodeKind::Element { attrs, .. } => {
            attrs.iter().map(|Attr { name, value }| (name.to_string(), value.to_string())).collect()
        }
        other => panic!("{other:?}"),
    }
}
fn snapshot_ops(session: &Session) -> Vec<Op> {
    session.events.iter().find(|e| matches!(e.kind, Kind::Snapshot { .. })).unwrap().kind.ops().to_vec()
}

#[test]
fn a_snapshot_puts_parents_first_and_scrolls_last() {
    let ops = snapshot_ops(&page(&el(5, "p", "", &text(6, "hi")), &[]));
    assert_eq!(ops[0], Op::Reset);
    let puts: Vec<(u64, Option<u64>)> = ops
        .iter()
        .filter_map(|o| match o {
            Op::Put { node, parent, place: Place::Last, .. } => Some((node.0, parent.map(|p| p.0))),
            _ => None,
        })
        .collect();
    assert_eq!(puts, [(1, None), (2, Some(1)), (3, Some(1)), (4, Some(3)), (5, Some(4)), (6, Some(5))]);
    assert_eq!(ops.last(), Some(&Op::Scroll { node: NodeId(1), x: 0.0, y: 100.0 }));
}

#[test]
fn attribute_values_are_those_of_the_page() {
    let s =
        page(&el(5, "p", r#""hidden":true,"x":null,"selected":false,"n":1.50,"rr_foo":"1","onclick":"a()""#, ""), &[]);
    let expected = [("hidden", ""), ("n", "1.5"), ("onclick", "a()")];
    assert_eq!(attrs(&s, 5), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn recorder_notes_become_state_or_dwell_attributes() {
    let body = [
        el(5, "div", r#""class":"rr-block","rr_width":"80.5px","rr_height":"30px""#, ""),
        el(6, "img", r#""rr_dataURL":"data:a","rrweb-original-src":"https://x.test/i.png""#, ""),
        el(7, "canvas", r#""rr_dataURL":"data:b""#, ""),
        el(8, "video", r#""rr_mediaState":"played","rr_mediaCurrentTime":2,"rr_mediaMuted":false"#, ""),
        el(9, "dialog", r#""open":"","rr_open_mode":"modal""#, ""),
        el(10, "div", r#""rr_scrollTop":12"#, ""),
    ]
    .join(",");
    let s = page(&body, &[]);
    let has = |id, name: &str, value: &str| attrs(&s, id).contains(&(name.to_owned(), value.to_owned()));
    assert!(has(5, "dwell:width", "80.5") && has(5, "dwell:height", "30") && has(5, "dwell:blocked", ""));
    assert_eq!(attrs(&s, 6).len(), 2);
    assert!(has(6, "dwell:src", "data:a") && has(6, "src", "https://x.test/i.png"));
    assert!(attrs(&s, 7).is_empty() && attrs(&s, 8).is_empty() && attrs(&s, 10).is_empty());
    let ops = snapshot_ops(&s);
    assert!(ops.contains(&Op::CanvasImage { node: NodeId(7), image: "data:b".into() }));
    assert!(ops.contains(&Op::Open { node: NodeId(9), open: OpenState::Modal }));
    assert!(ops.contains(&Op::Scroll { node: NodeId(10), x: 0.0, y: 12.0 }));
    let media =
        ops.iter().find_map(|o| if let Op::Media { media, .. } = o { Some(media.clone()) } else { None }).unwrap();
    assert_eq!((media.playing, media.position, media.muted, media.looping), (Some(true), Some(2.0), Some(false), None));
}

#[test]
fn form_state_is_live() {
    let body = [
        el(5, "input", r#""value":"now""#, ""),
        el(6, "input", r#""type":"checkbox","value":"1","checked":true"#, ""),
        el(7, "textarea", r#""value":"long""#, ""),
        el(
            8,
            "select",
            r#""value":"b""#,
            &[el(9, "option", r#""value":"a""#, ""), el(10, "option", r#""value":"b","selected":true"#, "")].join(","),
        ),
    ]
    .join(",");
    let change =
        mutation(1400, r#""texts":[],"removes":[],"adds":[],"attributes":[{"id":5,"attributes":{"value":"attr"}}]"#);
    let s = page(&body, &[]);
    let t = tree(&s);
    assert_eq!(t.value_of(NodeId(5)).as_deref(), Some("now"));
    assert!(t.is_checked(NodeId(6)));
    assert_eq!(t.value_of(NodeId(7)).as_deref(), Some("long"));
    assert!(attrs(&s, 7).is_empty());
    assert_eq!(t.selected_options(NodeId(8)), [1]);

    let typed = |id: u32, text: &str| inc(1200, &format!(r#""source":5,"text":"{text}","isChecked":false,"id":{id}"#));
    let s = page(&body, &[typed(5, "typed"), change.clone()]);
    assert_eq!(tree(&s).value_of(NodeId(5)).as_deref(), Some("typed"), "a typed value does not follow its attribute");
    assert_eq!(tree(&page(&body, &[change])).value_of(NodeId(5)).as_deref(), Some("attr"));
    let mirrored =
        |time, v: &str| mutation(time, &format!(r#""attributes":[{{"id":5,"attributes":{{"value":"{v}"}}}}]"#));
    let s = page(&body, &[typed(5, "typed"), mirrored(1201, "typed"), mirrored(1300, "")]);
    assert_eq!(tree(&s).value_of(NodeId(5)).as_deref(), Some(""), "unless the page mirrors it there");

    let s = page(&body, &[typed(6, "on")]);
    assert!(matches!(last(&s), Kind::Input { value: None, checked: Some(false), .. }));
    let s = page(&body, &[typed(7, "x")]);
    assert!(matches!(last(&s), Kind::Input { value: Some(_), checked: None, .. }));
}

#[test]
fn namespaces_are_restored() {
    let svg = r#"{"type":2,"tagName":"lineargradient","attributes":{},"childNodes":[],"isSVG":true,"id":5}"#;
    let math =
        el(6, "math", "", &[el(7, "mi", "", &el(8, "b", "", "")), el(9, "mrow", "", &el(10, "mn", "", ""))].join(","));
    let s = page(&[svg.to_owned(), math].join(","), &[]);
    let t = tree(&s);
    let of = |id| match &*t.get(NodeId(id)).unwrap().kind {
        NodeKind::Element { ns, tag, .. } => (*ns, tag.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(5), (Namespace::Svg, "linearGradient".into()));
    assert_eq!(of(10), (Namespace::MathMl, "mn".into()));
    assert_eq!(of(8), (Namespace::Html, "b".into()), "text elements of MathML hold HTML");
}

#[test]
fn captured_sheets_stand_beside_their_elements() {
    let body = [
        el(5, "style", r#""_cssText":"a{}/* rr_split */b{}/* rr_split */c{}""#, &[text(6, ""), text(7, "")].join(",")),
        el(8, "link", r#""_cssText":"d{}","media":"print""#, ""),
        el(9, "link", r#""_cssText":"","rel":"stylesheet","href":"https://x.test/c.css""#, ""),
    ]
    .join(",");
    let s = page(&body, &[]);
    let t = tree(&s);
    assert_eq!(t.text_content(NodeId(6)), "a{}");
    assert_eq!(t.text_content(NodeId(7)), "b{}c{}");
    assert_eq!(t.css_of(NodeId(5)).unwrap().split_whitespace().collect::<String>(), "a{}b{}c{}");
    assert_eq!(t.css_of(NodeId(8)).unwrap().trim(), "d{}");
    assert_eq!(attrs(&s, 8), [("media".to_owned(), "print".to_owned()), ("rel".to_owned(), "stylesheet".to_owned())]);
    assert_eq!(t.css_of(NodeId(9)), None);

    let add = mutation(
        1100,
        &format!(
            r#""adds":[{{"parentId":4,"nextId":null,"node":{}}},{{"parentId":20,"nextId":null,"node":{}}},{{"parentId":20,"nextId":22,"node":{}}}]"#,
            el(20, "style", r#""_cssText":"p{}/* rr_split */q{}""#, ""),
            text(22, ""),
            text(21, "")
        ),
    );
    let t = tree(&page("", &[add]));
    assert_eq!((t.text_content(NodeId(21)), t.text_content(NodeId(22))), ("p{}".into(), "q{}".into()));
    assert_eq!(kids(&t, 20), [21, 22]);
}

#[test]
fn adds_are_put_so_that_every_name_is_known() {
    // Children before parents, left siblings before right ones.
    let add = |parent: u32, next: &str, node: &str| format!(r#"{{"parentId":{parent},"nextId":{next},"node":{node}}}"#);
    let adds = [
        add(11, "null", &text(13, "x")),
        add(10, "12", &el(11, "i", "", "")),
        add(10, "null", &el(12, "b", "", "")),
        add(4, "5", &el(10, "div", "", "")),
    ];
    let s = page(&el(5, "p", "", ""), &[mutation(1100, &format!(r#""adds":[{}]"#, adds.join(",")))]);
    let order: Vec<u64> =
        last(&s).ops().iter().filter_map(|o| if let Op::Put { node, .. } = o { Some(node.0) } else { None }).collect();
    assert_eq!(order, [10, 12, 11, 13]);
    let t = tree(&s);
    assert_eq!((kids(&t, 4), kids(&t, 10), kids(&t, 11)), (vec![10, 5], vec![11, 12], vec![13]));

    let circle = [add(4, "12", &el(11, "i", "", "")), add(4, "11", &el(12, "b", "", ""))];
    let s = page("", &[mutation(1100, &format!(r#""adds":[{}]"#, circle.join(",")))]);
    assert_eq!(kids(&tree(&s), 4).len(), 2);
}

#[test]
fn old_recorders_name_the_sibling_before() {
    let body = [el(5, "p", "", ""), el(6, "p", "", "")].join(",");
    let adds = format!(
        r#""adds":[{{"parentId":4,"previousId":5,"nextId":-1,"node":{}}},{{"parentId":4,"previousId":7,"nextId":6,"node":{}}}]"#,
        el(7, "a", "", ""),
        el(8, "b", "", "")
    );
    assert_eq!(kids(&tree(&page(&body, &[mutation(1100, &adds)])), 4), [5, 7, 8, 6]);
    let adds = format!(
        r#""adds":[{{"parentId":4,"previousId":-1,"nextId":-1,"node":{}}},{{"parentId":4,"previousId":7,"nextId":6,"node":{}}}]"#,
        el(7, "a", "", ""),
        el(8, "b", "", "")
    );
    assert_eq!(kids(&tree(&page(&body, &[mutation(1100, &adds)])), 4), [5, 7, 8, 6]);
}

#[test]
fn moves_texts_and_attributes_of_one_batch() {
    let body = [el(5, "div", "", &el(6, "p", "", &text(7, "a"))), el(8, "div", "", "")].join(",");
    let batch = mutation(
        1100,
        &format!(
            r#""removes":[{{"parentId":5,"id":6}},{{"parentId":4,"id":99}}],"adds":[{{"parentId":8,"nextId":null,"node":{}}},{{"parentId":6,"nextId":null,"node":{}}}],"texts":[{{"id":7,"value":"old"}},{{"id":7,"value":"new"}},{{"id":77,"value":"?"}}],"attributes":[{{"id":6,"attributes":{{"class":"c","x":null,"style":{{"color":"red","margin":["1px","important"],"top":false}}}}}}]"#,
            el(6, "p", r#""style":"top: 1px""#, ""),
            text(7, "a")
        ),
    );
    let s = page(&body, &[batch]);
    let t = tree(&s);
    assert_eq!((kids(&t, 5), kids(&t, 8), kids(&t, 6)), (vec![], vec![6], vec![7]));
    assert_eq!(t.text_content(NodeId(7)), "new");
    assert_eq!(last(&s).ops().iter().filter(|o| matches!(o, Op::Text { .. })).count(), 1);
    assert!(last(&s).ops().contains(&Op::StyleProperty {
        node: NodeId(6),
        property: "margin".into(),
        value: Some("1px".into()),
        important: true
    }));
    assert!(last(&s).ops().contains(&Op::StyleProperty {
        node: NodeId(6),
        property: "top".into(),
        value: None,
        important: false
    }));
}

#[test]
fn a_removal_that_comes_late_spares_the_moved_node() {
    let body = [el(5, "div", "", &el(6, "p", "", "")), el(8, "div", "", "")].join(",");
    let put = mutation(1100, &format!(r#""adds":[{{"parentId":8,"nextId":null,"node":{}}}]"#, el(6, "p", "", "")));
    let late = mutation(1101, r#""removes":[{"parentId":5,"id":6}]"#);
    assert_eq!(kids(&tree(&page(&body, &[put, late])), 8), [6]);
}

#[test]
fn shadow_roots_and_frames_have_their_places() {
    let host = r#"{"type":2,"tagName":"x-a","attributes":{},"childNodes":[{"type":3,"textContent":"light","id":6},{"type":2,"tagName":"p","attributes":{},"childNodes":[],"isShadow":true,"id":7}],"isShadowHost":true,"isCustom":true,"id":5}"#;
    let frame = el(8, "iframe", r#""srcdoc":"<b>""#, "");
    let attach = |time: i64, doc: u32| {
        let html = format!(
            r#"{{"type":2,"tagName":"html","attributes":{{"rr_scrollTop":7}},"childNodes":[],"rootId":{doc},"id":{}}}"#,
            doc + 1
        );
        mutation(
            time,
            &format!(
                r#""isAttachIframe":true,"adds":[{{"parentId":8,"nextId":null,"node":{{"type":0,"childNodes":[{html}],"id":{doc}}}}}]"#
            ),
        )
    };
    let click = inc(1300, r#""source":2,"type":2,"id":31,"x":3,"y":4,"pointerType":2"#);
    let s = page(&[host.to_owned(), frame].join(","), &[attach(1100, 20), attach(1200, 30), click]);
    let t = tree(&s);
    let root = NodeId::shadow_of(NodeId(5));
    assert_eq!((kids(&t, 5), kids(&t, root.0)), (vec![6], vec![7]));
    assert!(t.defined().contains("x-a"));
    assert_eq!(t.content(NodeId(8)).unwrap().id, NodeId(30));
    assert!(t.get(NodeId(20)).is_none());
    let Kind::Click(click) = last(&s) else { panic!() };
    assert_eq!((click.at.frame, click.at.x, click.at.y), (Some(NodeId(30)), 3.0, 11.0));
    assert_eq!((click.tag.as_deref(), click.pointer_type.as_deref()), (Some("html"), Some("touch")));
}

#[test]
fn pointers_are_in_document_px_at_their_own_time() {
    let scroll = inc(1200, r#""source":3,"id":1,"x":0,"y":300"#);
    let moves = inc(
        1500,
        r#""source":1,"positions":[{"x":1,"y":2,"id":5,"timeOffset":-400},{"x":1,"y":2,"id":-1,"timeOffset":-100},{"x":0,"y":0,"id":5,"timeOffset":-9999}]"#,
    );
    let s = page(&el(5, "p", "", ""), &[scroll, moves]);
    let points: Vec<(i64, f64, Option<u64>)> = s
        .events
        .iter()
        .filter_map(|e| if let Kind::Move(p) = &e.kind { Some((e.time, p.y, p.node.map(|n| n.0))) } else { None })
        .collect();
    assert_eq!(points, [(1000, 100.0, Some(5)), (1100, 102.0, Some(5)), (1400, 302.0, None)]);
}

#[test]
fn every_source_has_its_kind() {
    let cases = [
        (r#""source":6,"positions":[{"x":1,"y":2,"id":5,"timeOffset":0}]"#, "touch_move"),
        (r#""source":12,"positions":[{"x":1,"y":2,"id":5,"timeOffset":0}]"#, "drag"),
        (r#""source":2,"type":0,"id":5,"x":1,"y":1"#, "mouse_up"),
        (r#""source":2,"type":1,"id":5,"x":1,"y":1"#, "mouse_down"),
        (r#""source":2,"type":3,"id":5,"x":1,"y":1"#, "context_menu"),
        (r#""source":2,"type":4,"id":5,"x":1,"y":1"#, "double_click"),
        (r#""source":2,"type":5,"id":5"#, "focus_in"),
        (r#""source":2,"type":6,"id":5"#, "focus_out"),
        (r#""source":2,"type":7,"id":5,"x":1,"y":1"#, "touch_start"),
        (r#""source":2,"type":9,"id":5,"x":1,"y":1"#, "touch_end"),
        (r#""source":2,"type":10,"id":5,"x":1,"y":1"#, "touch_cancel"),
        (r#""source":3,"id":5,"x":0,"y":9"#, "scroll"),
        (r#""source":4,"width":300,"height":200"#, "resize"),
        (r#""source":7,"type":0,"id":5,"currentTime":1.5"#, "media"),
        (r#""source":9,"id":5,"type":0,"commands":[{"property":"fill","args":[]}]"#, "recorder"),
        (r#""source":10,"family":"F","buffer":false,"fontSource":"url(a)""#, "recorder"),
        (r#""source":11,"level":"warn","trace":[],"payload":["\"a\""]"#, "console"),
        (r#""source":14,"ranges":[{"start":5,"startOffset":0,"end":5,"endOffset":1}]"#, "selection"),
        (r#""source":16,"define":{"name":"x-b"}"#, "style"),
        (r#""source":99"#, "unknown"),
    ];
    for (data, kind) in cases {
        let s = page(&el(5, "p", "", ""), &[inc(1100, data)]);
        assert_eq!(last(&s).name(), kind, "{data}");
    }
    let frame = r#""source":9,"id":5,"type":0,"commands":[{"property":"clearRect","args":[0,0,9,9]},{"property":"drawImage","args":[{"rr_type":"ImageBitmap","args":[{"rr_type":"Blob","data":[{"rr_type":"ArrayBuffer","base64":"AAAA"}],"type":"image/webp"}]},0,0]}]"#;
    let s = page(&el(5, "canvas", "", ""), &[inc(1100, frame)]);
    assert_eq!(last(&s).ops(), [Op::CanvasImage { node: NodeId(5), image: "data:image/webp;base64,AAAA".into() }]);
}

#[test]
fn sheets_are_edited_in_order() {
    let s = page(
        &el(5, "style", "", ""),
        &[inc(
            1100,
            r#""source":8,"id":5,"styleId":3,"adds":[{"rule":"a{}"},{"rule":"b{}","index":[1,0]}],"removes":[{"index":2},{"index":[0,1]}],"replaceSync":"c{}""#,
        )],
    );
    let sheet = SheetRef::Constructed("1.1.3".into());
    assert_eq!(
        last(&s).ops(),
        [
            Op::SheetInsert { sheet: sheet.clone(), path: vec![0], rule: "a{}".into() },
            Op::SheetInsert { sheet: sheet.clone(), path: vec![1, 0], rule: "b{}".into() },
            Op::SheetDelete { sheet: sheet.clone(), path: vec![2] },
            Op::SheetDelete { sheet: sheet.clone(), path: vec![0, 1] },
            Op::SheetText { sheet, text: "c{}".into() },
        ]
    );
    let declare = inc(
        1100,
        r#""source":13,"id":5,"index":[1,2],"set":{"property":"color","value":"red","priority":"important"},"remove":{"property":"top"}"#,
    );
    let s = page(&el(5, "style", "", ""), &[declare]);
    let sheet = SheetRef::Owner(NodeId(5));
    assert_eq!(
        last(&s).ops(),
        [
            Op::SheetDeclare {
                sheet: sheet.clone(),
                path: vec![1, 2],
                property: "color".into(),
                value: Some("red".into()),
                important: true
            },
            Op::SheetDeclare { sheet, path: vec![1, 2], property: "top".into(), value: None, important: false },
        ]
    );
    let adopt = |time| {
        inc(
            time,
            r#""source":15,"id":1,"styles":[{"styleId":1,"rules":[{"rule":"a{}","index":0},{"rule":"b{}","index":1}]}],"styleIds":[1]"#,
        )
    };
    let s = decode(&[meta(1000, HREF), full(1001, ""), adopt(1002), meta(1003, HREF), full(1003, ""), adopt(1004)]);
    let names: Vec<String> = s
        .events
        .iter()
        .flat_map(|e| e.kind.ops())
        .filter_map(|o| if let Op::Adopt { sheets, .. } = o { Some(sheets[0].to_string()) } else { None })
        .collect();
    assert_eq!(names, ["1.1.1", "1.2.1"], "sheet ids start anew with each full snapshot");
}

#[test]
fn plugins_annotations_and_custom_events() {
    let plugin = |name: &str, payload: &str| {
        format!(r#"{{"type":6,"data":{{"plugin":"{name}","payload":{payload}}},"timestamp":1100}}"#)
    };
    let s = page(
        "",
        &[plugin(
            "rrweb/console@1",
            r#"{"level":"error","trace":["a.js:1","b.js:2"],"payload":["\"no \\\"x\\\"\"","{\"a\":1}"]}"#,
        )],
    );
    assert_eq!(
        *last(&s),
        Kind::Console {
            level: "error".into(),
            message: r#"no "x" {"a":1}"#.into(),
            trace: Some("a.js:1\nb.js:2".into())
        }
    );
    let s = page(
        "",
        &[plugin(
            "rrweb/network@1",
            r#"{"requests":[{"name":"https://x.test/","method":"GET","status":404,"startTime":5,"endTime":9}]}"#,
        )],
    );
    assert!(matches!(last(&s), Kind::Network { status: Some(404), duration_ms: Some(d), .. } if *d == 4.0));
    assert_eq!(last(&page("", &[plugin("acme/x@1", "{}")])).name(), "unknown");
    let note = r#"{"type":8,"data":{"type":"caption","text":"hi"},"timestamp":1100}"#.to_owned();
    assert_eq!(*last(&page("", &[note])), Kind::Annotation { text: Some("hi".into()), marker: false });
    assert_eq!(
        *last(&page("", &[custom(1100, "t", r#"{"a": 1}"#)])),
        Kind::Custom { name: "t".into(), value: Some(r#"{"a":1}"#.into()) }
    );
}

#[test]
fn a_checkout_is_no_page_and_a_load_is_one() {
    let body = el(5, "p", "", &text(6, "x"));
    let add = mutation(1200, &format!(r#""adds":[{{"parentId":4,"nextId":null,"node":{}}}]"#, el(30, "b", "", "")));
    let grown = [body.clone(), el(30, "b", "", "")].join(",");
    let shape = |s: &Session| s.pages.iter().map(|p| (p.document, p.url.clone())).collect::<Vec<_>>();
    let start = [meta(1000, HREF), full(1001, &body), add.clone()];
    let with = |rest: &[String]| shape(&decode(&[&start[..], rest].concat()));
    let same = vec![(1, HREF.to_owned())];

    assert_eq!(with(&[meta(9000, HREF), full(9001, &grown)]), same, "ids go on");
    let other = "https://shop.test/b";
    assert_eq!(
        with(&[meta(9000, other), full(9001, &grown)]),
        [(1, HREF.to_owned()), (1, other.to_owned())],
        "a route"
    );
    assert_eq!(
        with(&[meta(9000, other), full(9001, &body)]),
        [(1, HREF.to_owned()), (2, other.to_owned())],
        "ids start anew"
    );
    assert_eq!(with(&[meta(9000, HREF), full(9001, &body)]), [(1, HREF.to_owned()), (2, HREF.to_owned())], "a reload");
    let clash = el(5, "h1", "", "");
    assert_eq!(with(&[meta(1201, HREF), full(1201, &clash)]).len(), 2, "an id never changes its tag");
    let dcl = r#"{"type":0,"data":{},"timestamp":8999}"#.to_owned();
    let s = decode(
        &[&start[..], &[dcl, meta(9000, HREF), full(9001, &grown), r#"{"type":1,"data":{},"timestamp":9100}"#.into()]]
            .concat(),
    );
    assert_eq!(shape(&s).len(), 2, "the DOM was read anew");
    assert_eq!(s.pages[1].started_at, 8999);
    assert_eq!(
        with(&[meta(9000, other)]),
        [(1, HREF.to_owned()), (1, other.to_owned())],
        "a Meta alone changes the URL"
    );
}

#[test]
fn routes_start_page_views_of_the_same_document() {
    let nav = custom(1400, "breadcrumb", r#"{"category":"navigation","data":{"from":"/a","to":"/c?x=1"}}"#);
    let s = page(
        "",
        &[
            custom(1100, "$pageview", r#"{"href":"https://shop.test/a"}"#),
            custom(1200, "$url_changed", r#"{"href":"https://shop.test/a#part"}"#),
            custom(1300, "$pageview", r#"{"href":"https://shop.test/b"}"#),
            nav,
        ],
    );
    let pages: Vec<(u32, &str, bool)> = s.pages.iter().map(|p| (p.document, &*p.url, p.has_snapshot)).collect();
    assert_eq!(pages, [(1, HREF, true), (1, "https://shop.test/b", true), (1, "https://shop.test/c?x=1", true)]);
    assert_eq!(s.pages[1].viewport, Some((800, 600)));
    assert!(s.events.iter().any(|e| e.page == 2 && e.time == 1300 && e.kind.name() == "route"));
}

#[test]
fn windows_are_documents_of_their_own() {
    let tag = |event: String, window: &str| event.replacen('{', &format!(r#"{{"windowId":"{window}","#), 1);
    let s = decode(&[
        tag(meta(1000, HREF), "a"),
        tag(full(1001, &el(5, "p", "", "")), "a"),
        tag(meta(2000, "https://shop.test/b"), "b"),
        tag(full(2001, &el(5, "h1", "", "")), "b"),
        tag(inc(3000, r#""source":2,"type":2,"id":5,"x":1,"y":1"#), "a"),
        tag(inc(3001, r#""source":2,"type":2,"id":5,"x":1,"y":1"#), "b"),
    ]);
    let clicks: Vec<(u32, Option<&str>)> = s
        .events
        .iter()
        .filter_map(|e| if let Kind::Click(c) = &e.kind { Some((e.page, c.tag.as_deref())) } else { None })
        .collect();
    assert_eq!(clicks, [(1, Some("p")), (2, Some("h1"))]);
    assert_eq!(s.pages.iter().map(|p| p.document).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_stream_without_a_picture_keeps_its_events() {
    let (s, findings) =
        decode_bytes([inc(1000, r#""source":2,"type":2,"id":5,"x":1,"y":1"#), meta(2000, HREF)].join("\n").as_bytes());
    let s = s.unwrap();
    assert_eq!((s.pages.len(), s.pages[0].has_snapshot, &*s.pages[0].url), (1, false, HREF));
    assert!(
        findings
            .list()
            .iter()
            .any(|f| f.code == "rrweb-no-snapshot" && f.severity == Severity::Warning && f.page == Some(1))
    );
}

#[test]
fn times_are_put_right() {
    let s = decode(&[
        meta(1_795_000_000_000, HREF),
        full(1_795_000_000_001, ""),
        r#"{"type":5,"data":{"tag":"s","payload":1},"timestamp":1795000000.5}"#.to_owned(),
        r#"{"type":5,"data":{"tag":"n","payload":1},"timestamp":"1795000000600"}"#.to_owned(),
    ]);
    let times: Vec<i64> = s.events.iter().filter(|e| e.kind.name() == "custom").map(|e| e.time).collect();
    assert_eq!(times, [1_795_000_000_500, 1_795_000_000_600]);
    let s = decode(&[meta(0, HREF), full(123, "")]);
    assert_eq!((s.pages[0].started_at, s.events.last().unwrap().time), (0, 123), "small throughout is relative");
}

#[test]
fn doubles_go_and_holes_are_told() {
    let click = |sid: u32, time: i64| {
        format!(r#"{{"type":3,"data":{{"source":2,"type":2,"id":4,"x":1,"y":1}},"timestamp":{time},"_sid":{sid}}}"#)
    };
    let number = |e: String, sid: u32| e.replacen('{', &format!(r#"{{"_sid":{sid},"#), 1);
    let doubled =
        r#"{"timestamp": 2000, "delay": 5, "data": {"y":1,"x":1.0,"id":4,"type":2,"source":2}, "type":3}"#.to_owned();
    let s = decode(&[meta(1000, HREF), full(1001, ""), click(3, 2000), doubled]);
    assert_eq!(s.events.iter().filter(|e| e.kind.name() == "click").count(), 1);

    let all = [number(meta(1000, HREF), 1), number(full(1000, ""), 2), click(7, 2000)];
    let (s, findings) = decode_bytes(format!("[{},{},{}]", all[1], all[2], all[0]).as_bytes());
    let s = s.unwrap();
    assert!(matches!(s.events[1].kind, Kind::Snapshot { .. }), "sequence numbers break ties");
    assert_eq!((s.pages[0].gaps.len(), s.pages[0].gaps[0].from, s.pages[0].gaps[0].until), (1, 1000, 2000));
    assert!(findings.list().iter().any(|f| f.code == "rrweb-events-lost"));
}

#[test]
fn bad_parts_cost_only_themselves() {
    let good = [meta(1000, HREF), full(1001, ""), custom(1100, "t", "1")];
    let lines = format!("{}\n{{\"type\":3,\"data\":{{\n{}\nnonsense\n{}\n\"plain\"\n[1,2\n", good[0], good[1], good[2]);
    let (s, findings) = decode_bytes(lines.as_bytes());
    assert_eq!(s.unwrap().events.len(), 3);
    assert!(findings.list().iter().any(|f| f.offset == Some(good[0].len() as u64 + 1)));
    assert!(findings.list().len() >= 3 && findings.has_losses());

    let inner =
        format!("[{},{{\"type\":3,\"data\":{{\"a\":tru}},\"timestamp\":1002}},7,{}]", good[0..2].join(","), good[2]);
    let (s, findings) = decode_bytes(inner.as_bytes());
    assert_eq!(s.unwrap().events.len(), 3);
    assert_eq!(findings.list().iter().filter(|f| f.severity == Severity::Warning).count(), 2);
    assert_eq!(findings.list().iter().filter(|f| f.code == "rrweb-bad-event").count(), 1);

    let one_a_line = format!("[\n{},\n{},\n{}\n]", good[0], good[1], good[2]);
    assert_eq!(decode_bytes(one_a_line.as_bytes()).0.unwrap().events.len(), 3);
    let bodies = format!(r#"[{{"events":[{}]}},{{"events":[{}]}}]"#, good[0..2].join(","), good[2]);
    assert_eq!(decode_bytes(bodies.as_bytes()).0.unwrap().events.len(), 3);
    for nothing in [&b""[..], b" ", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"hello"] {
        let (s, findings) = decode_bytes(nothing);
        assert!(s.is_none() && findings.list().iter().any(|f| f.severity == Severity::Error));
    }
}

#[test]
fn deep_trees_are_read() {
    let depth = 100_000u32;
    let mut body = String::new();
    for id in 0..depth {
        body.push_str(&format!(r#"{{"type":2,"tagName":"b","id":{},"attributes":{{}},"childNodes":["#, id + 5));
    }
    body.push_str(&"]}".repeat(depth as usize));
    let s = page(&body, &[]);
    assert_eq!(snapshot_ops(&s).len(), depth as usize + 6);
    for text in
        ["[".repeat(200_000), "{\"events\":[".repeat(200_000), "{\"a\":".repeat(200_000), "[[[[\"".repeat(50_000)]
    {
        assert!(decode_bytes(text.as_bytes()).0.is_none());
    }
}

#[test]
fn prefixes_tell_rrweb_from_the_rest() {
    for yes in [
        &b"[{\"type\":4,\"data\":{\"href\""[..],
        b"\xef\xbb\xbf {\"events\": [",
        b"{\"timestamp\":5,\"type\":3",
        b"[[{\"data\":{},\"type\":4",
        b"[\"x\xc2\x9c\xc2\xad",
        b"\"{\\\"type\\\":4",
    ] {
        assert!(looks_like(yes), "{}", String::from_utf8_lossy(yes));
    }
    for no in [
        &b"{\"e\":[\"0.8.70\",1"[..],
        b"[1,2",
        b"",
        b"{\"type\":\"SESSION\",\"data\":1",
        b"[\"xylophone\"]",
        b"PK\x03\x04",
        b"{\"events\":5}",
    ] {
        assert!(!looks_like(no), "{}", String::from_utf8_lossy(no));
    }
}

#[test]
fn a_click_without_place_and_press_is_a_scripts() {
    let body = [el(5, "button", "", ""), el(6, "input", "", ""), el(7, "a", "", "")].join(",");
    let act = |time: i64, kind: u8, id: u32, x: u32| {
        inc(time, &format!(r#""source":2,"type":{kind},"id":{id},"x":{x},"y":0,"pointerType":0"#))
    };
    let trusted = |events: &[String]| {
        let s = page(&body, events);
        let Kind::Click(click) = last(&s) else { panic!() };
        click.trusted
    };
    assert!(!trusted(&[act(1100, 2, 5, 0)]));
    assert!(trusted(&[act(1100, 2, 5, 3)]));
    // A press of its own, mouse or finger; that of the click before is used up, and an old one was another's.
    assert!(trusted(&[act(1100, 1, 5, 0), act(1150, 0, 5, 0), act(1151, 2, 5, 0)]));
    assert!(trusted(&[act(1100, 7, 5, 0), act(1150, 9, 5, 0), act(1151, 2, 5, 0)]));
    assert!(!trusted(&[act(1100, 1, 7, 3), act(1151, 2, 7, 3), act(1152, 2, 5, 0)]));
    assert!(!trusted(&[act(1100, 7, 7, 3), act(1150, 9, 7, 3), act(3000, 2, 5, 0)]));
    // By keyboard: on what has the focus, or from a field of the form.
    assert!(trusted(&[act(1100, 5, 5, 0), act(1200, 2, 5, 0)]));
    assert!(trusted(&[act(1100, 5, 6, 0), act(1200, 2, 5, 0)]));
    assert!(!trusted(&[act(1100, 5, 7, 0), act(1200, 2, 5, 0)]));
    assert!(!trusted(&[act(1100, 5, 5, 0), act(1150, 6, 5, 0), act(1200, 2, 5, 0)]));
}

#[test]
fn ids_are_derived_from_the_stream_or_taken_from_its_container() {
    let events = [meta(1000, HREF), full(1001, "")];
    let id = decode(&events).id;
    assert!(id.len() == 18 && id.starts_with("r-"));
    assert_eq!(id, decode(&[events[1].clone(), events[0].clone()]).id);
    let wrapped = format!(r#"{{"session":{{"id":"s9","recorderVersion":"2.2.2"}},"events":[{}]}}"#, events.join(","));
    let s = decode_bytes(wrapped.as_bytes()).0.unwrap();
    assert_eq!((&*s.id, s.format_version.as_deref()), ("s9", Some("2.2.2")));
}
