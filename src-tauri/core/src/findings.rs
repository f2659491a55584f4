//! What could not be read, collected instead of thrown.
//!
//! The trap: a decoder that stops at the first bad byte loses a session, one that swallows it loses the
//! truth. Readers take `&mut Findings`, note what they left out and where, and go on.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is lost; worth knowing.
    Note,
    /// Something was left out or may be wrong; the rest was read.
    Warning,
    /// A file, session or page could not be read at all.
    Error,
}

/// One thing that was left out or is odd. `code` is for machines and never changes its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub code: String,
    pub severity: Severity,
    /// File, with members of archives after `!` (`export.zip!a/001.json`).
    pub path: Option<String>,
    pub session: Option<String>,
    pub page: Option<u32>,
    /// Byte offset in the (unpacked) file.
    pub offset: Option<u64>,
    /// One sentence for people.
    pub message: String,
}

impl Finding {
    pub fn new(severity: Severity, code: &str, message: impl Into<String>) -> Finding {
        Finding {
            code: code.to_owned(),
            severity,
            path: None,
            session: None,
            page: None,
            offset: None,
            message: message.into(),
        }
    }
    pub fn note(code: &str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Note, code, message)
    }
    pub fn warning(code: &str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Warning, code, message)
    }
    pub fn error(code: &str, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Error, code, message)
    }
    pub fn at_path(mut self, path: impl Into<String>) -> Finding {
        self.path = Some(path.into());
        self
    }
    pub fn at_offset(mut self, offset: u64) -> Finding {
        self.offset = Some(offset);
        self
    }
    pub fn in_session(mut self, session: impl Into<String>) -> Finding {
        self.session = Some(session.into());
        self
    }
    pub fn on_page(mut self, page: u32) -> Finding {
        self.page = Some(page);
        self
    }
}

/// Most findings of one code that are kept with their place; the rest are only counted.
pub const KEPT_PER_CODE: usize = 200;

/// A growing list of findings; what is said to often is counted, so that a hostile file cannot fill memory.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    list: Vec<Finding>,
    counts: std::collections::BTreeMap<String, usize>,
}

impl Findings {
    pub fn new() -> Findings {
        Findings::default()
    }
    pub fn push(&mut self, finding: Finding) {
        let n = self.counts.entry(finding.code.clone()).or_insert(0);
        *n += 1;
        if *n <= KEPT_PER_CODE {
            self.list.push(finding);
        }
    }
    pub fn extend(&mut self, other: Findings) {
        let kept: std::collections::BTreeMap<&str, usize> = other.list.iter().fold(Default::default(), |mut m, f| {
            *m.entry(f.code.as_str()).or_insert(0) += 1;
            m
        });
        let dropped: Vec<(String, usize)> =
            other.counts.iter().map(|(c, n)| (c.clone(), n - kept.get(c.as_str()).copied().unwrap_or(0))).collect();
        for f in other.list {
            self.push(f);
        }
        for (code, n) in dropped {
            *self.counts.entry(code).or_insert(0) += n;
        }
    }
    pub fn list(&self) -> &[Finding] {
        &self.list
    }
    /// The kept findings, then one note for each code of which more were seen than kept.
    pub fn into_list(self) -> Vec<Finding> {
        let mut list = self.list;
        for (code, n) in &self.counts {
            let kept = list.iter().filter(|f| f.code == *code).count();
            if *n > kept {
                list.push(Finding::note(
                    code,
                    format!("{} more findings of this kind were left out of the list.", n - kept),
                ));
            }
        }
        list
    }
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    /// True when something was lost or left out: the command then ends with exit status 3.
    pub fn has_losses(&self) -> bool {
        self.list.iter().any(|f| f.severity >= Severity::Warning)
    }
}
