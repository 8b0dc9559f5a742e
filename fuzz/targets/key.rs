<<<<<<< HEAD
//! The statements that the ledger itself judges by, of kinds `key`, `erasure` and `hold`: what is read is written again to
//! the same bytes, and a keyring takes in no key statement without proofs of the keys it holds.
#![no_main]

use affiant_ledger::codec;
use affiant_ledger::erasure::{Erasure, Hold};
=======
//! A statement about a key: what is read is written again to the same bytes, and what the keyring refuses leaves it as it
//! was.
#![no_main]

>>>>>>> c66c7c3 (docs: keys in the pages of the ledger, the guides and SECURITY; a fuzz target for statements about keys)
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{KeyStatement, Keyring};
use affiant_ledger::note::Verifier;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
<<<<<<< HEAD
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
=======
    if let Ok(statement) = KeyStatement::from_bytes(bytes) {
        assert_eq!(statement.to_bytes(), bytes);
    }
    let name = "affiant.example/log1".parse().unwrap();
    let log = Verifier::new(name, SigningKey::from_seed(&[1; 32]).verifying_key());
    let before = Keyring::new("ledger-1".parse().unwrap(), log);
    let mut keyring = before.clone();
    match keyring.apply(9, bytes) {
        Ok(()) => assert_ne!(keyring, before),
        Err(_) => assert_eq!(keyring, before),
    }
>>>>>>> c66c7c3 (docs: keys in the pages of the ledger, the guides and SECURITY; a fuzz target for statements about keys)
});
