//! The container of a pack, read as it is and once more with its checksums put right: what is read is written again to
//! the same bytes.
#![no_main]

use affiant_reports::archive::{Limits, read, write};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { members: 1000, member_size: 1 << 20, total_size: 4 << 20 };
    if let Ok(members) = read(bytes, &limits) {
        assert_eq!(write(&members).unwrap(), bytes);
    }
    // Names and contents cut from the bytes: every set of members that can be written is read back, whatever its names.
    let mut members = BTreeMap::new();
    for part in bytes.split(|byte| *byte == b'\n') {
        let (name, data) = part.split_at(part.iter().position(|byte| *byte == b' ').unwrap_or(part.len()));
        members.insert(String::from_utf8_lossy(name).into_owned(), data.to_vec());
    }
    if let Ok(written) = write(&members) {
        assert_eq!(read(&written, &Limits::default()), Ok(members));
    }
});
