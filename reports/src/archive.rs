//! The container of a pack: a ZIP of which no byte is free.
//!
//! Members are stored, not compressed, in bytewise order of their names, with fixed times, versions and flags, no
//! extra fields, no comments and nothing before, between or after. So one set of members has one archive, and
//! [`read`] accepts a file only when writing its members again gives the same bytes. Any ZIP tool opens it.
//! Layout and verification steps: `docs/spec/archive.md`; why nothing is compressed: `docs/decisions/0002-archive.md`.
//!
//! ```text
//! for every member, by name:  local header (30 bytes)  name  data
//! for every member, by name:  central header (46 bytes)  name
//! from 65,535 members on:     ZIP64 end record (56 bytes)  ZIP64 locator (20 bytes)
//! once:                       end record (22 bytes)
//! ```

use std::collections::{BTreeMap, BTreeSet};

/// Longest member name, in bytes.
pub const NAME_LENGTH_MAX: usize = 240;

/// What a reader is prepared to take in. Nothing is allocated before these are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most members.
    pub members: usize,
    /// Largest member, in bytes.
    pub member_size: usize,
    /// Largest archive, in bytes.
    pub total_size: usize,
}

impl Default for Limits {
    /// 262,144 members of at most 256 MiB, 1 GiB together.
    fn default() -> Self {
        Self { members: 1 << 18, member_size: 256 << 20, total_size: 1 << 30 }
    }
}

/// Why members cannot be written, or bytes are not an archive. Offsets count from the start of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The name breaks the grammar.
    #[error("`{name}` is not a member name: {reason}")]
    Name {
        /// The name, made visible.
        name: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// Two names that a file system may take for one, or a file that would have to be a directory.
    #[error("`{first}` and `{second}` cannot both be extracted")]
    Clash {
        /// The earlier name.
        first: String,
        /// The later name.
        second: String,
    },
    /// Names out of order, or one twice.
    #[error("`{name}` does not follow `{before}` in bytewise order")]
    Order {
        /// The earlier name.
        before: String,
        /// The name that should sort after it.
        name: String,
    },
    /// More than a limit, or than the format can carry.
    #[error("{what} of {found} exceeds {limit}")]
    Limit {
        /// What was measured.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The file ends early.
    #[error("the archive ends inside the member at byte {at}")]
    Truncated {
        /// Where the unfinished member begins.
        at: usize,
    },
    /// A byte that differs from what writing the same members gives.
    #[error("byte {at} is not what the members of this archive give")]
    NotCanonical {
        /// The first byte that differs, or the length when bytes are missing or left over.
        at: usize,
    },
}

/// Writes the one archive of these members.
///
/// Fails on names outside the grammar, clashing names, and sizes a ZIP without 64-bit sizes cannot carry (4 GiB).
pub fn write(members: &BTreeMap<String, impl AsRef<[u8]>>) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    write_to(members, |part| {
        bytes.extend_from_slice(part);
        Ok::<_, ArchiveError>(())
    })?;
    Ok(bytes)
}

/// [`write()`] without holding the archive: gives it to `sink`, part by part.
pub fn write_to<E: From<ArchiveError>>(
    members: &BTreeMap<String, impl AsRef<[u8]>>,
    mut sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let members: Members = members.iter().map(|(name, data)| (name.as_str(), data.as_ref())).collect();
    check_names(&members)?;
    check_size(&members)?;
    emit(&members, &mut sink)
}

/// Reads an archive; accepts exactly what [`write()`] gives.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let members = read_borrowed(bytes, limits)?;
    Ok(members.into_iter().map(|(name, data)| (name.to_owned(), data.to_vec())).collect())
}

/// Members by name, borrowed from the archive.
pub type Members<'a> = BTreeMap<&'a str, &'a [u8]>;

/// [`read`] without copying: the members lie in `bytes`.
///
/// Local headers are followed for names and sizes only; then the archive of those members is written again and
/// compared with `bytes` to the last byte. So nothing else in the file needs to be believed.
pub fn read_borrowed<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Members<'a>, ArchiveError> {
    within("an archive size", bytes.len(), limits.total_size)?;
    let members = scan(bytes, limits)?;
    check_names(&members)?;
    let mut at = 0;
    emit(&members, &mut |part| {
        let rest = bytes.get(at..).unwrap_or_default();
        let same = part.iter().zip(rest).take_while(|(a, b)| a == b).count();
        at += same;
        if same == part.len() { Ok(()) } else { Err(ArchiveError::NotCanonical { at }) }
    })?;
    if at == bytes.len() { Ok(members) } else { Err(ArchiveError::NotCanonical { at }) }
}

/// Follows the local headers from the first byte to the first that is none.
fn scan<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Members<'a>, ArchiveError> {
    let mut members = Members::new();
    let mut at = 0;
    while bytes.get(at..).is_some_and(|rest| rest.starts_with(LOCAL)) {
        within("a member count", members.len() + 1, limits.members)?;
        let (name, data) = local_member(bytes, at).ok_or(ArchiveError::Truncated { at })?;
        within("a member size", data.len(), limits.member_size)?;
        check_name(name)?;
        // The grammar is ASCII, so this is the name itself.
        let name = std::str::from_utf8(name).unwrap_or_default();
        if let Some((before, _)) = members.last_key_value().filter(|(before, _)| **before >= name) {
            return Err(ArchiveError::Order { before: (*before).to_owned(), name: name.to_owned() });
        }
        members.insert(name, data);
        at += LOCAL_SIZE + name.len() + data.len();
    }
    Ok(members)
}

/// Name and data of the member whose local header begins at `at`.
fn local_member(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    let header = bytes.get(at..)?.get(..LOCAL_SIZE)?;
    let size = u32::from_le_bytes(header.get(18..22)?.try_into().ok()?);
    let name_length = u16::from_le_bytes(header.get(26..28)?.try_into().ok()?);
    let name_end = (at + LOCAL_SIZE).checked_add(usize::from(name_length))?;
    let data_end = name_end.checked_add(usize::try_from(size).ok()?)?;
    Some((bytes.get(at + LOCAL_SIZE..name_end)?, bytes.get(name_end..data_end)?))
}

/// Gives the archive of `members` to `sink`, part by part.
fn emit<E: From<ArchiveError>>(
    members: &Members,
    sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut offset = 0;
    let mut directory = Vec::new();
    for (name, data) in members {
        let common = common_fields(name, data)?;
        sink(LOCAL)?;
        sink(&common)?;
        sink(name.as_bytes())?;
        sink(data)?;
        directory.extend_from_slice(CENTRAL);
        directory.extend_from_slice(&VERSION.to_le_bytes()); // made by
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]); // no comment, disk 0, no attributes
        directory.extend_from_slice(&size32("an archive size", offset)?.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        offset += LOCAL_SIZE + name.len() + data.len();
    }
    sink(&directory)?;
    sink(&end_records(members.len(), directory.len(), offset)?)
}

/// The 26 bytes that a local and a central header share, from version needed to the length of the extra field.
fn common_fields(name: &str, data: &[u8]) -> Result<[u8; 26], ArchiveError> {
    let size = size32("a member size", data.len())?.to_le_bytes();
    let mut fields = [0; 26]; // flags, method and extra length are 0
    fields[0..2].copy_from_slice(&VERSION.to_le_bytes());
    fields[8..10].copy_from_slice(&DATE.to_le_bytes());
    fields[10..14].copy_from_slice(&crc32fast::hash(data).to_le_bytes());
    fields[14..18].copy_from_slice(&size);
    fields[18..22].copy_from_slice(&size);
    fields[22..24].copy_from_slice(&(name.len() as u16).to_le_bytes()); // at most NAME_LENGTH_MAX
    Ok(fields)
}

/// The end record, preceded by the ZIP64 records when 16 bits cannot hold the count.
fn end_records(count: usize, directory_size: usize, directory_at: usize) -> Result<Vec<u8>, ArchiveError> {
    let (size, start) =
        (size32("an archive size", directory_size)?, size32("an archive size", directory_at)?);
    let mut end = Vec::new();
    if count >= usize::from(u16::MAX) {
        let at = u64::from(start) + u64::from(size);
        end.extend_from_slice(ZIP64_END);
        end.extend_from_slice(&44u64.to_le_bytes()); // bytes that follow in this record
        end.extend_from_slice(&ZIP64_VERSION.to_le_bytes());
        end.extend_from_slice(&ZIP64_VERSION.to_le_bytes());
        end.extend_from_slice(&[0; 8]); // disk numbers
        end.extend_from_slice(&(count as u64).to_le_bytes());
        end.extend_from_slice(&(count as u64).to_le_bytes());
        end.extend_from_slice(&u64::from(size).to_le_bytes());
        end.extend_from_slice(&u64::from(start).to_le_bytes());
        end.extend_from_slice(ZIP64_LOCATOR);
        end.extend_from_slice(&[0; 4]); // disk
        end.extend_from_slice(&at.to_le_bytes());
        end.extend_from_slice(&1u32.to_le_bytes()); // disks
    }
    let count = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    end.extend_from_slice(END);
    end.extend_from_slice(&[0; 4]); // disk numbers
    end.extend_from_slice(&count);
    end.extend_from_slice(&count);
    end.extend_from_slice(&size.to_le_bytes());
    end.extend_from_slice(&start.to_le_bytes());
    end.extend_from_slice(&[0; 2]); // no comment
    Ok(end)
}

/// Refuses more than a ZIP without 64-bit sizes carries, before anything of it is written.
fn check_size(members: &Members) -> Result<(), ArchiveError> {
    let parts = members.iter().map(|(name, data)| LOCAL_SIZE + CENTRAL_SIZE + 2 * name.len() + data.len());
    size32("an archive size", parts.fold(0, usize::saturating_add)).map(drop)
}

fn size32(what: &'static str, size: usize) -> Result<u32, ArchiveError> {
    let limit = u32::MAX as usize - 1; // the all-ones value announces ZIP64
    within(what, size, limit)?;
    Ok(size as u32)
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), ArchiveError> {
    if found <= limit { Ok(()) } else { Err(ArchiveError::Limit { what, found, limit }) }
}

/// Every name by the grammar, and no two that clash when extracted.
fn check_names(members: &Members) -> Result<(), ArchiveError> {
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    let mut directories = BTreeSet::new();
    for name in members.keys() {
        check_name(name.as_bytes())?;
        let lower = name.to_ascii_lowercase();
        directories.extend(lower.match_indices('/').map(|(at, _)| lower[..at].to_owned()));
        if let Some(first) = folded.insert(lower, name) {
            return Err(ArchiveError::Clash { first: first.to_owned(), second: (*name).to_owned() });
        }
    }
    match folded.iter().find(|(lower, _)| directories.contains(*lower)) {
        Some((lower, name)) => {
            Err(ArchiveError::Clash { first: (*name).to_owned(), second: format!("{lower}/") })
        }
        None => Ok(()),
    }
}

/// Components of `[A-Za-z0-9_][A-Za-z0-9._-]*` joined by `/`, none ending in a dot or named like a device.
fn check_name(name: &[u8]) -> Result<(), ArchiveError> {
    let wrong = |reason| {
        let shown = affiant_ledger::id::visible(&String::from_utf8_lossy(name));
        Err(ArchiveError::Name { name: shown, reason })
    };
    if name.is_empty() || name.len() > NAME_LENGTH_MAX {
        return wrong("a name has 1 to 240 bytes");
    }
    let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"._-/".contains(c);
    if !name.iter().all(allowed) {
        return wrong("only letters, digits, `.`, `_`, `-` and `/` are allowed");
    }
    for component in name.split(|c| *c == b'/') {
        match (component.first(), component.last()) {
            (Some(first), Some(last)) if !b".-".contains(first) && *last != b'.' => {}
            _ => return wrong("a component begins with a letter, digit or `_` and does not end with `.`"),
        }
        if is_device(component) {
            return wrong("a component is the name of a device on some systems");
        }
    }
    Ok(())
}

/// Whether Windows would open a device instead of this file.
fn is_device(component: &[u8]) -> bool {
    let stem = component.split(|c| *c == b'.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(stem.as_slice(), b"con" | b"prn" | b"aux" | b"nul")
        || matches!(stem.as_slice(), [b'c', b'o', b'm', b'0'..=b'9'] | [b'l', b'p', b't', b'0'..=b'9'])
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const ZIP64_END: &[u8] = b"PK\x06\x06";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const LOCAL_SIZE: usize = 30;
const CENTRAL_SIZE: usize = 46;
/// Made by, and needed to extract: ZIP 1.0 on a system without attributes.
const VERSION: u16 = 10;
/// The version that introduced ZIP64.
const ZIP64_VERSION: u16 = 45;
/// 1980-01-01, the earliest a ZIP can say; the time of day is 0.
const DATE: u16 = 0x0021;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> BTreeMap<String, Vec<u8>> {
        let members = [("bagit.txt", "BagIt-Version: 1.0\n"), ("data/a.json", "{}"), ("data/empty", "")];
        members.map(|(name, data)| (name.to_owned(), data.as_bytes().to_vec())).into()
    }

    fn refused(bytes: &[u8]) -> ArchiveError {
        read(bytes, &Limits::default()).expect_err("refused")
    }

    fn one(name: &str) -> Result<Vec<u8>, ArchiveError> {
        write(&BTreeMap::from([(name.to_owned(), b"x".to_vec())]))
    }

    #[test]
    fn what_is_written_is_read_back() {
        for members in [BTreeMap::new(), sample()] {
            let bytes = write(&members).unwrap();
            assert_eq!(read(&bytes, &Limits::default()), Ok(members));
        }
    }

    #[test]
    fn the_layout_is_fixed_to_the_byte() {
        let bytes = one("a").unwrap();
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let local = "504b03040a00000000000000210083 16dc8c010000000100000001000000 61 78";
        let central = "504b01020a000a0000000000000021008316dc8c01000000010000000100000000000000000000000000 00000000 61";
        let end = "504b05060000000001000100 2f000000 20000000 0000";
        assert_eq!(text, [local, central, end].concat().replace(' ', ""));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let bytes = write(&sample()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            refused(&flipped);
        }
    }

    #[test]
    fn every_truncation_and_every_addition_is_refused() {
        let bytes = write(&sample()).unwrap();
        for length in 0..bytes.len() {
            refused(&bytes[..length]);
        }
        for at in 0..=bytes.len() {
            let mut longer = bytes.clone();
            longer.insert(at, 0);
            refused(&longer);
        }
    }

    #[test]
    fn a_prefix_and_a_suffix_are_refused() {
        let bytes = write(&sample()).unwrap();
        assert_eq!(
            refused(&[b"#!/bin/sh\n", bytes.as_slice()].concat()),
            ArchiveError::NotCanonical { at: 0 }
        );
        let at = bytes.len();
        assert_eq!(refused(&[bytes.as_slice(), &bytes].concat()), ArchiveError::NotCanonical { at });
    }

    #[test]
    fn names_that_could_leave_the_directory_or_hide_are_refused() {
        let long = "x".repeat(241);
        for name in [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            ".a",
            "a/.b",
            "a\\b",
            "C:a",
            "ä",
            "a b",
            "a\0",
            "-a",
            "a.",
            "nul",
            "data/CON.txt",
            "com1",
            &long,
        ] {
            assert!(matches!(one(name), Err(ArchiveError::Name { .. })), "{name}");
        }
        for name in ["_a", "data/a-b_c.d", "console", "0", &long[..240]] {
            assert!(one(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_one_file_system_takes_for_one_are_refused() {
        for pair in [["data/A", "data/a"], ["data", "data/a"], ["DATA", "data/a"]] {
            let members = pair.map(|name| (name.to_owned(), Vec::new())).into();
            assert!(matches!(write(&members), Err(ArchiveError::Clash { .. })), "{pair:?}");
        }
    }

    #[test]
    fn members_out_of_order_or_twice_are_refused() {
        let (a, b) = (one("a").unwrap(), one("b").unwrap());
        let local = |bytes: &[u8]| bytes[..32].to_vec();
        for (first, second) in [(&b, &a), (&a, &a)] {
            let error = refused(&[local(first), local(second)].concat());
            assert!(matches!(error, ArchiveError::Order { .. }), "{error}");
        }
    }

    #[test]
    fn limits_hold_before_anything_is_copied() {
        let bytes = write(&sample()).unwrap();
        let limits = Limits::default();
        let check = |limits: Limits| read(&bytes, &limits).expect_err("refused").to_string();
        assert_eq!(check(Limits { members: 2, ..limits }), "a member count of 3 exceeds 2");
        assert_eq!(check(Limits { member_size: 18, ..limits }), "a member size of 19 exceeds 18");
        assert!(check(Limits { total_size: 99, ..limits }).starts_with("an archive size"));
    }

    #[test]
    fn from_65535_members_on_the_count_is_in_the_zip64_record() {
        for count in [65_534, 65_535, 65_536] {
            let members: BTreeMap<_, _> = (0..count).map(|i| (format!("m{i:05}"), Vec::new())).collect();
            let bytes = write(&members).unwrap();
            assert_eq!(bytes.windows(4).any(|w| w == ZIP64_LOCATOR), count >= 65_535);
            assert_eq!(read(&bytes, &Limits::default()), Ok(members));
        }
    }

    proptest! {
        #[test]
        fn any_members_have_one_archive(
            members in proptest::collection::btree_map("[a-z0-9_]{1,9}\\.[a-z]{1,3}", proptest::collection::vec(any::<u8>(), 0..40), 0..9)
        ) {
            prop_assume!(members.keys().all(|name: &String| check_name(name.as_bytes()).is_ok()));
            let bytes = write(&members).unwrap();
            prop_assert_eq!(read(&bytes, &Limits::default()), Ok(members));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, &Limits::default());
            let _ = read(&[LOCAL, &bytes].concat(), &Limits::default());
        }

        #[test]
        fn a_spoiled_archive_is_refused_without_panic(at in 0usize..400, value in 1u8.., cut in 0usize..400) {
            let mut bytes = write(&sample()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= value;
            prop_assert!(read(&bytes, &Limits::default()).is_err());
            bytes.truncate(cut);
            let _ = read(&bytes, &Limits::default());
        }
    }
}
