//! Who asks, and may they: tokens, certificates, and the line in the access log.

use super::access;
use super::house::{House, lock};
use super::problem::Problem;
use super::tokens::{Grant, Grants, Role};
use crate::failure::Failure;
use affiant_controls::access::AccessEvent;
use affiant_ledger::id::Id;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

/// Wrong tokens of one address in a window before it is told to wait.
const WRONG_MAX: u32 = 20;
/// The window.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered.
const ADDRESSES_MAX: usize = 10_000;
/// How often the file of tokens is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// Its certificate in DER, checked against the authorities.
    pub(super) certificate: Option<Arc<[u8]>>,
}

/// Keeps the doors.
pub(super) struct Guard {
    folder: PathBuf,
    grants: RwLock<Arc<Grants>>,
    changed: Mutex<Option<SystemTime>>,
    wrong: Mutex<HashMap<IpAddr, (u32, Instant)>>,
}

impl Guard {
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        let changed = Mutex::new(modified(folder));
        let grants = RwLock::new(Arc::new(Grants::read(folder)?));
        Ok(Self { folder: folder.to_owned(), grants, changed, wrong: Mutex::default() })
    }

    /// Who may ask now.
    pub(super) fn grants(&self) -> Arc<Grants> {
        self.grants.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes who may ask.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Grants) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut changed = lock(&self.changed);
        let mut grants = Grants::read(&self.folder)?;
        let done = change(&mut grants)?;
        grants.write(&self.folder)?;
        *changed = modified(&self.folder);
        *self.grants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grants);
        Ok(done)
    }

    /// Reads the file of tokens again when it has changed, until the service ends. A file that cannot be read lets nobody
    /// in: whoever was to be kept out may be in it.
    pub(super) async fn watch(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = modified(&self.folder);
            let mut changed = lock(&self.changed);
            if *changed == now {
                continue;
            }
            let grants = Grants::read(&self.folder).unwrap_or_else(|failure| {
                tracing::error!(error = %failure.message, "nobody is let in: the tokens cannot be read");
                Grants::default()
            });
            *changed = now;
            tracing::info!(count = grants.all().count(), "tokens read again");
            *self.grants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grants);
        }
    }

    /// Counts a wrong token of whoever sent this; how many seconds to wait when there were too many.
    pub(super) fn count_wrong(&self, house: &House, headers: &HeaderMap, peer: Option<&Peer>) -> Option<u64> {
        address(house, headers, peer).and_then(|address| self.wrong(address))
    }

    /// Counts a wrong token; how many seconds to wait when there were too many.
    fn wrong(&self, address: IpAddr) -> Option<u64> {
        let mut wrong = lock(&self.wrong);
        let now = Instant::now();
        if wrong.len() >= ADDRESSES_MAX {
            wrong.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
            if wrong.len() >= ADDRESSES_MAX {
                return Some(WINDOW.as_secs());
            }
        }
        let (count, since) = wrong.entry(address).or_insert((0, now));
        if now.duration_since(*since) >= WINDOW {
            (*count, *since) = (0, now);
        }
        *count = count.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(*since));
        (*count > WRONG_MAX).then(|| left.as_secs().max(1))
    }
}

fn modified(folder: &Path) -> Option<SystemTime> {
    Grants::path(folder).metadata().ok()?.modified().ok()
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) grant: Arc<Grant>,
    /// The system that was asked about.
    system: Arc<OnceLock<Id>>,
}

impl Who {
    pub(super) fn new(grant: &Arc<Grant>) -> Self {
        Self { grant: grant.clone(), system: Arc::default() }
    }

    /// What stands in the access log: `token:<id>`, `certificate:<id>`, `person:<id>`.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.grant.by.as_str(), self.grant.id)
    }

    pub(super) fn role(&self) -> Role {
        self.grant.role
    }

    /// Refuses whoever may not look at a system. What may not be seen is not told from what is not there.
    pub(super) fn may_read(&self, system: &Id) -> Result<(), Problem> {
        // Only the first system of a request is noted.
        let _ = self.system.set(system.clone());
        self.may_look()?;
        if self.grant.covers(system) {
            Ok(())
        } else {
            Err(Problem::forbidden(format!("this token does not cover system `{system}`")))
        }
    }

    /// Refuses whoever may not look at anything.
    pub(super) fn may_look(&self) -> Result<(), Problem> {
        match self.role() {
            Role::Collector => Err(Problem::forbidden("a collector's token pushes, it does not read")),
            Role::Auditor | Role::Officer | Role::Admin => Ok(()),
        }
    }

    /// Refuses whoever may not record statements of a kind about a system.
    pub(super) fn may_push(&self, kind: &str, system: &Id) -> Result<(), Problem> {
        let _ = self.system.set(system.clone());
        self.may_push_kind(kind)?;
        if self.grant.covers(system) {
            Ok(())
        } else {
            Err(Problem::forbidden(format!("this token does not cover system `{system}`")))
        }
    }

    /// Refuses whoever may not record statements of a kind at all.
    pub(super) fn may_push_kind(&self, kind: &str) -> Result<(), Problem> {
        let allowed = match self.role() {
            Role::Officer | Role::Admin => true,
            Role::Collector => {
                self.grant.kinds.is_empty() && kind != "sign-off"
                    || self.grant.kinds.iter().any(|own| own.as_str() == kind)
            }
            Role::Auditor => matches!(kind, "sign-off" | "sample"),
        };
        if allowed {
            return Ok(());
        }
        let role = self.role().as_str();
        Err(Problem::forbidden(format!("this token, of role {role}, may not push `{kind}`")))
    }

    /// Refuses whoever is not an officer.
    pub(super) fn may_decide(&self) -> Result<(), Problem> {
        match self.role() {
            Role::Officer | Role::Admin => Ok(()),
            role => Err(Problem::forbidden(format!("this is an officer's, not of role {}", role.as_str()))),
        }
    }

    /// Refuses whoever may not give out tokens.
    pub(super) fn may_administer(&self) -> Result<(), Problem> {
        match self.role() {
            Role::Admin => Ok(()),
            role => Err(Problem::forbidden(format!("this is an admin's, not of role {}", role.as_str()))),
        }
    }
}

/// Where the one who asks is noted, for the access log.
#[derive(Debug, Clone, Default)]
struct Asker(Arc<OnceLock<Who>>);

/// Notes who asks, for the access log.
pub(super) fn note(parts: &Parts, who: &Who) {
    if let Some(Asker(asker)) = parts.extensions.get() {
        let _ = asker.set(who.clone());
    }
}

impl FromRequestParts<Arc<House>> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Problem> {
        let who = who(parts, house)?;
        note(parts, &who);
        Ok(who)
    }
}

fn who(parts: &Parts, house: &House) -> Result<Who, Problem> {
    let peer = parts.extensions.get::<Peer>();
    let grants = house.guard.grants();
    let now = house.now();
    let grant = match parts.headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let token = value.to_str().ok().and_then(bearer);
            token.and_then(|token| grants.of_token(token)).ok_or_else(|| {
                match house.guard.count_wrong(house, &parts.headers, peer) {
                    Some(seconds) => Problem::too_many("too many wrong tokens from this address", seconds),
                    None => Problem::unknown("this is no token that was given out"),
                }
            })?
        }
        None => {
            let certificate = peer.and_then(|peer| peer.certificate.as_deref());
            let none = || Problem::unknown("nobody is named").hint("send `Authorization: Bearer TOKEN`");
            grants
                .of_certificate(certificate.ok_or_else(none)?)
                .ok_or_else(|| Problem::unknown("nobody was granted anything by this certificate"))?
        }
    };
    if let Some(revoked) = grant.revoked {
        return Err(Problem::unknown(format!("this token was revoked at {revoked}")));
    }
    if !grant.is_valid(now) {
        return Err(Problem::unknown(format!("this token ended at {}", grant.expires)));
    }
    Ok(Who::new(grant))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The address of who asks: the last that a proxy of ours saw, or the other end.
fn address(house: &House, headers: &HeaderMap, peer: Option<&Peer>) -> Option<IpAddr> {
    if house.config.behind_proxy {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        return last.rsplit(',').next()?.trim().parse().ok();
    }
    peer.map(|peer| peer.address.ip())
}

/// Watches every request: counts it, notes what was denied, records what an auditor saw before it is seen.
pub(super) async fn watch(
    State(house): State<Arc<House>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let start = Instant::now();
    let asker = Asker::default();
    request.extensions_mut().insert(asker.clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let peer = request.extensions().get::<Peer>().cloned();
    let address = address(&house, request.headers(), peer.as_ref());
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let status = response.status();
    let denied =
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
    let who = asker.0.get();
    let audited = who.is_some_and(|who| who.role() == Role::Auditor);
    if denied || audited {
        let event = AccessEvent {
            at: house.now(),
            who: who.map_or_else(|| "-".to_owned(), Who::name),
            role: who.map(|who| who.role().as_str().to_owned()),
            what: what(method.as_str(), uri.path(), denied, route.as_ref()),
            count: 1,
            status: status.as_u16(),
            system: who.and_then(|who| who.system.get().cloned()),
            address: address.map(|address| address.to_string()),
            allowed: !denied,
        };
        if denied {
            house.access.note(event);
        } else if let Err(problem) = access::record(&house, event).await {
            response = problem.into_response();
        }
    }
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    house.metrics.answered(route, status.as_u16(), start.elapsed());
    if status.is_server_error() {
        tracing::warn!(method = %method, path = uri.path(), status = status.as_u16(), "answered");
    } else {
        tracing::debug!(method = %method, path = uri.path(), status = status.as_u16(), "answered");
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if house.config.tls.is_some() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// What was asked, for the access log: where it was denied, by route, so that guessing paths fills nothing.
fn what(method: &str, path: &str, denied: bool, route: Option<&MatchedPath>) -> String {
    let place = if denied { route.map_or("none", MatchedPath::as_str) } else { path };
    let mut text = format!("{method} {place}");
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= 200).unwrap_or(text.len());
    text.truncate(end);
    text
}
