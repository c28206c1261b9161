//! Filters, tests and lookups as a whole: which there are, that secrets stay secret, that no input stops the program.
use lang::template::{Expression, Stop, lookups, render_value};
use std::time::{Duration, Instant};
use value::{Map, Str, Value};

fn evaluate(expression: &str, variables: &Map) -> Result<Value, Stop> {
    render_value(&Value::Str(Str::trusted(format!("{{{{ {expression} }}}}"), None)), variables)
}

/// Lookups that reach outside, and so are the controller's.
const OUTSIDE: [&str; 14] = [
    "config",
    "csvfile",
    "env",
    "file",
    "fileglob",
    "first_found",
    "ini",
    "inventory_hostnames",
    "lines",
    "password",
    "pipe",
    "template",
    "unvault",
    "url",
];

#[test]
fn all_that_ansible_has_itself_is_there() {
    let names = include_str!("oracle/names");
    let mut missing = Vec::new();
    for line in names.lines() {
        let (kind, name) = line.split_once(' ').unwrap();
        let known = match kind {
            "lookup" => OUTSIDE.contains(&name) || lookups::all().any(|lookup| lookup.name == name),
            kind => evaluate(&format!("'ansible.builtin.{name}' is {kind}"), &Map::new()).unwrap() == true.into(),
        };
        if !known {
            missing.push(line);
        }
    }
    assert!(names.lines().count() > 200 && missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_made_from_a_secret_is_secret() {
    let mut variables = Map::new();
    variables.insert("password", Str::from("hunter2 Ünïque").with_secrecy(true));
    variables.insert("name", "bob");
    let cases = "password | upper; password | trim; password | replace('h', 'x'); name | replace('b', password);
        password | b64encode; password | b64encode | b64decode; password | hash; password | quote; password | urlencode;
        password | regex_replace('u', 'U'); name | regex_replace('b', password); password | regex_search('h.*');
        password | regex_findall('n'); password | split; password | list; password | first; password | comment;
        password | indent; password | truncate(5, true, '', 0); password | center(30); password | title; password | reverse;
        password | to_json; {'p': password} | to_nice_yaml; {'p': [password]} | to_nice_json; password | tojson;
        [password] | join(','); [name] | join(password); password | string; {'p': password} | string; password ~ name;
        '%s' | format(password); password | password_hash('md5', 'salt'); password | to_uuid; password | escape;
        ('\"' ~ password ~ '\"') | from_json; ('a: ' ~ password) | from_yaml; password | basename; [name, password] | path_join;
        password | splitext; {'p': password} | urlencode; password | wordwrap(5); {'p': password} | xmlattr;
        password | pprint; password | regex_escape; password | unvault('x'); [password] | map('upper') | list;
        {'a': {'p': password}} | combine({'b': 1}); [password] | unique; [password] | union([1]); password | striptags;
        [{'key': 'p', 'value': password}] | items2dict; [password] | batch(1) | list; [[password]] | flatten;
        {'p': password} | json_query('p'); password | community.general.unicode_normalize; password | urldecode;
        [password] | json_query('join(`\",\"`, @)'); password | json_query('to_string([@])');
        ('http://u:' ~ password ~ '@h') | urlsplit('password')";
    for case in cases.split(';').map(str::trim) {
        let value = evaluate(case, &variables).unwrap_or_else(|stop| panic!("{case}: {stop}"));
        assert!(value.holds_secret(), "{case} gave {value:?}");
    }
    for case in ["password | length", "name | upper", "{'p': password, 'n': name}.n"] {
        assert!(!evaluate(case, &variables).unwrap().holds_secret(), "{case}");
    }
}

#[test]
fn a_refusal_does_not_tell_a_secret() {
    let mut variables = Map::new();
    variables.insert("password", Str::from("hunter2").with_secrecy(true));
    let cases = "password | from_json; password | from_yaml | dict2items; [{'p': password}] | items2dict;
        [{'p': password}] | subelements('p'); password | human_to_bytes; password | ansible.utils.ipmath(1);
        'x' | hash(password); password | to_datetime; password | strftime(password); password | b64decode('ascii');
        password is version(password, password); '' | to_uuid(namespace=password); [password] | subelements('x')";
    for case in cases.split(';').map(str::trim) {
        let stop = evaluate(case, &variables).expect_err(case);
        assert!(!stop.to_string().contains("hunter2"), "{case}: {stop}");
    }
}

#[test]
fn no_input_stops_the_program() {
    let mut variables = Map::new();
    let mixed = (0..500).map(|at| match at % 4 {
        0 => Value::Int(at),
        1 => Value::Float(f64::NAN),
        2 => Value::from(at.to_string()),
        _ => Value::list([Value::Null]),
    });
    variables.insert("mixed", Value::list(mixed));
    variables.insert(
        "nans",
        Value::list((0..500).map(|at| Value::Float(if at % 3 == 0 { f64::NAN } else { (500 - at) as f64 }))),
    );
    variables.insert("brackets", "[".repeat(200_000));
    variables.insert("braces", "{\"a\":".repeat(200_000));
    variables.insert("letters", "a".repeat(5_000) + "!");
    let cases = "mixed | sort; nans | sort; nans | max; nans | json_query('sort(@)'); mixed | dictsort; mixed | unique | length;
        mixed | groupby('x'); brackets | from_json; braces | from_json; brackets | from_yaml; brackets | json_query(brackets);
        1 | json_query(brackets); letters is match('(a+)+$'); letters | regex_replace('(a|aa)+$', ''); letters | wordwrap(1) | length;
        mixed | product(mixed, mixed, mixed); range(30) | permutations; range(60) | combinations(30); 2 | pow(100000);
        10 | round(-9223372036854775807); 1e308 | round(308); 9223372036854775807 | random(start=-9223372036854775807, seed=1);
        '9' * 5000 | int; 'x' | indent(-5); 'x' | center(-9223372036854775807); 'x' | truncate(-5); [1] | batch(0); [1] | slice(0);
        'x' | center(9223372036854775807); 'x' | indent(9223372036854775807, true); [1] | batch(9223372036854775807, 0); [1] | slice(9223372036854775807);
        [1] | to_json(indent=9223372036854775807); [1] | product(repeat=9223372036854775807); 'x' | comment(prefix_count=9223372036854775807);
        [1] | to_nice_yaml(indent=9223372036854775807, width=-9); [[1]] | to_yaml(indent=-1); '%999999999d' | format(1); 'x' | wordwrap(9223372036854775807);
        query('sequence', 'start=0 end=99999999999'); query('sequence', 'count=9223372036854775807 stride=9223372036854775807');
        '%9999999999Y' | strftime(0); '%Y' | strftime(1e300); '%-' | strftime(0); '0001-01-01' | to_datetime('%Y-%m-%d');
        '::/0' | ansible.utils.ipaddr('size'); '::/0' | ansible.utils.ipaddr(-1); '0.0.0.0/0' | ansible.utils.ipsubnet(32);
        '::/0' | ansible.utils.ipsubnet(128, -1); '::/0' | ansible.utils.usable_range; '::' | ansible.utils.ipmath(-1);
        '1.0.0.0/0' | ansible.utils.ipsubnet('0.0.0.0/0'); '::/1' | ansible.utils.ipsubnet('::/0'); 'é' | regex_replace('', 'é');
        'é' | regex_findall('x*'); 'é%C' | urldecode; 'é%é' | urldecode; '%é' | strftime(0); 'http://[::1' | urlsplit;
        '2024é' | to_datetime('%Yé%m'); 'é' | to_datetime('%z'); '+1é' | to_datetime('%z'); 'é' | human_to_bytes; '1é' | human_to_bytes;
        '10M' | human_to_bytes(default_unit='é'); '1.é' is version('1.0é'); '1-é' is version('1', version_type='semver');
        'é' is version('é', version_type='pep440'); 'é' | json_query('`é`'); 'é' | json_query('\"\\u12\"'); '\\\\' | regex_replace('\\\\', '\\\\');
        'a' | regex_replace('a', '\\\\g<'); 'a' | regex_replace('(?P<', ''); 'a' | regex_replace('[', ''); 'a' | regex_replace('(?', '');
        'a' | regex_replace('\\\\x', ''); 'a' | regex_replace('a{99999}{99999}', ''); 'a' is match('(?:' * 3000); '&#x110000;é&é;' | striptags;
        'é' | comment(newline='é'); 'é' | b64decode; '1' | password_hash('bcrypt', 'é'); 'C:é' | win_splitdrive; '\\\\\\\\é' | win_splitdrive";
    for case in cases.split(';').map(str::trim) {
        let start = Instant::now();
        // That there is an answer or a refusal is all that is asked.
        let _ = evaluate(case, &variables);
        assert!(start.elapsed() < Duration::from_secs(20), "{case} took {:?}", start.elapsed());
    }
}

#[test]
fn faults_name_the_filter() {
    for (expression, words) in [
        ("5 | dict2items", "dict2items requires a dictionary, got int"),
        ("'x' | b64decode(5)", "b64decode' failed: 'encoding' must be a string, not int"),
        ("'a' | indent(width=[])", "indent' failed: 'width' must be an integer, not list"),
        ("'a' | truncate(lenght=5)", "truncate() got an unexpected keyword argument 'lenght'"),
        ("'a' | regex_replace('(', '')", "regex_replace' failed: missing ), unterminated subpattern at position 0"),
        ("'a' is version('1', 'x')", "version' failed: Invalid operator type (x)"),
    ] {
        let compiled = Expression::compile(expression, None).unwrap();
        let stop = compiled.evaluate(&Map::new()).expect_err(expression);
        assert!(stop.to_string().contains(words), "{expression}: {stop}");
    }
}
