//! `affiant.toml`: what is read is written to a file that reads the same.
#![no_main]

use affiant_ledger::settings::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(settings) = Settings::from_toml(text) {
        assert_eq!(Settings::from_toml(&settings.to_toml()), Ok(settings));
    }
});
