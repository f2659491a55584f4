//! Programs that end with the test.
//!
//! The trap: WebKitWebDriver, the app and WebKit's own processes are a family; ending the eldest orphans the rest, and a
//! test that is killed runs no destructor. A shell in front of them waits on a pipe from us: when we let go of it, or
//! die, it ends its whole process group.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

pub struct Leash {
    shell: Child,
}

impl Leash {
    /// Starts `program` with what `prepare` sets (environment, output). Its standard input is not its own.
    pub fn start(program: &str, args: &[&str], prepare: impl FnOnce(&mut Command)) -> io::Result<Leash> {
        let mut command = Command::new("sh");
        command.args(["-c", r#""$@" & read -r _; kill -s KILL 0"#, "sh", program]).args(args);
        prepare(&mut command);
        let shell = command.stdin(Stdio::piped()).process_group(0).spawn()?;
        Ok(Leash { shell })
    }

    /// The program's standard output, when `prepare` piped it.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.shell.stdout.take()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell ends itself with its group; an error here means that it is already gone.
        let _ = self.shell.wait();
    }
}
