//! What became of the lines of a trace: nothing is dropped without being counted.

/// Examples kept for messages.
const EXAMPLES_MAX: usize = 5;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceCounts {
    /// Lines that are not blank; a header is not one of them.
    pub lines: u64,
    /// Lines that are requests, whether a rule takes them or not.
    pub requests: u64,
    /// Lines that a log of this format may hold but are no requests ("Server x is DOWN").
    pub other: u64,
    pub malformed: u64,
    /// Requests that no rule takes.
    pub unmatched: u64,
    /// Requests after one with a later arrival.
    pub unsorted: u64,
    /// Played requests (all repetitions) that lack a column of work.
    pub without_work: u64,
    /// Service times that came out negative (or below nothing by rounding) and were taken as 0.
    pub clipped: u64,
    /// Malformed and other lines: number, text (lossy, cut) and what is wrong with it.
    pub examples: Vec<(u64, String, &'static str)>,
    /// What may mislead: "Tr contained 31% waiting". Complete once the reader has ended.
    pub notes: Vec<String>,
}

impl TraceCounts {
    pub(super) fn malformed(&mut self, number: u64, line: &[u8], why: &'static str) {
        self.malformed += 1;
        // A malformed line is worth more to the user than one of another kind.
        if self.malformed <= EXAMPLES_MAX as u64 {
            let at = self.malformed as usize - 1;
            self.examples.insert(at, (number, excerpt(line), why));
            self.examples.truncate(EXAMPLES_MAX);
        }
    }

    pub(super) fn other(&mut self, number: u64, line: &[u8], why: &'static str) {
        self.other += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push((number, excerpt(line), why));
        }
    }
}

/// A line as shown in messages: at most 120 characters of it.
pub(super) fn excerpt(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(480)]);
    // a picture or an archive would only spoil the terminal
    let unreadable = text.chars().filter(|&c| c == char::REPLACEMENT_CHARACTER || c.is_control()).count();
    if 5 * unreadable > text.chars().count() {
        return "(not text)".to_string();
    }
    let mut short: String = text.chars().take(120).collect();
    if short.len() < line.len() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_cut_and_binary_data_not_at_all() {
        assert_eq!(excerpt(b"GET / HTTP/1.1"), "GET / HTTP/1.1");
        assert_eq!(excerpt("GET /caf\u{e9}\ta".as_bytes()), "GET /caf\u{e9}\ta");
        assert_eq!(excerpt(&[b'x'; 500]).len(), 123);
        assert_eq!(excerpt(b"PK\x03\x04\xff\xfe\x00\x00"), "(not text)");
    }
}
