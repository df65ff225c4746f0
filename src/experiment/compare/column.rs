//! One side of a comparison: the value of every figure in every run, and what all runs say together.

use crate::experiment::per_run::{Figure, Measure, Observed, Of, Pool};

/// A figure of one side.
#[derive(Clone, Debug)]
pub struct Row {
    pub figure: Figure,
    /// Of each run.
    pub values: Vec<Observed>,
    /// Of all runs together, where that is not their mean.
    pub pooled: Option<f64>,
}

#[derive(Clone, Debug, Default)]
pub struct Column {
    pub rows: Vec<Row>,
    /// Class (`all` first), answered, failed; of all runs.
    pub finished: Vec<(String, u64, u64)>,
}

impl Column {
    /// Runs that follow those that are there.
    pub fn extend(&mut self, runs: Vec<Vec<(Figure, Observed)>>) {
        for run in runs {
            for (i, (figure, value)) in run.into_iter().enumerate() {
                match self.rows.get_mut(i) {
                    Some(row) => row.values.push(value),
                    None => self.rows.push(Row { figure, values: vec![value], pooled: None }),
                }
            }
        }
    }

    /// Once all runs of a look are in it.
    pub fn pool(&mut self, pool: &Pool) {
        for row in &mut self.rows {
            row.pooled = pool.value(&row.figure);
        }
        let finished = pool.classes.iter().map(|(name, class)| (name.clone(), class.completed, class.failures()));
        self.finished = finished.collect();
    }

    /// Without failures what ranks them is the same as what knows only answers, and may be left out.
    pub fn row(&self, figure: &Figure) -> Option<&Row> {
        let find = |wanted: &Figure| self.rows.iter().find(|row| row.figure == *wanted);
        find(figure).or_else(|| match (&figure.of, figure.measure) {
            (Of::Class(name), Measure::LatencyAll(statistic)) if self.failed(name) == 0 => {
                find(&Figure::class(name, Measure::Latency(statistic)))
            }
            _ => None,
        })
    }

    pub fn failed(&self, class: &str) -> u64 {
        self.finished.iter().find(|(name, ..)| name == class).map_or(0, |(_, _, failed)| *failed)
    }

    /// Requests of a class that ended, either way.
    pub fn ended(&self, class: &str) -> u64 {
        self.finished.iter().find(|(name, ..)| name == class).map_or(0, |(_, answered, failed)| answered + failed)
    }

    /// Classes, stations and replicas.
    pub fn subjects(&self) -> Vec<&Of> {
        let mut subjects: Vec<&Of> = Vec::new();
        for row in &self.rows {
            if subjects.last() != Some(&&row.figure.of) {
                subjects.push(&row.figure.of);
            }
        }
        subjects
    }
}
