//! The templates, carried in the program, and the filters they use.

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value};

const SOURCES: &[(&str, &str)] = &[
    ("base.html", include_str!("../../templates/base.html")),
    ("error.html", include_str!("../../templates/error.html")),
    ("account/login.html", include_str!("../../templates/account/login.html")),
    ("account/register.html", include_str!("../../templates/account/register.html")),
    ("posts/delete.html", include_str!("../../templates/posts/delete.html")),
    ("posts/list.html", include_str!("../../templates/posts/list.html")),
    ("posts/read.html", include_str!("../../templates/posts/read.html")),
    ("posts/write.html", include_str!("../../templates/posts/write.html")),
    ("feed.xml", include_str!("../../templates/feed.xml")),
];

pub struct Templates(Environment<'static>);

impl Templates {
    pub fn new() -> Result<Templates, Error> {
        let mut environment = Environment::new();
        // HTML's escapes are XML's too, and nothing here is another kind of text.
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()) {
            Some(text) => out.write_str(&escaped(text)).map_err(Error::from),
            None => minijinja::escape_formatter(out, state, value),
        });
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.add_filter("day", |seconds: i64| in_words(seconds, "%-d %B %Y"));
        environment.add_filter("moment", |seconds: i64| in_words(seconds, "%Y-%m-%dT%H:%M:%SZ"));
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Templates(environment))
    }

    pub fn render(&self, name: &str, facts: Value) -> Result<String, Error> {
        self.0.get_template(name)?.render(facts)
    }
}

/// What means something to HTML, and no more: minijinja's own way writes every `/` of an address as `&#x2f;`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn in_words(seconds: i64, format: &str) -> Result<String, Error> {
    let moment = Timestamp::from_second(seconds)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, "not a time").with_source(error))?;
    Ok(moment.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(in_words(1_000_000_000, "%-d %B %Y").unwrap(), "9 September 2001");
        assert_eq!(in_words(1_000_000_000, "%Y-%m-%dT%H:%M:%SZ").unwrap(), "2001-09-09T01:46:40Z");
        assert!(in_words(i64::MAX, "%Y").is_err());
    }

    #[test]
    fn what_is_no_markup_stays_as_it_is() {
        assert_eq!(escaped("/static/a.css"), "/static/a.css");
        assert_eq!(escaped("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }

    #[test]
    fn the_templates_are_well_formed() {
        Templates::new().unwrap();
    }
}
