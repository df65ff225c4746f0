//! The job descriptions for Kubernetes and GitHub, held against what their schemas say of the fields used. The
//! schemas are written down here from the API's reference (Kubernetes 1.33, batch/v1 and core/v1) and from GitHub's
//! workflow syntax, as far as a description of ours may go: a field that is not here is an error.

use std::collections::BTreeMap;

use yaml_rust2::{Yaml, YamlLoader};

use super::Place;

/// What a value may be.
enum Shape {
    Text,
    OneOf(&'static [&'static str]),
    Flag,
    /// From, to.
    Number(i64, i64),
    List(Box<Shape>),
    /// Field, whether it must be there, what it is.
    Object(&'static [&'static str], BTreeMap<&'static str, Shape>),
    /// Any keys, with texts.
    Texts,
    /// Any keys.
    Named(Box<Shape>),
}

fn object<const N: usize>(required: &'static [&'static str], fields: [(&'static str, Shape); N]) -> Shape {
    Shape::Object(required, BTreeMap::from(fields))
}

fn list(of: Shape) -> Shape {
    Shape::List(Box::new(of))
}

fn check(yaml: &Yaml, shape: &Shape, path: &str) {
    match (shape, yaml) {
        (Shape::Text, Yaml::String(_)) => {}
        (Shape::OneOf(words), Yaml::String(text)) => assert!(words.contains(&text.as_str()), "{path}: {text}"),
        (Shape::Flag, Yaml::Boolean(_)) => {}
        (Shape::Number(from, to), Yaml::Integer(number)) => {
            assert!((from..=to).contains(&number), "{path}: {number}");
        }
        (Shape::List(of), Yaml::Array(items)) => {
            items.iter().enumerate().for_each(|(i, item)| check(item, of, &format!("{path}[{i}]")));
        }
        (Shape::Object(required, fields), Yaml::Hash(entries)) => {
            for key in *required {
                assert!(entries.contains_key(&Yaml::String(key.to_string())), "{path}: {key} is missing");
            }
            for (key, value) in entries {
                let key = key.as_str().unwrap_or_else(|| panic!("{path}: a key is no text"));
                let shape = fields.get(key).unwrap_or_else(|| panic!("{path}: there is no field {key}"));
                check(value, shape, &format!("{path}.{key}"));
            }
        }
        (Shape::Texts, Yaml::Hash(entries)) => {
            assert!(entries.iter().all(|(key, value)| key.as_str().is_some() && value.as_str().is_some()), "{path}");
        }
        (Shape::Named(of), Yaml::Hash(entries)) => {
            for (key, value) in entries {
                let key = key.as_str().unwrap_or_else(|| panic!("{path}: a key is no text"));
                check(value, of, &format!("{path}.{key}"));
            }
        }
        (_, other) => panic!("{path}: {other:?}"),
    }
}

fn document(text: &str) -> Yaml {
    let mut documents = YamlLoader::load_from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(documents.len(), 1);
    documents.pop().unwrap()
}

/// RFC 1123: what Kubernetes takes for a name; an index of a pod comes behind it.
fn is_label(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 56
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.chars().all(|c| alphanumeric(c) || c == '-')
}

fn job() -> Shape {
    use Shape::{Number, OneOf, Text, Texts};
    let many = i64::from(i32::MAX);
    let metadata = || object(&[], [("name", Text), ("labels", Texts)]);
    let container = object(
        &["name", "image"],
        [
            ("name", Text),
            ("image", Text),
            ("command", list(Text)),
            ("resources", object(&[], [("requests", Texts), ("limits", Texts)])),
            ("volumeMounts", list(object(&["name", "mountPath"], [("name", Text), ("mountPath", Text)]))),
        ],
    );
    let claim = object(&["claimName"], [("claimName", Text)]);
    let volume = object(&["name"], [("name", Text), ("persistentVolumeClaim", claim)]);
    let pod = object(
        &["containers", "restartPolicy"],
        [("restartPolicy", OneOf(&["Never", "OnFailure"])), ("containers", list(container)), ("volumes", list(volume))],
    );
    let codes = object(
        &["operator", "values"],
        [("containerName", Text), ("operator", OneOf(&["In", "NotIn"])), ("values", list(Number(0, 255)))],
    );
    let condition = object(&["type", "status"], [("type", Text), ("status", OneOf(&["True", "False", "Unknown"]))]);
    let rule = object(
        &["action"],
        [
            ("action", OneOf(&["FailJob", "FailIndex", "Ignore", "Count"])),
            ("onExitCodes", codes),
            ("onPodConditions", list(condition)),
        ],
    );
    let spec = object(
        &["template"],
        [
            ("completionMode", OneOf(&["Indexed", "NonIndexed"])),
            ("completions", Number(1, many)),
            ("parallelism", Number(0, many)),
            ("backoffLimitPerIndex", Number(0, many)),
            ("maxFailedIndexes", Number(0, 100_000)),
            ("podFailurePolicy", object(&["rules"], [("rules", list(rule))])),
            ("template", object(&["spec"], [("metadata", metadata()), ("spec", pod)])),
        ],
    );
    object(
        &["apiVersion", "kind", "metadata", "spec"],
        [("apiVersion", OneOf(&["batch/v1"])), ("kind", OneOf(&["Job"])), ("metadata", metadata()), ("spec", spec)],
    )
}

fn planned() -> Place {
    let place = Place::new();
    let vary = ["--vary", "traffic.callers.rate=10/s..90/s/10/s"];
    place.done(&[&["sweep", "plan", "desk.toml", "-o", "sweeps/desk", "-q", "--shards", "4"], &vary[..]].concat());
    place
}

#[test]
fn the_kubernetes_job_is_one() {
    let place = planned();
    let submit = ["sweep", "submit", "sweeps/desk", "--engine", "kubernetes", "--cpus", "2", "--dry-run"];
    let text = place.done(&[&submit[..], &["--image", "registry/foobar-sim:0.1", "--claim", "sweep-desk"]].concat());
    let yaml = document(&text);
    check(&yaml, &job(), "job");
    // what the API server checks besides the fields
    let spec = &yaml["spec"];
    assert_eq!((spec["completionMode"].as_str(), spec["completions"].as_i64()), (Some("Indexed"), Some(4)));
    assert!(spec["maxFailedIndexes"].as_i64() <= spec["completions"].as_i64());
    assert_eq!(spec["template"]["spec"]["restartPolicy"].as_str(), Some("Never"), "podFailurePolicy needs it");
    assert!(is_label(yaml["metadata"]["name"].as_str().unwrap()));
    let container = &spec["template"]["spec"]["containers"][0];
    let rules = spec["podFailurePolicy"]["rules"].as_vec().unwrap();
    assert!(rules.len() <= 20);
    for rule in rules {
        let by_code = !rule["onExitCodes"].is_badvalue();
        assert!(by_code == rule["onPodConditions"].is_badvalue(), "a rule has one of the two");
        if by_code {
            assert_eq!(rule["onExitCodes"]["containerName"], container["name"]);
            let codes: Vec<i64> =
                rule["onExitCodes"]["values"].as_vec().unwrap().iter().map(|code| code.as_i64().unwrap()).collect();
            assert!(!codes.contains(&0) && codes.is_sorted_by(|a, b| a < b) && codes.contains(&2), "{codes:?}");
            assert!(codes.iter().all(|&code| code <= 128), "what a signal ended is tried again");
        }
    }
    assert_eq!(container["volumeMounts"][0]["name"], spec["template"]["spec"]["volumes"][0]["name"]);
    let command: Vec<&str> = container["command"].as_vec().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(command[..6], ["foobar-sim", "sweep", "run", "/sweep", "--shard", "auto"]);
}

fn workflow() -> Shape {
    use Shape::{Flag, Named, Number, OneOf, Text};
    let with =
        object(&[], [("name", Text), ("path", Text), ("pattern", Text), ("overwrite", Flag), ("merge-multiple", Flag)]);
    let step = object(&[], [("uses", Text), ("with", with), ("run", Text)]);
    let strategy =
        object(&["matrix"], [("fail-fast", Flag), ("matrix", object(&["shard"], [("shard", list(Number(1, 256)))]))]);
    let job = object(
        &["runs-on", "steps"],
        [("runs-on", OneOf(&["ubuntu-latest"])), ("needs", Text), ("strategy", strategy), ("steps", list(step))],
    );
    object(
        &["on", "jobs"],
        [
            ("name", Text),
            ("on", object(&[], [("workflow_dispatch", Shape::Texts)])),
            ("permissions", object(&[], [("contents", OneOf(&["read", "write", "none"]))])),
            ("jobs", Named(Box::new(job))),
        ],
    )
}

#[test]
fn the_github_workflow_is_one_and_its_steps_do_what_they_say() {
    let place = planned();
    let submit = ["sweep", "submit", "sweeps/desk", "--engine", "github", "--dry-run"];
    let text = place.done(&[&submit[..], &["--install", "cargo install --path . --locked"]].concat());
    let yaml = document(&text);
    check(&yaml, &workflow(), "workflow");
    let jobs = yaml["jobs"].as_hash().unwrap();
    for (_, job) in jobs {
        if let Some(needs) = job["needs"].as_str() {
            assert!(jobs.contains_key(&Yaml::String(needs.into())), "{needs}");
        }
        for step in job["steps"].as_vec().unwrap() {
            assert!(step["uses"].is_badvalue() != step["run"].is_badvalue(), "a step does one of the two");
        }
    }
    assert_eq!(yaml["jobs"]["shard"]["strategy"]["matrix"]["shard"].as_vec().unwrap().len(), 4);

    // the steps, in the order of the jobs, with the artifacts carried by hand
    let scripts = |job: &str| -> Vec<String> {
        let steps = yaml["jobs"][job]["steps"].as_vec().unwrap();
        steps.iter().filter_map(|step| step["run"].as_str().map(str::to_owned)).collect()
    };
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_foobar-sim"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let run = |script: &str| {
        let file = place.path("step.sh");
        std::fs::write(&file, script).unwrap();
        let mut bash = std::process::Command::new("bash");
        let output = bash.arg("-e").arg(&file).current_dir(place.root.path()).env("PATH", &path).output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&scripts("plan")[1]);
    std::fs::rename(place.path("plan/sweep"), place.path("sweep")).unwrap();
    std::fs::rename(place.path("plan/foobar-sim"), place.path("foobar-sim")).unwrap();
    for shard in 1..=4 {
        run(&scripts("shard")[0].replace("${{ matrix.shard }}", &shard.to_string()));
    }
    run(&scripts("merge")[0]);
    place.done(&["sweep", "run", "sweeps/desk", "-q"]);
    place.done(&["sweep", "merge", "sweeps/desk"]);
    assert_eq!(place.table("sweep"), place.table("sweeps/desk"));
}

#[test]
fn a_slurm_array_has_a_task_for_each_shard() {
    let place = planned();
    let text = place.done(&["sweep", "submit", "sweeps/desk", "--engine", "slurm", "--cpus", "2", "--dry-run"]);
    assert!(text.starts_with("#!/bin/bash\n") && text.contains("#SBATCH --array=0-3\n"), "{text}");
    assert!(!place.path("sweeps/desk/slurm").exists());
}

#[test]
fn what_an_engine_needs_is_asked_for_and_what_it_has_no_use_for_is_refused() {
    let place = planned();
    let submit =
        |more: &[&'static str]| -> Vec<&str> { [&["sweep", "submit", "sweeps/desk", "--engine"], more].concat() };
    for (more, words) in [
        (&["kubernetes", "--dry-run"][..], "--image"),
        (&["kubernetes", "--image", "x", "--dry-run"], "--claim"),
        (&["github", "--dry-run"], "--install"),
        (&["github", "--install", "true"], "print it with --dry-run"),
        (&["slurm", "--image", "x", "--dry-run"], "--image is for another engine"),
        (&["github", "--install", "true", "--cpus", "2", "--dry-run"], "--cpus is for another engine"),
    ] {
        let message = place.refused(&submit(more));
        assert!(message.contains(words), "{message}");
    }
}
