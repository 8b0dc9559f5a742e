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
Examples:
  affiant pack build credit-scoring --output audit-2026.affiant.zip
  affiant pack build credit-scoring --sign management=cro.pem --sign reviewer=internal-audit.pem
  affiant pack build credit-scoring --withhold 'evidence:minutes-*.pdf'
  affiant pack build credit-scoring --over 2026-07-01..2026-10-01

Issuing is itself an entry of the system's stream, and the last one in the pack: nothing can be left out behind it. The
report is sealed as PDF too, by a certificate that this entry names; one of your organisation is given with --seal-key
and --seal-certificate.

What is withheld stays visible as a digest, in the report, and in the verdict. A pack without payloads that bear on its
conclusions is undetermined for whoever verifies it (exit 4).

Others sign beside the issuer with --sign; the entry names them, so that a signature taken off is noticed.")]
    Build(BuildArguments),
    /// State as management what you assert about a system, or take it back; the next packs show it
    #[command(after_help = "\
Examples:
  affiant pack assert credit-scoring --by 'A. Example' --role 'Chief Risk Officer' --text assertion.txt --sign-key cro.pem
  affiant pack assert credit-scoring --by 'A. Example' --role 'Chief Risk Officer' --text - \\
      --from 2026-01-01 --at 2026-11-24
  affiant pack assert credit-scoring --by 'A. Example' --role 'Chief Risk Officer' --text why.txt --withdraw

The latest assertion counts, and the report shows it word for word. Nothing is derived from it.")]
    Assert(AssertArguments),
    /// Verify a pack, and sign it as who looked at it
    #[command(after_help = "\
Example:
  affiant pack countersign audit-2026.affiant.zip --trust trust.keys --key auditor.pem --name auditor.example/2026 \\
      --output audit-2026-countersigned.affiant.zip

Only a pack that is verified is signed; otherwise the exit code is that of `verify`. Whoever holds the pack verifies your
signature with the `signer` line that is printed, in their trust file: give it to them by another way.")]
    Countersign(CountersignArguments),
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
pub(crate) struct BuildArguments {
    /// The system
    pub(crate) system: String,
    /// File to write [default: SYSTEM.affiant.zip]
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
    /// Also write the report by itself: .pdf, .html, .md, or its tables as .xlsx; may be repeated
    #[arg(long = "report", value_name = "FILE")]
    pub(crate) reports: Vec<PathBuf>,
    /// As of a past instant
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Over a period, by what was recorded until now: FROM..TO, TO being the first instant after it [default: of an instant]
    #[arg(long, value_name = "PERIOD", conflicts_with = "as_of")]
    pub(crate) over: Option<String>,
    /// Only this framework; may be repeated
    #[arg(long = "framework", value_name = "ID")]
    pub(crate) frameworks: Vec<String>,
    /// Sign it beside the issuer, as management or reviewer, with this private key; may be repeated
    #[arg(long = "sign", value_name = "ROLE=FILE")]
    pub(crate) signers: Vec<String>,
    /// Keep out of it: evidence, evidence:NAME (with * and ?), evidence:SHA-256 or payload:KIND; may be repeated
    #[arg(long = "withhold", value_name = "RULE")]
    pub(crate) withheld: Vec<String>,
    #[command(flatten)]
    pub(crate) seal: SealArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CountersignArguments {
    /// The pack
    pub(crate) pack: PathBuf,
    /// Your private key, Ed25519, a PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Name of your key, such as auditor.example/2026: without spaces and `+`
    #[arg(long, value_name = "NAME", default_value = "auditor")]
    pub(crate) name: String,
    /// File to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Keys of log and issuer, as your counterpart gave them to you
    #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
    pub(crate) trust: Option<PathBuf>,
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
