//! How WebKit paints where there is no graphics device.
//!
//! The trap: without a device WebKit hands pictures over through software OpenGL, which takes all processors and shows
//! two or three pictures a second of a playing page (measured under Xvfb: 2 of 12 moments differ, 1.9 processors busy;
//! with this switch 12 of 12 and 0.7). WebKit reads the switch from the environment before anything of it runs, and a
//! program cannot change its own environment safely, so it starts itself anew. Changing the policy of a view that is
//! there already ends its process.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Starts this program anew with plain painting when there is no graphics device. Returns when there is nothing to do,
/// or when starting failed: then the window is only slow.
pub(crate) fn paint_plainly_without_a_device() {
    let set = |name: &str| std::env::var_os(name).is_some();
    // A driven window (WebDriver) stops answering at its first screenshot with this switch.
    if set(SWITCH) || set("TAURI_WEBVIEW_AUTOMATION") || has_device(Path::new("/dev/dri")) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let error = Command::new(program).args(std::env::args_os().skip(1)).env(SWITCH, "1").exec();
        eprintln!("dwell-window: starting anew failed ({error}); painting will be slow.");
    }
}

fn has_device(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("renderD")))
    })
}

#[cfg(test)]
mod tests {
    use super::has_device;

    #[test]
    fn a_render_node_is_a_device() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!has_device(&folder.path().join("none")));
        assert!(!has_device(folder.path()));
        std::fs::write(folder.path().join("card0"), "").expect("a file");
        assert!(!has_device(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").expect("a file");
        assert!(has_device(folder.path()));
    }
}
