//! Style sheets of a recording, made harmless without changing what they say.
//!
//! The trap is to understand CSS better or worse than the browser does: whatever the two read differently is
//! a way out. So nothing is parsed into rules and printed again. The text is cut into tokens, which has one
//! definition that all browsers share, tokens are copied as they stand, and only those that could fetch
//! something, or that mean something else inside the frame, are replaced by others of the same weight.
//!
//! The second trap is what reads the text before CSS does. The result stands between `<style>` tags of HTML
//! and of SVG, where one is raw text and the other is markup with character references, and browsers scan it
//! for `@import` with a parser much simpler than their real one. Therefore the result contains no `<` but
//! `< ` and `<=`, no `&` that could begin a character reference, no `@` inside a string, and no comments'
//! contents: it reads the same in every one of these places.

use cssparser::{Parser, Token};
use url::Url;

use super::Context;
use super::urls::{self, Place};

/// How deep sheets may import sheets.
const MAX_IMPORT_DEPTH: usize = 8;
/// How many sheets one sheet may pull in, in all.
const MAX_IMPORTS: usize = 128;
/// How many `@import`s are looked at, in all; those behind them are dropped.
const MAX_IMPORTS_TRIED: usize = 1024;
/// Sheets that are pulled in stop when the text has grown to this.
const MAX_BYTES: usize = 32 << 20;
/// What a picture that is not there is called: the URL that CSS defines as never fetched.
const NOWHERE: &str = "url(\"about:invalid\")";
/// A name that no browser knows: a declaration or rule that uses it is dropped, and nothing around it.
const UNKNOWN_FUNCTION: &str = "dwell-none(";

/// Safe text of a whole sheet, and the absolute URLs that it asked for in vain.
pub(super) fn sheet(text: &str, base: Option<&Url>, cx: &Context, missing: &mut Vec<String>) -> String {
    whole(text, base, cx, missing, false)
}

/// As [`sheet`], for text that a recorder wrote out of the browser's list of rules. It writes the rules of an
/// import in its place, and the imports behind that one, which could not be read, stay valid.
pub(super) fn listed(text: &str, base: Option<&Url>, cx: &Context, missing: &mut Vec<String>) -> String {
    whole(text, base, cx, missing, true)
}

fn whole(text: &str, base: Option<&Url>, cx: &Context, missing: &mut Vec<String>, late_imports: bool) -> String {
    let mut writer = Writer {
        cx,
        base: base.cloned(),
        out: String::with_capacity(text.len() + text.len() / 16),
        head: String::new(),
        missing,
        importing: Vec::new(),
        imports: 0,
        tried: 0,
        late_imports,
    };
    if let Some(url) = base {
        writer.importing.push(without_fragment(url));
    }
    writer.rewrite(text, Start::Sheet);
    let Writer { out, mut head, .. } = writer;
    if head.is_empty() {
        return out;
    }
    head.push_str(&out);
    head
}

/// Safe text of a `style` attribute.
pub(super) fn declarations(text: &str, cx: &Context, missing: &mut Vec<String>) -> String {
    // Nothing can be fetched without a function or an escape that hides one; nothing can stay open (and swallow
    // declarations written behind it) without a bracket, a quote or a comment.
    if !text.bytes().any(|b| matches!(b, b'(' | b'\\' | b'"' | b'\'' | b'[' | b'{' | b'}' | b'/' | 0)) {
        return text.to_owned();
    }
    fragment(text, Start::Declarations, cx, missing)
}

/// Safe text of an attribute that holds one CSS value (`fill`, `filter`, `mask` … in SVG).
pub(super) fn value(text: &str, cx: &Context, missing: &mut Vec<String>) -> String {
    if memchr::memchr2(b'(', b'\\', text.as_bytes()).is_none() {
        return text.to_owned();
    }
    fragment(text, Start::Value, cx, missing)
}

/// A media query list, asking for the frame's size where it asked for the screen's.
pub(super) fn media(text: &str, cx: &Context) -> String {
    fragment(text, Start::Prelude, cx, &mut Vec::new())
}

/// `url()` with a string that means the same wherever the sheet stands.
pub(super) fn url(url: &str) -> String {
    let mut out = String::with_capacity(url.len() + 8);
    out.push_str("url(");
    quote(url, &mut out);
    out.push(')');
    out
}

fn fragment(text: &str, start: Start, cx: &Context, missing: &mut Vec<String>) -> String {
    let mut writer = Writer {
        cx,
        base: cx.base.clone(),
        out: String::with_capacity(text.len()),
        head: String::new(),
        missing,
        importing: Vec::new(),
        imports: MAX_IMPORTS,
        tried: MAX_IMPORTS_TRIED,
        late_imports: false,
    };
    writer.rewrite(text, start);
    writer.out
}

/// What a text begins as.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    Sheet,
    /// A sheet inside another one.
    Imported,
    Declarations,
    Value,
    /// The part of an at-rule before its block.
    Prelude,
}

/// What the statement at hand is, as far as it matters for selectors.
#[derive(Clone, Copy, PartialEq)]
enum Statement {
    /// The prelude of a style rule, or not known yet.
    Selector,
    Declaration,
    Custom,
    /// The prelude of an at-rule.
    At(At),
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Its prelude is made of media features.
    Media,
    /// Its prelude holds selectors.
    Scope,
    /// It means nothing where it stands, and asks for nothing.
    Void,
    Other,
}

/// What `{` opened.
#[derive(Clone, Copy, PartialEq)]
enum Body {
    /// Rules only: the top of a sheet, `@media` there, key frames.
    Rules,
    /// Declarations and, maybe, nested rules.
    Style,
}

/// What `(` opened.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    Plain,
    /// Strings directly inside are URLs (`image-set`).
    UrlStrings,
    Attr,
}

struct Block {
    close: u8,
    /// State to go back to when it closes.
    statement: Statement,
    body: Body,
    call: Call,
    after_element: bool,
}

struct Writer<'a, 'c> {
    cx: &'a Context<'c>,
    base: Option<Url>,
    out: String,
    /// `@namespace` rules of the outer sheet: they must stay before the rules that imports turn into.
    head: String,
    missing: &'a mut Vec<String>,
    importing: Vec<String>,
    imports: usize,
    tried: usize,
    /// Imports count wherever they stand in the outer sheet.
    late_imports: bool,
}

/// Tokens one after the other, blocks not skipped. The crate's parser wants to be called recursively for a
/// block; a new one behind each opening bracket gives the same tokens without the stack.
struct Tokens<'t> {
    text: &'t str,
    offset: usize,
    parser: Parser<'t>,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Tokens { text, offset: 0, parser: Parser::new(text) }
    }
    fn position(&self) -> usize {
        self.offset + self.parser.position().byte_index()
    }
    fn seek(&mut self, to: usize) {
        self.offset = to;
        self.parser = Parser::new(&self.text[to..]);
    }
    /// A token with the bytes it was made of.
    fn next(&mut self) -> Option<(Token<'t>, usize, usize)> {
        let start = self.position();
        let token = self.parser.next_including_whitespace_and_comments().ok()?.clone();
        let end = self.position();
        if opens(&token).is_some() {
            self.seek(end);
        }
        Some((token, start, end))
    }
    /// Goes behind the bracket that closes what was opened last; the end of the text closes everything.
    /// `first` becomes the only string inside, if there is nothing else but white space.
    fn skip_call(&mut self) -> Option<String> {
        let mut open: Vec<u8> = vec![b')'];
        let mut only = None;
        let mut other = false;
        while let Some((token, _, _)) = self.next() {
            if let Some(close) = opens(&token) {
                open.push(close);
                other = true;
                continue;
            }
            match &token {
                Token::WhiteSpace(_) | Token::Comment(_) => {}
                Token::QuotedString(text) if only.is_none() => only = Some(text.to_string()),
                Token::CloseParenthesis | Token::CloseSquareBracket | Token::CloseCurlyBracket => {
                    if open.last() == Some(&closer(&token)) {
                        open.pop();
                        if open.is_empty() {
                            break;
                        }
                    } else {
                        other = true;
                    }
                }
                _ => other = true,
            }
        }
        only.filter(|_| !other)
    }
}

fn opens(token: &Token) -> Option<u8> {
    match token {
        Token::Function(_) | Token::ParenthesisBlock => Some(b')'),
        Token::SquareBracketBlock => Some(b']'),
        Token::CurlyBracketBlock => Some(b'}'),
        _ => None,
    }
}

fn closer(token: &Token) -> u8 {
    match token {
        Token::CloseParenthesis => b')',
        Token::CloseSquareBracket => b']',
        _ => b'}',
    }
}

impl Writer<'_, '_> {
    fn rewrite(&mut self, text: &str, start: Start) {
        let cleaned;
        let mut text = text;
        // A backslash at the very end would swallow whatever is written behind it.
        text = text.trim_end_matches('\\');
        if memchr::memchr(0, text.as_bytes()).is_some() {
            cleaned = text.replace('\0', "\u{fffd}");
            text = &cleaned;
        }
        let risky = memchr::memchr3(b'<', b'&', b'@', text.as_bytes()).is_some();
        let bytes = text.as_bytes();
        let sheet = matches!(start, Start::Sheet | Start::Imported);

        let mut tokens = Tokens::new(text);
        let mut copied = 0;
        let mut stack: Vec<Block> = Vec::new();
        let mut body = if start == Start::Declarations { Body::Style } else { Body::Rules };
        let mut call = Call::Plain;
        let mut statement = match start {
            Start::Prelude => Statement::At(At::Media),
            Start::Value => Statement::Declaration,
            _ => Statement::Selector,
        };
        // What the block of the at-rule at hand will hold.
        let mut at_body = Body::Style;
        // Nothing of the statement seen yet.
        let mut fresh = !matches!(start, Start::Prelude | Start::Value);
        let mut imports_allowed = sheet;
        // An identifier that began the statement, to know a declaration by its colon.
        let mut first: Option<(usize, String)> = None;
        // The colon after it: what comes right behind it decides.
        let mut undecided = false;
        let mut colons = 0_u8;
        let mut colon_at = 0;
        let mut after_element = false;
        // Right behind `[`.
        let mut attribute = false;
        // Right behind `attr(`.
        let mut attr_name = false;
        let mut apart_next = true;

        while let Some((token, from, to)) = tokens.next() {
            macro_rules! replace {
                ($with:expr) => {{
                    self.out.push_str(&text[copied..from]);
                    self.out.push_str($with);
                    copied = to;
                }};
            }
            let at_top = stack.is_empty();
            let at_statement_level = stack.last().is_none_or(|b| b.close == b'}');

            // Nothing that the letters behind it could go on with: an escape may end in any character.
            let ends = matches!(
                token,
                Token::WhiteSpace(_)
                    | Token::Comment(_)
                    | Token::Comma
                    | Token::Function(_)
                    | Token::ParenthesisBlock
                    | Token::CloseParenthesis
            );
            let apart = std::mem::replace(&mut apart_next, ends);

            // What is neither white space nor a comment settles what the statement is.
            let blank = matches!(token, Token::WhiteSpace(_) | Token::Comment(_));
            let was_fresh = fresh && !blank;
            if was_fresh && !matches!(token, Token::Semicolon | Token::CDO | Token::CDC | Token::CloseCurlyBracket) {
                fresh = false;
                statement = if start == Start::Declarations { Statement::Declaration } else { Statement::Selector };
                first = None;
                after_element = false;
                if at_top && sheet && !matches!(&token, Token::AtKeyword(_)) {
                    imports_allowed = false;
                }
            }
            if !blank && !was_fresh && !matches!(token, Token::Colon) {
                first = None;
            }
            if undecided {
                undecided = false;
                statement = match &token {
                    Token::Colon => Statement::Selector,
                    Token::Ident(name) if is_pseudo(name) => Statement::Selector,
                    Token::Function(name) if is_pseudo_function(name) => Statement::Selector,
                    _ => Statement::Declaration,
                };
            }
            let in_selector = matches!(statement, Statement::Selector | Statement::At(At::Scope));
            let behind_colons = std::mem::take(&mut colons);
            let behind_bracket = attribute && !blank;
            if !blank {
                attribute = false;
            }
            let naming_attr = attr_name && !blank;
            if !blank {
                attr_name = false;
            }

            match &token {
                Token::WhiteSpace(_) => {}
                Token::Comment(_) => {
                    colons = behind_colons;
                    replace!("/**/");
                }
                Token::Ident(name) => {
                    if behind_colons == 1 && in_selector {
                        if is_legacy_element(name) {
                            after_element = true;
                        } else if !after_element
                            && stack.last().is_none_or(|b| b.close != b']')
                            && let Some(other) = pseudo(name)
                        {
                            self.out.push_str(&text[copied..colon_at]);
                            self.out.push_str(other);
                            copied = to;
                            continue;
                        }
                    } else if behind_colons >= 2 {
                        after_element = true;
                    } else if behind_bracket && in_selector {
                        let namespaced = bytes.get(to) == Some(&b'|') && bytes.get(to + 1) != Some(&b'=');
                        if !namespaced && let Some(alias) = alias(name) {
                            replace!(alias);
                            continue;
                        }
                    } else if naming_attr {
                        if let Some(alias) = alias(name) {
                            replace!(alias);
                            continue;
                        }
                    } else if stack.iter().rev().take(4).any(|b| b.call == Call::Attr) || call == Call::Attr {
                        // `attr(x url)`: no attribute may become an address.
                        if is_one_of(name, &["url", "src", "image"]) {
                            replace!("dwell-none");
                            continue;
                        }
                    } else if statement == Statement::At(At::Media) {
                        if let Some(feature) = feature(name) {
                            replace!(feature);
                            continue;
                        }
                    } else if was_fresh && body == Body::Style {
                        first = Some((from, name.to_ascii_lowercase()));
                    }
                    if risky {
                        self.escape(text, &mut copied, from, to);
                    }
                }
                Token::Colon => {
                    if at_statement_level && let Some((at, name)) = first.take() {
                        if name.starts_with("--") {
                            statement = Statement::Custom;
                        } else {
                            if is_one_of(&name, &["behavior", "-moz-binding", "-ms-behavior"]) {
                                self.out.push_str(&text[copied..at]);
                                self.out.push_str("dwell-");
                                copied = at;
                            }
                            if start != Start::Declarations {
                                undecided = true;
                            }
                        }
                    }
                    if behind_colons == 0 {
                        colon_at = from;
                    }
                    colons = behind_colons.saturating_add(1);
                    continue;
                }
                Token::QuotedString(string) => {
                    if call == Call::UrlStrings {
                        let mut url = self.url(string);
                        // A quote ends the name before it, the letters of `url` would go on with it.
                        if !apart {
                            url.insert_str(0, "/**/");
                        }
                        replace!(&url);
                    } else if to == text.len()
                        || (risky && memchr::memchr3(b'<', b'&', b'@', &bytes[from..to]).is_some())
                    {
                        let mut quoted = String::with_capacity(to - from + 16);
                        quote(string, &mut quoted);
                        replace!(&quoted);
                    }
                }
                Token::UnquotedUrl(_) if statement == Statement::At(At::Void) => replace!(NOWHERE),
                Token::UnquotedUrl(url) => {
                    let url = self.url(url);
                    replace!(&url);
                }
                Token::BadUrl(_) | Token::BadString(_) => replace!("! "),
                Token::Function(name) => {
                    if behind_colons >= 2 {
                        after_element = true;
                    }
                    if is_one_of(name, &["url", "src", "url-prefix", "domain", "media-document", "regexp"]) {
                        let url = match tokens.skip_call() {
                            Some(url) if statement != Statement::At(At::Void) => self.url(&url),
                            _ => NOWHERE.to_owned(),
                        };
                        let to = tokens.position();
                        self.out.push_str(&text[copied..from]);
                        self.out.push_str(&url);
                        copied = to;
                        continue;
                    }
                    let kind = if is_one_of(name, &["image-set", "-webkit-image-set", "image"]) {
                        Call::UrlStrings
                    } else if name.eq_ignore_ascii_case("attr") {
                        attr_name = true;
                        Call::Attr
                    } else {
                        Call::Plain
                    };
                    // What stands for something else could stand for a string, and a string is a URL here.
                    let hides = call == Call::UrlStrings && kind != Call::UrlStrings && !gives_no_string(name);
                    if hides || is_one_of(name, &["expression", "-ms-expression"]) {
                        replace!(UNKNOWN_FUNCTION);
                    } else if risky {
                        self.escape(text, &mut copied, from, to);
                    }
                    stack.push(Block { close: b')', statement, body, call, after_element });
                    call = kind;
                    after_element = false;
                }
                Token::ParenthesisBlock => {
                    stack.push(Block { close: b')', statement, body, call, after_element });
                    after_element = false;
                }
                Token::SquareBracketBlock => {
                    stack.push(Block { close: b']', statement, body, call, after_element });
                    call = Call::Plain;
                    attribute = true;
                }
                Token::CurlyBracketBlock => {
                    stack.push(Block { close: b'}', statement, body, call, after_element });
                    body = match statement {
                        Statement::At(_) if body == Body::Rules => at_body,
                        _ => Body::Style,
                    };
                    call = Call::Plain;
                    if statement != Statement::Custom && at_statement_level {
                        fresh = true;
                        statement = Statement::Selector;
                    }
                    first = None;
                    after_element = false;
                }
                Token::CloseParenthesis | Token::CloseSquareBracket | Token::CloseCurlyBracket => {
                    let close = closer(&token);
                    if stack.last().is_some_and(|b| b.close == close) {
                        let block = stack.pop().unwrap_or(Block { close, statement, body, call, after_element: false });
                        body = block.body;
                        call = block.call;
                        statement = block.statement;
                        after_element = block.after_element;
                        if close == b'}' && stack.last().is_none_or(|b| b.close == b'}') {
                            fresh = statement != Statement::Custom;
                            first = None;
                        }
                    } else if at_top && close == b'}' {
                        // Alone it spoils the rule it stands in; inside a group it would end the group.
                        replace!("! ");
                        if fresh {
                            // What follows is of the rule that it begins.
                            statement = match start {
                                Start::Declarations => Statement::Declaration,
                                _ => Statement::Selector,
                            };
                            first = None;
                            after_element = false;
                        }
                        fresh = false;
                        if sheet {
                            imports_allowed = false;
                        }
                    }
                }
                Token::Semicolon => {
                    if at_statement_level && start != Start::Prelude && start != Start::Value {
                        fresh = true;
                        first = None;
                    }
                    if at_top && start == Start::Prelude {
                        replace!("! ");
                    }
                }
                Token::Comma => after_element = false,
                Token::CDO | Token::CDC => {
                    if fresh && at_top && sheet {
                        replace!(" ");
                    } else if matches!(token, Token::CDO) {
                        replace!("! ");
                    }
                }
                Token::AtKeyword(name) => {
                    let import = name.eq_ignore_ascii_case("import");
                    let namespace = name.eq_ignore_ascii_case("namespace");
                    if import || namespace {
                        if was_fresh && at_top && sheet {
                            let taken = if !import {
                                imports_allowed = false;
                                self.namespace(&mut tokens, start)
                            } else if imports_allowed || (self.late_imports && start == Start::Sheet) {
                                self.out.push_str(&text[copied..from]);
                                copied = from;
                                self.import(&mut tokens, text)
                            } else {
                                false
                            };
                            if taken {
                                self.out.push_str(&text[copied..from]);
                                copied = tokens.position();
                                fresh = true;
                                continue;
                            }
                            tokens.seek(to);
                        }
                        replace!(if import { "@dwell-import" } else { "@dwell-namespace" });
                        if was_fresh {
                            statement = Statement::At(At::Void);
                            at_body = Body::Style;
                        }
                        continue;
                    }
                    if was_fresh {
                        let name = name.to_ascii_lowercase();
                        at_body = if is_group(&name) { Body::Rules } else { Body::Style };
                        statement = Statement::At(match &*name {
                            "media" | "custom-media" => At::Media,
                            "scope" | "nest" => At::Scope,
                            _ => At::Other,
                        });
                        if at_top && name != "charset" && name != "layer" {
                            imports_allowed = false;
                        }
                    }
                    if risky && memchr::memchr3(b'<', b'&', b'\\', &bytes[from..to]).is_some() {
                        self.escape(text, &mut copied, from, to);
                    }
                }
                Token::Delim('<') if !matches!(bytes.get(to), Some(b'=' | b' ' | b'\n' | b'\t')) => replace!("< "),
                // An escape or a dash may begin what is replaced by letters.
                Token::Delim('&')
                    if bytes.get(to).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'\\' | b'-')) =>
                {
                    replace!("&/**/");
                }
                Token::Delim('>' | '+' | '~' | '|') => after_element = false,
                Token::Hash(_) | Token::IDHash(_) | Token::Dimension { .. } if risky => {
                    self.escape(text, &mut copied, from, to);
                }
                _ => {}
            }
            if matches!(token, Token::WhiteSpace(_)) && in_selector {
                after_element = false;
            }
        }
        self.out.push_str(&text[copied..]);
        for block in stack.iter().rev() {
            self.out.push(block.close as char);
        }
    }

    /// Identifiers may hold what HTML reads, but only behind a backslash.
    fn escape(&mut self, text: &str, copied: &mut usize, from: usize, to: usize) {
        let token = &text[from..to];
        let inner = token.strip_prefix('@').unwrap_or(token);
        if memchr::memchr3(b'<', b'&', b'@', inner.as_bytes()).is_none() {
            return;
        }
        self.out.push_str(&text[*copied..to - inner.len()]);
        self.out.push_str(&inner.replace("\\<", "\\3c ").replace("\\&", "\\26 ").replace("\\@", "\\40 "));
        *copied = to;
    }

    fn url(&mut self, raw: &str) -> String {
        match urls::find(raw, self.base.as_ref(), Place::Style, self.cx) {
            urls::Found::Kept(address) => url(&address),
            urls::Found::Missing(url) => {
                self.missing.push(url);
                NOWHERE.to_owned()
            }
            urls::Found::Nothing => NOWHERE.to_owned(),
        }
    }

    /// Reads `@namespace` up to its semicolon. Only the namespaces that pages are made of are kept.
    fn namespace(&mut self, tokens: &mut Tokens, start: Start) -> bool {
        let mut prefix = None;
        let mut url = None;
        loop {
            match tokens.next() {
                None | Some((Token::Semicolon, ..)) => break,
                Some((Token::WhiteSpace(_) | Token::Comment(_), ..)) => {}
                Some((Token::Ident(name), ..)) if prefix.is_none() && url.is_none() => prefix = Some(name.to_string()),
                Some((Token::QuotedString(text) | Token::UnquotedUrl(text), ..)) if url.is_none() => {
                    url = Some(text.to_string());
                }
                Some((Token::Function(name), ..)) if name.eq_ignore_ascii_case("url") && url.is_none() => {
                    url = tokens.skip_call();
                    if url.is_none() {
                        return false;
                    }
                }
                Some(_) => return false,
            }
        }
        const KNOWN: [&str; 4] = [
            "http://www.w3.org/1999/xhtml",
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1998/Math/MathML",
            "http://www.w3.org/1999/xlink",
        ];
        url.is_some_and(|u| {
            let known = KNOWN.iter().find(|k| **k == u);
            if let (Some(known), Start::Sheet) = (known, start) {
                self.head.push_str("@namespace ");
                if let Some(prefix) = prefix.filter(|p| is_plain_name(p)) {
                    self.head.push_str(&prefix);
                    self.head.push(' ');
                }
                self.head.push('"');
                self.head.push_str(known);
                self.head.push_str("\";");
            }
            known.is_some()
        })
    }

    /// Reads `@import` up to its semicolon and writes the sheet in its place. False when it is no valid rule.
    fn import(&mut self, tokens: &mut Tokens, text: &str) -> bool {
        let mut url: Option<String> = None;
        let mut layer: Option<String> = None;
        let mut supports: Option<String> = None;
        let mut media_from = tokens.position();
        let mut settled = false;
        // A query with a block in its brackets is none that a browser knows, and never true.
        let mut never = false;
        let mut open: Vec<u8> = Vec::new();
        let end = loop {
            let Some((token, from, to)) = tokens.next() else { break text.len() };
            if url.is_none() {
                match &token {
                    Token::WhiteSpace(_) | Token::Comment(_) => continue,
                    Token::QuotedString(s) | Token::UnquotedUrl(s) => url = Some(s.to_string()),
                    Token::Function(name) if is_one_of(name, &["url", "src"]) => match tokens.skip_call() {
                        Some(s) => url = Some(s),
                        None => return false,
                    },
                    _ => return false,
                }
                media_from = tokens.position();
                continue;
            }
            if open.is_empty() {
                match &token {
                    Token::Semicolon => break from,
                    Token::CurlyBracketBlock | Token::CloseCurlyBracket => return false,
                    Token::WhiteSpace(_) | Token::Comment(_) => continue,
                    Token::Ident(name) if !settled && layer.is_none() && name.eq_ignore_ascii_case("layer") => {
                        layer = Some(String::new());
                        media_from = to;
                        continue;
                    }
                    Token::Function(name) if !settled && is_one_of(name, &["layer", "supports"]) => {
                        let is_layer = name.eq_ignore_ascii_case("layer");
                        tokens.skip_call();
                        media_from = tokens.position();
                        let inner = text[to..media_from].trim_end_matches(')').trim();
                        if is_layer {
                            layer = Some(inner.to_owned());
                        } else {
                            settled = true;
                            never |= inner.contains('{');
                            supports = Some(text[to..media_from].strip_suffix(')').unwrap_or(inner).to_owned());
                        }
                        continue;
                    }
                    _ => settled = true,
                }
            }
            never |= matches!(token, Token::CurlyBracketBlock);
            if let Some(close) = opens(&token) {
                open.push(close);
            } else if matches!(token, Token::CloseParenthesis | Token::CloseSquareBracket | Token::CloseCurlyBracket)
                && open.last() == Some(&closer(&token))
            {
                open.pop();
            }
        };
        let Some(url) = url else { return false };
        if never {
            return true;
        }
        let media = text[media_from.min(end)..end].trim();

        self.tried += 1;
        if self.tried > MAX_IMPORTS_TRIED {
            return true;
        }
        let imported = urls::sheet(&url, self.base.as_ref(), self.cx);
        let (content, base) = match imported {
            urls::Imported::Text { text, url } => (text, url),
            urls::Imported::Missing(url) => {
                self.missing.push(url);
                return true;
            }
            urls::Imported::Nothing => return true,
        };
        let name = base.as_ref().map(without_fragment);
        let circle = name.as_ref().is_some_and(|n| self.importing.contains(n));
        if circle
            || self.importing.len() >= MAX_IMPORT_DEPTH
            || self.imports >= MAX_IMPORTS
            || self.out.len() + content.len() > MAX_BYTES
            || layer.as_ref().is_some_and(|l| !is_layer_name(l))
        {
            return true;
        }
        self.imports += 1;
        let mut closers = 0;
        if !media.is_empty() {
            self.out.push_str("@media ");
            self.rewrite(media, Start::Prelude);
            self.out.push('{');
            closers += 1;
        }
        if let Some(supports) = supports {
            self.out.push_str("@supports (");
            self.rewrite(&supports, Start::Prelude);
            self.out.push_str("){");
            closers += 1;
        }
        if let Some(layer) = layer {
            self.out.push_str("@layer ");
            self.out.push_str(&layer);
            self.out.push('{');
            closers += 1;
        }
        let outer = std::mem::replace(&mut self.base, base);
        // A sheet without an address of its own still counts for the depth.
        self.importing.push(name.unwrap_or_default());
        let from = self.out.len();
        self.rewrite(&content, Start::Imported);
        self.importing.pop();
        // A sheet that ends inside a rule's head must not take the importing sheet's next rule into it.
        let written = self.out.get(from..).unwrap_or_default().trim_end();
        let ended = written.ends_with(['}', ';']) && !written.ends_with("\\}") && !written.ends_with("\\;");
        if !written.is_empty() && !ended {
            self.out.push_str("{}");
        }
        self.base = outer;
        for _ in 0..closers {
            self.out.push('}');
        }
        self.out.push('\n');
        true
    }
}

/// A string that means the same to CSS, to HTML and to scanners in between.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '<' => out.push_str("\\3c "),
            '&' => out.push_str("\\26 "),
            '@' => out.push_str("\\40 "),
            '\0' => out.push('\u{fffd}'),
            c if c.is_ascii_control() => {
                out.push('\\');
                out.push_str(&format!("{:x} ", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn is_one_of(name: &str, list: &[&str]) -> bool {
    list.iter().any(|l| name.eq_ignore_ascii_case(l))
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// At-rules whose block holds rules wherever they stand at the top. `name` in lower case.
fn is_group(name: &str) -> bool {
    const GROUPS: [&str; 7] =
        ["media", "supports", "layer", "container", "starting-style", "document", "-moz-document"];
    GROUPS.contains(&name) || name.ends_with("keyframes")
}

fn is_layer_name(name: &str) -> bool {
    name.is_empty()
        || name.split('.').all(|part| is_plain_name(part) && !part.starts_with(|c: char| c.is_ascii_digit()))
}

fn without_fragment(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

/// The frame's own attribute for a state that no pointer or keyboard brings about in it. An attribute weighs
/// as much as the pseudo-class it stands for.
fn pseudo(name: &str) -> Option<&'static str> {
    if !matches!(name.len(), 5..=13) {
        return None;
    }
    Some(match &*name.to_ascii_lowercase() {
        "hover" => "[dwell-hover]",
        "focus" | "focus-visible" => "[dwell-focus]",
        "focus-within" => "[dwell-focus-within]",
        "defined" => ":not([dwell-undefined])",
        _ => return None,
    })
}

/// Attributes that the frame must not have keep their value under another name, which selectors ask for.
pub(super) fn alias(name: &str) -> Option<&'static str> {
    if !matches!(name.len(), 2..=8) {
        return None;
    }
    Some(match &*name.to_ascii_lowercase() {
        "href" => "data-dwell-href",
        "src" => "data-dwell-src",
        "srcset" => "data-dwell-srcset",
        "action" => "data-dwell-action",
        "method" => "data-dwell-method",
        "target" => "data-dwell-target",
        "download" => "data-dwell-download",
        "autoplay" => "data-dwell-autoplay",
        "onclick" => "data-dwell-onclick",
        "is" => "data-dwell-is",
        _ => return None,
    })
}

/// A media feature about the screen, as one about the viewport: the frame has the recorded viewport's size,
/// and the screen is the reviewer's.
fn feature(name: &str) -> Option<&'static str> {
    if !matches!(name.len(), 12..=23) {
        return None;
    }
    Some(match &*name.to_ascii_lowercase() {
        "device-width" => "width",
        "device-height" => "height",
        "min-device-width" => "min-width",
        "max-device-width" => "max-width",
        "min-device-height" => "min-height",
        "max-device-height" => "max-height",
        "device-aspect-ratio" => "aspect-ratio",
        "min-device-aspect-ratio" => "min-aspect-ratio",
        "max-device-aspect-ratio" => "max-aspect-ratio",
        _ => return None,
    })
}

/// Pseudo-elements that may be written with one colon. Behind any pseudo-element an attribute selector is an
/// error, so that states stay pseudo-classes there (and never match in the frame).
fn is_legacy_element(name: &str) -> bool {
    is_one_of(name, &["before", "after", "first-line", "first-letter"])
}

/// Pseudo-classes: `a:hover{` in a nested rule looks like a declaration `color:red` without them.
fn is_pseudo(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "active",
        "any-link",
        "autofill",
        "checked",
        "default",
        "defined",
        "disabled",
        "empty",
        "enabled",
        "first",
        "first-child",
        "first-of-type",
        "focus",
        "focus-visible",
        "focus-within",
        "fullscreen",
        "future",
        "host",
        "hover",
        "in-range",
        "indeterminate",
        "invalid",
        "last-child",
        "last-of-type",
        "link",
        "modal",
        "only-child",
        "only-of-type",
        "open",
        "optional",
        "out-of-range",
        "past",
        "paused",
        "placeholder-shown",
        "playing",
        "popover-open",
        "read-only",
        "read-write",
        "required",
        "root",
        "scope",
        "target",
        "target-within",
        "user-invalid",
        "user-valid",
        "valid",
        "visited",
        "before",
        "after",
        "first-line",
        "first-letter",
    ];
    is_one_of(name, NAMES)
}

fn is_pseudo_function(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "not",
        "is",
        "where",
        "has",
        "matches",
        "any",
        "-webkit-any",
        "-moz-any",
        "nth-child",
        "nth-last-child",
        "nth-of-type",
        "nth-last-of-type",
        "lang",
        "dir",
        "host",
        "host-context",
        "state",
        "heading",
    ];
    is_one_of(name, NAMES)
}

/// Functions that may stand inside `image-set()` because they cannot come to mean a string there.
fn gives_no_string(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "type",
        "calc",
        "min",
        "max",
        "clamp",
        "linear-gradient",
        "radial-gradient",
        "conic-gradient",
        "repeating-linear-gradient",
        "repeating-radial-gradient",
        "repeating-conic-gradient",
        "-webkit-gradient",
        "-webkit-linear-gradient",
        "-webkit-radial-gradient",
        "-webkit-repeating-linear-gradient",
        "-webkit-repeating-radial-gradient",
    ];
    is_one_of(name, NAMES)
}

#[cfg(test)]
mod tests {
    use super::super::{Asset, Assets, Context};
    use super::*;
    use crate::event::Str;

    struct Map(Vec<(&'static str, &'static str, &'static str)>);
    impl Assets for Map {
        fn find(&self, url: &str) -> Option<Asset> {
            let bare = url.split('#').next().unwrap_or(url);
            self.0
                .iter()
                .find(|(u, ..)| *u == bare)
                .map(|(_, hash, _)| Asset { hash: (*hash).into(), content_type: "text/css".into() })
        }
        fn text(&self, hash: &str) -> Option<Str> {
            self.0.iter().find(|(_, h, text)| *h == hash && !text.is_empty()).map(|(.., text)| (*text).into())
        }
    }

    fn map() -> Map {
        Map(vec![
            ("https://shop.test/a.png", "aaaa", ""),
            ("https://shop.test/css/b.png", "bbbb", ""),
            ("https://shop.test/css/x.css", "cccc", ".x{background:url(b.png)}@import 'never.css';"),
            ("https://shop.test/css/open.css", "dddd", "@media print{.o{color:red"),
            ("https://shop.test/css/close.css", "eeee", "}}.evil{color:red}"),
            ("https://shop.test/css/loop.css", "ffff", "@import 'loop.css';@import 'loop2.css';.l{}"),
            ("https://shop.test/css/loop2.css", "f2f2", "@import 'loop.css';.m{}"),
        ])
    }

    fn safe(text: &str) -> String {
        let assets = map();
        let cx = Context { base: Url::parse("https://shop.test/page?q=1").ok(), assets: &assets };
        sheet(text, cx.base.as_ref(), &cx, &mut Vec::new())
    }

    #[track_caller]
    fn is(text: &str, expected: &str) {
        assert_eq!(safe(text), expected, "for {text:?}");
    }

    #[test]
    fn plain_css_stays_as_it_is() {
        for text in [
            "a{color:red}",
            "@charset \"utf-8\";@media (min-width:10px) and (hover:hover){.a>b~c+d,e|f{margin:-1px 1e3px .5em #fff!important}}",
            "a{grid-template-columns:[full-start] 1fr [full-end];--x:{a:b};--y:hover}",
            "@container style(--a:hover){p{color:red}}",
            "@keyframes k{from{top:0}50.5%{top:1px}to{top:2px}}",
            "a{color:red;b:active{color:blue}}",
            "@supports (display:grid) and (not (display:inline-grid)){a{}}",
            "@media (400px <= width < 600px){a{}}",
            ".a\\:b\\/c{width:calc(1px*(2 + 3))}",
            "a{background:url(\"#f\")}",
            "",
            "  \n",
        ] {
            is(text, text);
        }
    }

    #[test]
    fn addresses_are_cached_files_or_nothing() {
        is("a{background:url(a.png) red}", "a{background:url(\"replay-asset://localhost/aaaa\") red}");
        is("a{background:url( 'a.png' )}", "a{background:url(\"replay-asset://localhost/aaaa\")}");
        is("a{background:u\\72 l(a.png)}", "a{background:url(\"replay-asset://localhost/aaaa\")}");
        is("a{background:url(http://leak.test/x) red,blue}", "a{background:url(\"about:invalid\") red,blue}");
        is("a{background:\\75\\72\\6c(http://leak.test/x)}", "a{background:url(\"about:invalid\")}");
        is("a{background:URL('//leak.test')}", "a{background:url(\"about:invalid\")}");
        is("a{b:src('http://leak.test')}", "a{b:url(\"about:invalid\")}");
        is("a{b:src(var(--u))}", "a{b:url(\"about:invalid\")}");
        is("a{b:url('http://leak.test' crossorigin(anonymous))}", "a{b:url(\"about:invalid\")}");
        is("a{b:url(blob:https://shop.test/1)}", "a{b:url(\"about:invalid\")}");
        is("a{b:url(replay-asset://localhost/evil)}", "a{b:url(\"about:invalid\")}");
        is("a{b:url(javascript:alert(1))}", "a{b:! )}");
        is("a{b:url(data:image/png;base64,AAAA)}", "a{b:url(\"data:image/png;base64,AAAA\")}");
        is("a{b:url(data:text/html,x)}", "a{b:url(\"about:invalid\")}");
        is("a{b:url(https://shop.test/page?q=1#f)}", "a{b:url(\"#f\")}");
        is("a{b:url(a.png", "a{b:url(\"replay-asset://localhost/aaaa\")}");
        is("a{b:url('a.png", "a{b:url(\"replay-asset://localhost/aaaa\")}");
    }

    #[test]
    fn strings_that_are_addresses() {
        is(
            "a{b:image-set('http://leak.test' 1x,'a.png' 2x type('image/png'))}",
            "a{b:image-set(url(\"about:invalid\") 1x,url(\"replay-asset://localhost/aaaa\") 2x type('image/png'))}",
        );
        is(
            "a{--s:'http://leak.test';b:image-set(var(--s) 1x)}",
            "a{--s:'http://leak.test';b:image-set(dwell-none(--s) 1x)}",
        );
        is("a{b:-WebKit-Image-Set((('http://l')))}", "a{b:-WebKit-Image-Set(((url(\"about:invalid\"))))}");
        is("a{b:image-set(--f() 1x)}", "a{b:image-set(dwell-none() 1x)}");
        is("a{b:image-set(x'a.png')}", "a{b:image-set(x/**/url(\"replay-asset://localhost/aaaa\"))}");
        is("a{b:image-set(\\31 'x')}", "a{b:image-set(\\31 /**/url(\"about:invalid\"))}");
        is("a{b:attr(x type(<url>))}", "a{b:attr(x type(< dwell-none>))}");
        is("a{b:attr(x url)}", "a{b:attr(x dwell-none)}");
        is("a{content:attr(href)}", "a{content:attr(data-dwell-href)}");
        is("a{b:linear-gradient(var(--c),red)}", "a{b:linear-gradient(var(--c),red)}");
    }

    #[test]
    fn imports_are_written_out_or_dropped() {
        let x = ".x{background:url(\"replay-asset://localhost/bbbb\")}@dwell-import 'never.css';";
        is("@import url(css/x.css);a{}", &format!("{x}\na{{}}"));
        is(
            "@charset 'x';@import'css/x.css'screen and (max-device-width:9px);",
            &format!("@charset 'x';@media screen and (max-width:9px){{{x}}}\n"),
        );
        is(
            "@import url(css/x.css) layer(a.b) supports(display:grid) print;",
            &format!("@media print{{@supports (display:grid){{@layer a.b{{{x}}}}}}}\n"),
        );
        is("@import 'http://leak.test/a.css';a{}", "a{}");
        is("@\\69mport 'http://leak.test/a.css';a{}", "a{}");
        is("a{}@import 'css/x.css';b{}", "a{}@dwell-import 'css/x.css';b{}");
        is("@import 'css/open.css' print;b{}", "@media print{@media print{.o{color:red}}}\nb{}");
        is("@import 'css/close.css' print;b{}", "@media print{! ! .evil{color:red}}\nb{}");
        is("@import 'css/loop.css';", ".m{}\n.l{}\n");
        is("@import url('data:text/css,.d{}');", ".d{}\n");
        is("@import url(data:text/css;base64,LmR7fQ==);", ".d{}\n");
        is("@import 'x.css' {", "@dwell-import 'x.css' {}");
        is(
            "@namespace svg url(http://www.w3.org/2000/svg);svg|a{}",
            "@namespace svg \"http://www.w3.org/2000/svg\";svg|a{}",
        );
        is("@namespace x 'http://leak.test';x|a{}", "@dwell-namespace x 'http://leak.test';x|a{}");
    }

    #[test]
    fn imports_that_a_recorder_listed() {
        let assets = map();
        let cx = Context { base: Url::parse("https://shop.test/").ok(), assets: &assets };
        let mut missing = Vec::new();
        let text = "a{}\n@import url(\"css/open.css\");\nb{}@media print{@import 'css/x.css';}";
        assert_eq!(
            listed(text, cx.base.as_ref(), &cx, &mut missing),
            "a{}\n@media print{.o{color:red}}\n\nb{}@media print{@dwell-import 'css/x.css';}"
        );
        sheet("a{}@import url(gone.css);@import url('gone.css');", cx.base.as_ref(), &cx, &mut missing);
        assert!(missing.is_empty(), "what is not valid asks for nothing: {missing:?}");
    }

    #[test]
    fn imports_without_end_end() {
        let many = "@import 'css/x.css';".repeat(10_000);
        let out = safe(&many);
        assert_eq!(out.matches(".x{").count(), MAX_IMPORTS);
        assert!(!out.contains("@import"));
        let gone: String = (0..10_000).map(|i| format!("@import 'http://leak.test/{i}.css' print;")).collect();
        let assets = map();
        let cx = Context { base: None, assets: &assets };
        let mut missing = Vec::new();
        assert_eq!(sheet(&format!("{gone}a{{}}"), None, &cx, &mut missing), "a{}");
        assert_eq!(missing.len(), MAX_IMPORTS_TRIED);
    }

    #[test]
    fn states_become_attributes() {
        is("a:hover,b:HOVER c:focus-visible{}", "a[dwell-hover],b[dwell-hover] c[dwell-focus]{}");
        is(":not(:hover):focus-within{}", ":not([dwell-hover])[dwell-focus-within]{}");
        is("@media (hover:hover){a:hover{}}", "@media (hover:hover){a[dwell-hover]{}}");
        is("a{b:hover{c:d}&:hover{e:f}}", "a{b[dwell-hover]{c:d}&[dwell-hover]{e:f}}");
        is("a::-webkit-scrollbar-thumb:hover,b:hover{}", "a::-webkit-scrollbar-thumb:hover,b[dwell-hover]{}");
        is("a::part(x):hover b:hover{}", "a::part(x):hover b[dwell-hover]{}");
        is("a:before:hover{}", "a:before:hover{}");
        is("[title=\":hover\"]{content:':hover'}", "[title=\":hover\"]{content:':hover'}");
        is("a:h\\6fver{}", "a[dwell-hover]{}");
        is("x-y:defined,x-y:not(:defined){}", "x-y:not([dwell-undefined]),x-y:not(:not([dwell-undefined])){}");
        is("@scope (a:hover) to (b){c:hover{}}", "@scope (a[dwell-hover]) to (b){c[dwell-hover]{}}");
        is("@media screen and (max-device-width:9px){}", "@media screen and (max-width:9px){}");
        is("a[href^='/x'],[SRC$=png],a[title]{}", "a[data-dwell-href^='/x'],[data-dwell-src$=png],a[title]{}");
        is("a{grid-template-columns: [href] 1fr}", "a{grid-template-columns: [href] 1fr}");
    }

    #[test]
    fn nothing_ends_the_style_element() {
        is("a{content:'</style><script>'}", "a{content:\"\\3c /style>\\3c script>\"}");
        is("/*</style>*/a{}", "/**/a{}");
        is("</style><script>", "< /style>< script>");
        is("a<!--b{}", "a! b{}");
        is("<!-- a{} -->b{}", "  a{}  b{}");
        is("a{b:url(data:image/svg+xml,<svg/>)}", "a{b:url(\"data:image/svg+xml,\\3c svg/>\")}");
        is(".\\<img{}", ".\\3c img{}");
        is("a{b:&\\75rl(x)&-ms-expression(y)}", "a{b:&/**/url(\"about:invalid\")&/**/dwell-none(y)}");
        is("a{b:'&#39;'}&div{}", "a{b:\"\\26 #39;\"}&/**/div{}");
        is("@charset \"a;@import url(http://leak.test)\";", "@charset \"a;\\40 import url(http://leak.test)\";");
        is("a{b:'x\ny'}", "a{b:! \ny\"}\"}");
    }

    #[test]
    fn open_ends_are_closed() {
        is("a{b:c", "a{b:c}");
        is("a{b:'x", "a{b:\"x\"}");
        is("a{b:f(g[h", "a{b:f(g[h])}");
        is("a{}/* x", "a{}/**/");
        is("a{b:c\\", "a{b:c}");
        is("}a{}", "! a{}");
        is("@x (y){}}b:hover{}", "@x (y){}! b[dwell-hover]{}");
        let deep = "{".repeat(100_000);
        assert_eq!(safe(&deep).len(), 200_000);
        assert!(safe(&"(".repeat(100_000)).ends_with(')'));
        assert!(safe(&"a{b:url(".repeat(10_000)).len() < 1_000_000);
        assert!(safe(&"@media a{".repeat(50_000)).len() < 1_000_000);
    }

    #[test]
    fn style_attributes() {
        let assets = map();
        let cx = Context { base: Url::parse("https://shop.test/").ok(), assets: &assets };
        let is = |text: &str, expected: &str| assert_eq!(declarations(text, &cx, &mut Vec::new()), expected);
        is("color:red; width:calc(1px + 2px)", "color:red; width:calc(1px + 2px)");
        is("background:url(a.png)", "background:url(\"replay-asset://localhost/aaaa\")");
        is("width:expression(alert(1))", "width:dwell-none(alert(1))");
        is(
            "behavior:url(x.htc);-moz-binding : url(y)",
            "dwell-behavior:url(\"about:invalid\");dwell--moz-binding : url(\"about:invalid\")",
        );
        is("color:red;} b{background:url(x)", "color:red;!  b{background:url(\"about:invalid\")}");
        is("content:'a", "content:\"a\"");
    }

    #[test]
    fn speed_on_a_big_sheet() {
        let rule =
            ".btn-primary:hover,.card > .title{color:#123456;margin:0 auto 12px;transition:opacity .2s ease-in-out}\n";
        let text = rule.repeat(20_000);
        let started = std::time::Instant::now();
        let out = safe(&text);
        let took = started.elapsed();
        assert!(out.len() > text.len());
        eprintln!("{:.0} MB/s", text.len() as f64 / 1e6 / took.as_secs_f64());
    }
}
