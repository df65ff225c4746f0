//! Lines of a file, plain or gzip (several members one after the other as well), with bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::TraceError;

/// Longer lines are cut here: HAProxy's are at most 64 KiB (`len` of a `log` line), others shorter.
pub const LINE_BYTES_MAX: usize = 1 << 17;

/// Where the bytes come from; it can be opened again to be played again.
#[derive(Clone, Debug)]
pub enum Input {
    File(PathBuf),
    /// Bytes in memory under a name for messages: from elsewhere than a file, or where there are none.
    Memory(PathBuf, Arc<[u8]>),
}

impl Input {
    pub fn name(&self) -> &Path {
        match self {
            Input::File(path) | Input::Memory(path, _) => path,
        }
    }
}

/// Reads one line at a time into a buffer that is reused.
pub struct Lines {
    name: PathBuf,
    source: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
    cut: bool,
    /// Bytes of the file that are not read yet; `None`: compressed, so their number is not known.
    left: Option<u64>,
}

impl Lines {
    /// Errors: no such file, a directory, no bytes in it.
    pub fn open(input: &Input) -> Result<Lines, TraceError> {
        let name = input.name().to_path_buf();
        let (source, bytes): (Box<dyn Read + Send>, u64) = match input {
            Input::File(path) => {
                let fault = |source: io::Error| match source.kind() {
                    io::ErrorKind::NotFound => TraceError::Missing { file: name.clone() },
                    _ => TraceError::Unreadable { file: name.clone(), source },
                };
                let file = File::open(path).map_err(fault)?;
                let about = file.metadata().map_err(fault)?;
                if about.is_dir() {
                    return Err(TraceError::Directory { file: name });
                }
                (Box::new(file), about.len())
            }
            Input::Memory(_, bytes) => (Box::new(Cursor::new(Arc::clone(bytes))), bytes.len() as u64),
        };
        let mut plain = BufReader::with_capacity(1 << 17, source);
        let magic = plain.fill_buf().map_err(|source| TraceError::Unreadable { file: name.clone(), source })?.get(..2);
        let gzip = magic == Some(&[0x1f, 0x8b]);
        let mut source: Box<dyn BufRead + Send> = if gzip {
            Box::new(BufReader::with_capacity(1 << 17, MultiGzDecoder::new(plain)))
        } else {
            Box::new(plain)
        };
        let empty = source.fill_buf().map_err(|fault| broken(&name, 1, fault))?.is_empty();
        if empty {
            return Err(TraceError::Empty { file: name });
        }
        Ok(Lines { name, source, line: Vec::new(), number: 0, cut: false, left: (!gzip).then_some(bytes) })
    }

    /// The next line without its end, and whether it was cut at [`LINE_BYTES_MAX`]. A byte order mark at the
    /// head of the file is left out.
    pub fn read(&mut self) -> Result<Option<(&[u8], bool)>, TraceError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.source)
            .take(LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut self.line)
            .map_err(|fault| broken(&self.name, self.number, fault))?;
        if read == 0 {
            self.number -= 1;
            return Ok(None);
        }
        self.cut = read == LINE_BYTES_MAX && self.line.last() != Some(&b'\n');
        let mut consumed = read;
        if self.cut {
            consumed += self.source.skip_until(b'\n').map_err(|fault| broken(&self.name, self.number, fault))?;
        }
        self.left = self.left.map(|left| left.saturating_sub(consumed as u64));
        let mut line = self.line.as_slice();
        if self.number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        line = line.strip_suffix(b"\n").unwrap_or(line);
        Ok(Some((line.strip_suffix(b"\r").unwrap_or(line), self.cut)))
    }

    /// Of the line read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    pub fn bytes_left(&self) -> Option<u64> {
        self.left
    }
}

fn broken(name: &Path, line: u64, source: io::Error) -> TraceError {
    let file = name.to_path_buf();
    match source.kind() {
        io::ErrorKind::UnexpectedEof => TraceError::Truncated { file, line },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => TraceError::Corrupt { file, line, source },
        _ => TraceError::Unreadable { file, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn lines_of(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::open(&Input::Memory("test".into(), bytes.into())).unwrap();
        let mut all = Vec::new();
        while let Some((line, _)) = lines.read().unwrap() {
            all.push(String::from_utf8_lossy(line).into_owned());
        }
        all
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_of_a_gzip_file_are_read_one_after_the_other() {
        let both = [gzip("one\ntw"), gzip("o\nthree")].concat();
        assert_eq!(lines_of(&both), ["one", "two", "three"]);
    }

    #[test]
    fn ends_of_lines_and_a_byte_order_mark_are_left_out() {
        assert_eq!(lines_of(b"\xef\xbb\xbfa\r\n\nb"), ["a", "", "b"]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 3 * LINE_BYTES_MAX];
        bytes.extend(b"\nnext\n");
        let mut lines = Lines::open(&Input::Memory("test".into(), bytes.into())).unwrap();
        let (line, cut) = lines.read().unwrap().unwrap();
        assert!(cut && line.len() == LINE_BYTES_MAX);
        assert_eq!(lines.read().unwrap().unwrap(), (&b"next"[..], false));
        assert_eq!(lines.bytes_left(), Some(0));
    }
}
