//! Open networks in product form.

use super::erlang::Mmc;
use super::transient::Hypoexponential;
use super::{Analytic, AnalyticError, stable};

/// One station of an open network: FCFS with exponential service, or processor sharing with any (BCMP:
/// Baskett, Chandy, Muntz, Palacios 1975).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenStation {
    /// Mean visits of one request.
    pub visits: f64,
    /// Mean time of one visit.
    pub service: f64,
    pub workers: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OpenSolution {
    pub utilization: Vec<f64>,
    /// Mean number present at each.
    pub present: Vec<f64>,
    /// Mean time of a request at each, over all of its visits.
    pub residence: Vec<f64>,
    pub response: f64,
    /// Arrival rate at which the first station saturates.
    pub rate_max: f64,
}

/// Jackson 1957, 1963.
pub fn jackson(arrival_rate: f64, stations: &[OpenStation]) -> Analytic<OpenSolution> {
    let mut solution = OpenSolution {
        utilization: Vec::new(),
        present: Vec::new(),
        residence: Vec::new(),
        response: 0.0,
        rate_max: f64::INFINITY,
    };
    for station in stations {
        let rate = arrival_rate * station.visits;
        let queue = Mmc::new(rate, 1.0 / station.service, station.workers)?;
        solution.utilization.push(queue.utilization());
        solution.present.push(queue.present_mean());
        let residence = station.visits * queue.sojourn_mean();
        solution.residence.push(residence);
        solution.response += residence;
        solution.rate_max = solution.rate_max.min(f64::from(station.workers) / (station.visits * station.service));
    }
    Ok(solution)
}

/// Response time of M/M/1 stations in series: sojourns there are independent (Burke 1956, Reich 1957).
pub fn tandem_response(arrival_rate: f64, services: &[f64]) -> Analytic<Hypoexponential> {
    for service in services {
        stable(arrival_rate * service, 1.0)?;
    }
    let rates: Vec<f64> = services.iter().map(|s| 1.0 / s - arrival_rate).collect();
    Hypoexponential::new(&rates)
}

/// M/M/1 after which a request comes back with probability `again`: one station with 1/(1 - again) visits.
pub fn feedback(arrival_rate: f64, service: f64, again: f64) -> Analytic<OpenSolution> {
    if !(0.0..1.0).contains(&again) {
        return Err(AnalyticError::Invalid("the probability to come back lies in [0, 1)"));
    }
    jackson(arrival_rate, &[OpenStation { visits: 1.0 / (1.0 - again), service, workers: 1 }])
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn station(visits: f64, service: f64, workers: u32) -> OpenStation {
        OpenStation { visits, service, workers }
    }

    #[test]
    fn a15_feedback() {
        let solved = feedback(0.5, 0.75, 0.3).unwrap();
        assert_close(solved.response, 2.3076923076923075);
        assert_close(solved.utilization[0], 0.5357142857142857);
        assert_close(solved.present[0], 1.1538461538461537);
        assert!(feedback(0.5, 0.75, 0.7).is_err(), "retries load the server");
    }

    #[test]
    fn b01_tandem() {
        let solved = jackson(0.1, &[station(1.0, 1.0, 1), station(1.0, 2.0, 1), station(1.0, 3.0, 1)]).unwrap();
        assert_close(solved.response, 7.896825396825397);
        assert_close(solved.residence[2], 4.285714285714286);
        assert_close(solved.present[2], 0.4285714285714286);
        let response = tandem_response(0.1, &[1.0, 2.0, 3.0]).unwrap();
        assert_close(response.mean(), 7.896825396825397);
        assert_close(response.percentile(0.5), 6.772309032772273);
        assert_close(response.percentile(0.95), 17.69887662454116);
        assert_close(response.percentile(0.99), 24.720122854169418);
    }

    #[test]
    fn b03_lazowska_open() {
        let solved =
            jackson(0.3, &[station(121.0, 0.005, 1), station(70.0, 0.03, 1), station(50.0, 0.027, 1)]).unwrap();
        assert_close(solved.utilization[0], 0.1815);
        assert_close(solved.present[0], 0.2217470983506414);
        assert_close(solved.response, 8.683740233203025);
    }

    #[test]
    fn b09_web_chain() {
        let stations = [
            station(1.0, 0.0005, 1),
            station(1.0, 0.002, 1),
            station(1.0, 0.04, 4),
            station(1.6, 0.015, 2),
            station(2.4, 0.004, 1),
        ];
        let solved = jackson(50.0, &stations).unwrap();
        let expected =
            [0.0005128205128205128, 0.0022222222222222222, 0.043478260869565216, 0.0375, 0.01846153846153846];
        for (got, expected) in solved.residence.iter().zip(expected) {
            assert_close(*got, expected);
        }
        assert_close(solved.response, 0.10217484206614642);
        assert_close(solved.rate_max, 83.33333333333333);
        assert!(jackson(84.0, &stations).is_err());
    }
}
