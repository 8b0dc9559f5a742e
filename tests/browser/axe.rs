//! Pages held against axe-core: whether those who hear, enlarge or tab through them get all of them.

use crate::chrome::loud;
use crate::visitor::Visitor;
use serde_json::Value;
use std::path::Path;

/// Where npm puts it: `npm install --prefix target/axe axe-core`.
const AXE: &str = "target/axe/node_modules/axe-core/axe.min.js";
/// What a page is looked at for. A style sheet is not fetched again: no page may.
const RUN: &str = "const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
    const told = it => ({id: it.id, impact: it.impact, help: it.help,
        places: it.nodes.slice(0, 5).map(node => node.html.slice(0, 160) + ' -- ' + node.failureSummary)});
    axe.run(document, {runOnly: {type: 'tag', values: tags}, preload: false, resultTypes: ['violations']})
        .then(found => done(found.violations.map(told)), error => done(String(error)));";

/// The one who looks.
pub(crate) struct Axe(String);

impl Axe {
    /// None where it is not installed, but never in CI.
    pub(crate) fn take() -> Option<Self> {
        let found = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE));
        assert!(found.is_ok() || std::env::var_os("CI").is_none(), "axe-core must be here");
        if found.is_err() {
            loud(
                "SKIPPED: axe-core is NOT INSTALLED: its checks were NOT made (npm install --prefix target/axe axe-core)",
            );
        }
        found.ok().map(Self)
    }

    /// What it finds wrong with a page: what is grave, and what is not, each in words.
    #[track_caller]
    pub(crate) fn look(&self, visitor: &Visitor) -> (Vec<String>, Vec<String>) {
        visitor.run(&self.0);
        let found = visitor.run_later(RUN);
        let found = found.as_array().unwrap_or_else(|| panic!("axe-core fails: {found}"));
        let is_grave = |it: &&Value| ["serious", "critical"].iter().any(|impact| it["impact"] == *impact);
        let (grave, other): (Vec<&Value>, Vec<&Value>) = found.iter().partition(is_grave);
        let told =
            |all: Vec<&Value>| all.into_iter().map(|it| format!("{}: {it:#}", visitor.path())).collect();
        (told(grave), told(other))
    }
}
