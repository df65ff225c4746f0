//! The pictures: SVG (light and dark) and PNG, 1200 x 675, in one visual language. The font comes with the program.
//!
//! In reading order: [`run`] and [`spof`] are the pictures of a command's result, each with the plain figures that it is
//! drawn from; [`stored`] keeps those in the result's folder. They are put together of [`line_chart`], [`heat_map`],
//! [`bar_chart`], [`dot_interval`] and [`small_multiples`], which know nothing of results; those stand on [`plot`],
//! [`axis`] and [`band`], and draw shapes on a [`picture`] in the colours of [`color`]. [`paint`] makes files of it, with
//! [`font`]; [`live`] is what a picture in a page can be asked.

pub mod axis;
pub mod band;
pub mod bar_chart;
pub mod color;
pub mod dot_interval;
pub mod font;
pub mod heat_map;
pub mod line_chart;
pub mod live;
pub mod paint;
pub mod picture;
pub mod plot;
pub mod run;
pub mod small_multiples;
pub mod spof;
pub mod stored;

use picture::Picture;
use stored::Stored;

pub struct Chart {
    /// Without its ending.
    pub name: &'static str,
    pub picture: Picture,
}

impl Chart {
    fn new(name: &'static str, picture: Picture) -> Chart {
        Chart { name, picture }
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
    }
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
