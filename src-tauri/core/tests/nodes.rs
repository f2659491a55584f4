//! A page of more nodes than any window can show costs what is over the limit, and nothing else.

use std::fmt::Write as _;

use dwell_core::event::{Kind, Op, Session};
use dwell_core::findings::Findings;
use dwell_core::format::{MAX_NODES, clarity, rrweb};

/// Nodes beyond the limit, those of the page's head and body aside.
const OVER: usize = 1_000;

/// Nodes that the picture puts, the finding's sentence, and the time of the last event.
fn outcome(session: &Session, findings: &Findings) -> (usize, String, i64) {
    let picture = session.events.iter().find(|e| matches!(e.kind, Kind::Snapshot { .. })).expect("a picture");
    let puts = picture.kind.ops().iter().filter(|op| matches!(op, Op::Put { .. })).count();
    let said: Vec<_> = findings.list().iter().filter(|f| f.code == "limit_nodes").collect();
    assert_eq!(said.len(), 1, "one finding for the page: {said:?}");
    assert_eq!(said[0].page, Some(1));
    assert!(findings.has_losses());
    (puts, said[0].message.clone(), session.events.last().expect("events").time)
}

#[test]
fn clarity() {
    let mut body = String::with_capacity(MAX_NODES * 16);
    body += r#"{"e":["0.8.70",1,0,1000,"p","u","s",1,0,1],"a":[[0,0,0,1700000000000]],"p":["#;
    body += r#"[1,5,2,"*D","name=html","publicId=","systemId=",3,1,2,"HTML",4,3,"HEAD",5,3,4,"BODY""#;
    for id in 6..6 + MAX_NODES - 4 + OVER {
        let _ = write!(body, r#",{id},5,"P""#);
    }
    body += "],[900,25,1]]}";
    let mut findings = Findings::new();
    let bodies = [clarity::Body { path: "huge.json", bytes: body.as_bytes() }];
    let session = clarity::decode_session(&bodies, &mut findings).expect("a session");
    let (puts, said, last) = outcome(&session, &findings);
    assert_eq!(puts, MAX_NODES, "the document is one of them");
    assert!(said.ends_with("people visit; 1001 were left out."), "{said}");
    assert_eq!(last, 1_700_000_000_900, "what comes after is intact");
}

#[test]
fn rrweb() {
    let mut body = String::with_capacity(MAX_NODES * 32);
    body += r#"[{"type":4,"data":{"href":"https://a.test/","width":800,"height":600},"timestamp":1000},"#;
    body += r#"{"type":2,"data":{"initialOffset":{"left":0,"top":0},"node":{"type":0,"id":1,"childNodes":["#;
    body += r#"{"type":2,"id":2,"tagName":"html","attributes":{},"childNodes":["#;
    for id in 3..3 + MAX_NODES - 2 + OVER {
        let comma = if id == 3 { "" } else { "," };
        let _ = write!(body, r#"{comma}{{"type":3,"id":{id},"textContent":"a"}}"#);
    }
    body += r#"]}]}},"timestamp":1001},{"type":5,"data":{"tag":"late","payload":1},"timestamp":1100}]"#;
    let mut findings = Findings::new();
    let bodies = [rrweb::Body { path: "huge.json", bytes: body.as_bytes() }];
    let session = rrweb::decode_session(&bodies, None, &mut findings).expect("a session");
    let (puts, said, last) = outcome(&session, &findings);
    assert_eq!(puts, MAX_NODES);
    assert!(said.ends_with("people visit; 1000 were left out."), "{said}");
    assert_eq!(last, 1_100);
}
