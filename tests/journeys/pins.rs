//! Catalogs of one's own whose bytes are gone: fsck names them, nothing falls back silently, and they can be put back.

use crate::support::answer::Answer;
use crate::support::place::Place;
use std::fs;
use std::path::{Path, PathBuf};

fn data(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Adds a catalog; gives its entry and where its bytes are kept, as fsck names it and on the disk.
fn add(place: &Place, file: &str) -> (u64, String, PathBuf) {
    let added = place.affiant(&["catalog", "add", file, "--json"]).expect(0).json();
    let digest = added["catalog"]["digest"].as_str().unwrap().to_owned();
    let path = format!("blob/{}/{}", &digest[..2], &digest[2..]);
    (added["index"].as_u64().unwrap(), path.clone(), place.ledger().join(path))
}

#[track_caller]
fn refused(answer: Answer, digest: &str) {
    answer.expect(3).warns("its bytes are gone").warns(digest);
}

#[test]
fn the_bytes_of_a_catalog_of_ones_own_that_are_gone_are_named_by_fsck_and_nothing_goes_on_without_them() {
    let place = Place::with_system();
    place.push("one", "passed");
    // One bears the id of a catalog of the program, which must not stand in for it.
    let nist = data("frameworks/data/nist-ai-rmf.yaml");
    place.write("ours.yaml", nist.replacen("version: \"1.0\"", "version: \"1.0-ours\"", 1));
    place.write("house.yaml", nist.replacen("id: nist-ai-rmf\n", "id: house-rules\n", 1));
    for file in ["ours.yaml", "house.yaml"] {
        place.sound();
        let (index, path, blob) = add(&place, file);
        place.sound();
        let before = place.affiant(&["status", "scoring", "--json"]).stdout;
        let bytes = fs::read(&blob).unwrap();
        fs::remove_file(&blob).unwrap();
        let digest = path.trim_start_matches("blob/").replace('/', "");
        for words in [
            ["status", "scoring"].as_slice(),
            &["pack", "build", "scoring", "--output", "no.zip"],
            &["register", "asset", "data", "--system", "scoring", "--kind", "dataset", "--name", "data"],
            &["catalog", "list"],
        ] {
            refused(place.affiant(words), &digest);
        }
        let report = place.affiant(&["log", "fsck", "--json"]).expect(3).json();
        assert_eq!(report["faults_count"], 1, "{report}");
        let fault = &report["faults"][0];
        assert_eq!((&fault["kind"], &fault["index"]), (&"missing".into(), &index.into()), "{report}");
        assert_eq!(fault["path"], path.as_str());
        assert!(fault["detail"].as_str().unwrap().contains("`catalog` entry"), "{report}");
        place.affiant(&["log", "fsck"]).expect(3).says("missing").says("1 faults");
        place.affiant(&["log", "fsck", "--repair"]).expect(3).warns("nothing was made anew");
        // Altered is another fault, named once.
        fs::write(&blob, b"other bytes").unwrap();
        let report = place.affiant(&["log", "fsck", "--json"]).expect(3).json();
        assert_eq!((&report["faults_count"], &report["faults"][0]["kind"]), (&1.into(), &"blob".into()));
        refused(place.affiant(&["status", "scoring"]), &digest);
        // Put back by hand, or from the file it was made of.
        fs::write(&blob, &bytes).unwrap();
        place.sound();
        fs::remove_file(&blob).unwrap();
        place.affiant(&["catalog", "add", file]).expect(0);
        assert_eq!(fs::read(&blob).unwrap(), bytes);
        place.sound();
        let now = place.affiant(&["status", "scoring", "--json"]).stdout;
        let conclusions = |answer: &str| answer.split_once("\"assessments\"").unwrap().1.len();
        assert_eq!(conclusions(&now), conclusions(&before), "{file}");
    }
}

#[test]
fn every_catalog_that_ships_stays_known_to_later_versions() {
    // A ledger founded with a catalog that has changed since pins one whose bytes were never added: it is told by its digest.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("frameworks/data/shipped.txt");
    let mut shipped = fs::read_to_string(&path).unwrap();
    let listed = Place::new().affiant(&["catalog", "list", "--json"]).expect(0).json();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    for row in listed.as_array().unwrap().iter().filter(|row| row["kind"] != "crosswalk") {
        let kind = match text(row, "kind").as_str() {
            kind @ ("controls" | "mappings") => kind.to_owned(),
            _ => "framework".to_owned(),
        };
        let id = text(row, "id").split('@').next().unwrap().to_owned();
        let line = format!("{kind} {id} {}", text(row, "digest"));
        if std::env::var_os("AFFIANT_BLESS").is_some() && !shipped.lines().any(|known| known == line) {
            shipped += &format!("{line}\n");
            fs::write(&path, &shipped).unwrap();
        }
        assert!(shipped.lines().any(|known| known == line), "{line} is not in {}", path.display());
    }
}
