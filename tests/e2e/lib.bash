# What the end-to-end cases share. Run as: bash lib.bash FILE CASE
# Words: inventory, write, deploys, exits, says, keeps_quiet, on, eventually, fails.
set -euo pipefail

export WORK; WORK=$(mktemp -d); OUTPUT=$WORK/output
trap 'rm -rf "$WORK"' EXIT
# Nothing of the user's own ssh or Ansible settings plays a part.
unset SSH_AUTH_SOCK SSH_ASKPASS SSHPASS
for name in $(compgen -e | grep -E '^(ANSIBLE|DEPLOY)_' || true); do unset "$name"; done
export HOME=$WORK/home LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 NO_COLOR=1
mkdir -p "$HOME"
export PASSWORD=${LAB_PASSWORD:-correct-horse}

lab() { "$ROOT/scripts/lab" "$@"; }

# As root on a host.
on() {
  local host=$1; shift
  ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes \
    -i "$LAB/id" "root@$(lab ip "$host")" "$@"
}

# inventory USER HOST... [-- VARIABLE=VALUE...]: writes ./hosts; KEY, KNOWN_HOSTS and SSH_ARGS may be set before.
inventory() {
  local user=$1 hosts=''; shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do hosts+="$1 ansible_host=$(lab ip "$1")"$'\n'; lab known-hosts "$1" >>known_hosts; shift; done
  [ "${1:-}" != -- ] || shift
  {
    printf '[webservers]\n%s\n[all:vars]\nansible_user=%s\n' "$hosts" "$user"
    if [ -n "${KEY-$LAB/id}" ]; then printf 'ansible_ssh_private_key_file=%s\n' "${KEY-$LAB/id}"; fi
    printf "ansible_ssh_common_args='-F none -o IdentitiesOnly=yes -o UserKnownHostsFile=%s %s'\n" "${KNOWN_HOSTS:-$WORK/known_hosts}" "${SSH_ARGS:-}"
    printf '%s\n' "$@"
  } >hosts
}

# write FILE: standard input into ./FILE
write() { mkdir -p "$(dirname "$1")"; cat >"$1"; }

# The binary, with its whole output kept and shown; its exit code in $CODE.
deploys() {
  local began; began=$(date +%s%N)
  echo "\$ deploy $*"
  CODE=0; "$DEPLOY" "$@" >"$OUTPUT" 2>&1 || CODE=$?
  TOOK=$((($(date +%s%N) - began) / 1000000))
  cat "$OUTPUT"; echo "(exit code $CODE after $TOOK ms)"
}

# The same at a terminal, answering its prompts: answered "ANSWER\n..." ARGS...
answered() {
  local answers=$1; shift
  echo "\$ deploy $*"
  CODE=0
  # The answers come when the prompts stand: typed too early, a terminal would throw them away.
  { sleep 1; printf '%b' "$answers"; sleep 1; } |
    script --quiet --return --command "$(printf '%q ' "$DEPLOY" "$@")" /dev/null >"$OUTPUT" 2>&1 || CODE=$?
  # What a terminal shows is more than lines: colours, and a live line that is drawn over.
  sed -i 's/\r/\n/g; s/\x1b\[[0-9;?]*[A-Za-z]//g' "$OUTPUT"
  cat "$OUTPUT"; echo "(exit code $CODE)"
}

# In the background, for cases that disturb it; started pid in $PID.
starts() {
  echo "\$ deploy $* &"
  setsid "$DEPLOY" "$@" >"$OUTPUT" 2>&1 & PID=$!
}
ends() { # SECONDS: waits for it, its exit code in $CODE
  local end=$((SECONDS + $1))
  while kill -0 "$PID" 2>/dev/null; do
    [ $SECONDS -le $end ] || { cat "$OUTPUT"; kill -KILL "$PID"; fails "still running after $1 s"; }
    sleep 0.1
  done
  CODE=0; wait "$PID" || CODE=$?
  cat "$OUTPUT"; echo "(exit code $CODE)"
}

fails() { echo "--- $*"; exit 1; }
exits() { [[ " $* " == *" $CODE "* ]] || fails "exit code $CODE instead of $*"; }
says() { local want; for want in "$@"; do grep -qiE -- "$want" "$OUTPUT" || fails "does not say: $want"; done; }
keeps_quiet() { local word; for word in "$@"; do if grep -qF -- "$word" "$OUTPUT"; then fails "says: $word"; fi; done; }
is() { [ "$1" = "$2" ] || fails "'$1' instead of '$2'"; }
# eventually SECONDS COMMAND...: until it succeeds
eventually() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { cat "$OUTPUT"; fails "not within the time: $*"; }
    sleep 0.2
  done
}

# Processes of ours on a host: programs whose file is a helper's.
# shellcheck disable=SC2016
helpers() { on "$1" 'for p in /proc/[0-9]*; do case $(readlink $p/exe) in *deploy*) echo ${p#/proc/};; esac; done'; }
no_helpers() { [ -z "$(helpers "$1")" ]; }

file=$(realpath "$1")
cd "$WORK"
# shellcheck disable=SC1090
source "$file"
"$2"
