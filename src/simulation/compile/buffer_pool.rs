//! The buffer pool: pages that are found in memory, and those that are read from the disk; and how it warms up again
//! after a restart.

use super::Compiler;
use super::hardware::PAGE_BYTES;
use crate::model::buffer_pool::{BufferPool, ColdRead};
use crate::model::cache::{hit_ratio, warming};
use crate::model::program::Step;
use crate::scenario::{self, Popularity, ServiceId};

impl Compiler<'_> {
    /// Share of page reads that the buffer pool answers.
    fn buffer_pool_hit(&self, service: ServiceId) -> f64 {
        let mysql = self.mysql(service);
        match &mysql.buffer_pool {
            scenario::BufferPool::Hit(hit) => *hit,
            scenario::BufferPool::Data { size_bytes, popularity } => {
                let exponent = match popularity {
                    Popularity::Zipf(exponent) => *exponent,
                    Popularity::Uniform => 0.0,
                };
                hit_ratio(size_bytes / PAGE_BYTES, mysql.buffer_pool_bytes / PAGE_BYTES, exponent)
            }
        }
    }

    /// Pages that a statement or an applier touches on its server, one after the other.
    pub(super) fn pages(&mut self, service: ServiceId, instance: usize, purpose: &str, pages: u32) {
        let server = self.instance_server(service, instance);
        let hit = self.buffer_pool_hit(service);
        if self.scenario.faults.is_empty() || pages == 0 {
            return self.page_reads(server, purpose, pages, hit);
        }
        // a restarted server's memory is empty
        let pool = self.buffer_pool(service, instance, hit);
        let disk = self.disk(server);
        let (operation, byte) = self.disk_times(server);
        let latency = &self.scenario.servers[server].disk.latency;
        let index = self.net.cold_reads.len() as u32;
        self.net.cold_reads.push(ColdRead {
            pool,
            disk,
            pages,
            each_ns: operation + byte * PAGE_BYTES,
            rest_ns: (latency.mean() * 1e9 - operation).max(0.0),
            purpose: crate::engine::random::purpose(&format!("{purpose}.cold")),
        });
        let cold = self.emit(Step::ColdReads { index, warm: 0 });
        self.emit(Step::ColdReadsDone { index });
        let skip = self.emit(Step::Jump { to: 0 });
        let warm = self.here();
        self.net.steps[cold as usize] = Step::ColdReads { index, warm };
        self.page_reads(server, purpose, pages, hit);
        let next = self.here();
        self.net.steps[skip as usize] = Step::Jump { to: next };
    }

    fn buffer_pool(&mut self, service: ServiceId, instance: usize, hit: f64) -> u32 {
        let name = self.database_name(service, instance, "buffer_pool");
        if let Some(&pool) = self.named.get(&name) {
            return pool;
        }
        let mysql = self.mysql(service);
        let held = mysql.buffer_pool_bytes / PAGE_BYTES;
        let curve = match &mysql.buffer_pool {
            scenario::BufferPool::Hit(_) => warming(held, held, 0.0),
            scenario::BufferPool::Data { size_bytes, popularity } => {
                let exponent = match popularity {
                    Popularity::Zipf(exponent) => *exponent,
                    Popularity::Uniform => 0.0,
                };
                warming(size_bytes / PAGE_BYTES, held, exponent)
            }
        };
        let pool = self.net.buffer_pools.len() as u32;
        let process = self.process_number(service, instance);
        self.net.buffer_pools.push(BufferPool { process, hit, curve, cold: false, read: 0.0 });
        self.named.insert(name, pool);
        pool
    }
}
