//! What is written: what is new and no more, nothing secret, nothing of others touched.

use super::log::{Item, Log, SECRET, content, names};
use affiant_ledger::publish::Publishing;
use std::fs;

const WHOLE: Publishing = Publishing { whole: true, prune: false, wait: std::time::Duration::ZERO };
const PRUNE: Publishing = Publishing { whole: false, prune: true, wait: std::time::Duration::ZERO };

#[test]
fn publishing_again_writes_only_what_is_new() {
    let log = Log::new();
    log.grow(600);
    let first = log.publish().unwrap();
    assert_eq!((first.checkpoint.size, first.before, first.files), (600, None, 8));
    let before = names(&log.www());
    assert_eq!(
        before,
        [
            "checkpoint",
            "tile/0/000",
            "tile/0/001",
            "tile/0/002.p/88",
            "tile/1/000.p/2",
            "tile/entries/000",
            "tile/entries/001",
            "tile/entries/002.p/88"
        ]
    );
    let again = log.publish().unwrap();
    assert_eq!((again.before, again.files, again.bytes), (Some(600), 0, 0));
    log.grow(700);
    let more = log.publish().unwrap();
    assert_eq!((more.checkpoint.size, more.before, more.files), (700, Some(600), 3));
    let new: Vec<_> = names(&log.www()).into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(new, ["tile/0/002.p/188", "tile/entries/002.p/188"]);
}

#[test]
fn a_log_that_grew_while_published_is_the_one_published_at_once() {
    let log = Log::new();
    for size in [1, 2, 255, 256, 300, 511, 512, 1000, 1024] {
        log.grow(size);
        log.publish_as(PRUNE).unwrap();
    }
    let fresh = log.path("fresh");
    log.publish_to(&fresh, Publishing::default()).unwrap();
    let (mut grown, fresh) = (content(&log.www()), content(&fresh));
    // Partial tiles of a tile that is not full yet.
    for width in [1, 2, 3] {
        assert!(grown.remove(&format!("tile/1/000.p/{width}")).is_some(), "{width}");
    }
    assert_eq!(grown, fresh);
}

#[test]
fn no_payload_leaves_the_ledger() {
    let log = Log::new();
    log.grow(300);
    log.publish().unwrap();
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    assert!(holds(&fs::read(log.ledger().join("payload/000")).unwrap()), "the ledger has it");
    for (name, item) in content(&log.www()) {
        let Item::File(bytes) = item else { panic!("{name} is no file") };
        assert!(!holds(&bytes), "{name}");
        assert!(name == "checkpoint" || name.starts_with("tile/"), "{name}");
    }
}

#[test]
fn only_partial_tiles_with_a_full_one_are_removed() {
    let log = Log::new();
    log.grow(200);
    log.publish().unwrap();
    log.grow(250);
    assert_eq!(log.publish_as(PRUNE).unwrap().pruned, 0, "the full tile is not there yet");
    log.grow(300);
    fs::write(log.www().join("tile/0/000.p/note.txt"), "of others").unwrap();
    assert_eq!(log.publish_as(PRUNE).unwrap().pruned, 4);
    let left = names(&log.www());
    assert!(left.contains(&"tile/0/000.p/note.txt".into()), "{left:?}");
    assert!(!log.www().join("tile/entries/000.p").exists());
    assert!(left.contains(&"tile/0/001.p/44".into()) && left.contains(&"tile/1/000.p/1".into()), "{left:?}");
}

#[test]
fn files_of_others_beside_the_log_stay_as_they_are() {
    let log = Log::new();
    log.grow(300);
    fs::create_dir_all(log.www().join(".well-known")).unwrap();
    fs::create_dir_all(log.www().join("tile/9")).unwrap();
    let others = ["index.html", ".well-known/security.txt", "tile/index.html", "tile/9/000"];
    others.iter().for_each(|name| fs::write(log.www().join(name), "of others").unwrap());
    log.publish().unwrap();
    log.grow(600);
    log.publish_as(PRUNE).unwrap();
    for name in others {
        assert_eq!(fs::read(log.www().join(name)).unwrap(), b"of others", "{name}");
    }
}

#[test]
fn a_whole_run_writes_again_what_was_lost() {
    let log = Log::new();
    log.grow(1000);
    log.publish().unwrap();
    let whole = content(&log.www());
    for name in ["tile/0/000", "tile/entries/001", "tile/1/000.p/3"] {
        fs::remove_file(log.www().join(name)).unwrap();
    }
    assert_eq!(log.publish().unwrap().files, 1, "without it only the right edge is looked at");
    assert_eq!(log.publish_as(WHOLE).unwrap().files, 2);
    assert_eq!(content(&log.www()), whole);
}

#[cfg(unix)]
#[test]
fn what_is_published_can_be_read_by_the_web_server() {
    use std::os::unix::fs::PermissionsExt;
    let log = Log::new();
    log.grow(300);
    log.publish().unwrap();
    let beside = log.path("beside");
    fs::write(&beside, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    for name in names(&log.www()) {
        assert_eq!(mode(log.www().join(&name)), mode(beside.clone()), "{name} is as any new file");
    }
}
