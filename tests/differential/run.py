#!/usr/bin/env python3
"""Runs playbooks through ansible-core and through deploy, and compares what both said and left behind.

  run.py [CASE...]            deploy against the recorded outcomes of ansible-core 2.19
  run.py --record [CASE...]   record those outcomes anew, with the oracle
  run.py --oracle-check       the oracle against its own records: do they still hold?

A case is cases/NAME.yml, or cases/NAME/ with play.yml and whatever it needs. Comment lines at the head of the playbook set
it up:
  # args: --check --diff      more arguments               # runs: 2           run it again in the same place
  # plays: a.yml b.yml        several playbooks            # unordered         hosts' lines may interleave (free strategy)
  # tool: ansible-inventory   another command, whose words are all in args
  # inventory: FILE | none    instead of inventory.ini     # env: NAME=VALUE   more environment
  # lab                       on a lab host as root        # user: NAME        (lab) as somebody else
  # state: COMMAND            (lab) a command of root's there, whose answer is compared too
A playbook finds its scratch folder in `out`. Compared are: exit code, standard output (bodies of failures apart: their
words are each tool's own), and the scratch tree: kinds, modes, owners, contents. Playbooks are run a second time without
run-ahead, in a fresh place, and must come to the same; but not on lab hosts, which remember the first.

Settings: ORACLE (ansible-playbook), DEPLOY (deploy), JOBS (as many as cores), LAB_HOST_ORACLE and LAB_HOST_DEPLOY
(inventory lines of fresh lab hosts; without them the lab cases fail, and say so).
"""
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CASES, RECORDED = HERE / "cases", HERE / "recorded"
LAB_LOCK = threading.Lock()
TIMEOUT = 120


class Case:
    """One playbook with its settings."""

    def __init__(self, path):
        self.name = path.stem
        self.folder = path if path.is_dir() else None
        self.play = path / "play.yml" if self.folder else path
        self.settings, self.flags = {}, set()
        for line in self.play.read_text().splitlines():
            match = re.fullmatch(r"# (args|runs|plays|inventory|env|state|user|tool): (.*)|# (unordered|lab)", line)
            if not match:
                break
            if match[3]:
                self.flags.add(match[3])
            else:
                self.settings[match[1]] = match[2]

    def args(self):
        return shlex.split(self.settings.get("args", "")), shlex.split(self.settings.get("plays", "play.yml"))


def main(words):
    record, check_oracle = "--record" in words, "--oracle-check" in words
    names = [word for word in words if not word.startswith("--")]
    cases = [Case(path) for path in sorted(CASES.iterdir()) if path.suffix == ".yml" or path.is_dir()]
    if names:
        cases = [case for case in cases if case.name in names]
    if not cases:
        sys.exit("no such case")
    tool = "oracle" if record or check_oracle else "deploy"
    began = time.monotonic()
    failed = []
    # Lab cases share one host and follow each other: they go first, so that the others fill the time.
    cases.sort(key=lambda case: "lab" not in case.flags)
    jobs = int(os.environ.get("JOBS", os.cpu_count() or 2))
    known = differences() if tool == "deploy" else {}
    chains = [[case for case in cases if "lab" in case.flags], *([case] for case in cases if "lab" not in case.flags)]
    with concurrent.futures.ThreadPoolExecutor(jobs + 1) as pool:
        for results in pool.map(lambda chain: [(case, attempt(case, tool, record)) for case in chain], chains):
            for case, complaint in results:
                if case.name in known and not isinstance(complaint, Strict):
                    complaint = None if complaint else "it no longer differs: take it out of the list of differences"
                print(f"{'FAIL' if complaint else 'ok  '} {case.name}", flush=True)
                if complaint:
                    failed.append(case.name)
                    print("".join(f"     {line}\n" for line in complaint.splitlines()), flush=True)
    seconds = time.monotonic() - began
    print(f"differential ({tool}): {len(cases) - len(failed)} passed, {len(failed)} failed in {seconds:.0f} s")
    return 1 if failed else 0


def differences():
    """Cases that are known to differ, with the reason."""
    lines = (HERE / "differences").read_text().splitlines()
    return dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))


def attempt(case, tool, record):
    """What is wrong with this case, or nothing."""
    try:
        outcome = run(case, tool)
        is_playbook = case.settings.get("tool", "ansible-playbook") == "ansible-playbook"
        again = run(case, tool, ahead=False) if tool == "deploy" and is_playbook and "lab" not in case.flags else None
    except (OSError, subprocess.TimeoutExpired, KeyError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    file = RECORDED / f"{case.name}.json"
    if record:
        RECORDED.mkdir(exist_ok=True)
        file.write_text(json.dumps(outcome["compared"], indent=1, ensure_ascii=False) + "\n")
        return None
    if not file.exists():
        return "nothing recorded: run with --record"
    recorded = json.loads(file.read_text())
    complaint = difference("ansible-core (recorded)", recorded, tool, outcome)
    slow = again and difference(tool, outcome["compared"], f"{tool} --no-run-ahead", again)
    # Where the outcome may differ from Ansible's, these two still may not.
    return Strict(slow) if slow else complaint


class Strict(str):
    """A complaint that no entry in the list of differences excuses."""


def difference(known, want, tool, outcome):
    want, got = flat(want), flat(outcome["compared"])
    if want == got:
        return None
    lines = difflib.unified_diff(want, got, known, tool, lineterm="", n=2)
    return "\n".join([*lines, "failures and standard error:", *outcome["said"].splitlines()[-20:]])


def flat(outcome):
    """An outcome as lines, for comparing and for showing the difference."""
    lines = []
    for number, one in enumerate(outcome["runs"], 1):
        lines += [f"run {number}: exit code {one['exit']}", *one["stdout"]]
    return lines + [f"{path}: {what}" for path, what in outcome["tree"].items()] + outcome.get("state", [])


def run(case, tool, ahead=True):
    with tempfile.TemporaryDirectory(prefix="differential-") as work:
        work = pathlib.Path(work).resolve()
        work.chmod(0o755)
        project, out, home = work / "project", work / "out", work / "home"
        for folder in (project, out, home):
            folder.mkdir()
        if case.folder:
            shutil.copytree(case.folder, project, dirs_exist_ok=True, symlinks=True)
        else:
            shutil.copy(case.play, project / "play.yml")
        shutil.copy(HERE / "inventory.ini", project / "inventory.ini")
        if "lab" in case.flags:
            with LAB_LOCK:
                return observe(case, tool, work, ahead)
        return observe(case, tool, work, ahead)


def observe(case, tool, work, ahead):
    project = work / "project"
    inventory = case.settings.get("inventory", "inventory.ini")
    if "lab" in case.flags:
        host = os.environ.get(f"LAB_HOST_{tool.upper()}")
        if not host:
            raise ValueError(f"this case needs a lab host: set LAB_HOST_{tool.upper()} to its inventory line")
        user = case.settings.get("user", "root")
        (project / "lab.ini").write_text(host.replace("ansible_user=root", f"ansible_user={user}") + "\n")
        inventory = "lab.ini"
    options, plays = case.args()
    command = case.settings.get("tool", "ansible-playbook")
    argv = [program(tool, command, work), *([] if inventory == "none" else ["-i", inventory]), *options]
    if command == "ansible-playbook":
        argv += ["-e", f"out={work / 'out'}", *plays]
    runs, said = [], ""
    for _ in range(int(case.settings.get("runs", 1))):
        done = subprocess.run(argv, cwd=project, env=environment(case, work, ahead), capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
        lines = (adhoc if command == "ansible" else normal)(done.stdout, work)
        runs.append({"exit": done.returncode, "stdout": grouped(lines) if "unordered" in case.flags else lines})
        said += "".join(f"{line[:400]}\n" for line in done.stdout.splitlines() if re.match(r"fatal|failed|.* \| FAILED", line)) + done.stderr
    compared = {"runs": runs, "tree": tree(work / "out", work)}
    if "state" in case.settings:
        compared["state"] = state(case.settings["state"], project)
    return {"compared": compared, "said": said}


def program(tool, command, work):
    """The tool under the name of Ansible's command, whose words both speak."""
    if tool == "oracle":
        return str(pathlib.Path(os.environ.get("ORACLE", ROOT / ".state/oracle/bin/ansible-playbook")).with_name(command))
    binary = pathlib.Path(os.environ.get("DEPLOY", ROOT / "target/x86_64-unknown-linux-gnu/release/deploy")).resolve()
    if not binary.exists():
        raise ValueError(f"no binary at {binary}: set DEPLOY")
    link = work / command
    if not link.exists():
        link.symlink_to(binary)
    return str(link)


def environment(case, work, ahead):
    home = work / "home"
    env = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8", "TZ": "UTC", "USER": "root", "LOGNAME": "root", "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_HOME": str(home / ".ansible"), "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3", "ANSIBLE_HOST_KEY_CHECKING": "0", "PYTHONWARNINGS": "ignore",
    }
    name, _, value = case.settings.get("env", "").partition("=")
    return env | ({name: value} if name else {}) | ({} if ahead else {"DEPLOY_NO_RUN_AHEAD": "1"})


RESULT = re.compile(r"(?:ok|changed|skipping|fatal|failed|included|unreachable|FAILED - RETRYING): \[?(\w[\w.-]*)")
FAILURE = re.compile(r"((?:fatal|failed): \[.*?\](?:: [A-Z]+!)?(?: \(item=.*?\))?) => (.*)")
BANNER = re.compile(r"(PLAY|TASK|RUNNING HANDLER|NO MORE HOSTS LEFT|  play #|playbook:)")


def normal(text, work):
    """Standard output without what may differ: this run's paths, the words of failures, hosts that finished out of turn."""
    text = text.replace(str(work), "WORK")
    # Who of them comes first is chance in Ansible.
    hosts = lambda match: match[1] + ", ".join(sorted(match[2].split(", ")))
    text = re.sub(r"(?m)^(included: .* for )(\w[\w.-]*(?:, \w[\w.-]*)+)", hosts, text)
    text = re.sub(r"(?m)^\+\+\+ after: .*/(?=[^/]+$)", "+++ after: ", text)
    lines, chunks = [], []
    remaining = iter([line.rstrip() for line in text.splitlines()])
    before = []  # what stands in front of a result: a diff, or an error's block
    for line in remaining:
        result, failure = RESULT.match(line), FAILURE.match(line)
        if result:
            if failure:  # the block in front of it and the body behind it are each tool's own words
                before, chunk = [], [failure[1]]
            else:
                chunk = [line]
            if line.endswith("{"):
                body = []
                for inner in remaining:
                    body.append(inner)
                    if inner.startswith("}"):
                        break
                chunk += [] if failure else body
            chunks.append((result[1], before + chunk))
            before = []
        elif line == "...ignoring" and chunks:
            chunks[-1][1].append(line)
        elif BANNER.match(line) or (not line and not before):
            lines += settled(chunks) + before + [line]
            chunks, before = [], []
        else:
            before.append(line)
    return lines + settled(chunks) + before


def adhoc(text, work):
    """The same for single modules: "host | STATUS ..." and what stands below it."""
    before, chunks = [], []
    for line in text.replace(str(work), "WORK").splitlines():
        header = re.match(r"(\w[\w.-]*) \| (SUCCESS|CHANGED|FAILED|UNREACHABLE)", line)
        if header:
            chunks.append((header[1], [line]))
        else:
            (chunks[-1][1] if chunks else before).append(line.rstrip())
    if any(" => {" in chunk[0] and "! =>" in chunk[0] for _, chunk in chunks):
        chunks = [(host, [chunk[0]]) for host, chunk in chunks]
    failed = any("| FAILED" in chunk[0] for _, chunk in chunks)
    return ([] if failed else before) + settled(chunks)


def settled(chunks):
    """The results of one task, host by host; each host's own keep their order."""
    return [line for _, chunk in sorted(chunks, key=lambda pair: pair[0]) for line in chunk]


def grouped(lines):
    """For hosts that run freely: each host's lines in order, host by host; banners, which repeat, left out."""
    own = [line for line in lines if RESULT.match(line) or " : ok=" in line]
    return sorted(own, key=lambda line: (RESULT.match(line) or re.match(r"(\w+)", line))[1])


def tree(top, work):
    """What stands below the scratch folder."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in sorted(folders + files):
            path = pathlib.Path(folder) / name
            found[str(path.relative_to(top))] = describe(path, work)
    return dict(sorted(found.items()))


def describe(path, work):
    info = path.lstat()
    owner = "" if (info.st_uid, info.st_gid) == (0, 0) else f" owner {info.st_uid}:{info.st_gid}"
    mode = f"{stat.S_IMODE(info.st_mode):04o}{owner}"
    if path.is_symlink():
        return f"link to {os.readlink(path)}".replace(str(work), "WORK")
    if path.is_dir():
        return f"folder {mode}"
    content = path.read_bytes().decode("utf-8", "backslashreplace").replace(str(work), "WORK")
    links = f" links {info.st_nlink}" if info.st_nlink > 1 else ""
    return f"file {mode}{links} {content!r}"


def state(command, project):
    """The lab host's answer to a shell command."""
    words = dict(word.split("=", 1) for word in shlex.split((project / "lab.ini").read_text()) if "=" in word)
    ssh = ["ssh", "-i", words["ansible_ssh_private_key_file"], *shlex.split(words.get("ansible_ssh_common_args", "")),
           "-o", "BatchMode=yes", f"root@{words['ansible_host']}", command]
    done = subprocess.run(ssh, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout + done.stderr).splitlines()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
