# scripts/gen_keypair.sh
# hosts: plain keypair

# The script with a key and known hosts of this case's own; output and code as with deploys.
gen() {
  lab known-hosts keypair >known_hosts
  CODE=0; KEY=$WORK/keys/id SSH_OPTIONS="${OPTIONS:--F none -o UserKnownHostsFile=$WORK/known_hosts}" \
    "$ROOT/scripts/gen_keypair.sh" "$@" >"$OUTPUT" 2>&1 </dev/null || CODE=$?
  cat "$OUTPUT"; echo "(exit code $CODE)"
}
with_password() {
  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho "$WORD"\n' >askpass; chmod 700 askpass
  local WORD=$1; shift; export WORD
  export SSH_ASKPASS=$PWD/askpass; gen "$@"; unset SSH_ASKPASS
}

case_usage() {
  gen ubuntu; exits 2; says 'USER HOST \[PORT\]'
  gen ubuntu host 70000; exits 2; says '70000'
  gen -oProxyCommand=x host; exits 2
  gen ubuntu -oProxyCommand=x; exits 2
  gen --help; exits 0
}

case_makes_installs_and_tests() {
  on keypair 'cp /root/.ssh/authorized_keys /home/pat/.ssh/authorized_keys'
  with_password "$PASSWORD" pat "$(lab ip keypair)"
  exits 0; says 'Made the key' 'now logs in'; keeps_quiet "$PASSWORD"
  is "$(stat -c %a "$WORK/keys/id")" 600
  is "$(on keypair "grep -c . /home/pat/.ssh/authorized_keys; stat -c %U /home/pat/.ssh/authorized_keys")" "$(printf '2\npat')"
  # Again: nothing is asked, made or added.
  cp keys/id before
  gen pat "$(lab ip keypair)" 22
  exits 0; says 'already logs in'
  cmp before keys/id
  is "$(on keypair 'grep -c . /home/pat/.ssh/authorized_keys')" 2
  # The public half is lost: it is read off the private one.
  rm keys/id.pub
  gen pat "$(lab ip keypair)"
  exits 0
  test -e keys/id.pub
}

case_adds_to_a_file_without_a_last_newline() {
  on keypair 'printf "ssh-ed25519 AAAAsomebody else" >/home/ubuntu/.ssh/authorized_keys'
  with_password "$PASSWORD" ubuntu "$(lab ip keypair)"
  exits 0
  is "$(on keypair 'grep -c . /home/ubuntu/.ssh/authorized_keys')" 2
  on keypair 'cp /root/.ssh/authorized_keys /home/ubuntu/.ssh/authorized_keys'
}

case_never_overwrites() {
  mkdir keys; echo public >keys/id.pub
  gen pat "$(lab ip keypair)"
  exits 3; says 'without its private key'
  is "$(cat keys/id.pub)" public
  rm keys/id.pub; echo garbage >keys/id; chmod 600 keys/id
  gen pat "$(lab ip keypair)"
  exits 3
  is "$(cat keys/id)" garbage
}

case_refused_and_unreachable() {
  with_password wrong nosudo "$(lab ip keypair)"
  exits 5; says 'does not let nosudo in'
  gen nosudo "$LAB_NET.250"
  exits 4; says 'not reached'
  gen nosudo "$(lab ip keypair)" 2222
  exits 4; says 'not reached' '2222'
  OPTIONS="-F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes" gen nosudo "$(lab ip keypair)"
  exits 4; says 'host key'
}
