//! Declares every command of the shell.
//!
//! The trap: without this list Tauri lets any page of a local origin call every command, whatever the capabilities say.

/// The same names as in `commands.rs`; `capabilities/main.json` grants them to the one window.
const COMMANDS: &[&str] = &[
    "add_page_files",
    "cancel_export",
    "cancel_import",
    "choose_paths",
    "choose_save",
    "count",
    "export_archive",
    "export_notes",
    "export_table",
    "facets",
    "fields",
    "filter_rows",
    "goals",
    "import",
    "import_notes",
    "insight",
    "label_many",
    "mark_watched",
    "open_demo",
    "open_project",
    "overview",
    "page_files",
    "place",
    "pointer_track",
    "project",
    "replay_seek",
    "replay_steps",
    "review",
    "review_change",
    "review_turn",
    "reviewer",
    "save_moment",
    "save_picture",
    "session",
    "sessions",
    "set_goal",
    "transcript",
];

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist");
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        // `cargo::error` shows the sentence alone, without a backtrace of the build script.
        println!("cargo::error={error:#}");
    }
}
