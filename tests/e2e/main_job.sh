# The main job: a fresh host gets Docker, our app and its unit; a second run changes nothing.
# hosts: plain fresh
# hosts: docker again

playbook() { deploys -i hosts "$ROOT/playbooks/docker_deploy.yml" -e "app_binary=$APP" "$@"; }
healthy() { curl -fsS "http://$(lab ip "$1"):8080/_health"; }

case_fresh_host_twice() {
  inventory ubuntu fresh
  playbook
  exits 0; says 'fresh +: ok=[0-9]+ +changed=[1-9][0-9]* +unreachable=0 +failed=0'
  healthy fresh
  curl -fsS -o page "http://$(lab ip fresh):8080/"
  grep -qi '<html' page
  on fresh 'journalctl -u botify.service --no-pager' >journal
  grep -q '_health\|listening\|request' journal || fails "the app's log is not in the journal: $(cat journal)"
  playbook
  exits 0; says 'fresh +: ok=[0-9]+ +changed=0 +unreachable=0 +failed=0'
}

case_plan_and_check_change_nothing() {
  inventory ubuntu again
  deploys plan -i hosts "$ROOT/playbooks/docker_deploy.yml" -e "app_binary=$APP"
  exits 0; says 'botify.service'
  on again test ! -e /etc/systemd/system/botify.service
  on again test ! -e /etc/botify
}

case_a_setting_restarts_it_once() {
  inventory ubuntu again
  playbook
  exits 0
  local first; first=$(on again systemctl show -P ExecMainStartTimestampMonotonic botify.service)
  playbook -e '{"botify_settings": {"BOTIFY_TITLE": "Another name"}}'
  exits 0; says 'TASK \[Restart it if they are newer\]'
  [ "$(on again systemctl show -P ExecMainStartTimestampMonotonic botify.service)" != "$first" ] || fails 'not restarted'
  curl -fsS "http://$(lab ip again):8080/" | grep -q 'Another name'
}

case_settings_of_a_run_that_failed_are_not_forgotten() {
  local settings='{"botify_settings": {"BOTIFY_TITLE": "Not forgotten"}}'
  inventory ubuntu again
  playbook
  exits 0
  playbook -e "$settings" -e app_image_file=/nonexistent.tar
  exits 2
  playbook -e "$settings"
  exits 0
  curl -fsS "http://$(lab ip again):8080/" | grep -q 'Not forgotten'
  playbook -e "$settings"
  exits 0; says 'again +: ok=[0-9]+ +changed=0 '
}

case_a_broken_setting_shows_the_journal() {
  inventory ubuntu again
  playbook -e '{"botify_settings": {"BOTIFY_REQUEST_TIMEOUT": "nonsense"}}'
  exits 2; says 'its journal says' 'BOTIFY_REQUEST_TIMEOUT|nonsense'
  playbook
  exits 0
  healthy again
}

case_survives_a_reboot() {
  inventory ubuntu again
  playbook
  exits 0
  lab stop again; lab up again
  eventually 60 healthy again
  playbook
  exits 0; says 'again +: ok=[0-9]+ +changed=0 '
}

# Debian's docker-registry stands in for a registry of one's own.
case_from_a_registry_and_from_a_saved_image() {
  inventory ubuntu again
  playbook
  exits 0
  # shellcheck disable=SC2016
  on again 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qqy install docker-registry
    sed -i "/^auth:/,/^[a-z]/{/^auth:/d;/^ /d}" /etc/docker/registry/config.yml; systemctl restart docker-registry; sleep 1
    image=$(docker image ls --format "{{.Repository}}:{{.Tag}}" botify | head -n 1)
    docker tag "$image" 127.0.0.1:5000/botify:latest && docker push -q 127.0.0.1:5000/botify:latest' >/dev/null
  playbook -e app_registry=127.0.0.1:5000
  exits 0
  healthy again
  playbook -e app_registry=127.0.0.1:5000
  exits 0; says 'again +: ok=[0-9]+ +changed=0 '
  on again 'docker tag 127.0.0.1:5000/botify:latest saved:1 && docker save saved:1' >saved.tar
  playbook -e app_image_file="$WORK/saved.tar" -e app_image=saved:1
  exits 0
  healthy again
  playbook -e app_image_file="$WORK/saved.tar" -e app_image=saved:1
  exits 0; says 'again +: ok=[0-9]+ +changed=0 '
}
