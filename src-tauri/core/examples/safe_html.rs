//! Prints trees as safe HTML, for tests that open the result in real browsers.
//!
//! Reads one JSON array of `event::Op` a line and answers with one JSON string of HTML a line.

use std::io::{BufRead, Write};

use dwell_core::dom::safe::NoAssets;
use dwell_core::dom::{Tree, html};
use dwell_core::event::Op;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = url::Url::parse("http://page.leak.test/dir/page")?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let ops: Vec<Op> = serde_json::from_str(&line?)?;
        let mut tree = Tree::new();
        for op in &ops {
            tree.apply(op);
        }
        tree.end_batch();
        serde_json::to_writer(&mut out, &html::print(&tree, Some(&base), &NoAssets))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
