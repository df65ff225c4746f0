//! `--shard K/N` and `--shard auto`. N is that of the manifest, never that of the environment: a job array that was
//! submitted again for two of its tasks says that it has two.

use std::ffi::OsString;

/// Where an engine says which of its tasks this is, and from what it counts.
const ENGINES: [(&str, u64); 3] = [("SLURM_ARRAY_TASK_ID", 0), ("JOB_COMPLETION_INDEX", 0), ("CI_NODE_INDEX", 1)];

/// The shard, from 0.
///
/// # Errors
/// One sentence that says what to write.
pub fn shard_of(text: &str, shards: u64, environment: &dyn Fn(&str) -> Option<String>) -> Result<u64, String> {
    if text == "auto" {
        return from_environment(shards, environment);
    }
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
    let Some((k, n)): Option<(u64, u64)> = numbers else {
        return Err(format!("--shard {text}: expected K/N, such as 1/{shards}, or auto"));
    };
    if n != shards {
        return Err(format!(
            "--shard {text}: the sweep was planned with {shards} shards; write {k}/{shards}, or plan it anew"
        ));
    }
    if k == 0 || k > shards {
        return Err(format!(
            "--shard {text}: there is no such shard; they are counted from 1/{shards} to {shards}/{shards}"
        ));
    }
    Ok(k - 1)
}

fn from_environment(shards: u64, environment: &dyn Fn(&str) -> Option<String>) -> Result<u64, String> {
    let set: Vec<(&str, u64, String)> =
        ENGINES.iter().filter_map(|(name, base)| Some((*name, *base, environment(name)?))).collect();
    let [(name, base, value)] = &set[..] else {
        let names: Vec<&str> = ENGINES.iter().map(|(name, _)| *name).collect();
        return Err(match &set[..] {
            [] => format!(
                "--shard auto: none of {} is set; run it as a task of an engine that sets one, or write --shard 1/{shards}",
                names.join(", ")
            ),
            several => {
                let several: Vec<&str> = several.iter().map(|(name, _, _)| *name).collect();
                format!("--shard auto: {} are set; say which shard is meant: --shard K/{shards}", several.join(" and "))
            }
        });
    };
    let index = value.trim().parse::<u64>().ok();
    let index = index
        .ok_or_else(|| format!("--shard auto: {name} is {value:?}, which is no number; write --shard K/{shards}"))?;
    match index.checked_sub(*base).filter(|shard| *shard < shards) {
        Some(shard) => Ok(shard),
        None => Err(format!(
            "--shard auto: {name} is {index}, and the sweep has {shards} shards, for which it goes from {base} to {}; \
             submit as many tasks as there are shards",
            shards - 1 + base
        )),
    }
}

/// Of a process: what is set and is no text counts as set.
pub fn of_process(name: &str) -> Option<String> {
    std::env::var_os(name).map(OsString::into_string).map(|text| text.unwrap_or_else(|_| "?".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(set: &[(&str, &str)]) -> Result<u64, String> {
        let environment = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string());
        shard_of("auto", 8, &environment)
    }

    #[test]
    fn each_engine_counts_from_its_own_base() {
        assert_eq!(auto(&[("SLURM_ARRAY_TASK_ID", "0")]), Ok(0));
        assert_eq!(auto(&[("JOB_COMPLETION_INDEX", "7")]), Ok(7));
        assert_eq!(auto(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2")]), Ok(0));
        assert_eq!(auto(&[("CI_NODE_INDEX", "8")]), Ok(7));
        let none = |_: &str| None;
        assert_eq!(shard_of("3/8", 8, &none), Ok(2));
    }

    #[test]
    fn what_is_no_shard_is_told() {
        for (set, words) in [
            (&[][..], "none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, CI_NODE_INDEX is set"),
            (&[("SLURM_ARRAY_TASK_ID", "8")], "it goes from 0 to 7"),
            (&[("CI_NODE_INDEX", "0")], "it goes from 1 to 8"),
            (&[("CI_NODE_INDEX", "9")], "it goes from 1 to 8"),
            (&[("JOB_COMPLETION_INDEX", "x")], "is no number"),
            (&[("SLURM_ARRAY_TASK_ID", "1"), ("CI_NODE_INDEX", "1")], "are set; say which"),
        ] {
            let said = auto(set).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
        let none = |_: &str| None;
        for (text, words) in [
            ("0/8", "counted from 1/8 to 8/8"),
            ("9/8", "counted from 1/8 to 8/8"),
            ("1/4", "planned with 8 shards"),
            ("3", "expected K/N"),
            ("a/b", "expected K/N"),
        ] {
            let said = shard_of(text, 8, &none).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
