//! The statements that the ledger itself judges by, of kinds `key`, `erasure` and `hold`: what is read is written again to
//! the same bytes, and a keyring takes in no key statement without proofs of the keys it holds.
#![no_main]

use affiant_ledger::codec;
use affiant_ledger::erasure::{Erasure, Hold};
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{KeyStatement, Keyring};
use affiant_ledger::note::Verifier;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(erasure) = Erasure::from_bytes(bytes) {
        assert_eq!(codec::encode(&erasure), bytes);
    }
    if let Ok(hold) = Hold::from_bytes(bytes) {
        assert_eq!(codec::encode(&hold), bytes);
    }
    let Ok(statement) = KeyStatement::from_bytes(bytes) else { return };
    assert_eq!(statement.to_bytes(), bytes);
    // A log whose key nobody has: nothing that needs its proof is taken in.
    let nobody = Verifier::new(
        "affiant.example/log1".parse().unwrap(),
        SigningKey::from_seed(&[77; 32]).verifying_key(),
    );
    let mut keyring = Keyring::new("log1".parse().unwrap(), nobody);
    assert!(keyring.apply(1, bytes).is_err(), "a key without a proof of the log's");
});
