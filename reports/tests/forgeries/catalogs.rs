//! Catalogs nobody pinned, evidence that is not what it is called, tag files that say something else.

use super::*;

#[test]
fn a_friendlier_catalog_is_refused_unless_the_stream_pins_it() {
    let friendlier = friendlier_controls();
    let name = catalog_member(&friendlier.pin());
    let swap = |pack: &mut Opened| *pack.bytes(&name) = friendlier.to_bytes();
    refused_by(&forged(swap), Digests, "tiny-controls.cbor is altered");
    refused_by(
        &forged(|pack| {
            swap(pack);
            pack.sign();
        }),
        References,
        "is not the catalog that",
    );
    let repin = |pack: &mut Opened| {
        swap(pack);
        pack.set_assessment(|a| {
            a.catalogs
                .iter_mut()
                .filter(|pin| pin.id == friendlier.id)
                .for_each(|pin| *pin = friendlier.pin())
        });
        pack.sign();
    };
    refused_by(&forged(repin), References, "not the version pinned in the stream");
    let other_id = |pack: &mut Opened| {
        let mut other = friendlier.clone();
        other.id = "other-controls".parse().unwrap();
        pack.members.remove(&name);
        pack.members.insert(catalog_member(&other.pin()), other.to_bytes());
        pack.set_assessment(|a| {
            a.catalogs.iter_mut().filter(|pin| pin.id == friendlier.id).for_each(|pin| *pin = other.pin())
        });
        pack.sign();
    };
    refused_by(&forged(other_id), References, "is not pinned in the stream");
}

#[test]
fn catalogs_named_twice_or_not_at_all_are_refused() {
    let twice = |pack: &mut Opened| {
        pack.set_assessment(|a| a.catalogs.push(a.catalogs[0].clone()));
        pack.sign();
    };
    refused_by(&forged(twice), References, "names a catalog twice");
    let none = |pack: &mut Opened| {
        pack.set_assessment(|a| a.catalogs.clear());
        pack.sign();
    };
    refused_by(&forged(none), References, "is used by nothing");
}

#[test]
fn evidence_that_is_not_what_it_is_called_is_refused() {
    let name = evidence_member(&Digest::of(EVIDENCE));
    refused_by(
        &forged(|pack| {
            pack.bytes(&name).push(b'x');
            pack.sign();
        }),
        References,
        "is not what its name says",
    );
    refused_by(
        &forged(|pack| {
            pack.members.remove(&name);
            pack.sign();
        }),
        Assessment,
        "",
    );
}

#[test]
fn tag_files_say_what_they_must() {
    refused_by(
        &forged(|pack| {
            pack.sign();
            pack.replace("bag-info.txt", "pack-1", "pack-2");
            reseal(pack);
        }),
        Digests,
        "bag-info.txt does not describe this pack",
    );
    refused_by(
        &forged(|pack| {
            pack.replace("bag-info.txt", "affiant ", "affiant \u{1b}[");
            reseal(pack);
        }),
        Digests,
        "does not describe",
    );
    refused_by(
        &forged(|pack| {
            pack.replace("bagit.txt", "1.0", "0.9");
            reseal(pack);
        }),
        Digests,
        "not the declaration of BagIt",
    );
    refused_by(
        &forged(|pack| {
            pack.bytes("manifest-sha256.txt").extend_from_slice(b"\n");
            reseal(pack);
        }),
        Digests,
        "not in its one form",
    );
    let absent = format!("{}  data/absent\n", Digest::ZERO);
    refused_by(
        &forged(|pack| {
            pack.bytes("manifest-sha256.txt").extend_from_slice(absent.as_bytes());
            reseal(pack);
        }),
        Digests,
        "data/absent is missing",
    );
}

/// Signs with the tag files as they are.
fn reseal(pack: &mut Opened) {
    let lines = affiant_reports::bag::tagmanifest(
        pack.members.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])),
    );
    let mut note = pack.note();
    note.tagmanifest = Digest::of(lines.as_bytes());
    pack.members.insert("tagmanifest-sha256.txt".into(), lines.into_bytes());
    *pack.bytes(NOTE) = Note::sign(&note.to_text(), &ISSUER.parse().unwrap(), &issuer_key());
}
