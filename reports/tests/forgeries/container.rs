//! The container: bytes around the members, tricky names, and what is not judged once a check fails.

use super::*;

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
