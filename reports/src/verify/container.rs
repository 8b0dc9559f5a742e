//! Checks 1 and 3: which members there are, and that every byte of them is the one signed for.

use super::signature::Signed;
use super::{Found, Members, member};
use crate::bag::{self, BagInfo};
use crate::pack::{
    ASSESSMENT, ASSESSMENT_RESULTS, CATALOGS, CHECKPOINT, ENTRIES, EVIDENCE, KEY_PAYLOADS, KEYS, NOTE,
    PAYLOADS, POAM, PROOFS, PackAssessment, REPORT_HTML, REPORT_PDF, REQUESTS_CSV, TABLES, VERIFY,
    evidence_member, key_payload_member, payload_member, table_member,
};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, is_hidden, visible};
use std::collections::BTreeMap;

/// The members that every pack has.
const FIXED: [&str; 11] = [
    bag::BAGIT,
    bag::BAG_INFO,
    bag::MANIFEST,
    bag::TAGMANIFEST,
    NOTE,
    VERIFY,
    REPORT_PDF,
    ASSESSMENT,
    ENTRIES,
    CHECKPOINT,
    PROOFS,
];

/// Check 1, the names: everything that a pack has, and nothing that has no place in one.
pub(super) fn names(members: &Members<'_>, size: usize) -> Found {
    if let Some(name) = FIXED.iter().find(|name| !members.contains_key(**name)) {
        return Err(format!("{name} is missing"));
    }
    match members.keys().find(|name| !has_place(name)) {
        Some(name) => Err(format!("{} has no place in a pack", visible(name))),
        None => Ok(format!("{} members, {size} bytes, rebuilt byte for byte", members.len())),
    }
}

fn has_place(name: &str) -> bool {
    let payload = || name.strip_prefix(PAYLOADS)?.strip_suffix(".cbor")?.parse().ok().map(payload_member);
    let key = || name.strip_prefix(KEY_PAYLOADS)?.strip_suffix(".cbor")?.parse().ok().map(key_payload_member);
    let evidence = || name.strip_prefix(EVIDENCE)?.parse().ok().map(|digest| evidence_member(&digest));
    let catalog =
        || name.strip_prefix(CATALOGS)?.strip_suffix(".cbor")?.parse::<Id>().ok().map(|_| name.to_owned());
    let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let table = || {
        let table = name.strip_prefix(TABLES)?.strip_suffix(".csv")?;
        (!table.is_empty() && table.chars().all(fit)).then(|| table_member(table))
    };
    let known = || payload().or_else(key).or_else(evidence).or_else(catalog).or_else(table);
    [KEYS, REPORT_HTML, REQUESTS_CSV, ASSESSMENT_RESULTS, POAM]
        .iter()
        .chain(&FIXED)
        .any(|fixed| *fixed == name)
        || known().is_some_and(|known| known == name)
}

/// Check 3: the signed digest, the manifests line by line, the tag files.
pub(super) fn digests(
    members: &Members<'_>,
    signed: &Signed,
    claimed: Result<&PackAssessment, &String>,
) -> Found {
    let tagmanifest = member(members, bag::TAGMANIFEST)?;
    let note = &signed.note;
    if Digest::of(tagmanifest) != note.tagmanifest {
        return Err(format!("{} does not have the digest signed for", bag::TAGMANIFEST));
    }
    let all = || members.iter().map(|(name, bytes)| (*name, *bytes));
    compare_lines(bag::TAGMANIFEST, tagmanifest, &bag::tagmanifest(all()))?;
    compare_lines(bag::MANIFEST, member(members, bag::MANIFEST)?, &bag::manifest(all()))?;
    if member(members, bag::BAGIT)? != bag::DECLARATION.as_bytes() {
        return Err(format!("{} is not the declaration of BagIt 1.0", bag::BAGIT));
    }
    let assessment = claimed.map_err(Clone::clone)?;
    if assessment.pack != note.pack || assessment.origin != note.origin {
        return Err(format!("{NOTE} speaks of another pack than {ASSESSMENT}"));
    }
    if assessment.keys.issuer != signed.issuer.to_string() {
        return Err(format!("{ASSESSMENT} names another issuer than the one that signed"));
    }
    bag_info(members, assessment)?;
    Ok(format!("{} files match the manifests; none is missing, none is extra", members.len() - 2))
}

/// The information file says what the pack is; only the name of the program that wrote it is its own.
fn bag_info(members: &Members<'_>, assessment: &PackAssessment) -> Result<(), String> {
    let wrong = || format!("{} does not describe this pack", bag::BAG_INFO);
    let found = std::str::from_utf8(member(members, bag::BAG_INFO)?).map_err(|_| wrong())?;
    let agent = found.lines().next().and_then(|line| line.strip_prefix(bag::AGENT)).ok_or_else(wrong)?;
    let info = BagInfo {
        pack: assessment.pack.to_string(),
        date: assessment.as_of.date().to_string(),
        agent: agent.to_owned(),
    };
    let expected = bag::info_text(members.iter().map(|(name, bytes)| (*name, bytes.len())), &info);
    if agent.chars().any(is_hidden) || found != expected { Err(wrong()) } else { Ok(()) }
}

/// Compares a manifest with what it should say and names the first file that differs.
fn compare_lines(name: &str, found: &[u8], expected: &str) -> Result<(), String> {
    if found == expected.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(found);
    let (listed, actual) = (by_file(&found), by_file(expected));
    for (file, digest) in &actual {
        match listed.get(file) {
            None => return Err(format!("{file} is extra: {name} does not list it")),
            Some(listed) if listed != digest => {
                return Err(format!("{file} is altered: its digest is not the one in {name}"));
            }
            Some(_) => {}
        }
    }
    match listed.keys().find(|file| !actual.contains_key(**file)) {
        Some(file) => Err(format!("{} is missing: {name} lists it", visible(file))),
        None => Err(format!("{name} is not in its one form")),
    }
}

/// Digests by file of a manifest's lines.
fn by_file(manifest: &str) -> BTreeMap<&str, &str> {
    manifest.lines().filter_map(|line| line.split_once("  ")).map(|(digest, file)| (file, digest)).collect()
}
