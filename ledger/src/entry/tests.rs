use super::*;
use crate::codec;
use proptest::prelude::*;

fn entry() -> Entry {
    Entry {
        n: 7,
        v: 1,
        by: "local".into(),
        kind: "result".parse().unwrap(),
        prev: Digest::of(b"before"),
        time: "2026-11-22T00:00:00Z".parse().unwrap(),
        index: 12,
        stream: "credit-scoring".parse().unwrap(),
        payload: Digest::of(b"payload"),
        stream_prev: Digest::ZERO,
    }
}

/// The general codec's word: it checks, reads by type, encodes again and compares.
fn judged(bytes: &[u8]) -> Option<Entry> {
    let entry: Entry = codec::decode(bytes, ENTRY_SIZE_MAX).ok()?;
    (entry.v == ENTRY_VERSION && is_submitter(&entry.by)).then_some(entry)
}

/// Both readers take the same bytes for the same entry.
fn agree(bytes: &[u8]) -> Option<Entry> {
    let read = Entry::from_bytes(bytes).ok();
    assert_eq!(read, judged(bytes), "{bytes:02x?}");
    read
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    let bytes = entry().to_bytes();
    assert_eq!(Entry::from_bytes(&bytes), Ok(entry()));
    assert_eq!(EntryRef::from_bytes(&bytes), Ok(entry().borrowed()));
    assert!(bytes.len() < 300, "{}", bytes.len());
}

#[test]
fn no_changed_byte_reads_as_the_same_entry() {
    let bytes = entry().to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert_ne!(Entry::from_bytes(&changed), Ok(entry()), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn other_versions_and_submitters_are_refused() {
    let other = Entry { v: 2, ..entry() };
    assert_eq!(Entry::from_bytes(&other.to_bytes()), Err(EntryError::Version(2)));
    let other = Entry { by: "root".into(), ..entry() };
    assert_eq!(Entry::from_bytes(&other.to_bytes()), Err(EntryError::Submitter("root".into())));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let bytes = entry().to_bytes();
    let codec = |bytes: &[u8]| match Entry::from_bytes(bytes) {
        Err(EntryError::Codec(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(codec(&bytes[..bytes.len() - 1]), CodecError::End(bytes.len() - 34));
    assert_eq!(codec(&[&bytes[..], b"\0"].concat()), CodecError::Trailing(bytes.len()));
    let mut eleven = bytes.clone();
    eleven[0] = 0xab;
    assert_eq!(codec(&eleven), CodecError::Shape("a map of 11 keys, 10 were expected".into()));
    let mut other_key = bytes.clone();
    other_key[2] = b'm';
    assert_eq!(codec(&other_key), CodecError::Shape("key `n` was expected at byte 1".into()));
    let mut long = bytes.clone();
    long.splice(3..4, [0x18, 7]);
    assert_eq!(codec(&long), CodecError::NotShortest(3));
    let size = ENTRY_SIZE_MAX + 1;
    assert_eq!(codec(&vec![0; size]), CodecError::Size { size, max: ENTRY_SIZE_MAX });
}

/// Every single byte changed to every other, left out, or doubled: the readers agree on each of 50,000 neighbours.
#[test]
fn both_readers_take_the_same_neighbours_of_an_entry() {
    let bytes = entry().to_bytes();
    let mut taken = 0;
    for at in 0..bytes.len() {
        for value in 0..=255 {
            let mut changed = bytes.clone();
            changed[at] = value;
            taken += usize::from(agree(&changed).is_some());
        }
        agree(&[&bytes[..at], &bytes[at + 1..]].concat());
        agree(&[&bytes[..at], &bytes[at..=at], &bytes[at..]].concat());
    }
    assert!(taken > 3 * 32 * 256, "digests are free, so {taken} of the neighbours are entries");
}

prop_compose! {
    fn any_entry()(
        (n, index) in (any_number(), any_number()),
        by in prop_oneof![Just("local".to_owned()), "key:[a-z0-9][a-z0-9._-]{0,62}", "token:[a-z0-9]{1,9}"],
        kind in "[a-z0-9][a-z0-9._-]{0,62}",
        stream in "[a-z0-9][a-z0-9._-]{0,62}",
        digests in any::<[[u8; 32]; 3]>(),
        time in Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis(),
    ) -> Entry {
        let [prev, payload, stream_prev] = digests.map(Digest);
        let (kind, stream) = (kind.parse().unwrap(), stream.parse().unwrap());
        let time = Timestamp::from_millis(time).unwrap();
        Entry { n, v: ENTRY_VERSION, by, kind, prev, time, index, stream, payload, stream_prev }
    }
}

/// Numbers of every length of head.
fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![0..30u64, 200..300u64, 65_000..66_000u64, 4_294_967_000..4_294_968_000u64, any::<u64>()]
}

proptest! {
    #[test]
    fn what_is_written_by_hand_is_what_the_codec_writes(entry in any_entry()) {
        let bytes = entry.to_bytes();
        prop_assert_eq!(&bytes, &codec::encode(&entry));
        prop_assert_eq!(agree(&bytes), Some(entry));
    }

    #[test]
    fn both_readers_take_the_same_bytes_however_they_were_changed(
        entry in any_entry(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3usize, prop::collection::vec(any::<u8>(), 0..4)), 1..4),
    ) {
        let mut bytes = entry.to_bytes();
        for (at, gone, put) in changes {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..(at + gone).min(bytes.len()), put);
        }
        agree(&bytes);
    }

    /// The same values in other forms: keys in another order, numbers and lengths longer than needed, keys left out.
    #[test]
    fn both_readers_refuse_the_same_other_forms(entry in any_entry(), swap in any::<[prop::sample::Index; 2]>(), long in any::<prop::sample::Index>(), form in 0..3) {
        let bytes = entry.to_bytes();
        let mut parts: Vec<Vec<u8>> = pairs(&bytes);
        let (one, other) = (swap[0].index(parts.len()), swap[1].index(parts.len()));
        match form {
            0 => parts.swap(one, other),
            1 => drop(parts.remove(one)),
            _ => parts[one] = lengthened(&parts[one], long.index(2)),
        }
        let changed = [vec![0xa0 | parts.len() as u8], parts.concat()].concat();
        let read = agree(&changed);
        prop_assert_eq!(read.is_some(), changed == bytes);
    }
}

/// The pairs of an entry, each key with its value.
fn pairs(bytes: &[u8]) -> Vec<Vec<u8>> {
    let ranges = codec::map_ranges(bytes).unwrap();
    ranges.into_iter().map(|(key, range)| bytes[range.start - key.len() - 1..range.end].to_vec()).collect()
}

/// A pair whose key (0) or value (1) has a head of one byte more than needed, where it had one byte.
fn lengthened(pair: &[u8], which: usize) -> Vec<u8> {
    let key_length = usize::from(pair[0] & 31) + 1;
    let at = if which == 0 { 0 } else { key_length };
    let mut long = pair.to_vec();
    if pair[at] & 31 < 24 {
        long.splice(at..=at, [pair[at] & 0xe0 | 24, pair[at] & 31]);
    } else {
        long.insert(at + 1, 0);
    }
    long
}
