//! Folders that are refused, with nothing written: of another log, ahead, forked, laid out as a trap.

use super::log::{Log, ORIGIN, content};
use affiant_ledger::checkpoint::CheckpointError;
use affiant_ledger::note::NoteError;
use affiant_ledger::publish::{PublishError, Publishing};
use std::fs;
use std::path::Path;

/// Demands that publishing is refused and that nothing in `www` changed.
#[track_caller]
fn refused(log: &Log) -> PublishError {
    let before = content(&log.www());
    for how in [Publishing::default(), Publishing { whole: true, prune: true, ..Default::default() }] {
        let error = log.publish_as(how).unwrap_err();
        assert_eq!(content(&log.www()), before, "{error}");
    }
    log.publish().unwrap_err()
}

fn copy_www(from: &Log, to: &Log) {
    for (name, item) in content(&from.www()) {
        let super::log::Item::File(bytes) = item else { panic!("{name}") };
        let path = to.www().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn the_folder_of_another_log_is_refused() {
    let (log, other) = (Log::new(), Log::of("affiant.example/other", 1));
    other.grow(300);
    other.publish().unwrap();
    copy_www(&other, &log);
    let error = refused(&log);
    assert!(
        matches!(&error, PublishError::OtherLog { source: CheckpointError::Note(NoteError::Unsigned), .. }),
        "{error}"
    );
    // The same name, another key.
    let (log, other) = (Log::new(), Log::of(ORIGIN, 2));
    other.publish().unwrap();
    copy_www(&other, &log);
    assert!(matches!(refused(&log), PublishError::OtherLog { .. }));
}

#[test]
fn the_folder_of_another_log_with_the_same_key_is_refused_by_its_origin() {
    let log = Log::new();
    let key = affiant_ledger::key::SigningKey::from_seed(&[1; 32]);
    let other = affiant_ledger::checkpoint::Checkpoint {
        origin: "affiant.example/other".into(),
        ..log.reader().checkpoint().clone()
    };
    fs::create_dir(log.www()).unwrap();
    fs::write(log.www().join("checkpoint"), other.sign(&ORIGIN.parse().unwrap(), &key)).unwrap();
    let error = refused(&log);
    assert!(
        matches!(&error, PublishError::OtherLog { source: CheckpointError::Origin { found, .. }, .. } if found == "affiant.example/other"),
        "{error}"
    );
}

#[test]
fn a_newer_publication_is_refused() {
    let (log, older) = (Log::new(), Log::new());
    log.grow(300);
    log.publish().unwrap();
    copy_www(&log, &older);
    older.grow(299);
    assert!(matches!(refused(&older), PublishError::Newer { published: 300, size: 299, .. }));
    // One entry more, the same ones: then it may.
    older.grow(301);
    assert_eq!(older.publish().unwrap().before, Some(300));
}

#[test]
fn a_forked_publication_is_refused_whatever_the_sizes() {
    let log = Log::new();
    log.grow(300);
    log.publish().unwrap();
    for size in [300, 301, 600] {
        let fork = Log::new();
        fork.grow_with(size, "another history");
        copy_www(&log, &fork);
        assert!(matches!(refused(&fork), PublishError::Forked { size: 300, .. }), "{size}");
    }
}

#[test]
fn a_file_of_others_in_the_logs_place_is_refused_before_anything_is_written() {
    for name in ["tile/0/000", "tile/0/003.p/232", "tile/1/000.p/3", "tile/entries/003.p/232", "checkpoint"] {
        let log = Log::new();
        log.grow(1000);
        let path = log.www().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for bytes in [&b"of others"[..], b"", &[0; 100_000]] {
            fs::write(&path, bytes).unwrap();
            let error = refused(&log);
            let expected = matches!(&error, PublishError::Foreign(named) if *named == path)
                || name == "checkpoint" && matches!(&error, PublishError::OtherLog { .. });
            assert!(expected, "{name}: {error}");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(refused(&log), PublishError::Foreign(named) if named == path), "{name}: a folder");
        fs::remove_dir(&path).unwrap();
        assert_eq!(log.publish().unwrap().checkpoint.size, 1000, "{name}: taken away");
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_and_none_replaced() {
    let links = [
        "checkpoint",
        "tile",
        "tile/0",
        "tile/entries",
        "tile/0/000",
        "tile/entries/003.p",
        "tile/1/000.p/3",
    ];
    for name in links.into_iter().chain([".publishing", ".publishing/lock"]) {
        for target in ["missing", "file", "folder"] {
            let log = Log::new();
            log.grow(1000);
            fs::write(log.path("file"), "of others").unwrap();
            fs::create_dir(log.path("folder")).unwrap();
            let path = log.www().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(log.path(target), &path).unwrap();
            let error = refused(&log);
            assert!(
                matches!(&error, PublishError::Foreign(named) | PublishError::NotAFolder(named) if *named == path),
                "{name} to {target}: {error}"
            );
            assert_eq!(fs::read(log.path("file")).unwrap(), b"of others");
            assert!(
                content(&log.path("folder")).is_empty() && !log.path("missing").exists(),
                "{name} to {target}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn the_folder_itself_is_no_link_and_no_file() {
    let log = Log::new();
    fs::create_dir(log.path("real")).unwrap();
    std::os::unix::fs::symlink(log.path("real"), log.www()).unwrap();
    assert!(matches!(refused(&log), PublishError::NotAFolder(_)));
    let slash = Path::new(&format!("{}/", log.www().display())).to_owned();
    assert!(matches!(log.publish_to(&slash, Publishing::default()), Err(PublishError::NotAFolder(_))));
    assert!(content(&log.path("real")).is_empty());
    let file = log.path("file");
    fs::write(&file, "of others").unwrap();
    assert!(matches!(log.publish_to(&file, Publishing::default()), Err(PublishError::NotAFolder(_))));
    assert_eq!(fs::read(file).unwrap(), b"of others");
}

#[cfg(unix)]
#[test]
fn a_pipe_where_the_checkpoint_should_be_hangs_nobody() {
    let log = Log::new();
    fs::create_dir(log.www()).unwrap();
    let made = std::process::Command::new("mkfifo").arg(log.www().join("checkpoint")).status().unwrap();
    assert!(made.success());
    assert!(matches!(refused(&log), PublishError::Foreign(_)));
}

#[test]
fn the_ledgers_own_folder_one_in_it_and_one_around_it_are_refused() {
    let log = Log::new();
    let before = content(&log.ledger());
    let around = log.ledger().parent().unwrap().to_owned();
    let roundabout = log.path("nowhere").join("..").join("ledger");
    fs::create_dir(log.path("nowhere")).unwrap();
    for folder in [log.ledger(), log.ledger().join("www/deep"), around, roundabout] {
        let error = log.publish_to(&folder, Publishing::default()).unwrap_err();
        assert!(matches!(error, PublishError::Overlap { .. }), "{}: {error}", folder.display());
        assert_eq!(content(&log.ledger()), before);
    }
}

#[test]
fn a_damaged_ledger_is_not_published() {
    for name in ["tile/entries/001", "tile/entries/003"] {
        let log = Log::new();
        log.grow(1024);
        let path = log.ledger().join(name);
        let mut bytes = fs::read(&path).unwrap();
        // Within an entry's payload digest: still an entry, another one.
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = log.publish().unwrap_err();
        assert!(matches!(&error, PublishError::Root(1024) | PublishError::Read(_)), "{name}: {error}");
        assert!(!log.www().exists(), "{name}");
    }
}

#[test]
fn a_second_publisher_is_told_who_publishes() {
    let log = Log::new();
    fs::create_dir_all(log.www().join(".publishing")).unwrap();
    let lock = affiant_ledger::lock::Lock::take(&log.www().join(".publishing"), Default::default()).unwrap();
    let error = log.publish().unwrap_err();
    assert!(matches!(&error, PublishError::Busy { owner, .. } if owner.starts_with("process ")), "{error}");
    drop(lock);
    log.publish().unwrap();
}
