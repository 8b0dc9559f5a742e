//! A record: an entry as read back from a ledger or a pack, with its leaf hash and what is left of its payload.

use crate::digest::Digest;
use crate::entry::Entry;

/// One entry read back. What upper storeys replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The entry.
    pub entry: Entry,
    /// Its leaf hash.
    pub leaf: Digest,
    /// Canonical CBOR of the statement; `None` where the payload is withheld or erased.
    pub statement: Option<Vec<u8>>,
}

/// What to append: a statement that has been admitted, not yet sealed into an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The stream it goes to.
    pub stream: crate::id::Id,
    /// Kind of statement.
    pub kind: crate::id::Id,
    /// Authenticated submitter: `local`, `key:<id>`, `token:<id>`.
    pub by: String,
    /// Canonical CBOR of the statement, a map.
    pub statement: Vec<u8>,
    /// The submitter's signature over the statement.
    pub signature: Option<crate::payload::StatementSignature>,
    /// Idempotency id within the stream: the same id with the same statement returns the first receipt, with another
    /// statement it is refused.
    pub id: Option<String>,
    /// Where the index files this statement; see [`Facet`].
    pub facet: Option<Facet>,
}

/// What the index remembers of a statement for the upper storeys: under `key` in the stream, the entry of the highest
/// `rank` (ties: the highest index). The ledger does not know what it means. Given again for every entry on rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Opaque key within the stream.
    pub key: Vec<u8>,
    /// Opaque rank.
    pub rank: u64,
}

/// What the ledger asks of the storeys above about a statement, so that the index can be rebuilt from the log alone.
pub trait Filing: Sync {
    /// The facet of a statement.
    fn facet(&self, kind: &str, statement: &[u8]) -> Option<Facet>;

    /// The idempotency id of a statement.
    fn id(&self, kind: &str, statement: &[u8]) -> Option<String>;

    /// The evidence files that a statement cites.
    fn blobs(&self, kind: &str, statement: &[u8]) -> Vec<Digest> {
        let _ = (kind, statement);
        Vec::new()
    }

    /// The files that must be there for the ledger to be read, as opposed to evidence, which may be kept elsewhere.
    fn needs(&self, kind: &str, statement: &[u8]) -> Vec<Digest> {
        let _ = (kind, statement);
        Vec::new()
    }

    /// The leaf hash of the last entry of stream `org` ([`KEY_STREAM`](crate::keyring::KEY_STREAM)) before it, where a
    /// statement names one: fsck holds it against the ledger.
    fn keys(&self, kind: &str, statement: &[u8]) -> Option<Digest> {
        let _ = (kind, statement);
        None
    }

    /// Whether a statement pushed again under the same id says the same as the first.
    fn same(&self, kind: &str, first: &[u8], again: &[u8]) -> bool {
        let _ = kind;
        first == again
    }
}

/// Files nothing: for a log without upper storeys.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiling;

impl Filing for NoFiling {
    fn facet(&self, _: &str, _: &[u8]) -> Option<Facet> {
        None
    }

    fn id(&self, _: &str, _: &[u8]) -> Option<String> {
        None
    }
}
