//! `affiant serve`: the service over HTTP.

use crate::args::ServeArguments;
use crate::context::Context;
use crate::output;
use affiant_server::failure::Failure;
use affiant_server::http::{self, Config, Opening};
use std::path::Path;
use std::sync::Arc;

pub(crate) fn run(context: &Context, arguments: ServeArguments) -> Result<u8, Failure> {
    let ServeArguments { listen, tls_cert, tls_key, client_ca, behind_proxy, body_max, connections } =
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
    };
    let passphrases = context.passphrases.clone();
    let opening = Opening {
        folder: context.folder()?,
        surroundings: context.surroundings(),
        open_key: Arc::new(move |path: &Path| passphrases.open(path)),
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    http::speak();
    http::serve(config, opening, |address| {
        let address = format!("{scheme}://{address}");
        if context.json {
            output::json(&serde_json::json!({"listening": address}));
        } else {
            output::line(format!("listening on {address}"));
        }
    })?;
    Ok(0)
}
