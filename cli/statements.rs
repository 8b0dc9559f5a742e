//! What the verbs share that record statements about a system.

use crate::catalog::same_citation;
use crate::catalogs;
use crate::context::Context;
use crate::output;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::Statement;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::requirement::Requirement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use affiant_server::follow::{self, Touched};
pub(crate) use affiant_server::statements::admitted;
pub(crate) use affiant_server::statements::span;
use affiant_server::statements::{known_assets, latest};
use affiant_server::systems::known_system;
use serde_json::json;
use std::path::Path;

/// A ledger open for statements about one registered system.
pub(crate) struct Desk<'a> {
    pub(crate) context: &'a Context,
    pub(crate) ledger: Ledger,
    pub(crate) catalogs: Catalogs,
    pub(crate) system: Id,
    pub(crate) now: Timestamp,
}

impl<'a> Desk<'a> {
    pub(crate) fn open(context: &'a Context, system: &str) -> Result<Self, Failure> {
        let system: Id = system.parse().map_err(Failure::refused)?;
        let mut ledger = context.open()?;
        known_system(&ledger, &system)?;
        let catalogs = catalogs::of_ledger(&mut ledger, &[])?;
        Ok(Self { context, ledger, catalogs, system, now: context.now() })
    }

    /// Refuses assets that are not registered; the system and the organisation stand for themselves.
    pub(crate) fn known_assets<'i>(
        &mut self,
        assets: impl IntoIterator<Item = &'i Id>,
    ) -> Result<(), Failure> {
        known_assets(&mut self.ledger, &self.system, assets)
    }

    /// The latest statement filed under a key.
    pub(crate) fn latest(&mut self, kind: &str, id: &str) -> Result<Option<Statement>, Failure> {
        latest(&mut self.ledger, &self.system, kind, id)
    }

    /// Records statements together, with what results among them open and close, closes the ledger and says what was recorded.
    pub(crate) fn record(self, what: &str, name: &str, statements: &[Statement]) -> Result<u8, Failure> {
        self.record_by(None, what, name, statements)
    }

    /// The same, of statements of one kind, signed with a collector's key where one is given.
    pub(crate) fn record_by(
        mut self,
        key: Option<&Path>,
        what: &str,
        name: &str,
        statements: &[Statement],
    ) -> Result<u8, Failure> {
        let mut drafts: Vec<_> = statements.iter().map(|statement| statement.draft("local")).collect();
        if let (Some(key), Some(first)) = (key, statements.first()) {
            let signer = self.context.signer(&self.ledger, key, first.kind())?;
            signer.may_push(&self.system).map_err(Failure::refused)?;
            signer.sign(&mut drafts);
        }
        let appended = self.ledger.append(&drafts)?;
        let index = appended.first().map(|appended| appended.index);
        if self.context.json {
            output::json(
                &json!({"recorded": what, "id": name, "index": index, "statement": statements.first().map(Statement::to_json)}),
            );
        } else {
            let entry = index.map(|index| index.to_string()).unwrap_or_default();
            output::line(format!("{what} {name} recorded, entry {entry}"));
        }
        follow(self.context, &mut self.ledger, &Touched::of(&drafts), &self.catalogs.controls)?;
        self.ledger.close()?;
        Ok(0)
    }

    /// The controls that show a requirement, by id; none where only a document can.
    pub(crate) fn controls_for(&self, framework: &Framework, row: &Requirement) -> Vec<String> {
        let mapped = self.catalogs.mappings.controls_for(framework.id.as_str(), &row.id);
        mapped.map(|mapping| mapping.control.to_string()).collect()
    }

    /// The requirement of that id or citation.
    pub(crate) fn requirement(&self, name: &str) -> Result<(&Framework, &Requirement), Failure> {
        let is_meant =
            |row: &&Requirement| same_citation(&row.id, name) || same_citation(&row.citation, name);
        let rows =
            self.catalogs.frameworks.iter().flat_map(|framework| {
                framework.assessable().filter(is_meant).map(move |row| (framework, row))
            });
        let found: Vec<_> = rows.collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err(Failure::refused(format!(
                "`{}` is no control and no requirement that is judged",
                visible(name)
            ))
            .hint("`affiant catalog search` finds them by their words")),
            [(one, _), (other, _), ..] => Err(Failure::refused(format!(
                "`{}` is a requirement of {} and of {}",
                visible(name),
                one.id,
                other.id
            ))),
        }
    }
}

/// Records what results that are recorded open and close, and says so.
pub(crate) fn follow(
    context: &Context,
    ledger: &mut Ledger,
    touched: &Touched,
    controls: &ControlSet,
) -> Result<(), Failure> {
    let changed = follow::after(ledger, touched, controls, context.now())?;
    changed.words().iter().for_each(|words| context.say(words));
    Ok(())
}

/// A time as given, or now.
pub(crate) fn time_or(text: Option<&String>, or: Timestamp) -> Result<Timestamp, Failure> {
    text.map_or(Ok(or), |text| text.parse().map_err(Failure::refused))
}

/// A time as given, if any.
pub(crate) fn time(text: Option<&String>) -> Result<Option<Timestamp>, Failure> {
    text.map(|text| text.parse().map_err(Failure::refused)).transpose()
}

/// Ids as given.
pub(crate) fn ids<C: FromIterator<Id>>(texts: &[String]) -> Result<C, Failure> {
    texts.iter().map(|text| text.parse::<Id>().map_err(Failure::refused)).collect()
}

/// The id given, or one made of the content.
pub(crate) fn id_or(text: Option<&String>, prefix: &str, content: &[&[u8]]) -> Result<Id, Failure> {
    match text {
        Some(text) => text.parse().map_err(Failure::refused),
        None => {
            format!("{prefix}-{}", &Digest::of_parts(content).to_string()[..8]).parse().map_err(Failure::io)
        }
    }
}
