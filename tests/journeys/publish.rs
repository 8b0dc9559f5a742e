//! The operator who lets others watch: the log as files for a web server.

use crate::support::folder::{self, content};
use crate::support::place::Place;
use std::fs;

#[test]
fn the_log_is_published_and_published_again_after_growth() {
    let place = Place::with_system();
    place.push("a", "passed");
    let first = place.affiant(&["log", "publish", "www", "--json"]).expect(0).json();
    let size = first["size"].as_u64().unwrap();
    assert_eq!((&first["before"], first["files"].as_u64()), (&serde_json::Value::Null, Some(3)), "{first}");
    let shown = place.affiant(&["log", "checkpoint"]).expect(0).stdout;
    assert_eq!(fs::read_to_string(place.path("www/checkpoint")).unwrap(), shown);
    place.affiant(&["log", "publish", "www"]).expect(0).says("0 files written").warns("payloads");
    place.push("b", "needs-review");
    let more = place.affiant(&["log", "publish", "www", "--json", "--prune"]).expect(0).json();
    assert_eq!((more["before"].as_u64(), more["size"].as_u64()), (Some(size), Some(size + 1)), "{more}");
    assert_eq!((more["files"].as_u64(), more["pruned"].as_u64()), (Some(3), Some(0)), "{more}");
    place.sound();
}

#[test]
fn what_is_not_this_logs_to_write_is_refused_with_the_code_that_says_so() {
    let place = Place::with_system();
    let before = content(&place.ledger());
    for inside in ["ledger", "ledger/www", "."] {
        place
            .affiant(&["log", "publish", inside])
            .expect(2)
            .warns("hint: a web server would give out payloads");
    }
    assert_eq!(content(&place.ledger()), before);
    place.affiant(&["log", "publish", "www"]).expect(0);
    place.affiant(&["init", "other", "--origin", "test.example/other"]).expect(0);
    let published = content(&place.path("www"));
    let other = |words: &[&str]| place.affiant(&[&["--ledger", "other"], words].concat());
    other(&["log", "publish", "www"]).expect(3).warns("hint: each log is published to a folder of its own");
    folder::copy(&place.ledger(), &place.path("older"));
    place.push("a", "passed");
    place.affiant(&["log", "publish", "newer"]).expect(0);
    let older = |to: &str| place.affiant(&["--ledger", "older", "log", "publish", to]);
    older("newer").expect(3).warns("hint: this is an older copy");
    older("www").expect(0).says("0 files written");
    let changed = folder::changed(&published, &content(&place.path("www")));
    assert_eq!(
        changed,
        [std::path::Path::new(".publishing/lock")],
        "it names the process that published last"
    );
    fs::create_dir_all(place.path("taken/tile/0")).unwrap();
    fs::write(place.path("taken/tile/0/000.p"), "a file of others").unwrap();
    place.affiant(&["log", "publish", "taken"]).expect(3).warns("is not a folder");
}
