//! A sealed PDF: no bytes break the reader, and only the one that was sealed passes with its certificate. A second pass
//! puts the bytes where the CMS stands in it, so that they are read as CMS.
#![no_main]

use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_reports::seal::{SealWords, check};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// A sealed PDF, and what its seal says.
static SEALED: &[u8] = include_bytes!("../seeds/seal/sealed.pdf");
static PACK: LazyLock<Id> = LazyLock::new(|| "pack-1".parse().unwrap());
static CERTIFICATE: LazyLock<Digest> =
    LazyLock::new(|| "fa61437b5ed11409d65e52d2d2f541b790ea98ea59588b741617c95793913a9d".parse().unwrap());

fn holds(pdf: &[u8]) -> bool {
    let time = "2026-11-24T12:00:00Z".parse().unwrap();
    check(pdf, &CERTIFICATE, &SealWords { time, issuer: "affiant.example/issuer1", pack: &PACK }).is_ok()
}

fuzz_target!(|bytes: &[u8]| {
    assert!(!holds(bytes) || bytes == SEALED, "a seal that nobody made holds");
    let contents = b"/Contents<";
    let at = SEALED.windows(contents.len()).position(|window| window == contents).unwrap() + contents.len();
    let mut pdf = SEALED.to_vec();
    for (place, byte) in pdf[at..at + 2 * 16384].chunks_mut(2).zip(bytes) {
        place.copy_from_slice(format!("{byte:02x}").as_bytes());
    }
    assert!(!holds(&pdf) || pdf == SEALED, "another CMS holds");
});
