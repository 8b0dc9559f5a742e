//! Forgeries of a pack: each is refused, and the check that ought to name the fault names it.
//!
//! The forger is given more and more: the file; the means to redo every manifest; a key of his own; the issuer's key;
//! at last the log's key too, with which he can make any tree.

#![allow(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "forgeries/workshop.rs"]
mod workshop;

use affiant_controls::{PackIssued, Statement, Status};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::note::Note;
use affiant_ledger::time::Timestamp;
use affiant_reports::archive;
use affiant_reports::issue::{PackSource, issue};
use affiant_reports::pack::{
    ASSESSMENT, CHECKPOINT, ENTRIES, NOTE, PROOFS, REPORT_PDF, VERIFY, catalog_member, evidence_member,
};
use affiant_reports::trust::Trust;
use affiant_reports::verdict::CheckName::{self, *};
use affiant_reports::verdict::{Conclusion, Outcome, Verdict};
use workshop::*;

/// The honest pack over another history, with everything redone and signed by the true issuer.
fn packed(edit: impl FnOnce(&mut PackSource)) -> Verdict {
    repacked(honest().all.clone(), edit)
}

fn repacked(all: Vec<Whole>, edit: impl FnOnce(&mut PackSource)) -> Verdict {
    forged(|pack| {
        let mut source = source(&all);
        edit(&mut source);
        pack.set_entries(&source);
        pack.sign();
    })
}

/// Position in the ledger of the stream's entry `n`.
fn at(n: u64) -> usize {
    honest().all.iter().position(|(entry, _)| entry.stream == *STREAM && entry.n == n).unwrap()
}

/// Position of the one result that fails.
fn failing_result() -> usize {
    at(6)
}

/// Position of the entry that issues the pack, the last of the ledger.
fn issuing() -> usize {
    honest().all.len() - 1
}

// ---- the honest pack

#[test]
fn the_honest_pack_is_verified() {
    let verdict = judge(&honest().pack);
    assert_eq!((verdict.conclusion, verdict.exit_code()), (Conclusion::Verified, 0), "{verdict:#?}");
    assert_eq!((verdict.level.as_str(), verdict.counts.entries, verdict.counts.evidence_held), ("L1", 9, 1));
    let made = |name| verdict.outcome(name) == Outcome::Passed;
    assert!(
        [
            Container, Signature, Digests, Checkpoint, Inclusion, Chain, Payloads, Assessment, Report,
            References
        ]
        .into_iter()
        .all(made)
    );
}

#[test]
fn taking_it_apart_and_signing_again_changes_nothing() {
    let mut opened = Opened::of(&honest().pack);
    opened.sign();
    opened.set_entries(&source(&honest().all));
    opened.sign();
    assert_eq!(opened.close(), honest().pack);
}

#[test]
fn issuing_again_gives_the_same_bytes() {
    let again = issue(&source(&honest().all), &honest().catalogs, &issuer(), &stub).unwrap();
    assert_eq!(again.bytes, honest().pack);
}

#[test]
fn without_keys_from_outside_the_best_word_is_self_asserted() {
    let verdict = judge_with(&honest().pack, None);
    assert_eq!((verdict.conclusion, verdict.exit_code()), (Conclusion::SelfAsserted, 4));
    assert_eq!((verdict.level.as_str(), verdict.outcome(Signature)), ("L0", Outcome::SelfAsserted));
    assert_eq!(
        (verdict.outcome(Checkpoint), verdict.outcome(Report)),
        (Outcome::SelfAsserted, Outcome::NotChecked)
    );
}

// ---- with the file alone

#[test]
fn an_extra_file_is_refused() {
    refused_by(
        &forged(|pack| drop(pack.members.insert("data/notes.txt".into(), b"x".to_vec()))),
        Container,
        "data/notes.txt",
    );
    let named = Digest::of(b"x");
    let extra = |pack: &mut Opened| drop(pack.members.insert(evidence_member(&named), b"x".to_vec()));
    refused_by(&forged(extra), Digests, "is extra");
    refused_by(
        &forged(|pack| {
            extra(pack);
            pack.sign();
        }),
        References,
        "is cited by no entry",
    );
    let catalog = |pack: &mut Opened| {
        pack.members.insert("data/catalogs/more.cbor".into(), b"x".to_vec());
        pack.sign();
    };
    refused_by(&forged(catalog), References, "is used by nothing");
}

#[test]
fn a_missing_file_is_refused() {
    let names: Vec<String> = Opened::of(&honest().pack).members.into_keys().collect();
    for name in names {
        let missing = forged(|pack| drop(pack.members.remove(&name)));
        let fixed = !["data/payloads/", "data/evidence/", "data/catalogs/"]
            .iter()
            .any(|folder| name.starts_with(folder));
        refused_by(&missing, if fixed { Container } else { Digests }, &name);
    }
}

#[test]
fn an_edited_file_is_refused() {
    let names: Vec<String> = Opened::of(&honest().pack).members.into_keys().collect();
    for name in names {
        let edited = forged(|pack| pack.bytes(&name).push(b'\n'));
        refused_by(&edited, if name == NOTE { Signature } else { Digests }, "");
    }
    refused_by(
        &forged(|pack| pack.replace(REPORT_PDF, "stub", "STUB")),
        Digests,
        "data/report.pdf is altered",
    );
}

#[test]
fn the_report_is_made_again_even_if_the_issuer_signs_another() {
    refused_by(
        &forged(|pack| {
            pack.replace(REPORT_PDF, "stub", "all is well");
            pack.sign();
        }),
        Report,
        "data/report.pdf",
    );
    refused_by(
        &forged(|pack| {
            pack.replace(VERIFY, "affiant verify", "affiant trust-me");
            pack.sign();
        }),
        Report,
        "VERIFY.md",
    );
}

#[test]
fn a_report_said_to_be_of_another_version_is_said_not_to_be_checked() {
    let verdict = forged(|pack| {
        pack.set_assessment(|assessment| assessment.engine = "affiant-frameworks 99.0.0".into());
        pack.replace(REPORT_PDF, "stub", "all is well");
        pack.sign();
    });
    assert_eq!((verdict.conclusion, verdict.outcome(Report)), (Conclusion::Verified, Outcome::NotChecked));
    let said = verdict.does_not_establish.iter().any(|limit| limit.contains("they were not made again"));
    assert!(said, "{:?}", verdict.does_not_establish);
}

#[test]
fn the_pdf_that_people_read_is_made_again() {
    let render =
        |document: &_| affiant_reports::render::pdf::render(document).map_err(|error| error.to_string());
    let pack = issue(&source(&honest().all), &honest().catalogs, &issuer(), &render).unwrap().bytes;
    let verify = |pack: &[u8]| affiant_reports::verify::verify(pack, Some(&trust()), &Default::default());
    assert_eq!(verify(&pack).exit_code(), 0);
    let mut opened = Opened::of(&pack);
    let report = opened.bytes(REPORT_PDF);
    let middle = report.len() / 2;
    report[middle] ^= 1;
    refused_by(&verify(&opened.close()), Digests, "data/report.pdf is altered");
    opened.sign();
    refused_by(&verify(&opened.close()), Report, "data/report.pdf");
}

// ---- conclusions

/// The failed requirement said to be satisfied.
fn whitewash(pack: &mut Opened) {
    pack.replace(ASSESSMENT, r#""outcome": "not-satisfied""#, r#""outcome": "satisfied""#);
}

#[test]
fn an_edited_assessment_is_refused_whoever_signs() {
    refused_by(&forged(whitewash), Digests, "data/assessment.json is altered");
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.redo();
        }),
        Digests,
        "does not have the digest signed for",
    );
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.sign_as(ISSUER, &fresh_key());
        }),
        Signature,
        "",
    );
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.sign_as("evil.example/issuer", &fresh_key());
        }),
        Signature,
        "no signature",
    );
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.sign();
        }),
        Assessment,
        "`r-2` says `satisfied`, the evidence gives `not-satisfied`",
    );
}

#[test]
fn whoever_brings_his_own_keys_is_never_better_than_self_asserted() {
    let mut own = Opened::of(&honest().pack);
    own.set_assessment(|assessment| assessment.keys.issuer = verifier(ISSUER, &fresh_key()).to_string());
    own.sign_as(ISSUER, &fresh_key());
    refused_by(&judge(&own.close()), Signature, "");
    let verdict = judge_with(&own.close(), None);
    assert!(verdict.exit_code() != 0 && verdict.conclusion != Conclusion::Verified);
}

#[test]
fn every_word_of_the_assessment_is_derived_again() {
    type Edit = fn(&mut affiant_reports::pack::PackAssessment);
    let edits: [(&str, Edit, CheckName); 8] = [
        ("totals", |a| a.assessments[0].totals.applying.count += 1, Assessment),
        ("a limitation left out", |a| drop(a.does_not_establish.pop()), Assessment),
        ("evidence said to be held", |a| a.evidence.clear(), Assessment),
        ("the instant judged", |a| a.as_of = Timestamp::from_millis(1_795_312_001_000).unwrap(), Assessment),
        ("no frameworks", |a| a.assessments.clear(), Assessment),
        ("withheld", |a| a.withheld.push(3), Payloads),
        ("a citation of nothing", |a| a.assessments[0].determinations[0].citations.push(99), Assessment),
        ("another origin", |a| a.origin = "affiant.example/log2".into(), Checkpoint),
    ];
    for (what, edit, check) in edits {
        let verdict = forged(|pack| {
            pack.set_assessment(edit);
            pack.sign();
        });
        assert_eq!(verdict.first_failure().map(|first| first.name), Some(check), "{what}: {verdict:#?}");
    }
}

#[test]
fn another_spelling_of_the_same_json_is_refused() {
    let spell = |name: &'static str| {
        move |pack: &mut Opened| {
            let text = String::from_utf8(pack.bytes(name).clone()).unwrap();
            *pack.bytes(name) = text.replacen(": ", ":", 1).into_bytes();
            pack.sign();
        }
    };
    refused_by(&forged(spell(ASSESSMENT)), Assessment, "is not what the entries and catalogs give");
    refused_by(&forged(spell(PROOFS)), Inclusion, "not in its one form");
    let twice = |pack: &mut Opened| {
        pack.replace(PROOFS, "{\n", "{\n  \"size\": 3,\n");
        pack.sign();
    };
    refused_by(&forged(twice), Inclusion, "duplicate field");
    let unknown = |pack: &mut Opened| {
        pack.replace(PROOFS, "{\n", "{\n  \"\\u001b[2J\u{202e}\": 3,\n");
        pack.sign();
    };
    let verdict = forged(unknown);
    refused_by(&verdict, Inclusion, "unknown field");
    let detail = &verdict.first_failure().unwrap().detail;
    assert!(
        detail.contains(r"\u{1b}[2J\u{202e}") && !detail.chars().any(affiant_ledger::id::is_hidden),
        "{detail}"
    );
}

// ---- signatures

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
    let sign = |edit: fn(&mut affiant_reports::pack::PackNote)| {
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
    let Trust { logs, issuers } = trust();
    let swapped = Trust { logs: issuers.clone(), issuers: logs.clone() };
    refused_by(&judge_with(&honest().pack, Some(&swapped)), Signature, "no signature by a known key");
    refused_by(
        &judge_with(&honest().pack, Some(&Trust::default())),
        Signature,
        "no signature by a known key",
    );
    let no_logs = Trust { logs: Vec::new(), issuers: issuers.clone() };
    refused_by(&judge_with(&honest().pack, Some(&no_logs)), Checkpoint, "no log key");
    let renamed = Trust { logs: vec![verifier("affiant.example/log2", &log_key())], issuers };
    refused_by(&judge_with(&honest().pack, Some(&renamed)), Checkpoint, "no signature by a known key");
}

#[test]
fn a_second_trusted_issuer_cannot_sign_for_the_first() {
    let mut both = trust();
    both.issuers.push(verifier("other.example/issuer", &fresh_key()));
    let mut opened = Opened::of(&honest().pack);
    opened.sign_as("other.example/issuer", &fresh_key());
    refused_by(&judge_with(&opened.close(), Some(&both)), Digests, "names another issuer");
    opened.set_assessment(|a| a.keys.issuer = verifier("other.example/issuer", &fresh_key()).to_string());
    opened.sign_as("other.example/issuer", &fresh_key());
    refused_by(&judge_with(&opened.close(), Some(&both)), Chain, "another issuer");
}

// ---- the history, with the issuer's key

#[test]
fn a_tail_cut_off_is_refused() {
    for left in 1..8 {
        let verdict = packed(|source| source.entries.truncate(left));
        refused_by(&verdict, Chain, "the tail was cut off");
    }
    refused_by(&packed(|source| source.entries.clear()), Inclusion, "");
}

#[test]
fn a_middle_entry_dropped_is_refused() {
    for n in 0..8 {
        refused_by(&packed(|source| drop(source.entries.remove(n))), Chain, "one is missing");
    }
    refused_by(&packed(|source| drop(source.entries.remove(7))), Chain, "one is missing");
}

#[test]
fn entries_swapped_are_refused() {
    refused_by(&packed(|source| source.entries.swap(2, 3)), Inclusion, "");
}

#[test]
fn an_entry_replaced_is_refused() {
    let mut all = honest().all.clone();
    restate(&mut all[failing_result()], &result(STREAM, "LOG-2", Status::Passed, "all is well"));
    // The checkpoint and proofs of the true tree.
    let replaced = source(&all);
    let verdict = packed(|source| source.entries = replaced.entries.clone());
    refused_by(&verdict, Inclusion, "another root");
    // A tree made anew, with the log's key.
    refused_by(&repacked(all, |_| ()), Chain, "does not follow");
}

#[test]
fn an_entry_of_another_stream_is_refused() {
    let whole = honest().all.clone();
    let verdict = repacked(whole.clone(), |source| {
        let other = &whole[2];
        let foreign = affiant_reports::issue::PackedEntry {
            index: 2,
            entry: other.0.to_bytes(),
            payload: Some(other.1.clone()),
        };
        source.entries.insert(1, foreign);
    });
    refused_by(&verdict, Chain, "is of stream `chat-bot`");
}

#[test]
fn a_fork_is_refused() {
    // A second history under the same keys, in which nothing failed, and everything that follows is linked to it.
    let mut fork = honest().all.clone();
    restate(&mut fork[failing_result()], &result(STREAM, "LOG-2", Status::Passed, "all is well"));
    relink(&mut fork);
    let (true_head, true_leaves) = (source(&honest().all).checkpoint, source(&honest().all).leaves);
    let verdict =
        repacked(fork.clone(), |source| (source.checkpoint, source.leaves) = (true_head, true_leaves));
    refused_by(&verdict, Inclusion, "another root");
    // With the fork's own checkpoint, it is the statement that issued the pack which names the other head.
    refused_by(&repacked(fork, |_| ()), Chain, "names another head");
}

#[test]
fn a_back_dated_entry_is_refused() {
    let mut all = honest().all.clone();
    let at = at(7);
    all[at].0.time = Timestamp::from_millis(1_795_312_000_001).unwrap();
    relink(&mut all);
    refused_by(&repacked(all, |_| ()), Chain, "was recorded before the one before it");
}

#[test]
fn a_pack_judged_later_than_it_was_issued_is_refused() {
    let issued_as = |edit: fn(&mut PackIssued)| {
        let mut all = honest().all.clone();
        let last = all.last_mut().unwrap();
        let statement = affiant_ledger::payload::Payload::from_bytes(&last.1).unwrap().statement;
        let Ok(Some(Statement::Pack(mut issued))) = Statement::from_bytes("pack", &statement) else {
            panic!()
        };
        edit(&mut issued);
        restate(last, &Statement::Pack(issued));
        relink(&mut all);
        repacked(all, |_| ())
    };
    refused_by(
        &issued_as(|i| i.as_of = "2027-01-01T00:00:00Z".parse().unwrap()),
        Chain,
        "later than its own",
    );
    refused_by(&issued_as(|i| i.system = OTHER_STREAM.parse().unwrap()), Chain, "names another system");
    refused_by(&issued_as(|i| i.first = 1), Chain, "names another head");
    refused_by(&issued_as(|i| i.last = 3), Chain, "names another head");
    refused_by(&issued_as(|i| i.head = Digest::ZERO), Chain, "names another head");
    refused_by(&issued_as(|i| i.id = "pack-2".parse().unwrap()), Chain, "`pack-2`");
    refused_by(&issued_as(|i| i.issuer = "other.example/issuer".into()), Chain, "another issuer");
    refused_by(
        &issued_as(|i| i.frameworks.extend(["other".to_owned()])),
        Assessment,
        "cannot be derived again",
    );
}

#[test]
fn a_statement_about_another_system_is_refused() {
    let mut all = honest().all.clone();
    let at = failing_result();
    restate(&mut all[at], &result(OTHER_STREAM, "LOG-2", Status::Passed, "all is well"));
    relink(&mut all);
    let last = issuing();
    let head = all
        .iter()
        .filter(|(entry, _)| entry.stream == *STREAM)
        .nth(7)
        .map(|(entry, _)| Digest::leaf(&entry.to_bytes()))
        .unwrap();
    let statement = affiant_ledger::payload::Payload::from_bytes(&all[last].1).unwrap().statement;
    let Ok(Some(Statement::Pack(issued))) = Statement::from_bytes("pack", &statement) else { panic!() };
    restate(&mut all[last], &Statement::Pack(PackIssued { head, ..issued }));
    relink(&mut all);
    refused_by(&repacked(all, |_| ()), Assessment, "speaks about system `chat-bot`");
}

// ---- checkpoint and proofs

#[test]
fn a_checkpoint_of_another_origin_under_the_same_key_is_refused() {
    let all = honest().all.clone();
    let head = affiant_ledger::checkpoint::Checkpoint {
        origin: "affiant.example/log2".into(),
        size: 14,
        root: affiant_ledger::merkle::root_of(&leaves(&all)),
    };
    let note = head.sign(&ORIGIN.parse().unwrap(), &log_key());
    refused_by(
        &packed(|source| source.checkpoint = note),
        Checkpoint,
        "a checkpoint of `affiant.example/log2`",
    );
    refused_by(
        &packed(|source| source.checkpoint = checkpoint(&all, "affiant.example/log2")),
        Checkpoint,
        "no signature by a known key",
    );
}

#[test]
fn a_checkpoint_older_than_the_entries_is_refused() {
    let all = honest().all.clone();
    let older = &all[..all.len() - 1];
    let verdict = forged(|pack| {
        pack.set_entries(&source(&all));
        *pack.bytes(CHECKPOINT) = checkpoint(older, ORIGIN);
        let root = affiant_ledger::merkle::root_of(&leaves(older));
        pack.set_proofs(|proofs| (proofs.size, proofs.root) = (13, root));
        pack.sign();
    });
    refused_by(&verdict, Inclusion, "the entries are not those of the ledger");
}

#[test]
fn a_checkpoint_with_another_signature_line_is_refused() {
    let verdict = forged(|pack| {
        let text = Note::parse(pack.bytes(CHECKPOINT)).unwrap().text;
        let line =
            affiant_ledger::note::signature_line(&text, &"evil.example/log".parse().unwrap(), &fresh_key());
        pack.bytes(CHECKPOINT).extend_from_slice(line.as_bytes());
        pack.sign();
    });
    refused_by(&verdict, Checkpoint, "more than its one signature line");
}

#[test]
fn proofs_with_surplus_missing_repeated_or_unordered_parts_are_refused() {
    let edits: [fn(&mut affiant_reports::pack::Proofs); 9] = [
        |p| p.nodes.push(Digest::ZERO),
        |p| p.nodes.truncate(p.nodes.len() - 1),
        |p| p.nodes = p.nodes[1..].to_vec(),
        |p| p.nodes.swap(0, 1),
        |p| p.indexes.push(p.indexes[0]),
        |p| p.indexes.swap(0, 1),
        |p| p.indexes.truncate(p.indexes.len() - 1),
        |p| p.size += 1,
        |p| p.root = Digest::ZERO,
    ];
    for edit in edits {
        refused_by(
            &forged(|pack| {
                pack.set_proofs(edit);
                pack.sign();
            }),
            Inclusion,
            "",
        );
    }
}

#[test]
fn a_tree_of_impossible_size_neither_passes_nor_hangs() {
    for size in [u64::MAX, 1 << 63, 1 << 32, 0] {
        let verdict = forged(|pack| {
            let head =
                affiant_ledger::checkpoint::Checkpoint { origin: ORIGIN.into(), size, root: Digest::ZERO };
            *pack.bytes(CHECKPOINT) = head.sign(&ORIGIN.parse().unwrap(), &log_key());
            pack.set_proofs(|proofs| (proofs.size, proofs.root) = (size, Digest::ZERO));
            pack.sign();
        });
        refused_by(&verdict, Inclusion, "");
    }
}

#[test]
fn entries_at_the_end_of_the_numbers_are_refused_without_overflow() {
    let verdict = forged(|pack| {
        let (entry, _) = &honest().all[at(0)];
        let far = |n| Entry { index: u64::MAX, n, ..entry.clone() }.to_bytes();
        *pack.bytes(ENTRIES) = [far(0), far(1)].concat();
        pack.sign();
    });
    refused_by(&verdict, Inclusion, "");
}

#[test]
fn a_sequence_of_tiny_items_is_refused_at_its_first() {
    for byte in [0x00, 0xa0, 0xaa, 0xf6, 0x5f] {
        refused_by(
            &forged(|pack| {
                *pack.bytes(ENTRIES) = vec![byte; 1 << 20];
                pack.sign();
            }),
            Inclusion,
            "not an entry",
        );
    }
    let verdict = forged(|pack| {
        pack.bytes(ENTRIES).extend_from_slice(&[0; 1 << 20]);
        pack.sign();
    });
    refused_by(&verdict, Inclusion, "item 9: not an entry");
}

// ---- payloads

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

// ---- catalogs and evidence

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

// ---- the container

#[test]
fn bytes_around_or_between_the_members_are_refused() {
    let pack = &honest().pack;
    for around in [
        [b"#!/bin/sh\n", &pack[..]].concat(),
        [&pack[..], b"\n"].concat(),
        [b"%PDF-1.7\n", &pack[..]].concat(),
        [&pack[..], &pack[..]].concat(),
        [&pack[..], b"<html>"].concat(),
        pack[..pack.len() - 1].to_vec(),
        Vec::new(),
    ] {
        refused_by(&judge(&around), Container, "");
    }
    let mut commented = pack.clone();
    let end = commented.len();
    commented[end - 2] = 4;
    commented.extend_from_slice(b"note");
    refused_by(&judge(&commented), Container, "");
}

#[test]
fn members_out_of_order_or_under_tricky_names_are_refused() {
    // Two local headers swapped: the archive as it would be with another name in the place of `VERIFY.md`.
    let pack = &honest().pack;
    for name in [
        "../x.mdxx",
        "/etc/mdxx",
        "a\\b.mdxxx",
        "a\0b.mdxxx",
        "verify.md",
        "bagit.txt",
        "C:/x.mdxx",
        "zzzzz.mdx",
    ] {
        let mut renamed = pack.clone();
        let name = &name.as_bytes()[..VERIFY.len()];
        for at in 0..renamed.len() - name.len() {
            if &renamed[at..at + name.len()] == VERIFY.as_bytes()
                && at >= 30
                && [&pack[at - 30..at - 28], &pack[at - 46.min(at)..at - 44.min(at - 2)]]
                    .contains(&&b"PK"[..])
            {
                renamed[at..at + name.len()].copy_from_slice(name);
            }
        }
        assert_ne!(&renamed, pack);
        refused_by(&judge(&renamed), Container, "");
    }
    for name in ["../x", "/x", "a\\b", "a\0b", "nul", "DATA/report.pdf", "verify.MD"] {
        let mut opened = Opened::of(pack);
        opened.members.insert(name.into(), Vec::new());
        assert!(archive::write(&opened.members).is_err(), "{name}");
    }
}

#[test]
fn a_conclusion_is_never_drawn_from_ground_that_failed() {
    let verdict = forged(|pack| pack.replace(REPORT_PDF, "stub", "STUB"));
    for name in [Assessment, Report, References] {
        assert_eq!(verdict.outcome(name), Outcome::NotChecked, "{}", name.as_str());
    }
}

#[test]
fn a_second_history_of_the_stream_is_beyond_a_pack_and_said_so() {
    // The holder of the log's key begins the stream anew in the same ledger; only receipts or a look at the whole
    // ledger show it. The verdict says that it does not.
    let verdict = judge(&honest().pack);
    assert!(
        verdict.does_not_establish.iter().any(|limit| limit.contains("no second history of this stream"))
    );
}
