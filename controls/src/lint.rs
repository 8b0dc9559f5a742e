//! What a control catalog must satisfy beyond its shape, and hints for mistyped words.

use crate::catalog::ControlCatalog;
use crate::control::Control;
use crate::text;
use affiant_ledger::time::Period;
use std::collections::BTreeSet;
use std::fmt;

/// One thing wrong with a catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where: `controls.AFF-DAT-01.evidence`.
    pub place: String,
    /// What.
    pub problem: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " (did you mean `{hint}`?)"))
    }
}

/// The faults as one line.
pub(crate) fn list(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

/// Every fault of a catalog, in the order of the catalog. Ids are unique by its type.
pub fn lint(catalog: &ControlCatalog) -> Vec<Fault> {
    let mut linter = Linter { catalog, faults: Vec::new() };
    linter.head();
    for control in catalog.controls.values() {
        linter.control(control);
    }
    linter.faults
}

struct Linter<'a> {
    catalog: &'a ControlCatalog,
    faults: Vec<Fault>,
}

impl Linter<'_> {
    fn fault(&mut self, place: impl Into<String>, problem: impl Into<String>, hint: Option<&str>) {
        self.faults.push(Fault {
            place: place.into(),
            problem: problem.into(),
            hint: hint.map(str::to_owned),
        });
    }

    fn head(&mut self) {
        let catalog = self.catalog;
        let lines = [
            ("title", &catalog.title),
            ("review", &catalog.review),
            ("version", &catalog.version),
            ("licence_note", &catalog.licence_note),
            ("mapping_semantics", &catalog.mapping_semantics),
        ];
        for (place, line) in lines {
            self.line(place, line);
        }
        if catalog.controls.is_empty() {
            self.fault("controls", "there is none", None);
        }
        let kinds = [
            ("asset_kinds", &catalog.asset_kinds),
            ("check_kinds", &catalog.check_kinds),
            ("evidence_kinds", &catalog.evidence_kinds),
            ("sources", &catalog.sources),
        ];
        for (place, words) in kinds {
            for (word, meaning) in words {
                self.word(&format!("{place}.{word}"), word);
                self.line(&format!("{place}.{word}"), meaning);
            }
        }
        self.pillars();
    }

    fn pillars(&mut self) {
        let (mut numbers, mut codes) = (BTreeSet::new(), BTreeSet::new());
        for pillar in &self.catalog.pillars {
            let place = format!("pillars.{}", pillar.number);
            self.line(&place, &pillar.title);
            if !numbers.insert(pillar.number) || !codes.insert(&pillar.code) {
                self.fault(place, "number or code stands twice", None);
            }
        }
    }

    fn control(&mut self, control: &Control) {
        let place = |field: &str| format!("controls.{}.{field}", control.id);
        self.line(&place("title"), &control.title);
        self.line(&place("objective"), &control.objective);
        self.line(&place("test.pass_when"), &control.test.pass_when);
        if let Some(note) = &control.note {
            self.line(&place("note"), note);
        }
        if self.catalog.pillar(control).is_none() {
            self.fault(place("pillar"), format!("no pillar has number `{}`", control.pillar), None);
        }
        if control.max_age == Period::default() {
            self.fault(place("max_age"), "nothing stays fresh for no time", None);
        }
        if !self.catalog.severity.contains(&control.severity) {
            self.fault(
                place("severity"),
                format!("`{}` is not in the catalog's list", control.severity),
                None,
            );
        }
        let catalog = self.catalog;
        self.known(&place("asset_kinds"), &control.asset_kinds, catalog.asset_kinds.keys());
        self.known(&place("evidence"), &control.evidence, catalog.evidence_kinds.keys());
        self.known(&place("test.checks"), &control.test.checks, catalog.check_kinds.keys());
        for event in &control.also_on {
            self.word(&place("also_on"), event);
        }
        self.maps(control);
    }

    fn maps(&mut self, control: &Control) {
        for (framework, citations) in &control.maps {
            let place = format!("controls.{}.maps.{framework}", control.id);
            if !self.catalog.sources.contains_key(framework) {
                let hint = nearest(framework, self.catalog.sources.keys().map(String::as_str));
                self.fault(&place, "the catalog's sources do not name this framework", hint);
            }
            self.each_once(&place, citations);
            for citation in citations {
                self.line(&place, citation);
            }
        }
    }

    /// Every word used is in the vocabulary, none stands twice, and there is one.
    fn known<'w>(
        &mut self,
        place: &str,
        used: impl IntoIterator<Item = &'w String> + Copy,
        vocabulary: impl Iterator<Item = &'w String> + Clone,
    ) {
        self.each_once(place, used);
        for word in used {
            if !vocabulary.clone().any(|known| known == word) {
                let hint = nearest(word, vocabulary.clone().map(String::as_str));
                let problem = format!("`{}` is not in the vocabulary", affiant_ledger::id::visible(word));
                self.fault(place, problem, hint);
            }
        }
    }

    fn each_once<'w>(&mut self, place: &str, words: impl IntoIterator<Item = &'w String>) {
        let mut seen = BTreeSet::new();
        for word in words {
            if !seen.insert(word) {
                self.fault(place, format!("`{}` stands twice", affiant_ledger::id::visible(word)), None);
            }
        }
        if seen.is_empty() {
            self.fault(place, "is empty", None);
        }
    }

    fn line(&mut self, place: &str, line: &str) {
        if let Err(error) = text::check_line(line, text::LINE_LENGTH_MAX) {
            self.fault(place, error.to_string(), None);
        }
    }

    fn word(&mut self, place: &str, word: &str) {
        if word.parse::<affiant_ledger::id::Id>().is_err() {
            let word = affiant_ledger::id::visible(word);
            self.fault(place, format!("`{word}` is not a word (a-z, 0-9, `.`, `_`, `-`)"), None);
        }
    }
}

/// The candidate nearest to a mistaken word, when it is near: at most a third of its letters differ.
pub fn nearest<'c>(mistaken: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    if mistaken.len() > 64 {
        return None;
    }
    let limit = 1 + mistaken.len() / 3;
    let ranked = candidates.map(|candidate| (distance(mistaken, candidate), candidate));
    ranked.filter(|(distance, _)| *distance <= limit).min().map(|(_, candidate)| candidate)
}

/// Levenshtein distance over bytes, letter case aside.
fn distance(a: &str, b: &str) -> usize {
    let b = b.as_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(!x.eq_ignore_ascii_case(y));
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(change: impl FnOnce(&mut ControlCatalog)) -> Vec<String> {
        let mut catalog = ControlCatalog::embedded();
        change(&mut catalog);
        lint(&catalog).iter().map(Fault::to_string).collect()
    }

    fn with_control(change: impl FnOnce(&mut Control)) -> Vec<String> {
        faults(|catalog| {
            let id = "AFF-DAT-01".parse().unwrap();
            if let Some(control) = catalog.controls.get_mut::<crate::ControlId>(&id) {
                change(control);
            }
        })
    }

    #[test]
    fn the_embedded_catalog_has_no_fault() {
        assert_eq!(faults(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_word_is_refused_with_its_place_and_a_hint() {
        assert_eq!(
            with_control(|control| control.evidence.push("inventory.snapshots".into())),
            ["controls.AFF-DAT-01.evidence: `inventory.snapshots` is not in the vocabulary \
                 (did you mean `inventory.snapshot`?)"]
        );
        assert_eq!(
            with_control(|control| control.test.checks = vec!["\u{202e}x".into()]),
            ["controls.AFF-DAT-01.test.checks: `\\u{202e}x` is not in the vocabulary"]
        );
    }

    #[test]
    fn dangling_pillars_frameworks_and_empty_lists_are_refused() {
        assert_eq!(
            with_control(|control| {
                control.pillar = 9;
                control.asset_kinds.clear();
                control.maps.insert("eu-ai-acts".into(), vec!["Art.9(1)".into()]);
                control.max_age = Period::default();
            }),
            [
                "controls.AFF-DAT-01.pillar: no pillar has number `9`",
                "controls.AFF-DAT-01.max_age: nothing stays fresh for no time",
                "controls.AFF-DAT-01.asset_kinds: is empty",
                "controls.AFF-DAT-01.maps.eu-ai-acts: the catalog's sources do not name this framework \
                 (did you mean `eu-ai-act`?)",
            ]
        );
        assert_eq!(faults(|catalog| catalog.controls.clear()), ["controls: there is none"]);
    }

    #[test]
    fn only_near_words_are_hinted() {
        assert_eq!(nearest("contrl", ["control", "collector"].into_iter()), Some("control"));
        assert_eq!(nearest("zzz", ["control", "collector"].into_iter()), None);
    }
}
