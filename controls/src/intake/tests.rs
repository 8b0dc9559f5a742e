use super::*;
use crate::{AdmitContext, AdmitError, Basis, ControlSet, Status, TimeSource, admit};

struct Bench {
    controls: ControlSet,
    tools: Vec<ToolRules>,
}

fn bench() -> Bench {
    Bench { controls: ControlSet::embedded(), tools: ToolRules::embedded() }
}

impl Bench {
    fn context(&self) -> Context<'_> {
        let mut context = Context::new(&self.controls, &self.tools, "2026-11-23T00:00:00Z".parse().unwrap());
        context.system = Some("credit-scoring".parse().unwrap());
        context.collector = Some(Collector::new("ci"));
        context
    }

    fn json(&self, text: impl AsRef<[u8]>) -> Result<Parsed, IntakeError> {
        parse(text.as_ref(), Format::Json, &self.context())
    }

    /// The message of the refusal.
    fn refused(&self, text: impl AsRef<[u8]>) -> String {
        let shown = String::from_utf8_lossy(text.as_ref()).chars().take(80).collect::<String>();
        self.json(text).expect_err(&shown).to_string()
    }

    /// Reads and admits one result.
    fn pushed(&self, text: &str) -> Result<ControlResult, AdmitError> {
        let parsed = self.json(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let gate = AdmitContext { controls: &self.controls, now: self.context().now, assets: None };
        admit(parsed.results.into_iter().next().unwrap(), &gate)
    }
}

const ROW: &str = r#"{"control":"AFF-EXP-11","status":"passed","observed_to":"2026-11-22T03:46:05Z"}"#;

#[test]
fn a_row_is_completed_from_the_context() {
    let bench = bench();
    let result = bench.pushed(r#"{"control":"AFF-EXP-11","status":"PASS"}"#).unwrap();
    assert_eq!((result.system.as_str(), result.collector.name.as_str()), ("credit-scoring", "ci"));
    assert_eq!((result.observed_to, result.time_source), (bench.context().now, TimeSource::Ingest));
    assert_eq!((result.status, result.raw_status.as_deref()), (Status::Passed, Some("PASS")));
    assert_eq!(result.summary, "Accuracy and reliability against declared levels");
    assert_eq!(result.basis, Basis::Explicit);
    let named = bench.pushed(r#"{"control":"AFF-EXP-11","status":"failed","collector":"pytest"}"#).unwrap();
    assert_eq!(named.collector, Collector::new("pytest"));
}

#[test]
fn one_object_a_list_and_an_envelope_read_the_same() {
    let bench = bench();
    let one = bench.json(ROW).unwrap();
    assert_eq!(one.results.len(), 1);
    for text in [format!("[{ROW}]"), format!("{{\"results\": [{ROW}]}}"), format!("\u{feff} {ROW} \n")] {
        assert_eq!(bench.json(&text).unwrap().results, one.results, "{text}");
    }
    let lines = parse(format!("{ROW}\n\n{ROW}\r\n").as_bytes(), Format::Ndjson, &bench.context()).unwrap();
    assert_eq!((lines.results.len(), lines.lines), (2, vec![1, 3]));
}

#[test]
fn the_format_is_told_by_name_or_first_bytes() {
    let sarif = br#"{"$schema": "sarif-2.1.0", "version": "2.1.0", "runs": []}"#;
    let cases: [(&[u8], &str, Option<Format>); 8] = [
        (b"", "x.sarif", Some(Format::Sarif)),
        (b"", "x.JSONL", Some(Format::Ndjson)),
        (sarif, "out.json", Some(Format::Sarif)),
        (b"[{}]", "-", Some(Format::Json)),
        (b"\xef\xbb\xbf{\n \"a\": 1}", "-", Some(Format::Json)),
        (b"{\"a\":1}\n\n{\"a\":2}\n", "-", Some(Format::Ndjson)),
        (b"<xml/>", "x.xml", None),
        (b"", "-", None),
    ];
    for (bytes, name, format) in cases {
        assert_eq!(detect(bytes, name), format, "{name} {}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn errors_say_line_column_field_value_and_what_may_have_been_meant() {
    let bench = bench();
    let row = |more: &str| format!("[{ROW},\n {{\"control\":\"AFF-EXP-11\",\"status\":\"passed\",{more}}}]");
    let cases = [
        (row("\"sumary\":\"x\""), "line 2, column 51, field `[1].sumary`: unknown field `sumary`"),
        (
            row("\"population\":{\"size\":1.5,\"tested\":1,\"failed\":0,\"definition\":\"d\"}"),
            "line 2, column 67, field `[1].population.size`: invalid type: floating point `1.5`, expected u64, found `1.5`",
        ),
        (
            row("\"population\":[1,1,0,\"d\"]"),
            "line 2, column 56, field `[1].population`: invalid type: sequence, expected an object",
        ),
        (
            row("\"asset\":\"Not An Id\""),
            "line 2, column 62, field `[1].asset`: `Not An Id` is not an identifier (a-z, 0-9, `.`, `_`, `-`; at most 63; \
             first a letter or digit), found `\"Not An Id\"`",
        ),
        (
            row("\"observed_to\":\"2026-11-22 03:46\""),
            "line 2, column 75, field `[1].observed_to`: `2026-11-22 03:46` is not an RFC 3339 time with a zone, such as \
             2026-11-22T03:46:05Z, found `\"2026-11-22 03:46\"`",
        ),
        (
            row("\"system\":\"other\""),
            "line 2, field `[1]`: the row speaks about system `other`, the submitter about `credit-scoring`",
        ),
        (
            "[{\"control\":\"AFF-EXP-11\"}]".into(),
            "line 1, column 25, field `[0]`: field `status` is missing",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(bench.refused(&text), message, "{text}");
    }
    let Err(IntakeError::Faults(faults)) = bench.json(row("\"sumary\":\"x\"")) else { panic!("refused") };
    assert_eq!(faults[0].hint.as_deref(), Some("did you mean `summary`?"));
}

#[test]
fn rows_that_readers_disagree_about_are_refused_in_both_formats() {
    let bench = bench();
    let deep = format!(
        "{{\"control\":\"c\",\"status\":\"passed\",\"x\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let cases: [&[u8]; 16] = [
        br#"{"control":"AFF-EXP-11","status":"failed","status":"passed"}"#,
        br#"{"control":"AFF-EXP-11","status":"failed","st\u0061tus":"passed"}"#,
        br#"{"control":"AFF-EXP-11","status":"passed","run":{"errors":0,"errors":1,"skipped":0,"complete":true,"examined":1}}"#,
        br#"{"control":"AFF-EXP-11","status":"passed","measures":[{"name":"a","value":NaN}]}"#,
        br#"{"control":"AFF-EXP-11","status":"passed","measures":[{"name":"a","value":0.5}]}"#,
        br#"{"control":"AFF-EXP-11","status":"passed","measures":[{"name":"a","value":"NaN"}]}"#,
        br#"{"control":"AFF-EXP-11","status":"passed","summary":"\ud800"}"#,
        br#"["AFF-EXP-11","passed"]"#,
        br#"{"control":"AFF-EXP-11","status":"passed"}x"#,
        br#"{"control":"AFF-EXP-11","status":"passed","#,
        br#"{"control":"AFF-EXP-11","status":null}"#,
        br#"{"control":7,"status":"passed"}"#,
        br#"{"control":"AFF EXP","status":"passed"}"#,
        b"{\"control\":\"AFF-EXP-11\",\"status\":\"passed\",\"summary\":\"a\0b\"}",
        b"{\"control\":\"AFF-EXP-11\",\"status\":\"pass\xff\"}",
        deep.as_bytes(),
    ];
    for case in cases {
        let shown = String::from_utf8_lossy(case).chars().take(90).collect::<String>();
        let json = bench.json(case);
        assert!(matches!(json, Err(IntakeError::Faults(_))), "{shown}: {json:?}");
        assert!(ndjson::line(case, 1, &bench.context()).is_err(), "{shown}");
    }
}

#[test]
fn empty_oversized_and_foreign_bytes_are_refused() {
    let bench = bench();
    for empty in ["", " \n", "\u{feff}", "[]", "{\"results\":[]}"] {
        assert_eq!(bench.json(empty), Err(IntakeError::Empty), "{empty:?}");
    }
    let large = vec![b' '; DOCUMENT_SIZE_MAX + 1];
    let size =
        IntakeError::Size { format: Format::Json, size: large.len() as u64, max: DOCUMENT_SIZE_MAX as u64 };
    assert_eq!(bench.json(large), Err(size));
    let wide: Vec<u8> = ROW.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(bench.refused(wide), "line 1, column 1: the bytes are UTF-16, not UTF-8");
    let long =
        format!(r#"{{"control":"AFF-EXP-11","status":"passed","details":"{}"}}"#, "a".repeat(ROW_SIZE_MAX));
    assert!(bench.refused(&long).starts_with("line 1: row of "), "{}", bench.refused(&long));
    for foreign in ["true", "7", "\"x\"", "<?xml version='1.0'?><a/>", "id: x", "\u{7f}ELF"] {
        assert!(matches!(bench.json(foreign), Err(IntakeError::Faults(_))), "{foreign}");
    }
    let many = format!("[{}0]", "0,".repeat(ROWS_MAX));
    assert!(bench.refused(many).contains("an array of more than 1000000 items"));
}

#[test]
fn admission_refuses_what_no_format_can_see() {
    let bench = bench();
    let with = |more: &str| bench.pushed(&format!(r#"{{"control":"AFF-EXP-11","status":"passed",{more}}}"#));
    let hint = bench.pushed(r#"{"control":"AFF-EXP-99","status":"passed"}"#).expect_err("unknown").hint();
    assert!(hint.is_some_and(|hint| hint.starts_with("did you mean `AFF-EXP-")));
    assert!(matches!(
        with(r#""observed_to":"2026-11-23T01:00:00Z""#),
        Err(AdmitError::Future { field: "observed_from", .. })
    ));
    assert!(matches!(
        with(r#""collected_at":"2099-01-01T00:00:00Z""#),
        Err(AdmitError::Future { field: "collected_at", .. })
    ));
    let order = r#""observed_from":"2026-11-22T00:00:00Z","observed_to":"2026-11-21T00:00:00Z""#;
    assert!(matches!(with(order), Err(AdmitError::Order { .. })));
    assert!(matches!(with(r#""summary":"pass\u202efail""#), Err(AdmitError::Text { field: "summary", .. })));
    assert!(matches!(with(r#""summary":"a\u0000b""#), Err(AdmitError::Text { field: "summary", .. })));
    assert!(matches!(with(r#""collector":"a\nb""#), Err(AdmitError::Text { field: "collector.name", .. })));
    let counts = r#""population":{"size":1,"tested":2,"failed":0,"definition":"d"}"#;
    assert_eq!(with(counts).map(drop), Err(AdmitError::Population { size: 1, tested: 2, failed: 0 }));
    assert!(with(r#""observed_to":"2026-11-23T00:04:00Z""#).is_ok(), "clocks may differ by minutes");
}

#[test]
fn times_out_of_range_are_refused() {
    let bench = bench();
    for time in [
        "10000-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "now",
    ] {
        let row = format!(r#"{{"control":"AFF-EXP-11","status":"passed","observed_to":"{time}"}}"#);
        let message = bench.refused(row);
        assert!(message.contains("field `observed_to`"), "{message}");
    }
}

#[test]
fn a_status_in_foreign_words_is_unknown_and_kept() {
    let bench = bench();
    let result = bench.pushed(r#"{"control":"AFF-EXP-11","status":"greenish"}"#).unwrap();
    assert_eq!((result.status, result.raw_status.as_deref()), (Status::Unknown, Some("greenish")));
    assert!(result.flags.contains("unknown-status"));
}

#[test]
fn good_rows_are_taken_and_bad_ones_named_when_asked_so() {
    let bench = bench();
    let text = format!("{ROW}\n{{}}\n{ROW}\n");
    let parsed = parse_partial(text.as_bytes(), Format::Ndjson, &bench.context()).unwrap();
    assert_eq!((parsed.results.len(), parsed.lines, parsed.faults.len()), (2, vec![1, 3], 1));
    assert_eq!(parsed.faults[0].line, 2);
    assert!(matches!(parse(text.as_bytes(), Format::Ndjson, &bench.context()), Err(IntakeError::Faults(_))));
}

#[test]
fn a_report_is_read_to_its_end_or_refused_never_cut() {
    let bench = bench();
    let mut context = bench.context();
    context.system = Some("scoring".parse().unwrap());
    context.about = vec!["AFF-THR-01".parse().unwrap()];
    // Lines may be more than a document: what is cited is all of them.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/intake/garak");
    let mut bytes = std::fs::read(root.join("test-blank-pass.report.jsonl")).unwrap();
    bytes.resize(bytes.len() + DOCUMENT_SIZE_MAX, b'\n');
    let size = bytes.len() as u64;
    let mut open = || Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn Read>);
    let parsed = parse_report(&mut open, Format::Garak, &context).unwrap();
    assert!(!parsed.results.is_empty());
    assert!(parsed.results.iter().all(|result| result.evidence[0].size == size));
    let mut endless = || Ok(Box::new(std::io::repeat(b' ')) as Box<dyn Read>);
    let max = DOCUMENT_SIZE_MAX as u64;
    let refused = parse_report(&mut endless, Format::Bandit, &context);
    assert_eq!(refused, Err(IntakeError::Size { format: Format::Bandit, size: max + 1, max }));
}
