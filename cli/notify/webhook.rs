//! Alerts to a webhook: HTTP POST, signed as Standard Webhooks says (standardwebhooks.com, `v1a`: Ed25519). The only file
//! that imports `ureq`.
//!
//! ```text
//! webhook-id: msg_3b1c0e9a77d24f0c9a8b7c6d5e4f3a2b_1     the same whenever it is sent again
//! webhook-timestamp: 1795521600                            when it was sent, in seconds
//! webhook-signature: v1a,<base64>                          over id, full stop, timestamp, full stop, body
//! ```
//!
//! No note, checkpoint or statement is ever signed in this form: those messages end with a line feed or begin with
//! `affiant`, this one begins with `msg_` and ends with a brace.

use super::Undelivered;
use super::batch::Message;
use crate::context;
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::to_base64;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use std::path::Path;
use std::time::Duration;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Largest file with an address, in bytes.
const ADDRESS_SIZE_MAX: u64 = 8 << 10;
/// Largest file with certificates, in bytes.
const CERTIFICATES_SIZE_MAX: u64 = 1 << 20;
/// Who asks.
const USER_AGENT: &str = concat!("affiant/", env!("CARGO_PKG_VERSION"));

/// A webhook, ready to be called.
pub(super) struct Webhook {
    uri: Uri,
    agent: ureq::Agent,
    key: SigningKey,
}

impl Webhook {
    /// A webhook at an address, or at the one in the file that is named behind `@`.
    pub(super) fn at(
        address: &str,
        authorities: Option<&Path>,
        key: SigningKey,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let uri = uri(address)?;
        let roots = match authorities {
            Some(path) => RootCerts::new_with_certs(&certificates(path)?),
            None => RootCerts::WebPki,
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(USER_AGENT)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Ok(Self { uri, agent: config.into(), key })
    }

    /// Sends a message once; gives the status it was answered with.
    pub(super) fn send(&self, message: &Message, now: Timestamp) -> Result<String, Undelivered> {
        let seconds = now.as_millis() / 1000;
        let signed = [format!("{}.{seconds}.", message.id).as_bytes(), &message.body].concat();
        let request = self
            .agent
            .post(&self.uri)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", format!("v1a,{}", to_base64(&self.key.sign(&signed))));
        let place = self.place();
        // The address may hold a secret in its path, so that errors name the host alone.
        let answer = request
            .send(&message.body[..])
            .map_err(|error| Undelivered::for_now(format!("{place}: {error}")))?;
        let status = answer.status();
        let why = || format!("{place} answered {status}");
        match status.as_u16() {
            200..300 => Ok(status.as_u16().to_string()),
            408 | 425 | 429 | 500..600 => Err(Undelivered::for_now(why())),
            300..400 => Err(Undelivered::for_good(format!("{}: redirects are not followed", why()))),
            _ => Err(Undelivered::for_good(why())),
        }
    }

    fn place(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }
}

fn uri(address: &str) -> Result<Uri, Failure> {
    let text = match address.strip_prefix('@') {
        None => address.to_owned(),
        Some(path) => {
            let bytes = context::input(Path::new(path), ADDRESS_SIZE_MAX)?;
            String::from_utf8_lossy(&bytes).trim().to_owned()
        }
    };
    let uri = text.parse::<Uri>().ok().filter(|uri| {
        let authority = uri.authority().map_or("@", |authority| authority.as_str());
        matches!(uri.scheme_str(), Some("http" | "https")) && !authority.contains('@')
    });
    uri.ok_or_else(|| {
        Failure::refused("the webhook's address is not an http or https URL without user and password")
            .hint("such as https://alerts.example.org/hook, or @FILE with the address in it")
    })
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let bytes = context::input(path, CERTIFICATES_SIZE_MAX)?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let found: Vec<_> = parse_pem(&bytes).filter_map(certificate).collect();
    if found.is_empty() {
        return Err(Failure::refused(format!("{}: no certificate in PEM", path.display())));
    }
    Ok(found)
}
