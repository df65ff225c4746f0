//! What every run obeys, whatever the scenario.

use foobar_sim::simulation::result::{RunResult, StationRole};

/// Nobody is lost from a count, nothing is busier than it can be, and Little's law holds exactly.
pub fn laws(result: &RunResult) -> Result<(), String> {
    let offered: u64 = result.classes.iter().map(|c| c.offered).sum();
    let finished: u64 = result.classes.iter().map(|c| c.completed + c.failures()).sum();
    if result.in_flight_start + offered != finished + result.in_flight_end {
        return Err(format!(
            "{} inside + {offered} arrived, {finished} finished + {} inside",
            result.in_flight_start, result.in_flight_end
        ));
    }
    for s in &result.stations {
        if s.present_start + s.arrivals != s.departures + s.lost + s.present_end {
            return Err(format!("{}: requests are lost from the count: {s:?}", s.name));
        }
        let slots = s.workers.map_or(f64::INFINITY, |w| w as f64);
        if s.busy_area_ns as f64 > slots * result.measured_s * 1e9 * (1.0 + 1e-9) {
            return Err(format!("{}: busier than it can be", s.name));
        }
        if s.role != StationRole::Pool && s.role != StationRole::Applier {
            let sojourns = s.sojourn_sum_ns + s.lost_waiting_sum_ns + s.sojourn_open_ns;
            if sojourns != s.present_area_ns + s.sojourn_before_ns {
                return Err(format!("{}: Little's law is broken: {s:?}", s.name));
            }
        }
    }
    Ok(())
}
