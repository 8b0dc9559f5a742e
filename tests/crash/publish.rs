//! kill -9 in the middle of publishing: the folder serves the checkpoint it had with all it needs, and the next run makes it
//! what a run that nobody stopped makes.

use crate::support::folder::content;
use crate::support::place::Place;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::merkle::root_of;
use affiant_ledger::reader::read_settings;
use affiant_ledger::tile;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Instant;

/// Pushes results until the ledger has many more.
fn grow(place: &Place, round: u32, rows: u32) {
    let row = |n| {
        format!(
            "{{\"id\":\"r{round}-{n}\",\"control\":\"AFF-EXP-11\",\"asset\":\"model\",\"status\":\"passed\",\"collector\":\"ci\"}}\n"
        )
    };
    place.write("rows.ndjson", (0..rows).map(row).collect::<String>());
    place.affiant(&["push", "rows.ndjson", "--system", "scoring", "--quiet"]).expect(0);
}

/// The published files, but for what is being written.
fn published(place: &Place, www: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = content(&place.path(www));
    found.retain(|path, _| !path.starts_with(".publishing"));
    found
}

/// Reads all entries of the published checkpoint and demands that they give its root; its size.
fn served(place: &Place, www: &str) -> u64 {
    let settings = read_settings(&affiant_ledger::disk::Disk, &place.ledger()).unwrap();
    let Ok(note) = fs::read(place.path(www).join("checkpoint")) else { return 0 };
    let opened = Checkpoint::open_with(&note, &settings.log_keys).unwrap();
    let mut leaves = Vec::new();
    for first in (0..opened.size).step_by(256) {
        let width = (opened.size - first).min(256);
        let ending = if width < 256 { format!(".p/{width}") } else { String::new() };
        let path = format!("tile/entries/{}{ending}", tile::path_of(first / 256));
        let bundle = fs::read(place.path(www).join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        leaves.extend(tile::split_entries(&bundle).unwrap().into_iter().map(Digest::leaf));
    }
    assert_eq!((leaves.len() as u64, root_of(&leaves)), (opened.size, opened.root));
    opened.size
}

#[test]
fn after_a_kill_at_any_moment_of_publishing_the_old_log_is_served_and_the_next_run_completes_the_new() {
    let place = Place::with_system();
    grow(&place, 0, 700);
    place.affiant(&["log", "publish", "www"]).expect(0);
    let old = published(&place, "www");
    let size = served(&place, "www");
    grow(&place, 1, 20_000);
    let start = Instant::now();
    place.affiant(&["log", "publish", "fresh"]).expect(0);
    let whole = start.elapsed();
    let mut expected = published(&place, "fresh");
    // A partial tile of the older size stays.
    expected.extend(old.clone().into_iter().filter(|(path, _)| path != &PathBuf::from("checkpoint")));
    let mut completed = 0;
    for part in 0..12 {
        let mut command = place.command(&["log", "publish", "www", "--quiet"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(whole * part / 12);
        // SIGKILL: the process has no say.
        child.kill().unwrap();
        child.wait().unwrap();
        completed += u32::from(served(&place, "www") != size);
        let now = published(&place, "www");
        assert!(
            old.iter()
                .all(|(path, bytes)| path == &PathBuf::from("checkpoint") || now.get(path) == Some(bytes))
        );
        place.affiant(&["log", "publish", "www"]).expect(0);
        assert_eq!(published(&place, "www"), expected, "killed at {part} of 12");
        fs::remove_dir_all(place.path("www")).unwrap();
        for (path, bytes) in &old {
            fs::create_dir_all(place.path("www").join(path).parent().unwrap()).unwrap();
            fs::write(place.path("www").join(path), bytes).unwrap();
        }
    }
    assert!(completed < 12, "no kill came in time");
}
