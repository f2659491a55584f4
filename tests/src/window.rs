//! The real app on a display of its own, driven through WebKitWebDriver.
//!
//! The trap: without layers put together by a graphics device the driver waits with a screenshot until something is
//! painted, so a driven window repaints one pixel again and again (`ui/src/main.ts`). And listeners inside a frame
//! without scripts never fire in WebKit: what happens in the recorded page is read from outside.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::display::Display;
use crate::leash::Leash;
use crate::picture::Picture;

/// Longest time that anything on screen may take, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The browser that is driven: the app, or a plain WebKit without any of our walls as a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    App,
    Plain,
}

pub struct Window {
    pub client: Client,
    /// The app's data folder, gone with the window unless it was given.
    pub data: PathBuf,
    /// When the driver was asked to start the app; display and driver stood by then.
    pub launched: Instant,
    _driver: Leash,
    _display: Display,
    _home: TempDir,
}

/// The app that `cargo build` made: `DWELL_WINDOW`, or beside this test's own program.
///
/// # Panics
/// When there is none: `cargo build --workspace --bins --tests` makes it.
pub fn app() -> PathBuf {
    let beside = || {
        let own = env::current_exe().ok()?;
        Some(own.parent()?.parent()?.join("dwell-window"))
    };
    let app = env::var_os("DWELL_WINDOW").map(PathBuf::from).or_else(beside).unwrap_or_default();
    assert!(app.is_file(), "{} is missing: run `make build` first", app.display());
    app
}

fn plain_webkit() -> Option<PathBuf> {
    let libraries = fs::read_dir("/usr/lib").ok()?.flatten();
    let mut found =
        libraries.map(|entry| entry.path().join("webkit2gtk-4.1/MiniBrowser")).filter(|path| path.is_file());
    found.next()
}

impl Window {
    /// The app with an empty data folder.
    pub async fn open() -> Window {
        Window::start(Browser::App, None).await.expect("the app is there")
    }

    /// The app with this data folder, which stays.
    pub async fn open_on(data: &Path) -> Window {
        Window::start(Browser::App, Some(data)).await.expect("the app is there")
    }

    /// A WebKit without walls; none where the system has none.
    pub async fn open_plain() -> Option<Window> {
        Window::start(Browser::Plain, None).await
    }

    async fn start(browser: Browser, data: Option<&Path>) -> Option<Window> {
        let (binary, args) = match browser {
            Browser::App => (app(), json!([])),
            Browser::Plain => (plain_webkit()?, json!(["--automation"])),
        };
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let data = data.map_or_else(|| home.path().join("dwell"), Path::to_owned);
        let display = Display::open(home.path());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port();
        let log = File::create(home.path().join("driver.log")).expect("the folder of logs can be written");
        let driver = Leash::start("WebKitWebDriver", &[&format!("--port={port}")], |command| {
            command
                .env("DISPLAY", &display.name)
                .env("GDK_BACKEND", "x11")
                .env("LIBGL_ALWAYS_SOFTWARE", "1")
                .env("NO_AT_BRIDGE", "1")
                .env("GTK_A11Y", "none")
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .env("DWELL_DATA", &data)
                .env("HOME", home.path())
                .env("XDG_DATA_HOME", home.path().join("data"))
                .env("XDG_CACHE_HOME", home.path().join("cache"))
                .env("XDG_CONFIG_HOME", home.path().join("config"));
            // The window decides itself how it paints.
            for set_elsewhere in
                ["WEBKIT_DISABLE_DMABUF_RENDERER", "WEBKIT_DISABLE_COMPOSITING_MODE", "WAYLAND_DISPLAY"]
            {
                command.env_remove(set_elsewhere);
            }
            command.stdout(Stdio::null()).stderr(log);
        })
        .expect("sh starts");
        let started = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let log = || fs::read_to_string(home.path().join("driver.log")).unwrap_or_default();
            assert!(started.elapsed() < PATIENCE, "WebKitWebDriver did not start. Is it installed? {}", log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut capabilities = Map::new();
        capabilities.insert("webkitgtk:browserOptions".to_owned(), json!({"binary": binary, "args": args}));
        let launched = Instant::now();
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let session =
            ClientBuilder::new(connector).capabilities(capabilities).connect(&format!("http://127.0.0.1:{port}")).await;
        let client = session.unwrap_or_else(|error| {
            let log = fs::read_to_string(home.path().join("driver.log")).unwrap_or_default();
            panic!("{} did not open: {error}\n{log}", binary.display())
        });
        Some(Window { client, data, launched, _driver: driver, _display: display, _home: home })
    }

    /// Runs the body of a function in the app's page and hands back what it returns.
    pub async fn js(&self, body: &str, args: Vec<Value>) -> Value {
        self.client.execute(body, args).await.unwrap_or_else(|error| panic!("{body}\n{error}"))
    }

    /// Runs `body` until it returns something true, and hands that back.
    pub async fn until(&self, what: &str, body: &str) -> Value {
        let started = Instant::now();
        loop {
            let value = self.js(body, Vec::new()).await;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if started.elapsed() > PATIENCE {
                let page = self.js("return document.body.innerText.slice(0, 2000)", Vec::new()).await;
                panic!("{what}: not within {PATIENCE:?}. The window shows:\n{}", page.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The element with this test id, once it is there.
    pub async fn part(&self, id: &str) -> fantoccini::elements::Element {
        let css = format!("[data-testid=\"{id}\"]");
        match self.client.wait().at_most(PATIENCE).for_element(Locator::Css(&css)).await {
            Ok(part) => part,
            Err(error) => {
                let page = self.js("return document.body.innerText.slice(0, 2000)", Vec::new()).await;
                panic!("there is no {id}: {error}. The window shows:\n{}", page.as_str().unwrap_or_default())
            }
        }
    }

    pub async fn click(&self, id: &str) {
        self.part(id).await.click().await.unwrap_or_else(|error| panic!("{id} cannot be clicked: {error}"));
    }

    /// Takes a file in under Archive, as a person does who types its path, and opens the first session of it.
    pub async fn import(&self, path: &Path) {
        self.until("the rooms", "return document.querySelectorAll('nav.rail button').length > 1").await;
        let press = |text: &str, within: &str| {
            format!("[...document.querySelectorAll('{within}')].find((b) => b.textContent.includes('{text}'))?.click()")
        };
        self.js(&press("Archive", "nav.rail button"), vec![]).await;
        // After an import its summary stands where the field was.
        self.js(&press("Import more", "button"), vec![]).await;
        let field = self.part("import-path").await;
        field.clear().await.expect("the path can be cleared");
        field.send_keys(&path.to_string_lossy()).await.expect("the path is typed");
        self.click("import-button").await;
        self.click("open-first").await;
    }

    pub async fn picture(&self) -> Picture {
        let png = self.client.screenshot().await.expect("the driver takes pictures");
        if let Some(folder) = env::var_os("DWELL_PICTURES") {
            let name = std::thread::current().name().unwrap_or("window").replace("::", "-");
            fs::write(Path::new(&folder).join(format!("{name}.png")), &png).expect("DWELL_PICTURES can be written");
        }
        Picture::decode(&png)
    }

    pub async fn close(self) {
        // A session that will not end is ended by the leash.
        let _ = self.client.close().await;
    }
}
