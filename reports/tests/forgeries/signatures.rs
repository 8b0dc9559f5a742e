//! Signatures and trust: stripped, added, borrowed, swapped.

use super::*;

#[test]
fn a_stripped_signature_is_refused() {
    let strip = |pack: &mut Opened| {
        let text = Note::parse(pack.bytes(NOTE)).unwrap().text;
        *pack.bytes(NOTE) = format!("{text}\n").into_bytes();
    };
    refused_by(&forged(strip), Signature, "no line feed at the end");
    refused_by(&forged(|pack| pack.bytes(NOTE).clear()), Signature, "");
}

#[test]
fn a_signature_line_of_an_unknown_key_is_refused() {
    let add = |pack: &mut Opened| {
        let text = pack.note().to_text();
        let line = affiant_ledger::note::signature_line(
            &text,
            &"evil.example/issuer".parse().unwrap(),
            &fresh_key(),
        );
        pack.bytes(NOTE).extend_from_slice(line.as_bytes());
    };
    refused_by(&forged(add), Signature, "1 signature lines beside those of the trusted keys");
    let twice = |pack: &mut Opened| {
        let line = String::from_utf8(pack.bytes(NOTE).clone()).unwrap().lines().last().unwrap().to_owned();
        pack.bytes(NOTE).extend_from_slice(format!("{line}\n").as_bytes());
    };
    refused_by(&forged(twice), Signature, "1 signature lines beside");
}

#[test]
fn edited_note_text_is_refused() {
    let digest = Opened::of(&honest().pack).note().tagmanifest.to_string();
    for (from, to) in [
        ("pack-1", "pack-2"),
        (ORIGIN, "affiant.example/log2"),
        ("\n14\n", "\n13\n"),
        (&digest[..8], "00000000"),
    ] {
        refused_by(&forged(|pack| pack.replace(NOTE, from, to)), Signature, "the signature of");
    }
}

#[test]
fn a_note_that_speaks_of_another_pack_is_refused() {
    let sign = |edit: fn(&mut PackNote)| {
        forged(|pack| {
            let mut note = pack.note();
            edit(&mut note);
            *pack.bytes(NOTE) = Note::sign(&note.to_text(), &ISSUER.parse().unwrap(), &issuer_key());
        })
    };
    refused_by(&sign(|note| note.pack = "pack-2".parse().unwrap()), Digests, "speaks of another pack");
    refused_by(&sign(|note| note.size = 13), Checkpoint, "another checkpoint");
    refused_by(&sign(|note| note.root = Digest::ZERO), Checkpoint, "another checkpoint");
    refused_by(&sign(|note| note.tagmanifest = Digest::ZERO), Digests, "signed for");
    let prose = forged(|pack| {
        *pack.bytes(NOTE) = Note::sign("I sign anything\n", &ISSUER.parse().unwrap(), &issuer_key())
    });
    refused_by(&prose, Signature, "not the note of a pack");
    let head = forged(|pack| {
        let head = Note::parse(pack.bytes(CHECKPOINT)).unwrap().text;
        *pack.bytes(NOTE) = Note::sign(&head, &ISSUER.parse().unwrap(), &issuer_key());
    });
    refused_by(&head, Signature, "not the note of a pack");
}

#[test]
fn trust_with_swapped_roles_or_none_at_all_verifies_nothing() {
    let Trust { logs, issuers, signers } = trust();
    let swapped = Trust { logs: issuers.clone(), issuers: logs.clone(), ..trust() };
    refused_by(&judge_with(&honest().pack, Some(&swapped)), Signature, "no signature by a known key");
    refused_by(
        &judge_with(&honest().pack, Some(&Trust::default())),
        Signature,
        "no signature by a known key",
    );
    let no_logs = Trust { logs: Vec::new(), ..trust() };
    refused_by(&judge_with(&honest().pack, Some(&no_logs)), Checkpoint, "no log key");
    let renamed = Trust { logs: vec![trusted("affiant.example/log2", &log_key())], issuers, signers };
    refused_by(&judge_with(&honest().pack, Some(&renamed)), Checkpoint, "no signature by a known key");
}

#[test]
fn a_second_trusted_issuer_cannot_sign_for_the_first() {
    let mut both = trust();
    both.issuers.push(trusted("other.example/issuer", &fresh_key()));
    let mut opened = Opened::of(&honest().pack);
    opened.sign_as("other.example/issuer", &fresh_key());
    refused_by(&judge_with(&opened.close(), Some(&both)), Digests, "names another issuer");
    opened.set_assessment(|a| a.keys.issuer = verifier("other.example/issuer", &fresh_key()).to_string());
    opened.sign_as("other.example/issuer", &fresh_key());
    refused_by(&judge_with(&opened.close(), Some(&both)), Chain, "another issuer");
}

#[test]
fn a_key_signs_for_the_sizes_that_the_auditor_trusts_it_for() {
    let size = Opened::of(&honest().pack).note().size;
    let judge = |edit: &dyn Fn(&mut Trust)| {
        let mut trust = trust();
        edit(&mut trust);
        judge_with(&honest().pack, Some(&trust))
    };
    let within = judge(&|trust| {
        (trust.logs[0].from, trust.logs[0].to) = (size, Some(size));
        (trust.issuers[0].from, trust.issuers[0].to) = (size, Some(size));
    });
    assert_eq!(within.conclusion, Conclusion::Verified);
    refused_by(&judge(&|trust| trust.logs[0].to = Some(size - 1)), Checkpoint, "counts for sizes 1 to 13");
    refused_by(&judge(&|trust| trust.logs[0].from = size + 1), Checkpoint, "counts for sizes 15 and on");
    refused_by(&judge(&|trust| trust.issuers[0].to = Some(size - 1)), Signature, "not trusted for size 14");
    refused_by(&judge(&|trust| trust.issuers[0].from = size + 1), Signature, "not trusted for size 14");
    // Another key of the log beside it, trusted for this size, does not make up for it.
    let other = |trust: &mut Trust| {
        trust.logs[0].to = Some(size - 1);
        trust.logs.push(trusted(ORIGIN, &fresh_key()));
    };
    refused_by(&judge(&other), Checkpoint, "counts for sizes 1 to 13");
}
