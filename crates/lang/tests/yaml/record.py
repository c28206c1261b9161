#!/usr/bin/env python3
"""Records what ansible-core makes of YAML snippets, for tests/yaml.rs to compare with.

Run with the python of an environment that has ansible-core:  python record.py > recorded.jsonl
"""
import datetime
import itertools
import json
import sys
import warnings

from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible.parsing.utils.yaml import from_yaml
from ansible.parsing.vault import EncryptedString
from ansible.utils.display import Display

warnings.simplefilter("ignore")
Display.warning = Display.deprecated = Display._deprecated_with_plugin_info = lambda *_, **__: None

WORDS = """
0 1 -1 +1 00 01 0644 0755 08 09 0o17 0x1F 0xfg 0x_ -0x10 +0x1_0 0b101 0b12 0b 0b_ -0b11 1_000 1__0 _1 1_ 0_ 0_7 -0_7 1,000
12345678901234567890 -12345678901234567890 0xffffffffffffffffffff 9223372036854775807 9223372036854775808
1.0 1. .5 -.5 +.5 1.5e3 1.5e+3 1.5E-3 1e3 1e+3 1.e+3 .5e+3 ._5 .5_ 1_0.0_1 1.2.3 -1.0 +1.0 1.0e10 -1.5e+10 . - + .. -. +. -- 1-2
.inf .Inf .INF -.inf +.inf .iNF .nan .NaN .NAN -.nan inf nan
1:30 190:20:30 1:60 12:30:45 12:30:45.5 -1:30 +1:30 01:30 22:22 0:1 1:2:3:4 80:80 1:5.5 1:5_0.5 1_0:30 8080:80 1:30: :30 1:
2001-12-14 2001-1-1 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z 2001-12-14T21:59:43 2001-12-14T21:59:43.123456789Z
2001-12-14T1:59:43+1 2001-12-14T21:59 2001-13-14 2001-02-30 2000-02-29 1900-02-29 0000-01-01 2001-12-14T25:00:00 2001-12-14T21:59:43+05:30
2001-12-14T21:59:43.5 2001-12-14T21:59:60 20011214 2001-12-141 2001-12
yes Yes YES yEs no No NO true True TRUE tRUE false False FALSE on On ON oN off Off OFF y n Y N t f
~ null Null NULL nULL None none nil ~~ ~/x
= == << <<< < > a=b a:b http://x/y C:\\x 'x' "x" 'it''s' "a\\tb" "\\u00e9" "\\x41" "\\e" "\\d" '' "" a#b #c x#
{{ [] {} [a] {a} {a: 1} [a, b] [[a], [b]] {a: {b: c}} [a: 1] [a,] {a,} {a: 1,} {? a : b} [a, [b, {c: d}]] ] } [ { , a, a]
*x &x &x y @x `x` %x !x !x y !!x | > ? : - -a ?a :a
!!str !!str 5 !!str yes !!str 2001-01-01 !!int 5 !!int 0x10 !!int x !!int "7" !!float 5 !!float x !!float "1.5" !!bool yes !!bool x !!bool "no"
!!null x !!null !!timestamp 2001-01-01 !!timestamp 5 !!binary aGVsbG8= !!binary aGVs !!seq [a] !!map {a: b} !!set {a, b} !!set x !!map [a] !!seq {a: b}
!!str [a] !!foo x !foo x !unsafe x !unsafe 5 !unsafe "{{ x }}" !unsafe [a, {b: c}] !unsafe yes !vault x !vault 5 !vault "5" !vault [a] ! x ! 5 ! "5"
{{ x }} "{{ x }}" '{{ x }}' {{x}} {% if %} "{% if %}" {# c #}
""".split("\n")

WORDS = [w for line in WORDS for w in (line.split(" ") if not any(c in line for c in "[{!*") else [line])]
MORE = """!!str 5|!!str yes|!!int 0x10|!!int "7"|!!float 5|!!bool yes|!!bool "no"|!!null x|!!timestamp 2001-01-01|!!binary aGVsbG8=|!!seq [a]
!!map {a: b}|!!set {a, b}|!!map [a]|!!seq {a: b}|!!str [a]|!!foo x|!foo x|!unsafe x|!unsafe 5|!unsafe "5"|!unsafe 'yes'|!unsafe "{{ x }}"|!unsafe [a, {b: c}]|!vault x|!vault 5|!vault "5"
!vault [a]|! x|! 5|! "5"|{{ x }}|"{{ x }}"|'{{ x }}'|{% if %}|"{% if %}"|{# c #}|[]|{}|[a]|{a}|{a: 1}|[a, b]|[[a], [b]]|{a: {b: c}}|[a: 1]|[a,]|{a,}|{? a : b}
]|}|[|{|*x|&x|&x y|!!str|!!int x|!!float x|!!bool x|!!null|!!timestamp 5|!!set x|!!int|!!float|2001-12-14 21:59:43|2001-12-14 21:59:43 -5|2001-12-14 21:59:43.1 Z
a b|a  b|a #b|a: b|a : b|"a" b|'a' b|a 'b'|- a|? a|a ?|a -|"a|'a|"a\\|\\|"\\"|"\\/"|"\\ud83d\\ude00"|"\\U0001F600"|é|"é"|😀|\u2028|a\u00a0b"""
SCALARS = list(dict.fromkeys(WORDS + [w for line in MORE.split("\n") for w in line.split("|")]))

DOCUMENTS = [
    "", "---\n", "# c\n", "a\n", "--- a\n", "---\na: 1\n...\n", "...\n", "%YAML 1.1\n---\na: yes\n", "%YAML 1.2\n---\na: yes\n", "%FOO\n---\na\n",
    "a: 1\n---\nb: 2\n", "a: 1\nb: 2\n", "a: 1\nb: 2\na: 3\n", "a:\n  b:\n    c: d\n", "a:\n- b\n- c\n", "a:\n  - b\n  - c\n",
    "- a\n- - b\n  - c\n-\n  - d\n- e: f\n  g: h\n", "- a\n b\n", "a: b\n c\n", "a: b\n  c\n\n  d\n", "a: |\n  x\n  y\n", "a: |-\n  x\n  y\n",
    "a: |+\n  x\n\nb: 1\n", "a: >\n  x\n  y\n\n  z\n", "a: >-\n  x\n    y\n  z\n", "a: |2\n    x\n   y\n", "a: |\n\n  x\n", "a: |\nb: 1\n", "a: >+\n  x\n\n\n",
    "a: 'x\n  y'\n", "a: \"x\n  y\"\n", "a: \"x\\\n  y\"\n", "a: 'x\n\n  y'\n", "a: \"x\\n\\\n   y\"\n", "? a\n: b\n", "? [a]\n: b\n", "? {a: b}\n: c\n", "? a\n? b\n",
    "1: a\n'1': b\n", "1: a\n1.0: c\ntrue: d\n", "yes: a\nno: b\n", "~: a\n", "2001-01-01: a\n", "1.5: a\n", "0644: a\n",
    "a: &x 1\nb: *x\n", "a: &x [1, 2]\nb: *x\n", "a: &x {k: 1}\nb: {<<: *x, k: 2}\n", "a: &x {k: 1, z: 2}\nc: &y {k: 5, w: 1}\nb: {k: 2, <<: [*x, *y]}\n",
    "a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n", "<<: x\n", "<<: [a]\n", "<<: {a: 1}\nb: 2\n", "b: 2\n<<: {a: 1, b: 3}\n", "a: {<<: {b: 1}, <<: {c: 2}}\n", "'<<': x\n", "a: <<\n",
    "a: &x {<<: {p: 1}, q: 2}\nb: {<<: *x}\n", "a: *x\n", "&a a: 1\n*a : 2\n", "a: &x 5\nb: &x 6\nc: *x\n", "a: &x\nb: *x\n", "- &x a\n- *x\n- *x\n",
    "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n", "a: !vault |\n    $ANSIBLE_VAULT;1.2;AES256;dev\n    6162\n    6364\nb: c\n", "a: !unsafe\n  - x: y\n  - z\n",
    "!unsafe\na: b\n", "a: !unsafe |\n  {{ x }}\n", "a: !unsafe &x 5\nb: *x\n", "a: !unsafe &x s\nb: *x\n",
    "a:\t1\n", "\ta: 1\n", "a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a: 1 \t\nb: 2\n", "a: b: c\n", "a: b:c\n", "a:b\n", "a:1\nb: 2\n", "a: [1,2\nb: 2\n", "a: {b: 1\n",
    "a: [1, 2]]\n", "a: 'x\nb: 1\n", "a: \"x\nb: 1\n", "a: \"x\"y\n", "a: \"{{ x }}\"/b\n", "a: '{{ x }}' b\n", "a: {{ x }}\n", "a: {{ x }}/b\n", "- {{ x }}\n", "a: [{{ x }}]\n",
    "- hosts: all\n  tasks:\n   - a\n  - b\n", "- a: 1\n   b: 2\n", "- a: 1\n b: 2\n", "a: 1\n  b: 2\n", "  a: 1\nb: 2\n", "a:\n    b: 1\n  c: 2\n", "-a\n", "- a\nb: 1\n", "a: 1\n- b\n",
    "a: \x01\n", "a: \x00\n", "a: \x7f\n", "a: \u0085b\n", "\ufeffa: 1\n", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r", "a: x\u2028y\n",
    "a: #c\n", "a: b #c\n", "a: b#c\n", "#c\na: 1 # d\n# e\n", "a:\n  # c\n  b: 1\n", "a: |\n  # c\n  b\n", "[a, # c\n b]\n",
    "a: [\n  b,\n  c\n]\n", "a: {\n  b: 1,\n  c: 2\n}\n", "a: [\nb\n]\n", '{"a": 1e3}', '{"a": 1.5, "b": [true, null, "x\\u00e9"]}', '["\\ud83d\\ude00"]', '{"a": 1, "a": 2}',
    '{"a": "x"}\n\n', "{'a': 1}", '{"a": 01}', '[1, 2,]', '{"a"\t:\t1}', '{"a": -0.5e-3}', "{a: !unsafe, b: 1}", "a: !!omap [b: 1]\n"[:0] + "a: x\n",
    "- name: x\n  copy: src=a dest=b\n  when: a == \"b\"\n", "- shell: echo \"a: b\"\n", "- shell: |\n    echo \"a: b\"\n  args:\n    chdir: /\n", "- debug: msg=\"a: b\"\n", "- debug: msg='x' a: b\n",
    "a: >\n  x: y\n  {{ z }}\n", "a: \"\\\"x\\\"\"\n", "a: 'say \"x\"'\n", "a: b\n\n\n\nc: d\n", "? |\n  a\n: b\n", "? \"a b\"\n: c\n", "a b: c\n", "a-b.c/d: e\n", "\"a\": b\n'c': d\n",
    "a: -\n", "a: - b\n", "a: ?\n", "a: ? b\n", "a: :\n", "a: :b\n", "a: ,b\n", "a: b, c\n", "a: [b c, d]\n", "a: [b:c, d]\n", "a: {b:c}\n", "a: {b : c}\n", "a: {\"b\":c}\n", "a: [-1, - 1]\n",
    "a: !!set\n", "? !!binary aGVsbG8=\n: x\n", "? !unsafe x\n: 5\n", "a: !unsafe\nb: 1\n", "!!str 5: x\n", "!!int '5': x\n", "a: !!str\n  x\n  y\n", "a: !!str |\n  5\n",
]
DOCUMENTS += [
    "a: |\n  x", "a: |\n  x\n  y", "a: |-\n  x", "a: |+\n  x", "a: >\n  x\n  y", "a: >-\n  x", "a: |\n  x\n# c", "a: |\n  x\n  # c",
    "a: |\n  x\n\n", "a: |\n  x\n ", "- a: >\n    x\n- b", "a: 'x", "a: b", "a: \"b\"", "- |\n x\n- |\n y", "a: |", "a: |\n", "a: >+\n  x\n\n  y",
]
for style, indent in itertools.product("|>", ["", "-", "+", "1", "2-"]):
    DOCUMENTS.append(f"a: {style}{indent}\n   x\n    y\n\n   z\n\nb: 1\n")


def encode(value):
    if isinstance(value, EncryptedString):
        return {"vault": str(value._ciphertext)}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value) if TrustedAsTemplate.is_tagged_on(value) else {"unsafe": str(value)}
    if isinstance(value, int):
        return {"int": str(int(value))}
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime.datetime):
        return {"datetime": str(value)}
    if isinstance(value, datetime.date):
        return {"date": str(value)}
    if isinstance(value, dict):
        return {"map": [[str(k) if isinstance(k, str) else encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, (set, frozenset)):
        return sorted((encode(item) for item in value), key=json.dumps)
    return [encode(item) for item in value]


def main():
    for text in [f"k: {word}\n" for word in SCALARS if word] + [f"{word}\n" for word in SCALARS if word] + DOCUMENTS:
        try:
            value = encode(from_yaml(TrustedAsTemplate().tag(text)))
        except Exception as error:
            value = {"error": str(error).splitlines()[0]}
        json.dump([text, value], sys.stdout)
        print()


main()
