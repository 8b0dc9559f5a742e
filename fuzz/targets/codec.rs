//! Deterministic CBOR beside `ciborium`, which shares no code with ours: what our checker accepts, it accepts with the
//! same meaning; writing that meaning again gives the same bytes; and what it reads of the kinds we allow, written
//! deterministically, is what our checker accepts.
#![no_main]

use affiant_ledger::codec::{self, DEPTH_MAX};
use ciborium::Value;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let theirs = read(bytes);
    if codec::check(bytes).is_ok() {
        let theirs = theirs.as_ref().unwrap_or_else(|| panic!("accepted by us alone"));
        assert_eq!(written(theirs), bytes, "written again");
        match codec::decode::<Value>(bytes, bytes.len()) {
            Ok(ours) => assert_eq!(ours, *theirs, "another meaning"),
            // Fields are named in text, and no number is below 64 bits: maps with other keys and lower numbers are
            // well-formed, and read into no type.
            Err(error) => assert!(is_unread(theirs), "{error}"),
        }
    } else {
        assert!(codec::decode::<Value>(bytes, bytes.len()).is_err());
    }
    if let Some(canonical) = theirs.and_then(|value| sorted(value, DEPTH_MAX)) {
        let bytes = written(&canonical);
        assert_eq!(codec::check(&bytes), Ok(()));
        assert_eq!(codec::encode(&canonical), bytes);
    }
    let _ = codec::map_ranges(bytes);
});

fn is_unread(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => pairs.iter().any(|(key, value)| !key.is_text() || is_unread(value)),
        Value::Array(items) => items.iter().any(is_unread),
        Value::Integer(number) => i128::from(*number) < i128::from(i64::MIN),
        _ => false,
    }
}

/// One item and nothing behind it.
fn read(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = ciborium::from_reader(&mut rest).ok()?;
    rest.is_empty().then_some(value)
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap_or_else(|error| panic!("{error}"));
    bytes
}

/// The value with its maps in order; `None` when it holds a kind that we do not allow, a key twice, or is too deep.
fn sorted(value: Value, depth: u8) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match value {
        Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) | Value::Null => value,
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| sorted(item, depth)).collect::<Option<_>>()?)
        }
        Value::Map(pairs) => {
            let pairs =
                pairs.into_iter().map(|(key, value)| Some((sorted(key, depth)?, sorted(value, depth)?)));
            let mut pairs = pairs.collect::<Option<Vec<_>>>()?;
            pairs.sort_by_cached_key(|(key, _)| written(key));
            if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return None;
            }
            Value::Map(pairs)
        }
        _ => return None,
    })
}
