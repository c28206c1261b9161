#!/usr/bin/env bash
# Gives you a login by key on a host: makes an ed25519 key if you have none, installs it there, tests it.
#
#   scripts/gen_keypair.sh USER HOST [PORT]
#
# The first login is yours to answer: ssh itself asks for the host key's confirmation and for the password.
# Safe to run again: a key that exists is never overwritten, and one that already logs in is left alone.
#
# Settings (environment):
#   KEY             path of the private key                        (~/.ssh/id_ed25519)
#   PASSPHRASE=ask  a new key gets a passphrase, asked by ssh-keygen   (a new key has none)
#   SSH_OPTIONS     more options for ssh, separated by blanks: "-J jump -o UserKnownHostsFile=FILE"
#   SSH_ASKPASS     a program that answers the password prompt; or SSHPASS, a password for sshpass, where that is installed
#
# Exit code: 0 the key logs in   2 wrong call   3 trouble with the key file   4 host not reached   5 login refused
set -euo pipefail

usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p;}' "$0"; }
wrong() { echo "gen_keypair: $*" >&2; usage >&2; exit 2; }
die() { local code=$1; shift; echo "gen_keypair: $*" >&2; exit "$code"; }

# Runs on the host under any login shell: adds the key read from its input to authorized_keys, unless it is there.
# shellcheck disable=SC2016
INSTALL='exec sh -c '\''set -eu; umask 077; read -r type blob comment; cd; mkdir -p .ssh; file=.ssh/authorized_keys
  touch "$file"; if grep -qF "$type $blob" "$file"; then exit 0; fi
  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
  printf "%s %s %s\n" "$type" "$blob" "$comment" >>"$file"
  if command -v restorecon >/dev/null; then restorecon -RF .ssh || :; fi'\'

main() {
  case ${1:-} in -h | --help) usage; exit 0;; esac
  if [ $# -lt 2 ] || [ $# -gt 3 ]; then wrong "USER and HOST are needed, PORT may follow"; fi
  user=$1 host=$2 port=${3:-}
  [[ $user =~ ^[A-Za-z0-9_][A-Za-z0-9_.@-]*$ ]] || wrong "'$user' is no user name"
  [[ $host =~ ^[A-Za-z0-9_:%.][A-Za-z0-9_:%.-]*$ ]] || wrong "'$host' is no host name or address"
  [[ -z $port || $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || wrong "'$port' is no port: 1 to 65535"
  command -v ssh-keygen >/dev/null || die 3 "ssh and ssh-keygen are needed: apt install openssh-client"
  key=${KEY:-${HOME:?}/.ssh/id_ed25519}
  read -ra options <<<"${SSH_OPTIONS:-}"
  if [ -n "$port" ]; then options+=(-p "$port"); fi
  # A program that answers prompts is meant to be used, also where there is no display.
  if [ -n "${SSH_ASKPASS:-}" ]; then export SSH_ASKPASS_REQUIRE="${SSH_ASKPASS_REQUIRE:-force}"; fi

  make_key
  if login -o BatchMode=yes 2>/dev/null; then
    echo "The key $key already logs in as $user on $host."
    exit 0
  fi
  install_key
  test_key
  echo "The key $key now logs in as $user on $host. Next: deploy ping -i '$host,' -u $user --private-key $key all"
}

# A key pair at $key, the one that is there or a new one.
make_key() {
  if [ -e "$key" ]; then
    [ -r "$key" ] || die 3 "$key cannot be read"
    # -y reads an unprotected key without asking; a protected one without its public half is for its owner to open.
    if [ ! -e "$key.pub" ]; then
      (umask 077; ssh-keygen -y -f "$key" >"$key.pub.new") || { rm -f "$key.pub.new"; die 3 "$key is no private key that ssh-keygen can read"; }
      mv "$key.pub.new" "$key.pub"
    fi
    echo "Using the key $key."
  else
    [ ! -e "$key.pub" ] || die 3 "$key.pub is there without its private key $key; move it away, or set KEY to another path"
    (umask 077; mkdir -p "$(dirname "$key")") || die 3 "the folder of $key cannot be made"
    local protect=(-N '')
    if [ "${PASSPHRASE:-}" = ask ]; then protect=(); fi
    ssh-keygen -q -t ed25519 ${protect[@]+"${protect[@]}"} -C "$(id -un)@$(uname -n)" -f "$key" </dev/null ||
      die 3 "ssh-keygen could not make $key"
    echo "Made the key $key."
  fi
  ssh-keygen -l -f "$key.pub" >/dev/null || die 3 "$key.pub is no public key"
}

# Does this key alone open the door?
login() {
  ssh "$@" -n -o ConnectTimeout=10 -o IdentitiesOnly=yes -o ControlPath=none -o PreferredAuthentications=publickey -i "$key" \
    ${options[@]+"${options[@]}"} -l "$user" -- "$host" true
}

install_key() {
  local ssh=(ssh) said code=0
  if [ -n "${SSHPASS:-}" ] && command -v sshpass >/dev/null; then ssh=(sshpass -e ssh); fi
  echo "Installing it on $host as $user; ssh may ask for the password there."
  said=$("${ssh[@]}" -o ConnectTimeout=10 -o ControlPath=none -o NumberOfPasswordPrompts=3 ${options[@]+"${options[@]}"} \
    -l "$user" -- "$host" "$INSTALL" 2>&1 <"$key.pub") || code=$?
  [ $code = 0 ] || refuse "$code" "$said"
}

test_key() {
  local said code=0
  said=$(login 2>&1) || code=$?
  [ $code = 0 ] || refuse "$code" "$said" \
    "the key is in $user's authorized_keys, but the server does not take it: see 'journalctl -u ssh' there; often the home folder is writable by others, or PubkeyAuthentication is off"
}

# Ends with what ssh said, and a code that tells not reached from refused. sshpass: 5 wrong password, 6 host key unknown.
refuse() {
  local code=$1 said=$2 hint=${3:-}
  printf '  ssh: %s\n' "${said//$'\n'/$'\n'  ssh: }" >&2
  case $code:$said in
    *REMOTE\ HOST\ IDENTIFICATION*) die 4 "the host key of $host is not the known one. If the host was reinstalled: ssh-keygen -R $host";;
    6:* | *'Host key verification failed'*) die 4 "the host key of $host is not known: run this in a terminal and confirm it, or add the key to known_hosts";;
    5:* | *'Permission denied'* | *'Too many authentication'*) die 5 "$host does not let $user in${hint:+: $hint}";;
    255:*) die 4 "$host was not reached${port:+ on port $port}";;
    *) die 5 "$user logged in on $host, but the key could not be installed or used (exit code $code)";;
  esac
}

main "$@"
