//! Tiles, entry bundles and payload bundles: what is taken apart is put together again to the same bytes.
#![no_main]

use affiant_ledger::tile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(hashes) = tile::split_hashes(bytes) {
        let again: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        assert_eq!(again, bytes);
        assert!((1..=256).contains(&hashes.len()));
    }
    if let Ok(entries) = tile::split_entries(bytes) {
        let mut again = Vec::new();
        entries.iter().for_each(|entry| tile::push_entry(&mut again, entry));
        assert_eq!(again, bytes);
        assert!(entries.len() <= 256);
    }
    if let Ok(payloads) = tile::split_payloads(bytes) {
        let mut again = Vec::new();
        payloads.iter().for_each(|payload| tile::push_payload(&mut again, *payload));
        assert_eq!(again, bytes);
        assert!(payloads.len() <= 256);
    }
});
