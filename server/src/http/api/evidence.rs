//! Files that attestations and results cite.

use super::super::body;
use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::Query;
use affiant_controls::evidence::EvidenceRef;
use affiant_ledger::blob::{self, BLOB_SIZE_MAX};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Longest name and media type, in bytes.
const WORD_MAX: usize = 200;

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Named {
    /// Its name
    name: String,
}

/// A file that is kept; goes into the `evidence` of a statement as it is.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Kept {
    /// The reference.
    #[schema(value_type = Object)]
    evidence: EvidenceRef,
}

/// Keeps a file, so that a statement can cite it.
#[utoipa::path(post, path = "/v1/evidence", tag = "statements", params(Named),
    request_body(content = String, content_type = "application/octet-stream", description = "The file"),
    responses(
        (status = 201, description = "Kept", body = Kept),
        (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An empty file shows nothing", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn keep(
    State(house): State<Arc<House>>,
    who: Who,
    Query(Named { name }): Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    who.may_push_kind("attestation").or_else(|_| who.may_push_kind("result"))?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("application/octet-stream").to_owned();
    check_name(&name, &kind)?;
    let max = usize::try_from(BLOB_SIZE_MAX).unwrap_or(usize::MAX);
    let bytes = body::collect(body, max).await?;
    if bytes.is_empty() {
        return Err(Problem::refused("the file is empty: it shows nothing"));
    }
    let evidence = house
        .work(move |house| {
            let reader = house.reader()?;
            let kept = blob::store(reader.storage(), reader.folder(), &bytes);
            kept.map_err(|error| Problem::later(format!("the file cannot be kept: {error}"), 1))?;
            Ok(EvidenceRef::of(&bytes, &name, &kind))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(Kept { evidence })))
}

/// Refuses names and media types of files that cannot be shown.
pub(in super::super) fn check_name(name: &str, kind: &str) -> Result<(), Problem> {
    let sound =
        |text: &str| !text.is_empty() && text.len() <= WORD_MAX && !text.chars().any(char::is_control);
    if sound(name) && sound(kind) {
        return Ok(());
    }
    let text = format!("name and media type: 1 to {WORD_MAX} characters, none of them a control character");
    Err(Problem::bad(text))
}
