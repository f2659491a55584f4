//! Reads CSS as browsers do, to say whether any of it could ask for something.
//!
//! The trap is to ask the writer's own tokenizer: what both read wrongly would pass. This one is written from CSS Syntax
//! Level 3, §4.3, and knows nothing of how the text was made.

/// Where cached files are.
pub(crate) const CACHED: &str = "replay-asset://localhost/";

const NAMESPACES: [&str; 4] = [
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/1999/xlink",
];

/// Functions whose strings are addresses.
const SETS: [&str; 3] = ["image-set", "-webkit-image-set", "image"];
/// Functions that may come to mean a string.
const STAND_INS: [&str; 8] = ["var", "env", "attr", "if", "inherit", "first-valid", "toggle", "random-item"];

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// The whole text between `<style>` tags.
    Sheet,
    /// An attribute's value.
    Value,
}

#[derive(Debug, PartialEq)]
enum Token {
    White,
    Comment(bool),
    Text(String),
    BadString,
    Url(String),
    BadUrl,
    Call(String),
    At(String),
    Open(char),
    Close(char),
    Semicolon,
    Other,
}

struct Reader {
    text: Vec<char>,
    at: usize,
}

fn starts_name(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii())
}

fn in_name(c: Option<char>) -> bool {
    starts_name(c) || c.is_some_and(|c| c.is_ascii_digit() || c == '-')
}

fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n')
}

impl Reader {
    fn new(text: &str) -> Reader {
        let text = text.replace("\r\n", "\n").replace(['\r', '\x0c'], "\n").replace('\0', "\u{fffd}");
        Reader { text: text.chars().collect(), at: 0 }
    }
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }
    fn escapes(&self, ahead: usize) -> bool {
        self.peek(ahead) == Some('\\') && self.peek(ahead + 1) != Some('\n')
    }
    fn begins_name(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            Some('-') => {
                starts_name(self.peek(ahead + 1)) || self.peek(ahead + 1) == Some('-') || self.escapes(ahead + 1)
            }
            Some('\\') => self.escapes(ahead),
            c => starts_name(c),
        }
    }
    fn begins_number(&self) -> bool {
        let digit = |ahead: usize| self.peek(ahead).is_some_and(|c| c.is_ascii_digit());
        match self.peek(0) {
            Some('+' | '-') => digit(1) || (self.peek(1) == Some('.') && digit(2)),
            Some('.') => digit(1),
            _ => digit(0),
        }
    }
    /// Behind the backslash.
    fn escaped(&mut self) -> char {
        let mut code = 0;
        let mut digits = 0;
        while let Some(digit) = self.peek(0).and_then(|c| c.to_digit(16)).filter(|_| digits < 6) {
            code = code * 16 + digit;
            digits += 1;
            self.at += 1;
        }
        if digits == 0 {
            let c = self.peek(0).unwrap_or(char::REPLACEMENT_CHARACTER);
            self.at += 1;
            return c;
        }
        if self.peek(0).is_some_and(is_white) {
            self.at += 1;
        }
        char::from_u32(code).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
    }
    fn name(&mut self) -> String {
        let mut name = String::new();
        loop {
            if in_name(self.peek(0)) {
                name.extend(self.peek(0));
                self.at += 1;
            } else if self.escapes(0) {
                self.at += 1;
                name.push(self.escaped());
            } else {
                return name;
            }
        }
    }
    fn white(&mut self) {
        while self.peek(0).is_some_and(is_white) {
            self.at += 1;
        }
    }
    fn string(&mut self, quote: char) -> Token {
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None => return Token::Text(text),
                Some('\n') => return Token::BadString,
                Some('\\') => {
                    self.at += 1;
                    match self.peek(0) {
                        None => {}
                        Some('\n') => self.at += 1,
                        Some(_) => text.push(self.escaped()),
                    }
                }
                Some(c) => {
                    self.at += 1;
                    if c == quote {
                        return Token::Text(text);
                    }
                    text.push(c);
                }
            }
        }
    }
    /// Behind `url(`.
    fn url(&mut self) -> Token {
        let mut url = String::new();
        self.white();
        loop {
            match self.peek(0) {
                None => return Token::Url(url),
                Some(')') => {
                    self.at += 1;
                    return Token::Url(url);
                }
                Some(c) if is_white(c) => {
                    self.white();
                    if self.peek(0).is_some_and(|c| c != ')') {
                        return self.bad_url();
                    }
                }
                Some('"' | '\'' | '(' | '\0'..='\x08' | '\x0b' | '\x0e'..='\x1f' | '\x7f') => return self.bad_url(),
                Some('\\') if self.escapes(0) => {
                    self.at += 1;
                    url.push(self.escaped());
                }
                Some('\\') => return self.bad_url(),
                Some(c) => {
                    url.push(c);
                    self.at += 1;
                }
            }
        }
    }
    fn bad_url(&mut self) -> Token {
        while let Some(c) = self.peek(0) {
            let escape = self.escapes(0);
            self.at += 1;
            if escape {
                self.escaped();
            } else if c == ')' {
                break;
            }
        }
        Token::BadUrl
    }
    fn next(&mut self) -> Option<Token> {
        let c = self.peek(0)?;
        if c == '/' && self.peek(1) == Some('*') {
            self.at += 2;
            let from = self.at;
            while self.at < self.text.len() && !(self.peek(0) == Some('*') && self.peek(1) == Some('/')) {
                self.at += 1;
            }
            let empty = self.at == from && self.at < self.text.len();
            self.at += 2;
            return Some(Token::Comment(empty));
        }
        if is_white(c) {
            self.white();
            return Some(Token::White);
        }
        if self.begins_number() {
            while self.peek(0).is_some_and(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
                // A sign or a second dot would begin another token; none of them matters here.
                self.at += 1;
                if !self.peek(0).is_some_and(|c| c.is_ascii_digit() || c == '.') {
                    break;
                }
            }
            if matches!(self.peek(0), Some('e' | 'E')) {
                let sign = usize::from(matches!(self.peek(1), Some('+' | '-')));
                if self.peek(1 + sign).is_some_and(|c| c.is_ascii_digit()) {
                    self.at += 1 + sign;
                    while self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
                        self.at += 1;
                    }
                }
            }
            if self.begins_name(0) {
                self.name();
            }
            return Some(Token::Other);
        }
        if self.begins_name(0) {
            let name = self.name().to_ascii_lowercase();
            if self.peek(0) != Some('(') {
                return Some(Token::Other);
            }
            self.at += 1;
            let mut ahead = 0;
            while self.peek(ahead).is_some_and(is_white) {
                ahead += 1;
            }
            if name == "url" && !matches!(self.peek(ahead), Some('"' | '\'')) {
                return Some(self.url());
            }
            return Some(Token::Call(name));
        }
        self.at += 1;
        Some(match c {
            '"' | '\'' => self.string(c),
            '#' if in_name(self.peek(0)) || self.escapes(0) => {
                self.name();
                Token::Other
            }
            '@' if self.begins_name(0) => Token::At(self.name().to_ascii_lowercase()),
            '(' | '[' | '{' => Token::Open(c),
            ')' | ']' | '}' => Token::Close(c),
            ';' => Token::Semicolon,
            _ => Token::Other,
        })
    }
}

/// Whether an address is one that a frame may be given.
pub(crate) fn is_allowed(url: &str, fonts: bool) -> bool {
    if let Some(name) = url.strip_prefix(CACHED) {
        let name = name.split('#').next().unwrap_or(name);
        return ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"].contains(&name);
    }
    let Some(data) = url.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:")).and(url.get(5..)) else {
        return false;
    };
    let kind = data.split([',', ';']).next().unwrap_or("").trim().to_ascii_lowercase();
    let font = kind.starts_with("font/") || kind.starts_with("application/") && !kind.contains("xml");
    kind.starts_with("image/") && kind.bytes().all(|b| !b.is_ascii_whitespace()) || fonts && font
}

/// What of a text can ask for something or end something, in order. Names of selectors, and the brackets that some of
/// them become, are not part of it; nor are functions that are nothing.
pub(crate) fn bones(text: &str) -> Vec<String> {
    let mut reader = Reader::new(text);
    let plain = |token: &Token| match token {
        Token::White | Token::Other | Token::Open('[') | Token::Close(']') => true,
        Token::Call(name) => matches!(&**name, "not" | "dwell-none"),
        _ => false,
    };
    std::iter::from_fn(|| reader.next()).filter(|token| !plain(token)).map(|token| format!("{token:?}")).collect()
}

/// What a bracket opened.
struct Block {
    close: char,
    /// Strings directly inside are addresses.
    set: bool,
}

/// Why the text could ask for something, or end before its end.
pub(crate) fn harmless(text: &str, kind: Kind) -> Result<(), String> {
    if kind == Kind::Sheet {
        let lower = text.to_ascii_lowercase();
        // A longer name is another rule, for the simplest of scanners too.
        let longer = |rest: &str| rest.starts_with(|c: char| in_name(Some(c)) || c == '\\');
        if lower.split("@import").skip(1).any(|rest| !longer(rest)) {
            return Err("the letters of an import stand in it".into());
        }
        for (i, b) in text.bytes().enumerate() {
            let next = text.as_bytes().get(i + 1);
            if b == b'<' && !matches!(next, Some(b' ' | b'=' | b'\n' | b'\t') | None) {
                return Err(format!("markup may begin at byte {i}"));
            }
            if b == b'&' && next.is_some_and(|n| n.is_ascii_alphanumeric() || *n == b'#') {
                return Err(format!("a character reference may begin at byte {i}"));
            }
        }
    }
    let mut reader = Reader::new(text);
    let mut open: Vec<Block> = Vec::new();
    // Behind `url(` or `src(`: a string, and the end, must come.
    let mut address = false;
    let mut namespace = false;
    while let Some(token) = reader.next() {
        let set = open.last().is_some_and(|b| b.set);
        if address && !matches!(token, Token::White | Token::Comment(_)) {
            address = false;
            match &token {
                Token::Text(url) => check(url)?,
                _ => return Err(format!("{token:?} where an address should be")),
            }
            continue;
        }
        match token {
            Token::White | Token::Other | Token::Comment(true) => {}
            Token::Comment(false) => return Err("a comment says something, or does not end".into()),
            Token::BadUrl => return Err("a broken address".into()),
            Token::BadString => return Err("a broken string".into()),
            Token::Url(url) if namespace && NAMESPACES.contains(&&*url) => {}
            Token::Url(url) => check(&url)?,
            Token::Text(text) => {
                if set {
                    return Err(format!("the string {text:?} is an address"));
                }
                if namespace && !NAMESPACES.contains(&&*text) {
                    return Err(format!("the namespace {text:?}"));
                }
            }
            Token::Call(name) => {
                if matches!(
                    &*name,
                    "url-prefix" | "domain" | "media-document" | "regexp" | "expression" | "-ms-expression"
                ) {
                    return Err(format!("the function {name}()"));
                }
                if set && (STAND_INS.contains(&&*name) || name.starts_with("--")) {
                    return Err(format!("{name}() may mean an address"));
                }
                address = matches!(&*name, "url" | "src");
                open.push(Block { close: ')', set: SETS.contains(&&*name) });
            }
            Token::At(name) => {
                // In an attribute it is no rule at all.
                if name == "import" && kind == Kind::Sheet {
                    return Err("an import".into());
                }
                namespace = name == "namespace";
            }
            Token::Open(bracket) => {
                let close = match bracket {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                };
                open.push(Block { close, set: set && bracket == '(' });
            }
            Token::Close(bracket) => {
                if open.last().is_some_and(|b| b.close == bracket) {
                    open.pop();
                } else if open.is_empty() && bracket == '}' {
                    return Err("a block ends that never began".into());
                }
            }
            Token::Semicolon => namespace = false,
        }
    }
    if address || !open.is_empty() {
        return Err("a bracket stays open".into());
    }
    Ok(())
}

fn check(url: &str) -> Result<(), String> {
    if url.starts_with('#') || url == "about:invalid" || is_allowed(url, true) {
        return Ok(());
    }
    Err(format!("the address {url:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_seen() {
        for text in [
            "a{b:url(http://leak.test)}",
            "a{b:u\\72l( http://leak.test )}",
            "a{b:url('//leak.test')}",
            "a{b:src(\"x\")}",
            "a{b:url(var(--x))}",
            "a{b:url(replay-asset://localhost/forged)}",
            "a{b:url(data:text/html,x)}",
            "a{b:url(a b)}",
            "@import 'x';",
            "@\\69mport 'x';",
            "@charset '@import';",
            "@namespace x 'http://leak.test';",
            "a{b:image-set('http://leak.test' 1x)}",
            "a{b:-webkit-image-set((('x')))}",
            "a{b:image-set(var(--x) 1x)}",
            "a{b:expression(1)}",
            "@document domain(x){}",
            "</style>",
            "a{b:'&lt;'}",
            "a{b:'x",
            "a{b:'x\n'}",
            "a{",
            "}",
            "a{}/* x */",
            "a{}/*",
        ] {
            // An open string harms only what is written behind it, and its bracket tells.
            assert!(harmless(text, Kind::Sheet).is_err(), "{text}");
        }
    }

    #[test]
    fn harmless_is_left_alone() {
        for text in [
            "a{b:url(\"about:invalid\")}",
            "a{b:url(replay-asset://localhost/aaaa#x)}",
            "a{b:image-set(url(\"#f\") 1x type(\"image/png\"))}",
            "a{b:url(data:font/woff2,x)}a{c:1e3url -x(1) .5em #url}",
            "@namespace svg \"http://www.w3.org/2000/svg\";svg|a{}",
            "a < b{c:'http://leak.test'}/**/",
            "@media (400px <= width){}",
        ] {
            assert_eq!(harmless(text, Kind::Sheet), Ok(()), "{text}");
        }
    }
}
