use crate::event::{Kind, NodeId, Point, Session};

/// Where the pointer went on one page view, column by column: small to send, quick to search.
///
/// `x y` are document px of the top page, or of the frame whose document `frame` names (0: the top page).
/// `kind`: 0 move, 1 down, 2 up, 3 click, 4 double click, 5 context menu, 6 touch start, 7 touch move, 8 touch
/// end, 9 drag, 10 wheel, 11 touch cancel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointerTrack {
    /// Epoch ms.
    pub t: Vec<i64>,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub kind: Vec<u8>,
    pub frame: Vec<u64>,
    /// Scroll of the window at each point, CSS px.
    pub sx: Vec<f64>,
    pub sy: Vec<f64>,
}

/// `window`: the nodes whose scroll is the window's, the top document and its root element.
pub fn pointer_track(session: &Session, page: u32, window: &[NodeId]) -> PointerTrack {
    let mut track = PointerTrack::default();
    let document = session.pages.iter().find(|p| p.number == page).map(|p| p.document);
    // A route change keeps the document, and with it the scroll.
    let earlier: Vec<u32> =
        session.pages.iter().filter(|p| Some(p.document) == document && p.number < page).map(|p| p.number).collect();
    let (mut sx, mut sy) = (0.0, 0.0);
    for event in session.events.iter().filter(|e| e.page == page || earlier.contains(&e.page)) {
        if let Kind::Scroll { node, x, y } = &event.kind
            && window.contains(node)
        {
            (sx, sy) = (*x, *y);
        }
        if event.page != page {
            continue;
        }
        let (kind, point): (u8, &Point) = match &event.kind {
            Kind::Move(p) => (0, p),
            Kind::MouseDown(p) => (1, p),
            Kind::MouseUp(p) => (2, p),
            Kind::Click(c) => (3, &c.at),
            Kind::DoubleClick(p) => (4, p),
            Kind::ContextMenu(c) => (5, &c.at),
            Kind::TouchStart(p) => (6, p),
            Kind::TouchMove(p) => (7, p),
            Kind::TouchEnd(p) => (8, p),
            Kind::Drag(p) => (9, p),
            Kind::Wheel(p) => (10, p),
            Kind::TouchCancel(p) => (11, p),
            _ => continue,
        };
        track.t.push(event.time);
        track.x.push(point.x);
        track.y.push(point.y);
        track.kind.push(kind);
        track.frame.push(point.frame.map_or(0, |f| f.0));
        track.sx.push(sx);
        track.sy.push(sy);
    }
    track
}
