//! What the pages show is what happens.

use super::session::{Step, play, steps};
use crate::support::place::Place;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that pages push, by the name they have there.
const FIXTURES: [(&str, &str); 14] = [
    ("bandit/bandit.sarif", "bandit.sarif"),
    ("bandit/bandit-clean.sarif", "bandit-clean.sarif"),
    ("semgrep/semgrep.sarif", "semgrep.sarif"),
    ("checkov/checkov-quiet.sarif", "checkov.sarif"),
    ("demo/results.ndjson", "results.ndjson"),
    ("guide/access-review.csv", "access-review.csv"),
    ("guide/access-review.yaml", "access-review.yaml"),
    ("guide/ai-policy.md", "ai-policy.md"),
    ("guide/gate.yaml", "gate.yaml"),
    ("guide/inventory.csv", "inventory.csv"),
    ("intake/checkov/checkov-empty-dir.json", "checkov-empty.json"),
    ("intake/checkov/checkov-quiet.json", "checkov.json"),
    ("intake/garak/test-fail.report.jsonl", "garak.report.jsonl"),
    ("intake/modelscan/benign.safetensors.json", "modelscan.json"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let guides = fs::read_dir(root().join("docs/guide")).unwrap().map(|item| item.unwrap().path());
    let mut pages: Vec<_> = guides.chain([root().join("README.md")]).collect();
    pages.sort();
    pages
}

#[test]
fn every_session_on_a_page_goes_as_the_page_says() {
    let mut wrong = Vec::new();
    for page in pages() {
        let steps = steps(&fs::read_to_string(&page).unwrap());
        if steps.is_empty() {
            continue;
        }
        let place = Place::new();
        FIXTURES.iter().for_each(|(from, to)| place.fixture(from, to));
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        wrong.extend(play(&place, &name, &steps));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_readme_has_a_session_from_init_to_a_rejected_pack() {
    let steps = steps(&fs::read_to_string(root().join("README.md")).unwrap());
    for verb in ["init", "register", "push", "status", "pack", "verify", "log fsck"] {
        assert!(
            steps.iter().any(|step| step.command.starts_with(&format!("affiant {verb}"))),
            "no `affiant {verb}`"
        );
    }
    let codes: Vec<i32> = steps.iter().map(|step| step.code).collect();
    assert!(codes.contains(&0) && codes.contains(&3) && codes.contains(&4), "{codes:?}");
}

#[test]
fn every_command_in_a_script_on_a_page_is_understood() {
    let place = Place::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for script in text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            for line in script.replace("\\\n", " ").lines().filter(|line| line.starts_with("affiant ")) {
                let command = line.split(" #").next().unwrap_or_default();
                // What stands behind ` -- ` are words for another program.
                let command = match command.split_once(" -- ") {
                    Some((own, other)) => format!("{own} --help -- {other}"),
                    None => format!("{command} --help"),
                };
                let step = Step { line: 0, command, code: 0, expected: vec!["…".into()] };
                let wrong = play(&place, &page.display().to_string(), &[step]);
                assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            }
        }
    }
}

#[test]
fn every_link_between_pages_leads_to_a_file() {
    let mut dead = Vec::new();
    for page in
        pages().into_iter().chain([root().join("docs/architecture.md"), root().join("docs/frameworks.md")])
    {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            if !page.parent().unwrap().join(target).exists() {
                dead.push(format!("{}: {target}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}
