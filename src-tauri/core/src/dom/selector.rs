//! A selector that people can read and paste, for one element of a tree.

use super::{Node, Tree};
use crate::event::{NodeId, NodeKind};

impl Tree {
    /// A CSS selector for the element (or the element around the text), anchored at the nearest usable id;
    /// ` >>> ` steps into a shadow root or frame. `None` for what hangs on no document.
    pub fn selector(&self, id: NodeId) -> Option<String> {
        let mut at = self.get(id)?;
        while !at.is_element() {
            at = self.parent(at.id)?;
        }
        let mut scopes: Vec<Vec<String>> = vec![Vec::new()];
        let mut anchored = false;
        for _ in 0..=self.len() {
            if let NodeKind::Element { tag, .. } = &*at.kind
                && !anchored
            {
                let plain = |id: &str| {
                    !id.is_empty()
                        && !id.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                        && id.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
                };
                let step = match at.attr("id").filter(|id| plain(id)) {
                    Some(id) => {
                        anchored = true;
                        format!("#{id}")
                    }
                    None if matches!(&**tag, "html" | "body") => tag.to_string(),
                    None => match self.position(at) {
                        (1, 1) => tag.to_string(),
                        (n, _) => format!("{tag}:nth-of-type({n})"),
                    },
                };
                if let Some(scope) = scopes.last_mut() {
                    scope.push(step);
                }
            }
            let parent = self.parent(at.id)?;
            match &*parent.kind {
                NodeKind::Document { .. } | NodeKind::ShadowRoot { .. } => match self.parent(parent.id) {
                    Some(host) => {
                        scopes.push(Vec::new());
                        anchored = false;
                        at = host;
                    }
                    None => break,
                },
                _ => at = parent,
            }
        }
        let join = |mut steps: Vec<String>| {
            steps.reverse();
            // "html > body" in front of a longer path says nothing.
            let skip = if steps.len() > 2 && steps[0] == "html" && steps[1] == "body" { 2 } else { 0 };
            steps[skip..].join(" > ")
        };
        scopes.reverse();
        Some(scopes.into_iter().map(join).collect::<Vec<_>>().join(" >>> "))
    }

    /// Position among siblings of the same tag (1-based), and how many of them there are.
    fn position(&self, node: &Node) -> (usize, usize) {
        let NodeKind::Element { tag, .. } = &*node.kind else { return (1, 1) };
        let (mut position, mut count) = (1, 0);
        if let Some(parent) = self.parent(node.id) {
            for sibling in self.children(parent.id) {
                if matches!(&*sibling.kind, NodeKind::Element { tag: t, .. } if t == tag) {
                    count += 1;
                    if sibling.id == node.id {
                        position = count;
                    }
                }
            }
        }
        (position, count)
    }
}
