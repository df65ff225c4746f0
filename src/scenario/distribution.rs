//! Distributions in one string: `lognormal(9 ms, cv 0.8)`. The first argument is the mean wherever that
//! exists. Reads the files that `empirical` names.

use std::sync::Arc;

use crate::engine::Distribution;

use super::merge::explain;
use super::model::{Amount, Popularity};
use super::quantity::{self, Dimension};
use super::reader::{Flaw, Parsed, nearest};
use super::tree::{Node, SourceFiles, Value};
use super::values::quantity as plain_quantity;

/// How each is written; the examples of messages.
pub const FORMS: &[(&str, &str)] = &[
    ("constant", "constant(9 ms)"),
    ("exponential", "exponential(9 ms)"),
    ("lognormal", "lognormal(9 ms, cv 0.8)"),
    ("gamma", "gamma(9 ms, cv 0.8)"),
    ("erlang", "erlang(9 ms, k 4)"),
    ("hyperexponential", "hyperexponential(9 ms, cv 2)"),
    ("weibull", "weibull(9 ms, shape 0.7)"),
    ("pareto", "pareto(9 ms, shape 2.5)"),
    ("uniform", "uniform(5 ms, 13 ms)"),
    ("empirical", "empirical(service.csv, ms_column, ms)"),
    ("percentiles", "percentiles(p50 4 ms, p95 20 ms, p99 60 ms)"),
    ("geometric", "geometric(4)"),
];

/// Shapes beyond which a sample is degenerate and a mean cannot be estimated in any run.
const CV_MAX: f64 = 100.0;
const ERLANG_K_MAX: f64 = 10_000.0;

/// A quantity, or a distribution of quantities of this dimension.
pub fn distribution(dimension: Dimension) -> impl Fn(&SourceFiles, &Node) -> Parsed<Distribution> {
    move |files, node| {
        let Value::String(text) = &node.value else {
            return plain_quantity(dimension)(files, node).map(Distribution::Constant);
        };
        match call(text) {
            Some((name, arguments)) => Call { name, arguments, text, dimension }.read(files, node),
            None if text.contains('(') => {
                let near = FORMS.iter().find(|(name, _)| text.trim_start().starts_with(name));
                Err(Flaw::new("the parenthesis is not closed at the end", "unfinished")
                    .help(format!("write for example \"{}\"", near.map_or("exponential(9 ms)", |(_, form)| form))))
            }
            None if text.trim().starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
                Err(unknown_name(text.trim()))
            }
            None => plain_quantity(dimension)(files, node).map(Distribution::Constant),
        }
    }
}

/// Whose mean is above zero: a gap between arrivals, say.
pub fn positive_distribution(dimension: Dimension) -> impl Fn(&SourceFiles, &Node) -> Parsed<Distribution> {
    move |files, node| match distribution(dimension)(files, node)? {
        Distribution::Constant(0.0) => {
            Err(Flaw::new("zero is not possible here", "zero").help("write a value above zero"))
        }
        other => Ok(other),
    }
}

/// A time that is drawn, or `"trace(column) * 2.0"`. `columns` are those that the traces supply as work.
pub fn amount(columns: &[String]) -> impl Fn(&SourceFiles, &Node) -> Parsed<Amount> {
    move |files, node| {
        let Value::String(text) = &node.value else {
            return distribution(Dimension::Time)(files, node).map(Amount::Drawn);
        };
        match text.trim().strip_prefix("trace") {
            Some(rest) if rest.trim().is_empty() || rest.trim_start().starts_with(['(', '*']) => {
                recorded(text, rest, columns)
            }
            _ => distribution(Dimension::Time)(files, node).map(Amount::Drawn),
        }
    }
}

fn recorded(text: &str, rest: &str, columns: &[String]) -> Parsed<Amount> {
    let form = "write \"trace\", \"trace(column)\" or \"trace(column) * 2.0\"";
    let (column, factor) = match rest.split_once('*') {
        Some((column, factor)) => {
            let factor = factor.trim().parse::<f64>().ok().filter(|factor| factor.is_finite() && *factor > 0.0);
            (
                column,
                factor.ok_or_else(|| {
                    Flaw::new(format!("\"{text}\": the factor is not a number above 0"), "not a factor").help(form)
                })?,
            )
        }
        None => (rest, 1.0),
    };
    let column = column.trim();
    let column = match column.strip_prefix('(').map(|inner| inner.strip_suffix(')')) {
        None if column.is_empty() => None,
        Some(Some(inner)) => Some(inner.trim()),
        _ => return Err(Flaw::new(format!("\"{text}\" does not say a column"), "not understood").help(form)),
    };
    let index = match (column, columns.len()) {
        (_, 0) => {
            return Err(Flaw::new("no traffic supplies recorded work", "nothing recorded")
                .help("name the column in a traffic table with process = \"trace\": work = [{ column = \"serv_ms\", unit = \"ms\" }]"));
        }
        (None, 1) => 0,
        (None, _) => {
            return Err(Flaw::new("the trace supplies several columns of work", "which one?")
                .help(format!("write \"trace({})\"", columns[0])));
        }
        (Some(column), _) => columns.iter().position(|known| known == column).ok_or_else(|| {
            Flaw::new(format!("no trace supplies the column `{column}` as work"), "unknown column")
                .help(format!("the traffic's `work` names: {}", columns.join(", ")))
        })?,
    };
    Ok(Amount::Recorded { index, factor })
}

/// How far a fit to percentiles is off at the worst of them, relative; `None` where nothing was fitted.
pub fn fit_error(value: &Value) -> Option<f64> {
    let Value::String(text) = value else { return None };
    let (name, arguments) = call(text)?;
    if name != "percentiles" {
        return None;
    }
    [Dimension::Time, Dimension::Size, Dimension::Count].into_iter().find_map(|dimension| {
        match (Call { name, arguments: arguments.clone(), text, dimension }).percentiles().ok()? {
            Distribution::Percentiles { fit_error, .. } => Some(fit_error),
            _ => None,
        }
    })
}

/// `zipf(0.9)` or `uniform`.
pub fn popularity(_: &SourceFiles, node: &Node) -> Parsed<Popularity> {
    let help = "write \"zipf(0.9)\" (the exponent) or \"uniform\"";
    let Value::String(text) = &node.value else {
        return Err(
            Flaw::new(format!("expected a popularity, found {}", node.value.type_name()), "not a text").help(help)
        );
    };
    if text.trim() == "uniform" {
        return Ok(Popularity::Uniform);
    }
    match call(text) {
        Some(("zipf", arguments)) if arguments.len() == 1 => match arguments[0].trim().parse::<f64>() {
            Ok(exponent) if (0.0..=5.0).contains(&exponent) => Ok(Popularity::Zipf(exponent)),
            _ => Err(Flaw::new("the exponent of zipf is a number from 0 to 5", "out of range").help(help)),
        },
        _ => Err(Flaw::new(format!("\"{text}\" is not a popularity"), "unknown").help(help)),
    }
}

/// `name(a, b)` to its name and arguments.
pub fn call(text: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = text.trim().split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    let arguments = if inner.trim().is_empty() { Vec::new() } else { inner.split(',').collect() };
    Some((name.trim(), arguments))
}

/// The file that an `empirical` names, and what stands behind its comma.
pub fn empirical_file(text: &str) -> Option<(&str, &str)> {
    let arguments = text.trim().strip_prefix("empirical")?.trim_start().strip_prefix('(')?;
    let (file, others) = arguments.split_once(',')?;
    Some((file.trim().trim_matches(['"', '\'']), others))
}

fn unknown_name(name: &str) -> Flaw {
    let names = FORMS.iter().map(|(name, _)| *name);
    let lower = name.to_lowercase();
    if lower == "trace" {
        return Flaw::new("recorded work belongs to a request class", "not here")
            .help("let the class take it: path = [{ visit = \"cpu\", service = \"trace\" }], or app.cpu = \"trace\"");
    }
    let short = match lower.as_str() {
        "exp" => Some("exponential"),
        "normal" | "gaussian" | "lognorm" => Some("lognormal"),
        "const" | "fixed" | "deterministic" => Some("constant"),
        // an abbreviation
        _ => names.clone().find(|known| lower.len() >= 3 && known.starts_with(&lower)),
    };
    let help = match short.or_else(|| nearest(name, names.clone())) {
        Some(near) => format!("did you mean {}?", form_of(near)),
        None => format!("known are {}", names.collect::<Vec<_>>().join(", ")),
    };
    Flaw::new(format!("`{name}` is not a distribution"), "unknown").help(help)
}

fn form_of(name: &str) -> &'static str {
    FORMS.iter().find(|(known, _)| *known == name).map_or("exponential(9 ms)", |(_, form)| form)
}

/// One written distribution.
struct Call<'t> {
    name: &'t str,
    arguments: Vec<&'t str>,
    /// All of it, that places can be told.
    text: &'t str,
    dimension: Dimension,
}

impl Call<'_> {
    fn read(&self, files: &SourceFiles, node: &Node) -> Parsed<Distribution> {
        let distribution = match self.name {
            "constant" => Distribution::Constant(self.only()?),
            "exponential" => Distribution::Exponential { mean: self.only_mean()? },
            "lognormal" => {
                let (mean, cv) = self.mean_and("cv", 0.0, CV_MAX)?;
                Distribution::Lognormal { mean, cv }
            }
            "gamma" => {
                let (mean, cv) = self.mean_and("cv", 0.0, CV_MAX)?;
                Distribution::Gamma { mean, cv }
            }
            "erlang" => {
                let (mean, k) = self.mean_and("k", 0.0, ERLANG_K_MAX)?;
                if k.fract() != 0.0 {
                    return Err(self.flaw_at(1, "k must be a whole number", "not whole"));
                }
                Distribution::Erlang { mean, k: k as u32 }
            }
            "hyperexponential" => {
                let (mean, cv) = self.mean_and("cv", 0.0, CV_MAX)?;
                if cv < 1.0 {
                    return Err(self
                        .flaw_at(1, "a hyperexponential has a cv of at least 1", "below 1")
                        .help("write gamma or erlang for less variation"));
                }
                Distribution::Hyperexponential { mean, cv }
            }
            "weibull" => {
                let (mean, shape) = self.mean_and("shape", 0.05, 100.0)?;
                Distribution::Weibull { mean, shape }
            }
            "pareto" => {
                let (mean, shape) = self.mean_and("shape", 0.0, 1000.0)?;
                if shape <= 1.0 {
                    return Err(self
                        .flaw_at(1, "a pareto with shape of 1 or less has no mean", "must be above 1")
                        .help("write a shape above 1, such as 2.5"));
                }
                Distribution::Pareto { mean, shape }
            }
            "uniform" => self.uniform()?,
            "geometric" if self.dimension == Dimension::Count => {
                let mean = self.only_mean()?;
                if mean < 1.0 {
                    return Err(self.flaw_at(0, "the mean of a geometric is at least 1", "below 1"));
                }
                Distribution::Geometric { mean }
            }
            "geometric" => {
                return Err(Flaw::new("geometric counts things; here belongs a quantity", "counts")
                    .help("write for example exponential(9 ms)"));
            }
            "percentiles" => self.percentiles()?,
            "empirical" => self.empirical(files, node)?,
            other => return Err(unknown_name(other)),
        };
        Ok(distribution)
    }

    fn flaw(&self, what: impl Into<String>, label: &str) -> Flaw {
        Flaw::new(what, label).help(format!("write for example \"{}\"", form_of(self.name)))
    }

    /// A flaw in one argument.
    fn flaw_at(&self, index: usize, what: impl Into<String>, label: &str) -> Flaw {
        let flaw = self.flaw(what, label);
        match self.arguments.get(index) {
            Some(argument) => {
                let start = self.start_of(argument);
                flaw.within(start..start + argument.trim().len())
            }
            None => flaw,
        }
    }

    /// Arguments are slices of the text.
    fn start_of(&self, argument: &str) -> usize {
        argument.trim_start().as_ptr() as usize - self.text.as_ptr() as usize
    }

    fn count(&self, expected: usize) -> Parsed<()> {
        if self.arguments.len() == expected {
            return Ok(());
        }
        let plural = if expected == 1 { "" } else { "s" };
        Err(self.flaw(
            format!("{} takes {expected} argument{plural}, found {}", self.name, self.arguments.len()),
            "wrong number of arguments",
        ))
    }

    fn quantity(&self, index: usize) -> Parsed<f64> {
        let argument = self.arguments[index];
        quantity::parse(argument, self.dimension).map_err(|flaw| flaw.shifted(self.start_of(argument)))
    }

    fn mean(&self) -> Parsed<f64> {
        match self.quantity(0)? {
            0.0 => Err(self
                .flaw_at(0, format!("the mean of {} cannot be zero", self.name), "zero")
                .help("write a mean above zero, or a constant")),
            mean => Ok(mean),
        }
    }

    fn only(&self) -> Parsed<f64> {
        self.count(1)?;
        self.quantity(0)
    }

    fn only_mean(&self) -> Parsed<f64> {
        self.count(1)?;
        self.mean()
    }

    /// `(9 ms, cv 0.8)`; the parameter above `min`, at most `max`.
    fn mean_and(&self, parameter: &str, min: f64, max: f64) -> Parsed<(f64, f64)> {
        self.count(2)?;
        let mean = self.mean()?;
        let written = self.arguments[1].trim();
        let Some(number) = written.strip_prefix(parameter).map(|rest| rest.trim_start_matches([' ', '=']).trim())
        else {
            return Err(self.flaw_at(
                1,
                format!("the second argument of {} is `{parameter}` and its number, found `{written}`", self.name),
                "not understood",
            ));
        };
        let number: f64 = number
            .parse()
            .map_err(|_| self.flaw_at(1, format!("`{parameter}` needs a number, found `{number}`"), "not a number"))?;
        if number.is_nan() || number <= min || number > max {
            return Err(self.flaw_at(
                1,
                format!("`{parameter}` must be above {min} and at most {max}"),
                "out of range",
            ));
        }
        Ok((mean, number))
    }

    fn uniform(&self) -> Parsed<Distribution> {
        self.count(2)?;
        let (low, high) = (self.quantity(0)?, self.quantity(1)?);
        if low >= high {
            return Err(self.flaw_at(1, "the upper end of uniform must be above the lower", "not above"));
        }
        Ok(Distribution::Uniform { low, high })
    }

    /// `(p50 4 ms, p95 20 ms)`
    fn percentiles(&self) -> Parsed<Distribution> {
        let mut knots: Vec<(f64, f64)> = Vec::new();
        for (index, argument) in self.arguments.iter().enumerate() {
            let trimmed = argument.trim();
            let label = trimmed.split_whitespace().next().unwrap_or("");
            let percent = label.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
            let Some(percent) = percent.filter(|percent| *percent > 0.0 && *percent < 100.0) else {
                return Err(self.flaw_at(
                    index,
                    format!("`{trimmed}` does not begin with a percentile between p0 and p100"),
                    "not a percentile",
                ));
            };
            let rest = &trimmed[label.len()..];
            let value = quantity::parse(rest, self.dimension).map_err(|flaw| flaw.shifted(self.start_of(rest)))?;
            if value == 0.0 {
                return Err(self.flaw_at(index, "a percentile of zero cannot be fitted", "zero"));
            }
            if knots.last().is_some_and(|last| last.0 >= percent / 100.0 || last.1 >= value) {
                return Err(self.flaw_at(
                    index,
                    "percentiles and their values must grow from one to the next",
                    "does not grow",
                ));
            }
            knots.push((percent / 100.0, value));
        }
        if knots.len() < 2 {
            return Err(self.flaw(format!("percentiles takes at least 2 of them, found {}", knots.len()), "too few"));
        }
        Distribution::from_percentiles(&knots).map_err(|reason| self.flaw(reason, "cannot be fitted"))
    }

    /// `(file, column)` or `(file, column, unit)`
    fn empirical(&self, files: &SourceFiles, node: &Node) -> Parsed<Distribution> {
        if self.arguments.len() != 2 && self.arguments.len() != 3 {
            return Err(self.flaw(
                format!(
                    "empirical takes a file, a column and perhaps a unit, found {} arguments",
                    self.arguments.len()
                ),
                "wrong number of arguments",
            ));
        }
        let bare = |index: usize| self.arguments.get(index).map(|argument| argument.trim().trim_matches(['"', '\'']));
        let (file, column) = (bare(0).unwrap_or(""), bare(1).unwrap_or(""));
        let factor = match bare(2) {
            None => None,
            Some(unit) => match self.dimension.units().iter().find(|(name, _)| *name == unit) {
                Some((_, factor)) => Some(*factor),
                None => {
                    let known: Vec<&str> = self.dimension.units().iter().map(|(name, _)| *name).collect();
                    return Err(self
                        .flaw_at(2, format!("`{unit}` is not a unit of {}", self.dimension.name()), "unknown unit")
                        .help(format!("use one of {}", known.join(", "))));
                }
            },
        };
        let values = self.column(&files.resolve(&node.place, file), column, factor)?;
        Ok(Distribution::Empirical { values })
    }

    fn column(&self, path: &std::path::Path, column: &str, factor: Option<f64>) -> Parsed<Arc<[f64]>> {
        let shown = path.display();
        let opened = std::fs::File::open(path).map_err(|error| {
            let (what, help) = explain(path, &error);
            self.flaw_at(0, what, "relative to the scenario").help(help)
        })?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(opened);
        let headers = reader
            .headers()
            .map_err(|error| self.flaw_at(0, format!("{shown} is not CSV: {error}"), "not CSV"))?
            .clone();
        let Some(index) = headers.iter().position(|header| header == column) else {
            let known: Vec<&str> = headers.iter().collect();
            return Err(self
                .flaw_at(1, format!("{shown} has no column `{column}`"), "unknown column")
                .help(format!("its columns are {}", known.join(", "))));
        };
        let mut values = Vec::new();
        for (row, record) in reader.records().enumerate() {
            let line = row + 2;
            let record = record.map_err(|error| self.flaw_at(0, format!("{shown}: {error}"), "not CSV"))?;
            let cell = record.get(index).unwrap_or("");
            if cell.is_empty() {
                continue;
            }
            let value = match (cell.parse::<f64>(), factor) {
                (Ok(number), Some(factor)) => quantity::checked(quantity::scaled(number, factor), self.dimension),
                (Ok(number), None) if self.dimension == Dimension::Count => quantity::checked(number, self.dimension),
                (Ok(_), None) => {
                    return Err(self.flaw_at(1, format!("the values of `{column}` have no unit"), "no unit").help(
                        format!("say it as the third argument: empirical({}, {column}, ms)", self.arguments[0].trim()),
                    ));
                }
                (Err(_), _) => quantity::parse(cell, self.dimension),
            };
            values.push(value.map_err(|flaw| {
                self.flaw_at(1, format!("{shown}:{line}: {}", flaw.what), "in this column").help("correct the file")
            })?);
        }
        if values.is_empty() {
            return Err(self.flaw_at(1, format!("{shown} has no values in `{column}`"), "empty"));
        }
        values.sort_by(f64::total_cmp);
        Ok(values.into())
    }
}
