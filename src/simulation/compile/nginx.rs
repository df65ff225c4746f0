//! nginx: worker processes and their connections, static files out of the page cache or the disk, and
//! forwarding to the upstream.

use super::client::FILE;
use super::haproxy::{Calling, Dispatching};
use super::hardware::PAGE_BYTES;
use super::{Compiler, SubId};
use crate::balance::{Policy, Slot};
use crate::model::cache::hit_ratio;
use crate::model::network::{Role, TryAgainRule};
use crate::model::program::{Step, Tier};
use crate::model::station::Pool;
use crate::model::station::dispatcher::Passive;
use crate::scenario::{ClassId, Files, Nginx, NginxBalance, Popularity, ServerId, ServiceId};
use crate::simulation::result::FailureReason;

impl Compiler<'_> {
    pub(super) fn nginx(&mut self, service: ServiceId, instance: usize, class: ClassId, config: &Nginx) -> SubId {
        let server = self.server_of(service, instance).expect("nginx runs on a server");
        let demand = self.demand(class, service).clone();
        let upstream = config.upstream.as_ref().filter(|_| demand.file.is_none());
        let call = upstream.map(|u| (u, self.call_table(u.service, class)));

        let name = self.name_of(service, instance, "worker_connections");
        let total = config.worker_processes.saturating_mul(config.worker_connections);
        let connections = self.pool(name, Role::Pool, |_| Pool { queue_limit: 0, ..Pool::new(total) });
        // a worker process is one thread: it limits the CPU where there are fewer than cores, and a disk
        // read stops it
        let cores = self.scenario.servers[server].cpu.cores;
        let blocks = config.files.is_some() && !config.aio_threads;
        let workers = (config.worker_processes < cores || blocks).then(|| {
            let name = self.name_of(service, instance, "worker_processes");
            self.pool(name, Role::Pool, |_| Pool::new(config.worker_processes))
        });
        let dispatcher = call.as_ref().and_then(|(u, _)| {
            let slots = self.scenario.services[u.service]
                .servers
                .iter()
                .map(|p| Slot { weight: p.weight, maxconn: p.maxconn })
                .collect();
            let asked = Dispatching {
                name: self.dispatcher_name(service, instance, u.service),
                slots,
                server_names: self.server_names(service, instance, u.service),
                backup: self.scenario.services[u.service].servers.iter().map(|p| p.backup).collect(),
                policy: policy_of(u.balance),
                timeout_s: None,
                passive: Passive { max_fails: u.max_fails, fail_timeout_s: u.fail_timeout_s.round() as u64 },
                checked: false,
            };
            self.dispatcher(asked)
        });

        let sub = self.open_sub();
        let cpu = format!("{}.cpu", self.service_name(service));
        self.hold(connections, FailureReason::ConnectionsExhausted as u8, |c| match (&demand.file, call) {
            (Some(file), _) => {
                let disk = |c: &mut Self| {
                    let hit = c.page_cache_hit(server, config);
                    c.maybe(&format!("{cpu}.page_cache_miss"), 1.0 - hit, |c| c.disk_read(server, FILE, file));
                };
                let work = |c: &mut Self| {
                    if let Some(amount) = &demand.cpu {
                        c.cpu(server, &cpu, amount);
                    }
                };
                match workers {
                    Some(pool) if blocks => c.hold(pool, 0, |c| {
                        work(c);
                        disk(c);
                    }),
                    _ => {
                        if let Some(amount) = &demand.cpu {
                            c.threaded_cpu(workers, server, &cpu, amount);
                        }
                        disk(c);
                    }
                }
            }
            (None, Some((upstream, (entries, callees)))) => {
                if let Some(amount) = &demand.cpu {
                    c.threaded_cpu(workers, server, &cpu, amount);
                }
                let next = upstream.next_upstream;
                let tries = if next.tries == 0 { callees.len() as u32 } else { next.tries };
                let calling = Calling {
                    dispatcher,
                    connects: upstream.keepalive == 0,
                    by: Tier::Nginx,
                    connect_timeout_s: upstream.connect_timeout_s,
                    answer_timeout_s: Some(upstream.read_timeout_s),
                    rule: TryAgainRule::Nginx {
                        tries: tries.min(u8::MAX as u32) as u8,
                        error: next.error,
                        timeout: next.timeout,
                        non_idempotent: next.non_idempotent,
                        http_500: next.http_500,
                    },
                };
                let answer = |c: &mut Self| {
                    c.emit(Step::Answer { by: Tier::Nginx });
                };
                c.protected(
                    |c| {
                        c.hold(connections, FailureReason::UpstreamConnectionsExhausted as u8, |c| {
                            c.call_service(server, class, upstream.service, (entries, &callees), &calling);
                        });
                    },
                    |_| {},
                    answer,
                );
            }
            // nginx answers by itself
            (None, None) => {
                if let Some(amount) = &demand.cpu {
                    c.threaded_cpu(workers, server, &cpu, amount);
                }
            }
        });
        self.close_sub_returning(sub)
    }

    /// Share of file reads that the page cache answers: it has the RAM that the server's processes leave.
    fn page_cache_hit(&self, server: ServerId, config: &Nginx) -> f64 {
        let Some(Files { total_bytes, popularity }) = &config.files else { return 1.0 };
        let free = (self.scenario.servers[server].memory_bytes - self.resident(server)).max(0.0);
        let exponent = match popularity {
            Popularity::Zipf(exponent) => *exponent,
            Popularity::Uniform => 0.0,
        };
        hit_ratio(total_bytes / PAGE_BYTES, free / PAGE_BYTES, exponent)
    }
}

fn policy_of(balance: NginxBalance) -> Policy {
    match balance {
        NginxBalance::RoundRobin => Policy::NginxRoundRobin,
        NginxBalance::LeastConn => Policy::NginxLeastConn,
        NginxBalance::IpHash => Policy::NginxIpHash,
        NginxBalance::Random => Policy::NginxRandom,
        NginxBalance::RandomTwo => Policy::NginxRandomTwo,
    }
}
