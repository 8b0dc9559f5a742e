//! Words of `affiant serve` and `affiant token`.

use super::{Args, PossibleValuesParser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant serve
  affiant serve --listen 0.0.0.0:8470 --tls-cert chain.pem --tls-key key.pem
  affiant serve --behind-proxy --issuer https://login.example.org --client-id affiant --client-secret-file secret \
      --public-url https://evidence.example.org

Who may ask is said with `affiant token new`. The service is the one writer of its ledger while it runs; commands that read
work beside it. It ends in order on SIGTERM or SIGINT: what was begun is finished. Without TLS it listens on this machine
alone, unless a proxy in front speaks TLS (--behind-proxy).

With --issuer people sign in there (OpenID Connect) and are let in by `affiant token new ID --role ROLE --issuer URL --person
ADDRESS`; it sends them back to PUBLIC-URL/login/callback. Tokens go on working.

What it does is written to stderr as lines of JSON; AFFIANT_LOG says how much (error, warn, info, debug).")]
pub(crate) struct ServeArguments {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", env = "AFFIANT_LISTEN", default_value = "127.0.0.1:8470")]
    pub(crate) listen: SocketAddr,
    /// Certificate chain in PEM, for TLS
    #[arg(long, value_name = "FILE", env = "AFFIANT_TLS_CERT", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, value_name = "FILE", env = "AFFIANT_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Authorities in PEM whose client certificates are looked at (`affiant token new --certificate`)
    #[arg(long, value_name = "FILE", env = "AFFIANT_CLIENT_CA", requires = "tls_cert")]
    pub(crate) client_ca: Option<PathBuf>,
    /// A proxy of yours stands in front: it speaks TLS and says in X-Forwarded-For who asks
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// People sign in with this issuer of identities (OpenID Connect)
    #[arg(long, value_name = "URL", env = "AFFIANT_ISSUER", requires_all = ["client_id", "public_url"])]
    pub(crate) issuer: Option<String>,
    /// What the issuer calls this service
    #[arg(long, value_name = "ID", env = "AFFIANT_CLIENT_ID", requires = "issuer")]
    pub(crate) client_id: Option<String>,
    /// File with the secret that shows the issuer it is this service
    #[arg(long, value_name = "FILE", env = "AFFIANT_CLIENT_SECRET_FILE", requires = "issuer")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Authorities in PEM that the issuer's certificate is checked against [default: Mozilla's]
    #[arg(long, value_name = "FILE", env = "AFFIANT_ISSUER_CA", requires = "issuer")]
    pub(crate) issuer_ca: Option<PathBuf>,
    /// Address under which browsers reach this service
    #[arg(long, value_name = "URL", env = "AFFIANT_PUBLIC_URL", requires = "issuer")]
    pub(crate) public_url: Option<String>,
    /// Largest push, in MB, behind any compression
    #[arg(long, value_name = "MB", default_value_t = 1024)]
    pub(crate) body_max: u64,
    /// Most connections at a time
    #[arg(long, value_name = "COUNT", default_value_t = 1024)]
    pub(crate) connections: usize,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Give out a token; it is shown once
    New(NewTokenArguments),
    /// Show who may ask
    List,
    /// Take a token back: it counts no more
    Revoke {
        /// Its id
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant token new ci-main --role collector --kind result --system credit-scoring
  affiant token new j-doe --role officer
  affiant token new audit-2026 --role auditor --system credit-scoring --days 30
  affiant token new build-host --role collector --certificate host.pem
  affiant token new a-roe --role officer --issuer https://login.example.org --person a.roe@example.org

Roles: a collector pushes given kinds to given systems; an auditor reads given systems, samples and comments; an officer reads
and records all, and issues packs; an admin gives out tokens too. A running service takes changes in within two seconds.")]
pub(crate) struct NewTokenArguments {
    /// Its id; stands in the entries that are made with it
    pub(crate) id: String,
    /// What it may do
    #[arg(long, value_name = "ROLE", value_parser = PossibleValuesParser::new(["collector", "auditor", "officer", "admin"]))]
    pub(crate) role: String,
    /// A kind that a collector may push; may be repeated [default: all but sign-offs]
    #[arg(long = "kind", value_name = "KIND")]
    pub(crate) kinds: Vec<String>,
    /// A system that it covers; may be repeated [default: all]
    #[arg(long = "system", value_name = "ID")]
    pub(crate) systems: Vec<String>,
    /// For how many days it counts
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = days)]
    pub(crate) days: u32,
    /// Grant it to whoever shows this client certificate (PEM), in the place of a token
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Grant it to a person whom this issuer of identities names, in the place of a token
    #[arg(long, value_name = "URL", conflicts_with = "certificate", requires = "named")]
    pub(crate) issuer: Option<String>,
    /// The person by address, which the issuer has verified
    #[arg(long, value_name = "ADDRESS", group = "named", requires = "issuer")]
    pub(crate) person: Option<String>,
    /// The person by the issuer's subject
    #[arg(long, value_name = "SUBJECT", group = "named", requires = "issuer")]
    pub(crate) subject: Option<String>,
    /// Write the token to this file, readable by you alone, and not to the terminal
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate", "issuer"])]
    pub(crate) output: Option<PathBuf>,
}

/// A number of days, at least one and at most two years.
fn days(text: &str) -> Result<u32, String> {
    let days = text.parse().ok().filter(|days| (1..=732).contains(days));
    days.ok_or_else(|| "give days, from 1 to 732".to_owned())
}
