//! Statements: what stands between block marks.
use super::super::ast::{Block, Expr, For, Macro, Node, Statement, Target};
use super::super::lexer::Token;
use super::{Parsed, Parser};
use std::sync::Arc;

const TAGS: [&str; 20] = [
    "for",
    "if",
    "block",
    "extends",
    "print",
    "macro",
    "include",
    "from",
    "import",
    "set",
    "with",
    "autoescape",
    "filter",
    "call",
    "do",
    "break",
    "continue",
    "raw",
    "endif",
    "endfor",
];

impl Parser {
    /// One statement, up to (and without) the end of its last tag.
    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let at = self.place();
        if !matches!(self.peek(), Token::Name(_)) {
            return Err(self.fail("tag name expected"));
        }
        let tag = self.name()?;
        match &*tag {
            "for" => self.for_loop(),
            "if" => self.branches(),
            "set" => self.set(),
            "block" => self.block(at),
            "extends" => Ok(Statement::Extends(self.expression()?)),
            "include" => self.include(),
            "import" => self.import(),
            "from" => self.from(),
            "macro" => self.macro_definition(),
            "call" => self.call_block(),
            "filter" => {
                let filters = self.filter_chain()?;
                let body = self.closed_body(&["endfilter"], "filter")?;
                Ok(Statement::FilterBlock { filters, body })
            }
            "with" => self.with(),
            "autoescape" => {
                self.expression()?;
                self.closed_body(&["endautoescape"], "autoescape").map(Statement::Group)
            }
            "print" => self.tuple(true, &[], false).map(Statement::Output),
            "do" => self.tuple(true, &[], false).map(Statement::Do),
            "break" | "continue" if self.open_loops == 0 => Err(self.fail_at(format!("'{tag}' outside loop"), at)),
            "break" => Ok(Statement::Break),
            "continue" => Ok(Statement::Continue),
            _ => {
                let mut message = format!("Encountered unknown tag '{tag}'.");
                if !self.open.is_empty() {
                    message = format!("{message} {}", self.looking_for());
                }
                let near = value::spec::nearest(&tag, TAGS).filter(|near| *near != &*tag);
                let fault = self.fail_at(message, at);
                Err(fault.map(|(error, at)| match near {
                    Some(near) => (error.help(format!("did you mean '{near}'?")), at),
                    None => (error, at),
                }))
            }
        }
    }

    /// The rest of the tag, the body, and the name of the end tag.
    fn closed_body(&mut self, ends: &'static [&'static str], statement: &'static str) -> Parsed<Vec<Statement>> {
        let body = self.block_body(ends, statement)?;
        self.advance();
        Ok(body)
    }

    /// The head of a statement with a body: a fault in it is told, and the body is read all the same.
    fn head<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        match parse(self) {
            Ok(head) => Some(head),
            Err(fault) => {
                self.told(fault);
                self.skip_to(&Token::BlockEnd);
                None
            }
        }
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        let head = self.head(|parser| {
            let target = parser.target(&["in"], false)?;
            parser.expect_name("in")?;
            let iterable = parser.tuple(false, &["recursive"], false)?;
            let filter = if parser.skip_name("if") { Some(parser.expression()?) } else { None };
            Ok((target, iterable, filter, parser.skip_name("recursive")))
        });
        let loops = self.loops;
        self.open_loops += 1;
        let body = self.block_body(&["endfor", "else"], "for");
        self.open_loops -= 1;
        let body = body?;
        let uses_loop = self.loops > loops;
        let other = if self.skip_name("else") { self.block_body(&["endfor"], "for")? } else { Vec::new() };
        self.expect_name("endfor")?;
        let Some((target, iterable, filter, recursive)) = head else { return Ok(Statement::Group(body)) };
        Ok(Statement::For(Arc::new(For { target, iterable, filter, body, other, recursive, uses_loop })))
    }

    fn branches(&mut self) -> Parsed<Statement> {
        self.branches += 1;
        let parsed = self.all_branches();
        self.branches -= 1;
        parsed
    }

    fn all_branches(&mut self) -> Parsed<Statement> {
        let mut branches = Vec::new();
        loop {
            let test = self.head(|parser| parser.tuple(false, &[], false));
            let body = self.block_body(&["elif", "else", "endif"], "if")?;
            branches.push((test, body));
            if self.skip_name("elif") {
                continue;
            }
            if self.skip_name("else") {
                let body = self.block_body(&["endif"], "if")?;
                branches.push((None, body));
            }
            self.expect_name("endif")?;
            return Ok(Statement::If(branches));
        }
    }

    fn set(&mut self) -> Parsed<Statement> {
        let target = self.target(&[], true)?;
        if self.skip_sign("=") {
            return Ok(Statement::Set(target, self.tuple(true, &[], false)?));
        }
        let filters = if self.skip_sign("|") { self.filter_chain()? } else { Vec::new() };
        let body = self.closed_body(&["endset"], "set")?;
        Ok(Statement::SetBlock { target, filters, body })
    }

    /// What is assigned to: a name, a field of a namespace, or several with commas between them.
    fn target(&mut self, ends: &[&str], with_namespace: bool) -> Parsed<Target> {
        let at = self.place();
        let mut targets = Vec::new();
        let mut is_tuple = false;
        loop {
            if !targets.is_empty() && !self.skip_sign(",") {
                break;
            }
            if !targets.is_empty() && (self.is_sign("=") || ends.iter().any(|end| self.is_name(end))) {
                is_tuple = true;
                break;
            }
            is_tuple |= !targets.is_empty();
            targets.push(self.one_target(ends, with_namespace)?);
        }
        match (targets.len(), is_tuple) {
            (1, false) => Ok(targets.swap_remove(0)),
            _ => Ok(Target::Tuple { at, targets }),
        }
    }

    fn one_target(&mut self, ends: &[&str], with_namespace: bool) -> Parsed<Target> {
        if self.skip_sign("(") {
            let inner = self.nested(|parser| parser.target(ends, with_namespace))?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let at = self.place();
        let name = self.name()?;
        if let Some(kind) = Self::constant_name(&name) {
            return Err(self.fail_at(format!("can't assign to '{kind}'"), at));
        }
        if with_namespace && self.skip_sign(".") {
            return Ok(Target::Field { at, object: name, field: self.name()? });
        }
        Ok(Target::Name(name))
    }

    fn with(&mut self) -> Parsed<Statement> {
        let head = self.head(|parser| {
            let mut targets = Vec::new();
            while !matches!(parser.peek(), Token::BlockEnd | Token::End | Token::Bad) {
                if !targets.is_empty() {
                    parser.expect_sign(",")?;
                }
                let target = parser.one_target(&[], false)?;
                parser.expect_sign("=")?;
                targets.push((target, parser.expression()?));
            }
            Ok(targets)
        });
        let body = self.closed_body(&["endwith"], "with")?;
        Ok(Statement::With { targets: head.unwrap_or_default(), body })
    }

    fn block(&mut self, at: u32) -> Parsed<Statement> {
        let name = self.name()?;
        self.loops += 1;
        let scoped = self.skip_name("scoped");
        let required = self.skip_name("required");
        let body = self.closed_body(&["endblock"], "block")?;
        self.skip_name(&name);
        if self.blocks.iter().any(|block| block.name == name) {
            return Err(self.fail_at(format!("block '{name}' defined twice"), at));
        }
        let block = Arc::new(Block { at, name, body, scoped, required });
        self.blocks.push(block.clone());
        Ok(Statement::Block(block))
    }

    /// `with context` or `without context`, if it stands here.
    fn context(&mut self, default: bool) -> bool {
        let with = self.is_name("with");
        let said =
            (with || self.is_name("without")) && matches!(self.ahead(), Token::Name(word) if &**word == "context");
        if !said {
            return default;
        }
        self.advance();
        self.advance();
        with
    }

    fn include(&mut self) -> Parsed<Statement> {
        let name = self.expression()?;
        let ignores = self.is_name("ignore") && matches!(self.ahead(), Token::Name(word) if &**word == "missing");
        if ignores {
            self.advance();
            self.advance();
        }
        let with_context = self.context(true);
        self.loops += 1;
        Ok(Statement::Include { name, ignore_missing: ignores, with_context })
    }

    fn import(&mut self) -> Parsed<Statement> {
        let name = self.expression()?;
        self.expect_name("as")?;
        let target = self.name()?;
        Ok(Statement::Import { name, target, with_context: self.context(false) })
    }

    fn from(&mut self) -> Parsed<Statement> {
        let name = self.expression()?;
        self.expect_name("import")?;
        let mut names = Vec::new();
        let mut with_context = None;
        loop {
            if (self.is_name("with") || self.is_name("without"))
                && matches!(self.ahead(), Token::Name(word) if &**word == "context")
            {
                with_context = Some(self.context(false));
                break;
            }
            let at = self.place();
            let exported = self.name()?;
            if exported.starts_with('_') {
                return Err(self.fail_at("names starting with an underline can not be imported", at));
            }
            let alias = if self.skip_name("as") { self.name()? } else { exported.clone() };
            names.push((exported, alias));
            if !self.skip_sign(",") && !self.is_name("with") && !self.is_name("without") {
                break;
            }
            if matches!(self.peek(), Token::BlockEnd) {
                break;
            }
        }
        Ok(Statement::From { name, names, with_context: with_context.unwrap_or(false) })
    }

    fn macro_definition(&mut self) -> Parsed<Statement> {
        let name = self.name()?;
        let parameters = self.head(Self::parameters).unwrap_or_default();
        self.macro_body(name, parameters, &["endmacro"], "macro").map(Statement::Macro)
    }

    fn macro_body(
        &mut self,
        name: Arc<str>,
        parameters: Vec<(Arc<str>, Option<Expr>)>,
        ends: &'static [&'static str],
        statement: &'static str,
    ) -> Parsed<Arc<Macro>> {
        self.wanted.push([false; 3]);
        let open_loops = std::mem::take(&mut self.open_loops);
        let body = self.closed_body(ends, statement);
        self.open_loops = open_loops;
        let [varargs, kwargs, caller] = self.wanted.pop().unwrap_or_default();
        let named = |name: &str| parameters.iter().any(|(parameter, _)| &**parameter == name);
        let (takes_varargs, takes_kwargs) = (varargs && !named("varargs"), kwargs && !named("kwargs"));
        let takes_caller = caller && !named("caller");
        Ok(Arc::new(Macro { name, parameters, body: body?, takes_varargs, takes_kwargs, takes_caller }))
    }

    fn parameters(&mut self) -> Parsed<Vec<(Arc<str>, Option<Expr>)>> {
        self.expect_sign("(")?;
        let mut parameters: Vec<(Arc<str>, Option<Expr>)> = Vec::new();
        while !self.is_sign(")") {
            if !parameters.is_empty() {
                self.expect_sign(",")?;
                if self.is_sign(")") {
                    break;
                }
            }
            let at = self.place();
            let name = self.name()?;
            if Self::constant_name(&name).is_some() {
                return Err(self.fail_at("can't assign to 'name'", at));
            }
            let default = if self.skip_sign("=") { Some(self.expression()?) } else { None };
            if default.is_none() && parameters.last().is_some_and(|(_, default)| default.is_some()) {
                return Err(self.fail_at("non-default argument follows default argument", at));
            }
            parameters.push((name, default));
        }
        self.expect_sign(")")?;
        Ok(parameters)
    }

    fn call_block(&mut self) -> Parsed<Statement> {
        let head = self.head(|parser| {
            let parameters = if parser.is_sign("(") { parser.parameters()? } else { Vec::new() };
            let call = parser.expression()?;
            match call.node {
                Node::Call(..) => Ok((parameters, call)),
                _ => Err(parser.fail_at("expected call", call.at)),
            }
        });
        let (parameters, call) = head.map_or((Vec::new(), None), |(parameters, call)| (parameters, Some(call)));
        let caller = self.macro_body("caller".into(), parameters, &["endcall"], "call")?;
        match call {
            Some(call) => Ok(Statement::CallBlock { call, caller }),
            None => Ok(Statement::Group(Vec::new())),
        }
    }
}
