//! Text to tree, with every error at its place.
//!
//! The trap: a parser that stops at the first error makes people mend a row five times. After an error this one goes on
//! at the next AND, OR or bracket of the same level.

use regex::RegexBuilder;

use super::literal::{self, Use};
use super::token::{Kind, Token, tokens};
use super::{Compare, FieldRef, Filter, Literal, Named, Pattern, Problem, Test, What};
use crate::facts::{self, Field, FieldKind};

/// Brackets and NOTs inside one another.
pub const MAX_DEPTH: usize = 200;
/// Bytes that a compiled regular expression may take.
const MAX_PATTERN: usize = 1 << 20;

/// Reads a row. What comes back has no errors, or they are all told: in order of their places, at least one.
pub fn parse(row: &str) -> Result<Filter, Vec<Problem>> {
    let mut problems = Vec::new();
    let tokens = tokens(row, &mut problems);
    let mut parser = Parser { row, tokens, next: 0, depth: 0, problems };
    if parser.tokens.is_empty() && parser.problems.is_empty() {
        parser.fail_at(row.len(), row.len(), "empty_row", "The row is empty; it takes a test such as country = DE.");
    }
    let filter = if parser.tokens.is_empty() { None } else { parser.or() };
    if let Some(token) = parser.peek().cloned() {
        let what = match token.kind {
            Kind::Close => "This bracket closes nothing.".to_owned(),
            _ => "Expected AND, OR or the end of the row.".to_owned(),
        };
        parser.fail(&token, "expected_end", what);
    }
    let mut problems = parser.problems;
    problems.sort_by_key(|p| (p.at, p.until));
    match filter {
        Some(filter) if problems.is_empty() => Ok(filter),
        _ if problems.is_empty() => Err(vec![Problem {
            code: "expected_test",
            message: "Expected a test such as country = DE.".to_owned(),
            at: row.len(),
            until: row.len(),
        }]),
        _ => Err(problems),
    }
}

struct Parser<'r> {
    row: &'r str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }
    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }
    fn take_if(&mut self, keyword: &str) -> bool {
        let yes = self.peek().is_some_and(|t| t.is(keyword));
        self.next += usize::from(yes);
        yes
    }
    fn fail_at(&mut self, at: usize, until: usize, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem { code, message: message.into(), at, until });
    }
    fn fail(&mut self, token: &Token, code: &'static str, message: impl Into<String>) {
        self.fail_at(token.at, token.until, code, message);
    }
    /// At the token that is next, or at the end of the row.
    fn fail_here(&mut self, code: &'static str, message: impl Into<String>) {
        match self.peek().cloned() {
            Some(token) => self.fail(&token, code, message),
            None => self.fail_at(self.row.len(), self.row.len(), code, message),
        }
    }
    /// Passes over the rest of a broken test, so that what stands behind it is read.
    fn recover(&mut self) {
        let mut open = 0;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Open => open += 1,
                Kind::Close if open == 0 => return,
                Kind::Close => open -= 1,
                _ if open == 0 && token.joins() => return,
                _ => {}
            }
            self.next += 1;
        }
    }

    fn or(&mut self) -> Option<Filter> {
        self.joined("or", Parser::and, Filter::Any)
    }
    fn and(&mut self) -> Option<Filter> {
        self.joined("and", Parser::not, Filter::All)
    }
    fn joined(
        &mut self,
        keyword: &str,
        part: fn(&mut Self) -> Option<Filter>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Option<Filter> {
        let mut parts = vec![part(self)];
        while self.take_if(keyword) {
            parts.push(part(self));
        }
        let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        if parts.len() == 1 { parts.pop() } else { Some(join(parts)) }
    }

    fn not(&mut self) -> Option<Filter> {
        if self.depth >= MAX_DEPTH {
            self.fail_here("too_deep", format!("More than {MAX_DEPTH} brackets and NOTs stand inside one another."));
            self.next = self.tokens.len();
            return None;
        }
        self.depth += 1;
        let filter = self.one();
        self.depth -= 1;
        filter
    }

    fn one(&mut self) -> Option<Filter> {
        if self.take_if("not") {
            return Some(Filter::Not(Box::new(self.not()?)));
        }
        let Some(token) = self.peek().cloned() else {
            self.fail_here("expected_test", "Expected a test such as country = DE.");
            return None;
        };
        match &token.kind {
            Kind::Open => {
                self.next += 1;
                let inner = self.or();
                match self.peek() {
                    Some(Token { kind: Kind::Close, .. }) => self.next += 1,
                    Some(_) => {
                        self.fail_here("expected_join", "Expected AND, OR or a closing bracket.");
                        self.recover();
                        self.next += usize::from(self.peek().is_some_and(|t| t.kind == Kind::Close));
                        return None;
                    }
                    None => {
                        self.fail_here("unclosed_bracket", "The bracket is not closed; expected ).");
                        return None;
                    }
                }
                inner
            }
            Kind::Word(word) if word.starts_with('@') => {
                self.next += 1;
                let id = word[1..].to_owned();
                if id.is_empty() {
                    self.fail(&token, "expected_segment", "Expected the id of a segment right behind @.");
                    return None;
                }
                self.end_of_test(Filter::Segment { id, at: token.at })
            }
            Kind::Word(_) if token.joins() => {
                self.fail(&token, "expected_test", "Expected a test such as country = DE.");
                None
            }
            Kind::Word(_) | Kind::QuotedTag(_) => {
                let test = self.test();
                if test.is_none() {
                    self.recover();
                }
                self.end_of_test(Filter::Test(test?))
            }
            _ => {
                self.fail(&token, "expected_field", "Expected the name of a field, such as country.");
                self.next += 1;
                self.recover();
                None
            }
        }
    }

    /// Whole when what follows joins it to the next test; else two words stand where one was expected.
    fn end_of_test(&mut self, filter: Filter) -> Option<Filter> {
        let Some(token) = self.peek().cloned() else { return Some(filter) };
        if token.joins() || token.kind == Kind::Close {
            return Some(filter);
        }
        let message = match (&token.kind, &filter) {
            (Kind::Word(_) | Kind::Quoted(_), Filter::Test(_)) => {
                "Expected AND, OR or the end; a value of several words stands in quotes, as in city = \"New York\"."
            }
            _ => "Expected AND, OR or the end.",
        };
        self.fail(&token, "expected_join", message);
        self.recover();
        None
    }

    fn test(&mut self) -> Option<Test> {
        let token = self.take()?;
        let named = self.field(&token)?;
        let field = named.field.0;
        let Some(sign) = self.peek().cloned() else { return self.flag(named, &token) };
        let what = match &sign.kind {
            Kind::Sign(compare) => {
                self.next += 1;
                self.compare(field, *compare)?
            }
            Kind::Word(word) => {
                let word = word.to_lowercase();
                match word.as_str() {
                    "and" | "or" => return self.flag(named, &token),
                    "is" => {
                        self.next += 1;
                        let not = self.take_if("not");
                        if !self.take_if("empty") {
                            self.fail_here("expected_empty", "Expected empty, as in country is empty.");
                            return None;
                        }
                        What::Empty { not }
                    }
                    "not" => {
                        self.next += 1;
                        let known =
                            ["in", "contains", "matches"].into_iter().find(|k| self.peek().is_some_and(|t| t.is(k)));
                        let Some(known) = known else {
                            self.fail_here(
                                "expected_operator",
                                "Expected in, contains or matches behind not; for other tests write NOT before the field.",
                            );
                            return None;
                        };
                        self.worded(field, known, true)?
                    }
                    "in" | "between" | "contains" | "matches" | "starts" | "ends" => {
                        self.worded(field, &word, false)?
                    }
                    _ => {
                        self.fail(&sign, "expected_operator", expected_operator(field));
                        return None;
                    }
                }
            }
            Kind::Close => return self.flag(named, &token),
            _ => {
                self.fail(&sign, "expected_operator", expected_operator(field));
                return None;
            }
        };
        let until = self.tokens[self.next - 1].until;
        Some(Test { field: named, what, at: token.at, until })
    }

    fn field(&mut self, token: &Token) -> Option<Named> {
        let (name, key) = match &token.kind {
            Kind::QuotedTag(key) => (format!("{}{key}", facts::TAG_PREFIX), Some(key.clone())),
            Kind::Word(name) => (name.clone(), None),
            _ => return None,
        };
        let Some(field) = facts::field(&name) else {
            let near = nearest(&name);
            let hint = near.map_or(String::new(), |near| format!(" Did you mean {near}?"));
            self.fail(token, "unknown_field", format!("There is no field {name}.{hint}"));
            return None;
        };
        let is_tag = field.name.starts_with(facts::TAG_PREFIX);
        let key = key.or_else(|| is_tag.then(|| name[facts::TAG_PREFIX.len()..].to_owned()));
        Some(Named { field: FieldRef(field), key })
    }

    /// A bare name.
    fn flag(&mut self, named: Named, token: &Token) -> Option<Test> {
        let field = named.field.0;
        if !matches!(field.kind, FieldKind::YesNo | FieldKind::Count) {
            self.fail_here("expected_operator", expected_operator(field));
            return None;
        }
        Some(Test { field: named, what: What::Flag, at: token.at, until: token.until })
    }

    fn compare(&mut self, field: &Field, compare: Compare) -> Option<What> {
        let listed = self.peek().is_some_and(|t| t.kind == Kind::Open);
        match compare {
            Compare::Equal | Compare::Unequal if listed => {
                Some(What::In { not: compare == Compare::Unequal, values: self.list(field)? })
            }
            Compare::Equal | Compare::Unequal => Some(What::Compare(compare, self.value(field, Use::Equal)?)),
            _ => Some(What::Compare(compare, self.value(field, Use::Order)?)),
        }
    }

    /// An operator that is a word; it is next.
    fn worded(&mut self, field: &Field, operator: &str, not: bool) -> Option<What> {
        let token = self.take()?;
        match operator {
            "in" => {
                if self.peek().is_none_or(|t| t.kind != Kind::Open) {
                    self.fail_here("expected_list", "Expected values in brackets, as in country in (DE, FR).");
                    return None;
                }
                Some(What::In { not, values: self.list(field)? })
            }
            "between" => {
                let from = self.value(field, Use::Order)?;
                if !self.take_if("and") {
                    self.fail_here("expected_and", "Expected and with the upper bound, as in hour between 9 and 17.");
                    return None;
                }
                Some(What::Between(from, self.value(field, Use::Order)?))
            }
            _ => {
                if matches!(operator, "starts" | "ends") && !self.take_if("with") {
                    self.fail_here("expected_with", format!("Expected with behind {operator}."));
                    return None;
                }
                if !matches!(field.kind, FieldKind::Text | FieldKind::Enum) {
                    let message = format!("{} is no text; it is compared with = != > >= < <= or between.", field.name);
                    self.fail(&token, "not_text", message);
                    return None;
                }
                let (written, at, until) = self.written()?;
                if operator == "matches" {
                    return match Pattern::read(written) {
                        Ok(pattern) => Some(What::Matches { not, pattern }),
                        Err(reason) => {
                            let message = format!("This is no regular expression that can be used: {reason}.");
                            self.fail_at(at, until, "bad_pattern", message);
                            None
                        }
                    };
                }
                let value = super::Value::Text(written.to_lowercase());
                let text = Literal { written, value, at };
                Some(match operator {
                    "contains" => What::Contains { not, text },
                    "starts" => What::StartsWith(text),
                    _ => What::EndsWith(text),
                })
            }
        }
    }

    /// Values in brackets; the opening one is next. A broken list is passed over whole.
    fn list(&mut self, field: &Field) -> Option<Vec<Literal>> {
        self.next += 1;
        let values = self.members(field);
        if values.is_none() {
            self.recover();
            self.next += usize::from(self.peek().is_some_and(|t| t.kind == Kind::Close));
        }
        values
    }
    fn members(&mut self, field: &Field) -> Option<Vec<Literal>> {
        let mut values = Vec::new();
        loop {
            if self.peek().is_some_and(|t| t.kind == Kind::Close) {
                self.fail_here("expected_value", "Expected a value.");
                return None;
            }
            values.push(self.value(field, Use::Member)?);
            match self.peek().map(|t| &t.kind) {
                Some(Kind::Comma) => self.next += 1,
                Some(Kind::Close) => {
                    self.next += 1;
                    return Some(values);
                }
                _ => {
                    self.fail_here(
                        "expected_comma",
                        "Expected a comma or a closing bracket; a value of several words stands in quotes.",
                    );
                    return None;
                }
            }
        }
    }

    /// The text of a value and its place.
    fn written(&mut self) -> Option<(String, usize, usize)> {
        let Some(token) = self.peek().cloned() else {
            self.fail_here("expected_value", "Expected a value.");
            return None;
        };
        let text = match &token.kind {
            Kind::Word(_) if token.joins() || token.is("not") => {
                self.fail(
                    &token,
                    "expected_value",
                    "Expected a value; the words AND, OR and NOT stand in quotes as values.",
                );
                // Where nothing is joined, the word was meant as the value.
                let behind = self.tokens.get(self.next + 1);
                self.next += usize::from(behind.is_none_or(|t| t.joins() || t.kind == Kind::Close));
                return None;
            }
            Kind::Word(text) | Kind::Quoted(text) => text.clone(),
            Kind::Open => {
                self.fail(&token, "expected_value", "Expected one value; lists go with =, != and in.");
                return None;
            }
            Kind::QuotedTag(_) | Kind::Close | Kind::Comma | Kind::Sign(_) => {
                self.fail(&token, "expected_value", "Expected a value.");
                return None;
            }
        };
        self.next += 1;
        Some((text, token.at, token.until))
    }

    fn value(&mut self, field: &Field, used: Use) -> Option<Literal> {
        let quoted = self.peek().is_some_and(|t| matches!(t.kind, Kind::Quoted(_)));
        let (mut written, at, mut until) = self.written()?;
        if field.kind == FieldKind::Date && !quoted && self.peek().is_some_and(|t| t.is("ago")) {
            until = self.take()?.until;
            written.push_str(" ago");
        }
        match literal::read(field, &written, quoted, used) {
            Ok(value) => Some(Literal { written, value, at }),
            Err(expected) => {
                self.fail_at(at, until, "bad_value", format!("{expected}."));
                None
            }
        }
    }
}

impl Pattern {
    /// A pattern as a filter writes it, or what is wrong with it.
    ///
    /// # Errors
    /// A reason without a full stop.
    pub fn read(written: String) -> Result<Pattern, String> {
        let regex = RegexBuilder::new(&written).case_insensitive(true).size_limit(MAX_PATTERN).build();
        regex.map(|regex| Pattern { written, regex }).map_err(|error| reason(&error))
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

fn expected_operator(field: &Field) -> String {
    let example = match field.kind {
        FieldKind::Text | FieldKind::Enum => "= , contains or in",
        FieldKind::YesNo => "= yes or = no",
        FieldKind::Date => "> 2026-11-01 or > 30d ago",
        _ => "=, > or between",
    };
    format!("Expected an operator behind {}, such as {example}.", field.name)
}

/// The regex library's reason without its drawing of the pattern.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_owned()
        }
    }
}

/// The field whose name is least different, when it is little.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    if name.chars().count() > 40 {
        return None;
    }
    let fields = facts::FIELDS.iter().chain(facts::PRODUCT_FIELDS).map(|f| f.name);
    let (far, best) = fields.map(|known| (distance(&name, known), known)).min()?;
    (far <= 1 + name.chars().count() / 4).then_some(best)
}

/// Letters to insert, take out or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let here = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row.last().copied().unwrap_or(0)
}
