//! A log that grows, and a folder that it is published to.

use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::publish::{Publication, PublishError, Publishing, publish};
use affiant_ledger::reader::Reader;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use affiant_ledger::time::FixedClock;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Name of the log.
pub(super) const ORIGIN: &str = "affiant.example/published";
/// Words in every payload, and in nothing that is published.
pub(super) const SECRET: &str = "the applicant's name";

/// A ledger in a temporary folder, beside it the folder `www`.
pub(super) struct Log {
    folder: TempDir,
}

impl Log {
    /// A log of one entry.
    pub(super) fn new() -> Self {
        Self::of(ORIGIN, 1)
    }

    /// A log with another name or key.
    pub(super) fn of(origin: &str, seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Self { folder };
        let key = SigningKey::from_seed(&[seed; 32]);
        let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
        let settings =
            Settings { id: "published".parse().unwrap(), origin: origin.into(), log_keys, head: None };
        Ledger::create(&log.ledger(), &settings, &key, log.surroundings()).unwrap().close().unwrap();
        log
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            clock: Arc::new(FixedClock("2026-11-26T00:00:00Z".parse().unwrap())),
            random: |bytes| bytes.fill(7),
            wait: Duration::ZERO,
            ..Surroundings::new(&NoFiling, self.path("heads"))
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.path("ledger")
    }

    pub(super) fn www(&self) -> PathBuf {
        self.path("www")
    }

    /// Appends until there are `size` entries.
    pub(super) fn grow(&self, size: u64) {
        self.grow_with(size, SECRET);
    }

    /// The same with other words in the payloads.
    pub(super) fn grow_with(&self, size: u64, words: &str) {
        let mut ledger = Ledger::open(&self.ledger(), self.surroundings()).unwrap();
        while ledger.size() < size {
            let end = size.min(ledger.size() + 4000);
            let drafts: Vec<Draft> = (ledger.size()..end).map(|number| draft(number, words)).collect();
            ledger.append(&drafts).unwrap();
        }
        ledger.close().unwrap();
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::open(&self.ledger()).unwrap()
    }

    /// Publishes to `www`.
    pub(super) fn publish(&self) -> Result<Publication, PublishError> {
        self.publish_as(Publishing::default())
    }

    pub(super) fn publish_as(&self, how: Publishing) -> Result<Publication, PublishError> {
        self.publish_to(&self.www(), how)
    }

    pub(super) fn publish_to(&self, folder: &Path, how: Publishing) -> Result<Publication, PublishError> {
        publish(&self.reader(), folder, how, &|_, _| {})
    }
}

fn draft(number: u64, words: &str) -> Draft {
    Draft {
        stream: format!("system-{}", number % 3).parse().unwrap(),
        kind: "result".parse().unwrap(),
        by: "local".into(),
        statement: codec::encode(&BTreeMap::from([("words", format!("{words} {number}"))])),
        signature: None,
        id: None,
        facet: None,
    }
}

/// What a name below a folder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    File(Vec<u8>),
    Link(PathBuf),
    Other,
}

/// Everything below a folder but folders, by path, and the lock, whose text names a process.
pub(super) fn content(folder: &Path) -> BTreeMap<String, Item> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(below) = folders.pop() {
        for item in fs::read_dir(&below).into_iter().flatten().map(Result::unwrap) {
            let (path, kind) = (item.path(), item.file_type().unwrap());
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            let item = if kind.is_dir() {
                folders.push(path);
                continue;
            } else if kind.is_symlink() {
                Item::Link(fs::read_link(path).unwrap())
            } else if kind.is_file() {
                Item::File(fs::read(path).unwrap())
            } else {
                Item::Other
            };
            if name != ".publishing/lock" {
                found.insert(name, item);
            }
        }
    }
    found
}

/// The names of the files below a folder.
pub(super) fn names(folder: &Path) -> Vec<String> {
    content(folder).into_keys().collect()
}
