//! A catalog from a file or by its id.

use crate::error::Failure;
use affiant_controls::catalog::{CatalogError, ControlCatalog};
use affiant_frameworks::framework::{EMBEDDED, FRAMEWORK_SIZE_MAX, Framework, FrameworkError};
use affiant_frameworks::mapping::{MappingError, MappingSet};
use affiant_ledger::files;
use affiant_ledger::id::visible;
use std::path::Path;

/// A catalog of any kind.
pub(super) enum Loaded {
    Framework(Box<Framework>),
    Controls(Box<ControlCatalog>),
    Mappings(Box<MappingSet>),
}

/// One thing wrong with a catalog in a file.
pub(super) struct Fault {
    /// Line of the file, where it can be told.
    pub(super) line: Option<usize>,
    /// The node or section it is in; nothing where the file could not be read as a catalog.
    pub(super) place: String,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Loaded {
    /// What kind of catalog it is.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Framework(_) => "framework",
            Self::Controls(_) => "control catalog",
            Self::Mappings(_) => "mapping set",
        }
    }

    /// The embedded catalog of that id, or the file of that name.
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        if EMBEDDED.contains(&name) {
            return Ok(Self::Framework(Box::new(Framework::embedded(name).map_err(Failure::io)?)));
        }
        let (controls, mappings) = (ControlCatalog::embedded(), MappingSet::embedded());
        if controls.id == *name {
            return Ok(Self::Controls(Box::new(controls)));
        }
        if mappings.id == *name {
            return Ok(Self::Mappings(Box::new(mappings)));
        }
        let text = read(name)?;
        Self::parse(&text).map_err(|faults| {
            let first =
                faults.first().map_or(String::new(), |fault| format!("{}: {}", fault.place, fault.what));
            Failure::refused(format!("{}: {} faults, the first: {first}", visible(name), faults.len()))
                .hint(format!("`affiant catalog lint {}` lists them", visible(name)))
        })
    }

    /// Reads a catalog in YAML; what sort it is shows in its sections.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let has = |section: &str| {
            text.lines().any(|line| line.strip_prefix(section).is_some_and(|rest| rest.starts_with(':')))
        };
        if has("requirements") {
            let read = Framework::from_yaml(text).map(|framework| Self::Framework(Box::new(framework)));
            return read.map_err(|error| match error {
                FrameworkError::Faulty { faults, .. } => {
                    faults.into_iter().map(|f| Fault::of_row(text, f.place, f.what, Some(f.hint))).collect()
                }
                FrameworkError::Yaml(why) => vec![Fault::of_file(why)],
                other => vec![Fault::of_file(other.to_string())],
            });
        }
        if has("pillars") || has("controls") && has("severity") {
            let read = ControlCatalog::from_yaml(text).map(|controls| Self::Controls(Box::new(controls)));
            return read.map_err(|error| match error {
                CatalogError::Lint(faults) => faults
                    .into_iter()
                    .map(|f| {
                        Fault::of_row(
                            text,
                            f.place,
                            f.problem,
                            f.hint.map(|hint| format!("did you mean `{hint}`?")),
                        )
                    })
                    .collect(),
                CatalogError::Yaml(why) => vec![Fault::of_file(why)],
                other => vec![Fault::of_file(other.to_string())],
            });
        }
        if has("frameworks") {
            let read = MappingSet::from_yaml(text).map(|mappings| Self::Mappings(Box::new(mappings)));
            return read.map_err(|error| match error {
                MappingError::Yaml(why) => vec![Fault::of_file(why)],
                other => vec![Fault::of_file(other.to_string())],
            });
        }
        let why = "no catalog: a framework has `requirements`, a control catalog `pillars`, mappings have `frameworks`";
        Err(vec![Fault::of_file(why.to_owned())])
    }
}

impl Fault {
    fn of_file(what: String) -> Self {
        Self { line: None, place: String::new(), what, hint: None }
    }

    /// A fault of the row or section named by `place`, as the linters write it.
    pub(super) fn of_row(text: &str, place: String, what: String, hint: Option<String>) -> Self {
        Self { line: line_of(text, &place), place, what, hint }
    }
}

/// The line on which a row begins: where its id stands, or the section of that name.
fn line_of(text: &str, place: &str) -> Option<usize> {
    let is_id = |line: &str, id: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches('{');
        let value = line.strip_prefix("id:").map(|rest| rest.split(',').next().unwrap_or_default().trim());
        value.is_some_and(|value| value.trim_matches(['"', '\'', '}']) == id)
    };
    let mut parts = vec![place];
    parts.extend(place.split([' ', ':']).filter(|part| !part.is_empty()));
    parts.extend(place.split('.').skip(1).take(1));
    let found = |part: &&str| {
        text.lines().position(|line| is_id(line, part)).or_else(|| {
            text.lines().position(|line| line.strip_prefix(part).is_some_and(|rest| rest.starts_with(':')))
        })
    };
    parts.iter().find_map(found).map(|line| line + 1)
}

/// The text of a file.
pub(super) fn read(name: &str) -> Result<String, Failure> {
    let bytes = files::read(Path::new(name), FRAMEWORK_SIZE_MAX as u64).map_err(|error| {
        let failure = Failure::refused(error.to_string());
        if error.is_missing() {
            failure.hint("give a file, or the id of a catalog that `affiant catalog list` shows")
        } else {
            failure
        }
    })?;
    String::from_utf8(bytes).map_err(|_| Failure::refused(format!("{}: not text in UTF-8", visible(name))))
}
