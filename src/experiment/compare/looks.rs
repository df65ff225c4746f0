//! At how many runs the results are looked at. Whoever looks more often finds more: each of K looks has a K-th of the
//! error probability (Bonferroni), which holds whatever the looks have to do with each other and needs no table.

/// All looks together, and so each interval that is reported.
pub const ERROR: f64 = 0.05;

/// `first`, twice that, four times ... and `most`.
pub fn looks(first: u32, most: u32) -> Vec<u32> {
    let mut looks = vec![first.min(most)];
    while let Some(&last) = looks.last().filter(|last| **last < most) {
        looks.push(last.saturating_mul(2).min(most));
    }
    looks
}

/// Of each look.
pub fn error(looks: usize) -> f64 {
    ERROR / looks as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_double_up_to_the_most() {
        assert_eq!(looks(10, 80), [10, 20, 40, 80]);
        assert_eq!(looks(10, 100), [10, 20, 40, 80, 100]);
        assert_eq!(looks(25, 25), [25]);
        assert_eq!(looks(10, 5), [5]);
        assert!((error(4) - 0.0125).abs() < 1e-15);
    }
}
