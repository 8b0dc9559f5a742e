//! Where systems stand.

use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::{Query, time};
use crate::view::Asked;
use affiant_frameworks::assessment::Outcome;
use affiant_ledger::id::{Id, visible};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Of what time, from what knowledge.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct When {
    /// As of this time (RFC 3339, or a day); now where it is not said
    as_of: Option<String>,
    /// As it was known on this day
    known_on: Option<String>,
    /// As the ledger was when it had so many entries
    at_size: Option<u64>,
    /// Only this framework
    framework: Option<String>,
}

impl When {
    fn asked(&self, house: &House) -> Result<Asked, Problem> {
        if let Some(id) = &self.framework
            && !house.catalogs.frameworks.iter().any(|framework| framework.id.as_str() == id)
        {
            let known: Vec<&str> = house.catalogs.frameworks.iter().map(|it| it.id.as_str()).collect();
            let problem = Problem::refused(format!("framework `{}` is not in use", visible(id)));
            return Err(problem.hint(format!("in use: {}", known.join(", "))));
        }
        let as_of = time("as_of", self.as_of.as_deref())?;
        let known = time("known_on", self.known_on.as_deref())?;
        if as_of.is_none() && known.is_none() && self.at_size.is_none() {
            return Ok(Asked::now(house.now()));
        }
        let reader = house.reader()?;
        Ok(Asked::of(house.now(), &reader, as_of, known, self.at_size)?)
    }

    fn wants(&self, framework: &str) -> bool {
        self.framework.as_deref().is_none_or(|own| own == framework)
    }
}

/// A system.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SystemLine {
    /// Its id.
    #[schema(value_type = String)]
    id: Id,
    /// Its name.
    name: String,
}

/// The systems that may be seen.
#[utoipa::path(get, path = "/v1/systems", tag = "status",
    responses(
        (status = 200, description = "The systems", body = Vec<SystemLine>),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn systems(
    State(house): State<Arc<House>>,
    who: Who,
) -> Result<Json<Vec<SystemLine>>, Problem> {
    who.may_look()?;
    let lines = house.work(move |house| {
        let seen = house.streams()?.into_iter().filter(|id| who.grant.covers(id));
        let line = |id: Id| {
            let name = house.look(&id, Asked::now(house.now()), |_, standing| {
                standing.register.system().map_or_else(String::new, |system| system.name.clone())
            })?;
            Ok(SystemLine { id, name })
        };
        seen.map(line).collect::<Result<Vec<_>, Problem>>()
    });
    Ok(Json(lines.await?))
}

macro_rules! of_system {
    ($(#[$meta:meta])* $path:literal, $name:ident, $body:ty, $what:literal, |$house:ident, $system:ident, $when:ident, $asked:ident| $work:expr) => {
        $(#[$meta])*
        #[utoipa::path(get, path = $path, tag = "status",
            params(("system" = String, Path, description = "Its id"), When),
            responses(
                (status = 200, description = $what, body = $body),
                (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
                (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
                (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
                (status = 404, description = "No such system, or not yet then", body = Problem, content_type = "application/problem+json"),
                (status = 422, description = "No such time, size or framework", body = Problem, content_type = "application/problem+json")),
            security(("token" = [])))]
        pub(in super::super) async fn $name(
            State(house): State<Arc<House>>,
            who: Who,
            Path(id): Path<String>,
            Query($when): Query<When>,
        ) -> Result<Json<Value>, Problem> {
            let told = house.work(move |$house| {
                let $system = $house.system(&id)?;
                who.may_read(&$system)?;
                let $asked = $when.asked($house)?;
                $work
            });
            Ok(Json(told.await?))
        }
    };
}

of_system!(
    /// Where a system stands: what `affiant status --json` says of it.
    "/v1/systems/{system}/status", status, Object, "Where it stands",
    |house, system, when, asked| {
        let told = house.look(&system, asked, |view, standing| {
            let entries = view.count(&system)?;
            Ok(standing.to_json(&house.catalogs.controls, entries, view.reader.size(), asked.horizon.known))
        })?;
        let mut told: Value = told.map_err(|failure: crate::failure::Failure| Problem::from(failure))?;
        keep_framework(&mut told["assessments"], &when);
        Ok(told)
    }
);

of_system!(
    /// A system judged by each framework, requirement by requirement.
    "/v1/systems/{system}/assessments", assessments, Vec<Object>, "The assessments",
    |house, system, when, asked| {
        let mut told = house.look(&system, asked, |_, standing| json!(standing.assessments))?;
        keep_framework(&mut told, &when);
        Ok(told)
    }
);

of_system!(
    /// What is missing: the requirements that apply and are not satisfied, with their gaps.
    "/v1/systems/{system}/gaps", gaps, Object, "The gaps",
    |house, system, when, asked| {
        house.look(&system, asked, |_, standing| {
            let open = |outcome| !matches!(outcome, Outcome::NotApplicable | Outcome::Satisfied);
            let gaps = standing.assessments.iter().filter(|judged| when.wants(judged.framework.id.as_str()));
            let gaps: Vec<Value> = gaps.flat_map(|judged| {
                judged.determinations.iter().filter(move |it| open(it.outcome)).map(|it| json!({
                    "framework": judged.framework.id, "requirement": it.requirement, "citation": it.citation,
                    "outcome": it.outcome, "gaps": it.gaps,
                }))
            }).collect();
            json!({"system": system, "as_of": standing.register.as_of(), "gaps": gaps})
        })
    }
);

fn keep_framework(assessments: &mut Value, when: &When) {
    if let Some(list) = assessments.as_array_mut() {
        list.retain(|judged| {
            judged["framework"]["id"].as_str().is_none_or(|framework| when.wants(framework))
        });
    }
}
