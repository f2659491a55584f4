//! axe-core on every screen of the real window, in light and dark.
//!
//! The trap: a screen that did not open is free of faults. So each is waited for by something that only it shows. What
//! is inside the recorded page is not looked at: it is as it was recorded.

#![cfg(target_os = "linux")]

use std::fs;

use dwell_tests::{demo, window::Window};
use serde_json::{Value, json};

/// Faults found on what is on screen, as `impact id: elements`.
const LOOK: &str = "
    const all = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] };
    // Themes differ in colours, and in nothing else.
    const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
    const runOnly = document.documentElement.dataset.theme === 'light' ? all : colours;
    const { violations, passes } = await window.axe.run(document, { runOnly, iframes: false });
    return [passes.length, ...violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 4).map((n) => n.html.slice(0, 160)).join(' | ')}`)];";

/// A screen: its name, what opens it from the one before (a script), and what only it has (a condition).
#[rustfmt::skip]
const SCREENS: &[(&str, &str, &str)] = &[
    ("sessions", "", "document.querySelectorAll('[data-testid=session-row]').length > 3"),
    ("nothing found", "find('zzzz')", "document.querySelectorAll('[data-testid=session-row]').length === 0"),
    ("some found", "find('shop')", "document.querySelectorAll('[data-testid=session-row]').length > 0"),
    ("menu of exports", "find(''); document.querySelector('[data-testid=export]').click()", "document.querySelector('[role=menu]') !== null"),
    ("filter panel", "key('Escape'); document.querySelector('[data-testid=filter-button]').click()", "document.querySelector('[data-field=device]') !== null"),
    ("values of a field", "document.querySelector('[data-field=device]').click()", "document.querySelectorAll('.field.open [type=checkbox]').length > 0"),
    ("a chip", "document.querySelector('.field.open [type=checkbox]').click()", "document.querySelector('[data-testid=chip]') !== null && document.querySelector('h1.old') === null"),
    ("a span of time", "document.querySelector('[data-field=start]').click()", "document.querySelectorAll('.field.open .hist rect').length > 0"),
    ("filter as text", "document.querySelector('[data-testid=filter-text]').click()", "document.querySelector('.cm-content')?.textContent.includes('device')"),
    ("columns", "document.querySelector('[data-testid=clear-filter]').click(); document.querySelector('[data-testid=filter-text]').click(); document.querySelector('[data-testid=filter-button]').click(); document.querySelector('[data-testid=columns]').click()", "document.querySelector('[role=dialog][aria-label=Columns] li') !== null && document.querySelector('h1.old') === null"),
    ("some picked", "document.querySelector('[data-testid=columns]').click(); document.getElementById('sessions-grid').focus(); key('x'); key('ArrowDown', true); key('ArrowDown', true)", "document.querySelectorAll('[data-testid=session-row].picked').length > 2"),
    ("similar ones", "key('Escape'); key('S', true)", "document.querySelectorAll('[data-testid=similar] .n').length > 0 && document.querySelector('h1.old') === null"),
    ("projects", "document.querySelector('[data-testid=clear-filter]')?.click(); key('Escape'); document.querySelector('.switcher').click()", "document.querySelector('.switcher[aria-expanded=true]') !== null"),
    ("overview", "document.querySelector('.switcher').click(); room('Overview')", "document.querySelectorAll('.overview .stat').length > 5 && document.querySelectorAll('.overview .heat tbody tr').length > 3"),
    ("archive", "room('Archive')", "document.querySelector('[data-testid=import-path]') !== null"),
    ("keys", "key('?')", "document.querySelector('[role=dialog][aria-label=Keys]') !== null"),
    ("sessions again", "document.querySelector('[role=dialog] button').click(); room('Sessions')", "document.querySelectorAll('[data-testid=session-row]').length > 3"),
    ("transcript", "rich()", "window.__dwell?.shown() != null && document.querySelectorAll('.log li').length > 3 && /rage|dead/i.test(document.querySelector('.kinds')?.textContent ?? '')"),
    ("menu of kinds", "key('k')", "document.querySelectorAll('.log [role^=menuitem]').length > 0"),
    ("facts", "key('Escape'); key('f')", "document.querySelector('#tab-facts[aria-selected=true]') !== null"),
    ("speed", "key('p')", "document.querySelector('#tab-speed[aria-selected=true]') !== null"),
    ("errors", "key('x')", "document.querySelector('#tab-errors[aria-selected=true]') !== null"),
    ("events", "key('v')", "document.querySelector('#tab-events[aria-selected=true]') !== null"),
    ("DOM", "key('d')", "document.querySelector('#tab-dom[aria-selected=true]') !== null"),
    ("evidence", "key('t'); key('e')", "document.querySelector('[data-testid=evidence]') !== null"),
    ("full screen", "key('Escape'); key('F', true)", "document.querySelector('.player.full') !== null"),
    ("back", "key('F', true); key('1', false, true)", "document.querySelectorAll('[data-testid=session-row]').length > 3 && !window.__dwell"),
];

const HANDS: &str = "
    const key = (key, shiftKey = false, ctrlKey = false) => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, ctrlKey, bubbles: true }));
    const room = (name) => [...document.querySelectorAll('nav.rail button')].find((b) => b.textContent.includes(name)).click();
    const find = (text) => { const field = document.querySelector('[aria-label=\"Find sessions\"]'); field.value = text; field.dispatchEvent(new Event('input', { bubbles: true })); };
    const rich = () => {
        const grid = document.getElementById('sessions-grid');
        grid.focus();
        for (const code of ['Home', ...Array(60).fill('ArrowDown')]) {
            if (grid.getAttribute('aria-activedescendant') === 'row-' + window.__rich) break;
            key(code);
        }
        key('Enter');
    };";

#[tokio::test]
async fn axe_finds_nothing_serious() {
    let source = dwell_tests::root().join("ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&source).unwrap_or_else(|e| panic!("{}: {e}; `npm ci` in ui/", source.display()));
    let window = Window::open().await;
    window.until("the list", "return document.querySelectorAll('[data-testid=session-row]').length > 3").await;
    demo::richest(&window).await;
    window.js(&format!("{axe}\nwindow.axe = axe;"), vec![]).await;
    let mut serious = Vec::new();
    let mut looked = 0;
    for theme in ["light", "dark"] {
        let switch = "if (document.documentElement.dataset.theme !== arguments[0]) document.querySelector('[aria-label=\"Light or dark\"]').click()";
        window.js(switch, vec![json!(theme)]).await;
        for (screen, open, there) in SCREENS {
            window.js(&format!("{HANDS}\n{open}"), vec![]).await;
            window.until(screen, &format!("return {there}")).await;
            // Colours are measured at the end of what moves.
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            let found = window.js(&format!("return (async () => {{ {LOOK} }})()"), vec![]).await;
            assert!(
                found[0].as_u64() > Some(if theme == "light" { 5 } else { 0 }),
                "{screen}: axe looked at nothing: {found}"
            );
            looked += 1;
            for fault in found.as_array().into_iter().flatten().skip(1).filter_map(Value::as_str) {
                let line = format!("{theme}, {screen}: {fault}");
                eprintln!("{line}");
                if fault.starts_with("serious") || fault.starts_with("critical") {
                    serious.push(line);
                }
            }
        }
    }
    window.close().await;
    eprintln!("{looked} screens looked at");
    assert!(serious.is_empty(), "{}", serious.join("\n"));
}
