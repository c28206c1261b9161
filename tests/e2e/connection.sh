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
