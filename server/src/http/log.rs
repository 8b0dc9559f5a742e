//! The public log (C2SP tlog-tiles): the checkpoint, tiles and entry bundles, for any client that follows a log; its keys.
//!
//! What `affiant log publish` writes as files, served from the ledger as it grows. Payloads and evidence are not given out: an
//! entry names its payload by a salted digest.

use super::house::House;
use super::problem::Problem;
use affiant_ledger::id::visible;
use affiant_ledger::keyring::Holder;
use affiant_ledger::publish;
use affiant_reports::trust::Trust;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// A tile never changes; who has one may keep it.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// A checkpoint is the head of the moment.
const NOW: &str = "no-cache";

/// The signed checkpoint, a note.
#[utoipa::path(get, path = "/log/checkpoint", tag = "log",
    responses((status = 200, description = "The signed head of the log (C2SP tlog-checkpoint)", content_type = "text/plain")))]
pub(super) async fn checkpoint(State(house): State<Arc<House>>) -> Result<Response, Problem> {
    let reader = house.work(|house| house.reader()).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, NOW)];
    Ok((headers, reader.note().to_vec()).into_response())
}

/// The log's public keys, as a trust file. Whoever gets them here has them from whom they are to check: they are for
/// holding what the service says later against what it said first.
#[utoipa::path(get, path = "/log/keys", tag = "log",
    responses((status = 200, description = "The keys that sign the log and its packs, as `affiant key trust` writes them", content_type = "text/plain")))]
pub(super) async fn keys(State(house): State<Arc<House>>) -> Result<Response, Problem> {
    let keyring = house.work(|house| Ok(house.reader()?.keyring()?)).await?;
    let (logs, issuers) = (keyring.trusted(&Holder::Log), keyring.trusted(&Holder::Issuer));
    let origin = keyring.log_keys().origin();
    let comment = format!("Keys of the evidence ledger {origin}, as its own service says.");
    let text = Trust { logs, issuers, signers: Vec::new() }.to_text(&comment);
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, NOW)];
    Ok((headers, text).into_response())
}

/// A tile of hashes or a bundle of entries.
#[utoipa::path(get, path = "/log/tile/{path}", tag = "log",
    params(("path" = String, Path, description = "`<level>/<number>[.p/<width>]` or `entries/<number>[.p/<width>]`, numbers in groups of three digits")),
    responses(
        (status = 200, description = "The tile (C2SP tlog-tiles)", content_type = "application/octet-stream"),
        (status = 404, description = "The log has no such tile", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn tile(
    State(house): State<Arc<House>>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let name = format!("tile/{path}");
    let bytes = house.work(move |house| Ok(publish::file(&*house.reader()?, &name)?)).await?;
    let missing = || Problem::missing(format!("the log has no tile `{}`", visible(&path)));
    let bytes = bytes.ok_or_else(missing)?;
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, FOREVER)];
    Ok((headers, bytes).into_response())
}
