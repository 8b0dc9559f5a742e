//! Checkpoints of another log or time, proofs of another shape, numbers at their end.

use super::*;

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
        // No key counts for an empty log: that one falls with the signature.
        refused_by(&verdict, if size == 0 { Signature } else { Inclusion }, "");
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
