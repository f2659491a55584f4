//! Through which channel a visit came, by rules in a fixed order over lists in `data/channels.json`.
//!
//! The trap: the order is the definition. `utm_medium=cpc` with `utm_source=facebook` is paid social, not
//! search; a click id counts as paid although nobody tagged the link; a referrer that is a search engine says
//! nothing once a campaign is named. People spell media with `_`, blanks and `-`; all three are one.

use std::sync::LazyLock;

use serde::Deserialize;

use super::url::{Campaign, click_ids, host};

/// The words of the field `channel`.
pub(super) const CHANNELS: [&str; 14] = [
    "paid-search",
    "paid-social",
    "paid-ai-tools",
    "email",
    "affiliate",
    "display",
    "video",
    "audio",
    "sms",
    "social",
    "ai-tools",
    "organic-search",
    "referral",
    "direct",
];
pub(super) const OTHER: &str = "other";

#[derive(Deserialize)]
struct Lists {
    media: Media,
    click_ids: ClickIds,
    social: Names,
    ai_tools: Names,
    search: Hosts,
    host_prefixes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Media {
    paid: Vec<String>,
    #[serde(rename = "paid_prefix")]
    paid_prefix: String,
    #[serde(rename = "paid_suffix")]
    paid_suffix: String,
    email: Vec<String>,
    affiliate: Vec<String>,
    display: Vec<String>,
    video: Vec<String>,
    audio: Vec<String>,
    sms: Vec<String>,
    social: Vec<String>,
    ai_tools: Vec<String>,
    organic: Vec<String>,
    referral: Vec<String>,
}

#[derive(Deserialize)]
struct ClickIds {
    paid: Vec<String>,
    social: Vec<String>,
    other: Vec<String>,
}

#[derive(Deserialize)]
struct Names {
    names: Vec<String>,
    hosts: Vec<String>,
}

#[derive(Deserialize)]
struct Hosts {
    hosts: Vec<String>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/channels.json")).expect("a test reads the compiled-in channels.json")
});

/// What the rules look at. Texts as recorded.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// First URL of the visit.
    pub landing: &'a str,
    pub referrer: Option<&'a str>,
    pub campaign: &'a Campaign,
}

fn any(list: &[String], text: &str) -> bool {
    list.iter().any(|known| known == text)
}

/// Lower case; runs of `_`, `-`, `+` and white space are one `-`.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let parts: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, '_' | '-' | '+'))
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

/// `example.com` takes its subdomains in; `name.*` is any top level (`name.de`, `name.co.uk`) of the bare name
/// or of one with a known prefix, so that `mail.google.com` is no search engine.
fn is_listed(host: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix(".*") {
        None => host == pattern || host.strip_suffix(pattern.as_str()).is_some_and(|rest| rest.ends_with('.')),
        Some(name) => {
            is_any_top_level(host, name)
                || LISTS
                    .host_prefixes
                    .iter()
                    .any(|prefix| host.strip_prefix(prefix.as_str()).is_some_and(|rest| is_any_top_level(rest, name)))
        }
    })
}

fn is_any_top_level(host: &str, name: &str) -> bool {
    let Some(top) = host.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { return false };
    match top.split_once('.') {
        None => !top.is_empty(),
        Some((second, first)) => second.len() <= 3 && first.len() == 2,
    }
}

/// A source is a name (`facebook`), a host (`l.facebook.com`), or a name with a top level (`chatgpt.com`).
fn is_source(source: &str, list: &Names) -> bool {
    let host = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://")).unwrap_or(source);
    let host = host.split('/').next().unwrap_or(host);
    any(&list.names, source) || is_listed(host, &list.hosts)
}

fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// The channel of a visit. A referrer from the site itself (a session that begins in the middle of a visit)
/// counts as none.
pub fn channel(visit: Visit<'_>) -> &'static str {
    let lists = &*LISTS;
    let media = &lists.media;
    let medium = visit.campaign.medium.as_deref().map(plain).unwrap_or_default();
    let source_text = visit.campaign.source.as_deref().unwrap_or_default().trim().to_lowercase();
    let source_plain = plain(&source_text);
    let from = |list: &Names| is_source(&source_text, list) || any(&list.names, &source_plain);

    let referrer = visit.referrer.map(str::trim).filter(|r| !r.is_empty());
    let referrer_host = referrer.and_then(host);
    let own = host(visit.landing);
    let is_own = match (&referrer_host, &own) {
        (Some(a), Some(b)) => without_www(a) == without_www(b),
        _ => false,
    };
    let has_referrer = referrer.is_some() && !is_own;
    let referred_by =
        |patterns: &[String]| has_referrer && referrer_host.as_deref().is_some_and(|host| is_listed(host, patterns));

    let tagged = visit.campaign.is_tagged();
    let ids = &lists.click_ids;
    let paid_id = !click_ids(visit.landing, &ids.paid).is_empty();
    let social_id = !click_ids(visit.landing, &ids.social).is_empty();
    let any_id = paid_id || social_id || !click_ids(visit.landing, &ids.other).is_empty();

    let paid_medium =
        any(&media.paid, &medium) || medium.starts_with(&media.paid_prefix) || medium.ends_with(&media.paid_suffix);
    if paid_medium || paid_id {
        if from(&lists.social) || medium.split('-').any(|part| part == "social") {
            return "paid-social";
        }
        return if from(&lists.ai_tools) { "paid-ai-tools" } else { "paid-search" };
    }
    for (list, name) in [
        (&media.email, "email"),
        (&media.affiliate, "affiliate"),
        (&media.display, "display"),
        (&media.video, "video"),
        (&media.audio, "audio"),
        (&media.sms, "sms"),
    ] {
        if any(list, &medium) {
            return name;
        }
    }
    if any(&media.social, &medium) || from(&lists.social) || social_id || referred_by(&lists.social.hosts) {
        return "social";
    }
    if any(&media.ai_tools, &medium) || from(&lists.ai_tools) || referred_by(&lists.ai_tools.hosts) {
        return "ai-tools";
    }
    if any(&media.organic, &medium) || (!tagged && referred_by(&lists.search.hosts)) {
        return "organic-search";
    }
    if any(&media.referral, &medium) || has_referrer {
        return "referral";
    }
    if !tagged && !any_id { "direct" } else { OTHER }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::url::campaign;

    /// Query of the landing page, referrer, channel.
    const TABLE: &[(&str, &str, &str)] = &[
        // paid
        ("utm_source=google&utm_medium=cpc&utm_campaign=brand", "https://www.google.com/", "paid-search"),
        ("utm_source=Google&utm_medium=CPC", "", "paid-search"),
        ("utm_source=google&utm_medium=paid-search", "", "paid-search"),
        ("utm_source=google&utm_medium=paid_search", "", "paid-search"),
        ("utm_source=google&utm_medium=paid%20search", "", "paid-search"),
        ("utm_source=bing&utm_medium=ppc", "https://www.bing.com/", "paid-search"),
        ("utm_source=partner&utm_medium=sem", "", "paid-search"),
        ("utm_medium=cpm", "", "paid-search"),
        ("utm_medium=retargeting&utm_source=criteo", "", "paid-search"),
        ("gclid=Cj0K", "https://www.google.com/", "paid-search"),
        ("msclkid=1", "", "paid-search"),
        ("wbraid=1", "", "paid-search"),
        ("gbraid=1", "", "paid-search"),
        ("gclid=", "https://www.google.com/", "organic-search"),
        ("utm_source=facebook&utm_medium=paid", "", "paid-social"),
        ("utm_source=fb&utm_medium=paid_social&utm_campaign=dpa", "https://l.facebook.com/", "paid-social"),
        ("utm_source=instagram&utm_medium=Paid_Social&fbclid=IwAR1", "https://l.instagram.com/", "paid-social"),
        ("utm_source=facebook&utm_medium=CPC", "https://l.facebook.com/", "paid-social"),
        ("utm_source=linkedin&utm_medium=paid&utm_campaign=b2b", "https://www.linkedin.com/", "paid-social"),
        ("utm_source=tiktok&utm_medium=paid", "https://www.tiktok.com/", "paid-social"),
        ("utm_source=dsp&utm_medium=social-paid", "", "paid-social"),
        ("utm_source=dsp&utm_medium=paid+social", "", "paid-social"),
        ("utm_source=chatgpt.com&utm_medium=cpc", "", "paid-ai-tools"),
        ("utm_source=perplexity&utm_medium=paid", "https://www.perplexity.ai/", "paid-ai-tools"),
        ("utm_source=facebook&gclid=1", "", "paid-social"),
        // by medium
        ("utm_source=newsletter&utm_medium=email&utm_campaign=April%202026", "", "email"),
        ("utm_source=crm&utm_medium=E-Mail", "", "email"),
        ("utm_source=awin&utm_medium=affiliate", "https://www.awin1.com/", "affiliate"),
        ("utm_source=dv360&utm_medium=display", "", "display"),
        ("utm_source=dv360&utm_medium=banner", "", "display"),
        ("utm_source=youtube&utm_medium=video", "https://www.youtube.com/", "video"),
        ("utm_source=spotify&utm_medium=audio", "", "audio"),
        ("utm_source=attentive&utm_medium=SMS", "", "sms"),
        // social
        ("utm_source=x&utm_medium=social", "", "social"),
        ("utm_source=bio&utm_medium=social_media", "", "social"),
        ("utm_source=facebook", "", "social"),
        ("fbclid=IwAR", "", "social"),
        ("", "https://l.facebook.com/", "social"),
        ("", "https://t.co/", "social"),
        ("", "https://lnkd.in/abc", "social"),
        ("", "https://www.pinterest.de/pin/1", "social"),
        ("", "android-app://com.linkedin.android/", "social"),
        // AI
        ("utm_source=chatgpt.com", "", "ai-tools"),
        ("utm_source=openai", "", "ai-tools"),
        ("", "https://chatgpt.com/", "ai-tools"),
        ("", "https://www.perplexity.ai/search", "ai-tools"),
        ("", "https://gemini.google.com/", "ai-tools"),
        ("", "https://copilot.microsoft.com/", "ai-tools"),
        // organic
        ("", "https://www.google.com/", "organic-search"),
        ("", "https://www.google.co.uk/", "organic-search"),
        ("", "https://google.de", "organic-search"),
        ("", "https://cn.bing.com/search?q=a", "organic-search"),
        ("", "https://duckduckgo.com/", "organic-search"),
        ("", "https://r.search.yahoo.com/x", "organic-search"),
        ("", "https://yandex.ru/", "organic-search"),
        ("", "android-app://com.google.android.googlequicksearchbox/", "organic-search"),
        ("utm_source=baidu&utm_medium=organic", "https://www.baidu.com/", "organic-search"),
        // referral
        ("", "https://blog.example/", "referral"),
        ("", "android-app://com.google.android.gm/", "referral"),
        ("", "https://mail.google.com/", "referral"),
        ("", "https://google.evil.example/", "referral"),
        ("", "https://notfacebook.com/", "referral"),
        ("utm_campaign=x", "https://www.google.com/", "referral"),
        ("utm_source=partner&utm_medium=referral", "", "referral"),
        // direct and other
        ("", "", "direct"),
        ("p=Popular", "", "direct"),
        ("", "https://shop.test/other", "direct"),
        ("utm_source=&utm_medium=", "", "direct"),
        ("utm_source=flyer&utm_medium=print", "", "other"),
        ("utm_campaign=x", "", "other"),
        ("ttclid=1", "", "other"),
    ];

    #[test]
    fn follows_the_table() {
        let wrong: Vec<String> = TABLE
            .iter()
            .filter_map(|(query, referrer, want)| {
                let landing = format!("https://www.shop.test/?{query}");
                let campaign = campaign(&landing);
                let got = channel(Visit { landing: &landing, referrer: Some(referrer), campaign: &campaign });
                (got != *want).then(|| format!("{got} instead of {want} for ?{query} from {referrer:?}"))
            })
            .collect();
        assert!(TABLE.len() >= 40);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_channel_has_a_row() {
        for name in CHANNELS.iter().chain([&OTHER]) {
            assert!(TABLE.iter().any(|(_, _, channel)| channel == name), "{name}");
        }
    }

    #[test]
    fn the_lists_are_written_as_they_are_compared() {
        let lists = &*LISTS;
        let media = &lists.media;
        for list in [
            &media.paid,
            &media.email,
            &media.affiliate,
            &media.display,
            &media.video,
            &media.audio,
            &media.sms,
            &media.social,
            &media.ai_tools,
            &media.organic,
            &media.referral,
        ] {
            for medium in list {
                assert_eq!(*medium, plain(medium));
            }
        }
        for pattern in lists.social.hosts.iter().chain(&lists.ai_tools.hosts).chain(&lists.search.hosts) {
            assert_eq!(*pattern, pattern.to_lowercase());
            assert!(pattern.contains('.'), "{pattern}");
        }
    }
}
