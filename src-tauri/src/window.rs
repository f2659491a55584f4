//! The one window: its size, and its colour before anything is painted.
//!
//! The trap: a web view is white until its first paint, which flashes on a dark desktop. So the window is built
//! hidden, coloured by the desktop's theme, and only then shown.

use std::path::Path;
use std::sync::Arc;

use tauri::window::Color;
use tauri::{App, Theme, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::walls::{self, Walls};

/// `--canvas` of the two themes in `ui/src/style/tokens.css`.
fn canvas(theme: Theme) -> Color {
    match theme {
        Theme::Dark => Color(0x0f, 0x12, 0x11, 0xff),
        _ => Color(0xf2, 0xf3, 0xf0, 0xff),
    }
}

/// Opens the window on the pages of `ui/dist`; web storage lives in `folder/webview`, the compiled content filter in
/// `folder/walls`.
pub(crate) fn open(app: &App, folder: &Path, walls: Arc<Walls>) -> tauri::Result<()> {
    let builder = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Dwell")
        .inner_size(1440.0, 900.0)
        .min_inner_size(720.0, 480.0)
        .prevent_overflow()
        .center()
        .visible(false)
        .background_color(canvas(Theme::Light))
        .data_directory(folder.join("webview"));
    let window = walls::around(builder).build()?;
    window.set_background_color(Some(canvas(window.theme()?)))?;
    walls::raise(&window, &folder.join("walls"), walls)?;
    #[cfg(target_os = "linux")]
    crate::stopped::come_back(&window)?;
    window.show()?;
    let shown = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::ThemeChanged(theme) = event {
            // Only a colour behind the page: nothing to tell anyone when it cannot be set.
            let _ = shown.set_background_color(Some(canvas(*theme)));
        }
    });
    Ok(())
}
