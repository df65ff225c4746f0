//! `[plan]`: what may be bought, what it costs, and how fast the traffic grows. No run asks for it.

use super::ServiceId;

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What prices are in: `EUR a month`.
    pub currency: String,
    /// 0.05: 5% more traffic each month.
    pub growth_per_month: Option<f64>,
    /// The traffic to buy for, as a multiple of what the scenario says.
    pub traffic: f64,
    pub vary: Vec<Lever>,
}

/// One thing that may vary.
#[derive(Clone, Debug, PartialEq)]
pub struct Lever {
    pub kind: LeverKind,
    /// `service.app.workers`, `servers of app`, `replicas of db`.
    pub name: String,
    pub choices: Vec<Choice>,
    /// Which of the choices the scenario has; `None`: another one.
    pub present: Option<usize>,
    /// Where it is written, as messages say it: `peak.toml:12`.
    pub written: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeverKind {
    /// Dotted, as in `--set`.
    Key(String),
    /// How many servers a service has: more are copies of its last one.
    Servers(ServiceId),
    /// How many replicas a database has.
    Replicas(ServiceId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// TOML.
    pub value: String,
    /// Of servers or replicas.
    pub count: u32,
    pub price: f64,
}
