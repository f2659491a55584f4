//! Compressed pieces inside texts.
//!
//! The trap: a field of 30 KB may inflate to 30 MB, and a file may have a thousand of them. Every piece of a file is
//! counted against one allowance, its size and its ratio, and the first that goes over it ends the unpacking.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// Why no more is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The given path has unpacked to all that it may.
    Expanded,
    /// The pieces of this file unpack to more than any recording does.
    Ratio,
    /// The unpacked recording is larger than one body may be.
    Body,
}

/// How much the pieces of one file may unpack to.
#[derive(Debug)]
pub struct Allowance {
    left: u64,
    body: u64,
    ratio: u64,
    free: u64,
    packed: u64,
    out: u64,
    /// Set by the piece that went over; everything after it is refused.
    pub stopped: Option<Stop>,
}

impl Allowance {
    /// `left`: bytes in all. `body`: bytes of one recording. `ratio`: unpacked to packed bytes, beyond `free` ones.
    pub fn new(left: u64, body: u64, ratio: u64, free: u64) -> Allowance {
        Allowance { left, body, ratio, free, packed: 0, out: 0, stopped: None }
    }

    /// Bytes unpacked so far.
    pub fn spent(&self) -> u64 {
        self.out
    }

    /// Most bytes of one recording.
    pub fn body(&self) -> u64 {
        self.body
    }

    fn stop(&mut self, why: Stop) {
        self.stopped = self.stopped.or(Some(why));
    }

    /// Asks for `out` bytes out of `packed`, before they are unpacked.
    pub fn grant(&mut self, packed: u64, out: u64) -> bool {
        if self.stopped.is_some() {
            return false;
        }
        self.packed += packed;
        self.more(out)
    }

    fn more(&mut self, out: u64) -> bool {
        self.out += out;
        if self.out > self.left {
            self.stop(Stop::Expanded);
        } else if self.out > self.free && self.out / self.ratio > self.packed {
            self.stop(Stop::Ratio);
        }
        self.stopped.is_none()
    }

    /// A recording has grown to `bytes`; false when that is too much.
    pub fn fits(&mut self, bytes: u64) -> bool {
        if bytes > self.body {
            self.stop(Stop::Body);
        }
        self.stopped.is_none()
    }

    /// Unpacks gzip, zlib or zstd, by their marks; a piece that is cut off gives what it has. `None` when it is none of
    /// them, damaged at its start, or over the allowance.
    pub fn unpack(&mut self, packed: &[u8]) -> Option<Vec<u8>> {
        if self.stopped.is_some() {
            return None;
        }
        self.packed += packed.len() as u64;
        let mut input: Box<dyn Read + '_> = match packed {
            [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Box::new(flate2::read::ZlibDecoder::new(packed)),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::new(packed).ok()?),
            _ => return None,
        };
        let mut out = Vec::new();
        let mut buffer = vec![0; 32 << 10];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return Some(out),
                Ok(n) => {
                    if !self.more(n as u64) {
                        return None;
                    }
                    out.extend_from_slice(&buffer[..n]);
                    if !self.fits(out.len() as u64) {
                        return None;
                    }
                }
                Err(_) if out.is_empty() => return None,
                Err(_) => return Some(out),
            }
        }
    }
}

/// The bytes of a text in which each character stands for one (U+0000 to U+00FF); `None` when another is in it.
pub fn from_latin1(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// Bytes of base64, with or without padding, in either alphabet; white space in it does not count.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    const FREE: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let clean: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let url = clean.iter().any(|b| matches!(b, b'-' | b'_'));
    let alphabet = if url { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    GeneralPurpose::new(alphabet, FREE).decode(clean).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn pieces_share_one_allowance() {
        let mut allowance = Allowance::new(1000, 1000, 400, 1 << 20);
        assert_eq!(allowance.unpack(&gzip(&[7; 600])).unwrap(), [7; 600]);
        assert_eq!(allowance.unpack(&gzip(&[7; 600])), None);
        assert_eq!(allowance.stopped, Some(Stop::Expanded));
        assert_eq!(allowance.unpack(&gzip(&[7])), None);
        let mut allowance = Allowance::new(1 << 30, 1 << 30, 400, 1 << 20);
        let bomb = gzip(&vec![0; 900 << 10]);
        assert!(allowance.unpack(&bomb).is_some());
        assert!(allowance.unpack(&bomb).is_none());
        assert_eq!(allowance.stopped, Some(Stop::Ratio));
        let mut allowance = Allowance::new(1 << 30, 10, 400, 1 << 20);
        assert!(allowance.unpack(&gzip(&[0; 11])).is_none());
        assert_eq!(allowance.stopped, Some(Stop::Body));
    }

    #[test]
    fn texts_that_hold_bytes() {
        assert_eq!(from_latin1("\u{1f}\u{8b}x".as_bytes()).unwrap(), [0x1f, 0x8b, b'x']);
        assert_eq!(from_latin1("\u{1f}\u{fffd}".as_bytes()), None);
        for text in ["+/8=", "+/8", "-_8", " +/\n8= "] {
            assert_eq!(from_base64(text.as_bytes()).unwrap(), [0xfb, 0xff], "{text}");
        }
        assert_eq!(from_base64(b"no base64!"), None);
    }
}
