//! Arrival processes: when the next request comes. Draws are keyed by the source and the index of the gap,
//! so they do not depend on anything else that happens.

use rand_distr::{Distribution as _, Exp1};

use crate::engine::distribution::Sampler;
use crate::engine::random::purpose;
use crate::engine::time::NANOS_PER_SECOND;
use crate::engine::ziggurat::{self, Widths};
use crate::engine::{Distribution, Key, KeyedRng, SimTime};
use crate::scenario::{MmppState, Process, RateProfile};

use super::rate_curve::{self, RateCurve};

const GAP: u64 = purpose("arrival.gap");
const SIZE: u64 = purpose("arrival.batch");
const STATE: u64 = purpose("arrival.state");

#[derive(Clone, Debug)]
pub struct Arrivals {
    kind: Kind,
    key: Key,
    /// Gaps (or events, of an MMPP) drawn so far.
    index: u64,
    clock: Clock,
    origin: SimTime,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Mean gap in nanoseconds.
    Poisson(f64, &'static Widths),
    PoissonCurve(RateCurve),
    /// The k-th after t = 0 comes at k / rate, without accumulation; k begins negative in the warm-up.
    Even {
        rate_per_s: f64,
        next: i64,
    },
    /// One whenever the cumulative rate, counted from t = 0, is a whole number; `first` until the first.
    EvenCurve {
        curve: RateCurve,
        first: Option<f64>,
    },
    Renewal(Sampler),
    Mmpp {
        states: Vec<MmppState>,
        state: usize,
    },
    Batch {
        gap_mean_ns: f64,
        size: Sampler,
        left: u64,
    },
    Over,
}

/// No gap is longer: 146 years.
const LONGEST_NS: f64 = 4.6e18;

/// Whole nanoseconds and the fraction that remains: rounding never adds up, however long the run.
#[derive(Clone, Debug, Default)]
struct Clock {
    now: u64,
    fraction: f64,
}

impl Clock {
    #[inline(always)]
    fn advance(&mut self, gap_ns: f64) -> SimTime {
        let gap = gap_ns + self.fraction;
        let gap = if gap < LONGEST_NS { gap } else { LONGEST_NS };
        // SAFETY: neither negative, nor too large, nor NaN. A checked conversion takes nine instructions for one.
        let whole: i64 = unsafe { gap.to_int_unchecked() };
        self.fraction = gap - whole as f64;
        self.now = self.now.saturating_add(whole as u64);
        SimTime(self.now)
    }
}

impl Arrivals {
    /// `key` is the source's; `origin` is t = 0, the end of the warm-up, before which the rate of t = 0 holds.
    pub fn new(process: &Process, key: Key, origin: SimTime) -> Arrivals {
        let kind = match process {
            Process::Poisson(profile) if profile.is_steady() => match profile.points[0].1 {
                0.0 => Kind::Over,
                rate => Kind::Poisson(NANOS_PER_SECOND / rate, ziggurat::exponential_widths()),
            },
            Process::Poisson(profile) => Kind::PoissonCurve(RateCurve::new(profile, origin.seconds())),
            Process::Constant(profile) => even(profile, origin.seconds()),
            Process::Renewal(gap) => Kind::Renewal(gap.sampler()),
            Process::Mmpp(states) if states.iter().all(|state| state.rate_per_s == 0.0) => Kind::Over,
            Process::Mmpp(states) => {
                Kind::Mmpp { state: stationary_state(states, &mut key.draw(STATE, 0)), states: states.clone() }
            }
            Process::Batch { batches_per_s, .. } if *batches_per_s == 0.0 => Kind::Over,
            Process::Batch { batches_per_s, size } => {
                Kind::Batch { gap_mean_ns: NANOS_PER_SECOND / batches_per_s, size: size.sampler(), left: 0 }
            }
            Process::Trace(_) | Process::Closed { .. } => {
                unreachable!("traces and closed users have no arrival process of their own")
            }
        };
        Arrivals { kind, key, index: 0, clock: Clock::default(), origin }
    }

    /// Never earlier than the one before (a batch repeats its instant); `NEVER` when there are no more.
    #[allow(clippy::should_implement_trait)] // An iterator would hide that arrivals are endless.
    pub fn next(&mut self) -> SimTime {
        let mut rng = self.key.draw_counted(GAP, self.index);
        match &mut self.kind {
            Kind::Over => SimTime::NEVER,
            Kind::Poisson(mean_ns, _) => {
                self.index += 1;
                self.clock.advance(*mean_ns * exponential(&mut rng))
            }
            Kind::PoissonCurve(curve) => {
                self.index += 1;
                let at = curve.advance(exponential(&mut rng));
                self.at(at)
            }
            Kind::Even { rate_per_s, next } => {
                let at = *next as f64 / *rate_per_s;
                *next += 1;
                self.at(Some(at))
            }
            Kind::EvenCurve { curve, first } => {
                let at = curve.advance(first.take().unwrap_or(1.0));
                self.at(at)
            }
            Kind::Renewal(gap) => {
                self.index += 1;
                self.clock.advance(gap.sample(&mut rng) * NANOS_PER_SECOND)
            }
            Kind::Mmpp { states, state } => loop {
                // What comes first, an arrival or the end of the state: competing exponentials.
                let MmppState { rate_per_s, lasts_mean_s } = states[*state];
                let events_per_s = rate_per_s + 1.0 / lasts_mean_s;
                let mut rng = self.key.draw_counted(GAP, self.index);
                self.index += 1;
                let at = self.clock.advance(exponential(&mut rng) / events_per_s * NANOS_PER_SECOND);
                if rng.unit() * events_per_s < rate_per_s {
                    return at;
                }
                *state = (*state + 1) % states.len();
            },
            Kind::Batch { gap_mean_ns, size, left } => {
                if *left > 0 {
                    *left -= 1;
                    return SimTime(self.clock.now);
                }
                let drawn = size.sample(&mut self.key.draw_counted(SIZE, self.index));
                *left = (drawn + 0.5) as u64;
                *left = left.saturating_sub(1);
                self.index += 1;
                self.clock.advance(*gap_mean_ns * exponential(&mut rng))
            }
        }
    }

    /// The next ones, as `next` gives them one by one: nanoseconds, `u64::MAX` when there are no more.
    pub fn fill(&mut self, times: &mut [u64]) {
        let Kind::Poisson(mean_ns, widths) = self.kind else {
            times.fill_with(|| self.next().0);
            return;
        };
        // in variables of its own, so that nothing is stored between two draws
        let (key, mut index, mut clock) = (self.key, self.index, self.clock.clone());
        for time in times {
            *time = clock.advance(mean_ns * ziggurat::exponential(&mut key.draw_counted(GAP, index), widths)).0;
            index += 1;
        }
        (self.index, self.clock) = (index, clock);
    }

    /// From seconds since t = 0.
    fn at(&mut self, seconds: Option<f64>) -> SimTime {
        let Some(seconds) = seconds else {
            self.kind = Kind::Over;
            return SimTime::NEVER;
        };
        let nanos = libm::round(seconds * NANOS_PER_SECOND);
        let at = if nanos < 0.0 {
            self.origin.0.saturating_sub(-nanos as u64)
        } else {
            self.origin.0.saturating_add(nanos as u64)
        };
        self.clock.now = self.clock.now.max(at);
        SimTime(self.clock.now)
    }

    /// Requests per second over [0, duration_s), in expectation. Traces and closed users have none of their own.
    pub fn mean_rate(process: &Process, duration_s: f64) -> f64 {
        match process {
            Process::Poisson(profile) | Process::Constant(profile) => rate_curve::mean_rate(profile, duration_s),
            Process::Renewal(gap) => 1.0 / gap.mean(),
            Process::Mmpp(states) => {
                let cycle: f64 = states.iter().map(|state| state.lasts_mean_s).sum();
                states.iter().map(|state| state.rate_per_s * state.lasts_mean_s).sum::<f64>() / cycle
            }
            Process::Batch { batches_per_s, size } => batches_per_s * batch_mean(size),
            Process::Trace(_) | Process::Closed { .. } => {
                unreachable!("traces and closed users have no arrival process of their own")
            }
        }
    }
}

/// Exact for constant and geometric sizes and for whole empirical ones; else rounding is taken to leave the mean.
fn batch_mean(size: &Distribution) -> f64 {
    match size {
        Distribution::Constant(value) => libm::round(*value).max(1.0),
        Distribution::Empirical { values } => {
            values.iter().map(|value| libm::round(*value).max(1.0)).sum::<f64>() / values.len() as f64
        }
        other => other.mean().max(1.0),
    }
}

fn even(profile: &RateProfile, before_s: f64) -> Kind {
    if profile.is_steady() {
        let rate_per_s = profile.points[0].1;
        if rate_per_s == 0.0 {
            return Kind::Over;
        }
        return Kind::Even { rate_per_s, next: -libm::floor(rate_per_s * before_s) as i64 };
    }
    let curve = RateCurve::new(profile, before_s);
    let before = curve.before_origin();
    Kind::EvenCurve { first: Some(before - libm::floor(before)), curve }
}

#[inline]
fn exponential(rng: &mut KeyedRng) -> f64 {
    Exp1.sample(rng)
}

/// A state by its share of the time, for a process that has been running forever.
fn stationary_state(states: &[MmppState], rng: &mut KeyedRng) -> usize {
    let mut point = rng.unit() * states.iter().map(|state| state.lasts_mean_s).sum::<f64>();
    for (i, state) in states.iter().enumerate() {
        point -= state.lasts_mean_s;
        if point < 0.0 {
            return i;
        }
    }
    states.len() - 1
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Spike, Wave};

    use super::*;

    fn arrivals_until(process: &Process, seed: u64, until_s: f64) -> Vec<f64> {
        let mut arrivals = Arrivals::new(process, Key::of_seed(seed), SimTime::ZERO);
        std::iter::from_fn(|| Some(arrivals.next().seconds())).take_while(|&at| at < until_s).collect()
    }

    fn profile(points: &[(f64, f64)], linear: bool) -> RateProfile {
        RateProfile { points: points.to_vec(), linear, ..RateProfile::steady(0.0) }
    }

    /// Mean and variance-to-mean ratio of counts in windows of one second.
    fn counts(process: &Process, seconds: usize) -> (f64, f64) {
        let mut counts = vec![0.0; seconds];
        arrivals_until(process, 5, seconds as f64).iter().for_each(|&at| counts[at as usize] += 1.0);
        let mean = counts.iter().sum::<f64>() / seconds as f64;
        let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / seconds as f64;
        (mean, variance / mean)
    }

    fn close(value: f64, expected: f64, tolerance: f64) {
        assert!((value / expected - 1.0).abs() < tolerance, "{value} is not near {expected}");
    }

    #[test]
    fn poisson_counts_have_their_mean_as_variance() {
        let (mean, dispersion) = counts(&Process::Poisson(RateProfile::steady(50.0)), 20_000);
        close(mean, 50.0, 0.005);
        close(dispersion, 1.0, 0.05);
    }

    #[test]
    fn constant_arrivals_are_at_whole_multiples_and_one_is_at_zero() {
        let process = Process::Constant(RateProfile::steady(3.0));
        let mut arrivals = Arrivals::new(&process, Key::of_seed(1), SimTime::from_seconds(1.5));
        let at: Vec<u64> = (0..6).map(|_| arrivals.next().0).collect();
        assert_eq!(at, [166_666_667, 500_000_000, 833_333_333, 1_166_666_667, 1_500_000_000, 1_833_333_333]);
    }

    #[test]
    fn constant_arrivals_follow_the_cumulative_rate() {
        let steps = Process::Constant(profile(&[(0.0, 2.0), (1.0, 0.0), (3.0, 4.0), (3.5, 0.0)], false));
        assert_eq!(arrivals_until(&steps, 1, 100.0), [0.0, 0.5, 3.0, 3.25]);
        let mut over = Arrivals::new(&steps, Key::of_seed(1), SimTime::ZERO);
        assert_eq!((0..5).map(|_| over.next()).last(), Some(SimTime::NEVER), "a rate of 0 at the end ends it");
        // The ramp 2t reaches k at sqrt(k).
        let ramp = Process::Constant(profile(&[(0.0, 0.0), (10.0, 20.0)], true));
        for (k, at) in arrivals_until(&ramp, 1, 10.0).into_iter().enumerate() {
            assert!((at - (k as f64).sqrt()).abs() < 1e-8, "{k}: {at}");
        }
    }

    #[test]
    fn periods_and_spikes_shape_the_rate() {
        let mut shaped = profile(&[(0.0, 10.0), (1.0, 0.0)], false);
        shaped.period_s = Some(2.0);
        shaped.spikes = vec![Spike { at_s: 2.0, lasts_s: 0.5, factor: 4.0 }];
        let at = arrivals_until(&Process::Constant(shaped.clone()), 1, 6.0);
        let within = |from: f64, to: f64| at.iter().filter(|&&at| from <= at && at < to).count();
        assert_eq!([within(0.0, 1.0), within(1.0, 2.0), within(2.0, 2.5), within(2.5, 3.0)], [10, 0, 20, 5]);
        assert_eq!([within(3.0, 4.0), within(4.0, 5.0), within(5.0, 6.0)], [0, 10, 0]);
        assert!((Arrivals::mean_rate(&Process::Poisson(shaped), 6.0) - 45.0 / 6.0).abs() < 1e-9);
    }

    fn waving() -> Process {
        let wave = Some(Wave { amplitude: 0.8, period_s: 10.0 });
        Process::Poisson(RateProfile { wave, ..RateProfile::steady(100.0) })
    }

    #[test]
    fn a_wave_is_inverted_exactly() {
        let Process::Poisson(profile) = waving() else { panic!() };
        let cumulative =
            |t: f64| 100.0 * (t + 0.8 * 10.0 / std::f64::consts::TAU * (1.0 - (0.628_318_530_717_958_6 * t).cos()));
        for (k, at) in arrivals_until(&Process::Constant(profile), 1, 40.0).into_iter().enumerate() {
            assert!((cumulative(at) - k as f64).abs() < 1e-5, "{k}: {at}");
        }
    }

    #[test]
    fn the_infinite_server_queue_follows_a_wave_with_its_lag() {
        // M(t)/M/inf with mean service 1 (Eick, Massey, Whitt 1993): m(t) = 100 (1 + a (sin wt - w cos wt) / (1 + w^2)).
        let w = std::f64::consts::TAU / 10.0;
        for t in [50.0, 52.5, 55.0, 57.5] {
            let mut present = 0.0;
            for seed in 0..400 {
                let expected = |at: &f64| (at - t).exp();
                present += arrivals_until(&waving(), seed, t).iter().map(expected).sum::<f64>();
            }
            let mean = 100.0 * (1.0 + 0.8 * ((w * t).sin() - w * (w * t).cos()) / (1.0 + w * w));
            close(present / 400.0, mean, 0.02);
        }
    }

    #[test]
    fn the_warm_up_has_the_rate_of_its_end() {
        let process = Process::Poisson(profile(&[(0.0, 1000.0), (10.0, 0.0)], true));
        let mut arrivals = Arrivals::new(&process, Key::of_seed(3), SimTime::from_seconds(20.0));
        let at: Vec<f64> = std::iter::from_fn(|| Some(arrivals.next()))
            .take_while(|&at| at != SimTime::NEVER)
            .map(SimTime::seconds)
            .collect();
        close(at.iter().filter(|&&at| at < 20.0).count() as f64, 20_000.0, 0.03);
        close(at.iter().filter(|&&at| at >= 20.0).count() as f64, 5_000.0, 0.06);
        assert!(at.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(at[at.len() - 1] <= 30.0);
    }

    #[test]
    fn renewals_come_after_their_gaps() {
        let process = Process::Renewal(Distribution::Constant(0.25));
        assert_eq!(arrivals_until(&process, 1, 1.1), [0.25, 0.5, 0.75, 1.0]);
        let (mean, dispersion) = counts(&Process::Renewal(Distribution::Erlang { mean: 0.02, k: 4 }), 20_000);
        close(mean, 50.0, 0.01);
        close(dispersion, 0.25, 0.1);
    }

    #[test]
    fn mmpp_has_its_mean_rate_and_is_burstier_than_poisson() {
        let state = |rate_per_s, lasts_mean_s| MmppState { rate_per_s, lasts_mean_s };
        let process = Process::Mmpp(vec![state(100.0, 2.0), state(10.0, 8.0)]);
        assert_eq!(Arrivals::mean_rate(&process, 1.0), 28.0);
        let (mean, dispersion) = counts(&process, 200_000);
        close(mean, 28.0, 0.02);
        // Heffes, Lucantoni 1986: with r = 1/2 + 1/8, var/mean over 1 s is
        // 1 + 2 p1 p2 (100 - 10)^2 / (mean r) (1 - (1 - e^-r) / r).
        let r = 0.625f64;
        close(dispersion, 1.0 + 2.0 * 0.16 * 8100.0 / (28.0 * r) * (1.0 - (1.0 - (-r).exp()) / r), 0.05);
    }

    #[test]
    fn batches_share_their_instant() {
        let process = Process::Batch { batches_per_s: 10.0, size: Distribution::Geometric { mean: 4.0 } };
        close(Arrivals::mean_rate(&process, 1.0), 40.0, 1e-12);
        let (mean, dispersion) = counts(&process, 50_000);
        close(mean, 40.0, 0.02);
        // Compound Poisson: E B^2 / E B = (2 - p) / p with p = 1/4.
        close(dispersion, 7.0, 0.06);
        let fixed = Process::Batch { batches_per_s: 10.0, size: Distribution::Constant(3.0) };
        let at = arrivals_until(&fixed, 2, 10.0);
        assert!(at.chunks_exact(3).all(|batch| batch[0] == batch[1] && batch[1] == batch[2]));
    }

    #[test]
    fn the_same_key_gives_the_same_arrivals() {
        assert_eq!(arrivals_until(&waving(), 9, 20.0), arrivals_until(&waving(), 9, 20.0));
        assert_ne!(arrivals_until(&waving(), 9, 20.0), arrivals_until(&waving(), 10, 20.0));
    }
}
