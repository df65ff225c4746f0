//! What a point of a sweep costs beside its simulation (reading its scenario, compiling it, putting its runs together,
//! keeping its row), how busy the threads are, and whether memory stays flat.
//!
//! `cargo bench --bench sweep`; `FOOBAR_SIM_FULL=1` makes the 10,000 points of the promise.

use std::path::Path;
use std::time::Instant;

use foobar_sim::experiment::summary::Summary;
use foobar_sim::experiment::sweep::definition::{Definition, Identity, Program, SCHEMA_VERSION, sha256};
use foobar_sim::experiment::sweep::design::{Design, Kind};
use foobar_sim::experiment::sweep::vary::Axis;
use foobar_sim::experiment::sweep::work::Work;
use foobar_sim::report::sweep::folder::Folder;
use foobar_sim::report::sweep::merge::merge;
use foobar_sim::report::sweep::row;
use foobar_sim::scenario::{Draft, Overrides};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::{RunPlan, run};

/// What a point may cost beside its simulation.
const OVERHEAD_MAX_MS: f64 = 1.0;
const BUSY_MIN: f64 = 0.9;
/// Growth of memory from the first tenth of the points to the last, bytes.
const GROWTH_MAX: u64 = 20_000_000;

struct Case {
    name: &'static str,
    scenario: &'static str,
    set: &'static [&'static str],
    vary: String,
}

fn main() {
    let points = if std::env::var_os("FOOBAR_SIM_FULL").is_some() { 10_000 } else { 1000 };
    let short = &["simulation.runs=1", "simulation.warmup=0 s", "simulation.duration=2 s"];
    let cases = [
        Case {
            name: "one server",
            scenario: "scenarios/first.toml",
            set: short,
            vary: format!("traffic.visitors.rate=50/s..150/s linear {points}"),
        },
        Case {
            name: "six servers",
            scenario: "scenarios/peak.toml",
            set: &["simulation.runs=1", "simulation.warmup=0 s", "simulation.duration=500 ms"],
            vary: format!("traffic.visitors.rate=500/s..1500/s linear {points}"),
        },
    ];
    // what was deleted a moment ago is slow to be written over (ext4 looks at each such inode): all goes at the end
    let root = tempfile::tempdir().expect("a temporary folder");
    let missed = cases.iter().filter(|case| measure(case, &root.path().join(case.scenario))).count();
    drop(root);
    std::process::exit(i32::from(missed > 0));
}

fn measure(case: &Case, root: &Path) -> bool {
    let set = case.set.iter().map(|one| one.to_string()).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(case.scenario);
    let draft = Draft::read(&path, &Overrides { set, ..Overrides::default() }).expect("the scenario can be read");
    let design =
        Design::new(vec![Axis::parse(&case.vary).expect("it is a range")], Kind::Grid, None, 1).expect("a line");
    let points: Vec<u64> = (0..design.points()).collect();
    let count = points.len() as f64;

    // the simulation alone, in the same order, on one thread
    let mut alone_s = 0.0;
    for &point in &points {
        let values = design.values(point);
        let scenario = draft.with(design.settings(&values)).expect("every point is valid");
        let compiled = compile(&scenario);
        let none = |_| -> foobar_sim::simulation::Records<'_> { Box::new(std::iter::empty()) };
        let plan = RunPlan { run: 0, warmup_s: 0.0, duration_s: scenario.simulation.duration_s, traces: &none };
        let begin = cpu_s();
        std::hint::black_box(run(&scenario, &compiled, &plan));
        alone_s += cpu_s() - begin;
    }

    let one = sweep(&draft, &design, &points, &root.join("one"), 1);
    let overhead_ms = (one.cpu_s - alone_s) / count * 1e3;
    let all = sweep(&draft, &design, &points, &root.join("all"), 0);
    assert_eq!(one.digest, all.digest, "the number of threads changed the results");
    let grown = all.memory_last.saturating_sub(all.memory_first);
    println!(
        "{:<12} {count:>6} points: {:.3} ms of simulation a point, {overhead_ms:.3} ms beside it (at most {OVERHEAD_MAX_MS}); {} \
         threads {:.1}% busy (at least {:.0}%), memory {:.0} MB, grown by {:.1} MB; put together in {:.2} s",
        case.name,
        alone_s / count * 1e3,
        all.threads,
        all.busy * 100.0,
        BUSY_MIN * 100.0,
        all.memory_last as f64 / 1e6,
        grown as f64 / 1e6,
        all.merge_s,
    );
    let missed = overhead_ms > OVERHEAD_MAX_MS || all.busy < BUSY_MIN || grown > GROWTH_MAX;
    if missed {
        println!("{:<12} MISSED", case.name);
    }
    missed
}

struct Measured {
    threads: usize,
    cpu_s: f64,
    /// Share of the threads' time in which they ran or could have run.
    busy: f64,
    memory_first: u64,
    memory_last: u64,
    merge_s: f64,
    digest: String,
}

fn sweep(draft: &Draft, design: &Design, points: &[u64], path: &Path, threads: usize) -> Measured {
    let text = draft.to_toml();
    let definition = Definition {
        schema_version: SCHEMA_VERSION,
        program: Program { version: env!("CARGO_PKG_VERSION").into(), sha256: String::new() },
        scenario: Identity { name: "bench".into(), sha256: sha256(text.as_bytes()), folder: "/".into() },
        files: Vec::new(),
        design: design.kind,
        axes: design.axes.clone(),
        points: design.points(),
        seed: 1,
        warmup_s: None,
        shards: 1,
    };
    let folder = Folder::create(path, &definition, &text).expect("a folder");
    folder.make_room(points).expect("folders of points");
    let work = Work::new::<String>(draft, design, None).expect("it can be worked on");
    let memory = std::sync::Mutex::new(Vec::new());
    let keep = |point: u64, values: &[String], summary: &Summary| {
        folder.keep(point, &row(design, point, values, summary)).map_err(|error| error.to_string())?;
        if point % 100 == 99 {
            memory.lock().expect("nobody panics").push(resident_bytes());
        }
        Ok(())
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let threads = pool.current_num_threads();
    let before = pool.broadcast(|_| scheduled());
    let begin = Instant::now();
    pool.install(|| work.run::<String>(points, &|_| true, &keep)).expect("every point can be made");
    let wall_s = begin.elapsed().as_secs_f64();
    let after = pool.broadcast(|_| scheduled());
    let spent =
        |pick: fn(&(f64, f64)) -> f64| -> f64 { after.iter().zip(&before).map(|(a, b)| pick(a) - pick(b)).sum() };
    let (ran_s, waited_s) = (spent(|s| s.0), spent(|s| s.1));
    let begin = Instant::now();
    let found = merge(&folder, design).expect("all points are there");
    let merge_s = begin.elapsed().as_secs_f64();
    let memory = memory.into_inner().expect("nobody panics");
    Measured {
        threads,
        cpu_s: ran_s,
        busy: (ran_s + waited_s) / (wall_s * threads as f64),
        memory_first: memory[memory.len() / 10],
        memory_last: memory[memory.len() - 1],
        merge_s,
        digest: found.sha256,
    }
}

/// Of this thread, seconds on a processor, to the nanosecond.
fn cpu_s() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes the time, and nothing else
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "the clock of a thread");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Of this thread, seconds on a processor and seconds ready for one: what others do on this machine does not count.
fn scheduled() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says how threads are scheduled");
    let mut numbers = text.split_whitespace().map(|n| n.parse::<f64>().expect("a number") / 1e9);
    (numbers.next().expect("run time"), numbers.next().expect("waiting time"))
}

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux says how much memory is resident");
    4096 * text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number of pages")
}
