//! One secret, brought by a vault into every kind of task, and sought in everything that a run says or leaves behind.
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SECRET: &str = "planted-7Kq2vX";
/// What the secret is as base64: a filter makes it anew, and it is as secret.
const ENCODED: &str = "cGxhbnRlZC03S3Eydlg=";

const PLAYBOOK: &str = r#"
- hosts: all
  connection: local
  gather_facts: no
  vars_files: [vault.yml]
  tasks:
    - name: Write it where it belongs
      copy: {content: "password={{ planted }}\n", dest: "{{ playbook_dir }}/conf", mode: "0600"}
    - name: Write it anew
      copy: {content: "password={{ planted }}!\n", dest: "{{ playbook_dir }}/conf", mode: "0600"}
    - name: Render it
      template: {src: conf.j2, dest: "{{ playbook_dir }}/rendered"}
    - name: Read it back
      command: cat {{ playbook_dir }}/conf
      register: seen
    - debug: {var: seen}
    - debug: {msg: "{{ planted | b64encode }} and {{ planted | upper | lower }}"}
    - name: Fail with {{ planted }}
      shell: "echo {{ planted }}; echo {{ planted }} >&2; exit 3"
      ignore_errors: yes
    - fail: {msg: "wrong: {{ planted }}"}
      ignore_errors: yes
    - set_fact: {derived: "x-{{ planted }}-y"}
    - debug: {var: derived}
    - assert: {that: "planted == 'no'"}
      ignore_errors: yes
    - debug: {msg: "{{ nowhere ~ planted }}"}
      ignore_errors: yes
    - debug: {msg: "{{ planted.nowhere }}"}
      ignore_errors: yes
    - debug: {msg: x}
      loop: ["{{ planted }}"]
    - lineinfile: {path: "{{ playbook_dir }}/conf", line: "more={{ planted }}"}
      ignore_errors: yes # there is no such file yet in a check
    - uri: {url: "http://127.0.0.1:1/?token={{ planted }}", timeout: 2}
      ignore_errors: yes
    - name: Hidden anyway
      shell: "echo {{ planted }}"
      no_log: yes
    - command: nosuchprogram {{ planted }}
      ignore_errors: yes
      environment: {TOKEN: "{{ planted }}"}
    - file: {path: "{{ playbook_dir }}/conf", nosuch: "{{ planted }}"}
      ignore_errors: yes
    - stat: {path: "{{ playbook_dir }}/{{ planted }}"}
    - meta: noop
      when: planted is match('x')
"#;

struct Project(PathBuf);

impl Project {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("secrets-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("group_vars")).unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.join(path), text).unwrap();
        write("site.yml", PLAYBOOK);
        write("conf.j2", "password = {{ planted }}\n");
        write("key", "the vault's password\n");
        write("vault.yml", &format!("planted: {SECRET}\n"));
        write("hosts", "one\n");
        let project = Self(folder);
        let output = project.run(&["vault", "encrypt", "vault.yml", "--vault-password-file", "key"], &[]);
        assert!(output.status.success(), "{}", text(&output));
        project
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deploy"));
        command.current_dir(&self.0).args(arguments).env("HOME", &self.0).env_remove("ANSIBLE_CONFIG");
        command.envs(environment.iter().copied()).output().unwrap()
    }

    fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn assert_hidden(said: &str, way: &str) {
    for secret in [SECRET, ENCODED] {
        let line = said.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{way} shows the secret: {}", line.unwrap_or_default());
    }
}

/// Options and variables of the environment.
type Way<'w> = (&'w [&'w str], &'w [(&'w str, &'w str)]);

/// All ways to show a run, each from the start.
#[test]
fn no_way_to_show_a_run_shows_a_vaults_secret() {
    let ways: &[Way] = &[
        (&[], &[]),
        (&["-v"], &[]),
        (&["-vvvv", "-D"], &[("DEPLOY_LOG", "trace")]),
        (&["-C", "-D"], &[]),
        (&["--no-run-ahead", "-vv"], &[]),
        (&["--output", "json", "-vvv", "-D"], &[]),
        (&["-D"], &[("ANSIBLE_LOG_PATH", "run.log")]),
    ];
    for (number, (options, environment)) in ways.iter().enumerate() {
        let project = Project::new(&number.to_string());
        let mut arguments = vec!["-i", "hosts", "site.yml", "--vault-password-file", "key"];
        arguments.extend(options.iter());
        let output = project.run(&arguments, environment);
        let said = text(&output);
        assert!(said.contains("Hidden anyway") && !said.contains("Traceback"), "it did not run: {said}");
        assert_hidden(&said, &format!("{options:?}"));
        if environment.iter().any(|(name, _)| *name == "ANSIBLE_LOG_PATH") {
            let log = std::fs::read_to_string(project.folder().join("run.log")).unwrap();
            assert!(log.contains("Hidden anyway"));
            assert_hidden(&log, "the log file");
        }
    }
}

#[test]
fn neither_does_a_plan() {
    let project = Project::new("plan");
    for output in [&[][..], &["--output", "json"], &["-vvv"]] {
        let mut arguments = vec!["plan", "-i", "hosts", "site.yml", "--vault-password-file", "key"];
        arguments.extend(output.iter());
        let said = text(&project.run(&arguments, &[]));
        assert!(said.contains("Hidden anyway"), "{said}");
        assert_hidden(&said, "a plan");
    }
}

/// It is where the task put it, for whom the task said, and nowhere else.
#[test]
fn a_run_leaves_the_secret_only_where_it_was_sent() {
    let project = Project::new("files");
    project.run(&["-i", "hosts", "site.yml", "--vault-password-file", "key"], &[]);
    let mut found = Vec::new();
    seek(project.folder(), &mut found);
    found.sort();
    assert_eq!(found, ["conf", "rendered"]);
}

fn seek(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        if path.is_dir() {
            seek(&path, found);
        } else if std::fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(SECRET)) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
}
