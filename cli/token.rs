//! `affiant token`: who may ask the service.

use crate::args::{NewTokenArguments, TokenArguments, TokenVerb};
use crate::context::{self, Context};
use crate::output;
use crate::statements::ids;
use affiant_ledger::files;
use affiant_ledger::id::Id;
use affiant_ledger::time::Period;
use affiant_server::failure::{Failure, NO};
use affiant_server::http::tokens::{By, Grant, Grants, Person, Role, certificate_digest, new_token};
use serde_json::{Value, json};

/// Largest file of a certificate, in bytes.
const CERTIFICATE_SIZE_MAX: u64 = 64 << 10;

pub(crate) fn run(context: &Context, arguments: TokenArguments) -> Result<u8, Failure> {
    // A folder that is no ledger's gets no tokens.
    let folder = context.read()?.folder().to_owned();
    match arguments.verb {
        TokenVerb::New(arguments) => new(context, &folder, &arguments),
        TokenVerb::List => {
            let grants = Grants::read(&folder)?;
            if context.json {
                output::json(&grants.all().map(shown).collect::<Vec<_>>());
            } else {
                let row = |grant: &Grant| {
                    let words = |ids: &std::collections::BTreeSet<Id>, all: &str| match ids.is_empty() {
                        true => all.to_owned(),
                        false => ids.iter().map(Id::as_str).collect::<Vec<_>>().join(", "),
                    };
                    let ends = grant
                        .revoked
                        .map_or_else(|| grant.expires.to_string(), |revoked| format!("revoked {revoked}"));
                    let by = match &grant.by {
                        By::Person(person) => person.name(),
                        other => other.as_str(),
                    };
                    let kinds = words(&grant.kinds, "");
                    let systems = words(&grant.systems, "all");
                    vec![grant.id.to_string(), by.into(), grant.role.as_str().into(), kinds, systems, ends]
                };
                output::table(&["id", "by", "role", "kinds", "systems", "ends"], grants.all().map(row));
            }
            Ok(if grants.all().next().is_none() { NO } else { 0 })
        }
        TokenVerb::Revoke { id } => {
            let mut grants = Grants::read(&folder)?;
            let grant = grants.revoke(&id, context.now())?.clone();
            grants.write(&folder)?;
            if context.json {
                output::json(&shown(&grant));
            } else {
                output::line(format!("token {} revoked", grant.id));
            }
            Ok(0)
        }
    }
}

fn new(context: &Context, folder: &std::path::Path, arguments: &NewTokenArguments) -> Result<u8, Failure> {
    let id: Id = arguments.id.parse().map_err(Failure::refused)?;
    let role = Role::from_word(&arguments.role).ok_or_else(|| Failure::refused("no such role"))?;
    let NewTokenArguments { certificate, issuer, person, subject, .. } = arguments;
    let (token, by) = match (certificate, issuer) {
        (Some(path), _) => {
            let bytes = context::input(path, CERTIFICATE_SIZE_MAX)?;
            let digest = certificate_digest(&bytes).map_err(|failure| failure.within(path.display()))?;
            (None, By::Certificate(digest))
        }
        (None, Some(issuer)) => {
            let (issuer, subject, email) = (issuer.clone(), subject.clone(), person.clone());
            (None, By::Person(Person { issuer, subject, email }))
        }
        (None, None) => {
            let (token, sha256) = new_token(&id);
            (Some(token), By::Token(sha256))
        }
    };
    let created = context.now();
    let grant = Grant {
        id,
        role,
        by,
        kinds: ids(&arguments.kinds)?,
        systems: ids(&arguments.systems)?,
        created,
        expires: created.plus(Period::days(arguments.days)),
        revoked: None,
    };
    let mut grants = Grants::read(folder)?;
    grants.add(grant.clone())?;
    if let (Some(path), Some(token)) = (&arguments.output, &token) {
        files::write_privately(path, format!("{token}\n").as_bytes())?;
    }
    grants.write(folder)?;
    let hidden = arguments.output.is_some();
    if context.json {
        let mut shown = shown(&grant);
        if let Some(token) = token.filter(|_| !hidden) {
            shown["token"] = token.into();
        }
        output::json(&shown);
        return Ok(0);
    }
    match token.filter(|_| !hidden) {
        Some(token) => output::line(token),
        None => output::line(format!("{} granted to `{}`", grant.role.as_str(), grant.id)),
    }
    let once = if matches!(grant.by, By::Token(_)) { "; it is not shown again" } else { "" };
    context.say(format!("{} until {}{once}", grant.role.as_str(), grant.expires));
    Ok(0)
}

fn shown(grant: &Grant) -> Value {
    let mut shown = json!({
        "id": grant.id, "role": grant.role, "by": grant.by.as_str(), "kinds": grant.kinds, "systems": grant.systems,
        "created": grant.created, "expires": grant.expires, "revoked": grant.revoked,
    });
    if let By::Person(person) = &grant.by {
        shown["person"] = json!(person);
    }
    shown
}
