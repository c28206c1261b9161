//! What data is; used on the controller and on the hosts. No IO, no parser.
