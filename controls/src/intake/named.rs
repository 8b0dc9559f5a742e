//! What several formats have in common: controls named in words meant for this program, paths, versions.

use crate::control::{ControlId, Severity};
use crate::measure::{Decimal, Direction};
use serde::{Deserialize, Deserializer, de};

/// The property or metadata key under which a report may name controls.
pub(super) const CONTROL: &str = "affiant.control";
/// Most controls one row may name.
const CONTROLS_MAX: usize = 20;

/// The controls in a text, between commas or spaces.
pub(super) fn controls(text: &str) -> Result<Vec<ControlId>, String> {
    let words = text.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty());
    let found: Vec<ControlId> = words
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|error: crate::control::ControlIdError| error.to_string())?;
    match found.len() {
        0 => Err("no control is named".to_owned()),
        count if count > CONTROLS_MAX => {
            Err(format!("{count} controls are named, the limit is {CONTROLS_MAX}"))
        }
        _ => Ok(found),
    }
}

/// Controls named in JSON: a text, or a list of texts.
#[derive(Debug, Default, Clone)]
pub(super) struct Named(pub(super) Vec<ControlId>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a control, or a list of controls")]
        enum Either {
            One(String),
            Many(Vec<String>),
        }
        let text = match Either::deserialize(deserializer)? {
            Either::One(text) => text,
            Either::Many(texts) => texts.join(","),
        };
        controls(&text).map(Self).map_err(de::Error::custom)
    }
}

/// Metadata of a test, as far as it is meant for this program.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Metadata {
    /// The controls it speaks about.
    #[serde(default, rename = "affiant.control")]
    pub(super) controls: Option<Named>,
    /// How much it weighs.
    #[serde(default)]
    pub(super) severity: Option<serde_json::Value>,
    /// The red-team plug-in that made it (promptfoo).
    #[serde(default, rename = "pluginId")]
    pub(super) plugin: Option<String>,
}

impl Metadata {
    pub(super) fn severity(&self) -> Option<Severity> {
        severity(self.severity.as_ref()?.as_str()?)
    }
}

/// The usual words for how much something weighs, in any case.
pub(super) fn severity(word: &str) -> Option<Severity> {
    match word.to_ascii_lowercase().as_str() {
        "critical" => Some(Severity::Critical),
        "high" => Some(Severity::High),
        "medium" | "moderate" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        "info" | "informational" | "none" => Some(Severity::Info),
        _ => None,
    }
}

/// Whether a value lies on the right side of its limit.
pub(super) fn holds(value: &Decimal, direction: Direction, threshold: &Decimal) -> bool {
    let order = super::figure::compare(value, threshold);
    match direction {
        Direction::AtLeast => order.is_ge(),
        Direction::AtMost => order.is_le(),
    }
}

/// A path as far as it says nothing of the machine it was found on: as it is when it is relative, its last segment when
/// it is not.
pub(super) fn relative(path: &str) -> &str {
    let drive = path.as_bytes().get(1) == Some(&b':');
    let outside = path.starts_with(['/', '\\', '~']) || path.contains("..") || path.contains("://") || drive;
    if outside { path.rsplit(['/', '\\']).next().unwrap_or_default() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_named_between_commas_or_spaces() {
        let named = controls("AFF-THR-01, AFF-THR-02 AFF-EXP-01").unwrap();
        assert_eq!(
            named.iter().map(ControlId::as_str).collect::<Vec<_>>(),
            ["AFF-THR-01", "AFF-THR-02", "AFF-EXP-01"]
        );
        assert_eq!(controls(" , "), Err("no control is named".to_owned()));
        assert!(controls("AFF-THR-01;x").unwrap_err().contains("AFF-THR-01;x"));
        assert!(controls(&"A ".repeat(21)).is_err());
    }

    #[test]
    fn a_path_says_nothing_of_its_machine() {
        for (path, kept) in [
            ("app/agent.py", "app/agent.py"),
            ("/build/demo/app/agent.py", "agent.py"),
            ("C:\\Users\\me\\agent.py", "agent.py"),
            ("../../me/agent.py", "agent.py"),
            ("~me/agent.py", "agent.py"),
            ("file:///a/agent.py", "agent.py"),
        ] {
            assert_eq!(relative(path), kept);
        }
    }
}
