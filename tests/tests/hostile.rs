//! Hostile recordings in the real window: nothing of them runs, asks, navigates, or reaches a command.
//!
//! The trap: a payload that never arrived proves nothing. So a plain WebKit gets the same nodes first, without walls and
//! without the sanitiser, and must leak; and the page in the window must hold every attempt's element.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dwell_tests::hostile;
use dwell_tests::listener::Listener;
use dwell_tests::markup::Numbers;
use dwell_tests::recordings;
use dwell_tests::window::Window;
use serde_json::{Value, json};

/// Long enough for whatever a page would load by itself.
const SETTLE: Duration = Duration::from_millis(2500);

/// Builds nodes as an rrweb snapshot holds them, by the calls that a scripted page would use, into a frame like the
/// stage's; clicks what wants to be clicked.
const BUILD: &str = "
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-same-origin');
    document.body.append(frame);
    const inside = frame.contentDocument;
    function make(node) {
        if (node.type === 3) return inside.createTextNode(node.textContent);
        let e;
        try {
            e = node.isSVG ? inside.createElementNS('http://www.w3.org/2000/svg', node.tagName) : inside.createElement(node.tagName);
        } catch (x) { e = inside.createElement('i'); }
        for (const [k, v] of Object.entries(node.attributes)) {
            try { k.startsWith('xlink:') ? e.setAttributeNS('http://www.w3.org/1999/xlink', k, v) : e.setAttribute(k, v); } catch (x) {}
        }
        let into = e;
        if (node.isShadowHost) try { into = e.attachShadow({ mode: 'open' }); } catch (x) {}
        for (const child of node.childNodes) into.append(make(child));
        return e;
    }
    for (const node of arguments[0]) {
        inside.body.append(make(node));
        for (const e of inside.querySelectorAll('#clickme, video, audio')) { try { e.play ? e.play().catch(() => 0) : e.click() } catch (x) {} }
        if (frame.contentDocument !== inside) break;
    }";

/// Names of attempts that reached the listener.
fn reached(listener: &Listener) -> BTreeSet<String> {
    listener.touched().iter().filter_map(|line| line.split('/').nth(1).map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_attempts_leak_where_there_is_no_wall() {
    let listener = Listener::open();
    let Some(plain) = Window::open_plain().await else {
        eprintln!("no MiniBrowser on this machine: the control was left out");
        return;
    };
    plain.client.goto("about:blank").await.unwrap();
    let attempts = hostile::attempts(&listener.url(), &mut Numbers::default());
    let all = attempts.len();
    // One frame each: some of them end their frame.
    for attempt in attempts {
        let _ = plain.client.execute(BUILD, vec![json!(attempt.nodes)]).await;
    }
    tokio::time::sleep(SETTLE).await;
    let found = reached(&listener);
    let mutants = found.iter().filter(|name| name.starts_with("mutant")).count();
    eprintln!("without walls {} of {all} attempts reach the listener, {mutants} mutants among them", found.len());
    assert!(found.len() >= 100 && mutants >= 40, "the control leaks too little to prove anything: {found:?}");
    plain.close().await;
}

/// The document inside the stage's frame.
const RECORDED: &str = "document.querySelector('[data-testid=stage-frame]')?.contentDocument";

/// Clicks, focuses, submits, plays and hovers whatever the page has, through shadow roots and frames.
const PROVOKE: &str = "
    const roots = [document.querySelector('[data-testid=stage-frame]').contentDocument];
    let acted = 0;
    while (roots.length) {
        for (const e of roots.pop().querySelectorAll('*')) {
            if (e.shadowRoot) roots.push(e.shadowRoot);
            try { if (e.contentDocument) roots.push(e.contentDocument); } catch (x) {}
            const call = (prototype, name) => { try { prototype[name].call(e); } catch (x) {} };
            acted++;
            call(HTMLElement.prototype, 'focus');
            call(HTMLElement.prototype, 'click');
            try { e.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })); } catch (x) {}
            try { e.dispatchEvent(new MouseEvent('auxclick', { bubbles: true, button: 1, cancelable: true })); } catch (x) {}
            if (e.localName === 'form') { call(HTMLFormElement.prototype, 'requestSubmit'); call(HTMLFormElement.prototype, 'submit'); }
            if (e.localName === 'video' || e.localName === 'audio') try { e.play().catch(() => 0); } catch (x) {}
        }
    }
    return acted;";

/// What a frame of the page could hold on to: names of the shell's doors that are there in some frame's window.
const DOORS: &str = "
    const found = [];
    const windows = [document.querySelector('[data-testid=stage-frame]').contentWindow];
    while (windows.length) {
        const w = windows.pop();
        for (const name of ['__TAURI_INTERNALS__', '__TAURI__', 'ipc', '__ran']) if (w[name] !== undefined) found.push(name);
        for (const f of w.document.querySelectorAll('iframe')) if (f.contentWindow) windows.push(f.contentWindow);
    }
    return found;";

async fn import(window: &Window, recording: &Value, name: &str, folder: &std::path::Path) {
    let file = recordings::save(recording, folder, name);
    window.import(&file).await;
    window.until("the page", &format!("return ({RECORDED}?.body?.innerText ?? '').includes('Hostile')")).await;
}

async fn seek(window: &Window, ms: i64) {
    let at = recordings::START + ms;
    window.js("window.__dwell.seek(arguments[0])", vec![json!(at)]).await;
    window.until("the moment", "return window.__dwell.shown() !== null && !window.__dwell.seeking()").await;
}

#[tokio::test]
async fn hostile_recordings_reach_nothing() {
    let listener = Listener::open();
    let home = tempfile::tempdir().unwrap();
    let window = Window::open().await;
    let started = Instant::now();
    let names = hostile::names();
    for (format, recording) in
        [("rrweb", hostile::rrweb(&listener.url())), ("clarity", hostile::clarity(&listener.url()))]
    {
        import(&window, &recording, &format!("{format}.json"), home.path()).await;
        let before = window.js("return [location.href, performance.timeOrigin]", vec![]).await;
        // A mark that a reload or a navigation would take away.
        window.js("window.__stays = 1", vec![]).await;
        let mut acted = 0;
        for ms in [1000, 6000, 500, recordings::LENGTH] {
            seek(&window, ms).await;
            acted += window.js(PROVOKE, vec![]).await.as_u64().unwrap_or_default();
        }
        let held = window.js(&format!("return {RECORDED}.querySelectorAll('*').length"), vec![]).await;
        assert!(held.as_u64() > Some(names.len() as u64), "{format}: the page holds {held} elements only");
        // Every panel shows texts of the recording.
        for key in ["t", "e", "f", "x", "v", "d", "t"] {
            let press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))";
            window.js(press, vec![json!(key)]).await;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        // Played as well as sought.
        seek(&window, 1500).await;
        window.click("play").await;
        window.until("it plays on", "return window.__dwell.time() > 3000").await;
        window.click("play").await;
        tokio::time::sleep(SETTLE).await;

        assert_eq!(listener.touched(), Vec::<String>::new(), "{format}: a recording reached the network");
        assert_eq!(
            window.js("return window.__ran ?? null", vec![]).await,
            Value::Null,
            "{format}: a recorded script ran"
        );
        assert_eq!(window.js(DOORS, vec![]).await, json!([]), "{format}: a door of the shell stands in the frame");
        let after = window.js("return [location.href, performance.timeOrigin]", vec![]).await;
        assert_eq!(before, after, "{format}: the window went elsewhere");
        assert_eq!(window.js("return window.__stays", vec![]).await, 1, "{format}: the window was loaded again");
        let alive =
            window.js(&format!("return {RECORDED}?.querySelector('#alive')?.textContent ?? null"), vec![]).await;
        assert_eq!(alive, "Hostile", "{format}: the frame went elsewhere");
        let windows = window.client.windows().await.expect("the driver lists windows");
        assert_eq!(windows.len(), 1, "{format}: a window was opened");
        let project = window.js("return window.__TAURI_INTERNALS__.invoke('project')", vec![]).await;
        assert_eq!(project["demo"], false, "{format}: a command was reached: {project}");
        eprintln!("{format}: {} attempts, {held} elements, {acted} provoked, {:.1?}", names.len(), started.elapsed());
    }
    window.close().await;
}
