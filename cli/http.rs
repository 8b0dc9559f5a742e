//! HTTP as a client: for alerts to a webhook and pushes to a service. The only file that imports `ureq`.
//!
//! Redirects are never followed: what is sent is for the address that was given. An answer is read up to a limit.

use crate::context;
use affiant_server::failure::Failure;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt::{self, Display};
use std::io::{self, Read, Seek, Write};
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::SpooledTempFile;
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Error, SendBody, Timeout};

/// Largest file with certificates, in bytes.
const CERTIFICATES_SIZE_MAX: u64 = 1 << 20;
/// Bytes of a body from which the server is asked first whether it wants it.
const ASK_FIRST: u64 = 64 << 10;
/// Bytes of an answer that are held in memory.
const IN_MEMORY: usize = 1 << 20;
/// Bytes read at a time, and how many must come a second beyond the time that any answer has.
const CHUNK: usize = 64 << 10;
const RATE_MIN: u64 = 16 << 10;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// What the system says of a name that it cannot find.
const UNKNOWN_NAME: &str = "failed to lookup address";
/// Who asks.
const USER_AGENT: &str = concat!("affiant/", env!("CARGO_PKG_VERSION"));

/// An http or https address without user and password.
#[derive(Debug, Clone)]
pub(crate) struct Address(Uri);

impl Address {
    /// Reads an address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri = text.parse::<Uri>().ok()?;
        let authority = uri.authority().map_or("@", |authority| authority.as_str());
        let plain = matches!(uri.scheme_str(), Some("http" | "https")) && !authority.contains('@');
        plain.then_some(Self(uri))
    }

    /// The host.
    pub(crate) fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// Whether others may read along: not encrypted, and not to this machine.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_encrypted() && !self.is_here()
    }

    /// Whether what goes there is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Whether it is on this machine.
    fn is_here(&self) -> bool {
        let host = self.host().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether something is asked for behind a question mark.
    pub(crate) fn has_query(&self) -> bool {
        self.0.query().is_some()
    }
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// So long for all of it.
    #[cfg_attr(not(feature = "notify"), allow(dead_code, reason = "for webhooks"))]
    Whole(Duration),
    /// So long for the answer to begin, once all is sent, and so long for all of it.
    Answer(Duration),
}

/// What is sent along.
pub(crate) enum Sent<'a> {
    /// A body that is there.
    #[cfg_attr(not(feature = "notify"), allow(dead_code, reason = "for webhooks"))]
    Bytes(&'a [u8]),
    /// A body of so many bytes, read as it is sent.
    Stream(&'a mut dyn Read, u64),
}

/// How many bytes an answer may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Of any kind.
    pub(crate) any: u64,
    /// As lines of JSON that say it was done.
    pub(crate) lines: u64,
}

impl From<u64> for Room {
    fn from(any: u64) -> Self {
        Self { any, lines: any }
    }
}

/// Lines of JSON.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// The status with its words.
    pub(crate) line: String,
    /// After how many seconds to try again.
    pub(crate) retry_after: Option<u64>,
    /// The media type, without what is said behind it.
    pub(crate) kind: String,
    /// The body, from its beginning; what is long lies in an unnamed file.
    pub(crate) body: SpooledTempFile,
}

impl Answered {
    /// The body in memory.
    pub(crate) fn bytes(mut self) -> Result<Vec<u8>, Unanswered> {
        let mut bytes = Vec::new();
        let unkept = |error| Unanswered::Unkept(format!("the answer cannot be read again: {error}"));
        self.body.read_to_end(&mut bytes).map_err(unkept)?;
        Ok(bytes)
    }
}

/// Why there is no answer, or none that can be used.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// No connection came about.
    Away(String),
    /// The connection broke, or the answer took too long.
    Broken(String),
    /// Whoever is at the other end has not shown to be the one that is asked.
    Unproven(String),
    /// What is there does not speak HTTP, or says too much; or nothing could be sent at all.
    Unfit(String),
    /// What was answered cannot be kept here.
    Unkept(String),
}

impl Unanswered {
    fn of(error: &Error) -> Self {
        let text = error.to_string();
        match error {
            Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => Self::Away(text),
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => Self::Away(text),
            Error::Timeout(_) => Self::Broken(text),
            Error::Io(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable => Self::Away(text),
                // What TLS says of a certificate, or of bytes that are none of its own.
                io::ErrorKind::InvalidData => Self::Unproven(text),
                // That a name is not known has no kind of its own.
                _ if text.contains(UNKNOWN_NAME) => Self::Away(text),
                _ => Self::Broken(text),
            },
            Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) | Error::TlsRequired => Self::Unproven(text),
            _ => Self::Unfit(text),
        }
    }
}

impl Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Away(text)
        | Self::Broken(text)
        | Self::Unproven(text)
        | Self::Unfit(text)
        | Self::Unkept(text)) = self;
        formatter.write_str(text)
    }
}

impl From<Unanswered> for String {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.to_string()
    }
}

/// Asks servers.
pub(crate) struct Client {
    agent: Agent,
    /// How long a body of any size may take, where that is not counted by the agent.
    grace: Option<Duration>,
}

impl Client {
    /// A client that believes the authorities in a file, or those of Mozilla, and shows a certificate, if any: files of its
    /// chain and of its key.
    pub(crate) fn new(
        authorities: Option<&Path>,
        certificate: Option<(&Path, &Path)>,
        patience: Patience,
        address: &Address,
    ) -> Result<Self, Failure> {
        let roots = match authorities {
            Some(path) => RootCerts::new_with_certs(&certificates(path)?),
            None => RootCerts::WebPki,
        };
        let certificate = certificate.map(|(chain, key)| shown(chain, key)).transpose()?;
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(USER_AGENT)
            .tls_config(TlsConfig::builder().root_certs(roots).client_cert(certificate).build());
        let config = match patience {
            Patience::Whole(time) => config.timeout_global(Some(time)),
            Patience::Answer(time) => config
                .timeout_connect(Some(CONNECT.min(time)))
                .timeout_per_write(Some(time))
                .timeout_per_read(Some(time))
                .timeout_recv_response(Some(time)),
        };
        // What stays on this machine goes through no proxy.
        let config = if address.is_here() { config.proxy(None) } else { config };
        let grace = match patience {
            Patience::Whole(_) => None,
            Patience::Answer(time) => Some(time),
        };
        Ok(Self { agent: config.build().into(), grace })
    }

    /// Posts a body; reads as much of the answer as there is room for.
    pub(crate) fn post(
        &self,
        address: &Address,
        headers: &[(&str, &str)],
        sent: Sent<'_>,
        room: impl Into<Room>,
    ) -> Result<Answered, Unanswered> {
        let room = room.into();
        let mut request = self.agent.post(&address.0);
        if let Some(grace) = self.grace {
            let whole = grace + Duration::from_secs(room.any.max(room.lines) / RATE_MIN);
            request = request.config().timeout_recv_body(Some(whole)).build();
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match sent {
            Sent::Bytes(bytes) => request.send(bytes),
            Sent::Stream(reader, size) => {
                request = request.header("content-length", size.to_string());
                if size > ASK_FIRST {
                    request = request.header("expect", "100-continue");
                }
                request.send(SendBody::from_reader(reader))
            }
        };
        self.read(answer.map_err(|error| Unanswered::of(&error))?, room)
    }

    /// Asks for something; reads at most `max` bytes of the answer.
    pub(crate) fn get(
        &self,
        address: &Address,
        headers: &[(&str, &str)],
        max: u64,
    ) -> Result<Answered, Unanswered> {
        let mut request = self.agent.get(&address.0);
        if let Some(grace) = self.grace {
            request = request.config().timeout_recv_body(Some(grace)).build();
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.read(request.call().map_err(|error| Unanswered::of(&error))?, max.into())
    }

    fn read(&self, mut answer: Response<Body>, room: Room) -> Result<Answered, Unanswered> {
        let status = answer.status();
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header("retry-after").and_then(|value| value.parse().ok());
        let kind = header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        let max = if status.is_success() && kind == NDJSON { room.lines } else { room.any };
        let mut body = tempfile::spooled_tempfile(IN_MEMORY);
        if max > 0 {
            self.read_body(&mut answer.body_mut().as_reader().take(max + 1), max, &mut body)?;
        }
        Ok(Answered { status: status.as_u16(), line: status.to_string(), retry_after, kind, body })
    }

    fn read_body(
        &self,
        reader: &mut impl Read,
        max: u64,
        body: &mut SpooledTempFile,
    ) -> Result<(), Unanswered> {
        let begin = Instant::now();
        let unkept = |error: io::Error| Unanswered::Unkept(format!("the answer cannot be kept: {error}"));
        let (mut chunk, mut size) = (vec![0; CHUNK], 0);
        loop {
            let broken = |error| Unanswered::Broken(format!("the answer broke off: {error}"));
            let count = reader.read(&mut chunk).map_err(broken)?;
            if count == 0 {
                break;
            }
            size += count as u64;
            if size > max {
                return Err(Unanswered::Unfit(format!("the answer has more than {max} bytes")));
            }
            let due = self.grace.map(|grace| grace + Duration::from_secs(size / RATE_MIN));
            if due.is_some_and(|due| begin.elapsed() > due) {
                return Err(Unanswered::Broken("the answer comes too slowly".to_owned()));
            }
            body.write_all(&chunk[..count]).map_err(unkept)?;
        }
        body.rewind().map_err(unkept)
    }
}

/// A client certificate with its key.
fn shown(chain: &Path, key: &Path) -> Result<ClientCert, Failure> {
    let bytes = context::input(key, CERTIFICATES_SIZE_MAX)?;
    let certificates = certificates(chain)?;
    let unread = |_| Failure::refused(format!("{}: no private key in PEM", key.display()));
    let private = PrivateKey::from_pem(&bytes).map_err(unread)?;
    let unfit = |why: &dyn Display| {
        Failure::refused(format!(
            "{} and {}: no certificate and its key: {why}",
            chain.display(),
            key.display()
        ))
    };
    let der = certificates.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec()));
    let private_der = PrivateKeyDer::try_from(private.der().to_vec()).map_err(|error| unfit(&error))?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(der.collect(), private_der, &provider).map_err(|error| unfit(&error))?;
    Ok(ClientCert::new_with_certs(&certificates, private))
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

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn what_others_may_read_is_told_from_what_stays_here() {
        let open = |text: &str| Address::parse(text).map(|address| address.is_open());
        for here in ["http://127.0.0.1:8470", "http://[::1]:1/x", "http://localhost", "https://example.org"] {
            assert_eq!(open(here), Some(false), "{here}");
        }
        for away in ["http://example.org", "http://10.0.0.1:80", "http://127.0.0.1.example.org"] {
            assert_eq!(open(away), Some(true), "{away}");
        }
        for none in ["ftp://example.org", "https://me:secret@example.org", "/v1", ""] {
            assert_eq!(open(none), None, "{none}");
        }
    }
}
