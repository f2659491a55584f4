//! A whole import, and how far it is from only unpacking and skimming the same bytes.
//!
//! `cargo bench -p dwell-core --bench import -- FILE` imports FILE (session lines, gzip) into a new cache, imports it
//! again, and then unpacks it and reads each line into `serde_json::de::IgnoredAny` with the same number of threads.
//! `scripts/bench.sh` makes the file.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use dwell_core::desk::{Options, import};
use dwell_core::findings::Findings;
use dwell_core::store::Cache;
use serde::de::IgnoredAny;

/// As in the command and the window.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let Some(file) = std::env::args().skip(1).find(|a| !a.starts_with('-')).map(PathBuf::from) else {
        eprintln!("skipped: no file named");
        return;
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let folder = tempfile::tempdir_in(file.parent().unwrap_or(Path::new("."))).expect("a folder beside the file");
    let cache = folder.path().join("cache");
    let (first, sessions, bytes) = run(&file, &cache, threads);
    let memory = most_memory();
    let (again, none, _) = run(&file, &cache, threads);
    assert_eq!(none, 0, "a second import added sessions");
    let (packed, kept) = (size(&file), size(&cache));
    let (outer, _) = skim(&file, threads, false);
    let (all, raw) = skim(&file, threads, true);
    let s = |time: Duration| time.as_secs_f64();
    println!(
        "{sessions} sessions, {:.1} MB of recordings in {:.1} MB of gzip, {threads} threads",
        mb(bytes),
        mb(packed)
    );
    println!(
        "import               {:8.2} s wall, {:.0} sessions/s, {:.0} MB/s",
        s(first.wall),
        sessions as f64 / s(first.wall),
        mb(raw) / s(first.wall)
    );
    if let Some(busy) = first.busy {
        println!(
            "                     {:8.2} s of processors, {:.0} sessions/s of one",
            s(busy),
            sessions as f64 / s(busy)
        );
    }
    println!("second import        {:8.2} s wall = {:.4} of the first", s(again.wall), s(again.wall) / s(first.wall));
    println!("cache                {:8.1} MB = {:.2} of the gzip input", mb(kept), kept as f64 / packed as f64);
    if let Some(memory) = memory {
        println!("memory, most         {:8.1} MB", mb(memory));
    }
    for (name, spent) in [("unpack and skim lines", outer), ("the same and payloads", all)] {
        let ratio = s(spent.wall) / s(first.wall);
        print!("{name:20} {:8.2} s wall = {ratio:.2} of the import", s(spent.wall));
        match spent.busy.zip(first.busy) {
            Some((theirs, ours)) => println!("; {:.2} s of processors = {:.2}", s(theirs), s(theirs) / s(ours)),
            None => println!(),
        }
    }
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |about| about.len())
}

#[derive(Clone, Copy)]
struct Spent {
    wall: Duration,
    /// Time of all processors, where the system tells.
    busy: Option<Duration>,
}

struct Watch(Instant, Option<Duration>);

impl Watch {
    fn start() -> Watch {
        Watch(Instant::now(), busy())
    }
    fn stop(&self) -> Spent {
        let busy = busy().zip(self.1).map(|(now, then)| now.saturating_sub(then));
        Spent { wall: self.0.elapsed(), busy }
    }
}

/// Processor time of this process, from Linux's books.
fn busy() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
}

fn run(file: &Path, cache: &Path, threads: usize) -> (Spent, u64, u64) {
    let watch = Watch::start();
    let mut cache = Cache::open(cache).expect("a cache");
    let options = Options { threads, ..Options::default() };
    let paths = [file.to_owned()];
    let (stop, mut findings) = (AtomicBool::new(false), Findings::new());
    let summary = import(&mut cache, &paths, &options, &mut |_| {}, &stop, 0, &mut findings).expect("an import");
    // Closing moves what is left of the log into the file.
    drop(cache);
    (watch.stop(), summary.sessions_added, summary.bytes)
}

/// One thread unpacks and finds lines, the others read them; `payloads`: the JSON texts inside them too.
fn skim(file: &Path, threads: usize, payloads: bool) -> (Spent, u64) {
    #[derive(serde::Deserialize)]
    struct Line<'l> {
        #[serde(borrow, default)]
        clarity: Vec<std::borrow::Cow<'l, str>>,
    }
    let watch = Watch::start();
    let (send, lines) = mpsc::sync_channel::<Vec<u8>>(64);
    let lines = Mutex::new(lines);
    let mut raw = 0;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Ok(line) = { lines.lock().expect("no thread panics").recv() } {
                    if !payloads {
                        serde_json::from_slice::<IgnoredAny>(&line).expect("a line of JSON");
                        continue;
                    }
                    let line: Line<'_> = serde_json::from_slice(&line).expect("a session line");
                    for body in &line.clarity {
                        serde_json::from_str::<IgnoredAny>(body).expect("a payload");
                    }
                }
            });
        }
        let unpacked = flate2::read::MultiGzDecoder::new(std::fs::File::open(file).expect("the file"));
        let mut input = BufReader::with_capacity(256 << 10, unpacked);
        loop {
            let mut line = Vec::new();
            match input.read_until(b'\n', &mut line).expect("gzip") {
                0 => break,
                n => raw += n as u64,
            }
            send.send(line).expect("the readers wait for the end");
        }
        drop(send);
    });
    (watch.stop(), raw)
}
