//! A catalog from a file or by its id.

use crate::context;
use affiant_controls::catalog::{CatalogError, ControlCatalog};
use affiant_frameworks::framework::{EARLIER, EMBEDDED, FRAMEWORK_SIZE_MAX, Framework, FrameworkError};
use affiant_frameworks::mapping::{MappingError, MappingSet};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::visible;
use affiant_server::failure::{Failure, REFUSED};
use std::collections::BTreeMap;
use std::path::Path;

/// A catalog of any kind.
pub(crate) enum Loaded {
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

    /// SHA-256 of its deterministic CBOR.
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Framework(framework) => framework.digest(),
            Self::Controls(controls) => controls.digest(),
            Self::Mappings(mappings) => mappings.digest(),
        }
    }

    /// The embedded catalog of that id, or the file of that name.
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        if EMBEDDED.contains(&name) || EARLIER.contains(&name) {
            return Ok(Self::Framework(Box::new(Framework::embedded(name).map_err(Failure::io)?)));
        }
        if let Some(controls) = ControlCatalog::all_embedded().into_iter().find(|it| it.id == *name) {
            return Ok(Self::Controls(Box::new(controls)));
        }
        if let Some(mappings) = MappingSet::all_embedded().into_iter().find(|it| it.id == *name) {
            return Ok(Self::Mappings(Box::new(mappings)));
        }
        let text = read(name)?;
        Self::parse(&text).map_err(|faults| {
            let first = faults.first().map_or("", |fault| fault.what.as_str());
            Failure::refused(format!("{}: {} faults, the first: {first}", visible(name), faults.len()))
                .hint(format!("`affiant catalog lint {}` lists them", visible(name)))
        })
    }

    /// Reads a catalog in YAML; what sort it is shows in its sections.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let has = |section: &str| {
            text.lines().any(|line| line.strip_prefix(section).is_some_and(|rest| rest.starts_with(':')))
        };
        let lines = Lines::of(text);
        if has("requirements") {
            let read = Framework::from_yaml(text).map(|framework| Self::Framework(Box::new(framework)));
            return read.map_err(|error| match error {
                FrameworkError::Faulty { faults, .. } => {
                    faults.into_iter().map(|f| lines.fault(&f.place, f.what, Some(f.hint))).collect()
                }
                FrameworkError::Yaml(why) => vec![Fault::of_file(why)],
                other => vec![Fault::of_file(other.to_string())],
            });
        }
        if has("pillars") || has("controls") && has("severity") {
            let read = ControlCatalog::from_yaml(text).map(|controls| Self::Controls(Box::new(controls)));
            return read.map_err(|error| match error {
                CatalogError::Lint(faults) => {
                    let hint = |hint| format!("did you mean `{hint}`?");
                    faults.into_iter().map(|f| lines.fault(&f.place, f.problem, f.hint.map(hint))).collect()
                }
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
}

/// Where the rows of a catalog begin in its file.
pub(super) struct Lines<'a> {
    /// Lines by what stands there: an id, the control of a mapping, or a section.
    at: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut at: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let inner = line.trim_start().trim_start_matches("- ").trim_start_matches('{');
            let value = inner.strip_prefix("id:").or_else(|| inner.strip_prefix("control:"));
            let value = value.map(|rest| rest.split([',', '#', '}']).next().unwrap_or_default().trim());
            let section = line.split_once(':').map(|(name, _)| name).filter(|name| !name.starts_with(' '));
            let named = value.map(|value| value.trim_matches(['"', '\'']));
            for name in named.into_iter().chain(section) {
                at.entry(name).or_default().push(number);
            }
        }
        Self { at }
    }

    /// A fault of the row or section named by `place`, as the linters write it.
    pub(super) fn fault(&self, place: &str, what: String, hint: Option<String>) -> Fault {
        let row = place.split(" -> ").next().unwrap_or(place);
        let mut parts = place.split('.');
        let (section, member) = (parts.next().unwrap_or(place), parts.next().unwrap_or(place));
        let lines = [row, member, section].into_iter().find_map(|name| self.at.get(name));
        // Of two with one id the second is too many.
        let line = lines.and_then(|lines| if what.contains("twice") { lines.last() } else { lines.first() });
        Fault { line: line.copied(), place: place.to_owned(), what, hint }
    }
}

/// The text of a file, or of stdin for `-`.
pub(super) fn read(name: &str) -> Result<String, Failure> {
    let bytes = context::input(Path::new(name), FRAMEWORK_SIZE_MAX as u64).map_err(|failure| {
        let hint = "give a file, or the id of a catalog that `affiant catalog list` shows";
        if failure.code == REFUSED { failure.hint(hint) } else { failure }
    })?;
    String::from_utf8(bytes).map_err(|_| Failure::refused(format!("{}: not text in UTF-8", visible(name))))
}
