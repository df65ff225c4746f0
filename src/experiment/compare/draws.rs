//! Where two scenarios do not draw the same, although seeds are: a draw belongs to a request, and what depends on the
//! state of the system, or has another name, cannot be the same on both sides.

use serde::Serialize;

use crate::scenario::{Balance, NginxBalance, PathStep, Process, RequestBody, Scenario, ServiceKind};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unpaired {
    /// Whose draws.
    pub what: String,
    pub why: String,
}

/// In the order of the scenarios; what holds of both is told once.
pub fn unpaired(a: &Scenario, b: &Scenario) -> Vec<Unpaired> {
    let mut found = sources(a, b);
    for scenario in [a, b] {
        for one in states(scenario) {
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found
}

/// Arrivals and the mix of classes.
fn sources(a: &Scenario, b: &Scenario) -> Vec<Unpaired> {
    let mut found = Vec::new();
    let mut tell = |what: String, why: &str| found.push(Unpaired { what, why: why.to_owned() });
    for (one, other, side) in [(a, b, "A"), (b, a, "B")] {
        for traffic in &one.traffic {
            let name = format!("traffic.{}", traffic.name);
            let Some(twin) = other.traffic.iter().find(|t| t.name == traffic.name) else {
                tell(name, &format!("is in {side} alone: its requests have no twins, and draw by themselves"));
                continue;
            };
            if side == "B" {
                continue;
            }
            if format!("{:?}", traffic.process) != format!("{:?}", twin.process) {
                let why = match std::mem::discriminant(&traffic.process) == std::mem::discriminant(&twin.process) {
                    true => "arrives otherwise in B: the k-th request keeps its work and comes at another time",
                    false => "is of another kind in B: arrivals have nothing in common, work of the k-th request has",
                };
                tell(name.clone(), why);
            }
            let mix = |scenario: &Scenario, mix: &[(usize, f64)]| {
                mix.iter().map(|(class, weight)| (scenario.requests[*class].name.clone(), *weight)).collect::<Vec<_>>()
            };
            if mix(one, &traffic.mix) != mix(other, &twin.mix) {
                tell(name, "has another mix in B: some requests are of another class there");
            }
        }
    }
    found
}

/// What depends on how things are when it is drawn.
fn states(scenario: &Scenario) -> Vec<Unpaired> {
    let mut found = Vec::new();
    let mut tell = |what: String, why: &str| found.push(Unpaired { what, why: why.to_owned() });
    for traffic in &scenario.traffic {
        let name = format!("traffic.{}", traffic.name);
        if matches!(traffic.process, Process::Closed { .. }) {
            tell(
                name.clone(),
                "closed users: a user's k-th request keeps its work, but comes when the one before is answered",
            );
        }
        if traffic.client.tries() {
            tell(
                name,
                "clients give up or try again: whether they do depends on the answers, and attempts draw afresh",
            );
        }
    }
    for service in &scenario.services {
        let several = |to: usize| scenario.services[to].servers.len() > 1;
        let chooses = match &service.kind {
            ServiceKind::Haproxy(lb) => lb.backend_of_class.iter().any(|to| several(*to)).then(|| haproxy(&lb.balance)),
            ServiceKind::Nginx(web) => {
                web.upstream.as_ref().filter(|up| several(up.service)).map(|up| nginx(up.balance))
            }
            ServiceKind::App(_) | ServiceKind::Mysql(_) | ServiceKind::Station(_) => None,
        };
        if let Some(why) = chooses.flatten() {
            tell(format!("service.{}", service.name), why);
        }
    }
    for class in &scenario.requests {
        if let RequestBody::Path(path) = &class.body
            && has_choice(path)
        {
            tell(format!("request.{}", class.name), BY_STATE);
        }
    }
    found
}

const BY_STATE: &str = "chooses servers by how busy they are";
const IN_TURN: &str = "chooses servers in turn, as requests reach it";

fn haproxy(balance: &Balance) -> Option<&'static str> {
    match balance {
        Balance::LeastConn | Balance::First => Some(BY_STATE),
        Balance::Random { draws } => (*draws > 1).then_some(BY_STATE),
        Balance::RoundRobin | Balance::StaticRr => Some(IN_TURN),
        Balance::Source => None,
    }
}

fn nginx(balance: NginxBalance) -> Option<&'static str> {
    match balance {
        NginxBalance::LeastConn | NginxBalance::RandomTwo => Some(BY_STATE),
        NginxBalance::RoundRobin => Some(IN_TURN),
        NginxBalance::IpHash | NginxBalance::Random => None,
    }
}

fn has_choice(path: &[PathStep]) -> bool {
    path.iter().any(|step| match step {
        PathStep::Balance { policy, .. } => haproxy(policy).is_some(),
        PathStep::Visit { .. } | PathStep::Delay(_) => false,
        PathStep::Hold { path, .. } | PathStep::Maybe { path, .. } | PathStep::Repeat { path, .. } => has_choice(path),
        PathStep::Again { path, .. } | PathStep::Spawn(path) => has_choice(path),
        PathStep::Choose(of) => of.iter().any(|(_, path)| has_choice(path)),
        PathStep::Fork(paths) => paths.iter().any(|path| has_choice(path)),
    })
}
