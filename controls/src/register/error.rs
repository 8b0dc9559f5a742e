//! Why a stream cannot be replayed.

use crate::statement::StatementError;
use affiant_ledger::id::Id;

/// Why records are not the replayable history of one stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// A statement that does not read as its kind.
    #[error("entry `{index}`: {source}")]
    Statement {
        /// Position in the ledger.
        index: u64,
        /// What is wrong with it.
        source: StatementError,
    },
    /// Entries of two streams.
    #[error("entry `{index}` belongs to stream `{found}`, the others to `{stream}`")]
    Stream {
        /// Position in the ledger.
        index: u64,
        /// Its stream.
        found: Id,
        /// The stream of the entries before it.
        stream: Id,
    },
    /// A statement about another system than the stream's.
    #[error("entry `{index}` of stream `{stream}` speaks about system `{found}`")]
    System {
        /// Position in the ledger.
        index: u64,
        /// The system it speaks about.
        found: Id,
        /// Its stream.
        stream: Id,
    },
}
