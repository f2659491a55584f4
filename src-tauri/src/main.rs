//! The window of Dwell.
//!
//! The trap: a recording is hostile input, and on Linux a script in any frame could reach the commands. So nothing
//! of a recording leaves this process before the walls of [`walls`] stand; see [`commands`].

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod assets;
mod commands;
#[cfg(target_os = "linux")]
mod content_filter;
#[cfg(target_os = "linux")]
mod defaults;
#[cfg(target_os = "linux")]
mod graphics;
mod picture;
mod projects;
#[cfg(target_os = "linux")]
mod stopped;
mod walls;
mod window;

use std::process::ExitCode;
use std::sync::Arc;

use tauri::Manager;

/// Decoding is made of small allocations in many threads; the system's allocator takes a seventh of an import.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let demo = match std::env::args_os().nth(1) {
        None => false,
        Some(flag) if flag == "--demo" => true,
        Some(other) => {
            eprintln!(
                "dwell-window: unknown argument {}. Known: --demo (open the demo project).",
                other.to_string_lossy()
            );
            return ExitCode::from(2);
        }
    };
    #[cfg(target_os = "linux")]
    graphics::paint_plainly_without_a_device();
    let walls = Arc::new(walls::Walls::default());
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .register_asynchronous_uri_scheme_protocol(assets::SCHEME, |context, request, responder| {
            let app = context.app_handle().clone();
            tauri::async_runtime::spawn_blocking(move || responder.respond(assets::answer(&app, &request)));
        })
        .invoke_handler(commands::handler())
        .manage(walls.clone())
        .manage(commands::Imports::default())
        .manage(commands::Exports::default())
        .setup(move |app| {
            #[cfg(target_os = "linux")]
            graphics::keep_widths_of_letters();
            let folder = projects::folder(app.handle())?;
            app.manage(projects::Projects::new(folder.clone(), demo));
            // Opening the cache and loading the page take about as long as each other: do both at once.
            let opening = app.handle().clone();
            tauri::async_runtime::spawn_blocking(move || opening.state::<projects::Projects>().desk().map(|_| ()));
            window::open(app, &folder, walls.clone())?;
            Ok(())
        })
        .run(tauri::generate_context!());
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Dwell could not open its window: {error}");
            ExitCode::FAILURE
        }
    }
}
