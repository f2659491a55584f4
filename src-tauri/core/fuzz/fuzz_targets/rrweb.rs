#![no_main]

libfuzzer_sys::fuzz_target!(init: dwell_fuzz::ready(), |data: &[u8]| dwell_fuzz::rrweb(data));
