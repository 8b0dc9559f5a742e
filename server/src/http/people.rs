//! People known to an issuer of identities: OpenID Connect Core 1.0, the code flow with PKCE (RFC 7636).
//!
//! A browser is sent to the issuer and comes back with a code; the code is exchanged here for a token in which the issuer says
//! who it is. What binds the three together is derived from one secret in a cookie of that browser, so nothing is kept for
//! those who never come back.

mod jwt;

use super::house::lock;
use super::tokens::Person;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::visible;
use affiant_ledger::time::Timestamp;
use axum::http::Uri;
use jwt::{Claims, JwtError, KeySet, Wanted};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Largest answer of an issuer, in bytes.
pub const ANSWER_MAX: u64 = 1 << 20;
/// How long what an issuer says of itself is believed.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// How long an issuer is not asked again for keys that it did not have.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Asks servers: over TLS that is checked, without following elsewhere, at most [`ANSWER_MAX`] bytes, in a time that ends.
pub trait Fetch: Send + Sync {
    /// Gets a document: its status and body.
    fn get(&self, address: &str) -> Result<(u16, Vec<u8>), String>;
    /// Posts a form, with the header that says who asks.
    fn post(&self, address: &str, authorization: Option<&str>, form: &str) -> Result<(u16, Vec<u8>), String>;
}

/// An issuer of identities, and what it knows this service by.
#[derive(Clone)]
pub struct Issuer {
    /// Its address, as it writes it itself.
    pub address: String,
    /// What it calls this service.
    pub client: String,
    /// What shows it that it is this service; none for a client that keeps no secrets.
    pub secret: Option<String>,
    /// The address under which browsers reach this service.
    pub public: String,
    /// How it is asked.
    pub fetch: Arc<dyn Fetch>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { address, client, public, .. } = self;
        formatter
            .debug_struct("Issuer")
            .field("address", address)
            .field("client", client)
            .field("public", public)
            .finish_non_exhaustive()
    }
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeopleError {
    /// The issuer cannot be asked, or does not speak the protocol.
    #[error("the issuer of identities: {0}")]
    Issuer(String),
    /// It gives nothing for the code, or what it gives is not to be believed.
    #[error("the sign-in is refused: {0}")]
    Refused(String),
}

impl From<JwtError> for PeopleError {
    fn from(error: JwtError) -> Self {
        Self::Refused(format!("the identity token is not to be believed: {error}"))
    }
}

/// What an issuer says of itself (OpenID Connect Discovery 1.0), as far as it is looked at.
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// What is known of it, since when.
#[derive(Debug, Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<KeySet>,
    since: Instant,
}

/// What the issuer gives for a code.
#[derive(Deserialize)]
struct Given {
    id_token: String,
}

/// What it gives in the place of it.
#[derive(Deserialize)]
struct Wrong {
    error: String,
}

/// A secret of one browser for one sign-in, and what is derived from it.
pub(super) struct Secret<'a>(pub(super) &'a str);

impl Secret<'_> {
    fn derive(&self, purpose: &str) -> String {
        jwt::encode(Digest::of(format!("affiant sign-in {purpose} {}", self.0).as_bytes()).as_bytes())
    }

    /// What goes to the issuer and must come back.
    pub(super) fn state(&self) -> String {
        self.derive("state")
    }

    /// What must stand in the token.
    fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// What shows that whoever brings the code has asked for it.
    fn verifier(&self) -> String {
        self.derive("verifier")
    }
}

/// The door for people, where there is an issuer.
pub(super) struct People {
    issuer: Issuer,
    known: Mutex<Option<Known>>,
}

impl People {
    pub(super) fn new(issuer: Issuer) -> Self {
        Self { issuer, known: Mutex::default() }
    }

    /// Where a browser is sent to.
    pub(super) fn place(&self, secret: &Secret<'_>) -> Result<String, PeopleError> {
        let known = self.known(None)?;
        let challenge = jwt::encode(Digest::of(secret.verifier().as_bytes()).as_bytes());
        let asked = form(&[
            ("response_type", "code"),
            ("client_id", &self.issuer.client),
            ("redirect_uri", &self.back()),
            ("scope", "openid email"),
            ("state", &secret.state()),
            ("nonce", &secret.nonce()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])?;
        let place = &known.metadata.authorization_endpoint;
        Ok(format!("{place}{}{asked}", if place.contains('?') { '&' } else { '?' }))
    }

    /// Who came back with a code.
    pub(super) fn identify(
        &self,
        secret: &Secret<'_>,
        code: &str,
        said_issuer: Option<&str>,
        now: Timestamp,
    ) -> Result<Identity, PeopleError> {
        let known = self.known(None)?;
        // Another issuer's answer must not be taken for this one's (RFC 9207).
        let named = said_issuer
            .map_or(!known.metadata.authorization_response_iss_parameter_supported, |said| {
                said == self.issuer.address
            });
        if !named {
            return Err(PeopleError::Refused("the answer is another issuer's".to_owned()));
        }
        let token = self.exchange(&known.metadata, secret, code)?;
        let nonce = secret.nonce();
        let (issuer, client) = (self.issuer.address.as_str(), self.issuer.client.as_str());
        let wanted = Wanted { issuer, client, nonce: &nonce, now: now.as_millis() / 1000 };
        let claims = match known.keys.open(&token, wanted) {
            // It may have changed its keys.
            Err(error) if error.wants_newer_keys() => {
                self.known(Some(known.since))?.keys.open(&token, wanted)?
            }
            other => other?,
        };
        Ok(Identity { issuer: issuer.to_owned(), claims })
    }

    fn exchange(&self, metadata: &Metadata, secret: &Secret<'_>, code: &str) -> Result<String, PeopleError> {
        let Issuer { client, secret: own, fetch, .. } = &self.issuer;
        let (back, verifier) = (self.back(), secret.verifier());
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let in_form = !methods.is_empty() && !methods.iter().any(|method| method == "client_secret_basic");
        let mut authorization = None;
        match own {
            None => fields.push(("client_id", client)),
            Some(own) if in_form => {
                fields.extend([("client_id", client.as_str()), ("client_secret", own.as_str())])
            }
            // RFC 6749, 2.3.1: both are encoded as in a form first.
            Some(own) => {
                let pair = format!("{}:{}", escaped(client)?, escaped(own)?);
                authorization = Some(format!("Basic {}", affiant_ledger::note::to_base64(pair.as_bytes())));
            }
        }
        let asked = fetch.post(&metadata.token_endpoint, authorization.as_deref(), &form(&fields)?);
        let (status, body) = asked.map_err(PeopleError::Issuer)?;
        if status == 200 {
            let given: Given = read(&body, "its answer to a code")?;
            return Ok(given.id_token);
        }
        match serde_json::from_slice::<Wrong>(&body) {
            Ok(Wrong { error }) if (400..500).contains(&status) => {
                Err(PeopleError::Refused(format!("the issuer says `{}`", visible(&error))))
            }
            _ => Err(PeopleError::Issuer(format!("it answers {status} to a code"))),
        }
    }

    /// What is known of the issuer: asked when it is not, or no more, or when it is not newer than what was of no use.
    fn known(&self, useless: Option<Instant>) -> Result<Known, PeopleError> {
        // Whoever comes while it is asked waits for the same answer.
        let mut kept = lock(&self.known);
        let fresh = |known: &&Known| {
            let age = known.since.elapsed();
            age < KNOWN_FOR && (useless != Some(known.since) || age < ASK_AGAIN)
        };
        if let Some(known) = kept.as_ref().filter(fresh) {
            return Ok(known.clone());
        }
        let known = self.ask()?;
        *kept = Some(known.clone());
        Ok(known)
    }

    fn ask(&self) -> Result<Known, PeopleError> {
        let address = &self.issuer.address;
        let place = format!("{}/.well-known/openid-configuration", address.trim_end_matches('/'));
        let metadata: Metadata = self.get(&place, "what it says of itself")?;
        if metadata.issuer != *address {
            let other = visible(&metadata.issuer);
            return Err(PeopleError::Issuer(format!("it calls itself `{other}`, not `{address}`")));
        }
        for place in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            if !is_private(place) {
                return Err(PeopleError::Issuer(format!("`{}` is no https address", visible(place))));
            }
        }
        let keys = self.fetch(&metadata.jwks_uri)?;
        let keys = KeySet::from_bytes(&keys)
            .ok_or_else(|| PeopleError::Issuer("its keys are not readable".to_owned()))?;
        Ok(Known { metadata: Arc::new(metadata), keys: Arc::new(keys), since: Instant::now() })
    }

    fn get<T: DeserializeOwned>(&self, place: &str, what: &str) -> Result<T, PeopleError> {
        read(&self.fetch(place)?, what)
    }

    fn fetch(&self, place: &str) -> Result<Vec<u8>, PeopleError> {
        match self.issuer.fetch.get(place) {
            Ok((200, body)) => Ok(body),
            Ok((status, _)) => Err(PeopleError::Issuer(format!("{}: {status}", visible(place)))),
            Err(why) => Err(PeopleError::Issuer(format!("{}: {why}", visible(place)))),
        }
    }

    /// Where a browser comes back to.
    fn back(&self) -> String {
        format!("{}/login/callback", self.issuer.public.trim_end_matches('/'))
    }

    /// The host people will see.
    pub(super) fn host(&self) -> String {
        let uri = self.issuer.address.parse::<Uri>().ok();
        uri.and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_else(|| self.issuer.address.clone())
    }
}

/// Somebody whom the issuer has named.
#[derive(Debug)]
pub(super) struct Identity {
    issuer: String,
    claims: Claims,
}

impl Identity {
    /// Whether a grant is this person's.
    pub(super) fn is(&self, person: &Person) -> bool {
        let Person { issuer, subject, email } = person;
        let subject_is = |subject: &String| *subject == self.claims.sub;
        let email_is =
            |email: &String| self.claims.email().is_some_and(|own| own.eq_ignore_ascii_case(email));
        *issuer == self.issuer
            && (subject.as_ref().is_some_and(subject_is) || email.as_ref().is_some_and(email_is))
    }

    /// What the issuer calls them.
    pub(super) fn subject(&self) -> &str {
        &self.claims.sub
    }
}

/// Whether nobody reads along on the way to an address: https, or this machine.
pub(super) fn is_private(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let here =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => here,
        _ => false,
    }
}

fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, PeopleError> {
    serde_json::from_slice(body)
        .map_err(|error| PeopleError::Issuer(format!("{what} is not readable: {error}")))
}

fn form(fields: &[(&str, &str)]) -> Result<String, PeopleError> {
    serde_urlencoded::to_string(fields).map_err(|error| PeopleError::Issuer(error.to_string()))
}

/// A text as it stands in a form.
fn escaped(text: &str) -> Result<String, PeopleError> {
    let pair = form(&[("", text)])?;
    Ok(pair.trim_start_matches('=').to_owned())
}
