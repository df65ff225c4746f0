//! A rate that changes in time, as the exact inverse of its integral: given how many arrivals further, the
//! instant. Pieces on which the rate is linear, times a constant, times the wave, follow one another.

use std::f64::consts::TAU;

use crate::scenario::RateProfile;

/// Rates on [start, end), times in seconds from t = 0.
#[derive(Clone, Debug)]
struct Piece {
    start: f64,
    /// May be infinite.
    end: f64,
    rate: f64,
    slope: f64,
    amplitude: f64,
    /// Of the wave at `start`, radians.
    phase: f64,
    /// Radians per second.
    frequency: f64,
}

#[derive(Clone, Debug)]
pub struct RateCurve {
    profile: RateProfile,
    piece: Piece,
    /// Expected arrivals from the piece's start to where we are.
    passed: f64,
    piece_total: f64,
}

impl Piece {
    /// Expected arrivals in the first `u` seconds. With the wave by parts:
    /// int (r + s v) sin(p + f v) dv = -(r + s v) cos(p + f v) / f + s sin(p + f v) / f^2.
    fn integral(&self, u: f64) -> f64 {
        let plain = if self.slope == 0.0 { self.rate * u } else { (self.rate + 0.5 * self.slope * u) * u };
        if self.amplitude == 0.0 {
            return plain;
        }
        let (f, end) = (self.frequency, self.phase + self.frequency * u);
        let cosines = self.rate * libm::cos(self.phase) - (self.rate + self.slope * u) * libm::cos(end);
        let sines = self.slope * (libm::sin(end) - libm::sin(self.phase));
        plain + self.amplitude * (cosines / f + sines / (f * f))
    }

    fn rate_at(&self, u: f64) -> f64 {
        (self.rate + self.slope * u) * (1.0 + self.amplitude * libm::sin(self.phase + self.frequency * u))
    }

    fn total(&self) -> f64 {
        if self.end.is_finite() {
            self.integral(self.end - self.start)
        } else if self.rate > 0.0 {
            f64::INFINITY
        } else {
            0.0
        }
    }

    /// Seconds from the start until `mass` arrivals are expected; `mass` is below the total.
    fn inverse(&self, mass: f64) -> f64 {
        if self.amplitude == 0.0 {
            if self.slope == 0.0 {
                return mass / self.rate;
            }
            // The root of s/2 u^2 + r u = m that does not cancel.
            let root = libm::sqrt((self.rate * self.rate + 2.0 * self.slope * mass).max(0.0));
            return if mass == 0.0 { 0.0 } else { 2.0 * mass / (self.rate + root) };
        }
        // Newton, kept between bounds; pieces with a wave are at most one wave long.
        let (mut low, mut high) = (0.0, self.end - self.start);
        let mut u = (mass / self.total()) * high;
        for _ in 0..80 {
            let excess = self.integral(u) - mass;
            if excess > 0.0 {
                high = u
            } else {
                low = u
            }
            let newton = u - excess / self.rate_at(u);
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - u).abs() < 1e-11 {
                return next;
            }
            u = next;
        }
        u
    }
}

impl RateCurve {
    /// Begins `before_s` seconds before t = 0, at the rate of t = 0.
    pub fn new(profile: &RateProfile, before_s: f64) -> RateCurve {
        let first = piece_at(profile, 0.0);
        let rate = first.rate_at(0.0);
        let piece = Piece { start: -before_s, end: 0.0, rate, slope: 0.0, amplitude: 0.0, phase: 0.0, frequency: 0.0 };
        let piece_total = piece.total();
        RateCurve { profile: profile.clone(), piece, passed: 0.0, piece_total }
    }

    /// Expected arrivals in the part before t = 0, while we are in it.
    pub fn before_origin(&self) -> f64 {
        self.piece_total
    }

    /// Goes on by `mass` expected arrivals; seconds from t = 0, `None` when so many never come.
    pub fn advance(&mut self, mass: f64) -> Option<f64> {
        let mut left = mass;
        while left >= self.piece_total - self.passed {
            left -= (self.piece_total - self.passed).max(0.0);
            if self.ends_here() {
                return None;
            }
            self.piece = piece_at(&self.profile, self.piece.end);
            self.piece_total = self.piece.total();
            self.passed = 0.0;
        }
        self.passed += left;
        Some(self.piece.start + self.piece.inverse(self.passed).min(self.piece.end - self.piece.start))
    }

    /// Nothing but zero rates from here on.
    fn ends_here(&self) -> bool {
        if self.piece.end.is_infinite() {
            return true;
        }
        let points = &self.profile.points;
        let spikes_over = self.profile.spikes.iter().all(|spike| spike.at_s + spike.lasts_s <= self.piece.end);
        if self.profile.period_s.is_some() {
            points.iter().all(|point| point.1 == 0.0)
        } else {
            let last = points[points.len() - 1];
            last.1 == 0.0 && (points.iter().all(|point| point.1 == 0.0) || self.piece.end >= last.0 && spikes_over)
        }
    }
}

/// The piece that begins at `t`, up to the next change of any kind.
fn piece_at(profile: &RateProfile, t: f64) -> Piece {
    let points = &profile.points;
    let (mut base, mut within) = (0.0, t);
    let mut end = f64::INFINITY;
    if let Some(period) = profile.period_s {
        let mut round = libm::floor(t / period);
        // `t` is a product of rounding when it is a multiple of the period.
        if (round + 1.0) * period <= t {
            round += 1.0;
        }
        base = round * period;
        within = (t - base).max(0.0);
        end = (round + 1.0) * period;
    }
    // Compared as absolute times, so that a piece that ends at a point is followed by one that begins there.
    let mut i = 0;
    while i + 1 < points.len() && base + points[i + 1].0 <= t {
        i += 1;
    }
    let (from, rate) = points[i];
    let (mut rate, mut slope) = (rate, 0.0);
    if let Some(&(to, next_rate)) = points.get(i + 1) {
        end = end.min(base + to);
        if profile.linear {
            slope = (next_rate - rate) / (to - from);
            rate += slope * (within - from);
        }
    }
    for spike in &profile.spikes {
        let over = spike.at_s + spike.lasts_s;
        if spike.at_s > t {
            end = end.min(spike.at_s);
        } else if over > t {
            end = end.min(over);
            rate *= spike.factor;
            slope *= spike.factor;
        }
    }
    let mut piece = Piece { start: t, end, rate, slope, amplitude: 0.0, phase: 0.0, frequency: 0.0 };
    if let Some(wave) = &profile.wave {
        piece.amplitude = wave.amplitude;
        piece.frequency = TAU / wave.period_s;
        piece.phase = TAU * libm::fmod(t / wave.period_s, 1.0);
        piece.end = piece.end.min(t + wave.period_s);
    }
    piece
}

/// Mean rate over [0, length_s).
pub fn mean_rate(profile: &RateProfile, length_s: f64) -> f64 {
    let (mut t, mut mass) = (0.0, 0.0);
    while t < length_s {
        let piece = piece_at(profile, t);
        mass += piece.integral(piece.end.min(length_s) - t);
        t = piece.end;
    }
    mass / length_s
}
