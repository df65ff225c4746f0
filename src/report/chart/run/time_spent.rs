//! Where the time of a typical and of a slow request goes: waiting, service, network, by station.

use super::super::axis::Axis;
use super::super::bar_chart::{Bar, BarChart, Panel, Part, ROWS_MAX};
use super::super::color::Color;
use super::super::picture::Picture;
use super::RunData;
use super::data::{PlaceData, TimeSpentData};
use crate::report::figure::{count, number};

/// A place where less of a request's time goes is not worth a row.
const SHARE_MIN: f64 = 0.002;

pub fn picture(data: &RunData) -> Picture {
    let spent: Vec<&TimeSpentData> = data.time_spent.iter().filter(|spent| spent.requests > 0).collect();
    let rows = rows(&spent);
    let shown = &rows[..rows.len().min(if rows.len() > ROWS_MAX { ROWS_MAX - 1 } else { ROWS_MAX })];
    let rest = &rows[shown.len()..];
    let mut names: Vec<String> = shown.iter().map(|name| name.to_string()).collect();
    if !rest.is_empty() {
        names.push(format!("{} others", rest.len()));
    }
    let panel = |spent: &&TimeSpentData| {
        let of = |name: &str| spent.places.iter().find(|place| place.name == name);
        let mut bars: Vec<Option<Bar>> = shown.iter().map(|name| of(name).map(bar)).collect();
        if !rest.is_empty() {
            bars.push(together(rest.iter().filter_map(|name| of(name))));
        }
        let high = |bar: &Bar| bar.interval.map_or(0.0, |ci| ci[1]).max(bar.parts.iter().sum());
        let max = bars.iter().flatten().map(high).fold(0.0, f64::max);
        Panel { title: title(spent), axis: Axis::from_zero("ms of one request", max * 1.02), bars }
    };
    let doubt = spent.iter().any(|spent| spent.latency_ms.ci95.is_some());
    let alone = if doubt { ", of five short runs" } else { ", of one run, so without intervals" };
    let parts = [
        ("waiting", Color::Kind(5)),
        ("service", Color::Level(7)),
        ("network", Color::Level(3)),
        ("held without work", Color::Faint),
    ];
    BarChart {
        title: "Where the time of a request goes",
        subtitle: &format!("{}; requests around each percentile{alone}", data.setting),
        parts: parts.map(|(name, color)| Part { name: name.into(), color }).into(),
        rows: names,
        panels: spent.iter().map(panel).collect(),
        if_empty: "No request was answered.",
    }
    .picture()
}

/// `p99: 264 ms (checkout 71%)`
fn title(spent: &TimeSpentData) -> String {
    let latency = spent.latency_ms.value.map_or(String::new(), |ms| format!("{} ms", number(ms)));
    let class = spent.class.as_ref().map_or(String::new(), |(name, share)| format!("{name} {:.0}%, ", share * 100.0));
    format!("{} {latency} ({class}n = {})", spent.name, count(spent.requests))
}

/// Places where time goes that is worth a row in some panel, most in the slowest first.
fn rows<'a>(spent: &[&'a TimeSpentData]) -> Vec<&'a str> {
    let mut rows: Vec<(&str, f64)> = Vec::new();
    for spent in spent.iter().rev() {
        let least = spent.latency_ms.value.unwrap_or(0.0) * SHARE_MIN;
        for place in spent.places.iter().filter(|place| total(place) > least) {
            if !rows.iter().any(|(name, _)| *name == place.name) {
                rows.push((&place.name, total(place)));
            }
        }
    }
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    rows.into_iter().map(|(name, _)| name).collect()
}

fn total(place: &PlaceData) -> f64 {
    place.waiting_ms + place.service_ms + place.network_ms + place.held_ms
}

fn bar(place: &PlaceData) -> Bar {
    Bar {
        parts: vec![place.waiting_ms, place.service_ms, place.network_ms, place.held_ms],
        interval: place.total_ms.ci95,
        label: short(total(place)),
    }
}

fn together<'a>(places: impl Iterator<Item = &'a PlaceData>) -> Option<Bar> {
    let sum = places.map(bar).reduce(|sum, next| Bar {
        parts: sum.parts.iter().zip(&next.parts).map(|(a, b)| a + b).collect(),
        interval: None,
        label: String::new(),
    });
    sum.map(|sum| Bar { label: short(sum.parts.iter().sum()), interval: None, ..sum })
}

fn short(ms: f64) -> String {
    match ms {
        ms if ms < 0.05 => "<0.05".into(),
        ms if ms < 9.95 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}
