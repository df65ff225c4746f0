//! Requests by when they arrived: how many of those that came in a window were answered, and answered in time.
//! The windows of a run's result count what *ends* in them, so that a request that hangs is missing there until it
//! ends; here it is missing from the answered.

/// Of each window and class, how many arrived and how many of those were answered within a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohorts {
    /// Length of a window, nanoseconds; the last may be cut short by the end of the run.
    pub width_ns: u64,
    /// An answer later than this is none, nanoseconds.
    pub within_ns: u64,
    pub classes: usize,
    /// t = 0 on the clock, nanoseconds.
    origin: u64,
    /// By window, and in it by class.
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub arrived: u32,
    pub answered: u32,
}

impl Cohorts {
    pub fn new(width_ns: u64, within_ns: u64, classes: usize, origin: u64) -> Cohorts {
        assert!(width_ns > 0, "a window has a length");
        Cohorts { width_ns, within_ns, classes, origin, cells: Vec::new() }
    }

    pub fn windows(&self) -> usize {
        self.cells.len() / self.classes.max(1)
    }

    /// Of a window that nobody arrived in, zeros.
    pub fn cell(&self, window: usize, class: usize) -> Cell {
        self.cells.get(window * self.classes + class).copied().unwrap_or_default()
    }

    /// `None`: in the warm-up.
    fn window(&self, arrived: u64) -> Option<usize> {
        Some((arrived.checked_sub(self.origin)? / self.width_ns) as usize)
    }

    pub(super) fn arrives(&mut self, now: u64, class: u16) {
        let Some(window) = self.window(now) else { return };
        if (window + 1) * self.classes > self.cells.len() {
            self.cells.resize((window + 1) * self.classes, Cell::default());
        }
        self.cells[window * self.classes + class as usize].arrived += 1;
    }

    pub(super) fn is_answered(&mut self, now: u64, class: u16, arrived: u64) {
        if let Some(window) = self.window(arrived)
            && now - arrived <= self.within_ns
        {
            self.cells[window * self.classes + class as usize].answered += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_where_its_request_came() {
        let mut cohorts = Cohorts::new(10, 25, 2, 100);
        // the warm-up's are nobody's
        cohorts.arrives(99, 0);
        cohorts.is_answered(120, 0, 99);
        for now in [100, 109, 110] {
            cohorts.arrives(now, 1);
        }
        cohorts.is_answered(134, 1, 109);
        // too late
        cohorts.is_answered(126, 1, 100);
        assert_eq!(cohorts.windows(), 2);
        assert_eq!(cohorts.cell(0, 1), Cell { arrived: 2, answered: 1 });
        assert_eq!(cohorts.cell(1, 1), Cell { arrived: 1, answered: 0 });
        assert_eq!(cohorts.cell(0, 0), Cell::default());
        assert_eq!(cohorts.cell(7, 1), Cell::default());
    }
}
