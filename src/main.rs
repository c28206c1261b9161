//! The command line.
pub mod playbook;

fn main() {}
