//! The service at the other end: asked again while it is away, and never shown the token where others may read it.

use super::delivery::Delivery;
use crate::args::Remote;
use crate::context::{self, Context};
use crate::http::{Address, Answered, Client, Patience, Room, Sent, Unanswered};
use affiant_ledger::random;
use affiant_server::failure::Failure;
use serde::Deserialize;
use std::fmt::Display;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

/// Pause before the second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause of our own.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Longest pause that a service can ask for.
const ASKED_MAX: Duration = Duration::from_secs(300);
/// Largest file with a token, in bytes.
const TOKEN_SIZE_MAX: u64 = 8 << 10;
/// How the answer to a push may come: with every receipt, however many.
const ACCEPTED: &str = "application/x-ndjson, application/json;q=0.9";
/// Largest answer in one piece, in bytes: 64 receipts, and faults.
const ANSWER_SIZE_MAX: u64 = 16 << 20;
/// Largest line of an answer, in bytes, on average: a receipt has some 2 KB.
const LINE_SIZE_MEAN: u64 = 8 << 10;
/// Most results in an answer: more than a piece has rows, and a head in the spool is not believed beyond it.
const RESULTS_MAX: u64 = 1 << 18;
/// Largest list of keys, in bytes.
const KEYS_SIZE_MAX: u64 = 1 << 20;
/// What to do when nobody is let in.
const GRANTS: &str = "`affiant token list` beside the service shows what tokens may do";
/// What to do when it is another program that answers.
const OTHER: &str = "is this the address of `affiant serve`, and does what is before it let this through?";

/// Why something was not delivered.
pub(super) enum Undone {
    /// The service is away, or has no time for anybody; it may be taken later.
    Away(String),
    /// It is there, and said nothing to this.
    Silent(String),
    /// It is there, and failed at this.
    Busy(String),
    /// Refused for what it says, with what is wrong with rows.
    Refused(Failure, Vec<String>),
    /// What was answered to this does not hold.
    Doubtful(Failure),
    /// Nothing is let in, or another is at this address.
    Failed(Failure),
}

impl Undone {
    /// The same, with the place that it is about.
    pub(super) fn within(self, place: impl Display) -> Self {
        let said = |why: String| format!("{place}: {why}");
        match self {
            Self::Away(why) => Self::Away(said(why)),
            Self::Silent(why) => Self::Silent(said(why)),
            Self::Busy(why) => Self::Busy(said(why)),
            Self::Refused(failure, faults) => Self::Refused(failure.within(place), faults),
            Self::Doubtful(failure) => Self::Doubtful(failure.within(place)),
            Self::Failed(failure) => Self::Failed(failure.within(place)),
        }
    }

    /// Why, as a failure.
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Away(why) | Self::Silent(why) | Self::Busy(why) => Failure::io(why),
            Self::Refused(failure, _) | Self::Doubtful(failure) | Self::Failed(failure) => failure,
        }
    }
}

/// A service and who asks it.
pub(super) struct Service<'a> {
    context: &'a Context,
    client: Client,
    base: String,
    host: String,
    /// The token, as it is sent; none where a certificate says who asks.
    authorization: Option<String>,
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
        let token = remote.token_file.as_deref().map(token).transpose()?;
        let certificate = remote.client_cert.as_deref().zip(remote.client_key.as_deref());
        if token.is_none() && certificate.is_none() {
            return Err(Failure::refused("--to: no token is given")
                .hint("name the file it is in with --token-file or AFFIANT_TOKEN_FILE"));
        }
        if token.is_some() && certificate.is_some() {
            let text = "a token and a client certificate: which of them says who pushes is not known";
            return Err(Failure::refused(text).hint("leave one out; AFFIANT_TOKEN_FILE names a token too"));
        }
        if certificate.is_some() && !address.is_encrypted() {
            return Err(Failure::refused("--client-cert: a certificate is shown to an https address alone"));
        }
        let patience = Patience::Answer(Duration::from_secs(remote.timeout));
        let client = Client::new(remote.ca.as_deref(), certificate, patience, &address)?;
        let named = token.as_deref().and_then(|token| token.strip_prefix("affiant_")?.rsplit_once('_'));
        let by = named.map(|(id, _)| format!("token:{id}"));
        let authorization = token.map(|token| format!("Bearer {token}"));
        Ok(Self { context, client, base, host, authorization, by, tries: remote.tries })
    }

    /// How often to try before giving up.
    pub(super) fn tries(&self) -> u32 {
        self.tries
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
    pub(super) fn push(&self, delivery: &Delivery, tries: u32) -> Result<Answered, Undone> {
        let head = &delivery.head;
        let address = self.at(&format!("/v1/results?{}", head.query))?;
        let mut headers =
            vec![("accept", ACCEPTED), ("content-type", head.kind.as_str()), ("idempotency-key", &head.key)];
        headers.extend(self.authorization.as_deref().map(|token| ("authorization", token)));
        self.persist(tries, || {
            let mut reader = delivery.reader().map_err(|error| Unanswered::Unfit(error.to_string()))?;
            let sent = Sent::Stream(&mut reader, head.size);
            let rows = head.rows.map_or(RESULTS_MAX, |rows| rows.min(RESULTS_MAX));
            let lines = ANSWER_SIZE_MAX + rows * LINE_SIZE_MEAN;
            self.client.post(&address, &headers, sent, Room { any: ANSWER_SIZE_MAX, lines })
        })
    }

    /// What it names as the keys of its log.
    pub(super) fn keys(&self) -> Result<Vec<u8>, Undone> {
        let address = self.at("/log/keys")?;
        let answered = self.persist(self.tries, || self.client.get(&address, &[], KEYS_SIZE_MAX))?;
        answered.bytes().map_err(|unanswered| self.unanswered(&unanswered))
    }

    fn at(&self, path: &str) -> Result<Address, Undone> {
        let text = format!("{}{path}", self.base);
        let address = Address::parse(text.trim_end_matches('?'));
        address
            .ok_or_else(|| Undone::Refused(Failure::refused("this cannot be said in an address"), Vec::new()))
    }

    /// Tries as often as asked for, with a longer pause each time.
    fn persist(
        &self,
        tries: u32,
        attempt: impl Fn() -> Result<Answered, Unanswered>,
    ) -> Result<Answered, Undone> {
        let mut pause = PAUSE;
        let mut tried = 0;
        loop {
            tried += 1;
            let (undone, asked) = match attempt() {
                Ok(answered) if matches!(answered.status, 200 | 201) => return Ok(answered),
                Ok(answered) => {
                    let asked = answered.retry_after;
                    (self.answered(answered), asked)
                }
                Err(unanswered) => (self.unanswered(&unanswered), None),
            };
            let (Undone::Away(why) | Undone::Silent(why) | Undone::Busy(why)) = &undone else {
                return Err(undone);
            };
            if tried >= tries {
                return Err(undone);
            }
            let asked = asked.map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds).min(ASKED_MAX));
            let wait = scattered(pause).max(asked);
            self.context.say(format!("{why}; again in {} ms", wait.as_millis()));
            std::thread::sleep(wait);
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    fn unanswered(&self, unanswered: &Unanswered) -> Undone {
        let text = format!("{}: {unanswered}", self.host);
        match unanswered {
            Unanswered::Away(_) => Undone::Away(text),
            Unanswered::Broken(_) => Undone::Silent(text),
            Unanswered::Unproven(_) => Undone::Failed(
                Failure::integrity(text)
                    .hint("a service that authorities of your own vouch for needs --ca FILE"),
            ),
            Unanswered::Unfit(_) => Undone::Failed(Failure::io(text).hint(OTHER)),
            Unanswered::Unkept(_) => {
                let hint =
                    "what was pushed may be recorded; receipts need room in the temporary folder (TMPDIR)";
                Undone::Failed(Failure::io(text).hint(hint))
            }
        }
    }

    fn answered(&self, answered: Answered) -> Undone {
        let known = answered.kind == "application/problem+json";
        let problem = known
            .then(|| serde_json::from_reader::<_, Problem>(BufReader::new(answered.body)).ok())
            .flatten();
        let is_known = problem.is_some();
        let line = format!("{} answered {}", self.host, answered.line);
        if matches!(answered.status, 408 | 425 | 429) {
            return Undone::Away(line);
        }
        if answered.status >= 500 {
            return Undone::Busy(line);
        }
        let Problem { detail, hint, faults } =
            problem.unwrap_or(Problem { detail: line, hint: None, faults: Vec::new() });
        let refused = |instead: Option<&str>| {
            let failure = Failure::refused(&detail);
            match hint.as_deref().or(instead) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        };
        match answered.status {
            300..=399 => {
                Undone::Failed(refused(Some("redirects are not followed: give the address it leads to")))
            }
            401 => Undone::Failed(refused(Some(GRANTS))),
            403 if is_known => Undone::Refused(refused(Some(GRANTS)), faults),
            409 if is_known => {
                Undone::Refused(refused(Some("a corrected result is a new result: give it a new id")), faults)
            }
            413 if is_known => Undone::Refused(
                refused(Some("push it in parts: NDJSON is cut into pieces by itself")),
                faults,
            ),
            400 | 415 | 422 if is_known => Undone::Refused(refused(None), faults),
            // A proxy, or another program: it says nothing about what was pushed.
            _ => Undone::Failed(Failure::io(detail).hint(OTHER)),
        }
    }
}

/// The token in a file.
fn token(path: &Path) -> Result<String, Failure> {
    let bytes = context::input(path, TOKEN_SIZE_MAX)?;
    let token = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::refused(format!("{}: no token in it", path.display()))
            .hint("`affiant token new ID --role collector --output FILE` writes one"));
    }
    Ok(token.to_owned())
}

/// A pause of at least half as long, so that those who were turned away together do not come back together.
fn scattered(pause: Duration) -> Duration {
    let mut lot = [0];
    random::fill(&mut lot);
    pause / 2 + pause * u32::from(lot[0]) / 512
}
