//! Which project is open: the demo that comes with the app, or the person's own.
//!
//! The trap: opening can take a while (the first start imports the demo), so it happens on first use, off the main
//! thread, and everyone who asks meanwhile waits for the same opening.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use dwell_core::desk::Desk;
use dwell_core::error::{Error, Result};
use tauri::{AppHandle, Manager};

/// The demo's recordings, as the archive that a person could import too.
const DEMO: &[u8] = include_bytes!("../../tests/demo-site/demo.zip");
const DEMO_CACHE: &str = "demo.sqlite";
/// The file that the command line uses too when none is named.
const OWN_CACHE: &str = "cache.sqlite";
/// Length and checksum of the archive that the demo cache was filled from.
const DEMO_STAMP: &str = "demo.stamp";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Demo,
    Own,
}

/// The folder of all caches: `DWELL_DATA` when set, else the platform's data folder.
pub(crate) fn folder(app: &AppHandle) -> tauri::Result<PathBuf> {
    match std::env::var_os("DWELL_DATA") {
        Some(folder) if !folder.is_empty() => Ok(PathBuf::from(folder)),
        // As `default_cache` of the command line has it: what one imports, the other shows.
        _ => Ok(app.path().local_data_dir()?.join(if cfg!(target_os = "linux") { "dwell" } else { "Dwell" })),
    }
}

pub(crate) struct Projects {
    folder: PathBuf,
    /// Which project to start with; none: the person's own when it holds anything, else the demo.
    open: Mutex<(Option<Which>, Option<Arc<Desk>>)>,
}

impl Projects {
    pub(crate) fn new(folder: PathBuf, demo: bool) -> Projects {
        Projects { folder, open: Mutex::new((demo.then_some(Which::Demo), None)) }
    }

    /// The open project; opens it when none is. Blocks meanwhile: not for the main thread.
    pub(crate) fn desk(&self) -> Result<Arc<Desk>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = &open.1 {
            return Ok(desk.clone());
        }
        let (which, desk) = match open.0 {
            Some(which) => (which, self.open_cache(which)?),
            None => match self.own_if_filled() {
                Some(own) => (Which::Own, own),
                None => (Which::Demo, self.open_cache(Which::Demo)?),
            },
        };
        *open = (Some(which), Some(desk.clone()));
        Ok(desk)
    }

    /// Leaves the open project for another. When that cannot be opened, the old one stays.
    pub(crate) fn switch(&self, which: Which) -> Result<Arc<Desk>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some(desk)) = (open.0 == Some(which), &open.1) {
            return Ok(desk.clone());
        }
        let desk = self.open_cache(which)?;
        *open = (Some(which), Some(desk.clone()));
        Ok(desk)
    }

    /// Where imports go: never into the demo.
    pub(crate) fn own(&self) -> Result<Arc<Desk>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match (&open.1, open.0) {
            (Some(desk), Some(Which::Own)) => Ok(desk.clone()),
            _ => self.open_cache(Which::Own),
        }
    }

    /// A damaged or foreign file is no reason to hide it behind the demo: that error shows when it is opened.
    fn own_if_filled(&self) -> Option<Arc<Desk>> {
        let path = self.folder.join(OWN_CACHE);
        if !path.exists() {
            return None;
        }
        let desk = self.open_cache(Which::Own).ok()?;
        desk.project().is_ok_and(|project| project.sessions > 0).then_some(desk)
    }

    fn open_cache(&self, which: Which) -> Result<Arc<Desk>> {
        fs::create_dir_all(&self.folder)
            .map_err(|source| Error::Io { context: format!("{} cannot be made", self.folder.display()), source })?;
        match which {
            Which::Own => Ok(Arc::new(Desk::open(&self.folder.join(OWN_CACHE))?)),
            Which::Demo => {
                let desk = Desk::open(&self.folder.join(DEMO_CACHE))?.as_demo();
                self.fill_demo(&desk)?;
                Ok(Arc::new(desk))
            }
        }
    }

    /// Imports the demo's archive unless this very archive was imported before. Imports add each session once, so a
    /// start that was cut short is simply made up for, and notes on demo sessions outlive a new archive.
    fn fill_demo(&self, desk: &Desk) -> Result<()> {
        let stamp = self.folder.join(DEMO_STAMP);
        let current = format!("{} {:08x}\n", DEMO.len(), checksum(DEMO));
        if fs::read_to_string(&stamp).is_ok_and(|known| known == current) {
            return Ok(());
        }
        let io = |context: &str| {
            let context = context.to_owned();
            move |source| Error::Io { context, source }
        };
        let archive = self.folder.join("demo.zip");
        fs::write(&archive, DEMO).map_err(io("The demo project cannot be written"))?;
        desk.import(vec![archive.clone()], &|_| {}, &AtomicBool::new(false))?;
        fs::remove_file(&archive).map_err(io("The demo project's archive cannot be removed"))?;
        fs::write(&stamp, current).map_err(io("The demo project cannot be written"))
    }
}

/// FNV-1a: tells one committed archive from the next, no more.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
