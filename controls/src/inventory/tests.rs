use super::*;
use crate::admit::{AdmitContext, admit};
use crate::set::ControlSet;

fn refused(text: &str) -> String {
    read(text.as_bytes()).expect_err(text).to_string()
}

fn asset(id: &str, version: Option<&str>, digest: Option<Digest>) -> Asset {
    let mut asset = Asset::new("s".parse().unwrap(), id.parse().unwrap(), "model", id);
    (asset.version, asset.digest) = (version.map(str::to_owned), digest);
    asset
}

#[test]
fn a_table_a_list_and_a_bill_say_the_same() {
    let digest = Digest::of(b"x");
    let csv = format!("id,kind,version,digest\r\nm,model,1.0,{digest}\r\n\"d\",dataset,,\r\n");
    let json = format!(
        r#"[{{"id":"m","kind":"model","version":"1.0","digest":"{digest}"}},{{"id":"d","kind":"dataset"}}]"#
    );
    let bom = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{"type":"machine-learning-model","bom-ref":"m",
        "name":"M","version":"1.0","hashes":[{{"alg":"SHA-256","content":"{digest}"}}]}},{{"type":"data","bom-ref":"d","name":"D"}}]}}"#
    );
    let rows = |text: &str| {
        let rows = read(text.as_bytes()).unwrap().rows;
        rows.into_iter().map(|row| (row.id, row.kind, row.version, row.digest)).collect::<Vec<_>>()
    };
    assert_eq!(rows(&csv), rows(&json));
    assert_eq!(rows(&csv), rows(&bom));
    assert_eq!(rows(&csv)[1], ("d".into(), Some("dataset".into()), None, None));
}

#[test]
fn cells_in_quotation_marks_hold_commas_and_lines_and_rows_know_their_line() {
    let read =
        read(b"version,id\n\"1, \"\"beta\"\"\",a\n\n\"two\nlines\",b").expect_err("hidden").to_string();
    assert_eq!(read, "line 4: `version` holds the hidden character U+000A: `two\\u{a}lines`");
    let rows = super::read(b"version,id\n\"1, \"\"beta\"\"\",a\n\n2,b").unwrap().rows;
    assert_eq!((rows[0].version.as_deref(), rows[1].place.as_str()), (Some("1, \"beta\""), "line 4"));
}

#[test]
fn what_is_no_inventory_is_refused_with_its_place() {
    assert_eq!(refused(""), "line 1: there is nothing, not even a header");
    assert_eq!(refused("id,vesrion\n"), "line 1: `vesrion` is none of the columns id, kind, version, digest");
    assert_eq!(refused("kind\nmodel\n"), "line 1: no column `id`");
    assert_eq!(refused("id,id\n"), "line 1: column `id` stands twice");
    assert_eq!(refused("id,kind\na\n"), "line 2: 1 cells under a header of 2");
    assert_eq!(refused("id\n\"a\n"), "line 2: a quotation mark without its second");
    assert_eq!(refused("id\na\"b\n"), "line 2: a quotation mark in a cell without quotation marks");
    assert_eq!(refused("id\n\"a\"b\n"), "line 2: something stands after a closing quotation mark");
    assert_eq!(refused("id\na\nb\na\n"), "line 4: `a` stands twice");
    assert!(refused("id,digest\na,xyz\n").starts_with("line 2: `digest` is no SHA-256"));
    assert!(refused("id\na\u{202e}b\n").contains("hidden character"));
    assert!(refused(r#"[{"id":"a","verison":"1"}]"#).contains("verison"));
    assert!(refused(r#"[{"id":"a","id":"b"}]"#).contains("stands twice in one object"));
    assert!(refused(r#"{"assets":[]}"#).contains("neither CycloneDX nor SPDX"));
}

#[test]
fn every_sort_of_difference_is_found_and_what_is_not_said_is_not_compared() {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let retired = |id| Asset { retired: true, ..asset(id, None, None) };
    let registered = [
        asset("same", Some("1"), Some(one)),
        asset("quiet", Some("1"), Some(one)),
        asset("newer", Some("1"), None),
        asset("other", None, Some(one)),
        asset("gone", None, None),
        retired("left"),
        retired("back"),
    ];
    let csv = format!(
        "id,version,digest\nsame,1,{one}\nquiet,,\nnewer,2,\nother,,{two}\nback,,\nARN:Strange/9,1,\n"
    );
    let found = compare(&read(csv.as_bytes()).unwrap(), &registered);
    let told: Vec<(Sort, &str)> = found.differences.iter().map(|it| (it.sort, it.id.as_str())).collect();
    assert_eq!(
        told,
        [
            (Sort::Missing, "gone"),
            (Sort::Unknown, "ARN:Strange/9"),
            (Sort::Different, "newer"),
            (Sort::Different, "other"),
            (Sort::Retired, "back")
        ]
    );
    assert_eq!((found.size, found.agree), (7, 2));
    assert_eq!(found.differences[2].message, "newer: version 2 there, 1 registered");
    assert_eq!(
        found.summary(),
        "2 of 7 assets agree: 1 missing, 1 unknown, 2 different, 1 retired-but-present"
    );
}

#[test]
fn an_empty_inventory_is_never_a_pass_and_a_difference_is_a_failure() {
    let controls = ControlSet::embedded();
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let context = AdmitContext { controls: &controls, now, assets: None };
    let result = |text: &str, registered: &[Asset]| {
        let found = compare(&read(text.as_bytes()).unwrap(), registered);
        admit(found.result("AFF-VIS-01".parse().unwrap(), "s".parse().unwrap(), now), &context).unwrap()
    };
    let model = [asset("m", None, None)];
    let empty = result("id\n", &model);
    assert_eq!((empty.status, empty.flags), (Status::NotRun, ["vacuous-result".to_owned()].into()));
    assert_eq!(result("[]", &[]).status, Status::NotRun);
    let agrees = result("id\nm\n", &model);
    assert_eq!((agrees.status, agrees.checks.len()), (Status::Passed, 0));
    let differs = result("id\nn\n", &model);
    let population = differs.population.unwrap();
    assert_eq!((differs.status, population.size, population.failed), (Status::Failed, 2, 2));
    assert_eq!(differs.checks[1].rule, "reconcile:unknown");
    // However many differences there are, the result fits a statement.
    let many: String = (0..3_000).map(|n| format!("{}-{n}\n", "x".repeat(250))).collect();
    let many = result(&format!("id\n{many}"), &model);
    assert_eq!((many.checks.len(), many.population.unwrap().failed), (LISTED_MAX, 3_001));
    assert_eq!(many.details.as_deref(), Some("2001 more differences are not listed"));
}

#[test]
fn each_asset_is_told_of_by_itself_where_the_whole_speaks_for_the_system_alone() {
    let controls = ControlSet::embedded();
    let snapshot = read(b"id,kind,version\nsame,model,1\nother,model,2\nshadow,model,\ngone,model,").unwrap();
    let mut assets =
        vec![asset("same", Some("1"), None), asset("other", Some("1"), None), asset("lost", None, None)];
    assets.push(Asset { retired: true, ..asset("gone", None, None) });
    assets.push(Asset { kind: "code-repo".into(), ..asset("code", None, None) });
    let found = compare(&snapshot, &assets);
    let (system, at) = ("s".parse().unwrap(), "2026-11-22T00:00:00Z".parse().unwrap());
    let told = |control: &str, found: &Comparison| {
        let results = found.results_on(&assets, controls.control(control).unwrap(), &system, at);
        results
            .into_iter()
            .map(|it| (it.asset.unwrap().to_string(), it.status, it.checks.len()))
            .collect::<Vec<_>>()
    };
    // The code is no asset of the control, what is retired is in use no more, and what is not registered is no asset.
    let expected = [("same", Status::Passed, 0), ("other", Status::Failed, 1), ("lost", Status::Failed, 1)];
    let expected: Vec<_> =
        expected.into_iter().map(|(id, status, checks)| (id.to_owned(), status, checks)).collect();
    assert_eq!(told("AFF-VIS-01", &found), expected);
    assert!(told("AFF-DAT-01", &found).is_empty(), "without an asset it speaks for each");
    assert!(told("AFF-VIS-01", &compare(&read(b"id\n").unwrap(), &assets)).is_empty());
}
