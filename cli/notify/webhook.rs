//! Alerts to a webhook: HTTP POST, signed as Standard Webhooks says (standardwebhooks.com, `v1a`: Ed25519).
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
use crate::http::{Address, Client, Patience, Sent};
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::to_base64;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use std::path::Path;
use std::time::Duration;

/// Largest file with an address, in bytes.
const ADDRESS_SIZE_MAX: u64 = 8 << 10;

/// A webhook, ready to be called.
pub(super) struct Webhook {
    address: Address,
    client: Client,
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
        let address = read(address)?;
        let client = Client::new(authorities, None, Patience::Whole(timeout), &address)?;
        Ok(Self { address, client, key })
    }

    /// Sends a message once; gives the status it was answered with.
    pub(super) fn send(&self, message: &Message, now: Timestamp) -> Result<String, Undelivered> {
        let seconds = now.as_millis() / 1000;
        let signed = [format!("{}.{seconds}.", message.id).as_bytes(), &message.body].concat();
        let headers: [(&str, &str); 4] = [
            ("content-type", "application/json"),
            ("webhook-id", &message.id),
            ("webhook-timestamp", &seconds.to_string()),
            ("webhook-signature", &format!("v1a,{}", to_base64(&self.key.sign(&signed)))),
        ];
        let place = self.address.host();
        // The address may hold a secret in its path, so that errors name the host alone.
        let answer = self
            .client
            .post(&self.address, &headers, Sent::Bytes(&message.body), 0)
            .map_err(|error| Undelivered::for_now(format!("{place}: {error}")))?;
        let why = || format!("{place} answered {}", answer.line);
        match answer.status {
            200..300 => Ok(answer.status.to_string()),
            408 | 425 | 429 | 500..600 => Err(Undelivered::for_now(why())),
            300..400 => Err(Undelivered::for_good(format!("{}: redirects are not followed", why()))),
            _ => Err(Undelivered::for_good(why())),
        }
    }
}

fn read(address: &str) -> Result<Address, Failure> {
    let text = match address.strip_prefix('@') {
        None => address.to_owned(),
        Some(path) => {
            let bytes = context::input(Path::new(path), ADDRESS_SIZE_MAX)?;
            String::from_utf8_lossy(&bytes).trim().to_owned()
        }
    };
    Address::parse(&text).ok_or_else(|| {
        Failure::refused("the webhook's address is not an http or https URL without user and password")
            .hint("such as https://alerts.example.org/hook, or @FILE with the address in it")
    })
}
