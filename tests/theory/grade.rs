//! Cases, their quantities, and how they are graded.

use rayon::prelude::*;

use foobar_sim::scenario::{Overrides, Process, Scenario, load_str};
use foobar_sim::simulation::compile::compile;
use foobar_sim::simulation::result::RunResult;
use foobar_sim::simulation::{RunPlan, run};
use foobar_sim::stats::interval::{MeanInterval, t_interval};

use super::run::Seen;

/// Declared beforehand: see the crate's text.
const SEED: u64 = 1;
const SEEDS_IF_MISSED: [u64; 2] = [2, 3];
const CONFIDENCE: f64 = 0.999;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Each `cargo test`: half-widths up to 10%.
    Gate,
    /// `FOOBAR_SIM_FULL=1`: half-widths up to 2%.
    Full,
}

impl Length {
    pub fn from_environment() -> Length {
        match std::env::var_os("FOOBAR_SIM_FULL") {
            Some(value) if value != "0" && !value.is_empty() => Length::Full,
            _ => Length::Gate,
        }
    }

    fn half_width_max(self) -> f64 {
        match self {
            Length::Gate => 0.10,
            Length::Full => 0.02,
        }
    }
}

pub type Measure = Box<dyn Fn(&Seen) -> f64 + Send + Sync>;
/// From all runs at once.
pub type Overall = Box<dyn Fn(&Scenario, &[RunResult]) -> Judged + Send + Sync>;

/// What a measure over all runs found.
pub struct Judged {
    pub simulated: f64,
    pub half_width: Option<f64>,
    pub passed: bool,
}

enum Of {
    Run(Measure),
    All(Overall),
}

enum Rule {
    /// Inside the interval, and the interval narrow.
    Interval,
    /// Every run gives this, up to an absolute error.
    Exact(f64),
    /// The mean over the runs within this relative error (fluid limits).
    Within(f64),
    /// The interval lies above the value, or below.
    Above,
    Below,
}

pub struct Quantity {
    name: String,
    value: f64,
    of: Of,
    rule: Rule,
}

/// One scenario of a case, how long it runs, and what is read off it.
pub struct Model {
    text: String,
    runs: [u32; 2],
    warmup_s: f64,
    measured_s: [f64; 2],
    quantities: Vec<Quantity>,
}

pub struct Case {
    pub id: &'static str,
    pub title: &'static str,
    pub models: Vec<Model>,
}

impl Case {
    pub fn new(id: &'static str, title: &'static str, models: Vec<Model>) -> Case {
        Case { id, title, models }
    }
}

impl Model {
    /// `text`: a scenario without its `[simulation]`. Seconds for each run: at the gate, and at full length.
    pub fn new(text: impl Into<String>, warmup_s: f64, gate_s: f64, full_s: f64) -> Model {
        Model { text: text.into(), runs: [32, 32], warmup_s, measured_s: [gate_s, full_s], quantities: Vec::new() }
    }

    pub fn runs(mut self, gate: u32, full: u32) -> Model {
        self.runs = [gate, full];
        self
    }

    pub fn warmup(mut self, seconds: f64) -> Model {
        self.warmup_s = seconds;
        self
    }

    fn push(mut self, name: &str, value: f64, of: Of, rule: Rule) -> Model {
        self.quantities.push(Quantity { name: name.into(), value, of, rule });
        self
    }

    pub fn is(self, name: &str, value: f64, of: impl Fn(&Seen) -> f64 + Send + Sync + 'static) -> Model {
        self.push(name, value, Of::Run(Box::new(of)), Rule::Interval)
    }

    pub fn exactly(
        self,
        name: &str,
        value: f64,
        error: f64,
        of: impl Fn(&Seen) -> f64 + Send + Sync + 'static,
    ) -> Model {
        self.push(name, value, Of::Run(Box::new(of)), Rule::Exact(error))
    }

    pub fn within(
        self,
        name: &str,
        value: f64,
        error: f64,
        of: impl Fn(&Seen) -> f64 + Send + Sync + 'static,
    ) -> Model {
        self.push(name, value, Of::Run(Box::new(of)), Rule::Within(error))
    }

    pub fn above(self, name: &str, value: f64, of: impl Fn(&Seen) -> f64 + Send + Sync + 'static) -> Model {
        self.push(name, value, Of::Run(Box::new(of)), Rule::Above)
    }

    pub fn below(self, name: &str, value: f64, of: impl Fn(&Seen) -> f64 + Send + Sync + 'static) -> Model {
        self.push(name, value, Of::Run(Box::new(of)), Rule::Below)
    }

    pub fn overall(
        self,
        name: &str,
        value: f64,
        of: impl Fn(&Scenario, &[RunResult]) -> Judged + Send + Sync + 'static,
    ) -> Model {
        self.push(name, value, Of::All(Box::new(of)), Rule::Interval)
    }

    fn scenario(&self, id: &str, length: Length, seed: u64) -> Scenario {
        let which = length as usize;
        let text = format!(
            "[simulation]\nduration = \"{} s\"\nwarmup = \"{} s\"\nruns = {}\nseed = {seed}\n{}",
            self.measured_s[which], self.warmup_s, self.runs[which], self.text
        );
        load_str(id, &text, &Overrides::default()).unwrap_or_else(|errors| panic!("{id}: {errors}\n{text}"))
    }

    fn simulate(&self, id: &str, length: Length, seed: u64) -> (Scenario, Vec<RunResult>) {
        let scenario = self.scenario(id, length, seed);
        let compiled = compile(&scenario);
        let once = |index: u32| {
            let duration_s = scenario.simulation.duration_s;
            run(&scenario, &compiled, &RunPlan { run: index, warmup_s: self.warmup_s, duration_s, traces: &no_trace })
        };
        let runs = (0..scenario.simulation.runs).into_par_iter().map(once).collect();
        (scenario, runs)
    }
}

/// Theory has no recorded traffic.
fn no_trace<'a>(_: usize) -> foobar_sim::simulation::Records<'a> {
    Box::new(std::iter::empty())
}

/// One line of the closing table.
pub struct Row {
    pub case: String,
    pub name: String,
    pub value: f64,
    pub simulated: f64,
    /// Relative to the value; `None` where there is none to speak of.
    pub half_width: Option<f64>,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Pass,
    Miss,
    /// Missed with the first seed and passed with both others.
    PassAfterMiss,
    /// Missed with the first seed and with one of the others.
    MissAgain,
}

impl Row {
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Pass | Verdict::PassAfterMiss)
    }
}

pub fn all(cases: &[Case], length: Length) -> Vec<Row> {
    let rows: Vec<Vec<Row>> = cases.par_iter().map(|case| one(case, length)).collect();
    rows.into_iter().flatten().collect()
}

fn one(case: &Case, length: Length) -> Vec<Row> {
    let began = std::time::Instant::now();
    let rows: Vec<Row> = case.models.iter().flat_map(|model| judge(case.id, model, length)).collect();
    let missed = rows.iter().filter(|r| !r.passed()).count();
    let verdict = if missed == 0 { "ok" } else { "MISS" };
    eprintln!("{:5} {verdict:4} {:5.1} s  {}", case.id, began.elapsed().as_secs_f64(), case.title);
    rows
}

fn judge(id: &str, model: &Model, length: Length) -> Vec<Row> {
    let mut rows = grade(id, model, length, SEED);
    if rows.iter().all(Row::passed) {
        return rows;
    }
    let again: Vec<Vec<Row>> = SEEDS_IF_MISSED.iter().map(|&seed| grade(id, model, length, seed)).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        if row.verdict == Verdict::Miss {
            let passed = again.iter().all(|rows| rows[i].passed());
            row.verdict = if passed { Verdict::PassAfterMiss } else { Verdict::MissAgain };
        }
    }
    rows
}

fn grade(id: &str, model: &Model, length: Length, seed: u64) -> Vec<Row> {
    let (scenario, runs) = model.simulate(id, length, seed);
    let mut rows = vec![laws(id, &scenario, &runs)];
    for quantity in &model.quantities {
        let judged = match &quantity.of {
            Of::All(of) => of(&scenario, &runs),
            Of::Run(of) => {
                let values: Vec<f64> = runs.iter().map(|run| of(&Seen { scenario: &scenario, run })).collect();
                judged(quantity, &values, length)
            }
        };
        rows.push(Row {
            case: id.into(),
            name: quantity.name.clone(),
            value: quantity.value,
            simulated: judged.simulated,
            half_width: judged.half_width.map(|h| h / quantity.value.abs()),
            verdict: if judged.passed { Verdict::Pass } else { Verdict::Miss },
        });
    }
    rows
}

fn judged(quantity: &Quantity, values: &[f64], length: Length) -> Judged {
    let value = quantity.value;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let interval = t_interval(values, CONFIDENCE);
    let half_width = interval.map(|i| i.half_width);
    let narrow = |i: &MeanInterval| i.half_width <= length.half_width_max() * value.abs();
    let passed = match quantity.rule {
        Rule::Interval => interval.is_some_and(|i| (mean - value).abs() <= i.half_width && narrow(&i)),
        Rule::Exact(error) => values.iter().all(|v| (v - value).abs() <= error),
        Rule::Within(error) => (mean - value).abs() <= error * value.abs(),
        Rule::Above => interval.is_some_and(|i| mean - i.half_width > value && narrow(&i)),
        Rule::Below => interval.is_some_and(|i| mean + i.half_width < value && narrow(&i)),
    };
    Judged { simulated: mean, half_width, passed }
}

/// E06 in every run of every case: what arrives leaves or is still here, and Little's law and the utilization
/// law hold. The largest relative violation, which must be below 1e-9.
fn laws(id: &str, scenario: &Scenario, runs: &[RunResult]) -> Row {
    let worst = runs.iter().map(|run| violation(scenario, run)).fold(0.0, f64::max);
    Row {
        case: id.into(),
        name: "laws: largest violation".into(),
        value: 0.0,
        simulated: worst,
        half_width: None,
        verdict: if worst <= 1e-9 { Verdict::Pass } else { Verdict::Miss },
    }
}

fn violation(scenario: &Scenario, run: &RunResult) -> f64 {
    let relative = |a: f64, b: f64| (a - b).abs() / a.abs().max(b.abs()).max(1.0);
    let offered: u64 = run.classes.iter().map(|c| c.offered).sum();
    let finished: u64 = run.classes.iter().map(|c| c.completed + c.failures()).sum();
    let mut worst = relative((run.in_flight_start + offered) as f64, (run.in_flight_end + finished) as f64);
    for s in &run.stations {
        let came = s.present_start + s.arrivals;
        let left = s.present_end + s.departures + s.lost;
        worst = worst.max(relative(came as f64, left as f64));
        // L x time = sum of sojourns, with what crosses the edges of the measured part; a pool's own sums are
        // its areas, so that this says something of the others alone
        if s.granted == 0 && s.role != foobar_sim::model::network::Role::Pool {
            let spent = s.sojourn_sum_ns + s.lost_waiting_sum_ns + s.sojourn_open_ns;
            worst = worst.max(relative(s.present_area_ns as f64, spent as f64 - s.sojourn_before_ns as f64));
        }
        // never more busy than there are workers
        if let Some(workers) = s.workers {
            let most = workers as f64 * run.measured_s * 1e9;
            worst = worst.max((s.busy_area_ns as f64 / most - 1.0).max(0.0));
        }
    }
    let closed: u64 = (scenario.traffic.iter())
        .map(|t| match t.process {
            Process::Closed { users, .. } => u64::from(users),
            _ => 0,
        })
        .sum();
    if closed > 0 && scenario.traffic.iter().all(|t| matches!(t.process, Process::Closed { .. })) {
        worst = worst.max((run.in_flight_max.saturating_sub(closed)) as f64);
    }
    worst
}

pub fn print(rows: &[Row]) {
    let width = rows.iter().map(|r| r.name.len()).max().unwrap_or(8);
    println!("{:5}  {:width$}  {:>13}  {:>13}  {:>8}  ", "case", "quantity", "value", "simulated", "99.9%");
    for row in rows {
        let half_width = row.half_width.map_or("".into(), |h| format!("±{:.2}%", 100.0 * h));
        let verdict = match row.verdict {
            Verdict::Pass => "pass",
            Verdict::Miss => "MISS",
            Verdict::PassAfterMiss => "pass (missed with seed 1, passed with 2 and 3)",
            Verdict::MissAgain => "MISS (with seed 1, and with 2 or 3)",
        };
        println!(
            "{:5}  {:width$}  {:>13.7}  {:>13.7}  {half_width:>8}  {verdict}",
            row.case, row.name, row.value, row.simulated
        );
    }
}
