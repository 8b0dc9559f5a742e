//! `affiant serve`: the service over HTTP.

use crate::args::ServeArguments;
use crate::context::{self, Context};
use crate::http::{Address, Client, Patience, Sent};
use crate::output;
use affiant_ledger::id::visible;
use affiant_server::failure::Failure;
use affiant_server::http::{self as service, ANSWER_MAX, Config, Fetch, Issuer, Opening};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Largest file with a secret, in bytes.
const SECRET_SIZE_MAX: u64 = 4096;
/// How long the issuer of identities may take for an answer.
const ISSUER_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(context: &Context, arguments: ServeArguments) -> Result<u8, Failure> {
    let issuer = issuer(&arguments)?;
    let ServeArguments { listen, tls_cert, tls_key, client_ca, behind_proxy, body_max, connections, .. } =
        arguments;
    let tls = tls_cert.zip(tls_key);
    if tls.is_none() && !behind_proxy && !listen.ip().is_loopback() {
        return Err(Failure::refused(format!("{listen}: tokens would go over the network for all to read"))
            .hint("give --tls-cert and --tls-key, or say --behind-proxy where a proxy speaks TLS"));
    }
    let config = Config {
        listen,
        tls,
        client_authorities: client_ca,
        body_max: body_max.saturating_mul(1 << 20),
        connections_max: connections.max(1),
        behind_proxy,
        issuer,
    };
    let passphrases = context.passphrases.clone();
    let opening = Opening {
        folder: context.folder()?,
        surroundings: context.surroundings(),
        open_key: Arc::new(move |path: &Path| passphrases.open(path)),
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    service::speak();
    service::serve(config, opening, |address| {
        let address = format!("{scheme}://{address}");
        if context.json {
            output::json(&serde_json::json!({"listening": address}));
        } else {
            output::line(format!("listening on {address}"));
        }
    })?;
    Ok(0)
}

/// Whom people sign in with.
fn issuer(arguments: &ServeArguments) -> Result<Option<Issuer>, Failure> {
    let ServeArguments { issuer, client_id, client_secret_file, issuer_ca, public_url, .. } = arguments;
    let (Some(address), Some(client), Some(public)) = (issuer, client_id, public_url) else {
        return Ok(None);
    };
    for (flag, text) in [("--issuer", address), ("--public-url", public)] {
        let parsed = Address::parse(text).filter(|address| !address.is_open() && !address.has_query());
        if parsed.is_none() {
            let text = format!(
                "{flag} {}: codes and cookies would go over the network for all to read",
                visible(text)
            );
            return Err(Failure::refused(text).hint("give an https address"));
        }
    }
    let secret = match client_secret_file {
        Some(path) => {
            let bytes = context::input(path, SECRET_SIZE_MAX)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Failure::refused("the secret is no text").within(path.display()))?;
            let text = text.trim();
            if text.is_empty() {
                return Err(Failure::refused("no secret is in it").within(path.display()));
            }
            Some(text.to_owned())
        }
        None => None,
    };
    let fetch = Arc::new(Asking(Client::new(
        issuer_ca.as_deref(),
        None,
        Patience::Whole(ISSUER_PATIENCE),
        &address_of(address).map_err(Failure::refused)?,
    )?));
    let (address, client, public) = (address.clone(), client.clone(), public.clone());
    Ok(Some(Issuer { address, client, secret, public, fetch }))
}

fn address_of(text: &str) -> Result<Address, String> {
    Address::parse(text).ok_or_else(|| format!("`{}` is no address", visible(text)))
}

/// Asks the issuer.
struct Asking(Client);

impl Fetch for Asking {
    fn get(&self, address: &str) -> Result<(u16, Vec<u8>), String> {
        let answered = self.0.get(&address_of(address)?, &[("accept", "application/json")], ANSWER_MAX)?;
        Ok((answered.status, answered.bytes()?))
    }

    fn post(&self, address: &str, authorization: Option<&str>, form: &str) -> Result<(u16, Vec<u8>), String> {
        let mut headers =
            vec![("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|authorization| ("authorization", authorization)));
        let sent = Sent::Bytes(form.as_bytes());
        let answered = self.0.post(&address_of(address)?, &headers, sent, ANSWER_MAX)?;
        Ok((answered.status, answered.bytes()?))
    }
}
