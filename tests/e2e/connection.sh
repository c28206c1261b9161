# Getting in: keys, passwords, host keys, hosts that are away.
# hosts: plain conn conn2 rekeyed

case_ping() {
  inventory ubuntu conn conn2
  deploys ping -i hosts webservers
  exits 0; says '^conn +ok' '^conn2 +ok' '^2 of 2 hosts answer'
}

case_inventory_by_convention() {
  inventory ubuntu conn; mkdir inventory; mv hosts inventory/hosts
  deploys ping webservers
  exits 0; says '^conn +ok' '1 of 1 host'
}

case_inventory_by_environment() {
  inventory ubuntu conn
  DEPLOY_INVENTORY=hosts deploys ping webservers
  exits 0
  ANSIBLE_INVENTORY=hosts deploys ping webservers
  exits 0
}

case_ad_hoc_run() {
  inventory ubuntu conn
  deploys run -i hosts webservers -m command -a 'id -un' -b
  exits 0; says 'conn .*CHANGED.*rc=0' '^root$'
}

case_password_login() {
  KEY='' inventory pat conn
  answered "$PASSWORD\n" ping -i hosts -k webservers
  exits 0; says '^conn +ok' '1 of 1 host'; keeps_quiet "$PASSWORD"
}

case_password_in_inventory() {
  KEY='' inventory pat conn -- "ansible_password=$PASSWORD" "ansible_become_password=$PASSWORD"
  deploys run -i hosts webservers -m command -a 'id -un' -b -vvvv
  exits 0; says '^root$'; keeps_quiet "$PASSWORD"
}

case_wrong_password() {
  KEY='' inventory pat conn -- ansible_password=wrong-battery
  deploys ping -i hosts webservers
  exits 4; says 'conn' 'UNREACHABLE' 'password|permission denied'; keeps_quiet wrong-battery
}

case_wrong_key() {
  ssh-keygen -q -t ed25519 -N '' -f other
  KEY=$PWD/other inventory ubuntu conn
  deploys ping -i hosts webservers
  exits 4; says 'conn' 'UNREACHABLE' 'permission denied' 'key'
}

case_missing_key_file() {
  KEY=/nonexistent/key inventory ubuntu conn
  deploys ping -i hosts webservers
  exits 4; says 'conn' '/nonexistent/key|permission denied'
}

case_host_down_leaves_the_others() {
  inventory ubuntu conn
  sed -i '/^conn /a away ansible_host='"$LAB_NET"'.250' hosts
  write play.yml <<'END'
- hosts: webservers
  gather_facts: false
  tasks:
    - name: One
      command: echo one
    - name: Two
      command: echo two
END
  deploys -i hosts play.yml
  exits 4
  says 'fatal: \[away\]: UNREACHABLE!' 'away +: ok=0 +changed=0 +unreachable=1' 'conn +: ok=2 +changed=2 +unreachable=0'
  [ "$TOOK" -lt 20000 ] || fails "took $TOOK ms"
}

case_nobody_listens() {
  inventory ubuntu conn -- ansible_port=2222
  deploys ping -i hosts webservers
  exits 4; says 'conn' 'UNREACHABLE' 'refused' '2222'
}

case_no_such_name() {
  printf 'nowhere ansible_host=no-such-host.invalid\n' >hosts
  deploys ping -i hosts all
  exits 4; says 'nowhere' 'UNREACHABLE' 'no-such-host.invalid|resolve'
}

case_host_key_unknown() {
  inventory ubuntu conn; : >known_hosts
  deploys ping -i hosts webservers
  exits 4; says 'conn' 'host key'
}

case_host_key_changed() {
  inventory ubuntu rekeyed
  lab rekey rekeyed; sleep 1
  deploys ping -i hosts webservers
  exits 4; says 'rekeyed' 'UNREACHABLE' 'host key' 'ssh-keygen -R|changed|identification'
}

case_home_noexec() {
  inventory ubuntu conn
  on conn mount -t tmpfs -o noexec,mode=700,uid="$(on conn id -u ubuntu)" none /home/ubuntu
  on conn 'cp -r /root/.ssh /home/ubuntu/; chown -R ubuntu: /home/ubuntu/.ssh'
  deploys ping -i hosts webservers
  on conn umount -l /home/ubuntu
  exits 0; says '^conn +ok' '1 of 1 host'
}

case_home_readonly() {
  inventory ubuntu conn
  on conn 'mount --bind /home/ubuntu /home/ubuntu && mount -o remount,bind,ro /home/ubuntu'
  deploys ping -i hosts webservers
  on conn umount -l /home/ubuntu
  exits 0; says '^conn +ok' '1 of 1 host'
}

case_nothing_keeps_running() {
  inventory ubuntu conn
  deploys ping -i hosts webservers
  exits 0
  eventually 5 no_helpers conn
}

case_helper_cache_is_verified() {
  inventory ubuntu conn
  deploys ping -i hosts webservers
  exits 0
  # Somebody put another program in the helper's place: it must not run.
  # shellcheck disable=SC2016
  on conn 'find /home/ubuntu /var/tmp /tmp -type f -path "*deploy*" -size +100k 2>/dev/null |
    while read -r f; do cp /bin/true "$f"; done; true'
  deploys ping -i hosts webservers
  exits 0; says '^conn +ok' '1 of 1 host'
}

case_remote_tmp_keeps_its_files() {
  inventory ubuntu conn -- 'ansible_remote_tmp=/home/ubuntu/app'
  on conn 'rm -rf /home/ubuntu/.cache /home/ubuntu/app; install -d -o ubuntu /home/ubuntu/app /home/ubuntu/app/sub
    echo data >/home/ubuntu/app/sub/db; touch -d 2001-01-01 /home/ubuntu/app/sub/db'
  deploys ping -i hosts webservers
  exits 0
  on conn 'test -e /home/ubuntu/app/sub/db && ls /home/ubuntu/app/deploy-*/ && test ! -e /home/ubuntu/.cache/deploy'
  on conn rm -r /home/ubuntu/app
}

# Two names of one host share its connection: one resets it while the other's task runs.
case_reset_spares_the_tasks_of_others() {
  inventory ubuntu conn
  sed -i '/^conn /a also ansible_host='"$(lab ip conn)" hosts
  write play.yml <<'YAML'
- hosts: webservers
  gather_facts: false
  strategy: free
  tasks:
    - uri: { url: "http://127.0.0.1:1/", status_code: -1 }
      failed_when: false
    - shell: "sleep {{ 3 if inventory_hostname == 'also' else 0 }}; id -G"
      register: groups
    - meta: reset_connection
    - uri: { url: "http://127.0.0.1:1/", status_code: -1 }
      failed_when: false
    - command: id -Gn
      register: after
    - debug:
        msg: "groups {{ after.stdout }}"
YAML
  starts -i hosts play.yml
  sleep 1; on conn 'groupadd -f late; usermod -aG late ubuntu'
  ends 30
  on conn gpasswd -d ubuntu late
  exits 0; says 'also +: ok=5' 'conn +: ok=5' '"msg": "groups .*late'
}

# The old connection is dead and nobody has noticed: no last word came through.
case_wait_for_a_host_that_boots_again() {
  inventory ubuntu conn2
  write play.yml <<YAML
- hosts: webservers
  gather_facts: false
  tasks:
    - command: cat /proc/sys/kernel/random/boot_id
    - command: sh -c 'touch $WORK/ready; until [ -e $WORK/away ]; do sleep 0.1; done'
      delegate_to: localhost
    - wait_for_connection:
        connect_timeout: 2
        timeout: 90
    - command: cat /run/booted
YAML
  starts -i hosts play.yml
  eventually 20 test -e ready
  lab cut conn2; lab stop conn2; touch away; sleep 6
  lab up conn2 >/dev/null
  on conn2 touch /run/booted
  ends 60
  says 'conn2 +: ok=[34].*unreachable=0'
}

case_wait_for_a_host_that_never_comes() {
  printf 'away ansible_host=%s.250\n' "$LAB_NET" >hosts
  write play.yml <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - wait_for_connection: { connect_timeout: 1, timeout: 4 }
YAML
  starts -i hosts play.yml
  ends 15
  exits 2; says 'away\]: FAILED!.*timed out waiting for ping module test'
}

# A reset is for the host's own login: the one of a host that worked in its place stays.
case_reset_is_for_the_hosts_own_login() {
  inventory ubuntu conn conn2
  write play.yml <<'YAML'
- hosts: conn
  gather_facts: false
  tasks:
    - shell: echo "$SSH_CONNECTION"
      delegate_to: "{{ item }}"
      loop: [conn, conn2]
      register: before
    - shell: echo "$SSH_CONNECTION"
      register: own_before
    - meta: reset_connection
    - shell: echo "$SSH_CONNECTION"
      register: own_after
    - shell: echo "$SSH_CONNECTION"
      delegate_to: conn2
      register: other_after
    - debug:
        msg: "own new: {{ own_before.stdout != own_after.stdout }}, other new: {{ before.results[1].stdout != other_after.stdout }}"
YAML
  deploys -i hosts play.yml
  exits 0; says 'own new: true, other new: false'
}
