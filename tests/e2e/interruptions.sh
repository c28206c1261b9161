# Things that happen while a task runs.
# hosts: plain cutoff

# A task that takes long, between two that leave marks on the host.
long_play() {
  on cutoff rm -f /tmp/before /tmp/during /tmp/after
  write play.yml <<'END'
- name: Play
  hosts: webservers
  gather_facts: false
  tasks:
    - name: Before
      command: touch /tmp/before
    - name: Long
      shell: sleep 6.25; touch /tmp/during
    - name: After
      command: touch /tmp/after
END
}
running() { on cutoff 'pgrep -f "^sleep 6[.]25"'; }
stopped() { ! running; }

case_helper_killed() {
  inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  on cutoff "kill -KILL $(helpers cutoff | tr '\n' ' ')"
  ends 20
  exits 2 4; says 'fatal: \[cutoff\]' 'helper|connection'
  eventually 15 stopped
  on cutoff test ! -e /tmp/after
}

case_connection_cut() {
  SSH_ARGS='-o ServerAliveInterval=1 -o ServerAliveCountMax=2' inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  lab cut cutoff
  ends 30
  lab mend cutoff
  # The bridge needs a moment until it passes frames again.
  for _ in $(seq 100); do if lab sh cutoff true 2>/dev/null; then break; fi; sleep 0.2; done
  exits 4; says 'fatal: \[cutoff\]: UNREACHABLE!' 'unreachable=1'
}

case_server_ends_the_connection() {
  inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  on cutoff 'pkill -KILL -u ubuntu sshd || pkill -KILL -f "sshd: ubuntu"'
  ends 20
  exits 4; says 'fatal: \[cutoff\]: UNREACHABLE!'
  eventually 15 stopped
  on cutoff test ! -e /tmp/during
}

case_interrupt_once_finishes_the_task() {
  inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  kill -INT "$PID"
  ends 20
  [ "$CODE" != 0 ] || fails "exit code 0"
  says 'PLAY RECAP'
  on cutoff test -e /tmp/during
  on cutoff test ! -e /tmp/after
  eventually 5 no_helpers cutoff
}

case_interrupt_twice_stops_now() {
  inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  kill -INT "$PID"; sleep 0.5; kill -INT "$PID"
  ends 3
  [ "$CODE" != 0 ] || fails "exit code 0"
  eventually 4 stopped
  on cutoff test ! -e /tmp/during
  eventually 5 no_helpers cutoff
}

case_terminated() {
  inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  kill -TERM "$PID"
  ends 20
  [ "$CODE" != 0 ] || fails "exit code 0"
  eventually 15 stopped
  eventually 5 no_helpers cutoff
}

case_host_reboots_under_a_long_task() {
  inventory ubuntu cutoff; long_play
  starts -i hosts play.yml
  eventually 20 running
  lab stop cutoff
  ends 40
  exits 4; says 'fatal: \[cutoff\]: UNREACHABLE!'
  lab up cutoff
  deploys ping -i hosts webservers
  exits 0
}
