//! The application: workers that hold a request, or an event loop; memory; the database pool.

use super::{Compiler, SubId};
use crate::model::network::Role;
use crate::model::program::Step;
use crate::model::station::Pool;
use crate::scenario::{App, ClassId, Database, Demand, Runtime, ServiceId, WhenFull};
use crate::simulation::result::FailureReason;

impl Compiler<'_> {
    pub(super) fn app(&mut self, service: ServiceId, instance: usize, class: ClassId, config: &App) -> SubId {
        let server = self.server_of(service, instance).expect("an application runs on a server");
        let demand = self.demand(class, service).clone();
        let refused = FailureReason::Refused as u8;
        let database = config.database.as_ref().map(|d| self.database_calls(class, d));
        let queue_limit = config.backlog;
        let (what, slots) = match config.runtime {
            Runtime::Workers { workers } => ("workers", workers),
            Runtime::EventLoop { processes } => ("event_loop", processes),
        };
        let name = self.name_of(service, instance, what);
        let slots = self.pool(name, Role::Pool, |_| Pool { queue_limit, ..Pool::new(slots) });
        let pool = config.database.as_ref().map(|d| self.database_pool(service, instance, d));
        let process = config.memory.as_ref().map(|memory| {
            let name = self.name_of(service, instance, "process");
            if let Some(&process) = self.named.get(&name) {
                return process;
            }
            let account = self.memory(server, memory.when_full == WhenFull::Swap);
            let workers = match config.runtime {
                Runtime::Workers { workers } => workers,
                Runtime::EventLoop { processes } => processes,
            };
            let base = memory.base_bytes + memory.per_worker_bytes * workers as f64;
            let process = self.process(name.clone(), account, base, memory.restart_s);
            self.named.insert(name, process);
            process
        });

        let sub = self.open_sub();
        let cpu = format!("{}.cpu", self.service_name(service));
        let body = |c: &mut Self| {
            if let Some(amount) = &demand.cpu {
                match config.runtime {
                    Runtime::Workers { .. } => c.cpu(server, &cpu, amount),
                    Runtime::EventLoop { .. } => c.hold(slots, refused, |c| c.cpu(server, &cpu, amount)),
                }
            }
            if let Some(amount) = &demand.wait {
                c.wait(&format!("{cpu}.wait"), amount);
            }
            if let (Some(calls), Some(pool)) = (&database, pool) {
                c.call_database(server, pool, calls);
            }
        };
        let inside = |c: &mut Self| c.with_memory(process, &demand, &cpu, body);
        match config.runtime {
            Runtime::Workers { .. } => self.hold(slots, refused, inside),
            Runtime::EventLoop { .. } => inside(self),
        }
        self.close_sub_returning(sub)
    }

    /// Runs `body` with the request's memory taken.
    fn with_memory(&mut self, process: Option<u32>, demand: &Demand, name: &str, body: impl FnOnce(&mut Self)) {
        let (Some(process), Some(bytes)) = (process, &demand.memory) else { return body(self) };
        let draw = self.number_draw(&format!("{name}.memory"), bytes);
        self.emit_failing(Step::TakeMemory { process, draw, fail: 0 });
        let free = move |c: &mut Self| {
            c.emit(Step::FreeMemory { process, draw });
        };
        self.protected(body, free, free);
    }

    fn database_pool(&mut self, service: ServiceId, instance: usize, config: &Database) -> u32 {
        let name = self.name_of(service, instance, "database_pool");
        self.pool(name, Role::Pool, |c| {
            let patience = Some(c.timeout(config.acquire_timeout_s));
            Pool { patience, ..Pool::new(config.pool) }
        })
    }
}
