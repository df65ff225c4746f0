//! Who watches a database's primary and promotes a replica when it is gone: the state machine of orchestrator, MHA or
//! a script, without anything of a simulator. Times are nanoseconds on one clock; servers are numbered within the
//! database.
//!
//! It checks the primary again and again. After so many failed checks in a row it takes a candidate, waits until that
//! has applied all that it has received, opens it for writes (`promotion`), and points the clients at it (`switch`).

/// What a check of the primary found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Answered,
    /// At once: nobody listens there.
    Refused,
    /// Nothing comes back within the check's timeout.
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Watching,
    /// A check waits for its answer, which does not come.
    Checking,
    /// The candidate applies what it has received.
    Draining {
        candidate: u32,
    },
    Promoting {
        candidate: u32,
    },
    /// The candidate takes writes; clients do not know of it yet.
    Switching {
        candidate: u32,
    },
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Come again at this instant.
    At(u64),
    /// The primary is gone: a candidate is wanted.
    Choose,
    /// Nothing until something changes.
    Rest,
}

/// One failover, from the death of the primary on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failover {
    pub from: u32,
    pub to: u32,
    pub died: u64,
    pub noticed: u64,
    /// The candidate has applied all that it has received, takes writes, and is known to the clients.
    pub drained: Option<u64>,
    pub promoted: Option<u64>,
    pub switched: Option<u64>,
    /// Acknowledged to a client, and absent since.
    pub lost: u64,
    /// In the binlog of the primary when it died, and not acknowledged.
    pub in_doubt: u64,
}

#[derive(Clone, Debug)]
pub struct Orchestrator {
    pub check_interval: u64,
    pub check_timeout: u64,
    /// Failed checks in a row.
    pub failures: u32,
    pub promotion: u64,
    pub switch: u64,
    /// Until an old primary that holds what the new one lacks is a replica again.
    pub rebuild: u64,
    /// In the order of preference.
    pub candidates: Vec<u32>,
    /// When its checks come, modulo their interval.
    pub offset: u64,
    pub leaf: u32,
    /// Where it runs (index within the scenario); `request::NONE`: where no fault concerns it.
    pub server: u32,
    pub phase: Phase,
    /// The failover under way is a switchover: the primary lives, and takes no writes meanwhile.
    pub planned: bool,
    pub failed: u32,
    pub failovers: Vec<Failover>,
}

impl Orchestrator {
    pub fn new(leaf: u32, server: u32, failures: u32, candidates: Vec<u32>) -> Orchestrator {
        Orchestrator {
            check_interval: 1,
            check_timeout: 0,
            failures,
            promotion: 0,
            switch: 0,
            rebuild: 0,
            candidates,
            offset: 0,
            leaf,
            server,
            phase: Phase::Watching,
            planned: false,
            failed: 0,
            failovers: Vec::new(),
        }
    }

    /// Interval and timeout of the checks; promotion, switch and rebuild.
    pub fn timed(self, [check_interval, check_timeout, promotion, switch, rebuild]: [u64; 5]) -> Orchestrator {
        Orchestrator { check_interval, check_timeout, promotion, switch, rebuild, ..self }
    }

    /// The first check after `now`.
    pub fn next_check(&self, now: u64) -> u64 {
        let since = (now + self.check_interval - self.offset % self.check_interval) % self.check_interval;
        now + self.check_interval - since
    }

    /// A check has found this.
    pub fn checked(&mut self, now: u64, found: Check) -> Next {
        match found {
            Check::Answered => {
                self.failed = 0;
                self.phase = Phase::Watching;
                Next::Rest
            }
            Check::Refused => self.check_failed(now),
            Check::Silent => {
                self.phase = Phase::Checking;
                Next::At(now + self.check_timeout)
            }
        }
    }

    /// A check has failed: the next one comes an interval later, unless that was one too many.
    pub fn check_failed(&mut self, now: u64) -> Next {
        self.failed += 1;
        self.phase = Phase::Watching;
        if self.failed >= self.failures {
            return Next::Choose;
        }
        Next::At(now + self.check_interval)
    }

    /// The candidate that has received most; the first of those who have received alike. `usable` are instances and
    /// what each has received. None: it looks again an interval later.
    pub fn choose(&self, usable: &[(u32, u64)]) -> Option<u32> {
        let received = |candidate: u32| usable.iter().find(|(instance, _)| *instance == candidate).map(|(_, at)| *at);
        let mut best: Option<(u32, u64)> = None;
        for &candidate in &self.candidates {
            if let Some(position) = received(candidate)
                && best.is_none_or(|(_, most)| position > most)
            {
                best = Some((candidate, position));
            }
        }
        best.map(|(candidate, _)| candidate)
    }

    /// A failover begins.
    pub fn begin(&mut self, now: u64, died: u64, from: u32, to: u32) {
        self.failed = 0;
        self.planned = false;
        self.phase = Phase::Draining { candidate: to };
        self.failovers.push(Failover {
            from,
            to,
            died,
            noticed: now,
            drained: None,
            promoted: None,
            switched: None,
            lost: 0,
            in_doubt: 0,
        });
    }

    /// The one under way.
    pub fn current(&mut self) -> Option<&mut Failover> {
        self.failovers.last_mut().filter(|failover| failover.switched.is_none())
    }

    /// Who is to be the primary.
    pub fn candidate(&self) -> Option<u32> {
        match self.phase {
            Phase::Draining { candidate } | Phase::Promoting { candidate } | Phase::Switching { candidate } => {
                Some(candidate)
            }
            Phase::Watching | Phase::Checking => None,
        }
    }

    /// Whether the candidate receives all that its primary has: in a switchover, before it is promoted.
    pub fn still_receives(&self) -> bool {
        self.planned && matches!(self.phase, Phase::Draining { .. })
    }

    /// The candidate has applied all.
    pub fn drained(&mut self, now: u64) -> Next {
        let Phase::Draining { candidate } = self.phase else { return Next::Rest };
        self.phase = Phase::Promoting { candidate };
        if let Some(failover) = self.current() {
            failover.drained = Some(now);
        }
        Next::At(now + self.promotion)
    }

    pub fn promoted(&mut self, now: u64, lost: u64, in_doubt: u64) -> Next {
        let Phase::Promoting { candidate } = self.phase else { return Next::Rest };
        self.phase = Phase::Switching { candidate };
        if let Some(failover) = self.current() {
            (failover.promoted, failover.lost, failover.in_doubt) = (Some(now), lost, in_doubt);
        }
        Next::At(now + self.switch)
    }

    pub fn switched(&mut self, now: u64) {
        self.phase = Phase::Watching;
        self.planned = false;
        if let Some(failover) = self.current() {
            failover.switched = Some(now);
        }
    }

    /// The candidate has died before it took any writes: the search begins again.
    pub fn abandon(&mut self, now: u64) -> Next {
        self.failovers.pop();
        self.phase = Phase::Watching;
        self.planned = false;
        Next::At(now + self.check_interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn orchestrator() -> Orchestrator {
        let times = [SECOND, SECOND / 2, 2 * SECOND, SECOND, 60 * SECOND];
        Orchestrator { offset: SECOND / 4, ..Orchestrator::new(0, u32::MAX, 3, vec![2, 1]).timed(times) }
    }

    #[test]
    fn checks_come_at_their_own_instants() {
        let o = orchestrator();
        assert_eq!(o.next_check(0), SECOND / 4);
        assert_eq!(o.next_check(SECOND / 4), SECOND + SECOND / 4);
        assert_eq!(o.next_check(SECOND), SECOND + SECOND / 4);
    }

    #[test]
    fn the_third_refusal_in_a_row_is_one_too_many() {
        let mut o = orchestrator();
        assert_eq!(o.checked(10, Check::Refused), Next::At(10 + SECOND));
        assert_eq!(o.checked(20, Check::Answered), Next::Rest);
        for _ in 0..2 {
            assert_eq!(o.checked(30, Check::Refused), Next::At(30 + SECOND));
        }
        assert_eq!(o.checked(40, Check::Refused), Next::Choose);
    }

    #[test]
    fn silence_is_a_failure_after_its_timeout() {
        let mut o = orchestrator();
        assert_eq!(o.checked(0, Check::Silent), Next::At(SECOND / 2));
        assert_eq!(o.phase, Phase::Checking);
        assert_eq!(o.check_failed(SECOND / 2), Next::At(3 * SECOND / 2));
    }

    #[test]
    fn the_candidate_that_has_received_most_is_taken() {
        let o = orchestrator();
        assert_eq!(o.choose(&[(1, 10), (2, 10)]), Some(2));
        assert_eq!(o.choose(&[(1, 11), (2, 10)]), Some(1));
        // the third is no candidate, however much it has
        assert_eq!(o.choose(&[(3, 99), (1, 1)]), Some(1));
        assert_eq!(o.choose(&[(3, 99)]), None);
    }

    #[test]
    fn a_failover_is_drained_promoted_and_switched() {
        let mut o = orchestrator();
        o.begin(100, 10, 0, 2);
        assert_eq!(o.phase, Phase::Draining { candidate: 2 });
        assert_eq!(o.drained(200), Next::At(200 + 2 * SECOND));
        assert_eq!(o.promoted(300, 7, 1), Next::At(300 + SECOND));
        o.switched(400);
        let done = o.failovers[0];
        assert_eq!((done.died, done.noticed, done.drained, done.promoted), (10, 100, Some(200), Some(300)));
        assert_eq!((done.switched, done.lost, done.in_doubt), (Some(400), 7, 1));
        assert!(o.current().is_none());
    }

    #[test]
    fn a_candidate_that_dies_is_given_up() {
        let mut o = orchestrator();
        o.begin(100, 10, 0, 2);
        assert_eq!(o.abandon(150), Next::At(150 + SECOND));
        assert!(o.failovers.is_empty());
        assert_eq!(o.phase, Phase::Watching);
    }
}
