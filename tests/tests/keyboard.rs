//! Every action of the register of keys, done by its keys in the real window.
//!
//! The trap: a list of cases beside the register goes stale. The register is read from its source, and an action without
//! a case fails, as does a case without an action. Keys come from the driver's keyboard, not from script.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use dwell_tests::{demo, window::Window};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use serde_json::{Value, json};

/// Where an action is tried: on the list of the demo project, in its first session, or in a window of its own, because
/// it opens a dialog of the system that nobody here can close.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    List,
    Player,
    Alone,
}
use Place::{Alone, List, Player};

/// An action: what is done first (a script), and what of the window (an expression) must be another thing afterwards.
struct Case {
    action: &'static str,
    place: Place,
    first: &'static str,
    watched: &'static str,
}

const fn case(action: &'static str, place: Place, first: &'static str, watched: &'static str) -> Case {
    Case { action, place, first, watched }
}

const FOCUS: &str = "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.className";
const SELECTED: &str = "document.getElementById('sessions-grid').getAttribute('aria-activedescendant')";
/// What people said of the selected session, as its row shows it.
const MARKED: &str = "(() => { const row = document.querySelector('[data-testid=session-row][aria-selected=true]'); return [row.querySelector('.marks')?.textContent, row.querySelector('.star') !== null] })()";
const MENU: &str = "document.querySelectorAll('.sessions [role^=menuitem]').length";
const CHIPS: &str = "document.querySelectorAll('[data-testid=chip]').length";
const PICKED: &str = "document.querySelectorAll('[data-testid=session-row].picked').length";
const TIME: &str = "Math.round(window.__dwell.time())";
/// A moment in the middle, standing still.
const MIDDLE: &str = "const v = document.querySelector('[data-testid=timeline]'); if (window.__dwell.playing()) document.querySelector('[data-testid=play]').click(); window.__dwell.seek(window.__dwell.from + Number(v.getAttribute('aria-valuemax')) / 2)";
const PANEL: &str = "document.querySelector('.log') && document.querySelector('[role=tab][aria-selected=true]').id";
const SCALE: &str = "document.querySelector('[data-testid=stage-frame]').style.transform";
const PLACE: &str = "[document.querySelector('.scroller').scrollLeft, document.querySelector('.scroller').scrollTop]";
const RANGE: &str = "document.querySelector('[data-testid=timeline] svg').getAttribute('viewBox')";
const ID: &str = "window.__dwell?.id";
const SAVING: &str = "document.querySelector('.below.away') !== null";
const TO_TRANSCRIPT: &str = "if (!document.querySelector('.log')) document.querySelector('[aria-label=Panels].btn').click(); document.getElementById('tab-transcript')?.click()";
const TO_FACTS: &str = "if (!document.querySelector('.log')) document.querySelector('[aria-label=Panels].btn').click(); document.getElementById('tab-facts')?.click()";

#[rustfmt::skip]
const CASES: &[Case] = &[
    case("find", List, "document.activeElement.blur()", FOCUS),
    case("overview", List, "", "document.querySelector('.overview .stat') !== null"),
    case("archive", List, "", "document.querySelector('[data-testid=import-path]') !== null"),
    case("sessions", List, "[...document.querySelectorAll('nav.rail button')].find((b) => b.textContent.includes('Archive')).click()", "document.querySelector('[data-testid=import-path]') !== null"),
    case("project", List, "", "document.querySelector('.switcher').getAttribute('aria-expanded')"),
    case("theme", List, "", "document.documentElement.dataset.theme"),
    case("region", List, "", FOCUS),
    case("keys", List, "", "document.querySelector('[role=dialog][aria-label=Keys]') !== null"),
    case("close", Player, "", "window.__dwell === undefined"),

    case("down", List, "", SELECTED),
    case("up", List, "", SELECTED),
    case("pageDown", List, "", SELECTED),
    case("pageUp", List, "", SELECTED),
    case("first", List, "", SELECTED),
    case("last", List, "", SELECTED),
    case("open", List, "", ID),
    case("watched", List, "", "document.querySelector('[data-testid=session-row][aria-selected=true]').className"),
    case("preview", List, "", "document.querySelector('[aria-label=Preview][data-region]') !== null"),

    case("favourite", List, "", MARKED),
    case("rate", List, "", MARKED),
    case("unrate", List, "", MARKED),
    case("undo", List, "MARKED", MARKED),
    case("redo", List, "UNDONE", MARKED),
    case("label", List, "", FOCUS),
    case("nextUnwatched", List, "", SELECTED),
    case("unwatched", List, "", "document.querySelector('[aria-label^=\"Which sessions are listed\"]').getAttribute('aria-label')"),
    case("only", List, "", MENU),
    case("where", List, "document.activeElement.blur()", FOCUS),
    case("panel", List, "", "document.querySelector('[data-testid=filter-panel]') !== null"),
    case("filterBack", List, "FILTERED", CHIPS),
    case("filterForward", List, "UNFILTERED", CHIPS),
    case("clearFilter", List, "FILTERED", CHIPS),
    case("copyFilter", List, "FILTERED", "document.querySelector('[data-testid=said]')?.textContent"),
    case("standardFilter", List, "FILTERED", "[...document.querySelectorAll('.chips .btn')].find((b) => b.textContent.includes('Default'))?.getAttribute('aria-pressed')"),
    case("similar", List, "", "document.querySelector('[data-testid=similar]') !== null"),
    case("order", List, "", MENU),
    case("columns", List, "", "document.querySelector('[role=dialog][aria-label=Columns]') !== null"),
    case("choose", List, "", PICKED),
    case("chooseDown", List, "", PICKED),
    case("chooseUp", List, "", PICKED),
    case("chooseAll", List, "", PICKED),
    case("queue", List, "", "document.querySelector('.bar-top .pill')?.textContent"),
    case("export", List, "", MENU),

    case("play", Player, MIDDLE, "window.__dwell.playing()"),
    case("back", Player, MIDDLE, TIME),
    case("forward", Player, MIDDLE, TIME),
    case("back1", Player, MIDDLE, TIME),
    case("forward1", Player, MIDDLE, TIME),
    case("eventBack", Player, MIDDLE, TIME),
    case("eventForward", Player, MIDDLE, TIME),
    case("slower", Player, "", "localStorage['dwell.speed']"),
    case("faster", Player, "", "localStorage['dwell.speed']"),
    case("pageBack", Player, MIDDLE, TIME),
    case("pageForward", Player, "window.__dwell.seek(0)", TIME),
    case("start", Player, MIDDLE, TIME),
    case("end", Player, MIDDLE, TIME),
    case("clickBack", Player, MIDDLE, TIME),
    case("clickForward", Player, MIDDLE, TIME),
    case("signalBack", Player, "window.__dwell.seek(Infinity)", TIME),
    case("signalForward", Player, "window.__dwell.seek(0)", TIME),
    case("idle", Player, "", "document.querySelector('.ctl .idle').getAttribute('aria-checked')"),
    case("idleFrom", Player, "", "localStorage['dwell.skip-from']"),
    case("loop", Player, MIDDLE, "[...document.querySelectorAll('.ctl button')].find((b) => b.querySelector('.looptext')).getAttribute('aria-pressed')"),
    case("clock", Player, "", "document.querySelector('button.clock').getAttribute('aria-label')"),
    case("nextSession", Player, "", ID),
    case("previousSession", Player, "", ID),

    case("autoplay", Player, "", "localStorage['dwell.autoplay']"),
    case("note", Player, MIDDLE, "document.querySelector('[data-testid=note-text]') !== null"),
    case("dismiss", Player, MIDDLE, "document.querySelector('[data-testid=said]')?.textContent"),
    case("notes", Player, TO_TRANSCRIPT, PANEL),

    case("fit", Player, "[...document.querySelectorAll('.stage .tools button')].find((b) => b.textContent.includes('100')).click()", SCALE),
    case("actual", Player, "document.querySelector('.stage .tools button').click()", SCALE),
    case("larger", Player, "document.querySelector('.stage .tools button').click()", SCALE),
    case("smaller", Player, "document.querySelector('.stage .tools button').click()", SCALE),
    case("panLeft", Player, "ENLARGED", PLACE),
    case("panRight", Player, "ENLARGED", PLACE),
    case("panUp", Player, "ENLARGED", PLACE),
    case("panDown", Player, "ENLARGED", PLACE),
    case("full", Player, "", "document.querySelector('.player.full') !== null"),
    case("traces", Player, "", "[...document.querySelectorAll('.stage .tools button')].find((b) => b.textContent.includes('Traces'))?.getAttribute('aria-pressed')"),
    case("picture", Alone, "", SAVING),
    case("moment", Alone, "", SAVING),

    case("nearer", Player, MIDDLE, RANGE),
    case("farther", Player, "NEARER", RANGE),
    case("whole", Player, "NEARER", RANGE),
    case("earlier", Player, "NEARER", RANGE),
    case("later", Player, "NEARER", RANGE),
    case("marks", Player, "document.activeElement.blur()", FOCUS),

    case("transcript", Player, TO_FACTS, PANEL),
    case("facts", Player, TO_TRANSCRIPT, PANEL),
    case("speed", Player, TO_TRANSCRIPT, PANEL),
    case("errors", Player, TO_TRANSCRIPT, PANEL),
    case("events", Player, TO_TRANSCRIPT, PANEL),
    case("dom", Player, TO_TRANSCRIPT, PANEL),
    case("pick", Player, "", "document.querySelector('[aria-label=\"Pick an element\"]').getAttribute('aria-pressed')"),
    case("evidence", Player, MIDDLE, "document.querySelector('[data-testid=evidence]') !== null"),
    case("findHere", Player, "document.activeElement.blur()", FOCUS),
    case("filter", Player, TO_TRANSCRIPT, "document.querySelectorAll('.log [role^=menuitem]').length"),
    case("follow", Player, TO_TRANSCRIPT, "[...document.querySelectorAll('.log button')].find((b) => b.textContent.trim() === 'Follow')?.getAttribute('aria-pressed')"),

    case("import", Alone, "", "document.querySelector('[data-testid=import-path]') !== null"),
];

/// Actions and their keys, as the register's source has them.
fn register() -> BTreeMap<String, Vec<String>> {
    let source = fs::read_to_string(dwell_tests::root().join("ui/src/parts/keys.ts")).expect("the register is there");
    let (_, rest) = source.split_once("const REGISTER = {").expect("a register");
    let (body, _) = rest.split_once("} as const").expect("a whole register");
    let mut out = BTreeMap::new();
    for line in body.lines().filter(|line| line.contains("where:")) {
        let (name, rest) = line.split_once(':').expect("an action has a name");
        let (_, keys) = rest.split_once("keys: [").expect("an action has keys");
        let (keys, _) = keys.split_once("], text:").expect("keys end");
        let keys: Vec<String> = keys.split("', '").map(|key| key.trim_matches('\'').to_owned()).collect();
        assert!(keys.iter().all(|key| !key.is_empty()), "not understood: {line}");
        out.insert(name.trim().to_owned(), keys);
    }
    out
}

#[test]
fn every_action_has_a_case() {
    let register = register();
    assert!(register.len() > 50, "only {} actions were found", register.len());
    let cases: Vec<&str> = CASES.iter().map(|case| case.action).collect();
    let untested: Vec<&String> = register.keys().filter(|name| !cases.contains(&name.as_str())).collect();
    assert!(untested.is_empty(), "actions that no case tries by keyboard: {untested:?}");
    let gone: Vec<&&str> = cases.iter().filter(|name| !register.contains_key(**name)).collect();
    assert!(gone.is_empty(), "cases of actions that are gone: {gone:?}");
}

/// What the driver calls a key of the register.
fn code(key: &str) -> char {
    match key {
        "ArrowLeft" => '\u{e012}',
        "ArrowUp" => '\u{e013}',
        "ArrowRight" => '\u{e014}',
        "ArrowDown" => '\u{e015}',
        "PageUp" => '\u{e00e}',
        "PageDown" => '\u{e00f}',
        "End" => '\u{e010}',
        "Home" => '\u{e011}',
        "Enter" => '\u{e007}',
        "Escape" => '\u{e00c}',
        "Space" => ' ',
        "F6" => '\u{e036}',
        one if one.chars().count() == 1 => one.chars().next().unwrap_or(' '),
        other => panic!("no code is known for the key {other}"),
    }
}

async fn press(window: &Window, combo: &str) {
    let (held, key) = match combo.strip_suffix('+') {
        // A plus is also what stands between the parts.
        Some(held) if held.is_empty() || held.ends_with('+') => (held.trim_end_matches('+'), "+"),
        _ => combo.rsplit_once('+').unwrap_or(("", combo)),
    };
    let modifiers: Vec<char> = held
        .split('+')
        .filter(|name| !name.is_empty())
        .map(|name| match name {
            "Ctrl" => '\u{e009}',
            "Alt" => '\u{e00a}',
            "Shift" => '\u{e008}',
            other => panic!("no such modifier: {other}"),
        })
        .collect();
    let letter = key.chars().count() == 1 && key.chars().all(char::is_alphabetic);
    let value = match letter && !modifiers.contains(&'\u{e008}') {
        true => code(&key.to_lowercase()),
        false => code(key),
    };
    let mut actions = KeyActions::new("keyboard".to_owned());
    for value in &modifiers {
        actions = actions.then(KeyAction::Down { value: *value });
    }
    actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    for value in modifiers.iter().rev() {
        actions = actions.then(KeyAction::Up { value: *value });
    }
    window.client.perform_actions(actions).await.unwrap_or_else(|error| panic!("{combo} cannot be pressed: {error}"));
}

/// The first session of the demo is played, with everything that was open closed again.
async fn go_to(window: &Window, place: Place) {
    window.js("document.querySelector('[role=dialog][aria-label=Keys] button')?.click()", vec![]).await;
    let playing = window.js("return window.__dwell?.id === window.__rich", vec![]).await == json!(true);
    if place == List {
        press(window, "Ctrl+1").await;
        window.until("the list", "return document.querySelector('[data-testid=session-row]') !== null").await;
        window
            .js(
                "const open = document.querySelector('.switcher[aria-expanded=true]'); open?.click(); document.getElementById('sessions-grid').focus()",
                vec![],
            )
            .await;
        // In the middle, so that there is somewhere to go in both directions.
        for key in ["Home", "ArrowDown", "ArrowDown", "ArrowDown"] {
            press(window, key).await;
        }
    } else if !playing {
        press(window, "Ctrl+1").await;
        window.until("the list", "return document.querySelectorAll('[data-testid=session-row]').length > 3").await;
        window.js("document.getElementById('sessions-grid').focus()", vec![]).await;
        press(window, "Home").await;
        for _ in 0..60 {
            if window.js(RICH, vec![]).await == json!(true) {
                break;
            }
            press(window, "ArrowDown").await;
        }
        press(window, "Enter").await;
    }
    if place != List {
        window.until("the player", "return window.__dwell?.shown() != null && !window.__dwell.seeking()").await;
        // Signals come last.
        let signals = "return /rage|dead|error|quick/i.test(document.querySelector('.kinds')?.textContent ?? '')";
        window
            .until("its signals", &format!("return window.__dwell.id !== window.__rich || (() => {{ {signals} }})()"))
            .await;
    }
}

/// Whether the selected session has what there is to step through: a signal, clicks, several pages.
const RICH: &str = "const row = document.querySelector('[data-testid=session-row][aria-selected=true]'); return row !== null && row.id === 'row-' + window.__rich";

async fn try_case(window: &Window, case: &Case, combo: &str) -> Result<(), String> {
    match case.first {
        "ENLARGED" => {
            window.js("[...document.querySelectorAll('.stage .tools button')].find((b) => b.textContent.includes('100')).click()", vec![]).await;
            for _ in 0..4 {
                press(window, "Ctrl++").await;
            }
            window.js("const s = document.querySelector('.scroller'); s.scrollTo(120, 120)", vec![]).await;
        }
        "MARKED" | "UNDONE" => {
            press(window, "B").await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            if case.first == "UNDONE" {
                press(window, "Ctrl+Z").await;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
        "FILTERED" | "UNFILTERED" => {
            filter_by_a_device(window).await;
            if case.first == "UNFILTERED" {
                press(window, "Shift+X").await;
                window.until("no filter", "return document.querySelector('[data-testid=chip]') === null").await;
                press(window, "Alt+ArrowLeft").await;
                window.until("the filter", "return document.querySelector('[data-testid=chip]') !== null").await;
                press(window, "Alt+ArrowLeft").await;
                window.until("before it", "return document.querySelector('[data-testid=chip]') === null").await;
            }
        }
        "NEARER" => {
            window.js(MIDDLE, vec![]).await;
            press(window, "0").await;
            press(window, "ArrowUp").await;
            press(window, "ArrowUp").await;
        }
        script => {
            window.js(script, vec![]).await;
        }
    }
    if case.place == Player {
        window.until("it stands", "return !window.__dwell.seeking()").await;
    }
    tokio::time::sleep(Duration::from_millis(80)).await;
    let look = format!("return ({}) ?? null", case.watched);
    let before = window.js(&look, vec![]).await;
    press(window, combo).await;
    let asked = Instant::now();
    loop {
        let after = window.js(&look, vec![]).await;
        if after != before {
            return Ok(());
        }
        if asked.elapsed() > Duration::from_secs(4) {
            return Err(format!("{} by {combo}: {} stays {before}", case.action, case.watched));
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Filters by the panel, and leaves it closed and the list with the focus.
async fn filter_by_a_device(window: &Window) {
    press(window, "P").await;
    let open = "const head = document.querySelector('[data-field=device]'); if (head && head.getAttribute('aria-expanded') !== 'true') head.click(); return document.querySelector('.field.open [type=checkbox]') !== null";
    window.until("the values of a field", open).await;
    window.js("document.querySelector('.field.open [type=checkbox]').click()", vec![]).await;
    window.until("a chip", "return document.querySelector('[data-testid=chip]') !== null").await;
    window.js("document.querySelector('[aria-label=\"Close the filter panel\"]').click(); document.getElementById('sessions-grid').focus()", vec![]).await;
}

/// Closes what an action left open.
async fn tidy(window: &Window, case: &Case) {
    match case.action {
        "find" | "findHere" | "marks" | "region" => {
            window.js("document.activeElement.blur()", vec![]).await;
        }
        "keys" | "project" | "filter" | "evidence" | "pick" | "full" | "label" | "only" | "order" | "note"
        | "where" | "columns" | "export" | "panel" | "choose" | "chooseDown" | "chooseUp" | "chooseAll" => {
            press(window, "Escape").await;
        }
        "queue" => press(window, "Q").await,
        "filterBack" | "filterForward" | "clearFilter" | "copyFilter" | "similar" => {
            press(window, "Shift+X").await;
            window.until("no filter", "return document.querySelector('[data-testid=chip]') === null").await;
        }
        "standardFilter" => {
            press(window, "Shift+B").await;
            press(window, "Shift+X").await;
            window.until("no filter", "return document.querySelector('[data-testid=chip]') === null").await;
        }
        "unwatched" => press(window, "U").await,
        "play" => {
            window
                .js("if (window.__dwell.playing()) document.querySelector('[data-testid=play]').click()", vec![])
                .await;
        }
        "loop" => {
            for _ in 0..2 {
                press(window, "A").await;
            }
        }
        _ => {}
    }
}

async fn try_all(place: Place) {
    let register = register();
    let mut failures = Vec::new();
    let window = Window::open().await;
    window
        .until("the demo's sessions", "return document.querySelectorAll('[data-testid=session-row]').length > 3")
        .await;
    demo::richest(&window).await;
    let mut tried = 0;
    for case in CASES.iter().filter(|case| case.place == place) {
        for combo in &register[case.action] {
            go_to(&window, place).await;
            if let Err(failure) = try_case(&window, case, combo).await {
                failures.push(failure);
            }
            tidy(&window, case).await;
            tried += 1;
        }
    }
    window.close().await;
    eprintln!("{tried} keys on {place:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn the_list_works_by_keyboard() {
    try_all(List).await;
}

#[tokio::test]
async fn the_player_works_by_keyboard() {
    try_all(Player).await;
}

#[tokio::test]
async fn dialogs_of_the_system_open_by_keyboard() {
    let register = register();
    for case in CASES.iter().filter(|case| case.place == Alone) {
        let window = Window::open().await;
        window
            .until("the demo's sessions", "return document.querySelectorAll('[data-testid=session-row]').length > 3")
            .await;
        demo::richest(&window).await;
        let place = if case.watched == SAVING { Player } else { List };
        go_to(&window, place).await;
        let outcome = try_case(&window, case, &register[case.action][0]).await;
        window.close().await;
        assert_eq!(outcome, Ok(()));
    }
}

#[test]
fn the_register_is_understood() {
    let register = register();
    assert_eq!(register["larger"], ["Ctrl++", "Ctrl+="]);
    assert_eq!(register["play"], ["Space"]);
    assert_eq!(register["find"], ["/", "Ctrl+F"]);
    let _: Value = json!(register);
}
