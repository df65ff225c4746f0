//! `sweep submit DIR --engine slurm|kubernetes|github`: the job description, printed or handed over.

use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;

use super::{Failure, program};
use crate::cli::console::Console;
use crate::report::output;
use crate::report::sweep::folder::Folder;
use crate::report::sweep::submit::{Job, github, kubernetes, slurm};

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim sweep submit sweeps/peak --engine slurm --cpus 2
  foobar-sim sweep submit sweeps/peak --engine kubernetes --image registry/foobar-sim:0.1 --claim sweep-peak --dry-run
  foobar-sim sweep submit sweeps/peak --engine github --install 'cargo install --path . --locked' --dry-run \\
    > .github/workflows/sweep.yml")]
pub struct Args {
    /// Folder of the sweep
    pub folder: PathBuf,

    /// What runs the shards
    #[arg(long, value_enum)]
    pub engine: Engine,

    /// Print the job description, and submit nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Cores, and threads, of each shard
    #[arg(long, value_name = "N", default_value = "1", value_parser = crate::cli::options::parse_threads, allow_hyphen_values = true)]
    pub cpus: usize,

    /// Kubernetes: the image that has this build of foobar-sim
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

    /// Kubernetes: the claim of the volume that holds the sweep's folder
    #[arg(long, value_name = "CLAIM")]
    pub claim: Option<String>,

    /// GitHub: the command that puts foobar-sim onto the runner's path
    #[arg(long, value_name = "COMMAND")]
    pub install: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// A job array, and a job that merges
    Slurm,
    /// An Indexed Job
    Kubernetes,
    /// A workflow with a matrix
    Github,
}

pub fn execute(args: &Args, console: &mut Console) -> Result<(), Failure> {
    only_for(args)?;
    let folder = Folder::open(&args.folder, &program::hash()?)?;
    let definition = &folder.definition;
    let job = Job { name: &definition.scenario.name, shards: definition.shards, cpus: args.cpus };
    match args.engine {
        Engine::Slurm => to_slurm(args, &folder, &job, console),
        Engine::Kubernetes => {
            let image = needed(&args.image, "--engine kubernetes", "--image registry/foobar-sim:0.1")?;
            let claim = needed(&args.claim, "--engine kubernetes", "--claim sweep-peak")?;
            let text = kubernetes::job(&job, image, claim);
            if args.dry_run {
                return console.print(&text);
            }
            let file = keep(&folder, "kubernetes", vec![("job.yaml".into(), text)])?.join("job.yaml");
            let said = call("kubectl", &["apply".into(), "-f".into(), file.display().to_string()])?;
            console.print(&said)
        }
        Engine::Github => {
            let install = needed(&args.install, "--engine github", "--install 'cargo install --path . --locked'")?;
            if definition.shards > github::MATRIX_MAX {
                return Err(Failure::input(format!(
                    "{}: a matrix has at most {} jobs, and the sweep {} shards; plan it with fewer",
                    args.folder.display(),
                    github::MATRIX_MAX,
                    definition.shards
                )));
            }
            if args.folder.is_absolute() {
                return Err(Failure::input(format!(
                    "{}: is not relative; name the folder as it is found in the repository, from its root",
                    args.folder.display()
                )));
            }
            if !args.dry_run {
                return Err(Failure::input(
                    "--engine github: a workflow is committed, not submitted; print it with --dry-run into \
                     .github/workflows/sweep.yml",
                ));
            }
            console.print(&github::workflow(&job, definition, &args.folder.display().to_string(), install))
        }
    }
}

/// An option of another engine would be taken and mean nothing.
fn only_for(args: &Args) -> Result<(), Failure> {
    let stray = match args.engine {
        Engine::Kubernetes => args.install.as_ref().map(|_| "--install"),
        Engine::Github => {
            let cpus = (args.cpus != 1).then_some("--cpus");
            args.image.as_ref().map(|_| "--image").or(args.claim.as_ref().map(|_| "--claim")).or(cpus)
        }
        Engine::Slurm => {
            let image = args.image.as_ref().map(|_| "--image");
            image.or(args.claim.as_ref().map(|_| "--claim")).or(args.install.as_ref().map(|_| "--install"))
        }
    };
    match stray {
        Some(option) => Err(Failure::input(format!("{option} is for another engine; leave it out"))),
        None => Ok(()),
    }
}

fn needed<'a>(option: &'a Option<String>, engine: &str, example: &str) -> Result<&'a str, Failure> {
    let given = option.as_deref().filter(|text| !text.trim().is_empty());
    given.ok_or_else(|| Failure::input(format!("{engine} needs to know more; add for example {example}")))
}

fn to_slurm(args: &Args, folder: &Folder, job: &Job, console: &mut Console) -> Result<(), Failure> {
    let place = std::path::absolute(&folder.path).unwrap_or_else(|_| folder.path.clone());
    let place = place.display().to_string();
    if place.contains(['"', '\n', '%', '\\']) {
        return Err(Failure::input(format!(
            "{place}: Slurm cannot name this folder in its options; choose another name"
        )));
    }
    let program = program::path()?.display().to_string();
    let array = slurm::array(job, &program, &place);
    if job.shards > slurm::ARRAY_MAX - 1 {
        console.complain(&format!(
            "foobar-sim: {} shards are more than Slurm takes unless its MaxArraySize ({}) was raised",
            job.shards,
            slurm::ARRAY_MAX
        ));
    }
    if args.dry_run {
        return console.print(&array);
    }
    let merge = slurm::merge(job, &program, &place);
    let kept = keep(folder, "slurm", vec![("array.sbatch".into(), array), ("merge.sbatch".into(), merge)])?;
    let file = |name: &str| kept.join(name).display().to_string();
    let number = call("sbatch", &["--parsable".into(), file("array.sbatch")])?;
    // `12;cluster` where there are several clusters
    let number = number.trim().split(';').next().unwrap_or_default().to_owned();
    let waiting = call("sbatch", &["--parsable".into(), slurm::after(&number), file("merge.sbatch")])?;
    console.print(&format!(
        "job array {number}: {} shards; job {} merges them when all are done\n  see `foobar-sim sweep status {}`; logs are in {}\n",
        job.shards,
        waiting.trim(),
        args.folder.display(),
        kept.display()
    ))
}

/// Beside the sweep, where its logs go as well.
fn keep(folder: &Folder, engine: &str, files: Vec<(String, String)>) -> Result<PathBuf, Failure> {
    let place = folder.path.join(engine);
    let files: Vec<(String, Vec<u8>)> = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    output::write(&place, &files)?;
    Ok(place)
}

/// What a program of the engine says.
fn call(program: &str, arguments: &[String]) -> Result<String, Failure> {
    let done = Command::new(program).args(arguments).output();
    let done = done.map_err(|error| {
        Failure::input(format!("{program} cannot be called: {error}; print the job description with --dry-run"))
    })?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(Failure::Ours(format!("error: {program} said: {}", said.trim())));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
