//! `include_tasks` and `include_role`: which file or role, decided when a host comes there.
use super::super::instance::{Action, Instance, Step};
use super::super::search;
use super::super::{Halt, arguments};
use crate::engine::message::IncludeTarget;
use crate::playbook::model::ActionTraits;
use value::spec::{Args as _, Spec};
use value::{Map, Value};

pub struct IncludeTasks;

impl Action for IncludeTasks {
    fn modules(&self) -> &'static [&'static str] {
        &["include_tasks", "include"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut raw = instance.raw.clone();
        // Keywords for the included tasks: evaluated there.
        raw.remove("apply");
        let mut given = arguments::evaluate(&raw, instance.task(), instance.names)?;
        let Some(file) = given.remove("_raw_params").or_else(|| given.remove("file")) else {
            return Err(Halt::refused("No file specified for ansible.builtin.include_tasks"));
        };
        let file = file.to_text();
        // What stands before it may make the file.
        instance.asking.may_read()?;
        let places = search::of(instance.asking).places_of_tasks(instance.world().files, &file);
        let found = places.iter().find(|path| instance.world().files.is_file(path)).or(places.first());
        let path = found.map_or_else(|| file.clone(), |path| path.display().to_string());
        let registered = registered(instance, given, Some(file));
        Ok(Step::Include(IncludeTarget::Tasks { path }, registered))
    }
}

/// What is registered: the file as it was named, and the other arguments.
fn registered(instance: &Instance, mut args: Map, file: Option<String>) -> Map {
    args.extend(instance.raw.get("apply").map(|apply| ("apply", apply.clone())));
    let include = file.map(|file| ("include", Value::from(file)));
    include.into_iter().chain([("include_args", Value::from(args)), ("changed", Value::Bool(false))]).collect()
}

value::args! {
    /// Runs a role, chosen while the play runs.
    pub struct Args {
        /// The role's name.
        name: String { required, aliases(&["role"]) },
        /// The file of its tasks.
        tasks_from: String { default("main") },
        /// The file of its variables.
        vars_from: Option<String>,
        /// The file of its defaults.
        defaults_from: Option<String>,
        /// The file of its handlers.
        handlers_from: Option<String>,
        /// Keywords for the role's tasks.
        apply: Option<Map>,
        /// Whether the play sees the role's variables afterwards.
        public: bool { default("no") },
        /// Whether it runs again where it ran before.
        allow_duplicates: bool { default("yes") },
        /// Whether the role's argument specification is checked.
        rolespec_validate: bool { default("yes") },
    }
}

pub struct IncludeRole;

impl Action for IncludeRole {
    fn modules(&self) -> &'static [&'static str] {
        &["include_role"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, brings_role: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut raw = instance.raw.clone();
        raw.remove("apply");
        let given = arguments::evaluate(&raw, instance.task(), instance.names)?;
        if !given.contains("name") && !given.contains("role") {
            return Err(Halt::refused("'name' is a required field for ansible.builtin.include_role."));
        }
        instance.asking.may_read()?;
        let args = arguments::check_with(&Args::SPEC, "include_role", instance.task(), &given)?;
        let text = |name: &str| args.get(name).map(|value| value.to_text());
        let truth = |name: &str| args.get(name) == Some(&Value::Bool(true));
        let target = IncludeTarget::Role {
            name: text("name").unwrap_or_default(),
            tasks_from: text("tasks_from").unwrap_or_else(|| "main".into()),
            vars_from: text("vars_from"),
            defaults_from: text("defaults_from"),
            handlers_from: text("handlers_from"),
            public: given.contains("public").then(|| truth("public")),
            allow_duplicates: truth("allow_duplicates"),
        };
        Ok(Step::Include(target, registered(instance, given, None)))
    }
}
