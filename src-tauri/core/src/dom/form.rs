//! Live form state that a browser derives by itself, and that recorders therefore leave out.

use super::{Node, Tree};
use crate::event::{NodeId, Op, OpenState, Str};

impl Tree {
    /// The other radio buttons of the button's group that are checked: same name, same form (or none), same
    /// root. Empty for anything but a radio button with a name.
    pub(super) fn radio_group(&self, id: NodeId) -> Vec<NodeId> {
        let Some(node) = self.get(id) else { return Vec::new() };
        let is_radio =
            |n: &Node| n.html_tag() == Some("input") && n.attr("type").is_some_and(|t| t.eq_ignore_ascii_case("radio"));
        let Some(name) = node.attr("name").filter(|n| is_radio(node) && !n.is_empty()) else { return Vec::new() };
        let scope = self.form_of(id).unwrap_or_else(|| self.root_of(id));
        self.subtree(scope)
            .into_iter()
            .filter(|&other| other != id)
            .filter(|&other| {
                self.get(other).is_some_and(|n| is_radio(n) && n.attr("name") == Some(name)) && self.is_checked(other)
            })
            .collect()
    }

    fn form_of(&self, id: NodeId) -> Option<NodeId> {
        let mut at = self.parent(id)?;
        for _ in 0..=self.len() {
            if at.html_tag() == Some("form") {
                return Some(at.id);
            }
            at = self.parent(at.id)?;
        }
        None
    }

    /// What a click does to popovers by markup alone: `popovertarget` opens and closes its popover, and a click
    /// beside an open one that is not `manual` closes it. No recorder notes popovers.
    pub(super) fn click_popovers(&mut self, target: Option<NodeId>) {
        let mut on: Vec<NodeId> = Vec::new();
        let mut at = target.and_then(|id| self.get(id));
        while let Some(node) = at {
            on.push(node.id);
            at = self.parent(node.id).filter(|_| on.len() <= self.len());
        }
        let invoker = on.iter().find(|&&id| self.get(id).is_some_and(|n| n.attr("popovertarget").is_some())).copied();
        let named = invoker.and_then(|id| {
            let name = self.get(id)?.attr("popovertarget").filter(|name| !name.is_empty())?.clone();
            let is_it = |other: &NodeId| {
                self.get(*other).is_some_and(|n| n.attr("popover").is_some() && n.attr("id") == Some(&name))
            };
            self.subtree(self.root_of(id)).into_iter().find(is_it)
        });
        let is_open = |tree: &Tree, id: NodeId| {
            tree.get(id).and_then(Node::live).and_then(|l| l.open).is_some_and(|open| open != OpenState::Closed)
        };
        let beside: Vec<NodeId> = self
            .open_popovers()
            .iter()
            .copied()
            .filter(|id| Some(*id) != named && !on.contains(id))
            .filter(|&id| {
                self.get(id).and_then(|n| n.attr("popover")).is_some_and(|kind| !kind.eq_ignore_ascii_case("manual"))
            })
            .collect();
        for id in beside {
            self.apply(&Op::Open { node: id, open: OpenState::Closed });
        }
        if let (Some(invoker), Some(popover)) = (invoker, named) {
            let action = self.get(invoker).and_then(|n| n.attr("popovertargetaction")).map(|a| a.to_ascii_lowercase());
            let open = match action.as_deref() {
                Some("show") => true,
                Some("hide") => false,
                _ => !is_open(self, popover),
            };
            let open = if open { OpenState::Open } else { OpenState::Closed };
            self.apply(&Op::Open { node: popover, open });
        }
    }

    /// Whether a checkbox or radio button is checked: live state, else the attribute.
    pub fn is_checked(&self, id: NodeId) -> bool {
        self.get(id).is_some_and(|n| n.live().and_then(|l| l.checked).unwrap_or_else(|| n.attr("checked").is_some()))
    }

    /// Whether a dialog, details or popover is open, as far as the recording says. A dialog that was there with its
    /// attribute and nothing more is open, and not modal.
    pub fn open_of(&self, id: NodeId) -> Option<OpenState> {
        let node = self.get(id)?;
        node.live()
            .and_then(|l| l.open)
            .or_else(|| (node.html_tag() == Some("dialog") && node.attr("open").is_some()).then_some(OpenState::Open))
    }

    /// The options of a select in tree order.
    pub fn options(&self, select: NodeId) -> Vec<NodeId> {
        let mut out = Vec::new();
        let mut stack: Vec<NodeId> = self.children_back(select).map(|n| n.id).collect();
        while let Some(id) = stack.pop() {
            match self.get(id).and_then(Node::html_tag) {
                Some("option") => out.push(id),
                Some("optgroup") => stack.extend(self.children_back(id).map(|n| n.id)),
                _ => {}
            }
        }
        out
    }

    /// The value that an option submits: its attribute, else its text with white space collapsed.
    pub fn option_value(&self, option: NodeId) -> String {
        match self.get(option).and_then(|n| n.attr("value")) {
            Some(value) => value.to_string(),
            None => self.text_content(option).split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// Chooses the option with this value; without one the choice stays. Masked options may all carry the same
    /// value: a choice is only recorded when it changes, so another one than before was taken.
    pub(super) fn choose_option(&mut self, select: NodeId, value: &Str) {
        let options = self.options(select);
        let named: Vec<usize> = (0..options.len()).filter(|&i| self.option_value(options[i]) == **value).collect();
        let before = self.selected_options(select);
        let another = named.iter().find(|i| !before.contains(i));
        let Some(&chosen) = another.or(named.first()) else { return };
        for (i, option) in options.into_iter().enumerate() {
            let selected = i == chosen;
            self.apply(&Op::Selected { node: option, selected });
        }
    }

    /// Indexes of the selected options, as the browser shows them: live state, else the attribute; a
    /// drop-down with nothing selected shows its first option that is not disabled.
    pub fn selected_options(&self, select: NodeId) -> Vec<usize> {
        let Some(node) = self.get(select) else { return Vec::new() };
        let options = self.options(select);
        let mut chosen: Vec<usize> = options
            .iter()
            .enumerate()
            .filter(|(_, o)| {
                self.get(**o)
                    .is_some_and(|n| n.live().and_then(|l| l.selected).unwrap_or_else(|| n.attr("selected").is_some()))
            })
            .map(|(i, _)| i)
            .collect();
        if node.attr("multiple").is_some() {
            return chosen;
        }
        if chosen.len() > 1 {
            // Of several, the last one set wins; live state says which, attributes say the last in order.
            let live = chosen
                .iter()
                .copied()
                .find(|&i| self.get(options[i]).and_then(Node::live).and_then(|l| l.selected) == Some(true));
            chosen = vec![live.unwrap_or_else(|| chosen[chosen.len() - 1])];
        }
        let rows = node.attr("size").and_then(|s| s.trim().parse::<u32>().ok()).unwrap_or(1);
        if chosen.is_empty() && rows <= 1 {
            let is_disabled = |id: NodeId| {
                self.get(id).is_some_and(|n| n.attr("disabled").is_some())
                    || self.parent(id).is_some_and(|p| p.html_tag() == Some("optgroup") && p.attr("disabled").is_some())
            };
            chosen.extend(options.iter().position(|&o| !is_disabled(o)));
        }
        chosen
    }

    /// What an input or textarea shows; `None` for checkboxes, radio buttons and files.
    pub fn value_of(&self, id: NodeId) -> Option<String> {
        let node = self.get(id)?;
        let live = node.live().and_then(|l| l.value.as_ref());
        match node.html_tag()? {
            "textarea" => Some(live.map_or_else(|| self.own_text(id), |v| v.to_string())),
            "input" => {
                let kind = node.attr("type").map(|t| t.to_ascii_lowercase()).unwrap_or_default();
                match kind.as_str() {
                    "checkbox" | "radio" | "file" => None,
                    _ => Some(match live.or_else(|| node.attr("value")) {
                        Some(value) => value.to_string(),
                        None => default_value(node, &kind),
                    }),
                }
            }
            _ => None,
        }
    }
}

/// The value that a browser gives an input without one (HTML, value sanitisation).
fn default_value(node: &Node, kind: &str) -> String {
    let number = |name: &str, or: f64| node.attr(name).and_then(|v| v.trim().parse::<f64>().ok()).unwrap_or(or);
    match kind {
        "color" => "#000000".to_owned(),
        "range" => {
            let (min, max) = (number("min", 0.0), number("max", 100.0));
            let step = number("step", 1.0);
            let middle = if max < min { min } else { min + (max - min) / 2.0 };
            let value = if step > 0.0 { min + ((middle - min) / step).round() * step } else { middle };
            format!("{value}")
        }
        _ => String::new(),
    }
}
