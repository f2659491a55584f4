//! Tar archives, read member by member as they come.
//!
//! The trap: a tar has no directory, so nothing is known of the members that follow. A Dwell archive's manifest would
//! have to come before everything it speaks of, and a session's folder may be entered twice; so all scopes stay open
//! until the end, and manifests are read from zips and folders only.

use std::collections::BTreeSet;
use std::io::Read;

use tar::EntryType;

use super::Item;
use super::limits::{MAX_ARCHIVES, MAX_ENTRIES, Metered};
use super::read::{Place, Reader};
use super::zipped::{name_text, safe_name};
use crate::error::Result;
use crate::findings::Finding;

impl Reader<'_, '_> {
    pub(crate) fn tar(&mut self, input: &mut dyn Read, place: &Place) -> Result<()> {
        if place.archives >= MAX_ARCHIVES {
            let message = format!("{} is an archive in an archive in an archive and was not read.", place.path);
            self.find(Finding::error("limit_archives", message), place);
            return Ok(());
        }
        // Its members are counted instead.
        self.seen.files = self.seen.files.saturating_sub(1);
        let inside = Place { archives: place.archives + 1, layers: place.layers + 1, ..place.clone() };
        let budget = self.budget.clone();
        let mut archive = tar::Archive::new(input);
        let mut scopes = BTreeSet::new();
        let mut members = 0u64;
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(e) => {
                self.broken(&e, 0, place)?;
                return Ok(());
            }
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    self.broken(&e, 0, place)?;
                    break;
                }
            };
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::Directory | EntryType::XGlobalHeader) {
                continue;
            }
            if !self.budget.entry() {
                let message = format!("{} has more than {MAX_ENTRIES} members; the rest was left out.", place.path);
                self.find(Finding::error("limit_entries", message), place);
                break;
            }
            let raw = entry.path_bytes().into_owned();
            let shown = name_text(&raw[..raw.len().min(200)]);
            let at = format!("{}!{shown}", place.path);
            let note = match (&safe_name(&raw), kind) {
                (Err(why), _) => Some(Finding::warning(
                    "unsafe_name",
                    format!("The name of a member of {} {why} ({shown:?}); it was left out.", place.path),
                )),
                (_, EntryType::Regular | EntryType::Continuous) => None,
                (_, EntryType::Link | EntryType::Symlink) => {
                    Some(Finding::note("symlink_skipped", format!("{at} is a link and was not followed.")))
                }
                _ => Some(Finding::note("special_file_skipped", format!("{at} is no ordinary file and was left out."))),
            };
            if let Some(finding) = note {
                *self.seen.others.entry(format!("left out ({})", finding.code.replace('_', " "))).or_insert(0) += 1;
                self.findings.push(finding.at_path(at));
                continue;
            }
            let Ok(name) = safe_name(&raw) else { continue };
            let member = inside.member('!', &name);
            members += 1;
            self.seen.files += 1;
            if name == "manifest.json" || (name.ends_with("/manifest.json") && name.matches('/').count() == 1) {
                let message = format!(
                    "{} is not used: a manifest in a tar archive cannot be read before its files; unpack the archive and \
                     import the folder to use it.",
                    member.path
                );
                self.find(Finding::warning("tar_manifest", message), &member);
                continue;
            }
            if name.ends_with(".DS_Store") || name.rsplit('/').next().is_some_and(|file| file.starts_with("._")) {
                continue;
            }
            if member.scope != place.path {
                scopes.insert(member.scope.clone());
            }
            self.stream(&mut Metered::new(&mut entry, &budget, None), &member)?;
        }
        for scope in scopes {
            self.take(Item::Leave { scope })?;
        }
        if members == 0 {
            let message = format!("{} is a tar archive without files.", place.path);
            *self.seen.others.entry("empty".to_owned()).or_insert(0) += 1;
            self.find(Finding::warning("empty", message), place);
        }
        Ok(())
    }
}
