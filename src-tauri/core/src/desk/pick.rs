//! What is done with many sessions at once: a label, an archive, a table.
//!
//! The trap: "all that match" is decided here, when it is done, by the same list that was on screen. The window never
//! sends the names of a million sessions.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use super::review::{self, By};
use super::window::{Desk, SessionsQuery, now};
use crate::error::{Error, Result};
use crate::report::FactsTable;
use crate::store::Cache;
use crate::store::index::Said;
use crate::wire::{ExportProgressView, ExportSummaryView};

/// Rows of a table between two words about how far it is.
const STEP: usize = 500;

/// Sessions by name, or all of a list but some.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Which {
    Ids { ids: Vec<String> },
    List { query: Box<SessionsQuery>, except: Vec<String> },
}

impl Desk {
    /// Ids of the sessions that are meant; those of a list in its order.
    ///
    /// # Errors
    /// As [`Desk::sessions`].
    pub fn which(&self, which: Which) -> Result<Vec<String>> {
        match which {
            Which::Ids { ids } => Ok(ids),
            Which::List { query, except } => {
                let without: std::collections::HashSet<String> = except.into_iter().collect();
                let query = SessionsQuery { from: None, limit: None, columns: None, ..*query };
                Ok(self.ids(&query)?.into_iter().filter(|id| !without.contains(id)).collect())
            }
        }
    }

    /// Puts a label on sessions, or takes it off, as one step of the history; answers how many were changed.
    ///
    /// # Errors
    /// As [`review::label_many`] and [`Desk::sessions`].
    pub fn label_many(&self, which: Which, label: &str, on: bool) -> Result<u32> {
        let ids = self.which(which)?;
        let mut cache = self.cache();
        let who = review::reviewer(&cache)?;
        review::label_many(&mut cache, &ids, label, on, By { who: &who, at: now() }).map(|n| n as u32)
    }

    /// Writes sessions as a table, in the order of `query`, with these columns; with every field and every tag of the
    /// project without any. The person who chose the file was asked whether to replace it. A cancelled export leaves no
    /// file. Progress counts sessions.
    ///
    /// # Errors
    /// As [`Desk::sessions`], [`Error::Io`], [`Error::Usage`] for a column that does not exist.
    pub fn export_table(
        &self,
        which: Which,
        query: &SessionsQuery,
        columns: Option<Vec<String>>,
        path: &Path,
        progress: &dyn Fn(ExportProgressView),
        cancel: &AtomicBool,
    ) -> Result<ExportSummaryView> {
        let columns = match columns {
            Some(columns) => columns,
            None => std::iter::once("id".to_owned()).chain(self.fields()?.into_iter().map(|f| f.name)).collect(),
        };
        if let Some(unknown) = columns.iter().find(|c| *c != "id" && crate::facts::field(c).is_none()) {
            return Err(Error::Usage { message: format!("There is no field {unknown:?}.") });
        }
        let ids = match which {
            Which::Ids { ids } => {
                let query = SessionsQuery { only: Some(ids), text: None, filter: None, marked: None, ..query.clone() };
                self.which(Which::List { query: Box::new(query), except: Vec::new() })?
            }
            Which::List { query: list, except } => {
                let query = SessionsQuery { sort: query.sort.clone(), descending: query.descending, ..*list };
                self.which(Which::List { query: Box::new(query), except })?
            }
        };
        let written = self.write_table(&ids, columns, path, progress, cancel);
        match written {
            Ok(bytes) => Ok(ExportSummaryView {
                path: path.to_string_lossy().into_owned(),
                sessions: ids.len() as u32,
                bytes,
                ..ExportSummaryView::default()
            }),
            Err(error) => {
                // Half a table would look like a whole one.
                let _ = fs::remove_file(partial(path));
                match error {
                    Error::Cancelled => Ok(ExportSummaryView { cancelled: true, ..ExportSummaryView::default() }),
                    error => Err(error),
                }
            }
        }
    }

    fn write_table(
        &self,
        ids: &[String],
        columns: Vec<String>,
        path: &Path,
        progress: &dyn Fn(ExportProgressView),
        cancel: &AtomicBool,
    ) -> Result<u64> {
        let io = |context: String| move |source| Error::Io { context, source };
        let making = partial(path);
        // A connection of its own: lists and players go on reading.
        let cache = Cache::open_read_only(self.path())?;
        let said = cache.said_by_people(None)?;
        let nothing = Said::default();
        let file = File::create(&making).map_err(io(format!("{} cannot be written", path.display())))?;
        let mut table = FactsTable::begin(BufWriter::new(file), columns)?;
        for (done, id) in ids.iter().enumerate() {
            if cancel.load(Ordering::Acquire) {
                return Err(Error::Cancelled);
            }
            if done % STEP == 0 {
                progress(ExportProgressView { bytes: done as u64, bytes_total: ids.len() as u64 });
            }
            // Gone meanwhile: what is no more is not told of.
            let mut row = match cache.session(id) {
                Ok(row) => row,
                Err(Error::SessionMissing { .. }) => continue,
                Err(error) => return Err(error),
            };
            said.get(id).unwrap_or(&nothing).write(&mut row.facts);
            table.row(&row.facts)?;
        }
        let mut out = table.end()?;
        let whole = |source| Error::Io { context: format!("{} cannot be written", path.display()), source };
        out.flush().map_err(whole)?;
        let bytes = out.get_ref().metadata().map_or(0, |about| about.len());
        fs::rename(&making, path).map_err(whole)?;
        Ok(bytes)
    }
}

/// Where a table is written until it is whole.
fn partial(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
