//! Any moment of a recording, asked for at random as the window asks.
//!
//! `cargo bench -p dwell-core --bench seek -- FOLDER [LIST]` imports FOLDER into a new cache and measures in processes
//! of their own: opening (the file not in the system's memory) up to the bytes of the first patch, and SEEKS random
//! seeks, each from the state that the one before left on screen, up to the bytes that the window gets. LIST receives
//! the moments as JSON, ms after the start, so that another player can be asked for the same ones.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dwell_core::desk::{Desk, Options, SessionsQuery, import};
use dwell_core::findings::Findings;
use dwell_core::store::Cache;

/// As in the command and the window.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEEKS: usize = 2_000;
const OPENINGS: usize = 9;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["open", cache] => open(Path::new(cache)),
        ["seek", cache] => seek(Path::new(cache)),
        [folder] => measure(Path::new(folder), None),
        [folder, list] => measure(Path::new(folder), Some(Path::new(list))),
        _ => eprintln!("skipped: no recording named"),
    }
}

fn measure(folder: &Path, list: Option<&Path>) {
    let place =
        tempfile::tempdir_in(std::env::current_dir().expect("a working folder")).expect("a folder for the cache");
    let file = place.path().join("cache");
    let mut cache = Cache::open(&file).expect("a cache");
    let stop = AtomicBool::new(false);
    import(&mut cache, &[folder.to_owned()], &Options::default(), &mut |_| {}, &stop, 0, &mut Findings::new())
        .expect("an import");
    drop(cache);

    let mut openings: Vec<(f64, f64)> = (0..OPENINGS).map(|_| opened(&file)).collect();
    openings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (process, asked) = openings[OPENINGS / 2];
    println!(
        "opening to the first patch, file not in memory: best {:.0} ms, median {process:.0} ms, worst {:.0} ms from \
         starting a process; {asked:.0} ms (median) from opening the cache",
        openings[0].0,
        openings[OPENINGS - 1].0
    );

    let out = child("seek", &file).output().expect("the seeks");
    print!("{}", String::from_utf8_lossy(&out.stdout));
    eprint!("{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "the seeks failed");
    if let Some(list) = list {
        let (_, from, until) = session(&Desk::open(&file).expect("the cache"));
        let offsets: Vec<String> = moments(from, until).iter().map(|t| (t - from).to_string()).collect();
        std::fs::write(list, format!("[{}]\n", offsets.join(","))).expect("the list");
    }
}

fn child(what: &str, cache: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(what).arg(cache).stdin(Stdio::null());
    command
}

/// Ms from starting the process, and ms from opening the cache, to the first patch.
fn opened(file: &Path) -> (f64, f64) {
    // Tells the system to forget what it read of the file.
    let mut forget = Command::new("dd");
    forget.arg(format!("of={}", file.display())).args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0"]);
    let forgot = forget.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !forgot {
        eprintln!("dd cannot drop the file from memory here: opening is measured warm");
    }
    let start = Instant::now();
    let mut running = child("open", file).stdout(Stdio::piped()).spawn().expect("this program");
    let mut line = String::new();
    BufReader::new(running.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let whole = start.elapsed().as_secs_f64() * 1e3;
    assert!(running.wait().is_ok_and(|s| s.success()), "opening failed");
    (whole, line.trim().parse().expect("ms"))
}

/// What the window asks for when a session is opened, in its order.
fn open(file: &Path) {
    let start = Instant::now();
    let desk = Desk::open(file).expect("the cache");
    let (id, from, _) = session(&desk);
    desk.session(&id).expect("the session");
    let patch = desk.replay_seek(&id, None, from + 500, 0).expect("a patch");
    println!("{}", start.elapsed().as_secs_f64() * 1e3);
    assert!(patch.len() > 1000, "no picture");
}

fn seek(file: &Path) {
    let desk = Desk::open(file).expect("the cache");
    let (id, from, until) = session(&desk);
    let mut shown = None;
    let mut spent = Vec::with_capacity(SEEKS);
    let mut busy = Vec::with_capacity(SEEKS);
    let mut sizes = Vec::with_capacity(SEEKS);
    let mut first = 0.0;
    for (i, time) in moments(from, until).into_iter().enumerate() {
        let (start, before) = (Instant::now(), processor());
        let patch = desk.replay_seek(&id, shown, time, 0).expect("a patch");
        let ms = start.elapsed().as_secs_f64() * 1e3;
        busy.extend(processor().zip(before).map(|(now, then)| now - then));
        match i {
            // Reads the file and decodes: that is opening, measured apart.
            0 => first = ms,
            _ => {
                spent.push(ms);
                sizes.push(patch.len() as f64 / 1e3);
            }
        }
        let step: serde_json::Value = serde_json::from_slice(&patch).expect("JSON");
        shown = step["state"].as_u64();
    }
    let cold = &spent[..spent.len().min(100)];
    println!("random seeks         {}  (first of all {first:.0} ms)", spread(&spent, "ms"));
    if !busy.is_empty() {
        println!("  of a processor     {}", spread(&busy[1..], "ms"));
    }
    println!("the first 100        {}", spread(cold, "ms"));
    println!("bytes of a patch     {}", spread(&sizes, "KB"));
    if let Some(memory) = most_memory() {
        println!("memory, most         {:8.1} MB", memory as f64 / 1e6);
    }
}

fn spread(values: &[f64], unit: &str) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |p: f64| sorted[((sorted.len() - 1) as f64 * p).round() as usize];
    format!("p50 {:.2} p95 {:.2} p99 {:.2} max {:.2} {unit}", at(0.5), at(0.95), at(0.99), at(1.0))
}

/// The longest session of the cache: id, start and end in epoch ms.
fn session(desk: &Desk) -> (String, i64, i64) {
    let query = SessionsQuery { sort: Some("duration".to_owned()), descending: Some(true), ..SessionsQuery::default() };
    let list: serde_json::Value = serde_json::from_slice(&desk.sessions(query).expect("a list")).expect("JSON");
    let row = &list["rows"][0];
    let from = row["start"].as_i64().expect("a session with a start");
    let until = from + (row["duration"].as_f64().expect("a duration") * 1e3) as i64;
    (row["id"].as_str().expect("an id").to_owned(), from, until)
}

/// The same moments each time.
fn moments(from: i64, until: i64) -> Vec<i64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..SEEKS).map(|_| from + (next() * (until - from) as f64) as i64).collect()
}

/// Ms that this thread was on a processor, from Linux's books: what other programs take is not in it.
fn processor() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split_whitespace().next()?.parse::<u64>().ok()? as f64 / 1e6)
}

fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
}
