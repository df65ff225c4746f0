//! A trace, streamed: lines, parsed, sorted by arrival, inverted, windowed, mapped to classes, repeated.

use std::path::Path;
use std::sync::Arc;

use super::counts::{TraceCounts, excerpt};
use super::inversion::Inversion;
use super::lines::{Input, Lines};
use super::order::Order;
use super::parser::{Line, NoColumn, Parser, format_name};
use super::{TraceError, TraceRecord, WORK_COLUMNS};
use crate::scenario::{ClassId, TraceSource};

/// Lines read before a verdict on malformed ones, and requests before one on a column that never comes.
const LINES_BEFORE_VERDICT: u64 = 1000;

/// A line that is a request has at least this many bytes in any format but CSV, and CSV has a few.
const LINE_BYTES_MIN: u64 = 4;

/// Nobody records for longer; a stamp that far from the first is damaged.
const SPAN_NS_MAX: i64 = 100 * 365 * 86_400 * 1_000_000_000;

/// Share of a timer that may be waiting before it is worth a note.
const WAITING_SHARE_NOTED: f64 = 0.1;

/// Yields records in order of arrival; after an error it yields nothing more.
pub struct TraceReader {
    source: TraceSource,
    input: Input,
    pass: Pass,
    /// Times that the trace has been played so far.
    played: u32,
    /// Seconds by which the current repetition is later.
    shift_s: f64,
    counts: TraceCounts,
    ended: bool,
    /// A request that no rule takes, for messages.
    unmatched_first: Option<String>,
    /// Rules read `&str`; the line is bytes.
    scratch: String,
}

/// What belongs to one reading of the file.
struct Pass {
    lines: Lines,
    parser: Parser,
    order: Order<Held>,
    input_ended: bool,
    /// Some arrival, to see how far the others are from it.
    any: Option<i64>,
    /// First arrival of all, nanoseconds: the window counts from it.
    first: Option<i64>,
    /// Arrival of the record given out last.
    last: i64,
    /// First arrival that is played: time 0.
    base: Option<i64>,
    played_last: i64,
    played: u64,
    work: [Work; WORK_COLUMNS],
}

/// A request while it is sorted.
#[derive(Clone, Copy)]
struct Held {
    line: u64,
    class: Option<ClassId>,
    bytes: Option<f64>,
    /// Seconds.
    timers: [Option<f64>; WORK_COLUMNS],
    starts_s: [f64; WORK_COLUMNS],
}

/// One column of work.
#[derive(Default)]
struct Work {
    inversion: Option<Inversion>,
    seen: u64,
    timer_s: f64,
    waiting_s: f64,
}

impl TraceReader {
    /// Errors: see [`TraceError`]; here those of the file as a whole, and of HAProxy's timers by name.
    pub fn open(source: &TraceSource) -> Result<TraceReader, TraceError> {
        TraceReader::over(source, Input::File(source.file.clone()))
    }

    /// From memory, for bytes that are no file; `source.file` names them in messages.
    pub fn from_bytes(source: &TraceSource, bytes: Arc<[u8]>) -> Result<TraceReader, TraceError> {
        TraceReader::over(source, Input::Memory(source.file.clone(), bytes))
    }

    fn over(source: &TraceSource, input: Input) -> Result<TraceReader, TraceError> {
        assert!(
            source.work.len() <= WORK_COLUMNS,
            "{} columns of work, {WORK_COLUMNS} are possible",
            source.work.len()
        );
        assert!(source.speed > 0.0, "a trace is played at speed {}", source.speed);
        Ok(TraceReader {
            source: source.clone(),
            pass: Pass::open(source, &input)?,
            input,
            played: 0,
            shift_s: 0.0,
            counts: TraceCounts::default(),
            ended: source.repeat == 0,
            unmatched_first: None,
            scratch: String::new(),
        })
    }

    /// Complete once the reader has ended; lines are counted in the first repetition only.
    pub fn counts(&self) -> &TraceCounts {
        &self.counts
    }

    fn advance(&mut self) -> Result<Option<TraceRecord>, TraceError> {
        loop {
            while !self.pass.input_ended && self.pass.order.len() <= self.source.sort_buffer {
                self.read_line()?;
            }
            let Some((arrival, held)) = self.pass.order.pop() else {
                if !self.begin_again()? {
                    return Ok(None);
                }
                continue;
            };
            self.in_order(arrival, &held)?;
            let first = *self.pass.first.get_or_insert(arrival);
            let work_s = self.work(arrival, &held);
            if let Some((begin_s, end_s)) = self.source.window_s {
                let since_first_s = (arrival - first) as f64 * 1e-9;
                if since_first_s < begin_s {
                    continue;
                }
                if since_first_s >= end_s {
                    // Behind the window; what is left is read for its counts, once.
                    self.pass.order = Order::default();
                    if self.played > 0 {
                        self.pass.input_ended = true;
                    }
                    continue;
                }
            }
            let Some(class) = held.class else { continue };
            let base = *self.pass.base.get_or_insert(arrival);
            self.pass.played_last = arrival;
            self.pass.played += 1;
            let lacking = work_s.iter().take(self.source.work.len()).any(Option::is_none);
            self.counts.without_work += u64::from(lacking);
            return Ok(Some(TraceRecord {
                arrival_s: ((arrival - base) as f64 * 1e-9 + self.shift_s) / self.source.speed,
                class,
                bytes: held.bytes.filter(|_| self.source.sizes),
                work_s,
            }));
        }
    }

    fn read_line(&mut self) -> Result<(), TraceError> {
        let pass = &mut self.pass;
        let counting = self.played == 0;
        let number = pass.lines.number() + 1;
        let Some((line, cut)) = pass.lines.read()? else {
            pass.input_ended = true;
            return if counting { self.verdict_at_end() } else { Ok(()) };
        };
        let parsed = if cut { Line::Malformed("longer than 128 KiB") } else { pass.parser.parse(line) };
        match parsed {
            Line::Request(request) => {
                let class = classify(&self.source, request.text, &mut self.scratch);
                let mut held = Held {
                    line: number,
                    class,
                    bytes: request.bytes,
                    timers: [None; WORK_COLUMNS],
                    starts_s: [0.0; WORK_COLUMNS],
                };
                for (slot, column) in self.source.work.iter().enumerate() {
                    held.timers[slot] = request.timers[slot].map(|value| value * column.unit_s);
                    held.starts_s[slot] = request.starts_s[slot];
                    pass.work[slot].seen += u64::from(held.timers[slot].is_some());
                }
                let arrival = request.arrival;
                let reference = *pass.any.get_or_insert(arrival);
                if (arrival - reference).abs() > SPAN_NS_MAX {
                    return Err(out_of_range(&self.source, number, line, "more than 100 years from the first"));
                }
                if counting && class.is_none() && self.unmatched_first.is_none() {
                    self.unmatched_first = Some(excerpt(request.text));
                }
                let late = pass.order.push(arrival, held);
                if counting {
                    self.counts.lines += 1;
                    self.counts.requests += 1;
                    self.counts.unmatched += u64::from(class.is_none());
                    self.counts.unsorted += u64::from(late);
                    if self.counts.requests == LINES_BEFORE_VERDICT {
                        return self.verdict_on_columns();
                    }
                }
            }
            Line::OutOfRange(why) => return Err(out_of_range(&self.source, number, line, why)),
            Line::NoColumn(missing) => return Err(no_column(&self.source.file, missing)),
            Line::Nothing => {}
            Line::Other(_) | Line::Malformed(_) if !counting => {}
            Line::Other(why) => {
                self.counts.lines += 1;
                self.counts.other(number, line, why);
            }
            Line::Malformed(why) => {
                self.counts.lines += 1;
                self.counts.malformed(number, line, why);
                return self.verdict_early();
            }
        }
        Ok(())
    }

    fn in_order(&mut self, arrival: i64, held: &Held) -> Result<(), TraceError> {
        if arrival < self.pass.last {
            return Err(TraceError::Unsorted {
                file: self.source.file.clone(),
                line: held.line,
                behind_s: (self.pass.last - arrival) as f64 * 1e-9,
                sort_buffer: self.source.sort_buffer,
            });
        }
        self.pass.last = arrival;
        Ok(())
    }

    /// Also for requests outside of the window or without a class: they kept the recorded workers busy.
    fn work(&mut self, arrival: i64, held: &Held) -> [Option<f64>; WORK_COLUMNS] {
        let mut work_s = held.timers;
        for (slot, work) in self.pass.work.iter_mut().enumerate() {
            if let (Some(inversion), Some(timer_s)) = (&mut work.inversion, held.timers[slot]) {
                let begins = arrival.saturating_add((held.starts_s[slot] * 1e9).round() as i64);
                let found = inversion.invert(begins, timer_s);
                work_s[slot] = Some(found.service_s);
                work.timer_s += timer_s;
                work.waiting_s += found.waiting_s;
                self.counts.clipped += u64::from(found.clipped && self.played == 0);
            }
        }
        work_s
    }

    /// At the end of a repetition; says whether there is another one.
    fn begin_again(&mut self) -> Result<bool, TraceError> {
        if self.played == 0 {
            self.verdict_on_what_is_left()?;
            self.note_waiting();
        }
        self.played += 1;
        if self.played >= self.source.repeat {
            return Ok(false);
        }
        // As long as it was, and one mean gap; without a gap (one request, or all at once) a second.
        let span_s = self.pass.base.map_or(0.0, |base| (self.pass.played_last - base) as f64 * 1e-9);
        let gap_s = if self.pass.played > 1 && span_s > 0.0 { span_s / (self.pass.played - 1) as f64 } else { 1.0 };
        self.shift_s += span_s + gap_s;
        self.pass = Pass::open(&self.source, &self.input)?;
        Ok(true)
    }

    /// As soon as it is certain, and not before a thousand lines: examples are worth the wait.
    fn verdict_early(&self) -> Result<(), TraceError> {
        let counts = &self.counts;
        if counts.lines < LINES_BEFORE_VERDICT {
            return Ok(());
        }
        if counts.requests == 0 && counts.other == 0 {
            return Err(self.all_malformed());
        }
        let lines_max = match self.pass.lines.bytes_left() {
            Some(left) => (counts.lines + left / LINE_BYTES_MIN) as f64,
            None if self.source.max_malformed <= 0.0 => counts.lines as f64,
            None => return Ok(()),
        };
        if counts.malformed as f64 > self.source.max_malformed * lines_max {
            return Err(self.too_many_malformed());
        }
        Ok(())
    }

    fn verdict_at_end(&self) -> Result<(), TraceError> {
        let counts = &self.counts;
        let file = || self.source.file.clone();
        if counts.requests == 0 && counts.malformed > 0 {
            return Err(self.all_malformed());
        }
        if counts.requests == 0 {
            let why = match counts.examples.first() {
                None => "the file has no lines but blank ones or a header".to_string(),
                Some((line, _, why)) => {
                    format!("none of its {} lines is a request; line {line}: {why}", counts.lines)
                }
            };
            return Err(TraceError::NothingLeft { file: file(), why });
        }
        if counts.malformed as f64 > self.source.max_malformed * counts.lines as f64 {
            return Err(self.too_many_malformed());
        }
        self.verdict_on_columns()
    }

    /// A column that never comes cannot be drawn from others either.
    fn verdict_on_columns(&self) -> Result<(), TraceError> {
        for (work, column) in self.pass.work.iter().zip(&self.source.work) {
            if work.seen == 0 {
                let known = format!(
                    "none of the first {} requests has it, as a number; look with `foobar-sim trace`",
                    self.counts.requests
                );
                return Err(no_column(&self.source.file, NoColumn { column: column.column.clone(), known }));
            }
        }
        Ok(())
    }

    fn verdict_on_what_is_left(&self) -> Result<(), TraceError> {
        if self.pass.played > 0 {
            return Ok(());
        }
        let why = match (&self.unmatched_first, self.source.window_s) {
            (Some(text), _) if self.counts.unmatched == self.counts.requests => {
                format!("no rule matches any of the {} requests; the first is {text:?}", self.counts.requests)
            }
            (_, Some((begin_s, end_s))) => {
                let span_s = self.pass.first.map_or(0.0, |first| (self.pass.last - first) as f64 * 1e-9);
                format!("none of its window from {begin_s} s to {end_s} s; the trace lasts {span_s:.3} s")
            }
            (_, None) => "all were left out by the rules".to_string(),
        };
        Err(TraceError::NothingLeft { file: self.source.file.clone(), why })
    }

    fn note_waiting(&mut self) {
        for (work, column) in self.pass.work.iter().zip(&self.source.work) {
            let share = if work.timer_s > 0.0 { work.waiting_s / work.timer_s } else { 0.0 };
            if share > WAITING_SHARE_NOTED {
                self.counts.notes.push(format!(
                    "{} contained {:.0}% waiting for a worker, which was taken out",
                    column.column,
                    share * 100.0
                ));
            }
        }
    }

    fn all_malformed(&self) -> TraceError {
        let (line, text, why) = self.example();
        TraceError::AllMalformed {
            file: self.source.file.clone(),
            lines: self.counts.lines,
            format: format_name(&self.source.format),
            line,
            text,
            why,
        }
    }

    fn too_many_malformed(&self) -> TraceError {
        let (line, text, why) = self.example();
        TraceError::TooManyMalformed {
            file: self.source.file.clone(),
            malformed: self.counts.malformed,
            lines: self.counts.lines,
            max_malformed: self.source.max_malformed,
            line,
            text,
            why,
        }
    }

    /// The first malformed line: those stand before the others.
    fn example(&self) -> (u64, String, &'static str) {
        self.counts.examples.first().cloned().unwrap_or_default()
    }
}

impl Iterator for TraceReader {
    type Item = Result<TraceRecord, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Pass {
    fn open(source: &TraceSource, input: &Input) -> Result<Pass, TraceError> {
        let columns: Vec<String> = source.work.iter().map(|work| work.column.clone()).collect();
        let parser = Parser::new(&source.format, &columns).map_err(|missing| no_column(&source.file, missing))?;
        let mut work: [Work; WORK_COLUMNS] = Default::default();
        for (work, column) in work.iter_mut().zip(&source.work) {
            work.inversion = column.recorded_workers.map(Inversion::new);
        }
        Ok(Pass {
            lines: Lines::open(input)?,
            parser,
            order: Order::default(),
            input_ended: false,
            any: None,
            first: None,
            last: i64::MIN,
            base: None,
            played_last: 0,
            played: 0,
            work,
        })
    }
}

/// The first rule that matches; text that is not UTF-8 is matched with replacement characters.
fn classify(source: &TraceSource, text: &[u8], scratch: &mut String) -> Option<ClassId> {
    if source.rules.is_empty() {
        return source.otherwise;
    }
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(_) => {
            scratch.clear();
            scratch.push_str(&String::from_utf8_lossy(text));
            scratch.as_str()
        }
    };
    let rule = source.rules.iter().find(|rule| rule.pattern.is_match(text));
    rule.map(|rule| rule.class).or(source.otherwise)
}

fn out_of_range(source: &TraceSource, line: u64, text: &[u8], why: &'static str) -> TraceError {
    TraceError::StampRange { file: source.file.clone(), line, text: excerpt(text), why }
}

fn no_column(file: &Path, missing: NoColumn) -> TraceError {
    TraceError::Column { file: file.to_path_buf(), column: missing.column, known: missing.known }
}
