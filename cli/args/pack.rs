//! The words of `affiant pack`.

use super::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct PackArguments {
    #[command(subcommand)]
    pub(crate) verb: PackVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackVerb {
    /// Issue a signed audit pack about a system
    #[command(after_help = "\
Example:
  affiant pack build credit-scoring --output audit-2026.affiant.zip

Issuing is itself an entry of the system's stream, and the last one in the pack: nothing can be left out behind it. The
report is sealed as PDF too, by a certificate that this entry names; one of your organisation is given with --seal-key
and --seal-certificate.")]
    Build {
        /// The system
        system: String,
        /// File to write [default: SYSTEM.affiant.zip]
        #[arg(long, short)]
        output: Option<PathBuf>,
        /// Also write the report by itself: .pdf, .html, .md, or its tables as .xlsx; may be repeated
        #[arg(long = "report", value_name = "FILE")]
        reports: Vec<PathBuf>,
        /// As of a past instant
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// Only this framework; may be repeated
        #[arg(long = "framework", value_name = "ID")]
        frameworks: Vec<String>,
        #[command(flatten)]
        seal: SealArguments,
    },
    /// State as management what you assert about a system, or take it back; the next packs show it
    #[command(after_help = "\
Examples:
  affiant pack assert credit-scoring --by 'A. Example' --role 'Chief Risk Officer' --text assertion.txt --sign-key cro.pem
  affiant pack assert credit-scoring --by 'A. Example' --role 'Chief Risk Officer' --text - \\
      --from 2026-01-01 --at 2026-11-24
  affiant pack assert credit-scoring --by 'A. Example' --role 'Chief Risk Officer' --text why.txt --withdraw

The latest assertion counts, and the report shows it word for word. Nothing is derived from it.")]
    Assert(AssertArguments),
    /// What changed from an earlier pack of a system to a later one
    #[command(after_help = "\
Example:
  affiant pack diff credit-scoring-2026-10.affiant.zip credit-scoring-2026-11.affiant.zip --trust trust.keys

Both packs are verified first. Exit codes: 0 the later history continues the earlier one; 3 a pack is rejected, or the
packs hold two histories of one stream; 4 no keys from outside were given.")]
    Diff {
        /// The earlier pack
        before: PathBuf,
        /// The later pack
        after: PathBuf,
        /// Keys of log and issuer, as your counterpart gave them to you
        #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
        trust: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AssertArguments {
    /// The system
    pub(crate) system: String,
    /// Who asserts
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// In what role they answer for the system
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: String,
    /// File with what is asserted, or - for stdin; with --withdraw why it is taken back
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// The first instant of the span it speaks of [default: it speaks of an instant]
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// The instant it speaks of, or the last one of its span [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Sign it with this key, enrolled as a collector that may push the kind `assertion`
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Take the former assertion back
    #[arg(long)]
    pub(crate) withdraw: bool,
}

/// What seals the report in place of the issuer's own certificate.
#[derive(Debug, Args)]
pub(crate) struct SealArguments {
    /// Seal the report with this private key on P-256, PEM (PKCS#8) [default: one made from the issuer's key]
    #[arg(long, value_name = "FILE", requires = "seal_certificate")]
    pub(crate) seal_key: Option<PathBuf>,
    /// Its certificate, then those above it, PEM
    #[arg(long, value_name = "FILE", requires = "seal_key")]
    pub(crate) seal_certificate: Option<PathBuf>,
}
