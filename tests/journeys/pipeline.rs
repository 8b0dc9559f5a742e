//! The collector's pipeline: six tools push, one of them looked at nothing, and the gate does not take silence for a pass.

use crate::support::place::{NOON, Place};
use serde_json::{Value, json};
use std::path::Path;

const GATE: &str = "gate: 1
controls: [AFF-DAT-10, AFF-EXP-01, AFF-EXP-11, AFF-EXP-13, AFF-INF-06, AFF-THR-01]
failed_max: 0
";

/// A report that its tool really wrote.
fn produced(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/intake").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The same, once what it found is mended: only its list of findings is another.
fn mended(name: &str, mend: impl FnOnce(&mut Value)) -> String {
    let mut report = produced(name);
    mend(&mut report);
    report.to_string()
}

fn is_good(expectation: &Value) -> bool {
    expectation["success"] == json!(true)
}

/// A pipeline of six steps, with the report of the model's scanner given.
fn pipeline(place: &Place, scan: &str) {
    place.write("scan.sh", format!("if [ \"$1\" = --version ]; then echo 0.8.8; exit; fi\ncat {scan}\n"));
    let steps: [(&[&str], &str); 6] = [
        (&["push", "bandit.json", "--asset", "code"], "AFF-EXP-13 passed on code, by bandit"),
        (&["push", "audit.json", "--asset", "code"], "AFF-INF-06 passed on code, by pip-audit"),
        (&["push", "quality.json", "--asset", "data"], "AFF-DAT-10 passed on data, by great-expectations"),
        (
            &["push", "accuracy.xml", "--asset", "model", "--control", "AFF-EXP-11"],
            "AFF-EXP-11 passed on model",
        ),
        (&["push", "jailbreak.ndjson"], "AFF-THR-01 passed on scoring, by red-team"),
        (&["run", "--asset", "model", "--", "sh", "scan.sh"], "AFF-EXP-01 "),
    ];
    for (step, says) in steps {
        let (verb, rest) = step.split_first().unwrap();
        place.affiant(&[&[*verb, "--system", "scoring"][..], rest].concat()).expect(0).says(says);
    }
}

#[test]
fn a_tool_that_scans_nothing_shuts_the_gate_of_a_pipeline_until_it_looks() {
    let place = Place::with_system_at(NOON);
    place
        .affiant(&["register", "asset", "data", "--system", "scoring", "--kind", "dataset", "--name", "Data"])
        .expect(0);
    place.write("gate.yaml", GATE);
    place.write(
        "bandit.json",
        mended("bandit/bandit.json", |report| {
            report["results"] = json!([]);
            for file in report["metrics"].as_object_mut().unwrap().values_mut() {
                file["nosec"] = json!(0);
                file["skipped_tests"] = json!(0);
            }
        }),
    );
    let audit = mended("pip-audit/pip-audit.json", |report| {
        report["dependencies"].as_array_mut().unwrap().iter_mut().for_each(|it| it["vulns"] = json!([]));
    });
    place.write("audit.json", audit);
    place.write(
        "quality.json",
        mended("great-expectations/validation.json", |report| {
            report["results"].as_array_mut().unwrap().retain(is_good);
            let counts = &mut report["statistics"];
            counts["evaluated_expectations"] = json!(1);
            counts["successful_expectations"] = json!(1);
            counts["unsuccessful_expectations"] = json!(0);
            report["success"] = json!(true);
        }),
    );
    place.write(
        "accuracy.xml",
        r#"<testsuite name="accuracy" tests="1" timestamp="2026-11-24T09:00:00Z"><testcase classname="accuracy" name="auc"/></testsuite>"#,
    );
    let jailbreak = |asset: &str| {
        format!(
            r#"{{"control":"AFF-THR-01","asset":"{asset}","status":"passed","summary":"0 of 250 jailbreaks went through","collector":{{"name":"red-team"}}}}"#
        )
    };
    place.write("jailbreak.ndjson", [jailbreak("scoring"), jailbreak("model")].join("\n"));
    // Accuracy and jailbreaks are asked of the system as well as of its model.
    place
        .affiant(&[
            "push",
            "--system",
            "scoring",
            "--asset",
            "scoring",
            "--control",
            "AFF-EXP-11",
            "--status",
            "passed",
            "--summary",
            "AUC 0.84 in production",
        ])
        .expect(0);
    // The second run is an hour after the first.
    for (name, file, time) in [
        ("silent.json", "modelscan/benign.safetensors.json", "2026-11-24T09:00:00"),
        ("looked.json", "modelscan/benign.pkl.json", "2026-11-24T10:00:00"),
        ("found.json", "modelscan/dir.json", "2026-11-24T11:00:00"),
    ] {
        place.write(name, mended(file, |report| report["summary"]["timestamp"] = json!(time)));
    }
    let gate = || place.affiant(&["gate", "scoring", "--profile", "gate.yaml"]);

    gate().expect(4).says("missing on model: no result on file");
    pipeline(&place, "silent.json");
    let shut = gate()
        .expect(4)
        .says("undetermined")
        .says("missing on model: the test did not")
        .says("as modelscan says");
    assert!(!shut.stdout.contains("not-met"), "nothing speaks against it yet\n{}", shut.shown());

    pipeline(&place, "looked.json");
    gate().expect(0).says("gate met");

    // One finding, and it is shut by the evidence, not for want of it.
    place
        .affiant(&["push", "found.json", "--system", "scoring", "--asset", "model"])
        .expect(0)
        .says("AFF-EXP-01 failed");
    gate().expect(1).says("AFF-EXP-01 on model");
    place.sound();
}
