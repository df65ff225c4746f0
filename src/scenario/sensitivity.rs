//! What an assumption would be if it were larger or smaller, so that a sensitivity run can `--set` it.

use super::model::Assumption;
use super::tree::{Value, float, parse_value, quoted};
use super::{distribution, quantity, repair};

/// Last parts of keys whose values are switches, names or shapes of the experiment, not estimates.
const FIXED: &[&str] = &[
    "duration",
    "warmup",
    "runs",
    "seed",
    "weight",
    "priority",
    "version",
    "max_malformed",
    "sort_buffer",
    "repeat",
    "window",
    "period",
    "at",
    "lasts",
    "shape",
    "sync_binlog",
    "innodb_flush_log_at_trx_commit",
    "name",
    "max_lag",
    "poll",
    "recorded_workers",
    "unit",
    "time_unit",
    "duration_unit",
    "tcp_syn_linear_timeouts",
    "tcp_syn_retries",
    "garp_lower_prio_repeat",
    "garp_master_delay",
    "preempt_delay",
    "arp_timeout",
    "fall",
    "rise",
];

/// The value of an assumption moved by a factor, as TOML, and by which it was: whole numbers move by whole ones, and a
/// share stays one. `None` where that makes no sense.
pub fn moved_by(assumption: &Assumption, factor: f64) -> Option<(String, f64)> {
    moved_to(&assumption.key, &parse_value(&assumption.value, 0, 0).value, factor)
}

fn moved_to(key: &str, value: &Value, factor: f64) -> Option<(String, f64)> {
    let mut parts = key.rsplit('.');
    let last = parts.next().unwrap_or(key);
    if FIXED.contains(&last) || repair::is_its(key) || key.contains(".mix.") || key.contains(".profile") {
        return None;
    }
    match value {
        Value::Integer(0) | Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
        Value::Integer(number) => {
            let step = ((*number as f64 * (factor - 1.0).abs()) as i64).max(1);
            let to = if factor > 1.0 { number + step } else { number - step };
            (to > 0).then(|| (to.to_string(), to as f64 / *number as f64))
        }
        Value::Float(number) if *number == 0.0 => None,
        Value::Float(number) if is_share(last) && factor > 1.0 => {
            let to = if number * factor < 1.0 { number * factor } else { number + (1.0 - number) * (factor - 1.0) };
            (to > *number).then(|| (float(short(to)), to / number))
        }
        Value::Float(number) => Some((float(short(number * factor)), factor)),
        Value::String(text) => moved_text(text, factor).map(|text| (quoted(&text), factor)),
    }
}

/// Without the last digits, which arithmetic leaves behind.
fn short(number: f64) -> f64 {
    format!("{number:.12e}").parse().expect("a float that was printed")
}

fn is_share(key: &str) -> bool {
    matches!(key, "probability" | "again" | "resumption" | "buffer_pool_hit" | "amplitude")
}

fn moved_text(text: &str, factor: f64) -> Option<String> {
    if let Some((number, unit, _)) = quantity::split(text.trim()) {
        let spaced = if unit.starts_with('/') { unit.to_string() } else { format!(" {unit}") };
        let known = [
            quantity::Dimension::Time,
            quantity::Dimension::Size,
            quantity::Dimension::Throughput,
            quantity::Dimension::Rate,
        ];
        let known = known.iter().any(|dimension| dimension.units().iter().any(|(name, _)| *name == unit));
        return (known && number > 0.0).then(|| format!("{}{spaced}", short(number * factor)));
    }
    let (name, arguments) = distribution::call(text)?;
    let moves: fn(usize) -> bool = match name {
        "uniform" | "percentiles" => |_| true,
        "empirical" | "trace" => return None,
        _ => |index| index == 0,
    };
    let arguments: Option<Vec<String>> = arguments
        .iter()
        .enumerate()
        .map(
            |(index, argument)| {
                if moves(index) { moved_argument(argument, factor) } else { Some(argument.trim().to_string()) }
            },
        )
        .collect();
    Some(format!("{name}({})", arguments?.join(", ")))
}

/// `9 ms`, `0.9`, or `p50 4 ms`.
fn moved_argument(argument: &str, factor: f64) -> Option<String> {
    let argument = argument.trim();
    if let Some((label, rest)) = argument.split_once(' ').filter(|(label, _)| label.starts_with('p')) {
        return Some(format!("{label} {}", moved_argument(rest, factor)?));
    }
    let (number, unit, _) = quantity::split(argument)?;
    let gap = if unit.is_empty() || unit.starts_with('/') { "" } else { " " };
    (number > 0.0).then(|| format!("{}{gap}{unit}", short(number * factor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(key: &str, value: &Value) -> Option<String> {
        moved_to(key, value, 1.25).map(|(moved, _)| moved)
    }

    #[test]
    fn an_estimate_moves_by_a_quarter() {
        let text = |text: &str| moved("request.a.app.cpu", &Value::String(text.into()));
        assert_eq!(text("8 ms").as_deref(), Some("\"10 ms\""));
        assert_eq!(text("400/s").as_deref(), Some("\"500/s\""));
        assert_eq!(text("lognormal(8 ms, cv 0.5)").as_deref(), Some("\"lognormal(10 ms, cv 0.5)\""));
        assert_eq!(text("uniform(4 ms, 8 ms)").as_deref(), Some("\"uniform(5 ms, 10 ms)\""));
        assert_eq!(text("percentiles(p50 4 ms, p95 20 ms)").as_deref(), Some("\"percentiles(p50 5 ms, p95 25 ms)\""));
        assert_eq!(moved("service.app.workers", &Value::Integer(64)).as_deref(), Some("80"));
        assert_eq!(moved("service.app.workers", &Value::Integer(1)).as_deref(), Some("2"));
        assert_eq!(moved("service.db.buffer_pool_hit", &Value::Float(0.96)).as_deref(), Some("0.97"));
    }

    #[test]
    fn an_estimate_moves_by_any_factor_and_says_by_which() {
        let to = |key: &str, value: Value, factor: f64| moved_to(key, &value, factor);
        let text = |text: &str| Value::String(text.into());
        assert_eq!(to("request.a.app.cpu", text("9 ms"), 0.9), Some(("\"8.1 ms\"".into(), 0.9)));
        assert_eq!(to("network.delay", text("0.1 ms"), 1.1), Some(("\"0.11 ms\"".into(), 1.1)));
        assert_eq!(to("service.app.workers", Value::Integer(64), 0.9), Some(("58".into(), 58.0 / 64.0)));
        assert_eq!(to("service.app.workers", Value::Integer(1), 0.9), None);
        assert_eq!(to("service.db.buffer_pool_hit", Value::Float(0.96), 0.9), Some(("0.864".into(), 0.9)));
        let (up, by) = to("service.db.buffer_pool_hit", Value::Float(0.96), 1.1).unwrap();
        assert!(up == "0.964" && (by - 0.964 / 0.96).abs() < 1e-12, "{up} {by}");
    }

    #[test]
    fn what_is_no_estimate_stays() {
        assert_eq!(moved("simulation.seed", &Value::Integer(42)), None);
        assert_eq!(moved("traffic.t.mix.home", &Value::Integer(42)), None);
        assert_eq!(moved("service.lb.balance", &Value::String("leastconn".into())), None);
        assert_eq!(moved("request.a.app.cpu", &Value::String("empirical(a.csv, ms)".into())), None);
        assert_eq!(moved("network.client_rtt", &Value::String("0 ms".into())), None);
    }
}
