//! The service at the other end: asked again while it is away, and never shown the token where others may read it.

use super::delivery::Delivery;
use crate::args::Remote;
use crate::context::{self, Context};
use crate::http::{Address, Answered, Client, Patience, Sent};
use crate::output;
use affiant_ledger::random;
use affiant_server::failure::Failure;
use serde::Deserialize;
use std::time::Duration;

/// Pause before the second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause of our own.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Longest pause that a service can ask for.
const ASKED_MAX: Duration = Duration::from_secs(300);
/// Largest file with a token, in bytes.
const TOKEN_SIZE_MAX: u64 = 8 << 10;
/// Largest answer, in bytes: 64 receipts, and faults.
const ANSWER_SIZE_MAX: u64 = 16 << 20;

/// Why something was not delivered.
pub(super) enum Undone {
    /// The service is away, or has no time; it may be taken later.
    Away(String),
    /// Refused for what it says.
    Refused(Failure),
    /// Nothing is let in, or what was answered does not hold, or the disk failed.
    Failed(Failure),
}

/// A service and who asks it.
pub(super) struct Service<'a> {
    context: &'a Context,
    client: Client,
    base: String,
    host: String,
    authorization: String,
    by: Option<String>,
    tries: u32,
}

/// RFC 9457, as far as it is said again.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    hint: Option<String>,
    #[serde(default)]
    faults: Vec<String>,
}

impl<'a> Service<'a> {
    pub(super) fn new(context: &'a Context, remote: &Remote, address: &str) -> Result<Self, Failure> {
        let base = address.trim_end_matches('/').to_owned();
        let address = Address::parse(&base).filter(|address| !address.has_query()).ok_or_else(|| {
            Failure::refused("--to: not an http or https URL without user, password and question mark")
                .hint("such as https://evidence.example.org")
        })?;
        let host = address.host().to_owned();
        if address.is_open() {
            let text = format!("--to: over plain http to {host}, all on the way could read the token");
            return Err(Failure::refused(text).hint("use https; plain http goes to this machine alone"));
        }
        let path = remote.token_file.as_deref().ok_or_else(|| {
            Failure::refused("--to: no token is given")
                .hint("name the file it is in with --token-file or AFFIANT_TOKEN_FILE")
        })?;
        let bytes = context::input(path, TOKEN_SIZE_MAX)?;
        let token = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::refused(format!("{}: no token in it", path.display()))
                .hint("`affiant token new ID --role collector --output FILE` writes one"));
        }
        let patience = Patience::Answer(Duration::from_secs(remote.timeout));
        let client = Client::new(remote.ca.as_deref(), patience, &address)?;
        let by = token.strip_prefix("affiant_").and_then(|rest| rest.rsplit_once('_'));
        let by = by.map(|(id, _)| format!("token:{id}"));
        Ok(Self {
            context,
            client,
            base,
            host,
            authorization: format!("Bearer {token}"),
            by,
            tries: remote.tries,
        })
    }

    /// Its address.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Its host.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// What entries say of who holds this token, where the token tells.
    pub(super) fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Pushes a body; gives the answer.
    pub(super) fn push(&self, delivery: &Delivery) -> Result<Vec<u8>, Undone> {
        let head = &delivery.head;
        let address = self.at(&format!("/v1/results?{}", head.query))?;
        let headers: [(&str, &str); 3] = [
            ("authorization", self.authorization.as_str()),
            ("content-type", &head.kind),
            ("idempotency-key", &head.key),
        ];
        self.persist(|| {
            let mut reader = delivery.reader().map_err(|error| error.to_string())?;
            let sent = Sent::Stream(&mut reader, head.size);
            self.client.post(&address, &headers, sent, ANSWER_SIZE_MAX)
        })
    }

    /// The receipt of an entry.
    pub(super) fn receipt(&self, index: u64) -> Result<Vec<u8>, Undone> {
        let address = self.at(&format!("/v1/entries/{index}/receipt"))?;
        let headers = [("authorization", self.authorization.as_str())];
        self.persist(|| self.client.get(&address, &headers, ANSWER_SIZE_MAX))
    }

    fn at(&self, path: &str) -> Result<Address, Undone> {
        let text = format!("{}{path}", self.base);
        let address = Address::parse(text.trim_end_matches('?'));
        address.ok_or_else(|| Undone::Failed(Failure::refused("this cannot be said in an address")))
    }

    /// Tries as often as asked for, with a longer pause each time.
    fn persist(&self, attempt: impl Fn() -> Result<Answered, String>) -> Result<Vec<u8>, Undone> {
        let mut pause = PAUSE;
        let mut tried = 0;
        loop {
            tried += 1;
            let (why, asked) = match attempt() {
                Ok(answered) if matches!(answered.status, 200 | 201) => return Ok(answered.body),
                Ok(answered) if matches!(answered.status, 408 | 425 | 429 | 500..600) => {
                    (format!("{} answered {}", self.host, answered.line), answered.retry_after)
                }
                Ok(answered) => return Err(self.refused(&answered)),
                Err(error) => (format!("{}: {error}", self.host), None),
            };
            if tried >= self.tries {
                return Err(Undone::Away(why));
            }
            let asked = asked.map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds).min(ASKED_MAX));
            let wait = scattered(pause).max(asked);
            self.context.say(format!("{why}; again in {} ms", wait.as_millis()));
            std::thread::sleep(wait);
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    fn refused(&self, answered: &Answered) -> Undone {
        let known = serde_json::from_slice::<Problem>(&answered.body).ok();
        let is_known = known.is_some();
        let (text, hint) = match known {
            Some(Problem { detail, hint, faults }) => {
                faults.iter().for_each(|fault| output::fault(fault, self.context.json));
                (detail, hint)
            }
            None => (format!("{} answered {}", self.host, answered.line), None),
        };
        let failure = |instead: &str| Failure::refused(&text).hint(hint.as_deref().unwrap_or(instead));
        match answered.status {
            401 | 403 => {
                Undone::Failed(failure("`affiant token list` beside the service shows what tokens may do"))
            }
            300..=399 => Undone::Failed(failure("redirects are not followed: give the address it leads to")),
            _ if !is_known => Undone::Failed(failure("is this the address of `affiant serve`?")),
            409 => Undone::Refused(failure("a corrected result is a new result: give it a new id")),
            413 => Undone::Refused(failure("push it in parts: NDJSON is cut into pieces by itself")),
            _ => Undone::Refused(match &hint {
                Some(hint) => Failure::refused(&text).hint(hint),
                None => Failure::refused(&text),
            }),
        }
    }
}

/// A pause of at least half as long, so that those who were turned away together do not come back together.
fn scattered(pause: Duration) -> Duration {
    let mut lot = [0];
    random::fill(&mut lot);
    pause / 2 + pause * u32::from(lot[0]) / 512
}
