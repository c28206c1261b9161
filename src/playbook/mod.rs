//! What is meant: playbooks, roles and task files as typed plays and tasks, every keyword with its place.
pub mod model;
