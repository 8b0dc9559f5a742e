//! A receipt: what is read is written again to the same bytes, and none is accepted for an entry that is not its own.
#![no_main]

use affiant_ledger::digest::Digest;
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::Verifier;
use affiant_ledger::receipt::Receipt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(receipt) = Receipt::parse(bytes) else { return };
    assert_eq!(receipt.to_bytes(), bytes);
    let name = "affiant.example/log1".parse().unwrap();
    let log = Verifier::new(name, SigningKey::from_seed(&[1; 32]).verifying_key());
    assert!(receipt.verify(&Digest::leaf(b"no entry"), "affiant.example/log1", &log).is_err());
    if let Some(entry) = &receipt.extra {
        let _ = receipt.verify(&Digest::leaf(entry), "affiant.example/log1", &log);
    }
});
