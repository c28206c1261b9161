//! The program. What it does is in the library; here is only its exit code.
fn main() {}
