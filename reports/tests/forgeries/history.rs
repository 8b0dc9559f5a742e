//! The history of the stream: cut, dropped, swapped, replaced, forked, back-dated.

use super::*;

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
