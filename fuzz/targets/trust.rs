//! A trust file: what is read is written to a file that reads the same.
#![no_main]

use affiant_reports::trust::Trust;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(trust) = Trust::parse(text) {
        assert_eq!(Trust::parse(&trust.to_text("a comment\nof two lines")), Ok(trust));
    }
});
