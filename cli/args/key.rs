//! The words of `affiant key`.

use super::{Args, Subcommand, ValueEnum};
use affiant_ledger::keyring::KeyReason;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    #[command(subcommand)]
    pub(crate) verb: KeyVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// List the keys: whose, from where to where in the ledger, what collectors may push
    List,
    /// Show one public key in force
    Show {
        /// Whose: log, issuer or the id of a collector
        #[arg(value_name = "WHOSE")]
        whose: String,
        /// As PEM, for openssl
        #[arg(long)]
        pem: bool,
    },
    /// Write the trust file that auditors hold: give it to them by another way than the pack
    Trust {
        /// Where to write it; `-` is stdout
        #[arg(long, short, default_value = "-")]
        output: PathBuf,
    },
    /// Make a key for a collector and enrol it
    #[command(after_help = "\
Example:
  affiant key new collector ci-main --stream credit-scoring --kind result --output ci-main.pem
  affiant push results.ndjson --system credit-scoring --sign-key ci-main.pem

Give the file to the collector and keep no copy: with it, anyone can push in its name.")]
    New {
        #[command(subcommand)]
        what: NewKey,
    },
    /// Enrol the key of a collector that keeps its private half to itself
    #[command(after_help = "\
Example: the collector makes a key and sends the public half,
  openssl genpkey -algorithm ed25519 -out ci.pem && openssl pkey -in ci.pem -pubout -out ci.pub
the ledger's keeper asks for a proof, the collector gives it, and the keeper enrols the key:
  affiant key enrol ci-main --public ci.pub --stream credit-scoring --kind result --request ci.message
  openssl pkeyutl -sign -rawin -inkey ci.pem -in ci.message -out ci.proof
  affiant key enrol ci-main --public ci.pub --stream credit-scoring --kind result --proof ci.proof")]
    Enrol(EnrolArguments),
    /// Let a new key follow the one in force: of the log, the issuer or a collector
    #[command(after_help = "\
Examples:
  affiant key rotate log
  affiant key rotate issuer
  affiant key rotate ci-main --sign-key ci-main.pem --output ci-main-2.pem

What the former key signed stays verifiable; its private half is removed from the ledger's folder. Write the trust
file again with `affiant key trust`, and give it to your auditors.")]
    Rotate(RotateArguments),
    /// Revoke a key: from now on its signatures count no more
    #[command(after_help = "\
Examples:
  affiant key revoke ci-main --reason retired
  affiant key revoke ci-main --reason compromised --since 1200
  affiant key rotate log && affiant key revoke log --reason compromised --since 1200

With --since, what it signed from that entry on stays recorded and counts no more. The log key in force is rotated
first: `revoke log` is about the key before it.")]
    Revoke(RevokeArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewKey {
    /// A collector: it signs what it pushes
    Collector {
        /// Id of the collector: entries say `key:ID`
        id: String,
        #[command(flatten)]
        grant: GrantArguments,
        /// Where to write the private key [default: ID.pem]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Encrypt it with a passphrase
        #[arg(long)]
        encrypt: bool,
    },
}

/// What a collector may push.
#[derive(Debug, Args)]
pub(crate) struct GrantArguments {
    /// Stream it may push to: the id of a system, org, or * for all; may be repeated
    #[arg(long = "stream", value_name = "ID", required = true)]
    pub(crate) streams: Vec<String>,
    /// Kind of statement it may push, such as result, or * for all; may be repeated
    #[arg(long = "kind", value_name = "KIND", required = true)]
    pub(crate) kinds: Vec<String>,
    /// Last instant at which it may push
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EnrolArguments {
    /// Id of the collector: entries say `key:ID`
    pub(crate) id: String,
    /// Its public key, a PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) public: PathBuf,
    #[command(flatten)]
    pub(crate) grant: GrantArguments,
    /// Write the message that the collector signs; enrol nothing yet
    #[arg(long, value_name = "FILE", conflicts_with = "proof", required_unless_present = "proof")]
    pub(crate) request: Option<PathBuf>,
    /// The collector's signature over that message, 64 bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArguments {
    /// Whose: log, issuer or the id of a collector
    #[arg(value_name = "WHOSE")]
    pub(crate) whose: String,
    /// A collector's private key in force
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Where to write a collector's new private key
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Encrypt the new private key with a passphrase [default: as the former one was, for the log and the issuer]
    #[arg(long)]
    pub(crate) encrypt: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    /// Whose: log, issuer or the id of a collector
    #[arg(value_name = "WHOSE")]
    pub(crate) whose: String,
    /// Why
    #[arg(long)]
    pub(crate) reason: ReasonName,
    /// Entry from which its signatures count no more, although they are recorded
    #[arg(long, value_name = "INDEX")]
    pub(crate) since: Option<u64>,
    /// Which key, by the beginning of its SHA-256 as `key list` shows it [default: the last one]
    #[arg(long, value_name = "SHA256")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReasonName {
    /// Another may hold it
    Compromised,
    /// Nobody holds it
    Lost,
    /// It is no longer needed
    Retired,
}

impl From<ReasonName> for KeyReason {
    fn from(name: ReasonName) -> Self {
        match name {
            ReasonName::Compromised => Self::Compromised,
            ReasonName::Lost => Self::Lost,
            ReasonName::Retired => Self::Retired,
        }
    }
}
