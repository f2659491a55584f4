pub(crate) fn looks_like(t: &[u8]) -> bool {
    memchr::memmem::find(&t[..t.len().min(4096)], b"\"timestamp\"").is_some()
}
