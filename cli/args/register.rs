//! The words of `affiant register`.

use super::{Args, DecisionArguments, EventArguments, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct RegisterArguments {
    #[command(subcommand)]
    pub(crate) verb: RegisterVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegisterVerb {
    /// Register an AI system: the owner of a stream of evidence
    #[command(after_help = "\
Example:
  affiant register system credit-scoring --name 'Credit scoring' --owner 'Head of Retail Credit' \\
      --role provider --risk-class high-risk --route annex-iii --fact annex_iii=5.b \\
      --basis 'Annex III point 5(b): creditworthiness of natural persons'

Registering again replaces what was said before; both stay on the ledger. A classification is a claim with an author.")]
    System(SystemArguments),
    /// Register an asset of a system: a model, a dataset, a pipeline, ...
    #[command(after_help = "\
Example:
  affiant register asset scoring-model --system credit-scoring --kind model --name 'Scoring model' --asset-version 3.2.0 \\
      --relation trained-on=training-data

Relations: calls, derived-from, evaluated-on, part-of, protects, runs-on, serves, supplied-by, trained-on, uses; each to an
asset of the system. Registering again replaces what was said before, relations too.")]
    Asset(AssetArguments),
    /// Register the models and data sets of a bill of materials: CycloneDX 1.6 and 1.7, SPDX 2.3 and 3.0, in JSON
    #[command(after_help = "\
Examples:
  affiant register bom ml-bom.json --system credit-scoring --dry-run
  affiant register bom ml-bom.json --system credit-scoring

What is unchanged is not recorded again. What the file does not say is kept: owner, purpose, location, other relations.
Another version or digest records the events that this is, as `register asset` does.")]
    Bom(BomArguments),
    /// Take an asset out of use: controls no longer apply to it
    Retire {
        /// Id of the asset
        asset: String,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List the assets of a system
    List {
        /// The AI system
        system: String,
    },
    /// Hold the register against an inventory of what is there: CSV, JSON or a bill of materials
    #[command(after_help = "\
Examples:
  affiant register reconcile inventory.csv --system credit-scoring
  affiant register reconcile inventory.csv --system credit-scoring --record --observed 2026-11-20

The header of a CSV file is id,kind,version,digest; JSON is a list of objects with these fields. With --record the outcome
is a result of AFF-VIS-01, or of another control whose own test compares two lists.

Exit codes: 0 register and inventory agree; 1 they differ; 4 the inventory is empty, which shows nothing.")]
    Reconcile(ReconcileArguments),
    /// Record who decided that a requirement or control does or does not apply: the Statement of Applicability
    #[command(after_help = "\
Examples:
  affiant register decision A.10.4 --system credit-scoring --does-not-apply --reason 'no customers are served' --by 'Head of Risk'
  affiant register decision A.6.2.8 --system credit-scoring --applies --driver law --reason 'Art. 12' --by 'Head of Risk' \\
      --owner Operations

What follows from the facts stated is shown beside a decision. A decision on a control hides no failure of it.")]
    Decision(DecisionArguments),
    /// Record that something happened after which earlier evidence no longer counts, or that starts a clock of the law
    #[command(after_help = "\
Example:
  affiant register event release --system credit-scoring --asset scoring-model --summary 'version 4.2 in production'

Registering an asset again with another version or digest records such events by itself.")]
    Event(EventArguments),
    /// Register a system and its assets from a YAML or JSON file
    #[command(after_help = "\
Example file:
  system:
    id: credit-scoring
    name: Credit scoring
    roles: [provider]
    risk_classes: [high-risk]
    routes: [annex-iii]
    facts: {annex_iii: [5.b]}
  assets:
  - {id: scoring-model, kind: model, name: Scoring model}")]
    File {
        /// The file; `-` is stdin
        file: PathBuf,
        /// The system of assets whose file names none
        #[arg(long, value_name = "ID")]
        system: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SystemArguments {
    /// Id of the system
    pub(crate) id: String,
    /// Its name
    #[arg(long)]
    pub(crate) name: String,
    /// What it is for
    #[arg(long)]
    pub(crate) purpose: Option<String>,
    /// Who answers for it
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// Role under the AI Act, such as provider or deployer; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Risk class, such as high-risk, transparency or gpai; may be repeated
    #[arg(long = "risk-class", value_name = "CLASS")]
    pub(crate) risk_classes: Vec<String>,
    /// Route to high risk: annex-iii or annex-i; may be repeated
    #[arg(long = "route", value_name = "ROUTE")]
    pub(crate) routes: Vec<String>,
    /// Date of placing on the market or putting into service
    #[arg(long, value_name = "DATE")]
    pub(crate) placed_on_market: Option<String>,
    /// Another fact that applicability depends on, such as annex_iii=5.b; may be repeated
    #[arg(long = "fact", value_name = "KEY=VALUE")]
    pub(crate) facts: Vec<String>,
    /// Who classified it
    #[arg(long, value_name = "WHO")]
    pub(crate) classified_by: Option<String>,
    /// Why it is classified so
    #[arg(long, value_name = "TEXT")]
    pub(crate) basis: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AssetArguments {
    /// Id of the asset
    pub(crate) id: String,
    /// The system it belongs to
    #[arg(long)]
    pub(crate) system: String,
    /// Kind: model, dataset, pipeline, gateway, agent, ...
    #[arg(long)]
    pub(crate) kind: String,
    /// Its name
    #[arg(long)]
    pub(crate) name: String,
    /// Its version
    #[arg(long)]
    pub(crate) asset_version: Option<String>,
    /// SHA-256 of its content
    #[arg(long, value_name = "HEX")]
    pub(crate) digest: Option<String>,
    /// Who answers for it
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// What it is for
    #[arg(long)]
    pub(crate) purpose: Option<String>,
    /// Where it is
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// How it stands to another asset of the system, such as trained-on=training-data; may be repeated
    #[arg(long = "relation", value_name = "KIND=ASSET")]
    pub(crate) relations: Vec<String>,
    /// It is out of use
    #[arg(long)]
    pub(crate) retired: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BomArguments {
    /// The bill of materials; `-` is stdin
    pub(crate) file: PathBuf,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// Show what would be registered, and record nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReconcileArguments {
    /// The inventory; `-` is stdin
    pub(crate) snapshot: PathBuf,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// Record the outcome as a control result, and keep the inventory as its evidence
    #[arg(long)]
    pub(crate) record: bool,
    /// The control
    #[arg(long, value_name = "ID", requires = "record", default_value = "AFF-VIS-01")]
    pub(crate) control: String,
    /// When the inventory was taken [default: now]
    #[arg(long, value_name = "TIME", requires = "record")]
    pub(crate) observed: Option<String>,
}
