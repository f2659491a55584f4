//! Zip files and folders: members, what their names say about belonging together, Dwell archives.
//!
//! The trap: member names are hostile. Nothing is ever written under them, and a name that would lead out of
//! a folder is refused all the same, because such an archive was not made by a recorder.
//!
//! The second trap: a zip keeps its directory at the end, so a cut-off download has none. Its members still
//! have headers of their own and are read one after the other.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};
use zip::CompressionMethod;
use zip::result::ZipError;

use super::bundle::{self, Manifest};
use super::limits::{MAX_ASSET, MAX_BODY, MAX_ENTRIES, MAX_META, MAX_NAME, Metered};
use super::read::{Place, Reader, fixed};
use super::{Asset, AssetListEntry, Hash, Item, Part, Said};
use crate::error::{Error, Result};
use crate::event::Source;
use crate::findings::Finding;

/// The files of a folder or archive.
pub(crate) trait Members {
    fn len(&self) -> usize;
    /// With `/`, relative.
    fn name(&self, index: usize) -> &str;
    /// Reads the member as whatever it is.
    fn read(&mut self, index: usize, reader: &mut Reader<'_, '_>, place: &Place) -> Result<()>;
    /// The member's bytes when they can be read and are at most `max`.
    fn bytes(&mut self, index: usize, max: u64, reader: &mut Reader<'_, '_>) -> Option<Vec<u8>>;
    /// Words for people when there are no members.
    fn empty(&self) -> String;
}

/// Members under the folder that a Dwell archive lies in.
#[derive(Default)]
struct Names {
    root: String,
    by_name: HashMap<String, usize>,
}

impl Names {
    fn new(members: &dyn Members, root: &str) -> Names {
        let by_name = (0..members.len()).map(|i| (members.name(i).to_owned(), i)).collect();
        Names { root: root.to_owned(), by_name }
    }
    fn whole(&self, file: &str) -> String {
        format!("{}{file}", self.root)
    }
    fn get(&self, file: &str) -> Option<usize> {
        self.by_name.get(&self.whole(file)).copied()
    }
}

/// The upper half of the encoding that zips without a mark for UTF-8 use.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
                     αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// A name as text. Most archivers write UTF-8, marked or not; whatever is none is taken for what DOS wrote, so that two
/// names never become one.
pub(crate) fn name_text(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => raw
            .iter()
            .map(|b| match b {
                0..=127 => char::from(*b),
                _ => CP437.chars().nth(usize::from(*b) - 128).unwrap_or(char::REPLACEMENT_CHARACTER),
            })
            .collect(),
    }
}

/// Why a name is not usable, or the name with `/`.
pub(crate) fn safe_name(raw: &[u8]) -> std::result::Result<String, &'static str> {
    if raw.len() > MAX_NAME {
        return Err("is too long");
    }
    let name = name_text(raw).replace('\\', "/");
    let bytes = name.as_bytes();
    if name.starts_with('/') {
        return Err("is absolute");
    }
    if bytes.get(1) == Some(&b':') && bytes[0].is_ascii_alphabetic() {
        return Err("names a drive");
    }
    if name.split('/').any(|part| part == "..") {
        return Err("leads out of the archive");
    }
    if name.bytes().any(|b| b < b' ') {
        return Err("has control characters");
    }
    Ok(name)
}

struct Zip<R> {
    path: String,
    archive: zip::ZipArchive<R>,
    members: Vec<(String, usize)>,
}

impl<R: Read + Seek> Zip<R> {
    fn note(reader: &mut Reader<'_, '_>, place: &Place, e: &ZipError) -> Result<()> {
        let path = &place.path;
        match e {
            ZipError::Io(e) => {
                reader.broken(e, 0, place)?;
            }
            ZipError::CompressionMethodNotSupported(method) => {
                let message = format!("{path} is packed with zip method {method}, which is not read.");
                reader.find(Finding::warning("zip_method", message), place);
            }
            other => {
                let message = format!("{path} cannot be unpacked ({other}).");
                reader.find(Finding::warning("zip_member", message), place);
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek> Members for Zip<R> {
    fn len(&self) -> usize {
        self.members.len()
    }
    fn name(&self, index: usize) -> &str {
        &self.members[index].0
    }
    fn read(&mut self, index: usize, reader: &mut Reader<'_, '_>, place: &Place) -> Result<()> {
        reader.seen.files += 1;
        let budget = reader.budget.clone();
        match self.archive.by_index(self.members[index].1) {
            Ok(member) => {
                let packed = fixed(member.compressed_size());
                reader.stream(&mut Metered::new(member, &budget, Some(packed)), place)
            }
            Err(e) => Self::note(reader, place, &e),
        }
    }
    fn bytes(&mut self, index: usize, max: u64, reader: &mut Reader<'_, '_>) -> Option<Vec<u8>> {
        let member = self.archive.by_index(self.members[index].1).ok()?;
        let packed = fixed(member.compressed_size());
        let mut bytes = Vec::new();
        let mut input = Metered::new(member, &reader.budget, Some(packed));
        matches!(super::limits::read_up_to(&mut input, &mut bytes, max), super::limits::End::Eof).then_some(bytes)
    }
    fn empty(&self) -> String {
        format!("{} is an empty zip archive", self.path)
    }
}

impl Reader<'_, '_> {
    pub(crate) fn zip<R: Read + Seek>(&mut self, file: &mut R, place: &Place) -> Result<()> {
        // Its members are counted instead.
        self.seen.files = self.seen.files.saturating_sub(1);
        let inside = Place { archives: place.archives + 1, layers: place.layers + 1, ..place.clone() };
        let archive = match zip::ZipArchive::new(&mut *file) {
            Ok(archive) => archive,
            Err(e) => return self.zip_without_directory(file, &inside, &e),
        };
        if archive.has_duplicate_names() {
            let message = format!("{} has several members of one name; only the last of each was read.", place.path);
            self.find(Finding::warning("zip_duplicate_names", message), place);
        }
        let mut members = Vec::new();
        for index in 0..archive.len() {
            if !self.budget.entry() {
                let message = format!("{} has more than {MAX_ENTRIES} members; the rest was left out.", place.path);
                self.find(Finding::error("limit_entries", message), place);
                break;
            }
            let Ok(entry) = archive.metadata().entry(index).map(|e| Entry {
                raw: e.name_raw().to_vec(),
                folder: e.is_dir(),
                link: e.is_symlink(),
                encrypted: e.encrypted(),
                method: e.compression(),
            }) else {
                continue;
            };
            if let Some(name) = self.usable(&entry, place) {
                members.push((name, index));
            }
        }
        members.sort();
        let mut zip = Zip { path: place.path.clone(), archive, members };
        self.members(&mut zip, &inside, '!')
    }

    fn usable(&mut self, entry: &Entry, place: &Place) -> Option<String> {
        if entry.folder {
            return None;
        }
        let shown = name_text(&entry.raw[..entry.raw.len().min(200)]);
        let at = format!("{}!{shown}", place.path);
        let (code, message) = match safe_name(&entry.raw) {
            Err(why) => {
                ("unsafe_name", format!("The name of a member of {} {why} ({shown:?}); it was left out.", place.path))
            }
            Ok(_) if entry.link => ("symlink_skipped", format!("{at} is a symbolic link and was not followed.")),
            Ok(_) if entry.encrypted => ("zip_encrypted", format!("{at} is encrypted and was left out.")),
            Ok(_) if !matches!(entry.method, CompressionMethod::Stored | CompressionMethod::Deflated) => {
                ("zip_method", format!("{at} is packed with a method that is not read ({:?}).", entry.method))
            }
            Ok(name) => return Some(name),
        };
        let finding =
            if code == "symlink_skipped" { Finding::note(code, message) } else { Finding::warning(code, message) };
        self.findings.push(finding.at_path(at));
        *self.seen.others.entry(format!("left out ({})", code.replace('_', " "))).or_insert(0) += 1;
        None
    }

    /// Reads the members of a folder or archive: a Dwell archive's sessions by its manifest, then everything
    /// else in order of names.
    pub(crate) fn members(&mut self, members: &mut dyn Members, place: &Place, separator: char) -> Result<()> {
        if members.len() == 0 {
            let what = members.empty();
            let message = format!("{what}.");
            *self.seen.others.entry("empty".to_owned()).or_insert(0) += 1;
            self.find(Finding::warning("empty", message), place);
            return Ok(());
        }
        let at = |name: &str| place.member(separator, name);
        let mut done: HashSet<usize> = HashSet::new();

        // A manifest at the top, or in the one folder that was zipped.
        let mut root = String::new();
        let mut manifest: Option<Manifest> = None;
        let found = (0..members.len()).find(|i| {
            let name = members.name(*i);
            name == "manifest.json" || (name.ends_with("/manifest.json") && name.matches('/').count() == 1)
        });
        if let Some(index) = found {
            let name = members.name(index).to_owned();
            match members.bytes(index, MAX_BODY, self).as_deref().map(bundle::manifest) {
                Some(Ok(Some(read))) => {
                    name.trim_end_matches("manifest.json").clone_into(&mut root);
                    manifest = Some(read);
                    done.insert(index);
                }
                Some(Err(why)) => {
                    let message = format!("The manifest {} cannot be used: {why}.", at(&name).path);
                    self.find(Finding::warning("manifest", message), &at(&name));
                    done.insert(index);
                }
                Some(Ok(None)) | None => {}
            }
        }

        // An archive that Dwell wrote keeps its asset lists apart; the joined one is for other readers.
        let names = manifest.as_ref().map(|_| Names::new(members, &root)).unwrap_or_default();
        let whole = manifest.as_ref().filter(|m| !m.asset_lists.is_empty() || !m.assets.is_empty());
        let has_assets = match whole {
            Some(manifest) => {
                self.kept_assets(members, &names, manifest, place, separator, &mut done)?;
                true
            }
            None => self.assets(members, &root, place, separator, &mut done)?,
        };
        if let Some(manifest) = manifest {
            if has_assets {
                // Licences and the like lie there too; none of them is a recording.
                let folder = format!("{root}assets/");
                done.extend((0..members.len()).filter(|i| members.name(*i).starts_with(&folder)));
            }
            if let Some(index) = names.get("notes.json")
                && let Some(bytes) = members.bytes(index, MAX_META, self)
            {
                done.insert(index);
                let path = at(members.name(index)).path;
                self.take(Item::Notes { path, bytes })?;
            }
            self.manifest_sessions(members, &names, &manifest, place, separator, &mut done)?;
            for record in manifest.records {
                if let Ok(mut said) = serde_json::from_str::<Said>(&record.said) {
                    said.rank = record.rank;
                    let scope = place.path.clone();
                    self.take(Item::Record { scope, source: record.source, said: Box::new(said) })?;
                }
            }
        }

        // Folders of one session: no more of it comes once the names have left the folder.
        let session_folders: BTreeSet<String> = (0..members.len())
            .filter_map(|i| {
                let place = at(members.name(i));
                let folder = place.path.rsplit_once(['/', '!'])?.0;
                (folder != place.scope).then_some(place.scope)
            })
            .collect();
        let mut open: Option<String> = None;
        for index in 0..members.len() {
            if done.contains(&index) {
                continue;
            }
            let mut place = at(members.name(index));
            if place.path.ends_with("/.DS_Store") || place.path.contains("__MACOSX/") {
                continue;
            }
            let within = |scope: &str| place.path.strip_prefix(scope).is_some_and(|rest| rest.starts_with(['/', '!']));
            if let Some(scope) = open.take_if(|scope| !within(scope)) {
                self.take(Item::Leave { scope })?;
            }
            if open.is_none() {
                let above = place.path.match_indices(['/', '!']).map(|(end, _)| &place.path[..end]);
                open = above.filter_map(|folder| session_folders.get(folder)).next().cloned();
            }
            // A file deeper in a session's folder, or one beside `clarity/`, belongs to it too.
            if let Some(scope) = &open
                && place.group.is_none()
            {
                place.scope.clone_from(scope);
            }
            members.read(index, self, &place)?;
        }
        if let Some(scope) = open {
            self.take(Item::Leave { scope })?;
        }
        if has_assets {
            self.asset_urls.clear();
            self.take(Item::AssetUrls { urls: Vec::new() })?;
        }
        Ok(())
    }

    /// Reads `assets/` when an `assets.json` lists it.
    fn assets(
        &mut self,
        members: &mut dyn Members,
        root: &str,
        place: &Place,
        separator: char,
        done: &mut HashSet<usize>,
    ) -> Result<bool> {
        let at = |name: &str| place.member(separator, name);
        let candidates = [format!("{root}assets/assets.json"), format!("{root}assets.json")];
        let Some(list) = (0..members.len()).find(|i| candidates.iter().any(|c| c == members.name(*i))) else {
            return Ok(false);
        };
        let name = members.name(list).to_owned();
        let Some(rows) = members.bytes(list, MAX_META, self).as_deref().and_then(bundle::asset_list) else {
            let message = format!("{} is no list of assets; pages may look bare.", at(&name).path);
            self.find(Finding::warning("assets_list", message), &at(&name));
            return Ok(false);
        };
        done.insert(list);
        let names = Names::new(members, root);
        let mut hashes: HashMap<usize, Hash> = Default::default();
        let mut urls = Vec::new();
        for (url, file, content_type) in rows {
            let file = file.trim_start_matches("./");
            let Some(index) = names.get(file).or_else(|| names.get(&format!("assets/{file}"))) else {
                let message = format!("{} lists {file:?}, which is not in the archive.", at(&name).path);
                self.find(Finding::warning("asset_missing", message), &at(&name));
                continue;
            };
            let hash = match hashes.get(&index) {
                Some(hash) => *hash,
                None => {
                    done.insert(index);
                    let Some(bytes) = members.bytes(index, MAX_ASSET, self) else {
                        let member = at(members.name(index));
                        let message = format!("The asset {} is damaged or too large and was left out.", member.path);
                        self.find(Finding::warning("asset_unreadable", message), &member);
                        continue;
                    };
                    let hash = Hash::of(&bytes);
                    hashes.insert(index, hash);
                    let content_type =
                        super::saved::content_type(content_type.as_deref().unwrap_or_default(), &url, &bytes);
                    self.take(Item::Asset(Asset { bytes, content_type }))?;
                    hash
                }
            };
            urls.push((url, hash));
        }
        urls.sort();
        urls.dedup();
        self.asset_urls.clone_from(&urls);
        self.take(Item::AssetUrls { urls })?;
        Ok(true)
    }

    fn manifest_sessions(
        &mut self,
        members: &mut dyn Members,
        names: &Names,
        manifest: &Manifest,
        place: &Place,
        separator: char,
        done: &mut HashSet<usize>,
    ) -> Result<()> {
        for (number, session) in manifest.sessions.iter().enumerate() {
            let scope = format!("{}{separator}{}#{}", place.path, names.whole("manifest.json"), number + 1);
            let kept = session.said.kept.clone();
            self.take(Item::Said { scope: scope.clone(), said: Box::new(session.said.clone()) })?;
            for (position, file) in session.files.iter().enumerate() {
                let mut at = place.member(separator, &names.whole(file));
                let Some(index) = names.get(file) else {
                    let message = format!("The manifest lists {file:?}, which is not in the archive.");
                    self.find(Finding::warning("manifest_file_missing", message), &at);
                    continue;
                };
                if !done.insert(index) {
                    continue;
                }
                at.scope.clone_from(&scope);
                at.group = Some(format!("{scope}/rrweb"));
                at.position = position as u64 + 1;
                if let Some(kept) = &kept {
                    let want = manifest.hashes.get(file);
                    self.kept_body(members, index, kept.source, kept.bodies.get(position), want, &mut at)?;
                    continue;
                }
                if let Some(want) = manifest.hashes.get(file) {
                    let whole = members.bytes(index, super::limits::MAX_BODY, self);
                    if let Some(bytes) = whole
                        && Hash(Sha256::digest(&bytes).into()) != *want
                    {
                        let message =
                            format!("{} is not what the manifest says it is; it was changed or damaged.", at.path);
                        self.find(Finding::warning("hash_mismatch", message), &at);
                    }
                }
                members.read(index, self, &at)?;
            }
            self.take(Item::Leave { scope })?;
        }
        Ok(())
    }

    /// A body in an archive that Dwell wrote: it lies there as the cache had it, whatever it looks like.
    fn kept_body(
        &mut self,
        members: &mut dyn Members,
        index: usize,
        format: Source,
        origin: Option<&(String, u64)>,
        want: Option<&Hash>,
        at: &mut Place,
    ) -> Result<()> {
        let Some(bytes) = members.bytes(index, MAX_BODY, self) else {
            let message = format!("{} is damaged or too large and was left out.", at.path);
            self.find(Finding::error("body_unreadable", message), at);
            return Ok(());
        };
        if want.is_some_and(|want| Hash::of(&bytes) != *want) {
            let message = format!("{} is not what the manifest says it is; it was changed or damaged.", at.path);
            self.find(Finding::warning("hash_mismatch", message), at);
        }
        self.seen.files += 1;
        if let Some((path, position)) = origin {
            at.path.clone_from(path);
            at.position = *position;
        }
        self.take(Item::Part(Part {
            path: at.path.clone(),
            format,
            bytes,
            scope: at.scope.clone(),
            group: at.group.clone().filter(|_| format == Source::Rrweb),
            position: at.position,
            said: None,
        }))
    }

    /// The assets and asset lists of an archive that Dwell wrote.
    fn kept_assets(
        &mut self,
        members: &mut dyn Members,
        names: &Names,
        manifest: &Manifest,
        place: &Place,
        separator: char,
        done: &mut HashSet<usize>,
    ) -> Result<()> {
        done.extend(names.get("assets/assets.json"));
        let mut there: HashSet<Hash> = HashSet::new();
        for asset in &manifest.assets {
            let at = place.member(separator, &names.whole(&asset.file));
            let bytes = match names.get(&asset.file) {
                Some(index) => {
                    done.insert(index);
                    members.bytes(index, MAX_ASSET, self)
                }
                None => None,
            };
            let Some(bytes) = bytes.filter(|bytes| Hash::of(bytes) == asset.sha256) else {
                let message = format!("The asset {} is missing, damaged or too large and was left out.", at.path);
                self.find(Finding::warning("asset_unreadable", message), &at);
                continue;
            };
            there.insert(asset.sha256);
            self.take(Item::Asset(Asset { bytes, content_type: asset.content_type.clone() }))?;
        }
        for list in &manifest.asset_lists {
            let urls = list.urls.iter().filter(|u| there.contains(&u.asset)).cloned().collect();
            self.take(Item::AssetList(AssetListEntry { list: list.list, shared: list.shared, urls }))?;
        }
        Ok(())
    }

    /// Reads a zip by its members' own headers.
    fn zip_without_directory<R: Read + Seek>(&mut self, file: &mut R, place: &Place, why: &ZipError) -> Result<()> {
        if let ZipError::Io(e) = why
            && super::limits::stopped(e).is_some()
        {
            self.broken(e, 0, place)?;
            return Ok(());
        }
        file.seek(SeekFrom::Start(0))
            .map_err(|source| Error::Io { context: format!("{} cannot be read", place.path), source })?;
        let mut input = BufReader::with_capacity(64 << 10, file);
        let mut count = 0u64;
        let mut scopes = BTreeSet::new();
        let mut marked = false;
        while let Some(member) = local_header(&mut input, std::mem::take(&mut marked)) {
            if !self.budget.entry() {
                break;
            }
            let entry = Entry {
                folder: member.name.ends_with(b"/") || member.name.ends_with(b"\\"),
                link: false,
                encrypted: member.flags & 1 != 0,
                method: match member.method {
                    0 => CompressionMethod::Stored,
                    _ => CompressionMethod::Deflated,
                },
                raw: member.name,
            };
            let known = member.flags & 8 == 0 || member.packed > 0;
            let usable = self.usable(&entry, place).filter(|_| matches!(member.method, 0 | 8));
            if !known && (member.method != 8 || usable.is_none()) {
                break;
            }
            let packed = member.packed;
            let mut body: Box<dyn BufRead> =
                if known { Box::new((&mut input).take(packed)) } else { Box::new(&mut input) };
            if let Some(name) = usable {
                let at = place.member('!', &name);
                if at.scope != place.path {
                    scopes.insert(at.scope.clone());
                }
                let budget = self.budget.clone();
                self.seen.files += 1;
                count += 1;
                if member.method == 0 {
                    self.stream(&mut Metered::new(&mut body, &budget, None), &at)?;
                } else {
                    // Size unknown: what a deflate stream of 1 byte could give at most is caught by the
                    // expanded limit instead.
                    let size = if known { packed } else { u64::MAX / super::limits::MAX_RATIO };
                    let mut deflated = DeflateDecoder::new(&mut body);
                    self.stream(&mut Metered::new(&mut deflated, &budget, Some(fixed(size))), &at)?;
                    if !known && io::copy(&mut Metered::new(&mut deflated, &budget, None), &mut io::sink()).is_err() {
                        break;
                    }
                }
            }
            if io::copy(&mut body_rest(body, known), &mut io::sink()).is_err() {
                break;
            }
            if !known {
                marked = skip_descriptor(&mut input);
                if !marked {
                    break;
                }
            }
        }
        for scope in scopes {
            self.take(Item::Leave { scope })?;
        }
        let path = &place.path;
        if count == 0 {
            *self.seen.others.entry("a zip archive that is damaged from its start".to_owned()).or_insert(0) += 1;
            let message = format!("{path} starts like a zip archive but is damaged ({why}).");
            self.find(Finding::error("zip_damaged", message), place);
        } else {
            let message = format!("{path} was cut off: its directory is missing. {count} members could still be read.");
            self.find(Finding::warning("zip_truncated", message), place);
        }
        Ok(())
    }
}

/// Reads on to the end of a member of known size; a deflate stream of unknown size has ended by itself.
fn body_rest<'r>(body: Box<dyn BufRead + 'r>, known: bool) -> Box<dyn Read + 'r> {
    if known { Box::new(body) } else { Box::new(io::empty()) }
}

struct Entry {
    raw: Vec<u8>,
    folder: bool,
    link: bool,
    encrypted: bool,
    method: CompressionMethod,
}

struct Local {
    flags: u16,
    method: u16,
    packed: u64,
    name: Vec<u8>,
}

/// The header that stands before each member, whose mark may have been read already; `None` at the end of
/// members or of the file.
fn local_header(input: &mut dyn BufRead, marked: bool) -> Option<Local> {
    let mut fixed = *b"PK\x03\x04__________________________";
    input.read_exact(&mut fixed[if marked { 4 } else { 0 }..]).ok()?;
    if fixed[..4] != *b"PK\x03\x04" {
        return None;
    }
    let u16_at = |i: usize| u16::from_le_bytes([fixed[i], fixed[i + 1]]);
    let mut packed = u64::from(u32::from_le_bytes([fixed[18], fixed[19], fixed[20], fixed[21]]));
    let mut name = vec![0; usize::from(u16_at(26))];
    input.read_exact(&mut name).ok()?;
    let mut extra = vec![0; usize::from(u16_at(28))];
    input.read_exact(&mut extra).ok()?;
    if packed == 0xFFFF_FFFF {
        // Zip64: field 1 holds the unpacked size, then the packed one.
        let mut rest = extra.as_slice();
        while let [a, b, c, d, tail @ ..] = rest {
            let size = usize::from(u16::from_le_bytes([*c, *d]));
            let field = tail.get(..size)?;
            if u16::from_le_bytes([*a, *b]) == 1 {
                packed = u64::from_le_bytes(field.get(8..16)?.try_into().ok()?);
            }
            rest = &tail[size..];
        }
    }
    Some(Local { flags: u16_at(6), method: u16_at(8), packed, name })
}

/// Skips what follows a member of unknown size (an optional mark, checksum, sizes of 4 or 8 bytes) and the
/// mark of the next header. True when that is a member's.
fn skip_descriptor(input: &mut impl Read) -> bool {
    let mut seen = Vec::with_capacity(32);
    while seen.len() < 32 {
        let mut byte = [0];
        if input.read_exact(&mut byte).is_err() {
            return false;
        }
        seen.extend(byte);
        if seen.len() >= 16 && seen.ends_with(b"PK\x03\x04") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(safe_name(b"a\\b.json").unwrap(), "a/b.json");
        for bad in [&b"../x"[..], b"a/../../x", b"/etc/x", b"C:\\x", b"..\\x", b"a\0b"] {
            assert!(safe_name(bad).is_err(), "{bad:?}");
        }
        assert!(safe_name(b"a..b/c..json").is_ok());
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(safe_name("sitzung/größe.json".as_bytes()).unwrap(), "sitzung/größe.json");
        assert_eq!(safe_name(b"gr\x94\xe1e.json").unwrap(), "größe.json");
        assert_ne!(safe_name(b"\xfe.json"), safe_name(b"\xff.json"));
        assert!(safe_name(&vec![b'a'; MAX_NAME + 1]).is_err());
    }
}
