//! M/G/1 with priorities.

use super::{Analytic, stable};

/// One class, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorityClass {
    pub arrival_rate: f64,
    pub service_mean: f64,
    pub service_second_moment: f64,
}

impl PriorityClass {
    pub fn exponential(arrival_rate: f64, service_mean: f64) -> PriorityClass {
        PriorityClass { arrival_rate, service_mean, service_second_moment: 2.0 * service_mean * service_mean }
    }
}

/// Mean waiting time of each class without preemption (Cobham 1954).
pub fn nonpreemptive_waits(classes: &[PriorityClass]) -> Analytic<Vec<f64>> {
    let loads = cumulative_loads(classes)?;
    let residual: f64 = classes.iter().map(|c| 0.5 * c.arrival_rate * c.service_second_moment).sum();
    Ok((0..classes.len()).map(|k| residual / ((1.0 - loads[k]) * (1.0 - loads[k + 1]))).collect())
}

/// Mean sojourn time of each class when the more urgent preempts and work resumes (White and Christie 1958).
pub fn preemptive_sojourns(classes: &[PriorityClass]) -> Analytic<Vec<f64>> {
    let loads = cumulative_loads(classes)?;
    let mut residual = 0.0;
    Ok(classes
        .iter()
        .enumerate()
        .map(|(k, class)| {
            residual += 0.5 * class.arrival_rate * class.service_second_moment;
            class.service_mean / (1.0 - loads[k]) + residual / ((1.0 - loads[k]) * (1.0 - loads[k + 1]))
        })
        .collect())
}

/// Load of all classes before the k-th, k = 0..=n.
fn cumulative_loads(classes: &[PriorityClass]) -> Analytic<Vec<f64>> {
    let mut loads = vec![0.0];
    for class in classes {
        loads.push(loads[loads.len() - 1] + class.arrival_rate * class.service_mean);
    }
    stable(loads[classes.len()], 1.0)?;
    Ok(loads)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn a16_priority_without_preemption() {
        let classes = [PriorityClass::exponential(0.2, 1.0), PriorityClass::exponential(0.6, 1.0)];
        let waits = nonpreemptive_waits(&classes).unwrap();
        assert_close(waits[0], 1.0);
        assert_close(waits[1], 5.0);
        assert_close(waits[0] + 1.0, 2.0);
        assert_close(waits[1] + 1.0, 6.0);
    }

    #[test]
    fn the_preempting_class_sees_no_other() {
        let classes = [PriorityClass::exponential(0.2, 1.0), PriorityClass::exponential(0.6, 1.0)];
        let sojourns = preemptive_sojourns(&classes).unwrap();
        assert_close(sojourns[0], 1.0 / (1.0 - 0.2));
        // equal exponential services: the number present is that of M/M/1
        assert_close(0.2 * sojourns[0] + 0.6 * sojourns[1], 0.8 / 0.2);
    }

    #[test]
    fn overload_by_the_lowest_class_is_an_error() {
        let classes = [PriorityClass::exponential(0.2, 1.0), PriorityClass::exponential(0.9, 1.0)];
        assert!(nonpreemptive_waits(&classes).is_err() && preemptive_sojourns(&classes).is_err());
    }
}
