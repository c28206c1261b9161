//! What commands print and how they end, as console sessions: `NAME.trycmd` runs in a copy of `NAME.in`. After a change that is
//! meant, `TRYCMD=overwrite cargo test --test cli` writes the sessions anew.
use std::path::{Path, PathBuf};

#[test]
fn sessions() {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    std::fs::create_dir_all(&home).unwrap();
    let cases = trycmd::TestCases::new();
    for name in ["ansible-playbook", "ansible", "ansible-inventory", "ansible-doc", "ansible-vault", "ansible-galaxy"] {
        cases.register_bin(name, trycmd::schema::Bin::Path(link(name)));
    }
    cases.insert_var("[HOME]", home.display().to_string()).unwrap();
    cases
        .insert_var("[BIN]", PathBuf::from(env!("CARGO_BIN_EXE_deploy")).with_file_name("").display().to_string())
        .unwrap();
    cases.insert_var("[LINKS]", format!("{}/", env!("CARGO_TARGET_TMPDIR"))).unwrap();
    cases
        .env("HOME", home.display().to_string())
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("ANSIBLE_CONFIG", "")
        .env("ANSIBLE_INVENTORY", "")
        .env("DEPLOY_INVENTORY", "")
        .case("tests/cli/*.trycmd");
}

/// The program under the name of one of Ansible's commands.
fn link(name: &str) -> PathBuf {
    let link = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_deploy"), &link).unwrap();
    link
}
