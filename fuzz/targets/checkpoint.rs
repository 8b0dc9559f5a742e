//! A checkpoint's text beside `tlog_tiles`, which shares no code with ours: what we accept, it accepts with the same
//! meaning, and writing it again gives the same text. A signed one is accepted only with the signature of the key.
#![no_main]

use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::{Note, Verifier};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let key = SigningKey::from_seed(&[1; 32]);
    let name = "affiant.example/log1".parse().unwrap();
    let log = Verifier::new(name, key.verifying_key());
    if let Ok(opened) = Checkpoint::open(bytes, "affiant.example/log1", &log) {
        let note = Note::parse(bytes).unwrap();
        let line = note
            .signatures
            .iter()
            .find(|line| line.name == "affiant.example/log1" && line.key_id == log.key_id());
        // Ed25519 is deterministic: the one signature there is.
        assert_eq!(line.unwrap().bytes, key.sign(opened.to_text().as_bytes()));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(ours) = Checkpoint::from_text(text) else { return };
    assert_eq!(ours.to_text(), text);
    let theirs = tlog_tiles::Checkpoint::from_bytes(bytes)
        .unwrap_or_else(|error| panic!("accepted by us alone: {error}"));
    assert_eq!((theirs.origin(), theirs.size(), theirs.extension()), (ours.origin.as_str(), ours.size, ""));
    assert_eq!(theirs.hash().0, *ours.root.as_bytes());
});
