//! A sweep as a job of an engine that the user already has: one task for each shard, and what is done again when.
//!
//! The rule is the same everywhere. 0 is done. 97, 98 and 99 (a verdict) are results, and nothing is done again. 1 and 2
//! are told to the user: 2 would be the same the next time. Above 128 a signal ended the program (a node was taken away,
//! memory ran out), and the shard is made again, at most [`RETRIES`] times; what it had made is kept.

pub mod github;
pub mod kubernetes;
pub mod slurm;
mod yaml;

/// A shard that was killed so often kills itself.
pub const RETRIES: u32 = 3;

/// What is the same for each engine.
pub struct Job<'a> {
    /// Of the scenario.
    pub name: &'a str,
    pub shards: u64,
    /// Threads of each task.
    pub cpus: usize,
}

impl Job<'_> {
    /// Letters, digits and `-`, at most 40, as Kubernetes wants names and nobody minds.
    fn label(&self) -> String {
        let lower = self.name.to_lowercase();
        let label: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
        let label = label.trim_matches('-');
        if label.is_empty() { "foobar-sim-sweep".into() } else { format!("foobar-sim-{label}") }
    }
}

/// In quotes for a shell, whatever it holds.
pub(in crate::report) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels_everywhere() {
        let label = |name| Job { name, shards: 1, cpus: 1 }.label();
        assert_eq!(label("Peak of May"), "foobar-sim-peak-of-may");
        assert_eq!(label("…"), "foobar-sim-sweep");
        assert!(label(&"x".repeat(200)).len() <= 51);
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
