//! What happens when the process that draws the page ends: it is started again, and the page is told.
//!
//! The trap: WebKit keeps the window and leaves it empty. And a page that stops whenever it shows a certain recording
//! must not be brought back to it for ever: see [`again`].

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How the page begins when its process is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Where the person was.
    Where,
    /// With the list: what was on screen may be what ended the process.
    List,
    /// Not at all: it ends again and again, whatever it shows.
    Never,
}

const SOON: Duration = Duration::from_secs(60);

/// How to begin after one more end at `now`; `ends` are those before, which it joins.
fn again(ends: &mut VecDeque<Instant>, now: Instant) -> Begin {
    ends.retain(|then| now.saturating_duration_since(*then) < SOON);
    ends.push_back(now);
    match ends.len() {
        1 => Begin::Where,
        2 | 3 => Begin::List,
        _ => Begin::Never,
    }
}

/// Starts the page anew whenever its process ends.
pub(crate) fn come_back<R: tauri::Runtime>(window: &tauri::WebviewWindow<R>) -> tauri::Result<()> {
    use std::cell::RefCell;

    use tauri_plugin_dialog::DialogExt;
    use webkit2gtk::WebViewExt;

    let shown = window.clone();
    window.with_webview(move |platform| {
        let view = platform.inner();
        let ends = RefCell::new(VecDeque::new());
        view.connect_web_process_terminated(move |view, _| {
            let address = view.uri().map(|uri| uri.split('#').next().unwrap_or_default().to_owned());
            let address = address.filter(|uri| uri.starts_with("tauri://")).unwrap_or("tauri://localhost/".to_owned());
            match again(&mut ends.borrow_mut(), Instant::now()) {
                Begin::Where => view.load_uri(&format!("{address}#stopped")),
                Begin::List => view.load_uri(&format!("{address}#stopped-again")),
                Begin::Never => {
                    let message = "The part of Dwell that draws pages ends again and again. Nothing that you noted is \
                                   lost. Please close Dwell and start it anew.";
                    shown.dialog().message(message).title("Dwell").show(|_| {});
                }
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_end_goes_back_and_many_give_up() {
        let mut ends = VecDeque::new();
        let start = Instant::now();
        let mut at = |seconds| again(&mut ends, start + Duration::from_secs(seconds));
        assert_eq!([at(0), at(10), at(20), at(30)], [Begin::Where, Begin::List, Begin::List, Begin::Never]);
        assert_eq!([at(95), at(100)], [Begin::Where, Begin::List]);
    }
}
