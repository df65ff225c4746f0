//! A Slurm job array, and the job that puts its points together. Tried on Slurm 22.05 (`.ci/slurm`): workers, a node
//! and the controller killed.

use super::{Job, RETRIES, quoted};

/// `MaxArraySize` unless the administrator has raised it; it counts from 0.
pub const ARRAY_MAX: u64 = 1001;

/// `program` and `folder` in full, since the job runs elsewhere.
pub fn array(job: &Job, program: &str, folder: &str) -> String {
    let Job { shards, cpus, .. } = job;
    let (label, last) = (job.label(), shards - 1);
    let (program, path) = (quoted(program), quoted(folder));
    format!(
        r#"#!/bin/bash
# One task for each shard. Put the points together with
#   foobar-sim sweep merge {path}
#SBATCH --job-name={label}
#SBATCH --array=0-{last}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={cpus}
#SBATCH --output="{folder}/slurm/shard-%a.log"
code=0
{program} sweep run {path} --shard auto --threads {cpus} || code=$?
case $code in
    97 | 98 | 99) exit 0 ;; # a verdict is a result
esac
# ended by a signal: once more, at most {RETRIES} times. Slurm itself does so only when the node is gone.
if [ "$code" -gt 128 ] && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {RETRIES} ]; then
    echo "code $code: shard ${{SLURM_ARRAY_TASK_ID}} goes back into the queue"
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
    sleep 5 # until Slurm ends this one
fi
exit "$code"
"#
    )
}

/// Waits for the array. Where the controller loses it, `merge` is done by hand, as often as one likes.
pub fn merge(job: &Job, program: &str, folder: &str) -> String {
    let (program, path, label) = (quoted(program), quoted(folder), job.label());
    format!(
        r#"#!/bin/bash
#SBATCH --job-name={label}-merge
#SBATCH --ntasks=1
#SBATCH --output="{folder}/slurm/merge.log"
#SBATCH --kill-on-invalid-dep=yes
{program} sweep merge {path}
"#
    )
}

/// Arguments of `sbatch` that let the second wait for the first, of which this is the number.
pub fn after(array: &str) -> String {
    format!("--dependency=afterok:{array}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_are_sound() {
        let job = Job { name: "peak", shards: 8, cpus: 2 };
        let script = array(&job, "/opt/foobar-sim", "/data/it's here");
        assert!(script.contains("#SBATCH --array=0-7\n"));
        assert!(
            script.contains(r"'/opt/foobar-sim' sweep run '/data/it'\''s here' --shard auto --threads 2 || code=$?")
        );
        for text in [script, merge(&job, "/opt/foobar-sim", "/data/x")] {
            // Slurm reads its options up to the first command
            let first = text.lines().position(|line| !line.starts_with('#')).unwrap();
            assert!(text.lines().skip(first).all(|line| !line.starts_with("#SBATCH")));
            let mut bash = std::process::Command::new("bash");
            let checked = bash.arg("-n").arg("-c").arg(&text).status();
            assert!(checked.is_ok_and(|status| status.success()), "{text}");
        }
    }
}
