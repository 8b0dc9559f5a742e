//! Entries and receipts.

use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::super::tokens::Role;
use super::Query;
use crate::entries;
use affiant_ledger::entry::Entry;
use affiant_ledger::id::visible;
use affiant_ledger::reader::Reader;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Entries in an answer, unless said otherwise, and at most.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1000;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Wanted {
    /// The system whose entries are wanted
    system: String,
    /// Those behind this index; the `next` of the answer before
    after: Option<u64>,
    /// How many, 1 to 1000
    limit: Option<usize>,
    /// Only entries of this kind
    kind: Option<String>,
}

/// Entries in order of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Listed {
    /// The entries, without what they say.
    #[schema(value_type = Vec<Object>)]
    entries: Vec<Value>,
    /// What to ask for with `after`; none at the end.
    next: Option<u64>,
    /// Entries of the ledger that were looked at.
    size: u64,
}

/// Lists the entries of a system.
#[utoipa::path(get, path = "/v1/entries", tag = "entries", params(Wanted),
    responses(
        (status = 200, description = "Entries in order of the log", body = Listed),
        (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such system", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn list(
    State(house): State<Arc<House>>,
    who: Who,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listed>, Problem> {
    let limit = wanted.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::bad(format!("limit {limit}: from 1 to {LIMIT_MAX}")));
    }
    let listed = house.work(move |house| {
        let system = house.system(&wanted.system)?;
        who.may_read(&system)?;
        let (reader, positions) = house.positions(&system)?;
        let begin = wanted.after.map_or(0, |after| positions.partition_point(|index| *index <= after));
        let (mut listed, mut last) = (Vec::new(), None);
        for index in &positions[begin..] {
            if listed.len() == limit {
                break;
            }
            last = Some(*index);
            let record = reader.record(*index)?;
            if wanted.kind.as_ref().is_none_or(|kind| record.entry.kind.as_str() == kind) {
                listed.push(entries::head(&record));
            }
        }
        let next = last.filter(|last| positions.last().is_some_and(|end| last < end));
        Ok(Listed { entries: listed, next, size: reader.size() })
    });
    Ok(Json(listed.await?))
}

/// An entry with what it says.
#[utoipa::path(get, path = "/v1/entries/{index}", tag = "entries",
    params(("index" = u64, Path, description = "Its index")),
    responses(
        (status = 200, description = "The entry", body = Object),
        (status = 400, description = "Not an index", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such entry", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn one(
    State(house): State<Arc<House>>,
    who: Who,
    Path(index): Path<String>,
) -> Result<Json<Value>, Problem> {
    let index = number(&index)?;
    let shown = house.work(move |house| {
        let reader = house.reader()?;
        may_see(&who, &reader, index)?;
        let (shown, missing) = entries::whole(&reader, index)?;
        if missing {
            let text = format!("the payload of entry {index} is gone, and no entry says that it was erased");
            return Err(Problem::internal(text).hint("`affiant log fsck` tells what else is"));
        }
        Ok(shown)
    });
    Ok(Json(shown.await?))
}

/// The receipt of an entry, at the latest checkpoint (C2SP tlog-proof).
#[utoipa::path(get, path = "/v1/entries/{index}/receipt", tag = "entries",
    params(("index" = u64, Path, description = "Its index")),
    responses(
        (status = 200, description = "The receipt", content_type = "text/plain"),
        (status = 400, description = "Not an index", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such entry", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn receipt(
    State(house): State<Arc<House>>,
    who: Who,
    Path(index): Path<String>,
) -> Result<Response, Problem> {
    let index = number(&index)?;
    let receipt = house.work(move |house| {
        let reader = house.reader()?;
        may_see(&who, &reader, index)?;
        Ok(reader.receipt(index)?.to_bytes())
    });
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], receipt.await?).into_response())
}

fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::bad(format!("`{}` is no index", visible(text))))
}

/// Refuses whoever may not see an entry. A collector may see what it pushed itself: a receipt that was lost on the way.
fn may_see(who: &Who, reader: &Reader, index: u64) -> Result<Entry, Problem> {
    let missing =
        || Problem::missing(format!("the ledger has {} entries, none of index {index}", reader.size()));
    if index >= reader.size() {
        return Err(missing());
    }
    let bytes = reader.entry_bytes(index)?;
    let entry = Entry::from_bytes(&bytes).map_err(|error| Problem::internal(error.to_string()))?;
    let own = who.role() == Role::Collector && entry.by == format!("token:{}", who.grant.id);
    if !own {
        who.may_read(&entry.stream)?;
    }
    Ok(entry)
}
