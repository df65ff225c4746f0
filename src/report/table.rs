//! Tables: rows of figures under headings, laid out for a terminal of a given width or as markdown.

use serde::{Deserialize, Serialize};

use super::figure::Figure;

/// Between two columns on a terminal.
const GAP: usize = 2;
/// Names up to this length stay whole (`db.db1.max_connections` has 22), even if the table must be split.
const NAME_MIN: usize = 24;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The first names the rows and is aligned left, the others right.
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<Figure>)>,
}

impl Table {
    pub fn new(columns: &[&str]) -> Table {
        Table { columns: columns.iter().map(|c| c.to_string()).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, name: impl Into<String>, figures: Vec<Figure>) {
        assert_eq!(figures.len() + 1, self.columns.len(), "a table's row has a figure for each column");
        self.rows.push((name.into(), figures));
    }

    /// Lines of at most `width` characters: very long names are shortened, and columns that do not fit go into
    /// a second table below, so that nothing is lost. The first line of each part is its heading.
    pub fn to_lines(&self, width: usize) -> Vec<Vec<String>> {
        let columns: Vec<ColumnLayout> = (1..self.columns.len()).map(|i| self.layout(i)).collect();
        let figures_width: usize = columns.iter().map(|c| c.width + GAP).sum();
        let longest = self.rows.iter().map(|(name, _)| length(name)).max().unwrap_or(0).max(length(&self.columns[0]));
        let widest = columns.iter().map(|c| c.width + GAP).max().unwrap_or(0);
        // beside each figure there is room for a name, or what can be had of it
        let most = width.saturating_sub(widest).max(1);
        let name_width = longest.min(width.saturating_sub(figures_width).max(NAME_MIN)).min(most);

        let mut parts = Vec::new();
        let mut first = 0;
        while first < columns.len() {
            let mut used = name_width;
            let mut last = first;
            while last < columns.len() && (last == first || used + GAP + columns[last].width <= width) {
                used += GAP + columns[last].width;
                last += 1;
            }
            parts.push(self.part(name_width, &columns[first..last], first));
            first = last;
        }
        parts
    }

    /// Each row as its name and `column figure; column figure`, for tables of texts that no width holds.
    pub fn to_sentences(&self) -> Vec<(String, String)> {
        let sentence = |(name, figures): &(String, Vec<Figure>)| {
            let each =
                self.columns[1..].iter().zip(figures).map(|(column, figure)| format!("{column} {}", figure.text()));
            (name.clone(), each.collect::<Vec<_>>().join("; "))
        };
        self.rows.iter().map(sentence).collect()
    }

    fn part(&self, name_width: usize, columns: &[ColumnLayout], first: usize) -> Vec<String> {
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        let mut heading = pad_right(&shorten(&self.columns[0], name_width), name_width);
        for (i, column) in columns.iter().enumerate() {
            heading.push_str(&" ".repeat(GAP));
            heading.push_str(&pad_left(&self.columns[first + i + 1], column.width));
        }
        lines.push(heading.trim_end().to_string());
        for (name, figures) in &self.rows {
            let mut line = pad_right(&shorten(name, name_width), name_width);
            for (column, figure) in columns.iter().zip(&figures[first..]) {
                line.push_str(&" ".repeat(GAP));
                line.push_str(&column.cell(figure));
            }
            lines.push(line.trim_end().to_string());
        }
        lines
    }

    fn layout(&self, column: usize) -> ColumnLayout {
        let figures = self.rows.iter().map(|(_, figures)| &figures[column - 1]);
        let value = figures.clone().map(|f| length(&f.value)).max().unwrap_or(0);
        let doubt = figures.map(|f| length(&f.doubt)).max().unwrap_or(0);
        let body = if doubt == 0 { value } else { value + 1 + doubt };
        ColumnLayout { doubt, width: body.max(length(&self.columns[column])) }
    }

    /// A table of GitHub-flavoured markdown.
    pub fn to_markdown(&self) -> String {
        let mut out = format!("| {} |\n|", self.columns.iter().map(|c| escape(c)).collect::<Vec<_>>().join(" | "));
        for i in 0..self.columns.len() {
            out.push_str(if i == 0 { " :-- |" } else { " --: |" });
        }
        out.push('\n');
        for (name, figures) in &self.rows {
            out.push_str(&format!("| {} |", escape(name)));
            for figure in figures {
                out.push_str(&format!(" {} |", escape(&figure.text())));
            }
            out.push('\n');
        }
        out
    }
}

struct ColumnLayout {
    /// Characters of the widest interval.
    doubt: usize,
    width: usize,
}

impl ColumnLayout {
    /// Values end, and intervals begin, at the same place in every row.
    fn cell(&self, figure: &Figure) -> String {
        if self.doubt == 0 {
            return pad_left(&figure.value, self.width);
        }
        format!("{} {}", pad_left(&figure.value, self.width - self.doubt - 1), pad_right(&figure.doubt, self.doubt))
    }
}

/// Characters that mean something to markdown in a table's cell.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// Cut in the middle, where names of stations and classes differ least.
pub fn shorten(name: &str, width: usize) -> String {
    let total = length(name);
    if total <= width {
        return name.into();
    }
    let keep = width.saturating_sub(1);
    let front = keep.div_ceil(2);
    name.chars().take(front).chain(['…']).chain(name.chars().skip(total - (keep - front))).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn pad_left(text: &str, width: usize) -> String {
    format!("{text:>width$}")
}

fn pad_right(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: &str, doubt: &str) -> Figure {
        Figure { value: value.into(), doubt: doubt.into() }
    }

    fn table() -> Table {
        let mut table = Table::new(&["class", "p50 ms", "p99 ms"]);
        table.row("home", vec![figure("4.1", "±0.2"), figure("112", "±13")]);
        table.row("a_class_with_quite_a_long_name", vec![figure("17", "±2"), figure("-", "")]);
        table
    }

    #[test]
    fn values_and_intervals_line_up() {
        let parts = table().to_lines(60);
        assert_eq!(
            parts,
            [[
                "class                             p50 ms   p99 ms",
                "home                            4.1 ±0.2  112 ±13",
                "a_class_with_quite_a_long_name   17 ±2      -",
            ]]
        );
    }

    #[test]
    fn a_narrow_terminal_splits_and_shortens_only_very_long_names() {
        assert_eq!(
            table().to_lines(45),
            [[
                "class                         p50 ms   p99 ms",
                "home                        4.1 ±0.2  112 ±13",
                "a_class_with_…_a_long_name   17 ±2      -",
            ]]
        );
        let mut stations = Table::new(&["station", "busy %", "service ms"]);
        stations.row("db.db1.max_connections", vec![figure("4.1", "±0.2"), figure("112", "±13")]);
        let parts = stations.to_lines(40);
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|part| part[1].starts_with("db.db1.max_connections ")), "{parts:?}");
        let parts = table().to_lines(25);
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().flatten().all(|line| line.chars().count() <= 25), "{parts:?}");
        assert_eq!(parts[1][1], "home             112 ±13");
    }

    #[test]
    fn markdown_escapes_what_would_break_the_table() {
        let mut table = Table::new(&["key", "value"]);
        table.row("a|b_c", vec![figure("1", "±2")]);
        assert_eq!(table.to_markdown(), "| key | value |\n| :-- | --: |\n| a\\|b\\_c | 1 ±2 |\n");
    }
}
