//! The engine behind its interface: what its parts say of themselves, and what no oracle can tell (places, stops, secrets, limits).
use lang::template::{
    Environment, Expression, Kind, LookupRequest, Scope, Source, Stop, Syntax, Template, condition, render_text,
    render_value,
};
use std::sync::Arc;
use value::{Map, SourceId, Span, Str, Value, Vaulted};

fn trusted(text: &str) -> Value {
    Value::Str(Str::trusted(text, Some(Span::new(SourceId(0), 3, 10, text.chars().count() as u32))))
}

fn map(entries: &[(&str, Value)]) -> Map {
    entries.iter().map(|(key, value)| (*key, value.clone())).collect()
}

fn render(text: &str, scope: &dyn Scope) -> String {
    match render_value(&trusted(text), scope) {
        Ok(value) => value.to_repr(),
        Err(Stop::Error(error)) => format!("! {}", error.message()),
        Err(stop) => format!("! {stop}"),
    }
}

fn all(cases: &[(&str, &str)], scope: &dyn Scope) {
    let wrong: Vec<_> = cases
        .iter()
        .map(|(text, wanted)| (text, render(text, scope), wanted))
        .filter(|(_, found, wanted)| found != *wanted)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn values_stay_native_and_texts_are_joined() {
    let scope = map(&[("a", 1.into()), ("n", Value::Null), ("raw", vec![1, 2].into()), ("s", "str".into())]);
    all(
        &[
            ("{{ a }}", "1"),
            ("{{ a }}{{ a }}", "'11'"),
            ("a{{ n }}b", "'ab'"),
            ("{{ n }}{{ n }}", "None"),
            ("{{ raw }}{{ n }}", "[1, 2]"),
            ("{{ raw }}{{ '' }}", "'[1, 2]'"),
            ("{{ 1, 2 }}", "[1, 2]"),
            ("{{ (1,) }} x", "'[1] x'"),
            ("{{ (1,2) ~ 'x' }}", "'(1, 2)x'"),
            ("{{ [omit, 1] }}", "[1]"),
            ("a{{ omit }}", "'a'"),
            ("{{ {'a': omit, 'b': (1, omit)} }}", "{'b': [1]}"),
            ("{% if true %}{{ raw }}{% endif %}", "[1, 2]"),
            ("{{ raw }}\n", "[1, 2]"),
            ("{{ raw }}\n\n", "'[1, 2]\\n\\n'"),
            ("{{ s }}\n", "'str\\n'"),
            ("{{ n }}\n", "None"),
            ("{{ 'a\\nb'.split() }}", "['a\\\\nb']"),
            ("{{ 'a\"b' }}", "'a\"b'"),
        ],
        &scope,
    );
    assert_eq!(
        Template::compile("{{ 'a\\nb' }}|{{ none }}\n", None, &Syntax::FILE)
            .unwrap()
            .render_text(&scope)
            .unwrap()
            .as_str(),
        "a\nb|\n"
    );
}

/// Other than in 2.19, which refuses it; earlier releases and the playbooks written for them do not.
#[test]
fn a_range_is_a_list_where_it_is_the_result() {
    let cases = [("{{ range(3) }}", "[0, 1, 2]"), ("{{ range(1, 8, 3) }}", "[1, 4, 7]"), ("{{ range(0) }}", "[]")];
    all(&cases, &map(&[]));
    assert_eq!(render("{{ range(2) }}.", &map(&[])), "'range(0, 2).'");
}

#[test]
fn operators_are_pythons() {
    let scope = Map::new();
    all(
        &[
            (
                "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 100 }} {{ 2 ** -1 }} {{ 6 / 2 }}",
                "'3 -4 2 1267650600228229401496703205376 0.5 3.0'",
            ),
            ("{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 'a' not in 'b' }} {{ not 1 in [1] }}", "'True False True False'"),
            ("{{ 1 < 'a' }}", "! '<' not supported between instances of 'int' and 'str'"),
            ("{{ 1 >= 'a' }}", "! '>=' not supported between instances of 'int' and 'str'"),
            ("{{ 1 + 'a' }}", "! unsupported operand type(s) for +: 'int' and 'str'"),
            ("{{ 'a' + 1 }}", "! can only concatenate str (not \"int\") to str"),
            ("{{ 5 / 0 }}", "! division by zero"),
            ("{{ '%05.1f|%x|%r|%%' % (1.25, 255, 'q') }}", "\"001.2|ff|'q'|%\""),
            ("{{ '{0} {x:>4}|{1!r}'.format(1, 'b', x=2) }}", "\"1    2|'b'\""),
            ("{{ 1.0 == 1 }} {{ true == 1 }} {{ '1' == 1 }}", "'True True False'"),
            ("{{ 'abc'[::-1] }} {{ [1,2,3][:-1] }} {{ 'abc'[-1] }}", "'cba [1, 2] c'"),
            (
                "{{ 9223372036854775807 + 1 }} {{ 1_000 }} {{ 0x1f }} {{ 1.5e-3 }} {{ 10.bit_length() }}",
                "'9223372036854775808 1000 31 0.0015 4'",
            ),
            ("{{ 'x' 'y'.upper() }} {{ -2 ** 2 }}", "'XY 4'"),
            ("{{ 1 if 0 else 2 if 0 else 3 }}|{{ 'a' if false }}", "'3|'"),
        ],
        &scope,
    );
}

#[test]
fn changes_live_in_one_evaluation() {
    let lod = Value::list([Value::map([("n", 1)]), Value::map([("n", 2)])]);
    let scope = map(&[("lst", vec![1, 2].into()), ("lod", lod), ("fresh", trusted("{{ [1] }}"))]);
    all(
        &[
            ("{{ lst.append(3) }}{{ lst }}", "[1, 2, 3]"),
            ("{{ lst }}", "[1, 2]"),
            ("{% set b = lst %}{% set _ = b.append(9) %}{{ lst }}", "[1, 2, 9]"),
            (
                "{% for i in lod %}{% set _ = i.update({'m': 1}) %}{% endfor %}{{ lod }}",
                "[{'n': 1, 'm': 1}, {'n': 2, 'm': 1}]",
            ),
            (
                "{% set d = {} %}{% for i in lod %}{% set _ = d.setdefault('k', []).append(i.n) %}{% endfor %}{{ d }}",
                "{'k': [1, 2]}",
            ),
            ("{% set _ = fresh.append(3) %}{{ fresh }}", "[1, 3]"),
            ("{{ lst.pop() }} {{ lst }} {{ lst | length }}", "'2 [1] 1'"),
            ("{{ lst.append(lst) }}{{ lst }}", "! the template is nested too deeply"),
        ],
        &scope,
    );
}

#[test]
fn statements_do_what_jinjas_do() {
    let scope = map(&[("lst", vec![1, 2].into())]);
    all(
        &[
            ("{% for i in lst %}{{ loop.index }}{{ loop.last }}{% endfor %}", "'1False2True'"),
            ("{% for i in [1,2,3,4] if i > 1 %}{{ i }}/{{ loop.length }} {% endfor %}", "'2/3 3/3 4/3 '"),
            ("{% for i in [] %}x{% else %}y{% endfor %}", "'y'"),
            ("{% set x = 1 %}{% for i in lst %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}", "'231'"),
            ("{% set ns = namespace(x=1) %}{% for i in lst %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "4"),
            ("{% with a=5, b=lst %}{{ a }}{{ b }}{% endwith %}", "'5[1, 2]'"),
            (
                "{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 3, 4, c=5) }}",
                "\"13[4]{'c': 5}\"",
            ),
            ("{% macro m(a) %}<{{ caller(1) }}>{% endmacro %}{% call(x) m(1) %}in{{ x }}{% endcall %}", "'<in1>'"),
            ("{% macro f(n) %}{{ f(n-1) if n > 0 else 'end' }}{% endmacro %}{{ f(3) }}", "'end'"),
            ("{% macro m() %}{{ z }}{% endmacro %}{% set z = 5 %}{{ m() }}", "5"),
            ("{% for i in [1,2,3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "'13'"),
            (
                "{% for i in [[1, [2]], [3, []]] recursive %}{{ i[0] }}{% if i[1] %}({{ loop.depth }}){% endif %}{% endfor %}",
                "'1(1)3'",
            ),
            ("a\n{% raw %}\n{{ b }}\n{% endraw %}\nc", "'a\\n\\n{{ b }}\\nc'"),
            ("  {%- if true -%}  x  {%- endif -%}  y", "'xy'"),
            ("{% if true +%}\nx{% endif %}", "'\\nx'"),
            ("{{ 1 -}}   b   {{- 1 }}", "'1b1'"),
            ("{% set x %}a{{ lst }}{% endset %}{{ x }}", "'a[1, 2]'"),
            ("{{ self.b() }}{% block b %}x{% endblock %}", "'xx'"),
            (
                "{% set c = cycler(1,2) %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}",
                "'1211'",
            ),
            ("{% set j = joiner(',') %}{% for i in lst %}{{ j() }}{{ i }}{% endfor %}", "'1,2'"),
            ("a{{ range(3) }} {{ 2 in range(3) }} {{ range(5)[1] }}", "'arange(0, 3) True 1'"),
        ],
        &scope,
    );
}

#[test]
fn undefined_travels_and_is_an_error_where_it_is_used() {
    let scope = map(&[
        ("db", Value::map([("users", Value::list([Value::map([("stat", "x")])]))])),
        ("bad", trusted("{{ nope + 1 }}")),
        ("worse", trusted("x{{ nope }}")),
        ("mixed", Value::map([("a", trusted("{{ nope }}")), ("b", 2.into())])),
    ]);
    all(
        &[
            ("{{ nope }}", "! 'nope' is undefined"),
            ("{{ nope.a.b }}", "! 'nope' is undefined"),
            ("{{ mixed.b }}", "2"),
            ("{{ mixed }}", "! 'nope' is undefined"),
            ("{{ [nope, 1] }}", "! 'nope' is undefined"),
            ("{{ db.users[0].state }}", "! object of type 'dict' has no attribute 'state'"),
            ("{{ nope and true }}", "! 'nope' is undefined"),
            ("{{ true or nope }}", "True"),
            ("{{ mixed == 1 }}", "False"),
            ("{{ range(nope) }}", "! 'nope' is undefined"),
        ],
        &scope,
    );
    let stop = render_value(&trusted("x {{ db.users[0].state }}"), &scope).unwrap_err();
    let error = stop.error().unwrap();
    assert_eq!(error.get_help(), Some("'db.users[0].state' is not there; did you mean 'stat'?"));
    let stop = render_value(&trusted("{{ dbb }}"), &scope).unwrap_err();
    assert_eq!(stop.error().unwrap().get_help(), Some("did you mean 'db'?"));
}

#[test]
fn places_are_told_for_several_faults() {
    let errors = Template::compile(
        "a\n{{ b | nofilter }}\n{% foo %}\n{{ ( }}",
        Some(Span::new(SourceId(1), 1, 1, 1)),
        &Syntax::FILE,
    );
    let errors: Vec<_> = errors
        .unwrap_err()
        .iter()
        .map(|error| {
            (error.span().unwrap().line.get(), error.span().unwrap().column.get(), error.message().to_string())
        })
        .collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors.contains(&(2, 8, "No filter named 'nofilter'.".into())), "{errors:?}");
    assert!(errors.contains(&(3, 4, "Encountered unknown tag 'foo'.".into())), "{errors:?}");
    let stop = render_value(&trusted("{{ 1 + nope }}"), &Map::new()).unwrap_err();
    let span = stop.error().unwrap().span().unwrap();
    assert_eq!((span.line.get(), span.column.get()), (3, 17));
}

#[test]
fn conditions_are_booleans() {
    let scope = map(&[
        ("a", 1.into()),
        ("cond", trusted("a == 1")),
        ("stdout", "a == 1".into()),
        ("lst", vec![1].into()),
        ("tcond", trusted("{{ a == 1 }}")),
    ]);
    let cases: &[(&str, Result<bool, &str>)] = &[
        ("a == 1", Ok(true)),
        ("not a == 1", Ok(false)),
        ("{{ a == 1 }}", Ok(true)),
        ("{{ cond }}", Ok(true)),
        ("tcond", Ok(true)),
        ("lst and a == 1", Ok(true)),
        ("'{{ a }}' == 1", Ok(true)),
        ("a", Err("Conditional result (True) was derived from value of type 'int'")),
        ("cond", Err("Conditional result (True) was derived from value of type 'str'")),
        ("{{ lst }}", Err("Conditional result (True) was derived from value of type 'list'")),
        ("{{ stdout }}", Err("Encountered untrusted template or expression.")),
        ("{{ 'a == 1' }}", Err("Encountered untrusted template or expression.")),
        ("nope", Err("'nope' is undefined")),
        ("", Err("Empty conditional expressions are not allowed.")),
        ("a = 1", Err("")),
        ("a == 1 and {{ a }} == 1", Err("")),
    ];
    for (text, wanted) in cases {
        match (condition(&trusted(text), &scope), wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, *wanted, "{text}"),
            (Err(stop), Err(start)) => assert!(stop.error().unwrap().message().starts_with(start), "{text}: {stop}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
    assert!(condition(&true.into(), &scope).unwrap());
    assert!(condition(&1.into(), &scope).is_err());
}

#[test]
fn conditions_of_older_playbooks_are_read_where_that_is_allowed() {
    let scope = Outside(map(&[("a", 1.into()), ("s", "x".into())]));
    for text in ["a == 1 and {{ a }} == 1", "'{{ s }}' == 'x'", "{{ a }} == 1 and {{ a + 1 }} == 2", "s", "a"] {
        assert!(condition(&trusted(text), &scope).unwrap(), "{text}");
    }
    let stop = condition(&trusted("a == {{ a }}"), &Map::new()).unwrap_err();
    assert_eq!(stop.error().unwrap().get_help(), Some("write it without marks: a == a"));
}

#[test]
fn places_in_scalars_are_found_by_what_they_cover() {
    let place = |text: &str, line, column, covered| {
        let origin = Some(Span::new(SourceId(0), line, column, covered));
        let stop = render_value(&Value::Str(Str::trusted(text, origin)), &Map::new()).unwrap_err();
        let span = stop.error().unwrap().span().unwrap();
        (span.line.get(), span.column.get())
    };
    assert_eq!(place("{{ nope }}", 3, 10, 10), (3, 13), "plain");
    assert_eq!(place("{{ nope }}", 3, 10, 12), (3, 14), "quoted");
    assert_eq!(place("a\n{{ nope }}\n", 3, 10, 1), (5, 4), "block");
    assert_eq!(place("a {{ nope }}", 3, 10, 2), (4, 6), "folded");
    assert_eq!(place("a\n{{ nope }}", 3, 10, 16), (3, 10), "flow with a newline");
    assert_eq!(place("a\n{{ nope }}", 1, 1, 1), (2, 4), "file");
    assert_eq!(place("a\n{{ nope }}", 2, 1, 1), (3, 4), "file with a header");
}

#[test]
fn what_is_undefined_is_marked_as_a_whole_where_it_was_met() {
    let scope = map(&[("known", map(&[("one", 1.into())]).into()), ("n", 1.into())]);
    for (text, marked) in [
        ("{{ nope }}", "nope"),
        ("a {{ nope | upper }} b", "nope"),
        ("{{ nope | upper | lower }}", "nope"),
        ("{{ known.two.three }}", "two"),
        ("{{ known['two'] | upper }}", "['two']"),
        ("{{ n | default_(1) }}", "default_"),
        ("{{ [n] | join(nope) }}", "nope"),
        ("{{ [n, nope] | join }}", "nope"),
        ("{{ nope is search('x') }}", "nope"),
        ("{{ n + nope }}", "nope"),
        ("{{ nope() }}", "nope"),
    ] {
        let origin = Some(Span::new(SourceId(0), 1, 1, 1));
        let stop = render_value(&Value::Str(Str::trusted(text, origin)), &scope).unwrap_err();
        let span = stop.error().unwrap().span().unwrap();
        let (begin, length) = (span.column.get() as usize - 1, span.length.get() as usize);
        assert_eq!(&text[begin..begin + length], marked, "{text}");
    }
}

#[test]
fn errors_say_what_was_being_done_as_ansible_does() {
    let scope = map(&[("bad", trusted("{{ 'x' | from_json }}"))]);
    let said = |text: &str| render_value(&trusted(text), &scope).unwrap_err().to_string();
    assert_eq!(said("{{ 1 / 0 }}"), "Error rendering template: division by zero");
    assert_eq!(said("{{ a b }}"), "Syntax error in template: expected token 'end of print statement', got 'b'");
    assert_eq!(said("{{ nope }}"), "'nope' is undefined");
    let wanted = "The filter plugin 'ansible.builtin.from_json' failed: ";
    assert!(said("{{ bad }}").starts_with(wanted) && said("{{ ['x'] | map('from_json') }}").starts_with(wanted));
    let condition = |text: &str| condition(&trusted(text), &scope).unwrap_err().to_string();
    assert_eq!(condition("1 / 0"), "Error rendering expression: division by zero");
    assert!(condition("a b").starts_with("Syntax error in expression: "));
}

/// Variables, and everything else that a template may ask for.
struct Outside(Map);

impl Environment for Outside {
    fn keep_secrets(&self, _value: &Value) {}

    fn decrypt(&self, vaulted: &Vaulted) -> Result<Str, Stop> {
        Ok(vaulted.ciphertext.replace("$", "").into())
    }
    fn allow_broken_conditionals(&self) -> bool {
        true
    }
}

impl Scope for Outside {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        Ok(self.0.get(name).cloned())
    }
    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
    fn lookup(&self, request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        match request.name {
            "echo" => Ok(Some(request.arguments.positional.clone())),
            "fails" => Err(Stop::outside("it fails")),
            _ => Ok(None),
        }
    }
    fn load(&self, name: &str) -> Result<Option<Source>, Stop> {
        let text = match name {
            "m.j2" => {
                "{% macro hello(x) %}hi {{ x }} {{ a is defined }} {{ z is defined }}{% endmacro %}{% set exported = 5 %}out\n"
            }
            "inc.j2" => "inc {{ a is defined }} {{ i is defined }}\n",
            "base.j2" => {
                "top\n{% block one %}base one{% endblock %}\n{% for i in [1,2] %}{% block two scoped %}{{ i }}{% endblock %}{% endfor %}\nend\n"
            }
            "child.j2" => {
                "{% extends 'base.j2' %}ignored{% set zz = 7 %}{% block one %}[{{ super() }}] {{ zz }}{% endblock %}"
            }
            _ => return Ok(None),
        };
        Ok(Some(Source { text: text.into(), origin: None }))
    }
    fn environment(&self) -> &dyn Environment {
        self
    }
}

#[test]
fn other_templates_are_included_imported_and_extended() {
    let scope = Outside(map(&[("a", 1.into())]));
    all(
        &[
            ("{% import 'm.j2' as m %}{{ m.hello('x') }}|{{ m.exported }}|{{ m }}", "'hi x False False|5|out'"),
            ("{% set z = 9 %}{% import 'm.j2' as m with context %}{{ m.hello('x') }}", "'hi x True True'"),
            ("{% from 'm.j2' import hello, exported as e %}{{ hello(1) }}{{ e }}", "'hi 1 False False5'"),
            ("{% for i in [4] %}{% include 'inc.j2' %}{% endfor %}", "'inc True True'"),
            ("{% for i in [4] %}{% include 'inc.j2' without context %}{% endfor %}", "'inc False False'"),
            ("{% include ['no.j2', 'inc.j2'] %}{% include 'no.j2' ignore missing %}", "'inc True False'"),
            ("{% include 'child.j2' %}", "'top\\n[base one] 712end'"),
            ("{% include 'no.j2' %}", "! 'no.j2' not found in search path"),
            ("{{ lookup('echo', 'a', 'b') }} {{ lookup('echo', 1) + 1 }} {{ q('echo', 1) }}", "'a,b 2 [1]'"),
            ("{{ lookup('echo', '{{ a }}', 'x{{ a + 1 }}') }} {{ '{{ a }}' }}", "\"[1, 'x2'] {{ a }}\""),
            ("{{ lookup('fails', errors='ignore') is none }}", "True"),
        ],
        &scope,
    );
    assert_eq!(
        render_value(&trusted("{{ lookup('nope') }}"), &scope).unwrap_err().error().unwrap().kind(),
        Kind::Unknown
    );
}

#[test]
fn what_is_not_there_yet_stops_everything() {
    let scope = map(&[
        ("r", Value::Pending(7)),
        ("u", Value::Unforeseen("the package".into())),
        ("via", trusted("{{ r.rc }}")),
        ("d", Value::map([("x", Value::Pending(8))])),
    ]);
    for text in
        ["{{ r }}", "{{ r.stdout }}", "a{{ r }}", "{{ via }}", "{{ 1 if r else 2 }}", "{% set x = r.rc %}", "{{ [r] }}"]
    {
        assert!(matches!(render_value(&trusted(text), &scope), Err(Stop::Pending(7))), "{text}");
    }
    assert!(matches!(render_value(&trusted("{{ d }}"), &scope), Err(Stop::Pending(8))));
    assert!(matches!(render_value(&trusted("{{ u.x or 1 }}"), &scope), Err(Stop::Unforeseen(_))));
    assert!(render_value(&trusted("{{ true or r }}"), &scope).is_ok());
}

#[test]
fn secrets_stay_secret() {
    let vaulted = Value::Vaulted(Arc::new(Vaulted { ciphertext: "$pw".into(), origin: None }));
    let scope = Outside(map(&[("v", vaulted.clone()), ("d", Value::map([("p", vaulted), ("q", "open".into())]))]));
    for text in [
        "{{ v }}",
        "a{{ v }}",
        "{{ v ~ 'x' }}",
        "{{ v.upper() }}",
        "{{ '%s' % v }}",
        "{{ '{}'.format(v) }}",
        "x {{ d }}",
        "{{ v[0] }}",
        "{{ [v, 'a'] | string }}",
    ] {
        match render_value(&trusted(text), &scope) {
            Ok(value) => assert!(value.holds_secret(), "{text}"),
            Err(stop) => assert_eq!(stop.error().unwrap().kind(), Kind::Unknown, "{text}: {stop}"),
        }
    }
    let Value::Map(map) = render_value(&trusted("{{ d }}"), &scope).unwrap() else { panic!() };
    assert!(map.get("p").unwrap().holds_secret() && !map.get("q").unwrap().holds_secret());
}

#[test]
fn only_trusted_texts_are_evaluated() {
    let scope = map(&[
        ("u", "{{ 1 + 1 }}".into()),
        ("t", trusted("{{ 1 + 1 }}")),
        ("l", Value::list([trusted("{{ 1 }}"), "{{ 2 }}".into()])),
    ]);
    all(
        &[
            ("{{ u }}", "'{{ 1 + 1 }}'"),
            ("{{ t }}", "2"),
            ("{{ l }}", "[1, '{{ 2 }}']"),
            ("{{ l[1] }}{{ l[0] }}", "'{{ 2 }}1'"),
            ("{{ '{{ 1 }}' }}", "'{{ 1 }}'"),
        ],
        &scope,
    );
    assert_eq!(render_value(&"{{ 1 }}".into(), &scope).unwrap().to_text(), "{{ 1 }}");
    let structure = Value::map([("a", trusted("{{ t }}")), ("b", Value::list([trusted("{{ omit }}"), 1.into()]))]);
    assert_eq!(render_value(&structure, &scope).unwrap().to_repr(), "{'a': 2, 'b': [1]}");
    assert_eq!(render_text(&trusted("{{ l[0] }}"), &scope).unwrap().as_str(), "1");
}

#[test]
fn loops_without_end_and_depths_without_bottom_are_errors() {
    let scope =
        map(&[("x", trusted("{{ y }}")), ("y", trusted("{{ z.a }}")), ("z", Value::map([("a", trusted("{{ x }}"))]))]);
    let stop = render_value(&trusted("{{ x }}"), &scope).unwrap_err();
    assert_eq!(stop.error().unwrap().kind(), Kind::Cycle);
    assert!(stop.to_string().ends_with("x -> y -> x"), "{stop}");
    let deep = |text: &str| render_value(&trusted(text), &Map::new()).unwrap_err().to_string();
    assert!(deep("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(3) }}").contains("too deeply"));
    assert!(deep(&format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000))).contains("too deeply"));
    assert!(deep(&format!("{{{{ 1{} }}}}", "+1".repeat(100_000))).contains("too long"));
    assert!(deep(&format!("{{{{ a{} }}}}", ".b".repeat(100_000))).contains("too long"));
    assert!(deep(&"{% if true %}".repeat(5000)).contains("too deeply"));
    assert!(deep("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}").contains("steps"));
    assert!(deep("{{ 'a' * 10 ** 12 }}").contains("too large"));
    assert!(deep("{{ 9 ** (9 ** 9) }}").contains("too large"));
}

#[test]
fn a_bare_expression_ends_where_it_ends() {
    let scope = Map::new();
    let value = Expression::compile("1 + 2 * 3", None).unwrap().evaluate(&scope).unwrap();
    assert_eq!(value.to_repr(), "7");
    assert!(Expression::compile("1 2", None).is_err());
    assert!(Expression::compile("{{ 1 }}", None).is_err());
}
