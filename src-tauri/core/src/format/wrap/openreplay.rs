//! OpenReplay's own binary recordings, recognised so that they can be named. They are not read.

/// `ff` seven times and a version byte. Files of older versions have no mark and cannot be told from noise.
pub fn is_one(head: &[u8]) -> bool {
    head.len() >= 8 && head[..7].iter().all(|b| *b == 0xff) && head[7] >= 0xfd
}
