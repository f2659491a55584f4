//! The one list of fields that sessions are filtered by.
//!
//! The trap: a field that is derived but not listed cannot be filtered, one that is listed but spelt otherwise
//! in the rows matches nothing, silently. Rows, filters, exports and the window's pickers all read this list.

use super::{agent, channel};

/// What a field's values are, and so which operators and literals fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A number that counts things; alone it means "more than 0".
    Count,
    Number,
    /// Seconds with a fraction to the millisecond.
    Seconds,
    Milliseconds,
    /// 0–100.
    Percent,
    /// An instant; rows write ISO 8601 in UTC with milliseconds.
    Date,
    YesNo,
    Text,
    /// One word of [`Field::words`].
    Enum,
}

impl FieldKind {
    pub const ALL: [FieldKind; 9] = [
        FieldKind::Count,
        FieldKind::Number,
        FieldKind::Seconds,
        FieldKind::Milliseconds,
        FieldKind::Percent,
        FieldKind::Date,
        FieldKind::YesNo,
        FieldKind::Text,
        FieldKind::Enum,
    ];

    /// For machines.
    pub fn name(self) -> &'static str {
        match self {
            FieldKind::Count => "count",
            FieldKind::Number => "number",
            FieldKind::Seconds => "seconds",
            FieldKind::Milliseconds => "milliseconds",
            FieldKind::Percent => "percent",
            FieldKind::Date => "date",
            FieldKind::YesNo => "yes_no",
            FieldKind::Text => "text",
            FieldKind::Enum => "enum",
        }
    }

    /// Whether values are numbers with an order, dates among them.
    pub fn is_number(self) -> bool {
        !matches!(self, FieldKind::YesNo | FieldKind::Text | FieldKind::Enum)
    }
}

/// A word of an enum, and how else people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub word: &'static str,
    pub also: Vec<&'static str>,
}

/// Who puts the value into a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// This room, from the recording and its archive.
    Facts,
    /// The detectors of frustration signals.
    Signals,
    /// The segment library's `utm` table.
    Library,
    /// The cache: what people noted about a session.
    Notes,
}

/// Whether recordings of a format know the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every recording, unless it is damaged.
    Always,
    /// When the site, browser or recorder's settings give it.
    Sometimes,
    /// Only when the archive says so beside the recording.
    Archive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Key in rows and name in filters. `tag.KEY` stands for every custom tag.
    pub name: &'static str,
    pub kind: FieldKind,
    /// A row may hold several values; a test holds when any of them does.
    pub several: bool,
    /// For people.
    pub label: &'static str,
    /// One sentence for people.
    pub meaning: &'static str,
    pub maker: Maker,
    pub clarity: Reach,
    pub rrweb: Reach,
}

/// Before the name of a custom tag.
pub const TAG_PREFIX: &str = "tag.";

const DAYS: [(&str, &str); 7] = [
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];

impl Field {
    /// The words of an enum, in the order for people; empty for other kinds. Archives may write browsers and
    /// systems that are not among them.
    pub fn words(&self) -> Vec<Word> {
        let plain = |words: &[&'static str]| words.iter().map(|word| Word { word, also: Vec::new() }).collect();
        match self.name {
            "day" => DAYS.iter().map(|(word, long)| Word { word, also: vec![long] }).collect(),
            "user_type" => plain(&["new", "returning"]),
            "source" => plain(&["clarity", "rrweb"]),
            "channel" => {
                channel::CHANNELS.iter().chain([&channel::OTHER]).map(|word| Word { word, also: Vec::new() }).collect()
            }
            "device" | "browser" | "os" => agent::other_spellings(self.name)
                .map(|(word, names)| Word {
                    word,
                    also: names.iter().map(String::as_str).filter(|name| *name != word).collect(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

use FieldKind::{Count, Date, Enum, Milliseconds, Number, Percent, Seconds, Text, YesNo};
use Maker::{Facts, Library, Notes, Signals};
use Reach::{Always, Archive, Sometimes};

#[rustfmt::skip]
const fn one(name: &'static str, kind: FieldKind, label: &'static str, meaning: &'static str, maker: Maker, clarity: Reach, rrweb: Reach) -> Field {
    Field { name, kind, several: false, label, meaning, maker, clarity, rrweb }
}
#[rustfmt::skip]
const fn many(name: &'static str, kind: FieldKind, label: &'static str, meaning: &'static str, maker: Maker, clarity: Reach, rrweb: Reach) -> Field {
    Field { name, kind, several: true, label, meaning, maker, clarity, rrweb }
}

/// Every field of the filter language, in the order in which it is documented.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    one("start", Date, "Start", "When the session began, by the recorded page's clock, in UTC.", Facts, Always, Always),
    one("day", Enum, "Day of week", "Weekday of the session's start in UTC.", Facts, Always, Always),
    one("hour", Number, "Hour of day", "Hour of the session's start in UTC, 0 to 23.", Facts, Always, Always),
    one("duration", Seconds, "Duration", "Seconds from the first to the last recorded event.", Facts, Always, Always),
    one("active_duration", Seconds, "Active time", "Seconds in which the visitor did something: the time after each interaction, at most 5 s each, without hidden time.", Facts, Always, Always),
    one("page_count", Count, "Pages", "Number of page views, route changes of a single-page application included.", Facts, Always, Always),
    one("click_count", Count, "Clicks", "Number of clicks on the pages by the visitor; clicks that a script made, and those inside embedded frames (which are recorded of some frames only), do not count.", Facts, Always, Always),
    one("scroll_depth", Percent, "Scroll depth", "Deepest share of a page that came into view, of the page seen most completely.", Facts, Always, Archive),
    one("device", Enum, "Device", "Class of the visitor's device.", Facts, Always, Sometimes),
    one("browser", Enum, "Browser", "Family of the visitor's browser.", Facts, Always, Archive),
    one("os", Enum, "Operating system", "Family of the visitor's operating system.", Facts, Always, Archive),
    one("language", Text, "Language", "Preferred language of the browser, such as de-DE.", Facts, Always, Archive),
    one("country", Text, "Country", "Country of the visitor, as the archive names it.", Facts, Archive, Archive),
    one("state", Text, "State", "State or region of the visitor, as the archive names it.", Facts, Archive, Archive),
    one("city", Text, "City", "City of the visitor, as the archive names it.", Facts, Archive, Archive),
    one("channel", Enum, "Channel", "Way by which the visit came, by UTM parameters, click ids and referrer of the first page.", Facts, Always, Always),
    one("referrer", Text, "Referrer", "Page that led to the first page of the session.", Facts, Sometimes, Archive),
    one("utm.source", Text, "UTM source", "utm_source of the first page's URL, as sent.", Facts, Sometimes, Sometimes),
    one("utm.medium", Text, "UTM medium", "utm_medium of the first page's URL, as sent.", Facts, Sometimes, Sometimes),
    one("utm.campaign", Text, "UTM campaign", "utm_campaign of the first page's URL, as sent.", Facts, Sometimes, Sometimes),
    one("utm.term", Text, "UTM term", "utm_term of the first page's URL, as sent.", Facts, Sometimes, Sometimes),
    one("utm.content", Text, "UTM content", "utm_content of the first page's URL, as sent.", Facts, Sometimes, Sometimes),
    one("has_utm", YesNo, "Has UTM", "The first page's URL carries at least one UTM parameter that is not empty.", Facts, Always, Always),
    one("std.source", Text, "Standard source", "UTM source, mapped through the library's table.", Library, Sometimes, Sometimes),
    one("std.medium", Text, "Standard medium", "UTM medium, mapped through the library's table.", Library, Sometimes, Sometimes),
    one("std.campaign", Text, "Standard campaign", "UTM campaign, mapped through the library's table.", Library, Sometimes, Sometimes),
    one("entry_page", Text, "Entry page", "Whole URL of the first page.", Facts, Always, Always),
    one("exit_page", Text, "Exit page", "Whole URL of the last page.", Facts, Always, Always),
    many("page", Text, "Visited page", "Whole URL of any page of the session.", Facts, Always, Always),
    many("title", Text, "Page title", "Title of any page of the session.", Facts, Sometimes, Sometimes),
    one("user", Text, "Visitor", "The recorder's or archive's id of the visitor.", Facts, Always, Archive),
    one("user_type", Enum, "Visitor type", "Whether the visitor came for the first time, as the recorder says, or else as the sessions of this project show.", Facts, Sometimes, Sometimes),
    many("custom_user", Text, "Custom user", "Id or name that the site gave for the visitor.", Facts, Sometimes, Sometimes),
    many("custom_session", Text, "Custom session", "Id that the site gave for the session.", Facts, Sometimes, Sometimes),
    many("event", Text, "Event", "Name of a custom event of the site.", Facts, Sometimes, Sometimes),
    many("tag.KEY", Text, "Tag", "Values of the site's custom tag of that name.", Facts, Sometimes, Sometimes),
    many("audience", Text, "Audience", "Audience of another tool that the visitor belongs to.", Facts, Archive, Archive),
    many("consent", Text, "Consent", "What the visitor consented to (granted, analytics, ads, denied) and how (none, implicit, explicit).", Facts, Sometimes, Archive),
    many("js_error", Text, "Script error", "Message of an uncaught script error.", Facts, Sometimes, Sometimes),
    many("click_error", Text, "Click error", "Message of a script error right after a click.", Signals, Sometimes, Sometimes),
    many("clicked_text", Text, "Clicked text", "Text of something that the visitor clicked.", Facts, Sometimes, Sometimes),
    one("entered_text", YesNo, "Entered text", "The visitor typed into a field.", Facts, Always, Always),
    one("selected_text", YesNo, "Selected text", "The visitor selected text.", Facts, Always, Always),
    one("resized", YesNo, "Resized", "The viewport changed its size while a page was open.", Facts, Always, Always),
    one("rage_clicks", Count, "Rage clicks", "Number of bursts of clicks on one element.", Signals, Always, Always),
    one("dead_clicks", Count, "Dead clicks", "Number of clicks without any effect.", Signals, Always, Always),
    one("error_clicks", Count, "Error clicks", "Number of clicks right before a script error.", Signals, Always, Sometimes),
    one("quick_backs", Count, "Quick backs", "Number of pages that were left at once for the page before.", Signals, Always, Always),
    one("excessive_scrolls", Count, "Excessive scrolling", "Number of times the visitor scrolled up and down in haste.", Signals, Always, Always),
    one("js_errors", Count, "Script errors", "Number of uncaught script errors.", Facts, Always, Sometimes),
    one("frustration", Number, "Frustration", "Score from 0 to 100 over all frustration signals.", Signals, Always, Always),
    one("lcp", Milliseconds, "Largest contentful paint", "Time until the largest content was painted, in ms, of the slowest page.", Facts, Sometimes, Archive),
    one("cls", Number, "Cumulative layout shift", "Sum of layout shifts, of the page that shifted most.", Facts, Sometimes, Archive),
    one("inp", Milliseconds, "Interaction to next paint", "Time until the page answered an interaction, in ms, of the slowest page.", Facts, Sometimes, Archive),
    many("page_duration", Seconds, "Page duration", "Seconds from the first to the last event of any page view.", Facts, Always, Always),
    many("hidden_duration", Seconds, "Hidden time", "Seconds in which any page view was hidden.", Facts, Sometimes, Archive),
    one("project", Text, "Project", "Name of the project that the session belongs to.", Facts, Always, Always),
    one("source", Enum, "Recorder", "Format of the recording.", Facts, Always, Always),
    one("format_version", Text, "Recorder version", "Version of the recorder.", Facts, Always, Sometimes),
    one("completeness", Percent, "Completeness", "Share of the page views' time that can be shown: with a picture of the page and outside gaps.", Facts, Always, Always),
    one("masked", Percent, "Masked text", "Share of the text's characters that the recorder replaced.", Facts, Sometimes, Sometimes),
    one("watched", YesNo, "Watched", "Somebody watched the session.", Notes, Always, Always),
    one("favorite", YesNo, "Favourite", "Somebody marked the session as a favourite.", Notes, Always, Always),
    one("rating", Number, "Rating", "Rating that somebody gave, 1 to 5.", Notes, Sometimes, Sometimes),
    many("label", Text, "Label", "Label that somebody gave the session.", Notes, Sometimes, Sometimes),
    many("note", Text, "Note", "Text of a note on the session.", Notes, Sometimes, Sometimes),
    one("viewport_width", Number, "Viewport width", "Width of the first page's viewport in CSS px.", Facts, Always, Always),
];

/// Fields that only recordings of shops carry (product data that the page published).
#[rustfmt::skip]
pub const PRODUCT_FIELDS: &[Field] = &[
    many("product_name", Text, "Product", "Name of a product that a page published.", Facts, Sometimes, Archive),
    many("product_brand", Text, "Product brand", "Brand of a product that a page published.", Facts, Sometimes, Archive),
    many("product_availability", Text, "Product availability", "Availability of a product that a page published.", Facts, Sometimes, Archive),
    many("product_price", Number, "Product price", "Price of a product that a page published, in whole units of its currency.", Facts, Sometimes, Archive),
    many("product_rating", Number, "Product rating", "Rating of a product that a page published.", Facts, Sometimes, Archive),
    many("product_ratings", Number, "Product ratings", "Number of ratings of a product that a page published.", Facts, Sometimes, Archive),
];

/// The field of that name, in any case; every `tag.…` is the field `tag.KEY`.
pub fn field(name: &str) -> Option<&'static Field> {
    if let Some(prefix) = name.get(..TAG_PREFIX.len())
        && prefix.eq_ignore_ascii_case(TAG_PREFIX)
        && name.len() > TAG_PREFIX.len()
    {
        return FIELDS.iter().find(|f| f.name == "tag.KEY");
    }
    FIELDS.iter().chain(PRODUCT_FIELDS).find(|f| f.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed list of the filter language's definition.
    const CLOSED: &str = "start day hour duration active_duration page_count click_count scroll_depth device browser os \
        language country state city channel referrer utm.source utm.medium utm.campaign utm.term utm.content has_utm \
        std.source std.medium std.campaign entry_page exit_page page title user user_type custom_user custom_session \
        event tag.KEY audience consent js_error click_error clicked_text entered_text selected_text resized rage_clicks \
        dead_clicks error_clicks quick_backs excessive_scrolls js_errors frustration lcp cls inp page_duration \
        hidden_duration project source format_version completeness masked watched favorite rating label note \
        viewport_width";

    #[test]
    fn is_the_closed_list() {
        let names: Vec<&str> = FIELDS.iter().map(|f| f.name).collect();
        assert_eq!(names, CLOSED.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn is_what_the_readme_lists() {
        let readme = include_str!("../../../../README.md");
        let (_, section) = readme.split_once("\nFields: ").expect("a list of fields");
        let (section, _) = section.split_once("\n## ").expect("an end of it");
        let told: Vec<&str> =
            section.split('`').skip(1).step_by(2).filter(|n| field(n).is_some_and(|f| f.name == *n)).collect();
        let known: Vec<&str> = FIELDS.iter().chain(PRODUCT_FIELDS).map(|f| f.name).collect();
        assert_eq!(told, known);
    }

    /// The table for people, printed from the list.
    fn table() -> String {
        let mut out = String::from(
            "# Fields\n\nPrinted from the one list of fields (`fields.rs`); a test fails when the two differ.\n\n\
             Whether a recording knows a field: **yes**; *some* when the site, the browser or the recorder's settings give \
             it; *list* only when an archive or list beside the recording says so. A field that is not known is empty, not \
             0 or no.\n\n\
             What rrweb's plain stream cannot tell: user agent, language and time zone (device is then inferred from \
             pointer and screen, and marked so), referrer, document height (so no scroll depth), script errors without \
             its console plugin, addresses of route changes inside one document (page views and visited pages stay those \
             of documents; a quick back is told by the screen that went and came back), web vitals. What Clarity cannot \
             tell: texts that it masks (clicked text then holds the masks), unhandled rejections, and typed values.\n\n\
             | field | meaning | kind | Clarity | rrweb |\n|---|---|---|---|---|\n",
        );
        let reach = |reach: Reach| match reach {
            Always => "yes",
            Sometimes => "*some*",
            Archive => "*list*",
        };
        for f in FIELDS.iter().chain(PRODUCT_FIELDS) {
            let several = if f.several { ", several" } else { "" };
            let (clarity, rrweb) = match f.maker {
                Maker::Notes => ("people", "people"),
                _ => (reach(f.clarity), reach(f.rrweb)),
            };
            out.push_str(&format!(
                "| `{}` | {} {} | {}{several} | {clarity} | {rrweb} |\n",
                f.name,
                f.label,
                format_args!("– {}", f.meaning),
                f.kind.name()
            ));
        }
        out
    }

    /// `DWELL_WRITE=1` writes the file instead of comparing it.
    #[test]
    fn is_what_the_table_for_people_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/facts/FIELDS.md");
        let printed = table();
        if std::env::var_os("DWELL_WRITE").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(kept, printed, "make types writes it anew");
    }

    #[test]
    fn is_complete_in_itself() {
        for f in FIELDS.iter().chain(PRODUCT_FIELDS) {
            assert!(!f.label.is_empty() && f.meaning.ends_with('.'), "{}", f.name);
            assert_eq!(f.kind == Enum, !f.words().is_empty(), "{}", f.name);
        }
    }

    #[test]
    fn finds_fields_in_any_case_and_any_tag() {
        assert_eq!(field("UTM.Source").map(|f| f.name), Some("utm.source"));
        assert_eq!(field("Tag.cart size").map(|f| f.name), Some("tag.KEY"));
        assert_eq!(field("tag."), None);
        assert_eq!(field("utm_source"), None);
        assert_eq!(field("täg"), None);
    }

    #[test]
    fn enums_know_other_spellings() {
        let words = field("device").map(Field::words).unwrap_or_default();
        assert!(words.iter().any(|w| w.word == "pc" && w.also.contains(&"desktop")));
        let words = field("day").map(Field::words).unwrap_or_default();
        assert_eq!(words.first().map(|w| (w.word, w.also.clone())), Some(("mon", vec!["monday"])));
    }
}
