use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Millis;

/// What an archive says about a session beside the recording itself: a Dwell archive's manifest, a session
/// line's `meta`, a `session.json` in a session's folder. It wins over what is derived from the recording.
///
/// Empty means "not said". Texts are as written by the archive: hostile, never cleaned here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionMeta {
    pub user_agent: Option<String>,
    /// BCP 47 tag as the browser gave it (`de-DE`).
    pub locale: Option<String>,
    pub language: Option<String>,
    pub referrer: Option<String>,
    pub country: Option<String>,
    pub state: Option<String>,
    pub city: Option<String>,
    pub device: Option<String>,
    pub browser: Option<String>,
    pub os: Option<String>,
    /// Without the `utm_` prefix: source, medium, campaign, term, content.
    pub utm: BTreeMap<String, String>,
    /// Names of custom events.
    pub events: Vec<String>,
    pub tags: BTreeMap<String, Vec<String>>,
    pub audiences: Vec<String>,
    /// A word, or JSON when the archive wrote a structure.
    pub consent: Option<String>,
    /// The visitor, by whatever name the archive knows them.
    pub user: Option<String>,
    /// Epoch ms.
    pub started_at: Option<Millis>,
    /// What a list of sessions says of the visit itself, by names of filter fields (`page_count`, `duration` in
    /// seconds): used where no recording tells.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub listed: BTreeMap<String, Vec<String>>,
}

impl SessionMeta {
    pub fn is_empty(&self) -> bool {
        *self == SessionMeta::default()
    }

    /// Fills what is not said yet from `other`; lists and maps are joined.
    pub fn fill_from(&mut self, other: &SessionMeta) {
        let texts = [
            (&mut self.user_agent, &other.user_agent),
            (&mut self.locale, &other.locale),
            (&mut self.language, &other.language),
            (&mut self.referrer, &other.referrer),
            (&mut self.country, &other.country),
            (&mut self.state, &other.state),
            (&mut self.city, &other.city),
            (&mut self.device, &other.device),
            (&mut self.browser, &other.browser),
            (&mut self.os, &other.os),
            (&mut self.consent, &other.consent),
            (&mut self.user, &other.user),
        ];
        for (mine, theirs) in texts {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        if self.started_at.is_none() {
            self.started_at = other.started_at;
        }
        for (field, values) in &other.listed {
            self.listed.entry(field.clone()).or_insert_with(|| values.clone());
        }
        for (key, value) in &other.utm {
            self.utm.entry(key.clone()).or_insert_with(|| value.clone());
        }
        for (mine, theirs) in [(&mut self.events, &other.events), (&mut self.audiences, &other.audiences)] {
            for name in theirs {
                if !mine.contains(name) {
                    mine.push(name.clone());
                }
            }
        }
        for (key, values) in &other.tags {
            let mine = self.tags.entry(key.clone()).or_default();
            for value in values {
                if !mine.contains(value) {
                    mine.push(value.clone());
                }
            }
        }
    }
}
