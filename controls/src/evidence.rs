//! Evidence: bytes cited for a result, named by their digest.

use affiant_ledger::digest::Digest;
use serde::{Deserialize, Serialize};

/// A reference to evidence bytes as they were received. The bytes live beside the log, or nowhere here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRef {
    /// File name for people; no path.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the bytes as received.
    pub sha256: Digest,
    /// Where in it to look: a JSON Pointer, `line 12`, a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Media type, such as `application/sarif+json`.
    pub media_type: String,
}

impl EvidenceRef {
    /// Refers to `bytes` under a file name (its last path segment is kept) and a media type.
    pub fn of(bytes: &[u8], name: &str, media_type: &str) -> Self {
        Self {
            name: crate::text::file_name(name),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
            pointer: None,
            media_type: media_type.to_owned(),
        }
    }
}
