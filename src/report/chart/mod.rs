//! The pictures: SVG (light and dark) and PNG, 1200 x 675, in one visual language. The font comes with the program.
//!
//! In reading order: [`run`] and [`spof`] are the pictures of a command's result, each with the plain figures that it is
//! drawn from; `plan`, `sweep` and `compare` make a list of [`drawing`]s; [`stored`] keeps them in the result's folder. They are put together of [`line_chart`], [`heat_map`],
//! [`bar_chart`], [`dot_interval`] and [`small_multiples`], which know nothing of results; those stand on [`plot`],
//! [`axis`] and [`band`], and draw shapes on a [`picture`] in the colours of [`color`]. [`paint`] makes files of it, with
//! [`font`]; [`live`] is what a picture in a page can be asked.

pub mod axis;
pub mod band;
pub mod bar_chart;
pub mod color;
mod compare;
pub mod dot_interval;
pub mod drawing;
pub mod font;
pub mod heat_map;
pub mod line_chart;
pub mod live;
pub mod paint;
pub mod picture;
mod plan;
pub mod plot;
pub mod run;
pub mod small_multiples;
pub mod spof;
pub mod stored;
mod sweep;

use drawing::Drawing;
use picture::Picture;
use stored::Stored;

pub struct Chart {
    /// Without its ending.
    pub name: String,
    pub picture: Picture,
}

impl Chart {
    fn new(name: impl Into<String>, picture: Picture) -> Chart {
        Chart { name: name.into(), picture }
    }

    pub fn file(&self) -> String {
        format!("{}.svg", self.name)
    }

    pub fn svg(&self) -> String {
        paint::svg(&self.picture)
    }
}

pub fn charts(stored: &Stored) -> Vec<Chart> {
    match stored {
        Stored::Run(data) => run::charts(data),
        Stored::Spof(data) => spof::charts(data),
        Stored::Drawings { drawings } => drawings.iter().map(Drawing::chart).collect(),
    }
}

pub use compare::drawings as of_compare;
pub use plan::drawings as of_plan;
pub use sweep::drawings as of_sweep;

/// What a result keeps of its pictures, and the pictures, as (file name, content).
pub fn kept(stored: &Stored, charts: &[Chart], png: bool) -> Vec<(String, Vec<u8>)> {
    let mut kept = vec![(stored::FILE.to_owned(), stored::render(stored).into_bytes())];
    kept.extend(files(charts, png));
    kept
}

/// As (file name, content): each as SVG, and as PNG where asked.
pub fn files(charts: &[Chart], png: bool) -> Vec<(String, Vec<u8>)> {
    use rayon::prelude::*;
    let files = |chart: &Chart| {
        let mut files = vec![(chart.file(), chart.svg().into_bytes())];
        if png {
            files.push((format!("{}.png", chart.name), paint::png(&chart.picture)));
        }
        files
    };
    charts.par_iter().map(files).collect::<Vec<_>>().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
