#!/usr/bin/env python3
"""Records the names that Ansible knows: modules, lookups and where their short or former names lead.

Run with the python of an environment that has the ansible package:  python record.py > names.txt

One line per kind and collection, `module ansible.posix: acl at ...`; redirects from one collection to another as
`redirect FROM TO: name name=newname ...`, those of lookups as `redirect-lookup FROM TO: ...`.
"""
import collections
import json
import pathlib
import subprocess
import sys

import ansible
import yaml

DOC = pathlib.Path(sys.executable).with_name("ansible-doc")


def names(kind):
    listed = subprocess.run([DOC, "-t", kind, "-l", "-j"], check=True, capture_output=True, text=True).stdout
    by_collection = collections.defaultdict(list)
    for name in json.loads(listed):
        collection, _, short = name.rpartition(".")
        if not short.startswith("_"):
            by_collection[collection].append(short)
    return by_collection


def redirects():
    core = pathlib.Path(ansible.__file__).parent
    builtin = core / "config" / "ansible_builtin_runtime.yml"
    yield "ansible.builtin", builtin
    for runtime in sorted((core.parent / "ansible_collections").glob("*/*/meta/runtime.yml")):
        yield ".".join(runtime.parts[-4:-2]), runtime


def main():
    for kind in ("module", "lookup"):
        for collection, shorts in sorted(names(kind).items()):
            print(f"{kind} {collection}: {' '.join(sorted(set(shorts)))}")
    moved = collections.defaultdict(set)
    for collection, path in redirects():
        routing = (yaml.safe_load(path.read_text()) or {}).get("plugin_routing") or {}
        for kind, word in (("modules", "redirect"), ("action", "redirect"), ("lookup", "redirect-lookup")):
            for name, entry in (routing.get(kind) or {}).items():
                target, _, short = (entry.get("redirect") or "").rpartition(".")
                if target and (target, short) != (collection, name):
                    moved[word, collection, target].add(name if short == name else f"{name}={short}")
    for (word, source, target), entries in sorted(moved.items()):
        print(f"{word} {source} {target}: {' '.join(sorted(entries))}")


main()
