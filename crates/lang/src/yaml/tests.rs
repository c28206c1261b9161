//! Places, warnings, hints, limits; values are compared with ansible-core's in `tests/yaml.rs`.
use super::*;

fn read(text: &str) -> Node {
    parse_one(text, SourceId(0), &mut Vec::new()).unwrap_or_else(|errors| panic!("{text:?}: {errors:?}")).unwrap()
}

fn errors(text: &str) -> Vec<Diagnostic> {
    parse_one(text, SourceId(0), &mut Vec::new()).expect_err(text)
}

fn place(span: Span) -> (u32, u32, u32) {
    (span.line.get(), span.column.get(), span.length.get())
}

#[test]
fn every_node_knows_its_place() {
    let node = read("- name: start\n  copy:\n    dest: \"/a b\" # c\n");
    let task = &node.as_sequence().unwrap()[0];
    let entries = task.as_mapping().unwrap();
    assert_eq!(place(entries[1].0.span), (2, 3, 4));
    let dest = task.get("copy").unwrap().get("dest").unwrap();
    assert_eq!(place(dest.span), (3, 11, 6));
    let value = node.to_value(true);
    let (key, value) = value.as_list().unwrap()[0].as_map().unwrap().get_entry("name").unwrap();
    assert_eq!(place(key.as_text().unwrap().origin().unwrap()), (1, 3, 4));
    assert!(matches!(value, Value::Str(text) if text.is_trusted() && place(text.origin().unwrap()) == (1, 9, 5)));
}

#[test]
fn a_key_that_stands_twice_is_told_with_both_places() {
    let mut warnings = Vec::new();
    let node = parse_one("a: 1\nb: 2\na: 3\n", SourceId(0), &mut warnings).unwrap().unwrap();
    assert_eq!(node.to_value(true).to_text(), "{'a': 3, 'b': 2}");
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!((place(warning.span.unwrap()), place(warning.notes[0].span.unwrap())), ((3, 1, 1), (1, 1, 1)));
}

#[test]
fn a_time_in_base_60_is_warned_of() {
    let mut warnings = Vec::new();
    parse_one("ports: [22:22]\n", SourceId(0), &mut warnings).unwrap();
    assert_eq!(warnings[0].message, "`22:22` is the number 1342 in YAML 1.1");
}

#[test]
fn usual_mistakes_are_called_by_name() {
    let cases = [
        ("a: {{ x }}\n", (1, 4), "without quotes"),
        ("a:\n  b: 1\n\tc: 2\n", (3, 1), "a tab cannot"),
        ("a: 'x\nb: 1\n", (1, 4), "never closed"),
        ("a: \"{{ x }}\"/b\n", (1, 13), "after the closing quote"),
        ("a: \"\\d\"\n", (1, 5), "no such escape"),
        ("a: @x\n", (1, 4), "cannot begin with `@`"),
        ("a: {% if x %}\n", (1, 5), "cannot begin with `%`"),
        ("a: b: c\n", (1, 5), "colon"),
        ("a:1\nb: 2\n", (1, 2), "no space after the colon"),
        ("a: [1\nb: 2\n", (2, 2), "[ ]"),
        ("- hosts: all\n  tasks:\n   - a\n  - b\n", (4, 3), "does not belong"),
        ("a: *x\n", (1, 4), "no anchor"),
        ("a: !x y\n", (1, 4), "the tag `!x`"),
        ("a: \x01\n", (1, 4), "U+0001"),
    ];
    for (text, (line, column), words) in cases {
        let errors = errors(text);
        let span = errors[0].span.unwrap();
        assert!(errors[0].message.contains(words), "{text:?}: {:?}", errors[0]);
        assert_eq!((span.line.get(), span.column.get()), (line, column), "{text:?}: {:?}", errors[0]);
    }
}

#[test]
fn reading_goes_on_at_the_next_item() {
    let text =
        "- name: one\n  a: b: c\n- name: two\n  x: 1\n- name: three\n  debug: \"{{ x }}\" y\n- name: four\n  c: @x\n";
    let lines: Vec<u32> = errors(text).iter().map(|error| error.span.unwrap().line.get()).collect();
    assert_eq!(lines, [2, 6, 8]);
}

#[test]
fn errors_of_meaning_are_told_together() {
    let lines: Vec<u32> =
        errors("a: !x 1\nb: {{ c }}\nd: *e\n").iter().map(|error| error.span.unwrap().line.get()).collect();
    assert_eq!(lines, [1, 2, 3]);
}

#[test]
fn no_text_exhausts_the_program() {
    assert_eq!(errors(&"[".repeat(20_000))[0].code, "yaml-depth");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert_eq!(errors(&bomb)[0].code, "yaml-aliases");
    assert_eq!(errors("&a [*a]\n")[0].code, "yaml-alias");
}

/// Pieces that mean something to YAML, put together at random: whatever comes of it, nothing panics.
#[test]
fn no_text_panics() {
    const PIECES: [&str; 40] = [
        "a", ": ", ":", "- ", "-", "\n", "\n  ", "\n    ", "\t", " ", "[", "]", "{", "}", ",", "'", "\"", "|", ">",
        "&x ", "*x", "!", "!!str ", "!vault ", "!unsafe ", "<<: ", "? ", "#", "%", "---\n", "...\n", "\\", "\\u00",
        "0x", "1:3", "{{ ", " }}", "\u{feff}", "\u{0}", "é😀",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    for _ in 0..20_000 {
        let length = random() % 24;
        let text: String = (0..length).map(|_| PIECES[random() % PIECES.len()]).collect();
        if let Ok(nodes) = parse(&text, SourceId(0), &mut Vec::new()) {
            nodes.iter().for_each(|node| drop(node.to_value(true).to_text()));
        }
        let bytes: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        let _ = parse(&String::from_utf8_lossy(&bytes), SourceId(0), &mut Vec::new());
    }
}
