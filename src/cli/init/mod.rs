//! `foobar-sim init`: a scenario to begin with, with a comment on every part. It never replaces a file.

mod recorded;
mod replay;

use std::io::Write;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::Failure;
use crate::report::output::OutputFile;

const SIX_SERVERS: &str = include_str!("six-servers.toml");
const SINGLE_SERVER: &str = include_str!("single-server.toml");

/// Marks what only the user knows.
pub(super) const FILL_IN: &str = "FILL IN";

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim init
  foobar-sim init single-server -o shop.toml
  foobar-sim init trace /var/log/nginx/access.log.gz -o replay.toml")]
#[command(after_long_help = "Examples:
  foobar-sim init                      # six servers, to six-servers.toml
  foobar-sim init single-server -o shop.toml
  foobar-sim init trace /var/log/nginx/access.log.gz -o replay.toml
  foobar-sim init -o - | less          # only look at it

What is written is valid and runs at once. Then put your own figures in, and ask what a key means with
`foobar-sim explain KEY`; `foobar-sim validate FILE` says what is wrong, with the line and the remedy.")]
pub struct Args {
    #[command(subcommand)]
    pub what: Option<What>,

    /// The file to write, `-` for standard output; it must not be there yet
    #[arg(short, long, value_name = "FILE", global = true)]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Two load balancers, nginx, an application, MySQL and its replica (this, if nothing is said)
    #[command(after_help = "Examples:\n  foobar-sim init six-servers -o shop.toml")]
    SixServers,
    /// One application on one server: the shortest useful one
    #[command(after_help = "Examples:\n  foobar-sim init single-server -o shop.toml")]
    SingleServer,
    /// Recorded traffic to be played again, from a log
    #[command(after_help = "Examples:
  foobar-sim init trace /var/log/haproxy.log.gz
  foobar-sim init trace requests.csv --format csv -o replay.toml")]
    Trace {
        /// The log, gzipped or not
        log: PathBuf,
        /// How its lines are written; guessed from the first ones if left out
        #[arg(long, value_name = "F")]
        format: Option<String>,
    },
}

pub fn execute(args: &Args, console: &mut Console) -> Result<(), Failure> {
    let what = args.what.clone().unwrap_or(What::SixServers);
    let default = match &what {
        What::SixServers => "six-servers.toml".to_string(),
        What::SingleServer => "single-server.toml".to_string(),
        What::Trace { log, .. } => format!("{}.toml", recorded::name_of(log)),
    };
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(default));
    let to_stdout = file.as_os_str() == "-";
    if !to_stdout {
        refuse_to_replace(&file)?;
    }
    let text = match &what {
        What::SixServers => SIX_SERVERS.to_string(),
        What::SingleServer => SINGLE_SERVER.to_string(),
        What::Trace { log, format } => {
            recorded::scenario(log, format.as_deref(), if to_stdout { None } else { Some(&file) })?
        }
    };
    if to_stdout {
        return console.print(&text);
    }
    let mut output = OutputFile::create(&file)?;
    // somebody else may have been quicker
    output.write_all(text.as_bytes()).map_err(|error| Failure::from(output.failed(error)))?;
    refuse_to_replace(&file)?;
    output.place()?;
    console.print(&next_steps(&file, &text))
}

fn refuse_to_replace(file: &Path) -> Result<(), Failure> {
    let is_device = std::fs::metadata(file).is_ok_and(|about| !about.is_file() && !about.is_dir());
    match file.symlink_metadata() {
        Ok(_) if !is_device => Err(Failure::input(format!(
            "{}: is there already, and nothing is replaced; name another file with -o, or remove it first",
            file.display()
        ))),
        _ => Ok(()),
    }
}

fn next_steps(file: &Path, text: &str) -> String {
    let shown = file.display();
    let open = text.lines().filter(|line| line.contains(&format!("# {FILL_IN}"))).count();
    let note = match open {
        0 => String::new(),
        1 => format!("One line of it is marked {FILL_IN}: only you know what belongs there.\n"),
        _ => format!("{open} lines of it are marked {FILL_IN}: only you know what belongs there.\n"),
    };
    format!(
        "{shown} is written.\n{note}Next:\n  foobar-sim run {shown}\n  foobar-sim validate {shown}   # after an edit\n  \
         foobar-sim explain KEY   # what a key means\n"
    )
}
