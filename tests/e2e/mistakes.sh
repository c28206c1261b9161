# Wrong playbooks: found early, with the place and a hint.
# hosts: plain mistakes

# A play with the tasks on standard input, indented by four.
tasks() { { printf -- '- name: Play\n  hosts: webservers\n  gather_facts: false\n  tasks:\n'; cat; } >play.yml; }

# An error before the first connection: no host is named, nothing ran.
before_connecting() { keeps_quiet 'TASK ['; }

case_yaml_syntax() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Unclosed
      debug:
        msg: "never closed
    - debug:
        msg: x
END
  deploys -i hosts play.yml
  exits 4; says 'play.yml:[0-9]+:[0-9]+'; before_connecting
}

case_yaml_tab() {
  inventory ubuntu mistakes
  printf -- '- hosts: all\n  tasks:\n\t- debug:\n' >play.yml
  deploys -i hosts play.yml
  exits 4; says 'play.yml:3:' 'tab'; before_connecting
}

case_unknown_keyword() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Typo
      command: "true"
      wehn: true
END
  deploys -i hosts play.yml
  exits 4; says 'play.yml:7:7' 'wehn' 'when'; before_connecting
}

case_unknown_module() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: First
      command: "true"
    - name: Typo
      cpoy:
        src: a
END
  deploys -i hosts play.yml
  exits 4; says 'play.yml:8:7' 'cpoy' '\bcopy\b'; before_connecting
}

case_unknown_parameter() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Typo
      copy:
        content: x
        dst: /tmp/x
END
  deploys -i hosts play.yml
  exits 2 4; says 'play.yml:[0-9]+:' 'dst' '\bdest\b'
}

case_several_mistakes_at_once() {
  inventory ubuntu mistakes
  tasks <<'END'
    - comand: "true"
    - command: "true"
      regster: x
END
  deploys -i hosts play.yml
  exits 4; says 'comand' 'regster'; before_connecting
}

case_undefined_variable() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Says hello
      debug:
        msg: "hello {{ greting }}"
      vars:
        greeting: you
END
  deploys -i hosts play.yml
  exits 2; says 'fatal: \[mistakes\]: FAILED!' 'play.yml:7:' 'greting' 'greeting'
}

case_template_file_syntax() {
  inventory ubuntu mistakes
  printf 'one\n{%% if true %%}\nthree {{ 1 + }}\n{%% endif %%}\n' | write templates/app.conf.j2
  tasks <<'END'
    - name: Renders
      template:
        src: app.conf.j2
        dest: /tmp/app.conf
END
  deploys -i hosts play.yml
  exits 2; says 'app.conf.j2:3' 'fatal: \[mistakes\]: FAILED!'
  on mistakes test ! -e /tmp/app.conf
}

case_missing_file() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Copies
      copy:
        src: nosuch.txt
        dest: /tmp/nosuch.txt
END
  deploys -i hosts play.yml
  exits 2; says 'nosuch.txt' 'fatal: \[mistakes\]: FAILED!' 'play.yml:[0-9]+:'
}

case_missing_playbook_and_inventory() {
  inventory ubuntu mistakes
  deploys -i hosts nosuch.yml
  exits 1; says 'nosuch.yml'
  tasks </dev/null
  deploys -i nosuch-inventory play.yml
  says 'nosuch-inventory'
}

case_unknown_option() {
  deploys --no-such-option play.yml
  exits 2 5; says '--no-such-option'
}

case_fails_in_the_middle_of_a_loop() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Loop
      command: "{{ item }}"
      loop: ["true", "false", "true"]
    - name: Not reached
      debug:
        msg: no
END
  deploys -i hosts play.yml
  exits 2; says 'changed: \[mistakes\] => \(item=true\)' 'failed: \[mistakes\] \(item=false\)' 'failed=1'
  is "$(grep -c '^changed: ' "$OUTPUT")" 2
  keeps_quiet 'Not reached'
}

case_disk_full() {
  inventory root mistakes
  on mistakes 'mkdir -p /mnt/full && mount -t tmpfs -o size=1m none /mnt/full && echo old >/mnt/full/file'
  head -c 3000000 /dev/urandom >big
  tasks <<'END'
    - name: Too big
      copy:
        src: big
        dest: /mnt/full/file
END
  deploys -i hosts play.yml
  exits 2; says 'fatal: \[mistakes\]: FAILED!' 'no space left'
  is "$(on mistakes 'cat /mnt/full/file; ls -A /mnt/full')" "$(printf 'old\nfile')"
  on mistakes umount /mnt/full
}

case_module_not_there_yet() {
  inventory ubuntu mistakes
  tasks <<'END'
    - name: Guarded
      ansible.windows.win_copy:
        src: a
      when: false
    - name: On
      command: "true"
END
  deploys -i hosts play.yml
  exits 0; says 'skipping: \[mistakes\]'
}
