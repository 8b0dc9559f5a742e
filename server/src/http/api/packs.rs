//! Packs: ordered, built behind the scenes one at a time, kept for whoever may have them.
//!
//! That a pack is issued is recorded before the answer; what is left needs no ledger. A pack lies under `access/packs` of the
//! ledger's folder, with what is told of it beside it; both are there or the order is told as lost.

use super::super::body;
use super::super::guard::Who;
use super::super::house::{House, lock};
use super::super::problem::Problem;
use super::super::tokens::make_private;
use super::{Query, json, time};
use crate::catalogs;
use crate::failure::Failure;
use crate::pack_file::PackFile;
use crate::packs::{Order, Recorded, period, recorded, rules};
use affiant_ledger::digest::Digest;
use affiant_ledger::files;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Timestamp;
use affiant_reports::pack::PACK_ENDING;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

/// Orders that wait.
const WAITING_MAX: usize = 16;
/// Largest order, in bytes.
const ORDER_MAX: usize = 64 << 10;
/// Largest file about a pack, in bytes.
const TOLD_MAX: u64 = 64 << 10;

/// Packs on their way.
pub(in super::super) struct Jobs {
    told: Mutex<BTreeMap<Id, Told>>,
    one_at_a_time: Arc<Semaphore>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { told: Mutex::default(), one_at_a_time: Arc::new(Semaphore::new(1)) }
    }
}

impl Jobs {
    /// Whether a pack is on its way.
    pub(in super::super) fn any_on_its_way(&self) -> bool {
        lock(&self.told).values().any(|told| matches!(told.state, Stage::Waiting | Stage::Building))
    }
}

/// How far a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum Stage {
    /// It is recorded as issued, and waits for those before it.
    Waiting,
    /// It is being built.
    Building,
    /// It can be had.
    Done,
    /// It cannot be built.
    Failed,
}

/// What is told of a pack.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(in super::super) struct Told {
    /// Its id.
    #[schema(value_type = String)]
    pub(in super::super) id: Id,
    /// Its system.
    #[schema(value_type = String)]
    pub(in super::super) system: Id,
    /// As of when it is.
    #[schema(value_type = String)]
    pub(in super::super) as_of: Timestamp,
    /// When it was ordered.
    #[schema(value_type = String)]
    pub(in super::super) ordered: Timestamp,
    /// By whom.
    pub(in super::super) by: String,
    /// How far it is.
    pub(in super::super) state: Stage,
    /// Steps done of three: recorded, built, kept.
    pub(in super::super) steps: u8,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) bytes: Option<u64>,
    /// Its SHA-256, hexadecimal.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) sha256: Option<Digest>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) why: Option<String>,
}

/// An order.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Ordered {
    /// Of which system.
    pub(in super::super) system: String,
    /// As of when (RFC 3339, or a day); now where it is not said.
    #[serde(default)]
    pub(in super::super) as_of: Option<String>,
    /// Over a period, `FROM..TO`.
    #[serde(default)]
    pub(in super::super) over: Option<String>,
    /// By which frameworks; all in use where none is named.
    #[serde(default)]
    pub(in super::super) frameworks: Vec<String>,
    /// What is kept out (docs/spec/pack.md).
    #[serde(default)]
    pub(in super::super) withhold: Vec<String>,
}

/// Orders a pack. That it is issued is recorded; it is built behind the scenes.
#[utoipa::path(post, path = "/v1/packs", tag = "packs", request_body = Ordered,
    responses(
        (status = 202, description = "Recorded as issued, being built; see `Location`", body = Told),
        (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such system", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Refused; nothing was recorded", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many wait", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn order(
    State(house): State<Arc<House>>,
    who: Who,
    body: Body,
) -> Result<Response, Problem> {
    let ordered: Ordered = json(&body::collect(body, ORDER_MAX).await?)?;
    let told = take(&house, &who, ordered).await?;
    let place = HeaderValue::from_str(&format!("/v1/packs/{}", told.id));
    let mut response = (StatusCode::ACCEPTED, Json(told)).into_response();
    response.headers_mut().extend(place.ok().map(|place| (header::LOCATION, place)));
    Ok(response)
}

/// Takes an order of whoever may give one.
pub(in super::super) async fn take(house: &Arc<House>, who: &Who, ordered: Ordered) -> Result<Told, Problem> {
    who.may_decide()?;
    let id = ordered.system.clone();
    let system = house.work(move |house| house.system(&id)).await?;
    who.may_read(&system)?;
    let as_of = time("as_of", ordered.as_of.as_deref())?;
    let period = ordered.over.as_deref().map(period).transpose()?;
    if as_of.is_some() && period.is_some() {
        return Err(Problem::bad("`as_of` and `over` do not go together"));
    }
    let withheld = rules(&ordered.withhold)?;
    let waiting = lock(&house.packs.told).values().filter(|it| matches!(it.state, Stage::Waiting)).count();
    if waiting >= WAITING_MAX {
        return Err(Problem::later(format!("{waiting} packs wait to be built"), 10));
    }
    let (within, now, frameworks) = (house.clone(), house.now(), ordered.frameworks);
    let made = house.writer.with(move |ledger| -> Result<_, Failure> {
        let catalogs = catalogs::of_ledger(ledger, &frameworks)?;
        let order = Order {
            system: &system,
            as_of,
            period,
            sealer: None,
            signers: Vec::new(),
            withheld,
            tables: false,
        };
        let made = recorded(ledger, &catalogs, order, &*within.opening.open_key, now)?;
        Ok((made, catalogs, system))
    });
    let (made, catalogs, system) = made.await??;
    let told = Told {
        id: made.id.clone(),
        system,
        as_of: made.as_of,
        ordered: now,
        by: who.name(),
        state: Stage::Waiting,
        steps: 1,
        bytes: None,
        sha256: None,
        why: None,
    };
    lock(&house.packs.told).insert(told.id.clone(), told.clone());
    tokio::spawn(build(house.clone(), told.clone(), made, catalogs));
    Ok(told)
}

async fn build(
    house: Arc<House>,
    mut told: Told,
    made: Recorded,
    catalogs: affiant_reports::derive::Catalogs,
) {
    let Ok(_turn) = house.packs.one_at_a_time.clone().acquire_owned().await else { return };
    told.state = Stage::Building;
    lock(&house.packs.told).insert(told.id.clone(), told.clone());
    let mut kept = told.clone();
    let done = house.work(move |house| {
        let folder = folder(house);
        make_private(&folder).map_err(|error| lost(&error))?;
        let file = PackFile::begin(&folder.join(format!("{}{PACK_ENDING}", kept.id)))?;
        let (bytes, sha256) = made.issue_to(&catalogs, file)?.bytes.finish()?;
        (kept.state, kept.steps) = (Stage::Done, 3);
        (kept.bytes, kept.sha256) = (Some(bytes), Some(sha256));
        let about = serde_json::to_vec(&kept).unwrap_or_default();
        files::write_privately(&folder.join(format!("{}.json", kept.id)), &about)
            .map_err(|error| lost(&error))?;
        Ok(kept)
    });
    let told = match done.await {
        Ok(kept) => kept,
        Err(problem) => {
            tracing::error!(pack = %told.id, error = problem.detail(), "a pack was not built");
            Told { state: Stage::Failed, why: Some(problem.detail().to_owned()), ..told }
        }
    };
    lock(&house.packs.told).insert(told.id.clone(), told);
}

fn folder(house: &House) -> PathBuf {
    house.opening.folder.join("access").join("packs")
}

fn lost(error: &dyn std::fmt::Display) -> Problem {
    Problem::later(format!("the pack cannot be kept: {error}"), 1)
}

/// What is told of a pack.
fn told(house: &House, id: &str) -> Result<Told, Problem> {
    let unknown = || Problem::missing(format!("`{}` is no pack that was built here", visible(id)));
    let id: Id = id.parse().map_err(|_| unknown())?;
    if let Some(told) = lock(&house.packs.told).get(&id) {
        return Ok(told.clone());
    }
    let path = folder(house).join(format!("{id}.json"));
    let bytes = files::read_if_any(&path, TOLD_MAX).map_err(Failure::from)?.ok_or_else(unknown)?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::internal(format!("{id}: {error}")))
}

/// All packs that may be seen, the latest first.
pub(in super::super) fn all(house: &House, who: &Who) -> Result<Vec<Told>, Problem> {
    let mut found = lock(&house.packs.told).clone();
    let kept = match std::fs::read_dir(folder(house)) {
        Ok(kept) => kept,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(sorted(found, who)),
        Err(error) => return Err(Problem::later(format!("the packs cannot be listed: {error}"), 1)),
    };
    for file in kept.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let Some(id) = name.strip_suffix(".json").and_then(|id| id.parse::<Id>().ok()) else { continue };
        if !found.contains_key(&id) {
            found.insert(id.clone(), told(house, id.as_str())?);
        }
    }
    Ok(sorted(found, who))
}

fn sorted(found: BTreeMap<Id, Told>, who: &Who) -> Vec<Told> {
    let mut seen: Vec<Told> = found.into_values().filter(|told| who.grant.covers(&told.system)).collect();
    seen.sort_by(|a, b| (b.ordered, &b.id).cmp(&(a.ordered, &a.id)));
    seen
}

/// Which packs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Of {
    /// Only those of this system
    system: Option<String>,
}

/// Lists packs, the latest first.
#[utoipa::path(get, path = "/v1/packs", tag = "packs", params(Of),
    responses(
        (status = 200, description = "The packs", body = Vec<Told>),
        (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn list(
    State(house): State<Arc<House>>,
    who: Who,
    Query(of): Query<Of>,
) -> Result<Json<Vec<Told>>, Problem> {
    who.may_look()?;
    let mut found = house.work(move |house| all(house, &who)).await?;
    found.retain(|told| of.system.as_ref().is_none_or(|system| told.system.as_str() == system));
    Ok(Json(found))
}

/// How far a pack is.
#[utoipa::path(get, path = "/v1/packs/{id}", tag = "packs", params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "How far it is", body = Told),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such pack", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn one(
    State(house): State<Arc<House>>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Json<Told>, Problem> {
    who.may_look()?;
    let told = house.work(move |house| told(house, &id)).await?;
    who.may_read(&told.system)?;
    Ok(Json(told))
}

/// The pack itself.
#[utoipa::path(get, path = "/v1/packs/{id}/file", tag = "packs", params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The pack, an archive", content_type = "application/zip"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such pack", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Not built yet", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn file(
    State(house): State<Arc<House>>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    who.may_look()?;
    download(&house, &who, id).await
}

/// The answer with a pack for whoever may have it.
pub(in super::super) async fn download(
    house: &Arc<House>,
    who: &Who,
    id: String,
) -> Result<Response, Problem> {
    let found = house.work(move |house| told(house, &id)).await?;
    who.may_read(&found.system)?;
    if found.state != Stage::Done {
        return Err(Problem::new(StatusCode::CONFLICT, format!("pack `{}` is not built", found.id)));
    }
    let name = format!("{}{PACK_ENDING}", found.id);
    let path = folder(house).join(&name);
    let gone = |_| Problem::internal("the file of the pack is gone");
    let (size, pack) = house.work(move |_| body::of_file(File::open(&path).map_err(gone)?)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, pack).into_response())
}
