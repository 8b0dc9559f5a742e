//! The BagIt part of a pack (RFC 8493): declaration, information, manifests.
//!
//! Verification recomputes every line and compares whole files, so nothing in them is free.

use affiant_ledger::digest::Digest;
use std::collections::BTreeMap;

/// The declaration, byte for byte.
pub const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// Name of the declaration.
pub const BAGIT: &str = "bagit.txt";
/// Name of the information file.
pub const BAG_INFO: &str = "bag-info.txt";
/// Name of the manifest of `data/`.
pub const MANIFEST: &str = "manifest-sha256.txt";
/// Name of the manifest of the tag files.
pub const TAGMANIFEST: &str = "tagmanifest-sha256.txt";

/// Label, in the information file, of the program that made the bag.
pub const AGENT: &str = "Bag-Software-Agent: ";

/// What the information file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BagInfo {
    /// The pack's id.
    pub pack: String,
    /// Date of the bag, `2026-11-24`.
    pub date: String,
    /// What made it.
    pub agent: String,
}

/// Members by name.
pub type Members = BTreeMap<String, Vec<u8>>;

/// Adds declaration, information and manifests to members; gives the digest of the tag manifest.
pub fn close<B: AsRef<[u8]> + From<Vec<u8>>>(members: &mut BTreeMap<String, B>, info: &BagInfo) -> Digest {
    members.insert(BAGIT.into(), DECLARATION.as_bytes().to_vec().into());
    let text = info_text(members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_ref().len())), info);
    members.insert(BAG_INFO.into(), text.into_bytes().into());
    let text = manifest(members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_ref())));
    members.insert(MANIFEST.into(), text.into_bytes().into());
    let text = tagmanifest(members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_ref())));
    let digest = Digest::of(text.as_bytes());
    members.insert(TAGMANIFEST.into(), text.into_bytes().into());
    digest
}

/// The information file: labels in alphabetical order.
pub fn info_text<'a>(members: impl Iterator<Item = (&'a str, usize)>, info: &BagInfo) -> String {
    let (mut bytes, mut files) = (0usize, 0usize);
    for (_, size) in members.filter(|(name, _)| name.starts_with("data/")) {
        (bytes, files) = (bytes + size, files + 1);
    }
    let BagInfo { pack, date, agent } = info;
    format!(
        "{AGENT}{agent}\nBagging-Date: {date}\nExternal-Identifier: {pack}\nPayload-Oxum: {bytes}.{files}\n"
    )
}

/// The manifest of everything below `data/`.
pub fn manifest<'a>(members: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    lines(members.filter(|(name, _)| name.starts_with("data/")))
}

/// The manifest of the tag files, but for itself and the note that signs it.
pub fn tagmanifest<'a>(members: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let apart = [TAGMANIFEST, crate::pack::NOTE];
    lines(members.filter(|(name, _)| !name.starts_with("data/") && !apart.contains(name)))
}

fn lines<'a>(members: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    members.map(|(name, bytes)| format!("{}  {name}\n", Digest::of(bytes))).collect()
}
