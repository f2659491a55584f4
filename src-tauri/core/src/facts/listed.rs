//! What a list of sessions says of a visit that was not recorded, or whose recording is not here.
//!
//! The trap: a dashboard's numbers are its own. They stand in for a recording's and never beside or above
//! them, so that two sessions of one list are comparable and a count never changes its meaning within a row.

use super::bounds::{VALUES, said};
use super::channel::CHANNELS;
use super::page::percent;
use super::session::{Seconds, SessionFacts};
use super::url::campaign;
use super::{Visit, channel};
use crate::event::{Millis, SessionMeta};

fn first<'m>(meta: &'m SessionMeta, field: &str) -> Option<&'m str> {
    meta.listed.get(field)?.first().map(String::as_str)
}

fn number(meta: &SessionMeta, field: &str) -> Option<f64> {
    first(meta, field)?.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)
}

/// A whole number that a list says.
pub(super) fn whole(meta: &SessionMeta, field: &str) -> Option<Millis> {
    first(meta, field)?.trim().parse().ok()
}

/// New or returning, in the words of the filter language. The vendor knows visits that are not here, so this
/// holds for recorded sessions too.
pub(super) fn user_type(meta: &SessionMeta) -> Option<&'static str> {
    match first(meta, "user_type")? {
        "new" => Some("new"),
        "returning" => Some("returning"),
        _ => None,
    }
}

/// `OrganicSearch`, `Organic search` and `organic_search` are `organic-search`.
fn channel_word(text: &str) -> Option<&'static str> {
    let bare =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = bare(text);
    CHANNELS.iter().find(|c| bare(c) == wanted).copied().or((wanted == "other").then_some(super::channel::OTHER))
}

/// Fills what the recording would have told.
pub(super) fn fill(mut facts: SessionFacts, meta: &SessionMeta) -> SessionFacts {
    let text = |field: &str| first(meta, field).and_then(said);
    let list = |field: &str| -> Vec<String> {
        meta.listed.get(field).into_iter().flatten().filter_map(|t| said(t)).take(VALUES).collect()
    };
    let count = |field: &str| number(meta, field).map(|n| n.round() as u64);
    let seconds = |field: &str| number(meta, field).map(|n| Seconds((n * 1000.0).round() as Millis));
    facts.duration = seconds("duration");
    facts.active_duration = seconds("active_duration");
    facts.page_count = count("page_count");
    facts.click_count = count("click_count");
    facts.scroll_depth = number(meta, "scroll_depth").map(|n| percent(n.min(100.0) / 100.0));
    facts.rage_clicks = count("rage_clicks");
    facts.dead_clicks = count("dead_clicks");
    facts.error_clicks = count("error_clicks");
    facts.quick_backs = count("quick_backs");
    facts.excessive_scrolls = count("excessive_scrolls");
    facts.js_errors = count("js_errors");
    facts.lcp = number(meta, "lcp");
    facts.cls = number(meta, "cls");
    facts.inp = number(meta, "inp");
    facts.entry_page = text("entry_page");
    facts.exit_page = text("exit_page");
    facts.page = list("page");
    for url in [&facts.entry_page, &facts.exit_page].into_iter().flatten() {
        if !facts.page.contains(url) {
            facts.page.push(url.clone());
        }
    }
    facts.title = list("title");
    facts.custom_user = list("custom_user");
    facts.custom_session = list("custom_session");
    // The address of the landing page says where the visitor came from, as a recorded one would.
    if let Some(landing) = &facts.entry_page {
        let found = campaign(landing);
        let slots = [
            (&mut facts.utm_source, &found.source),
            (&mut facts.utm_medium, &found.medium),
            (&mut facts.utm_campaign, &found.campaign),
            (&mut facts.utm_term, &found.term),
            (&mut facts.utm_content, &found.content),
        ];
        for (mine, theirs) in slots {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        let mut all = found;
        all.source.clone_from(&facts.utm_source);
        all.medium.clone_from(&facts.utm_medium);
        all.campaign.clone_from(&facts.utm_campaign);
        facts.has_utm = Some(all.is_tagged());
        facts.channel =
            Some(channel(Visit { landing, referrer: facts.referrer.as_deref(), campaign: &all }).to_owned());
    }
    if let Some(word) = first(meta, "channel").and_then(channel_word) {
        facts.channel = Some(word.to_owned());
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Session, Source};

    fn of(listed: &[(&str, &str)]) -> SessionFacts {
        let session = Session {
            id: "s".into(),
            source: Source::Clarity,
            project: None,
            user: Some("u".into()),
            format_version: None,
            pages: Vec::new(),
            events: Vec::new(),
        };
        let listed = listed.iter().map(|(k, v)| ((*k).to_owned(), vec![(*v).to_owned()])).collect();
        super::super::of_session(&session, &[], &SessionMeta { listed, ..SessionMeta::default() })
    }

    #[test]
    fn a_list_stands_in_for_a_recording() {
        let facts = of(&[
            ("start", "1795185120000"),
            ("duration", "65.5"),
            ("page_count", "3"),
            ("rage_clicks", "2"),
            ("entry_page", "https://a.test/?utm_source=mail&utm_medium=email"),
            ("user_type", "returning"),
            ("scroll_depth", "80"),
        ]);
        assert_eq!(facts.start.as_deref(), Some("2026-11-20T14:32:00.000Z"));
        assert_eq!(facts.duration, Some(Seconds(65_500)));
        assert_eq!((facts.page_count, facts.rage_clicks, facts.dead_clicks), (Some(3), Some(2), None));
        assert_eq!(facts.utm_source.as_deref(), Some("mail"));
        assert_eq!(facts.channel.as_deref(), Some("email"));
        assert_eq!(facts.user_type.as_deref(), Some("returning"));
        assert_eq!(facts.scroll_depth, Some(80.0));
        assert_eq!((facts.completeness, facts.resized), (None, None));
    }

    #[test]
    fn what_a_list_does_not_say_is_not_known() {
        let facts = of(&[("duration", "nonsense"), ("channel", "OrganicSearch")]);
        assert_eq!((facts.duration, facts.page_count, facts.start_ms), (None, None, None));
        assert_eq!(facts.channel.as_deref(), Some("organic-search"));
    }
}
