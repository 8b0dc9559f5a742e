//! A journal segment, read as it is and once more with its digests put right, so that what lies behind them is reached:
//! the sound records, written again, are the bytes they were read from.
#![no_main]

use affiant_ledger::digest::Digest;
use affiant_ledger::journal::{decode_segment, encode_record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    judge(bytes);
    judge(&mended(bytes.to_vec()));
});

fn judge(bytes: &[u8]) {
    let segment = decode_segment(bytes);
    let mut again = Vec::new();
    for record in &segment.records {
        again.extend(encode_record(record.first, &record.sealed, &record.frontier, &record.checkpoint));
        assert_eq!(record.frontier.size(), record.first + record.sealed.len() as u64);
        assert!(record.sealed.iter().all(|sealed| sealed.leaf == Digest::leaf(&sealed.entry)));
    }
    assert_eq!(again, bytes[..segment.end]);
    let zeros = bytes[segment.end..].iter().all(|byte| *byte == 0);
    assert_eq!(segment.torn, !zeros);
    assert!(segment.torn || !segment.damaged);
}

/// The same bytes, with the digest and body length of each record as its content asks for (docs/spec/journal.md).
fn mended(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut start = 0;
    while let Some(end) = mend(&mut bytes, start) {
        start = end;
    }
    bytes
}

/// Mends the record at `start`; gives where it ends.
fn mend(bytes: &mut [u8], start: usize) -> Option<usize> {
    if bytes.get(start..start + 4)? != b"AJR1" {
        return None;
    }
    let number = |at: usize, width: usize| -> Option<usize> {
        let read = bytes.get(at..at + width)?;
        Some(read.iter().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    let body = start + 8;
    let (head, count, peaks) = (bytes.get(body..body + 12)?, number(body + 8, 4)?, number(body + 12, 1)?);
    let edge = bytes.get(body + 13..body + 13 + 32 * peaks)?;
    let mut hashed = [b"affiant journal v1\n", head, edge].concat();
    let mut at = body + 13 + 32 * peaks;
    for _ in 0..count {
        let (entry, payload) = (number(at, 2)?, number(at + 2, 4)?);
        hashed.extend_from_slice(Digest::leaf(bytes.get(at + 6..at + 6 + entry)?).as_bytes());
        at += 6 + entry + payload;
    }
    let length = number(at, 4)?;
    let end = at + 4 + length;
    hashed.extend_from_slice(bytes.get(at + 4..end)?);
    let digest = Digest::of(&hashed);
    bytes.get_mut(end..end + 32)?.copy_from_slice(digest.as_bytes());
    bytes[start + 4..start + 8].copy_from_slice(&u32::try_from(end - body).ok()?.to_be_bytes());
    Some(end + 32)
}
