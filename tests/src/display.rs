//! A screen that nobody sees.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::leash::Leash;

/// An X server with a display number that it chose itself.
pub struct Display {
    pub name: String,
    _server: Leash,
}

impl Display {
    /// # Panics
    /// When Xvfb is not there or does not answer: `make setup` installs it.
    pub fn open(logs: &Path) -> Display {
        let log = File::create(logs.join("xvfb.log")).expect("the folder of logs can be written");
        let args = ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"];
        let mut server = Leash::start("Xvfb", &args, |command| {
            command.stdout(Stdio::piped()).stderr(log);
        })
        .expect("sh starts");
        let mut number = String::new();
        let answer = server.take_stdout().expect("its output was piped");
        BufReader::new(answer).read_line(&mut number).expect("the pipe can be read");
        assert!(!number.trim().is_empty(), "Xvfb did not start. Is it installed? See {}", logs.display());
        Display { name: format!(":{}", number.trim()), _server: server }
    }
}
