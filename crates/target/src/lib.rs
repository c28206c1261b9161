//! What runs on a host: links `value`, never a template engine, YAML, tokio or a database client.
pub mod protocol;
