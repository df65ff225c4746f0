//! Where the time of a request goes: each stretch from one step to the next is booked where the request was meanwhile.
//! Of a run with a ledger, every answered request whose latency lies in one of a few bands is added up.

use super::places::{Place, Places, Spent};
use crate::model::network::Network;
use crate::model::program::StepId;
use crate::model::request::{NONE, RequestId};

/// Requests whose latency lies between two times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    pub low_ns: u64,
    pub high_ns: u64,
    pub requests: u64,
    pub latency_ns: u128,
    pub by_class: Vec<u64>,
    /// Sums of (waiting, the other kind) by place, nanoseconds.
    pub places: Vec<(u128, u128)>,
}

#[derive(Clone, Debug)]
pub struct Ledger {
    pub places: Vec<Place>,
    pub bands: Vec<Band>,
    /// By step: where a request is that waits behind it.
    place_of_step: Vec<u16>,
    /// By place in the slab.
    accounts: Vec<Account>,
    /// Latency and bookings of each answered request that differ; a test holds that there are none.
    pub unbalanced: u64,
    held: u16,
    again: u16,
}

/// Of a request in flight.
#[derive(Clone, Debug, Default)]
struct Account {
    open: bool,
    since: u64,
    place: u16,
    /// Service at the place, if it is a station's.
    work: u64,
    /// (place, waiting, the other kind)
    booked: Vec<(u16, u64, u64)>,
}

impl Ledger {
    pub fn new(network: &Network, classes: usize, bands: &[(u64, u64)]) -> Ledger {
        let Places { places, of_step: place_of_step, held, again } = Places::of(network);
        let band = |&(low_ns, high_ns): &(u64, u64)| Band {
            low_ns,
            high_ns,
            by_class: vec![0; classes],
            places: vec![(0, 0); places.len()],
            ..Band::default()
        };
        let bands = bands.iter().map(band).collect();
        Ledger { bands, place_of_step, accounts: Vec::new(), unbalanced: 0, held, again, places }
    }

    /// A request, or a part of one, begins.
    pub fn open(&mut self, now: u64, id: RequestId) {
        if id as usize >= self.accounts.len() {
            self.accounts.resize(id as usize + 1, Account::default());
        }
        let account = &mut self.accounts[id as usize];
        account.open = true;
        account.since = now;
        account.work = 0;
        account.booked.clear();
    }

    /// It goes on: what has passed since it stopped is booked.
    pub fn goes_on(&mut self, now: u64, id: RequestId) {
        let Some(account) = self.accounts.get_mut(id as usize).filter(|account| account.open) else { return };
        let elapsed = now - account.since;
        if elapsed == 0 {
            return;
        }
        let done = match self.places[account.place as usize].spent {
            Spent::Service => account.work.min(elapsed),
            Spent::Network | Spent::Held => elapsed,
        };
        account.book(account.place, elapsed - done, done);
        account.since = now;
    }

    /// It stops before a step, after it has begun so much work; `again`: to wait before another attempt.
    pub fn stops(&mut self, id: RequestId, step: StepId, work: u64, again: bool) {
        let Some(account) = self.accounts.get_mut(id as usize).filter(|account| account.open) else { return };
        if step == NONE {
            // it has ended
            account.open = false;
            return;
        }
        let place = (step as usize).checked_sub(1).and_then(|at| self.place_of_step.get(at)).copied();
        account.place = if again { self.again } else { place.unwrap_or(self.held) };
        account.work = work;
    }

    /// It cannot go on: the process that it is in hangs.
    pub fn is_held(&mut self, id: RequestId) {
        if let Some(account) = self.accounts.get_mut(id as usize).filter(|account| account.open) {
            account.place = self.held;
        }
    }

    /// It lives on in another place of the slab.
    pub fn moved(&mut self, now: u64, from: RequestId, to: RequestId) {
        self.open(now, to);
        self.accounts[to as usize] = std::mem::take(&mut self.accounts[from as usize]);
    }

    /// A part of a request has ended, and it goes on where that was: what the part has spent, it has.
    pub fn joins(&mut self, now: u64, part: RequestId, whole: RequestId) {
        self.goes_on(now, part);
        let Some(of_part) = self.accounts.get_mut(part as usize).filter(|account| account.open) else { return };
        of_part.open = false;
        let booked = std::mem::take(&mut of_part.booked);
        if let Some(account) = self.accounts.get_mut(whole as usize).filter(|account| account.open) {
            for (place, waiting, done) in booked {
                account.book(place, waiting, done);
            }
            account.since = now;
        }
    }

    /// A client has its answer.
    pub fn answered(&mut self, id: RequestId, class: u16, latency: u64, measured: bool) {
        let Some(account) = self.accounts.get_mut(id as usize).filter(|account| account.open) else { return };
        account.open = false;
        if !measured {
            return;
        }
        let booked: u64 = account.booked.iter().map(|(_, waiting, done)| waiting + done).sum();
        self.unbalanced += u64::from(booked != latency);
        for band in self.bands.iter_mut().filter(|band| (band.low_ns..=band.high_ns).contains(&latency)) {
            band.requests += 1;
            band.latency_ns += u128::from(latency);
            band.by_class[class as usize] += 1;
            for &(place, waiting, done) in &account.booked {
                let sum = &mut band.places[place as usize];
                sum.0 += u128::from(waiting);
                sum.1 += u128::from(done);
            }
        }
    }
}

impl Account {
    fn book(&mut self, place: u16, waiting: u64, done: u64) {
        match self.booked.iter_mut().find(|booking| booking.0 == place) {
            Some(booking) => {
                booking.1 += waiting;
                booking.2 += done;
            }
            None => self.booked.push((place, waiting, done)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Overrides, Scenario, Warmup, load, load_str};
    use crate::simulation::compile::compile;
    use crate::simulation::result::FailureReason;
    use crate::simulation::{RunPlan, run, run_ledger};

    const ALL: [(u64, u64); 1] = [(0, u64::MAX)];

    fn plan(scenario: &Scenario) -> RunPlan<'static> {
        let warmup_s = if let Warmup::Seconds(seconds) = scenario.simulation.warmup { seconds } else { 1.0 };
        RunPlan {
            run: 0,
            warmup_s,
            duration_s: scenario.simulation.duration_s,
            traces: &|_| Box::new(std::iter::empty()),
        }
    }

    #[test]
    fn every_nanosecond_of_an_answered_request_is_booked_once() {
        // through each kind of step, clients who give up and try again, kills, hangs, dark servers and failovers
        for (file, duration) in [
            ("peak", "2 s"),
            ("closed", "200 s"),
            ("retry-storm", "80 s"),
            ("gray-failure", "80 s"),
            ("rolling-upgrade", "90 s"),
            ("lb-failover", "80 s"),
            ("db-primary-crash-promotion", "100 s"),
        ] {
            let set = vec![format!("simulation.duration={duration}")];
            let overrides = Overrides { set, ..Overrides::default() };
            let path = format!("scenarios/{file}.toml");
            let scenario = load(path.as_ref(), &overrides).unwrap_or_else(|error| panic!("{}", error.render(false)));
            let compiled = compile(&scenario);
            let ledger = run_ledger(&scenario, &compiled, &plan(&scenario), &ALL);
            assert_eq!(ledger.unbalanced, 0, "{file}");
            // and nothing happens otherwise than without
            let result = run(&scenario, &compiled, &plan(&scenario));
            let band = &ledger.bands[0];
            assert!(band.requests > 1000, "{file}: {}", band.requests);
            assert_eq!(band.requests, result.classes.iter().map(|class| class.completed).sum::<u64>(), "{file}");
            assert_eq!(band.latency_ns, result.classes.iter().map(|class| class.latency_ns.sum()).sum(), "{file}");
            assert_eq!(band.places.iter().map(|place| place.0 + place.1).sum::<u128>(), band.latency_ns, "{file}");
        }
    }

    #[test]
    fn transfers_that_stand_still_are_booked_too() {
        let text = "
            [simulation]
            duration = \"60 s\"
            warmup = \"1 s\"
            [server.a]
            nic = \"1 MB/s\"
            [service.lb]
            kind = \"haproxy\"
            servers = [\"a\"]
            backend = \"app\"
            timeout = { client = \"700 ms\" }
            [service.app]
            kind = \"app\"
            servers = [\"a\"]
            [request.file]
            app.cpu = \"1 ms\"
            upload = \"40 kB\"
            response = \"40 kB\"
            [traffic.all]
            process = \"poisson\"
            rate = \"20/s\"
            [[fault]]
            mttf = \"exponential(2 s)\"
            mttr = \"exponential(1 s)\"
            cut = \"a\"
        ";
        let scenario =
            load_str("cut.toml", text, &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render(false)));
        let compiled = compile(&scenario);
        let ledger = run_ledger(&scenario, &compiled, &plan(&scenario), &ALL);
        assert_eq!(ledger.unbalanced, 0);
        assert!(ledger.bands[0].requests > 500, "{}", ledger.bands[0].requests);
        let result = run(&scenario, &compiled, &plan(&scenario));
        let failed = |reason: FailureReason| result.classes[0].failed[reason as usize - 1];
        assert!(failed(FailureReason::UploadTimeout) > 0 && failed(FailureReason::ConnectionReset) > 0);
    }

    #[test]
    fn waiting_is_told_from_service_and_from_delays() {
        // two come at the same time, each 40 ms, and share a worker: the one waits once, the other twice, 6 ms each time
        let text = "
            [simulation]
            duration = \"10 s\"
            warmup = \"1 s\"
            [service.desk]
            kind = \"station\"
            workers = 1
            service = \"6 ms\"
            [request.one]
            path = [{ delay = \"4 ms\" }, \"desk\", \"desk\"]
            [traffic.all]
            process = \"constant\"
            rate = \"25/s\"
            mix = { one = 1 }
            [traffic.others]
            process = \"constant\"
            rate = \"25/s\"
            mix = { one = 1 }
        ";
        let scenario =
            load_str("desk.toml", text, &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render(false)));
        let ledger = run_ledger(&scenario, &compile(&scenario), &plan(&scenario), &ALL);
        let spent = |name: &str| {
            let at = ledger.places.iter().position(|place| place.name == name).expect(name);
            let (waiting, rest) = ledger.bands[0].places[at];
            let each = |sum: u128| sum as f64 / ledger.bands[0].requests as f64 / 1e6;
            (each(waiting), each(rest))
        };
        assert_eq!(spent("delays"), (0.0, 4.0));
        assert_eq!(spent("desk"), (9.0, 12.0));
        assert_eq!(ledger.unbalanced, 0);
    }
}
