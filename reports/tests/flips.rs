//! No byte of a pack is free: each flipped, the pack cut at many lengths, members changed under a container made
//! right again, and bytes of no form at all. Never verified, never a panic, and always a check named.

#![allow(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "forgeries/workshop.rs"]
mod workshop;

use affiant_reports::pack::ASSESSMENT;
use affiant_reports::verdict::{CheckName, Conclusion, Outcome, Verdict};
use proptest::prelude::*;
use rayon::prelude::*;
use workshop::*;

/// A bit of the byte at `at`, chosen by its position: the same in every run, evenly spread.
fn bit(at: usize) -> u8 {
    1 << ((at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61)
}

/// The check that refuses, with keys from outside; without them the pack is never better than self-asserted.
fn refused(pack: &[u8]) -> Result<CheckName, Box<Verdict>> {
    let verdict = judge(pack);
    let right = verdict.conclusion == Conclusion::Rejected && verdict.exit_code() == 3;
    match verdict.first_failure() {
        Some(first) if right => Ok(first.name),
        _ => Err(Box::new(verdict)),
    }
}

#[test]
fn every_byte_flipped_is_refused() {
    let pack = &honest().pack;
    assert!(pack.len() < 160_000, "{} bytes", pack.len());
    let refusing: Vec<CheckName> = (0..pack.len())
        .into_par_iter()
        .map(|at| {
            let mut flipped = pack.clone();
            flipped[at] ^= bit(at);
            refused(&flipped).unwrap_or_else(|verdict| panic!("byte {at}: {verdict:#?}"))
        })
        .collect();
    assert!(refusing.iter().all(|name| *name == CheckName::Container));
}

#[test]
fn every_byte_of_every_member_flipped_under_a_sound_container_is_refused() {
    let opened = Opened::of(&honest().pack);
    let places: Vec<(&String, usize)> =
        opened.members.iter().flat_map(|(name, bytes)| (0..bytes.len()).map(move |at| (name, at))).collect();
    places.par_iter().for_each(|(name, at)| {
        let mut opened = opened.clone();
        opened.bytes(name)[*at] ^= bit(*at);
        let found =
            refused(&opened.close()).unwrap_or_else(|verdict| panic!("{name}, byte {at}: {verdict:#?}"));
        let note = *name == affiant_reports::pack::NOTE;
        assert_eq!(found, if note { CheckName::Signature } else { CheckName::Digests }, "{name}, byte {at}");
    });
}

#[test]
fn a_flip_that_the_issuer_signs_is_still_refused() {
    // The manifests are redone and signed with the true key: what the members say must hold without them.
    let opened = Opened::of(&honest().pack);
    let signed_anew =
        ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "pack.note"];
    let members = opened.members.iter().filter(|(name, _)| !signed_anew.contains(&name.as_str()));
    let places: Vec<(&String, usize)> =
        members.flat_map(|(name, bytes)| (0..bytes.len()).step_by(3).map(move |at| (name, at))).collect();
    places.par_iter().for_each(|(name, at)| {
        let mut flipped = opened.clone();
        flipped.bytes(name)[*at] ^= bit(*at);
        flipped.seal_and_sign(&opened);
        let verdict = judge(&flipped.close());
        // Only the label of what derived it is free, and then the report is said not to be checked.
        let unchecked =
            verdict.first_failure().is_none() && verdict.outcome(CheckName::Report) == Outcome::NotChecked;
        let excused = name.as_str() == ASSESSMENT
            && unchecked
            && flipped.assessment().engine != opened.assessment().engine;
        assert!(excused || verdict.first_failure().is_some(), "{name}, byte {at}: {verdict:#?}");
    });
}

#[test]
fn a_pack_cut_anywhere_is_refused() {
    let pack = &honest().pack;
    let lengths: Vec<usize> = (0..pack.len()).step_by(7).chain(pack.len() - 100..pack.len()).collect();
    lengths.par_iter().for_each(|length| {
        let found =
            refused(&pack[..*length]).unwrap_or_else(|verdict| panic!("{length} bytes: {verdict:#?}"));
        assert_eq!(found, CheckName::Container, "{length} bytes");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(refused(&bytes).is_ok());
        prop_assert!(refused(&[b"PK\x03\x04", &bytes[..]].concat()).is_ok());
        prop_assert_ne!(judge_with(&bytes, None).conclusion, Conclusion::Verified);
    }

    #[test]
    fn arbitrary_mutations_are_refused_without_panic(
        mutations in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..8)
    ) {
        let pack = &honest().pack;
        let mut mutated = pack.clone();
        for (at, byte, how) in mutations {
            let at = at.index(mutated.len());
            match how {
                0 => mutated[at] = byte,
                1 => mutated.insert(at, byte),
                _ => drop(mutated.drain(at..(at + usize::from(byte)).min(mutated.len()))),
            }
            prop_assume!(!mutated.is_empty());
        }
        prop_assume!(mutated != *pack);
        prop_assert!(refused(&mutated).is_ok());
    }

    #[test]
    fn arbitrary_members_signed_by_the_issuer_are_judged_without_panic(
        which in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        at in any::<prop::sample::Index>(),
        keep in any::<bool>(),
    ) {
        let honest = Opened::of(&honest().pack);
        let mut changed = honest.clone();
        let name = which.get(&honest.members.keys().collect::<Vec<_>>()).to_string();
        let member = changed.bytes(&name);
        if keep && !member.is_empty() {
            let at = at.index(member.len());
            member.splice(at..(at + bytes.len() / 2).min(member.len()), bytes);
        } else {
            *member = bytes;
        }
        changed.seal_and_sign(&honest);
        for trust in [Some(&trust()), None] {
            let verdict = judge_with(&changed.close(), trust);
            let same = changed.members == honest.members;
            prop_assert!(same || verdict.first_failure().is_some() || verdict.conclusion != Conclusion::Verified, "{name}");
        }
    }
}
