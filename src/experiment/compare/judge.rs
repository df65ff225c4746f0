//! Two columns beside each other: each figure's difference and verdict, and the verdict on the whole.
//!
//! The whole is judged by the mean latency of answered requests, by p99 with every failure above every answer, and by
//! availability, all over all classes. Where p99 lies among the failures on both sides, it has no value and is not judged;
//! availability then tells.

use super::Thresholds;
use super::column::{Column, Row};
use super::findings::{FigureFindings, Gain, Value};
use super::pairing::{Margin, Paired, Pairs, Place, Region};
use super::verdict::{self, Verdict};
use crate::experiment::per_run::{Better, Figure, Measure, Of, Statistic};
use crate::stats::interval::clopper_pearson;

/// Both columns have the same runs.
pub struct Judge<'a> {
    pub a: &'a Column,
    pub b: &'a Column,
    pub thresholds: Thresholds,
    /// Nothing is left to chance on either side: one run says all.
    pub certain: bool,
    /// Nothing that takes effect differs: runs that are the same are so by necessity.
    pub equal: bool,
    /// Error probability of one interval, and of all judged figures together, at this look.
    pub error: f64,
}

/// What the whole is judged by.
pub struct Judged {
    pub figures: Vec<Figure>,
    pub verdicts: Vec<Verdict>,
}

impl Judged {
    pub fn overall(&self) -> Verdict {
        verdict::overall(&self.verdicts)
    }

    /// More runs cannot change it: one is worse, or none is open.
    pub fn is_final(&self) -> bool {
        self.verdicts.contains(&Verdict::Worse) || !self.verdicts.contains(&Verdict::Inconclusive)
    }
}

impl Judge<'_> {
    pub fn judged(&self) -> Judged {
        let p99 = match self.a.failed("all") + self.b.failed("all") {
            0 => Measure::Latency(Statistic::P99),
            _ => Measure::LatencyAll(Statistic::P99),
        };
        let measures = [p99, Measure::Latency(Statistic::Mean), Measure::Availability];
        let figures = measures.map(|measure| Figure::class("all", measure));
        let found: Vec<(Figure, Option<Place>)> = figures
            .into_iter()
            .filter(|figure| !self.pairs(figure).is_some_and(|pairs| pairs.is_lost()))
            .map(|figure| {
                let place = self.place(&figure);
                (figure, place)
            })
            .collect();
        let places: Vec<(Option<Place>, Better)> =
            found.iter().map(|(figure, place)| (*place, figure.measure.better())).collect();
        Judged {
            verdicts: verdict::of_several(&places, self.error),
            figures: found.into_iter().map(|(figure, _)| figure).collect(),
        }
    }

    /// All figures that both sides have, in the order of B.
    pub fn figures(&self, judged: &Judged) -> Vec<FigureFindings> {
        let wanted = |figure: &Figure| match (&figure.of, figure.measure) {
            (Of::Class(name), Measure::LatencyAll(_)) => self.a.failed(name) + self.b.failed(name) > 0,
            _ => true,
        };
        let common = self.b.rows.iter().filter(|row| wanted(&row.figure));
        let both = common.filter_map(|row| Some(self.figure(self.a.row(&row.figure)?, row, judged)));
        both.filter(|found| found.a.is_there() || found.b.is_there()).collect()
    }

    fn figure(&self, a: &Row, b: &Row, judged: &Judged) -> FigureFindings {
        let figure = &b.figure;
        let better = figure.measure.better();
        let pairs = self.pairs(figure);
        let paired = pairs.as_ref().and_then(|pairs| pairs.paired(1.0 - self.error));
        let among = judged.figures.iter().position(|one| one == figure);
        let verdict = match among {
            Some(at) => judged.verdicts[at],
            None => verdict::of_one(self.place(figure), better, self.error),
        };
        let values = [a, b].map(value);
        let difference = match &paired {
            Some(paired) => Some(paired.difference),
            None => values[0].value.zip(values[1].value).map(|(a, b)| b - a),
        };
        let change = difference.zip(values[0].value).filter(|(_, a)| *a > 0.0).map(|(difference, a)| difference / a);
        FigureFindings {
            key: figure.key(),
            figure: figure.clone(),
            better,
            a: values[0],
            b: values[1],
            difference,
            difference_ci95: paired.and_then(|p| p.interval).or_else(|| self.no_failure_interval(figure)),
            change,
            change_ci95: paired.and_then(|p| p.relative),
            verdict,
            judged: among.is_some(),
            identical: pairs.as_ref().is_some_and(Pairs::is_identical),
            few: pairs.is_none(),
            common_random_numbers: paired.and_then(gain),
        }
    }

    fn pairs(&self, figure: &Figure) -> Option<Pairs> {
        let (a, b) = (self.a.row(figure)?, self.b.row(figure)?);
        Pairs::new(&a.values, &b.values, [a.pooled, b.pooled])
    }

    fn place(&self, figure: &Figure) -> Option<Place> {
        let pairs = self.pairs(figure)?;
        if self.certain || (self.equal && pairs.is_identical()) {
            return Some(Place { p: 0.0, ..pairs.place(self.margin(figure)) });
        }
        if let Some(ended) = self.without_failures(figure) {
            // rule of three on both sides: at which error both bounds are the margin
            let fewest = ended[0].min(ended[1]) as f64;
            let p = 2.0 * libm::exp(fewest * libm::log1p(-self.thresholds.availability));
            return Some(Place { region: Region::Within, p: p.min(1.0) });
        }
        Some(pairs.place(self.margin(figure)))
    }

    fn margin(&self, figure: &Figure) -> Margin {
        let of_requests = self.thresholds.availability;
        match (&figure.of, figure.measure) {
            (_, Measure::Availability | Measure::StaleReads) => Margin::Absolute(of_requests),
            (Of::Class(name), Measure::Failures) => {
                // as many requests as the margin of availability is
                let throughput = self.a.row(&Figure::class(name, Measure::Throughput)).and_then(|row| value(row).value);
                let answered = (self.a.ended(name) - self.a.failed(name)) as f64;
                let per_request = if answered > 0.0 { throughput.unwrap_or(0.0) / answered } else { 0.0 };
                Margin::Absolute(of_requests * per_request * self.a.ended(name) as f64)
            }
            _ => Margin::Share(self.thresholds.share),
        }
    }

    /// Requests that ended on each side, where none of them failed.
    fn without_failures(&self, figure: &Figure) -> Option<[u64; 2]> {
        let (Of::Class(name), Measure::Availability | Measure::Failures) = (&figure.of, figure.measure) else {
            return None;
        };
        let none = self.a.failed(name) + self.b.failed(name) == 0;
        none.then(|| [self.a.ended(name), self.b.ended(name)])
    }

    /// That none of n has failed is not that none can.
    fn no_failure_interval(&self, figure: &Figure) -> Option<[f64; 2]> {
        let ended =
            self.without_failures(figure).filter(|_| !self.certain && figure.measure == Measure::Availability)?;
        let most = ended.map(|n| clopper_pearson(0.0, n as f64, 1.0 - self.error / 2.0).map(|[_, high]| high));
        Some([-most[1]?, most[0]?])
    }
}

/// Of all runs.
fn value(row: &Row) -> Value {
    let known: Vec<f64> = row.values.iter().flatten().copied().collect();
    let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
    match row.pooled.or(mean) {
        Some(value) if value.is_finite() => Value { value: Some(value), censored: false },
        Some(_) => Value { value: None, censored: true },
        None => Value { value: None, censored: false },
    }
}

fn gain(paired: Paired) -> Option<Gain> {
    let (gain, [low, high]) = (paired.gain?, paired.interval?);
    Some(Gain {
        half_width_paired: (high - low) / 2.0,
        half_width_independent: gain.half_width_independent,
        narrower: gain.narrower,
        runs_saved: gain.runs_saved,
    })
}
