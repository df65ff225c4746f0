//! Options that several commands have, and how their values are read.

use clap::ValueEnum;

/// How a command goes about its work, whatever it is.
#[derive(Clone, Debug, clap::Args)]
pub struct How {
    /// Threads; one for each core if left out. The results do not depend on it
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_hyphen_values = true)]
    pub threads: Option<usize>,

    /// Nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary for the terminal
    Text,
    /// All of it, for programs
    Json,
    /// One line for each row of figures
    Csv,
    /// For a page or a comment
    Markdown,
}

pub fn parse_override(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.into()),
        _ => Err("expected KEY=VALUE, such as service.app.workers=128".into()),
    }
}

/// As simulation.runs.
pub fn parse_runs(text: &str) -> Result<u32, String> {
    whole(text, 1, 10_000, "run")
}

/// As simulation.seed: what TOML can write.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(seed) if seed >= 0 => Ok(seed as u64),
        _ => Err(format!("expected a whole number from 0 to {}", i64::MAX)),
    }
}

/// More threads than this start slower than they help.
pub fn parse_threads(text: &str) -> Result<usize, String> {
    whole(text, 1, 1024, "thread").map(|n| n as usize)
}

fn whole(text: &str, least: u32, most: u32, what: &str) -> Result<u32, String> {
    match text.parse::<i128>() {
        Ok(n) if n < i128::from(least) => Err(format!("at least {least} {what} is needed")),
        Ok(n) => u32::try_from(n).ok().filter(|n| *n <= most).ok_or(format!("at most {most} {what}s are possible")),
        Err(_) => Err(format!("expected a whole number from {least} to {most}")),
    }
}

/// More would be no sample.
pub fn parse_requests(text: &str) -> Result<usize, String> {
    whole(text, 1, 1000, "request").map(|n| n as usize)
}

/// Seconds since 1970: up to 2200 or so, which fits 64 bits of nanoseconds.
pub fn parse_time_zero(text: &str) -> Result<u64, String> {
    let fits = |seconds: &u64| *seconds <= 7_258_118_400;
    text.parse().ok().filter(fits).ok_or_else(|| "expected seconds since 1970, such as 1735689600".into())
}

/// `2%` is 0.02.
pub fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').ok_or("expected a percentage with its sign, such as 2%")?;
    match number.trim().parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(percent / 100.0),
        _ => Err("expected more than 0% and less than 100%".into()),
    }
}
