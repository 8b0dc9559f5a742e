//! Words of `affiant push --to`: where a push goes over the network, and what becomes of it when nobody is there.

use super::{Args, seconds};
use std::path::PathBuf;

/// Words that speak of a ledger on this machine, of which there is none.
const LOCAL: [&str; 8] =
    ["sign_key", "keep_raw", "withheld", "map", "rules", "signers", "explain", "dry_run"];

/// A push to a service.
#[derive(Debug, Args)]
#[command(next_help_heading = "Over the network")]
pub(crate) struct Remote {
    /// Push to the service (`affiant serve`) at this address; no ledger is needed here
    #[arg(long, value_name = "URL", env = "AFFIANT_TO", conflicts_with_all = LOCAL)]
    pub(crate) to: Option<String>,
    /// File with the token
    #[arg(long, value_name = "FILE", env = "AFFIANT_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Keys of the log (`affiant key trust`) with which receipts are verified before it says done [default: those that the
    /// service named at the first push to it]
    #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
    pub(crate) trust: Option<PathBuf>,
    /// Certificates (PEM) of the authorities that vouch for the service [default: those of Mozilla]
    #[arg(long, value_name = "FILE", requires = "to")]
    pub(crate) ca: Option<PathBuf>,
    /// Client certificate (PEM, its chain behind it) by which the service knows this machine, instead of a token
    #[arg(long, value_name = "FILE", requires_all = ["to", "client_key"])]
    pub(crate) client_cert: Option<PathBuf>,
    /// Private key (PEM) of the client certificate
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// Folder in which each push is kept until its receipts hold; each push delivers first what waits, in order
    #[arg(long, value_name = "DIR", requires = "to")]
    pub(crate) spool: Option<PathBuf>,
    /// Deliver what waits in the spool, and nothing else
    #[arg(long, requires_all = ["to", "spool"], conflicts_with_all = ["file", "status"])]
    pub(crate) flush: bool,
    /// Deliver what was put aside as well, because it was refused
    #[arg(long, requires = "flush")]
    pub(crate) refused: bool,
    /// What tells this push from others, such as the id of a run: the same push again under the same key is recorded
    /// once [default: another each time]
    #[arg(long, value_name = "KEY", requires = "to", conflicts_with = "flush", value_parser = key)]
    pub(crate) key: Option<String>,
    /// How often to try before giving up, with a longer pause each time
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = tries)]
    pub(crate) tries: u32,
    /// Seconds to wait for an answer; an answer of many receipts may take longer, while it comes fast enough
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = seconds)]
    pub(crate) timeout: u64,
}

/// What tells a push from others.
fn key(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("give what tells this push from others".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A number of tries, at least one and at most twenty.
fn tries(text: &str) -> Result<u32, String> {
    let tries = text.parse().ok().filter(|tries| (1..=20).contains(tries));
    tries.ok_or_else(|| "give a number of tries, from 1 to 20".to_owned())
}
