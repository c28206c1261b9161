//! Events become what people and programs read. The engine never prints; renderers do, through one screen that hides secrets.
mod adhoc;
mod diagnostic;
mod diff;
mod human;
mod json;
mod live;
mod log_file;
mod ping;
mod plan;
mod result;
mod screen;
mod secrets;
mod stats;

pub use adhoc::AdHoc;
pub use diagnostic::render as render_diagnostic;
pub use human::{Human, Shown};
pub use json::JsonLines;
pub use live::Live;
pub use ping::Ping;
pub use plan::Plan;
pub use screen::{Color, Screen};
pub use secrets::Secrets;

use crate::engine::message::{Event, HostId};
use value::SourceMap;

/// What renderers need to know besides the event.
pub struct Names<'r> {
    pub host: &'r dyn Fn(HostId) -> String,
    pub sources: &'r SourceMap,
}

pub trait Renderer {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen);
}
