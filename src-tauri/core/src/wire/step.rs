//! Patches as text. Printed by hand: a seek can carry tens of thousands of ops, and each is one small array.

use crate::replay::{Step, Steps};

pub(super) const TYPESCRIPT: &str = r#"
/** Name, public id, system id. */
export type Doctype = [string, string, string];

/** What the frame applies, in order; the first item is the code. 0 stands for "none". */
export type PatchOp =
  | ["D", number, 0 | 1, Doctype | 0]
  | ["F", number, number, 0 | 1, Doctype | 0]
  | ["S", number, number, 0 | 1]
  | ["E", number, 0 | 1 | 2, string, Record<string, string> | 0]
  | ["X", number, string]
  | ["I", number, number, number]
  | ["R", number]
  | ["A", number, string, string | null]
  | ["T", number, string]
  | ["CSS", number, string]
  | ["C", string, string]
  | ["AD", number, string[]]
  | ["V", number, string]
  | ["K", number, boolean]
  | ["O", number, boolean]
  | ["@", number, number, number]
  | ["OP", number, "closed" | "open" | "modal"]
  | ["M", number, MediaState]
  | ["IMG", number, string]
  | ["H", number]
  | ["FO", number];

/** `position` in seconds. */
export type MediaState = { playing: boolean | null, position: number | null, rate: number | null, volume: number | null, muted: boolean | null, loop: boolean | null };

/** One state of the frame: apply `ops` to what `shown` was. `state` is the number to send back as shown. */
export type Step = { state: number, time: number, page: number, document: number, viewport: [number, number] | null, url: string, hidden: boolean, reset: boolean, ops: PatchOp[] };

export type Steps = { steps: Step[], until: number };
"#;

/// A step as JSON text.
pub fn print_step(step: &Step, out: &mut String) {
    let viewport = step.viewport.map_or_else(|| "null".to_owned(), |(w, h)| format!("[{w},{h}]"));
    let url = serde_json::Value::from(step.url.as_str());
    out.push_str(&format!(
        "{{\"state\":{},\"time\":{},\"page\":{},\"document\":{},\"viewport\":{viewport},\"url\":{url},\"hidden\":{},\
         \"reset\":{},\"ops\":[",
        step.state, step.time, step.page, step.document, step.hidden, step.reset
    ));
    for (i, op) in step.ops.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        op.print(out);
    }
    out.push_str("]}");
}

/// Steps as JSON text.
pub fn print_steps(steps: &Steps) -> String {
    let mut out = String::from("{\"steps\":[");
    for (i, step) in steps.steps.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        print_step(step, &mut out);
    }
    out.push_str(&format!("],\"until\":{}}}", steps.until));
    out
}
