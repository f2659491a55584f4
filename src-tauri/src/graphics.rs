//! How WebKit paints where there is no graphics device.
//!
//! The trap: without a device WebKit puts its layers together with software OpenGL, which takes all processors and shows
//! four pictures a second of a playing page (measured under Xvfb on two processors: 4.3 a second, worst gap 346 ms; with
//! this switch 60 a second and 34 ms). WebKit reads the switch from the environment before anything of it runs, and a
//! program cannot change its own environment safely, so it starts itself anew. Changing the policy of a view that is
//! there already ends its process. The price: a page's `backdrop-filter` and its depth of 3D transforms do not show.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const SWITCH: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
/// The same for those who know WebKit's own name of it; set by hand, it is left alone.
const OTHER: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Starts this program anew with plain painting when there is no graphics device. Returns when there is nothing to do,
/// or when starting failed: then the window is only slow.
pub(crate) fn paint_plainly_without_a_device() {
    let set = |name: &str| std::env::var_os(name).is_some();
    if set(SWITCH) || set(OTHER) || has_device(Path::new("/dev/dri")) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let error = Command::new(program).args(std::env::args_os().skip(1)).env(SWITCH, "1").exec();
        eprintln!("dwell-window: starting anew failed ({error}); painting will be slow.");
    }
}

/// Lets letters keep the widths that their font gives them, as browsers do everywhere.
///
/// The trap: desktops that say nothing about hinting (and ones that ask for much of it) make WebKit round every letter to
/// whole pixels. Lines of a recorded page then break elsewhere than they broke for the visitor. Slight hinting moves
/// letters up and down only. Needs GTK to be up, and wants to come before the first page.
pub(crate) fn keep_widths_of_letters() {
    use gtk::prelude::GtkSettingsExt;
    if let Some(settings) = gtk::Settings::default() {
        settings.set_gtk_xft_hinting(1);
        settings.set_gtk_xft_hintstyle(Some("hintslight"));
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
