//! `uri`: a body that lies in a file of the controller.
use super::super::instance::{Action, Call, Instance, Step};
use super::super::{Halt, search};
use super::transfer;
use value::Value;

pub struct Uri;

impl Action for Uri {
    fn modules(&self) -> &'static [&'static str] {
        &["uri"]
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut args = instance.checked("uri")?;
        let remote = args.get("remote_src") == Some(&Value::Bool(true));
        if let Some(src) = args.get("src").filter(|_| !remote).map(Value::to_text) {
            args.remove("src");
            let place = instance.raw.get("src").and_then(Value::origin);
            let path = search::find(instance.asking, "files", &src, place)?;
            args.insert("body", transfer::file(instance, &path, true)?);
            args.insert("body_format", "raw");
        }
        Ok(Step::Call(Call::new("uri", args)))
    }
}
