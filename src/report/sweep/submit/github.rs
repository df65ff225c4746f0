//! A GitHub Actions workflow: one job plans, a matrix makes the shards, one puts them together. The runners share no disk,
//! so that the program and the folder travel as artifacts. Held against the workflow syntax in
//! `tests/sweep/descriptions.rs`; GitHub has not run it.

use super::yaml::{Yaml, document, text};
use super::{Job, RETRIES, quoted};
use crate::experiment::sweep::definition::Definition;
use crate::experiment::sweep::design::Kind;

/// A matrix has no more jobs.
pub const MATRIX_MAX: u64 = 256;

/// `folder` as it is found in the repository; `install` puts `foobar-sim` onto the path.
pub fn workflow(job: &Job, definition: &Definition, folder: &str, install: &str) -> String {
    use Yaml::{Flag, List, Map, Number, Script};
    let name = |name: &str| ("name", text(name));
    let uses = |action: &str, with: Vec<(&'static str, Yaml)>| {
        let mut step = vec![("uses", text(action))];
        if !with.is_empty() {
            step.push(("with", Map(with)));
        }
        Map(step)
    };
    let script = |script: String| Map(vec![("run", Script(script))]);
    let on = |steps: Vec<Yaml>, more: Vec<(&'static str, Yaml)>| {
        let mut job = more;
        job.insert(0, ("runs-on", text("ubuntu-latest")));
        job.push(("steps", List(steps)));
        Map(job)
    };
    let fetch_plan = || uses("actions/download-artifact@v4", vec![("name", text("plan"))]);
    let plan = format!(
        "mkdir plan\ncp \"$(command -v foobar-sim)\" plan/foobar-sim\nplan/foobar-sim sweep plan {} -o plan/sweep",
        command(definition, folder)
    );
    let shards = job.shards;
    let make = format!(
        r#"chmod +x foobar-sim
for attempt in $(seq {attempts}); do
    code=0
    ./foobar-sim sweep run sweep --shard ${{{{ matrix.shard }}}}/{shards} || code=$?
    # ended by a signal: once more; what was made is kept
    if [ "$code" -le 128 ]; then break; fi
done
case $code in
    97 | 98 | 99) code=0 ;; # a verdict is a result
esac
exit "$code""#,
        attempts = RETRIES + 1
    );
    let merge = "chmod +x foobar-sim\n./foobar-sim sweep merge sweep";
    let jobs = Map(vec![
        (
            "plan",
            on(
                vec![
                    uses("actions/checkout@v4", vec![]),
                    script(install.to_owned()),
                    script(plan),
                    uses("actions/upload-artifact@v4", vec![name("plan"), ("path", text("plan"))]),
                ],
                vec![],
            ),
        ),
        (
            "shard",
            on(
                vec![
                    fetch_plan(),
                    script(make),
                    uses(
                        "actions/upload-artifact@v4",
                        vec![
                            name("shard-${{ matrix.shard }}"),
                            ("path", text("sweep/points")),
                            ("overwrite", Flag(true)),
                        ],
                    ),
                ],
                vec![
                    ("needs", text("plan")),
                    (
                        "strategy",
                        Map(vec![
                            ("fail-fast", Flag(false)),
                            ("matrix", Map(vec![("shard", List((1..=shards).map(Number).collect()))])),
                        ]),
                    ),
                ],
            ),
        ),
        (
            "merge",
            on(
                vec![
                    fetch_plan(),
                    uses(
                        "actions/download-artifact@v4",
                        vec![
                            ("pattern", text("shard-*")),
                            ("path", text("sweep/points")),
                            ("merge-multiple", Flag(true)),
                        ],
                    ),
                    script(merge.to_owned()),
                    uses(
                        "actions/upload-artifact@v4",
                        vec![
                            name("sweep"),
                            (
                                "path",
                                Script("sweep/sweep.csv\nsweep/sweep.json\nsweep/sweep.md\nsweep/report.html".into()),
                            ),
                        ],
                    ),
                ],
                vec![("needs", text("shard"))],
            ),
        ),
    ]);
    let root = Map(vec![
        name(&job.label()),
        ("on", Map(vec![("workflow_dispatch", Map(vec![]))])),
        ("permissions", Map(vec![("contents", text("read"))])),
        ("jobs", jobs),
    ]);
    let comment = format!(
        "Put this into .github/workflows/, and the sweep's folder ({folder}) into the repository: its scenario is planned\n\
         anew there, by the build that then makes the points."
    );
    document(&comment, &root)
}

/// What `sweep plan` is told, so that the same points come out.
fn command(definition: &Definition, folder: &str) -> String {
    let mut words = vec![quoted(&format!("{folder}/scenario.toml"))];
    for axis in &definition.axes {
        words.push(format!("--vary {}", quoted(&format!("{}={}", axis.key, axis.written))));
    }
    match definition.design {
        Kind::Grid => {}
        Kind::Zip => words.push("--design zip".into()),
        Kind::Lhs => words.push(format!("--design lhs --points {}", definition.points)),
    }
    words.push(format!("--shards {}", definition.shards));
    words.join(" ")
}
