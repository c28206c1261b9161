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

# Two helpers share one login: the smaller runs one name's command, the larger another's request. One is killed.
case_one_of_two_helpers_killed() {
  inventory ubuntu cutoff
  sed -i '/^cutoff /a also ansible_host='"$(lab ip cutoff)" hosts
  write play.yml <<'END'
- hosts: webservers
  gather_facts: false
  strategy: free
  tasks:
    - shell: sleep 6.25; echo finished
      when: inventory_hostname == 'also'
    - uri: { url: "http://127.0.0.1:8099/", timeout: 60 }
      when: inventory_hostname == 'cutoff'
END
  on cutoff 'systemctl stop mute 2>/dev/null; systemd-run -q --unit=mute systemd-socket-activate -l 8099 --inetd -a sleep 60'
  starts -i hosts play.yml
  eventually 20 running
  eventually 10 asking
  # The one without a child of its own waits for the mute server.
  # shellcheck disable=SC2046,SC2086
  for p in $(helpers cutoff); do on cutoff "pgrep -P $p >/dev/null || kill -KILL $p"; done
  ends 20
  on cutoff systemctl stop mute
  exits 4; says 'cutoff\]: UNREACHABLE' 'changed: \[also\]' 'also +: ok=1 +changed=1 +unreachable=0'
}
asking() { on cutoff "ss -Htn state established 'dport = 8099' | grep -q ."; }

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
