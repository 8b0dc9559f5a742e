//! Why the keyring refuses: each refusal says what was wrong and with whose key.

use super::statement::{Holder, KEY_STREAM, KeyReason, Names, Role};
use crate::checkpoint::CheckpointError;
use crate::codec::CodecError;
use crate::id::Id;
use crate::note::NoteError;
use crate::time::Timestamp;

/// Why a key statement, or a statement by its signature, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Not the deterministic CBOR of a key statement.
    #[error("key statement: {0}")]
    Codec(#[from] CodecError),
    /// A field is missing.
    #[error("the {what} needs `{field}`")]
    Lacks {
        /// What is stated.
        what: String,
        /// The field.
        field: &'static str,
    },
    /// A field has no meaning here.
    #[error("the {what} has no `{field}`")]
    Surplus {
        /// What is stated.
        what: String,
        /// The field.
        field: &'static str,
    },
    /// A key is not one, or weak.
    #[error("the {role} key: {source}")]
    Key {
        /// Which.
        role: Role,
        /// What is wrong.
        source: NoteError,
    },
    /// A key of another kind.
    #[error("the {0} key is a cosigner's: it makes no plain Ed25519 signatures")]
    Algorithm(Role),
    /// A key has a name that is not its holder's.
    #[error("a key of {holder} is named `{expected}`, not `{found}`")]
    Name {
        /// Whose key.
        holder: Holder,
        /// The name it has.
        found: String,
        /// The name it should have.
        expected: String,
    },
    /// Said about another ledger.
    #[error("a key statement about ledger `{found}`, not about `{expected}`")]
    OtherLedger {
        /// Id and origin it names.
        found: String,
        /// Id and origin of this one.
        expected: String,
    },
    /// Not later than the one before.
    #[error("key statements stand in order: {found} is before {next}")]
    Order {
        /// Index given.
        found: u64,
        /// Least index possible.
        next: u64,
    },
    /// A proof is missing.
    #[error("no proof by the {0} key")]
    Unproven(Role),
    /// A proof is wrong.
    #[error("the proof by the {0} key is wrong")]
    Proof(Role),
    /// A proof that is not asked for.
    #[error("a proof by the {0} key, which proves nothing here")]
    SurplusProof(Role),
    /// The first log key stands in the genesis entry.
    #[error("a log key is not enrolled: the genesis entry names the first, a rotation each next")]
    LogEnrolled,
    /// There is an issuer.
    #[error("there is an issuer key in force: rotate it, or revoke it first")]
    IssuerInForce,
    /// The id was given before.
    #[error("collector id `{0}` was enrolled before: an id is never given twice")]
    IdTaken(Id),
    /// The key was used before.
    #[error("key {0} was used in this ledger before: a key has one holder, one purpose and one time")]
    KeyUsed(String),
    /// No such holder, or its last key has ended.
    #[error("{0} has no key in force")]
    Unknown(Holder),
    /// The old key is not the one in force.
    #[error("key {key} is not the one of {holder} that is in force")]
    NotInForce {
        /// Whose.
        holder: Holder,
        /// The key named, by the beginning of its fingerprint.
        key: String,
    },
    /// The key never was the holder's.
    #[error("key {key} is not and never was one of {holder}")]
    NotTheirs {
        /// Whose.
        holder: Holder,
        /// The key named, by the beginning of its fingerprint.
        key: String,
    },
    /// Without it nothing could be recorded.
    #[error("the log key in force cannot be revoked: rotate it first, then revoke the former one")]
    LogInForce,
    /// Revoked before, from the same index or an earlier one.
    #[error("the key was revoked before, by entry {0}")]
    RevokedBefore(u64),
    /// A retired key signed rightly until it was revoked.
    #[error("a key revoked as `{0}` counts until then: `since` goes with `compromised` or `lost`")]
    SinceReason(KeyReason),
    /// Outside the time of the key.
    #[error("`since` {since} is not within the time of the key, {from} to {until}")]
    Since {
        /// Index given.
        since: u64,
        /// Index from which the key counts.
        from: u64,
        /// Index at which it ended.
        until: u64,
    },
    /// What is granted is not.
    #[error("grant: {0}")]
    Grant(String),
    /// Keys of the log that cannot follow one another.
    #[error(transparent)]
    LogKeys(#[from] CheckpointError),
    /// Kinds that speak about the ledger itself.
    #[error(
        "a statement of kind `{kind}` is said by `local` alone, of keys in stream `{KEY_STREAM}`, not by `{by}` in `{stream}`"
    )]
    Reserved {
        /// The kind.
        kind: Id,
        /// Who said it.
        by: String,
        /// Where.
        stream: Id,
    },
    /// A key's statement without its signature.
    #[error("submitted by `{0}`, but not signed")]
    Unsigned(String),
    /// Signed by another key than the one that submits.
    #[error("submitted by `{by}`, but signed by key `{key}`")]
    OtherSigner {
        /// Who submits.
        by: String,
        /// Whose signature it carries.
        key: Id,
    },
    /// No such collector.
    #[error("no collector key `{0}` is enrolled")]
    UnknownCollector(Id),
    /// No key of the collector counts there.
    #[error("collector `{id}` has no key that counts at entry {index}{why}")]
    Outside {
        /// The collector.
        id: Id,
        /// The entry.
        index: u64,
        /// What ended it.
        why: String,
    },
    /// The signature is not the key's.
    #[error("the signature by collector key `{0}` is wrong")]
    Signature(Id),
    /// A kind that was not granted.
    #[error("collector `{id}` may push {granted}, not `{kind}`")]
    Kind {
        /// The collector.
        id: Id,
        /// The kind.
        kind: Id,
        /// The kinds it may push.
        granted: Names,
    },
    /// A stream that was not granted.
    #[error("collector `{id}` may push to {granted}, not to `{stream}`")]
    Stream {
        /// The collector.
        id: Id,
        /// The stream.
        stream: Id,
        /// The streams it may push to.
        granted: Names,
    },
    /// The grant has ended.
    #[error("the grant of collector `{id}` ended at {expires}")]
    Expired {
        /// The collector.
        id: Id,
        /// When.
        expires: Timestamp,
    },
}

/// A key entry that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {index}: {source}")]
pub struct KeyringFault {
    /// Its index.
    pub index: u64,
    /// What is wrong.
    pub source: KeyringError,
}
