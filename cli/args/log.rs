//! The words of `affiant log`.

use super::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    #[command(subcommand)]
    pub(crate) verb: LogVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogVerb {
    /// Show entries
    Show {
        /// Only this entry, with its statement
        index: Option<u64>,
        /// Only this stream
        #[arg(long)]
        stream: Option<String>,
        /// Only idempotency ids, one a line
        #[arg(long)]
        ids: bool,
        /// At most this many, the latest
        #[arg(long, value_name = "COUNT")]
        last: Option<u64>,
    },
    /// Print the signed checkpoint; with --since, prove that an earlier one is a part of it
    Checkpoint {
        /// An earlier signed checkpoint
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
    /// Print a receipt: proof that an entry is in the log
    Prove {
        /// The entry
        index: u64,
    },
    /// Follow an entry through every hash, from the files it cites to the conclusions that cite it, and write the steps for checking
    /// by hand
    #[command(after_help = "\
Examples:
  affiant log walk 12 --output walk-12
  affiant log walk 12 --pack credit-scoring.affiant.zip --trust trust.keys --output walk-12

The folder holds the bytes of each step and WALKTHROUGH.md, whose commands need a shell, sha256sum and OpenSSL 3.")]
    Walk {
        /// The entry
        index: u64,
        /// Folder to write, new or empty
        #[arg(long, short, value_name = "DIR")]
        output: PathBuf,
        /// From a pack, verified first, and not from a ledger
        #[arg(long, value_name = "FILE")]
        pack: Option<PathBuf>,
        /// Keys from outside, to verify the pack with
        #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
        trust: Option<PathBuf>,
    },
    /// Derive the whole ledger again from its files and list every fault
    #[command(after_help = "\
Examples:
  affiant log fsck
  affiant log fsck --anchor last-year.checkpoint --anchor receipt-12.tlog-proof

An anchor is a signed checkpoint or a receipt that you kept elsewhere: the log must contain it. --repair makes anew only
what can be derived (hash tiles, index, published checkpoint, a torn tail), and only when nothing else is wrong.")]
    Fsck {
        /// A signed checkpoint or a receipt kept elsewhere; may be repeated
        #[arg(long = "anchor", value_name = "FILE")]
        anchors: Vec<PathBuf>,
        /// Make anew what can be derived
        #[arg(long)]
        repair: bool,
    },
    /// Erase the payload of an entry, and evidence files that only it cites; the entry and every proof stay
    #[command(after_help = "\
Example:
  affiant log erase 12 --basis 'GDPR Art. 17(1)(b): consent withdrawn' --approver 'Data protection officer'

The erasure is itself an entry of the same stream. It cannot be undone. A legal hold stops it (`affiant log hold`). What
backups, snapshots and copies of the ledger hold is yours to erase; published logs never hold payloads.")]
    Erase {
        /// The entry
        index: u64,
        /// The legal basis
        #[arg(long, value_name = "TEXT")]
        basis: String,
        /// Who approved it
        #[arg(long, value_name = "WHO")]
        approver: String,
    },
    /// Place a legal hold on a stream, or release it: no payload is erased while it stands
    #[command(after_help = "\
Examples:
  affiant log hold case-7 --stream credit-scoring --by Legal --reason 'claim 2026-114 pending'
  affiant log hold case-7 --stream credit-scoring --by Legal --reason 'claim settled' --release

A hold on the stream `org` holds the whole ledger.")]
    Hold {
        /// Id of the hold
        id: String,
        /// The stream
        #[arg(long, value_name = "STREAM")]
        stream: String,
        /// Who places or releases it
        #[arg(long, value_name = "WHO")]
        by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Release it
        #[arg(long)]
        release: bool,
    },
    /// Show what was kept out of an entry's checks, from a file that `push --withheld` wrote
    #[command(after_help = "\
Example:
  affiant log reveal 12 withheld.jsonl

Each line is proven by the commitment that stands in the check. Exit codes: 0 all that the entry commits to is shown, 1
some or all of it is not in the file, 3 a line is not what its commitment says.")]
    Reveal {
        /// The entry, a result
        index: u64,
        /// The file
        file: PathBuf,
    },
    /// Build the index anew
    Reindex,
    /// Write the log as files that any web server can give out; payloads stay here
    Publish(PublishArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  affiant log publish /srv/www/evidence.example.org/ai

The folder gets checkpoint, tile/ and tile/entries/ (C2SP tlog-tiles): every entry with its hashes, no payload and no
evidence file. Run again after growth, it writes what is new. A folder that holds another log, a newer or another
history, or other files in the log's places is refused with exit code 3 and left as it is.")]
pub(crate) struct PublishArguments {
    /// Folder to publish to; made if it is not there
    pub(crate) dir: PathBuf,
    /// Look at every file again and write what is missing, not only what is new
    #[arg(long)]
    pub(crate) whole: bool,
    /// Remove partial tiles whose full tile is published
    #[arg(long)]
    pub(crate) prune: bool,
}
