//! What the words mean: YAML, templates, vault. Knows nothing of hosts, SSH or files.
pub mod vault;
pub mod yaml;
