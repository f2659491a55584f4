//! Style sheet and canvas events to ops.
//!
//! The trap: `styleId` wins over `id`, an absent index means 0, and an index list is a path into nested
//! rules, not a list of rules.

use super::json::Val;
use super::nodes::{Document, Strings};
use crate::event::{NodeId, Op, SheetRef, Str};

fn node(v: Val<'_>) -> Option<NodeId> {
    v.int().filter(|n| (1..1 << 40).contains(n)).map(|n| NodeId(n as u64))
}

fn index(v: Val<'_>) -> u32 {
    v.number().map_or(0, |n| n.clamp(0.0, f64::from(u32::MAX)) as u32)
}

fn path(v: Option<Val<'_>>) -> Vec<u32> {
    match v {
        Some(v) if v.is_array() => v.items().map(index).collect(),
        Some(v) if !v.is_null() => vec![index(v)],
        _ => vec![0],
    }
}

/// Ops of a StyleSheetRule (8), StyleDeclaration (13) or AdoptedStyleSheet (15) event.
pub(super) fn ops(document: &Document, source: i64, data: Val<'_>, strings: &mut Strings) -> Vec<Op> {
    let mut ops = Vec::new();
    if source == 15 {
        let Some(root) = data.get("id").and_then(node) else { return ops };
        for sheet in data.get("styles").into_iter().flat_map(Val::items) {
            let Some(id) = sheet.get("styleId").and_then(Val::int) else { continue };
            let rules: Vec<_> =
                sheet.get("rules").into_iter().flat_map(Val::items).filter_map(|r| r.get("rule")?.text()).collect();
            let text = strings.keep(&rules.join("\n"));
            ops.push(Op::SheetText { sheet: SheetRef::Constructed(document.sheet(id)), text });
        }
        let sheets: Vec<Str> = data
            .get("styleIds")
            .into_iter()
            .flat_map(Val::items)
            .filter_map(Val::int)
            .map(|id| document.sheet(id))
            .collect();
        ops.push(Op::Adopt { root, sheets });
        return ops;
    }
    let sheet = match (data.get("styleId").and_then(Val::int), data.get("id").and_then(node)) {
        (Some(id), _) => SheetRef::Constructed(document.sheet(id)),
        (None, Some(owner)) => SheetRef::Owner(owner),
        (None, None) => return ops,
    };
    if source == 13 {
        let path = path(data.get("index"));
        let name = |v: Option<Val<'_>>, strings: &mut Strings| strings.value(v?.get("property")?);
        let set = data.get("set");
        if let Some(property) = name(set, strings) {
            ops.push(Op::SheetDeclare {
                sheet: sheet.clone(),
                path: path.clone(),
                property,
                value: set.and_then(|s| s.get("value")).and_then(|v| strings.value(v)),
                important: set.and_then(|s| s.get("priority")).is_some_and(|p| p.bytes() == b"important"),
            });
        }
        if let Some(property) = name(data.get("remove"), strings) {
            ops.push(Op::SheetDeclare { sheet, path, property, value: None, important: false });
        }
        return ops;
    }
    for add in data.get("adds").into_iter().flat_map(Val::items) {
        if let Some(rule) = add.get("rule").and_then(|r| strings.value(r)) {
            ops.push(Op::SheetInsert { sheet: sheet.clone(), path: path(add.get("index")), rule });
        }
    }
    for remove in data.get("removes").into_iter().flat_map(Val::items) {
        ops.push(Op::SheetDelete { sheet: sheet.clone(), path: path(remove.get("index")) });
    }
    for key in ["replace", "replaceSync"] {
        if let Some(text) = data.get(key).and_then(|t| strings.value(t)) {
            ops.push(Op::SheetText { sheet: sheet.clone(), text });
        }
    }
    ops
}

/// The whole picture that a canvas event in frame mode draws, as a data URL.
pub(super) fn canvas_frame(data: Val<'_>) -> Option<String> {
    let last = data.get("commands")?.items().last()?;
    let tagged = |v: Val<'_>, name: &[u8]| v.get("rr_type").is_some_and(|t| t.bytes() == name);
    if last.get("property")?.bytes() != b"drawImage" {
        return None;
    }
    let mut args = last.get("args")?.items();
    let bitmap = args.next().filter(|v| tagged(*v, b"ImageBitmap"))?;
    // At the origin, and not cut out of a larger picture.
    if args.next()?.number()? != 0.0 || args.next()?.number()? != 0.0 || args.count() > 2 {
        return None;
    }
    let blob = bitmap.get("args")?.items().next().filter(|v| tagged(*v, b"Blob"))?;
    let bytes = blob.get("data")?.items().next().filter(|v| tagged(*v, b"ArrayBuffer"))?;
    let kind = blob.get("type").and_then(Val::text).filter(|t| t.starts_with("image/"));
    Some(format!("data:{};base64,{}", kind.as_deref().unwrap_or("image/png"), bytes.get("base64")?.text()?))
}
