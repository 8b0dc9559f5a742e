//! Archives as a forger builds them, byte by byte: paths out of the folder, names that meet on a disk, links, sizes that
//! lie, members that hide, bombs, and more of everything than a reader would take. Each is refused as a container, before
//! a digest is taken of anything.

use super::*;
use affiant_reports::bag;
use std::time::{Duration, Instant};

/// Longest that a hostile archive may hold up both doors, in a dev build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A member with every field that the format has, so that each can lie by itself.
#[derive(Clone)]
struct Part {
    name: Vec<u8>,
    data: Vec<u8>,
    flags: u16,
    method: u16,
    time: u16,
    crc: u32,
    packed: u32,
    size: u32,
    extra: Vec<u8>,
    central: Central,
}

/// What the directory says otherwise than the member itself.
#[derive(Clone, Default)]
struct Central {
    left_out: bool,
    made_by: Option<u16>,
    name: Option<Vec<u8>>,
    size: Option<u32>,
    offset: Option<u32>,
    extra: Vec<u8>,
    comment: Vec<u8>,
    disk: u16,
    attributes: u32,
}

fn part(name: &[u8], data: &[u8]) -> Part {
    let (name, data, size) = (name.to_vec(), data.to_vec(), data.len() as u32);
    let (crc, extra, central) = (crc32(&data), Vec::new(), Central::default());
    Part { name, data, flags: 0, method: 0, time: 0, crc, packed: size, size, extra, central }
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// The parts of the honest pack, in their order.
fn parts() -> Vec<Part> {
    Opened::of(&honest().pack).members.iter().map(|(name, data)| part(name.as_bytes(), data)).collect()
}

fn header(part: &Part, size: u32, extra: &[u8], name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [10, part.flags, part.method, part.time, 0x21] {
        bytes.extend_from_slice(&u16::to_le_bytes(number));
    }
    for number in [part.crc, part.packed, size] {
        bytes.extend_from_slice(&u32::to_le_bytes(number));
    }
    bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&(extra.len() as u16).to_le_bytes());
    bytes
}

/// Writes whatever the parts say, right or wrong; `between` stands before the directory, `counts` and `at` in the end record.
struct Zip {
    parts: Vec<Part>,
    before: Vec<u8>,
    between: Vec<u8>,
    before_end: Vec<u8>,
    counts: Option<[u16; 4]>,
    directory_at: Option<u32>,
    comment: Vec<u8>,
    after: Vec<u8>,
}

fn zip(parts: Vec<Part>) -> Zip {
    let none = Vec::new;
    Zip {
        parts,
        before: none(),
        between: none(),
        before_end: none(),
        counts: None,
        directory_at: None,
        comment: none(),
        after: none(),
    }
}

impl Zip {
    fn bytes(&self) -> Vec<u8> {
        let (mut bytes, mut directory, mut count) = (self.before.clone(), Vec::new(), 0);
        for part in &self.parts {
            let offset = bytes.len() as u32;
            bytes.extend_from_slice(b"PK\x03\x04");
            bytes.extend(header(part, part.size, &part.extra, &part.name));
            bytes.extend([&part.name[..], &part.extra, &part.data].concat());
            let central = &part.central;
            if central.left_out {
                continue;
            }
            count += 1;
            let name = central.name.as_ref().unwrap_or(&part.name);
            directory.extend_from_slice(b"PK\x01\x02");
            directory.extend_from_slice(&central.made_by.unwrap_or(10).to_le_bytes());
            directory.extend(header(part, central.size.unwrap_or(part.size), &central.extra, name));
            directory.extend_from_slice(&(central.comment.len() as u16).to_le_bytes());
            directory.extend_from_slice(&central.disk.to_le_bytes());
            directory.extend_from_slice(&0u16.to_le_bytes());
            directory.extend_from_slice(&central.attributes.to_le_bytes());
            directory.extend_from_slice(&central.offset.unwrap_or(offset).to_le_bytes());
            directory.extend([&name[..], &central.extra, &central.comment].concat());
        }
        bytes.extend_from_slice(&self.between);
        let at = self.directory_at.unwrap_or(bytes.len() as u32);
        let size = directory.len() as u32;
        bytes.extend(directory);
        bytes.extend_from_slice(&self.before_end);
        bytes.extend_from_slice(b"PK\x05\x06");
        let counts = self.counts.unwrap_or([0, 0, count, count]);
        bytes.extend(counts.into_iter().flat_map(u16::to_le_bytes));
        bytes.extend([size, at].into_iter().flat_map(u32::to_le_bytes));
        bytes.extend_from_slice(&(self.comment.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&self.comment);
        bytes.extend_from_slice(&self.after);
        bytes
    }
}

/// The honest parts with another in its place by name, so that nothing but the name is wrong.
fn with(name: &[u8], data: &[u8]) -> Vec<Part> {
    let mut parts = parts();
    let place = parts.iter().position(|part| part.name[..] > *name).unwrap_or(parts.len());
    parts.insert(place, part(name, data));
    parts
}

/// The honest parts, one of which says something else.
fn but(name: &str, edit: impl Fn(&mut Part)) -> Zip {
    let mut parts = parts();
    edit(parts.iter_mut().find(|part| part.name == name.as_bytes()).unwrap());
    zip(parts)
}

#[track_caller]
fn refused(what: &str, bytes: &[u8], detail: &str) {
    let begun = Instant::now();
    let verdict = judge(bytes);
    let first = verdict.first_failure().unwrap_or_else(|| panic!("{what} was accepted"));
    assert_eq!((first.name, verdict.exit_code()), (Container, 3), "{what}: {}", first.detail);
    assert!(first.detail.contains(detail), "{what}: {}", first.detail);
    assert!(begun.elapsed() < PATIENCE, "{what} took {:?}", begun.elapsed());
}

#[test]
fn the_forgers_archive_is_the_packs_own_where_he_changes_nothing() {
    assert_eq!(zip(parts()).bytes(), honest().pack);
}

#[test]
fn a_member_that_would_leave_the_folder_or_hide_in_it_is_refused() {
    let long = "data/".to_owned() + &"x".repeat(300);
    for name in [
        &b"../../etc/cron.d/affiant"[..],
        b"data/../../escape",
        b"data/evidence/../../../escape",
        b"..",
        b"./VERIFY.md",
        b"/etc/passwd",
        b"//server/share",
        b"C:/Windows/x",
        b"data\\..\\..\\x",
        b"..\\x",
        b"data/x\0.txt",
        b"data/x\n.txt",
        b"data/\xe2\x80\xaex",
        b"data/\xff",
        b"data/re\xcc\x81sume",
        b"data/evidence/",
        b"data//x",
        b"data/x.",
        b"data/x ",
        b"data/aux",
        b"data/con.txt",
        b"data/x:stream",
        b"~/x",
        b"",
        long.as_bytes(),
    ] {
        refused(&String::from_utf8_lossy(name), &zip(with(name, b"x")).bytes(), "is not a member name");
    }
}

#[test]
fn names_that_meet_on_a_disk_or_stand_twice_are_refused() {
    for name in
        ["verify.md", "Verify.MD", "data/REPORT.pdf", "DATA/report.pdf", "Data/x", "data", "VERIFY.md/x"]
    {
        refused(name, &zip(with(name.as_bytes(), b"x")).bytes(), "");
    }
    let mut twice = parts();
    let place = twice.iter().position(|part| part.name == VERIFY.as_bytes()).unwrap();
    twice.insert(place + 1, part(VERIFY.as_bytes(), b"Nothing is to be checked.\n"));
    refused("VERIFY.md twice", &zip(twice.clone()).bytes(), "does not follow");
    twice[place + 1].central.left_out = true;
    refused("VERIFY.md twice, once in the directory", &zip(twice.clone()).bytes(), "does not follow");
    twice.swap(place, place + 1);
    twice[place].central.left_out = true;
    twice[place + 1].central.left_out = false;
    refused("a first VERIFY.md that the directory does not name", &zip(twice).bytes(), "does not follow");
    let mut unsorted = parts();
    unsorted.swap(0, 1);
    refused("out of order", &zip(unsorted).bytes(), "does not follow");
}

type Forgery = (&'static str, Zip);

fn lies() -> Vec<Forgery> {
    let first = || part(b"data/evidence/a", b"");
    let bomb = |edit: fn(&mut Part)| {
        let mut bomb = first();
        // Deflate of nothing but zeros: what would be inflated is a thousand times the size.
        bomb.data = vec![0xec, 0xc1, 0x01, 0x01, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a];
        (bomb.method, bomb.packed, bomb.size) = (8, 14, u32::MAX);
        edit(&mut bomb);
        let mut parts = parts();
        parts.push(bomb);
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        zip(parts)
    };
    let link = |target: &[u8]| {
        let mut parts = with(b"data/evidence/link", target);
        let link = parts.iter_mut().find(|part| part.name.ends_with(b"link")).unwrap();
        (link.central.made_by, link.central.attributes) = (Some(0x0314), 0o120_777 << 16);
        zip(parts)
    };
    let zip64 = |size: u64| [&[1, 0, 16, 0][..], &size.to_le_bytes(), &size.to_le_bytes()].concat();
    let end64 = |at: u64| {
        let record = [&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &[0; 44]].concat();
        [&record[..], b"PK\x06\x07", &[0; 4], &at.to_le_bytes(), &1u32.to_le_bytes()].concat()
    };
    let overlapping = {
        let mut parts = parts();
        for part in &mut parts[1..] {
            part.central.offset = Some(0);
        }
        zip(parts)
    };
    let nested = zip(with(b"data/evidence/42.zip", &honest().pack));
    vec![
        ("a link to /etc/shadow", link(b"/etc/shadow")),
        ("a link to a folder above", link(b"../..")),
        (
            "a member that its mode makes a link",
            but(REPORT_PDF, |part| {
                (part.central.made_by, part.central.attributes) = (Some(0x0314), 0o120_777 << 16);
            }),
        ),
        ("a program by its mode", but(VERIFY, |part| part.central.attributes = 0o100_755 << 16)),
        ("a folder by its attributes", but(VERIFY, |part| part.central.attributes = 0x10)),
        ("made on another system", but(VERIFY, |part| part.central.made_by = Some(0x0314))),
        ("a size smaller than the data", but(ASSESSMENT, |part| (part.packed, part.size) = (10, 10))),
        (
            "a size larger than the data",
            but(ASSESSMENT, |part| (part.packed, part.size) = (1 << 20, 1 << 20)),
        ),
        ("a size of 4 GiB", but(ASSESSMENT, |part| (part.packed, part.size) = (u32::MAX, u32::MAX))),
        ("a size of nothing", but(ASSESSMENT, |part| (part.packed, part.size) = (0, 0))),
        ("an inflated size apart from the stored one", but(ASSESSMENT, |part| part.size += 1)),
        ("a smaller size in the directory", but(REPORT_PDF, |part| part.central.size = Some(1))),
        ("a larger size in the directory", but(REPORT_PDF, |part| part.central.size = Some(1 << 30))),
        (
            "another name in the directory",
            but(VERIFY, |part| part.central.name = Some(b"README.md".to_vec())),
        ),
        (
            "a name out of the folder in the directory",
            but(VERIFY, |part| part.central.name = Some(b"../x".to_vec())),
        ),
        ("a member that the directory does not name", but(VERIFY, |part| part.central.left_out = true)),
        ("another offset in the directory", but(REPORT_PDF, |part| part.central.offset = Some(0))),
        ("an offset behind the end", but(VERIFY, |part| part.central.offset = Some(u32::MAX))),
        ("a wrong sum", but(VERIFY, |part| part.crc ^= 1)),
        ("another time", but(VERIFY, |part| part.time = 1)),
        ("a member said to be encrypted", but(VERIFY, |part| part.flags = 1)),
        ("a size said to come later", but(VERIFY, |part| part.flags = 8)),
        ("names said to be UTF-8", but(VERIFY, |part| part.flags = 0x800)),
        ("a member said to be deflated", but(VERIFY, |part| part.method = 8)),
        ("a method that nobody knows", but(VERIFY, |part| part.method = 99)),
        ("an extra field", but(VERIFY, |part| part.extra = b"up\x01\x00x".to_vec())),
        ("an extra field in the directory", but(VERIFY, |part| part.central.extra = b"up\x01\x00x".to_vec())),
        (
            "another name in an extra field",
            but(VERIFY, |part| part.extra = b"up\x09\0\x01\0\0\0\0../x".to_vec()),
        ),
        ("a comment on a member", but(VERIFY, |part| part.central.comment = b"trust me".to_vec())),
        ("a member on another disk", but(VERIFY, |part| part.central.disk = 1)),
        (
            "sizes of 64 bits",
            but(ASSESSMENT, |part| {
                let size = u64::from(part.size);
                part.extra = [&[1, 0, 16, 0][..], &size.to_le_bytes(), &size.to_le_bytes()].concat();
                (part.packed, part.size) = (u32::MAX, u32::MAX);
            }),
        ),
        ("sizes of 64 bits in the directory", {
            let extra = zip64(1 << 40);
            but(ASSESSMENT, move |part| {
                (part.central.extra, part.central.size) = (extra.clone(), Some(u32::MAX))
            })
        }),
        ("an end record of 64 bits that says nothing", Zip { before_end: end64(0), ..zip(parts()) }),
        ("an end record of 64 bits at 2^63", Zip { before_end: end64(1 << 63), ..zip(parts()) }),
        (
            "an end record that leaves it to 64 bits",
            Zip { counts: Some([0, 0, 0xffff, 0xffff]), ..zip(parts()) },
        ),
        ("fewer members in the end record", Zip { counts: Some([0, 0, 1, 1]), ..zip(parts()) }),
        ("more members in the end record", Zip { counts: Some([0, 0, 500, 500]), ..zip(parts()) }),
        ("more than one disk", Zip { counts: Some([1, 1, 24, 24]), ..zip(parts()) }),
        ("a directory elsewhere", Zip { directory_at: Some(0), ..zip(parts()) }),
        ("something before the members", Zip { before: b"#!/bin/sh\n".to_vec(), ..zip(parts()) }),
        ("something before the directory", Zip { between: b"<html>".to_vec(), ..zip(parts()) }),
        ("something before the end", Zip { before_end: b"<html>".to_vec(), ..zip(parts()) }),
        ("a comment", Zip { comment: b"trust me".to_vec(), ..zip(parts()) }),
        (
            "a comment that is an archive",
            Zip { comment: zip(vec![part(b"x", b"x")]).bytes(), ..zip(parts()) },
        ),
        ("something behind the end", Zip { after: b"\0".to_vec(), ..zip(parts()) }),
        (
            "a second end",
            Zip { after: b"PK\x05\x06".iter().chain(&[0; 18]).copied().collect(), ..zip(parts()) },
        ),
        (
            "another archive behind",
            Zip { after: zip(vec![part(b"VERIFY.md", b"x")]).bytes(), ..zip(parts()) },
        ),
        (
            "another archive before",
            Zip { before: zip(vec![part(b"VERIFY.md", b"x")]).bytes(), ..zip(parts()) },
        ),
        ("a bomb", bomb(|_| ())),
        ("a bomb that says it is stored", bomb(|bomb| bomb.method = 0)),
        ("a bomb that says it is small", bomb(|bomb| bomb.size = 14)),
        ("every member of the directory over the first", overlapping),
        ("an archive in the archive", nested),
        ("no member", zip(Vec::new())),
        ("a folder alone", zip(vec![part(b"data/", b"")])),
        ("one file of a pack alone", zip(vec![part(b"VERIFY.md", b"x")])),
    ]
}

#[test]
fn an_archive_that_says_two_things_or_more_than_a_pack_is_refused() {
    let lies = lies();
    assert!(lies.len() > 50, "{}", lies.len());
    for (what, forged) in lies {
        let bytes = forged.bytes();
        assert_ne!(bytes, honest().pack, "{what} changes nothing");
        refused(what, &bytes, "");
    }
}

#[test]
fn a_hundred_thousand_members_are_read_and_refused_by_digest() {
    let begun = Instant::now();
    let mut opened = Opened::of(&honest().pack);
    for number in 0..100_000u64 {
        opened.members.insert(evidence_member(&Digest::of(&number.to_le_bytes())), Vec::new());
    }
    refused_by(&judge(&opened.close()), Digests, "is extra");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn more_members_than_a_pack_may_have_are_refused() {
    let members = (0..(1u64 << 18) + 1).map(|number| (format!("data/{number:06}"), Vec::new()));
    let bytes = archive::write(&members.collect()).unwrap();
    refused("262,145 members", &bytes, "a member count of 262145 exceeds 262144");
}

#[test]
fn a_manifest_of_many_lines_is_refused_whoever_signs_it() {
    let begun = Instant::now();
    let mut opened = Opened::of(&honest().pack);
    opened.redo();
    let line = format!("{}  data/evidence/", Digest::of(b"x"));
    let lines: String = (0..200_000).map(|number| format!("{line}{number}\n")).collect();
    opened.bytes(bag::MANIFEST).extend_from_slice(lines.as_bytes());
    refused_by(&judge(&opened.close()), Digests, "manifest-sha256.txt is altered");
    // The issuer signs the tag manifest over it.
    let manifest = Digest::of(&opened.members[bag::MANIFEST]).to_string();
    let text = String::from_utf8(opened.members[bag::TAGMANIFEST].clone()).unwrap();
    let old = text.lines().find(|line| line.ends_with(bag::MANIFEST)).unwrap();
    let text = text.replace(old, &format!("{manifest}  {}", bag::MANIFEST));
    let note = PackNote { tagmanifest: Digest::of(text.as_bytes()), ..opened.note() };
    *opened.bytes(bag::TAGMANIFEST) = text.into_bytes();
    *opened.bytes(NOTE) = Note::sign(&note.to_text(), &ISSUER.parse().unwrap(), &issuer_key());
    refused_by(&judge(&opened.close()), Digests, "is missing: manifest-sha256.txt lists it");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn members_that_are_parsed_whole_have_a_limit_of_their_own() {
    let mut opened = Opened::of(&honest().pack);
    let honest = opened.clone();
    opened.bytes(ASSESSMENT).resize((64 << 20) + 1, b' ');
    opened.seal_and_sign(&honest);
    refused_by(&workshop::judge(&opened.close()), Digests, "exceeds 67108864");
}
