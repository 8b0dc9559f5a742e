//! What people look at: pages rendered here, of HTML and one style sheet, without scripts.

mod entry;
mod findings;
mod issuer;
mod overview;
mod packs;
mod parts;
mod room;
pub(super) mod session;
mod system;

use super::body;
use super::house::House;
use super::problem::Problem;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};
use session::Visitor;
use std::sync::Arc;

/// What a page may do: nothing but show itself, its style and its forms.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
const STYLE: &str = include_str!("pages/style.css");

/// The routes of pages.
pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/login", get(session::door).post(session::enter))
        .route("/login/issuer", get(issuer::begin))
        .route("/login/callback", get(issuer::back))
        .route("/logout", post(session::leave))
        .route("/assets/style.css", get(style))
        .route("/systems/{system}", get(system::show))
        .route("/systems/{system}/requirements/{framework}/{requirement}", get(system::requirement))
        .route(
            "/systems/{system}/evidence",
            get(system::form).post(system::add).layer(DefaultBodyLimit::max(system::FILE_MAX)),
        )
        .route("/systems/{system}/gaps", get(system::gaps))
        .route("/systems/{system}/room", get(room::show).post(room::comment))
        .route("/systems/{system}/sample", post(room::sample))
        .route("/findings", get(findings::board))
        .route("/findings/{system}/{id}", post(findings::work))
        .route("/entries/{index}", get(entry::show))
        .route("/packs", get(packs::list).post(packs::order))
        .route("/packs/{id}/file", get(packs::file))
        .layer(middleware::map_request(paced))
}

/// Forms come as fast as anything else.
async fn paced(request: Request) -> Request {
    request.map(|body| body::paced(body, system::FILE_MAX as u64))
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")], STYLE)
        .into_response()
}

/// A page.
fn page(title: &str, visitor: Option<&Visitor>, body: &Markup) -> Response {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · affiant" }
                link rel="stylesheet" href="/assets/style.css";
            }
            body {
                a.skip href="#main" { "Skip to content" }
                header.top {
                    a.brand href="/" { "affiant" }
                    @if let Some(visitor) = visitor {
                        nav aria-label="Main" {
                            a href="/" { "Overview" }
                            a href="/findings" { "Findings" }
                            a href="/packs" { "Packs" }
                        }
                        form.leave method="post" action="/logout" {
                            input type="hidden" name="word" value=(visitor.word);
                            span { (visitor.who.grant.id) ", " (visitor.who.role().as_str()) }
                            button.plain type="submit" { "Sign out" }
                        }
                    }
                }
                main #main tabindex="-1" { (body) }
            }
        }
    };
    let mut response = Html(whole.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What went wrong, as a page.
pub(super) struct Wrong(Problem);

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<FormRejection> for Wrong {
    fn from(rejection: FormRejection) -> Self {
        Self(Problem::new(rejection.status(), rejection.body_text()))
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let title = status.canonical_reason().unwrap_or("Problem");
        let body = html! {
            h1 { (title) }
            p.alert role="alert" { (self.0.detail()) }
            @if let Some(hint) = self.0.advice() { p { (hint) } }
            p { a href="/" { "Back to the overview" } }
        };
        (status, page(title, None, &body)).into_response()
    }
}

/// To another page.
fn redirect(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(place) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
