//! The command line: one file per command.
mod options;
