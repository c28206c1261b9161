//! As whom a task works: variables stand over keywords, and these over the command line.
use super::Halt;
use super::begin::Asking;
use super::connection::{secret, words};
use super::names::Names;
use super::said::Said;
use crate::vars::connection::{
    BECOME, BECOME_EXE, BECOME_FLAGS, BECOME_METHOD, BECOME_METHODS, BECOME_PASSWORD, BECOME_USER,
};
use target::protocol::Identity;

/// None: as the user who logged in.
pub fn identity(asking: &Asking, names: &Names) -> Result<Option<Identity>, Halt> {
    let settings = asking.world.settings;
    let said = Said::new(asking.task(), names);
    if !said.truth(&BECOME)?.unwrap_or(settings.r#become) {
        return Ok(None);
    }
    let method = said.text(&BECOME_METHOD)?.unwrap_or_else(|| settings.become_method.clone());
    let method = method.rsplit('.').next().unwrap_or("sudo");
    if !BECOME_METHODS.contains(&method) {
        let near = value::spec::nearest(method, BECOME_METHODS).map(|near| format!("did you mean `{near}`?"));
        let halt = Halt::refused(format!("the become method '{method}' is not there"));
        return Err(halt.help(near.unwrap_or_else(|| format!("there are {}", BECOME_METHODS.join(", ")))));
    }
    described(asking, said.of_method(method), method).map(Some)
}

fn described(asking: &Asking, said: Said, method: &str) -> Result<Identity, Halt> {
    let settings = asking.world.settings;
    let flags = said.text(&BECOME_FLAGS)?.or_else(|| settings.become_flags.clone());
    let password = said.value(&BECOME_PASSWORD)?;
    Ok(Identity {
        user: said.text(&BECOME_USER)?.filter(|user| !user.is_empty()).unwrap_or_else(|| settings.become_user.clone()),
        exe: said.text(&BECOME_EXE)?.or_else(|| settings.become_exe.clone()),
        flags: flags.map(|flags| words(&flags)).transpose()?.unwrap_or_default(),
        password: password.map(|password| secret(asking, &password)).or_else(|| settings.become_password.clone()),
        method: method.to_string(),
    })
}
