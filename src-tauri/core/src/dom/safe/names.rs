//! Names of elements and attributes that can be sent.
//!
//! The trap is a name that is harmless where it was created and something else where it is parsed: `xmp` or
//! `iframe` in SVG are nothing, in HTML they change how everything after them is read.

/// Elements of SVG that browsers draw or use, in lower case. Animations are here too; what they may change is decided apart.
const SVG: &[&str] = &[
    "a",
    "animate",
    "animatemotion",
    "animatetransform",
    "circle",
    "clippath",
    "defs",
    "desc",
    "ellipse",
    "feblend",
    "fecolormatrix",
    "fecomponenttransfer",
    "fecomposite",
    "feconvolvematrix",
    "fediffuselighting",
    "fedisplacementmap",
    "fedistantlight",
    "fedropshadow",
    "feflood",
    "fefunca",
    "fefuncb",
    "fefuncg",
    "fefuncr",
    "fegaussianblur",
    "feimage",
    "femerge",
    "femergenode",
    "femorphology",
    "feoffset",
    "fepointlight",
    "fespecularlighting",
    "fespotlight",
    "fetile",
    "feturbulence",
    "filter",
    "foreignobject",
    "g",
    "image",
    "line",
    "lineargradient",
    "marker",
    "mask",
    "metadata",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialgradient",
    "rect",
    "set",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textpath",
    "title",
    "tspan",
    "use",
    "view",
];

const MATHML: &[&str] = &[
    "maction",
    "math",
    "menclose",
    "merror",
    "mfenced",
    "mfrac",
    "mi",
    "mlabeledtr",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "ms",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
    "none",
    "semantics",
];

/// The name as SVG writes it; some recorders lose the capitals.
pub(super) fn svg(tag: &str) -> Option<&'static str> {
    SVG.iter().find(|name| name.eq_ignore_ascii_case(tag)).map(|name| crate::event::svg_name(name))
}

pub(super) fn mathml(tag: &str) -> Option<&'static str> {
    MATHML.iter().find(|name| name.eq_ignore_ascii_case(tag)).copied()
}

/// A name that `createElement` and a parser understand alike.
pub(super) fn is_tag(name: &str) -> bool {
    name.len() <= 200
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':') || is_letter(c))
}

/// A name that `setAttribute` and a parser understand alike.
pub(super) fn is_attribute(name: &str) -> bool {
    name.len() <= 400
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':') || is_letter(c))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':') || is_letter(c))
}

/// Letters beyond ASCII that XML allows at the start of a name: the stricter of the two rules in use.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}
