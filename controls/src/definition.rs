//! Definitions of systems and assets as people write them, in JSON or YAML.

/// Reads a value from YAML; the error says line and column.
#[cfg(feature = "yaml")]
pub(crate) fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}
