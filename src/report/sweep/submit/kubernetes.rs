//! A Kubernetes Indexed Job (batch/v1): one pod for each shard, with a volume that holds the sweep's folder.
//! `backoffLimitPerIndex` and `FailIndex` need Kubernetes 1.29 or later (stable since 1.33). Held against the fields of
//! the API in `tests/sweep/descriptions.rs`; no cluster has run it.

use super::yaml::{Yaml, document, text, texts};
use super::{Job, RETRIES};

/// Where the volume is seen in the pods.
const MOUNT: &str = "/sweep";

/// `image` has this program on its path; `claim` names the volume, whose root is the sweep's folder.
pub fn job(job: &Job, image: &str, claim: &str) -> String {
    use Yaml::{List, Map, Number};
    let label = job.label();
    let never_again = [2, 97, 98, 99].map(Number);
    let rules = List(vec![
        // the same the next time, or a result
        Map(vec![
            ("action", text("FailIndex")),
            (
                "onExitCodes",
                Map(vec![
                    ("containerName", text("foobar-sim")),
                    ("operator", text("In")),
                    ("values", List(never_again.into())),
                ]),
            ),
        ]),
        // the node was drained or taken away: not the shard's fault
        Map(vec![
            ("action", text("Ignore")),
            ("onPodConditions", List(vec![Map(vec![("type", text("DisruptionTarget")), ("status", text("True"))])])),
        ]),
    ]);
    let threads = job.cpus.to_string();
    let command = ["foobar-sim", "sweep", "run", MOUNT, "--shard", "auto", "--threads", &threads];
    let container = Map(vec![
        ("name", text("foobar-sim")),
        ("image", text(image)),
        ("command", texts(command)),
        ("resources", Map(vec![("requests", Map(vec![("cpu", text(&threads))]))])),
        ("volumeMounts", List(vec![Map(vec![("name", text("sweep")), ("mountPath", text(MOUNT))])])),
    ]);
    let volume = Map(vec![("name", text("sweep")), ("persistentVolumeClaim", Map(vec![("claimName", text(claim))]))]);
    let pod = Map(vec![
        ("restartPolicy", text("Never")),
        ("containers", List(vec![container])),
        ("volumes", List(vec![volume])),
    ]);
    let labels =
        || Map(vec![("app.kubernetes.io/name", text("foobar-sim")), ("app.kubernetes.io/instance", text(&label))]);
    let root = Map(vec![
        ("apiVersion", text("batch/v1")),
        ("kind", text("Job")),
        ("metadata", Map(vec![("name", text(&label)), ("labels", labels())])),
        (
            "spec",
            Map(vec![
                ("completionMode", text("Indexed")),
                ("completions", Number(job.shards)),
                ("parallelism", Number(job.shards)),
                ("backoffLimitPerIndex", Number(u64::from(RETRIES))),
                // the other shards go on whatever becomes of one
                ("maxFailedIndexes", Number(job.shards)),
                ("podFailurePolicy", Map(vec![("rules", rules)])),
                ("template", Map(vec![("metadata", Map(vec![("labels", labels())])), ("spec", pod)])),
            ]),
        ),
    ]);
    let comment = format!(
        "One pod for each shard of the sweep. The volume {claim} holds the sweep's folder at its root, and may be written\n\
         by many nodes (ReadWriteMany). The image has the build of foobar-sim that planned the sweep: another is refused.\n\
         When the job is complete: foobar-sim sweep merge {MOUNT}, wherever the volume is seen."
    );
    document(&comment, &root)
}
