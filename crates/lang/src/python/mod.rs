//! What Python's own library does, where Ansible's filters show it: random numbers by seed, regular expressions, JSON, paths,
//! dates, wrapped text. Pure functions over Rust's own types; the filters put Ansible's arguments and errors around them.
pub mod hash;
pub mod json;
pub mod path;
pub mod random;
pub mod regex;
pub mod sort;
pub mod text;
pub mod time;
pub mod url;
