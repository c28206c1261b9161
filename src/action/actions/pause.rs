//! `pause`: waits for a time, or for somebody's word.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, result};
use crate::engine::message::{Outcome, Passed, Until};
use crate::playbook::model::{ActionTraits, ForAll};
use value::spec::{Args as _, Rule, Spec};
use value::{Map, Value};

value::args! {
    /// Waits for a time, or for an answer.
    pub struct Args {
        /// Minutes to wait.
        minutes: Option<f64>,
        /// Seconds to wait.
        seconds: Option<f64>,
        /// What to ask.
        prompt: Option<String>,
        /// Whether the answer is shown while it is typed.
        echo: bool { default("yes") },
    }
    rules: [Rule::MutuallyExclusive(&["minutes", "seconds"])]
}

pub struct Pause;

impl Action for Pause {
    fn modules(&self) -> &'static [&'static str] {
        &["pause"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { for_all: ForAll::Yes, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let args = instance.checked("pause")?;
        instance.alone()?;
        let surroundings = instance.world().surroundings;
        let number = |name: &str| args.get(name).and_then(Value::as_float);
        let seconds = number("seconds").or_else(|| number("minutes").map(|minutes| minutes * 60.0)).map(|s| s.max(0.0));
        let echo = args.get("echo") != Some(&Value::Bool(false));
        let asked_at = surroundings.now();
        let until = match (args.get("prompt"), seconds) {
            // Nobody's answer would end it earlier.
            (_, Some(seconds)) => Until::Seconds(seconds),
            (prompt, None) => {
                let words = prompt.map(Value::to_text);
                let default = "Press enter to continue, Ctrl+C to interrupt";
                let question = format!(
                    "[{}]\n{}:",
                    instance.task().name.as_ref().map_or("pause", |name| name.as_str()),
                    words.as_deref().unwrap_or(default)
                );
                Until::Answer { question, echo }
            }
        };
        let mut warnings = Vec::new();
        let input = match instance.asking.wait(until)? {
            Passed::Time => String::new(),
            Passed::Line(line) => line.clone(),
            Passed::Nobody => {
                warnings.push("Not waiting for response to prompt as stdin is not interactive".to_string());
                String::new()
            }
            Passed::Abort => return Err(Halt::refused("user requested abort!")),
        };
        let stop = surroundings.now();
        let start = seconds.map_or(asked_at, |seconds| stop - seconds);
        let mut fields = Map::new();
        fields.insert("start", moment(instance, start));
        fields.insert("stop", moment(instance, stop));
        fields.insert("delta", (stop - start) as i64);
        fields.insert("echo", echo);
        fields.insert("user_input", input);
        fields.insert("rc", 0);
        fields.insert("stderr", "");
        fields.insert("stdout", paused(stop - start, number("minutes").is_some()));
        let outcome = Outcome { warnings, ..result::ok(fields) };
        Ok(Step::Known(outcome, Vec::new()))
    }
}

/// As Python prints it.
fn moment(instance: &Instance, seconds: f64) -> String {
    let time = instance.world().surroundings.local_time(seconds);
    let (date, fraction) = (time.date, time.microsecond);
    let (year, month, day) = (date.year, date.month, date.day);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{fraction:06}", time.hour, time.minute, time.second)
}

fn paused(seconds: f64, in_minutes: bool) -> String {
    let (amount, unit) = if in_minutes { (seconds / 60.0, "minutes") } else { (seconds, "seconds") };
    format!("Paused for {} {unit}", Value::Float((amount * 100.0).round() / 100.0).to_text())
}
