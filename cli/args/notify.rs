//! Words of `affiant notify`.

use super::{ArgGroup, Args, seconds};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant notify --jsonl alerts.jsonl
  affiant notify --syslog siem.example.org:601 --target siem
  affiant notify --webhook @hook.url --target on-call

Tells what changed since the last delivery to the target: controls, requirements that got worse, findings, incidents,
clocks, exceptions. Run it after pushes, and from time to time: evidence grows stale and clocks run out without an entry.
The first run tells all that is wrong. What a target has taken is recorded as an entry of `org`; until then it is
delivered again, with the same ids.

Exit codes: 0 delivered, or nothing new; 5 not delivered.")]
#[command(group(ArgGroup::new("channel").required(true).args(["webhook", "syslog", "jsonl"])))]
pub(crate) struct NotifyArguments {
    /// Post to this http or https address, signed (Standard Webhooks); @FILE reads the address from a file
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,
    /// Send to this syslog server (RFC 5424 over TCP), or to the socket at a path such as /dev/log
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) syslog: Option<String>,
    /// Append to this file, one JSON object a line; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Name of the receiver: each has its own place in the ledger [default: webhook, syslog or jsonl]
    #[arg(long, value_name = "ID")]
    pub(crate) target: Option<String>,
    /// Send to the syslog server over UDP, where nobody notices what is lost
    #[arg(long, requires = "syslog")]
    pub(crate) udp: bool,
    /// Private key (Ed25519, PEM) that signs webhooks [default: keys/webhook.pem of the ledger, made if it is not there]
    #[arg(long, value_name = "FILE", requires = "webhook")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Certificates (PEM) of the authorities that vouch for an https address [default: those of Mozilla]
    #[arg(long, value_name = "FILE", requires = "webhook")]
    pub(crate) ca: Option<PathBuf>,
    /// Seconds to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = seconds)]
    pub(crate) timeout: u64,
    /// How often to try before giving up, with a longer pause each time
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = tries)]
    pub(crate) tries: u32,
    /// Show what would be delivered; deliver and record nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A number of tries, at least one and at most ten.
fn tries(text: &str) -> Result<u32, String> {
    let tries = text.parse().ok().filter(|tries| (1..=10).contains(tries));
    tries.ok_or_else(|| "give a number of tries, from 1 to 10".to_owned())
}
