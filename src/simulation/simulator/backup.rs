//! A backup: one request of nobody's that reads a database's files piece by piece.

use super::Simulator;
use crate::model::program::StepId;
use crate::model::request::{NONE, Request, RequestId};

impl<const WATCHED: bool> Simulator<'_, WATCHED> {
    pub(super) fn plan_backups(&mut self) {
        for database in 0..self.net.databases.len() {
            if let Some(backup) = &self.net.databases[database].backup {
                let (leaf, at) = (backup.leaf, self.observation.origin.saturating_add(backup.at));
                self.schedule_or_never(leaf, at);
            }
        }
    }

    #[cold]
    pub(super) fn backup_due(&mut self, leaf: u32, database: u32) -> RequestId {
        self.set.clear(leaf);
        let now = self.now;
        let backup = self.net.databases[database as usize].backup.as_mut().expect("its time has come");
        backup.began = Some(now);
        backup.read_began = now;
        backup.left -= 1;
        let (process, first) = (backup.process, Request::new(backup.key.0, now, 0, backup.first));
        if WATCHED && !self.net.faults.is_empty() && !self.runs(process) {
            // there is nothing to copy
            return NONE;
        }
        let reader = self.slab.insert(first);
        if let Some(backup) = &mut self.net.databases[database as usize].backup {
            backup.reader = Some(reader);
        }
        reader
    }

    /// A backup ends with the process that it copies.
    pub(super) fn stop_backup(&mut self, database: u32) {
        let Some(backup) = &self.net.databases[database as usize].backup else { return };
        if let Some(reader) = backup.reader
            && !self.runs(backup.process)
        {
            self.detach(reader);
            self.slab.remove(reader);
            if let Some(backup) = &mut self.net.databases[database as usize].backup {
                backup.reader = None;
            }
        }
    }

    /// Where a backup goes on behind a read; `None` while it waits so as not to exceed its rate.
    pub(super) fn next_read(&mut self, id: RequestId, database: u32, done: StepId, next: StepId) -> Option<StepId> {
        let now = self.now;
        let backup = self.net.databases[database as usize].backup.as_mut().expect("it is under way");
        if backup.left == 0 {
            backup.ended = Some(now);
            backup.reader = None;
            return Some(done);
        }
        backup.left -= 1;
        let begins = now.max(backup.read_began + backup.interval);
        backup.read_began = begins;
        let request = &mut self.slab[id];
        request.visit = request.visit.wrapping_add(1);
        if begins == now {
            return Some(next);
        }
        self.delay(id, next, begins);
        None
    }
}
