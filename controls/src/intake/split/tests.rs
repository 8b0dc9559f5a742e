use super::*;
use crate::intake::strict;
use proptest::prelude::*;

/// Elements with line and place, and the rest; the document is fed in pieces of so many bytes.
fn split(pattern: &[&str], text: &str, piece: usize) -> Result<(Vec<String>, String), RowError> {
    let mut splitter = Splitter::new(pattern);
    let mut found = Vec::new();
    for piece in text.as_bytes().chunks(piece) {
        splitter.feed(piece, &mut |element: Element<'_>| {
            let text = String::from_utf8_lossy(element.bytes);
            found.push(format!("{} {:?} {text}", element.line, element.place));
            Ok::<_, RowError>(())
        })?;
    }
    Ok((found, String::from_utf8(splitter.finish()?.bytes).unwrap()))
}

const DEEP: [&str; 4] = ["runs", "*", "results", "*"];

#[test]
fn elements_are_handed_over_and_the_rest_stays() {
    let text = "{\"v\":1,\n \"runs\":[{\"results\":[{\"a\":[1,2]},\n7,\"x,]\\\"\"],\"tool\":{\"results\":[5]}},{\"results\":[]},\
        {\"results\":null},\n{\"t\":2,\"results\":[{\"b\":3}]}],\"results\":[9]}";
    for piece in [1, 2, 3, 7, 1000] {
        let (found, rest) = split(&DEEP, text, piece).unwrap();
        let expected = ["2 [0, 0] {\"a\":[1,2]}", "3 [0, 1] 7", "3 [0, 2] \"x,]\\\"\"", "4 [3, 0] {\"b\":3}"];
        assert_eq!(found, expected, "{piece}");
        let rest: serde_json::Value = serde_json::from_str(&rest).unwrap();
        let left = serde_json::json!({"v": 1, "runs": [{"results": [], "tool": {"results": [5]}}, {"results": []},
            {"results": null}, {"t": 2, "results": []}], "results": [9]});
        assert_eq!(rest, left, "{piece}");
    }
    let (found, rest) = split(&["*"], " [1, {\"a\": 2}\n,[3]] ", 1).unwrap();
    assert_eq!(
        (found.as_slice(), rest.as_str()),
        (&["1 [0] 1", "1 [1] {\"a\": 2}", "2 [2] [3]"].map(String::from)[..], "[\n]")
    );
}

#[test]
fn what_is_not_json_or_readers_disagree_about_is_refused() {
    let wrong = [
        "",
        "[",
        "[1",
        "{\"a\"",
        "{\"a\":}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{a:1}",
        "[1}",
        "{]",
        "\"a",
        "1 2",
        "[1]x",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "[\"\\ud800\"]",
        "[\"\\x\"]",
        "[\"a\nb\"]",
        "{\"a\":1,\"\\u0061\":2}",
    ];
    for text in wrong {
        for piece in [1, 1000] {
            assert!(split(&DEEP, text, piece).is_err(), "{text}");
            assert!(split(&["*"], text, piece).is_err(), "{text}");
        }
    }
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(split(&DEEP, &deep(DEPTH_MAX), 9).is_ok());
    assert_eq!(split(&DEEP, &deep(DEPTH_MAX + 1), 9).unwrap_err().problem, Problem::Depth);
    let fault = split(&DEEP, "{\n \"a\":1,\n \"a\":2}", 4).unwrap_err();
    assert_eq!((fault.line, fault.problem), (3, Problem::KeyTwice("a".into())));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a\"\\\\\n{}\\[\\]:,é ]{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map(prop_oneof!["runs", "results", "[a\"]{1,2}"], inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn a_key_twice_is_found_among_many() {
    let object = |last: &str| {
        let keys: Vec<String> = (0..40).map(|n| format!("\"k{n}\":{n}")).collect();
        format!("{{{},\"{last}\":0}}", keys.join(","))
    };
    assert!(split(&DEEP, &object("k40"), 5).is_ok());
    for twice in ["k0", "k15", "k16", "k39", "\\u006b39"] {
        let fault = split(&DEEP, &object(twice), 5).unwrap_err();
        assert!(matches!(fault.problem, Problem::KeyTwice(_)), "{twice}: {fault}");
    }
}

#[test]
fn what_stands_behind_an_emptied_list_keeps_its_line() {
    let text = "{\"runs\":[{\"results\":[1,\n2,\n3\n],\n\"x\":[\n]}]}";
    let mut splitter = Splitter::new(&DEEP);
    splitter.feed(text.as_bytes(), &mut |_| Ok::<_, RowError>(())).unwrap();
    let rest = splitter.finish().unwrap();
    let at = |needle: &str| {
        let text = std::str::from_utf8(&rest.bytes).unwrap();
        rest.position(text.find(needle).unwrap())
    };
    assert_eq!(at("runs"), (1, 3));
    assert_eq!(at("\"x\""), (5, 1));
    assert_eq!(at("]}]"), (6, 1));
}

proptest! {
    /// Put back into the rest, the elements make the document.
    #[test]
    fn nothing_is_lost(document in json(), pretty in any::<bool>(), piece in 1usize..40) {
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let text = text.unwrap();
        let mut splitter = Splitter::new(&DEEP);
        let mut elements = Vec::new();
        for piece in text.as_bytes().chunks(piece) {
            splitter.feed(piece, &mut |element: Element<'_>| {
                elements.push((element.place.to_vec(), serde_json::from_slice(element.bytes).unwrap()));
                Ok::<_, RowError>(())
            }).unwrap();
        }
        let mut whole: serde_json::Value = serde_json::from_slice(&splitter.finish().unwrap().bytes).unwrap();
        for (place, element) in elements {
            let list = whole["runs"][place[0] as usize]["results"].as_array_mut().unwrap();
            prop_assert_eq!(list.len() as u64, place[1]);
            list.push(element);
        }
        prop_assert_eq!(whole, document);
    }

    /// What the reader of whole documents refuses is refused here, or by the typed reader of the parts.
    #[test]
    fn nothing_passes_that_the_whole_reader_refuses(text in "[\\[\\]{}\",:a1\\\\u \n-]{0,24}", piece in 1usize..9) {
        let mut splitter = Splitter::new(&DEEP);
        let mut sound = true;
        let fed = text.as_bytes().chunks(piece).try_for_each(|piece| {
            splitter.feed(piece, &mut |element: Element<'_>| {
                sound &= serde_json::from_slice::<serde::de::IgnoredAny>(element.bytes).is_ok();
                Ok::<_, RowError>(())
            })
        });
        let rest = fed.and_then(|()| splitter.finish());
        let taken = sound && rest.is_ok_and(|rest| serde_json::from_slice::<serde::de::IgnoredAny>(&rest.bytes).is_ok());
        prop_assert_eq!(taken, strict::check(text.as_bytes()).is_ok());
    }
}
