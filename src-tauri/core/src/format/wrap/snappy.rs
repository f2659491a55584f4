//! Raw snappy blocks, as PostHog's API hands its snapshot blobs out when told not to unpack them.
//!
//! The trap: a raw block has no mark. Its first bytes give the unpacked length and begin with a literal, so a block of
//! JSON lines shows its first bracket in the clear; anything less certain is not taken for one.

use super::unpack::Allowance;

/// Whether a raw block that unpacks to JSON starts here.
pub fn is_block(head: &[u8]) -> bool {
    let Ok(length) = snap::raw::decompress_len(head) else { return false };
    let varint = head.iter().take_while(|b| **b & 0x80 != 0).count() + 1;
    let Some(tag) = head.get(varint) else { return false };
    // The low bits of a literal's tag are zero; its length stands in the tag or in up to four bytes after it.
    let extra = match tag >> 2 {
        n @ 60..=63 => usize::from(n) - 59,
        _ => 0,
    };
    let first = head.get(varint + 1 + extra);
    length >= 2 && tag & 3 == 0 && matches!(first, Some(b'[' | b'{'))
}

fn prefix(head: &[u8]) -> Option<usize> {
    let bytes = head.get(..4)?;
    Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
}

/// Whether blocks with a length of four bytes before each start here.
pub fn is_prefixed(head: &[u8]) -> bool {
    prefix(head).is_some_and(|length| length >= 4) && head.get(4..).is_some_and(is_block)
}

/// Unpacks one block, or prefixed ones. What comes before a damaged block is kept; the flag says that there was one.
pub fn unpack(bytes: &[u8], allowance: &mut Allowance) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    // What looks like a length may be the start of a block, and then leads out of the file.
    if !is_prefixed(bytes) || prefix(bytes).is_some_and(|length| length > bytes.len()) && is_block(bytes) {
        return match block(bytes, allowance) {
            Some(text) => (text, false),
            None => (out, true),
        };
    }
    let mut rest = bytes;
    while let Some(length) = prefix(rest) {
        let Some(packed) = rest.get(4..4 + length) else { return (out, true) };
        let Some(text) = block(packed, allowance) else { return (out, true) };
        if !allowance.fits((out.len() + text.len()) as u64) {
            return (out, true);
        }
        out.extend_from_slice(&text);
        if !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        rest = &rest[4 + length..];
    }
    (out, !rest.is_empty())
}

fn block(packed: &[u8], allowance: &mut Allowance) -> Option<Vec<u8>> {
    let length = snap::raw::decompress_len(packed).ok()? as u64;
    // The length is only claimed; it is granted before memory is taken for it.
    if !allowance.grant(packed.len() as u64, length) || !allowance.fits(length) {
        return None;
    }
    snap::raw::Decoder::new().decompress_vec(packed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::wrap::Stop;

    #[test]
    fn blocks() {
        let text = b"[\"w-1\",{\"type\":4}]\n".repeat(40);
        let packed = snap::raw::Encoder::new().compress_vec(&text).unwrap();
        let free = || Allowance::new(1 << 30, 1 << 30, 400, 1 << 25);
        assert!(is_block(&packed) && !is_prefixed(&packed));
        assert_eq!(unpack(&packed, &mut free()), (text.clone(), false));
        let mut prefixed = Vec::new();
        for _ in 0..2 {
            prefixed.extend((packed.len() as u32).to_be_bytes());
            prefixed.extend(&packed);
        }
        assert!(is_prefixed(&prefixed) && !is_block(&prefixed));
        assert_eq!(unpack(&prefixed, &mut free()), (text.repeat(2), false));
        let cut = &prefixed[..prefixed.len() - 1];
        assert_eq!(unpack(cut, &mut free()), (text.clone(), true));
        assert!(!is_block(b"plain text") && !is_block(&[]) && !is_block(&[0xff; 12]));
        // A claim of 2 GB in a few bytes.
        let mut lie = vec![0xff, 0xff, 0xff, 0xff, 0x07];
        lie.extend([0x04, b'[', b']']);
        let mut allowance = free();
        assert_eq!(unpack(&lie, &mut allowance).0, b"");
        assert!(matches!(allowance.stopped, Some(Stop::Ratio | Stop::Expanded | Stop::Body)));
    }
}
