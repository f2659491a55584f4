//! The process that draws the window is killed: another one comes, and stays.
//!
//! The trap: with the process its WebDriver session ends, and nothing can be asked in the window any more. What is left to
//! see from outside are the processes themselves. Where the page begins again is tested beside the code that says so.

#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use dwell_tests::recordings;
use dwell_tests::window::{PATIENCE, Window};

/// Longer than a page takes to end its process again by what it shows.
const STAYS: Duration = Duration::from_secs(3);

/// Name and parent of a process; none when it is gone.
fn process(id: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    Some((name, after.split_whitespace().nth(1)?.parse().ok()?))
}

/// The web processes that this test's window started.
fn drawing() -> Vec<u32> {
    let ours = |mut id: u32| {
        for _ in 0..64 {
            if id == std::process::id() {
                return true;
            }
            match process(id) {
                Some((_, parent)) if parent > 1 => id = parent,
                _ => return false,
            }
        }
        false
    };
    let all = fs::read_dir("/proc").expect("Linux has /proc").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| process(*id).is_some_and(|(name, _)| name.starts_with("WebKitWebProces")) && ours(*id)).collect()
}

#[tokio::test]
async fn another_process_draws_when_one_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let file = recordings::save(&recordings::counting(), home.path(), "counting.json");
    let window = Window::open().await;
    window.import(&file).await;
    window.until("the first picture", "return window.__dwell?.shown() != null").await;

    let [old] = drawing()[..] else { panic!("not one web process: {:?}", drawing()) };
    let killed = Command::new("kill").args(["-KILL", &old.to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let asked = Instant::now();
    let next = loop {
        if let Some(next) = drawing().into_iter().find(|id| *id != old) {
            break next;
        }
        assert!(asked.elapsed() < PATIENCE, "no other web process came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    tokio::time::sleep(STAYS).await;
    assert!(drawing().contains(&next), "the process that came ended again");
}
