//! Licensed text in YAML. What is read has ids and text, and a fault quotes at most the beginning of an id.
#![no_main]

use affiant_frameworks::licensed::LicensedText;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match LicensedText::from_yaml(text) {
        Ok(read) => {
            assert!(read.ids().count() > 0);
            assert!(read.ids().all(|id| read.of(id).is_some_and(|text| !text.trim().is_empty())));
        }
        Err(fault) => assert!(fault.what.chars().count() < 400, "{fault}"),
    }
});
