//! `sweep status DIR`: how many points are made, in all and of each shard.

use super::{Failure, Status, StatusFormat};
use crate::cli::console::Console;
use crate::report::sweep::folder::Folder;
use crate::report::sweep::status;

pub fn execute(args: &Status, console: &mut Console) -> Result<(), Failure> {
    let folder = Folder::read(&args.folder)?;
    folder.check_strangers()?;
    let found = status::of(&folder)?;
    console.print(&match args.format {
        StatusFormat::Text => status::text(&found, console.out_color),
        StatusFormat::Json => status::json(&found),
    })
}
