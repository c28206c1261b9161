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
