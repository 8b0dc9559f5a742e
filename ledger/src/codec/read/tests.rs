//! Our reader beside `serde_cbor`'s: of bytes that the checker lets through, both accept the same and give the same.

use crate::codec::{
    Anything as Value, CodecError, DEPTH_MAX, check, decode, decode_trusted, encode, print,
    read_by_serde_cbor,
};
use crate::entry::Entry;
use crate::erasure::{Erasure, Hold};
use crate::genesis::Genesis;
use crate::keyring::KeyStatement;
use crate::payload::Payload;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

/// A type with a field of every kind that hashed types have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Every {
    u: u64,
    i: i64,
    small: u8,
    short: i8,
    yes: bool,
    text: String,
    letter: char,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    array: serde_bytes::ByteArray<4>,
    list: Vec<Choice>,
    pair: (u16, String),
    wrapped: Wrapped,
    map: BTreeMap<String, Option<Inner>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maybe: Option<Box<Every>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    unit: (),
    numbers: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(i32);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Choice {
    Bare,
    One(u64),
    Two(i16, String),
    Named { text: String, more: Option<Inner> },
}

/// Asserts that both readers take the bytes for the same, or both for nothing of the type.
fn same<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let ours: Result<T, CodecError> = decode(bytes, bytes.len());
    let theirs = check(bytes).is_ok().then(|| read_by_serde_cbor::<T>(bytes)).and_then(Result::ok);
    let theirs = theirs.filter(|value| print(value) == bytes || encode(value) == bytes);
    match (ours, theirs) {
        (Ok(ours), Some(theirs)) => {
            assert_eq!(ours, theirs);
            Some(ours)
        }
        (Err(_), None) => None,
        (ours, theirs) => panic!("{bytes:02x?}: {ours:?} and {theirs:?}"),
    }
}

fn has_other_keys(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => {
            pairs.iter().any(|(key, value)| !matches!(key, Value::Text(_)) || has_other_keys(value))
        }
        Value::Array(items) => items.iter().any(has_other_keys),
        _ => false,
    }
}

/// Any item at all: what no type expects.
fn same_of_any(bytes: &[u8]) {
    let theirs = check(bytes).is_ok().then(|| read_by_serde_cbor::<Value>(bytes)).and_then(Result::ok);
    match (decode_trusted::<Value>(bytes), theirs) {
        (Ok(ours), Some(theirs)) => assert_eq!(ours, theirs),
        (Ok(_), None) => assert!(check(bytes).is_err(), "{bytes:02x?} is read by us alone"),
        (Err(_), None) => {}
        // Fields are named in text; numbers below -2^63 are of no type.
        (Err(error), Some(theirs)) => {
            assert!(has_other_keys(&theirs) || has_lows(&theirs), "{error}: {theirs:?}")
        }
    }
}

fn has_lows(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number < i128::from(i64::MIN),
        Value::Array(items) => items.iter().any(has_lows),
        Value::Map(pairs) => pairs.values().any(has_lows),
        _ => false,
    }
}

fn same_of_all(bytes: &[u8]) {
    same_of_any(bytes);
    same::<Every>(bytes);
    same::<Choice>(bytes);
    same::<Option<Inner>>(bytes);
    same::<Vec<Choice>>(bytes);
    same::<(u8, i8)>(bytes);
    same::<BTreeMap<String, i64>>(bytes);
    same::<Entry>(bytes);
    same::<Genesis>(bytes);
    same::<KeyStatement>(bytes);
    same::<Erasure>(bytes);
    same::<Hold>(bytes);
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![top.join("fuzz/seeds"), top.join("controls/data"), top.join("frameworks/data")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push((path.display().to_string(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found
}

#[test]
fn every_seed_and_catalog_is_read_the_same() {
    let (mut items, mut entries, mut keys) = (0, 0, 0);
    for (name, bytes) in seeds() {
        // A fuzz target of several readers takes the first byte for a choice.
        let statement = |bytes: &[u8]| Payload::from_bytes(bytes).ok().map(|payload| payload.statement);
        let rest = bytes.get(1..).unwrap_or_default();
        let inner = statement(&bytes).or_else(|| statement(rest)).unwrap_or_default();
        for bytes in [&bytes[..], rest, &inner] {
            items += usize::from(check(bytes).is_ok() && bytes.len() > 1);
            same_of_all(bytes);
            entries += usize::from(same::<Entry>(bytes).is_some());
            keys += usize::from(same::<KeyStatement>(bytes).is_some());
        }
        assert!(!name.ends_with(".cbor") || decode_trusted::<Value>(&bytes).is_ok(), "{name}");
    }
    assert!(items > 40 && entries > 0 && keys > 1, "{items} items, {entries} entries, {keys} statements");
}

#[test]
fn what_is_not_the_one_kind_expected_is_refused() {
    let shape = |bytes: &[u8]| matches!(decode_trusted::<Inner>(bytes), Err(CodecError::Shape(_)));
    assert_eq!(
        decode_trusted::<Inner>(b"\xa2\x64unit\xf6\x67numbers\x81\x07"),
        Ok(Inner { unit: (), numbers: vec![7] })
    );
    for wrong in [
        &b"\x82\xf6\x81\x07"[..],
        b"\xa2\x44unit\xf6\x67numbers\x81\x07",
        b"\xa2\x00\xf6\x67numbers\x81\x07",
        b"\xa2\x64unit\xf5\x67numbers\x81\x07",
        b"\xa2\x64unit\xf6\x67numbers\x81\x20",
        b"\xa2\x64unit\xf6\x67numbers\x81\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
        b"\xa3\x64more\xf6\x64unit\xf6\x67numbers\x80",
        b"\xa1\x64unit\xf6",
    ] {
        assert!(shape(wrong), "{wrong:02x?}: {:?}", decode_trusted::<Inner>(wrong));
    }
    let choice = |bytes: &[u8]| decode_trusted::<Choice>(bytes);
    assert_eq!(choice(b"\x64bare"), Ok(Choice::Bare));
    assert_eq!(choice(b"\xa1\x63one\x07"), Ok(Choice::One(7)));
    for wrong in [
        &b"\xa1\x64bare\xf6"[..],
        b"\x63one",
        b"\xa2\x63one\x07\x63two\x07",
        b"\xa0",
        b"\x00",
        b"\x82\x63one\x07",
        b"\xa1\x63two\x81\x01",
        b"\xa1\x63two\x83\x01\x61x\x01",
    ] {
        assert!(choice(wrong).is_err(), "{wrong:02x?}");
    }
    assert_eq!(
        decode_trusted::<(u8, u8)>(b"\x83\x01\x02\x03"),
        Err(CodecError::Shape("1 more than expected before byte 3".into()))
    );
    assert_eq!(decode_trusted::<i64>(b"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), Ok(i64::MIN));
    assert!(decode_trusted::<i64>(b"\x3b\x80\x00\x00\x00\x00\x00\x00\x00").is_err());
    assert_eq!(decode_trusted::<f64>(b"\xfa\x00\x00\x00\x00"), Err(CodecError::Kind(0)));
}

#[test]
fn bytes_that_nobody_checked_are_refused_or_read_and_go_no_deeper() {
    let mut deep = vec![0x81; usize::from(DEPTH_MAX) - 1];
    deep.push(0);
    assert!(check(&deep).is_ok() && decode_trusted::<Value>(&deep).is_ok());
    deep.insert(0, 0x81);
    assert!(matches!(check(&deep), Err(CodecError::Depth(_))));
    assert!(matches!(decode_trusted::<Value>(&deep), Err(CodecError::Depth(_))));
    assert!(decode_trusted::<Value>(&vec![0x81; 1 << 20]).is_err());
    for (bytes, error) in [
        (&b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..], CodecError::End(10)),
        (b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", CodecError::End(0)),
        (b"\x9f\x01\xff", CodecError::Indefinite(0)),
        (b"\x18\x01", CodecError::NotShortest(0)),
        (b"\x61\xff", CodecError::Utf8(0)),
        (b"\x01\x01", CodecError::Trailing(1)),
        (b"\xc1\x00", CodecError::Kind(0)),
        (b"\xf7", CodecError::Kind(0)),
        (b"", CodecError::End(0)),
    ] {
        assert_eq!(decode_trusted::<Value>(bytes), Err(error), "{bytes:02x?}");
    }
}

fn inner() -> impl Strategy<Value = Inner> {
    prop::collection::vec(any::<u32>(), 0..4).prop_map(|numbers| Inner { unit: (), numbers })
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Bare),
        any::<u64>().prop_map(Choice::One),
        (any::<i16>(), ".{0,30}").prop_map(|(number, text)| Choice::Two(number, text)),
        (".{0,30}", prop::option::of(inner())).prop_map(|(text, more)| Choice::Named { text, more }),
    ]
}

fn flat() -> impl Strategy<Value = Every> {
    let numbers = (any::<u64>(), any::<i64>(), any::<u8>(), any::<i8>(), any::<bool>(), any::<i32>());
    let texts = (".{0,300}", any::<char>(), prop::collection::vec(any::<u8>(), 0..300), any::<[u8; 4]>());
    let map = prop::collection::btree_map(".{0,30}", prop::option::of(inner()), 0..4);
    let rest = (prop::collection::vec(choice(), 0..30), any::<u16>(), map);
    (numbers, texts, rest).prop_map(|(numbers, texts, rest)| {
        let ((u, i, small, short, yes, wrapped), (text, letter, bytes, array)) = (numbers, texts);
        let (list, number, map) = rest;
        let (array, pair, wrapped) = (array.into(), (number, text.clone()), Wrapped(wrapped));
        Every { u, i, small, short, yes, text, letter, bytes, array, list, pair, wrapped, map, maybe: None }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_value_comes_back_and_whatever_is_done_to_its_bytes_is_judged_the_same(
        (outer, within, place, byte, cut) in (flat(), prop::option::of(flat()), any::<prop::sample::Index>(), any::<u8>(), 0..8usize)
    ) {
        let value = Every { maybe: within.map(Box::new), ..outer };
        let bytes = encode(&value);
        prop_assert_eq!(same::<Every>(&bytes), Some(value));
        same_of_any(&bytes);
        let at = place.index(bytes.len());
        let mut changed = bytes.clone();
        changed[at] = byte;
        same_of_all(&changed);
        let mut without = bytes.clone();
        without.drain(at..(at + cut).min(bytes.len()));
        same_of_all(&without);
        let mut with = bytes;
        with.insert(at, byte);
        same_of_all(&with);
    }

    #[test]
    fn arbitrary_bytes_are_judged_the_same(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        same_of_all(&bytes);
    }

    #[test]
    fn arbitrary_bytes_that_look_like_items_are_judged_the_same(
        bytes in prop::collection::vec(prop::sample::select(&b"\x00\x01\x17\x18\x20\x38\x40\x41\x60\x61\x62ab\x80\x81\x82\xa0\xa1\xa2\xf4\xf5\xf6\xf7\xf9\xff\x9f\xbf"[..]), 0..12)
    ) {
        same_of_all(&bytes);
    }
}
