//! What several formats have in common: controls named in words meant for this program, paths, versions.

use crate::control::ControlId;

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
