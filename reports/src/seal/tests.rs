use super::*;
use affiant_ledger::key::SigningKey;

fn pdf() -> Vec<u8> {
    let mut pdf = [HEADER, b"1 0 obj<</FT/Sig>>\nendobj\n%words\n"].concat();
    let start = pdf.len();
    let cross = "2 0 obj<</Type/XRef/Size 3/W[1 4 2]/Root 1 0 R/ID[<00><00>]/Length 0>>stream\n";
    pdf.extend_from_slice(format!("{cross}\nendstream endobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    pdf
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Words about pack-1, at an instant.
fn words(id: &Id, at: &str) -> SealWords<'static> {
    // A test ends soon.
    SealWords { time: time(at), issuer: "bank.example/issuer", pack: Box::leak(Box::new(id.clone())) }
}

fn pack() -> Id {
    "pack-1".parse().unwrap()
}

fn sealer() -> Sealer {
    let since = time("2026-11-22T00:00:00Z");
    Sealer::of_issuer(&SigningKey::from_seed(&[2; 32]), "bank.example/issuer", since)
}

#[test]
fn the_same_pdf_key_and_words_give_these_very_bytes() {
    let sealed = seal(&pdf(), &sealer(), &words(&pack(), "2026-11-24T12:00:00Z")).unwrap();
    // A change here means that packs issued before cannot be made again: it is a change of format.
    assert_eq!(
        sealer().certificate().to_string(),
        "48fe2251403a22ccd45765e55e92fbc6e8cf55b9b13b963268320e5d731bff7a"
    );
    assert_eq!(
        Digest::of(&sealed).to_string(),
        "752e6678b7c9b207b15f106a01f484fb580e39b930d754949b2b8a2a6deba189"
    );
}

#[test]
fn a_seal_is_checked_by_the_certificate_alone_and_gives_the_first_revision() {
    let words = words(&pack(), "2026-11-24T12:00:00Z");
    let sealed = seal(&pdf(), &sealer(), &words).unwrap();
    let found = check(&sealed, &sealer().certificate(), &words).unwrap();
    assert_eq!((found.first, found.subject.as_str()), (&pdf()[..], "CN=bank.example/issuer"));
    assert_eq!(check(&pdf(), &sealer().certificate(), &words), Err(SealError::Missing));
}

#[test]
fn a_seal_from_before_its_certificate_is_refused() {
    let before = words(&pack(), "2026-11-21T23:59:59Z");
    let refused = seal(&pdf(), &sealer(), &before);
    assert_eq!(refused, Err(SealError::Time(before.time)));
    assert!(!sealer().is_valid_at(before.time) && sealer().is_valid_at(Timestamp::MAX));
}

#[test]
fn a_seal_made_over_less_is_refused_even_by_the_right_key() {
    let words = words(&pack(), "2026-11-24T12:00:00Z");
    let mut blank = Blank::new(&pdf(), &words).unwrap();
    // ByteRange says one byte less at the end, and the digest is of what it says.
    let text = String::from_utf8(blank.bytes.clone().into_iter().map(|b| b & 0x7f).collect()).unwrap();
    let at = text.find("/ByteRange[").unwrap() + 11;
    let numbers: Vec<usize> =
        text[at..].split(']').next().unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
    let shorter = format!("{} {} {} {}", numbers[0], numbers[1], numbers[2], numbers[3] - 1);
    blank.bytes[at..at + shorter.len()].copy_from_slice(shorter.as_bytes());
    let end = blank.bytes.len() - 1;
    let covered = Digest::of_parts(&[&blank.bytes[..numbers[1]], &blank.bytes[numbers[2]..end]]);
    let cms = envelope::make(&sealer(), &covered).unwrap();
    blank.fill(&cms).unwrap();
    assert_eq!(check(&blank.bytes, &sealer().certificate(), &words), Err(SealError::Coverage));
    // The same CMS under an honest ByteRange is of other bytes.
    let mut blank = Blank::new(&pdf(), &words).unwrap();
    blank.fill(&cms).unwrap();
    assert_eq!(check(&blank.bytes, &sealer().certificate(), &words), Err(SealError::Content));
}

#[test]
fn a_certificate_put_beside_the_signers_is_refused_where_the_signer_claims_the_other() {
    // The signature of a stranger, with the named certificate carried along.
    let words = words(&pack(), "2026-11-24T12:00:00Z");
    let stranger = Sealer::of_issuer(&SigningKey::from_seed(&[3; 32]), "bank.example/issuer", words.time);
    let both = stranger.clone().beside(&sealer());
    let sealed = {
        let mut blank = Blank::new(&pdf(), &words).unwrap();
        let cms = envelope::make(&both, &blank.digest(&blank.bytes)).unwrap();
        blank.fill(&cms).unwrap();
        blank.bytes
    };
    assert!(check(&sealed, &stranger.certificate(), &words).is_ok());
    let (found, named) = (stranger.certificate(), sealer().certificate());
    assert_eq!(check(&sealed, &named, &words), Err(SealError::Certificate { found, named }));
    // The named certificate claimed, and the stranger's key used.
    let claimed = sealer().with_key_of(&stranger);
    let mut blank = Blank::new(&pdf(), &words).unwrap();
    let cms = envelope::make(&claimed, &blank.digest(&blank.bytes)).unwrap();
    blank.fill(&cms).unwrap();
    assert_eq!(check(&blank.bytes, &named, &words), Err(SealError::Signature));
}

#[test]
fn a_name_that_means_something_in_a_distinguished_name_is_only_a_name() {
    let name = "bank, O=Evil\\/\"#;<>=é";
    let odd = Sealer::of_issuer(&SigningKey::from_seed(&[2; 32]), name, time("2026-11-22T00:00:00Z"));
    assert_eq!(odd.own().tbs_certificate().subject().len(), 1);
    let long = Sealer::of_issuer(&SigningKey::from_seed(&[2; 32]), &"é".repeat(300), Timestamp::MIN);
    assert_eq!(long.own().tbs_certificate().subject().to_string().chars().filter(|c| *c == 'é').count(), 64);
}

#[test]
fn bytes_of_any_kind_are_refused_and_break_nothing() {
    let words = words(&pack(), "2026-11-24T12:00:00Z");
    let sealed = seal(&pdf(), &sealer(), &words).unwrap();
    for cut in (0..sealed.len()).step_by(97) {
        assert!(check(&sealed[..cut], &sealer().certificate(), &words).is_err(), "{cut}");
    }
    for at in (0..sealed.len()).step_by(13) {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(check(&altered, &sealer().certificate(), &words).is_err(), "{at}");
    }
}
