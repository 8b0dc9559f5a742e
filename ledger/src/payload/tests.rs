use super::*;
use crate::codec;
use proptest::prelude::*;

fn plain() -> Payload {
    Payload { salt: [7; 16], statement: vec![0xa1, 0x61, b'a', 1], signature: None }
}

fn signed() -> Payload {
    let signature = StatementSignature { key: "ci".parse().unwrap(), sig: [9; 64] };
    Payload { signature: Some(signature), ..plain() }
}

/// The general codec's word: every part is cut out by the checker, read by its type, and all is written again and
/// compared.
fn judged(bytes: &[u8]) -> Option<Payload> {
    let (mut signature, mut salt, mut statement) = (None, None, None);
    for (name, range) in codec::map_ranges(bytes).ok()? {
        let value = &bytes[range];
        match name {
            "sig" => signature = Some(codec::decode(value, PAYLOAD_SIZE_MAX).ok()?),
            "salt" => {
                let read = codec::decode_trusted::<serde_bytes::ByteArray<16>>(value).ok()?;
                salt = Some(read.into_array());
            }
            "statement" if value[0] >> 5 == 5 => statement = Some(value.to_vec()),
            _ => return None,
        }
    }
    let payload = Payload { salt: salt?, statement: statement?, signature };
    (payload.to_bytes() == bytes).then_some(payload)
}

fn agree(bytes: &[u8]) -> Option<Payload> {
    let read = Payload::from_bytes(bytes).ok();
    assert_eq!(read, judged(bytes), "{bytes:02x?}");
    read
}

#[test]
fn a_payload_reads_back_as_it_was_written() {
    for payload in [plain(), signed()] {
        assert_eq!(codec::check(&payload.to_bytes()), Ok(()));
        assert_eq!(Payload::from_bytes(&payload.to_bytes()), Ok(payload));
    }
}

#[test]
fn a_statement_that_is_no_map_is_refused() {
    let payload = Payload { statement: vec![0x01], ..plain() };
    assert!(matches!(Payload::from_bytes(&payload.to_bytes()), Err(CodecError::Shape(_))));
}

#[test]
fn a_salt_of_another_form_is_refused() {
    let mut bytes = Payload { salt: [1; 16], ..plain() }.to_bytes();
    bytes[6] = 0x70; // the salt as text of 16 bytes instead of a byte string
    assert!(Payload::from_bytes(&bytes).is_err());
}

#[test]
fn a_statement_is_what_reads_back_from_a_payload() {
    let nested = |depth: usize| [&b"\xa1\x61a"[..], &vec![0x81; depth], b"\x01"].concat();
    let deepest = usize::from(codec::DEPTH_MAX) - 3;
    for (statement, sound) in [
        (vec![0xa0], true),
        (nested(deepest), true),
        (nested(deepest + 1), false),
        (vec![0x01], false),
        (vec![0xa0, 0x00], false),
        (vec![], false),
    ] {
        let payload = Payload { statement: statement.clone(), ..plain() };
        assert_eq!(is_statement(&statement), sound, "{statement:02x?}");
        assert_eq!(Payload::from_bytes(&payload.to_bytes()).is_ok(), sound, "{statement:02x?}");
    }
}

#[test]
fn both_readers_take_the_same_neighbours_of_a_payload() {
    for payload in [plain(), signed()] {
        let bytes = payload.to_bytes();
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut changed = bytes.clone();
                changed[at] = value;
                agree(&changed);
            }
            agree(&[&bytes[..at], &bytes[at + 1..]].concat());
            agree(&[&bytes[..at], &bytes[at..=at], &bytes[at..]].concat());
        }
    }
}

proptest! {
    #[test]
    fn both_readers_take_the_same_bytes_however_they_were_changed(
        salt in any::<[u8; 16]>(),
        statement in prop::collection::btree_map("[a-z]{1,9}", ".{0,40}", 0..6),
        key in prop::option::of("[a-z0-9][a-z0-9._-]{0,62}"),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3usize, prop::collection::vec(any::<u8>(), 0..4)), 0..4),
    ) {
        let signature = key.map(|key| StatementSignature { key: key.parse().unwrap(), sig: [5; 64] });
        let payload = Payload { salt, statement: codec::encode(&statement), signature };
        let mut bytes = payload.to_bytes();
        prop_assert_eq!(agree(&bytes), Some(payload));
        for (at, gone, put) in changes {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..(at + gone).min(bytes.len()), put);
        }
        agree(&bytes);
    }
}
