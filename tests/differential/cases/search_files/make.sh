# Makes the files: each holds the name of its place. A name only_N is in the place N alone, from_N in that one and in all behind it.
n=0
for place in roles/inner roles/inner/tasks roles/inner/tasks/deep roles/inner/handlers \
    roles/outer roles/outer/tasks roles/outer/tasks/deep roles/outer/handlers . tasks deep; do
  for below in yes no; do
    names=only_$n
    for m in 0 2 4 8 9 10 12 13 16; do [ $m -le $n ] && names="$names from_$m"; done
    for kind in files templates vars tasks; do
      folder=$place
      [ $below = yes ] && folder=$place/$kind
      mkdir -p $folder
      for name in $names; do
        case $kind in
          vars) echo "found: $folder" > $folder/$name.vars ;;
          tasks) echo "- debug: msg=$folder" > $folder/$name.yml ;;
          *) echo "$folder" > $folder/$name.$kind ;;
        esac
      done
    done
    n=$((n + 1))
  done
done
cp ask.yml below.yml
cp ask.yml deep/below.yml
for role in outer inner; do
  cp ask.yml roles/$role/tasks/below.yml
  cp ask.yml roles/$role/tasks/deep/below.yml
  cat > roles/$role/tasks/main.yml <<END
- {include_tasks: below.yml, vars: {at: $role}}
- {include_tasks: deep/below.yml, vars: {at: ${role}_deep}}
- {command: 'true', notify: handler of $role}
- {include_role: {name: inner}, when: "'$role' == 'outer'"}
END
  # A handler that fails ends it all, so it asks for what is there.
  sed '/^# Includes/,$d' ask.yml > roles/$role/handlers/below.yml
  for name in from_8 from_12 only_8 only_9 only_17; do
    echo "- include_tasks: $name.yml" >> roles/$role/handlers/below.yml
  done
  echo "- {name: handler of $role, include_tasks: below.yml, vars: {at: ${role}_handler}}" > roles/$role/handlers/main.yml
done
