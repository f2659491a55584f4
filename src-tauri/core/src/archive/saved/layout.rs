//! Where the files of a folder came from.
//!
//! The trap: a folder tells hosts (`wget`), or only names (a saved page), or nothing. What is not known is not
//! made up: such a file keeps its path alone, under [`UNPLACED`], and is matched by its name.

use url::Url;

/// Scheme of files without an address: `unplaced://HOST/PATH`, HOST being the page's when it is known.
pub const UNPLACED: &str = "unplaced:";

/// Folders that browsers put beside a saved page; the ending depends on the browser's language.
const BESIDE: &[&str] =
    &["_files", "-files", ".files", "_Dateien", "-Dateien", "_fichiers", "_archivos", "_file", "_bestanden"];

#[derive(Debug, Default)]
pub(super) struct Layout {
    /// What the user said the folder is.
    pub(super) base: Option<Url>,
    /// The folder itself is named after a host.
    pub(super) host: Option<String>,
    /// Folders of saved pages, with `/` at the end, and the host of each page where its file says it.
    pub(super) pages: Vec<(String, Option<String>)>,
}

impl Layout {
    /// Finds saved pages among the names of a folder; `page_url` reads the head of a page.
    pub(super) fn of(names: &[String], mut page_url: impl FnMut(usize) -> Option<Url>) -> Layout {
        let mut pages: Vec<(String, Option<String>)> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let Some(stem) = page_stem(name) else { continue };
            let beside = BESIDE.iter().map(|end| format!("{stem}{end}/")).find(|folder| {
                let at = names.partition_point(|n| n.as_str() < folder.as_str());
                names.get(at).is_some_and(|n| n.starts_with(folder.as_str()))
            });
            if let Some(folder) = beside {
                let host = page_url(index).and_then(|u| u.host_str().map(str::to_owned));
                pages.push((folder, host));
            }
        }
        Layout { base: None, host: None, pages }
    }

    /// The address of a file, or its name under [`UNPLACED`].
    pub(super) fn url(&self, name: &str) -> String {
        if let Some(base) = &self.base {
            return with_path(base, name).map_or_else(|| unplaced("", name), String::from);
        }
        if let Some((folder, host)) = self.pages.iter().find(|(folder, _)| name.starts_with(folder.as_str())) {
            return unplaced(host.as_deref().unwrap_or(""), &name[folder.len()..]);
        }
        let (scheme, rest) = match name.split_once('/') {
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            _ => ("https", name),
        };
        if let Some((host, path)) = rest.split_once('/')
            && let Some(host) = as_host(host)
            && let Some(url) = Url::parse(&format!("{scheme}://{host}/")).ok().and_then(|u| with_path(&u, path))
        {
            return url.into();
        }
        if let Some(host) = &self.host
            && let Some(url) = Url::parse(&format!("https://{host}/")).ok().and_then(|u| with_path(&u, name))
        {
            return url.into();
        }
        unplaced("", name)
    }
}

/// Name of a page without its ending.
pub(super) fn page_stem(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    ["html", "htm", "xhtml", "shtml"].iter().any(|e| ending.eq_ignore_ascii_case(e)).then_some(stem)
}

/// Folders beside a page file of this name, without the `/`.
pub(super) fn beside(stem: &str) -> impl Iterator<Item = String> + '_ {
    BESIDE.iter().map(move |end| format!("{stem}{end}"))
}

/// A folder's name as a host, with its port: `shop.test`, `localhost:8080`, `shop.test+8080` (Windows).
pub(super) fn as_host(name: &str) -> Option<String> {
    const ENDINGS: &[&str] = &[
        "css", "js", "mjs", "html", "htm", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "woff", "woff2",
        "ttf", "otf", "json", "xml", "txt", "zip", "gz", "min", "files",
    ];
    let (host, port) = match name.rsplit_once([':', '+']) {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
        _ => (name, None),
    };
    let ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b >= 0x80)
    };
    let labels: Vec<&str> = host.split('.').collect();
    let last = labels.last()?.to_ascii_lowercase();
    let named = labels.len() >= 2 && last.len() >= 2 && !last.bytes().any(|b| b.is_ascii_digit());
    let numbered = labels.len() == 4 && labels.iter().all(|l| l.parse::<u8>().is_ok());
    let local = host == "localhost" || port.is_some();
    if !labels.iter().all(|l| ok(l)) || !(named || numbered || local) || (port.is_none() && ENDINGS.contains(&&*last)) {
        return None;
    }
    Some(match port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

fn unplaced(host: &str, path: &str) -> String {
    format!("{UNPLACED}//{host}/{}", path.trim_start_matches("./"))
}

/// The base's folder with a file's name behind it. Mirrors keep a query in the name (`a.css?v=1`, on Windows
/// `a.css@v=1`), and may put the ending behind it (`a.css?v=1.css`).
fn with_path(base: &Url, name: &str) -> Option<Url> {
    let mut name = name.trim_start_matches("./");
    if let Some((folder, file)) = name.rsplit_once('/').or(Some(("", name)))
        && file.eq_ignore_ascii_case("index.html")
    {
        name = &name[..folder.len() + usize::from(!folder.is_empty())];
    }
    let at_sign = || {
        let (file, query) = name.rsplit_once('/').map_or(name, |(_, f)| f).split_once('@')?;
        let plain = file.rsplit_once('.').is_some_and(|(_, e)| e.len() <= 5) && query.contains('=');
        plain.then(|| (&name[..name.len() - query.len() - 1], query))
    };
    let (path, mut query) = match name.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => at_sign().map_or((name, None), |(path, query)| (path, Some(query))),
    };
    if let (Some(q), Some((_, ending))) = (query, path.rsplit_once('.'))
        && let Some(bare) = q.strip_suffix(ending).and_then(|q| q.strip_suffix('.'))
    {
        query = Some(bare);
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    // A name may hold `%20` because the mirror wrote it so: what is encoded stays.
    let path = path.replace('#', "%23");
    url.set_path(&format!("{folder}/{path}"));
    url.set_query(query);
    Some(url)
}

/// The address in the comment that browsers write into a saved page, or its canonical one.
pub(super) fn page_address(head: &[u8]) -> Option<Url> {
    let text = String::from_utf8_lossy(head);
    let from_comment = text.split_once("saved from url=(").and_then(|(_, rest)| {
        // Addresses hold hyphens; the comment ends with two of them and a bracket.
        Some(rest.split_once(')')?.1.split("-->").next()?.trim().to_owned())
    });
    let from_canonical = || {
        let (_, rest) = text.split_once("rel=\"canonical\"")?;
        let tag = rest.split('>').next()?;
        Some(tag.split_once("href=\"")?.1.split('"').next()?.to_owned())
    };
    let url = Url::parse(&from_comment.or_else(from_canonical)?).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors() {
        let layout = Layout::default();
        for (name, url) in [
            ("shop.test/css/a.css", "https://shop.test/css/a.css"),
            ("http/shop.test/a b.css", "http://shop.test/a%20b.css"),
            ("shop.test/a.css?v=1", "https://shop.test/a.css?v=1"),
            ("shop.test/a.css?v=1.css", "https://shop.test/a.css?v=1"),
            ("shop.test/a.css@v=1", "https://shop.test/a.css?v=1"),
            ("shop.test/@scope/a.css", "https://shop.test/@scope/a.css"),
            ("shop.test/x/index.html", "https://shop.test/x/"),
            ("localhost:8080/a.css", "https://localhost:8080/a.css"),
            ("127.0.0.1+80/a.css", "https://127.0.0.1:80/a.css"),
            ("css/a.css", "unplaced:///css/a.css"),
            ("style.css", "unplaced:///style.css"),
            ("jquery.min/a.css", "unplaced:///jquery.min/a.css"),
        ] {
            assert_eq!(layout.url(name), url, "{name}");
        }
        let base = Layout { base: Url::parse("https://shop.test/static/").ok(), ..Layout::default() };
        assert_eq!(base.url("css/a.css"), "https://shop.test/static/css/a.css");
        let host = Layout { host: Some("shop.test".into()), ..Layout::default() };
        assert_eq!(host.url("css/a.css"), "https://shop.test/css/a.css");
    }

    #[test]
    fn saved_pages() {
        let names: Vec<String> = ["My shop.html", "My shop_files/a.css", "other.html"].map(String::from).to_vec();
        let layout = Layout::of(&names, |i| (i == 0).then(|| Url::parse("https://shop.test/p").ok())?);
        assert_eq!(layout.url("My shop_files/a.css"), "unplaced://shop.test/a.css");
        let head = b"<!DOCTYPE html>\n<!-- saved from url=(0031)https://shop.test/my-page?a=b-c -->\n<html>";
        assert_eq!(page_address(head).unwrap().as_str(), "https://shop.test/my-page?a=b-c");
        assert_eq!(
            page_address(b"<link rel=\"canonical\" href=\"https://shop.test/\">").unwrap().as_str(),
            "https://shop.test/"
        );
        assert!(page_address(b"<html>").is_none());
    }
}
