//! Plays as `--list-hosts`, `--list-tasks` and `--list-tags` show them: opened, and not run.
use super::Playbooks;
use super::open::Opening;
use crate::playbook::model::{Play, Task};
use crate::playbook::tags;
use std::collections::BTreeSet;
use std::sync::Arc;
use value::Diagnostic;

pub struct Listed {
    pub name: String,
    pub patterns: Vec<String>,
    pub hosts: Vec<String>,
    /// With the tasks that `--tags` and `--skip-tags` leave.
    pub play: Arc<Play>,
    pub tags: BTreeSet<String>,
}

impl Playbooks {
    pub fn list(&self, play: u32) -> Result<Listed, Diagnostic> {
        let missing = || Diagnostic::error("play", format!("there is no play number {play}"));
        let planned = self.plays.get(play as usize).ok_or_else(missing)?;
        let (vars, scope) = self.play_vars(planned)?;
        let opening = Opening { scope: &scope };
        let hosts = self.hosts(&vars.play, &opening)?;
        let inventory = self.variables.inventory();
        let tags = vars.play.frame.chain().flat_map(|frame| &frame.keywords.tags);
        Ok(Listed {
            name: vars.name.clone(),
            patterns: opening.patterns(&vars.play)?,
            hosts: hosts.into_iter().map(|host| inventory.host_name(host).to_string()).collect(),
            tags: tags.flat_map(|tag| super::open::words(tag, &scope)).collect(),
            play: vars.play.clone(),
        })
    }

    /// All tags of a task of the play, as words.
    pub fn tags_of(&self, task: &Arc<Task>, play: u32) -> BTreeSet<String> {
        let opened = self.opened(play);
        let scope = opened.and_then(|vars| self.scope_of_play(&vars, Some(task)).ok());
        let Some(scope) = scope else { return BTreeSet::new() };
        tags::tags(task, &|tag| super::open::words(tag, &scope)).into_iter().collect()
    }
}
