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
    /// Keys of the log (`affiant key trust`) with which receipts are verified before it says done
    #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
    pub(crate) trust: Option<PathBuf>,
    /// Certificates (PEM) of the authorities that vouch for the service [default: those of Mozilla]
    #[arg(long, value_name = "FILE", requires = "to")]
    pub(crate) ca: Option<PathBuf>,
    /// Folder in which pushes wait that could not be delivered; each push delivers first what waits, in order
    #[arg(long, value_name = "DIR", requires = "to")]
    pub(crate) spool: Option<PathBuf>,
    /// Deliver what waits in the spool, and nothing else
    #[arg(long, requires_all = ["to", "spool"], conflicts_with_all = ["file", "status"])]
    pub(crate) flush: bool,
    /// How often to try before giving up, with a longer pause each time
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = tries)]
    pub(crate) tries: u32,
    /// Seconds to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = seconds)]
    pub(crate) timeout: u64,
}

/// A number of tries, at least one and at most twenty.
fn tries(text: &str) -> Result<u32, String> {
    let tries = text.parse().ok().filter(|tries| (1..=20).contains(tries));
    tries.ok_or_else(|| "give a number of tries, from 1 to 20".to_owned())
}
