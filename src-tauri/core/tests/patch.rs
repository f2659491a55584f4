//! A patch from any state to any other must give the frame exactly what building it from nothing gives.

mod frame;

use dwell_core::dom::safe::NoAssets;
use dwell_core::dom::{Projection, Tree, patch};
use dwell_core::event::{Attr, Event, Kind, Namespace, NodeId, NodeKind, Op, Place, SheetRef};
use frame::Frame;
use proptest::prelude::*;

fn element(tag: &str, attrs: &[(&str, String)]) -> NodeKind {
    NodeKind::Element {
        ns: Namespace::Html,
        tag: tag.into(),
        attrs: attrs.iter().map(|(n, v)| Attr { name: (*n).into(), value: v.as_str().into() }).collect(),
    }
}

fn base() -> Vec<Op> {
    let put = |node, parent, kind| Op::Put { node: NodeId(node), parent, place: Place::Last, kind };
    vec![
        Op::Reset,
        put(1, None, NodeKind::Document { quirks: false }),
        put(2, Some(NodeId(1)), element("html", &[])),
        put(3, Some(NodeId(2)), element("body", &[])),
    ]
}

fn node() -> impl Strategy<Value = NodeId> {
    (3u64..24).prop_map(NodeId)
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![
        6 => (prop_oneof![Just("div"), Just("iframe"), Just("script"), Just("x-y"), Just("style"), Just("textarea"), Just("input")], 0..3u8)
            .prop_map(|(tag, v)| element(tag, &[("class", format!("c{v}"))])),
        3 => (0..4u8).prop_map(|n| NodeKind::Text(format!("t{n}").as_str().into())),
        1 => Just(NodeKind::Comment("c".into())),
    ];
    let place = prop_oneof![
        Just(Place::First),
        Just(Place::Last),
        Just(Place::Keep),
        node().prop_map(Place::Before),
        node().prop_map(Place::After)
    ];
    prop_oneof![
        8 => (4u64..24, node(), place.clone(), kind).prop_map(|(n, p, place, kind)| Op::Put { node: NodeId(n), parent: Some(p), place, kind }),
        1 => node().prop_map(|host| Op::Put { node: NodeId::shadow_of(host), parent: Some(host), place: Place::Last, kind: NodeKind::ShadowRoot { open: true } }),
        2 => (node(), 4u64..24, place).prop_map(|(host, n, place)| Op::Put { node: NodeId(n), parent: Some(NodeId::shadow_of(host)), place, kind: element("span", &[]) }),
        1 => node().prop_map(|frame| Op::Put { node: NodeId::frame_of(frame), parent: Some(frame), place: Place::Last, kind: NodeKind::Document { quirks: true } }),
        2 => (node(), 4u64..24).prop_map(|(frame, n)| Op::Put { node: NodeId(n), parent: Some(NodeId::frame_of(frame)), place: Place::Last, kind: element("html", &[]) }),
        4 => (4u64..24).prop_map(|n| Op::Remove { node: NodeId(n) }),
        2 => (node(), 0..3u8, prop::option::of(0..3u8)).prop_map(|(node, n, v)| Op::Attr { node, name: format!("a{n}").as_str().into(), value: v.map(|v| format!("{v}").as_str().into()) }),
        2 => (node(), 0..5u8).prop_map(|(node, n)| Op::Text { node, text: format!("n{n}").as_str().into() }),
        1 => (node(), 0..3u8).prop_map(|(node, n)| Op::Value { node, value: format!("v{n}").as_str().into() }),
        1 => (node(), 0..300u16).prop_map(|(node, y)| Op::Scroll { node, x: 0.0, y: y.into() }),
        1 => (node(), 0..3u8).prop_map(|(node, n)| Op::SheetText { sheet: SheetRef::Owner(node), text: format!("a{{top:{n}px}}").as_str().into() }),
        1 => (0..3u8, 0..3u8).prop_map(|(s, n)| Op::SheetText { sheet: SheetRef::Constructed(format!("s{s}").as_str().into()), text: format!("b{{top:{n}px}}").as_str().into() }),
        1 => (node(), prop::collection::vec(0..3u8, 0..3)).prop_map(|(host, s)| Op::Adopt { root: host, sheets: s.iter().map(|n| format!("s{n}").as_str().into()).collect() }),
        1 => Just(Op::DefineElement { name: "x-y".into() }),
    ]
}

fn event(ops: Vec<Op>) -> Event {
    Event { time: 0, page: 1, kind: Kind::Mutation { ops } }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_gives_what_building_anew_gives(batches in prop::collection::vec(prop::collection::vec(op(), 1..8), 1..14), cut in 0usize..14) {
        let view = Projection { assets: &NoAssets };
        let mut tree = Tree::new();
        let mut states = vec![];
        tree.apply_event(&event(base()));
        let mut stepped = Frame::default();
        stepped.apply(&patch(&Tree::new(), &tree, None, "https://a.example/", &view));
        tree.watch();
        for ops in &batches {
            let before = tree.clone();
            tree.apply_event(&event(ops.clone()));
            let changed = tree.take_changed();
            stepped.apply(&patch(&before, &tree, changed.as_deref(), "https://a.example/", &view));
            let mut anew = Frame::default();
            anew.apply(&patch(&Tree::new(), &tree, None, "https://a.example/", &view));
            prop_assert_eq!(stepped.print(), anew.print());
            states.push(tree.clone());
        }
        // A seek in one jump, forwards and backwards.
        let from = &states[cut % states.len()];
        for to in [&states[0], &states[states.len() - 1]] {
            let mut jumped = Frame::default();
            jumped.apply(&patch(&Tree::new(), from, None, "https://a.example/", &view));
            jumped.apply(&patch(from, to, None, "https://a.example/", &view));
            let mut anew = Frame::default();
            anew.apply(&patch(&Tree::new(), to, None, "https://a.example/", &view));
            prop_assert_eq!(jumped.print(), anew.print());
        }
    }

    #[test]
    fn a_keyframe_is_the_whole_state(batches in prop::collection::vec(prop::collection::vec(op(), 1..8), 1..12), after in prop::collection::vec(prop::collection::vec(op(), 1..8), 0..6)) {
        let mut tree = Tree::new();
        tree.apply_event(&event(base()));
        for ops in batches {
            tree.apply_event(&event(ops));
        }
        let mut copy = Tree::decode(&tree.encode()).expect("own bytes");
        prop_assert_eq!(tree.canonical(), copy.canonical());
        for ops in after {
            tree.apply_event(&event(ops.clone()));
            copy.apply_event(&event(ops));
            prop_assert_eq!(tree.canonical(), copy.canonical());
            prop_assert_eq!(tree.len(), copy.len());
        }
    }
}

#[test]
fn deep_trees_do_not_overflow_the_stack() {
    let mut tree = Tree::new();
    tree.apply_event(&event(base()));
    let ops = (0..200_000u64)
        .map(|i| Op::Put {
            node: NodeId(100 + i),
            parent: Some(NodeId(if i == 0 { 3 } else { 99 + i })),
            place: Place::Last,
            kind: element("div", &[]),
        })
        .collect();
    tree.apply_event(&event(ops));
    assert!(tree.canonical().len() > 1_000_000);
    assert_eq!(Tree::decode(&tree.encode()).expect("own bytes").len(), tree.len());
    tree.apply_event(&event(vec![Op::Remove { node: NodeId(100) }]));
    assert_eq!(tree.len(), 3);
}
