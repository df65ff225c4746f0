use super::*;
use crate::scenario::{Overrides, Scenario, Warmup, load, load_str};
use crate::simulation::compile::{Compiled, compile};
use crate::simulation::{RunPlan, run, run_choice, run_trails};

fn plan(scenario: &Scenario) -> RunPlan<'static> {
    let warmup_s = if let Warmup::Seconds(seconds) = scenario.simulation.warmup { seconds } else { 1.0 };
    let duration_s = scenario.simulation.duration_s;
    RunPlan { run: 0, warmup_s, duration_s, traces: &|_| Box::new(std::iter::empty()) }
}

fn chosen(scenario: &Scenario, compiled: &Compiled, wanted: Wanted) -> (Choice, Vec<Trail>) {
    let choice = run_choice(scenario, compiled, &plan(scenario), &[wanted]).remove(0);
    let (_, written) = run_trails(scenario, compiled, &plan(scenario), &choice.chosen());
    (choice, written.trails)
}

/// Every stretch of a lane follows the one before without a gap, from its beginning to its end.
fn hold_laws(file: &str, trail: &Trail) {
    let what = format!("{file}, request {}", trail.number);
    assert!(trail.complete, "{what}");
    assert_eq!((trail.lanes[0].began, trail.lanes[0].ended), (trail.arrived, trail.ended), "{what}");
    for (i, lane) in trail.lanes.iter().enumerate() {
        let mut at = lane.began;
        for stop in &lane.stops {
            assert_eq!(stop.began, at, "{what}, lane {i}");
            assert!(stop.done <= stop.ended - stop.began, "{what}, lane {i}");
            at = stop.ended;
        }
        assert_eq!(at, lane.ended, "{what}, lane {i}");
        let inside = |began: u64, ended: u64| lane.began <= began && began <= ended && ended <= lane.ended;
        assert!(lane.holds.iter().all(|hold| inside(hold.began, hold.ended)), "{what}, lane {i}");
        for call in &lane.calls {
            assert!(inside(call.began, call.ended), "{what}, lane {i}");
            if let Some(outer) = call.within.map(|outer| &lane.calls[outer]) {
                assert!(outer.began <= call.began && call.ended <= outer.ended && outer.depth < call.depth);
            }
        }
        for stop in &lane.stops {
            if let Some(call) = stop.call.map(|call| &lane.calls[call]) {
                assert!(call.began <= stop.began && stop.ended <= call.ended, "{what}, lane {i}: {stop:?} {call:?}");
            }
        }
        if let Some((parent, stop)) = lane.parent {
            let waits = &trail.lanes[parent].stops[stop];
            assert!(matches!(waits.for_what, Awaited::Parts | Awaited::Attempt), "{what}, lane {i}: {waits:?}");
            assert!(waits.began == lane.began && lane.ended <= waits.ended, "{what}, lane {i}");
            // an attempt is all that its client waits for; of parts, the last one is
            let ends = trail.lanes.iter().filter(|other| other.parent == lane.parent).map(|other| other.ended);
            assert_eq!(ends.max(), Some(waits.ended), "{what}, lane {i}");
        }
    }
}

#[test]
fn the_steps_of_a_request_add_up_to_its_response_time_exactly() {
    let mut failures = 0;
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
        for failed in [false, true] {
            let wanted = Wanted { most: 20, class: None, failed };
            let (choice, trails) = chosen(&scenario, &compiled, wanted);
            assert_eq!(trails.len() as u64, choice.matching.min(20), "{file}");
            for trail in &trails {
                let reason = crate::simulation::result::failure::bare(trail.failure);
                let response_ns = trail.ended - trail.arrived;
                let candidate = Candidate { number: trail.number, response_ns };
                assert!(choice.slowest[&reason].contains(&candidate), "{file}");
                hold_laws(file, trail);
            }
            failures += if failed { trails.len() } else { 0 };
            // it is a run of the experiment: nothing happens otherwise
            if !failed {
                let result = run(&scenario, &compiled, &plan(&scenario));
                let slowest = result.classes.iter().filter_map(|class| class.latency_ns.max()).max();
                let longest = choice.slowest[&0][0].response_ns;
                assert_eq!(slowest, Some(longest), "{file}");
                assert_eq!(choice.matching, result.classes.iter().map(|class| class.completed).sum::<u64>());
            }
        }
    }
    assert!(failures >= 50, "{failures}");
}

#[test]
fn a_trail_says_who_waits_in_front_and_what_runs_beside() {
    // three come at once, and again each 50 ms
    let text = "
        [simulation]
        duration = \"1 s\"
        warmup = \"1 s\"
        [service.desk]
        kind = \"station\"
        workers = 1
        service = \"6 ms\"
        [service.bell]
        kind = \"station\"
        workers = 9
        service = \"2 ms\"
        [request.one]
        path = [\"desk\", { fork = [[\"bell\"], [{ delay = \"5 ms\" }]] }]
        [traffic.a]
        process = \"constant\"
        rate = \"20/s\"
        mix = { one = 1 }
        [traffic.b]
        process = \"constant\"
        rate = \"20/s\"
        mix = { one = 1 }
        [traffic.c]
        process = \"constant\"
        rate = \"20/s\"
        mix = { one = 1 }
    ";
    let scenario = load_str("desk.toml", text, &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let compiled = compile(&scenario);
    let (_, trails) = chosen(&scenario, &compiled, Wanted { most: 1, class: Some(0), failed: false });
    let trail = &trails[0];
    hold_laws("desk", trail);
    let ms = |ns: u64| ns as f64 / 1e6;
    assert_eq!(ms(trail.ended - trail.arrived), 23.0);
    let desk = &trail.lanes[0].stops[0];
    assert_eq!((desk.ahead, ms(desk.ended - desk.began), ms(desk.done)), (1, 18.0, 6.0));
    assert_eq!(trail.lanes[0].stops[1].for_what, Awaited::Parts);
    let parts: Vec<f64> = trail.lanes[1..].iter().map(|lane| ms(lane.ended - lane.began)).collect();
    assert_eq!(parts, [2.0, 5.0]);
}

/// gray-failure.toml with another fault at its second application server; the slowest requests.
fn with_fault(fault: &str, failed: bool) -> (Compiled, Vec<Place>, Vec<Trail>) {
    let set = vec!["simulation.duration=12 s".into(), "simulation.warmup=1 s".into(), format!("fault=[{fault}]")];
    let overrides = Overrides { set, ..Overrides::default() };
    let loaded = load("scenarios/gray-failure.toml".as_ref(), &overrides);
    let scenario = loaded.unwrap_or_else(|error| panic!("{}", error.render(false)));
    let compiled = compile(&scenario);
    let (choice, _) = chosen(&scenario, &compiled, Wanted { most: 5, class: None, failed });
    let (_, written) = run_trails(&scenario, &compiled, &plan(&scenario), &choice.chosen());
    written.trails.iter().for_each(|trail| hold_laws(fault, trail));
    (compiled, written.places, written.trails)
}

/// Seconds that a request was at a place, all lanes together.
fn seconds_at(trail: &Trail, places: &[Place], name: &str) -> f64 {
    let at = |stop: &&Stop| matches!(stop.for_what, Awaited::Place(place) if places[place as usize].name == name);
    let stops = trail.lanes.iter().flat_map(|lane| &lane.stops).filter(at);
    stops.map(|stop| (stop.ended - stop.began) as f64 / 1e9).sum()
}

/// When slots of a pool were held, seconds.
fn held_s(trail: &Trail, compiled: &Compiled, pool: &str) -> Vec<f64> {
    let at = compiled.network.stations.iter().find(|station| station.name == pool).expect(pool).at;
    let holds = trail.lanes.iter().flat_map(|lane| &lane.holds).filter(|hold| hold.at == at);
    holds.map(|hold| (hold.ended - hold.began) as f64 / 1e9).collect()
}

#[test]
fn a_worker_is_held_while_the_processor_works() {
    let (compiled, places, trails) = with_fault(r#"{ at = "1 s", slow = { server = "app2", cpu = 0.05 } }"#, false);
    for trail in &trails {
        let (cpu, held) = (seconds_at(trail, &places, "app2.cpu"), held_s(trail, &compiled, "app.app2.workers"));
        assert!(cpu > 0.5, "request {}: {cpu} s at the slow processor", trail.number);
        assert_eq!(held.len(), 1, "request {}", trail.number);
        assert!((held[0] - cpu).abs() < 0.01, "request {}: {held:?} s held, {cpu} s at the processor", trail.number);
    }
}

#[test]
fn who_is_in_a_process_that_hangs_is_held_by_it_and_by_nothing_else() {
    for whom in [r#"service = "app", server = "app2""#, r#"service = "lb""#] {
        let fault = format!(r#"{{ at = "2 s", lasts = "2 s", hang = {{ {whom} }} }}"#);
        let (_, places, trails) = with_fault(&fault, false);
        for trail in &trails {
            let (held, silent) = (
                seconds_at(trail, &places, "processes that hang"),
                seconds_at(trail, &places, "connections and silence"),
            );
            assert!(held > 1.0 && silent < 0.01, "{whom}, request {}: {held} s and {silent} s", trail.number);
        }
    }
}

#[test]
fn who_was_in_a_server_that_lost_its_power_waits_in_silence_and_holds_nothing_there() {
    let (compiled, places, trails) = with_fault(r#"{ at = "2 s", lasts = "7 s", power_off = "app2" }"#, true);
    assert_eq!(trails.len(), 5);
    for trail in &trails {
        let silent = seconds_at(trail, &places, "connections and silence");
        let at_work = seconds_at(trail, &places, "app2.cpu");
        assert!(silent > 4.0 && at_work < 0.5, "request {}: {silent} s and {at_work} s", trail.number);
        let held = held_s(trail, &compiled, "app.app2.workers");
        assert!(held.iter().all(|held| *held < 0.5), "request {}: {held:?}", trail.number);
    }
}
