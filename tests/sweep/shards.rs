//! Shards, wherever they run, make the points of the single process.

use super::{Place, contents};

const VARY: [&str; 2] = ["--vary", "traffic.callers.rate=10/s..90/s/5/s"];

/// A sweep in 3 shards, and the table that one process makes.
fn planned() -> (Place, String) {
    let place = Place::new();
    place.done(&[&["sweep", "desk.toml", "-o", "one", "-q"], &VARY[..]].concat());
    place.done(&[&["sweep", "plan", "desk.toml", "-o", "s", "-q", "--shards", "3"], &VARY[..]].concat());
    let table = place.table("one");
    (place, table)
}

fn auto(place: &Place, variable: &str, index: &str) {
    let said = place.say_with(&["sweep", "run", "s", "--shard", "auto", "-q"], &[(variable, index)]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn the_merged_shards_are_the_single_process_byte_for_byte() {
    let (place, table) = planned();
    // each in the words of another engine, and one of them twice at once
    auto(&place, "SLURM_ARRAY_TASK_ID", "2");
    let two = [&["sweep", "run", "s", "--shard", "2/3", "-q"]; 2].map(|one| place.command(one).spawn().unwrap());
    for mut child in two {
        assert!(child.wait().unwrap().success());
    }
    let status: serde_json::Value =
        serde_json::from_str(&place.done(&["sweep", "status", "s", "--format", "json"])).unwrap();
    assert_eq!((&status["points"], &status["made"]), (&17.into(), &11.into()));
    assert_eq!(status["shards"][0], serde_json::json!({ "shard": 1, "points": 6, "made": 0 }));
    let message = place.refused(&["sweep", "merge", "s"]);
    assert!(message.contains("6 of 17 points are missing, all of shard 1"), "{message}");
    auto(&place, "CI_NODE_INDEX", "1");
    // what somebody left who was killed while writing
    std::fs::write(place.path("s/points/00000/.foobar-sim-left.part"), "half a po").unwrap();
    let out = place.done(&["sweep", "merge", "s"]);
    assert_eq!(place.table("s"), table);
    assert!(out.contains("sha256 of sweep.csv"), "{out}");
    let results = |folder: &str| {
        ["sweep.json", "sweep.md"].map(|file| std::fs::read_to_string(place.path(folder).join(file)).unwrap())
    };
    assert_eq!(results("s"), results("one"));
}

#[test]
fn the_manifest_and_the_scenario_never_change() {
    let (place, _) = planned();
    let before = contents(&place.path("s"));
    auto(&place, "JOB_COMPLETION_INDEX", "0");
    place.done(&[&["sweep", "plan", "desk.toml", "-o", "s", "-q", "--shards", "3"], &VARY[..]].concat());
    let after = contents(&place.path("s"));
    assert!(before.iter().all(|(file, content)| after[file] == *content));
    // it is found elsewhere, and without the scenario that it was made from
    std::fs::rename(place.path("s"), place.path("moved")).unwrap();
    std::fs::remove_file(place.path("desk.toml")).unwrap();
    place.done(&["sweep", "run", "moved", "-q"]);
    place.done(&["sweep", "merge", "moved"]);
}

#[test]
fn what_the_engine_says_of_its_number_of_tasks_does_not_count() {
    let (place, table) = planned();
    // as after `sbatch --array=1`: one task, with the index that it had
    for index in ["0", "1", "2"] {
        let environment = [("SLURM_ARRAY_TASK_ID", index), ("SLURM_ARRAY_TASK_COUNT", "1"), ("CI_NODE_TOTAL", "7")];
        let said = place.say_with(&["sweep", "run", "s", "--shard", "auto", "-q"], &environment);
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
    place.done(&["sweep", "merge", "s", "--format", "json"]);
    assert_eq!(place.table("s"), table);
}
