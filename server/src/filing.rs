//! Tells the ledger how statements are filed, so that its index can be rebuilt.

use affiant_controls::result::{ControlResult, TimeSource};
use affiant_controls::statement::{Statement, facet_of, id_of};
use affiant_frameworks::shipped::ships;
use affiant_ledger::digest::Digest;
use affiant_ledger::record::{Facet, Filing};

/// Files statements of the controls storey.
pub struct Statements;

impl Filing for Statements {
    fn facet(&self, kind: &str, statement: &[u8]) -> Option<Facet> {
        facet_of(kind, statement)
    }

    fn id(&self, kind: &str, statement: &[u8]) -> Option<String> {
        id_of(kind, statement).map(str::to_owned)
    }

    fn blobs(&self, kind: &str, statement: &[u8]) -> Vec<Digest> {
        match Statement::from_bytes(kind, statement) {
            // A catalog of one's own stands among the files under its digest.
            Ok(Some(Statement::Catalog(pin))) => vec![pin.digest],
            Ok(Some(statement)) => statement.evidence().iter().map(|file| file.sha256).collect(),
            _ => Vec::new(),
        }
    }

    fn needs(&self, kind: &str, statement: &[u8]) -> Vec<Digest> {
        if kind != "catalog" {
            return Vec::new();
        }
        match Statement::from_bytes(kind, statement) {
            Ok(Some(Statement::Catalog(pin))) if !ships(&pin) => vec![pin.digest],
            _ => Vec::new(),
        }
    }

    fn keys(&self, kind: &str, statement: &[u8]) -> Option<Digest> {
        if kind != "pack" {
            return None;
        }
        match Statement::from_bytes(kind, statement) {
            Ok(Some(Statement::Pack(issued))) => issued.keys,
            _ => None,
        }
    }

    /// The same, but for times that were only the time of the push.
    fn same(&self, kind: &str, first: &[u8], again: &[u8]) -> bool {
        if first == again {
            return true;
        }
        let read = |bytes| match Statement::from_bytes(kind, bytes) {
            Ok(Some(Statement::Result(result))) => Some(*result),
            _ => None,
        };
        match (read(first), read(again)) {
            (Some(first), Some(again)) => untimed(first.clone(), &first) == untimed(again, &first),
            _ => false,
        }
    }
}

fn untimed(mut result: ControlResult, model: &ControlResult) -> ControlResult {
    if result.time_source == TimeSource::Ingest && model.time_source == TimeSource::Ingest {
        (result.observed_from, result.observed_to) = (model.observed_from, model.observed_to);
    }
    result.collected_at = model.collected_at;
    result
}
