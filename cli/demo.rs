//! `affiant demo`: a whole story on real tool outputs, played with the same verbs a user types.

use crate::args::{Arguments, DemoArguments};
use crate::context::Context;
use crate::output;
use affiant_server::failure::{Failure, INTEGRITY, UNDETERMINED};
use std::fs;
use std::path::Path;

/// Marks a folder that a demo made, and may make anew.
const MARK: &str = "made-by-affiant-demo";

/// The inputs: outputs of real tools over a small credit-scoring service, and results as scripts push them.
const INPUTS: [(&str, &[u8]); 5] = [
    ("bandit.sarif", include_bytes!("../tests/fixtures/bandit/bandit.sarif")),
    ("bandit-clean.sarif", include_bytes!("../tests/fixtures/bandit/bandit-clean.sarif")),
    ("semgrep.sarif", include_bytes!("../tests/fixtures/semgrep/semgrep.sarif")),
    ("checkov.sarif", include_bytes!("../tests/fixtures/checkov/checkov-quiet.sarif")),
    ("results.ndjson", include_bytes!("../tests/fixtures/demo/results.ndjson")),
];

pub(crate) fn run(context: &Context, arguments: DemoArguments) -> Result<u8, Failure> {
    let dir = &arguments.dir;
    prepare(dir)?;
    let demo = Demo { context: context.at(&dir.join("ledger")), dir };
    demo.say(
        "A bank provides a credit-scoring system: high-risk under Annex III, point 5(b) of the EU AI Act.",
    );
    demo.say("It keeps the evidence that its controls work in a ledger.");
    demo.step(&["init", "{dir}/ledger", "--origin", "demo.example/credit-scoring", "--head", "../head"])?;
    demo.step(&[
        "register",
        "system",
        "credit-scoring",
        "--name",
        "Credit scoring",
        "--owner",
        "Head of Retail Credit",
        "--purpose",
        "Scores the creditworthiness of natural persons",
        "--role",
        "provider",
        "--risk-class",
        "high-risk",
        "--route",
        "annex-iii",
        "--fact",
        "annex_iii=5.b",
        "--classified-by",
        "AI governance board",
        "--basis",
        "Annex III, point 5(b)",
    ])?;
    for (id, kind, name) in [
        ("scoring-model", "model", "Scoring model"),
        ("training-data", "dataset", "Training data"),
        ("scoring-code", "code-repo", "Scoring service code"),
        ("scoring-infra", "infrastructure", "Cluster and accounts"),
        ("scoring-pipeline", "pipeline", "Training pipeline"),
    ] {
        demo.step(&["register", "asset", id, "--system", "credit-scoring", "--kind", kind, "--name", name])?;
    }
    demo.say("");
    demo.say("Its pipelines push what their tools wrote. A scan that found nothing and does not say what it looked at is no pass:");
    demo.step(&push("bandit-clean.sarif", "scoring-code"))?;
    demo.say("");
    demo.say(
        "The scan of the service itself finds unsafe model loading; semgrep and checkov have findings too:",
    );
    for (file, asset, examined) in [
        ("bandit.sarif", "scoring-code", "14"),
        ("semgrep.sarif", "scoring-code", "1"),
        ("checkov.sarif", "scoring-infra", "9"),
    ] {
        let run = ["--examined".to_owned(), examined.to_owned()];
        demo.step(&[&push(file, asset)[..], &run].concat())?;
    }
    demo.say("");
    demo.say("Other results come as NDJSON, one a line:");
    demo.step(&["push", "{dir}/inputs/results.ndjson", "--system", "credit-scoring"])?;
    demo.say("");
    demo.say("Where does the system stand, on three frameworks?");
    demo.step(&["status", "credit-scoring"])?;
    demo.step(&["status", "credit-scoring", "--why", "art-15-1"])?;
    demo.say("");
    demo.say("The compliance officer issues a pack, and gives the auditor the public keys by another way:");
    demo.step(&[
        "pack",
        "build",
        "credit-scoring",
        "--output",
        "{dir}/pack.affiant.zip",
        "--report",
        "{dir}/report.pdf",
    ])?;
    demo.step(&["key", "trust", "--output", "{dir}/trust.keys"])?;
    demo.say("");
    demo.say("The auditor verifies it, offline, trusting neither the bank nor affiant:");
    demo.step(&["verify", "{dir}/pack.affiant.zip", "--trust", "{dir}/trust.keys"])?;
    demo.say("");
    demo.say("One flipped byte is refused:");
    flip(dir)?;
    demo.expect(&["verify", "{dir}/pack-flipped.affiant.zip", "--trust", "{dir}/trust.keys"], INTEGRITY)?;
    demo.say("");
    demo.say("And without keys from outside, the best answer is: undetermined.");
    demo.expect(&["verify", "{dir}/pack.affiant.zip", "--quiet"], UNDETERMINED)?;
    finish(&demo);
    Ok(0)
}

fn push(file: &str, asset: &str) -> [String; 6] {
    let words = ["push", &format!("{{dir}}/inputs/{file}"), "--system", "credit-scoring", "--asset", asset];
    words.map(str::to_owned)
}

struct Demo<'a> {
    context: Context,
    dir: &'a Path,
}

impl Demo<'_> {
    fn say(&self, text: &str) {
        self.context.say(text);
    }

    /// Runs a verb that must answer yes.
    fn step(&self, words: &[impl AsRef<str>]) -> Result<(), Failure> {
        self.expect(words, 0)
    }

    fn expect(&self, words: &[impl AsRef<str>], code: u8) -> Result<(), Failure> {
        let dir = self.dir.display().to_string();
        let words: Vec<String> = words.iter().map(|word| word.as_ref().replace("{dir}", &dir)).collect();
        self.say(&format!(
            "$ affiant {}",
            words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
        ));
        let parsed = Arguments::of_words(&words).map_err(Failure::io)?;
        let found = crate::run(&self.context, parsed.verb)?;
        if found == code {
            Ok(())
        } else {
            Err(Failure::io(format!("the demo expected exit code {code}, and got {found}")))
        }
    }
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

/// Makes the folder, or makes one that a demo left anew.
fn prepare(dir: &Path) -> Result<(), Failure> {
    let occupied = fs::read_dir(dir).is_ok_and(|mut items| items.next().is_some());
    if occupied && !dir.join(MARK).is_file() {
        let text = format!("{} is not empty, and no demo made it", dir.display());
        return Err(Failure::refused(text).hint("name another folder: `affiant demo DIR`"));
    }
    let make = || -> std::io::Result<()> {
        if occupied {
            fs::remove_dir_all(dir)?;
        }
        fs::create_dir_all(dir.join("inputs"))?;
        fs::write(dir.join(MARK), "This folder was made by `affiant demo`, which may make it anew.\n")?;
        INPUTS.iter().try_for_each(|(name, bytes)| fs::write(dir.join("inputs").join(name), bytes))
    };
    make().map_err(|error| Failure::io(format!("{}: {error}", dir.display())))
}

/// A copy of the pack with one bit of one byte in its middle flipped.
fn flip(dir: &Path) -> Result<(), Failure> {
    let mut bytes = fs::read(dir.join("pack.affiant.zip")).map_err(Failure::io)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(dir.join("pack-flipped.affiant.zip"), bytes).map_err(Failure::io)
}

fn finish(demo: &Demo<'_>) {
    let dir = demo.dir.display();
    if demo.context.json {
        return output::json(&serde_json::json!({
            "ledger": format!("{dir}/ledger"), "pack": format!("{dir}/pack.affiant.zip"),
            "report": format!("{dir}/report.pdf"), "trust": format!("{dir}/trust.keys"),
        }));
    }
    demo.say("");
    output::line("Left to look at:");
    for (path, what) in [
        ("report.pdf", "the report"),
        ("pack.affiant.zip", "the pack it is in, with everything needed to verify it"),
        ("trust.keys", "the auditor's keys"),
        ("ledger", "the ledger"),
    ] {
        output::line(format!("  {:<28} {what}", format!("{dir}/{path}")));
    }
    output::line("Try next:");
    for words in [
        format!("affiant verify {dir}/pack.affiant.zip --trust {dir}/trust.keys"),
        format!("affiant status credit-scoring --gaps --ledger {dir}/ledger"),
        format!("affiant log show --last 10 --ledger {dir}/ledger"),
        format!("affiant log fsck --ledger {dir}/ledger"),
    ] {
        output::line(format!("  {words}"));
    }
}
