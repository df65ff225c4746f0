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
    let (_, found) = run_choice(scenario, compiled, &plan(scenario), wanted);
    let choice = found.choice.expect("a choice");
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
fn a_trail_says_who_waits_in_front_what_is_held_and_what_runs_beside() {
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
