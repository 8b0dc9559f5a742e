//! The published folder read with `tlog_tiles` and `signed_note`, which share no code with the ledger: nothing but the
//! folder and the log's public key is given to them.

use super::log::{Log, ORIGIN};
use affiant_ledger::publish::Publishing;
use signed_note::{Note, StandardVerifier, VerifierList};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tlog_tiles::{
    Checkpoint, Error, Hash, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record,
    prove_tree, record_hash, tree_hash,
};

/// Height of C2SP's tiles.
const HEIGHT: u8 = 8;

/// A client's view of the folder: a tile is at its path or it is not there; no full tile stands in for a partial one.
struct Web(PathBuf);

impl TileReader for Web {
    fn height(&self) -> u8 {
        HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        tiles.iter().map(|tile| fs::read(self.0.join(path(tile))).map_err(|_| Error::InvalidTile)).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// C2SP's path of a tile: theirs has the height in it, as the Go checksum database has.
fn path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

/// Opens the checkpoint: signature, then text.
fn checkpoint(folder: &Path, vkey: &str) -> Checkpoint {
    let note = Note::from_bytes(&fs::read(folder.join("checkpoint")).unwrap()).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())]);
    let (verified, unknown) = note.verify(&known).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    let opened = Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((opened.origin(), opened.extension()), (ORIGIN, ""));
    opened
}

/// An entry, from its bundle.
fn entry(folder: &Path, index: u64, size: u64) -> Vec<u8> {
    let width = if index / 256 == size / 256 { (size % 256) as u32 } else { 256 };
    let tile = path(&Tile::new(HEIGHT, 0, index / 256, width, false)).replacen("tile/0/", "tile/entries/", 1);
    let bundle = fs::read(folder.join(&tile)).unwrap_or_else(|error| panic!("{tile}: {error}"));
    let (mut rest, mut entries) = (&bundle[..], Vec::new());
    while let [high, low, tail @ ..] = rest {
        let (entry, tail) = tail.split_at(usize::from(*high) << 8 | usize::from(*low));
        entries.push(entry);
        rest = tail;
    }
    assert_eq!((rest.len(), entries.len()), (0, width as usize), "{tile}");
    entries[(index % 256) as usize].to_vec()
}

/// A client that keeps every checkpoint it saw, and asks for proofs.
struct Client {
    log: Log,
    vkey: String,
    seen: BTreeMap<u64, Hash>,
}

impl Client {
    fn new() -> Self {
        let log = Log::new();
        Self { vkey: log.reader().settings().log_keys.first().to_string(), log, seen: BTreeMap::new() }
    }

    /// Publishes at a size; proves some entries, and every tree seen before.
    fn at(&mut self, size: u64, indexes: impl Iterator<Item = u64>) {
        self.log.grow(size);
        let before = self.seen.keys().last().copied().unwrap_or(0);
        self.log.publish().unwrap();
        let folder = self.log.www();
        for tile in Tile::new_tiles(HEIGHT, before, size) {
            let length = fs::metadata(folder.join(path(&tile))).unwrap().len();
            assert_eq!(length, u64::from(tile.width()) * 32, "{}", path(&tile));
        }
        let opened = checkpoint(&folder, &self.vkey);
        assert_eq!(opened.size(), size);
        let (root, web) = (*opened.hash(), Web(folder.clone()));
        let tiles = TileHashReader::new(size, root, &web);
        assert_eq!(tree_hash(size, &tiles).unwrap(), root);
        for index in indexes {
            let leaf = record_hash(&entry(&folder, index, size));
            let proof = prove_record(size, index, &tiles).unwrap();
            check_record(&proof, size, root, index, leaf)
                .unwrap_or_else(|e| panic!("{index} of {size}: {e}"));
            let other = record_hash(b"other");
            assert!(check_record(&proof, size, root, index, other).is_err());
        }
        self.seen.insert(size, root);
        for (old, old_root) in &self.seen {
            let proof = prove_tree(size, *old, &tiles).unwrap();
            check_tree(&proof, size, root, *old, *old_root)
                .unwrap_or_else(|e| panic!("{old} in {size}: {e}"));
        }
    }
}

#[test]
fn every_entry_and_every_earlier_tree_is_proven_at_sizes_up_to_1000() {
    let edges = [1, 2, 3, 254, 255, 256, 257, 258, 511, 512, 513, 767, 768, 769, 999, 1000];
    let sizes: std::collections::BTreeSet<u64> = (1..=1000).step_by(13).chain(edges).collect();
    let mut client = Client::new();
    for size in sizes {
        let all = edges.contains(&size);
        client.at(size, (0..size).filter(|index| all || index % 97 == size % 97 || index + 1 == size));
    }
    // The last tree knows all before it, also those of which no checkpoint was published.
    let (folder, size) = (client.log.www(), 1000);
    let (root, web) = (client.seen[&size], Web(folder));
    let tiles = TileHashReader::new(size, root, &web);
    let reader = client.log.reader();
    for old in 1..=size {
        let old_root = Hash(*reader.root_at(old).unwrap().as_bytes());
        check_tree(&prove_tree(size, old, &tiles).unwrap(), size, root, old, old_root).unwrap();
    }
}

#[test]
fn trees_of_three_levels_of_tiles_are_proven() {
    let mut client = Client::new();
    for size in [255, 65_535, 65_536, 65_537, 65_791, 65_792, 70_000] {
        client.at(
            size,
            [0, 1, 254, 255, 256, 65_534, 65_535, 65_536, size - 1].into_iter().filter(|i| *i < size),
        );
    }
    // C2SP's example: 273 full tiles, one of 112, one full tile of level 1, one of 17, one of width 1 in level 2.
    let width = |path: &str| fs::metadata(client.log.www().join(path)).map(|file| file.len() / 32).ok();
    assert_eq!(width("tile/0/272"), Some(256));
    assert_eq!(width("tile/0/273.p/112"), Some(112));
    assert_eq!(width("tile/1/000"), Some(256));
    assert_eq!(width("tile/1/001.p/17"), Some(17));
    assert_eq!(width("tile/2/000.p/1"), Some(1));
    assert_eq!(width("tile/0/273"), None);
    // Published at once, pruned, it is the same but for the partial tiles of the sizes between.
    let fresh = client.log.path("fresh");
    client.log.publish_to(&fresh, Publishing::default()).unwrap();
    client.log.publish_as(Publishing { prune: true, ..Default::default() }).unwrap();
    let (fresh, grown) = (super::log::content(&fresh), super::log::content(&client.log.www()));
    let left: Vec<_> = grown.keys().filter(|name| !fresh.contains_key(*name)).collect();
    assert_eq!(left, ["tile/1/001.p/1"], "a partial tile stays until its full tile is there");
    assert!(fresh.iter().all(|(name, item)| grown.get(name) == Some(item)));
}

#[test]
fn a_changed_tile_or_checkpoint_is_refused_by_the_others_too() {
    let mut client = Client::new();
    client.at(600, 0..600);
    let folder = client.log.www();
    let (root, web) = (client.seen[&600], Web(folder.clone()));
    let tiles = TileHashReader::new(600, root, &web);
    // Whether every entry is proven. Not `read_hashes` alone: tlog_tiles 0.2.0 (and Go's, from which it was ported) lets
    // some full tiles pass unchecked when several subtrees share a tile; the proofs made from them do not hold.
    let proven = || {
        (0..600).all(|index| {
            let leaf = record_hash(&entry(&folder, index, 600));
            prove_record(600, index, &tiles)
                .is_ok_and(|proof| check_record(&proof, 600, root, index, leaf).is_ok())
        })
    };
    for name in
        ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"]
    {
        let good = fs::read(folder.join(name)).unwrap();
        let mut bad = good.clone();
        bad[40] ^= 1;
        fs::write(folder.join(name), &bad).unwrap();
        assert!(!proven(), "{name}");
        fs::write(folder.join(name), &good).unwrap();
    }
    assert!(proven());
    let mut note = fs::read(folder.join("checkpoint")).unwrap();
    let at = note.windows(4).position(|window| window == b"600\n").unwrap();
    note[at + 2] = b'1';
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&client.vkey).unwrap())]);
    assert!(Note::from_bytes(&note).unwrap().verify(&known).is_err());
}
