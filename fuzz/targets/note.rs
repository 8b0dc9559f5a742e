//! A signed note beside `signed_note`, which shares no code with ours: what we accept, it accepts with the same text and
//! signatures, and writing them again gives the same bytes. Verifier keys too.
#![no_main]

use affiant_ledger::note::{Note, Verifier, to_base64};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        let mut again = format!("{}\n", note.text);
        for line in &note.signatures {
            let signature = to_base64(&[&line.key_id[..], &line.bytes].concat());
            again.push_str(&format!("\u{2014} {} {signature}\n", line.name));
        }
        assert_eq!(again.as_bytes(), bytes, "written again");
        let theirs = signed_note::Note::from_bytes(bytes)
            .unwrap_or_else(|error| panic!("accepted by us alone: {error}"));
        assert_eq!(theirs.text(), note.text.as_bytes());
        let _ = note.verify(&[]);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(verifier) = text.parse::<Verifier>()
    {
        assert_eq!(verifier.to_string(), text);
        if verifier == Verifier::new(verifier.name().clone(), *verifier.key()) {
            assert!(signed_note::StandardVerifier::new(text).is_ok(), "accepted by us alone");
        }
    }
});
