//! The words of `affiant except`, `attest`, `plan` and `incident`, and of decisions and events under `register`.

use super::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExceptArguments {
    #[command(subcommand)]
    pub(crate) verb: ExceptVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExceptVerb {
    /// Accept a gap in a control, for a reason and until a day
    #[command(after_help = "\
Example:
  affiant except grant AFF-EXP-11 --system credit-scoring --asset scoring-model --until 2027-01-31 \\
      --reason 'vendor fix due in January' --approver 'Head of Risk' --requested-by 'Data team'

An exception never makes a control held: it is shown beside every conclusion it touches, and ends by itself, after a year
at the latest. Who asks for it does not approve it.")]
    Grant(ExceptionArguments),
    /// Approve an exception that needs another person by the policy it stands under
    #[command(after_help = "\
Example:
  affiant except approve exc-7 --system credit-scoring --by 'Chief Risk Officer'

The approval is of the exception as it stands now: granted again with other words, assets or dates, it needs another one.")]
    Approve {
        /// Id of the exception
        id: String,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
        /// Who approves; neither who asked for it nor who approved it before
        #[arg(long, value_name = "WHO")]
        by: String,
    },
    /// Take an exception back before it ends
    Revoke {
        /// Id of the exception
        id: String,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who takes it back
        #[arg(long, value_name = "WHO")]
        by: String,
    },
    /// List the exceptions of a system
    List {
        /// The AI system
        system: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExceptionArguments {
    /// The control
    pub(crate) control: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// The asset; may be repeated [default: every asset of the control]
    #[arg(long = "asset", value_name = "ID")]
    pub(crate) assets: Vec<String>,
    /// When it ends
    #[arg(long, value_name = "TIME")]
    pub(crate) until: String,
    /// Why the gap is accepted
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who accepts it
    #[arg(long, value_name = "WHO")]
    pub(crate) approver: String,
    /// Who asks for it
    #[arg(long, value_name = "WHO")]
    pub(crate) requested_by: Option<String>,
    /// What is done meanwhile in place of the control
    #[arg(long, value_name = "TEXT")]
    pub(crate) compensating: Option<String>,
    /// Its id; one that is there is replaced [default: made of its content]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant attest art-9-10 --system credit-scoring --by 'General Counsel' --summary 'part of our procedures' \\
      --file memo.pdf --valid-until 2027-11-30
  affiant attest AFF-MGT-01 --system credit-scoring --by 'Head of Risk' --summary 'policy approved' --file policy.pdf

For a requirement without a control the attestation is what settles it. For a control it is a result like any other,
found by examining the document; --asset says what it speaks about.")]
pub(crate) struct AttestArguments {
    /// Id or citation of a requirement without a control, or id of a control
    pub(crate) target: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// Who attests
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// What is attested, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) summary: String,
    /// The document, kept beside the log; may be repeated
    #[arg(long = "file", value_name = "FILE", required_unless_present = "withdraw")]
    pub(crate) files: Vec<PathBuf>,
    /// Until when it speaks [default: a year; for a control its freshness]
    #[arg(long, value_name = "TIME")]
    pub(crate) valid_until: Option<String>,
    /// When it was signed or decided [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// For a control: the asset
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// Take a former attestation of the requirement back
    #[arg(long)]
    pub(crate) withdraw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(subcommand)]
    pub(crate) verb: PlanVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlanVerb {
    /// Promise runs of a control: one in each window
    #[command(after_help = "\
Example:
  affiant plan add AFF-EXP-11 --system credit-scoring --asset scoring-model --every P7D --owner 'Data team'

What was promised beforehand and did not happen is listed as missed: silence is evidence too.")]
    Add(PlanAddArguments),
    /// End a plan; what it promised until now stays
    End {
        /// Id of the plan
        id: String,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
    },
    /// The run calendar: windows kept, failed, late, missed and open
    List {
        /// The AI system
        system: String,
        /// From when on [default: 90 days ago]
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PlanAddArguments {
    /// The control
    pub(crate) control: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// Length of a window, such as P7D or P1M
    #[arg(long, value_name = "PERIOD")]
    pub(crate) every: String,
    /// The asset [default: whatever the results are about]
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// Begin of the first window [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// End of the promise [default: open]
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Who answers for the runs
    #[arg(long, value_name = "WHO")]
    pub(crate) owner: Option<String>,
    /// The collector that runs it [default: any]
    #[arg(long, value_name = "NAME")]
    pub(crate) collector: Option<String>,
    /// Its id; one that is there is replaced [default: made of its content]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct IncidentArguments {
    #[command(subcommand)]
    pub(crate) verb: IncidentVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentVerb {
    /// Record an incident; from when the organisation became aware, the clocks of the law run
    #[command(after_help = "\
Example:
  affiant incident open inc-2026-3 --system credit-scoring --aware-at 2026-11-20T09:30:00Z --kind serious \\
      --summary 'refusals by a wrong threshold'

Kinds: serious (Art. 3(49) of the AI Act), death, widespread, critical-infrastructure; none for one that is not serious.")]
    Open {
        /// Its id
        id: String,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
        /// What happened, in a sentence
        #[arg(long, value_name = "TEXT")]
        summary: String,
        /// When the organisation became aware
        #[arg(long, value_name = "TIME")]
        aware_at: String,
        /// When it happened
        #[arg(long, value_name = "TIME")]
        occurred_at: Option<String>,
        /// What makes it serious; may be repeated
        #[arg(long = "kind", value_name = "KIND")]
        kinds: Vec<String>,
        /// An asset concerned; may be repeated
        #[arg(long = "asset", value_name = "ID")]
        assets: Vec<String>,
    },
    /// Record what was done about an incident
    #[command(after_help = "\
Example:
  affiant incident update inc-2026-3 --system credit-scoring --reported-at 2026-11-24 --to market-surveillance-authority

A report answers the clocks of those it went to. One without --to is taken to have gone to all.")]
    Update(IncidentUpdateArguments),
    /// Link a test that was added because of an incident; `show` tells whether it has run since, and held
    #[command(after_help = "\
Example:
  affiant incident test inc-2026-3 --system credit-scoring --control AFF-THR-01 --asset scoring-model \\
      --collector garak --rule garak:dan.Dan_11_0

A run counts when it was observed after the incident was contained, or, while it is not, after it became known.")]
    Test(IncidentTestArguments),
    /// Show an incident: how long each stage took, its clocks, and what became of the tests
    Show {
        /// Its id
        id: String,
        /// The AI system [default: whichever has it]
        #[arg(long, value_name = "ID")]
        system: Option<String>,
    },
    /// List the incidents of a system with their clocks
    List {
        /// The AI system
        system: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct IncidentUpdateArguments {
    /// Its id
    pub(crate) id: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// When someone took it on
    #[arg(long, value_name = "TIME")]
    pub(crate) acknowledged_at: Option<String>,
    /// When it could do no further harm
    #[arg(long, value_name = "TIME")]
    pub(crate) contained_at: Option<String>,
    /// When the initial report went out: to those named by --to, else to all who are to receive one
    #[arg(long, value_name = "TIME")]
    pub(crate) reported_at: Option<String>,
    /// Whom that report went to, such as market-surveillance-authority, ai-office or provider; may be repeated
    #[arg(long = "to", value_name = "RECIPIENT", requires = "reported_at")]
    pub(crate) recipients: Vec<String>,
    /// When the complete report went to the authority
    #[arg(long, value_name = "TIME")]
    pub(crate) completed_at: Option<String>,
    /// When it was dealt with
    #[arg(long, value_name = "TIME")]
    pub(crate) closed_at: Option<String>,
    /// What else makes it serious; may be repeated
    #[arg(long = "kind", value_name = "KIND")]
    pub(crate) kinds: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct IncidentTestArguments {
    /// Its id
    pub(crate) id: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// The control that the test is about
    #[arg(long, value_name = "CONTROL")]
    pub(crate) control: String,
    /// The asset tested [default: any]
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// The collector that runs it [default: any]
    #[arg(long, value_name = "NAME")]
    pub(crate) collector: Option<String>,
    /// The native rule with its tool, such as garak:dan.Dan_11_0 [default: the whole run]
    #[arg(long, value_name = "RULE")]
    pub(crate) rule: Option<String>,
    /// Take the link away again
    #[arg(long)]
    pub(crate) unlink: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DecisionArguments {
    /// Id or citation of a requirement, or id of a control
    pub(crate) target: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// It applies
    #[arg(long, required_unless_present = "does_not_apply", conflicts_with = "does_not_apply")]
    pub(crate) applies: bool,
    /// It does not apply
    #[arg(long)]
    pub(crate) does_not_apply: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who decided
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// What asks for it: risk-assessment, law, contract, policy or good-practice; may be repeated
    #[arg(long = "driver", value_name = "DRIVER")]
    pub(crate) drivers: Vec<String>,
    /// Who answers for carrying it out
    #[arg(long, value_name = "WHO")]
    pub(crate) owner: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EventArguments {
    /// What happened: release, model-change, incident, substantial-modification, ...
    pub(crate) kind: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// The asset it happened to [default: the whole system]
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// In a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) summary: String,
    /// When [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// When what it calls for was done, where it starts a clock
    #[arg(long, value_name = "TIME")]
    pub(crate) done_at: Option<String>,
}
