//! `foobar-sim completions SHELL` and `foobar-sim man`: the command line as others want it, made from its description.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::console::Console;
use super::failure::Failure;

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim completions bash > ~/.local/share/bash-completion/completions/foobar-sim
  foobar-sim completions zsh > ~/.zfunc/_foobar-sim")]
#[command(after_long_help = "Examples:
  foobar-sim completions bash > ~/.local/share/bash-completion/completions/foobar-sim
  foobar-sim completions zsh > ~/.zfunc/_foobar-sim        # ~/.zfunc in fpath, before compinit
  foobar-sim completions fish > ~/.config/fish/completions/foobar-sim.fish
  foobar-sim completions elvish >> ~/.config/elvish/rc.elv
  foobar-sim completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// Whose completions
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  foobar-sim man | man -l -
  foobar-sim man -o ~/.local/share/man/man1")]
#[command(after_long_help = "Examples:
  foobar-sim man | man -l -                      # only look at it
  foobar-sim man -o ~/.local/share/man/man1      # a page for each subcommand: man foobar-sim-run")]
pub struct ManArgs {
    /// Write one page for each subcommand into this folder, in place of one page to standard output
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<std::path::PathBuf>,
}

pub fn completions(args: &CompletionsArgs, console: &mut Console) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "foobar-sim", &mut script);
    console.print(&String::from_utf8_lossy(&script))
}

pub fn man(args: &ManArgs, console: &mut Console) -> Result<(), Failure> {
    let Some(folder) = &args.output else {
        return console.print(&String::from_utf8_lossy(&page(Cli::command())?));
    };
    let mut command = Cli::command();
    command.build();
    let mut pages = vec![("foobar-sim.1".to_string(), page(command.clone())?)];
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        pages.push((format!("foobar-sim-{}.1", subcommand.get_name()), page(subcommand.clone())?));
    }
    crate::report::output::write(folder, &pages)?;
    console.print(&format!("{} pages are in {}\n", pages.len(), folder.display()))
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::Ours(format!("the manual page could not be made: {error}")))?;
    Ok(page)
}
