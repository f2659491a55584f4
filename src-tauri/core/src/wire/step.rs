//! Patches as text. Printed by hand: a seek can carry tens of thousands of ops, and each is one small array.

use crate::replay::{Step, Steps};

pub(super) const TYPESCRIPT: &str = r#"
type Doctype = [name: string, publicId: string, systemId: string] | 0;

/** `position` in seconds. */
export interface MediaPatch {
  playing?: boolean | null;
  position?: number | null;
  rate?: number | null;
  volume?: number | null;
  muted?: boolean | null;
  loop?: boolean | null;
}

/** One change of what the frame shows; the first item is the code, 0 stands for "none". */
export type PatchOp =
  | ['D', id: number, quirks: number, doctype: Doctype]
  | ['F', id: number, iframe: number, quirks: number, doctype: Doctype]
  | ['S', id: number, host: number, open: number]
  | ['E', id: number, ns: number, tag: string, attrs: Record<string, string> | 0]
  | ['X', id: number, text: string]
  | ['I', id: number, parent: number, before: number]
  | ['R', id: number]
  | ['A', id: number, name: string, value: string | null]
  | ['T', id: number, text: string]
  | ['CSS', id: number, text: string]
  | ['C', sheet: string, text: string]
  | ['AD', root: number, sheets: string[]]
  | ['V', id: number, value: string]
  | ['K', id: number, checked: boolean | number]
  | ['O', id: number, selected: boolean | number]
  | ['@', id: number, x: number, y: number]
  | ['OP', id: number, state: 'closed' | 'open' | 'modal']
  | ['M', id: number, media: MediaPatch]
  | ['IMG', id: number, url: string]
  | ['H', id: number]
  | ['FO', id: number];

/** The patch that leads to one state; `state` is the number to send back as shown. */
export interface Step {
  state: number;
  time: number;
  page: number;
  document: number;
  viewport: [number, number] | null;
  url: string;
  hidden: boolean;
  /** Throw away everything first. */
  reset: boolean;
  ops: PatchOp[];
}

export interface Steps {
  steps: Step[];
  until: number;
}
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
