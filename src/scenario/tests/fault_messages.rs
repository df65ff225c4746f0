//! Faults that cannot be, that contradict each other, or that come too late: what is said, and at which line.

use super::messages::check;
use super::{PEAK, loaded, loaded_with};
use crate::scenario::{IdleFault, Scenario, idle_faults};

/// Faults below three servers behind a pair, one a line from line 16 on.
fn with_faults(faults: &[&str]) -> String {
    let base = "[server]\nlb1 = {}\nlb2 = {}\na1 = {}\na2 = {}\n[simulation]\nduration = \"5 min\"\n[service]\n\
                lb = { kind = \"haproxy\", servers = [\"lb1\", \"lb2\"], vrrp = {}, backend = \"app\" }\n\
                app = { kind = \"app\", servers = [\"a1\", \"a2\"] }\n[request.page]\napp.cpu = \"1 ms\"\n\
                [traffic.all]\nrate = \"9/s\"\n";
    let faults: Vec<String> = faults.iter().map(|fault| format!("    {{ {fault} }},\n")).collect();
    format!("fault = [\n{}]\n{base}", faults.concat())
}

/// Which fault is told, and what of it: "2 of test.toml:3 from 90: a1 has no power by 1 of test.toml:2".
fn told(scenario: &Scenario) -> Vec<String> {
    let one = |found| match found {
        IdleFault::AfterTheEnd { fault, line } => format!("{fault} of {line} after the end"),
        IdleFault::Gone { fault, line, by, until_s } => {
            let by: Vec<String> = by.iter().map(|(what, by, line)| format!("{what} by {by} of {line}")).collect();
            let until = until_s.map_or("never".to_owned(), |until_s| format!("from {until_s}"));
            format!("{fault} of {line} {until}: {}", by.join(", "))
        }
    };
    idle_faults(scenario).into_iter().map(one).collect()
}

#[test]
fn faults_that_contradict_each_other_are_told_at_the_line_of_the_second() {
    const DARK: &str = "at = \"30 s\", lasts = \"60 s\", power_off = \"a1\"";
    const DEAD: &str = "at = \"30 s\", lasts = \"60 s\", kill = { service = \"app\", server = \"a1\" }";
    const OUT: &str =
        "at = \"30 s\", lasts = \"60 s\", maintenance = { service = \"app\", server = \"a1\", drain = \"20 s\" }";
    const CUT: &str = "at = \"30 s\", lasts = \"60 s\", cut = \"a1\"";
    let no_power = "a1 has no power by 1 of test.toml:2";
    let down = "app on a1 is down by 1 of test.toml:2";
    let maintained = "app on a1 is under maintenance by 1 of test.toml:2";
    let nothing_passes = "no bytes pass there by 1 of test.toml:2";
    for (first, second, expected) in [
        // on a server that is off
        (DARK, "at = \"40 s\", lasts = \"9 s\", power_off = \"a1\"", Some(("never", no_power))),
        (DARK, "at = \"40 s\", power_off = \"a1\"", Some(("from 90", no_power))),
        (DARK, "at = \"40 s\", lasts = \"9 s\", slow = { server = \"a1\", cpu = 0.5 }", Some(("never", no_power))),
        (
            DARK,
            "at = \"40 s\", lasts = \"9 s\", memory = { server = \"a1\", taken = \"1 GiB\" }",
            Some(("never", no_power)),
        ),
        (
            DARK,
            "at = \"40 s\", lasts = \"9 s\", kill = { service = \"app\", server = \"a1\" }",
            Some(("never", no_power)),
        ),
        (
            DARK,
            "at = \"40 s\", lasts = \"9 s\", hang = { service = \"app\", server = \"a1\" }",
            Some(("never", no_power)),
        ),
        (DARK, "at = \"40 s\", lasts = \"9 s\", cut = [\"lb1\", \"a1\"]", Some(("never", no_power))),
        (DARK, "at = \"40 s\", lasts = \"9 s\", impair = { around = \"a1\", loss = 0.1 }", Some(("never", no_power))),
        // before, after, elsewhere, and more than that
        (DARK, "at = \"20 s\", lasts = \"10 s\", power_off = \"a1\"", None),
        (DARK, "at = \"90 s\", power_off = \"a1\"", None),
        (DARK, "at = \"40 s\", power_off = \"a2\"", None),
        (DARK, "at = \"40 s\", power_off = [\"a1\", \"a2\"]", None),
        (DARK, "at = \"40 s\", kill = { service = \"app\" }", None),
        (DARK, "mttf = \"40 s\", mttr = \"1 s\", power_off = \"a1\"", None),
        // of a process that is dead, or will be
        (DEAD, "at = \"40 s\", lasts = \"50 s\", kill = { service = \"app\", server = \"a1\" }", Some(("never", down))),
        (DEAD, "at = \"40 s\", lasts = \"9 s\", hang = { service = \"app\", server = \"a1\" }", Some(("never", down))),
        (DEAD, "at = \"40 s\", maintenance = { service = \"app\", server = \"a1\" }", Some(("from 90", down))),
        (DEAD, "at = \"40 s\", power_off = \"a1\"", None),
        (DEAD, "at = \"40 s\", slow = { server = \"a1\", cpu = 0.5 }", None),
        (OUT, "at = \"40 s\", maintenance = { service = \"app\", server = \"a1\" }", Some(("from 90", maintained))),
        (
            OUT,
            "at = \"50 s\", lasts = \"9 s\", kill = { service = \"app\", server = \"a1\" }",
            Some(("never", maintained)),
        ),
        // while it is drained it runs
        (OUT, "at = \"40 s\", lasts = \"9 s\", kill = { service = \"app\", server = \"a1\" }", None),
        // on a way that is cut
        (CUT, "at = \"40 s\", lasts = \"9 s\", cut = [\"lb2\", \"a1\"]", Some(("never", nothing_passes))),
        (
            CUT,
            "at = \"40 s\", lasts = \"9 s\", impair = { between = [\"a1\", \"lb1\"], loss = 0.1 }",
            Some(("never", nothing_passes)),
        ),
        (CUT, "at = \"40 s\", lasts = \"9 s\", cut = [\"lb1\", \"a2\"]", None),
        (CUT, "at = \"40 s\", kill = { service = \"app\", server = \"a1\" }", None),
        // two of the same time: the second in the scenario
        (DARK, DARK, Some(("never", no_power))),
    ] {
        let found = told(&loaded(&with_faults(&[first, second])));
        let expected: Vec<String> =
            expected.iter().map(|(until, by)| format!("2 of test.toml:3 {until}: {by}")).collect();
        assert_eq!(found, expected, "{first} and {second}");
    }
    // what several take away together, one after the other
    let all = "at = \"40 s\", lasts = \"70 s\", power_off = [\"a1\", \"a2\"]";
    let a2 = "at = \"35 s\", lasts = \"80 s\", power_off = \"a2\"";
    let found = told(&loaded(&with_faults(&[DARK, a2, all])));
    let both = "a1 has no power by 1 of test.toml:2, a2 has no power by 2 of test.toml:3";
    assert_eq!(found, [format!("3 of test.toml:4 from 90: {both}")]);
    // a goodbye after a crash is one that the other load balancer hears; after that of keepalived, too, it is none
    let lb1 = |what: &str| format!("at = \"30 s\", lasts = \"60 s\", {what}");
    let stop = lb1("stop = { service = \"lb\", server = \"lb1\" }");
    let crash = lb1("kill = { service = \"lb\", server = \"lb1\" }");
    let both = lb1("kill = { service = \"lb\", server = \"lb1\", keepalived = true }");
    assert_eq!(told(&loaded(&with_faults(&[&crash, &stop]))), [""; 0]);
    let down = "2 of test.toml:3 never: lb on lb1 is down by 1 of test.toml:2";
    assert_eq!(told(&loaded(&with_faults(&[&both, &stop]))), [down]);
    // its process is there until it is drained
    let out = lb1("maintenance = { service = \"lb\", server = \"lb1\", drain = \"20 s\" }");
    assert_eq!(told(&loaded(&with_faults(&[&crash, &out]))), [""; 0]);
    assert_eq!(told(&loaded(&with_faults(&[&out, &both]))), [""; 0]);
    let later = both.replace("at = \"30 s\", lasts = \"60 s\"", "at = \"50 s\", lasts = \"9 s\"");
    let maintained = "2 of test.toml:3 never: lb on lb1 is under maintenance by 1 of test.toml:2";
    assert_eq!(told(&loaded(&with_faults(&[&out, &later]))), [maintained]);
}

#[test]
fn a_fault_after_the_end_is_told_at_its_line() {
    let text = with_faults(&["at = \"30 s\", power_off = \"a1\"", "at = \"5 min\", power_off = \"a2\""]);
    assert_eq!(told(&loaded(&text)), ["2 of test.toml:3 after the end"]);
    // another length is another end
    assert_eq!(told(&loaded_with(&text, &["simulation.duration=301 s"])), [""; 0]);
    let both = ["1 of test.toml:2 after the end", "2 of test.toml:3 after the end"];
    assert_eq!(told(&loaded_with(&text, &["simulation.duration=30 s"])), both);
    // the line is that of the time
    let lines = "[[fault]]\npower_off = \"app1\"\nat = \"31 min\"\n";
    let line = PEAK.replace("\"auto\"", "\"9 s\"").lines().count() + 3;
    let found = told(&loaded(&format!("{}{lines}", PEAK.replace("\"auto\"", "\"9 s\""))));
    assert_eq!(found, [format!("1 of test.toml:{line} after the end")]);
}

#[test]
fn faults_that_cannot_be_are_shown_at_their_line() {
    for (fault, expected) in [
        ("at = \"1 s\", kill = { service = \"ap\" }", "there is no service `ap`"),
        ("at = \"1 s\", kill = { service = \"app\", server = \"lb1\" }", "`app` does not run on `lb1`"),
        ("at = \"1 s\", power_off = [\"a1\", \"a9\"]", "there is no server `a9`"),
        ("at = \"1 s\", impair = { between = [\"a1\", \"a9\"], loss = 0.1 }", "there is no server `a9`"),
        ("at = \"1 s\", memory = { server = \"a9\", taken = \"1 GiB\" }", "there is no server `a9`"),
        ("at = \"-1 s\", power_off = \"a1\"", "fault.0.at: a time cannot be negative"),
        ("at = \"9 s\", lasts = \"-1 s\", power_off = \"a1\"", "fault.0.lasts: a time cannot be negative"),
        ("at = \"9 s\", lasts = \"0 s\", power_off = \"a1\"", "fault.0.lasts: a time of zero is not possible"),
        ("mttf = \"-1 h\", mttr = \"1 s\", power_off = \"a1\"", "fault.0.mttf: a time cannot be negative"),
        ("mttf = \"1 h\", mttr = \"0 s\", power_off = \"a1\"", "fault.0.mttr"),
        ("mttf = \"1 h\", power_off = \"a1\"", "fault.0.mttr: missing"),
        ("lasts = \"9 s\", power_off = \"a1\"", "fault.0.at: missing"),
        (
            "at = \"9 s\", maintenance = { service = \"app\", drain = \"-1 s\" }",
            "fault.0.maintenance.drain: a time cannot be negative",
        ),
        (
            "at = \"9 s\", lasts = \"20 s\", maintenance = { service = \"app\", drain = \"20 s\" }",
            "the maintenance is over before its drain is",
        ),
        ("at = \"9 s\", power_off = \"a1\", cut = \"a1\"", "fault.0.cut: cannot stand beside `power_off`"),
    ] {
        check(&with_faults(&[fault]), &[expected, "test.toml:2:"]);
    }
    // a database all of whose servers are maintained at once
    let watched =
        PEAK.replace("replicas = [\"db2\"]", "replicas = [\"db2\"]\nfailover = {}").replace("\"auto\"", "\"9 s\"");
    let all = "[[fault]]\nat = \"9 s\"\nmaintenance = { service = \"db\" }\n";
    check(&format!("{watched}{all}"), &["`db`: no candidate is left to take the writes over", "one server at a time"]);
    for server in ["db1", "db2"] {
        loaded(&format!("{watched}{}", all.replace("\"db\" }", &format!("\"db\", server = \"{server}\" }}"))));
    }
    // one server has nobody to take over, at the line of `vrrp`
    let alone = with_faults(&[]).replace("servers = [\"lb1\", \"lb2\"]", "servers = [\"lb1\"]");
    check(&alone, &["service.lb.vrrp: there is one server", "test.toml:11:"]);
}
