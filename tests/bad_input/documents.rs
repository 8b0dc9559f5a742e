//! Files as a whole: encodings, depths, sizes, and things that are no file.

use super::refusal::{push_refused, refused};
use crate::support::folder;
use crate::support::place::Place;
use affiant_controls::intake::Format;

const ROW: &str = r#"{"control":"AFF-EXP-11","status":"passed"}"#;
/// Formats that are text, read line by line.
const FORMATS: [&str; 3] = ["json", "ndjson", "sarif"];
/// Reports of tools, by the format they are taken for.
const REPORTS: [(&str, &str); 16] = [
    ("bandit", "intake/bandit/bandit.json"),
    ("checkov", "intake/checkov/checkov-quiet.json"),
    ("semgrep", "intake/semgrep/semgrep.json"),
    ("pip-audit", "intake/pip-audit/pip-audit.json"),
    ("cyclonedx", "intake/pip-audit/pip-audit.cdx.json"),
    ("modelscan", "intake/modelscan/dir.json"),
    ("garak", "intake/garak/test-fail.report.jsonl"),
    ("promptfoo", "intake/promptfoo/results.json"),
    ("inspect", "intake/inspect/refusal.json"),
    ("inspect-eval", "intake/inspect/refusal.eval"),
    ("great-expectations", "intake/great-expectations/validation.json"),
    ("metrics", "intake/fairlearn/summary.json"),
    ("junit", "intake/junit/pytest.xml"),
    ("in-toto", "intake/in-toto/multiple.intoto.jsonl"),
    ("sarif", "semgrep/semgrep.sarif"),
    ("sarif", "bandit/bandit.sarif"),
];

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn a_byte_order_mark_of_utf8_is_accepted_and_utf16_refused() {
    let place = Place::with_system();
    for (number, format) in ["json", "ndjson"].iter().enumerate() {
        let row = ROW.replace("}", &format!(r#","id":"bom-{number}"}}"#));
        let bytes = ["\u{feff}".as_bytes(), row.as_bytes()].concat();
        let push = ["push", "-", "--format", format, "--system", "scoring", "--collector", "ci"];
        place.affiant_with(&push, &bytes).expect(0);
        push_refused(&place, format, &utf16(&row), &["line 1"]);
    }
    let push = ["push", "-", "--system", "scoring", "--collector", "ci"];
    refused(&place, &push, &utf16(ROW), 2, &["stdin: line 1, column 1: the bytes are UTF-16, not UTF-8"]);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let place = Place::with_system();
    let latin = [ROW.trim_end_matches('}').as_bytes(), b",\"summary\":\"t\xe9xt\"}"].concat();
    let surrogate = [ROW.trim_end_matches('}').as_bytes(), b",\"summary\":\"\xed\xa0\x80\"}"].concat();
    for bytes in [&latin[..], &surrogate, &[0; 100], b"\x7fELF\x02\x01", b"\x1f\x8b\x08\x00", b"PK\x03\x04"] {
        for format in FORMATS {
            push_refused(&place, format, bytes, &["line 1"]);
        }
        refused(&place, &["push", "-", "--system", "scoring"], bytes, 2, &[]);
    }
}

#[test]
fn nothing_at_all_is_refused_whatever_the_format() {
    let place = Place::with_system();
    place.write("empty", "");
    place.write("blank", "\n \n\n");
    for file in ["empty", "blank"] {
        refused(&place, &["push", file, "--system", "scoring"], b"", 2, &[&format!("{file}: empty")]);
        for format in FORMATS {
            refused(&place, &["push", file, "--system", "scoring", "--format", format], b"", 2, &[file]);
        }
    }
    push_refused(&place, "json", b"[]", &["nothing"]);
    push_refused(&place, "json", br#"{"results":[]}"#, &["nothing"]);
}

#[test]
fn ten_thousand_levels_are_refused_at_the_sixty_fifth() {
    let place = Place::with_system();
    let (arrays, objects) =
        ("[".repeat(10_000) + &"]".repeat(10_000), "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000));
    for deep in [arrays, objects] {
        for (before, after) in [("", ""), (r#"{"control":"AFF-EXP-11","status":"passed","run":"#, "}")] {
            let text = format!("{before}{deep}{after}");
            for format in FORMATS {
                push_refused(&place, format, text.as_bytes(), &["line 1"]);
            }
        }
        push_refused(&place, "json", deep.as_bytes(), &["nested deeper than 64"]);
    }
    place.write("deep.yaml", "[".repeat(10_000));
    place.write("deep.json", "[".repeat(10_000));
    for file in ["deep.yaml", "deep.json"] {
        refused(&place, &["register", "file", file], b"", 2, &[file]);
    }
}

#[test]
fn bytes_that_are_no_report_are_refused_in_every_format() {
    let place = Place::with_system();
    let junk: [&[u8]; 10] = [
        b"\0",
        b"null",
        b"[]",
        b"{}",
        b"[[[[",
        b"\xff\xfe{\0}\0",
        b"{\"a\":1,\"a\":2}",
        b"{\"results\":NaN}",
        b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"b\">]><testsuite>&b;</testsuite>",
        b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    for format in Format::ALL {
        for bytes in junk {
            push_refused(&place, format.as_str(), bytes, &[]);
        }
    }
}

#[test]
fn a_report_cut_short_is_refused_in_every_format_and_nothing_of_it_is_kept() {
    let place = Place::with_system();
    for (format, file) in REPORTS {
        let whole = fixture(file);
        for length in [whole.len() - 3, whole.len() / 2, whole.len() / 7] {
            place.write("cut", &whole[..length]);
            let push = ["push", "cut", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11"];
            let push = [&push[..], &["--format", format]].concat();
            if format == "garak" {
                // garak writes line by line as it goes: what stands there of a run that broke off is evidence, and no pass.
                let answer = place.affiant(&[&push[..], &["--dry-run"]].concat());
                assert!(!answer.stdout.contains("passed"), "{}", answer.shown());
            } else {
                refused(&place, &push, b"", 2, &["cut"]);
            }
        }
    }
}

#[test]
fn a_report_under_the_name_of_another_format_is_refused() {
    let place = Place::with_system();
    for (own, file) in REPORTS {
        place.write("report", fixture(file));
        for format in Format::ALL.iter().filter(|format| format.as_str() != own) {
            let word = format.as_str();
            let push = ["push", "report", "--system", "scoring", "--format", word, "--dry-run"];
            let answer = place.affiant(&push);
            assert!(answer.code == 2 && !answer.is_fault(), "{file} as {word}\n{}", answer.shown());
        }
    }
}

#[test]
fn a_report_that_is_no_sarif_names_the_file() {
    let place = Place::with_system();
    let version = r#"{"version":"2.1.0","runs":"#;
    for text in [
        "{}".to_owned(),
        r#"{"version":"1.0.0","runs":[]}"#.to_owned(),
        format!("{version}[]}}"),
        format!("{version}7}}"),
        format!("{version}[{{}}]}}"),
        format!("{version}[{{\"tool\":{{\"driver\":{{\"name\":7}}}}}}]}}"),
        format!("{version}[{{\"tool\":{{\"driver\":{{\"name\":\"nobody\"}}}},\"results\":[]}}]}}"),
        format!(
            "{version}[{{\"tool\":{{\"driver\":{{\"name\":\"bandit\"}}}},\"results\":[{{\"ruleId\":7}}]}}]}}"
        ),
        format!("{version}[{{\"tool\":{{\"driver\":{{\"name\":\"bandit\"}}}},\"results\":[]}}]"),
    ] {
        place.write("odd.sarif", &text);
        refused(
            &place,
            &["push", "odd.sarif", "--system", "scoring", "--format", "sarif"],
            b"",
            2,
            &["odd.sarif"],
        );
    }
}

#[test]
fn an_index_of_a_sarif_report_that_points_nowhere_harms_nothing() {
    let place = Place::with_system();
    let run = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Bandit","rules":[]}},"results":[
        {"ruleId":"B301","ruleIndex":99999999,"message":{"text":"x"},"locations":[{"physicalLocation":
        {"artifactLocation":{"index":-7},"region":{"startLine":18446744073709551615}}}]}]}]}"#;
    let answer =
        place.affiant_with(&["push", "-", "--format", "sarif", "--system", "scoring"], run.as_bytes());
    assert!([0, 2].contains(&answer.code), "{}", answer.shown());
    assert!(!answer.is_fault(), "{}", answer.shown());
    place.sound();
}

#[test]
fn a_folder_a_missing_file_and_a_missing_system_are_refused_by_name() {
    let place = Place::with_system();
    std::fs::create_dir(place.path("folder")).unwrap();
    for file in ["folder", "missing.json", "missing/too.json", ""] {
        refused(&place, &["push", file, "--system", "scoring"], b"", 2, &[]);
    }
    refused(
        &place,
        &["push", "folder", "--system", "scoring"],
        b"",
        2,
        &["folder: a folder, not a file of results"],
    );
    refused(
        &place,
        &["push", "missing.json", "--system", "scoring"],
        b"",
        2,
        &["missing.json: no such file"],
    );
    refused(&place, &["push", "-"], ROW.as_bytes(), 2, &["line 1", "system"]);
    let other = ["push", "-", "--system", "nobody", "--collector", "ci"];
    refused(&place, &other, ROW.as_bytes(), 2, &["system `nobody` is not registered"]);
    let row = ROW.replace("}", r#","system":"nobody"}"#);
    let push = ["push", "-", "--format", "ndjson", "--collector", "ci"];
    refused(&place, &push, row.as_bytes(), 2, &["system `nobody` is not registered"]);
}

#[test]
fn an_input_that_may_not_be_read_is_an_io_failure() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_system();
    let path = place.write("secret.json", ROW);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        eprintln!("SKIPPED: this user may read everything, so a missing permission cannot be tried");
        return;
    }
    refused(&place, &["push", "secret.json", "--system", "scoring"], b"", 5, &["secret.json"]);
}

#[test]
fn a_pipe_or_a_link_in_place_of_a_pack_or_receipt_does_not_hang_verify() {
    let place = Place::with_system();
    let pipe = place.path("pipe.zip");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", place.path("zero.zip")).unwrap();
    for file in ["pipe.zip", "zero.zip", "ledger", "/dev/zero"] {
        refused(&place, &["verify", file], b"", 2, &[file, "not a regular file"]);
    }
}

#[test]
fn definitions_that_are_none_name_their_file_and_change_nothing() {
    let place = Place::with_system();
    let system = "system:\n  id: a\n  name: A\n";
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n";
    let cases = [
        String::new(),
        "[]".into(),
        "hello".into(),
        system.replace("name:", "nmae:"),
        system.replace("id: a", "id: A B"),
        format!("{system}  name: B\n"),
        format!("{system}---\n{system}"),
        format!("{system}  roles: provider-typo\n"),
        format!("{system}  purpose: \"a\\u202eb\"\n"),
        format!("{system}assets:\n- {{id: a, kind: model, name: M}}\n"),
        format!("{system}assets:\n- {{id: m, kind: modle, name: M}}\n"),
        format!("{system}assets:\n- {{id: m, kind: model}}\n"),
        "system: {id: org, name: O}\n".into(),
        bomb.into(),
        "a:\n\tb: 1\n".into(),
        "!!python/object/apply:os.system ['true']\n".into(),
    ];
    let before = folder::content(&place.ledger());
    for text in &cases {
        place.write("odd.yaml", text);
        let answer = place.affiant(&["register", "file", "odd.yaml"]);
        assert_eq!(answer.code, 2, "{text}\n{}", answer.shown());
        assert!(!answer.errors().is_empty() && !answer.is_fault(), "{text}\n{}", answer.shown());
    }
    assert!(folder::changed(&before, &folder::content(&place.ledger())).is_empty());
}
