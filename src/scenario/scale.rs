//! The same scenario with more or less traffic, or with more or fewer servers in a tier. Draws stay those of the same
//! requests, so two scales of one scenario see the same traffic, only denser.

use super::model::*;

impl Scenario {
    /// With `scale` times the traffic of all sources, or of the one given (index in `traffic`): rates, the speed of
    /// traces, the number of closed users, which is rounded and at least one.
    pub fn with_traffic(&self, scale: f64, source: Option<usize>) -> Scenario {
        assert!(scale > 0.0 && scale.is_finite(), "traffic is scaled by a positive factor");
        let mut scaled = self.clone();
        for (i, traffic) in scaled.traffic.iter_mut().enumerate() {
            if source.is_none_or(|only| only == i) {
                traffic.process.scale(scale);
            }
        }
        scaled
    }

    /// With so many servers for a service: the first of those it has, and copies of its last one.
    pub fn with_servers(&self, service: ServiceId, count: usize) -> Scenario {
        assert!(count > 0, "a service runs on at least one server");
        let mut changed = self.clone();
        changed.services[service].servers.truncate(count);
        while changed.services[service].servers.len() < count {
            changed.copy_last_server(service);
        }
        changed
    }

    /// With so many replicas for a database; the others are copies of its last one, or of the primary.
    pub fn with_replicas(&self, service: ServiceId, count: usize) -> Scenario {
        let mut changed = self.clone();
        let ServiceKind::Mysql(mysql) = &mut changed.services[service].kind else {
            panic!("only a database has replicas");
        };
        mysql.replicas.truncate(count);
        let places = &mut changed.services[service].servers;
        places.truncate(1 + count);
        while changed.services[service].servers.len() < 1 + count {
            let server = changed.copy_last_server(service);
            let ServiceKind::Mysql(mysql) = &mut changed.services[service].kind else { continue };
            mysql.replicas.push(server);
        }
        changed
    }

    fn copy_last_server(&mut self, service: ServiceId) -> ServerId {
        let places = &self.services[service].servers;
        let last = places.last().expect("a service with servers").clone();
        let mut server = self.servers[last.server].clone();
        // copies of app1-2 are copies of app1
        let whole = server.name.as_str();
        let is_number = |tail: &str| !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit());
        let stem = whole.rsplit_once('-').filter(|(_, tail)| is_number(tail)).map_or(whole, |(stem, _)| stem);
        let name = |n: usize| format!("{stem}-{n}");
        let free = (2..).find(|&n| self.servers.iter().all(|other| other.name != name(n)));
        let name = name(free.expect("there are more numbers than servers"));
        server.name = name;
        let id = self.servers.len();
        self.servers.push(server);
        self.repairs.servers.push(self.repairs.servers[last.server]);
        self.services[service].servers.push(Placement { server: id, ..last });
        id
    }
}

impl Process {
    fn scale(&mut self, scale: f64) {
        match self {
            Process::Poisson(profile) | Process::Constant(profile) => {
                profile.points.iter_mut().for_each(|(_, rate)| *rate *= scale);
            }
            Process::Renewal(gap) => *gap = gap.scaled(1.0 / scale),
            Process::Mmpp(states) => states.iter_mut().for_each(|state| state.rate_per_s *= scale),
            Process::Batch { batches_per_s, .. } => *batches_per_s *= scale,
            Process::Trace(trace) => trace.speed *= scale,
            Process::Closed { users, .. } => *users = (f64::from(*users) * scale).round().clamp(1.0, 4e9) as u32,
        }
    }
}
