//! Which device, browser and system a visitor used, in the words of Clarity's lists.
//!
//! The trap: user agents lie in a fixed way. Chrome writes "Android 10; K" whatever the phone is, an iPad says
//! it is a Macintosh, every browser says it is Safari. The user agent decides, client hints fill in what it
//! leaves open, and where the two speak of different machines the user agent wins.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use super::bounds::{cut_at, said};

/// Bytes of a user agent that are looked at; real ones stay below 600.
const READ_BYTES: usize = 2 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Device {
    Mobile,
    Tablet,
    Pc,
    Other,
}

impl Device {
    /// The word of the field `device`.
    pub fn word(self) -> &'static str {
        match self {
            Device::Mobile => "mobile",
            Device::Tablet => "tablet",
            Device::Pc => "pc",
            Device::Other => "other",
        }
    }
}

/// What the browser said about itself beside its user agent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints<'a> {
    /// `Sec-CH-UA-Mobile`.
    pub mobile: Option<bool>,
    /// `Sec-CH-UA-Platform`, such as `macOS`.
    pub platform: Option<&'a str>,
    /// Brand names, with or without Clarity's `~version`.
    pub brands: Vec<&'a str>,
    /// `navigator.maxTouchPoints`.
    pub touch_points: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    pub device: Option<Device>,
    /// A word of Clarity's list of browsers.
    pub browser: Option<&'static str>,
    /// A word of Clarity's list of systems.
    pub os: Option<&'static str>,
}

#[derive(Deserialize)]
struct Words {
    browsers: BTreeMap<String, Vec<String>>,
    systems: BTreeMap<String, Vec<String>>,
    devices: BTreeMap<String, Vec<String>>,
    app_tokens: Vec<String>,
    coral_tokens: Vec<String>,
    bot_words: Vec<String>,
    not_bots: Vec<String>,
    other_device_words: Vec<String>,
    mobile_words: Vec<String>,
    tablet_words: Vec<String>,
    pc_words: Vec<String>,
}

struct Known {
    words: Words,
    /// Any known spelling in lower case to Clarity's word.
    browser: BTreeMap<String, String>,
    os: BTreeMap<String, String>,
    device: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Rules {
    user_agent_parsers: Vec<ua_parser::user_agent::Parser<'static>>,
    os_parsers: Vec<ua_parser::os::Parser<'static>>,
}

struct Parser {
    browser: ua_parser::user_agent::Extractor<'static>,
    os: ua_parser::os::Extractor<'static>,
}

fn spellings(families: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    families
        .iter()
        .flat_map(|(word, names)| names.iter().map(move |name| (name.to_lowercase(), word.clone())))
        .collect()
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let words: Words =
        serde_json::from_str(include_str!("data/agents.json")).expect("a test reads the compiled-in agents.json");
    Known {
        browser: spellings(&words.browsers),
        os: spellings(&words.systems),
        device: spellings(&words.devices),
        words,
    }
});

static PARSER: LazyLock<Parser> = LazyLock::new(|| {
    const READ_BY_TEST: &str = "a test compiles the compiled-in user-agents.json";
    let rules: Rules = serde_json::from_str(include_str!("data/user-agents.json")).expect(READ_BY_TEST);
    let browser = ua_parser::user_agent::Builder::new().push_all(rules.user_agent_parsers).expect(READ_BY_TEST);
    let os = ua_parser::os::Builder::new().push_all(rules.os_parsers).expect(READ_BY_TEST);
    Parser { browser: browser.build().expect(READ_BY_TEST), os: os.build().expect(READ_BY_TEST) }
});

fn has(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| text.contains(word.as_str()))
}

fn known_browser(name: &str) -> Option<&'static str> {
    KNOWN.browser.get(&name.to_lowercase()).map(String::as_str)
}

fn known_os(name: &str) -> Option<&'static str> {
    KNOWN.os.get(&name.to_lowercase()).map(String::as_str)
}

/// `bot` at the end of a word, or a name of the list.
fn is_bot(lower: &str) -> bool {
    if has(lower, &KNOWN.words.bot_words) {
        return true;
    }
    let text = KNOWN.words.not_bots.iter().fold(lower.to_owned(), |text, word| text.replace(word.as_str(), ""));
    text.match_indices("bot").any(|(at, _)| !text[at + 3..].starts_with(|c: char| c.is_ascii_lowercase()))
}

fn browser_of(ua: &str, lower: &str) -> &'static str {
    let words = &KNOWN.words;
    if lower.contains("headlesschrome") || lower.contains("phantomjs") {
        return "Headless";
    }
    if is_bot(lower) {
        return "Bot";
    }
    if has(ua, &words.coral_tokens) {
        return "CoralWebView";
    }
    if has(ua, &words.app_tokens) {
        return "MobileApp";
    }
    PARSER.browser.extract(ua).and_then(|found| known_browser(&found.family)).unwrap_or("Other")
}

/// A Macintosh with a touch screen is an iPad that asks for desktop pages. Chrome and Firefox for the desktop
/// name themselves, so that an emulated phone on a Mac is not taken for one.
fn is_disguised_ipad(ua: &str, hints: &Hints<'_>) -> bool {
    ua.contains("Macintosh")
        && ua.contains("AppleWebKit")
        && !ua.contains("Chrome/")
        && hints.touch_points.is_some_and(|n| n > 1.0)
}

fn device_of(lower: &str) -> Option<Device> {
    let words = &KNOWN.words;
    if has(lower, &words.other_device_words) {
        return Some(Device::Other);
    }
    // Windows Phone and Kindle say Android too.
    if lower.contains("windows phone") || lower.contains("iemobile") {
        return Some(Device::Mobile);
    }
    if lower.contains("ipad") {
        return Some(Device::Tablet);
    }
    if lower.contains("android") {
        return Some(if lower.contains("mobile") || lower.contains("opera mini") {
            Device::Mobile
        } else {
            Device::Tablet
        });
    }
    // A Windows PC with a pen says "Tablet PC".
    if lower.contains("windows nt") {
        return Some(Device::Pc);
    }
    if has(lower, &words.tablet_words) {
        return Some(Device::Tablet);
    }
    if has(lower, &words.mobile_words) {
        return Some(Device::Mobile);
    }
    has(lower, &words.pc_words).then_some(Device::Pc)
}

fn brand_name(brand: &str) -> &str {
    brand.split('~').next().unwrap_or(brand).trim()
}

/// A browser that hides behind Chrome's user agent and names itself in its brands.
fn browser_of_brands(brands: &[&str]) -> Option<&'static str> {
    let named: Vec<&'static str> = brands.iter().take(32).filter_map(|b| known_browser(brand_name(b))).collect();
    named.iter().copied().find(|name| *name != "Chrome").or_else(|| named.first().copied())
}

fn device_of_hints(hints: &Hints<'_>, os: Option<&str>) -> Option<Device> {
    match (hints.mobile, os) {
        (Some(true), _) => Some(Device::Mobile),
        (Some(false), Some("Android")) => Some(Device::Tablet),
        (Some(false), Some("Windows" | "MacOS" | "Linux" | "ChromeOS")) => Some(Device::Pc),
        _ => None,
    }
}

/// What a user agent says by itself.
#[derive(Debug, Clone, Copy)]
struct Named {
    browser: &'static str,
    /// `None` when it does not say.
    os: Option<&'static str>,
    device: Option<Device>,
}

impl Named {
    fn read(ua: &str) -> Named {
        let lower = ua.to_lowercase();
        let found = PARSER.os.extract(ua);
        let os = match found.as_ref().map(|found| found.os.as_ref()) {
            None | Some("Other") => None,
            Some(name) => known_os(name).or(Some("Other")),
        };
        Named { browser: browser_of(ua, &lower), os, device: device_of(&lower) }
    }

    /// Reading takes hundreds of expressions, and most visitors of a site share a few user agents.
    fn of(ua: &str) -> Named {
        const KEPT: usize = 512;
        const LONGEST: usize = 512;
        thread_local! {
            static READ: RefCell<HashMap<Box<str>, Named>> = RefCell::new(HashMap::new());
        }
        if ua.len() > LONGEST {
            return Named::read(ua);
        }
        READ.with_borrow_mut(|read| {
            if let Some(named) = read.get(ua) {
                return *named;
            }
            if read.len() >= KEPT {
                read.clear();
            }
            let named = Named::read(ua);
            read.insert(ua.into(), named);
            named
        })
    }
}

/// Device, browser and system as far as the user agent and the hints tell.
pub fn identify(user_agent: Option<&str>, hints: &Hints<'_>) -> Agent {
    let platform = hints.platform.and_then(|p| known_os(p.trim()));
    let Some(ua) = user_agent.map(|ua| cut_at(ua.trim(), READ_BYTES)).filter(|ua| !ua.is_empty()) else {
        return Agent {
            device: device_of_hints(hints, platform),
            browser: browser_of_brands(&hints.brands),
            os: platform,
        };
    };
    let named = Named::of(ua);
    let mut browser = named.browser;
    if browser == "Chrome"
        && let Some(brand) = browser_of_brands(&hints.brands)
    {
        browser = brand;
    }
    if is_disguised_ipad(ua, hints) {
        return Agent { device: Some(Device::Tablet), browser: Some(browser), os: Some("iOS") };
    }
    let os = named.os.or(platform);
    let device = named.device.or_else(|| if browser == "Bot" { None } else { device_of_hints(hints, os) });
    Agent { device: device.or(Some(Device::Other)), browser: Some(browser), os: os.or(Some("Other")) }
}

fn word(known: &BTreeMap<String, String>, text: &str) -> Option<String> {
    let text = said(text)?;
    Some(known.get(&text.to_lowercase()).cloned().unwrap_or(text))
}

/// An archive's word for a device as the field writes it (`Desktop` is `pc`); unknown words are `other`.
pub fn device_word(text: &str) -> Option<String> {
    let text = said(text)?;
    Some(KNOWN.device.get(&text.to_lowercase()).cloned().unwrap_or_else(|| Device::Other.word().to_owned()))
}

/// An archive's word for a browser as the field writes it; an unknown one stays as written.
pub fn browser_word(text: &str) -> Option<String> {
    word(&KNOWN.browser, text)
}

/// An archive's word for a system as the field writes it (`iPadOS` is `iOS`); an unknown one stays as written.
pub fn os_word(text: &str) -> Option<String> {
    word(&KNOWN.os, text)
}

/// Other spellings of a word of a list, for filters: (`pc`, [`desktop`, …]).
pub(super) fn other_spellings(list: &str) -> impl Iterator<Item = (&'static str, &'static [String])> {
    let families = match list {
        "device" => &KNOWN.words.devices,
        "browser" => &KNOWN.words.browsers,
        _ => &KNOWN.words.systems,
    };
    families.iter().map(|(word, names)| (word.as_str(), names.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User agent, device, browser, system.
    const TABLE: &[(&str, &str, &str, &str)] = &[
        // Those of the corpus and of its amplifier.
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "pc",
            "Chrome",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "pc",
            "Edge",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "pc",
            "Chrome",
            "MacOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "mobile",
            "Safari",
            "iOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "pc", "Firefox", "Linux"),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "tablet",
            "Safari",
            "iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
            "mobile",
            "Chrome",
            "Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "pc",
            "Safari",
            "MacOS",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36 Edg/118.0.0.0",
            "pc",
            "Edge",
            "Windows",
        ),
        // Phones and tablets.
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "tablet",
            "Chrome",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
            "mobile",
            "Samsung",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Safari/537.36",
            "tablet",
            "Samsung",
            "Android",
        ),
        ("Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0", "mobile", "Firefox", "Android"),
        ("Mozilla/5.0 (Android 14; Tablet; rv:131.0) Gecko/131.0 Firefox/131.0", "tablet", "Firefox", "Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/129.0.6668.46 Mobile/15E148 Safari/604.1",
            "mobile",
            "Chrome",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/131.0 Mobile/15E148 Safari/605.1.15",
            "mobile",
            "Firefox",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/129.0.2792.84 Mobile/15E148 Safari/605.1.15",
            "mobile",
            "Edge",
            "iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36 EdgA/129.0.0.0",
            "mobile",
            "Edge",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36 OPR/85.0.0.0",
            "mobile",
            "Opera",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; U; Android 10; en-US; SM-A505F) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.8.2.1324 Mobile Safari/537.36",
            "mobile",
            "UCBrowser",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 12; M2101K6G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 YaBrowser/24.7.0.92.00 SA/3 Mobile Safari/537.36",
            "mobile",
            "YandexBrowser",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; U; Android 12; zh-cn; M2102J2SC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.127 Mobile Safari/537.36 XiaoMi/MiuiBrowser/17.5.50",
            "mobile",
            "MiuiBrowser",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; U; Android 12; zh-cn; V2055A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/98.0.4758.102 MQQBrowser/13.6 Mobile Safari/537.36",
            "mobile",
            "QQBrowser",
            "Android",
        ),
        (
            "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16",
            "mobile",
            "OperaMini",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36",
            "mobile",
            "Chrome",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/122.4.1 like Chrome/122.0.6261.119 Safari/537.36",
            "tablet",
            "Other",
            "Android",
        ),
        (
            "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.14977",
            "mobile",
            "Edge",
            "WindowsMobile",
        ),
        (
            "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+",
            "mobile",
            "Other",
            "BlackBerry",
        ),
        // Apps' own browsers.
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/470.0.0.39.108;FBBV/618263461;FBDV/iPhone13,2]",
            "mobile",
            "MobileApp",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 335.1.8.26.85 (iPhone13,2; iOS 17_5; de_DE; de; scale=3.00; 1170x2532; 614065314)",
            "mobile",
            "MobileApp",
            "iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-G991B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/127.0.6533.103 Mobile Safari/537.36",
            "mobile",
            "MobileApp",
            "Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/322.0.645882190 Mobile/15E148 Safari/604.1",
            "mobile",
            "MobileApp",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            "mobile",
            "MobileApp",
            "iOS",
        ),
        // Desktops.
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
            "pc",
            "Chrome",
            "ChromeOS",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
            "pc",
            "Chrome",
            "Linux",
        ),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "pc", "Firefox", "Linux"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "pc", "IE", "Windows"),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)", "pc", "IE", "Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
            "pc",
            "Edge",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36 OPR/114.0.0.0",
            "pc",
            "Opera",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 YaBrowser/24.7.0.0 Safari/537.36",
            "pc",
            "YandexBrowser",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.71 Safari/537.36 Core/1.94.201.400 QQBrowser/11.9.5325.400",
            "pc",
            "QQBrowser",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/58.0.3029.110 Safari/537.36 SE 2.X MetaSr 1.0",
            "pc",
            "Sogou",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
            "pc",
            "Firefox",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36 Vivaldi/6.8.3381.53",
            "pc",
            "Other",
            "Windows",
        ),
        // Machines.
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/129.0.0.0 Safari/537.36",
            "pc",
            "Headless",
            "Linux",
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "other", "Bot", "Other"),
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.6668.89 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "mobile",
            "Bot",
            "Android",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
            "other",
            "Bot",
            "Other",
        ),
        (
            "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) 85.0.4183.93/6.5 TV Safari/537.36",
            "other",
            "Safari",
            "Other",
        ),
        (
            "Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
            "other",
            "Safari",
            "Other",
        ),
        ("something else", "other", "Other", "Other"),
    ];

    #[test]
    fn names_the_agents_of_the_table() {
        let wrong: Vec<String> = TABLE
            .iter()
            .filter_map(|(ua, device, browser, os)| {
                let a = identify(Some(ua), &Hints::default());
                let got = (a.device.map_or("-", Device::word), a.browser.unwrap_or("-"), a.os.unwrap_or("-"));
                (got != (*device, *browser, *os)).then(|| format!("{got:?} for {ua}"))
            })
            .collect();
        assert!(TABLE.len() >= 40);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn hints_fill_in_what_the_user_agent_leaves_open() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15";
        let touch = Hints { touch_points: Some(5.0), ..Hints::default() };
        let a = identify(Some(mac), &touch);
        assert_eq!((a.device, a.browser, a.os), (Some(Device::Tablet), Some("Safari"), Some("iOS")));

        let chrome = TABLE[0].0;
        let brands = Hints { brands: vec!["Not:A-Brand~8", "Chromium~141", "Microsoft Edge~141"], ..Hints::default() };
        assert_eq!(identify(Some(chrome), &brands).browser, Some("Edge"));

        let alone = Hints {
            mobile: Some(true),
            platform: Some("Android"),
            brands: vec!["Google Chrome~141"],
            touch_points: None,
        };
        let a = identify(None, &alone);
        assert_eq!((a.device, a.browser, a.os), (Some(Device::Mobile), Some("Chrome"), Some("Android")));
        let tablet = Hints { mobile: Some(false), platform: Some("Android"), ..Hints::default() };
        assert_eq!(identify(Some(""), &tablet).device, Some(Device::Tablet));
        assert_eq!(identify(None, &Hints::default()), Agent::default());
    }

    #[test]
    fn the_user_agent_wins_where_hints_speak_of_another_machine() {
        let iphone = TABLE[3].0;
        let hints = Hints {
            mobile: Some(false),
            platform: Some("Windows"),
            brands: vec!["Chromium~156", "Microsoft Edge~156"],
            touch_points: Some(0.0),
        };
        let a = identify(Some(iphone), &hints);
        assert_eq!((a.device, a.browser, a.os), (Some(Device::Mobile), Some("Safari"), Some("iOS")));
        // An emulated screen with touch does not make Chrome on a Mac an iPad.
        let touch = Hints { touch_points: Some(10.0), ..Hints::default() };
        assert_eq!(identify(Some(TABLE[2].0), &touch).device, Some(Device::Pc));
    }

    #[test]
    fn archives_words_become_the_fields_words() {
        for (text, want) in
            [("Desktop", "pc"), ("PC", "pc"), ("mobile", "mobile"), ("Tablet", "tablet"), ("fridge", "other")]
        {
            assert_eq!(device_word(text).as_deref(), Some(want));
        }
        for (text, want) in [("macOS", "MacOS"), ("iPadOS", "iOS"), ("windows", "Windows"), ("Plan 9", "Plan 9")] {
            assert_eq!(os_word(text).as_deref(), Some(want));
        }
        for (text, want) in [("chrome", "Chrome"), ("Samsung Internet", "Samsung"), ("Mosaic", "Mosaic")] {
            assert_eq!(browser_word(text).as_deref(), Some(want));
        }
        assert_eq!(device_word("  "), None);
    }

    #[test]
    fn a_huge_user_agent_is_read_in_part() {
        let huge = format!("{} {}", TABLE[0].0, "x".repeat(20_000_000));
        assert_eq!(identify(Some(&huge), &Hints::default()).browser, Some("Chrome"));
    }

    #[test]
    fn no_spelling_means_two_things() {
        for families in [&KNOWN.words.browsers, &KNOWN.words.systems, &KNOWN.words.devices] {
            let all: usize = families.values().map(Vec::len).sum();
            assert_eq!(all, {
                let mut seen = std::collections::BTreeMap::new();
                for (word, names) in families {
                    for name in names {
                        if let Some(other) = seen.insert(name.to_lowercase(), word) {
                            assert_eq!(other, word, "{name}");
                        }
                    }
                }
                all
            });
        }
    }
}
