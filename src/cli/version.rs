//! `--version`, in the lines in which other tools look for Ansible's version.
use crate::config::Config;
use std::path::Path;

/// The ansible-core whose language this is.
pub const CORE: &str = "2.19.14";

/// `command` is the name it was called by.
pub fn text(command: &str, config: &Config) -> String {
    let file = config.file.as_ref().map_or("None".to_string(), |file| file.display().to_string());
    let join = |paths: &[std::path::PathBuf]| {
        paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
    };
    let executable = executable().unwrap_or_else(|| command.into());
    [
        format!("{command} [core {CORE}]"),
        format!("  config file = {file}"),
        format!("  ansible collection location = {}", join(&config.collections_path)),
        format!("  executable location = {executable}"),
        format!("  deploy version = {}", env!("CARGO_PKG_VERSION")),
    ]
    .join("\n")
}

/// As it was called: a link is named by its own path.
fn executable() -> Option<String> {
    let word = std::env::args().next()?;
    let path = Path::new(&word);
    if path.components().count() > 1 {
        return std::path::absolute(path).ok().map(|path| path.display().to_string());
    }
    let folders = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&folders).map(|folder| folder.join(path)).find(|path| path.is_file());
    found.map(|path| path.display().to_string())
}
