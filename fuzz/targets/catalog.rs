//! Catalogs in YAML and in their own bytes: controls, tool rules, frameworks, mappings. What passes the linter is written
//! to bytes that read the same.
#![no_main]

use affiant_controls::catalog::ControlCatalog;
use affiant_controls::intake::ToolRules;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mapping::MappingSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(controls) = ControlCatalog::from_bytes(bytes) {
        assert_eq!(controls.to_bytes(), bytes);
    }
    if let Ok(rules) = ToolRules::from_bytes(bytes) {
        assert_eq!(rules.to_bytes(), bytes);
    }
    if let Ok(framework) = Framework::from_bytes(bytes) {
        assert_eq!(framework.to_bytes(), bytes);
    }
    if let Ok(mappings) = MappingSet::from_bytes(bytes) {
        assert_eq!(mappings.to_bytes(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(controls) = ControlCatalog::from_yaml(text) {
        assert_eq!(
            ControlCatalog::from_bytes(&controls.to_bytes()).map(|again| again.digest()),
            Ok(controls.digest())
        );
    }
    if let Ok(framework) = Framework::from_yaml(text) {
        assert_eq!(Framework::from_bytes(&framework.to_bytes()).unwrap().digest(), framework.digest());
    }
    if let Ok(mappings) = MappingSet::from_yaml(text) {
        assert_eq!(MappingSet::from_bytes(&mappings.to_bytes()).unwrap().digest(), mappings.digest());
    }
});
