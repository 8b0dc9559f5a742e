//! Payloads altered, missing, swapped, added, withheld.

use super::*;

#[test]
fn a_payload_altered_removed_swapped_or_added_is_refused() {
    let name = |n| affiant_reports::pack::payload_member(at(n) as u64);
    refused_by(
        &forged(|pack| {
            pack.bytes(&name(3))[8] ^= 1;
            pack.sign();
        }),
        Payloads,
        "is altered",
    );
    refused_by(
        &forged(|pack| {
            pack.members.remove(&name(3));
            pack.sign();
        }),
        Payloads,
        "is missing",
    );
    let swap = |pack: &mut Opened| {
        let (a, b) = (pack.bytes(&name(3)).clone(), pack.bytes(&name(4)).clone());
        (*pack.bytes(&name(3)), *pack.bytes(&name(4))) = (b, a);
        pack.sign();
    };
    refused_by(&forged(swap), Payloads, "(and 1 more)");
    let extra = |pack: &mut Opened| {
        let copy = pack.bytes(&name(3)).clone();
        pack.members.insert("data/payloads/2.cbor".into(), copy);
        pack.sign();
    };
    refused_by(&forged(extra), Payloads, "is the payload of no entry");
    for wrong in [
        "data/payloads/03.cbor",
        "data/payloads/x.cbor",
        "data/payloads/3",
        "data/evidence/ab",
        "data/catalogs/A.cbor",
    ] {
        refused_by(
            &forged(|pack| {
                pack.members.insert(wrong.into(), Vec::new());
                pack.sign();
            }),
            Container,
            "has no place",
        );
    }
}

#[test]
fn a_withheld_payload_is_said_and_never_silently_judged() {
    let mut source = source(&honest().all);
    let failing = failing_result() as u64;
    source
        .entries
        .iter_mut()
        .filter(|packed| packed.index == failing)
        .for_each(|packed| packed.payload = None);
    let pack = issue(&source, &honest().catalogs, &issuer(), &stub).unwrap().bytes;
    let verdict = judge(&pack);
    assert_eq!((verdict.exit_code(), verdict.counts.payloads_withheld), (0, 1));
    assert!(
        verdict
            .does_not_establish
            .iter()
            .any(|limit| limit.starts_with("what 1 entries say whose payloads are withheld"))
    );
    // Withheld without saying so in the right place.
    let mut opened = Opened::of(&pack);
    opened.set_assessment(|assessment| assessment.withheld.clear());
    opened.sign();
    refused_by(&judge(&opened.close()), Payloads, "not said to be withheld");
    // The conclusions of the whole, with the payload taken out.
    let verdict = forged(|pack| {
        pack.members.remove(&affiant_reports::pack::payload_member(failing));
        pack.set_assessment(|assessment| assessment.withheld = vec![failing]);
        pack.sign();
    });
    refused_by(&verdict, Assessment, "");
    // The payload of the entry that issues the pack cannot be withheld.
    let verdict = forged(|pack| {
        pack.members.remove(&affiant_reports::pack::payload_member(issuing() as u64));
        pack.set_assessment(|assessment| assessment.withheld = vec![issuing() as u64]);
        pack.sign();
    });
    refused_by(&verdict, Chain, "its payload is withheld");
}
