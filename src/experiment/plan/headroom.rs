//! When headroom runs out: the traffic grows by the same share each month until it reaches the highest rate.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::findings::{Headroom, Highest};
use crate::experiment::summary::Estimate;

/// Of the Gregorian calendar, on average.
const DAYS_A_MONTH: f64 = 365.2425 / 12.0;
/// Nobody plans further.
const MONTHS_MAX: f64 = 12.0 * 200.0;

/// `None`: there is no highest rate, or it is further away than anybody plans.
pub fn headroom(highest: &Highest, growth_per_month: f64, from: Date) -> Option<Headroom> {
    let scale = highest.scale()?;
    let months = |scale: f64| scale.max(1e-6).ln() / growth_per_month.ln_1p();
    let value = months(scale.value?);
    let date = |months: f64| -> Option<String> {
        if months.abs() > MONTHS_MAX {
            return None;
        }
        // whole days: the month is an average one
        let days: Span = ((months * DAYS_A_MONTH).floor() as i64).days();
        from.checked_add(days).ok().map(|date| date.to_string())
    };
    let ends = scale.ci95.map(|ends| ends.map(months));
    Some(Headroom {
        growth_percent_per_month: growth_per_month * 100.0,
        from: from.to_string(),
        months: Estimate { value: Some(value), ci95: ends, runs: scale.runs, censored: false },
        date: date(value)?,
        date_ci95: match ends {
            Some([low, high]) => Some([date(low)?, date(high)?]),
            None => None,
        },
        already: value <= 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(value: f64, ci95: Option<[f64; 2]>) -> Highest {
        let scale = Estimate { value: Some(value), ci95, runs: 10, censored: false };
        Highest::Rate { rate: scale, scale, binding: "latency_p99 < 400 ms".into(), precise: true }
    }

    #[test]
    fn doubling_at_six_percent_takes_a_year() {
        let growth = 2f64.powf(1.0 / 12.0) - 1.0;
        let found = headroom(&at(2.0, Some([1.9, 2.1])), growth, Date::constant(2026, 1, 1)).unwrap();
        assert!((found.months.value.unwrap() - 12.0).abs() < 1e-9);
        // 365.2425 days
        assert_eq!(found.date, "2027-01-01");
        let [early, late] = found.date_ci95.unwrap();
        assert!(early < found.date && found.date < late && !found.already, "{early} {late}");
    }

    #[test]
    fn what_is_missed_already_lies_in_the_past() {
        let found = headroom(&at(0.9, None), 0.05, Date::constant(2026, 3, 31)).unwrap();
        assert!(found.already && found.date < found.from && found.date_ci95.is_none());
    }

    #[test]
    fn a_rate_without_an_end_has_no_date() {
        assert!(headroom(&Highest::AtLeast { rate: 1.0, scale: 1.0 }, 0.05, Date::constant(2026, 1, 1)).is_none());
        assert!(headroom(&at(3.0, None), 1e-9, Date::constant(2026, 1, 1)).is_none());
    }
}
