//! Gate profiles in YAML. What is read asks for something, and over no assessment it never opens.
#![no_main]

use affiant_frameworks::gate::{Answer, GateProfile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(profile) = GateProfile::from_yaml(text) else { return };
    if let Ok(verdict) = profile.judge(&[], &[]) {
        assert_ne!(verdict.answer, Answer::Met);
    }
});
