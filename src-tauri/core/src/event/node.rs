use serde::{Deserialize, Serialize};

use super::Str;

/// Identity of a node, stable for the life of its document.
///
/// Recorders give ids to ordinary nodes only. Roots that they leave nameless (rrweb's shadow roots,
/// Clarity's frame documents) get an id derived from the node that carries them, so that the same
/// recording gives the same ids wherever decoding starts. All ids stay below 2^53 for JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u64);

impl NodeId {
    /// The top document in both formats.
    pub const DOCUMENT: NodeId = NodeId(1);
    const SHADOW: u64 = 1 << 40;
    const FRAME: u64 = 1 << 41;
    const TEXT: u64 = 1 << 42;
    const CONTENT: u64 = 1 << 43;

    /// The nameless shadow root of a host.
    pub fn shadow_of(host: NodeId) -> NodeId {
        NodeId(host.0 | Self::SHADOW)
    }
    /// The nameless document of an iframe.
    pub fn frame_of(iframe: NodeId) -> NodeId {
        NodeId(iframe.0 | Self::FRAME)
    }
    /// The nameless only text child of an element (rrweb's `_cssText`, a textarea's value).
    pub fn text_of(element: NodeId) -> NodeId {
        NodeId(element.0 | Self::TEXT)
    }
    /// The content fragment of a `<template>`.
    pub fn content_of(template: NodeId) -> NodeId {
        NodeId(template.0 | Self::CONTENT)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Namespace {
    Html,
    Svg,
    MathMl,
}

/// An attribute as recorded; `name` may carry a prefix (`xlink:href`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attr {
    pub name: Str,
    pub value: Str,
}

/// What a node is. Children are not part of it: they are linked by [`super::Op::Put`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeKind {
    /// The top document, or the document of a same-origin iframe (its parent is then the iframe).
    Document {
        quirks: bool,
    },
    Doctype {
        name: Str,
        public_id: Str,
        system_id: Str,
    },
    /// `tag` is the local name: lower case in HTML, case kept in SVG and MathML.
    Element {
        ns: Namespace,
        tag: Str,
        attrs: Vec<Attr>,
    },
    Text(Str),
    Comment(Str),
    /// Its parent is the host.
    ShadowRoot {
        open: bool,
    },
}

/// Names of SVG elements that HTML's parser gives back their capitals (HTML standard, "adjust SVG tag names").
const SVG_CAPITALS: [&str; 37] = [
    "altGlyph",
    "altGlyphDef",
    "altGlyphItem",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "clipPath",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "foreignObject",
    "glyphRef",
    "linearGradient",
    "radialGradient",
    "textPath",
];

/// The name of an SVG element with its capitals: recorders write it in lower case, selectors need it as it was.
pub fn svg_name(tag: &str) -> &str {
    // Every such name is longer than five letters, which most tags are not.
    if tag.len() < 6 {
        return tag;
    }
    SVG_CAPITALS.iter().find(|name| name.eq_ignore_ascii_case(tag)).copied().unwrap_or(tag)
}
