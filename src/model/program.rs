//! What a scenario compiles to: for each request class a flat list of steps. Nothing here, and nothing in
//! the interpreter, knows of HAProxy or MySQL; tiers are compilers to these steps.

use crate::engine::distribution::Sampler;
use crate::engine::random::Key;

use super::request::Request;

/// Index of a step.
pub type StepId = u32;
/// Index of a draw.
pub type DrawId = u32;

/// One instruction. Sixteen bytes; every id is an index into an array of the compiled network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Queue at a FCFS station and be served; `fail` when turned away or out of patience.
    Serve {
        station: u32,
        draw: DrawId,
        fail: StepId,
    },
    /// Be served at a processor-sharing station.
    Share {
        station: u32,
        draw: DrawId,
    },
    /// Queue at a priority station and be served.
    ServeByRank {
        station: u32,
        draw: DrawId,
        fail: StepId,
    },
    /// Pass a constant time: all equal delays share one line.
    Delay {
        line: u32,
    },
    /// Pass a drawn time, less a constant already spent (nanoseconds).
    DelayDrawn {
        draw: DrawId,
        less_ns: u32,
    },
    /// Take one slot of a pool and keep it; `fail` with `reason` when turned away or timed out.
    Acquire {
        reason: u8,
        pool: u32,
        fail: StepId,
    },
    Release {
        pool: u32,
        /// Where it goes on (see `follow_jumps`).
        next: StepId,
    },
    /// Go on with probability `threshold` / 2^32, else jump.
    Branch {
        draw: DrawId,
        threshold: u32,
        otherwise: StepId,
    },
    /// With probability `threshold` / 2^32 go back and count a new visit.
    Again {
        draw: DrawId,
        threshold: u32,
        back: StepId,
    },
    /// Jump to one of a table's targets by weight.
    Switch {
        draw: DrawId,
        table: u32,
    },
    Jump {
        to: StepId,
    },
    /// Mark the request as failed and jump to where what it holds is given back.
    Fail {
        reason: u8,
        to: StepId,
    },

    /// Choose a server of a service by a balance policy; waits where all are full.
    Dispatch {
        dispatcher: u32,
        fail: StepId,
    },
    /// The chosen server has answered: its slot goes to the next in the queue.
    Undispatch {
        dispatcher: u32,
        next: StepId,
    },
    /// Choose where the packets for a virtual address go at present.
    TowardAddress {
        vrrp: u32,
    },
    /// Choose by the database's rule for reads.
    Route {
        router: u32,
    },
    /// The wire on which a failure comes back to the caller; what it found out by itself takes no time.
    PropagateFailure {
        links: u32,
    },
    /// A service answers with an error page.
    Answer {
        by: Tier,
    },
    /// A proxy's call has failed: from `call` again, or on to the fifth step from here. Between them are two pauses,
    /// before the call and before the step behind it.
    TryAgain {
        /// What may be sent twice, may.
        idempotent: bool,
        proxy: u32,
        call: StepId,
    },
    /// Somebody waits before the next step.
    Pause,
    /// A health check has its answer.
    CheckEnd {
        check: u32,
    },
    /// The answer to the next call is awaited for so long: a line of timeouts. Then the call fails with `reason`.
    Deadline {
        reason: u8,
        timeouts: u32,
    },
    /// Call the chosen server's program: `entries + chosen`.
    CallChosen {
        entries: u32,
        fail: StepId,
    },
    /// Call a program whose server is known.
    CallFixed {
        to: StepId,
        chosen: u32,
        fail: StepId,
    },
    Return,
    /// The kernel of the callee accepts a connection, for a process that may stand still.
    Accept,

    /// Bytes from caller to the chosen callee, through both network cards at once.
    Send {
        links: u32,
        draw: DrawId,
    },
    /// Bytes of the answer from the chosen callee.
    Receive {
        links: u32,
        draw: DrawId,
    },
    /// The wire to (or from) the chosen callee.
    Propagate {
        links: u32,
    },

    /// Start all branches of a table; go on at the next step when all have ended.
    Fork {
        table: u32,
    },
    /// All branches have ended: on, or where failures go if one has failed.
    Join {
        fail: StepId,
    },
    /// Start a part that nobody waits for.
    Spawn {
        to: StepId,
    },
    /// The end of a branch or of a spawned part.
    BranchEnd,
    /// The end of work that the system does for itself.
    Gone,
    /// Number of a pass through a repeated part, for its draws.
    Visit {
        number: u32,
    },

    /// Join a group-commit stage with this many log bytes: the first becomes the group's leader and goes on,
    /// followers go on at `after` when the leader leaves.
    JoinStage {
        stage: u32,
        draw: DrawId,
        after: StepId,
    },
    /// The leader writes the group's bytes: FCFS at the disk, `draw` is the time of one operation.
    WriteGroup {
        stage: u32,
        disk: u32,
        draw: DrawId,
    },
    /// Go on at every `every`-th group, else jump.
    SyncDue {
        stage: u32,
        every: u32,
        skip: StepId,
    },
    LeaveStage {
        stage: u32,
    },

    /// A transaction (numbered within the database) is in the binlog of a server of the database, and its way to the
    /// replicas begins.
    Commit {
        database: u32,
        transaction: u32,
        instance: u32,
    },
    /// Wait until replicas have received the transaction, where the database waits for them.
    AwaitAcknowledgement {
        database: u32,
        instance: u32,
    },
    /// Go on for each `every`-th transaction that the replica receives, else jump.
    SyncRelayLog {
        every: u32,
        skip: StepId,
    },
    /// The transaction is in the replica's relay log.
    Received {
        replica: u32,
    },
    /// The replica answers that it has received it, by the way that begins at `report`.
    Acknowledge {
        replica: u32,
        report: StepId,
    },
    /// That answer has come to the primary.
    Acknowledged {
        replica: u32,
    },
    /// Wait until all earlier transactions passed this point of the replica.
    AwaitTurn {
        replica: u32,
    },
    PassTurn {
        replica: u32,
    },
    Applied {
        replica: u32,
    },
    /// A read begins at a replica.
    ReadAt {
        replica: u32,
    },

    /// Pages are read while the buffer pool is cold; it is not, as a rule: then on at `warm`.
    ColdReads {
        index: u32,
        warm: StepId,
    },
    /// What is left of the disk's latency.
    ColdReadsDone {
        index: u32,
    },
    /// A backup has passed a read on: on when it is time for the next one, or to `done` after the last.
    NextRead {
        database: u32,
        done: StepId,
    },

    /// Memory of a server: taken, given back (the same draw), and what does not fit read from its disk.
    TakeMemory {
        process: u32,
        draw: DrawId,
        fail: StepId,
    },
    FreeMemory {
        process: u32,
        draw: DrawId,
    },
    SwapIn {
        memory: u32,
        disk: u32,
    },

    /// A client sends its request, for the first time or again, as an attempt with a program of its own, and goes
    /// on at the next step when that has ended or the client has had enough.
    Attempt {
        clients: u32,
        first: StepId,
        again: StepId,
    },
    /// An attempt has ended: on, or back to the attempt after a wait, if it failed and may be repeated.
    Retry {
        clients: u32,
        attempt: StepId,
    },
    /// An attempt's last byte has come; or its client has left.
    AttemptEnd,

    /// A closed user thinks, then begins the next request.
    Think {
        source: u32,
    },
    Begin {
        source: u32,
    },
    /// The client has its answer, or its failure.
    End,
}

/// Who answers with an error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Haproxy,
    Nginx,
    App,
}

/// A random quantity that a step needs. Times are in nanoseconds.
#[derive(Clone, Debug)]
pub struct Draw {
    /// Constant of what it is for, from its name.
    pub purpose: u64,
    pub sampler: Sampler,
    /// Added to what is drawn or supplied.
    pub plus: f64,
    /// Column of the trace that supplies it; `NOT_GIVEN` if drawn.
    pub column: u8,
    /// Multiplies a supplied value.
    pub factor: f32,
}

pub const NOT_GIVEN: u8 = u8::MAX;

impl Draw {
    pub fn new(name: &str, sampler: Sampler) -> Draw {
        Draw { purpose: crate::engine::random::purpose(name), sampler, plus: 0.0, column: NOT_GIVEN, factor: 1.0 }
    }

    /// The value for this request, its present visit: nanoseconds, bytes or a plain number.
    #[inline(always)]
    pub fn value(&self, request: &Request) -> f64 {
        if self.column != NOT_GIVEN {
            let given = request.given[self.column as usize];
            if !given.is_nan() {
                return (given * self.factor) as f64 + self.plus;
            }
        }
        self.sampler.sample(&mut Key(request.key).draw(self.purpose, request.visit as u32)) + self.plus
    }

    /// The value rounded to whole nanoseconds.
    #[inline(always)]
    pub fn nanos(&self, request: &Request) -> u64 {
        let value = self.value(request);
        debug_assert!(value >= 0.0, "a time that was drawn is {value}");
        round_positive_nanos(value)
    }

    /// 32 uniform bits.
    #[inline(always)]
    pub fn bits(&self, request: &Request) -> u32 {
        (Key(request.key).draw(self.purpose, request.visit as u32).next() >> 32) as u32
    }
}

/// Longest time that a draw may yield: 52 days in nanoseconds.
const LONGEST: f64 = 4_503_599_627_370_495.0;

/// Rounds to the nearest integer without a branch: adding 2^52 leaves the integer in the mantissa.
#[inline(always)]
pub fn round_nanos(value: f64) -> u64 {
    // each is one instruction, which `clamp` is not; NaN becomes 0
    round_positive_nanos(if value > 0.0 { value } else { 0.0 })
}

/// `round_nanos` of what is not negative.
#[inline(always)]
fn round_positive_nanos(value: f64) -> u64 {
    let value = if value < LONGEST { value } else { LONGEST };
    (value + 4_503_599_627_370_496.0).to_bits() & ((1 << 52) - 1)
}

/// Has steps that go on to a jump, where nobody can be held in between, go on to where that leads at once: a jump costs as
/// much as any other step, and behind whatever is given back there is one over the way that failures take.
pub fn follow_jumps(steps: &mut [Step]) {
    let led = |steps: &[Step], mut to: StepId| {
        // a program may go round for ever
        for _ in 0..steps.len() {
            match steps.get(to as usize) {
                Some(Step::Jump { to: further }) => to = *further,
                _ => break,
            }
        }
        to
    };
    for at in 0..steps.len() {
        let onward = led(steps, at as StepId + 1);
        match steps[at] {
            Step::Release { pool, .. } => steps[at] = Step::Release { pool, next: onward },
            Step::Undispatch { dispatcher, .. } => steps[at] = Step::Undispatch { dispatcher, next: onward },
            Step::Jump { to } => steps[at] = Step::Jump { to: led(steps, to) },
            Step::Branch { draw, threshold, otherwise } => {
                steps[at] = Step::Branch { draw, threshold, otherwise: led(steps, otherwise) };
            }
            _ => {}
        }
    }
}

/// Weighted targets of a `Switch`, as cumulative thresholds of 32 bits.
#[derive(Clone, Debug)]
pub struct SwitchTable {
    /// (upper threshold, target); the last is `u32::MAX` and takes all.
    pub targets: Vec<(u32, StepId)>,
}

impl SwitchTable {
    #[inline(always)]
    pub fn target(&self, bits: u32) -> StepId {
        for &(threshold, target) in &self.targets {
            if bits < threshold {
                return target;
            }
        }
        self.targets[self.targets.len() - 1].1
    }
}

/// A probability as a threshold of 32 bits.
pub fn threshold(probability: f64) -> u32 {
    (probability * 4_294_967_296.0).round().min(u32::MAX as f64) as u32
}

/// The way between a caller and one server of a service that it calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Network cards by direction; `request::NONE` where none is modelled or both are on one server.
    pub caller_out: u32,
    pub callee_in: u32,
    pub callee_out: u32,
    pub caller_in: u32,
    /// Line of the one-way delay; `request::NONE` on one server.
    pub line: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_small() {
        assert_eq!(std::mem::size_of::<Step>(), 16);
        assert!(std::mem::size_of::<Draw>() <= 56);
    }

    #[test]
    fn what_is_given_back_leads_on_without_a_jump() {
        let mut steps = [
            Step::Release { pool: 0, next: 0 },
            Step::Jump { to: 3 },
            Step::End,
            Step::Jump { to: 4 },
            Step::Undispatch { dispatcher: 0, next: 0 },
            Step::Branch { draw: 0, threshold: 1, otherwise: 1 },
            Step::Jump { to: 6 },
        ];
        follow_jumps(&mut steps);
        assert_eq!(steps[0], Step::Release { pool: 0, next: 4 });
        assert_eq!(steps[1], Step::Jump { to: 4 });
        assert_eq!(steps[4], Step::Undispatch { dispatcher: 0, next: 5 });
        assert_eq!(steps[5], Step::Branch { draw: 0, threshold: 1, otherwise: 4 });
        assert_eq!(steps[6], Step::Jump { to: 6 });
    }

    #[test]
    fn rounding_is_to_the_nearest_nanosecond() {
        for (value, rounded) in [(0.0, 0), (0.49, 0), (0.51, 1), (1e9 + 0.4, 1_000_000_000), (-3.0, 0), (f64::NAN, 0)] {
            assert_eq!(round_nanos(value), rounded, "{value}");
        }
        assert_eq!(round_nanos(f64::INFINITY), (1 << 52) - 1);
    }
}
