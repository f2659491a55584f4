//! Names for the recorder's numbers (facts §4).
//!
//! The trap: metrics come as increments or as last values, depending on the metric. Summing the wrong ones doubles
//! a page's paint time; taking the last of the others loses most of its layout shift.

/// How the values that a page's payloads give for a metric make the page's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Every payload gives an increment.
    Sum,
    /// The largest, which is the last.
    Max,
}

pub const CLIENT_TIMESTAMP: u32 = 0;

use Aggregate::{Max, Sum};

/// Name and aggregation of metric `id` at index `id`. Units: ms for times, hundredths for `cart_*` and
/// `rating_value`, thousandths for `cumulative_layout_shift`, GB for `device_memory`, px for screens.
pub const METRICS: [(&str, Aggregate); 40] = [
    ("client_timestamp", Max),
    ("playback", Max),
    ("total_bytes", Sum),
    ("layout_cost", Sum),
    ("total_cost", Sum),
    ("invoke_count", Sum),
    ("thread_blocked_time", Max),
    ("long_task_count", Sum),
    ("largest_paint", Max),
    ("cumulative_layout_shift", Sum),
    ("first_input_delay", Max),
    ("rating_value", Max),
    ("rating_count", Max),
    ("product_price", Max),
    ("screen_width", Max),
    ("screen_height", Max),
    ("color_depth", Max),
    ("review_count", Max),
    ("best_rating", Max),
    ("worst_rating", Max),
    ("cart_price", Max),
    ("cart_shipping", Max),
    ("cart_discount", Max),
    ("cart_tax", Max),
    ("cart_total", Max),
    ("event_count", Sum),
    ("automation", Max),
    ("mobile", Max),
    ("upload_time", Max),
    ("single_page", Max),
    ("used_memory", Max),
    ("iframed", Max),
    ("max_touch_points", Max),
    ("hardware_concurrency", Max),
    ("device_memory", Max),
    ("electron", Max),
    ("constructed_styles", Max),
    ("interaction_next_paint", Max),
    ("history_clear", Sum),
    ("angular_zone", Max),
];

pub const URL: u32 = 1;
pub const REFERRER: u32 = 2;
pub const PAGE_TITLE: u32 = 3;
pub const TAB_ID: u32 = 15;

/// Name of dimension `id` at index `id`.
pub const DIMENSIONS: [&str; 39] = [
    "user_agent",
    "url",
    "referrer",
    "page_title",
    "network_hosts",
    "schema_type",
    "product_brand",
    "product_availability",
    "author_name",
    "language",
    "product_name",
    "product_category",
    "product_sku",
    "product_currency",
    "product_condition",
    "tab_id",
    "page_language",
    "document_direction",
    "headline",
    "meta_type",
    "meta_title",
    "generator",
    "platform",
    "platform_version",
    "brand",
    "model",
    "device_pixel_ratio",
    "connection_type",
    "dob",
    "cookie_version",
    "device_family",
    "initial_scroll_top",
    "initial_scroll_bottom",
    "ancestor_origins",
    "timezone",
    "timezone_offset",
    "consent",
    "interaction_next_paint",
    "global_privacy_control",
];

/// Name of a metric; `metric_200` for one without a name here.
pub fn metric(id: u32) -> String {
    METRICS.get(id as usize).map_or_else(|| format!("metric_{id}"), |(name, _)| (*name).to_owned())
}

/// How a metric's values combine, by its name; unknown ones are taken as last values.
pub fn aggregate(metric: &str) -> Aggregate {
    METRICS.iter().find(|(name, _)| *name == metric).map_or(Max, |(_, aggregate)| *aggregate)
}

/// Name of a dimension; `dimension_200` for one without a name here.
pub fn dimension(id: u32) -> String {
    DIMENSIONS.get(id as usize).map_or_else(|| format!("dimension_{id}"), |name| (*name).to_owned())
}

/// Name of an event code of facts §2.1.
pub fn event(code: u32) -> Option<&'static str> {
    const LOW: [&str; 54] = [
        "metric",
        "dimension",
        "upload",
        "upgrade",
        "baseline",
        "discover",
        "mutation",
        "region",
        "document",
        "click",
        "scroll",
        "resize",
        "mouse_move",
        "mouse_down",
        "mouse_up",
        "mouse_wheel",
        "double_click",
        "touch_start",
        "touch_end",
        "touch_move",
        "touch_cancel",
        "selection",
        "timeline",
        "page",
        "custom",
        "ping",
        "unload",
        "input",
        "visibility",
        "navigation",
        "connection",
        "script_error",
        "image_error",
        "log",
        "variable",
        "limit",
        "summary",
        "box",
        "clipboard",
        "submit",
        "extract",
        "fraud",
        "change",
        "snapshot",
        "animation",
        "style_sheet_adoption",
        "style_sheet_update",
        "consent",
        "context_menu",
        "reserved_49",
        "focus",
        "custom_element",
        "chat",
        "pointer_down",
    ];
    const HIGH: [&str; 8] = [
        "web_view_discover",
        "web_view_mutation",
        "mutation_error",
        "fragment_visibility",
        "keystrokes",
        "back_gesture",
        "web_view_status",
        "app_install_referrer",
    ];
    match code {
        0..=53 => Some(LOW[code as usize]),
        100..=107 => Some(HIGH[code as usize - 100]),
        _ => None,
    }
}

pub const CHECKS: [&str; 8] = ["none", "payload", "shutdown", "retry", "bytes", "collection", "server", "page"];
pub const LOG_CODES: [&str; 12] = [
    "run_task",
    "css_rules",
    "mutation_observer",
    "performance_observer",
    "call_stack_depth",
    "selector",
    "metric",
    "content_security_policy",
    "config",
    "function_execution_time",
    "lean_limit",
    "bf_cache",
];
pub const SEVERITIES: [&str; 4] = ["info", "warning", "error", "fatal"];
pub const CHAT_ACTIONS: [&str; 7] = [
    "agent_online",
    "agent_offline",
    "agent_hidden",
    "agent_maximized",
    "agent_minimized",
    "agent_message",
    "human_message",
];
pub const ANIMATION_OPERATIONS: [&str; 6] = ["create", "play", "pause", "cancel", "finish", "commit_styles"];
pub const POINTER_TYPES: [&str; 4] = ["unknown", "mouse", "touch", "pen"];

/// Who told the recorder about consent.
pub fn consent_source(id: i64) -> String {
    let name = match id {
        0 => "implicit",
        1 => "api",
        2 => "gcm",
        3 => "tcf",
        4 => "api_v1",
        5 => "api_v2",
        6 => "cookie",
        7 => "default",
        100 => "shopify_pixel",
        101 => "shopify_app",
        102 => "uet",
        150 => "my_agile_privacy",
        151 => "user_centrics",
        152 => "cookiebot",
        153 => "axeptio",
        154 => "cookiehub",
        155 => "cookie_yes",
        156 => "web_tofee",
        157 => "wp_consent",
        158 => "seers_ai",
        255 => "unknown",
        other => return format!("source_{other}"),
    };
    name.to_owned()
}

/// The name at `index`, or the number itself.
pub fn of(names: &[&str], index: i64) -> String {
    usize::try_from(index).ok().and_then(|i| names.get(i)).map_or_else(|| index.to_string(), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_numbers() {
        assert_eq!(metric(9), "cumulative_layout_shift");
        assert_eq!(metric(39), "angular_zone");
        assert_eq!(metric(250), "metric_250");
        assert_eq!(dimension(TAB_ID), "tab_id");
        assert_eq!(dimension(38), "global_privacy_control");
        assert_eq!(event(53), Some("pointer_down"));
        assert_eq!(event(37), Some("box"));
        assert_eq!(event(107), Some("app_install_referrer"));
        assert_eq!(event(54), None);
        let sums: Vec<usize> = (0..METRICS.len()).filter(|i| METRICS[*i].1 == Sum).collect();
        assert_eq!(sums, [2, 3, 4, 5, 7, 9, 25, 38]);
        assert_eq!(aggregate("total_bytes"), Sum);
        assert_eq!(consent_source(152), "cookiebot");
        assert_eq!(of(&CHECKS, 2), "shutdown");
        assert_eq!(of(&CHECKS, 20), "20");
    }
}
