//! Patches as text. Printed by hand: a seek can carry tens of thousands of ops, and each is one small array.

use crate::dom::{self, PatchOp};
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

/**
 * One change of what the frame shows; the first item is the code, 0 stands for "none". With a parent, what is made is
 * put at its end at once.
 */
export type PatchOp =
  | ['D', id: number, quirks: number, doctype: Doctype]
  | ['F', id: number, iframe: number, quirks: number, doctype: Doctype]
  | ['S', id: number, host: number, open: number]
  | ['E', id: number, ns: number, tag: string, attrs: Record<string, string> | 0, parent?: number]
  | ['X', id: number, text: string, parent?: number]
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
  /** In how many parts the ops come, asked for one by one; the state is reached after the last. */
  parts: number;
  ops: PatchOp[];
}

export interface Steps {
  steps: Step[];
  until: number;
  /** At this moment so much changes that it has to be sought to, which comes in parts. */
  jump: number | null;
}
"#;

/// Weight of one part of a patch, in characters of JSON or so: what is carried and carried out at once stays small.
const PART: usize = 256 << 10;

/// Where the parts of a patch end.
fn part_ends(ops: &[PatchOp]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut weight = 0;
    for (at, op) in ops.iter().enumerate() {
        weight += op.weight();
        if weight > PART {
            ends.push(at + 1);
            weight = 0;
        }
    }
    if weight > 0 || ends.is_empty() {
        ends.push(ops.len());
    }
    ends
}

/// A part of a step as JSON text; there are no ops in a part that does not exist. Returns how many there are.
pub fn print_step(step: &Step, part: usize, out: &mut String) -> usize {
    let ends = part_ends(&step.ops);
    let from = part.checked_sub(1).map_or(Some(0), |last| ends.get(last).copied());
    let ops = from.zip(ends.get(part)).map_or(&[][..], |(from, until)| &step.ops[from..*until]);
    print_some(step, ends.len(), ops, out);
    ends.len()
}

fn print_some(step: &Step, parts: usize, ops: &[PatchOp], out: &mut String) {
    let viewport = step.viewport.map_or_else(|| "null".to_owned(), |(w, h)| format!("[{w},{h}]"));
    let url = serde_json::Value::from(step.url.as_str());
    out.push_str(&format!(
        "{{\"state\":{},\"time\":{},\"page\":{},\"document\":{},\"viewport\":{viewport},\"url\":{url},\"hidden\":{},\
         \"reset\":{},\"parts\":{parts},\"ops\":[",
        step.state, step.time, step.page, step.document, step.hidden, step.reset
    ));
    dom::print_ops(ops, out);
    out.push_str("]}");
}

/// Steps as JSON text.
pub fn print_steps(steps: &Steps) -> String {
    let mut out = String::from("{\"steps\":[");
    for (i, step) in steps.steps.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        print_some(step, 1, &step.ops, &mut out);
    }
    let jump = steps.jump.map_or_else(|| "null".to_owned(), |time| time.to_string());
    out.push_str(&format!("],\"until\":{},\"jump\":{jump}}}", steps.until));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Namespace, NodeId};

    fn step(ops: Vec<PatchOp>) -> Step {
        Step {
            state: 3,
            time: 9,
            page: 1,
            document: 1,
            url: "https://a.example/\"".to_owned(),
            viewport: Some((800, 600)),
            hidden: false,
            reset: true,
            ops,
        }
    }

    fn part(step: &Step, part: usize) -> serde_json::Value {
        let mut out = String::new();
        print_step(step, part, &mut out);
        serde_json::from_str(&out).expect("JSON")
    }

    #[test]
    fn a_large_patch_comes_in_parts_that_give_the_whole() {
        let text = |id| PatchOp::Text { id: NodeId(id), text: "x".repeat(1000).into() };
        let step = step((1..=700).map(text).collect());
        let first = part(&step, 0);
        let parts = first["parts"].as_u64().expect("a number");
        assert!(parts == 3 && first["reset"] == true, "{parts}");
        let ids: Vec<u64> = (0..parts)
            .flat_map(|n| part(&step, n as usize)["ops"].as_array().expect("ops").clone())
            .map(|op| op[1].as_u64().expect("an id"))
            .collect();
        assert_eq!(ids, (1..=700).collect::<Vec<u64>>());
        assert_eq!(part(&step, 3)["ops"], serde_json::json!([]));
        assert_eq!(part(&step, usize::MAX)["ops"], serde_json::json!([]));
    }

    #[test]
    fn what_is_put_at_the_end_at_once_takes_its_parent_along() {
        let [a, b, c] = [NodeId(2), NodeId(3), NodeId(4)];
        let made = part(
            &step(vec![
                PatchOp::Element { id: a, ns: Namespace::Html, tag: "p".into(), attrs: Vec::new() },
                PatchOp::Insert { id: a, parent: NodeId(1), before: None },
                PatchOp::Text { id: b, text: "b".into() },
                PatchOp::Insert { id: b, parent: a, before: None },
                PatchOp::Text { id: c, text: "c".into() },
                PatchOp::Insert { id: c, parent: a, before: Some(b) },
            ]),
            0,
        );
        let ops = serde_json::json!([["E", 2, 0, "p", 0, 1], ["X", 3, "b", 2], ["X", 4, "c"], ["I", 4, 2, 3]]);
        assert_eq!((made["ops"].clone(), made["parts"].clone()), (ops, 1.into()));
        assert_eq!(part(&step(Vec::new()), 0)["ops"], serde_json::json!([]));
    }
}
