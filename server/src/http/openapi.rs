//! The description of the API (OpenAPI 3.1), made from the code; `server/openapi.json` is this text.

use super::api::{entries, evidence, grants, packs, results, statements, status};
use super::log;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, Server};
use utoipa::{Modify, OpenApi as _};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "affiant",
        description = "Results in, receipts out; where AI systems stand; packs that anyone can verify. Every answer that is no success is a problem of RFC 9457."
    ),
    paths(
        results::push,
        statements::attest,
        statements::except,
        statements::incident,
        statements::finding,
        statements::sample,
        statements::sign_off,
        evidence::keep,
        entries::list,
        entries::one,
        entries::receipt,
        status::systems,
        status::status,
        status::assessments,
        status::gaps,
        packs::order,
        packs::list,
        packs::one,
        packs::file,
        grants::give,
        grants::list,
        grants::revoke,
        log::checkpoint,
        log::keys,
        log::tile,
    ),
    modifiers(&Tokens),
)]
struct Described;

/// Says how to show a token.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, described: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("affiant").build();
        let components = described.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        described.servers = Some(vec![Server::new("/")]);
    }
}

/// The description, in JSON.
pub fn document() -> String {
    let mut text = Described::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
