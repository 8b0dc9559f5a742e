//! The officer before anything is recorded: what does the law ask, which control answers it, is our own catalog sound?

use crate::support::place::Place;
use std::fs;
use std::path::Path;

/// A catalog file of this repository.
fn data(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_catalogs_are_listed_and_a_requirement_is_shown_with_both_its_dates_and_its_controls() {
    let place = Place::new();
    let listed = place.affiant(&["catalog", "list", "--json"]).expect(0).json();
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "eu-ai-act",
            "iso-42001",
            "nist-ai-rmf",
            "eu-ai-act@2024-07-12",
            "affiant-ai-ms",
            "affiant-ai-spm",
            "affiant-mappings",
            "affiant-ms-mappings",
            "affiant-crosswalk"
        ]
    );
    for id in ["Art. 12(1)", "art.12(1)", "art-12-1"] {
        let shown = place.affiant(&["catalog", "show", id]).expect(0);
        let shown = shown
            .says("2027-12-02 (annex-iii)")
            .says("original text: 2027-08-02 (annex-i), 2026-08-02 (annex-iii)");
        shown.says("AFF-VIS-04").says("Control A.6.2.8").says("never credit");
    }
    let json = place.affiant(&["catalog", "show", "A.6.2.8", "--json"]).expect(0).json();
    assert_eq!(json["controls"][0]["relation"], "intersects-with");
    let beside = json["neighbours"].as_array().unwrap();
    assert!(beside.iter().any(|row| row["citation"] == "Art. 12(1)" && row["credit"] == false), "{beside:?}");
    place.affiant(&["catalog", "show", "AFF-DAT-01"]).expect(0).says("Art. 10(2)(b)").says("passes when");
    place.affiant(&["catalog", "show", "eu-ai-act"]).expect(0).says("Chapter III, Section 2");
    for id in ["affiant-ai-spm", "affiant-mappings", "affiant-crosswalk"] {
        place.affiant(&["catalog", "show", id]).expect(0).says(id).says("digest");
    }
    // A date that is not for all says for what; what is a reading of ours says so.
    let shown = place.affiant(&["catalog", "show", "Art. 6(1)"]).expect(0);
    shown.says("2028-08-02 (annex-i)").says("only by route: annex-i");
    place.affiant(&["catalog", "show", "Art. 4a(1)(a)"]).expect(0).says("our reading, not settled");
    place
        .affiant(&["catalog", "show", "Art. 4"])
        .expect(0)
        .says("no evidence is judged here; below it: Art. 4(1)");
    place.affiant(&["catalog", "show", "Art. 10(5)(a)"]).expect(2).warns("it stands in art-4a-1-a now");
    place.affiant(&["catalog", "show", "Art. 999"]).expect(2).warns("affiant catalog search");
    place
        .affiant(&["catalog", "search", "logs", "RETENTION"])
        .expect(0)
        .says("AFF-VIS-05")
        .says("Art. 19(1)");
    place.affiant(&["catalog", "search", "no-such-word"]).expect(1).warns("nothing holds");
}

#[test]
fn a_catalog_of_ones_own_is_judged_by_line_and_hint() {
    let place = Place::new();
    for (name, kind) in [
        ("frameworks/data/eu-ai-act.yaml", "framework"),
        ("frameworks/data/nist-ai-rmf.yaml", "framework"),
        ("frameworks/data/mappings.yaml", "mapping set"),
        ("controls/data/ai-spm-controls.yaml", "control catalog"),
    ] {
        place.write("own.yaml", data(name));
        place.affiant(&["catalog", "lint", "own.yaml"]).expect(0).says(&format!("own.yaml: a sound {kind}"));
    }
    let nist = data("frameworks/data/nist-ai-rmf.yaml");
    let wrong = nist.replacen("    parent: GOVERN\n", "    parent: GOVERM\n", 1);
    let line = 1 + nist.lines().position(|line| line.trim() == "- id: GOVERN 1").unwrap();
    place.write("own.yaml", wrong);
    let found = place.affiant(&["catalog", "lint", "own.yaml", "--json"]).expect(1).json();
    let fault = &found["faults"][0];
    assert_eq!((&fault["place"], &fault["line"]), (&"GOVERN 1".into(), &line.into()), "{found}");
    assert!(fault["hint"].is_string(), "{found}");
    place
        .affiant(&["catalog", "lint", "own.yaml"])
        .expect(1)
        .says(&format!("own.yaml:{line}: GOVERN 1: "))
        .says("hint: ");
    let mappings =
        data("frameworks/data/mappings.yaml").replacen("control: AFF-GOV-12", "control: AFF-GOV-99", 1);
    place.write("own.yaml", mappings);
    place.affiant(&["catalog", "lint", "own.yaml"]).expect(1).says("AFF-GOV-99").says("no such control");
    for (text, said) in [
        (nist.replacen("as_of: \"2026-11-22\"", "as_of: \"2026-13-45\"", 1), "line"),
        (format!("{nist}\nid: again\n"), "line"),
        ("requirements: [".to_owned(), "line"),
        ("hello: world\n".to_owned(), "no catalog"),
        (String::new(), "no catalog"),
    ] {
        place.write("own.yaml", text);
        place.affiant(&["catalog", "lint", "own.yaml"]).expect(1).says(said);
    }
    // Mappings of one's own, to a framework of one's own.
    place.write("house.yaml", nist.replacen("id: nist-ai-rmf\n", "id: house-rules\n", 1));
    let mapped =
        data("frameworks/data/mappings.yaml").replacen("\n  nist-ai-rmf:\n", "\n  house-rules:\n", 1);
    place.write("mapped.yaml", &mapped);
    place
        .affiant(&["catalog", "lint", "mapped.yaml"])
        .expect(1)
        .says("mapped.yaml:")
        .says("known: eu-ai-act");
    let both = place.affiant(&["catalog", "lint", "mapped.yaml", "house.yaml"]).expect(0);
    both.says("mapped.yaml: a sound mapping set").says("house.yaml: a sound framework");
    let forged = mapped.replacen("\n  house-rules:\n", "\n  \"x\\nmapped.yaml: a sound mapping set\":\n", 1);
    place.write("mapped.yaml", forged);
    let answer = place.affiant(&["catalog", "lint", "mapped.yaml"]).expect(1);
    assert!(
        !answer.stdout.lines().any(|line| line.starts_with("mapped.yaml: a sound")),
        "{}",
        answer.shown()
    );
    let hostile = nist.replacen("  - id: GOVERN 1\n", "  - id: \"GOVERN\\e[2J\\u202e1\"\n", 1);
    place.write("own.yaml", &hostile);
    for words in [["catalog", "lint", "own.yaml"].as_slice(), &["catalog", "diff", "nist-ai-rmf", "own.yaml"]]
    {
        let answer = place.affiant(words);
        let text = format!("{}{}", answer.stdout, answer.stderr);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
    place.write("own.yaml", [0xff, 0xfe]);
    place.affiant(&["catalog", "lint", "own.yaml"]).expect(2).warns("not text in UTF-8");
    place.affiant(&["catalog", "lint", "nowhere.yaml"]).expect(2);
}

#[test]
fn two_catalogs_are_compared_row_by_row() {
    let place = Place::new();
    let nist = data("frameworks/data/nist-ai-rmf.yaml");
    place.write("same.yaml", &nist);
    place
        .affiant(&["catalog", "diff", "nist-ai-rmf", "same.yaml"])
        .expect(0)
        .warns("0 added, 0 removed, 0 changed");
    let changed = nist.replacen(
        "    title: Risk management policies and practices\n",
        "    title: Something else\n",
        1,
    );
    assert_ne!(changed, nist);
    place.write("changed.yaml", changed.replacen("version: \"1.0\"", "version: \"1.0-ours\"", 1));
    let found = place.affiant(&["catalog", "diff", "nist-ai-rmf", "changed.yaml", "--json"]).expect(1).json();
    assert_eq!((&found["added"], &found["removed"]), (&serde_json::json!([]), &serde_json::json!([])));
    let changed = found["changed"].as_array().unwrap();
    assert_eq!(changed[0]["fields"]["version"], serde_json::json!(["1.0", "1.0-ours"]));
    assert_eq!(changed[1]["id"], "GOVERN 1");
    assert_eq!(changed[1]["fields"]["title"][1], "Something else");
    place
        .affiant(&["catalog", "diff", "nist-ai-rmf", "changed.yaml"])
        .expect(1)
        .says("(the catalog itself)")
        .says("title");
    place.write("other-order.yaml", mappings_in_another_order());
    place
        .affiant(&["catalog", "diff", "affiant-mappings", "other-order.yaml"])
        .expect(1)
        .says("in another order");
    place
        .affiant(&["catalog", "diff", "nist-ai-rmf", "iso-42001"])
        .expect(1)
        .says("A.6.2.8")
        .says("GOVERN 1.1");
    place
        .affiant(&["catalog", "diff", "nist-ai-rmf", "affiant-mappings"])
        .expect(2)
        .warns("no rows in common");
    place.affiant(&["catalog", "diff", "nist-ai-rmf", "nowhere"]).expect(2).warns("affiant catalog list");
}

/// The first two mappings change places.
fn mappings_in_another_order() -> String {
    let text = data("frameworks/data/mappings.yaml");
    let mut parts: Vec<&str> = text.split_inclusive("    - control: ").collect();
    parts.swap(1, 2);
    parts.concat()
}

/// A word that stands in the licensed text alone.
const MARKER: &str = "quokkamarker";

/// Every file below a folder that holds the marker; packs store their members as they are.
fn marked(folder: &Path) -> Vec<std::path::PathBuf> {
    let holds = |path: &std::path::PathBuf| {
        fs::read(path).unwrap().windows(MARKER.len()).any(|part| part == MARKER.as_bytes())
    };
    crate::support::folder::files(folder).into_iter().filter(holds).collect()
}

#[test]
fn licensed_text_is_shown_on_the_terminal_and_is_in_nothing_that_is_recorded_or_handed_on() {
    let place = Place::with_system_at(crate::support::place::NOON);
    place.push("one", "passed");
    let text = format!(
        "\"4.1\": |\n  {MARKER} one\n  error: all is well\nA.6.2.8: \"{MARKER} \\e[2J\\u202e two\"\n"
    );
    place.write("mine.yaml", &text);
    let attached = place.affiant(&["catalog", "text", "iso-42001", "mine.yaml"]).expect(0);
    attached.says("text of 2 requirements of iso-42001 attached").warns("nothing records or exports it");
    // For one's eyes: as text, marked, and passing for nothing else.
    let shown = place.affiant(&["catalog", "show", "4.1"]).expect(0);
    let shown = shown.says("from your licensed copy").says("never recorded or exported");
    shown.says(&format!("  | {MARKER} one\n  | error: all is well\n"));
    let shown = place.affiant(&["catalog", "show", "A.6.2.8"]).expect(0);
    assert!(!shown.stdout.contains(['\u{1b}', '\u{202e}']), "{}", shown.shown());
    shown.says(&format!("  | {MARKER} \\u{{1b}}[2J\\u{{202e}} two"));
    place.affiant(&["status", "scoring", "--why", "4.1"]).says(MARKER).says("from your licensed copy");
    assert!(!place.affiant(&["catalog", "show", "4.2"]).expect(0).stdout.contains("licensed copy"));
    // For nobody else's.
    place.issue();
    let packed = fs::read(place.path("pack.zip")).unwrap();
    assert!(packed.starts_with(b"PK") && packed.len() > 10_000);
    for words in [
        ["catalog", "show", "4.1", "--json"].as_slice(),
        &["catalog", "show", "iso-42001", "--json"],
        &["catalog", "text", "--json"],
        &["catalog", "text", "iso-42001", "--json"],
        &["catalog", "list", "--json"],
        &["catalog", "search", "context", "--json"],
        &["status", "scoring", "--json"],
        &["status", "scoring", "--why", "4.1", "--json"],
        &["status", "scoring", "--csv"],
        &["status", "scoring", "--gaps", "--csv"],
        &["status", "scoring", "--sheet", "soa"],
        &["status", "scoring", "--sheet", "soa", "--csv"],
        &["pack", "build", "scoring", "--output", "second.zip", "--report", "report.pdf"],
        &["log", "show", "--json"],
        &["log", "publish", "site"],
        &["verify", "pack.zip", "--trust", "trust.keys", "--json"],
    ] {
        let answer = place.affiant(words);
        assert!([0, 4].contains(&answer.code), "{}", answer.shown());
        let said = format!("{}{}", answer.stdout, answer.stderr);
        assert!(said.len() > 20 && !said.contains(MARKER), "{}", answer.shown());
    }
    let own = [place.path("mine.yaml"), place.path("state/text/iso-42001.yaml")];
    let mut found = marked(&place.path("."));
    found.iter_mut().for_each(|path| *path = path.canonicalize().unwrap());
    found.sort();
    assert_eq!(found, own.map(|path| path.canonicalize().unwrap()));
    // Assessments do not depend on it.
    let before = place.affiant(&["status", "scoring", "--json"]).stdout;
    place.affiant(&["catalog", "text", "iso-42001", "--remove"]).expect(0);
    assert!(!place.affiant(&["catalog", "show", "4.1"]).expect(0).stdout.contains(MARKER));
    place.affiant(&["catalog", "text", "iso-42001", "--remove"]).expect(2).warns("no text is attached");
    place.affiant(&["catalog", "text"]).expect(0).warns("no text is attached");
    assert_eq!(place.affiant(&["status", "scoring", "--json"]).stdout, before);
    place.sound();
}

#[cfg(unix)]
#[test]
fn licensed_text_is_judged_before_it_is_attached_and_kept_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_system();
    place.write("mine.yaml", "\"4.1\": fine\n\n  \nA.6.2.88: secret\n");
    let judged = place.affiant(&["catalog", "text", "iso-42001", "mine.yaml"]).expect(1);
    judged.says("mine.yaml:4:1: no requirement `A.6.2.88` in iso-42001").says("did you mean `A.6.2.8`?");
    let judged = place.affiant(&["catalog", "text", "iso-42001", "mine.yaml", "--json"]).expect(1).json();
    assert_eq!((&judged["faults"][0]["line"], &judged["faults"][0]["column"]), (&4.into(), &1.into()));
    for (text, said) in [
        ("4.1: one\n4.1: two\n", "mine.yaml:2:1: this id stands twice"),
        ("4.1: [secret]\n", "not a map of requirement ids to text"),
        ("4.1: ''\n", "mine.yaml:1:1: `4.1` has no text"),
        ("{}\n", "no text is in it"),
    ] {
        place.write("mine.yaml", text);
        let answer = place.affiant(&["catalog", "text", "iso-42001", "mine.yaml"]).expect(1).says(said);
        assert!(!answer.stdout.contains("secret"), "{}", answer.shown());
    }
    assert!(!place.path("state/text").exists());
    place.write("mine.yaml", "4.1: x\n");
    place.affiant(&["catalog", "text", "iso-4200", "mine.yaml"]).expect(2).warns("known: ");
    place.affiant(&["catalog", "text", "iso-42001", "nowhere.yaml"]).expect(2);
    place.affiant(&["catalog", "text", "iso-42001", "mine.yaml", "--remove"]).expect(2);
    place.affiant(&["catalog", "text", "iso-42001"]).expect(2).warns("affiant catalog text iso-42001 FILE");
    // Who lets the state lie within the ledger would hand it on with it.
    let mut within = place.command(&["catalog", "text", "iso-42001", "mine.yaml"]);
    within.env("AFFIANT_STATE", place.path("ledger/state"));
    let refused = crate::support::place::run(&mut within, &[], "catalog text".to_owned()).expect(2);
    refused.warns("within the ledger");
    assert!(!place.path("ledger/state").exists());
    for _ in 0..2 {
        place.affiant(&["catalog", "text", "iso-42001", "mine.yaml"]).expect(0);
        let mode = fs::metadata(place.path("state/text/iso-42001.yaml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    place.affiant(&["catalog", "text"]).expect(0).says("1 of 100").says("iso-42001");
    // What became of it on the disk stops no answer.
    place.write("state/text/iso-42001.yaml", "4.1: [");
    place.affiant(&["catalog", "show", "4.1"]).expect(0).says("asks: ").warns("warning: ");
}
