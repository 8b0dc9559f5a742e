//! The tracked files of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every tracked file, or every file outside build folders where there is no git.
pub(super) fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let names = match listed {
        Ok(listed) if listed.status.success() => String::from_utf8(listed.stdout).unwrap(),
        _ => return walked(),
    };
    let paths = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    paths.filter(|path| root().join(path).is_file()).collect()
}

fn walked() -> Vec<PathBuf> {
    let files = crate::support::folder::files(root());
    let names = files.iter().map(|path| path.strip_prefix(root()).unwrap().to_owned());
    names
        .filter(|path| !path.starts_with("target") && !path.starts_with(".git") && !path.starts_with("demo"))
        .collect()
}

pub(super) fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust sources of the product: crates' `src` and `cli`.
pub(super) fn sources() -> Vec<PathBuf> {
    let is_source = |path: &PathBuf| {
        let parts: Vec<_> =
            path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        path.extension().is_some_and(|ending| ending == "rs")
            && (parts[0] == "cli" || parts.get(1).is_some_and(|part| part == "src"))
    };
    tracked().into_iter().filter(is_source).collect()
}
