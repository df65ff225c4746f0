use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use clap::CommandFactory;

use super::*;
use crate::engine::Distribution;
use crate::experiment::summary::Check;
use crate::report::example;
use crate::scenario::{Assumption, Mark, Network, Simulation, Warmup};

/// Gives the example for every scenario but `wrong.toml`.
#[derive(Default)]
struct Fake {
    overrides: RefCell<Overrides>,
    breaks_a_law: bool,
    trace_is_lost: bool,
}

impl Simulator for Fake {
    fn load(&self, written: &Written) -> Result<Scenario, Failure> {
        *self.overrides.borrow_mut() = written.overrides.clone();
        if written.file.ends_with("wrong.toml") {
            return Err(Failure::input("wrong.toml:3: unknown key `wrokers`"));
        }
        Ok(scenario())
    }

    fn check_traces(&self, _: &Scenario, _: &Written) -> Result<(), Failure> {
        match self.trace_is_lost {
            true => Err(Failure::input("traffic.recorded.file: there is no file a.log")),
            false => Ok(()),
        }
    }

    fn run(&self, _: &Scenario, _: &run::Args, _: &Written, progress: &Progress) -> Result<Outcome, Failure> {
        progress.show("runs", 10, 10);
        let mut outcome = example::outcome();
        if self.breaks_a_law {
            outcome.summary.checks.push(Check {
                name: "conservation".into(),
                passed: false,
                detail: "arrived = completed + failed + in flight".into(),
                simulated: None,
                expected: None,
            });
        }
        Ok(outcome)
    }

    fn spof(&self, _: &Scenario, _: &spof::Args, _: &Written, _: &Progress) -> Result<(Findings, Vec<Check>), Failure> {
        Err(Failure::Ours("error: nothing here can be simulated".into()))
    }

    fn explain_request(&self, _: &Scenario, _: &explain_request::Args, _: &Written) -> Result<Explained, Failure> {
        Err(Failure::Ours("error: nothing here can be explained".into()))
    }

    fn plan(
        &self,
        _: &Scenario,
        _: &plan::Args,
        _: Option<Measured>,
        _: &Written,
        _: &Progress,
    ) -> Result<Plans, Failure> {
        Err(Failure::Ours("error: nothing here can be planned".into()))
    }

    fn scalability(&self, _: &Measured) -> Result<UslFindings, String> {
        Err("nothing here can be fitted".into())
    }

    fn compare(
        &self,
        _: &compare::Subject,
        _: &compare::Args,
        _: &Progress,
    ) -> Result<(compare::Found, Vec<Check>), Failure> {
        Err(Failure::Ours("error: nothing here can be simulated".into()))
    }

    fn trace(&self, options: &trace::Args, _: bool) -> Result<String, Failure> {
        Ok(format!("{} json={}\n", options.file.display(), options.json))
    }
}

fn scenario() -> Scenario {
    let assumption = |key: &str, value: &str, mark, source: &str| Assumption {
        key: key.into(),
        value: value.into(),
        mark,
        source: source.into(),
        anywhere: None,
        inherited: false,
    };
    Scenario {
        name: "peak".into(),
        simulation: Simulation { duration_s: Some(1800.0), warmup: Warmup::Auto, runs: 10, seed: 42, runs_given: true },
        network: Network { delay_s: 1e-4, client_rtt: Distribution::Constant(0.04), tcp: Default::default() },
        servers: Vec::new(),
        services: Vec::new(),
        requests: Vec::new(),
        traffic: Vec::new(),
        faults: Vec::new(),
        objectives: Vec::new(),
        repairs: Default::default(),
        plan: None,
        assumptions: vec![
            assumption("service.app.workers", "64", Mark::Given, "peak.toml:31"),
            assumption("network.delay", "\"0.1 ms\"", Mark::Default, "one rack,\nmeasured"),
        ],
        written: Vec::new(),
        sha256: "9f86d081".into(),
    }
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn say(simulator: &Fake, arguments: &[&str]) -> Said {
    let cli = Cli::try_parse_from([&["foobar-sim"], arguments].concat()).unwrap();
    let (out, err) = (Shared::default(), Shared::default());
    let mut console = Console::plain(Box::new(out.clone()), Box::new(err.clone()));
    let typed = arguments.iter().map(|a| a.to_string()).collect();
    let code = dispatch(simulator, cli, typed, &mut console);
    Said { code, out: out.text(), err: err.text() }
}

fn refused(arguments: &[&str]) -> String {
    let error = Cli::try_parse_from([&["foobar-sim"], arguments].concat()).unwrap_err();
    assert_eq!(error.exit_code(), i32::from(failure::INPUT));
    error.to_string()
}

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn a_run_prints_its_summary_and_keeps_its_files() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("results");
    let said = say(&Fake::default(), &["run", "peak.toml", "-o", folder.to_str().unwrap()]);
    assert_eq!((said.code, said.err.as_str()), (failure::DONE, ""));
    assert!(said.out.starts_with("peak\n"), "{}", said.out);
    assert!(said.out.contains(folder.to_str().unwrap()));
    for file in ["summary.json", "summary.md", "timeseries.csv", "throughput.svg", "manifest.json"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"peak.toml\""), "{manifest}");
}

#[test]
fn each_format_is_what_the_file_of_that_name_holds() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().to_str().unwrap();
    for (format, file) in [("json", "summary.json"), ("csv", "timeseries.csv")] {
        let said = say(&Fake::default(), &["run", "peak.toml", "-o", folder, "--format", format]);
        assert_eq!((said.code, said.err), (failure::DONE, format!("foobar-sim: results are in {folder}\n")));
        assert_eq!(said.out, std::fs::read_to_string(root.path().join(file)).unwrap());
    }
    let said = say(&Fake::default(), &["run", "peak.toml", "-o", folder, "--format", "markdown", "-q"]);
    assert_eq!(said.err, "");
    assert!(said.out.starts_with("# peak\n"), "{}", said.out);
}

#[test]
fn a_result_that_cannot_be_kept_is_still_printed() {
    let root = tempfile::tempdir().unwrap();
    // found only when the files are put in their places
    let folder = root.path().join("results");
    std::fs::create_dir_all(folder.join("summary.json")).unwrap();
    let said = say(&Fake::default(), &["run", "peak.toml", "-o", folder.to_str().unwrap()]);
    assert_eq!(said.code, failure::OURS);
    assert!(said.out.contains("Latency of answered requests"));
    assert!(!said.out.contains("Files"), "{}", said.out);
    assert!(said.err.contains("summary.json: a folder of that name is in the way"), "{}", said.err);
}

#[test]
fn a_folder_that_cannot_be_made_is_known_before_the_work() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    for folder in [file.clone(), file.join("sub")] {
        let said = say(&Fake::default(), &["run", "peak.toml", "-o", folder.to_str().unwrap()]);
        assert_eq!((said.code, said.out.as_str()), (failure::OURS, ""));
        assert!(said.err.starts_with("error: cannot create the folder"), "{}", said.err);
        assert!(said.err.contains("a file is in the way"), "{}", said.err);
    }
}

#[test]
fn a_valid_scenario_has_traces_that_can_be_played() {
    let said = say(&Fake { trace_is_lost: true, ..Fake::default() }, &["validate", "peak.toml"]);
    assert_eq!((said.code, said.out.as_str()), (failure::INPUT, ""));
    assert_eq!(said.err, "error: traffic.recorded.file: there is no file a.log\n");
}

#[test]
fn a_broken_law_is_our_error() {
    let root = tempfile::tempdir().unwrap();
    let fake = Fake { breaks_a_law: true, ..Fake::default() };
    let said = say(&fake, &["run", "peak.toml", "-o", root.path().to_str().unwrap()]);
    assert_eq!(said.code, failure::OURS);
    assert!(said.err.contains("1 of 38 checks failed"), "{}", said.err);
    assert!(root.path().join("summary.json").is_file());
}

#[test]
fn a_wrong_scenario_is_the_users_error() {
    for command in ["run", "validate"] {
        let said = say(&Fake::default(), &[command, "wrong.toml"]);
        assert_eq!((said.code, said.out.as_str()), (failure::INPUT, ""));
        assert_eq!(said.err, "error: wrong.toml:3: unknown key `wrokers`\n");
    }
}

#[test]
fn flags_that_stand_for_keys_become_overrides_and_win() {
    let fake = Fake::default();
    let said = say(
        &fake,
        &["run", "p.toml", "--set", "simulation.runs=3", "--runs", "20", "--seed", "7", "--print-effective"],
    );
    assert_eq!(said.code, failure::DONE);
    let overrides = fake.overrides.borrow();
    assert_eq!(overrides.set, ["simulation.runs=3"]);
    assert_eq!((overrides.runs, overrides.seed), (Some(20), Some(7)));
}

#[test]
fn the_effective_scenario_is_valid_toml() {
    let said = say(&Fake::default(), &["run", "peak.toml", "--print-effective"]);
    let table: toml::Table = said.out.parse().unwrap();
    assert_eq!(table["service"]["app"]["workers"].as_integer(), Some(64));
    assert_eq!(table["network"]["delay"].as_str(), Some("0.1 ms"));
    for origin in ["# given: peak.toml:31\n", "# default: one rack, measured\n"] {
        assert!(said.out.contains(origin), "{}", said.out);
    }
}

#[test]
fn a_valid_scenario_is_described() {
    let said = say(&Fake::default(), &["validate", "peak.toml"]);
    assert_eq!(
        said.out,
        "peak.toml is valid: 0 servers, 0 services, 0 request classes, 0 traffic sources; 10 runs of 30 min\n"
    );
}

#[test]
fn a_trace_is_summarized() {
    assert_eq!(say(&Fake::default(), &["trace", "a.log", "--json"]).out, "a.log json=true\n");
}

#[test]
fn a_wrong_command_line_says_what_was_expected() {
    assert!(refused(&["run", "p.toml", "--set", "workers"]).contains("expected KEY=VALUE"));
    assert!(refused(&["run", "p.toml", "--precision", "2"]).contains("such as 2%"));
    assert!(refused(&["run", "p.toml", "--precision", "0%"]).contains("more than 0%"));
    assert!(refused(&["run", "p.toml", "--runs", "0"]).contains("at least 1 run is needed"));
    assert!(refused(&["run", "p.toml", "--runs", "-1"]).contains("at least 1 run is needed"));
    assert!(refused(&["run", "p.toml", "--runs", "10001"]).contains("at most 10000 runs"));
    assert!(refused(&["run", "p.toml", "--runs", "many"]).contains("from 1 to 10000"));
    assert!(refused(&["run", "p.toml", "--seed", "-1"]).contains("from 0 to 9223372036854775807"));
    assert!(refused(&["run", "p.toml", "--precision", "-2%"]).contains("more than 0%"));
    assert!(refused(&["run", "p.toml", "--threads", "1000000"]).contains("at most 1024 threads"));
    assert!(refused(&["run", "p.toml", "--threads", "0"]).contains("at least 1 thread"));
    assert!(refused(&["run"]).contains("SCENARIO"));
    assert!(refused(&["validat", "p.toml"]).contains("similar"));
}

#[test]
fn precision_is_a_share() {
    let cli = Cli::try_parse_from(["foobar-sim", "run", "p.toml", "--precision", "2.5%"]).unwrap();
    let Command::Run(args) = cli.command else { panic!("run was typed") };
    assert_eq!(args.precision, Some(0.025));
}

#[test]
fn help_shows_examples() {
    let help = Cli::command().render_long_help().to_string();
    assert!(help.contains("foobar-sim run scenarios/peak.toml"), "{help}");
    for mut command in Cli::command().get_subcommands().cloned().collect::<Vec<_>>() {
        let (short, long) = (command.render_help().to_string(), command.render_long_help().to_string());
        assert!(short.contains("Examples:") && long.contains("Examples:"), "{}", command.get_name());
        assert!(long.len() > short.len(), "{}", command.get_name());
    }
}
