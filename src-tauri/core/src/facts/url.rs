//! What a landing URL says about where a visit came from.
//!
//! The trap: URLs of recordings are hostile and broken. Only the query before `#` counts, only its beginning is
//! read, and a broken escape costs a character, never the parameter behind it.

use std::borrow::Cow;

use super::bounds::{TEXT_BYTES, cut_at};

/// The five campaign parameters, without `utm_`.
pub const CAMPAIGN_KEYS: [&str; 5] = ["source", "medium", "campaign", "term", "content"];

/// Bytes of a query that are read.
const QUERY_BYTES: usize = 256 * 1024;
/// Parameters that are read.
const PARAMETERS: usize = 2_000;
/// Bytes of a URL in which its host must stand.
const HOST_BYTES: usize = 4 * 1024;
/// No name in the DNS is longer.
const LONGEST_HOST: usize = 253;

/// Campaign parameters as sent: decoded once, case kept, empty ones absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Campaign {
    pub source: Option<String>,
    pub medium: Option<String>,
    pub campaign: Option<String>,
    pub term: Option<String>,
    pub content: Option<String>,
}

impl Campaign {
    /// One of the five is there; click ids do not count.
    pub fn is_tagged(&self) -> bool {
        CAMPAIGN_KEYS.iter().any(|key| self.get(key).is_some())
    }
    /// By a name of [`CAMPAIGN_KEYS`].
    pub fn get(&self, key: &str) -> Option<&str> {
        match key {
            "source" => self.source.as_deref(),
            "medium" => self.medium.as_deref(),
            "campaign" => self.campaign.as_deref(),
            "term" => self.term.as_deref(),
            "content" => self.content.as_deref(),
            _ => None,
        }
    }
    pub(super) fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        match key {
            "source" => Some(&mut self.source),
            "medium" => Some(&mut self.medium),
            "campaign" => Some(&mut self.campaign),
            "term" => Some(&mut self.term),
            "content" => Some(&mut self.content),
            _ => None,
        }
    }
}

/// The query of a URL: between the first `?` and the first `#`.
fn query(url: &str) -> &str {
    let before_hash = url.split('#').next().unwrap_or_default();
    let query = before_hash.split_once('?').map_or("", |(_, query)| query);
    cut_at(query, QUERY_BYTES)
}

/// Decoded parameters (`%XX` and `+`), the first ones of a long list.
fn parameters(url: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    url::form_urlencoded::parse(query(url).as_bytes()).take(PARAMETERS)
}

/// The five `utm_*` of a URL. The first value that is not empty wins.
pub fn campaign(url: &str) -> Campaign {
    let mut found = Campaign::default();
    for (name, value) in parameters(url) {
        if let Some(slot) = name.strip_prefix("utm_").and_then(|key| found.slot(key))
            && slot.is_none()
            && !value.trim().is_empty()
        {
            *slot = Some(cut_at(&value, TEXT_BYTES).to_owned());
        }
    }
    found
}

/// Names of the query's parameters that are among `known` and not empty, in the order of `known`.
pub fn click_ids<'k>(url: &str, known: &'k [String]) -> Vec<&'k str> {
    let mut seen = vec![false; known.len()];
    for (name, value) in parameters(url) {
        if let Some(at) = known.iter().position(|k| k.eq_ignore_ascii_case(&name)) {
            seen[at] |= !value.trim().is_empty();
        }
    }
    known.iter().zip(seen).filter(|(_, seen)| *seen).map(|(name, _)| name.as_str()).collect()
}

/// The page of an address: without parameters and fragment, but with a fragment that is a route (`#/…`, `#!…`).
pub fn page_of(url: &str) -> &str {
    let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
    if fragment.starts_with(['/', '!']) {
        return url;
    }
    path.split_once('?').map_or(path, |(page, _)| page)
}

/// Host of an absolute URL in lower case (of an `android-app://` URL: the package), without a port.
pub fn host(url: &str) -> Option<String> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let start = cut_at(&url[..end], HOST_BYTES);
    let parsed = url::Url::parse(start.trim()).ok()?;
    let host = parsed.host_str()?.trim_end_matches('.').to_lowercase();
    (!host.is_empty() && host.len() <= LONGEST_HOST).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_addresses_without_what_changes() {
        for (url, page) in [
            ("https://a.test/b?x=1#c", "https://a.test/b"),
            ("https://a.test/b#c", "https://a.test/b"),
            ("https://a.test/?x=1#/route", "https://a.test/?x=1#/route"),
            ("https://a.test/", "https://a.test/"),
            ("", ""),
        ] {
            assert_eq!(page_of(url), page);
        }
    }

    #[test]
    fn reads_campaigns_as_sent() {
        let c = campaign(
            "https://a.test/?utm_source=Google&utm_medium=paid-search&utm_campaign=Brand%2B&utm_term=hiking%20boots&utm_content=a+b",
        );
        assert_eq!(c.source.as_deref(), Some("Google"));
        assert_eq!(c.medium.as_deref(), Some("paid-search"));
        assert_eq!(c.campaign.as_deref(), Some("Brand+"));
        assert_eq!(c.term.as_deref(), Some("hiking boots"));
        assert_eq!(c.content.as_deref(), Some("a b"));
        assert!(c.is_tagged());
    }

    #[test]
    fn empty_parameters_and_those_behind_the_hash_are_absent() {
        assert!(!campaign("https://a.test/?utm_source=&utm_medium=%20").is_tagged());
        assert!(!campaign("https://a.test/#/all?utm_source=x").is_tagged());
        assert!(!campaign("https://a.test/?gclid=1").is_tagged());
        assert_eq!(campaign("https://a.test/?utm_source=&utm_source=b#?utm_source=c").source.as_deref(), Some("b"));
        assert!(!campaign("").is_tagged());
    }

    #[test]
    fn broken_escapes_cost_a_character() {
        let c = campaign("https://a.test/?utm_source=100%&utm_medium=%FF%zz&utm_campaign=ok");
        assert_eq!(c.source.as_deref(), Some("100%"));
        assert_eq!(c.medium.as_deref(), Some("\u{fffd}%zz"));
        assert_eq!(c.campaign.as_deref(), Some("ok"));
    }

    #[test]
    fn huge_urls_stay_bounded() {
        let long = format!("https://a.test/?utm_source={}", "x".repeat(20_000_000));
        assert_eq!(campaign(&long).source.map(|s| s.len()), Some(TEXT_BYTES));
        assert_eq!(host(&long).as_deref(), Some("a.test"));
        let many = format!("https://a.test/?{}", "utm_source=a&utm_x=%41&".repeat(10_000));
        assert_eq!(campaign(&many).source.as_deref(), Some("a"));
        assert_eq!(host(&format!("https://{}.test/", "a.".repeat(1_000_000))), None);
    }

    #[test]
    fn finds_click_ids_with_a_value() {
        let known: Vec<String> = ["gclid", "fbclid", "msclkid"].map(str::to_owned).to_vec();
        assert_eq!(click_ids("https://a.test/?FBCLID=1&gclid=&msclkid=2", &known), ["fbclid", "msclkid"]);
    }

    #[test]
    fn hosts() {
        for (url, want) in [
            ("https://L.Facebook.com:443/a?b", Some("l.facebook.com")),
            ("android-app://com.google.android.gm/", Some("com.google.android.gm")),
            ("https://user:pw@a.test./x", Some("a.test")),
            ("/cart.html", None),
            ("about:blank", None),
            ("", None),
        ] {
            assert_eq!(host(url).as_deref(), want, "{url}");
        }
    }
}
