//! What goes to standard output.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary for the terminal
    Text,
    /// All of it, for programs
    Json,
    /// One line for each row of figures
    Csv,
    /// For a page or a comment
    Markdown,
}
