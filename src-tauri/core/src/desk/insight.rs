//! What the panels beside the picture show of a session: signals with their evidence, measures, errors, names.
//!
//! The trap: a broken script throws ten thousand times. What is listed is bounded, and what is left out is counted.

use std::collections::BTreeMap;

use super::derive;
use crate::event::{Kind, Session, SessionMeta};
use crate::facts;
use crate::report::Sentence;
use crate::signal::{self, Counts, Evidence, Party, SignalKind};
use crate::wire::{FrustrationPart, FrustrationView, Insight, Named, PageInsight, SignalView, Trouble};

/// Rows of one list.
const MOST: usize = 5_000;
/// Characters of a message, of a value.
const LONGEST: usize = 2_000;

/// Works out everything; takes as long as a walk over the session with its DOM.
/// `summary`: see [`super::summary`].
pub(crate) fn of(session: &Session, meta: &SessionMeta, summary: Vec<Sentence>) -> Insight {
    let detected = derive::detected(session);
    let signals = detected.signals;
    let frustration = Counts::of(&signals).frustration();
    let facts = facts::of_session(session, &detected.clicked, meta);
    let mut party: BTreeMap<(i64, &str), Party> = BTreeMap::new();
    for signal in &signals {
        if let Evidence::JsError(error) = &signal.evidence {
            party.insert((error.at, &error.message), error.party);
        }
    }
    let mut pages: Vec<PageInsight> = facts
        .pages
        .iter()
        .map(|p| PageInsight {
            number: p.number,
            lcp: p.lcp,
            cls: p.cls,
            inp: p.inp,
            first_byte: None,
            interactive: None,
            load: None,
            transferred: None,
            scroll_depth: p.scroll_depth,
            masked: p.masked,
        })
        .collect();
    let mut troubles = Vec::new();
    let mut named = Vec::new();
    for event in &session.events {
        let (time, page) = (event.time, event.page);
        match &event.kind {
            Kind::Navigation(timing) => {
                if let Some(view) = pages.iter_mut().find(|p| p.number == page) {
                    let known = |ms: f64| (ms.is_finite() && ms > 0.0).then_some(ms);
                    view.first_byte = known(timing.response_start);
                    view.interactive = known(timing.dom_interactive);
                    view.load = known(timing.load_end).or(known(timing.load_start)).or(known(timing.dom_complete));
                    view.transferred = known(timing.transfer_size);
                }
            }
            Kind::Error { message, source, line, column, stack } => troubles.push(Trouble {
                time,
                page,
                kind: "error".into(),
                message: shorten(message),
                source: source.as_deref().filter(|s| !s.is_empty()).map(shorten),
                line: *line,
                column: *column,
                stack: stack.as_deref().filter(|s| !s.is_empty()).map(shorten),
                party: word(party.get(&(time, &**message))),
            }),
            Kind::Console { level, message, trace } if matches!(&**level, "error" | "warn" | "assert") => {
                // rrweb writes uncaught errors to the console that it records: errors they are.
                let uncaught = signal::script_error(&event.kind).is_some();
                troubles.push(Trouble {
                    time,
                    page,
                    kind: if uncaught { "error" } else { "console" }.into(),
                    message: shorten(message),
                    source: None,
                    line: None,
                    column: None,
                    stack: trace.as_deref().filter(|s| !s.is_empty()).map(shorten),
                    party: word(party.get(&(time, &**message))),
                });
            }
            Kind::Network { url, method, status: Some(status), .. } if *status >= 400 => troubles.push(Trouble {
                time,
                page,
                kind: "network".into(),
                message: format!("{} answered {status}", method.as_deref().unwrap_or("A request was")),
                source: Some(shorten(url)),
                line: None,
                column: None,
                stack: None,
                party: "unknown".into(),
            }),
            Kind::Custom { name, value } => {
                let identify = name.to_ascii_lowercase().starts_with("identify");
                named.push(Named {
                    time,
                    page,
                    kind: if identify { "identify" } else { "event" }.into(),
                    name: shorten(name),
                    value: value.as_deref().map(shorten),
                });
            }
            Kind::Tag { key, values } => named.push(Named {
                time,
                page,
                kind: if matches!(&**key, "userId" | "userHint" | "sessionId") { "identify" } else { "tag" }.into(),
                name: shorten(key),
                value: Some(shorten(&values.join(", "))),
            }),
            _ => {}
        }
    }
    let more = troubles.len().saturating_sub(MOST) + named.len().saturating_sub(MOST);
    troubles.truncate(MOST);
    named.truncate(MOST);
    Insight {
        signals: signals
            .iter()
            .take(MOST)
            .map(|s| SignalView {
                kind: kind_name(s.kind),
                page: s.page,
                time: s.time,
                until: s.time + (s.until_ms - s.at_ms),
                selector: s.selector.clone(),
                text: s.text.clone(),
                evidence: serde_json::to_value(&s.evidence).unwrap_or_default(),
            })
            .collect(),
        summary: summary.into_iter().map(Into::into).collect(),
        frustration: FrustrationView {
            score: frustration.score,
            version: frustration.version,
            parts: frustration
                .contributions
                .iter()
                .map(|c| FrustrationPart {
                    kind: kind_name(c.kind),
                    count: c.count,
                    weight: c.weight,
                    points: c.points,
                })
                .collect(),
        },
        pages,
        troubles,
        named,
        more: (more + signals.len().saturating_sub(MOST)) as u32,
    }
}

fn kind_name(kind: SignalKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn word(party: Option<&Party>) -> String {
    match party {
        Some(Party::First) => "first",
        Some(Party::Third) => "third",
        _ => "unknown",
    }
    .to_owned()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Page, Source};

    fn event(time: i64, kind: Kind) -> Event {
        Event { page: 1, time, kind }
    }

    #[test]
    fn lists_are_sorted_into_panels() {
        let error = |message: &str| Kind::Error {
            message: message.into(),
            source: Some("https://shop.test/a.js".into()),
            line: Some(3),
            column: None,
            stack: None,
        };
        let page = Page { number: 1, url: "https://shop.test/".into(), ..Page::default() };
        let mut session = Session {
            id: "s".into(),
            source: Source::Clarity,
            project: None,
            user: None,
            format_version: None,
            pages: vec![page],
            events: Vec::new(),
        };
        session.events = vec![
            event(10, error("x is not defined")),
            event(20, Kind::Custom { name: "purchase".into(), value: Some("9".into()) }),
            event(21, Kind::Custom { name: "identify".into(), value: Some("ana".into()) }),
            event(22, Kind::Tag { key: "plan".into(), values: vec!["pro".into(), "team".into()] }),
            event(30, Kind::Console { level: "log".into(), message: "nothing".into(), trace: None }),
        ];
        for i in 0..MOST as i64 {
            session.events.push(event(100 + i, error("again")));
        }
        let insight = of(&session, &SessionMeta::default(), Vec::new());
        assert_eq!((insight.troubles.len(), insight.more > 0), (MOST, true));
        assert_eq!((insight.troubles[0].kind.as_str(), insight.troubles[0].party.as_str()), ("error", "first"));
        let named: Vec<_> = insight.named.iter().map(|n| (n.kind.as_str(), n.value.as_deref())).collect();
        assert_eq!(named, [("event", Some("9")), ("identify", Some("ana")), ("tag", Some("pro, team"))]);
        assert_eq!(insight.signals.first().map(|s| s.kind.as_str()), Some("js_error"));
    }
}
