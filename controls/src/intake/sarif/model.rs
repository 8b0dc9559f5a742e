//! The parts of SARIF 2.1.0 that are read. Everything else is passed over: the strict pass has seen it.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

#[derive(Deserialize)]
pub(super) struct Report {
    pub(super) version: String,
    pub(super) runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) tool: Tool,
    #[serde(default)]
    pub(super) invocations: Vec<Invocation>,
    /// Absent where the run did not try to find anything (section 3.14.23).
    #[serde(default)]
    pub(super) results: Option<Vec<Finding>>,
    #[serde(default)]
    pub(super) artifacts: Vec<Artifact>,
    #[serde(default)]
    pub(super) version_control_provenance: Vec<Provenance>,
}

#[derive(Deserialize)]
pub(super) struct Tool {
    pub(super) driver: Component,
    #[serde(default)]
    pub(super) extensions: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) semantic_version: Option<String>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: String,
    #[serde(default)]
    pub(super) default_configuration: Option<Configuration>,
    #[serde(default)]
    pub(super) short_description: Option<Message>,
    #[serde(default)]
    pub(super) message_strings: BTreeMap<String, Message>,
}

#[derive(Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    pub(super) level: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    #[serde(default)]
    pub(super) execution_successful: Option<bool>,
    #[serde(default)]
    pub(super) start_time_utc: Option<String>,
    #[serde(default)]
    pub(super) end_time_utc: Option<String>,
    #[serde(default)]
    pub(super) tool_execution_notifications: Vec<Notification>,
    #[serde(default)]
    pub(super) tool_configuration_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
pub(super) struct Notification {
    #[serde(default)]
    pub(super) level: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Artifact {
    #[serde(default)]
    pub(super) location: Option<ArtifactLocation>,
}

#[derive(Deserialize)]
pub(super) struct ArtifactLocation {
    #[serde(default)]
    pub(super) uri: Option<String>,
    #[serde(default)]
    pub(super) index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provenance {
    pub(super) repository_uri: String,
}

/// A SARIF `result`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    #[serde(default)]
    pub(super) rule_id: Option<String>,
    #[serde(default)]
    pub(super) rule_index: Option<i64>,
    #[serde(default)]
    pub(super) rule: Option<RuleReference>,
    #[serde(default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) level: Option<String>,
    #[serde(default)]
    pub(super) message: Message,
    #[serde(default)]
    pub(super) locations: Vec<Location>,
    #[serde(default)]
    pub(super) suppressions: Vec<Suppression>,
    #[serde(default)]
    pub(super) baseline_state: Option<String>,
    #[serde(default)]
    pub(super) partial_fingerprints: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct RuleReference {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(default)]
    pub(super) physical_location: Option<PhysicalLocation>,
    #[serde(default)]
    pub(super) logical_locations: Vec<LogicalLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    #[serde(default)]
    pub(super) artifact_location: Option<ArtifactLocation>,
    #[serde(default)]
    pub(super) region: Option<Region>,
    #[serde(default)]
    pub(super) context_region: Option<Region>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation {
    #[serde(default)]
    pub(super) fully_qualified_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    #[serde(default)]
    pub(super) start_line: Option<u64>,
    #[serde(default)]
    pub(super) snippet: Option<Message>,
}

#[derive(Deserialize)]
pub(super) struct Suppression {
    #[serde(default)]
    pub(super) status: Option<String>,
}

/// A run, and its rules by id.
pub(super) struct Described<'a> {
    pub(super) run: &'a Run,
    rules: HashMap<&'a str, &'a Rule>,
}

impl<'a> Described<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        // Of rules of one id the first counts.
        let mut rules = HashMap::new();
        for rule in run.rules() {
            rules.entry(rule.id.as_str()).or_insert(rule);
        }
        Self { run, rules }
    }

    /// The rule a finding refers to, in the driver or an extension, by id or by index into the driver.
    pub(super) fn rule_of(&self, finding: &Finding) -> Option<&'a Rule> {
        match finding.id() {
            Some(id) => self.rules.get(id).copied(),
            None => {
                let index = finding.rule_index.or(finding.rule.as_ref().and_then(|rule| rule.index))?;
                self.run.tool.driver.rules.get(usize::try_from(index).ok()?)
            }
        }
    }
}

impl Run {
    /// Every rule the report lists.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let extensions = self.tool.extensions.iter().flat_map(|extension| &extension.rules);
        self.tool.driver.rules.iter().chain(extensions)
    }

    /// Whether the run says of itself that it broke.
    pub(super) fn is_broken(&self) -> bool {
        self.invocations.iter().any(|invocation| {
            let notes = invocation.tool_execution_notifications.iter();
            let mut notes = notes.chain(&invocation.tool_configuration_notifications);
            invocation.execution_successful == Some(false)
                || notes.any(|n| n.level.as_deref() == Some("error"))
        })
    }

    /// The path a location names, by itself or by an index into the run's artifacts.
    pub(super) fn uri<'a>(&'a self, location: &'a ArtifactLocation) -> Option<&'a str> {
        let by_index = || {
            let index = usize::try_from(location.index?).ok()?;
            self.artifacts.get(index)?.location.as_ref()?.uri.as_deref()
        };
        location.uri.as_deref().or_else(by_index)
    }
}

impl Finding {
    /// The rule id it names.
    pub(super) fn id(&self) -> Option<&str> {
        self.rule_id.as_deref().or_else(|| self.rule.as_ref()?.id.as_deref())
    }

    /// Its first physical location.
    pub(super) fn place(&self) -> Option<&PhysicalLocation> {
        self.locations.first()?.physical_location.as_ref()
    }

    /// The code its region quotes.
    pub(super) fn snippet(&self) -> Option<&str> {
        self.place()?.region.as_ref()?.snippet.as_ref()?.text.as_deref()
    }

    /// Every piece of code it quotes, anywhere.
    pub(super) fn snippets(&self) -> impl Iterator<Item = &str> {
        let places = self.locations.iter().filter_map(|location| location.physical_location.as_ref());
        let regions = places.flat_map(|place| [place.region.as_ref(), place.context_region.as_ref()]);
        regions.flatten().filter_map(|region| region.snippet.as_ref()?.text.as_deref())
    }

    /// Whether the tool was told to keep quiet about it; a rejected suppression does not count.
    pub(super) fn is_suppressed(&self) -> bool {
        self.suppressions.iter().any(|suppression| suppression.status.as_deref() != Some("rejected"))
    }
}
