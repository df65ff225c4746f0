//! The result of one point, in a file of its own that is whole or not there: which sweep it belongs to, which point
//! it is, its row, and a checksum over all of that.

use crate::experiment::sweep::definition::sha256;

const FIRST: &str = "foobar-sim sweep part 1";

/// A part as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct PartFile {
    pub sweep: String,
    /// From 1.
    pub point: u64,
    /// SHA-256 of the line with the columns' names.
    pub columns: String,
    /// CSV, with the end of the line.
    pub row: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartFlaw {
    #[error("is not whole, or was changed: its checksum is wrong")]
    Damaged,
    #[error("is no result of a point")]
    Foreign,
}

pub fn render(part: &PartFile) -> String {
    let body = format!("{FIRST}\nsweep {}\npoint {}\ncolumns {}\n{}", part.sweep, part.point, part.columns, part.row);
    let checksum = sha256(body.as_bytes());
    format!("{body}sha256 {checksum}\n")
}

pub fn parse(text: &str) -> Result<PartFile, PartFlaw> {
    if !text.starts_with(FIRST) {
        // an empty file is a part that lost its content
        return Err(if FIRST.starts_with(text.get(..FIRST.len()).unwrap_or(text)) {
            PartFlaw::Damaged
        } else {
            PartFlaw::Foreign
        });
    }
    let whole = || {
        let text = text.strip_suffix('\n')?;
        let (body, last) = text.split_at(text.rfind('\n')? + 1);
        let checksum = last.strip_prefix("sha256 ")?;
        (checksum == sha256(body.as_bytes())).then_some(body)
    };
    let body = whole().ok_or(PartFlaw::Damaged)?;
    let fields = || {
        let mut lines = body.splitn(5, '\n');
        lines.next()?;
        let sweep = lines.next()?.strip_prefix("sweep ")?.to_owned();
        let point = lines.next()?.strip_prefix("point ")?.parse().ok()?;
        let columns = lines.next()?.strip_prefix("columns ")?.to_owned();
        Some(PartFile { sweep, point, columns, row: lines.next()?.to_owned() })
    };
    fields().ok_or(PartFlaw::Foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> PartFile {
        let row = "17,\"lognormal(9 ms, cv 0.8)\",\"two\nlines\"\n".to_owned();
        PartFile { sweep: "ab".repeat(32), point: 17, columns: "cd".repeat(32), row }
    }

    #[test]
    fn a_part_is_read_as_it_was_written() {
        assert_eq!(parse(&render(&part())), Ok(part()));
    }

    #[test]
    fn every_cut_and_every_change_is_noticed() {
        let text = render(&part());
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]), Err(PartFlaw::Damaged), "cut at {end}");
        }
        for at in FIRST.len()..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(parse(&changed), Err(PartFlaw::Damaged), "changed at {at}");
        }
        assert_eq!(parse("something else"), Err(PartFlaw::Foreign));
    }
}
