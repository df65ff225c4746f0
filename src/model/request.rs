//! Requests in flight: a slab with a free list, and the queues that link its entries.

use crate::engine::table::Table;

/// Index of a request in the slab.
pub type RequestId = u32;
pub const NONE: u32 = u32::MAX;

/// Deepest nesting of services that call each other.
pub const DEPTH_MAX: usize = 5;
/// Calls of the outer services may have a deadline.
pub const DEADLINES: usize = 4;

/// One service's view of a request: where to go on when it returns, and whom it called last.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed(2))]
pub struct Frame {
    /// Step after the call that made this frame.
    pub after: u32,
    /// Server (index within the called service) that this frame's current call went to.
    pub chosen: u16,
}

/// What is known of a request in flight. The first cache line is what plain stations touch.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Request {
    /// Root of its draws.
    pub key: u64,
    /// Intended arrival, nanoseconds.
    pub arrived: u64,
    /// Entry into the present station, nanoseconds.
    pub entered: u64,
    /// Service drawn for the present station, nanoseconds. Of a client who waits for an attempt, the attempt.
    pub work: u64,
    /// Next step of its program.
    pub step: u32,
    /// Neighbours in the queue that it waits in.
    pub next: u32,
    pub previous: u32,
    /// Counts waits, so that a timeout set for an earlier one is known to be stale.
    pub epoch: u32,
    pub class: u16,
    /// Which pass through a repeated part this is. Of a client, which attempt.
    pub visit: u16,
    /// Parts still running at the same time: sides of a transfer, branches of a fork.
    pub pending: u16,
    pub depth: u8,
    /// 0, or a `FailureReason`.
    pub failure: u8,
    /// The one who waits for this branch of a fork or for this attempt; of a transaction on its way to a replica,
    /// its ticket.
    pub parent: u32,
    /// Closed user, numbered over all sources; `NONE` for open traffic.
    pub user: u32,
    pub frames: [Frame; DEPTH_MAX],
    /// How often a proxy (HAProxy, nginx) has tried another connection for it.
    pub tries: [u8; 2],
    /// By depth of the caller: its deadline for the answer, as numbered by `Deadlines`; 0: none.
    pub deadlines: [u32; DEADLINES],
    /// Work and size that a trace supplied: nanoseconds (two columns), bytes.
    pub given: [f32; 3],
    /// Source of traffic; `NONE` for internal work such as replication.
    pub source: u32,
}

impl Request {
    pub fn new(key: u64, arrived: u64, class: u16, step: u32) -> Request {
        Request {
            key,
            arrived,
            entered: arrived,
            work: 0,
            step,
            next: NONE,
            previous: NONE,
            epoch: 0,
            class,
            visit: 0,
            pending: 0,
            depth: 0,
            failure: 0,
            parent: NONE,
            user: NONE,
            frames: [Frame::default(); DEPTH_MAX],
            tries: [0; 2],
            deadlines: [0; DEADLINES],
            given: [f32::NAN; 3],
            source: NONE,
        }
    }
}

/// Requests in flight; memory follows the largest number at a time.
#[derive(Clone, Debug)]
pub struct Slab {
    entries: Table<Request>,
    /// The place that became free last; each free place names the next in `next`. `NONE`: all are taken.
    free: RequestId,
}

impl Default for Slab {
    fn default() -> Slab {
        Slab { entries: Table::default(), free: NONE }
    }
}

impl Slab {
    #[inline(always)]
    pub fn insert(&mut self, request: Request) -> RequestId {
        if self.free == NONE {
            self.grow();
        }
        let id = self.free;
        let place = &mut self.entries[id as usize];
        self.free = place.next;
        // a timeout of the former tenant must not find this one waiting
        let epoch = place.epoch.wrapping_add(1);
        *place = Request { epoch, ..request };
        id
    }

    /// One more place, free, whose first tenant's epoch will be 0.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.entries.push(Request { epoch: u32::MAX, next: NONE, ..Request::new(0, 0, 0, NONE) });
        self.free = self.entries.len() as RequestId - 1;
    }

    #[inline(always)]
    pub fn remove(&mut self, id: RequestId) {
        let place = &mut self.entries[id as usize];
        place.step = NONE;
        place.next = self.free;
        self.free = id;
    }

    /// It will be this one's turn soon.
    #[inline(always)]
    pub fn prefetch(&self, id: RequestId) {
        self.entries.prefetch(id as usize);
    }

    /// Requests in flight, in the order of their places.
    pub fn live(&self) -> impl Iterator<Item = RequestId> + '_ {
        (0..self.entries.len() as RequestId).filter(|&id| self.entries[id as usize].step != NONE)
    }

    /// Counts them.
    pub fn len(&self) -> usize {
        self.live().count()
    }

    pub fn is_empty(&self) -> bool {
        self.live().next().is_none()
    }
}

impl std::ops::Index<RequestId> for Slab {
    type Output = Request;
    #[inline(always)]
    fn index(&self, id: RequestId) -> &Request {
        &self.entries[id as usize]
    }
}

impl std::ops::IndexMut<RequestId> for Slab {
    #[inline(always)]
    fn index_mut(&mut self, id: RequestId) -> &mut Request {
        &mut self.entries[id as usize]
    }
}

/// First in, first out, linked through the slab: nothing is allocated, and leaving from the middle is O(1).
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    head: RequestId,
    tail: RequestId,
    len: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Queue { head: NONE, tail: NONE, len: 0 }
    }
}

impl Queue {
    #[inline(always)]
    pub fn len(&self) -> u32 {
        self.len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    pub fn head(&self) -> Option<RequestId> {
        (self.head != NONE).then_some(self.head)
    }

    #[inline(always)]
    pub fn push_back(&mut self, slab: &mut Slab, id: RequestId) {
        slab[id].next = NONE;
        slab[id].previous = self.tail;
        if self.tail == NONE {
            self.head = id;
        } else {
            slab[self.tail].next = id;
        }
        self.tail = id;
        self.len += 1;
    }

    #[inline(always)]
    pub fn push_front(&mut self, slab: &mut Slab, id: RequestId) {
        slab[id].previous = NONE;
        slab[id].next = self.head;
        if self.head == NONE {
            self.tail = id;
        } else {
            slab[self.head].previous = id;
        }
        self.head = id;
        self.len += 1;
    }

    #[inline(always)]
    pub fn pop_front(&mut self, slab: &mut Slab) -> Option<RequestId> {
        let id = self.head;
        if id == NONE {
            return None;
        }
        let next = slab[id].next;
        self.head = next;
        if next == NONE {
            self.tail = NONE;
        } else {
            slab[next].previous = NONE;
        }
        self.len -= 1;
        Some(id)
    }

    /// Takes `id`, which must be in this queue, out of it.
    pub fn remove(&mut self, slab: &mut Slab, id: RequestId) {
        let Request { next, previous, .. } = slab[id];
        if previous == NONE {
            self.head = next;
        } else {
            slab[previous].next = next;
        }
        if next == NONE {
            self.tail = previous;
        } else {
            slab[next].previous = previous;
        }
        self.len -= 1;
    }

    /// Ids from front to back.
    pub fn ids(&self, slab: &Slab) -> Vec<RequestId> {
        let mut ids = Vec::with_capacity(self.len as usize);
        let mut at = self.head;
        while at != NONE {
            ids.push(at);
            at = slab[at].next;
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_keeps_its_order_when_one_leaves_from_the_middle() {
        let mut slab = Slab::default();
        let mut queue = Queue::default();
        let ids: Vec<_> = (0..5).map(|i| slab.insert(Request::new(i, 0, 0, 0))).collect();
        for &id in &ids[..4] {
            queue.push_back(&mut slab, id);
        }
        queue.push_front(&mut slab, ids[4]);
        queue.remove(&mut slab, ids[1]);
        queue.remove(&mut slab, ids[4]);
        queue.remove(&mut slab, ids[3]);
        assert_eq!(queue.ids(&slab), vec![ids[0], ids[2]]);
        assert_eq!(queue.pop_front(&mut slab), Some(ids[0]));
        assert_eq!(queue.pop_front(&mut slab), Some(ids[2]));
        assert_eq!((queue.pop_front(&mut slab), queue.len()), (None, 0));
    }

    #[test]
    fn a_reused_entry_has_a_new_epoch() {
        let mut slab = Slab::default();
        let id = slab.insert(Request::new(1, 0, 0, 0));
        slab[id].epoch = 7;
        slab.remove(id);
        assert_eq!(slab.insert(Request::new(2, 0, 0, 0)), id);
        assert_eq!(slab[id].epoch, 8);
        assert_eq!(std::mem::size_of::<Request>(), 128);
    }
}
