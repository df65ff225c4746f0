//! Plain stations: the textbook's queues, visited by paths or standing behind a load balancer.

use super::{Compiler, SubId};
use crate::engine::Distribution;
use crate::model::network::{Leaf, Role, StationAt};
use crate::model::program::Step;
use crate::model::station::{Patience, Pool, Priority};
use crate::scenario::{Amount, ClassId, Discipline, ServiceId, ServiceKind, Station};
use crate::simulation::result::FailureReason;

impl Compiler<'_> {
    fn station_config(&self, service: ServiceId) -> &Station {
        match &self.scenario.services[service].kind {
            ServiceKind::Station(station) => station,
            other => panic!("{other:?} is no plain station"),
        }
    }

    /// As the backend of a tier.
    pub(super) fn plain(&mut self, service: ServiceId, class: ClassId) -> SubId {
        let amount = self.demand(class, service).cpu.clone();
        let sub = self.open_sub();
        self.visit(service, amount.as_ref(), &format!("{}.service", self.service_name(service)));
        self.close_sub_returning(sub)
    }

    fn patience(&mut self, service: ServiceId) -> Option<Patience> {
        match self.station_config(service).patience.clone() {
            None => None,
            Some(Distribution::Constant(seconds)) => Some(self.timeout(seconds)),
            Some(_) => Some(Patience::Drawn),
        }
    }

    /// The step to come waits at the station: with a patience of its own, where that is drawn.
    pub(super) fn draw_patience(&mut self, service: ServiceId, purpose: &str) {
        match self.station_config(service).patience.clone() {
            None | Some(Distribution::Constant(_)) => {}
            Some(patience) => {
                let draw = self.time_draw(&format!("{purpose}.patience"), &patience, 1.0);
                let step = self.here();
                self.net.patiences.draws.push((step, draw));
            }
        }
    }

    /// Queue and be served; `purpose` is that of the service time's draw.
    pub(super) fn visit(&mut self, service: ServiceId, amount: Option<&Amount>, purpose: &str) {
        let config = self.station_config(service).clone();
        let amount = amount.cloned().or(config.service.clone().map(Amount::Drawn));
        let amount = amount.expect("a scenario gives every visit a service time");
        let at = self.station_at(service, &config);
        let (draw, mean) = self.amount_draw(purpose, &amount, 1.0);
        self.draw_patience(service, purpose);
        match at {
            StationAt::Fcfs(station) => {
                self.emit_failing(Step::Serve { station, draw, fail: 0 });
            }
            StationAt::Priority(station) => {
                self.emit_failing(Step::ServeByRank { station, draw, fail: 0 });
            }
            StationAt::Sharing(station) => {
                self.emit(Step::Share { station, draw });
            }
            other => panic!("{other:?} does not serve"),
        }
        self.account(at, mean);
    }

    fn station_at(&mut self, service: ServiceId, config: &Station) -> StationAt {
        let name = self.service_name(service);
        let key = format!("{name}.station");
        if let Some(&station) = self.named.get(&key) {
            return match config.discipline {
                Discipline::Fcfs => StationAt::Fcfs(station),
                Discipline::ProcessorSharing => StationAt::Sharing(station),
                Discipline::Priority { .. } => StationAt::Priority(station),
            };
        }
        let patience = self.patience(service);
        let queue_limit = config.queue_limit.unwrap_or(u32::MAX);
        let (at, station) = match &config.discipline {
            Discipline::Fcfs => {
                let station = self.fcfs(name, Role::Plain, config.workers);
                let s = &mut self.net.fcfs[station as usize];
                s.patience = patience;
                s.queue_limit = queue_limit;
                s.observed = Self::detailed(config.percentiles);
                (StationAt::Fcfs(station), station)
            }
            Discipline::ProcessorSharing => {
                let cores = config.workers.expect("processor sharing has workers");
                let station = self.sharing(name, Role::Plain, cores, 1.0);
                self.net.sharing[station as usize].observed = Self::detailed(config.percentiles);
                (StationAt::Sharing(station), station)
            }
            Discipline::Priority { rank_of_class, preemptive } => {
                let workers = config.workers.expect("a priority station has workers");
                let station = self.net.priority.len() as u32;
                let first = self.net.leaves.len() as u32;
                for _ in 0..workers {
                    self.leaf(Leaf::PriorityWorker(station));
                }
                let mut made = Priority::new(workers, first, rank_of_class.clone(), *preemptive);
                made.patience = patience;
                made.queue_limit = queue_limit;
                made.observed = Self::detailed(config.percentiles);
                self.net.priority.push(made);
                self.register(name, Role::Plain, StationAt::Priority(station), Some(workers));
                (StationAt::Priority(station), station)
            }
        };
        self.named.insert(key, station);
        at
    }

    /// A station whose workers are held while the request does other things: a pool.
    pub(super) fn held(&mut self, service: ServiceId) -> (u32, u8) {
        let config = self.station_config(service).clone();
        let patience = self.patience(service);
        let name = self.service_name(service);
        let reason = if patience.is_some() { FailureReason::Abandoned } else { FailureReason::QueueFull };
        let pool = self.pool(name, Role::Pool, |_| Pool {
            patience,
            queue_limit: config.queue_limit.unwrap_or(u32::MAX),
            observed: Self::detailed(config.percentiles),
            ..Pool::new(config.workers.unwrap_or(u32::MAX))
        });
        (pool, reason as u8)
    }
}
