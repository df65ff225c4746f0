//! Commits that wait for replicas to have received them.

use super::Simulator;
use crate::model::database::ReplicaRole;
use crate::model::network::WaitAt;
use crate::model::program::StepId;
use crate::model::request::RequestId;

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    /// Whether the transaction that has just been committed goes on at once.
    pub(super) fn await_acknowledgement(&mut self, id: RequestId, database: u32, instance: u32) -> bool {
        let d = &mut self.net.databases[database as usize];
        let position = d.committed;
        if instance != d.writer {
            // a primary without replicas, which it has lost to another
            let timeout = d.semi_sync.as_ref().map_or(0, |s| s.timeout_ns);
            self.delay(id, self.slab[id].step, self.now + timeout);
            return false;
        }
        let Some(semi_sync) = d.semi_sync.as_mut().filter(|s| s.on) else { return true };
        semi_sync.waiting.push_back((position, id));
        let timeout = semi_sync.timeout;
        self.slab[id].entered = self.now;
        self.arm(id, timeout, WaitAt::Acknowledgement(database));
        false
    }

    /// A replica has received a transaction, and says so where the primary waits or would know that it has caught
    /// up: `report` is the way of the answer.
    pub(super) fn acknowledge(&mut self, id: RequestId, replica: u32, report: StepId) {
        let ticket = self.slab[id].parent;
        let r = &self.net.replicas[replica as usize];
        let d = &self.net.databases[r.database as usize];
        let waits = d.semi_sync.as_ref().is_some_and(|s| s.on || r.received >= d.committed);
        if waits {
            let report = self.child(id, report);
            self.slab[report].parent = ticket;
            self.ready.push_back(report);
        }
    }

    /// The primary learns that a replica has received everything up to a position.
    pub(super) fn acknowledged(&mut self, id: RequestId, replica: u32) {
        let now = self.now;
        let writer = {
            let d = &self.net.databases[self.net.replicas[replica as usize].database as usize];
            d.processes[d.writer as usize]
        };
        if WATCHED && !self.net.faults.is_empty() && !self.runs(writer) {
            return;
        }
        let r = &mut self.net.replicas[replica as usize];
        if r.role != ReplicaRole::Follows {
            return;
        }
        let d = &mut self.net.databases[r.database as usize];
        let position = position_of(self.slab[id].parent, r.received).min(d.committed);
        r.acknowledged = r.acknowledged.max(position);
        let Some(semi_sync) = &mut d.semi_sync else { return };
        let mut positions: Vec<u64> =
            d.replicas.iter().map(|&replica| self.net.replicas[replica as usize].acknowledged).collect();
        positions.sort_unstable_by(|a, b| b.cmp(a));
        let Some(&enough) = positions.get(semi_sync.count - 1) else { return };
        if !semi_sync.on && enough >= d.committed {
            semi_sync.turn_on(now);
        }
        d.visible = d.visible.max(enough);
        d.acknowledged = d.acknowledged.max(enough);
        while let Some(&(position, waiting)) = semi_sync.waiting.front()
            && position <= enough
        {
            semi_sync.waiting.pop_front();
            let request = &mut self.slab[waiting];
            request.epoch = request.epoch.wrapping_add(1);
            semi_sync.wait.record(now - request.entered);
            self.ready.push_back(waiting);
        }
    }

    /// A commit has waited too long: it goes on, and so do all who wait with it.
    pub(super) fn fall_back(&mut self, database: u32) {
        let now = self.now;
        let d = &mut self.net.databases[database as usize];
        (d.visible, d.acknowledged) = (d.committed, d.committed);
        let semi_sync = d.semi_sync.as_mut().expect("it waits for acknowledgements");
        semi_sync.turn_off(now);
        for (_, waiting) in std::mem::take(&mut semi_sync.waiting) {
            let request = &mut self.slab[waiting];
            request.epoch = request.epoch.wrapping_add(1);
            semi_sync.wait.record(now - request.entered);
            self.ready.push_back(waiting);
        }
    }
}

/// The position of a ticket, which is its lower half, near one that is known.
fn position_of(ticket: u32, known: u64) -> u64 {
    let before = (known as u32).wrapping_sub(ticket.wrapping_add(1)) as i32;
    known.wrapping_add_signed(-i64::from(before))
}
