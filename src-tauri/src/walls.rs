//! The walls around the whole web view: what a recording could still reach if sanitiser, sandbox and CSP all failed.
//!
//! The trap: each wall has holes that only the others close (links and pings, preconnect, name look-ups), and the
//! content filter is raised asynchronously, 150 to 400 ms after the window. Together they were measured on WebKitGTK
//! to let nothing out; on Windows and macOS the same calls are made, without the content filter, and nobody measured.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use dwell_core::error::ErrorReport;
use tauri::webview::NewWindowResponse;
use tauri::{Manager, Runtime, Url, WebviewWindow, WebviewWindowBuilder};

/// Discard service: nothing listens there, so whatever still finds its way to a network ends here.
const DEAD_PROXY: &str = "http://127.0.0.1:9";

/// Longest time that a command waits for the content filter; raising it took under 0.4 s on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where any frame of the web view may navigate to. WebKitGTK asks for every frame, not just the top one.
pub(crate) fn may_navigate(url: &Url) -> bool {
    match url.scheme() {
        "about" => matches!(url.path(), "blank" | "srcdoc"),
        // The pages of ui/dist; Windows cannot register a scheme of its own and serves them from this host.
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" if cfg!(windows) => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// The walls that are set while the window is built.
pub(crate) fn around<'a, R: Runtime, M: Manager<R>>(
    builder: WebviewWindowBuilder<'a, R, M>,
) -> WebviewWindowBuilder<'a, R, M> {
    let builder =
        builder.on_navigation(may_navigate).on_new_window(|_, _| NewWindowResponse::Deny).on_download(|_, _| false);
    // On macOS this takes effect from version 14.
    let builder = match DEAD_PROXY.parse() {
        Ok(proxy) => builder.proxy_url(proxy),
        Err(_) => unreachable!("{DEAD_PROXY} is a URL"),
    };
    #[cfg(windows)]
    let builder = builder.additional_browser_args(
        "--disable-features=msWebOOUI,msPdfOOUI,msSmartScreenProtection --dns-prefetch-disable --disable-background-networking",
    );
    builder
}

/// The walls that need the living web view. Ends before the content filter is on: [`Walls::wait`] tells.
#[cfg(target_os = "linux")]
pub(crate) fn raise<R: Runtime>(window: &WebviewWindow<R>, folder: &Path, walls: Arc<Walls>) -> tauri::Result<()> {
    use webkit2gtk::{SettingsExt, WebViewExt};
    let folder = folder.to_owned();
    window.with_webview(move |platform| {
        let view = platform.inner();
        let (Some(settings), Some(content)) = (WebViewExt::settings(&view), view.user_content_manager()) else {
            walls.settle(Err("the web view has no settings".to_owned()));
            return;
        };
        settings.set_enable_dns_prefetching(false);
        settings.set_media_playback_requires_user_gesture(true);
        settings.set_enable_media_stream(false);
        settings.set_enable_webrtc(false);
        settings.set_enable_encrypted_media(false);
        settings.set_enable_html5_database(false);
        settings.set_enable_page_cache(false);
        crate::defaults::install(&content, &settings);
        if let Err(error) = std::fs::create_dir_all(&folder) {
            walls.settle(Err(format!("{} cannot be made: {error}", folder.display())));
            return;
        }
        crate::content_filter::install(&content, &folder, Box::new(move |outcome| walls.settle(outcome)));
    })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn raise<R: Runtime>(_window: &WebviewWindow<R>, _folder: &Path, walls: Arc<Walls>) -> tauri::Result<()> {
    walls.settle(Ok(()));
    Ok(())
}

/// Whether the last wall stands. Commands that hand out anything of a recording's page wait for it.
#[derive(Default)]
pub(crate) struct Walls {
    outcome: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

impl Walls {
    pub(crate) fn settle(&self, outcome: Result<(), String>) {
        // A poisoned lock still guards a whole value: it is only ever replaced.
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.changed.notify_all();
    }

    /// Blocks until every wall stands: never on the main thread, which raises them.
    ///
    /// # Errors
    /// `walls_missing` when the content filter could not be raised: then no recording is shown at all.
    pub(crate) fn wait(&self) -> Result<(), ErrorReport> {
        self.wait_for(PATIENCE)
    }

    fn wait_for(&self, patience: Duration) -> Result<(), ErrorReport> {
        let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, _) = self
            .changed
            .wait_timeout_while(outcome, patience, |outcome| outcome.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let reason = match outcome.as_ref() {
            Some(Ok(())) => return Ok(()),
            Some(Err(reason)) => reason.as_str(),
            None => "it took too long",
        };
        Err(ErrorReport::new(
            "walls_missing",
            format!(
                "Recordings are not shown, because the filter that keeps them offline could not be set up: {reason}."
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_nowhere_but_home() {
        let go = |url: &str| may_navigate(&url.parse().expect("a URL"));
        for home in ["tauri://localhost/", "tauri://localhost/index.html#x", "about:blank", "about:srcdoc"] {
            assert!(go(home), "{home}");
        }
        for away in [
            "http://example.com/",
            "https://tauri.localhost.example/",
            "https://localhost/",
            "tauri://example/",
            "data:text/html,x",
            "javascript:1",
            "file:///etc/passwd",
            "replay-asset://localhost/abc",
            "mailto:a@b.example",
            "blob:tauri://localhost/1",
            "about:config",
        ] {
            assert!(!go(away), "{away}");
        }
    }

    #[test]
    fn waiting_ends_with_the_outcome() {
        let walls = Arc::new(Walls::default());
        assert_eq!(walls.wait_for(Duration::from_millis(1)).map_err(|e| e.code), Err("walls_missing"));
        let waiting = std::thread::spawn({
            let walls = walls.clone();
            move || walls.wait_for(Duration::from_secs(10)).is_ok()
        });
        walls.settle(Ok(()));
        assert!(waiting.join().expect("the waiting thread ends"));
        walls.settle(Err("no room".to_owned()));
        let refused = walls.wait_for(Duration::from_secs(10)).expect_err("a failed wall refuses");
        assert!(refused.message.contains("no room"), "{}", refused.message);
    }
}
