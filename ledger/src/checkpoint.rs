//! Checkpoints (C2SP tlog-checkpoint): the signed head of the log.
//!
//! The note's text is three lines and no more: origin, size, root in base64. The origin is compared, not only the
//! signature: a key may have signed for another log.
//!
//! A log that changed its key has several, each good for a range of sizes ([`LogKeys`]):
//!
//! ```text
//! size      1 ..................... 58 ............ 141 ........
//! first key signs 1 to 58            |               |
//! second key                 signs 58 to 141         |
//! third key                                  signs 141 and on
//! ```
//!
//! Entry 57 says that the second key follows the first: the checkpoint of size 58, whose last entry it is, is the
//! handover and carries the signatures of both.

use crate::digest::Digest;
use crate::key::SigningKey;
use crate::note::{KeyName, Note, NoteError, Verifier, from_base64, to_base64};

/// Largest signed checkpoint, in bytes: three lines and a number of cosignatures.
pub const CHECKPOINT_SIZE_MAX: usize = 16 * 1024;

/// The head of a log: `size` entries with Merkle root `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, e.g. `affiant.example/log1`.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
}

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a note, or not signed as required.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("not a checkpoint: {0}")]
    Syntax(&'static str),
    /// Signed for another log.
    #[error("a checkpoint of `{found}`, not of `{expected}`")]
    Origin {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// Too large.
    #[error("a checkpoint of {0} bytes, the limit is {CHECKPOINT_SIZE_MAX}")]
    Size(usize),
    /// Signed by a key of the log that does not count at this size.
    #[error("a checkpoint of size {size}, signed by a log key that counts for sizes {}", span(*from, *until))]
    Range {
        /// Size of the checkpoint.
        size: u64,
        /// First size the key counts for.
        from: u64,
        /// Last size it counts for.
        until: Option<u64>,
    },
    /// The handover from one log key to the next, signed by one of them only.
    #[error("a checkpoint of size {0} is the handover from one log key to the next, and both must sign it")]
    Handover(u64),
    /// Log keys that cannot follow one another.
    #[error("log keys: {0}")]
    Keys(&'static str),
}

/// A range of sizes in words.
fn span(from: u64, until: Option<u64>) -> String {
    until.map_or(format!("{from} and on"), |until| format!("{from} to {until}"))
}

impl Checkpoint {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(self.root.as_bytes()))
    }

    /// Reads the text strictly: three lines, no leading zero, 32 bytes of root.
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let syntax = CheckpointError::Syntax;
        let lines: Vec<&str> =
            text.strip_suffix('\n').ok_or(syntax("no line feed at the end"))?.split('\n').collect();
        let [origin, size, root] = lines[..] else {
            return Err(syntax("other than three lines"));
        };
        if origin.is_empty() {
            return Err(syntax("no origin"));
        }
        let size = decimal(size).ok_or(syntax("size is not a decimal number"))?;
        let root = from_base64(root).ok_or(syntax("root is not base64"))?;
        let root = Digest::try_from(&root[..]).map_err(|_| syntax("root is not 32 bytes"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Signs the checkpoint; gives the note's bytes.
    pub fn sign(&self, name: &KeyName, key: &SigningKey) -> Vec<u8> {
        self.sign_by_all(name, &[key])
    }

    /// Signs the checkpoint with several keys of one name: at a handover, the former and the next.
    pub fn sign_by_all(&self, name: &KeyName, keys: &[&SigningKey]) -> Vec<u8> {
        Note::sign_by_all(&self.to_text(), name, keys)
    }

    /// Opens a signed checkpoint: right log, signed by `log` (other signatures are looked at only if known). For who
    /// holds one pinned key; what sizes it counts for is for them to know.
    pub fn open(note: &[u8], origin: &str, log: &Verifier) -> Result<Self, CheckpointError> {
        Ok(Self::open_by(note, origin, std::slice::from_ref(log))?.0)
    }

    /// Opens a signed checkpoint of a log whose keys are known: right log, signed by the key that counts at its size,
    /// and at a handover by both.
    pub fn open_with(note: &[u8], keys: &LogKeys) -> Result<Self, CheckpointError> {
        let (checkpoint, signers) = Self::open_by(note, keys.origin(), &keys.keys)?;
        keys.judge(checkpoint.size, &signers)?;
        Ok(checkpoint)
    }

    /// The checkpoint, and who of `known` signed it; at least one did.
    fn open_by<'a>(
        note: &[u8],
        origin: &str,
        known: &'a [Verifier],
    ) -> Result<(Self, Vec<&'a Verifier>), CheckpointError> {
        if note.len() > CHECKPOINT_SIZE_MAX {
            return Err(CheckpointError::Size(note.len()));
        }
        let note = Note::parse(note)?;
        let signers = note.verify(known)?;
        let checkpoint = Self::from_text(&note.text)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin { found: checkpoint.origin, expected: origin.to_owned() });
        }
        Ok((checkpoint, signers))
    }
}

/// The keys of one log, in the order they followed one another, each with the sizes it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeys {
    /// At least one; all have the origin as their name.
    keys: Vec<Verifier>,
    /// The size from which each signs: 1 for the first, then ascending.
    starts: Vec<u64>,
}

impl LogKeys {
    /// The one key of a log that has had no other.
    pub fn new(first: Verifier) -> Self {
        Self { keys: vec![first], starts: vec![1] }
    }

    /// Adds the next key, which signs from `size` on: the size at which the entry that says so is the last.
    pub fn follow(&mut self, size: u64, next: Verifier) -> Result<(), CheckpointError> {
        let wrong = |what| Err(CheckpointError::Keys(what));
        if size <= self.starts.last().copied().unwrap_or_default() {
            return wrong("each signs from a larger size than the one before");
        }
        if !next.is_plain() {
            return wrong("a cosigner's key signs no checkpoint of its own");
        }
        if next.name().as_str() != self.origin() {
            return wrong("all have one name, the origin");
        }
        // Signature lines name a key by four bytes only: with two of one name they would not say which.
        if self.keys.iter().any(|key| key.key_id() == next.key_id()) {
            return wrong("a key stands twice, or two share a key id");
        }
        self.keys.push(next);
        self.starts.push(size);
        Ok(())
    }

    /// Origin of the log: the name of its keys.
    pub fn origin(&self) -> &str {
        self.keys[0].name().as_str()
    }

    /// The first key.
    pub fn first(&self) -> &Verifier {
        &self.keys[0]
    }

    /// The key in force now.
    pub fn latest(&self) -> &Verifier {
        &self.keys[self.keys.len() - 1]
    }

    /// The key that signs from the checkpoint of `size` on; at a handover, the next one.
    pub fn at(&self, size: u64) -> &Verifier {
        &self.keys[self.position(size)]
    }

    /// The keys that must all have signed a checkpoint of `size`: one, at a handover the former and the next.
    pub fn required(&self, size: u64) -> &[Verifier] {
        let at = self.position(size);
        let handover = at > 0 && self.starts[at] == size;
        &self.keys[at - usize::from(handover)..=at]
    }

    /// Each key with the first and the last size it signs, both included.
    pub fn ranges(&self) -> impl Iterator<Item = (&Verifier, u64, Option<u64>)> {
        let ends = self.starts.iter().skip(1).copied().map(Some).chain([None]);
        self.keys.iter().zip(&self.starts).zip(ends).map(|((key, from), until)| (key, *from, until))
    }

    /// Position of the last key that signs from `size` or before; the first for the impossible size 0.
    fn position(&self, size: u64) -> usize {
        self.starts.partition_point(|start| *start <= size).saturating_sub(1)
    }

    /// Whether those who signed a checkpoint of `size` are those who had to.
    fn judge(&self, size: u64, signers: &[&Verifier]) -> Result<(), CheckpointError> {
        let required = self.required(size);
        if required.iter().all(|key| signers.contains(&key)) {
            return Ok(());
        }
        if required.iter().any(|key| signers.contains(&key)) {
            return Err(CheckpointError::Handover(size));
        }
        let signer = self.ranges().find(|(key, ..)| signers.contains(key));
        let (from, until) = signer.map_or((1, None), |(_, from, until)| (from, until));
        Err(CheckpointError::Range { size, from, until })
    }
}

/// An unsigned decimal number with no sign, no leading zero.
pub fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    const ORIGIN: &str = "affiant.example/log1";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn verifier(seed: u8) -> Verifier {
        Verifier::new(name(), key(seed).verifying_key())
    }

    fn name() -> KeyName {
        ORIGIN.parse().unwrap()
    }

    /// Key 1 from size 1, key 2 from size 58, key 3 from size 141.
    fn keys() -> LogKeys {
        let mut keys = LogKeys::new(verifier(1));
        keys.follow(58, verifier(2)).unwrap();
        keys.follow(141, verifier(3)).unwrap();
        keys
    }

    fn open(size: u64, seeds: &[u8]) -> Result<u64, CheckpointError> {
        let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root: Digest::ZERO };
        let signing: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
        let note = checkpoint.sign_by_all(&name(), &signing.iter().collect::<Vec<_>>());
        Checkpoint::open_with(&note, &keys()).map(|checkpoint| checkpoint.size)
    }

    #[test]
    fn each_key_counts_for_the_sizes_of_its_range() {
        for (size, seed) in [(1, 1), (57, 1), (59, 2), (140, 2), (142, 3), (1 << 40, 3)] {
            assert_eq!(open(size, &[seed]), Ok(size), "{size}");
        }
        let range = |size, from, until| Err(CheckpointError::Range { size, from, until });
        assert_eq!(open(59, &[1]), range(59, 1, Some(58)));
        assert_eq!(open(57, &[2]), range(57, 58, Some(141)));
        assert_eq!(open(140, &[3]), range(140, 141, None));
        assert_eq!(
            open(59, &[1]).unwrap_err().to_string(),
            "a checkpoint of size 59, signed by a log key that counts for sizes 1 to 58"
        );
    }

    #[test]
    fn a_handover_needs_both_keys() {
        assert_eq!(open(58, &[1, 2]), Ok(58));
        assert_eq!(open(141, &[3, 2]), Ok(141));
        for seed in [1, 2] {
            assert_eq!(open(58, &[seed]), Err(CheckpointError::Handover(58)));
        }
        assert_eq!(open(58, &[3]), Err(CheckpointError::Range { size: 58, from: 141, until: None }));
    }

    #[test]
    fn who_pins_one_key_opens_the_handover_with_either() {
        let checkpoint = Checkpoint { origin: ORIGIN.into(), size: 58, root: Digest::ZERO };
        let note = checkpoint.sign_by_all(&name(), &[&key(1), &key(2)]);
        for seed in [1, 2] {
            assert_eq!(Checkpoint::open(&note, ORIGIN, &verifier(seed)).as_ref(), Ok(&checkpoint));
        }
        assert!(Checkpoint::open(&note, ORIGIN, &verifier(3)).is_err());
    }

    #[test]
    fn a_strangers_key_or_another_origin_is_refused_before_any_range() {
        assert_eq!(open(57, &[9]), Err(NoteError::Unsigned.into()));
        let other = Checkpoint { origin: "affiant.example/log2".into(), size: 57, root: Digest::ZERO };
        let opened = Checkpoint::open_with(&other.sign(&name(), &key(1)), &keys());
        assert!(matches!(opened, Err(CheckpointError::Origin { .. })), "{opened:?}");
    }

    #[test]
    fn keys_that_cannot_follow_are_refused() {
        let wrong = |size, next| keys().follow(size, next).unwrap_err().to_string();
        assert!(wrong(141, verifier(4)).contains("larger size"));
        assert!(wrong(200, verifier(1)).contains("twice"));
        let other = Verifier::new("affiant.example/log2".parse().unwrap(), key(4).verifying_key());
        assert!(wrong(200, other).contains("one name"));
    }

    #[test]
    fn ranges_say_which_sizes_each_key_signs() {
        let keys = keys();
        let ranges: Vec<(u64, Option<u64>)> = keys.ranges().map(|(_, from, until)| (from, until)).collect();
        assert_eq!(ranges, [(1, Some(58)), (58, Some(141)), (141, None)]);
        assert_eq!((keys.at(57), keys.at(58), keys.latest()), (&verifier(1), &verifier(2), &verifier(3)));
        assert_eq!(keys.required(58), [verifier(1), verifier(2)]);
        assert_eq!(keys.required(0), [verifier(1)]);
    }
}
