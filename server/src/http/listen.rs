//! Connections: accepted up to a limit, with or without TLS, with limits on heads, and ended in order.

use super::access;
use super::api::{entries, evidence, grants, packs, results, statements, status};
use super::guard::{self, Peer};
use super::house::{Config, House, Opening};
use super::problem::Problem;
use super::{log, openapi, pages};
use crate::failure::Failure;
use crate::follow::follow_all;
use affiant_controls::statement::is_system;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_service::Service;
use tracing_subscriber::EnvFilter;

/// How long the head of a request may take, and a handshake.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// How long the other end may take nothing of an answer.
const DEAF_MAX: Duration = Duration::from_secs(60);
/// Bytes and number of header fields.
const HEAD_SIZE_MAX: usize = 32 << 10;
const HEADERS_MAX: usize = 64;
/// How long requests under way are waited for at the end.
const GOODBYE: Duration = Duration::from_secs(30);

/// Runs the service until the process is told to stop: then what was begun is finished, the ledger is closed, and this returns. `ready` is
/// told the address.
pub fn serve(
    config: Config,
    opening: Opening,
    ready: impl FnOnce(std::net::SocketAddr),
) -> Result<(), Failure> {
    let tls =
        config.tls.as_ref().map(|files| acceptor(files, config.client_authorities.as_deref())).transpose()?;
    let mut ledger = opening.open()?;
    // A stop may have come between results and what they open or close.
    let controls = crate::catalogs::controls_of(&mut ledger)?;
    let now = opening.surroundings.clock.now();
    for (stream, _) in ledger.streams().into_iter().filter(|(stream, _)| is_system(stream.as_str())) {
        follow_all(&mut ledger, &stream, &controls, now)?;
    }
    let listen = config.listen;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::io)?;
    let (house, thread) = House::new(runtime.handle(), config, opening, ledger)?;
    let house = Arc::new(house);
    let ended = runtime.block_on(async {
        let bound = TcpListener::bind(listen).await;
        let listener = bound.map_err(|error| Failure::io(format!("{listen}: {error}")))?;
        ready(listener.local_addr().map_err(Failure::io)?);
        let (end, ending) = watch::channel(false);
        let background = [
            tokio::spawn({
                let house = house.clone();
                async move { access::keep(&house).await }
            }),
            tokio::spawn({
                let house = house.clone();
                async move { house.guard.watch().await }
            }),
        ];
        tokio::select! {
            () = accept(&listener, tls, router(house.clone()), &house, &ending) => {}
            () = told_to_stop() => {}
        }
        drop((listener, ending));
        tracing::info!("stopping: requests under way are finished");
        house.ends.store(true, Ordering::Release);
        let _ = end.send(true);
        let _ = tokio::time::timeout(GOODBYE, end.closed()).await;
        background.iter().for_each(tokio::task::JoinHandle::abort);
        access::flush(&house).await;
        Ok::<(), Failure>(())
    });
    runtime.shutdown_timeout(GOODBYE);
    drop(house);
    ended?;
    thread.join().map_err(|_| Failure::io("the writer has stopped"))?
}

/// Writes what the service does to stderr, as lines of JSON; `AFFIANT_LOG` says how much.
pub fn speak() {
    let filter = EnvFilter::try_from_env("AFFIANT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().json().with_writer(std::io::stderr).with_env_filter(filter);
    // Whoever embeds the service may have said so before.
    let _ = lines.try_init();
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_stop() {
    let (term, int) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut term), Ok(mut int)) = (term, int) else {
        tracing::error!("signals cannot be waited for");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// All routes.
fn router(house: Arc<House>) -> Router {
    let api = Router::new()
        .route("/v1/results", post(results::push))
        .route("/v1/attestations", post(statements::attest))
        .route("/v1/exceptions", post(statements::except))
        .route("/v1/incidents", post(statements::incident))
        .route("/v1/findings", post(statements::finding))
        .route("/v1/samples", post(statements::sample))
        .route("/v1/sign-offs", post(statements::sign_off))
        .route("/v1/evidence", post(evidence::keep))
        .route("/v1/entries", get(entries::list))
        .route("/v1/entries/{index}", get(entries::one))
        .route("/v1/entries/{index}/receipt", get(entries::receipt))
        .route("/v1/systems", get(status::systems))
        .route("/v1/systems/{system}/status", get(status::status))
        .route("/v1/systems/{system}/assessments", get(status::assessments))
        .route("/v1/systems/{system}/gaps", get(status::gaps))
        .route("/v1/packs", post(packs::order).get(packs::list))
        .route("/v1/packs/{id}", get(packs::one))
        .route("/v1/packs/{id}/file", get(packs::file))
        .route("/v1/tokens", post(grants::give).get(grants::list))
        .route("/v1/tokens/{id}", delete(grants::revoke));
    Router::new()
        .merge(api)
        .merge(pages::routes())
        .route("/log/checkpoint", get(log::checkpoint))
        .route("/log/keys", get(log::keys))
        .route("/log/tile/{*path}", get(log::tile))
        .route("/openapi.json", get(described))
        .route("/healthz", get(healthy))
        .route("/readyz", get(is_ready))
        .route("/metrics", get(measured))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        // One layer of three, the first around the others: three of their own are boxed three times for every request.
        .layer((
            middleware::from_fn_with_state(house.clone(), guard::watch),
            CatchPanicLayer::custom(panicked),
            RequestDecompressionLayer::new().pass_through_unaccepted(false),
        ))
        .with_state(house)
}

async fn described() -> Response<Body> {
    ([(header::CONTENT_TYPE, "application/json")], openapi::document()).into_response()
}

/// Whether the process lives.
async fn healthy() -> &'static str {
    "ok\n"
}

/// Whether it takes what is pushed.
async fn is_ready(State(house): State<Arc<House>>) -> Result<&'static str, Problem> {
    if house.writer.seen().open.load(Ordering::Acquire) == 1 {
        return Ok("ready\n");
    }
    // Asking opens it again, if the disk allows.
    house.writer.with(|_| ()).await?;
    Ok("ready\n")
}

async fn measured(State(house): State<Arc<House>>) -> Response<Body> {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], house.metrics.text(&house)).into_response()
}

async fn nowhere() -> Problem {
    Problem::missing("there is nothing here").hint("/openapi.json describes what there is")
}

async fn not_so() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response<Body> {
    Problem::internal("a promise of our own is broken; what was acknowledged is durable").into_response()
}

/// Accepts connections until this is dropped.
async fn accept(
    listener: &TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    house: &Arc<House>,
    ending: &watch::Receiver<bool>,
) {
    let seats = Arc::new(Semaphore::new(house.config.connections_max));
    loop {
        let Ok(seat) = seats.clone().acquire_owned().await else { return };
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many files are open, or the other end has gone: the next may do.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (tls, router, house, ending) = (tls.clone(), router.clone(), house.clone(), ending.clone());
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(DEAF_MAX));
        let stream = Box::pin(stream);
        tokio::spawn(async move {
            house.metrics.connected(1);
            match tls {
                None => converse(stream, Peer { address, certificate: None }, router, ending).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_MAX, tls.accept(stream)).await {
                        let certificates = stream.get_ref().1.peer_certificates();
                        let first = certificates.and_then(|certificates| certificates.first());
                        let certificate = first.map(|certificate| Arc::from(certificate.as_ref()));
                        converse(stream, Peer { address, certificate }, router, ending).await;
                    }
                }
            }
            house.metrics.connected(-1);
            drop(seat);
        });
    }
}

/// Answers what comes over a connection, until it ends or the service does.
async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    router: Router,
    mut ending: watch::Receiver<bool>,
) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (mut router, peer) = (router.clone(), peer.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            router.call(request).await
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // What was begun is finished whether or not the other end still listens; nothing is read ahead of an answer.
        .half_close(true)
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_SIZE_MAX)
        .max_headers(HEADERS_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut told = false;
    loop {
        tokio::select! {
            // Whatever went wrong was with the other end.
            _ = connection.as_mut() => return,
            changed = ending.changed(), if !told => {
                told = true;
                if changed.is_ok() {
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// TLS with the certificate chain and key in two files, and the authorities of client certificates in a third.
fn acceptor(
    files: &(std::path::PathBuf, std::path::PathBuf),
    authorities: Option<&Path>,
) -> Result<TlsAcceptor, Failure> {
    let (certificate, key) = files;
    let wrong =
        |path: &Path, error: &dyn std::fmt::Display| Failure::refused(format!("{}: {error}", path.display()));
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let builder = ServerConfig::builder();
    let builder = match authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(path)? {
                roots.add(authority).map_err(|error| wrong(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build();
            builder.with_client_cert_verifier(verifier.map_err(|error| wrong(path, &error))?)
        }
    };
    let config = builder.with_single_cert(chain, key).map_err(|error| wrong(certificate, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::refused(format!("{}: {error}", path.display()));
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
    let found = read.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(&error))?;
    if found.is_empty() { Err(wrong(&"no certificate is in it")) } else { Ok(found) }
}
