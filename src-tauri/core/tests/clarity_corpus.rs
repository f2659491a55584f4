//! The Clarity decoder over real visits: nothing is lost, order and copies do not matter, damage does not panic.

use std::path::{Path, PathBuf};

use dwell_core::event::{Kind, NodeId, Op, Session};
use dwell_core::findings::{Findings, Severity};
use dwell_core::format::clarity::payload::{self, Wire};
use dwell_core::format::clarity::selector::{Seen, Selectors};
use dwell_core::format::clarity::{Body, decode_session};

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("DWELL_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if folder.join("visits").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus at {}", folder.display());
    None
}

type Files = Vec<(String, Vec<u8>)>;

fn bodies_of(folder: &Path) -> Files {
    let mut files: Files = std::fs::read_dir(folder.join("clarity"))
        .expect("a visit has payloads")
        .map(|entry| entry.expect("listing").path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("readable")))
        .collect();
    files.sort();
    files
}

fn visits() -> Vec<(String, Files)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let mut visits: Vec<(String, Files)> = std::fs::read_dir(corpus.join("visits"))
        .expect("listing")
        .map(|entry| entry.expect("listing").path())
        .map(|path| (path.file_name().expect("named").to_string_lossy().into_owned(), bodies_of(&path)))
        .collect();
    visits.sort();
    visits
}

fn decode(files: &[(String, Vec<u8>)]) -> (Option<Session>, Findings) {
    let bodies: Vec<Body<'_>> = files.iter().map(|(path, bytes)| Body { path, bytes }).collect();
    let mut findings = Findings::new();
    let session = decode_session(&bodies, &mut findings);
    (session, findings)
}

#[test]
fn every_visit_is_read_whole() {
    for (name, files) in visits() {
        let (session, findings) = decode(&files);
        let session = session.expect("a session");
        let envelopes: Vec<_> = files.iter().map(|(_, b)| payload::peek(b).expect("a payload")).collect();
        let views = envelopes.iter().map(|e| e.page).collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(session.pages.len(), views, "{name}");
        for finding in findings.list() {
            eprintln!("{name}: {finding:?}");
            assert!(finding.severity == Severity::Note || finding.code == "clarity_gap", "{name}: {finding:?}");
        }
        for page in &session.pages {
            assert!(page.has_snapshot && page.ended, "{name} page {}", page.number);
            assert!(page.url.starts_with("http") && page.viewport.is_some() && page.document_size.is_some(), "{name}");
        }
        let times: Vec<_> = session.events.iter().map(|e| e.time).collect();
        assert!(times.is_sorted(), "{name}");
        assert!(!session.events.iter().any(|e| matches!(e.kind, Kind::Unknown { .. })), "{name}");
        let snapshots = session.events.iter().filter(|e| matches!(e.kind, Kind::Snapshot { .. })).count();
        assert_eq!(snapshots, views, "{name}");
    }
}

/// A small generator of numbers, the same on every run.
struct Numbers(u64);
impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

#[test]
fn order_and_copies_do_not_matter() {
    let mut numbers = Numbers(7);
    for (name, files) in visits() {
        let (plain, _) = decode(&files);
        for _ in 0..3 {
            let mut mixed = files.clone();
            for _ in 0..files.len() / 2 {
                let (path, bytes) = files[numbers.below(files.len())].clone();
                mixed.push((format!("{path}.copy"), bytes));
            }
            // A beacon that had no room for the DOM is the same upload.
            for (path, bytes) in files.clone() {
                let text = String::from_utf8(bytes).expect("UTF-8");
                if let Some(at) = text.rfind(",\"p\":[") {
                    mixed.push((format!("{path}.beacon"), format!("{}}}", &text[..at]).into_bytes()));
                }
            }
            for i in (1..mixed.len()).rev() {
                mixed.swap(i, numbers.below(i + 1));
            }
            let (again, _) = decode(&mixed);
            assert!(plain == again, "{name} changes with the order of its bodies");
        }
    }
}

#[test]
fn truncation_anywhere_salvages_whole_events() {
    let mut numbers = Numbers(3);
    for (name, files) in visits() {
        for (path, bytes) in &files {
            let whole = payload::parse(std::str::from_utf8(bytes).expect("UTF-8")).expect("a payload").events.len();
            let mut last = 0;
            let mut cuts: Vec<usize> = (0..24).map(|_| numbers.below(bytes.len())).collect();
            cuts.extend([0, 1, bytes.len() - 1]);
            cuts.sort_unstable();
            for cut in cuts {
                let (text, _) = payload::text(&bytes[..cut]);
                if let Ok(read) = payload::parse(&text) {
                    assert!(read.damage.is_some(), "{path} cut at {cut}");
                    assert!(read.events.len() >= last && read.events.len() <= whole, "{path} cut at {cut}");
                    last = read.events.len();
                }
                let _ = payload::peek(&bytes[..cut]);
            }
        }
        // One body cut in half: the session is still there, and says what is missing.
        let mut damaged = files.clone();
        let half = damaged[0].1.len() / 2;
        damaged[0].1.truncate(half);
        let (session, findings) = decode(&damaged);
        let session = session.expect("a session");
        assert!(findings.has_losses(), "{name}");
        assert!(session.pages.iter().any(|p| !p.gaps.is_empty()), "{name}");
    }
}

/// Bytes changed at random: other ids, other nesting, broken strings. Nothing may panic or run away.
#[test]
fn damaged_bytes_are_survived() {
    let mut numbers = Numbers(11);
    for (name, files) in visits() {
        for _ in 0..3 {
            let mut damaged = files.clone();
            for (_, bytes) in &mut damaged {
                let start = 40.min(bytes.len());
                for _ in 0..1 + numbers.below(12) {
                    let at = start + numbers.below(bytes.len() - start);
                    // Mostly digits for digits: the JSON stays whole and the DOM gets wrong.
                    bytes[at] = match bytes[at] {
                        b'0'..=b'9' => b'0' + numbers.below(10) as u8,
                        old if numbers.below(8) == 0 => (old as usize ^ numbers.below(256)) as u8,
                        old => old,
                    };
                }
            }
            let (session, _) = decode(&damaged);
            if let Some(session) = session {
                assert!(session.events.iter().map(|e| e.time).is_sorted(), "{name}");
                assert!(session.pages.iter().enumerate().all(|(i, p)| p.number as usize == i + 1), "{name}");
                let mut selectors = Selectors::new();
                session.events.iter().for_each(|e| selectors.apply(e.kind.ops()));
            }
        }
    }
}

#[test]
fn a_lost_payload_is_a_gap() {
    for (name, files) in visits() {
        let envelopes: Vec<_> = files.iter().map(|(_, b)| payload::peek(b).expect("a payload")).collect();
        let Some(lost) = (1..files.len() - 1)
            .find(|i| envelopes[*i].sequence == 2 && !envelopes[*i].end && envelopes[i + 1].page == envelopes[*i].page)
        else {
            continue;
        };
        let mut kept = files.clone();
        kept.remove(lost);
        let (session, _) = decode(&kept);
        let gaps = |s: &Session| s.pages.iter().map(|p| p.gaps.len()).sum::<usize>();
        let session = session.expect("a session");
        let (whole, _) = decode(&files);
        assert_eq!(gaps(&session), gaps(&whole.expect("a session")) + 1, "{name}");
        let gap = session.pages.iter().flat_map(|p| &p.gaps).find(|g| g.reason.starts_with("Payload 2 ")).expect("gap");
        assert_eq!(gap.until - gap.from, envelopes[lost].duration, "{name}");
    }
}

#[test]
fn a_snapshot_starts_with_a_reset_and_names_each_node_once() {
    for (name, files) in visits() {
        let (session, _) = decode(&files);
        for event in session.expect("a session").events {
            let Kind::Snapshot { ops } = &event.kind else { continue };
            assert_eq!(ops[0], Op::Reset, "{name}");
            let mut seen = std::collections::HashSet::new();
            for op in ops {
                if let Op::Put { node, parent, .. } = op {
                    assert!(seen.insert(*node), "{name}: {node:?} twice");
                    assert!(parent.is_none_or(|p| seen.contains(&p)), "{name}: {node:?} before its parent");
                }
            }
        }
    }
}

#[test]
fn selectors_give_the_hashes_of_the_clicks() {
    let (mut equal, mut all, mut from_ops) = (0, 0, 0);
    for (name, files) in visits() {
        // Fed with records, in the order in which the recorder wrote them.
        let texts: Vec<_> = files.iter().map(|(_, b)| payload::text(b).0).collect();
        let payloads: Vec<_> = texts.iter().map(|t| payload::parse(t).expect("a payload")).collect();
        for page in payloads.chunk_by(|a, b| a.envelope.page == b.envelope.page) {
            let mut events: Vec<_> = page.iter().flat_map(|p| p.events.iter().map(move |e| (p, e))).collect();
            events.sort_by_key(|(_, e)| e.time);
            let mut selectors = Selectors::new();
            for (read, event) in events {
                match &event.wire {
                    Wire::Layout(layout) => {
                        for node in read.nodes(*layout) {
                            let attr =
                                |n: &str| read.attrs(node).iter().find(|a| read.str(a.0) == n).map(|a| read.str(a.1));
                            if node.numbers == 1 && read.str(node.tag) != "HTML" {
                                selectors.removed(NodeId(node.id.into()));
                                continue;
                            }
                            selectors.see(Seen {
                                node: NodeId(node.id.into()),
                                parent: node.parent.map(|p| NodeId(p.into())),
                                previous: node.previous.map(|p| NodeId(p.into())),
                                tag: read.str(node.tag),
                                class: attr("class"),
                                element_id: attr("id"),
                            });
                        }
                    }
                    Wire::Click(click) => {
                        let Some(hash) = click.hash else { continue };
                        all += 1;
                        let computed = selectors.hash_of(NodeId(click.target as u64));
                        let computed = computed.map(|(a, b)| format!("{a}.{b}")).unwrap_or_default();
                        if computed == read.str(hash) {
                            equal += 1;
                        } else {
                            eprintln!("{name}: node {} {computed} is not {}", click.target, read.str(hash));
                        }
                    }
                    _ => {}
                }
            }
        }
        // Fed with the ops that are kept.
        let (session, _) = decode(&files);
        let session = session.expect("a session");
        let mut selectors = Selectors::new();
        for page in &session.pages {
            for event in session.events.iter().filter(|e| e.page == page.number) {
                selectors.apply(event.kind.ops());
                if let Kind::Click(click) | Kind::ContextMenu(click) = &event.kind
                    && let (Some(node), Some(hash)) = (click.at.node, &click.hash)
                {
                    let computed = selectors.hash_of(node).map(|(a, b)| format!("{a}.{b}"));
                    from_ops += usize::from(computed.as_deref() == Some(hash));
                }
            }
        }
    }
    eprintln!("click hashes: {equal} of {all} from records, {from_ops} from ops");
    assert!(equal == all && from_ops == all, "{equal} and {from_ops} of {all}");
}
