//! What the words mean: YAML, templates, vault. Knows nothing of hosts, SSH or files.
//!
//! `template` is Jinja as ansible-core speaks it.
pub mod crypt;
pub mod jmespath;
pub mod network;
pub mod python;
pub mod template;
pub mod vault;
pub mod version;
pub mod yaml;
