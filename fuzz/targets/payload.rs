//! A payload, and the statement in it as the storeys above read it: what is read is written again to the same bytes.
#![no_main]

use affiant_controls::Statement;
use affiant_ledger::payload::Payload;
use libfuzzer_sys::fuzz_target;

/// Every kind of the storey above.
const KINDS: [&str; 20] = [
    "system",
    "asset",
    "result",
    "catalog",
    "pack",
    "exception",
    "applicability",
    "plan",
    "attestation",
    "incident",
    "event",
    "request",
    "policy",
    "approval",
    "finding",
    "sample",
    "delivery",
    "assertion",
    "access",
    "sign-off",
];

fuzz_target!(|bytes: &[u8]| {
    let Ok(payload) = Payload::from_bytes(bytes) else { return };
    assert_eq!(payload.to_bytes(), bytes);
    for kind in KINDS {
        if let Ok(Some(statement)) = Statement::from_bytes(kind, &payload.statement) {
            assert_eq!(statement.kind(), kind);
            assert_eq!(statement.to_bytes(), payload.statement);
            assert_eq!(
                affiant_controls::statement::facet_of(kind, &payload.statement),
                Some(statement.facet())
            );
        }
    }
});
