//! A reviewer's work in the real window: by keyboard, over a restart, and back.
//!
//! The trap: what a test calls directly proves little about what a key does. Everything here is typed, and looked for
//! where a person would see it.

#![cfg(target_os = "linux")]

use dwell_tests::window::Window;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::Value;

async fn keys(window: &Window, text: &str) {
    for c in text.chars() {
        press(window, &[], c).await;
    }
}

async fn press(window: &Window, held: &[Key], key: char) {
    let mut actions = KeyActions::new("keys".to_owned());
    for modifier in held {
        actions = actions.then(KeyAction::Down { value: (*modifier).into() });
    }
    actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
    for modifier in held {
        actions = actions.then(KeyAction::Up { value: (*modifier).into() });
    }
    window.client.perform_actions(actions).await.expect("a key is pressed");
}

const ROW: &str =
    "const row = document.querySelector('[data-testid=session-row][aria-selected=true]'); if (!row) return false;";

async fn list(window: &Window) {
    window.until("the list", "return document.querySelectorAll('[data-testid=session-row]').length > 3").await;
}

#[tokio::test]
async fn a_note_a_label_and_a_rating_outlive_a_restart_and_can_be_undone_after_it() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let window = Window::open_on(&data).await;
    list(&window).await;
    window.until("a selected session", &format!("{ROW} return true")).await;
    // In the list.
    press(&window, &[], 'b').await;
    window.until("a star", &format!("{ROW} return row.textContent.includes('Favourite')")).await;
    press(&window, &[Key::Alt], '4').await;
    window.until("a rating", &format!("{ROW} return row.textContent.includes('Rated 4 of 5')")).await;
    // In the player.
    press(&window, &[], Key::Enter.into()).await;
    window
        .until("the player", "return window.__dwell?.shown() !== null && window.__dwell?.shown() !== undefined")
        .await;
    press(&window, &[], 'n').await;
    window.until("the field", "return document.activeElement?.dataset.testid === 'note-text'").await;
    keys(&window, "slow here").await;
    press(&window, &[], Key::Escape.into()).await;
    window
        .until(
            "the draft",
            "return document.querySelector('[data-testid=note-draft]')?.textContent.includes('slow here')",
        )
        .await;
    press(&window, &[], 'n').await;
    window.until("the field again", "return document.activeElement?.dataset.testid === 'note-text' && document.activeElement.value === 'slow here'").await;
    press(&window, &[], Key::Enter.into()).await;
    window
        .until("the note", "return document.querySelector('[data-testid=note]')?.textContent.includes('slow here')")
        .await;
    window
        .until(
            "its mark",
            "return [...document.querySelectorAll('.mks button')].some(b => b.ariaLabel?.includes('Note: slow here'))",
        )
        .await;
    press(&window, &[], 'l').await;
    window.until("the labels", "return document.activeElement?.role === 'combobox' || document.activeElement?.getAttribute('role') === 'combobox'").await;
    keys(&window, "checkout").await;
    press(&window, &[], Key::Enter.into()).await;
    window.until("the label", "return !!document.querySelector('[aria-label=\"Take off the label checkout\"]')").await;
    press(&window, &[], Key::Escape.into()).await;
    window.close().await;

    let window = Window::open_on(&data).await;
    list(&window).await;
    let whole = format!(
        "{ROW} return ['Favourite', 'Rated 4 of 5', 'checkout', '1 note'].every(t => row.textContent.includes(t))"
    );
    window.until("all of it, after a restart", &whole).await;
    // The label, then the note: the last step first.
    press(&window, &[Key::Control], 'z').await;
    window.until("no label", &format!("{ROW} return !row.textContent.includes('checkout')")).await;
    press(&window, &[Key::Control], 'z').await;
    window.until("no note", &format!("{ROW} return !row.textContent.includes('1 note')")).await;
    press(&window, &[Key::Control, Key::Shift], 'z').await;
    window.until("the note again", &format!("{ROW} return row.textContent.includes('1 note')")).await;
    let said = window.js("return document.querySelector('[data-testid=said]')?.textContent", vec![]).await;
    assert!(said.as_str().is_some_and(|s| s.contains("Done again: Note added")), "{said}");
    window.close().await;
}

#[tokio::test]
async fn the_next_unwatched_session_comes_by_itself_and_watched_ones_leave_the_queue() {
    let window = Window::open().await;
    list(&window).await;
    let unwatched = "return [...document.querySelectorAll('[data-testid=session-row]')].filter(r => !r.textContent.includes('Not watched')).length";
    assert_eq!(window.js(unwatched, vec![]).await, Value::from(0));
    press(&window, &[Key::Shift], 'a').await;
    press(&window, &[], Key::Enter.into()).await;
    let shown = "return window.__dwell?.shown() != null && window.__dwell.id";
    let first = window.until("the player", shown).await;
    // To the end: a second before it, and played over it.
    press(&window, &[], Key::End.into()).await;
    window.until("the end", "return window.__dwell.time() > 0").await;
    press(&window, &[Key::Shift], Key::Left.into()).await;
    press(&window, &[], ' ').await;
    window
        .until(
            "the countdown",
            "return document.querySelector('[data-testid=up-next]')?.textContent.includes('Next in')",
        )
        .await;
    window
        .until(
            "the next session",
            &format!("return window.__dwell?.id && window.__dwell.id !== {first} && window.__dwell.playing()"),
        )
        .await;
    press(&window, &[Key::Control], '1').await;
    window.until("one is watched", "return [...document.querySelectorAll('[data-testid=session-row]')].filter(r => r.textContent.includes('Watched')).length === 1").await;
    let before = window.js("return document.querySelectorAll('[data-testid=session-row]').length", vec![]).await;
    press(&window, &[], 'u').await;
    window
        .until(
            "only unwatched ones",
            "return document.querySelector('h1').textContent.includes(' of ') && ![...document.querySelectorAll('[data-testid=session-row]')].some(r => r.textContent.includes('Watched '))",
        )
        .await;
    assert!(before.as_u64() > Some(3), "{before}");
    window.close().await;
}
