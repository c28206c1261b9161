//! As whom a task works: variables stand over keywords, and these over the command line.
use super::begin::Asking;
use super::connection::{secret, text, variable, words};
use super::names::Names;
use super::{Halt, keyword};
use target::protocol::Identity;
use value::spec::to_bool;

/// None: as the user who logged in.
pub fn identity(asking: &Asking, names: &Names) -> Result<Option<Identity>, Halt> {
    let (task, settings) = (asking.task(), asking.world.settings);
    let said = match variable(names, &["ansible_become"])? {
        Some(said) => {
            let refused = |why: value::spec::Refusal| Halt::refused(format!("'ansible_become': {}", why.0));
            Some(to_bool(&said).map_err(refused)?)
        }
        None => keyword::truth(names, "become", keyword::levels(task, |keywords| keywords.r#become.as_ref()))?,
    };
    if !said.unwrap_or(settings.r#become) {
        return Ok(None);
    }
    let method = match text(names, &["ansible_become_method"])? {
        Some(method) => Some(method),
        None => {
            keyword::text(names, "become_method", keyword::levels(task, |keywords| keywords.become_method.as_ref()))?
        }
    };
    let method = method.unwrap_or_else(|| settings.become_method.clone());
    let method = method.rsplit('.').next().unwrap_or("sudo").to_string();
    if !METHODS.contains(&method.as_str()) {
        let near = value::spec::nearest(&method, METHODS).map(|near| format!("did you mean `{near}`?"));
        let halt = Halt::refused(format!("the become method '{method}' is not there"));
        return Err(halt.help(near.unwrap_or_else(|| format!("there are {}", METHODS.join(", ")))));
    }
    described(asking, names, method).map(Some)
}

/// How somebody else can be become.
pub const METHODS: [&str; 5] = ["sudo", "su", "doas", "runuser", "pfexec"];

fn described(asking: &Asking, names: &Names, method: String) -> Result<Identity, Halt> {
    let (task, settings) = (asking.task(), asking.world.settings);
    let own = |what: &str| format!("ansible_{method}_{what}");
    let user = match text(names, &["ansible_become_user", &own("user")])? {
        Some(user) => Some(user),
        None => keyword::text(names, "become_user", keyword::levels(task, |keywords| keywords.become_user.as_ref()))?,
    };
    let exe = match text(names, &["ansible_become_exe", &own("exe")])? {
        Some(exe) => Some(exe),
        None => keyword::text(names, "become_exe", keyword::levels(task, |keywords| keywords.become_exe.as_ref()))?,
    };
    let flags = match text(names, &["ansible_become_flags", &own("flags")])? {
        Some(flags) => Some(flags),
        None => keyword::text(names, "become_flags", keyword::levels(task, |keywords| keywords.become_flags.as_ref()))?,
    };
    let flags = flags.or_else(|| settings.become_flags.clone());
    let password =
        variable(names, &["ansible_become_password", "ansible_become_pass", &own("password"), &own("pass")])?;
    Ok(Identity {
        user: user.filter(|user| !user.is_empty()).unwrap_or_else(|| settings.become_user.clone()),
        exe: exe.or_else(|| settings.become_exe.clone()),
        flags: flags.map(|flags| words(&flags)).transpose()?.unwrap_or_default(),
        password: password.map(|password| secret(asking, &password)).or_else(|| settings.become_password.clone()),
        method,
    })
}
