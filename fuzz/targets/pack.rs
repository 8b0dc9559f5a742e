//! A pack, in two ways. As it is: only the packs that were honestly issued verify with the auditor's keys. And as their
//! issuer could forge it: the bytes say what to change in which member of an honest pack; manifests and signature are
//! made again with the issuer's own key, so that everything behind the signature reads what a stranger wrote.
#![no_main]

use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::note::{Note, Verifier};
use affiant_reports::archive::{self, Limits};
use affiant_reports::bag::{self, BagInfo, Members};
use affiant_reports::pack::{NOTE, PackNote};
use affiant_reports::trust::Trust;
use affiant_reports::verify::verify_with;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The honest pack; one about a period, with a signer and without its evidence; those of before packs held keys, and of before they
/// named signers; and the keys of the log and of its issuer (32 equal bytes each are their seeds).
static HONEST: &[u8] = include_bytes!("../seeds/pack/honest");
static OTHERS: [&[u8]; 3] = [
    include_bytes!("../seeds/pack/period"),
    include_bytes!("../seeds/pack/honest-without-keys"),
    include_bytes!("../seeds/pack/honest-without-signers"),
];
const LOG: (&str, u8) = ("affiant.example/log1", 1);
const ISSUER: (&str, u8) = ("affiant.example/issuer1", 2);
const LIMITS: Limits = Limits { members: 1000, member_size: 1 << 20, total_size: 4 << 20 };

static MEMBERS: LazyLock<Members> = LazyLock::new(|| archive::read(HONEST, &LIMITS).unwrap());
static TRUST: LazyLock<Trust> = LazyLock::new(|| Trust {
    logs: vec![TrustedKey::always(verifier(LOG))],
    issuers: vec![TrustedKey::always(verifier(ISSUER))],
    signers: Vec::new(),
});

fn key((_, seed): (&str, u8)) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn verifier(of: (&str, u8)) -> Verifier {
    Verifier::new(of.0.parse().unwrap(), key(of).verifying_key())
}

fuzz_target!(|bytes: &[u8]| {
    let verdict = verify_with(bytes, Some(&TRUST), &LIMITS, None);
    let issued = bytes == HONEST || OTHERS.contains(&bytes);
    assert!(verdict.exit_code() != 0 || issued, "a pack that nobody issued verifies");
    let _ = verify_with(bytes, None, &LIMITS, None);
    if let Some(forged) = forged(bytes) {
        let _ = verify_with(&forged, Some(&TRUST), &LIMITS, None);
    }
});

/// The honest pack with changes: member, place, number of bytes to take out, number of bytes to put in, those bytes.
fn forged(mut changes: &[u8]) -> Option<Vec<u8>> {
    let mut members = MEMBERS.clone();
    let names: Vec<String> = members.keys().filter(|name| name.starts_with("data/")).cloned().collect();
    while let [member, high, low, out, put, rest @ ..] = changes {
        let bytes = members.get_mut(&names[usize::from(*member) % names.len()])?;
        let at = (usize::from(*high) << 8 | usize::from(*low)) % (bytes.len() + 1);
        let end = (at + usize::from(*out)).min(bytes.len());
        let (put, rest) = rest.split_at(rest.len().min(usize::from(*put)));
        bytes.splice(at..end, put.iter().copied());
        changes = rest;
    }
    let honest = Note::parse(&members[NOTE]).ok()?;
    let mut note = PackNote::from_text(&honest.text)?;
    let info = String::from_utf8(members[bag::BAG_INFO].clone()).ok()?;
    let field = |label: &str| info.lines().find_map(|line| line.strip_prefix(label)).map(str::to_owned);
    let (date, agent) = (field("Bagging-Date: ")?, field(bag::AGENT)?);
    note.tagmanifest = bag::close(&mut members, &BagInfo { pack: note.pack.to_string(), date, agent });
    members.insert(NOTE.into(), Note::sign(&note.to_text(), &ISSUER.0.parse().ok()?, &key(ISSUER)));
    archive::write(&members).ok()
}
