//! One question, one answer.
use super::begin::{self, Asking};
use super::{Context, Halt, judge};
use crate::engine::message::{About, Evaluated, Question};

/// What a task asks for, or what came of its call. The same question has the same answer, but for what only a question asked
/// alone may use.
pub fn evaluate(question: &Question, world: &Context) -> Evaluated {
    let answer = match &question.about {
        About::Begin => begin::begin(question, world).map(|begun| Evaluated::Begun(Box::new(begun))),
        About::Judge { begun, answers, attempt, item } => {
            let judged =
                Asking::new(question, world).and_then(|asking| judge::judge(&asking, begun, answers, *attempt, *item));
            judged.map(|judged| Evaluated::Judged(Box::new(judged)))
        }
        About::Collect { begun, outcomes } => Ok(Evaluated::Judged(Box::new(judge::collect(begun, outcomes)))),
    };
    match answer {
        Ok(evaluated) => evaluated,
        Err(Halt::Pending(call)) => Evaluated::Pending(call),
        Err(Halt::Fence) => Evaluated::Fence,
        // What failed is an outcome; `begin` and `judge` settle it where the task's flags are known.
        Err(halt) => match halt.settle() {
            Ok(outcome) => judge::settled(question, outcome, world.settings.no_log),
            Err(_) => Evaluated::Fence,
        },
    }
}
