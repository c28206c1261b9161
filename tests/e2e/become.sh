# Becoming somebody else.
# hosts: plain become

play() {
  write play.yml <<'END'
- name: Play
  hosts: webservers
  gather_facts: false
  become: true
  tasks:
    - name: Who am I
      command: id -un
      register: who
    - debug:
        msg: "i am {{ who.stdout }}"
END
}

case_sudo_without_password() {
  inventory ubuntu become; play
  deploys -i hosts play.yml
  exits 0; says 'i am root'
}

case_sudo_with_password() {
  inventory pat become; play
  answered "$PASSWORD\n" -i hosts -K play.yml
  exits 0; says 'i am root'; keeps_quiet "$PASSWORD"
}

case_sudo_password_from_file() {
  inventory pat become; play; (umask 077; echo "$PASSWORD" >word)
  deploys -i hosts --become-password-file word play.yml
  exits 0; says 'i am root'
}

case_to_a_plain_user() {
  inventory ubuntu become; play
  deploys -i hosts --become-user pat play.yml
  exits 0; says 'i am pat'
}

case_sudo_password_needed() {
  inventory pat become; play
  deploys -i hosts play.yml
  exits 2; says 'fatal: \[become\]: FAILED!' 'play.yml:[0-9]+' 'password' '-K|--ask-become-pass'
}

case_sudo_password_wrong() {
  inventory pat become -- ansible_become_password=wrong-battery; play
  deploys -i hosts play.yml
  exits 2; says 'fatal: \[become\]: FAILED!' 'password'; keeps_quiet wrong-battery
}

case_sudo_not_allowed() {
  inventory nosudo become -- "ansible_become_password=$PASSWORD"; play
  deploys -i hosts play.yml
  exits 2; says 'fatal: \[become\]: FAILED!' 'sudo' 'nosudo|not allowed|sudoers'; keeps_quiet "$PASSWORD"
}

case_no_such_become_user() {
  inventory ubuntu become; play
  deploys -i hosts --become-user nosuchuser play.yml
  exits 2; says 'fatal: \[become\]: FAILED!' 'nosuchuser'
}

case_secrets_stay_out_of_process_lists() {
  inventory pat become -- "ansible_become_password=$PASSWORD"
  write play.yml <<'END'
- hosts: webservers
  gather_facts: false
  become: true
  tasks:
    - command: ps -eww -o args
      register: processes
    - assert:
        that: "'correct-horse' not in processes.stdout"
      no_log: true
    - command: ps -eww -o args
      delegate_to: localhost
      become: false
      vars: {ansible_connection: local}
      register: here
    - assert:
        that: "'correct-horse' not in here.stdout"
      no_log: true
END
  deploys -i hosts -vvvv play.yml
  exits 0; keeps_quiet "$PASSWORD"
}

# Six hosts that are this machine become the same user at once: one helper serves them, and it ends with the run.
case_local_hosts_become_at_once() {
  for n in 1 2 3 4 5 6; do echo "here$n ansible_connection=local"; done >hosts
  write play.yml <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - command: id -un
      become: true
      become_user: nobody
      register: who
    - debug:
        msg: "i am {{ who.stdout }}"
YAML
  starts -i hosts play.yml
  ends 20
  exits 0; says 'i am nobody'
}

# A Ctrl-C at the terminal reaches the whole process group; what runs may finish all the same.
case_interrupt_spares_local_tasks() {
  echo "here ansible_connection=local" >hosts
  chmod 711 "$WORK"; mkdir -m 777 shared
  write play.yml <<YAML
- hosts: all
  gather_facts: false
  tasks:
    - shell: sleep 3; touch $WORK/shared/done
      become: true
      become_user: nobody
    - command: touch $WORK/shared/after
YAML
  starts -i hosts play.yml
  eventually 10 pgrep -u nobody -f 'sleep 3; touch'
  kill -INT -- "-$PID"
  ends 20
  [ -e shared/done ] || fails "the task did not finish"
  [ ! -e shared/after ] || fails "another task began"
}

# What a task of root's sees as another user is what sudo would have given it.
case_environment_from_root() {
  inventory root become
  on become env LC_TIME=C sudo -H -S -n -u ubuntu env | grep -vE '^(SUDO_COMMAND|PWD|SHLVL|_)=' | sort >by_sudo
  local word
  for word in '' '-H' ; do
    write play.yml <<YAML
- hosts: webservers
  gather_facts: false
  become: true
  become_user: ubuntu
  vars:
    ansible_become_flags: "$word"
  tasks:
    - shell: env | grep -vE '^(SUDO_COMMAND|PWD|OLDPWD|SHLVL|_)=' | sort; pwd >/dev/null
      environment:
        LC_TIME: C
      register: seen
    - copy:
        content: "{{ seen.stdout }}\n"
        dest: "$WORK/by_deploy"
      delegate_to: localhost
      become: false
YAML
    deploys -i hosts play.yml
    exits 0
    diff by_sudo by_deploy || fails "another environment with the flags '$word'"
  done
}

case_login_environment_from_root() {
  inventory root become -- 'ansible_become_flags=-i'
  on become "echo 'export GREETING=hello; echo Welcome' >/home/ubuntu/.profile"
  # shellcheck disable=SC2016
  deploys run -i hosts webservers -m shell -a 'echo "$GREETING from $(pwd)"' -b --become-user ubuntu
  on become rm /home/ubuntu/.profile
  exits 0; says '^hello from '
}

# Nobody asks for the password, so nobody reads it.
case_raw_keeps_an_unasked_password() {
  inventory ubuntu become -- 'ansible_become_password=wrong-battery'
  deploys run -i hosts webservers -m raw -a 'cat; id -un' -b
  exits 0; says '^root'; keeps_quiet wrong-battery
  inventory pat become -- "ansible_become_password=$PASSWORD"
  deploys run -i hosts webservers -m raw -a 'cat; id -un' -b
  exits 0; says '^root'; keeps_quiet "$PASSWORD" '[sudo'
}
