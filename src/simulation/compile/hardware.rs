//! Stations of servers, made when first needed: CPU, disk, network cards; lines and pools; memory.

use std::collections::BTreeMap;

use super::{CompileNote, Compiler};
use crate::engine::Distribution;
use crate::model::network::{Leaf, Line, Memory, Process, Role, StationAt, TimeoutLine};
use crate::model::program::{Link, Step, round_nanos};
use crate::model::request::NONE;
use crate::model::station::{Fcfs, Observed, Patience, Pool, Sharing};
use crate::scenario::{Amount, CpuDiscipline, ServerId, ServiceId};

/// Page of InnoDB and of the file readahead that we count by: 16 KiB (innodb_page_size's default).
pub(super) const PAGE_BYTES: f64 = 16384.0;

#[derive(Default)]
pub(super) struct Hardware {
    pub(super) cpu: Vec<Option<StationAt>>,
    pub(super) disk: Vec<Option<u32>>,
    pub(super) nic_out: Vec<Option<u32>>,
    pub(super) nic_in: Vec<Option<u32>>,
    lines: BTreeMap<u64, u32>,
    timeouts: BTreeMap<u64, u32>,
    pub(super) memory: Vec<Option<u32>>,
    /// Resident memory of services without a process of their own in the model, by server: bytes.
    pub(super) resident: Vec<f64>,
}

impl Hardware {
    pub(super) fn new(servers: usize) -> Hardware {
        Hardware {
            cpu: vec![None; servers],
            disk: vec![None; servers],
            nic_out: vec![None; servers],
            nic_in: vec![None; servers],
            memory: vec![None; servers],
            resident: vec![0.0; servers],
            ..Hardware::default()
        }
    }
}

impl Compiler<'_> {
    fn server_name(&self, server: ServerId, what: &str) -> String {
        format!("{}.{what}", self.scenario.servers[server].name)
    }

    pub(super) fn fcfs(&mut self, name: String, role: Role, workers: Option<u32>) -> u32 {
        let count = workers.unwrap_or(u32::MAX);
        let station = self.net.fcfs.len() as u32;
        let owner = if Fcfs::leaves(count) == count { Leaf::FcfsWorker(station) } else { Leaf::FcfsHeap(station) };
        let first = self.net.leaves.len() as u32;
        for _ in 0..Fcfs::leaves(count) {
            self.leaf(owner);
        }
        self.net.fcfs.push(Fcfs::new(count, first));
        self.register(name, role, StationAt::Fcfs(station), workers);
        station
    }

    pub(super) fn sharing(&mut self, name: String, role: Role, cores: u32, unit_ns: f64) -> u32 {
        let station = self.net.sharing.len() as u32;
        let is_card = matches!(role, Role::NicOut | Role::NicIn);
        let leaf = self.leaf(if is_card { Leaf::Card(station) } else { Leaf::Sharing(station) });
        self.net.sharing.push(Sharing::new(cores as f64, unit_ns, leaf));
        self.register(name, role, StationAt::Sharing(station), Some(cores));
        station
    }

    /// A CPU burst of a service on its server.
    pub(super) fn cpu(&mut self, server: ServerId, purpose: &str, amount: &Amount) {
        let config = &self.scenario.servers[server].cpu;
        let (draw, mean) = self.amount_draw(purpose, amount, 1.0 / config.speed);
        if mean == 0.0 {
            return;
        }
        let at = match self.hardware.cpu[server] {
            Some(at) => at,
            None => {
                let name = self.server_name(server, "cpu");
                let at = match config.discipline {
                    CpuDiscipline::ProcessorSharing => {
                        StationAt::Sharing(self.sharing(name, Role::Cpu, config.cores, 1.0))
                    }
                    CpuDiscipline::Fcfs => StationAt::Fcfs(self.fcfs(name, Role::Cpu, Some(config.cores))),
                };
                self.hardware.cpu[server] = Some(at);
                at
            }
        };
        if let Some(memory) = self.hardware.memory[server] {
            let disk = self.disk(server);
            self.emit(Step::SwapIn { memory, disk });
        }
        match at {
            StationAt::Sharing(station) => self.emit(Step::Share { station, draw }),
            StationAt::Fcfs(station) => self.emit_failing(Step::Serve { station, draw, fail: 0 }),
            other => panic!("a CPU is no {other:?}"),
        };
        self.account(at, mean);
    }

    pub(super) fn disk(&mut self, server: ServerId) -> u32 {
        if let Some(disk) = self.hardware.disk[server] {
            return disk;
        }
        let name = self.server_name(server, "disk");
        let disk = self.fcfs(name, Role::Disk, Some(1));
        self.hardware.disk[server] = Some(disk);
        disk
    }

    /// Nanoseconds that one operation, and one byte, occupy a server's disk.
    pub(super) fn disk_times(&self, server: ServerId) -> (f64, f64) {
        let disk = &self.scenario.servers[server].disk;
        (1e9 / disk.iops, 1e9 / disk.throughput_bytes_per_s)
    }

    /// Reads `bytes` in one operation: occupies the disk, then what is left of its latency passes.
    pub(super) fn disk_read(&mut self, server: ServerId, purpose: &str, bytes: &Distribution) {
        let station = self.disk(server);
        let (operation, byte) = self.disk_times(server);
        let draw = self.affine_draw(purpose, bytes, byte, operation);
        self.emit_failing(Step::Serve { station, draw, fail: 0 });
        self.account(StationAt::Fcfs(station), operation + byte * bytes.mean());
        let latency = self.scenario.servers[server].disk.latency.clone();
        self.pass(&format!("{purpose}.latency"), &latency, 1.0, operation as u32);
    }

    /// Random page reads, one after the other, of which `misses` (cumulative probabilities of 0, 1, ...) go
    /// to the disk.
    pub(super) fn page_reads(&mut self, server: ServerId, purpose: &str, pages: u32, hit: f64) {
        let none = libm::pow(hit, pages as f64);
        if pages == 0 || none >= 1.0 {
            return;
        }
        let station = self.disk(server);
        let (operation, byte) = self.disk_times(server);
        let each = operation + byte * PAGE_BYTES;
        let latency = &self.scenario.servers[server].disk.latency;
        let rest = (latency.mean() * 1e9 - operation).max(0.0);
        let misses = Distribution::Empirical { values: misses_given_some(pages, hit).into() };
        self.maybe(&format!("{purpose}.miss"), 1.0 - none, |c| {
            let draw = c.affine_draw(purpose, &misses, each, 0.0);
            c.emit_failing(Step::Serve { station, draw, fail: 0 });
            c.account(StationAt::Fcfs(station), each * misses.mean());
            if rest > 0.0 {
                // the same purpose: the same number of misses
                let draw = c.affine_draw(purpose, &misses, rest, 0.0);
                c.emit(Step::DelayDrawn { draw, less_ns: 0 });
                c.spend(rest * misses.mean());
            }
        });
    }

    fn nic(&mut self, server: ServerId, out: bool) -> u32 {
        let known = if out { self.hardware.nic_out[server] } else { self.hardware.nic_in[server] };
        if let Some(nic) = known {
            return nic;
        }
        let unit_ns = 1e9 / self.scenario.servers[server].nic_bytes_per_s;
        let (what, role) = if out { ("nic_out", Role::NicOut) } else { ("nic_in", Role::NicIn) };
        let name = self.server_name(server, what);
        let nic = self.sharing(name, role, 1, unit_ns);
        if out {
            self.hardware.nic_out[server] = Some(nic);
        } else {
            self.hardware.nic_in[server] = Some(nic);
        }
        nic
    }

    /// Constant delays of one length share a line.
    pub(super) fn line(&mut self, length: u64) -> u32 {
        if let Some(&line) = self.hardware.lines.get(&length) {
            return line;
        }
        let line = self.net.lines.len() as u32;
        let leaf = self.leaf(Leaf::Line(line));
        self.net.lines.push(Line { length, leaf, queue: Default::default() });
        self.hardware.lines.insert(length, line);
        line
    }

    pub(super) fn timeout(&mut self, seconds: f64) -> Patience {
        let length = round_nanos(seconds * 1e9);
        if let Some(&line) = self.hardware.timeouts.get(&length) {
            return Patience::Line(line);
        }
        let line = self.net.timeouts.len() as u32;
        let leaf = self.leaf(Leaf::Timeouts(line));
        self.net.timeouts.push(TimeoutLine { length, leaf, set_to: None, queue: Default::default() });
        self.hardware.timeouts.insert(length, line);
        Patience::Line(line)
    }

    /// A call waits so long at most for a connection. Where nothing goes wrong every one stands at once, and a line of
    /// time-outs would only make the event set deeper.
    pub(super) fn limit_connecting(&mut self, call: crate::model::program::StepId, seconds: f64) {
        if !self.scenario.faults.is_empty() {
            let timeout = self.timeout(seconds);
            self.net.connect_timeouts.insert(call, timeout);
        }
    }

    /// The same, as the line itself.
    pub(super) fn timeout_line(&mut self, seconds: f64) -> u32 {
        match self.timeout(seconds) {
            Patience::Line(line) => line,
            Patience::Drawn => panic!("a time-out is not drawn"),
        }
    }

    /// The pool of this name, made with `make` when first asked for.
    pub(super) fn pool(&mut self, name: String, role: Role, make: impl FnOnce(&mut Self) -> Pool) -> u32 {
        if let Some(&pool) = self.named.get(&name) {
            return pool;
        }
        let made = make(self);
        let workers = (made.capacity != u32::MAX).then_some(made.capacity);
        let pool = self.net.pools.len() as u32;
        self.net.pools.push(made);
        self.net.process_of_pool.push(self.process);
        self.register(name.clone(), role, StationAt::Pool(pool), workers);
        self.named.insert(name, pool);
        pool
    }

    /// Ways from a caller (`None`: the clients) to each server of a service.
    pub(super) fn links(&mut self, caller: Option<ServerId>, callees: &[Option<ServerId>], bytes: bool) -> u32 {
        let links: Vec<Link> = callees.iter().map(|&callee| self.link(caller, callee, bytes)).collect();
        let base = self.net.links.len() as u32;
        self.net.links.extend(links);
        let number = |server: Option<ServerId>| server.map_or(NONE, |server| server as u32);
        self.net.link_servers.extend(callees.iter().map(|&callee| (number(caller), number(callee))));
        base
    }

    fn link(&mut self, caller: Option<ServerId>, callee: Option<ServerId>, bytes: bool) -> Link {
        let mut link = Link { caller_out: NONE, callee_in: NONE, callee_out: NONE, caller_in: NONE, line: NONE };
        if caller == callee {
            return link;
        }
        if let Some(server) = caller
            && bytes
        {
            link.caller_out = self.nic(server, true);
            link.caller_in = self.nic(server, false);
        }
        if let Some(server) = callee
            && bytes
        {
            link.callee_out = self.nic(server, true);
            link.callee_in = self.nic(server, false);
        }
        if caller.is_some() && callee.is_some() {
            let length = round_nanos(self.scenario.network.delay_s * 1e9);
            if length > 0 {
                link.line = self.line(length);
            }
        }
        link
    }

    /// Accounts a transfer between a caller and the servers of a service, by their shares of the calls.
    pub(super) fn account_transfer(&mut self, links: u32, shares: &[f64], bytes: f64, back: bool) {
        for (i, share) in shares.iter().enumerate() {
            let link = self.net.links[links as usize + i];
            let cards = if back { [link.callee_out, link.caller_in] } else { [link.caller_out, link.callee_in] };
            let mut slower = 0.0f64;
            for card in cards {
                if card != NONE {
                    let time = bytes * self.net.sharing[card as usize].unit_ns;
                    slower = slower.max(time);
                    self.weighted(*share, |c| c.account_beside(StationAt::Sharing(card), time));
                }
            }
            // both cards work at the same time
            self.spend(share * slower);
        }
    }

    /// The wire to or from the servers of a service, by their shares of the calls.
    pub(super) fn propagate(&mut self, links: u32, shares: &[f64]) {
        self.emit(Step::Propagate { links });
        for (i, share) in shares.iter().enumerate() {
            let line = self.net.links[links as usize + i].line;
            if line != NONE {
                self.spend(share * self.net.lines[line as usize].length as f64);
            }
        }
    }

    pub(super) fn server_of(&self, service: ServiceId, instance: usize) -> Option<ServerId> {
        self.scenario.services[service].servers.get(instance).map(|placement| placement.server)
    }

    pub(super) fn servers_of(&self, service: ServiceId) -> Vec<Option<ServerId>> {
        (0..self.instances(service)).map(|i| self.server_of(service, i)).collect()
    }

    /// The memory account of a server; its presence makes CPU bursts there pay for what does not fit.
    pub(super) fn memory(&mut self, server: ServerId, swaps: bool) -> u32 {
        if let Some(memory) = self.hardware.memory[server] {
            return memory;
        }
        let (operation, byte) = self.disk_times(server);
        let memory = self.net.memories.len() as u32;
        self.net.memories.push(Memory {
            server: self.scenario.servers[server].name.clone(),
            ram: self.scenario.servers[server].memory_bytes,
            used: 0.0,
            used_max: 0.0,
            swaps,
            // a burst touches its stack and heap arenas: 1 MiB, our assumption
            touched: 1_048_576.0,
            swap_ns_per_byte: byte,
            swap_ns_per_operation: operation,
            processes: Vec::new(),
            kills: 0,
        });
        self.hardware.memory[server] = Some(memory);
        memory
    }

    /// A process whose memory is followed.
    pub(super) fn process(&mut self, name: String, memory: u32, base: f64, restart_s: f64) -> u32 {
        let process = self.net.processes.len() as u32;
        let leaf = self.leaf(Leaf::Restart(process));
        self.net.processes.push(Process {
            name,
            memory,
            base,
            used: base,
            number: self.process,
            restart_ns: round_nanos(restart_s * 1e9),
            down: false,
            leaf,
        });
        self.net.memories[memory as usize].processes.push(process);
        process
    }

    /// What is resident from the start, once all processes are known.
    pub(super) fn set_memory(&mut self) {
        for server in 0..self.scenario.servers.len() {
            let Some(memory) = self.hardware.memory[server] else { continue };
            let m = &mut self.net.memories[memory as usize];
            let processes: f64 = m.processes.iter().map(|&p| self.net.processes[p as usize].base).sum();
            m.used = processes + self.hardware.resident[server];
            m.used_max = m.used;
            if m.used > m.ram {
                self.notes.push(CompileNote::MemoryShort {
                    server: m.server.clone(),
                    needed_bytes: m.used,
                    ram_bytes: m.ram,
                });
            }
        }
    }

    /// A station with full distributions, where asked for.
    pub(super) fn detailed(percentiles: bool) -> Observed {
        if percentiles { Observed::with_detail() } else { Observed::default() }
    }
}

/// How many of `pages` reads miss, given that some do: 4,096 equally likely values (quantiles of the
/// binomial), so that one draw is one look-up.
fn misses_given_some(pages: u32, hit: f64) -> Vec<f64> {
    const VALUES: usize = 4096;
    let miss = 1.0 - hit;
    let n = pages as f64;
    let mut probability = libm::pow(hit, n);
    if hit <= 0.0 {
        return vec![n];
    }
    let some = 1.0 - probability;
    let mut cumulative = 0.0;
    let mut values = Vec::with_capacity(VALUES);
    for k in 1..=pages {
        probability *= (n - k as f64 + 1.0) / k as f64 * miss / hit;
        cumulative += probability / some;
        while values.len() < VALUES && (values.len() as f64 + 0.5) / VALUES as f64 <= cumulative {
            values.push(k as f64);
        }
    }
    values.resize(VALUES, n);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_number_of_misses_is_that_of_the_binomial() {
        for (pages, hit) in [(12, 0.99), (1, 0.5), (40, 0.9), (6, 0.0)] {
            let values = misses_given_some(pages, hit);
            let mean: f64 = values.iter().sum::<f64>() / values.len() as f64;
            let exact = pages as f64 * (1.0 - hit) / (1.0 - hit.powi(pages as i32));
            assert!((mean / exact - 1.0).abs() < 2e-3, "{pages} {hit}: {mean} {exact}");
        }
    }
}
